//! Two organizations behind the API: whoever asks in one with anything of the other hears what they hear of nothing.

use crate::{
    commands::{json, roster},
    database::Database,
    keys::Api,
    organizations::uuid,
    support::Program,
};
use serde_json::{Value, json};
use std::thread;

/// A server with two organizations, each with people, teams, roles, keys and what is no more.
struct Two {
    database: Database,
    program: Program,
}

/// What an organization holds that another might reach for.
struct Holdings {
    /// Ids of whatever has one.
    ids: Vec<String>,
    /// Names that people and things are found by.
    names: Vec<String>,
    /// Keys themselves: an admin's, a service account's of the organization, a member's.
    keys: Vec<Api>,
}

impl Two {
    fn start() -> Self {
        let database = Database::fresh();
        let program = Program::serve(&database.setting());
        Self { database, program }
    }

    /// What a command shows, about an organization.
    fn run(&self, slug: &str, words: &[&str]) -> Value {
        json(&roster(&self.database.setting(), &[words, &["--organization", slug, "--json"]].concat()))
    }

    /// Makes an organization whose every name begins with its slug.
    fn found(&self, slug: &str) -> Holdings {
        json(&roster(&self.database.setting(), &["organization", "create", slug, "--json"]));
        let named = |name: &str| format!("{slug}-{name}");
        let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
        let mut ids = Vec::new();
        for (name, role) in [("root", "admin"), ("second", "admin"), ("member", "member"), ("gone", "member")]
        {
            let email = format!("{name}@{slug}.example");
            let words = ["user", "create", &named(name), "--role", role, "--email", &email];
            ids.push(id(&self.run(slug, &words)));
        }
        let (team, old) = (named("team"), named("old"));
        for team in [&team, &old] {
            ids.push(id(&self.run(slug, &["team", "create", team, "--admin", &named("member")])));
        }
        ids.push(id(&self.run(slug, &["role", "create", &named("role"), "--from", "viewer"])));
        ids.push(id(&self.run(slug, &["service-account", "create", &named("robot")])));
        ids.push(id(&self.run(slug, &["service-account", "create", &named("arm"), "--team", &team])));
        let mut keys = Vec::new();
        for owner in ["root", "robot", "member"] {
            let made = self.run(slug, &["key", "create", &named(owner), "--name", &named("key")]);
            let (root, key) = (self.program.client.root.clone(), made["secret"].as_str().unwrap().to_owned());
            ids.push(id(&made));
            keys.push(Api { root, key, id: id(&made) });
        }
        ids.push(id(&self.run(slug, &["connection", "create", &named("idp")])));
        ids.push(id(&self.run(slug, &["token", "create", &named("idp")])));
        let email = format!("guest@{slug}.example");
        let made = self.run(slug, &["invite", "create", &email, "--team", &team, "--no-mail"]);
        ids.push(id(&made["items"][0]));
        let oidc = json!({"issuer": "https://id.example", "clientId": named("client")});
        let made = keys[0].send("POST", "/providers", &[], &json!({"name": named("corp"), "oidc": oidc}));
        ids.push(id(&made.json()));
        self.run(slug, &["team", "archive", &old, "--yes"]);
        self.run(slug, &["user", "remove", &named("gone"), "--yes"]);
        let names = ["root", "member", "gone", "team", "old", "role", "robot", "key", "idp", "corp"]
            .map(named)
            .into_iter()
            .chain([
                format!("guest@{slug}.example"),
                format!("root@{slug}.example"),
                format!("gone@{slug}.example"),
                keys[0].key.clone(),
            ]);
        Holdings { names: names.collect(), ids, keys }
    }

    /// Everything that is kept of an organization, but for when its own keys were used.
    fn kept(&self, slug: &str) -> Vec<Vec<String>> {
        let id = &self.database.ask(&format!("SELECT id FROM organizations WHERE slug = '{slug}'"))[0][0];
        let tables = [
            ("users", "id, user_name_key, organization_role, seat, active, team, version, resource"),
            ("people", "id, name_key, user_name_key, active, role, seat, source, search"),
            ("active_days", "period, person, days"),
            ("teams", "id, display_name_key, settings, default_role, version, archived_at, resource"),
            ("memberships", "team, member, role, origin"),
            ("handles", "handle, owner"),
            ("team_aliases", "name_key, team"),
            ("avatars", "team, tag"),
            ("roles", "id, name, version, resource"),
            ("api_keys", "id, owner, name, scopes, revoked_at"),
            ("counters", "name, lane, value"),
            ("tombstones", "id, removed_at"),
            ("invites", "id, email, role, seat, state, expires_at"),
            ("invite_teams", "invite, team, role"),
            ("mails", "id, recipient, state"),
            ("connections", "id, name, profile, switches, revoked_at"),
            ("tokens", "id, connection, scopes, revoked_at"),
            ("adoptions", "connection, person, state"),
            ("providers", "id, name, settings"),
            ("identities", "provider, subject, person, state"),
            ("sessions", "id, person"),
            ("requests", "id, method, path, body"),
            ("events", "id, kind, resource, detail"),
            ("idempotency", "actor, route, key, answer"),
        ];
        let rows = tables.iter().flat_map(|(table, columns)| {
            let n = (1..=columns.split(',').count()).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
            self.database
                .ask(&format!("SELECT {columns} FROM {table} WHERE organization = '{id}' ORDER BY {n}"))
        });
        rows.collect()
    }
}

