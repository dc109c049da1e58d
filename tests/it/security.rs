//! What plain requests cannot show of security and of the largest groups: the log, the store, sockets, memory.

use crate::{
    commands::{json, roster},
    database::Database,
    reads::fill,
    support::{Client, GROUP, PATCH_OP, Program, Reply, Server, USER, serve},
};
use roster::scim::Profile;
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    thread,
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// A program that writes its log into a file, and that file; `level` as `ROSTER_LOG` takes it, or nothing.
fn logging(database: &Database, level: Option<&str>) -> (Program, PathBuf) {
    let log = database.directory.path().join("log");
    let mut command = serve(&database.setting());
    command.args(["--listen", "127.0.0.1:0"]).stderr(File::create(&log).unwrap());
    command.envs(level.map(|level| ("ROSTER_LOG", level)));
    (Program::start(&mut command).unwrap(), log)
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[test]
fn r_538_a_password_comes_out_nowhere() {
    const CANARY: &str = "Canary-Horse-Battery-7f3a";
    let database = Database::fresh();
    let (mut program, log) = logging(&database, Some("trace"));
    let client = program.client.clone();
    let sent = json!({"schemas": [USER], "userName": "ada", "password": CANARY});
    let made = client.post("/Users", &sent);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/Users/{id}");
    let patch = |operation: Value| client.patch(&path, &json!([operation]));
    let operation = |method: &str, path: &str, data: &Value| json!({"schemas": [BULK], "Operations": [{"method": method, "path": path, "bulkId": "b", "data": data}]});
    let broken = format!("{{\"userName\":\"bob\",\"password\":\"{CANARY}\",");

    let taken = [
        made,
        client.put(&format!("{path}?attributes=password"), &sent),
        patch(json!({"op": "replace", "path": "password", "value": CANARY})),
        patch(json!({"op": "add", "value": {"password": CANARY}})),
        client.post("/Bulk", &operation("PUT", &path, &sent)),
        client.get(&format!("{path}?attributes=userName,password")),
        client.get("/Users?attributes=password"),
    ];
    let refused = [
        // the name is taken
        client.post("/Users", &sent),
        client.post("/Bulk", &operation("POST", "/Users", &sent)),
        // it is of another type, or stands where it does not belong
        client.post("/Users", &json!({"schemas": [USER], "userName": "bob", "password": [CANARY, CANARY]})),
        client.post("/Users", &json!({"schemas": [USER], "userName": "bob", "password": {"value": CANARY}})),
        client.post("/Users", &json!({"schemas": [USER], "userName": "bob", "active": {"password": CANARY}})),
        patch(json!({"op": "replace", "path": "password", "value": {"value": CANARY}})),
        patch(json!({"op": "replace", "path": "password.value", "value": CANARY})),
        client.send("POST", "/Users", &[("Content-Type", "application/scim+json")], broken.as_bytes()),
        client.send("POST", "/Users", &[("Content-Type", "text/plain")], broken.as_bytes()),
    ];

    for reply in &taken {
        assert!([200, 201].contains(&reply.status), "{}", reply.json());
    }
    for reply in &refused {
        assert!(reply.status >= 400 || reply.json()["Operations"][0]["status"] == "409", "{}", reply.json());
    }
    for reply in taken.iter().chain(&refused) {
        let text = format!("{:?} {}", reply.headers, String::from_utf8_lossy(&reply.body));
        assert!(!text.contains(CANARY), "{text}");
    }
    let listed = roster(&database.setting(), &["connection", "list", "--json"]);
    assert!(listed.status.success() && !contains(&listed.stdout, CANARY));
    program.kill();
    let log = fs::read(log).unwrap();
    assert!(contains(&log, "roster::request"), "there is a log to look into");
    let line = String::from_utf8_lossy(&log).lines().find(|line| line.contains(CANARY)).map(str::to_owned);
    assert_eq!(line, None);
    assert!(database.holds(b"user.created"), "there are events to look into");
    assert!(!database.holds(CANARY.as_bytes()));
}

#[test]
fn r_538_a_refusal_does_not_repeat_a_password_that_is_asked_for() {
    const CANARY: &str = "Canary-Horse-Battery-7f3a";
    let server = Server::standard();
    let ada = json!({"schemas": [USER], "userName": "ada", "password": CANARY});
    let id = server.client.post("/Users", &ada).json()["id"].as_str().unwrap().to_owned();
    let filter = format!("password eq \"{CANARY}\"");
    let remove = |path: String| json!([{"op": "remove", "path": path}]);
    let path = format!("/Users/{id}");

    let refused = [
        server.client.get(&format!("/Users?filter={}", encoded(&filter))),
        server.client.get(&format!("/Users?filter={}", encoded(&format!("not ({filter}")))),
        server.client.post("/Users/.search", &json!({"schemas": [SEARCH], "filter": filter})),
        server.client.patch(&path, &remove(format!("password[value eq \"{CANARY}\"]"))),
        server.client.patch(&path, &remove(format!("emails[{filter}]"))),
    ];

    for reply in &refused {
        assert_eq!(reply.error().0, 400);
    }
    let repeated: Vec<Value> =
        refused.iter().filter(|reply| contains(&reply.body, CANARY)).map(Reply::json).collect();
    assert_eq!(repeated, Vec::<Value>::new());
}

fn contains(bytes: &[u8], wanted: &str) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

#[test]
fn r_543_what_is_sensitive_is_found_by_a_body_and_not_by_an_address() {
    let database = Database::fresh();
    let program = Program::serve(&database.setting());
    json(&roster(&database.setting(), &["connection", "create", "idp", "--json"]));
    let made = json(&roster(&database.setting(), &["token", "create", "idp", "--json"]));
    let token = made["token"].as_str().unwrap().to_owned();
    let client = Client { token, ..program.client.clone() };
    let ada = json!({"schemas": [USER], "userName": "ada", "name": {"familyName": "Lovelace"}});
    assert_eq!(client.post("/Users", &ada).status, 201);
    client.user("bob");
    let filter = "name.familyName eq \"Lovelace\"";
    let asked = format!("/Users?filter={}", encoded(filter));
    let search = json!({"schemas": [SEARCH], "filter": filter});
    assert_eq!(client.get(&asked).json()["totalResults"], 1, "nothing is sensitive unless it is said");

    json(&roster(&database.setting(), &["connection", "change", "idp", "--sensitive", "name", "--json"]));

    for filter in [filter, "userName eq \"x\" or NAME.familyName sw \"Love\"", "not (name.familyName pr)"] {
        let refused = client.get(&format!("/Users?filter={}", encoded(filter)));
        assert_eq!(refused.error(), (403, "sensitive".to_owned()), "{filter}");
        let told = String::from_utf8(refused.body).unwrap();
        assert!(!told.contains("Love"), "{told}");
    }
    for path in ["/Users/.search", "/.search"] {
        let found = client.post(path, &search);
        assert_eq!(found.status, 200, "{path}");
        assert_eq!(found.json()["totalResults"], 1, "{path}");
        assert_eq!(found.json()["Resources"][0]["userName"], "ada", "{path}");
    }
    assert_eq!(client.get("/Users?filter=userName%20eq%20%22ada%22").json()["totalResults"], 1);
    assert_eq!(
        program.client.get(&asked).json()["totalResults"],
        1,
        "another connection has a choice of its own"
    );
}

#[test]
fn r_544_what_is_asked_and_sent_stays_out_of_the_log() {
    let database = Database::fresh();
    let (mut program, log) = logging(&database, None);
    let client = program.client.clone();
    let id = client.user("canary-name");
    let scim = [("Content-Type", "application/scim+json")];
    let statuses = [
        client.get("/Users?filter=userName%20eq%20%22canary-filter%22").status,
        client.get("/Users?filter=canary-attribute%20eq%201").status,
        client.get("/Users?filter=canary%22%22broken").status,
        client.get(&format!("/Users/{id}?attributes=canaryAttribute")).status,
        client.get("/Users?startIndex=canary&count=canary").status,
        client.get("/Users?cursor=canary").status,
        client.post("/Users/.search", &json!({"schemas": [SEARCH], "filter": "title eq \"canary\""})).status,
        client.post("/Users", &json!({"schemas": [USER], "userName": "CANARY-name"})).status,
        client.post("/Users", &json!({"schemas": [USER], "userName": "b", "active": "canary"})).status,
        client.send("POST", "/Users", &scim, b"{\"userName\":\"canary").status,
        client
            .patch(&format!("/Users/{id}"), &json!([{"op": "canary", "path": "canary[", "value": 1}]))
            .status,
        client.send("GET", "/Users", &[("Authorization", "Bearer canary")], &[]).status,
        client.send("GET", "/Users", &[("User-Agent", "canary"), ("Referer", "http://canary/")], &[]).status,
    ];
    // also when the fault is the server's own, which is when most is written
    database.ask("ALTER TABLE users RENAME TO hidden");
    let failed = client.get("/Users?filter=userName%20eq%20%22canary-failed%22");
    let failed_too = client.post("/Users", &json!({"schemas": [USER], "userName": "canary-failed"}));
    database.ask("ALTER TABLE hidden RENAME TO users");
    program.kill();

    assert_eq!([failed.status, failed_too.status], [500, 500]);
    assert!(statuses.contains(&200) && statuses.contains(&400) && statuses.contains(&409), "{statuses:?}");
    let log = fs::read_to_string(log).unwrap();
    let n_requests = log.lines().filter(|line| line.contains("roster::request")).count();
    assert_eq!(n_requests, 1 + statuses.len() + 2, "{log}");
    let line = log.lines().find(|line| line.to_lowercase().contains("canary"));
    assert_eq!(line, None);
}

/// What hostile requests are made of: the pieces of good ones, and of attacks.
const PIECES: [&str; 60] = [
    "userName",
    "displayName",
    "externalId",
    "emails",
    "name.familyName",
    "members",
    "meta.created",
    "id",
    "password",
    "active",
    "nonsense",
    "schemas",
    "emails.value",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:schemas:core:2.0:User:userName",
    ENTERPRISE,
    "manager.value",
    "$ref",
    " eq ",
    " ne ",
    " co ",
    " sw ",
    " gt ",
    " le ",
    " pr",
    " regex ",
    " and ",
    " or ",
    "not (",
    "(",
    ")",
    "[",
    "]",
    ".",
    ":",
    "\"",
    "\"ada\"",
    "\"%\"",
    "\"_\"",
    "\"\\\"",
    "\"\\u0000\"",
    "\"\\ud83e\"",
    "true",
    "null",
    "-1e999",
    "99999999999999999999",
    "\"2024-01-01T00:00:00Z\"",
    "' or '1'='1",
    "'; DROP TABLE users; --",
    "\" OR 1=1 /*",
    "$1",
    "?",
    "%00",
    "\0",
    "\u{202e}",
    "é",
    "😀",
    "../../etc/passwd",
    "${jndi:ldap://x}",
    "userName eq \"ada\"",
];

/// Random numbers, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    /// Some pieces in any order; every fourth time a sentence that begins well.
    fn text(&mut self) -> String {
        let good = ["userName pr", "emails[type eq \"work\"]", "displayName", "name.givenName"];
        let begun = if self.below(4) == 0 { good[self.below(good.len())] } else { "" };
        let pieces = (0..self.below(8)).map(|_| PIECES[self.below(PIECES.len())]);
        std::iter::once(begun).chain(pieces).collect()
    }
}

