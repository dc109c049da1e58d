//! The log of what identity providers asked: what is remembered of a request and what never is, what it did, what would come
//! of it now, and how connections fare.

use crate::{
    commands::{json as printed, roster},
    database::{Database, test_server},
    keys::{Api, issue, person},
    support::{GROUP, ORGANIZATION, PATCH_OP, Program, Reply, Server, USER, context, wait},
};
use roster::{
    clock::Clock,
    http::scim,
    org::{actor::Actor, request::HIDDEN},
    scim::Profile,
    service::{
        Context, Error, connections, purge,
        requests::{self, Noted, Replayed, Shown, Wanted},
    },
};
use serde_json::{Map, Value, json};
use std::{
    fs,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A secret that must be nowhere.
const SECRET: &str = "Hunter2-and-more-of-it";

/// A server and the key of an admin, who is made by hand before anything is asked.
fn server() -> (Server, Api) {
    with_clock(Clock::System)
}

fn with_clock(clock: Clock) -> (Server, Api) {
    let server = Server::start(Profile::Standard, |app| app.clock = clock);
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    (server, admin)
}

/// The log as the API shows it, newest first, without what made the world.
fn log(admin: &Api) -> Vec<Value> {
    let page = admin.get("/requests?limit=1000");
    assert_eq!(page.status, 200, "{}", page.json());
    page.json()["items"].as_array().unwrap().clone()
}

/// The newest request, opened.
fn newest(admin: &Api) -> Value {
    let id = log(admin)[0]["id"].as_str().unwrap().to_owned();
    admin.get(&format!("/requests/{id}")).json()
}

fn send(server: &Server, method: &str, path: &str, body: &Value) -> Reply {
    let headers = [("Content-Type", "application/scim+json")];
    server.client.send(method, path, &headers, body.to_string().as_bytes())
}

/// The operator of the machine.
async fn operator(server: &Server) -> Arc<Context> {
    Arc::new(Context {
        actor: Actor::Operator,
        by_scim: false,
        base: Arc::from(format!("{}/scim/v2", server.client.root)),
        ..(*context(&server.app).await).clone()
    })
}

#[test]
fn each_request_is_remembered_with_what_it_asked_and_heard_and_did() {
    let (server, admin) = server();
    let client = &server.client;

    let made = client.post("/Users", &json!({"schemas": [USER], "userName": "ada", "displayName": "Ada"}));
    let id = made.json()["id"].as_str().unwrap().to_owned();
    client.post("/Users", &json!({"schemas": [USER], "userName": "ADA"}));
    client.get("/Users?filter=userName%20eq%20ada");
    client.patch(&format!("/Users/{id}"), &json!([{"op": "replace", "path": "active", "value": "False"}]));
    client.delete("/Users/nobody");
    client.raw("GET", "/scim/v2/Users", &[("Authorization", "Bearer wrong")], &[]);

    let found = log(&admin);
    let told = |n: usize| {
        let it = &found[n];
        json!([it["method"], it["path"], it["status"], it["outcome"], it["scimType"], it["rules"]])
    };
    assert_eq!(told(0), json!(["DELETE", "/scim/v2/Users/nobody", 404, "refused", null, []]));
    let path = format!("/scim/v2/Users/{id}");
    assert_eq!(told(1), json!(["PATCH", path, 200, "changed", null, ["Q-047"]]));
    assert_eq!(
        told(2),
        json!(["GET", "/scim/v2/Users?filter=userName%20eq%20ada", 200, "read", null, ["Q-033"]])
    );
    assert_eq!(told(3), json!(["POST", "/scim/v2/Users", 409, "refused", "uniqueness", []]));
    assert_eq!(told(4), json!(["POST", "/scim/v2/Users", 201, "changed", null, []]));
    assert_eq!(found.len(), 7, "with the check that the server is up and the admin: {found:?}");
    assert!(found[3]["detail"].as_str().unwrap().contains("userName"), "{}", found[3]);
    for n in [1, 4] {
        assert_eq!((&found[n]["resource"], &found[n]["resourceName"]), (&json!(id), &json!("Ada")));
    }
    assert_eq!((&found[0]["resource"], &found[0]["resourceType"]), (&json!("nobody"), &json!("User")));
    assert_eq!(
        (&found[0]["connectionName"], &found[0]["actorType"]),
        (&json!("default"), &json!("connection"))
    );
    assert_eq!(found[4]["id"], made.header("X-Request-Id"));
    assert!(found[4]["took"].as_i64().unwrap() > 0 && found[4]["bodyBytes"].as_i64().unwrap() > 50);

    let opened = admin.get(&format!("/requests/{}", found[4]["id"].as_str().unwrap())).json();
    assert_eq!(opened["body"]["userName"], "ada");
    assert_eq!(opened["affected"][0]["kind"], "user.created");
    assert_eq!(opened["affected"][0]["name"], "Ada");
    assert_eq!(opened["affected"][0]["resource"], id);
    assert_eq!(
        admin.get(&format!("/requests/{}", found[3]["id"].as_str().unwrap())).json()["affected"],
        json!([])
    );
    assert_eq!(admin.get("/requests/nobody").problem().0, 404);
}

#[test]
fn the_log_is_read_newest_first_by_pages_and_by_what_is_wanted() {
    let (server, admin) = server();
    let ids: Vec<String> = (0..5).map(|n| server.user(&format!("u{n}"))).collect();
    server.client.get("/Groups");
    server.client.delete("/Groups/nobody");
    let all: Vec<Value> = log(&admin).into_iter().map(|it| it["id"].clone()).collect();
    assert!(all.windows(2).all(|two| two[0].as_str() > two[1].as_str()), "{all:?}");

    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/requests?limit=2{cursor}")).json();
        paged.extend(page["items"].as_array().unwrap().iter().map(|it| it["id"].clone()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
    let count =
        |query: &str| admin.get(&format!("/requests?{query}")).json()["items"].as_array().unwrap().len();
    assert_eq!(count("outcome=refused"), 1);
    assert_eq!(count("outcome=changed"), 6);
    assert_eq!(count("outcome=read"), all.len() - 7);
    assert_eq!(count("path=/Groups"), 2);
    assert_eq!(count(&format!("resource={}", ids[3])), 1);
    assert_eq!(count("connection=default&outcome=refused"), 1);
    assert_eq!(count("connection=api"), 0);
    assert_eq!(count("since=2100-01-01"), 0);
    assert_eq!(count("until=2000-01-01"), 0);
    assert_eq!(count("since=2000-01-01&until=2100-01-01T00:00:00Z&connection=DEFAULT"), all.len());
    for wrong in ["connection=nobody", "outcome=good", "since=yesterday", "limit=0", "colour=red"] {
        assert!([400, 404].contains(&admin.get(&format!("/requests?{wrong}")).problem().0), "{wrong}");
    }
}

#[test]
fn what_is_secret_is_remembered_nowhere() {
    let (server, admin) = server();
    let id = server.user("ada");
    let group = server.client.group("Engines", &[]);
    let at = format!("/Users/{id}");
    let patch = |operations: Value| json!({"schemas": [PATCH_OP], "Operations": operations});
    let user = |name: &str| json!({"schemas": [USER], "userName": name, "password": SECRET});
    let search = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": user("bulk")},
        {"method": "PATCH", "path": at, "data": patch(json!([{"op": "add", "path": "password", "value": SECRET}]))},
    ]});
    let password = json!([{"op": "replace", "path": "password", "value": SECRET}]);
    let urn = json!([{"op": "Replace", "Path": format!("{USER}:passWord"), "Value": SECRET}]);
    let whole = json!([{"op": "add", "value": {"password": SECRET, "title": "Countess"}}]);
    let member = json!([{"op": "add", "path": "members[secret eq \"x\"]", "value": {"token": SECRET}}]);
    let asked = [
        ("POST", "/Users".to_owned(), user("grace")),
        ("PUT", at.clone(), user("ada")),
        ("PATCH", at.clone(), patch(password)),
        ("PATCH", at.clone(), patch(urn)),
        ("PATCH", at.clone(), patch(whole)),
        ("PATCH", format!("/Groups/{group}"), patch(member)),
        (
            "POST",
            "/Users".to_owned(),
            json!({"schemas": [USER], "userName": "x", "urn:acme:1": {"apiToken": [SECRET]}}),
        ),
        ("POST", "/Bulk".to_owned(), bulk),
        (
            "POST",
            "/Users/.search".to_owned(),
            json!({"schemas": [search], "filter": format!("password eq \"{SECRET}\"")}),
        ),
        ("GET", format!("/Users?filter=password%20eq%20%22{SECRET}%22"), Value::Null),
        ("GET", format!("/Users?access_token={SECRET}"), Value::Null),
        ("POST", "/Users".to_owned(), json!(["no object", SECRET])),
    ];

    for (method, path, body) in &asked {
        send(&server, method, path, body);
        wait(requests::keep(&server.app));
        assert!(!server.database.holds(SECRET.as_bytes()), "{method} {path} {body}");
    }

    let found: Vec<Value> = log(&admin).iter().take(asked.len()).rev().map(opened(&admin)).collect();
    assert_eq!(found[0]["body"], json!({"schemas": [USER], "userName": "grace", "password": HIDDEN}));
    assert_eq!(found[1]["body"]["password"], HIDDEN);
    assert_eq!(found[2]["body"]["Operations"][0]["value"], HIDDEN);
    assert_eq!(found[3]["body"]["Operations"][0]["Value"], HIDDEN);
    assert_eq!(found[4]["body"]["Operations"][0]["value"], json!({"password": HIDDEN, "title": "Countess"}));
    assert_eq!(found[5]["body"]["Operations"][0]["path"], HIDDEN);
    assert_eq!(found[6]["body"]["urn:acme:1"]["apiToken"], HIDDEN);
    assert_eq!(found[7]["body"]["Operations"][1]["data"]["Operations"][0]["value"], HIDDEN);
    assert_eq!(found[8]["body"]["filter"], HIDDEN);
    assert_eq!(found[9]["path"], format!("/scim/v2/Users?filter={HIDDEN}"));
    assert_eq!(found[10]["path"], format!("/scim/v2/Users?access_token={HIDDEN}"));
    assert_eq!((&found[11]["body"], &found[11]["status"]), (&Value::Null, &json!(400)));
}