/// A request with a value in every place where one of that kind can stand.
type Request = (String, String, Value);

/// Every operation of the description with the value wherever its path or query has a place for it.
fn addressed(document: &Value, it: &str, body: impl Fn(&str, &str) -> Value) -> Vec<Request> {
    let it = percent_encoding::utf8_percent_encode(it, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut all = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let base = if operations["servers"].is_null() { "/api/v1" } else { "" };
        for (method, operation) in operations.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let named = |place: &str| {
                let found = parameters.clone().filter(|it| it["in"] == place);
                found.map(|it| it["name"].as_str().unwrap()).collect::<Vec<_>>()
            };
            let method = method.to_uppercase();
            let body = || {
                if operation["requestBody"].is_null() { Value::Null } else { body(&method, path) }
            };
            if !named("path").is_empty() {
                let filled = named("path")
                    .iter()
                    .fold(path.clone(), |path, name| path.replace(&format!("{{{name}}}"), &it));
                all.push((method.clone(), format!("{base}{filled}"), body()));
                continue;
            }
            for name in named("query") {
                all.push((method.clone(), format!("{base}{path}?{name}={it}"), Value::Null));
            }
        }
    }
    all
}

/// A body that each operation would take.
fn fitting(method: &str, path: &str) -> Value {
    match (method, path.rsplit('/').next().unwrap()) {
        ("PUT", "organization-role") => json!({"organizationRole": "viewer"}),
        ("PUT", "seat") => json!({"seat": "none"}),
        ("PUT", "default-team") => json!({"team": null}),
        ("PUT", "avatar") => json!({"image": "R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="}),
        ("PUT", "role") => json!({"role": "viewer"}),
        ("POST", "members") => json!({"user": "aaaa-member"}),
        ("POST", "import") => json!({"csv": "username\nada"}),
        ("POST", "renew") => json!({"mail": false}),
        ("POST", "tokens") => json!({"expiresIn": 60}),
        ("PUT", _) if path.starts_with("/connections") => json!({"approved": true}),
        ("PUT", _) if path.starts_with("/providers") => json!({"decision": "link", "subject": "aaaa"}),
        ("PATCH", _) if path.starts_with("/connections") => json!({"switches": {"paused": true}}),
        ("PATCH", _) if path.starts_with("/users") => json!({"active": false}),
        ("PATCH", _) => json!({"name": "taken-over"}),
        other => panic!("a body for {other:?} of {path}"),
    }
}

/// Requests of one's own whose body names somebody or something.
fn naming(it: &str, mine: &Holdings) -> Vec<Request> {
    let (member, team) = (&mine.ids[2], &mine.ids[4]);
    let post = |path: &str, body: Value| ("POST".to_owned(), format!("/api/v1{path}"), body);
    let put = |path: String, body: Value| ("PUT".to_owned(), format!("/api/v1{path}"), body);
    vec![
        post("/keys", json!({"name": "stolen", "owner": it})),
        post("/service-accounts", json!({"name": "spy", "team": it})),
        post("/teams", json!({"name": "trap", "admins": [it]})),
        post("/teams", json!({"name": "trap", "defaultRole": it})),
        post(&format!("/teams/{team}/members"), json!({"user": it})),
        post(&format!("/teams/{team}/members"), json!({"user": member, "role": it})),
        put(format!("/teams/{team}/members/{it}/role"), json!({"role": "admin"})),
        put(format!("/teams/{team}/members/{member}/role"), json!({"role": it})),
        put(format!("/users/{member}/default-team"), json!({"team": it})),
        ("DELETE".to_owned(), format!("/api/v1/teams/{team}/members/{it}"), Value::Null),
        ("PATCH".to_owned(), format!("/api/v1/teams/{team}"), json!({"defaultRole": it})),
        post("/invites", json!({"emails": ["x@x.example"], "teams": [{"team": it}]})),
        post("/invites/accept", json!({"token": it})),
        post("/decisions", json!({"credential": it})),
        post("/users/bulk", json!({"ids": [it], "change": {"seat": "none"}})),
        post("/users/bulk", json!({"ids": [it], "change": "remove"})),
        post("/users/bulk", json!({"ids": [member], "change": {"addToTeam": {"team": it}}})),
        post("/users/bulk", json!({"ids": [it], "change": {"addToTeam": {"team": team}}})),
        post("/decisions", json!({"credential": mine.keys[2].key, "team": it, "permission": "run:read"})),
        post(
            "/decisions",
            json!({"credential": mine.keys[2].key, "team": team, "permission": "run:read",
            "onBehalfOf": {"username": it}}),
        ),
        post(
            "/decisions",
            json!({"credential": mine.keys[2].key, "team": team, "permission": "run:read",
            "onBehalfOf": {"email": it}}),
        ),
    ]
}

