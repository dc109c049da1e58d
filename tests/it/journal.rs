//! Every change has its event in the same transaction; what is secret or private leaves no trace where it has
//! no place.

use crate::{
    database::Database,
    support::{Program, Server, TOKEN, USER, serve},
};
use serde_json::json;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// The kinds of the events so far, in order.
fn events(server: &Server) -> Vec<String> {
    server.database.ask("SELECT kind FROM events ORDER BY id").into_iter().flatten().collect()
}

#[test]
fn r_529_every_change_has_one_event_and_what_changes_nothing_has_none() {
    let server = Server::standard();
    let client = &server.client;
    let before = events(&server).len();

    let ada = client.user("ada");
    let boss = client.user("boss");
    let group = client.group("Crew", std::slice::from_ref(&ada));
    let (path, crew) = (format!("/Users/{ada}"), format!("/Groups/{group}"));
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    client.patch(&path, &json!([{"op": "add", "path": manager, "value": {"value": boss}}]));
    client.patch(&path, &json!([{"op": "replace", "path": "active", "value": true}]));
    client.patch(&crew, &json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]));
    client.patch(&crew, &json!([{"op": "add", "path": "nonsense", "value": 1}]));
    client.post("/Users", &json!({"schemas": [USER], "userName": "ADA"}));
    client.patch(&crew, &json!([{"op": "add", "path": "members", "value": [{"value": boss}]}]));
    client.delete(&format!("/Users/{boss}"));
    client.delete(&crew);

    assert_eq!(
        events(&server)[before..],
        [
            "user.created",
            "user.created",
            "team.created",
            "user.changed",
            "team.changed",
            "user.changed", // the boss manages nobody
            "team.changed", // and leaves the team
            "user.removed",
            "team.archived",
        ]
    );
    let of_ada = format!(
        "SELECT actor, request, detail FROM events WHERE resource = '{ada}' AND kind = 'user.changed' ORDER BY id"
    );
    let [actor, request, detail] = &server.database.ask(&of_ada)[0][..] else { panic!() };
    assert!(!actor.is_empty() && !request.is_empty());
    assert!(detail.contains("enterprise:2.0:User"), "{detail}");
}

#[test]
fn counters_stay_exact_through_creations_and_removals() {
    let server = Server::standard();
    let users: Vec<String> = (0..7).map(|n| server.user(&format!("user-{n}"))).collect();
    let group = server.client.group("Crew", &users);
    server.client.delete(&format!("/Users/{}", users[0]));
    server.client.delete(&format!("/Users/{}", users[0]));
    server.client.post("/Users", &json!({"schemas": [USER], "userName": "USER-1"}));

    assert_eq!(server.client.get("/Users?count=0").json()["totalResults"], json!(6));
    assert_eq!(server.client.members(&group).len(), 6);
    assert_eq!(server.database.number("SELECT members FROM teams"), 6);
}

#[test]
fn a_password_is_kept_nowhere() {
    const PASSWORD: &str = "correct-horse-battery-staple";
    let server = Server::standard();
    let body = json!({"schemas": [USER], "userName": "ada", "password": PASSWORD});
    let made = server.client.post("/Users", &body);
    let path = format!("/Users/{}", made.json()["id"].as_str().unwrap());
    server.client.put(&path, &body);
    server.client.patch(&path, &json!([{"op": "replace", "value": {"password": PASSWORD}}]));

    assert!(server.database.holds(b"user.created"));
    assert!(!server.database.holds(PASSWORD.as_bytes()));
    assert!(!String::from_utf8_lossy(&server.client.get(&path).body).contains(PASSWORD));
}

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

#[test]
fn r_327_the_log_has_one_line_a_request_and_nothing_personal() {
    let database = Database::fresh();
    let log = database.directory.path().join("log");
    let mut command = serve(&database.setting());
    command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::from(fs::File::create(&log).unwrap()));
    let mut program = Program::start(&mut command).unwrap();

    let id = program.client.user("canary-name@example.com");
    program.client.get("/Users?filter=userName%20eq%20%22canary-filter%22");
    program.client.patch(&format!("/Users/{id}"), &json!([{"op": "add", "path": "canary-path", "value": 1}]));
    program.client.get("/canary-url");
    let search = json!({"schemas": [SEARCH], "filter": "userName eq \"canary-search\""});
    assert_eq!(program.client.post("/Users/.search", &search).status, 200);
    assert_eq!(program.client.post("/.search", &search).status, 200);
    program.kill();

    let log = fs::read_to_string(log).unwrap();
    let lines = log.lines().filter(|line| line.contains("\"target\":\"roster::request\""));
    assert_eq!(lines.clone().count(), 6, "{log}");
    assert!(lines.clone().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    for private in ["canary", id.as_str(), TOKEN] {
        assert!(!log.contains(private), "{private} in {log}");
    }
}

#[test]
fn a_server_that_is_told_to_stop_finishes_what_it_accepted() {
    let database = Database::fresh();
    let mut program = Program::serve(&database.setting());
    let body = json!({"schemas": [USER], "userName": "ada"}).to_string();
    let (first, second) = body.split_at(10);
    let mut stream = TcpStream::connect(program.client.root.strip_prefix("http://").unwrap()).unwrap();
    write!(
        stream,
        "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // the server asks for the body: the request is accepted
    let mut accepted = [0; 25];
    stream.read_exact(&mut accepted).unwrap();
    assert!(accepted.starts_with(b"HTTP/1.1 100"));
    stream.write_all(first.as_bytes()).unwrap();

    let told = Command::new("kill").args(["-TERM", &program.child.id().to_string()]).status().unwrap();
    assert!(told.success());
    stream.write_all(second.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();

    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(program.child.wait().unwrap().success());
    let users = Program::serve(&database.setting()).client.get("/Users");
    assert_eq!(users.json()["totalResults"], json!(1));
}

#[test]
fn a_server_that_is_told_to_stop_twice_waits_for_nobody() {
    let database = Database::fresh();
    let mut program = Program::serve(&database.setting());
    let root = program.client.root.clone();
    let address = root.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    )
    .unwrap();
    let mut accepted = [0; 25];
    stream.read_exact(&mut accepted).unwrap();
    let started = Instant::now();

    let tell = || {
        let told = Command::new("kill").args(["-TERM", &program.child.id().to_string()]).status().unwrap();
        assert!(told.success());
    };
    tell();
    // signals that arrive together count once: the first is heard when nobody new is let in
    while TcpStream::connect(address).is_ok() && started.elapsed() < Duration::from_secs(10) {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    tell();
    assert!(program.child.wait().unwrap().success());

    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

mod on_sqlite {
    use super::*;

    #[test]
    fn what_was_stopped_is_one_file() {
        let database = Database::fresh();
        let mut program = Program::serve(&database.setting());
        program.client.user("ada");
        let told = Command::new("kill").args(["-TERM", &program.child.id().to_string()]).status().unwrap();
        assert!(told.success() && program.child.wait().unwrap().success());

        let copy = database.directory.path().join("copy.db");
        fs::copy(database.file(), &copy).unwrap();
        let users = Program::serve(copy.to_str().unwrap()).client.get("/Users");

        assert_eq!(users.json()["totalResults"], json!(1));
    }
}
