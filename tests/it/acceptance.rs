//! What an organization's people expect, a test for each sentence: who is what afterwards, whichever door it came by.

use crate::{
    keys::{Api, give_role, issue, machine, person},
    support::{Client, GROUP, ORGANIZATION, Server, USER},
};
use roster::{clock::Clock, scim::Profile, service::purge};
use serde_json::{Value, json};
use std::time::Duration;

/// A server with an admin, who has a key.
fn start() -> (Server, Api) {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    (server, admin)
}

fn replace(client: &Client, user: &str, path: &str, value: Value) -> u16 {
    client.patch(&format!("/Users/{user}"), &json!([{"op": "replace", "path": path, "value": value}])).status
}

/// What somebody's key lets do in a team.
fn allows(admin: &Api, key: &Api, team: &str, permission: &str) -> bool {
    let question = json!({"credential": key.key, "team": team, "permission": permission});
    admin.post("/decisions", &question).json()["allowed"].as_bool().unwrap()
}

fn events(server: &Server, kind: &str) -> Vec<Value> {
    let rows = server.database.ask(&format!("SELECT detail FROM events WHERE kind = '{kind}' ORDER BY id"));
    rows.iter().map(|row| serde_json::from_str(&row[0]).unwrap()).collect()
}

#[test]
fn a_viewer_cannot_write() {
    let (server, admin) = start();
    let eve = person(&server, "eve", "viewer");
    let vision = server.client.group("vision", std::slice::from_ref(&eve));
    give_role(&server, &vision, &eve, "admin");
    admin.patch("/settings", &json!({"viewerKeys": true, "userTeamCreation": true}));
    let key = issue(&server, &eve, "read");

    assert!(allows(&admin, &key, "vision", "run:read"));
    for permission in ["run:create", "report:update", "team:invite_user", "run:delete_any"] {
        assert!(!allows(&admin, &key, "vision", permission), "{permission}");
    }
    // also with a key from before: its scopes are no more than its owner may
    replace(&server.client, &eve, "organizationRole", json!("member"));
    let old = issue(&server, &eve, "");
    let members = format!("/teams/{vision}/members");
    assert_eq!(old.post(&members, &json!({"user": "root"})).status, 201, "an admin of the team");
    replace(&server.client, &eve, "organizationRole", json!("viewer"));
    let new = json!({"name": "x"});
    for (method, path, body) in [
        ("POST", members.as_str(), json!({"user": "root"})),
        ("PATCH", &format!("/teams/{vision}"), new.clone()),
        ("POST", "/teams", new.clone()),
        ("POST", "/keys", new.clone()),
        ("POST", "/service-accounts", json!({"name": "x", "team": vision})),
        ("POST", "/roles", json!({"name": "x", "inheritedFrom": "viewer"})),
        ("POST", "/users", json!({"userName": "x"})),
        ("PATCH", "/settings", json!({"keyCreation": true})),
    ] {
        assert_eq!(old.send(method, path, &[], &body).problem().0, 403, "{method} {path}");
    }
    assert_eq!(old.client().get("/Users").error().0, 403);
    // and a seat bounds the role as the organization does
    replace(&server.client, &eve, "organizationRole", json!("member"));
    replace(&server.client, &eve, "seat", json!("viewer"));
    assert_eq!(old.patch(&format!("/teams/{vision}"), &json!({"name": "x"})).problem().0, 403);
    assert!(!allows(&admin, &old, "vision", "run:create"));
}

#[test]
fn who_is_reactivated_has_the_teams_and_roles_from_before_and_no_key() {
    let (server, admin) = start();
    let ada = person(&server, "ada", "admin");
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    give_role(&server, &vision, &ada, "viewer");
    let key = issue(&server, &ada, "");

    replace(&server.client, &ada, "active", json!(false));
    assert_eq!(server.client.get(&format!("/Users/{ada}")).json()["active"], false, "still listed");
    assert_eq!(admin.get("/seats").json()["full"]["used"], 1);
    assert_eq!(replace(&server.client, &ada, "active", json!("True")), 200);

    let shown = server.client.get(&format!("/Users/{ada}")).json();
    assert_eq!(shown[ORGANIZATION]["organizationRole"], "admin");
    assert_eq!(shown[ORGANIZATION]["teamRoles"], json!([{"teamName": "vision", "roleName": "viewer"}]));
    assert_eq!(key.get("/me").problem().0, 401);
    assert_eq!(issue(&server, &ada, "").get("/me").status, 200);
}

