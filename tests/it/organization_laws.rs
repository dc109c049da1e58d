//! What holds of an organization whatever anybody does, in whatever order and at one time.
//!
//! Everybody who can ask for anything asks for random things, on several threads. Afterwards: an organization that had an
//! active admin has one; nobody has a seat that the license does not have; nobody but an admin changed anybody's role in
//! the organization; whoever was removed is known for ever; and the counters say what the rows say.

use crate::{
    keys::{Api, issue, machine, person},
    oracles::number,
    support::{Client, ORGANIZATION, Server, USER},
};
use fastrand::Rng;
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Mutex, thread};

const THREADS: u64 = 6;
const STEPS: usize = 60;
const FULL: i64 = 12;
const VIEWER: i64 = 3;

/// Everybody who asks, and everything that is asked about.
struct World<'w> {
    server: &'w Server,
    /// May change roles, seats and who is here, as long as they are admins.
    admins: Vec<Api>,
    /// Never become admins: nobody makes them any.
    others: Vec<(&'static str, Api)>,
    /// Users whom anybody may change.
    users: Mutex<Vec<String>>,
    teams: Vec<String>,
    /// Whom a DELETE that was answered with success removed.
    removed: Mutex<HashSet<String>>,
}

impl World<'_> {
    fn any_user(&self, rng: &mut Rng) -> String {
        let users = self.users.lock().unwrap();
        users[rng.usize(..users.len())].clone()
    }

    /// Something over SCIM.
    fn provision(&self, client: &Client, rng: &mut Rng) {
        let id = self.any_user(rng);
        let path = format!("/Users/{id}");
        let role = rng.choice(["admin", "member", "viewer"]).unwrap();
        let seat = rng.choice(["full", "viewer", "none"]).unwrap();
        match rng.u8(..7) {
            0 => {
                let body = json!({"schemas": [USER, ORGANIZATION], "userName": format!("u{}", rng.u64(..)),
                    ORGANIZATION: {"organizationRole": role, "seat": seat}});
                let made = client.post("/Users", &body);
                if made.status == 201 {
                    self.users.lock().unwrap().push(made.json()["id"].as_str().unwrap().to_owned());
                } else {
                    assert_eq!(made.status, 403, "{}", made.json());
                }
            }
            1 => {
                if client.delete(&path).status == 204 {
                    self.removed.lock().unwrap().insert(id);
                }
            }
            2 => drop(
                client.patch(&path, &json!([{"op": "replace", "path": "organizationRole", "value": role}])),
            ),
            3 => drop(client.patch(&path, &json!([{"op": "replace", "path": "seat", "value": seat}]))),
            4 => {
                drop(client.patch(&path, &json!([{"op": "replace", "path": "active", "value": rng.bool()}])))
            }
            5 => {
                let members = json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
                let team = &self.teams[rng.usize(..self.teams.len())];
                drop(client.patch(&format!("/Groups/{team}"), &members));
            }
            _ => {
                let body =
                    json!({"schemas": [USER], "userName": format!("p{}", rng.u64(..)), "active": rng.bool()});
                drop(client.put(&path, &body));
            }
        }
    }

    /// Something by the API; says the status.
    fn ask(&self, api: &Api, rng: &mut Rng) -> (u16, &'static str) {
        let id = self.any_user(rng);
        let team = self.teams[rng.usize(..self.teams.len())].clone();
        let role = rng.choice(["admin", "member", "viewer"]).unwrap();
        match rng.u8(..7) {
            0 => {
                let body = json!({"organizationRole": role});
                (api.send("PUT", &format!("/users/{id}/organization-role"), &[], &body).status, "role")
            }
            1 => {
                let body = json!({"seat": rng.choice(["full", "viewer", "none"]).unwrap()});
                (api.send("PUT", &format!("/users/{id}/seat"), &[], &body).status, "seat")
            }
            2 => (api.patch(&format!("/users/{id}"), &json!({"active": rng.bool()})).status, "active"),
            3 => {
                let gone = api.delete(&format!("/users/{id}")).status;
                if gone == 204 {
                    self.removed.lock().unwrap().insert(id);
                }
                (gone, "remove")
            }
            4 => (api.patch("/settings", &json!({"seatOverflow": "refuse"})).status, "settings"),
            5 => {
                let body = json!({"user": id, "role": rng.choice(["admin", "member"]).unwrap()});
                (api.post(&format!("/teams/{team}/members"), &body).status, "team")
            }
            _ => (api.delete(&format!("/teams/{team}/members/{id}")).status, "team"),
        }
    }
}

