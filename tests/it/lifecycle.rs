//! The ends of things: deletion, stale versions, a database that fails or is busy.

use crate::database::Database;
use crate::support::{PATCH_OP, Program, Reply, Server, USER, serve};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs::File,
    thread,
    time::{Duration, Instant},
};

#[test]
fn r_437_a_deleted_user_leaves_a_tombstone_that_no_route_shows() {
    let server = Server::standard();
    let ada = server.client.post(
        "/Users",
        &json!({"schemas": [USER], "userName": "ada", "displayName": "Ada", "externalId": "x-1"}),
    );
    let id = ada.json()["id"].as_str().unwrap().to_owned();
    let group = server.client.group("Crew", std::slice::from_ref(&id));
    let path = format!("/Users/{id}");

    assert_eq!(server.client.delete(&path).status, 204);

    let tombstone = format!("SELECT resource_type, display, handle FROM tombstones WHERE id = '{id}'");
    assert_eq!(server.database.ask(&tombstone), [["User", "Ada", "ada"]]);
    assert_gone(&server, &id);
    assert_eq!(server.client.members(&group), Vec::<String>::new());

    let mut ids = BTreeSet::from([id.clone()]);
    for _ in 0..3 {
        let next = server.user("ada");
        assert_eq!(server.client.delete(&format!("/Users/{next}")).status, 204);
        assert!(ids.insert(next), "an id is given once");
    }
    server.user("ada");
    assert_eq!(server.client.get(&path).error(), (404, String::new()));
}

#[track_caller]
fn assert_gone(server: &Server, id: &str) {
    let path = format!("/Users/{id}");
    let rename = json!([{"op": "replace", "path": "title", "value": "Countess"}]);
    assert_eq!(server.client.get(&path).error(), (404, String::new()));
    assert_eq!(server.client.get(&format!("{path}?attributes=id")).error(), (404, String::new()));
    assert_eq!(server.client.patch(&path, &rename).error(), (404, String::new()));
    assert_eq!(
        server.client.put(&path, &json!({"schemas": [USER], "userName": "ada"})).error(),
        (404, String::new())
    );
    assert_eq!(server.client.delete(&path).error(), (404, String::new()));
    for query in [
        "",
        "?filter=userName%20eq%20%22ada%22",
        "?filter=externalId%20eq%20%22x-1%22",
        "?filter=displayName%20eq%20%22Ada%22",
        "?filter=userName%20pr&sortBy=userName",
        &format!("?filter=id%20eq%20%22{id}%22"),
    ] {
        let list = server.client.get(&format!("/Users{query}"));
        assert_eq!(list.json()["totalResults"], 0, "{query}");
        assert!(!String::from_utf8(list.body).unwrap().contains(id), "{query}");
    }
}

#[test]
fn r_482_a_version_is_the_same_with_and_without_the_mark_of_weakness() {
    let server = Server::standard();

    for (n, strip) in [false, true].into_iter().enumerate() {
        let id = server.user(&format!("user-{n}"));
        let path = format!("/Users/{id}");
        let tag = || {
            let tag = server.client.get(&path).header("ETag").to_owned();
            if strip { tag.strip_prefix("W/").unwrap().to_owned() } else { tag }
        };
        let write = |method: &str, body: &Value, tag: &str| {
            let headers = [("If-Match", tag), ("Content-Type", "application/scim+json")];
            server.client.send(method, &path, &headers, body.to_string().as_bytes()).status
        };
        let put = json!({"schemas": [USER], "userName": format!("user-{n}"), "title": "Countess"});
        let patch = json!({
            "schemas": [PATCH_OP],
            "Operations": [{"op": "replace", "path": "title", "value": "Queen"}],
        });

        let first = tag();
        assert_eq!(server.client.send("GET", &path, &[("If-None-Match", &first)], &[]).status, 304);
        assert_eq!(write("PUT", &put, &first), 200, "{first}");
        assert_eq!(write("PATCH", &patch, &first), 412, "{first} is stale");
        assert_eq!(write("PATCH", &patch, &tag()), 200);
        assert_eq!(server.client.send("GET", &path, &[("If-None-Match", &first)], &[]).status, 200);
        assert_eq!(server.client.send("DELETE", &path, &[("If-Match", &first)], &[]).status, 412);
        assert_eq!(server.client.send("DELETE", &path, &[("If-Match", &tag())], &[]).status, 204);
    }
}

