//! What was answered 201 is there, whatever happens to the process.

use crate::{
    database::{self, Database},
    support::{Program, USER},
};
use serde_json::json;
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

#[test]
fn r_172_no_acknowledged_user_is_lost_when_the_process_is_killed() {
    const KILLS: usize = 20;
    const ACKNOWLEDGED: usize = 40;
    let database = Database::fresh();
    let kept: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

    for round in 0..KILLS {
        let mut program = Program::serve(&database.setting());
        let stop = AtomicBool::new(false);
        let (acknowledge, acknowledged) = mpsc::channel();
        thread::scope(|scope| {
            for writer in 0..4 {
                let (client, stop, kept, acknowledge) =
                    (program.client.clone(), &stop, &kept, acknowledge.clone());
                scope.spawn(move || {
                    for n in 0.. {
                        let name = format!("user-{round}-{writer}-{n}");
                        let Some(id) = create(&client.root, &client.token, &name) else { return };
                        kept.lock().unwrap().push((name, id));
                        let _ = acknowledge.send(());
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                    }
                });
            }
            for _ in 0..ACKNOWLEDGED {
                acknowledged.recv().unwrap();
            }
            program.kill();
            stop.store(true, Ordering::Relaxed);
        });
    }

    let kept = kept.into_inner().unwrap();
    assert!(kept.len() >= KILLS * ACKNOWLEDGED);
    let program = Program::serve(&database.setting());
    for (name, id) in &kept {
        let user = program.client.get(&format!("/Users/{id}")).json();
        assert_eq!(user["userName"], json!(name));
        assert_eq!(user["meta"]["version"], json!("W/\"1\""));
    }
    let all = program.client.get("/Users?count=0").json()["totalResults"].as_u64().unwrap();
    let found = program.client.get("/Users?count=0&filter=meta.created%20pr").json();
    assert!(all >= kept.len() as u64);
    assert_eq!(found["totalResults"], json!(all), "the counter and the rows agree");
    drop(program);
    if database::test_server().is_none() {
        check_file(&database.file());
    }
}

/// Creates a user; `None` once the server is gone.
fn create(root: &str, token: &str, name: &str) -> Option<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let body = json!({"schemas": [USER], "userName": name}).to_string();
    let mut reply = agent
        .post(format!("{root}/scim/v2/Users"))
        .header("Authorization", format!("Bearer {token}"))
        .header("Content-Type", "application/scim+json")
        .send(body.as_bytes())
        .ok()?;
    assert_eq!(reply.status().as_u16(), 201);
    let user: serde_json::Value = serde_json::from_slice(&reply.body_mut().read_to_vec().ok()?).ok()?;
    Some(user["id"].as_str()?.to_owned())
}

fn check_file(database: &std::path::Path) {
    let connection = rusqlite::Connection::open(database).unwrap();
    let integrity: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok");
    let mut broken = connection.prepare("PRAGMA foreign_key_check").unwrap();
    assert!(broken.query([]).unwrap().next().unwrap().is_none());
}
