//! Many operations in one request: limits, atomicity, events, what a crash leaves.

use crate::{
    database::Database,
    support::{Client, GROUP, PATCH_OP, Program, Reply, Server, USER},
};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

fn bulk(client: &Client, query: &str, operations: &[Value]) -> Reply {
    client.post(&format!("/Bulk{query}"), &json!({"schemas": [BULK], "Operations": operations}))
}

fn create(name: &str) -> Value {
    let data = json!({"schemas": [USER], "userName": name});
    json!({"method": "POST", "path": "/Users", "bulkId": name, "data": data})
}

fn statuses(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.json());
    let results = reply.json()["Operations"].as_array().unwrap().clone();
    results.iter().map(|result| result["status"].as_str().unwrap().to_owned()).collect()
}

fn count(client: &Client) -> i64 {
    client.get("/Users?count=0").json()["totalResults"].as_i64().unwrap()
}

#[test]
fn r_467_more_operations_than_allowed_are_refused_together() {
    let server = Server::standard();
    let operations: Vec<Value> = (0..1_001).map(|n| create(&format!("user-{n}"))).collect();

    let refused = bulk(&server.client, "", &operations);

    assert_eq!(refused.error(), (413, String::new()));
    assert!(refused.json()["detail"].as_str().unwrap().contains("1000"));
    assert_eq!(count(&server.client), 0);
}

#[test]
fn r_468_a_body_beyond_the_limit_is_refused() {
    let server = Server::standard();
    let config = server.client.get("/ServiceProviderConfig").json();
    let limit = usize::try_from(config["bulk"]["maxPayloadSize"].as_u64().unwrap()).unwrap();
    let mut large = create("ada");
    large["data"]["title"] = json!("x".repeat(limit));

    let refused = bulk(&server.client, "", &[large]);

    assert_eq!(refused.error(), (413, String::new()));
    assert!(refused.json()["detail"].as_str().unwrap().contains(&limit.to_string()));
    assert_eq!(count(&server.client), 0);
}

#[test]
fn r_469_exactly_as_many_operations_as_advertised_are_done() {
    let server = Server::standard();
    let config = server.client.get("/ServiceProviderConfig").json();
    assert_eq!(config["bulk"]["supported"], true);
    let most = config["bulk"]["maxOperations"].as_u64().unwrap();
    let operations: Vec<Value> = (0..most).map(|n| create(&format!("user-{n}"))).collect();

    let began = Instant::now();
    let done = statuses(&bulk(&server.client, "", &operations));
    println!("{most} creations in one request took {:?}", began.elapsed());

    assert!(done.len() as u64 == most && done.iter().all(|status| status == "201"));
    assert_eq!(count(&server.client), i64::try_from(most).unwrap());
}

#[test]
fn r_474_a_thousand_creations_take_no_minute() {
    let server = Server::standard();
    let operations: Vec<Value> = (0..1_000).map(|n| create(&format!("user-{n}"))).collect();
    let began = Instant::now();

    assert_eq!(statuses(&bulk(&server.client, "", &operations)).len(), 1_000);

    // a second or two; the build that is tested here is not the fast one
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn r_472_events_are_those_of_single_requests() {
    let server = Server::standard();
    let (client, base) = (&server.client, "SELECT kind, resource_type, detail FROM events");
    let ada = client.user("ada");
    let patch =
        json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"active": "False"}}]});
    client.patch(&format!("/Users/{ada}"), &patch["Operations"]);
    client.delete(&format!("/Users/{ada}"));
    let single = server.database.ask(&format!("{base} WHERE resource = '{ada}' ORDER BY id"));

    let made = bulk(client, "", &[create("ada")]);
    let id =
        made.json()["Operations"][0]["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let path = format!("/Users/{id}");
    let rest =
        [json!({"method": "PATCH", "path": path, "data": patch}), json!({"method": "DELETE", "path": path})];
    assert_eq!(statuses(&bulk(client, "", &rest)), ["200", "204"]);

    assert_eq!(single.len(), 3);
    assert_eq!(server.database.ask(&format!("{base} WHERE resource = '{id}' ORDER BY id")), single);
}

