//! Users by the API: what admins do by hand, what people do for themselves, and whom decisions are about.

use crate::{
    keys::{Api, give_role, issue, machine, person},
    support::{Server, USER},
};
use serde_json::{Value, json};

/// A server with an admin, and the admin's key and id.
fn start() -> (Server, Api, String) {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    (server, admin, root)
}

#[test]
fn an_admin_makes_changes_and_removes_a_user_and_an_id_keeps_its_name() {
    let (server, admin, _) = start();

    let new = json!({"userName": "ada@example.com", "displayName": "Ada", "emails": ["ada@example.com"], "seat": "viewer"});
    let made = admin.post("/users", &new);
    assert_eq!(made.status, 201, "{}", made.json());
    let ada = made.json();
    assert_eq!(
        [&ada["handle"], &ada["organizationRole"], &ada["seat"], &ada["source"]],
        [&json!("ada"), &json!("member"), &json!("viewer"), &json!("admin")]
    );
    let path = format!("/users/{}", ada["id"].as_str().unwrap());
    for login in ["ada@example.com", "ADA@example.com", "ada"] {
        let found = admin.get(&format!("/users?login={login}")).json();
        assert_eq!(found["items"][0]["id"], ada["id"], "{login}");
    }
    let changed = admin
        .patch(&path, &json!({"displayName": "Ada L.", "emails": ["new@example.com", "ada@example.com"]}));
    assert_eq!(changed.json()["emails"], json!(["new@example.com", "ada@example.com"]), "{}", changed.json());
    assert_eq!(admin.patch(&path, &json!({"displayname": "x"})).problem().0, 400);
    let scim = server.client.get(&format!("/Users/{}", ada["id"].as_str().unwrap())).json();
    assert_eq!((&scim["displayName"], &scim["schemas"][0]), (&json!("Ada L."), &json!(USER)));

    assert_eq!(admin.delete(&path).status, 204);
    assert_eq!(admin.get(&path).problem().0, 404);
    let known = admin.get(&format!("/people/{}", ada["id"].as_str().unwrap())).json();
    assert_eq!((&known["name"], &known["handle"]), (&json!("Ada L."), &json!("ada")));
    assert!(known["removedAt"].is_string());
    let again = admin.post("/users", &json!({"userName": "ada@example.com"}));
    assert_eq!(again.status, 201, "the name is free");
    assert_eq!(again.json()["handle"], "ada-2", "the handle is the other one's for ever");
}

#[test]
fn roles_and_seats_change_for_admins_alone_and_never_below_one_admin() {
    let (server, admin, root) = start();
    let ada = person(&server, "ada", "member");
    let member = issue(&server, &ada, "");
    let role = |api: &Api, id: &str, role: &str| {
        api.send("PUT", &format!("/users/{id}/organization-role"), &[], &json!({"organizationRole": role}))
    };

    let (status, detail) = role(&member, &ada, "admin").problem();
    assert_eq!((status, detail.as_str()), (403, "only an admin may change a role in the organization"));
    let (status, detail) = role(&admin, &root, "member").problem();
    assert_eq!(status, 409);
    assert!(detail.contains("make somebody else an admin first"), "{detail}");
    assert_eq!(admin.delete("/me").problem().0, 409);
    assert_eq!(admin.delete(&format!("/users/{root}")).problem().0, 409);
    assert_eq!(admin.patch(&format!("/users/{root}"), &json!({"active": false})).problem().0, 409);
    let (status, detail) = role(&admin, &ada, "boss").problem();
    assert_eq!(status, 400);
    assert!(detail.contains("(admin, member, viewer), found boss"), "{detail}");

    assert_eq!(role(&admin, &ada, "admin").status, 200);
    assert_eq!(role(&member, &root, "member").status, 200, "the role counts with the next request");
    assert_eq!(role(&admin, &ada, "viewer").problem().0, 403, "and so does its loss");
}

#[test]
fn the_seats_in_use_are_told_and_a_license_is_held_to() {
    let (server, admin, _) = start();
    person(&server, "ada", "member");
    let seats = admin.get("/seats").json();
    assert_eq!(
        (&seats["full"], &seats["viewer"], &seats["admins"]),
        (
            &json!({"used": 2, "reserved": 0, "total": null}),
            &json!({"used": 0, "reserved": 0, "total": null}),
            &json!(1)
        )
    );
    assert!(seats["warnings"][0].as_str().unwrap().starts_with("there is one active admin"), "W-011");

    assert_eq!(admin.patch("/settings", &json!({"license": {"full": 2}})).status, 200);

    let (status, detail) = admin.post("/users", &json!({"userName": "grace"})).problem();
    assert_eq!(status, 403);
    assert!(detail.starts_with("Seat limit reached: 2 of 2 full seats"), "{detail}");
    assert_eq!(admin.post("/users", &json!({"userName": "grace", "seat": "none"})).status, 201);
}

