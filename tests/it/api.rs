//! The door of the API: credentials, the order of refusals, lists, doing once what is asked twice, and settings.

use crate::{
    keys::{Api, issue, person},
    support::Server,
};
use roster::org::{authority::Action, key::Scope};
use serde_json::{Value, json};

/// A server, and the key of its admin.
fn start() -> (Server, Api) {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    (server, admin)
}

#[test]
fn every_failure_is_a_problem_in_the_order_of_refusals() {
    let (server, admin) = start();
    let none = Value::Null;
    let without = |method: &str, path: &str| admin.at(method, path, &[("Authorization", "")], &none);
    let sent = |headers: &[(&str, &str)]| admin.at("GET", "/api/v1/me", headers, &none);

    for path in ["/api/v1/me", "/api/v1/nothing", "/api", "/api/v2/me", "/o/elsewhere/api/v1/me"] {
        let reply = without("GET", path);
        assert_eq!(reply.problem().0, 401, "{path}");
        assert_eq!(reply.header("WWW-Authenticate"), "Bearer realm=\"Roster\"");
    }
    let wrong = format!("Bearer {}", admin.key.replace('_', "_0").get(..104).unwrap());
    for header in ["Digest x", "Basic !", &wrong, &format!("Bearer {}", server.client.token), &admin.key] {
        assert_eq!(sent(&[("Authorization", header)]).problem().0, 401, "{header}");
    }
    assert_eq!(admin.get("/nothing").problem().0, 404);
    assert_eq!(admin.at("GET", "/api/v2/me", &[], &none).problem().0, 404);
    assert_eq!(admin.at("GET", "/o/elsewhere/api/v1/me", &[], &none).problem().0, 404);
    assert_eq!(admin.at("GET", "/o/default/api/v1/me", &[], &none).status, 200);
    let method = admin.send("PUT", "/keys", &[], &json!({}));
    assert_eq!((method.problem().0, method.header("Allow")), (405, "GET, POST, HEAD"));
    assert_eq!(admin.send("OPTIONS", "/keys", &[], &none).header("Allow"), "GET, POST, HEAD");
    assert_eq!(admin.send("HEAD", "/keys", &[], &none).status, 200);
    let typed = admin.send("POST", "/keys", &[("Content-Type", "text/plain")], &json!({"name": "x"}));
    assert_eq!(typed.problem().0, 415);
    let raw = |body: &[u8]| {
        let headers = [("Content-Type", "application/json")];
        admin.client().raw("POST", "/api/v1/keys", &headers, body).problem()
    };
    assert_eq!(raw(&vec![b' '; 1024 * 1024 + 1]).0, 413);
    assert_eq!(raw(b"{\"name\":").0, 400);
    assert_eq!(raw(b"[]"), (400, "the body must be a JSON object, found a list".to_owned()));
    assert!(raw(b"{\"nam\":\"x\"}").1.contains("expected one of"), "{:?}", raw(b"{\"nam\":\"x\"}"));
    let (status, detail) = admin.get("/keys?ownr=x").problem();
    assert_eq!((status, detail.as_str()), (400, "there is no parameter \"ownr\"; the nearest is \"owner\""));
    for query in ["limit=0", "limit=1001", "limit=many", "cursor=%21"] {
        assert_eq!(admin.get(&format!("/keys?{query}")).problem().0, 400, "{query}");
    }
    let reply = admin.get("/nothing");
    assert_eq!(reply.json()["instance"], format!("urn:uuid:{}", reply.header("X-Request-Id")));
}

#[test]
fn what_is_asked_twice_with_one_idempotency_key_happens_once() {
    let (server, admin) = start();
    let ask = |key: &str, body: &Value| admin.send("POST", "/keys", &[("Idempotency-Key", key)], body);
    let body = json!({"name": "once"});
    let keys = || server.database.ask("SELECT id FROM api_keys").len();

    let (first, again) = (ask("a", &body), ask("a", &body));

    assert_eq!((first.status, again.status, keys()), (201, 201, 2));
    assert_eq!((first.header("Idempotent-Replay"), again.header("Idempotent-Replay")), ("", "true"));
    assert!(first.json()["secret"].is_string() && again.json()["secret"].is_null(), "a secret is shown once");
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(ask("a", &json!({"name": "other"})).problem().0, 422);
    assert_eq!((ask("b", &body).status, keys()), (201, 3));
    let other = admin.send("POST", "/service-accounts", &[("Idempotency-Key", "a")], &body);
    assert_eq!(other.status, 201, "another route, another request");
    let eve = issue(&server, &person(&server, "eve", "member"), "");
    let theirs = eve.send("POST", "/keys", &[("Idempotency-Key", "a")], &body);
    assert_eq!((theirs.status, theirs.header("Idempotent-Replay")), (201, ""), "another actor");
    assert_eq!(ask("c", &json!({"name": ""})).problem().0, 400);
    assert_eq!(ask("c", &body).status, 201, "what failed did not happen");
    assert_eq!(ask(&"x".repeat(256), &body).problem().0, 400);
    let stored = server.database.ask("SELECT answer FROM idempotency").concat().concat();
    assert!(!stored.contains("roster-"), "{stored}");
}

#[test]
fn of_many_who_ask_at_once_with_one_idempotency_key_one_is_served() {
    let (server, admin) = start();
    let body = json!({"name": "once"});

    let replies: Vec<_> = std::thread::scope(|scope| {
        let ask = || admin.send("POST", "/keys", &[("Idempotency-Key", "a")], &body);
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });

    assert!(replies.iter().all(|reply| reply.status == 201));
    assert_eq!(replies.iter().filter(|reply| reply.header("Idempotent-Replay").is_empty()).count(), 1);
    assert_eq!(server.database.ask("SELECT id FROM api_keys").len(), 2);
}

