//! Schemas that an admin adds while the server runs.

use crate::{
    commands::{json, roster},
    database::Database,
    support::{Client, GROUP, ORGANIZATION, Program, USER, serve},
};
use serde_json::{Value, json};
use std::{
    fs,
    process::{Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

const BADGE: &str = "urn:example:scim:schemas:extension:badge:2.0:User";

fn badge() -> Value {
    json!({
        "id": BADGE, "name": "Badge", "description": "Doors and desks", "extends": ["User", "Group"],
        "indexed": ["number", "sites.code"],
        "attributes": [
            {"name": "number", "description": "What is printed on it.", "caseExact": true},
            {"name": "level", "type": "integer"},
            {"name": "since", "type": "dateTime"},
            {"name": "serial", "mutability": "immutable"},
            {"name": "note", "returned": "request"},
            {"name": "pin", "mutability": "writeOnly", "returned": "never"},
            {"name": "safe", "type": "complex", "returned": "never", "subAttributes": [{"name": "code"}]},
            {"name": "sites", "type": "complex", "multiValued": true, "subAttributes": [
                {"name": "code", "required": true},
                {"name": "floor", "type": "integer"},
                {"name": "primary", "type": "boolean"},
            ]},
        ],
    })
}

/// A program whose organization has schemas of its own.
struct Own {
    database: Database,
    program: Program,
}

impl Own {
    fn start() -> Self {
        let database = Database::fresh();
        let program = Program::serve(&database.setting());
        Self { database, program }
    }

    fn client(&self) -> &Client {
        &self.program.client
    }

    /// `roster schema add`.
    fn add(&self, schema: &Value) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("schema.json");
        fs::write(&file, schema.to_string()).unwrap();
        roster(&self.database.setting(), &["schema", "add", file.to_str().unwrap(), "--json"])
    }

    #[track_caller]
    fn with_badge() -> Self {
        let own = Self::start();
        json(&own.add(&badge()));
        own
    }

    /// Creates a user with a badge and answers the id.
    #[track_caller]
    fn holder(&self, name: &str, badge: &Value) -> String {
        let made =
            self.client().post("/Users", &json!({"schemas": [USER, BADGE], "userName": name, BADGE: badge}));
        assert_eq!(made.status, 201, "{}", made.json());
        made.json()["id"].as_str().unwrap().to_owned()
    }

    /// The user names that a query finds.
    #[track_caller]
    fn found(&self, query: &str) -> Vec<String> {
        let found = self.client().get(&format!("/Users?{}", query.replace(' ', "%20").replace('"', "%22")));
        assert_eq!(found.status, 200, "{}", found.json());
        let found = found.json()["Resources"].clone();
        let names = found.as_array().unwrap().iter().map(|it| it["userName"].as_str().unwrap().to_owned());
        names.collect()
    }
}

#[test]
fn an_added_schema_is_published_at_once_and_in_every_form() {
    let own = Own::with_badge();
    let client = own.client();

    let published = client.get(&format!("/Schemas/{BADGE}"));
    assert_eq!(published.status, 200);
    let attributes = &published.json()["attributes"];
    assert_eq!(attributes[0]["caseExact"], true);
    assert_eq!(attributes[1]["type"], "integer");
    assert_eq!(attributes[4]["returned"], "request");
    assert_eq!(attributes[7]["subAttributes"][0]["required"], true);
    let all = client.get("/Schemas").json();
    assert_eq!(all["totalResults"], 11, "a schema that extends both types is listed once");
    for name in ["User", "Group"] {
        let described = client.get(&format!("/ResourceTypes/{name}")).json();
        let extensions = described["schemaExtensions"].as_array().unwrap();
        assert!(extensions.contains(&json!({"schema": BADGE, "required": false})), "{described}");
    }
    let anonymous = client.send("GET", "/Schemas", &[("Authorization", "")], &[]);
    assert_eq!(anonymous.json()["totalResults"], 10, "an organization's own schemas are for those it knows");
}

#[test]
fn its_values_are_checked_stored_projected_filtered_sorted_and_patched() {
    let own = Own::with_badge();
    let client = own.client();
    let ada = own.holder("ada", &json!({"NUMBER": "A-1", "level": 3, "since": "2026-01-02T03:04:05.000Z"}));
    own.holder("grace", &json!({"number": "a-1", "level": 20, "sites": [{"code": "Oslo", "floor": 2}]}));
    own.holder("joan", &json!({"number": "B-2"}));

    let shown = client.get(&format!("/Users/{ada}")).json();
    assert_eq!(shown["schemas"], json!([USER, ORGANIZATION, BADGE]));
    assert_eq!(shown[BADGE], json!({"number": "A-1", "level": 3, "since": "2026-01-02T03:04:05.000Z"}));
    let narrow = client.get(&format!("/Users/{ada}?attributes={BADGE}:level")).json();
    assert_eq!(narrow[BADGE], json!({"level": 3}));
    let less = client.get(&format!("/Users/{ada}?excludedAttributes={BADGE}:level")).json();
    assert!(less[BADGE].get("level").is_none() && less[BADGE]["number"] == "A-1", "{less}");

    for (query, names) in [
        (format!("filter={BADGE}:number eq \"A-1\""), vec!["ada"]),
        (format!("filter={}:NUMBER eq \"a-1\"", BADGE.to_uppercase()), vec!["grace"]),
        (format!("filter={BADGE}:level gt 3"), vec!["grace"]),
        (format!("filter={BADGE}:since lt \"2027-01-01T00:00:00Z\""), vec!["ada"]),
        (format!("filter={BADGE}:sites[code eq \"OSLO\" and floor ge 2]"), vec!["grace"]),
        (format!("filter={BADGE}:sites.code eq \"oslo\""), vec!["grace"]),
        (format!("filter=not ({BADGE}:level pr)"), vec!["joan"]),
        (format!("sortBy={BADGE}:level"), vec!["ada", "grace", "joan"]),
        (format!("sortBy={BADGE}:level&sortOrder=descending"), vec!["joan", "grace", "ada"]),
    ] {
        assert_eq!(own.found(&query), names, "{query}");
    }

    let path = format!("{BADGE}:sites[code eq \"Paris\"].floor");
    let moved = client.patch(
        &format!("/Users/{ada}"),
        &json!([
            {"op": "replace", "path": format!("{BADGE}:level"), "value": 4},
            {"op": "add", "path": format!("{BADGE}:sites"), "value": [{"code": "Paris"}]},
            {"op": "replace", "path": path, "value": 7},
        ]),
    );
    assert_eq!(moved.status, 200, "{}", moved.json());
    assert_eq!(moved.json()[BADGE]["sites"], json!([{"code": "Paris", "floor": 7}]));
    assert_eq!(own.found(&format!("filter={BADGE}:sites.code eq \"paris\"")), ["ada"]);

    for (wrong, kind) in [
        (json!({"level": "three"}), "invalidValue"),
        (json!({"since": "yesterday"}), "invalidValue"),
        (json!({"sites": [{"floor": 1}]}), "invalidValue"),
    ] {
        let body = json!({"schemas": [USER, BADGE], "userName": "x", BADGE: wrong});
        assert_eq!(client.post("/Users", &body).error(), (400, kind.to_owned()), "{body}");
    }
    let team = json!({"schemas": [GROUP, BADGE], "displayName": "Doors", BADGE: {"number": "T-1"}});
    let team = client.post("/Groups", &team).json();
    assert_eq!(team[BADGE]["number"], "T-1");
}

#[test]
fn r_155_what_is_returned_on_request_is_shown_when_named_or_sent() {
    let own = Own::with_badge();
    let client = own.client();
    let body = json!({"schemas": [USER, BADGE], "userName": "ada",
        BADGE: {"number": "1", "note": "left-handed", "pin": "4711"}});
    let made = client.post("/Users", &body);
    assert_eq!(made.json()[BADGE], json!({"number": "1", "note": "left-handed"}), "sent, and so returned");
    let ada = format!("/Users/{}", made.json()["id"].as_str().unwrap());

    assert_eq!(client.get(&ada).json()[BADGE], json!({"number": "1"}));
    let asked = client.get(&format!("{ada}?attributes={BADGE}:note,{BADGE}:pin")).json();
    assert_eq!(asked[BADGE], json!({"note": "left-handed"}));
    let other = client.patch(&ada, &json!([{"op": "replace", "path": "title", "value": "Dr"}]));
    assert_eq!(other.json()[BADGE], json!({"number": "1"}));
    let sent = client.patch(&ada, &json!([{"op": "replace", "path": format!("{BADGE}:note"), "value": "x"}]));
    assert_eq!(sent.json()[BADGE], json!({"number": "1", "note": "x"}));
    let put = client.put(&ada, &body);
    assert_eq!(put.json()[BADGE], json!({"number": "1", "note": "left-handed"}));
    let probe = client.get(&format!("/Users?filter={BADGE}:pin%20sw%20%224%22"));
    assert_eq!(probe.error(), (400, "invalidFilter".to_owned()), "what is never shown is not to be guessed");
    for path in ["pin", "safe", "safe.code"] {
        let order = client.get(&format!("/Users?sortBy={BADGE}:{path}"));
        assert_eq!(order.error(), (400, "invalidValue".to_owned()), "{path}");
        let probe = client.get(&format!("/Users?filter={BADGE}:{path}%20pr"));
        assert_eq!(probe.error(), (400, "invalidFilter".to_owned()), "{path}");
    }
}

#[test]
fn r_190_a_list_shows_what_is_returned_on_request_when_it_is_named() {
    let own = Own::with_badge();
    own.holder("ada", &json!({"number": "1", "note": "left-handed"}));
    let first =
        |query: &str| own.client().get(&format!("/Users{query}")).json()["Resources"][0][BADGE].clone();

    assert_eq!(first(""), json!({"number": "1"}));
    assert_eq!(first("?excludedAttributes=userName"), json!({"number": "1"}));
    assert_eq!(first(&format!("?attributes={BADGE}:note")), json!({"note": "left-handed"}));
    assert_eq!(first(&format!("?attributes={BADGE}")), json!({"number": "1", "note": "left-handed"}));
}

#[test]
fn r_084_a_required_extension_is_demanded_of_new_people_and_never_of_leavers() {
    let own = Own::start();
    let client = own.client();
    let old = format!("/Users/{}", client.user("old-hand"));
    json(&own.add(&json!({
        "id": BADGE, "name": "Badge", "required": true,
        "attributes": [{"name": "number", "required": true}, {"name": "level"}],
    })));

    for without in [json!(null), json!({}), json!({"level": "1"}), json!({"number": " "})] {
        let body = json!({"schemas": [USER, BADGE], "userName": "new", BADGE: without});
        assert_eq!(client.post("/Users", &body).error(), (400, "invalidValue".to_owned()), "{body}");
    }
    let body = json!({"schemas": [USER], "userName": "new"});
    assert_eq!(client.post("/Users", &body).error(), (400, "invalidValue".to_owned()));
    let leaves = client.patch(&old, &json!([{"op": "replace", "path": "active", "value": false}]));
    assert_eq!((leaves.status, &leaves.json()["active"]), (200, &json!(false)));

    let new = format!("/Users/{}", own.holder("new", &json!({"number": "1"})));
    let put = client.put(&new, &json!({"schemas": [USER, BADGE], "userName": "new"}));
    assert_eq!(put.error(), (400, "invalidValue".to_owned()));
    let removed = client.patch(&new, &json!([{"op": "remove", "path": format!("{BADGE}:number")}]));
    assert_eq!(removed.error().0, 400);
}

#[test]
fn r_115_a_definition_that_breaks_the_rules_is_refused_with_all_its_mistakes() {
    let own = Own::start();
    let mut wrong = badge();
    wrong["id"] = json!("urn:ietf:params:scim:schemas:mine");
    wrong["indexed"] = json!(["level", "nothing"]);
    wrong["attributes"] = json!([
        {"name": "a b"},
        {"name": "Level", "type": "integer"}, {"name": "level", "type": "integer"},
        {"name": "parts", "type": "complex", "subAttributes": [
            {"name": "primary", "type": "string"}, {"name": "type", "type": "integer"}, {"name": "$ref"},
        ]},
        {"name": "key", "uniqueness": "server"},
        {"name": "empty", "type": "complex"},
    ]);

    let refused = own.add(&wrong);

    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    for part in [
        "urn:ietf:",
        "level cannot be looked up",
        "no attribute nothing",
        "a b: a name has",
        "two attributes",
        "primary is a single boolean",
        "type is a single string",
        "$ref is the server's",
        "key: uniqueness",
        "empty: a complex attribute has",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert_eq!(own.client().get("/Schemas").json()["totalResults"], 10);
    for text in
        [r#"{"id": "urn:a:b:c"}"#, "[]", "{", r#"{"id": "urn:a:b:c", "name": "x", "attributes": [], "x": 1}"#]
    {
        let refused = own.add(&json!(text));
        assert!(!refused.status.success(), "{text}");
    }
}

#[test]
fn a_schema_grows_and_never_changes_its_meaning() {
    let own = Own::with_badge();
    let ada = own.holder("ada", &json!({"number": "1"}));
    let mut grown = badge();
    grown["attributes"].as_array_mut().unwrap().push(json!({"name": "colour"}));
    grown["indexed"] = json!(["number", "sites.code", "colour"]);

    json(&own.add(&grown));

    let path = format!("{BADGE}:colour");
    let patched =
        own.client().patch(&format!("/Users/{ada}"), &json!([{"op": "add", "path": path, "value": "Red"}]));
    assert_eq!(patched.json()[BADGE], json!({"number": "1", "colour": "Red"}));
    assert_eq!(own.found(&format!("filter={path} eq \"red\"")), ["ada"]);
    let refused = own.add(&badge());
    assert!(
        !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("colour is missing")
    );
    grown["attributes"][1]["type"] = json!("string");
    let refused = own.add(&grown);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("level has another type"));
    grown["attributes"][1]["type"] = json!("integer");
    grown["attributes"][0]["required"] = json!(true);
    grown["required"] = json!(true);
    let refused = String::from_utf8(own.add(&grown).stderr).unwrap();
    for part in ["the extension was optional before", "number was optional before"] {
        assert!(refused.contains(part), "{part} is not in {refused}");
    }
    let mut near = badge();
    near["id"] = json!(format!("{BADGE}:more"));
    let refused = own.add(&near);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("paths could mean"));
}

#[test]
fn an_index_is_filled_while_people_write_and_misses_nobody() {
    const WRITERS: usize = 4;
    let own = Own::start();
    let mut plain = badge();
    plain["indexed"] = json!([]);
    json(&own.add(&plain));
    for n in 0..150 {
        own.holder(&format!("old-{n}"), &json!({"number": format!("old-{n}")}));
    }
    let stop = AtomicBool::new(false);
    let written: Vec<(String, String)> = thread::scope(|scope| {
        let (own, stop) = (&own, &stop);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    let mut mine = Vec::new();
                    let mut n = 0;
                    while !stop.load(Ordering::Relaxed) || n < 5 {
                        n += 1;
                        let name = format!("new-{writer}-{n}");
                        let body =
                            json!({"schemas": [USER, BADGE], "userName": name, BADGE: {"number": name}});
                        let made = own.client().post("/Users", &body);
                        assert!([201, 503].contains(&made.status), "{}", made.json());
                        if made.status == 503 {
                            continue;
                        }
                        let number = format!("{name}-again");
                        let path = format!("/Users/{}", made.json()["id"].as_str().unwrap());
                        let change =
                            json!([{"op": "replace", "path": format!("{BADGE}:number"), "value": number}]);
                        let changed = own.client().patch(&path, &change);
                        assert!([200, 503].contains(&changed.status), "{}", changed.json());
                        mine.push((name.clone(), if changed.status == 200 { number } else { name }));
                    }
                    mine
                })
            })
            .collect();
        json(&own.add(&badge()));
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });

    let listed = json(&roster(&own.database.setting(), &["schema", "list", "--json"]));
    assert_eq!(listed[0]["state"], "ready");
    let old = (0..150).map(|n| (format!("old-{n}"), format!("old-{n}")));
    for (name, number) in old.chain(written) {
        assert_eq!(own.found(&format!("filter={BADGE}:number eq \"{number}\"")), [name], "{number}");
    }
    let entries = own
        .database
        .number(&format!("SELECT count(*) FROM attribute_index WHERE attribute = '{BADGE}:number'"));
    assert_eq!(entries, own.client().get("/Users?count=0").json()["totalResults"].as_i64().unwrap());
}

