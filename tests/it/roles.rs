//! Custom roles, through the door: `/Roles`, `/Permissions`, and what becomes of those who have a role.

use crate::support::{Client, GROUP, Program, Reply, Server, TOKEN};
use roster::scim::Profile;
use serde_json::{Value, json};

const ROLE: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";

fn role(name: &str, base: &str, permissions: &[&str]) -> Value {
    let permissions: Vec<Value> = permissions.iter().map(|name| json!({"name": name})).collect();
    json!({"schemas": [ROLE], "name": name, "inheritedFrom": base, "permissions": permissions})
}

#[track_caller]
fn create(client: &Client, name: &str, base: &str, permissions: &[&str]) -> String {
    let made = client.post("/Roles", &role(name, base, permissions));
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// The names of what a role has, added or inherited.
fn names(role: &Value, inherited: bool) -> Vec<String> {
    let all = role["permissions"].as_array().unwrap().iter();
    let of = all.filter(|it| it["isInherited"] == inherited);
    of.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

/// Gives members of a team a role, past the door.
fn give(server: &Server, role: &str, members: &[&String], team: &str) {
    let members: Vec<String> = members.iter().map(|id| format!("'{id}'")).collect();
    server.database.ask(&format!(
        "UPDATE memberships SET role = '{role}' WHERE team = '{team}' AND member IN ({})",
        members.join(", ")
    ));
}

fn roles_in(server: &Server, team: &str) -> Vec<String> {
    let rows =
        server.database.ask(&format!("SELECT role FROM memberships WHERE team = '{team}' ORDER BY member"));
    rows.into_iter().map(|mut row| row.remove(0)).collect()
}

/// The details of the events of a kind, oldest first.
fn events(server: &Server, kind: &str) -> Vec<Value> {
    let rows = server.database.ask(&format!("SELECT detail FROM events WHERE kind = '{kind}' ORDER BY id"));
    rows.iter().map(|row| serde_json::from_str(&row[0]).unwrap()).collect()
}

#[track_caller]
fn refused(reply: &Reply, status: u16, keyword: &str, words: &str) {
    assert_eq!(reply.error(), (status, keyword.to_owned()), "{}", reply.json());
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(words), "{detail}");
}

#[test]
fn r_128_roles_are_a_resource_type_with_an_endpoint_of_its_own() {
    let server = Server::standard();
    let client = &server.client;

    let described = client.get("/ResourceTypes/Role").json();
    assert_eq!((&described["endpoint"], &described["schema"]), (&json!("/Roles"), &json!(ROLE)));
    assert_eq!(client.get(&format!("/Schemas/{ROLE}")).json()["name"], "Role");

    let mut sent = role("Stopper", "viewer", &["run:stop", "run:read"]);
    sent["description"] = json!("stops runs");
    let made = client.post("/Roles", &sent);
    assert_eq!(made.status, 201, "{}", made.json());
    let shown = made.json();
    assert_eq!(shown["schemas"], json!([ROLE]));
    assert_eq!((&shown["name"], &shown["description"]), (&json!("Stopper"), &json!("stops runs")));
    assert_eq!(shown["meta"]["resourceType"], "Role");
    assert!(!shown["organizationID"].as_str().unwrap().is_empty());
    assert_eq!(names(&shown, false), ["run:stop"]);
    assert!(names(&shown, true).contains(&"run:read".to_owned()));
    assert_eq!(made.header("Location"), shown["meta"]["location"]);

    let path = format!("/Roles/{}", shown["id"].as_str().unwrap());
    let read = client.get(&path);
    assert_eq!(
        (read.json(), read.header("ETag")),
        (shown.clone(), shown["meta"]["version"].as_str().unwrap())
    );
    let headers = [("If-None-Match", read.header("ETag"))];
    assert_eq!(client.send("GET", &path, &headers, &[]).status, 304);
    let head = client.send("HEAD", &path, &[], &[]);
    assert_eq!((head.status, head.header("ETag"), head.body.len()), (200, read.header("ETag"), 0));
    let projected = client.get(&format!("{path}?attributes=permissions.name")).json();
    assert!(projected["permissions"][0].get("isInherited").is_none() && projected.get("name").is_none());
    assert_eq!(client.get("/Roles/unknown").status, 404);
    assert_eq!(client.delete(&path).status, 204);
    assert_eq!((client.get(&path).status, client.delete(&path).status), (404, 404));
}

#[test]
fn schemas_may_be_empty_or_missing_for_a_forgiving_connection() {
    for (profile, status) in [(Profile::Standard, 201), (Profile::Strict, 400)] {
        let server = Server::start(profile, |_| {});
        for (n, schemas) in [None, Some(json!([])), Some(json!([""]))].into_iter().enumerate() {
            let mut sent = role(&format!("role {n}"), "member", &[]);
            match schemas {
                Some(schemas) => sent["schemas"] = schemas,
                None => drop(sent.as_object_mut().unwrap().remove("schemas")),
            }
            let made = server.client.post("/Roles", &sent);
            assert_eq!(made.status, status, "{}", made.json());
        }
        assert_eq!(server.client.post("/Roles", &role("named", "member", &[])).status, 201);
    }
}

#[test]
fn roles_are_found_sorted_and_paged() {
    let server = Server::standard();
    let client = &server.client;
    for (name, base, permissions) in [
        ("beta", "viewer", &["run:stop"][..]),
        ("Alpha", "member", &["run:stop_any"]),
        ("gamma", "viewer", &["run:stop_any"]),
    ] {
        create(client, name, base, permissions);
    }
    let found = |query: &str| -> Vec<String> {
        let reply = client.get(&format!("/Roles?{query}"));
        assert_eq!(reply.status, 200, "{query}: {}", reply.json());
        let list = reply.json()["Resources"].as_array().unwrap().clone();
        list.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };

    assert_eq!(found(""), ["beta", "Alpha", "gamma"]);
    assert_eq!(found("filter=name%20eq%20%22Alpha%22"), ["Alpha"]);
    assert_eq!(found("filter=name%20eq%20%22alpha%22"), Vec::<String>::new(), "case counts");
    assert_eq!(found("filter=inheritedFrom%20eq%20%22VIEWER%22"), ["beta", "gamma"]);
    assert_eq!(found("filter=permissions.name%20eq%20%22run:stop%22"), ["beta", "Alpha"], "inherited too");
    let added = "filter=permissions%5Bname%20eq%20%22run:stop%22%20and%20isInherited%20eq%20false%5D";
    assert_eq!(found(added), ["beta"]);
    assert_eq!(found("sortBy=name"), ["Alpha", "beta", "gamma"]);
    assert_eq!(found("sortBy=name&sortOrder=descending&startIndex=2&count=1"), ["beta"]);
    let page = client.get("/Roles?cursor=&count=2").json();
    assert_eq!((&page["totalResults"], page["Resources"].as_array().unwrap().len()), (&json!(3), 2));
    let next: String =
        url::form_urlencoded::byte_serialize(page["nextCursor"].as_str().unwrap().as_bytes()).collect();
    assert_eq!(found(&format!("cursor={next}&count=2")), ["gamma"]);
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "name sw \"g\""});
    assert_eq!(client.post("/Roles/.search", &search).json()["totalResults"], 1);
    let everything = client.get("/?filter=meta.resourceType%20eq%20%22Role%22").json();
    assert_eq!(everything["totalResults"], 3);
}

