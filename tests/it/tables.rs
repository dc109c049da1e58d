//! People as a table: out, and in again.

use crate::{
    commands::{json as told, roster},
    database::Database,
    keys::{Api, issue, person},
    support::{Program, Server, USER},
};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::fs;

fn admin(server: &Server) -> Api {
    issue(server, &person(server, "root", "admin"), "")
}

fn exported(api: &Api) -> String {
    let reply = api.get("/users/export");
    assert_eq!((reply.status, reply.header("Content-Type")), (200, "text/csv; charset=utf-8"));
    String::from_utf8(reply.body).unwrap()
}

/// An organization with all that a table holds: people of every kind, and teams with roles.
fn furnish(server: &Server, api: &Api) {
    api.post(
        "/roles",
        &json!({"name": "Run janitor", "inheritedFrom": "viewer", "permissions": [{"name": "run:stop"}]}),
    );
    for (n, name) in
        ["ada", "eve", "=cmd|'/c calc'!A1", "+49", "o'neill", "a,\"b\"", "\u{fc}mit"].into_iter().enumerate()
    {
        let emails = json!([{"value": format!("p{n}@x.example"), "primary": true}, {"value": format!("q{n}@x.example")}]);
        let body = json!({"schemas": [USER], "userName": name, "displayName": format!("{name} of x"), "emails": emails,
            "externalId": format!("ext-{n}")});
        assert_eq!(server.client.post("/Users", &body).status, 201);
    }
    let id = |login: &str| {
        let found = api.get("/users").json();
        let all = found["items"].as_array().unwrap().clone();
        all.iter().find(|it| it["userName"] == login).unwrap()["id"].as_str().unwrap().to_owned()
    };
    for (team, roles) in [
        ("vision", [("ada", "admin"), ("eve", "Run janitor")]),
        ("audio; video = x\\y", [("ada", "viewer"), ("+49", "member")]),
    ] {
        let made = api.post("/teams", &json!({"name": team, "admins": []})).json();
        for (who, role) in roles {
            let path = format!("/teams/{}/members", made["id"].as_str().unwrap());
            assert_eq!(api.post(&path, &json!({"user": id(who), "role": role})).status, 201);
        }
    }
    api.send("PUT", &format!("/users/{}/seat", id("eve")), &[], &json!({"seat": "viewer"}));
    api.send(
        "PUT",
        &format!("/users/{}/organization-role", id("+49")),
        &[],
        &json!({"organizationRole": "viewer"}),
    );
    api.patch(&format!("/users/{}", id("o'neill")), &json!({"active": false}));
}

/// The digest of who is there, as what, and in which teams.
fn summary(api: &Api) -> (String, usize) {
    let mut rows = Vec::new();
    for person in api.get("/users?limit=1000").json()["items"].as_array().unwrap() {
        let mut teams: Vec<String> = person["teams"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| format!("{}={}", it["name"], it["role"]))
            .collect();
        teams.sort();
        let kept = ["userName", "displayName", "emails", "active", "organizationRole", "seat"]
            .map(|name| person[name].to_string());
        let id = person["id"].as_str().unwrap();
        let external = api.client().get(&format!("/Users/{id}")).json()["externalId"].to_string();
        rows.push([kept.to_vec(), teams, vec![external]].concat().join("|"));
    }
    rows.sort();
    let hash = digest(&SHA256, rows.join("\n").as_bytes());
    (hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(), rows.len())
}

