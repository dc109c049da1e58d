//! One change of many people, and what is told of the server behind them.

use crate::{
    commands::{json as told, roster},
    database::Database,
    keys::{Api, issue, person},
    support::{Program, Reply, Server, wait},
};
use roster::{clock::Clock, scim::Profile, service::system};
use serde_json::{Value, json};
use std::{process::Command, time::Duration};

/// A server with an admin, and the admin's key and id.
fn start() -> (Server, Api, String) {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    (server, admin, root)
}

fn bulk(api: &Api, ids: &[&str], change: &Value) -> Reply {
    api.post("/users/bulk", &json!({"ids": ids, "change": change}))
}

/// What became of each: the outcome, and what was before.
#[track_caller]
fn outcomes(reply: &Reply) -> Vec<(String, Value)> {
    assert_eq!(reply.status, 200, "{}", reply.json());
    let people = reply.json()["people"].as_array().unwrap().clone();
    people.iter().map(|it| (it["outcome"].as_str().unwrap().to_owned(), it["before"].clone())).collect()
}

fn row(outcome: &str, before: Value) -> (String, Value) {
    (outcome.to_owned(), before)
}

#[test]
fn each_of_many_is_changed_left_or_refused_by_itself() {
    let (server, admin, root) = start();
    let (ada, eve) = (person(&server, "ada", "member"), person(&server, "eve", "viewer"));
    let nobody = "0190c0de-0000-7000-8000-000000000000";

    let roles = bulk(&admin, &[&eve, &ada, nobody, &root, &ada], &json!({"organizationRole": "viewer"}));
    assert_eq!(
        outcomes(&roles),
        [
            row("unchanged", json!("viewer")),
            row("changed", json!("member")),
            row("refused", Value::Null),
            row("refused", json!("admin")),
        ],
        "in the order that was asked in, each once"
    );
    let body = roles.json();
    assert_eq!([&body["changed"], &body["unchanged"], &body["refused"]], [1, 1, 2]);
    assert!(body["people"][3]["reason"].as_str().unwrap().contains("make somebody else an admin first"));
    assert_eq!(admin.get(&format!("/users/{ada}")).json()["organizationRole"], "viewer");
    assert_eq!(admin.get(&format!("/users/{root}")).json()["organizationRole"], "admin");
    let events = format!("SELECT count(*) FROM events WHERE resource = '{ada}' AND kind = 'user.changed'");
    assert_eq!(server.database.number(&events), 1);

    let undone = bulk(&admin, &[&ada], &json!({"organizationRole": "member"}));
    assert_eq!(outcomes(&undone), [row("changed", json!("viewer"))]);
    let key = issue(&server, &ada, "");
    let off = bulk(&admin, &[&ada, &eve, &root], &json!({"active": false}));
    let was = |outcome: &str| row(outcome, json!(true));
    assert_eq!(outcomes(&off), [was("changed"), was("changed"), was("refused")]);
    assert_eq!(key.get("/me").status, 401, "who may no more loses the keys at once");
    let on = bulk(&admin, &[&ada, &eve], &json!({"active": true}));
    assert_eq!(outcomes(&on), [row("changed", json!(false)), row("changed", json!(false))]);
}

#[test]
fn seats_that_run_out_are_given_to_those_who_come_first() {
    let (server, admin, _) = start();
    let ids: Vec<String> = (0..3).map(|n| person(&server, &format!("p{n}"), "member")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(outcomes(&bulk(&admin, &ids, &json!({"seat": "none"}))).len(), 3);
    assert_eq!(admin.patch("/settings", &json!({"license": {"full": 3}})).status, 200);

    let full = bulk(&admin, &ids, &json!({"seat": "full"}));

    let none = |outcome: &str| row(outcome, json!("none"));
    assert_eq!(outcomes(&full), [none("changed"), none("changed"), none("refused")]);
    let reason = full.json()["people"][2]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("Seat limit reached: 3 of 3 full seats"), "{reason}");
    assert_eq!(admin.get("/seats").json()["full"]["used"], 3);
}

