//! What a connection and its tokens may do, and what is known of how it behaves.

use crate::{
    commands::{json, roster},
    database::Database,
    support::{Client, Program, USER},
};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

/// A server and a token of the connection `idp` with these further words.
fn connected(words: &[&str]) -> (Program, Database, Client) {
    let database = Database::fresh();
    let program = Program::serve(&database.setting());
    json(&roster(&database.setting(), &["connection", "create", "idp", "--json"]));
    let made = json(&roster(&database.setting(), &[&["token", "create", "idp", "--json"], words].concat()));
    let client =
        Client { root: program.client.root.clone(), token: made["token"].as_str().unwrap().to_owned() };
    (program, database, client)
}

#[test]
fn r_514_a_token_that_only_reads_changes_nothing() {
    let (program, _database, reader) = connected(&["--read-only"]);
    let id = program.client.user("ada");
    let body = json!({"schemas": [USER], "userName": "grace"});

    for (method, path) in [
        ("POST", "/Users".to_owned()),
        ("POST", "/Groups".to_owned()),
        ("PUT", format!("/Users/{id}")),
        ("PATCH", format!("/Users/{id}")),
        ("DELETE", format!("/Users/{id}")),
        ("PATCH", "/Users/nobody".to_owned()),
        ("PATCH", "/Me".to_owned()),
    ] {
        let refused = reader.send(method, &path, &[], body.to_string().as_bytes());
        assert_eq!(refused.error(), (403, String::new()), "{method} {path}");
        assert_eq!(
            refused.header("WWW-Authenticate"),
            "Bearer realm=\"SCIM\", error=\"insufficient_scope\", scope=\"write\""
        );
    }
    assert_eq!(reader.get(&format!("/Users/{id}")).json()["userName"], "ada");
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]});
    assert_eq!(reader.post("/Users/.search", &search).json()["totalResults"], 1);
    assert_eq!(reader.post("/.search", &search).status, 200);
    assert_eq!(reader.get("/Schemas").status, 200);
}

#[test]
fn r_470_each_operation_of_a_bulk_request_hears_what_it_alone_would_hear() {
    let (program, _database, reader) = connected(&["--read-only"]);
    let operation = |n: usize| {
        json!({"method": "POST", "path": "/Users", "bulkId": format!("b{n}"),
        "data": {"schemas": [USER], "userName": format!("u{n}")}})
    };
    let bulk = |borne: Value| {
        reader.post(
            "/Bulk",
            &json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "failOnErrors": borne, "Operations": [operation(1), operation(2), operation(3)]}),
        )
    };

    for (borne, n) in [(Value::Null, 3), (json!(2), 2)] {
        let answer = bulk(borne);
        assert_eq!(answer.status, 200);
        let outcomes = answer.json()["Operations"].clone();
        let statuses: Vec<&str> =
            outcomes.as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, vec!["403"; n]);
        assert_eq!(outcomes[0]["response"]["status"], "403");
    }
    assert_eq!(program.client.get("/Users?count=0").json()["totalResults"], 0);
}

#[test]
fn r_036_a_token_without_any_scope_is_served_nothing() {
    let (_program, database, client) = connected(&[]);
    assert_eq!(client.get("/Users").status, 200);
    database.ask("UPDATE tokens SET scopes = '' WHERE origin = 'command'");
    // a verdict is believed for seconds; a change of the connection drops it
    json(&roster(&database.setting(), &["connection", "change", "idp", "--profile", "strict", "--json"]));

    for path in ["/Users", "/Groups", "/", "/Users/1", "/Me"] {
        assert_eq!(client.get(path).error(), (403, String::new()), "{path}");
    }
    assert_eq!(client.post("/Users", &json!({})).error().0, 403);
}

#[test]
fn r_250_what_is_sensitive_is_asked_for_in_a_body() {
    let (_program, database, client) = connected(&[]);
    client.user("ada");
    let change = |paths: &str| {
        roster(&database.setting(), &["connection", "change", "idp", "--sensitive", paths, "--json"])
    };
    let changed = json(&change("name,emails.value"));
    assert_eq!(changed["sensitive"], json!(["name", "emails.value"]));

    for filter in [
        "name.familyName eq \"Lovelace\"",
        "not (userName eq \"x\" and NAME.givenName pr)",
        "emails[value eq \"x\"]",
        "emails co \"x\"",
        "emails pr",
    ] {
        let query = filter.replace(' ', "%20").replace('"', "%22");
        for path in ["/Users", "/"] {
            let refused = client.get(&format!("{path}?filter={query}"));
            assert_eq!(refused.error(), (403, "sensitive".to_owned()), "{path} {filter}");
            assert_eq!(refused.json()["status"], "403");
        }
        let body =
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter});
        assert_eq!(client.post("/Users/.search", &body).status, 200, "{filter}");
    }
    assert_eq!(client.get("/Users?filter=userName%20eq%20%22ada%22").json()["totalResults"], 1);
    assert!(!change("nothing").status.success());
    json(&change(""));
    assert_eq!(client.get("/Users?filter=name.familyName%20pr").status, 200);
}

#[test]
fn leniencies_are_counted_by_connection_and_rule() {
    let (program, database, client) = connected(&[]);
    let id = client.user("ada");
    let off = |client: &Client| {
        let reply = client
            .patch(&format!("/Users/{id}"), &json!([{"op": "replace", "path": "active", "value": "False"}]));
        assert_eq!(reply.status, 200);
    };
    off(&client);
    off(&client);
    off(&program.client);
    assert_eq!(client.get("/Users?filter=userName%20eq%20ada").status, 200);

    let needed = |listed: &Value, name: &str| -> Vec<(String, i64)> {
        let connection = listed.as_array().unwrap().iter().find(|it| it["name"] == name).unwrap();
        let needed = connection["leniencies"].as_array().unwrap();
        needed
            .iter()
            .map(|it| (it["rule"].as_str().unwrap().to_owned(), it["uses"].as_i64().unwrap()))
            .collect()
    };
    let rule = |rule: &str, uses| (rule.to_owned(), uses);
    // they are written down within a second
    let begun = Instant::now();
    loop {
        let listed = json(&roster(&database.setting(), &["connection", "list", "--json"]));
        let counted = (needed(&listed, "idp"), needed(&listed, "default"));
        if counted == (vec![rule("Q-033", 1), rule("Q-047", 2)], vec![rule("Q-047", 1)]) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{counted:?}");
        thread::park_timeout(Duration::from_millis(50));
    }
    let shown = String::from_utf8(roster(&database.setting(), &["connection", "list"]).stdout).unwrap();
    for part in ["SCOPES", "idp needed these leniencies", "A boolean spelled as text."] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
}