#[test]
fn r_545_whatever_filters_and_paths_hold_they_are_served_or_refused() {
    const EACH: usize = 5_000;
    let server = Server::standard();
    let (user, group) = (server.user("target"), server.client.group("Target", &[]));
    let bystander = format!("/Users/{}", server.user("bystander"));
    let before = server.client.get(&bystander).body;
    let events = "SELECT count(*) FROM events WHERE kind LIKE '%created%' OR kind LIKE '%removed%'";
    let n_events = server.database.number(events);
    // how many of the texts are served; each of the others is refused as a mistake of the client's
    let statuses = |seed, ask: &(dyn Fn(&mut Random, &str) -> Reply + Sync)| {
        let mut random = Random(seed);
        let mut served = 0;
        for _ in 0..EACH {
            let text = random.text();
            let reply = ask(&mut random, &text);
            match reply.status {
                200 => served += 1,
                _ => assert_eq!(reply.error().0, 400, "{text:?}: {}", reply.json()),
            }
        }
        served
    };
    let filter = |random: &mut Random, text: &str| {
        let endpoint = ["/Users", "/Groups", "/"][random.below(3)];
        server.client.get(&format!("{endpoint}?count=1&filter={}", encoded(text)))
    };
    let path = |random: &mut Random, text: &str| {
        let target = [format!("/Users/{user}"), format!("/Groups/{group}")][random.below(2)].clone();
        let op = ["add", "replace", "remove"][random.below(3)];
        let value = [json!("x"), json!(null), json!([{"value": "x"}]), json!({"value": "x"})]
            [random.below(4)]
        .clone();
        server.client.patch(&target, &json!([{"op": op, "path": text, "value": value}]))
    };

    let (filters, paths) = thread::scope(|scope| {
        let filters = scope.spawn(|| statuses(1, &filter));
        let paths = statuses(2, &path);
        (filters.join().unwrap(), paths)
    });

    // most are nonsense; that some are understood shows that the others were refused for what they are
    for served in [filters, paths] {
        assert!((EACH / 100..EACH * 9 / 10).contains(&served), "{filters} filters, {paths} paths");
    }
    assert_eq!(server.client.get(&bystander).body, before);
    assert_eq!(server.database.number(events), n_events, "nobody came or went");
    assert_eq!(server.client.get("/Users?count=0").json()["totalResults"], 2);
}