#[test]
fn a_removed_schema_leaves_nothing_behind() {
    let own = Own::with_badge();
    let client = own.client();
    let ada = format!("/Users/{}", own.holder("ada", &json!({"number": "1", "pin": "4711"})));
    let plain = format!("/Users/{}", client.user("plain"));
    let before = client.get(&plain).header("ETag").to_owned();

    let unsure = roster(&own.database.setting(), &["schema", "remove", BADGE]);
    assert!(!unsure.status.success() && String::from_utf8_lossy(&unsure.stderr).contains("--yes"));
    json(&roster(&own.database.setting(), &["schema", "remove", BADGE, "--yes", "--json"]));

    let shown = client.get(&ada).json();
    assert!(shown.get(BADGE).is_none() && shown["schemas"] == json!([USER, ORGANIZATION]), "{shown}");
    assert_eq!(client.get(&format!("/Schemas/{BADGE}")).error().0, 404);
    assert_eq!(client.get(&plain).header("ETag"), before, "who had no badge did not change");
    assert_eq!(
        own.database.number("SELECT count(*) FROM attribute_index WHERE attribute LIKE 'urn:example%'"),
        0
    );
    assert_eq!(own.database.number("SELECT count(*) FROM users WHERE resource LIKE '%4711%'"), 0);
    assert_eq!(own.database.number("SELECT count(*) FROM schemas"), 0);
    json(&own.add(&badge()));
    assert_eq!(own.found(&format!("filter={BADGE}:number pr")), [""; 0]);
}

