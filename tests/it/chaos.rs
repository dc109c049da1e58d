//! Everything at once, at random: whatever the order, what is kept fits together.

use crate::{
    database::Database,
    support::{Client, GROUP, Server, USER},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    thread,
};

const CLIENTS: usize = 8;
const STEPS: usize = 60;
const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// A small generator: the same seed, the same day.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        if of.is_empty() { None } else { Some(of[self.below(of.len())].clone()) }
    }
}

/// The ids that clients know of; some are gone by the time they are used.
#[derive(Default)]
pub(crate) struct Known {
    users: Mutex<Vec<String>>,
    groups: Mutex<Vec<String>>,
}

impl Known {
    fn user(&self, dice: &mut Dice) -> String {
        dice.one(&self.users.lock().unwrap()).unwrap_or_else(|| "nobody".to_owned())
    }

    fn group(&self, dice: &mut Dice) -> String {
        dice.one(&self.groups.lock().unwrap()).unwrap_or_else(|| "none".to_owned())
    }
}

/// Does one thing, and counts how it was answered.
pub(crate) fn step(client: &Client, known: &Known, dice: &mut Dice, statuses: &mut BTreeMap<u16, usize>) {
    let name = format!("name-{}", dice.below(40));
    let members = |dice: &mut Dice| -> Value {
        let n = dice.below(4);
        (0..n).map(|_| json!({"value": known.user(dice)})).collect()
    };
    let reply = match dice.below(12) {
        0..=2 => {
            let mail = json!([{"value": format!("{name}@example.com"), "type": "work"}]);
            let reply = client.post(
                "/Users",
                &json!({"schemas": [USER], "userName": name, "externalId": name, "emails": mail}),
            );
            if reply.status == 201 {
                known.users.lock().unwrap().push(reply.json()["id"].as_str().unwrap().to_owned());
            }
            reply
        }
        3 => {
            let reply = client
                .post("/Groups", &json!({"schemas": [GROUP], "displayName": name, "members": members(dice)}));
            if reply.status == 201 {
                known.groups.lock().unwrap().push(reply.json()["id"].as_str().unwrap().to_owned());
            }
            reply
        }
        4 | 5 => {
            let add = json!([{"op": "add", "path": "members", "value": members(dice)}]);
            client.patch(&format!("/Groups/{}", known.group(dice)), &add)
        }
        6 => {
            let member = json!([{"value": known.group(dice)}]);
            let add = json!([{"op": "add", "path": "members", "value": member}]);
            client.patch(&format!("/Groups/{}", known.group(dice)), &add)
        }
        7 => {
            let path = format!("members[value eq \"{}\"]", known.user(dice));
            client.patch(&format!("/Groups/{}", known.group(dice)), &json!([{"op": "remove", "path": path}]))
        }
        8 => client.put(
            &format!("/Groups/{}", known.group(dice)),
            &json!({"schemas": [GROUP], "displayName": name, "members": members(dice)}),
        ),
        9 => {
            let manager = json!({"value": known.user(dice)});
            let set = json!([{"op": "add", "path": MANAGER, "value": manager},
                             {"op": "replace", "path": "userName", "value": name}]);
            client.patch(&format!("/Users/{}", known.user(dice)), &set)
        }
        10 => client.delete(&format!("/Users/{}", known.user(dice))),
        _ => client.delete(&format!("/Groups/{}", known.group(dice))),
    };
    *statuses.entry(reply.status).or_default() += 1;
    assert!([200, 201, 204, 400, 404, 409, 503].contains(&reply.status), "{}", reply.json());
}

/// Whatever happened: what refers to something finds it, and what is counted is there.
pub(crate) fn assert_whole(database: &Database, client: &Client) {
    for (wrong, sql) in [
        (
            "members who are nobody",
            "SELECT count(*) FROM memberships m WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = m.member)
                AND NOT EXISTS (SELECT 1 FROM teams t WHERE t.id = m.member AND t.archived_at IS NULL)",
        ),
        (
            "miscounted teams",
            "SELECT count(*) FROM teams t
              WHERE t.members <> (SELECT count(*) FROM memberships m WHERE m.team = t.id)",
        ),
        (
            "values of users who are gone",
            "SELECT count(*) FROM attribute_index a WHERE a.resource_type = 'User'
                AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = a.resource)",
        ),
        (
            "users whose external id is not indexed once",
            "SELECT count(*) FROM users u WHERE 1 <> (SELECT count(*) FROM attribute_index a
                WHERE a.resource = u.id AND a.attribute = 'externalId')",
        ),
        (
            "users created without an event, or twice",
            "SELECT count(*) FROM users u WHERE 1 <> (SELECT count(*) FROM events e
                WHERE e.resource = u.id AND e.kind = 'user.created')",
        ),
        (
            "removed users without a tombstone and an event",
            "SELECT count(*) FROM tombstones t WHERE 1 <> (SELECT count(*) FROM events e
                WHERE e.resource = t.id AND e.kind = 'user.removed')",
        ),
        (
            "versions without their events",
            "SELECT count(*) FROM users u WHERE u.version <> 1 + (SELECT count(*) FROM events e
                WHERE e.resource = u.id AND e.kind = 'user.changed')",
        ),
        (
            "versions of teams without their events",
            "SELECT count(*) FROM teams t WHERE t.version <> 1 + (SELECT count(*) FROM events e
                WHERE e.resource = t.id AND e.kind = 'team.changed')",
        ),
        (
            "circles of teams",
            "SELECT count(*) FROM (
               WITH RECURSIVE up (start, team, level) AS (
                 SELECT member, team, 1 FROM memberships WHERE member_type = 'Group'
                 UNION
                 SELECT up.start, m.team, up.level + 1 FROM up JOIN memberships m ON m.member = up.team
                  WHERE up.level < 50)
               SELECT 1 FROM up WHERE start = team) AS circles",
        ),
    ] {
        assert_eq!(database.number(sql), 0, "{wrong}");
    }
    for (path, table) in [("/Users", "users"), ("/Groups", "teams WHERE archived_at IS NULL")] {
        let counted = client.get(&format!("{path}?count=0")).json()["totalResults"].as_i64().unwrap();
        let looked_at = client.get(&format!("{path}?count=0&filter=id%20pr")).json()["totalResults"].as_i64();
        let rows = database.number(&format!("SELECT count(*) FROM {table}"));
        assert_eq!((counted, looked_at), (rows, Some(rows)), "{path}");
    }
}

#[test]
fn a_wild_day_leaves_everything_whole() {
    let server = Server::standard();
    let known = Arc::new(Known::default());

    let mut all: BTreeMap<u16, usize> = BTreeMap::new();
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                let (client, known) = (&server.client, known.clone());
                scope.spawn(move || {
                    let mut dice = Dice::new(n as u64 + 1);
                    let mut statuses = BTreeMap::new();
                    (0..STEPS).for_each(|_| step(client, &known, &mut dice, &mut statuses));
                    statuses
                })
            })
            .collect();
        for client in clients {
            for (status, n) in client.join().unwrap() {
                *all.entry(status).or_default() += n;
            }
        }
    });

    println!("{all:?}");
    assert!([200, 201, 204].iter().all(|status| all.get(status).is_some_and(|n| *n > 10)), "{all:?}");
    assert_eq!(all.get(&503), None, "nothing stood in the way");
    assert_whole(&server.database, &server.client);
}