#[test]
fn w_036_what_is_exported_and_taken_in_again_is_the_same_organization() {
    let (before, first) = (Server::standard(), "root");
    let api = admin(&before);
    furnish(&before, &api);
    let (csv, wanted) = (exported(&api), summary(&api));

    // all is gone: another server, with its first admin
    let after = Server::standard();
    let other = admin(&after);
    other.post(
        "/roles",
        &json!({"name": "Run janitor", "inheritedFrom": "viewer", "permissions": [{"name": "run:stop"}]}),
    );
    let told =
        other.send("POST", "/users/import?dryRun=true", &[], &json!({"csv": csv, "createTeams": true}));
    assert_eq!(told.status, 200, "{}", told.json());
    let would =
        json!({"done": false, "created": 7, "changed": 0, "unchanged": 1, "teams": 2, "problems": []});
    assert_eq!(told.json(), would);
    assert_eq!(
        other.get("/users").json()["items"].as_array().unwrap().len(),
        1,
        "a rehearsal changes nothing"
    );
    let done = other.post("/users/import", &json!({"csv": csv, "createTeams": true})).json();
    assert_eq!((&done["done"], &done["created"]), (&json!(true), &json!(7)), "{done}");

    assert_eq!(summary(&other), wanted);
    assert_eq!(wanted.1, 8);
    let again = other.post("/users/import", &json!({"csv": csv})).json();
    assert_eq!(
        (&again["created"], &again["changed"], &again["unchanged"]),
        (&json!(0), &json!(0), &json!(8)),
        "{again}"
    );
    assert_eq!(exported(&other).lines().count(), csv.lines().count());
    assert!(csv.contains(first));
    assert_eq!(after.database.number("SELECT count(*) FROM events WHERE kind = 'users.exported'"), 1);
}

#[test]
fn w_036_an_export_has_wandbs_columns_and_nothing_that_a_spreadsheet_runs() {
    let server = Server::standard();
    let api = admin(&server);
    furnish(&server, &api);

    let csv = exported(&api);

    let head = "username,display_name,email,status,org_role,models_seat,teams,last_active_at,days_active,created_at,\
        invited_by,source,other_emails,external_id";
    assert_eq!(csv.lines().next().unwrap(), head);
    for line in csv.lines() {
        assert!(!line.trim_start_matches('"').starts_with(['=', '+', '-', '@']), "{line}");
    }
    assert!(csv.contains("vision=admin") && csv.contains("Run janitor") && csv.contains(",deactivated,"));
    let member = issue(&server, &person(&server, "nobody", "member"), "");
    assert_eq!(member.get("/users/export").problem().0, 403);
    assert_eq!(member.post("/users/import", &json!({"csv": "username\nx"})).problem().0, 403);
}