#[test]
fn an_e_mail_change_keeps_the_id_and_all_that_hangs_on_it() {
    let (server, admin) = start();
    let body = json!({"schemas": [USER], "userName": "grace", "emails": [{"value": "grace@orion.example", "primary": true}]});
    let grace = server.client.post("/Users", &body).json()["id"].as_str().unwrap().to_owned();
    let vision = server.client.group("vision", std::slice::from_ref(&grace));
    let key = issue(&server, &grace, "");

    let emails = json!([{"value": "g.hopper@orion.example", "primary": true}]);
    assert_eq!(replace(&server.client, &grace, "emails", emails), 200);

    let found = |address: &str| admin.get(&format!("/users?login={address}")).json()["items"].clone();
    assert_eq!(found("g.hopper@orion.example")[0]["id"], json!(grace));
    assert_eq!(found("grace@orion.example"), json!([]));
    assert_eq!(key.get("/me").json()["id"], json!(grace));
    assert_eq!(server.client.members(&vision), [grace.as_str()]);
}

#[test]
fn team_roles_take_predefined_names_in_any_case_and_custom_ones_exactly() {
    let (server, admin) = start();
    let (ada, eve) = (server.user("ada"), person(&server, "eve", "viewer"));
    server.client.group("vision", &[ada.clone(), eve.clone()]);
    admin.post(
        "/roles",
        &json!({"name": "Run janitor", "inheritedFrom": "viewer", "permissions": ["run:delete_any"]}),
    );
    let give = |user: &str, role: &str| {
        let value = json!([{"teamName": "vision", "roleName": role}]);
        server.client.patch(
            &format!("/Users/{user}"),
            &json!([{"op": "replace", "path": "teamRoles", "value": value}]),
        )
    };
    let held = || {
        server.client.get(&format!("/Users/{ada}")).json()[ORGANIZATION]["teamRoles"][0]["roleName"].clone()
    };

    for (given, name) in
        [("VIEWER", "viewer"), ("Admin", "admin"), ("mEMBER", "member"), ("Run janitor", "Run janitor")]
    {
        assert_eq!(give(&ada, given).status, 200, "{given}");
        assert_eq!(held(), name);
    }
    let wrong = give(&ada, "run janitor");
    assert_eq!(wrong.error(), (400, "invalidValue".to_owned()));
    assert!(
        wrong.json()["detail"].as_str().unwrap().contains("the nearest is \"Run janitor\""),
        "{}",
        wrong.json()
    );
    assert_eq!(held(), "Run janitor");
    let viewer = give(&eve, "Run janitor");
    assert_eq!(
        viewer.error().0,
        400,
        "W-025: who only reads in the organization has no custom role: {}",
        viewer.json()
    );
}