#[test]
fn r_510_a_refusal_is_the_same_alone_and_among_others() {
    let server = Server::standard();
    let client = &server.client;
    client.user("taken");
    let path = format!("/Users/{}", client.user("ada"));
    let patch = |operation: Value| json!({"schemas": [PATCH_OP], "Operations": [operation]});
    for (method, path, data) in [
        ("POST", "/Users", json!({"schemas": [USER], "userName": "TAKEN"})),
        ("POST", "/Users", json!({"schemas": [USER]})),
        ("POST", "/Groups", json!({"schemas": [GROUP], "displayName": {"x": 1}})),
        ("PUT", path.as_str(), json!({"schemas": [USER], "userName": "taken"})),
        ("PATCH", &path, patch(json!({"op": "replace", "path": "nowhere", "value": 1}))),
        ("PATCH", &path, patch(json!({"op": "replace", "path": "id", "value": "x"}))),
        ("PATCH", &path, patch(json!({"op": "remove"}))),
        ("PATCH", "/Users/nobody", patch(json!({"op": "replace", "path": "title", "value": "x"}))),
        ("DELETE", "/Groups/nothing", Value::Null),
    ] {
        let headers = [("Content-Type", "application/scim+json")];
        let alone = client.send(method, path, &headers, data.to_string().as_bytes());
        let operation = json!({"method": method, "path": path, "bulkId": "b", "data": data});
        let among = bulk(client, "", &[operation]).json()["Operations"][0]["response"].clone();

        let (status, keyword) = alone.error();
        assert_eq!(among["status"], json!(status.to_string()), "{method} {path} {data}");
        assert_eq!(among["scimType"].as_str().unwrap_or_default(), keyword, "{method} {path} {data}");
        assert_eq!(among["detail"], alone.json()["detail"]);
    }
}

#[test]
fn an_atomic_request_does_all_or_nothing() {
    let server = Server::standard();
    let client = &server.client;
    let group = json!({"method": "POST", "path": "/Groups", "bulkId": "crew", "data":
        {"schemas": [GROUP], "displayName": "Crew", "members": [{"value": "bulkId:ada"}]}});
    let nobody = json!({"method": "DELETE", "path": "/Users/nobody"});
    let events = server.database.number("SELECT count(*) FROM events");

    let failed = bulk(client, "?atomic=true", &[group.clone(), create("ada"), nobody, create("bob")]);
    assert_eq!(statuses(&failed), ["424", "424", "404", "424"]);
    let result = &failed.json()["Operations"][0];
    assert!(result["response"]["detail"].as_str().unwrap().contains("operation 3"), "{result}");
    assert_eq!((count(client), client.get("/Groups").json()["totalResults"].as_i64()), (0, Some(0)));
    assert_eq!(server.database.number("SELECT count(*) FROM events"), events);

    let done = bulk(client, "?atomic=true", &[group, create("ada"), create("bob")]);
    assert_eq!(statuses(&done), ["201", "201", "201"]);
    assert_eq!((count(client), client.get("/Groups").json()["totalResults"].as_i64()), (2, Some(1)));
    assert_eq!(server.database.number("SELECT members FROM teams"), 1);
}

#[test]
fn a_dry_run_tells_what_would_happen_and_changes_nothing() {
    let server = Server::standard();
    let client = &server.client;
    let ada = format!("/Users/{}", client.user("ada"));
    let events = server.database.number("SELECT count(*) FROM events");
    let operations = [
        create("ada"),
        create("bob"),
        json!({"method": "DELETE", "path": ada}),
        json!({"method": "DELETE", "path": ada}),
        json!({"method": "POST", "path": "/Users", "bulkId": "again", "data": {"schemas": [USER], "userName": "ada"}}),
    ];

    let told = bulk(client, "?dryRun=true", &operations);

    assert_eq!(statuses(&told), ["409", "201", "204", "404", "201"]);
    assert!(told.json()["Operations"][1].get("location").is_none(), "nobody is there");
    assert_eq!((count(client), client.get(&ada).status), (1, 200));
    assert_eq!(server.database.number("SELECT count(*) FROM events"), events);
    assert_eq!(
        statuses(&bulk(client, "", &operations)),
        ["409", "201", "204", "404", "201"],
        "and so it does"
    );
}