fn opened(admin: &Api) -> impl Fn(&Value) -> Value {
    move |it| admin.get(&format!("/requests/{}", it["id"].as_str().unwrap())).json()
}

#[test]
fn bodies_that_are_large_or_no_json_are_not_remembered_and_their_size_is() {
    let (server, admin) = server();
    let large = json!({"schemas": [USER], "userName": "ada", "title": "x".repeat(70_000)});
    send(&server, "POST", "/Users", &large);

    let found = newest(&admin);

    assert_eq!(found["body"], Value::Null);
    assert_eq!(found["bodyBytes"], large.to_string().len());
    let refused = admin.post(&format!("/requests/{}/replay", found["id"].as_str().unwrap()), &Value::Null);
    assert_eq!(refused.problem().0, 409);
    assert!(refused.json()["detail"].as_str().unwrap().contains("64 KiB"), "{}", refused.json());
}

#[test]
fn requests_of_keys_and_parts_of_a_bulk_request_are_told_too() {
    let (server, admin) = server();
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": "ada"}},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"schemas": [USER], "userName": "ada"}},
    ]});

    admin.client().post("/Bulk", &bulk);

    let found = newest(&admin);
    assert_eq!((&found["connection"], &found["connectionName"]), (&json!("api"), &json!("api")));
    assert_eq!((&found["actorType"], &found["actorName"]), (&json!("user"), &json!("root")));
    assert_eq!((&found["status"], &found["outcome"]), (&json!(200), &json!("refused")));
    assert_eq!(found["detail"], "1 of 2 operations were refused");
    assert_eq!(found["affected"].as_array().unwrap().len(), 1);
    let id = found["id"].as_str().unwrap();
    let replayed = admin.post(&format!("/requests/{id}/replay"), &Value::Null).json();
    assert_eq!(replayed["body"]["Operations"][0]["status"], "409", "ada is here by now");
    let paused = json!({"switches": {"paused": true}});
    assert_eq!(admin.patch("/connections/default", &paused).status, 200);
    assert_eq!(server.client.get("/Users").status, 503);
    assert_eq!((&newest(&admin)["status"], &newest(&admin)["outcome"]), (&json!(503), &json!("refused")));
}

