//! What only a database server can do: be away, be full, be shared, be far.

mod catalogue;
mod lost_answers;
mod sessions;
mod tls;
mod trouble;

use crate::{
    chaos::{Dice, Known, assert_whole, step},
    conformance::cases_hold,
    database::{Database, ask, test_server},
    support::{Client, Program, Reply, Server, USER, serve},
};
use roster::{conformance, scim::Profile, service::App, store::Store};
use serde_json::json;
use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// A PostgreSQL server of one test's own.
struct Cluster {
    directory: TempDir,
    url: String,
}

impl Cluster {
    fn start(settings: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("cluster").to_str().unwrap().to_owned();
        // the server runs as another user, if this one is root
        open_to_all(&directory);
        let url = cluster(&[&["start", &place], settings].concat());
        Self { directory, url }
    }

    fn run(&self, action: &str) {
        cluster(&[action, self.directory.path().join("cluster").to_str().unwrap()]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let place = self.directory.path().join("cluster");
        // one that was halted is not there to be stopped
        let _ = Command::new("tests/cluster").arg("halt").arg(place).stderr(Stdio::null()).status();
    }
}

fn open_to_all(directory: &TempDir) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs `tests/cluster` and hands back what it says.
fn cluster(arguments: &[&str]) -> String {
    let output = Command::new("tests/cluster").args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn user(name: &str) -> serde_json::Value {
    json!({"schemas": [USER], "userName": name})
}

/// What every request gets while the database is away or full.
#[track_caller]
fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.error(), (503, String::new()));
    assert!(reply.header("Retry-After").parse::<u32>().unwrap() > 0);
}

#[test]
fn parallel_additions_over_two_processes_all_stay() {
    const CLIENTS: usize = 64;
    let database = Database::on_postgres();
    let processes = [Program::serve(&database.setting()), Program::serve(&database.setting())];
    let client = &processes[0].client;
    let mut users: Vec<String> = (0..CLIENTS).map(|n| client.user(&format!("user-{n}"))).collect();
    let group = client.group("Crew", &[]);

    thread::scope(|scope| {
        for (n, user) in users.iter().enumerate() {
            let (client, path) = (&processes[n % 2].client, format!("/Groups/{group}"));
            let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
            scope.spawn(move || assert_eq!(client.patch(&path, &add).status, 200));
        }
    });

    users.sort();
    assert_eq!(processes[1].client.members(&group), users);
    let version = processes[1].client.get(&format!("/Groups/{group}")).json()["meta"]["version"].clone();
    assert_eq!(version, json!(format!("W/\"{}\"", CLIENTS + 1)));
}

#[test]
fn of_parallel_creations_of_one_name_over_two_processes_one_succeeds() {
    const NAMES: usize = 20;
    const EACH: usize = 10;
    let database = Database::on_postgres();
    let processes = [Program::serve(&database.setting()), Program::serve(&database.setting())];

    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..NAMES * EACH)
            .map(|n| {
                let client = &processes[n / NAMES % 2].client;
                scope.spawn(move || client.post("/Users", &user(&format!("name-{}", n % NAMES))).status)
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });

    let with = |status: u16| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((with(201), with(409)), (NAMES, NAMES * (EACH - 1)), "{statuses:?}");
    for process in &processes {
        assert_eq!(process.client.get("/Users?count=0").json()["totalResults"], json!(NAMES));
        assert_eq!(process.client.get("/Users?filter=id%20pr").json()["totalResults"], json!(NAMES));
    }
}

#[test]
fn a_token_revoked_by_one_process_is_refused_by_the_other_at_once() {
    let database = Database::on_postgres();
    let processes = [Program::serve(&database.setting()), Program::serve(&database.setting())];
    let roster =
        |arguments: &[&str]| crate::commands::json(&crate::commands::roster(&database.setting(), arguments));
    roster(&["connection", "create", "okta", "--json"]);
    let made = roster(&["token", "create", "okta", "--json"]);
    let token = made["token"].as_str().unwrap();
    let statuses = || {
        processes.each_ref().map(|process| {
            Client { root: process.client.root.clone(), token: token.to_owned() }.get("/Users").status
        })
    };
    assert_eq!(statuses(), [200, 200]);

    roster(&["token", "revoke", made["id"].as_str().unwrap(), "--json"]);

    assert_eq!(statuses(), [401, 401]);
}

#[test]
fn processes_that_start_together_on_an_empty_database_all_serve() {
    let database = Database::on_postgres();
    let programs: Vec<Program> = thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| Program::serve(&database.setting()))).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });

    let id = programs[0].client.user("ada");

    for program in &programs {
        assert_eq!(program.client.get(&format!("/Users/{id}")).status, 200);
    }
    let applied = "SELECT version FROM schema_migrations ORDER BY version";
    assert_eq!(
        database.ask(applied),
        [
            ["0"],
            ["1"],
            ["2"],
            ["3"],
            ["4"],
            ["5"],
            ["6"],
            ["7"],
            ["8"],
            ["9"],
            ["10"],
            ["11"],
            ["12"],
            ["13"],
            ["14"],
            ["15"],
            ["16"]
        ]
    );
    assert_eq!(database.number("SELECT count(*) FROM organizations"), 1);
    assert_eq!(database.number("SELECT count(*) FROM tokens"), 1);
}

