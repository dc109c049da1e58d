//! A COMMIT whose answer is lost: the client is told the truth, and nothing happens twice.

use super::user;
use crate::{
    database::Database,
    support::{Client, Program, Reply},
};
use serde_json::json;
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

/// What becomes of the next COMMIT of a transaction that writes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// The server commits; its answer gets lost.
    AnswerLost,
    /// It never arrives.
    Lost,
    /// It arrives late, long after the client has seen its connection break.
    Late,
}

/// A wire to the database that breaks when it is told to.
struct Wire {
    port: u16,
    fate: Arc<Mutex<Option<Fate>>>,
}

impl Wire {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let fate = Arc::new(Mutex::new(None));
        let shared = fate.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (server, fate) = (TcpStream::connect(&server).unwrap(), shared.clone());
                let client = client.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                thread::spawn(move || carry(client, server, &fate));
            }
        });
        Self { port, fate }
    }
}

/// Carries what both sides say until one of them ends, or fate strikes.
fn carry(mut client: TcpStream, mut server: TcpStream, fate: &Mutex<Option<Fate>>) {
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let (answered, answers) = channel();
    thread::spawn(move || hand_back(&mut from_server, &mut to_client, &answered));
    let mut writes = false;
    let mut bytes = [0; 64 * 1024];
    while let Ok(n @ 1..) = client.read(&mut bytes) {
        let said = &bytes[..n];
        let says = |word: &[u8]| said.windows(word.len()).any(|window| window == word);
        if says(b"READ WRITE") || says(b"READ ONLY") {
            writes = says(b"READ WRITE");
        }
        let strikes = if writes && says(b"COMMIT") { fate.lock().unwrap().take() } else { None };
        if strikes.is_some() {
            let _ = client.shutdown(Shutdown::Both);
        }
        match strikes {
            None if server.write_all(said).is_ok() => continue,
            None | Some(Fate::Lost) => break,
            Some(Fate::Late) => thread::park_timeout(Duration::from_millis(1_500)),
            Some(Fate::AnswerLost) => {}
        }
        // what came before the COMMIT is answered; now the server answers that
        while answers.try_recv().is_ok() {}
        if server.write_all(said).is_ok() {
            let _ = answers.recv_timeout(Duration::from_secs(10));
        }
        break;
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
}

fn hand_back(server: &mut TcpStream, client: &mut TcpStream, answered: &Sender<()>) {
    let mut bytes = [0; 64 * 1024];
    while let Ok(n @ 1..) = server.read(&mut bytes) {
        let _ = client.write_all(&bytes[..n]);
        let _ = answered.send(());
    }
    let _ = client.shutdown(Shutdown::Both);
}

/// A server behind a wire.
fn served() -> (Database, Wire, Program) {
    let database = Database::on_postgres();
    let setting = database.setting();
    let address = setting.split(['@', '/']).nth(3).unwrap().to_owned();
    let wire = Wire::to(address.clone());
    let url = setting.replace(&address, &format!("127.0.0.1:{}", wire.port));
    let program = Program::serve(&url);
    (database, wire, program)
}

/// Does something whose COMMIT meets its fate.
fn under(fate: Fate, wire: &Wire, client: &Client, act: impl Fn(&Client) -> Reply) -> Reply {
    // its use is noted before, so that no other write is under way
    client.get("/Users");
    thread::park_timeout(Duration::from_millis(300));
    *wire.fate.lock().unwrap() = Some(fate);
    let reply = act(client);
    assert_eq!(*wire.fate.lock().unwrap(), None, "it struck");
    reply
}

#[test]
fn a_creation_whose_commit_is_not_answered_happens_once() {
    for fate in [Fate::AnswerLost, Fate::Lost, Fate::Late] {
        let (database, wire, program) = served();

        let reply = under(fate, &wire, &program.client, |client| client.post("/Users", &user("ada")));

        assert_eq!(reply.status, 201, "{fate:?}: {}", reply.json());
        let id = reply.json()["id"].clone();
        let users = program.client.get("/Users").json();
        assert_eq!((&users["totalResults"], &users["Resources"][0]["id"]), (&json!(1), &id), "{fate:?}");
        let events = "SELECT count(*) FROM events WHERE kind = 'user.created'";
        assert_eq!(database.number(events), 1, "{fate:?}");
    }
}

#[test]
fn a_change_whose_commit_is_not_answered_happens_once() {
    for fate in [Fate::AnswerLost, Fate::Lost, Fate::Late] {
        let (database, wire, program) = served();
        let ada = program.client.user("ada");
        let group = program.client.group("Crew", &[]);
        let path = format!("/Groups/{group}");
        let add = json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]);

        let reply = under(fate, &wire, &program.client, |client| client.patch(&path, &add));

        assert_eq!(reply.status, 200, "{fate:?}: {}", reply.json());
        assert_eq!(reply.json()["meta"]["version"], json!("W/\"2\""));
        assert_eq!(program.client.get(&path).json()["meta"]["version"], json!("W/\"2\""), "{fate:?}");
        assert_eq!(database.number("SELECT members FROM teams"), 1);
        assert_eq!(database.number("SELECT count(*) FROM events WHERE kind = 'team.changed'"), 1);
    }
}

#[test]
fn a_deletion_whose_commit_is_not_answered_is_no_404() {
    let (_database, wire, program) = served();
    let path = format!("/Users/{}", program.client.user("ada"));

    let reply = under(Fate::AnswerLost, &wire, &program.client, |client| client.delete(&path));

    assert_eq!(reply.status, 204);
    assert_eq!(program.client.get(&path).status, 404);
}