#[test]
fn who_is_no_admin_reads_and_rehearses_nothing() {
    let (server, admin) = server();
    let member = person(&server, "ada", "member");
    let member = issue(&server, &member, "");
    let id = log(&admin)[0]["id"].as_str().unwrap().to_owned();

    for path in ["/requests", &format!("/requests/{id}"), "/connections/default/health"] {
        assert_eq!(member.get(path).problem().0, 403, "{path}");
    }
    assert_eq!(member.post(&format!("/requests/{id}/replay"), &Value::Null).problem().0, 403);
}

#[test]
fn an_organization_reads_its_own_requests_alone() {
    let database = Database::fresh();
    let program = Program::serve(&database.setting());
    let run = |words: &[&str]| printed(&roster(&database.setting(), &[words, &["--json"]].concat()));
    run(&["organization", "create", "other"]);
    run(&["connection", "create", "idp", "--organization", "other"]);
    let made = run(&["token", "create", "idp", "--organization", "other"]);
    let mut theirs = program.client.clone();
    theirs.token = made["token"].as_str().unwrap().to_owned();
    theirs.user("theirs");
    program.client.user("ours");

    // another process writes them down a moment later
    let begun = Instant::now();
    let (own, other) = loop {
        let own = run(&["request", "list"]);
        let other = run(&["request", "list", "--organization", "other", "--outcome", "changed"]);
        let n = |list: &Value| list["items"].as_array().unwrap().len();
        if n(&own) > 0 && n(&other) > 0 {
            break (own, other);
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{own} {other}");
        thread::park_timeout(Duration::from_millis(100));
    };

    let (own, other) = (own["items"].as_array().unwrap(), other["items"].as_array().unwrap());
    assert_eq!((own.len(), other.len()), (1, 1));
    let id = other[0]["id"].as_str().unwrap();
    assert_eq!(other[0]["resourceName"], "theirs");
    assert!(!roster(&database.setting(), &["request", "show", id]).status.success());
    assert!(!roster(&database.setting(), &["request", "replay", id]).status.success());
    let shown = run(&["request", "show", id, "--organization", "other"]);
    assert_eq!(shown["body"]["userName"], "theirs");
    let replayed = run(&["request", "replay", id, "--organization", "other"]);
    assert_eq!((&replayed["status"], &replayed["body"]["scimType"]), (&json!(409), &json!("uniqueness")));
    let words = |words: &[&str]| String::from_utf8(roster(&database.setting(), words).stdout).unwrap();
    assert!(words(&["request", "list"]).contains("/scim/v2/Users"), "{}", words(&["request", "list"]));
    let id = own[0]["id"].as_str().unwrap();
    assert!(words(&["request", "show", id]).contains("user.created"));
    assert!(words(&["request", "replay", id]).contains("Nothing was changed."));
    assert!(words(&["connection", "health"]).contains("default"));
}

#[test]
fn old_requests_are_forgotten_and_no_more_than_twenty_thousand_are_remembered() {
    let (server, admin) = with_clock(Clock::at(1_900_000_000_000_000));
    server.user("old");
    wait(requests::keep(&server.app));
    server.app.clock.advance(Duration::from_secs(13 * 24 * 3_600));
    let young = server.user("young");
    wait(async { purge::purge(&server.app).await.unwrap() });
    let n = log(&admin).len();

    server.app.clock.advance(Duration::from_secs(2 * 24 * 3_600));
    wait(async { purge::purge(&server.app).await.unwrap() });

    let found = log(&admin);
    assert!(n > 2, "{n}");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["resource"], young);
    let copies = "INSERT INTO requests SELECT organization, '00000000-0000-7000-8000-' || lpad_n, connection, actor_type, \
                  actor, credential, at, took, method, path, headers, status, outcome, scim_type, detail, rules, \
                  resource_type, resource, body, body_bytes FROM requests, numbers";
    let digits = "(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 \
                  UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)";
    let number = "CAST(e.d + 2 AS TEXT) || CAST(a.d AS TEXT) || CAST(b.d AS TEXT) || CAST(c.d AS TEXT) || CAST(f.d AS TEXT)";
    // later than any clock, and 20,050 of them
    let sql = copies
        .replace("'00000000-0000-7000-8000-' || lpad_n", &format!("'ffffffff-0000-7000-8000-' || {number}"))
        .replace(
            ", numbers",
            &format!(
                ", (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2) e, {digits} a, {digits} b, {digits} c, {digits} f \
                 WHERE e.d < 2 OR a.d = 0 AND b.d = 0 AND c.d < 5"
            ),
        );
    server.database.ask(&sql);
    assert_eq!(server.database.number("SELECT count(*) FROM requests"), 20_051);

    wait(async { purge::purge(&server.app).await.unwrap() });

    assert_eq!(server.database.number("SELECT count(*) FROM requests"), 20_000);
    assert_eq!(
        server.database.number(&format!(
            "SELECT count(*) FROM requests WHERE id = '{}'",
            found[0]["id"].as_str().unwrap()
        )),
        0
    );
}