#[test]
fn w_247_a_group_takes_and_loses_a_member_by_e_mail() {
    let (server, _admin) = start();
    let client = &server.client;
    let with = |name: &str, address: &str| {
        let body = json!({"schemas": [USER], "userName": name, "emails": [{"value": address}]});
        client.post("/Users", &body).json()["id"].as_str().unwrap().to_owned()
    };
    let (ada, grace) = (with("ada", "ada@orion.example"), with("grace", "grace@orion.example"));
    let twins = [with("one", "twin@orion.example"), with("two", "twin@orion.example")];

    let vision = client.group("vision", &["ADA@orion.example".to_owned(), grace.clone()]);

    let path = format!("/Groups/{vision}");
    let mut both = [ada.clone(), grace.clone()];
    both.sort();
    assert_eq!(client.members(&vision), both);
    let patch = |operation: Value| client.patch(&path, &json!([operation])).status;
    assert_eq!(patch(json!({"op": "remove", "path": "members[value eq \"ada@orion.example\"]"})), 200);
    assert_eq!(client.members(&vision), [grace.as_str()]);
    let add = json!({"op": "add", "path": "members",
        "value": [{"value": "ada@orion.example"}, {"value": "twin@orion.example"}, {"value": "nobody@orion.example"}]});
    assert_eq!(patch(add), 200);
    assert_eq!(client.members(&vision), both, "who cannot be told apart is nobody");
    replace(client, &twins[0], "active", json!(false));
    let put =
        json!({"schemas": [GROUP], "displayName": "vision", "members": [{"value": "twin@orion.example"}]});
    assert_eq!(client.put(&path, &put).status, 200);
    assert_eq!(client.members(&vision), [twins[1].as_str()], "of two, the active one");
    let strict = Server::start(Profile::Strict, |_| {});
    let body = json!({"schemas": [USER], "userName": "ada", "emails": [{"value": "ada@orion.example"}]});
    assert_eq!(strict.client.post("/Users", &body).status, 201);
    let group = json!({"schemas": [GROUP], "displayName": "v", "members": [{"value": "ada@orion.example"}]});
    assert_eq!(strict.client.post("/Groups", &group).error(), (400, "invalidValue".to_owned()));
}

#[test]
fn taking_all_members_out_of_a_group_leaves_its_service_accounts() {
    let (server, admin) = start();
    let ada = server.user("ada");
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    let robot = issue(&server, &machine(&server, "robot", Some(&vision)), "");

    let path = format!("/Groups/{vision}");
    assert_eq!(server.client.patch(&path, &json!([{"op": "remove", "path": "members"}])).status, 200);
    let put = json!({"schemas": [GROUP], "displayName": "vision", "members": []});
    assert_eq!(server.client.put(&path, &put).status, 200);

    assert!(server.client.members(&vision).is_empty());
    assert_eq!(
        admin.get(&format!("/service-accounts?team={vision}")).json()["items"].as_array().unwrap().len(),
        1
    );
    assert!(allows(&admin, &robot, "vision", "run:create"));
}

#[test]
fn w_128_a_service_account_of_the_organization_is_in_every_new_team_and_w_151_in_no_list_of_members() {
    let (server, admin) = start();
    let robot = issue(&server, &machine(&server, "robot", None), "");

    let pushed = server.client.group("pushed", &[]);
    let made = admin.post("/teams", &json!({"name": "made"})).json();

    for team in ["pushed", "made"] {
        assert!(allows(&admin, &robot, team, "run:create"), "{team}");
    }
    assert!(server.client.members(&pushed).is_empty());
    assert_eq!(made["members"], 1, "the admin who made it");
}

#[test]
fn a_service_account_is_made_refused_and_removed() {
    let (server, admin) = start();
    let vision = server.client.group("vision", &[]);
    let make = |body: Value| admin.post("/service-accounts", &body);

    let made = make(json!({"name": "sa-nightly", "team": vision}));
    assert_eq!((made.status, &made.json()["team"]), (201, &json!(vision)));
    assert_eq!(make(json!({"name": "SA-Nightly"})).problem().0, 409);
    assert_eq!(
        server.client.post("/Users", &json!({"schemas": [USER], "userName": "sa-nightly"})).error().0,
        409
    );
    assert_eq!(make(json!({"name": "x", "team": "nowhere"})).problem().0, 400);
    assert_eq!(make(json!({"name": ""})).problem().0, 400);
    let path = format!("/service-accounts/{}", made.json()["id"].as_str().unwrap());
    assert_eq!((admin.delete(&path).status, admin.delete(&path).problem().0), (204, 404));
    assert_eq!(make(json!({"name": "sa-nightly"})).status, 201, "the name is free");
}