#[test]
fn what_no_role_can_be_is_refused_by_name() {
    let server = Server::standard();
    let client = &server.client;
    create(client, "Stopper", "viewer", &["run:stop"]);

    let misspelled = client.post("/Roles", &role("other", "viewer", &["run:stopp"]));
    refused(&misspelled, 400, "invalidValue", "no permission \"run:stopp\"; the nearest is \"run:stop\"");
    let base = client.post("/Roles", &role("other", "admin", &[]));
    refused(&base, 400, "invalidValue", "inheritedFrom: expected member or viewer, found admin");
    refused(&client.post("/Roles", &role("ADMIN", "viewer", &[])), 400, "invalidValue", "predefined");
    refused(&client.post("/Roles", &role("  ", "viewer", &[])), 400, "invalidValue", "name");
    refused(
        &client.post("/Roles", &role("STOPPER", "viewer", &[])),
        409,
        "uniqueness",
        "another role has this name",
    );
    assert_eq!(client.get("/Roles").json()["totalResults"], 1);
    assert_eq!(events(&server, "role.created").len(), 1);

    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "POST", "path": "/Roles", "bulkId": "a", "data": role("bulky", "viewer", &[])}],
    });
    let answer = client.post("/Bulk", &bulk).json();
    assert_eq!(answer["Operations"][0]["status"], "400", "{answer}");
    assert_eq!(answer["Operations"][0]["response"]["scimType"], "invalidPath", "{answer}");
    let rehearsal = client.post("/Roles?dryRun=true", &role("rehearsed", "viewer", &[]));
    refused(&rehearsal, 400, "invalidValue", "dryRun");
}