#[test]
fn many_come_into_a_team_get_another_role_and_leave_it() {
    let (server, admin, _) = start();
    let (ada, eve) = (person(&server, "ada", "member"), person(&server, "eve", "viewer"));
    let custom = json!({"name": "Janitor", "inheritedFrom": "viewer", "permissions": [{"name": "run:stop"}]});
    assert_eq!(admin.post("/roles", &custom).status, 201);
    let team = server.client.group("vision", &[]);
    let add = |role: &str| json!({"addToTeam": {"team": "Vision", "role": role}});

    assert_eq!(outcomes(&bulk(&admin, &[&ada], &add("admin"))), [row("changed", Value::Null)]);
    let custom = bulk(&admin, &[&ada, &eve], &add("Janitor"));
    assert_eq!(outcomes(&custom), [row("changed", json!("admin")), row("refused", Value::Null)]);
    assert!(custom.json()["people"][1]["reason"].as_str().unwrap().contains("viewer there"), "W-025");
    let again = bulk(&admin, &[&ada, &eve], &add("viewer"));
    assert_eq!(outcomes(&again), [row("changed", json!("Janitor")), row("changed", Value::Null)]);
    assert_eq!(server.client.members(&team).len(), 2);
    assert_eq!(outcomes(&bulk(&admin, &[&eve], &add("viewer"))), [row("unchanged", json!("viewer"))]);
    let out = bulk(&admin, &[&ada, &eve], &json!({"removeFromTeam": {"team": team}}));
    assert_eq!(outcomes(&out), [row("changed", json!("viewer")), row("changed", json!("viewer"))]);
    let none = bulk(&admin, &[&ada], &json!({"removeFromTeam": {"team": team}}));
    assert_eq!(outcomes(&none), [row("unchanged", Value::Null)]);
    assert!(
        bulk(&admin, &[&ada], &json!({"addToTeam": {"team": "visoin"}})).problem().1.contains("\"vision\"")
    );
}

#[test]
fn many_are_removed_and_the_last_admin_stays() {
    let (server, admin, root) = start();
    let (ada, eve) = (person(&server, "ada", "member"), person(&server, "eve", "member"));

    let gone = bulk(&admin, &[&root, &ada, &eve, &ada], &json!("remove"));

    let outcomes: Vec<String> = outcomes(&gone).into_iter().map(|(outcome, _)| outcome).collect();
    assert_eq!(outcomes, ["refused", "changed", "changed"]);
    assert_eq!(admin.get("/users").json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.database.number("SELECT count(*) FROM tombstones"), 2);
}