#[test]
fn a_stale_version_is_412_wherever_something_changes() {
    let (server, admin) = start();
    let ada = server.user("ada");
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    let role = admin.post("/roles", &json!({"name": "janitor", "inheritedFrom": "viewer"})).json();
    let role = role["id"].as_str().unwrap();
    let things = [
        (format!("/users/{ada}"), json!({"displayName": "Ada"}), json!({"displayName": "Ada L."})),
        (format!("/teams/{vision}"), json!({"name": "sight"}), json!({"name": "seeing"})),
        (format!("/roles/{role}"), json!({"description": "a"}), json!({"description": "b"})),
    ];

    for (path, first, second) in things {
        let tag = admin.get(&path).header("ETag").to_owned();
        assert!(tag.starts_with("W/\""), "{path} {tag}");
        let stale = [("If-Match", tag.as_str())];
        // of users and teams more is shown than has part in the version
        let same = if path.starts_with("/roles") { 304 } else { 200 };
        assert_eq!(admin.send("GET", &path, &[("If-None-Match", &tag)], &Value::Null).status, same, "{path}");
        assert_eq!(admin.send("PATCH", &path, &stale, &first).status, 200, "{path}");

        assert_eq!(admin.send("PATCH", &path, &stale, &second).problem().0, 412, "{path}");
        assert_eq!(admin.send("DELETE", &path, &stale, &Value::Null).problem().0, 412, "{path}");
        let scim = path.replace("/users", "/Users").replace("/teams", "/Groups").replace("/roles", "/Roles");
        let refused = server.client.send("DELETE", &scim, &stale, &[]);
        assert_eq!(refused.error().0, 412, "{scim} {}", refused.json());

        let now = admin.get(&path).header("ETag").to_owned();
        assert_ne!(now, tag);
        assert_eq!(admin.send("PATCH", &path, &[("If-Match", &now)], &second).status, 200, "{path}");
    }
}

#[test]
fn every_mutation_by_the_api_has_one_entry_for_what_it_changed() {
    let (server, admin) = start();
    let ada = server.user("ada");
    let mut n_before = 0;
    let mut since = || {
        let kinds = server.database.ask("SELECT kind FROM events ORDER BY id").concat();
        let new = kinds[n_before..].to_vec();
        n_before = kinds.len();
        new
    };
    since();
    let id = |made: &crate::support::Reply| made.json()["id"].as_str().unwrap().to_owned();
    let mut did = |method: &str, path: &str, body: Value, kinds: &[&str]| {
        let reply = admin.send(method, path, &[], &body);
        assert!(reply.status < 300, "{method} {path}: {}", reply.json());
        assert_eq!(since(), kinds, "{method} {path}");
        reply
    };

    let grace = id(&did("POST", "/users", json!({"userName": "grace"}), &["user.created"]));
    let user = format!("/users/{grace}");
    did("PATCH", &user, json!({"displayName": "Grace"}), &["user.changed"]);
    did("PATCH", &user, json!({"displayName": "Grace"}), &[]);
    did("PUT", &format!("{user}/organization-role"), json!({"organizationRole": "admin"}), &["user.changed"]);
    did("PUT", &format!("{user}/seat"), json!({"seat": "viewer"}), &["user.changed"]);
    let team = id(&did("POST", "/teams", json!({"name": "vision"}), &["team.created", "team.changed"]));
    let team = format!("/teams/{team}");
    did("PATCH", &team, json!({"name": "sight"}), &["team.changed"]);
    did("PATCH", &team, json!({"settings": {"hidden": true}}), &["team.changed"]);
    did("POST", &format!("{team}/members"), json!({"user": ada}), &["team.changed"]);
    did("PUT", &format!("{team}/members/{ada}/role"), json!({"role": "admin"}), &["member.changed"]);
    let default = json!({"team": team.rsplit('/').next().unwrap()});
    did("PUT", &format!("/users/{ada}/default-team"), default, &["user.changed"]);
    did("DELETE", &format!("{team}/members/{ada}"), Value::Null, &["team.changed"]);
    did("DELETE", &team, Value::Null, &["team.archived"]);
    did(
        "POST",
        &format!("{}/restore", team.replace("/teams", "/archived-teams")),
        Value::Null,
        &["team.restored"],
    );
    let role = json!({"name": "janitor", "inheritedFrom": "viewer"});
    let role = format!("/roles/{}", id(&did("POST", "/roles", role, &["role.created"])));
    did("PATCH", &role, json!({"permissions": ["run:stop_any"]}), &["role.changed"]);
    did("DELETE", &role, Value::Null, &["role.removed"]);
    let account =
        id(&did("POST", "/service-accounts", json!({"name": "robot"}), &["service_account.created"]));
    let key = id(&did("POST", "/keys", json!({"name": "k", "owner": account}), &["key.created"]));
    did("PATCH", &format!("/keys/{key}"), json!({"name": "other"}), &["key.changed"]);
    did("DELETE", &format!("/keys/{key}"), Value::Null, &["key.revoked"]);
    did("DELETE", &format!("/service-accounts/{account}"), Value::Null, &["service_account.removed"]);
    did("PATCH", "/settings", json!({"userTeamCreation": true}), &["settings.changed"]);
    did("DELETE", &user, Value::Null, &["user.removed"]);
    did("DELETE", &format!("{team}/members/me"), Value::Null, &["team.changed"]);
}