#[test]
fn r_550_no_address_that_a_client_sends_is_visited() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/canary");
    let server = Server::standard();
    let client = &server.client;
    let boss = server.user("boss");
    let ada = client.post(
        "/Users",
        &json!({
            "schemas": [USER, ENTERPRISE], "userName": "ada", "profileUrl": url,
            "photos": [{"value": url, "type": "photo"}], "groups": [{"value": "x", "$ref": url}],
            "meta": {"location": url}, ENTERPRISE: {"manager": {"value": boss, "$ref": url}},
        }),
    );
    let path = format!("/Users/{}", ada.json()["id"].as_str().unwrap());
    let group = json!({"schemas": [GROUP], "displayName": "Crew", "members": [{"value": boss, "$ref": url}]});
    let photo =
        json!({"op": "add", "path": "photos", "value": [{"value": format!("{url}/2"), "type": "thumbnail"}]});
    let patched =
        json!({"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "profileUrl", "value": url}]});
    let operations = json!([{"method": "PATCH", "path": path, "data": patched}]);
    let origin = [("Origin", url.as_str()), ("Referer", &url), ("X-Forwarded-Host", &address.to_string())];
    let answers = [
        client.get(&path),
        client.post("/Groups", &group),
        client.patch(&path, &json!([photo])),
        client.post("/Bulk", &json!({"schemas": [BULK], "Operations": operations})),
        client.get(&format!("/Users?filter={}", encoded(&format!("profileUrl eq \"{url}\"")))),
        client.send("GET", &path, &origin, &[]),
    ];
    for reply in &answers {
        assert!([200, 201].contains(&reply.status), "{}", reply.json());
    }
    assert_eq!(answers[0].json()["profileUrl"], url, "the address is kept");
    assert_eq!(answers[4].json()["totalResults"], 1);

    // once the server has ended nothing of it can still be on its way
    drop(server);
    let own = TcpStream::connect(address).unwrap();
    let (_, first) = listener.accept().unwrap();
    assert_eq!(first, own.local_addr().unwrap(), "the first visitor is this test");
}

/// The most memory that a process ever had at once, in bytes.
fn peak(program: &Program) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", program.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[test]
fn r_563_a_group_of_a_hundred_thousand_is_read_in_bounded_memory() {
    const MANY: i64 = 100_000;
    let database = Database::fresh();
    let mut program = Program::serve(&database.setting());
    let group = program.client.group("Large", &[]);
    program.kill();
    let app = Arc::new(database.app());
    fill(&app, &group, MANY);
    app.store.close();
    // one heap for all threads, so that what one of them gave back does not count again for the next
    let mut command = serve(&database.setting());
    command.args(["--listen", "127.0.0.1:0"]).env("MALLOC_ARENA_MAX", "1").stderr(Stdio::null());
    let program = Program::start(&mut command).unwrap();
    let path = format!("/Groups/{group}");
    program.client.get(&format!("{path}?excludedAttributes=members"));
    let before = peak(&program);

    let first = program.client.get(&path);
    for _ in 0..5 {
        assert_eq!(program.client.get(&path).body, first.body);
    }
    let grown = peak(&program) - before;

    let members = first.json()["members"].as_array().unwrap().clone();
    assert_eq!(members.len(), 100_000);
    let in_order = members.iter().enumerate().all(|(n, member)| member["value"] == format!("member-{n}"));
    assert!(in_order, "in the order in which they came");
    // room for the members, for the answer and for its way out; but not for a tree of it
    println!("{grown} bytes for an answer of {}", first.body.len());
    assert!(grown < first.body.len() * 8, "{grown} bytes for an answer of {}", first.body.len());
}

/// The profiles that answer in the standard's shapes; `wandb.rs` looks at the other.
const OF_THE_STANDARD: [Profile; 3] = [Profile::Standard, Profile::Strict, Profile::StrictInterop];

#[test]
fn r_606_a_page_holds_a_hundred_unasked_and_when_asked() {
    for profile in OF_THE_STANDARD {
        let server = Server::start(profile, |_| {});
        server.crowd(130);
        let page = |query: &str| {
            let reply = server.client.get(&format!("/Users?attributes=userName{query}"));
            assert_eq!(reply.status, 200, "{profile} {query}");
            reply.json()
        };
        let names = |page: &Value| -> Vec<String> {
            let resources = page["Resources"].as_array().unwrap().iter();
            resources.map(|user| user["userName"].as_str().unwrap().to_owned()).collect()
        };

        for query in ["", "&count=100"] {
            let first = page(query);
            assert_eq!(first["totalResults"], 130, "{profile}");
            assert_eq!(first["itemsPerPage"], 100, "{profile}");
            assert_eq!(names(&first).len(), 100, "{profile}");
            let rest = page(&format!("{query}&startIndex=101"));
            let mut all = [names(&first), names(&rest)].concat();
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 130, "{profile}");
        }
        assert_eq!(names(&page("&count=125")).len(), 125, "{profile}");
        let announced = server.client.get("/ServiceProviderConfig").json();
        assert_eq!(announced["pagination"]["index"], true, "{profile}");
    }
}

