//! What went wrong once, or nearly: members who are counted twice, admins who let themselves in, keys that outlive what
//! they were made for, teams that are hidden and told of all the same.

use crate::{
    keys::{Api, give_role, issue, machine, person},
    support::{GROUP, ORGANIZATION, Server, USER},
};
use serde_json::{Value, json};
use std::thread;

const NO_BODY: Value = Value::Null;

fn start() -> (Server, Api, String) {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    (server, admin, root)
}

fn patch(server: &Server, path: &str, operations: Value) -> u16 {
    server.client.patch(path, &operations).status
}

/// How many members a team says it has, and how many it has.
fn members(server: &Server, admin: &Api, team: &str) -> (i64, usize) {
    let said = admin.get(&format!("/teams/{team}")).json()["members"].as_i64().unwrap();
    (said, server.client.members(team).len())
}

/// Asks the same of all at once; how often each status was the answer.
fn at_once(n: usize, ask: impl Fn(usize) -> u16 + Sync) -> Vec<u16> {
    let mut statuses: Vec<u16> = thread::scope(|scope| {
        let all: Vec<_> = (0..n)
            .map(|n| {
                scope.spawn({
                    let ask = &ask;
                    move || ask(n)
                })
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    statuses.sort_unstable();
    statuses
}

#[test]
fn of_many_who_add_the_same_person_at_once_one_does_and_the_count_is_right() {
    let (server, admin, _) = start();
    let (ada, vision) = (server.user("ada"), server.client.group("vision", &[]));

    let statuses =
        at_once(8, |_| admin.post(&format!("/teams/{vision}/members"), &json!({"user": ada})).status);

    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(members(&server, &admin, &vision), (1, 1));
    for round in 0..5 {
        let (eve, team) =
            (server.user(&format!("eve{round}")), server.client.group(&format!("t{round}"), &[]));
        at_once(2, |n| match n {
            0 => patch(
                &server,
                &format!("/Groups/{team}"),
                json!([{"op": "add", "path": "members", "value": [{"value": eve}]}]),
            ),
            _ => patch(
                &server,
                &format!("/Users/{eve}"),
                json!([{"op": "add", "path": "teamRoles",
                "value": [{"teamName": format!("t{round}"), "roleName": "viewer"}]}]),
            ),
        });
        assert_eq!(members(&server, &admin, &team), (1, 1), "round {round}");
    }
}

#[test]
fn who_changes_themselves_many_times_at_once_waits_for_nobody_else() {
    let (server, admin, root) = start();
    let teams = ["a", "b"].map(|name| server.client.group(name, std::slice::from_ref(&root)));

    let statuses = at_once(16, |n| {
        let body = json!({"team": teams[n % 2]});
        match n % 4 {
            0 => admin.patch(&format!("/users/{root}"), &json!({"displayName": format!("Root {n}")})).status,
            1 => {
                let nick = json!([{"op": "replace", "path": "nickName", "value": format!("{n}")}]);
                admin.client().patch("/Me", &nick).status
            }
            _ => admin.send("PUT", &format!("/users/{root}/default-team"), &[], &body).status,
        }
    });

    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
}

#[test]
fn a_former_name_of_a_team_means_that_team_in_team_roles() {
    let (server, admin, _) = start();
    let ada = server.user("ada");
    let team = server.client.group("Old", std::slice::from_ref(&ada));
    let renamed = json!([{"op": "replace", "path": "displayName", "value": "New"}]);
    assert_eq!(patch(&server, &format!("/Groups/{team}"), renamed), 200);
    let path = format!("/Users/{ada}");
    let role = |op: &str, role: &str| json!({"op": op, "path": "teamRoles", "value": [{"teamName": "Old", "roleName": role}]});
    let held = || server.client.get(&path).json()[ORGANIZATION]["teamRoles"].clone();

    for operations in [
        json!([role("add", "admin")]),
        json!([role("replace", "viewer")]),
        json!([{"op": "remove", "path": "teamRoles"}, role("add", "admin")]),
        json!([{"op": "remove", "path": "teamRoles"}, {"op": "add", "path": "teamRoles", "value": [
            {"teamName": "New", "roleName": "member"}, {"teamName": "Old", "roleName": "admin"}]}]),
    ] {
        assert_eq!(patch(&server, &path, operations.clone()), 200, "{operations}");
        assert_eq!(held()[0]["teamName"], "New", "{operations}");
        assert_eq!(members(&server, &admin, &team), (1, 1), "{operations}");
    }
    assert_eq!(held()[0]["roleName"], "admin");
}

#[test]
fn w_121_an_admin_who_is_kept_out_of_teams_comes_in_by_no_door() {
    let (server, admin, root) = start();
    let vision = server.client.group("vision", &[]);
    let ada = server.user("ada");
    admin.patch("/settings", &json!({"adminTeamAccess": false}));
    let scim = admin.client();
    let add = |id: &str| json!([{"op": "add", "path": "members", "value": [{"value": id}]}]);
    let roles =
        json!([{"op": "add", "path": "teamRoles", "value": [{"teamName": "vision", "roleName": "admin"}]}]);

    assert_eq!(scim.patch(&format!("/Groups/{vision}"), &add(&root)).error().0, 403);
    assert_eq!(scim.patch(&format!("/Users/{root}"), &roles).error().0, 403);
    let body = json!({"schemas": [GROUP], "displayName": "mine", "members": [{"value": root}]});
    assert_eq!(scim.post("/Groups", &body).error().0, 403);
    assert_eq!(admin.post("/teams", &json!({"name": "mine", "admins": [root]})).problem().0, 403);
    assert!(server.client.members(&vision).is_empty());

    assert_eq!(scim.patch(&format!("/Groups/{vision}"), &add(&ada)).status, 200, "others they may");
    assert_eq!(
        patch(&server, &format!("/Groups/{vision}"), add(&root)),
        200,
        "and an identity provider them"
    );
    assert_eq!(scim.patch(&format!("/Groups/{vision}"), &add(&root)).status, 200, "who is in stays in");
    let inner = server.client.group("inner", std::slice::from_ref(&root));
    let outer = server.client.group("outer", &[]);
    assert_eq!(
        scim.patch(&format!("/Groups/{outer}"), &add(&inner)).error().0,
        403,
        "nor within another team"
    );
    let raised = json!([{"op": "replace", "path": "teamRoles", "value": [{"teamName": "vision", "roleName": "admin"}]}]);
    assert_eq!(scim.patch(&format!("/Users/{root}"), &raised).error().0, 403);
}

#[test]
fn w_138_a_key_of_somebody_who_becomes_a_viewer_only_reads_or_rests() {
    let (server, admin, _) = start();
    let eve = person(&server, "eve", "member");
    let key = issue(&server, &eve, "");
    let team = server.client.group("vision", std::slice::from_ref(&eve));
    let default = || key.send("PUT", &format!("/users/{eve}/default-team"), &[], &json!({"team": team}));
    assert_eq!(default().status, 200);

    let role = |role: &str| {
        let body = json!({"organizationRole": role});
        assert_eq!(admin.send("PUT", &format!("/users/{eve}/organization-role"), &[], &body).status, 200);
    };
    role("viewer");
    assert_eq!(key.get("/me").problem().0, 401, "viewers have no keys here");
    admin.patch("/settings", &json!({"viewerKeys": true}));
    assert_eq!(key.get("/me").json()["scopes"], json!(["read"]));
    assert_eq!(default().problem(), (403, "the key lacks the scope `write`".to_owned()));
    role("member");
    assert_eq!((key.get("/me").json()["scopes"].clone(), default().status), (Value::Null, 200));
}

#[test]
fn the_last_word_about_a_member_counts_whatever_they_are_called() {
    let (server, _, _) = start();
    let client = &server.client;
    let body = json!({"schemas": [USER], "userName": "ada",
        "emails": [{"value": "ada@orion.example"}, {"value": "ada@work.example"}]});
    let ada = client.post("/Users", &body).json()["id"].as_str().unwrap().to_owned();
    let vision = client.group("vision", std::slice::from_ref(&ada));
    let path = format!("/Groups/{vision}");
    let add = |name: &str| json!({"op": "add", "path": "members", "value": [{"value": name}]});
    let remove = |name: &str| json!({"op": "remove", "path": format!("members[value eq \"{name}\"]")});
    let (one, two) = ("ada@orion.example", "ada@work.example");

    for (operations, is_in) in [
        (json!([remove(one), add(&ada)]), true),
        (json!([add(one), remove(&ada)]), false),
        (json!([remove(one), add(two)]), true),
        (json!([add(two), remove(one)]), false),
        (
            json!([{"op": "replace", "path": "members", "value": [{"value": two}]}, remove(&ada), add(one)]),
            true,
        ),
    ] {
        assert_eq!(patch(&server, &path, operations.clone()), 200, "{operations}");
        assert_eq!(!client.members(&vision).is_empty(), is_in, "{operations}");
    }
    // who is deactivated stays a member, can be taken out, and is no obstacle to who has the address now
    assert_eq!(
        patch(
            &server,
            &format!("/Users/{ada}"),
            json!([{"op": "replace", "path": "active", "value": false}])
        ),
        200
    );
    let same = json!({"schemas": [GROUP], "displayName": "vision", "members": [{"value": one}]});
    assert_eq!(client.put(&path, &same).status, 200);
    assert_eq!(client.members(&vision), [ada.as_str()]);
    assert_eq!(patch(&server, &path, json!([remove(two)])), 200);
    assert!(client.members(&vision).is_empty());
    assert_eq!(
        client
            .put(&path, &json!({"schemas": [GROUP], "displayName": "vision", "members": [{"value": ada}]}))
            .status,
        200
    );
    let body = json!({"schemas": [USER], "userName": "ada-2", "emails": [{"value": one}]});
    let heir = client.post("/Users", &body).json()["id"].as_str().unwrap().to_owned();
    assert_eq!(patch(&server, &path, json!([add(one)])), 200);
    let mut both = [ada.clone(), heir.clone()];
    both.sort();
    assert_eq!(client.members(&vision), both);
    assert_eq!(client.put(&path, &same).status, 200);
    assert_eq!(client.members(&vision), [heir.as_str()], "all that was said is who comes");
}

#[test]
fn what_is_hidden_is_not_told_of() {
    let (server, admin, _) = start();
    let eve = person(&server, "eve", "member");
    let key = issue(&server, &eve, "");
    let body = json!({"schemas": [USER], "userName": "ada", "emails": [{"value": "ada@orion.example"}]});
    assert_eq!(server.client.post("/Users", &body).status, 201);
    let falcon = server.client.group("Project Falcon", &[]);
    admin.patch(&format!("/teams/{falcon}"), &json!({"settings": {"hidden": true}}));
    let ask = |team: &str| {
        key.post("/decisions", &json!({"credential": key.key, "team": team, "permission": "run:read"}))
            .problem()
    };

    assert_eq!(ask("Project Falcon"), (400, "there is no team \"Project Falcon\"".to_owned()));
    assert_eq!(ask("Project Falco"), (400, "there is no team \"Project Falco\"".to_owned()));
    assert_eq!(ask(&falcon).0, 400);
    assert_eq!(key.get(&format!("/teams/{falcon}")).problem().0, 404);
    assert_eq!(key.get(&format!("/teams/{falcon}/members")).problem().0, 404);
    let inner = server.client.group("inner", std::slice::from_ref(&eve));
    let joined = json!([{"op": "add", "path": "members", "value": [{"value": inner}]}]);
    assert_eq!(patch(&server, &format!("/Groups/{falcon}"), joined), 200);
    let own = json!({"credential": key.key, "team": "Project Falcon", "permission": "run:read"});
    assert_eq!(
        key.post("/decisions", &own).json()["allowed"],
        true,
        "who is in it, if through another, knows it"
    );
    let open = server.client.group("open", &[]);
    let invite = |user: &str| key.post(&format!("/teams/{open}/members"), &json!({"user": user})).problem();
    assert_eq!(invite("ada@orion.example"), invite("nobody@orion.example"), "who is here is not told either");
    let near = json!({"credential": key.key, "team": "Project Falco"});
    assert!(admin.post("/decisions", &near).problem().1.contains("the nearest is \"Project Falcon\""));
}

#[test]
fn very_many_hidden_teams_cost_whoever_may_not_see_them_little_and_hide_no_other() {
    let (server, admin, root) = start();
    let eve = person(&server, "eve", "member");
    let key = issue(&server, &eve, "");
    let organization = &server.database.ask("SELECT organization FROM users")[0][0].clone();
    for n in 0..2_100 {
        server.database.ask(&format!(
            "INSERT INTO teams (organization, id, display_name_key, display, members, version, created_at, modified_at,
                                resource, settings)
             VALUES ('{organization}', '0{n:05}', 'h{n}', 'h{n}', 0, 1, 0, 0, '{{\"displayName\":\"h{n}\"}}',
                     '{{\"hidden\":true}}')"
        ));
    }
    server.client.group("mine", std::slice::from_ref(&eve));
    server.client.group("open", &[root]);

    let first = key.get("/teams").json();
    assert_eq!(first["items"], json!([]), "what was looked at is hidden");
    let second = key.get(&format!("/teams?cursor={}", first["next"].as_str().unwrap())).json();
    let names: Vec<&str> =
        second["items"].as_array().unwrap().iter().map(|team| team["name"].as_str().unwrap()).collect();
    assert_eq!((names, &second["next"]), (vec!["mine", "open"], &Value::Null));
    assert_eq!(admin.get("/teams?limit=1000").json()["items"].as_array().unwrap().len(), 1_000);
}

#[test]
fn a_key_makes_none_that_outlives_it() {
    let (server, admin, _) = start();
    let end = "2099-01-31T12:00:00Z";
    let made = admin.post("/keys", &json!({"name": "short", "expiresAt": end})).json();
    let short = Api { key: made["secret"].as_str().unwrap().to_owned(), ..admin.clone() };
    let make = |body: Value| short.post("/keys", &body);

    let (status, detail) = make(json!({"name": "for ever"})).problem();
    assert_eq!(status, 400);
    assert!(detail.starts_with("expiresAt: the key that makes it ends at 2099-01-31T12:00:00"), "{detail}");
    assert_eq!(make(json!({"name": "later", "expiresAt": "2099-02-01T00:00:00Z"})).problem().0, 400);
    assert_eq!(make(json!({"name": "the same", "expiresAt": end})).status, 201);
    let robot = machine(&server, "robot", None);
    assert_eq!(make(json!({"name": "for a machine", "owner": robot})).problem().0, 400);
}

#[test]
fn an_etag_changes_with_what_is_changed_through_it() {
    let (server, admin, _) = start();
    let ada = server.user("ada");
    let vision = server.client.group("vision", std::slice::from_ref(&ada));
    let team = format!("/teams/{vision}");
    let tag = admin.get(&team).header("ETag").to_owned();
    let hide = |hidden: bool| {
        admin.send("PATCH", &team, &[("If-Match", &tag)], &json!({"settings": {"hidden": hidden}})).status
    };
    assert_eq!([hide(true), hide(false)], [200, 412]);

    let scim = format!("/Users/{ada}");
    let tag = server.client.get(&scim).header("ETag").to_owned();
    let role = json!([{"op": "replace", "path": "teamRoles", "value": [{"teamName": "vision", "roleName": "viewer"}]}]);
    assert_eq!(patch(&server, &scim, role.clone()), 200);
    let changed = server.client.send("GET", &scim, &[("If-None-Match", &tag)], &[]);
    assert_eq!(changed.status, 200);
    assert_eq!(patch(&server, &scim, role), 200);
    assert_eq!(
        server.client.get(&scim).header("ETag"),
        changed.header("ETag"),
        "what changes nothing has the same"
    );
}

#[test]
fn a_default_role_counts_for_those_who_come_with_it_and_a_custom_one_not_for_viewers() {
    let (server, admin, _) = start();
    let (ada, eve) = (server.user("ada"), person(&server, "eve", "viewer"));
    let custom = json!({"name": "janitor", "inheritedFrom": "member", "permissions": ["run:delete_any"]});
    assert_eq!(admin.post("/roles", &custom).status, 201);
    let vision = server.client.group("vision", &[]);
    let default = "urn:roster:scim:schemas:extension:organization:1.0:Group:defaultRole";
    let operations = json!([
        {"op": "replace", "path": default, "value": "janitor"},
        {"op": "add", "path": "members", "value": [{"value": ada}, {"value": eve}]},
    ]);

    assert_eq!(patch(&server, &format!("/Groups/{vision}"), operations), 200);

    let held = |id: &str| {
        server.client.get(&format!("/Users/{id}")).json()[ORGANIZATION]["teamRoles"][0]["roleName"].clone()
    };
    assert_eq!((held(&ada), held(&eve)), (json!("janitor"), json!("viewer")));
}

#[test]
fn w_124_an_admin_who_cannot_act_is_no_other_admin() {
    let (server, _, _) = start();
    let all = ["a", "b", "c", "d"].map(|name| person(&server, name, "member"));
    let vision = server.client.group("vision", &all);
    all.iter().for_each(|id| give_role(&server, &vision, id, "admin"));
    let key = issue(&server, &all[0], "");
    for (n, (path, value)) in
        [("active", json!(false)), ("organizationRole", json!("viewer")), ("seat", json!("viewer"))]
            .iter()
            .enumerate()
    {
        let change = json!([{"op": "replace", "path": path, "value": value}]);
        assert_eq!(patch(&server, &format!("/Users/{}", all[n + 1]), change), 200, "{path}");
    }

    assert_eq!(key.delete(&format!("/teams/{vision}/members/me")).problem().0, 403);
    let back = json!([{"op": "replace", "path": "active", "value": true}]);
    assert_eq!(patch(&server, &format!("/Users/{}", all[1]), back), 200);
    assert_eq!(key.delete(&format!("/teams/{vision}/members/me")).status, 204);
}

#[test]
fn smaller_promises_of_the_api_are_kept() {
    let (server, admin, _) = start();
    // a team that is restored twice with one idempotency key is restored once
    let vision = server.client.group("vision", &[]);
    server.client.delete(&format!("/Groups/{vision}"));
    let restore = || {
        let once = [("Idempotency-Key", "again")];
        admin.send("POST", &format!("/archived-teams/{vision}/restore"), &once, &NO_BODY)
    };
    assert_eq!((restore().status, restore().status), (200, 200));
    assert_eq!(restore().header("Idempotent-Replay"), "true");
    // a team within a team is taken out as a member is
    let inner = server.client.group("inner", &[]);
    let outer = server.client.group("outer", std::slice::from_ref(&inner));
    assert_eq!(admin.delete(&format!("/teams/{outer}/members/{inner}")).status, 204);
    assert_eq!(members(&server, &admin, &outer), (0, 0));
    // what is no field of a role is refused
    let (status, detail) =
        admin.post("/roles", &json!({"name": "x", "inheritedFrom": "viewer", "permision": []})).problem();
    assert!(status == 400 && detail.contains("the nearest is \"permissions\""), "{detail}");
    // a role that lets its holders invite does
    let inviter = json!({"name": "inviter", "inheritedFrom": "member", "permissions": ["team:invite_user"]});
    assert_eq!(admin.post("/roles", &inviter).status, 201);
    let (ada, eve) = (server.user("ada"), server.user("eve"));
    assert_eq!(
        admin.post(&format!("/teams/{vision}/members"), &json!({"user": ada, "role": "inviter"})).status,
        201
    );
    let key = issue(&server, &ada, "");
    let invite = |role: &str| {
        key.post(&format!("/teams/{vision}/members"), &json!({"user": eve, "role": role})).status
    };
    assert_eq!([invite("admin"), invite("member")], [403, 201]);
    admin.patch("/settings", &json!({"enforced": {"adminsInvite": true}}));
    admin.delete(&format!("/teams/{vision}/members/{eve}"));
    assert_eq!(invite("member"), 403, "but for where nobody but admins may");
    // a bulk request that spells userName in another case names people all the same
    admin.patch("/settings", &json!({"license": {"full": 1}}));
    let operation = |name: &str| {
        json!({"method": "POST", "path": "/Users", "bulkId": name,
        "data": {"schemas": [USER], "username": name}})
    };
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [operation("x"), operation("y"), operation("z")]});
    assert_eq!(server.client.post("/Bulk", &bulk).status, 200);
    assert_eq!(server.database.number("SELECT count(*) FROM events WHERE kind = 'request.denied'"), 3);
}