#[test]
fn a_configuration_file_declares_settings_and_schemas() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.toml");
    fs::write(
        &file,
        format!(
            r#"
            listen = "127.0.0.1:0"
            scan_rows = 3

            [[schema]]
            id = "{BADGE}"
            name = "Badge"
            indexed = ["number"]

            [[schema.attributes]]
            name = "number"

            [[schema.attributes]]
            name = "colour"
            "#
        ),
    )
    .unwrap();
    let database = Database::fresh();
    let serve = |database: &Database| {
        let mut command = serve(&database.setting());
        command.args(["--config", file.to_str().unwrap()]).stderr(Stdio::null());
        Program::start(&mut command).unwrap()
    };
    let own = Own { program: serve(&database), database };
    for n in 0..4 {
        own.holder(&format!("p-{n}"), &json!({"number": format!("{n}"), "colour": "red"}));
    }

    wait_until(|| own.database.number("SELECT count(*) FROM schemas WHERE state = 'ready'") == 1);
    assert_eq!(own.found(&format!("filter={BADGE}:number eq \"2\"")), ["p-2"]);
    let scan = own.client().get(&format!("/Users?filter={BADGE}:colour%20eq%20%22red%22"));
    assert_eq!(scan.error(), (400, "tooMany".to_owned()), "the file's scan_rows hold");

    // half done when the process died
    let Own { mut program, database } = own;
    program.kill();
    database.ask("UPDATE schemas SET state = 'indexing', kind = 0, position = ''");
    database.ask("DELETE FROM attribute_index WHERE attribute LIKE 'urn:example%'");
    let own = Own { program: serve(&database), database };
    wait_until(|| own.database.number("SELECT count(*) FROM schemas WHERE state = 'ready'") == 1);
    assert_eq!(own.found(&format!("filter={BADGE}:number eq \"3\"")), ["p-3"]);
}