#[test]
fn w_048_a_refusal_is_told_once_for_each_actor_user_and_hour() {
    let server = Server::start(Profile::Standard, |app| app.clock = Clock::at(1_800_000_000_000_000));
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    admin.patch("/settings", &json!({"license": {"full": 1}}));
    let create = |name: &str| {
        let refused = server.client.post("/Users", &json!({"schemas": [USER], "userName": name}));
        assert_eq!(refused.error().0, 403);
    };
    let told = || events(&server, "request.denied");

    create("ada");
    create("ADA");
    create("grace");
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": "ada"}},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"schemas": [USER], "userName": "eve"}},
        {"method": "DELETE", "path": format!("/Users/{root}")}]});
    assert_eq!(server.client.post("/Bulk", &bulk).status, 200);
    for _ in 0..3 {
        assert_eq!(server.client.delete(&format!("/Users/{root}")).error().0, 409);
        assert_eq!(replace(&server.client, &root, "active", json!(false)), 409);
    }

    let reasons: Vec<Value> = told().iter().map(|event| event["userName"].clone()).collect();
    assert_eq!(reasons, [json!("ada"), json!("grace"), Value::Null, json!("eve")]);
    assert!(told()[0]["reason"].as_str().unwrap().starts_with("Seat limit reached: 1 of 1"));
    assert!(told()[2]["reason"].as_str().unwrap().contains("without an active admin"));
    server.app.clock.advance(Duration::from_secs(3_600));
    create("ada");
    assert_eq!(told().len(), 5, "an hour later it is told again");
    let held = server.database.ask("SELECT subject FROM denials").concat();
    assert!(!held.iter().any(|subject| subject.contains("ada")), "{held:?}");
}

#[test]
fn a_team_that_is_archived_rests_and_after_thirty_days_it_is_gone_and_known() {
    let begin = 1_800_000_000_000_000;
    let server = Server::start(Profile::Standard, |app| app.clock = Clock::at(begin));
    let admin = issue(&server, &person(&server, "root", "admin"), "");
    let ada = server.user("ada");
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    let robot = machine(&server, "robot", Some(&vision));
    let key = issue(&server, &robot, "");
    admin.patch(&format!("/teams/{vision}"), &json!({"name": "sight"}));
    assert_eq!(key.get("/me").status, 200);
    let restore = format!("/archived-teams/{vision}/restore");
    let purge = || crate::support::wait(async { purge::purge(&server.app).await.unwrap() });

    admin.delete(&format!("/teams/{vision}"));
    assert_eq!(key.get("/me").problem().0, 401, "nobody works for a team that is not there");
    assert_eq!(admin.post(&restore, &Value::Null).status, 200);
    assert_eq!(key.get("/me").status, 200, "it goes on when the team comes back");
    admin.delete(&format!("/teams/{vision}"));
    server.app.clock.advance(Duration::from_secs(29 * 86_400));
    assert_eq!(purge(), 0);
    server.app.clock.advance(Duration::from_secs(2 * 86_400));
    assert_eq!((purge(), purge()), (1, 0));

    assert_eq!(admin.post(&restore, &Value::Null).problem().0, 404);
    for table in ["teams", "memberships", "team_aliases", "api_keys WHERE revoked_at IS NULL AND owner <>"] {
        let other = if table.ends_with("<>") {
            format!("{table} '{}'", admin.get("/me").json()["id"].as_str().unwrap())
        } else {
            table.to_owned()
        };
        assert_eq!(server.database.number(&format!("SELECT count(*) FROM {other}")), 0, "{other}");
    }
    assert_eq!(events(&server, "team.removed"), [json!({"displayName": "sight"})]);
    assert_eq!(events(&server, "service_account.removed").len(), 1);
    let known = server.database.ask(&format!("SELECT display FROM tombstones WHERE id = '{vision}'"));
    assert_eq!(known, [["sight"]]);
    assert_eq!(admin.get(&format!("/people/{robot}")).json()["name"], "robot");
}