#[test]
fn admins_change_the_settings_and_the_event_says_what_was_and_is() {
    let (server, admin) = start();
    let eve = issue(&server, &person(&server, "eve", "member"), "");
    let events =
        || server.database.ask("SELECT detail FROM events WHERE kind = 'settings.changed' ORDER BY id");

    let changed = admin.patch("/settings", &json!({"userTeamCreation": true, "license": {"full": 7}}));

    assert_eq!(changed.status, 200, "{}", changed.json());
    assert_eq!(changed.json()["license"], json!({"full": 7, "viewer": null}));
    assert_eq!(eve.get("/settings").json(), changed.json());
    let detail: Value = serde_json::from_str(&events()[0][0]).unwrap();
    assert_eq!(
        detail,
        json!({"changes": {
            "license": {"before": {"full": null, "viewer": null}, "after": {"full": 7, "viewer": null}},
            "userTeamCreation": {"before": false, "after": true},
        }})
    );
    assert_eq!(admin.patch("/settings", &json!({"userTeamCreation": true})).status, 200);
    assert_eq!(events().len(), 1, "what changes nothing writes nothing");
    let default = admin.patch("/settings", &json!({"license": null, "userTeamCreation": null}));
    assert_eq!(default.json()["license"], json!({"full": null, "viewer": null}));
    for (body, sentence) in [
        (
            json!({"userTeamCreations": true}),
            "there is no setting \"userTeamCreations\"; the nearest is \"userTeamCreation\"",
        ),
        (
            json!({"enforced": {"hiden": true}}),
            "there is no setting \"enforced.hiden\"; the nearest is \"enforced.hidden\"",
        ),
        (json!({"keyCreation": "yes"}), "keyCreation: expected a boolean, found a string"),
        (
            json!({"license": {"full": "many"}}),
            "license.full: expected a whole number or null, found a string",
        ),
        (json!({"license": {"full": -1}}), "license: expected 0 or more seats, or null for any number"),
        (json!({"eventRetentionDays": 0}), "eventRetentionDays: expected at least 1, or null for ever"),
    ] {
        assert_eq!(admin.patch("/settings", &body).problem(), (400, sentence.to_owned()));
    }
    let tag = admin.get("/settings").header("ETag").to_owned();
    let with =
        |method: &str, name: &str, body: &Value| admin.send(method, "/settings", &[(name, &tag)], body);
    assert_eq!(with("GET", "If-None-Match", &Value::Null).status, 304);
    assert_eq!(with("PATCH", "If-Match", &json!({"viewerKeys": true})).status, 200);
    assert_eq!(with("PATCH", "If-Match", &json!({"viewerKeys": false})).problem().0, 412);
    let (status, detail) = eve.patch("/settings", &json!({"userTeamCreation": true})).problem();
    assert_eq!((status, detail.as_str()), (403, "only an admin may change the organization's settings"));
}

#[test]
fn me_and_the_organization_say_where_one_is() {
    let (_server, admin) = start();

    let (me, organization) = (admin.get("/me").json(), admin.get("/organization").json());

    assert_eq!(
        (&me["type"], &me["organization"], &me["key"]),
        (&json!("user"), &json!("default"), &json!(admin.id))
    );
    assert_eq!((&organization["slug"], &organization["name"]), (&json!("default"), &json!("Organization")));
}

#[test]
fn the_description_is_there_for_everybody_and_names_every_route_with_its_action() {
    let (server, admin) = start();

    let reply = admin.at("GET", "/api/openapi.json", &[("Authorization", "")], &Value::Null);

    assert_eq!(reply.status, 200);
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    // the one operation without a key has no action
    let is_operation =
        |(name, it): &(&String, &Value)| name.as_str() != "servers" && it["security"].is_null();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.values().flat_map(|path| path.as_object().unwrap()).filter(is_operation);
    let mut seen = 0;
    for (method, operation) in operations {
        seen += 1;
        let action = operation["x-action"].as_str().unwrap();
        assert!(action.parse::<Action>().is_ok(), "{method} {action}");
    }
    assert!(seen >= 40, "{seen}");
    // and each wants a key, whose scopes reach that far
    let nothing = issue(&server, admin.get("/me").json()["id"].as_str().unwrap(), "decisions");
    for (path, operations) in paths {
        let base = if operations["servers"].is_null() { "/api/v1" } else { "" };
        for (method, operation) in operations.as_object().unwrap().iter().filter(is_operation) {
            let action: Action = operation["x-action"].as_str().unwrap().parse().unwrap();
            let path = format!(
                "{base}{}",
                ["{id}", "{user}", "{connection}", "{invite}"]
                    .iter()
                    .fold(path.clone(), |path, it| path.replace(it, "x"))
            );
            let method = method.to_uppercase();
            let anonymous = admin.at(&method, &path, &[("Authorization", "")], &Value::Null);
            assert_eq!(anonymous.problem().0, 401, "{method} {path}");
            if action.rule().scope != Scope::Decisions {
                let (status, detail) = nothing.at(&method, &path, &[], &Value::Null).problem();
                let sentence = format!("the key lacks the scope `{}`", action.rule().scope);
                assert_eq!((status, detail), (403, sentence), "{method} {path}");
            }
        }
    }
}