#[test]
fn a_patch_adds_and_removes_permissions_and_nothing_else() {
    let server = Server::standard();
    let client = &server.client;
    let path = format!("/Roles/{}", create(client, "Stopper", "viewer", &["run:stop"]));
    let patch = |op: &str, at: &str, value: Value| {
        client.patch(&path, &json!([{"op": op, "path": at, "value": value}]))
    };

    let more = patch(
        "add",
        "permissions",
        json!([{"name": "run:delete"}, {"name": "run:stop"}, {"name": "run:read"}]),
    );
    assert_eq!(more.status, 200, "{}", more.json());
    assert_eq!(names(&more.json(), false), ["run:delete", "run:stop"]);
    let again = patch("add", "permissions", json!([{"name": "run:delete"}]));
    assert_eq!(again.header("ETag"), more.header("ETag"), "nothing changed");
    let less = patch("remove", "permissions", json!([{"name": "run:delete"}]));
    assert_eq!(names(&less.json(), false), ["run:stop"]);
    let gone = patch("remove", "permissions", json!([{"name": "run:delete"}]));
    assert_eq!((gone.status, gone.header("ETag")), (200, less.header("ETag")));
    let selected =
        client.patch(&path, &json!([{"op": "remove", "path": "permissions[name eq \"run:stop\"]"}]));
    assert!(names(&selected.json(), false).is_empty(), "{}", selected.json());

    refused(
        &patch("remove", "permissions", json!([{"name": "run:read"}])),
        400,
        "mutability",
        "inherited from viewer",
    );
    refused(
        &patch("replace", "permissions", json!([{"name": "run:stop"}])),
        400,
        "invalidValue",
        "adds or removes",
    );
    refused(&patch("add", "name", json!("other")), 400, "invalidPath", "PUT");
    refused(&patch("add", "permissions", json!([{"name": "run:*"}])), 400, "invalidValue", "no permission");
    refused(
        &client.patch(&path, &json!([{"op": "remove", "path": "permissions"}])),
        400,
        "invalidValue",
        "names",
    );

    let lower =
        json!({"operations": [{"op": "add", "path": "permissions", "value": [{"name": "run:stop"}]}]});
    let headers = [("Content-Type", "application/json")];
    assert_eq!(client.send("PATCH", &path, &headers, lower.to_string().as_bytes()).status, 200);
    let stale = [("Content-Type", "application/json"), ("If-Match", less.header("ETag"))];
    assert_eq!(client.send("PATCH", &path, &stale, lower.to_string().as_bytes()).status, 412);
    let changes = events(&server, "role.changed");
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert_eq!(changes[0]["permissions"], json!({"gained": ["run:delete"], "lost": []}));
    assert_eq!(changes[1]["permissions"], json!({"gained": [], "lost": ["run:delete"]}));
}

#[test]
fn a_put_says_what_changes_and_keeps_the_rest() {
    let server = Server::standard();
    let client = &server.client;
    let mut sent = role("Stopper", "viewer", &["run:stop"]);
    sent["description"] = json!("stops runs");
    let made = client.post("/Roles", &sent);
    let path = format!("/Roles/{}", made.json()["id"].as_str().unwrap());

    let same = client.put(&path, &made.json());
    assert_eq!((same.status, same.header("ETag")), (200, made.header("ETag")), "{}", same.json());
    let member = client.put(&path, &json!({"inheritedFrom": "member"})).json();
    assert_eq!((&member["name"], &member["description"]), (&json!("Stopper"), &json!("stops runs")));
    assert!(names(&member, false).is_empty() && names(&member, true).contains(&"run:stop".to_owned()));
    let again = client.put(&path, &json!({"inheritedFrom": "viewer", "name": "Halter"})).json();
    assert_eq!(names(&again, false), ["run:stop"], "shows again");
    assert_eq!(again["name"], "Halter");
    let replaced = client.put(&path, &json!({"permissions": [{"name": "run:delete"}]})).json();
    assert_eq!(names(&replaced, false), ["run:delete"]);
    assert!(replaced.get("description").is_none(), "{replaced}");

    create(client, "Taken", "viewer", &[]);
    refused(&client.put(&path, &json!({"name": "taken"})), 409, "uniqueness", "name");
    refused(&client.put(&path, &json!({"name": "viewer"})), 400, "invalidValue", "predefined");
    refused(&client.put(&path, &json!({"name": null})), 400, "invalidValue", "name");
    let rehearsed = client.put(&format!("{path}?dryRun=true"), &json!({"name": "TAKEN"}));
    refused(&rehearsed, 409, "uniqueness", "name");
    assert_eq!(client.put(&path, &json!({"name": "HALTER"})).status, 200, "its own name in another case");
    let last = events(&server, "role.changed").pop().unwrap();
    assert_eq!((&last["attributes"], &last["permissions"]["lost"]), (&json!(["name"]), &json!([])));
}