#[test]
fn no_acknowledged_user_is_lost_when_the_database_crashes() {
    const CRASHES: usize = 10;
    const ACKNOWLEDGED: usize = 30;
    const WRITERS: usize = 4;
    let cluster = Cluster::start(&["fsync=on", "synchronous_commit=on", "full_page_writes=on"]);
    let database = Database::at(&cluster.url);
    let mut program = Program::serve(&database.setting());
    let kept: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());
    let refused = Mutex::new(0);
    let stop = AtomicBool::new(false);
    let (acknowledge, acknowledged) = mpsc::channel();

    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (client, kept, refused, stop, acknowledge) =
                (program.client.clone(), &kept, &refused, &stop, acknowledge.clone());
            scope.spawn(move || {
                for n in 0.. {
                    let name = format!("user-{writer}-{n}");
                    let reply = client.post("/Users", &user(&name));
                    match reply.status {
                        201 => {
                            let id = reply.json()["id"].as_str().unwrap().to_owned();
                            kept.lock().unwrap().push((name, id));
                            let _ = acknowledge.send(());
                        }
                        _ => {
                            assert_unavailable(&reply);
                            *refused.lock().unwrap() += 1;
                        }
                    }
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        for _ in 0..CRASHES {
            (0..ACKNOWLEDGED).for_each(|_| acknowledged.recv().unwrap());
            cluster.run("crash");
        }
        (0..ACKNOWLEDGED).for_each(|_| acknowledged.recv().unwrap());
        stop.store(true, Ordering::Relaxed);
    });

    let kept = kept.into_inner().unwrap();
    println!(
        "{} users acknowledged over {CRASHES} crashes, {} requests refused with 503",
        kept.len(),
        refused.into_inner().unwrap()
    );
    assert!(program.child.try_wait().unwrap().is_none(), "the server was not restarted");
    for (name, id) in &kept {
        assert_eq!(program.client.get(&format!("/Users/{id}")).json()["userName"], json!(name));
    }
    let all = program.client.get("/Users?count=0").json()["totalResults"].as_i64().unwrap();
    assert_eq!(database.number("SELECT count(*) FROM users"), all, "the counter and the rows agree");
    assert_eq!(database.number("SELECT count(*) FROM events WHERE kind = 'user.created'"), all);
}

#[test]
fn a_wild_day_over_two_processes_and_a_crashing_database_leaves_everything_whole() {
    const CLIENTS: usize = 8;
    const CRASHES: usize = 4;
    let cluster = Cluster::start(&["fsync=on", "synchronous_commit=on", "full_page_writes=on"]);
    let database = Database::at(&cluster.url);
    let processes = [Program::serve(&database.setting()), Program::serve(&database.setting())];
    let (known, stop) = (Known::default(), AtomicBool::new(false));

    thread::scope(|scope| {
        for n in 0..CLIENTS {
            let (client, known, stop) = (&processes[n % 2].client, &known, &stop);
            scope.spawn(move || {
                let (mut dice, mut statuses) = (Dice::new(n as u64 + 101), BTreeMap::new());
                while !stop.load(Ordering::Relaxed) {
                    step(client, known, &mut dice, &mut statuses);
                }
            });
        }
        for _ in 0..CRASHES {
            thread::park_timeout(Duration::from_millis(700));
            cluster.run("crash");
        }
        thread::park_timeout(Duration::from_millis(300));
        stop.store(true, Ordering::Relaxed);
    });

    assert!(database.number("SELECT count(*) FROM events") > 100);
    assert_whole(&database, &processes[0].client);
}

#[test]
fn a_database_that_is_away_at_the_start_is_told_of_or_waited_for() {
    let cluster = Cluster::start(&[]);
    let database = Database::at(&cluster.url);
    let place = cluster.url.strip_prefix("postgres://roster@").unwrap();
    let with_password = database.setting().replace("roster@", "roster:s3cret@");
    cluster.run("halt");

    let began = Instant::now();
    let ended =
        Program::start(serve(&with_password).args(["--listen", "127.0.0.1:0"]).stderr(Stdio::piped()));
    let ended = ended.map(drop).unwrap_err();
    assert_eq!(ended.status.code(), Some(1));
    assert!(began.elapsed() < Duration::from_secs(10));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("cannot be reached") && said.contains(place.split('/').next().unwrap()), "{said}");
    assert!(!said.contains("s3cret"), "{said}");

    let waits = thread::spawn(move || {
        let arguments = ["--listen", "127.0.0.1:0", "--database-wait", "60"];
        Program::start(serve(&with_password).args(arguments).stderr(Stdio::null()))
    });
    thread::park_timeout(Duration::from_secs(1));
    cluster.run("again");
    let program = waits.join().unwrap().unwrap();
    assert_eq!(program.client.post("/Users", &user("ada")).status, 201);
}

