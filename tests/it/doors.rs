//! Who comes in over SCIM, as what, and how far: by a connection's token, or by a key.

use crate::{
    commands::{json as printed, roster},
    database::Database,
    keys::{issue, machine, person},
    support::{Client, GROUP, ORGANIZATION, Program, Server, USER},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// A server with an admin, and a client that has the admin's key.
fn start() -> (Server, String, Client) {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let client = issue(&server, &root, "").client();
    (server, root, client)
}

#[test]
fn r_494_me_is_the_user_whose_key_it_is() {
    let (server, root, client) = start();

    let me = client.get("/Me");

    assert_eq!((me.status, &me.json()["id"]), (200, &json!(root)));
    assert_eq!(me.json(), server.client.get(&format!("/Users/{root}")).json());
}

#[test]
fn r_495_me_says_where_the_user_is_for_good() {
    let (server, root, client) = start();
    let place = format!("{}/scim/v2/Users/{root}", server.client.root);
    let nick = json!([{"op": "replace", "path": "nickName", "value": "boss"}]);

    for reply in [client.get("/Me"), client.patch("/Me", &nick)] {
        assert_eq!((reply.status, reply.header("Location")), (200, place.as_str()));
        assert_eq!(reply.json()["meta"]["location"], json!(place));
    }
}

#[test]
fn r_496_what_is_done_to_me_is_done_to_the_user() {
    let (server, root, client) = start();
    let user = || server.client.get(&format!("/Users/{root}")).json();

    let nick = json!([{"op": "replace", "path": "nickName", "value": "boss"}]);
    assert_eq!(client.patch("/Me", &nick).status, 200);
    assert_eq!(user()["nickName"], "boss");
    let put = json!({"schemas": [USER], "userName": "root", "title": "Captain"});
    assert_eq!(client.put("/Me", &put).status, 200);
    assert_eq!((&user()["title"], &user()["nickName"]), (&json!("Captain"), &Value::Null));
    assert_eq!(user()[ORGANIZATION]["organizationRole"], "admin");
    assert_eq!(client.delete("/Me").error().0, 409, "the last admin");
    person(&server, "second", "admin");
    assert_eq!(client.delete("/Me").status, 204);
    assert_eq!(server.client.get(&format!("/Users/{root}")).error().0, 404);
    assert_eq!(client.get("/Me").error().0, 401, "the key went with the user");
}

#[test]
fn r_500_me_shows_what_is_asked_for() {
    let (_server, root, client) = start();

    let only = client.get("/Me?attributes=userName").json();
    let without = client.get("/Me?excludedAttributes=meta").json();

    assert_eq!(only, json!({"schemas": only["schemas"], "id": root, "userName": "root"}));
    assert!(without.get("meta").is_none() && without["userName"] == "root");
}

#[test]
fn r_311_a_cursor_is_worth_no_more_than_the_rights_of_whoever_shows_it() {
    let (server, root, client) = start();
    person(&server, "second", "admin");
    let page = client.get("/Users?cursor&count=1").json();
    let next = format!("/Users?count=1&cursor={}", page["nextCursor"].as_str().unwrap());
    assert_eq!(client.get(&next).status, 200);

    let demoted = json!([{"op": "replace", "path": "organizationRole", "value": "member"}]);
    assert_eq!(server.client.patch(&format!("/Users/{root}"), &demoted).status, 200);

    assert_eq!(client.get(&next).error().0, 403);
}

/// What each kind of caller hears: reading, searching, and a change of each kind.
#[test]
fn r_520_applications_and_people_are_told_apart_at_every_endpoint() {
    let database = Database::fresh();
    let program = Program::serve(&database.setting());
    let run = |words: &[&str]| printed(&roster(&database.setting(), &[words, &["--json"]].concat()));
    run(&["connection", "create", "idp"]);
    let token = |made: Value, name: &str| Client {
        root: program.client.root.clone(),
        token: made[name].as_str().unwrap().to_owned(),
    };
    run(&["user", "create", "root", "--role", "admin"]);
    run(&["user", "create", "second", "--role", "admin"]);
    run(&["user", "create", "ada"]);
    run(&["user", "create", "eve", "--role", "viewer"]);
    run(&["setting", "set", "viewerKeys", "true"]);
    run(&["team", "create", "vision"]);
    run(&["service-account", "create", "robot"]);
    run(&["service-account", "create", "arm", "--team", "vision"]);
    let key = |owner: &str, scope: &[&str]| {
        token(run(&[&["key", "create", owner, "--name", "k"], scope].concat()), "secret")
    };
    let (open, read, closed) = ((true, true), (true, false), (false, false));
    let callers = [
        ("a connection", token(run(&["token", "create", "idp"]), "token"), open),
        ("a connection that reads", token(run(&["token", "create", "idp", "--read-only"]), "token"), read),
        ("an admin", key("root", &[]), open),
        ("an admin's key for SCIM", key("root", &["--scope", "scim"]), open),
        ("an admin's key for reading", key("root", &["--scope", "read"]), closed),
        ("a service account of the organization", key("robot", &[]), open),
        ("a member", key("ada", &[]), closed),
        ("a viewer", key("eve", &["--scope", "read"]), closed),
        ("a service account of a team", key("arm", &[]), closed),
    ];

    for (n, (who, client, (reads, writes))) in callers.iter().enumerate() {
        let user = client.post("/Users", &json!({"schemas": [USER], "userName": format!("u{n}")}));
        let group = client.post("/Groups", &json!({"schemas": [GROUP], "displayName": format!("g{n}")}));
        let some = program.client.get("/Users?count=1").json()["Resources"][0]["id"].clone();
        let some = format!("/Users/{}", some.as_str().unwrap());
        let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 1});
        let patch = json!([{"op": "replace", "path": "nickName", "value": who}]);
        for (what, status, may) in [
            ("POST /Users", user.status, *writes),
            ("POST /Groups", group.status, *writes),
            ("PATCH", client.patch(&some, &patch).status, *writes),
            ("GET /Users", client.get("/Users?count=1").status, *reads),
            ("GET /Groups", client.get("/Groups?count=1").status, *reads),
            ("GET /Roles", client.get("/Roles").status, *reads),
            ("GET /Users/{id}", client.get(&some).status, *reads),
            ("POST /.search", client.post("/.search", &search).status, *reads),
            ("POST /Users/.search", client.post("/Users/.search", &search).status, *reads),
            ("GET /ServiceProviderConfig", client.get("/ServiceProviderConfig").status, true),
            ("GET /Schemas", client.get("/Schemas").status, true),
        ] {
            assert_eq!(status < 300, may, "{who}: {what} is answered {status}");
            assert!(may || status == 403, "{who}: {what} is answered {status}");
        }
    }
    let server = Server::standard();
    let nobody = machine(&server, "robot", None);
    assert_eq!(issue(&server, &nobody, "").client().get("/Me").error().0, 404, "R-497: no user");
}