#[test]
fn who_had_a_removed_role_has_the_one_it_inherits_from() {
    let server = Server::standard();
    let client = &server.client;
    let people: Vec<String> = (0..4).map(|n| server.user(&format!("person-{n}"))).collect();
    let (audio, vision) = (client.group("Audio", &people), client.group("Vision", &people[..2]));
    let id = create(client, "Stopper", "member", &["run:stop_any"]);
    let other = create(client, "Other", "viewer", &[]);
    give(&server, &id, &[&people[0], &people[1]], &audio);
    give(&server, &other, &[&people[2]], &audio);
    give(&server, &id, &[&people[0]], &vision);
    server.database.ask(&format!("UPDATE teams SET default_role = '{id}' WHERE id = '{vision}'"));
    let path = format!("/Roles/{id}");
    let before = client.get(&path);

    let impact = client.delete(&format!("{path}?dryRun=true"));
    assert_eq!(impact.status, 200, "{}", impact.json());
    let impact = impact.json();
    assert_eq!(
        (&impact["memberships"], &impact["users"], &impact["teams"]),
        (&json!(3), &json!(2), &json!(1))
    );
    assert_eq!(
        (&impact["becomes"], &impact["permissions"]["lost"]),
        (&json!("member"), &json!(["run:stop_any"]))
    );
    let mut teams = vec![audio.clone(), vision.clone()];
    teams.sort();
    let mut affected =
        vec![json!({"user": people[0], "teams": teams}), json!({"user": people[1], "teams": [audio]})];
    affected.sort_by_key(|it| it["user"].as_str().unwrap().to_owned());
    assert_eq!(impact["affected"], json!(affected));
    let narrowed = json!({"inheritedFrom": "viewer", "permissions": []});
    let impact = client.put(&format!("{path}?dryRun=true"), &narrowed).json();
    assert!(impact["permissions"]["lost"].as_array().unwrap().contains(&json!("run:create")), "{impact}");
    assert_eq!((&impact["memberships"], &impact["becomes"]), (&json!(3), &json!(id)));
    assert_eq!((client.get(&path).json(), events(&server, "role.changed").len()), (before.json(), 0));

    let stale = [("If-Match", "W/\"999\"")];
    assert_eq!(client.send("DELETE", &path, &stale, &[]).status, 412);
    assert_eq!(client.delete(&path).status, 204);
    assert_eq!(roles_in(&server, &audio), ["member", "member", &other, "member"]);
    assert_eq!(roles_in(&server, &vision), ["member", "member"]);
    let given = format!("SELECT default_role FROM teams WHERE id = '{vision}'");
    assert_eq!(server.database.ask(&given)[0][0], "member");
    let removed = events(&server, "role.removed");
    assert_eq!(removed.len(), 1);
    assert_eq!((&removed[0]["memberships"], &removed[0]["teams"]), (&json!(3), &json!(1)));
    let changed = events(&server, "member.changed");
    assert_eq!(changed.len(), 3);
    assert!(changed.iter().all(|it| it["role"] == json!({"before": id, "after": "member"})), "{changed:?}");
}

#[test]
fn a_role_that_very_many_have_goes_in_slices() {
    let server = Server::standard();
    let client = &server.client;
    let crowd = server.crowd(1_000);
    let team = client.group("Everybody", &crowd);
    let path = format!("/Roles/{}", create(client, "Wide", "viewer", &["run:stop"]));
    server.database.ask(&format!("UPDATE memberships SET role = '{}'", path.rsplit('/').next().unwrap()));

    let impact = client.delete(&format!("{path}?dryRun=true")).json();
    assert_eq!((&impact["users"], impact["affected"].as_array().unwrap().len()), (&json!(1_000), 100));
    assert_eq!(client.delete(&path).status, 204);

    assert!(roles_in(&server, &team).iter().all(|role| role == "viewer"));
    assert_eq!(events(&server, "role.removed")[0]["memberships"], 1_000);
    assert_eq!(events(&server, "member.changed").len(), 1_000);
}