#[test]
fn r_482_the_mark_of_weakness_is_a_capital_letter() {
    let server = Server::standard();
    let path = format!("/Users/{}", server.user("ada"));
    let small = server.client.get(&path).header("ETag").replace("W/", "w/");

    assert_eq!(server.client.send("GET", &path, &[("If-None-Match", &small)], &[]).status, 200);
    assert_eq!(server.client.send("DELETE", &path, &[("If-Match", &small)], &[]).status, 412);
    let list = format!("{small}, W/\"1\"");
    assert_eq!(server.client.send("GET", &path, &[("If-None-Match", &list)], &[]).status, 304);
}

#[test]
fn r_505_a_failing_store_is_told_to_the_log_and_not_to_the_client() {
    let database = Database::fresh();
    let log = database.directory.path().join("log");
    let mut command = serve(&database.setting());
    command.args(["--listen", "127.0.0.1:0"]).stderr(File::create(&log).unwrap());
    let mut program = Program::start(&mut command).unwrap();
    let path = format!("/Users/{}", program.client.user("ada"));

    database.ask("ALTER TABLE users RENAME TO hidden");
    let failed = [
        program.client.get(&path),
        program.client.get("/Users?filter=userName%20eq%20%22ada%22"),
        program.client.post("/Users", &json!({"schemas": [USER], "userName": "bob"})),
        program.client.delete(&path),
    ];
    database.ask("ALTER TABLE hidden RENAME TO users");
    assert_eq!(program.client.get(&path).status, 200, "nothing is broken for good");
    program.kill();

    let log = std::fs::read_to_string(&log).unwrap();
    for reply in failed {
        assert_eq!(reply.error(), (500, String::new()));
        let request = reply.header("X-Request-Id");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(request.len() >= 32 && detail.contains(request), "{detail}");
        let body = String::from_utf8(reply.body.clone()).unwrap().to_lowercase();
        for word in ["sql", "table", "column", "users", "hidden", "rusqlite", "panic"] {
            assert!(!body.contains(word), "{body}");
        }
        let missing = |line: &str| line.contains("no such table") || line.contains("does not exist");
        let told = |line: &&str| line.contains(request) && missing(line);
        assert_eq!(log.lines().filter(told).count(), 1, "{request}\n{log}");
    }
}

/// One writer may keep the whole file to itself.
mod on_sqlite {
    use super::*;

    #[test]
    fn r_506_a_busy_database_is_503_and_never_500() {
        const CLIENTS: usize = 16;
        let server = Server::standard();
        let ada = format!("/Users/{}", server.user("ada"));
        let bob = json!({"schemas": [USER], "userName": "bob"});
        let side_door = rusqlite::Connection::open(server.database.file()).unwrap();
        // the server's own work may hold the lock for a moment
        side_door.busy_timeout(Duration::from_secs(5)).unwrap();

        side_door.execute_batch("BEGIN IMMEDIATE").unwrap();
        let began = Instant::now();
        let busy: Vec<Reply> = thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|_| scope.spawn(|| server.client.post("/Users", &bob))).collect();
            assert_eq!(server.client.get(&ada).status, 200, "reads go on");
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let took = began.elapsed();
        side_door.execute_batch("ROLLBACK").unwrap();

        for reply in busy {
            assert_eq!(reply.error(), (503, String::new()));
            assert!(reply.header("Retry-After").parse::<u32>().unwrap() > 0);
        }
        // the first waits for five seconds, the others together; one after the other they would take 80
        assert!(took < Duration::from_secs(40), "{took:?}");
        assert_eq!(server.client.post("/Users", &bob).status, 201);
        assert_eq!(server.client.get("/Users").json()["totalResults"], 2);
    }
}