#[test]
fn what_waits_to_be_written_down_is_bounded() {
    let (server, admin) = server();
    server.user("ada");
    let before = log(&admin).len();
    let cx = wait(operator(&server));
    let stored = |at_most| {
        let cx = cx.clone();
        wait(async {
            let slice = roster::service::page::Slice { after: String::new(), limit: at_most };
            requests::list(&cx, Wanted::default(), slice).await.unwrap().items
        })
    };
    let last: Shown = stored(1).remove(0);

    wait(async {
        for n in 0..2_100 {
            let request = roster::org::request::Request {
                id: format!("ffffffff-ffff-7000-8000-{n:012}"),
                connection: last.connection.clone(),
                actor_type: roster::org::actor::ActorType::Connection,
                actor: last.actor.clone(),
                credential: String::new(),
                at: cx.now,
                took: 1,
                method: "GET".to_owned(),
                path: "/scim/v2/Users".to_owned(),
                headers: Default::default(),
                status: 200,
                outcome: last.outcome,
                scim_type: String::new(),
                detail: String::new(),
                rules: Vec::new(),
                resource_type: String::new(),
                resource: String::new(),
                body: None,
                body_bytes: 0,
            };
            requests::note(&server.app, Noted { organization: cx.organization.clone(), request, body: None });
        }
        requests::keep(&server.app).await;
    });

    assert_eq!(
        server.database.number("SELECT count(*) FROM requests"),
        i64::try_from(before).unwrap() + 2_000
    );
}