#[test]
fn a_team_that_gives_a_renamed_or_removed_role_says_its_name_now() {
    const EXTENSION: &str = "urn:roster:scim:schemas:extension:organization:1.0:Group";
    let server = Server::standard();
    let client = &server.client;
    let team = client.group("Vision", &[]);
    let id = create(client, "Stopper", "viewer", &["run:stop"]);
    let text = json!({
        "schemas": [GROUP, EXTENSION], "id": team, "displayName": "Vision", EXTENSION: {"defaultRole": "Stopper"},
    });
    server
        .database
        .ask(&format!("UPDATE teams SET default_role = '{id}', resource = '{text}' WHERE id = '{team}'"));
    let said = || {
        let row = server
            .database
            .ask(&format!("SELECT resource, default_role, version FROM teams WHERE id = '{team}'"));
        let text: Value = serde_json::from_str(&row[0][0]).unwrap();
        (text[EXTENSION]["defaultRole"].as_str().unwrap().to_owned(), row[0][1].clone(), row[0][2].clone())
    };
    let text = |name: &str, role: &str, version: &str| (name.to_owned(), role.to_owned(), version.to_owned());

    assert_eq!(client.put(&format!("/Roles/{id}"), &json!({"name": "Halter"})).status, 200);
    assert_eq!(said(), text("Halter", &id, "2"));
    assert_eq!(client.delete(&format!("/Roles/{id}")).status, 204);
    assert_eq!(said(), text("viewer", "viewer", "3"));
}

#[test]
fn the_catalogue_is_there_for_every_connection() {
    let server = Server::standard();

    let catalogue = server.client.get("/Permissions");
    assert_eq!((catalogue.status, &catalogue.json()["totalResults"]), (200, &json!(50)));
    let all = catalogue.json()["Resources"].as_array().unwrap().clone();
    let named = |name: &str| all.iter().find(|it| it["name"] == name).cloned().unwrap();
    assert_eq!(
        named("run:read"),
        json!({"name": "run:read", "viewer": true, "member": true, "ownOnly": false})
    );
    assert_eq!(
        named("run:stop"),
        json!({"name": "run:stop", "viewer": false, "member": true, "ownOnly": true})
    );
    assert_eq!(
        named("run:stop_any"),
        json!({"name": "run:stop_any", "viewer": false, "member": false, "ownOnly": false})
    );
    let anonymous = server.client.send("GET", "/Permissions", &[("Authorization", "")], &[]);
    assert_eq!(anonymous.status, 401);
    assert_eq!(server.client.post("/Permissions", &json!({})).status, 405);
}

#[test]
fn one_of_many_with_the_same_name_at_once_is_made() {
    let server = Server::standard();

    let made: Vec<u16> = std::thread::scope(|scope| {
        let one = |n: usize| {
            let client = server.client.clone();
            let name = if n.is_multiple_of(2) { "Stopper" } else { "STOPPER" };
            scope.spawn(move || client.post("/Roles", &role(name, "viewer", &[])).status)
        };
        let running: Vec<_> = (0..8).map(one).collect();
        running.into_iter().map(|it| it.join().unwrap()).collect()
    });

    assert_eq!(made.iter().filter(|status| **status == 201).count(), 1, "{made:?}");
    assert_eq!(made.iter().filter(|status| **status == 409).count(), 7, "{made:?}");
    assert_eq!(server.client.get("/Roles").json()["totalResults"], 1);
}

mod on_sqlite {
    use super::*;

    #[test]
    fn roles_survive_the_power_cord() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("roster.db");
        let mut program = Program::serve(database.to_str().unwrap());
        assert_eq!(program.client.token, TOKEN);
        let id = create(&program.client, "Stopper", "viewer", &["run:stop"]);
        program.kill();

        let program = Program::serve(database.to_str().unwrap());
        assert_eq!(names(&program.client.get(&format!("/Roles/{id}")).json(), false), ["run:stop"]);
    }
}