#[test]
fn r_466_a_crash_between_operations_leaves_the_earlier_ones_whole() {
    let database = Database::fresh();
    let mut program = Program::serve(&database.setting());
    let operations: Vec<Value> = (0..1_000).map(|n| create(&format!("user-{n}"))).collect();
    let client = program.client.clone();

    thread::scope(|scope| {
        let (target, operations) = (program.client.clone(), &operations);
        scope.spawn(move || std::panic::catch_unwind(|| bulk(&target, "", operations)).is_ok());
        while count(&client) < 20 {
            thread::yield_now();
        }
        program.kill();
    });

    let program = Program::serve(&database.setting());
    let kept = count(&program.client);
    assert!((20..1_000).contains(&kept), "{kept}");
    assert_eq!(database.number("SELECT count(*) FROM users"), kept);
    assert_eq!(database.number("SELECT count(*) FROM events WHERE kind = 'user.created'"), kept);
}

const EU: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn managed(name: &str, manager: &str) -> Value {
    let mut operation = create(name);
    operation["data"]["schemas"] = json!([USER, EU]);
    operation["data"][EU] = json!({"manager": {"value": format!("bulkId:{manager}")}});
    operation
}

fn patch(path: &str, operation: &Value) -> Value {
    json!({"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": [operation]}})
}

fn manager_of(client: &Client, name: &str) -> Value {
    let found = client.get(&format!("/Users?filter=userName%20eq%20%22{name}%22")).json();
    found["Resources"][0][EU]["manager"]["value"].clone()
}

