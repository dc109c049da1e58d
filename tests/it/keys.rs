//! API keys: whom they speak for, how far they reach, and when they end.

use crate::described;
use crate::support::{Client, ORGANIZATION, Reply, Server, USER, context, wait};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use roster::{
    clock::Clock,
    org::{actor::Actor, key::Scopes, service_account::Place},
    scim::Profile,
    service::{
        Context, Error,
        keys::{self, NewKey},
        service_accounts,
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// The operator of the machine, from whom everybody has the first key.
pub(crate) async fn operator(server: &Server) -> Arc<Context> {
    Arc::new(Context { actor: Actor::Operator, ..(*context(&server.app).await).clone() })
}

/// A key of an owner with these scopes; all of them when there is no word.
pub(crate) fn issue(server: &Server, owner: &str, scopes: &str) -> Api {
    try_issue(server, owner, scopes).unwrap()
}

/// The same, unless the owner is gone by now.
pub(crate) fn try_issue(server: &Server, owner: &str, scopes: &str) -> Result<Api, Error> {
    let (owner, name, scopes) = (owner.to_owned(), "first".to_owned(), scopes.parse::<Scopes>().unwrap());
    let new = NewKey { owner, name, scopes, expires_at: None };
    let made = wait(async { keys::create(&operator(server).await, new).await })?;
    Ok(Api {
        root: server.client.root.clone(),
        key: made.it.secret.unwrap().expose_secret().to_owned(),
        id: made.it.key.id,
    })
}

/// A person with this role in the organization.
pub(crate) fn person(server: &Server, name: &str, role: &str) -> String {
    let body =
        json!({"schemas": [USER, ORGANIZATION], "userName": name, ORGANIZATION: {"organizationRole": role}});
    let made = server.client.post("/Users", &body);
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// A service account of a team, or of the organization.
pub(crate) fn machine(server: &Server, name: &str, team: Option<&str>) -> String {
    let organization = || Place::Organization { default_team: None };
    let place = team.map_or_else(organization, |team| Place::Team(team.to_owned()));
    let made = wait(async { service_accounts::create(&operator(server).await, name, place).await.unwrap() });
    made.it.id
}

/// The role of somebody in a team.
pub(crate) fn give_role(server: &Server, team: &str, member: &str, role: &str) {
    server.database.ask(&format!(
        "UPDATE memberships SET role = '{role}' WHERE team = '{team}' AND member = '{member}'"
    ));
}

/// A client of the API.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) root: String,
    pub(crate) key: String,
    pub(crate) id: String,
}

impl Api {
    /// Sends a request to a path under `/api/v1`, with further headers.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        self.at(method, &format!("/api/v1{path}"), headers, body)
    }

    /// Sends a request to any path.
    pub(crate) fn at(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let content = if body.is_null() { "" } else { "application/json" };
        let own = [("Content-Type", content)];
        let own = own.into_iter().filter(|(name, _)| !headers.iter().any(|(other, _)| other == name));
        let headers: Vec<(&str, &str)> = own.chain(headers.iter().copied()).collect();
        let reply = self.client().raw(method, path, &headers, &bytes);
        described::check(method, path, &reply);
        reply
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], &Value::Null)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, &[], body)
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, &[], body)
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], &Value::Null)
    }

    /// The same key at the door of SCIM.
    pub(crate) fn client(&self) -> Client {
        Client { root: self.root.clone(), token: self.key.clone() }
    }
}

impl Reply {
    /// Status and sentence of a problem, after a look at its form.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.header("Content-Type"), "application/problem+json", "{body}");
        assert_eq!(body["status"], self.status, "{body}");
        assert!(body["title"].is_string() && body["instance"].is_string(), "{body}");
        (self.status, body["detail"].as_str().unwrap().to_owned())
    }
}

fn kinds(server: &Server, prefix: &str) -> Vec<String> {
    let rows =
        server.database.ask(&format!("SELECT kind FROM events WHERE kind LIKE '{prefix}%' ORDER BY id"));
    rows.into_iter().flatten().collect()
}