#[test]
fn a_configuration_file_that_is_wrong_stops_the_start_with_all_its_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roster.toml");
    let database = Database::fresh();
    for (text, parts) in [
        ("listn = 1", vec!["listn is no setting", "scan_rows"]),
        (
            "behind_proxy = \"yes\"\ntls_cert = true",
            vec!["expected true or false", "expected a text or a number"],
        ),
        ("scan_rows = \"many\"", vec!["--scan-rows (ROSTER_SCAN_ROWS) takes a whole number", "roster.toml"]),
        (
            "[[schema]]\nid = \"urn:ietf:x\"\nname = \"\"\nattributes = []",
            vec!["urn:ietf:", "name:", "at least one"],
        ),
        ("listen = ", vec!["roster.toml"]),
    ] {
        fs::write(&file, text).unwrap();
        let mut command = serve(&database.setting());
        let refused =
            command.args(["--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()]).output().unwrap();

        assert_eq!(refused.status.code(), Some(2), "{text}");
        let told = String::from_utf8(refused.stderr).unwrap();
        for part in parts {
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }
}

/// Waits for what happens in the background.
#[track_caller]
fn wait_until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it did not happen");
        thread::park_timeout(Duration::from_millis(20));
    }
}

/// Several processes on one database.
mod on_postgres {
    use super::*;

    #[test]
    fn every_process_knows_a_schema_with_the_next_request() {
        let database = Database::on_postgres();
        let other = Program::serve(&database.setting());
        let own = Own { program: Program::serve(&database.setting()), database };
        let body = json!({"schemas": [USER, BADGE], "userName": "ada", BADGE: {"number": "1"}});
        for client in [own.client(), &other.client] {
            assert_eq!(client.get(&format!("/Schemas/{BADGE}")).status, 404);
        }

        json(&own.add(&badge()));

        assert_eq!(other.client.post("/Users", &body).json()[BADGE], json!({"number": "1"}));
        assert_eq!(own.found(&format!("filter={BADGE}:number eq \"1\"")), ["ada"]);
        json(&roster(&own.database.setting(), &["schema", "remove", BADGE, "--yes", "--json"]));
        for client in [own.client(), &other.client] {
            assert_eq!(client.get(&format!("/Schemas/{BADGE}")).status, 404);
            assert!(client.get("/Users").json()["Resources"][0].get(BADGE).is_none());
        }
    }
}