#[test]
fn whatever_everybody_does_at_once_an_admin_is_left_seats_suffice_and_the_removed_are_known() {
    let server = Server::standard();
    let roots = ["root", "second"].map(|name| person(&server, name, "admin"));
    let admins: Vec<Api> = roots.iter().map(|id| issue(&server, id, "")).collect();
    let mut first: Vec<String> = (0..6).map(|n| person(&server, &format!("first{n}"), "member")).collect();
    // admins are changed and removed like everybody else, also by themselves
    first.extend(roots);
    let teams: Vec<String> = ["a", "b"].map(|name| server.client.group(name, &first[..2])).into();
    let (member, viewer) = (person(&server, "member", "member"), person(&server, "viewer", "viewer"));
    let settings = json!({"license": {"full": FULL, "viewer": VIEWER}, "viewerKeys": true});
    assert_eq!(admins[0].patch("/settings", &settings).status, 200);
    let others = vec![
        ("member", issue(&server, &member, "")),
        ("viewer", issue(&server, &viewer, "read")),
        ("team service account", issue(&server, &machine(&server, "team-robot", Some(&teams[0])), "")),
    ];
    let world =
        World { server: &server, admins, others, users: Mutex::new(first), teams, removed: Mutex::default() };
    let seed = number("ROSTER_ORACLE_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("organization laws: ROSTER_ORACLE_SEED={seed}");

    thread::scope(|scope| {
        for n in 0..THREADS {
            let world = &world;
            scope.spawn(move || {
                let mut rng = Rng::with_seed(seed.wrapping_add(n));
                for _ in 0..STEPS {
                    match rng.u8(..4) {
                        0 | 1 => world.provision(&world.server.client, &mut rng),
                        2 => {
                            let admin = &world.admins[rng.usize(..world.admins.len())];
                            world.ask(admin, &mut rng);
                        }
                        _ => {
                            let (who, api) = &world.others[rng.usize(..world.others.len())];
                            let (status, what) = world.ask(api, &mut rng);
                            assert!(
                                status >= 400,
                                "{who} was let: {what} was answered {status}; seed {seed}"
                            );
                        }
                    }
                }
            });
        }
    });

    check(&world, seed);
}

fn check(world: &World<'_>, seed: u64) {
    let database = &world.server.database;
    let live = "active AND account_type = 'user'";
    let admins =
        database.number(&format!("SELECT count(*) FROM users WHERE {live} AND organization_role = 'admin'"));
    assert!(admins >= 1, "nobody is an admin any more; seed {seed}");
    for (seat, limit) in [("full", FULL), ("viewer", VIEWER)] {
        let taken = database.number(&format!("SELECT count(*) FROM users WHERE {live} AND seat = '{seat}'"));
        assert!(taken <= limit, "{taken} of {limit} {seat} seats; seed {seed}");
        let counted = format!(
            "SELECT CAST(coalesce(sum(value), 0) AS BIGINT) FROM counters WHERE name = 'seats.{seat}'"
        );
        assert_eq!(database.number(&counted), taken, "the counter of {seat} seats; seed {seed}");
    }
    let counted = "SELECT CAST(coalesce(sum(value), 0) AS BIGINT) FROM counters WHERE name = 'admins'";
    assert_eq!(database.number(counted), admins, "the counter of admins; seed {seed}");
    for id in world.removed.lock().unwrap().iter() {
        let known = database.number(&format!("SELECT count(*) FROM tombstones WHERE id = '{id}'"));
        assert_eq!(known, 1, "{id} was removed and is forgotten; seed {seed}");
    }
    let actors = world.others.iter().map(|(_, api)| api.get("/me").json()["id"].clone());
    for actor in actors.filter(|id| !id.is_null()) {
        let id: Value = actor;
        let changes = format!(
            "SELECT count(*) FROM events WHERE actor = '{}' AND kind LIKE 'user.%'",
            id.as_str().unwrap()
        );
        assert_eq!(database.number(&changes), 0, "seed {seed}");
    }
}