#[test]
fn w_160_a_key_is_made_once_shown_once_and_accepted_as_bearer_and_as_basic() {
    let server = Server::standard();
    let ada = person(&server, "ada", "member");
    let first = issue(&server, &ada, "");

    let made = first.post("/keys", &json!({"name": "laptop", "scopes": ["read"]}));

    assert_eq!(made.status, 201, "{}", made.json());
    let body = made.json();
    let key = body["secret"].as_str().unwrap();
    let (head, secret) = key.split_once('_').unwrap();
    assert_eq!(head, format!("roster-{}", body["id"].as_str().unwrap().replace('-', "")));
    assert_eq!((key.len(), secret.len(), key.matches('-').count()), (104, 64, 1));
    assert_eq!(
        (&body["owner"], &body["createdBy"], &body["scopes"]),
        (&json!(ada), &json!(ada), &json!(["read"]))
    );
    let listed = first.get("/keys").json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(secret), "shown again");
    let basic = |name: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{key}")));
    for header in [format!("Bearer {key}"), basic("api"), basic(""), basic("ada@example.com")] {
        let me = first.send("GET", "/me", &[("Authorization", &header)], &Value::Null);
        assert_eq!((me.status, &me.json()["id"]), (200, &json!(ada)), "{header}");
    }
    assert!(!server.database.holds(secret.as_bytes()), "it is kept");
    assert!(server.database.holds(digest(&SHA256, key.as_bytes()).as_ref()), "its hash is not");
    assert_eq!(kinds(&server, "key."), ["key.created", "key.created"]);
}

#[test]
fn w_161_a_key_is_renamed_and_revoked_and_then_refused_at_once() {
    let server = Server::standard();
    let ada = person(&server, "ada", "member");
    let (first, second) = (issue(&server, &ada, ""), issue(&server, &ada, ""));
    let path = format!("/keys/{}", second.id);

    assert_eq!(first.patch(&path, &json!({"name": "old laptop"})).json()["name"], "old laptop");
    assert_eq!(first.patch(&path, &json!({"name": "old laptop"})).status, 200);
    assert_eq!(second.get("/me").status, 200, "the key stays the same");
    assert_eq!(first.delete(&path).status, 204);

    let (status, detail) = second.get("/me").problem();
    assert_eq!((status, detail.contains("revoked")), (401, true));
    assert_eq!(first.delete(&path).problem().0, 404);
    assert_eq!(first.get(&path).problem().0, 404);
    assert_eq!(kinds(&server, "key."), ["key.created", "key.created", "key.changed", "key.revoked"]);
}

#[test]
fn a_key_follows_its_owner_from_one_request_to_the_next() {
    let server = Server::standard();
    person(&server, "root", "admin");
    let ada = person(&server, "ada", "admin");
    let key = issue(&server, &ada, "");
    let change = || key.patch("/settings", &json!({"viewerKeys": true})).status;
    assert_eq!(change(), 200);

    let role = |role: &str| {
        let operation = json!([{"op": "replace", "path": "organizationRole", "value": role}]);
        assert_eq!(server.client.patch(&format!("/Users/{ada}"), &operation).status, 200);
    };
    role("member");
    assert_eq!(change(), 403);
    role("admin");
    assert_eq!(change(), 200);
    let active = |value: bool| {
        let operation = json!([{"op": "replace", "path": "active", "value": value}]);
        assert_eq!(server.client.patch(&format!("/Users/{ada}"), &operation).status, 200);
    };
    active(false);
    assert_eq!(key.get("/me").problem().0, 401);
    assert_eq!(key.client().get("/Users").error().0, 401);
}