#[test]
fn a_database_that_goes_away_is_503_until_it_is_back() {
    let cluster = Cluster::start(&["synchronous_commit=on"]);
    let database = Database::at(&cluster.url);
    let log = database.directory.path().join("log");
    let with_password = database.setting().replace("roster@", "roster:s3cret@");
    let mut command = serve(&with_password);
    command.args(["--listen", "127.0.0.1:0"]).env("ROSTER_LOG", "trace");
    let program = Program::start(command.stderr(fs::File::create(&log).unwrap())).unwrap();
    let path = format!("/Users/{}", program.client.user("ada"));
    let probe = |name: &str| {
        let reply =
            ureq::get(format!("{}{name}", program.client.root)).config().http_status_as_error(false).build();
        reply.call().unwrap().status().as_u16()
    };
    assert_eq!((probe("/healthz"), probe("/readyz")), (200, 200));

    cluster.run("halt");
    let began = Instant::now();
    for reply in [
        program.client.get(&path),
        program.client.get("/Users?filter=title%20pr"),
        program.client.post("/Users", &user("bob")),
        program.client.delete(&path),
    ] {
        assert_unavailable(&reply);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert_eq!((probe("/healthz"), probe("/readyz")), (200, 503));

    cluster.run("again");
    assert_eq!(probe("/readyz"), 200);
    assert_eq!(program.client.get(&path).status, 200);
    assert_eq!(program.client.post("/Users", &user("bob")).status, 201);
    assert_eq!(program.client.get("/Users").json()["totalResults"], 2);
    drop(program);
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("Connection refused") && !log.contains("s3cret"));
}

#[test]
fn requests_wait_for_a_connection_a_bounded_time() {
    const CLIENTS: usize = 12;
    let database = Database::on_postgres();
    let mut options = database.options();
    options.connections = 2;
    options.statement_timeout = Duration::from_secs(8);
    let app = App::new(Store::connect(&options, 0).unwrap(), roster::clock::Clock::System);
    let setting = database.setting();
    let server = Server::with(database, app, Profile::Standard);
    let (held, holds) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();

    let replies: Vec<Reply> = thread::scope(|scope| {
        let lock = "LOCK TABLE users IN ACCESS EXCLUSIVE MODE";
        scope.spawn(move || hold(&setting, lock, &held, &released));
        holds.recv().unwrap();
        let began = Instant::now();
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| scope.spawn(|| server.client.post("/Users", &user("ada")))).collect();
        let replies = clients.into_iter().map(|client| client.join().unwrap()).collect();
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
        release.send(()).unwrap();
        replies
    });

    replies.iter().for_each(assert_unavailable);
    assert_eq!(server.client.get("/Users").json()["totalResults"], 0, "nothing is half done");
    assert_eq!(server.client.post("/Users", &user("ada")).status, 201);
}

/// Locks something until it is told to let go.
fn hold(url: &str, lock: &str, held: &mpsc::Sender<()>, released: &mpsc::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(&format!("BEGIN; {lock}")).await.unwrap();
        held.send(()).unwrap();
        released.recv().unwrap();
        client.batch_execute("ROLLBACK").await.unwrap();
    });
}

#[test]
fn it_all_works_through_a_pooler() {
    let directory = tempfile::tempdir().unwrap();
    open_to_all(&directory);
    let place = directory.path().join("pooler").to_str().unwrap().to_owned();
    let database = Database::on_postgres();
    let url = cluster(&["pooler", &place, &database.setting()]);
    let _ends = Unpool(&place);
    let mut unaware = serve(&url);
    let ended = Program::start(unaware.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::piped()))
        .map(drop)
        .unwrap_err();
    assert!(String::from_utf8(ended.stderr).unwrap().contains("--database-pooler"));
    let mut command = serve(&url);
    let program =
        Program::start(command.args(["--listen", "127.0.0.1:0", "--database-pooler"]).stderr(Stdio::null()))
            .unwrap();
    let users: Vec<String> = (0..32).map(|n| program.client.user(&format!("user-{n}"))).collect();
    let group = program.client.group("Crew", &[]);

    // more requests at a time than the pooler has connections
    thread::scope(|scope| {
        for user in &users {
            let (client, path) = (&program.client, format!("/Groups/{group}"));
            let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
            scope.spawn(move || assert_eq!(client.patch(&path, &add).status, 200));
        }
    });

    assert_eq!(program.client.members(&group).len(), users.len());
    for id in users {
        program.client.delete(&format!("/Users/{id}"));
    }
    program.client.delete(&format!("/Groups/{group}"));
    cases_hold(&program.client, conformance::Profile::Standard);
}

struct Unpool<'p>(&'p str);

impl Drop for Unpool<'_> {
    fn drop(&mut self) {
        let _ = Command::new("tests/cluster").args(["unpool", self.0]).status();
    }
}

#[test]
fn a_database_of_another_encoding_is_refused() {
    let server = test_server().unwrap();
    let name = format!("roster_{}_ascii", std::process::id());
    ask(&server, &format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII'"));
    let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);

    let mut command = serve(&url);
    let ended = Program::start(command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::piped()));

    let ended = ended.map(drop).unwrap_err();
    ask(&server, &format!("DROP DATABASE {name}"));
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8(ended.stderr).unwrap().contains("UTF8"));
}