// Limits of a tenant and what local admins may edit are rows of their own.
#[test]
fn r_610_fifty_members_come_and_go_at_once_many_are_made_at_once_and_all_leave_a_trace() {
    const MANY: usize = 60;
    for profile in OF_THE_STANDARD {
        let server = Server::start(profile, |_| {});
        let users = server.crowd(MANY);
        let (old, new) = users.split_at(MANY / 2);
        let client = &server.client;
        let crew = client.group("Crew", &[]);
        let path = format!("/Groups/{crew}");
        let kinds = "SELECT kind FROM events ORDER BY id";
        let add = |id: &String| json!({"op": "add", "path": "members", "value": [{"value": id}]});
        let remove = |id: &String| json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")});
        let sorted = |ids: &[String]| {
            let mut ids = ids.to_vec();
            ids.sort();
            ids
        };

        let all: Vec<Value> = users.iter().map(add).collect();
        assert!([200, 204].contains(&client.patch(&path, &Value::from(all)).status), "{profile}");
        assert_eq!(client.members(&crew), sorted(&users), "{profile}");
        let all: Vec<Value> = users.iter().map(remove).collect();
        assert!([200, 204].contains(&client.patch(&path, &Value::from(all)).status), "{profile}");
        assert_eq!(client.members(&crew), Vec::<String>::new(), "{profile}");
        client.patch(&path, &old.iter().map(add).collect());
        let mixed = old.iter().map(remove).chain(new.iter().map(add)).collect();
        assert!([200, 204].contains(&client.patch(&path, &mixed).status), "{profile}");
        assert_eq!(client.members(&crew), sorted(new), "{profile}");

        let operations: Vec<Value> = (0..MANY)
            .map(|n| {
                json!({"method": "POST", "path": "/Users", "bulkId": format!("b{n}"),
                       "data": {"schemas": [USER], "userName": format!("bulk-{n}")}})
            })
            .collect();
        let before = server.database.ask(kinds).len();
        let answer = client.post("/Bulk", &json!({"schemas": [BULK], "Operations": operations}));
        assert_eq!(answer.status, 200, "{profile}");
        let outcomes = answer.json()["Operations"].as_array().unwrap().clone();
        assert_eq!(outcomes.len(), MANY, "{profile}");
        assert!(outcomes.iter().all(|outcome| outcome["status"] == "201"), "{profile}");
        let events = server.database.ask(kinds).split_off(before);
        assert_eq!(events, vec![["user.created"]; MANY], "{profile}");
        let config = client.get("/ServiceProviderConfig").json();
        assert_eq!(config["bulk"]["supported"], true, "{profile}");
        let allowed = |field: &str| config["bulk"][field].as_u64().unwrap();
        assert!(allowed("maxOperations") >= 50 && config["filter"]["maxResults"].as_u64().unwrap() >= 100);
        let page = client.get("/Users?count=5000").json();
        assert!(page["Resources"].as_array().unwrap().len() <= 1_000, "{profile}");
    }
}
