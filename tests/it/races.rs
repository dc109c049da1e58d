//! Many requests at once: nothing accepted is lost, nothing happens twice.

use crate::support::{Client, Server, USER};
use roster::scim::Profile;
use serde_json::json;
use std::{collections::BTreeSet, thread};

/// How many clients act at once.
const CLIENTS: usize = 64;

#[test]
fn parallel_additions_to_one_group_all_stay() {
    assert!(parallel_additions_stay(&Server::standard().client));
}

/// Whether everybody is in whom many clients at once have put into one group.
pub(crate) fn parallel_additions_stay(client: &Client) -> bool {
    let users: Vec<String> = (0..CLIENTS).map(|n| client.user(&format!("user-{n}"))).collect();
    let group = client.group("Crew", &[]);

    let statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = users
            .iter()
            .map(|user| {
                let group = &group;
                scope.spawn(move || {
                    let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
                    client.patch(&format!("/Groups/{group}"), &add).status
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });

    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let mut expected = users;
    expected.sort();
    client.members(&group) == expected
}

#[test]
fn parallel_additions_and_removals_leave_what_each_client_did_last() {
    const ROUNDS: usize = 8;
    let server = Server::standard();
    let users: Vec<String> = (0..CLIENTS).map(|n| server.user(&format!("user-{n}"))).collect();
    let group = server.client.group("Crew", &users[..CLIENTS / 2]);

    // every client has a member of its own, so what must stand at the end is known
    let stays: Vec<bool> = thread::scope(|scope| {
        let clients: Vec<_> = users
            .iter()
            .enumerate()
            .map(|(n, user)| {
                let (client, path) = (&server.client, format!("/Groups/{group}"));
                scope.spawn(move || {
                    let mut random = n as u64 + 1;
                    let mut is_member = n < CLIENTS / 2;
                    for _ in 0..ROUNDS {
                        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        is_member = random >> 63 == 1;
                        let operation = match is_member {
                            true => json!([{"op": "add", "path": "members", "value": [{"value": user}]}]),
                            false => {
                                json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}])
                            }
                        };
                        assert_eq!(client.patch(&path, &operation).status, 200);
                    }
                    is_member
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });

    let expected: BTreeSet<&String> =
        users.iter().zip(&stays).filter(|(_, stays)| **stays).map(|(user, _)| user).collect();
    let members = server.client.members(&group);
    assert_eq!(members.iter().collect::<BTreeSet<_>>(), expected);
    assert!(stays.contains(&true) && stays.contains(&false));
}

#[test]
fn r_127_of_many_parallel_creations_of_one_name_one_succeeds() {
    const NAMES: usize = 20;
    const EACH: usize = 10;
    let server = Server::standard();

    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let clients: Vec<_> = (0..NAMES * EACH)
            .map(|n| {
                let client = &server.client;
                scope.spawn(move || {
                    let name = format!("name-{}", n % NAMES);
                    let reply = client.post("/Users", &json!({"schemas": [USER], "userName": name}));
                    if reply.status != 201 {
                        assert_eq!(reply.error(), (409, "uniqueness".to_owned()));
                    }
                    reply.status
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });

    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), NAMES);
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), NAMES * (EACH - 1));
    assert_eq!(server.client.get("/Users?count=0").json()["totalResults"], json!(NAMES));
    assert_eq!(server.client.get("/Users?filter=id%20pr").json()["totalResults"], json!(NAMES));
}

#[test]
fn r_376_one_patch_of_many_members_and_many_of_one_end_alike() {
    let server = Server::standard();
    let users: Vec<String> = (0..50).map(|n| server.user(&format!("user-{n}"))).collect();
    let (slow, fast) = (server.client.group("Slow", &[]), server.client.group("Fast", &[]));
    let member = |user: &String| json!({"op": "add", "path": "members", "value": {"value": user}});

    thread::scope(|scope| {
        for user in &users {
            let (client, path) = (&server.client, format!("/Groups/{slow}"));
            scope.spawn(move || assert_eq!(client.patch(&path, &json!([member(user)])).status, 200));
        }
    });
    let all: Vec<_> = users.iter().map(member).collect();
    assert_eq!(server.client.patch(&format!("/Groups/{fast}"), &json!(all)).status, 200);

    assert_eq!(server.client.members(&slow).len(), 50);
    assert_eq!(server.client.members(&slow), server.client.members(&fast));
}

#[test]
fn r_486_of_two_writers_with_one_version_exactly_one_wins() {
    let server = Server::standard();
    let id = server.user("ada");
    let path = format!("/Users/{id}");

    for round in 0..24 {
        let tag = server.client.get(&path).header("ETag").to_owned();
        let put = |title: String| {
            let body = json!({"schemas": [USER], "userName": "ada", "title": title}).to_string();
            let headers = [("If-Match", tag.as_str()), ("Content-Type", "application/scim+json")];
            server.client.send("PUT", &path, &headers, body.as_bytes())
        };
        let replies = thread::scope(|scope| {
            let left = scope.spawn(|| put(format!("left {round}")));
            let right = scope.spawn(|| put(format!("right {round}")));
            [left.join().unwrap(), right.join().unwrap()]
        });

        let winner = replies.iter().find(|reply| reply.status == 200).unwrap();
        assert_eq!(replies.iter().filter(|reply| reply.status == 412).count(), 1);
        assert_eq!(server.client.get(&path).json()["title"], winner.json()["title"]);
    }
}

#[test]
fn two_groups_that_take_each_other_in_at_one_time_make_no_circle() {
    let server = Server::standard();
    for round in 0..8 {
        let left = server.client.group(&format!("left {round}"), &[]);
        let right = server.client.group(&format!("right {round}"), &[]);
        let take_in = |holder: &str, member: &str| {
            let add = json!([{"op": "add", "path": "members", "value": [{"value": member}]}]);
            server.client.patch(&format!("/Groups/{holder}"), &add).status
        };

        let mut statuses = thread::scope(|scope| {
            let one = scope.spawn(|| take_in(&left, &right));
            let other = scope.spawn(|| take_in(&right, &left));
            [one.join().unwrap(), other.join().unwrap()]
        });

        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
    }
}

#[test]
fn who_is_deleted_while_joining_dangles_nowhere() {
    let server = Server::standard();
    let users: Vec<String> = (0..24).map(|n| server.user(&format!("user-{n}"))).collect();
    let groups: Vec<String> = (0..3).map(|n| server.client.group(&format!("group {n}"), &[])).collect();

    thread::scope(|scope| {
        for user in &users {
            for group in &groups {
                let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
                let client = &server.client;
                scope.spawn(move || assert_eq!(client.patch(&format!("/Groups/{group}"), &add).status, 200));
            }
            let client = &server.client;
            scope.spawn(move || assert_eq!(client.delete(&format!("/Users/{user}")).status, 204));
        }
    });

    for group in &groups {
        assert_eq!(server.client.members(group), Vec::<String>::new());
    }
    assert_eq!(server.database.number("SELECT count(*) FROM memberships"), 0);
    assert_eq!(server.database.number("SELECT sum(members) FROM teams"), 0);
}

#[test]
fn a_manager_who_leaves_while_reports_change_is_nobodys_manager() {
    let server = Server::start(Profile::Strict, |_| {});
    let boss = server.user("boss");
    let users: Vec<String> = (0..16).map(|n| server.user(&format!("user-{n}"))).collect();
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

    thread::scope(|scope| {
        for user in &users {
            let set = json!([{"op": "add", "path": manager, "value": {"value": boss}}]);
            let client = &server.client;
            scope.spawn(move || {
                let reply = client.patch(&format!("/Users/{user}"), &set);
                assert!([200, 400].contains(&reply.status), "{}", reply.json());
            });
        }
        scope.spawn(|| assert_eq!(server.client.delete(&format!("/Users/{boss}")).status, 204));
    });

    assert_eq!(server.database.number("SELECT count(*) FROM users WHERE manager IS NOT NULL"), 0);
}
