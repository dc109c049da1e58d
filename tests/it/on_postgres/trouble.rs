//! Servers that are silent, standbys, rows that everybody waits for, groups that are very large.

use super::{Cluster, assert_unavailable, user};
use crate::{
    commands::roster,
    database::{Database, ask},
    support::{Program, serve, wait},
};
use roster::{
    org::{
        role::{Origin, TeamRole},
        team::MemberType,
    },
    scim::{Resource, schema::standard::GROUP_TYPE},
    store::{
        DbError,
        attributes::Owner,
        memberships::{self, Holder},
        teams,
    },
};
use serde_json::{Map, json};
use std::{
    fs,
    net::TcpListener,
    process::Stdio,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

/// A server that accepts connections and never says anything.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn a_silent_server_is_given_up_and_the_next_host_is_asked() {
    let (_listener, silent) = silent();
    let began = Instant::now();
    let mut command = serve(&format!("postgres://roster@{silent}/roster"));
    let ended = Program::start(command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::piped()));
    let ended = ended.map(drop).unwrap_err();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8(ended.stderr).unwrap().contains("no answer within 5 s"));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    let database = Database::on_postgres();
    let both = database.setting().replace("roster@", &format!("roster@{silent},"));
    let program = Program::serve(&both);
    assert_eq!(program.client.post("/Users", &user("ada")).status, 201);
}

#[test]
fn a_standby_is_503_and_not_ready() {
    let cluster = Cluster::start(&["synchronous_commit=on"]);
    let database = Database::at(&cluster.url);
    let program = Program::serve(&database.setting());
    let path = format!("/Users/{}", program.client.user("ada"));
    cluster.run("stop");
    let place = cluster.directory.path().join("cluster/data");
    let signal = place.join("standby.signal");
    fs::write(&signal, "").unwrap();
    let owned =
        std::process::Command::new("chown").arg("--reference").arg(&place).arg(&signal).status().unwrap();
    assert!(owned.success());
    cluster.run("again");

    assert_eq!(program.client.get(&path).status, 200, "what is there can be read");
    for _ in 0..2 {
        assert_unavailable(&program.client.post("/Users", &user("bob")));
    }
    let ready =
        ureq::get(format!("{}/readyz", program.client.root)).config().http_status_as_error(false).build();
    assert_eq!(ready.call().unwrap().status().as_u16(), 503);

    ask(&cluster.url, "SELECT pg_promote()");
    assert_eq!(program.client.post("/Users", &user("bob")).status, 201);
}

#[test]
fn writers_who_wait_for_one_row_leave_readers_alone() {
    const WRITERS: usize = 40;
    let database = Database::on_postgres();
    let program = Program::serve(&database.setting());
    let path = format!("/Users/{}", program.client.user("ada"));
    let other = format!("/Users/{}", program.client.user("bob"));
    let (setting, client) = (database.setting(), &program.client);
    let rename = json!([{"op": "replace", "path": "title", "value": "Countess"}]);
    let (held, holds) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();

    thread::scope(|scope| {
        scope.spawn(move || {
            super::hold(
                &setting,
                "SELECT 1 FROM users WHERE user_name_key = 'ada' FOR UPDATE",
                &held,
                &released,
            );
        });
        holds.recv().unwrap();
        let (rename, path) = (&rename, &path);
        for _ in 0..WRITERS {
            scope.spawn(move || assert!([200, 503].contains(&client.patch(path, rename).status)));
        }
        thread::park_timeout(Duration::from_millis(500));
        let began = Instant::now();
        assert_eq!(client.get(&other).status, 200);
        assert_eq!(client.get("/Users?count=0").status, 200);
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        release.send(()).unwrap();
    });
}

#[test]
fn members_are_kept_in_time_that_grows_with_their_number() {
    const MANY: usize = 60_000;
    let database = Database::on_postgres();
    let store = database.store().unwrap();
    let took = wait(store.write(|tx| {
        let holder = Holder { organization: "o", team: "t", connection: None, origin: Origin::Scim };
        let team = Resource(Map::from_iter([("displayName".to_owned(), json!("Everybody"))]));
        let owner = Owner { organization: "o", resource_type: &GROUP_TYPE, id: "t" };
        teams::insert(tx, owner, &team, &TeamRole::Member, 0)?;
        let ids: Vec<String> = (0..MANY).map(|n| format!("member-{n}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        // often enough that the server has settled for a plan
        for few in ids[..80].chunks(10) {
            memberships::add(tx, holder, MemberType::User, few, 0)?;
            assert_eq!(memberships::keep_only(tx, holder, &ids[..100])?, Vec::<String>::new());
        }
        memberships::add(tx, holder, MemberType::User, &ids, 0)?;
        let began = Instant::now();
        assert_eq!(memberships::keep_only(tx, holder, &ids[1..])?, ["member-0"]);
        Ok::<_, DbError>(began.elapsed())
    }));

    // a fifth of a second; by comparing each with each it was some twenty
    assert!(took.as_ref().unwrap() < &Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_command_makes_no_tables() {
    let database = Database::on_postgres();

    let output = roster(&database.setting(), &["connection", "list"]);

    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("roster serve"));
    assert_eq!(database.number("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), 0);
    assert_eq!(roster("postgres://roster@nowhere", &["connection", "list"]).status.code(), Some(2));
}