#[test]
fn health_tells_how_often_a_connection_asks_and_is_refused_and_whether_it_is_late() {
    let (server, admin) = with_clock(Clock::at(1_900_000_000_000_000));
    let clock = &server.app.clock;
    let health = || admin.get("/connections/default/health").json();
    clock.advance(Duration::from_secs(2 * 24 * 3_600));
    server.client.get("/Users");
    server.client.delete("/Users/nobody");
    clock.advance(Duration::from_secs(2 * 3_600));
    server.client.get("/Groups");
    wait(async {
        let cx = operator(&server).await;
        let switches = Map::from_iter([("expectedCycle".to_owned(), json!(10))]);
        let change = connections::Change { switches, ..connections::Change::default() };
        connections::change(&cx, "default", change, Default::default()).await.unwrap();
        let token = |lifetime| {
            connections::create_token(&cx, "default", Some(lifetime), roster::org::connection::Scopes::ALL)
        };
        token(10 * 24 * 3_600_000_000).await.unwrap();
        token(60 * 24 * 3_600_000_000).await.unwrap();
    });

    let found = health();
    assert_eq!(found["hour"], json!({"requests": 1, "refused": 0, "errorRate": 0.0}));
    assert_eq!(found["day"], json!({"requests": 3, "refused": 1, "errorRate": 0.3333}));
    assert_eq!((&found["minutesSince"], &found["isLate"]), (&json!(0), &json!(false)));
    assert_eq!(found["endingTokens"].as_array().unwrap().len(), 1);
    assert_eq!(found["lastRefusal"]["path"], "/scim/v2/Users/nobody");
    clock.advance(Duration::from_secs(11 * 60));
    let found = health();
    assert_eq!((&found["minutesSince"], &found["isLate"]), (&json!(11), &json!(true)));
    assert_eq!((&found["expectedCycle"], &found["isPaused"]), (&json!(10), &json!(false)));
    assert_eq!(admin.get("/connections/api/health").json()["hour"]["errorRate"], Value::Null);
    assert_eq!(admin.get("/connections/nobody/health").problem().0, 404);
}