/// An answer without what may differ: the request's own id, and the value that was asked with.
fn told(api: &Api, (method, path, body): &Request, it: &str) -> (u16, String) {
    let reply = api.at(method, path, &[], body);
    let mut answer = reply.json();
    let is_page = answer.get("range_end_time").is_some();
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("instance");
        // an address that nobody here has is invited, whoever else has it
        if answer.contains_key("invitedBy") {
            answer.retain(|name, _| ["email", "state", "teams"].contains(&name.as_str()));
        }
        if is_page {
            answer.retain(|name, _| name == "count" || name == "audit_logs");
        }
    }
    (reply.status, answer.to_string().replace(it, "IT"))
}

#[test]
fn every_operation_with_anything_of_another_organization_answers_as_if_it_were_nobodys() {
    let two = Two::start();
    let (mine, theirs) = (two.found("aaaa"), two.found("bbbb"));
    let document = mine.keys[0].at("GET", "/api/openapi.json", &[], &Value::Null).json();
    // what they asked over SCIM is written down a moment later, or when somebody looks
    assert_eq!(theirs.keys[0].at("GET", "/api/v1/requests", &[], &Value::Null).status, 200);
    let before = two.kept("bbbb");
    let things = theirs.ids.iter().map(|id| (id.clone(), uuid()));
    // the three organizations, of which one is none, have slugs that are equally far from each other, since a refusal tells
    // what is near
    let names = theirs.names.iter().map(|name| (name.clone(), name.replace("bbbb", "cccc")));
    let keys = |(name, nobody): (String, String)| match name.split_once('_') {
        Some((head, secret)) if name.starts_with("roster-") => {
            (name.clone(), format!("{head}_{}", secret.replace(|_| true, "0")))
        }
        _ => (name, nobody),
    };
    // an admin asks every second time, and in between who may less
    let mut askers = [0, 1, 0, 2, 0].map(|n| &mine.keys[n]).into_iter().cycle();
    let mut n_requests = 0;

    for (foreign, nobody) in things.chain(names.map(keys)) {
        let all = |it: &str| addressed(&document, it, fitting).into_iter().chain(naming(it, &mine));
        for (request, control) in all(&foreign).zip(all(&nobody)) {
            let api = askers.next().unwrap();
            let (theirs, unknown) = (told(api, &request, &foreign), told(api, &control, &nobody));
            assert_eq!(theirs, unknown, "{request:?}");
            n_requests += 1;
        }
    }

    let after = two.kept("bbbb");
    let changed: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
    assert_eq!(after.len(), before.len(), "{changed:?}");
    assert!(changed.is_empty(), "not a byte of theirs changed: {changed:?}");
    assert!(n_requests > 1500, "{n_requests}");
    println!("{n_requests} requests, each with something of another organization and with nobody's");
}

#[test]
fn the_same_lives_in_two_organizations_look_the_same_and_share_nothing() {
    let two = Two::start();
    let (one, other) = (two.found("aaaa"), two.found("bbbb"));
    let lists = [
        "/users",
        "/users?sort=name&search=example",
        "/users/count?search=example",
        "/activity",
        "/teams",
        "/roles",
        "/keys?owner=*",
        "/service-accounts",
        "/archived-teams",
        "/seats",
        "/events?limit=1000",
        "/settings",
        "/connections",
        "/providers",
        "/sessions",
        "/invites",
        "/mails",
        "/requests",
    ];
    let once = [("Idempotency-Key", "the-same-in-both")];
    // the journal is read as far as it is sealed, which happens every second
    while two.database.number("SELECT count(*) FROM events WHERE position IS NULL") > 0 {
        thread::yield_now();
    }

    for path in lists {
        let (ours, theirs) = (one.keys[0].get(path).json(), other.keys[0].get(path).json());
        assert_eq!(shape(&ours), shape(&theirs), "{path}");
        let text = ours.to_string();
        let leaked = other.ids.iter().chain(&other.names).find(|it| text.contains(it.as_str()));
        assert_eq!(leaked, None, "{path}");
    }
    let body = json!({"name": "Compilers"});
    let made: Vec<_> = [&one, &other].map(|it| it.keys[0].send("POST", "/teams", &once, &body)).into();
    assert!(made.iter().all(|reply| reply.status == 201 && reply.header("Idempotent-Replay").is_empty()));
    assert_ne!(made[0].json()["id"], made[1].json()["id"], "an idempotency key is an organization's own");
    for (api, slug, status) in [(&one, "aaaa", 200), (&one, "bbbb", 404), (&one, "cccc", 404)] {
        let reply = api.keys[0].at("GET", &format!("/o/{slug}/api/v1/users"), &[], &Value::Null);
        assert_eq!(reply.status, status, "{slug}");
    }
}

/// What a value looks like without what is in it.
fn shape(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::String(_) => json!("text"),
        other => other.clone(),
    }
}