#[test]
fn a_key_ends_when_its_time_is_over_and_its_use_is_noted_to_the_minute() {
    let begin = 1_800_000_000_000_000;
    let server = Server::start(Profile::Standard, |app| app.clock = Clock::at(begin));
    let ada = person(&server, "ada", "member");
    let first = issue(&server, &ada, "");
    let end = "2027-01-15T09:00:00Z";
    let made = first.post("/keys", &json!({"name": "an hour", "expiresAt": end})).json();
    assert_eq!(made["expiresAt"], "2027-01-15T09:00:00.000Z", "{made}");
    let short = Api { key: made["secret"].as_str().unwrap().to_owned(), ..first.clone() };
    assert_eq!(short.get("/me").status, 200);
    let path = format!("/keys/{}", made["id"].as_str().unwrap());
    let used = || first.get(&path).json()["lastUsedAt"].clone();

    assert!((0..1_000).any(|_| used() == "2027-01-15T08:00:00.000Z"), "{}", used());
    server.app.clock.advance(Duration::from_secs(3_600));

    assert_eq!(short.get("/me").problem().0, 401);
    let past = first.post("/keys", &json!({"name": "late", "expiresAt": end})).problem();
    assert!(past.0 == 400 && past.1.starts_with("expiresAt"), "{past:?}");
}

#[test]
fn w_162_an_owner_has_a_hundred_keys_and_no_more() {
    let server = Server::standard();
    let ada = person(&server, "ada", "member");
    let first = issue(&server, &ada, "");
    for n in 1..100 {
        assert_eq!(first.post("/keys", &json!({"name": format!("key {n}")})).status, 201);
    }

    let (status, detail) = first.post("/keys", &json!({"name": "one too many"})).problem();

    assert_eq!((status, detail.starts_with("there are 100 of 100 keys")), (409, true));
    let page = first.get("/keys?limit=60").json();
    let next = page["next"].as_str().unwrap();
    let rest = first.get(&format!("/keys?limit=60&cursor={next}")).json();
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (60, 40));
    assert_eq!(rest["next"], Value::Null);
}

#[test]
fn w_163_each_sees_the_keys_that_are_theirs_to_see() {
    let server = Server::standard();
    let (root, ada, eve) = (
        person(&server, "root", "admin"),
        person(&server, "ada", "member"),
        person(&server, "eve", "member"),
    );
    let team = server.client.group("Vision", std::slice::from_ref(&ada));
    give_role(&server, &team, &ada, "admin");
    let (robot, bot) = (machine(&server, "robot", Some(&team)), machine(&server, "bot", None));
    let keys: Vec<Api> = [&root, &ada, &eve, &robot, &bot].map(|owner| issue(&server, owner, "")).to_vec();
    let sees = |api: &Api, owner: &str| api.get(&format!("/keys?owner={owner}")).status;

    let everybody = [&root, &ada, &eve, &robot, &bot];
    let seen = |api: &Api| everybody.map(|owner| sees(api, owner));

    assert_eq!(seen(&keys[0]), [200; 5], "an admin");
    assert_eq!(seen(&keys[1]), [403, 200, 403, 200, 403], "an admin of the team");
    assert_eq!(seen(&keys[2]), [403, 403, 200, 403, 403], "a member");
    assert_eq!(seen(&keys[3]), [403, 403, 403, 200, 403], "a service account of the team");
    assert_eq!(seen(&keys[4]), [403, 403, 403, 403, 200], "a service account of the organization");
    assert_eq!(keys[0].get("/keys?owner=*").json()["items"].as_array().unwrap().len(), 5);
    assert_eq!(keys[1].get("/keys?owner=*").problem().0, 403);
    assert_eq!(sees(&keys[0], "nobody"), 404);
    // and makes and ends those
    let make = |api: &Api, owner: &str| api.post("/keys", &json!({"name": "more", "owner": owner})).status;
    assert_eq!(everybody.map(|owner| make(&keys[0], owner)), [201, 403, 403, 201, 201], "an admin");
    assert_eq!(
        everybody.map(|owner| make(&keys[1], owner)),
        [403, 201, 403, 201, 403],
        "an admin of the team"
    );
    assert_eq!(keys[1].delete(&format!("/keys/{}", keys[2].id)).problem().0, 403);
    assert_eq!(keys[1].delete(&format!("/keys/{}", keys[3].id)).status, 204);
    assert_eq!(keys[0].delete(&format!("/keys/{}", keys[2].id)).status, 204);
}