#[test]
fn w_033_activity_counts_days_and_is_shown_when_it_is_asked_for() {
    let begin = 1_800_000_000_000_000;
    let server = Server::start(Profile::Standard, |app| app.clock = Clock::at(begin));
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    let query = format!("/Users/{root}?attributes={ORGANIZATION}:daysActive,{ORGANIZATION}:lastActiveAt");
    let seen = || server.client.get(&query).json()[ORGANIZATION].clone();
    let comes_to = |days: u64, at: &str| {
        let found = (0..1_000).map(|_| seen()).find(|it| it["daysActive"] == days);
        assert_eq!(found.unwrap()["lastActiveAt"], at);
    };
    assert_eq!(seen(), Value::Null, "never seen");

    admin.get("/me");
    comes_to(1, "2027-01-15T08:00:00.000Z");
    server.app.clock.advance(Duration::from_secs(3_600));
    admin.get("/me");
    server.app.clock.advance(Duration::from_secs(86_400));
    admin.get("/me");

    comes_to(2, "2027-01-16T09:00:00.000Z");
    assert_eq!(admin.get(&format!("/users/{root}")).json()["daysActive"], 2);
    let plain = server.client.get(&format!("/Users/{root}")).json();
    assert_eq!(plain[ORGANIZATION].get("daysActive"), None, "it is returned on request");
    server.user("heir");
    replace(&server.client, &server.client.user("second"), "organizationRole", json!("admin"));
    assert_eq!(server.client.delete(&format!("/Users/{root}")).status, 204);
    assert_eq!(server.database.number("SELECT count(*) FROM activity"), 0);
}

#[test]
fn who_was_an_admin_when_a_request_began_may_be_none_when_it_is_carried_out() {
    use roster::{
        org::{actor::Actor, role::OrganizationRole},
        scim::{Quirks, projection::Projection, version::Precondition},
        service::{Context, Error, groups, users},
    };
    let (server, _admin) = start();
    let ada = person(&server, "ada", "member");
    let vision = server.client.group("vision", &[]);
    let outcome = crate::support::wait(async {
        let cx = crate::support::context(&server.app).await;
        let actor = Actor::Person { id: ada, role: OrganizationRole::Admin };
        let cx = std::sync::Arc::new(Context { actor, ..(*cx).clone() });
        let body = serde_json::from_value(json!({"schemas": [USER], "userName": "x"})).unwrap();
        let made = users::create(&cx, body, Projection::Default, &mut Quirks::default()).await;
        let gone = groups::remove(&cx, &vision, Precondition::default()).await;
        [made.map(drop), gone]
    });

    for refused in outcome {
        assert!(matches!(refused, Err(Error::Rule(_))), "{refused:?}");
    }
}

#[test]
fn w_226_a_name_of_somebody_deactivated_says_whose_and_where() {
    let (server, admin) = start();
    let ada = server.user("ada");
    let again = json!({"schemas": [USER], "userName": "ADA"});
    let taken = server.client.post("/Users", &again);
    assert_eq!((taken.error(), taken.header("Content-Location")), ((409, "uniqueness".to_owned()), ""));

    replace(&server.client, &ada, "active", json!(false));

    let refused = server.client.post("/Users", &again);
    assert_eq!(refused.error(), (409, "uniqueness".to_owned()));
    assert!(refused.json()["detail"].as_str().unwrap().contains(&ada), "{}", refused.json());
    assert!(refused.header("Content-Location").ends_with(&format!("/scim/v2/Users/{ada}")));
    let (status, detail) = admin.post("/users", &json!({"userName": "ada"})).problem();
    assert!(status == 409 && detail.contains("deactivated; a PATCH that sets active to true"), "{detail}");
}