/// Every row of every table but for what is written in the background of requests that are over.
fn dump(server: &Server) -> Vec<(String, Vec<Vec<String>>)> {
    let tables = match test_server() {
        Some(_) => "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
        None => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    };
    let mut found: Vec<_> = server.database.ask(tables).concat();
    found.sort();
    assert!(found.len() > 30, "{found:?}");
    let rows = |table: &String| {
        let mut rows = server.database.ask(&format!("SELECT * FROM {table}"));
        rows.sort();
        rows
    };
    found.iter().map(|table| (table.clone(), rows(table))).collect()
}

/// The same once nothing is left to be written.
fn settled(server: &Server) -> Vec<(String, Vec<Vec<String>>)> {
    wait(async {
        requests::keep(&server.app).await;
        connections::keep_leniencies(&server.app).await;
    });
    let mut before = dump(server);
    loop {
        thread::park_timeout(Duration::from_millis(100));
        let after = dump(server);
        if before == after {
            return after;
        }
        before = after;
    }
}

/// What would come of the newest request now; and that nothing at all changed.
fn rehearsed(server: &Server) -> Replayed {
    let before = settled(server);
    let replayed = wait(async {
        let cx = operator(server).await;
        let slice = roster::service::page::Slice { after: String::new(), limit: 1 };
        let newest = requests::list(&cx, Wanted::default(), slice).await.unwrap().items.remove(0);
        scim::replay(&cx, &newest.id).await.unwrap()
    });
    let after = settled(server);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    replayed
}

fn kinds(replayed: &Replayed) -> Vec<&str> {
    replayed.affected.iter().map(|it| it.kind.as_str()).collect()
}