#[test]
fn an_export_of_those_who_are_asked_for_has_each_of_them_once() {
    let server = Server::standard();
    let api = admin(&server);
    let n_more = 1_203;
    let rows: Vec<String> = (0..n_more).map(|n| format!("walker-{n:04},walker-{n:04}@x.example")).collect();
    for rows in rows.chunks(600) {
        let csv = format!("username,email\n{}", rows.join("\n"));
        assert_eq!(api.post("/users/import", &json!({"csv": csv})).json()["done"], true);
    }
    let names = |query: &str| {
        let reply = api.get(&format!("/users/export?{query}"));
        assert_eq!(reply.status, 200, "{query}");
        let text = String::from_utf8(reply.body).unwrap();
        text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };

    // more than one read holds, and those who do not fit stand between
    let walkers = names("search=walker");
    assert_eq!(walkers, (0..n_more).map(|n| format!("walker-{n:04}")).collect::<Vec<_>>());
    assert_eq!(api.get("/users/export?sort=userName").problem().0, 400, "an export has one order");
    assert_eq!(names("search=walker-007"), (70..80).map(|n| format!("walker-00{n}")).collect::<Vec<_>>());
    assert_eq!(names("role=admin"), ["root"]);
    assert_eq!(names("status=deactivated"), [""; 0]);
    assert_eq!(names("").len(), n_more + 1);
    let (status, detail) = api.get("/users/export?status=asleep").problem();
    assert_eq!(status, 400, "{detail}");
    let sql = "SELECT detail FROM events WHERE kind = 'users.exported' ORDER BY id";
    let told = server.database.ask(sql).concat();
    let (part, all) = (r#"{"filtered":true}"#, "{}");
    assert_eq!(told, [part, part, part, part, all], "each export once, and whether it was of everybody");
}

#[test]
fn a_row_that_fails_is_told_and_nothing_is_taken_unless_a_part_is_asked_for() {
    let server = Server::standard();
    let api = admin(&server);
    api.post("/teams", &json!({"name": "vision"}));
    api.patch("/settings", &json!({"license": {"full": 3}}));
    let csv = "username,email,org_role,teams,models_seat\n\
        ada,ada@x.example,member,vision=admin,full\n\
        eve,eve@x.example,boss,,full\n\
        bob,bob@x.example,member,visoin,none\n\
        ADA,,,,\n\
        carl,,member,vision=chief,none\n\
        dora,,,,full\n\
        earl,,,,full\n";

    let told = api.post("/users/import", &json!({"csv": csv})).json();

    let problems: Vec<(u64, Option<&str>)> = told["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["line"].as_u64().unwrap(), it["column"].as_str()))
        .collect();
    let wanted =
        [(3, Some("org_role")), (4, Some("teams")), (5, Some("username")), (6, Some("teams")), (8, None)];
    assert_eq!(problems, wanted, "{told}");
    let reasons = told["problems"].to_string();
    for part in [
        "found boss",
        "the nearest is \\\"vision\\\"",
        "stands on line 2 already",
        "there is no role",
        "Seat limit reached",
    ] {
        assert!(reasons.contains(part), "{part}: {reasons}");
    }
    assert_eq!(
        (&told["done"], api.get("/users").json()["items"].as_array().unwrap().len()),
        (&json!(false), 1)
    );
    let part = api.post("/users/import", &json!({"csv": csv, "partial": true})).json();
    assert_eq!((&part["done"], &part["created"]), (&json!(true), &json!(2)), "{part}");
    assert_eq!(api.get("/users").json()["items"].as_array().unwrap().len(), 3);
    let odd = api.post("/users/import", &json!({"csv": "user_name\nx"})).json();
    assert!(odd["problems"][0]["reason"].as_str().unwrap().contains("the nearest is username"), "{odd}");
    let many = format!("username\n{}", (0..1_001).map(|n| format!("u{n}\n")).collect::<String>());
    assert_eq!(api.post("/users/import", &json!({"csv": many})).problem().0, 400);
    let last = api.post("/users/import", &json!({"csv": "username,org_role\nroot,viewer"})).json();
    assert!(last["problems"][0]["reason"].as_str().unwrap().contains("without an active admin"), "{last}");
}

#[test]
fn commands_write_a_table_and_take_one_in() {
    let database = Database::fresh();
    let _program = Program::serve(&database.setting());
    let run = |words: &[&str]| roster(&database.setting(), words);
    let file = |name: &str| database.directory.path().join(name).to_str().unwrap().to_owned();
    let rows: String = (0..450).map(|n| format!("u{n},u{n}@x.example,vision\n")).collect();
    fs::write(file("in.csv"), format!("username,email,teams\n{rows}")).unwrap();

    let refused = run(&["import", &file("in.csv")]);
    let said = String::from_utf8_lossy(&refused.stdout).into_owned();
    assert!(
        !refused.status.success() && said.contains("line 451, teams: there is no team \"vision\""),
        "{said}"
    );
    assert!(said.contains("nothing is changed"), "{said}");
    let tried = told(&run(&["import", &file("in.csv"), "--create-teams", "--dry-run", "--json"]));
    assert_eq!((&tried["created"], &tried["done"]), (&json!(450), &json!(false)));
    let done = told(&run(&["import", &file("in.csv"), "--create-teams", "--json"]));
    assert_eq!((&done["created"], &done["done"], &done["teams"]), (&json!(450), &json!(true), &json!(1)));

    let out = run(&["export", &file("out.csv")]);
    assert!(String::from_utf8_lossy(&out.stdout).contains("wrote 450 people"));
    let written = fs::read_to_string(file("out.csv")).unwrap();
    assert_eq!(written.lines().count(), 451);
    assert_eq!(String::from_utf8(run(&["export"]).stdout).unwrap(), written);
    let of_some = String::from_utf8(run(&["export", "--status", "deactivated"]).stdout).unwrap();
    assert_eq!(of_some.lines().count(), 1, "{of_some}");
    let same = told(&run(&["import", &file("out.csv"), "--json"]));
    assert_eq!((&same["unchanged"], &same["changed"]), (&json!(450), &json!(0)));
    assert!(same["problems"] == Value::Array(Vec::new()));
}