#[test]
fn w_200_the_three_bases_and_w_201_the_three_forms_of_a_credential_are_the_same_door() {
    let (server, root, client) = start();
    let basic = |name: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{}", client.token)));
    let forms = [format!("Bearer {}", client.token), basic("root"), basic(""), basic("api")];

    let wanted = server.client.get(&format!("/Users/{root}")).json();
    for base in ["/scim/v2", "/scim", "/api/scim", "/api/scim/v2", "/o/default/api/scim"] {
        for form in &forms {
            let path = format!("{base}/Users/{root}");
            let read = client.raw("GET", &path, &[("Authorization", form)], &[]);
            assert_eq!(read.status, 200, "{path} {form}");
            let mut found = read.json();
            // where something is found is said under the path of the organization that was named
            found["meta"]["location"] = wanted["meta"]["location"].clone();
            assert_eq!(found, wanted, "{path}");
        }
        let anonymous = client.raw("GET", &format!("{base}/Users"), &[("Authorization", "")], &[]);
        assert_eq!((anonymous.status, anonymous.header("WWW-Authenticate")), (401, "Bearer realm=\"SCIM\""));
    }
    let elsewhere = client.raw("GET", "/api/scimitar/Users", &[], &[]);
    assert_eq!((elsewhere.status, elsewhere.header("Content-Type")), (404, "application/problem+json"));
}