#[test]
fn a_rehearsal_tells_what_would_happen_now_and_changes_nothing() {
    let (server, _admin) = server();
    let client = &server.client;
    let (ada, grace) = (server.user("ada"), server.user("grace"));
    let team = client.group("Engines", std::slice::from_ref(&ada));

    // somebody new: refused while the name is taken, done once it is free
    let made = client.post("/Users", &json!({"schemas": [USER], "userName": "joan", "displayName": "Joan"}));
    let made = made.json()["id"].as_str().unwrap().to_owned();
    let replayed = rehearsed(&server);
    assert_eq!((replayed.status, kinds(&replayed)), (409, vec![]));
    assert_eq!(replayed.body.unwrap()["scimType"], "uniqueness");
    server.database.ask(&format!("UPDATE users SET user_name_key = 'jane' WHERE id = '{made}'"));
    let replayed = rehearsed(&server);
    assert_eq!((replayed.status, kinds(&replayed)), (201, vec!["user.created"]));
    assert_eq!(replayed.affected[0].name.as_deref(), Some("Joan"));
    assert_eq!(replayed.body.as_ref().unwrap()["userName"], "joan");
    let location = replayed.body.unwrap()["meta"]["location"].as_str().unwrap().to_owned();
    assert!(location.starts_with(&format!("{}/scim/v2/Users/", client.root)), "{location}");
    server.database.ask(&format!("UPDATE users SET user_name_key = 'joan' WHERE id = '{made}'"));

    // a refusal whose reason is gone by now
    let refused = client.post("/Groups", &json!({"schemas": [GROUP], "displayName": "Engines"}));
    assert_eq!(refused.status, 409);
    assert_eq!(rehearsed(&server).status, 409);

    // a change that was made is none any more
    let off = json!([{"op": "replace", "path": "active", "value": "False"}]);
    assert_eq!(client.patch(&format!("/Users/{grace}"), &off).status, 200);
    let replayed = rehearsed(&server);
    assert_eq!((replayed.status, kinds(&replayed), replayed.rules.concat().as_str()), (200, vec![], "Q-047"));
    // and would be one again once it is taken back
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    let was = settled(&server);
    assert_eq!(client.patch(&format!("/Users/{grace}"), &on).status, 200);
    let id =
        was.iter().find(|(table, _)| table == "requests").unwrap().1.iter().map(|row| row[1].clone()).max();
    let before = settled(&server);
    let replayed = wait(async { scim::replay(&operator(&server).await, &id.unwrap()).await.unwrap() });
    assert_eq!(settled(&server), before);
    assert_eq!((replayed.status, kinds(&replayed)), (200, vec!["user.changed"]));
    assert_eq!(replayed.body.unwrap()["active"], false);

    let join = json!([{"op": "add", "path": "members", "value": [{"value": grace}]}]);
    assert_eq!(client.patch(&format!("/Groups/{team}"), &join).status, 200);
    assert_eq!(rehearsed(&server).status, 200);
    assert_eq!(
        client.put(&format!("/Users/{ada}"), &json!({"schemas": [USER], "userName": "ada.l"})).status,
        200
    );
    assert_eq!(rehearsed(&server).status, 200);
    assert_eq!(client.delete(&format!("/Users/{ada}")).status, 204);
    assert_eq!(rehearsed(&server).status, 404);
}

#[test]
fn deleting_and_leaving_are_rehearsed_whole() {
    let (server, admin) = server();
    let client = &server.client;
    let ada = server.user("ada");
    let report = |n: usize| {
        let body = json!({"schemas": [USER, ENTERPRISE], "userName": format!("p{n}"), ENTERPRISE: {"manager": {"value": ada}}});
        client.post("/Users", &body).json()["id"].as_str().unwrap().to_owned()
    };
    let people: Vec<String> = (0..60).map(report).collect();
    let team = client.group("Engines", &people);
    // refused while the connection may not delete; allowed by the time it is rehearsed
    let may = |delete: bool, groups: bool| {
        let switches = json!({"switches": {"delete": delete, "groups": groups}});
        assert_eq!(admin.patch("/connections/default", &switches).status, 200);
    };
    may(false, true);
    assert_eq!(client.delete(&format!("/Users/{ada}")).status, 403);
    may(true, true);
    let replayed = rehearsed(&server);
    assert_eq!((replayed.status, replayed.body.as_ref()), (204, None));
    assert_eq!(replayed.affected.len(), 61, "those who report to her, and herself");
    let removed = replayed.affected.last().unwrap();
    assert_eq!((removed.kind.as_str(), removed.name.as_deref()), ("user.removed", Some("ada")));

    may(true, false);
    let leave = json!([{"op": "remove", "path": "members"}]);
    assert_eq!(client.patch(&format!("/Groups/{team}"), &leave).status, 403);
    may(true, true);
    let replayed = rehearsed(&server);
    assert_eq!((replayed.status, kinds(&replayed)), (200, vec!["team.changed"]));
    assert_eq!(replayed.body.unwrap()["members"], json!([]));

    may(true, false);
    assert_eq!(client.delete(&format!("/Groups/{team}")).status, 403);
    may(true, true);
    let replayed = rehearsed(&server);
    assert_eq!((replayed.status, kinds(&replayed)), (204, vec!["team.archived"]));
    may(true, false);
    assert_eq!(
        send(
            &server,
            "PUT",
            &format!("/Groups/{team}"),
            &json!({"schemas": [GROUP], "displayName": "Analytical"})
        )
        .status,
        403
    );
    may(true, true);
    let replayed = rehearsed(&server);
    assert_eq!((replayed.status, &replayed.body.unwrap()["displayName"]), (200, &json!("Analytical")));
}