#[test]
fn references_are_found_however_their_place_is_written() {
    let server = Server::standard();
    let client = &server.client;
    let mut shouting = create("shouting");
    shouting["data"]["schemas"] = json!([USER, EU]);
    shouting["data"][EU.to_uppercase()] = json!({"manager": {"value": "bulkId:boss"}});
    let crew = json!({"method": "POST", "path": "/Groups", "bulkId": "crew", "data":
        {"schemas": [GROUP], "displayName": "Crew", "members": [{"value": "bulkId:boss"}]}});
    let whole = json!({"op": "replace", "path": EU, "value": {"manager": {"value": "bulkId:boss"}}});
    let qualified = json!({"op": "remove", "path": format!("{GROUP}:members[value eq \"bulkId:boss\"]")});
    let innocent = json!({"method": "POST", "path": "/Users", "bulkId": "innocent", "data":
        {"schemas": [USER], "userName": "innocent", "members": [{"value": "bulkId:boss"}], "title": "bulkId:boss"}});

    let done = bulk(
        client,
        "",
        &[
            create("boss"),
            create("ada"),
            shouting,
            crew,
            patch("/Users/bulkId:ada", &whole),
            patch("/Groups/bulkId:crew", &qualified),
            innocent,
        ],
    );

    assert_eq!(statuses(&done), ["201", "201", "201", "201", "200", "200", "201"]);
    let boss =
        done.json()["Operations"][0]["location"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(manager_of(client, "ada"), json!(boss));
    assert_eq!(manager_of(client, "shouting"), json!(boss));
    assert_eq!(manager_of(client, "innocent"), Value::Null);
    assert_eq!(server.database.number("SELECT members FROM teams"), 0);
    assert!(!server.database.holds(b"bulkId:boss\"}"), "no reference is kept as an id");
}

#[test]
fn a_circle_is_made_whole_or_not_at_all() {
    let server = Server::standard();
    let client = &server.client;
    let mut nameless = managed("b", "a");
    nameless["data"].as_object_mut().unwrap().remove("userName");
    let group = |member: &str| {
        json!({"method": "POST", "path": "/Groups", "bulkId": "g", "data":
            {"schemas": [GROUP], "displayName": "G", "members": [{"value": format!("bulkId:{member}")}]}})
    };
    for query in ["", "?dryRun=true"] {
        let failed = bulk(client, query, &[managed("a", "b"), group("a"), nameless.clone()]);
        assert_eq!(statuses(&failed), ["409", "409", "400"], "{query}");
        assert_eq!(count(client), 0);
    }
    let request = json!({"schemas": [BULK], "failOnErrors": 1, "Operations": [managed("a", "b"), nameless]});
    assert!(statuses(&client.post("/Bulk", &request)).iter().all(|status| status != "201"));
    assert_eq!(count(client), 0);

    // somebody who manages themselves comes in their turn
    let again = json!({"method": "POST", "path": "/Users", "bulkId": "other", "data": {"schemas": [USER], "userName": "a"}});
    assert_eq!(statuses(&bulk(client, "", &[managed("a", "a"), again])), ["201", "409"]);
    let three = [managed("x", "y"), group("x"), managed("y", "z"), managed("z", "x")];
    assert_eq!(statuses(&bulk(client, "", &three)), ["201", "201", "201", "201"]);
    assert!(["a", "x", "y", "z"].iter().all(|name| manager_of(client, name).is_string()));
}

#[test]
fn what_is_wrong_with_an_operation_is_told_of_it_and_of_those_that_count_on_it() {
    let server = Server::standard();
    let ada = format!("/Users/{}", server.user("ada"));
    let mut numbered = patch(&ada, &json!({"op": "replace", "path": "title", "value": "x"}));
    numbered["version"] = json!(77);
    let empty = json!({"method": "POST", "path": "/Users", "bulkId": "empty"});
    let title = json!({"op": "replace", "path": "nowhere", "value": "x"});

    let done = bulk(
        &server.client,
        "",
        &[numbered, empty, managed("bob", "empty"), create("eve"), patch("/Users/bulkId:eve", &title)],
    );

    assert_eq!(statuses(&done), ["400", "400", "409", "201", "400"]);
    let results = &done.json()["Operations"];
    assert_eq!(results[4]["location"], results[3]["location"]);
}

#[test]
fn operations_that_wait_for_each_other_cost_no_more_than_others() {
    let server = Server::standard();
    let began = Instant::now();
    // each waits for the next; half of what a request may hold, for a rehearsal has five seconds on any machine
    let mut chain: Vec<Value> = (0..499).map(|n| managed(&format!("u{n}"), &format!("u{}", n + 1))).collect();
    chain.push(create("u499"));
    assert!(statuses(&bulk(&server.client, "?dryRun=true", &chain)).iter().all(|status| status == "201"));
    // many references that wait, beside many operations
    let members: Vec<Value> = (0..60_000).map(|_| json!({"value": "bulkId:z"})).collect();
    let group = json!({"method": "POST", "path": "/Groups", "bulkId": "g",
        "data": {"schemas": [GROUP], "displayName": "G", "members": members}});
    let mut wide = vec![group];
    wide.extend((0..900).map(|_| json!({"method": "GET"})));
    wide.push(create("z"));
    assert_eq!(statuses(&bulk(&server.client, "?dryRun=true", &wide)).len(), 902);
    let twins: Vec<Value> =
        (0..100_000).map(|_| json!({"method": "POST", "path": "Users", "bulkId": "1"})).collect();
    assert_eq!(bulk(&server.client, "", &twins).status, 413);

    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn what_a_bulk_request_can_do_beyond_the_rfc_is_told_to_those_who_ask() {
    const OPTIONS: &str = "urn:roster:scim:schemas:extension:bulk:1.0:ServiceProviderConfig";
    let server = Server::standard();

    let plain = server.client.get("/ServiceProviderConfig");
    assert!(plain.json().get(OPTIONS).is_none(), "there are clients that refuse what they do not know");
    let asked =
        server.client.get(&format!("/ServiceProviderConfig?attributes={}:atomic", OPTIONS.to_uppercase()));
    assert_eq!(asked.json()[OPTIONS], json!({"atomic": true, "dryRun": true}));
    assert_eq!(asked.json()["schemas"][1], OPTIONS);
    assert_eq!(asked.json()["bulk"], plain.json()["bulk"]);
    assert_ne!(asked.header("ETag"), plain.header("ETag"));
    assert_eq!(
        server.client.get(&format!("/Schemas/{OPTIONS}")).json()["attributes"][0]["returned"],
        "request"
    );
}
