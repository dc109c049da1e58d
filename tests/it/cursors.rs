//! Paging by cursor: nobody else's, for an hour, and steady while others write.

use crate::{
    database::Database,
    keys::operator,
    support::{Client, Program, Server, USER, wait},
};
use roster::{clock::Clock, org::connection::Scopes, scim::Profile, service::connections};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

fn next(page: &Value) -> Option<String> {
    page["nextCursor"].as_str().map(str::to_owned)
}

/// A server with three users, and the cursor to the second.
fn begun(server: &Server) -> String {
    for name in ["a", "b", "c"] {
        server.user(name);
    }
    next(&server.client.get("/Users?cursor=&count=1").json()).unwrap()
}

#[test]
fn r_302_a_cursor_leads_on_for_an_hour() {
    let server = Server::start(Profile::Standard, |app| app.clock = Clock::at(1_800_000_000_000_000));
    let cursor = begun(&server);
    let path = format!("/Users?cursor={cursor}&count=1");
    let timeout = server.client.get("/ServiceProviderConfig").json()["pagination"]["cursorTimeout"].clone();
    let timeout = Duration::from_secs(timeout.as_u64().unwrap());

    server.app.clock.advance(timeout);
    assert_eq!(server.client.get(&path).json()["Resources"][0]["userName"], "b");
    server.app.clock.advance(Duration::from_secs(1));

    assert_eq!(server.client.get(&path).error(), (400, "expiredCursor".to_owned()));
}

#[test]
fn r_310_a_cursor_belongs_to_the_connection_that_got_it() {
    let server = Server::standard();
    let cursor = begun(&server);
    let path = format!("/Users?cursor={cursor}&count=1");
    let okta = wait(async {
        let cx = operator(&server).await;
        connections::create(&cx, "okta", Profile::Standard).await.unwrap();
        connections::create_token(&cx, "okta", None, Scopes::ALL).await.unwrap()
    });
    let okta = Client {
        root: server.client.root.clone(),
        token: okta.it.secret.unwrap().expose_secret().to_owned(),
    };

    assert_eq!(okta.get("/Users?cursor=&count=1").status, 200);
    assert_eq!(okta.get(&path).error(), (400, "invalidCursor".to_owned()));
    assert_eq!(server.client.get(&path).status, 200);
}

#[test]
fn r_313_what_is_wrong_with_a_cursor_is_told_alike() {
    let server = Server::standard();
    let cursor = begun(&server);
    let mut flipped = cursor.clone().into_bytes();
    flipped[20] = if flipped[20] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    let other = Server::standard();
    let foreign = begun(&other);

    let answers = ["garbage", &flipped, &foreign, &cursor[..cursor.len() - 2]].map(|cursor| {
        let reply = server.client.get(&format!("/Users?cursor={cursor}&count=1"));
        assert_eq!(reply.error(), (400, "invalidCursor".to_owned()));
        reply.body
    });

    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[test]
fn r_312_the_server_remembers_nothing_of_a_walk() {
    let database = Database::fresh();
    let mut program = Program::serve(&database.setting());
    for name in ["a", "b"] {
        program.client.user(name);
    }
    let cursor = next(&program.client.get("/Users?cursor=&count=1").json()).unwrap();
    program.kill();

    let program = Program::serve(&database.setting());
    let page = program.client.get(&format!("/Users?cursor={cursor}&count=1")).json();

    assert_eq!(page["Resources"][0]["userName"], "b");
}

#[test]
fn r_314_what_stays_is_met_once_whoever_writes_meanwhile() {
    const STAY: usize = 60;
    const WRITERS: usize = 16;
    const WALKS: usize = 100;
    let server = Server::standard();
    let mut stay: Vec<String> =
        (0..STAY).map(|n| server.user(&format!("stays-{:02}", n * 7 % STAY))).collect();
    stay.sort();
    let done = AtomicBool::new(false);

    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (client, done, stay) = (&server.client, &done, &stay);
            scope.spawn(move || {
                for n in 0.. {
                    if done.load(Ordering::Relaxed) {
                        return;
                    }
                    let path = format!("/Users/{}", client.user(&format!("comes-{writer}-{n}")));
                    let title = json!([{"op": "replace", "path": "title", "value": n.to_string()}]);
                    client.patch(&format!("/Users/{}", stay[(writer * 31 + n) % STAY]), &title);
                    client.delete(&path);
                }
            });
        }
        for walk in 0..WALKS {
            let order = ["", "&sortBy=userName", "&sortBy=userName&sortOrder=descending"][walk % 3];
            let filter = if walk % 2 == 0 { "" } else { "&filter=userName%20sw%20%22s%22" };
            let mut met = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = server
                    .client
                    .get(&format!("/Users?attributes=userName&count=13{order}{filter}&cursor={cursor}"));
                let page = page.json();
                for user in page["Resources"].as_array().unwrap() {
                    if user["userName"].as_str().unwrap().starts_with("stays") {
                        met.push(user["id"].as_str().unwrap().to_owned());
                    }
                }
                match next(&page) {
                    Some(next) => cursor = next,
                    None => break,
                }
            }
            met.sort();
            assert_eq!(met, stay, "{order}{filter}");
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(server.client.get("/Users?filter=schemas%20pr&count=0").json()["totalResults"], STAY);
}

#[test]
fn the_base_is_walked_like_any_list_and_needs_no_filter() {
    // a budget that would not do for a look at everybody
    let server = Server::start(Profile::Standard, |app| app.scan_rows = 10);
    let mut made = Vec::new();
    for n in 0..12 {
        made.push(server.user(&format!("user-{n}")));
        made.push(server.client.group(&format!("group {n}"), &[]));
    }

    let index = server.client.get("/?count=6").json();
    assert_eq!((&index["totalResults"], index["Resources"].as_array().unwrap().len()), (&json!(24), 6));
    let (mut met, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = server.client.get(&format!("/?count=5&cursor={cursor}")).json();
        assert_eq!(page["totalResults"], 24);
        met.extend(
            page["Resources"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()),
        );
        match next(&page) {
            Some(next) => cursor = next,
            None => break,
        }
    }

    assert_eq!(met, made);
    assert_eq!(server.client.get("/?count=1000").error(), (400, "tooMany".to_owned()));
}

#[test]
fn a_cursor_fits_into_a_url_whatever_it_sorts_by() {
    let server = Server::standard();
    let long = "\u{1F600}".repeat(4_000);
    for n in 0..3 {
        let body = json!({"schemas": [USER], "userName": format!("user-{n}"), "title": format!("{long}{n}")});
        assert_eq!(server.client.post("/Users", &body).status, 201);
    }

    let (mut met, mut cursor) = (0, String::new());
    loop {
        let page = server
            .client
            .get(&format!("/Users?count=1&sortBy=title&attributes=userName&cursor={cursor}"))
            .json();
        met += page["Resources"].as_array().unwrap().len();
        match next(&page) {
            Some(next) => cursor = next,
            None => break,
        }
        assert!(cursor.len() < 2_000, "{}", cursor.len());
    }

    assert_eq!(met, 3);
}