#[test]
fn refusals_of_the_organization_are_rehearsed_and_leave_no_trace() {
    let (server, admin) = server();
    let client = &server.client;
    let root = client.get("/Users?filter=userName%20eq%20%22root%22").json()["Resources"][0]["id"].clone();
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    assert_eq!(client.patch(&format!("/Users/{}", root.as_str().unwrap()), &off).status, 409);
    let replayed = rehearsed(&server);
    assert_eq!(replayed.status, 409, "the last admin");

    assert_eq!(admin.patch("/settings", &json!({"license": {"full": 1}})).status, 200);
    let body = json!({"schemas": [USER, ORGANIZATION], "userName": "ada", ORGANIZATION: {"seat": "full"}});
    assert_eq!(client.post("/Users", &body).status, 403);
    let replayed = rehearsed(&server);
    assert_eq!(replayed.status, 403);
    assert_eq!(kinds(&replayed), Vec::<&str>::new(), "the journal told of it already in this hour");
    let detail = replayed.body.unwrap()["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("Seat limit reached"), "{detail}");
    // as if nobody had been told
    server.database.ask("DELETE FROM denials");
    assert_eq!(kinds(&rehearsed(&server)), ["request.denied"]);

    // whom it did not make: an admin would be asked
    assert_eq!(admin.patch("/settings", &json!({"license": null})).status, 200);
    let made = admin.post("/users", &json!({"userName": "by-hand"}));
    let made = made.json()["id"].as_str().unwrap().to_owned();
    let queue = json!({"switches": {"adoption": "queue"}});
    assert_eq!(admin.patch("/connections/default", &queue).status, 200);
    let title = json!([{"op": "add", "path": "title", "value": "Countess"}]);
    assert_eq!(client.patch(&format!("/Users/{made}"), &title).status, 403);
    assert_eq!(server.database.number("SELECT count(*) FROM adoptions"), 1);
    server.database.ask("DELETE FROM denials");
    server.database.ask("DELETE FROM adoptions");
    let replayed = rehearsed(&server);
    assert_eq!((replayed.status, kinds(&replayed)), (403, vec!["request.denied", "adoption.asked"]));
}

#[test]
fn a_rehearsal_leaves_out_what_is_secret_and_says_so() {
    let (server, admin) = server();
    let body = json!({"schemas": [USER], "userName": "ada", "password": SECRET});
    let made = server.client.post("/Users", &body);
    server.client.delete(&format!("/Users/{}", made.json()["id"].as_str().unwrap()));
    let found = log(&admin);
    let replay = |n: usize| {
        admin.post(&format!("/requests/{}/replay", found[n]["id"].as_str().unwrap()), &Value::Null)
    };

    let replayed = replay(1).json();

    assert_eq!((&replayed["status"], &replayed["leftOut"]), (&json!(201), &json!(["password"])));
    assert_eq!(replay(0).json()["status"], 404);
    server.client.get(&format!("/Users?filter=password%20eq%20%22{SECRET}%22"));
    let id = newest(&admin)["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.post(&format!("/requests/{id}/replay"), &Value::Null).problem().0, 409);
    assert_eq!(admin.post("/requests/nobody/replay", &Value::Null).problem().0, 404);
    let revoked = wait(async {
        let cx = operator(&server).await;
        connections::revoke(&cx, "default").await.unwrap();
        scim::replay(&cx, found[0]["id"].as_str().unwrap()).await
    });
    assert!(matches!(revoked, Err(Error::Rule(_))), "{revoked:?}");
}

#[test]
fn what_scim_asks_for_changes_the_database_by_one_door_that_rehearsals_undo() {
    for file in ["users", "groups", "roles", "bulk", "denials", "machines"] {
        let text = fs::read_to_string(format!("src/service/{file}.rs")).unwrap();
        let text: String = text.split_whitespace().collect();
        assert!(!text.contains("store.write("), "{file} writes past `Context::transact`");
    }
}