#[test]
fn deactivating_over_scim_ends_keys_with_the_very_next_request_and_the_event_says_so() {
    let (server, _, _) = start();
    let ada = person(&server, "ada", "member");
    let (first, second) = (issue(&server, &ada, ""), issue(&server, &ada, "read"));
    assert_eq!(first.get("/me").status, 200);

    let off = json!([{"op": "Replace", "value": {"active": "False"}}]);
    assert_eq!(server.client.patch(&format!("/Users/{ada}"), &off).status, 200);

    assert_eq!((first.get("/me").status, second.get("/me").status), (401, 401));
    let detail = server.database.ask(&format!(
        "SELECT detail FROM events WHERE resource = '{ada}' AND kind = 'user.changed' ORDER BY id DESC LIMIT 1"
    ));
    let detail: Value = serde_json::from_str(&detail[0][0]).unwrap();
    assert_eq!(detail["ended"]["keys"].as_array().unwrap().len(), 2, "{detail}");
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    assert_eq!(server.client.patch(&format!("/Users/{ada}"), &on).status, 200);
    assert_eq!(first.get("/me").status, 401, "what ended stays ended");
}

/// What the API says of a question.
fn decide(api: &Api, question: Value) -> Value {
    let reply = api.post("/decisions", &question);
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()
}

#[test]
fn a_decision_says_what_somebody_may_do_in_a_team_and_why() {
    let (server, admin, _) = start();
    let ada = person(&server, "ada", "member");
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    let key = issue(&server, &ada, "");
    let ask = |permission: &str| {
        decide(&admin, json!({"credential": key.key, "team": "vision", "permission": permission}))
    };

    let yes = ask("run:create");
    assert_eq!((&yes["allowed"], &yes["role"]), (&json!(true), &json!("member")), "{yes}");
    let kinds: Vec<&str> =
        yes["chain"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["connection", "team", "role", "seat", "permission"]);
    let no = ask("run:delete_any");
    assert_eq!(no["allowed"], false);
    assert!(no["why"].as_str().unwrap().contains("does not give run:delete_any"), "{no}");
    give_role(&server, &vision, &ada, "admin");
    assert_eq!(ask("run:delete_any")["allowed"], true);
    let seat = admin.send("PUT", &format!("/users/{ada}/seat"), &[], &json!({"seat": "viewer"}));
    assert_eq!(seat.status, 200);
    assert_eq!(
        (&ask("run:delete_any")["allowed"], &ask("run:read")["allowed"]),
        (&json!(false), &json!(true))
    );
    let (status, detail) =
        admin.post("/decisions", &json!({"credential": key.key, "permission": "run:raed"})).problem();
    assert_eq!(status, 400);
    assert!(detail.contains("the nearest is \"run:read\""), "{detail}");
    let unknown = decide(&admin, json!({"credential": "nonsense", "team": "vision"}));
    assert_eq!((&unknown["allowed"], &unknown["actor"]), (&json!(false), &Value::Null));
    assert_eq!(key.post("/decisions", &json!({"credential": admin.key})).problem().0, 403);
}

#[test]
fn what_a_service_account_makes_is_credited_to_whom_it_names_if_they_belong_to_its_team() {
    let (server, admin, _) = start();
    let (ada, eve) = (person(&server, "ada", "member"), person(&server, "eve", "member"));
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    let robot = issue(&server, &machine(&server, "robot", Some(&vision)), "");
    let credit = |on_behalf_of: Value| {
        let told = decide(
            &admin,
            json!({"credential": robot.key, "permission": "run:create", "onBehalfOf": on_behalf_of}),
        );
        assert_eq!(told["allowed"], true, "{told}");
        (told["credit"]["id"].as_str().unwrap().to_owned(), told["warning"].clone())
    };

    assert_eq!(credit(json!({"username": "ada"})), (ada.clone(), Value::Null));
    let (whose, warning) = credit(json!({"username": "eve"}));
    assert!(whose != eve && warning.as_str().unwrap().contains("does not belong"), "{warning}");
    assert!(credit(json!({"username": "nobody"})).1.is_string());
    let address = json!([{"op": "add", "path": "emails", "value": [{"value": "eve@example.com"}]}]);
    server.client.patch(&format!("/Users/{eve}"), &address);
    let (whose, warning) = credit(json!({"username": "ada", "email": "eve@example.com"}));
    assert!(whose != ada && warning.as_str().unwrap().contains("two people"), "{warning}");
    let elsewhere = server.client.group("text", &[]);
    let other = decide(&admin, json!({"credential": robot.key, "team": elsewhere, "permission": "run:read"}));
    assert_eq!(other["allowed"], false, "a team's account is of that team");
}