#[test]
fn who_may_not_and_what_is_too_much_is_refused_as_a_whole() {
    let (server, admin, _) = start();
    let ada = person(&server, "ada", "member");
    let member = issue(&server, &ada, "");
    let many: Vec<String> = (0..501).map(|n| n.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();

    for (change, sentence) in [
        (json!({"seat": "none"}), "only an admin may change seats"),
        (json!({"organizationRole": "admin"}), "only an admin may change a role in the organization"),
        (json!({"active": false}), "only an admin may change users"),
        (json!("remove"), "only an admin may remove users"),
    ] {
        assert_eq!(bulk(&member, &[&ada], &change).problem(), (403, sentence.to_owned()));
    }
    let team = server.client.group("vision", &[]);
    let add = json!({"addToTeam": {"team": team}});
    assert_eq!(bulk(&member, &[&ada], &add).problem().0, 403);
    let (status, detail) = bulk(&admin, &many, &json!({"seat": "none"})).problem();
    assert_eq!((status, detail.as_str()), (400, "ids: expected 1 to 500 people, found 501"));
    assert_eq!(bulk(&admin, &[], &json!({"seat": "none"})).problem().0, 400);
    for change in [json!({"seat": "two"}), json!({"fly": 1}), json!({"seat": "none", "active": true})] {
        assert_eq!(bulk(&admin, &[&ada], &change).problem().0, 400, "{change}");
    }
    let reads = issue(&server, &person(&server, "boss", "admin"), "read");
    assert_eq!(bulk(&reads, &[&ada], &json!({"seat": "none"})).problem().0, 403, "a key that reads");
}

#[test]
fn the_server_is_told_of_with_those_who_serve() {
    let begin = 1_800_000_000_000_000;
    let server = Server::start(Profile::Standard, |app| app.clock = Clock::at(begin));
    let admin = issue(&server, &person(&server, "root", "admin"), "");
    let ada = issue(&server, &person(&server, "ada", "member"), "");
    server.client.group("vision", &[]);
    let (one, other) =
        (system::begin(&server.app, "a:1".to_owned()), system::begin(&server.app, "b:2".to_owned()));
    let announce = |process| wait(system::announce(&server.app, process)).unwrap();
    let names = || {
        let found = admin.get("/system").json()["processes"].as_array().unwrap().clone();
        found.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    announce(&one);
    announce(&other);
    let told = admin.get("/system").json();
    assert_eq!(told["version"], env!("CARGO_PKG_VERSION"));
    assert!(["SQLite", "PostgreSQL"].contains(&told["engine"].as_str().unwrap()), "{told}");
    assert!(told["engineVersion"].as_str().unwrap().starts_with(|it: char| it.is_ascii_digit()), "{told}");
    assert_eq!(told["schemaVersion"], server.database.number("SELECT max(version) FROM schema_migrations"));
    assert!(told["databaseBytes"].as_i64().unwrap() > 10_000, "{told}");
    let counts = &told["counts"];
    assert_eq!(
        [&counts["people"], &counts["teams"], &counts["serviceAccounts"], &counts["keys"]],
        [2, 1, 0, 2]
    );
    assert_eq!((&told["mail"], &told["publicUrl"]), (&json!(false), &Value::Null));
    assert_eq!(names(), ["a:1", "b:2"]);
    server.app.clock.advance(Duration::from_secs(45));
    announce(&other);
    server.app.clock.advance(Duration::from_secs(20));
    assert_eq!(names(), ["b:2"], "the one said nothing for more than a minute");
    wait(system::withdraw(&server.app, &other)).unwrap();
    assert_eq!(names(), Vec::<String>::new());
    server.app.clock.advance(Duration::from_secs(2 * 86_400));
    announce(&other);
    assert_eq!(server.database.number("SELECT count(*) FROM processes"), 1, "old ones are forgotten");
    assert_eq!(ada.get("/system").problem(), (403, "only an admin may read how the server fares".to_owned()));
}

#[test]
fn a_process_that_serves_says_so_until_it_stops() {
    let database = Database::fresh();
    let mut program = Program::serve(&database.setting());
    let system = || told(&roster(&database.setting(), &["system", "--json"]));
    while system()["processes"].as_array().unwrap().is_empty() {
        std::thread::yield_now();
    }

    let name = system()["processes"][0]["name"].as_str().unwrap().to_owned();
    assert!(name.ends_with(&format!(":{}", program.child.id())), "{name}");
    assert!(
        Command::new("kill").args(["-TERM", &program.child.id().to_string()]).status().unwrap().success()
    );
    program.child.wait().unwrap();
    assert_eq!(system()["processes"], json!([]));
    let words = roster(&database.setting(), &["activity", "--window", "30d"]);
    let words = String::from_utf8(words.stdout).unwrap();
    assert!(words.ends_with("0 people in all; a line is a day, of UTC\n"), "{words}");
    let listed = roster(&database.setting(), &["user", "list", "--search", "ada", "--sort", "lastActive"]);
    assert!(String::from_utf8(listed.stdout).unwrap().starts_with("nobody like that"));
}