#[test]
fn w_115_the_members_of_a_team_are_told_with_name_address_role_seat_and_status() {
    let (server, admin) = start();
    let body = json!({"schemas": [USER], "userName": "grace", "displayName": "Grace H",
        "emails": [{"value": "grace@orion.example"}]});
    let grace = server.client.post("/Users", &body).json()["id"].as_str().unwrap().to_owned();
    let inner = server.client.group("inner", &[]);
    let vision = server.client.group("vision", &[grace.clone(), inner.clone()]);
    replace(&server.client, &grace, "seat", json!("viewer"));
    replace(&server.client, &grace, "active", json!(false));

    let members = admin.get(&format!("/teams/{vision}/members")).json()["items"].clone();

    let find = |id: &str| members.as_array().unwrap().iter().find(|it| it["id"] == id).unwrap().clone();
    let mut person = find(&grace);
    assert!(person.as_object_mut().unwrap().remove("connection").unwrap().is_string());
    assert_eq!(
        person,
        json!({"id": grace, "type": "User", "name": "Grace H", "userName": "grace",
        "email": "grace@orion.example", "seat": "viewer", "active": false, "role": "member", "origin": "scim", "mapped": false})
    );
    assert_eq!((&find(&inner)["type"], &find(&inner)["seat"]), (&json!("Group"), &Value::Null));
}

#[test]
fn w_145_a_service_account_of_the_organization_may_have_a_default_team() {
    let (server, admin) = start();
    let vision = server.client.group("vision", &[]);
    let make = |body: Value| admin.post("/service-accounts", &body);

    let made = make(json!({"name": "robot", "defaultTeam": vision})).json();

    assert_eq!((&made["team"], &made["defaultTeam"]), (&Value::Null, &json!(vision)));
    let robot = issue(&server, made["id"].as_str().unwrap(), "");
    let question = json!({"credential": robot.key, "permission": "run:create"});
    let decision = admin.post("/decisions", &question).json();
    assert_eq!((&decision["allowed"], &decision["team"]["name"]), (&json!(true), &json!("vision")), "W-150");
    assert_eq!(robot.client().get("/Users").status, 200, "it is the organization's still");
    server.client.group("text", &[]);
    assert!(allows(&admin, &robot, "text", "run:create"));
    server.client.delete(&format!("/Groups/{vision}"));
    assert_eq!(robot.get("/me").status, 200, "it rests with no team");
    let both = make(json!({"name": "x", "team": vision, "defaultTeam": vision})).problem();
    assert!(both.0 == 400 && both.1.starts_with("defaultTeam:"), "{both:?}");
    assert_eq!(
        make(json!({"name": "x", "defaultTeam": "nowhere"})).problem().1,
        "defaultTeam: there is no team with this id"
    );
}

#[test]
fn a_wrong_body_is_told_where_it_is_wrong() {
    let (_server, admin) = start();
    for (path, body, sentence) in [
        (
            "/users",
            json!({"userName": "x", "seat": "half"}),
            "seat: expected a seat (full, viewer, none), found half",
        ),
        (
            "/users",
            json!({"userName": "x", "emails": ["a", 1]}),
            "emails[1]: invalid type: integer `1`, expected a string",
        ),
        (
            "/users",
            json!({"userName": "x", "organisationRole": "admin"}),
            "organisationRole: unknown field `organisationRole`",
        ),
        (
            "/keys",
            json!({"name": "x", "scopes": ["read", "rite"]}),
            "scopes[1]: expected a scope of a key (read, write, ",
        ),
        (
            "/decisions",
            json!({"credential": "x", "onBehalfOf": {"user": "x"}}),
            "onBehalfOf.user: unknown field `user`",
        ),
        ("/teams", json!({}), "the body: missing field `name`"),
    ] {
        let (status, detail) = admin.post(path, &body).problem();
        assert!(status == 400 && detail.starts_with(sentence), "{detail}");
    }
}