#[test]
fn w_164_a_switch_ends_the_making_of_keys_and_w_138_viewers_have_none_or_such_as_read() {
    let server = Server::standard();
    let (root, viewer) = (person(&server, "root", "admin"), person(&server, "vera", "viewer"));
    let team = server.client.group("Vision", &[]);
    let (robot, bot) = (machine(&server, "robot", Some(&team)), machine(&server, "bot", None));
    let admin = issue(&server, &root, "");
    let make = |owner: &str| admin.post("/keys", &json!({"name": "more", "owner": owner})).status;
    assert_eq!([make(&root), make(&robot), make(&bot)], [201; 3]);

    assert_eq!(admin.patch("/settings", &json!({"keyCreation": false})).status, 200);
    assert_eq!([make(&root), make(&robot), make(&bot)], [403, 403, 201]);
    assert_eq!(admin.patch("/settings", &json!({"keyCreation": null})).status, 200);

    let new = |scopes: &str| {
        let (owner, name, scopes) = (viewer.clone(), "mine".to_owned(), scopes.parse().unwrap());
        let new = NewKey { owner, name, scopes, expires_at: None };
        wait(async { keys::create(&operator(&server).await, new).await.map_err(|error| error.to_string()) })
    };
    assert_eq!(new("read").unwrap_err(), "viewers have no keys in this organization");
    assert_eq!(admin.patch("/settings", &json!({"viewerKeys": true})).status, 200);
    assert_eq!(new("").unwrap_err(), "a viewer's key has the scope `read` and no other");
    assert!(new("read").is_ok());
}

#[test]
fn w_166_a_scope_that_is_lacking_is_named_and_no_key_makes_one_that_reaches_further() {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let (reads, writes) = (issue(&server, &root, "read"), issue(&server, &root, "read write"));

    assert_eq!(reads.get("/settings").status, 200);
    let refused = reads.patch("/settings", &json!({"viewerKeys": true}));
    assert_eq!(refused.problem(), (403, "the key lacks the scope `write`".to_owned()));
    assert!(refused.header("WWW-Authenticate").contains("scope=\"write\""));
    let (status, detail) = writes.post("/keys", &json!({"name": "all"})).problem();
    assert_eq!((status, detail.as_str()), (403, "the key lacks the scope `scim`"));
    assert_eq!(writes.post("/keys", &json!({"name": "less", "scopes": ["write"]})).status, 201);
    let (status, detail) = writes.post("/keys", &json!({"name": "odd", "scopes": ["everything"]})).problem();
    assert!(status == 400 && detail.contains("read, write, scim, audit:read, decisions"), "{detail}");
    assert_eq!(writes.post("/keys", &json!({"name": "none", "scopes": []})).problem().0, 400);
}

#[test]
fn w_201_admins_and_service_accounts_of_the_organization_use_scim_with_a_key_and_nobody_else() {
    let server = Server::standard();
    let (root, ada) = (person(&server, "root", "admin"), person(&server, "ada", "member"));
    let team = server.client.group("Vision", std::slice::from_ref(&ada));
    give_role(&server, &team, &ada, "admin");
    let (robot, bot) = (machine(&server, "robot", Some(&team)), machine(&server, "bot", None));
    let status = |owner: &str, scopes: &str| issue(&server, owner, scopes).client().get("/Users").status;

    assert_eq!([status(&root, ""), status(&root, "scim"), status(&root, "read write")], [200, 200, 403]);
    assert_eq!([status(&bot, ""), status(&bot, "scim"), status(&bot, "audit:read")], [200, 200, 403]);
    assert_eq!([status(&ada, ""), status(&robot, "")], [403, 403]);

    let key = issue(&server, &root, "scim");
    let wrong = Client { token: key.key.replace("roster-0", "roster-1"), ..key.client() };
    assert_eq!(wrong.get("/Users").error(), (401, String::new()));
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("root:{password}")));
    let with = |header: &str| key.client().send("GET", "/Users", &[("Authorization", header)], &[]);
    assert_eq!(with(&basic(&key.key)).status, 200);
    assert_eq!(with(&basic(&server.client.token)).error().0, 401, "a connection's token is no password");
    let made = issue(&server, &bot, "scim").client().user("grace");
    let event =
        server.database.ask(&format!("SELECT actor, actor_type FROM events WHERE resource = '{made}'"));
    assert_eq!(event, [[bot, "service_account".to_owned()]]);
    assert_eq!(key.client().get("/Me").json()["id"], json!(root));
}

#[test]
fn w_155_a_service_account_is_no_user_and_its_keys_end_with_it() {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    let team = server.client.group("Vision", &[]);
    let made = admin.post("/service-accounts", &json!({"name": "robot", "team": team}));
    assert_eq!(made.status, 201, "{}", made.json());
    let robot = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!((&made.json()["team"], &made.json()["handle"]), (&json!(team), &json!("robot")));
    let key = issue(&server, &robot, "");
    assert_eq!(key.get("/me").json()["type"], "service_account");

    assert_eq!(server.client.get("/Users").json()["totalResults"], 1);
    assert_eq!(server.client.get(&format!("/Users/{robot}")).error().0, 404);
    let named = json!({"schemas": [USER], "userName": "ROBOT"});
    assert_eq!(server.client.post("/Users", &named).error(), (409, "uniqueness".to_owned()));
    assert_eq!(admin.post("/service-accounts", &json!({"name": "Root"})).problem().0, 409);
    let (status, detail) =
        admin.post("/service-accounts", &json!({"name": "x", "team": "nowhere"})).problem();
    assert_eq!((status, detail.as_str()), (400, "team: there is no team with this id"));
    assert_eq!(admin.get(&format!("/service-accounts?team={team}")).json()["items"][0]["id"], json!(robot));
    assert_eq!(admin.get("/service-accounts").json()["items"].as_array().unwrap().len(), 1);

    let path = format!("/service-accounts/{robot}");
    assert_eq!(key.delete(&path).problem().0, 403, "not by itself");
    assert_eq!(admin.delete(&path).status, 204);
    assert_eq!(key.get("/me").problem().0, 401);
    assert_eq!(admin.delete(&path).problem().0, 404);
    let event = server.database.ask("SELECT detail FROM events WHERE kind = 'service_account.removed'");
    assert_eq!(serde_json::from_str::<Value>(&event[0][0]).unwrap()["keysEnded"], 1);
    let tombstone =
        server.database.ask(&format!("SELECT display, handle FROM tombstones WHERE id = '{robot}'"));
    assert_eq!(tombstone, [["robot", "robot"]]);
    let again = admin.post("/service-accounts", &json!({"name": "robot"})).json();
    assert_eq!((&again["team"], &again["handle"]), (&Value::Null, &json!("robot-2")));
}

#[test]
fn w_145_who_makes_service_accounts_and_w_153_a_switch_against_it() {
    let server = Server::standard();
    let (root, ada) = (person(&server, "root", "admin"), person(&server, "ada", "member"));
    let team = server.client.group("Vision", std::slice::from_ref(&ada));
    let (admin, member) = (issue(&server, &root, ""), issue(&server, &ada, ""));
    let of_team =
        |api: &Api, name: &str| api.post("/service-accounts", &json!({"name": name, "team": team})).status;
    let whole = |api: &Api, name: &str| api.post("/service-accounts", &json!({"name": name})).status;

    assert_eq!([of_team(&member, "a"), whole(&member, "b")], [403, 403]);
    give_role(&server, &team, &ada, "admin");
    assert_eq!([of_team(&member, "a"), whole(&member, "b")], [201, 403]);
    assert_eq!(member.get(&format!("/service-accounts?team={team}")).status, 200);
    assert_eq!(member.get("/service-accounts").problem().0, 403);
    assert_eq!(admin.patch("/settings", &json!({"teamServiceAccountCreation": false})).status, 200);
    assert_eq!([of_team(&member, "c"), of_team(&admin, "d"), whole(&admin, "e")], [403, 403, 201]);
}
