//! The audit log: every change has its entry, nothing that was written changes unseen, and W&B's scripts read it.

use crate::{
    commands::{json as printed, roster},
    database::Database,
    invites::until,
    support::{GROUP, ORGANIZATION, PATCH_OP, Program, Reply, Server, USER, context, wait},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use roster::{
    clock::Clock,
    org::{actor::Actor, key::Scopes, role::OrganizationRole},
    scim::Profile,
    service::{App, Context, journal, keys},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// A person with a role in the organization, and a key.
fn person(server: &Server, name: &str, role: OrganizationRole) -> (String, String) {
    let extension = json!({"organizationRole": role.as_str()});
    let body = json!({"schemas": [USER, ORGANIZATION], "userName": name, ORGANIZATION: extension});
    let made = server.client.post("/Users", &body);
    assert_eq!(made.status, 201, "{}", made.json());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let key = wait(async {
        let cx = context(&server.app).await;
        let actor = Actor::Person { id: id.clone(), role };
        let cx = Arc::new(Context { actor, ..(*cx).clone() });
        let new = keys::NewKey {
            owner: id.clone(),
            name: "audit".to_owned(),
            scopes: Scopes::ALL,
            expires_at: None,
        };
        keys::create(&cx, new).await.unwrap()
    });
    let secret = key.it.secret.as_ref().unwrap().expose_secret().to_owned();
    (id, secret)
}

fn admin(server: &Server) -> String {
    person(server, "root@example.com", OrganizationRole::Admin).1
}

/// Asks any path, with this credential.
fn get(server: &Server, path: &str, authorization: &str) -> Reply {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = ureq::http::Request::builder().uri(format!("{}{path}", server.client.root));
    if !authorization.is_empty() {
        request = request.header("Authorization", authorization);
    }
    let mut response = agent.run(request.body(()).unwrap()).unwrap();
    Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.body_mut().read_to_vec().unwrap(),
    }
}

/// The same, once all that happened is sealed.
#[track_caller]
fn read(server: &Server, key: &str, path: &str) -> Value {
    seal(&server.app);
    let reply = get(server, path, &format!("Bearer {key}"));
    assert_eq!(reply.status, 200, "{path}: {}", reply.json());
    reply.json()
}

fn seal(app: &Arc<App>) -> usize {
    wait(journal::seal(app)).unwrap()
}

/// What is wrong with the chain, if anything is.
fn broken(server: &Server) -> Option<(i64, String)> {
    let walked = wait(async {
        let cx = context(&server.app).await;
        let cx = Arc::new(Context { actor: Actor::Operator, ..(*cx).clone() });
        journal::verify(&cx).await.unwrap()
    });
    walked.broken.map(|broken| (broken.position, broken.what))
}

/// An id as W&B writes it.
fn asset(kind: &str, id: &str) -> String {
    STANDARD.encode(format!("{kind}:{id}"))
}

#[test]
fn every_scim_mutation_has_one_entry_for_each_affected_object() {
    let server = Server::standard();
    let (key, client) = (admin(&server), &server.client);
    let mut known = BTreeMap::new();
    let mut entries = |path: &str| -> Vec<String> {
        let page = read(&server, &key, path);
        let all = page["audit_logs"].as_array().unwrap().clone();
        let told = all.iter().skip(known.len()).map(|entry| {
            let affected = [&entry["user_asset"], &entry["entity_asset"]];
            let affected = affected.into_iter().filter_map(Value::as_str);
            format!("{} {}", entry["action"].as_str().unwrap(), affected.collect::<Vec<_>>().join(" "))
        });
        let told: Vec<String> = told.collect();
        for n in known.len()..all.len() {
            known.insert(n, ());
        }
        told
    };
    let mut since = || entries("/admin/audit_logs?limit=20000");
    since();

    let ada = client.user("ada@example.com");
    let (path, ada_asset) = (format!("/Users/{ada}"), asset("User", &ada));
    assert_eq!(since(), [format!("user:create {ada_asset}")]);
    for (operation, action) in [
        (json!({"op": "replace", "path": "title", "value": "Countess"}), "user:update"),
        (
            json!({"op": "replace", "path": "organizationRole", "value": "viewer"}),
            "organization:update_member",
        ),
        (json!({"op": "replace", "path": "active", "value": false}), "user:deactivate"),
        (json!({"op": "replace", "path": "active", "value": true}), "user:reactivate"),
    ] {
        assert_eq!(client.patch(&path, &json!([operation])).status, 200);
        assert_eq!(since(), [format!("{action} {ada_asset}")], "{operation}");
        client.patch(&path, &json!([operation]));
        assert!(since().is_empty(), "what changes nothing is no entry");
    }
    client.put(&path, &json!({"schemas": [USER], "userName": "ada@example.com", "title": "Lady"}));
    assert_eq!(since(), [format!("user:update {ada_asset}")]);

    let crew = client.group("Crew", std::slice::from_ref(&ada));
    let (team, team_asset) = (format!("/Groups/{crew}"), asset("Entity", &crew));
    let invited = format!("team:invite_user {ada_asset} {team_asset}");
    assert_eq!(since(), [format!("team:create {team_asset}"), invited.clone()]);
    let bob = client.user("bob@example.com");
    let bob_asset = asset("User", &bob);
    since();
    client.patch(
        &team,
        &json!([
            {"op": "add", "path": "members", "value": [{"value": bob}]},
            {"op": "remove", "path": format!("members[value eq \"{ada}\"]")},
            {"op": "replace", "path": "displayName", "value": "Band"},
        ]),
    );
    assert_eq!(
        since(),
        [
            format!("team:update {team_asset}"),
            format!("team:invite_user {bob_asset} {team_asset}"),
            format!("team:uninvite {ada_asset} {team_asset}"),
        ]
    );
    client.delete(&format!("/Users/{bob}"));
    let gone = format!("user:permanently_delete {bob_asset}");
    assert_eq!(since(), [format!("team:uninvite {bob_asset} {team_asset}"), gone]);
    client.delete(&team);
    assert_eq!(since(), [format!("team:delete {team_asset}")]);

    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": [USER], "userName": "eve"}},
        {"method": "POST", "path": "/Groups", "bulkId": "g",
         "data": {"schemas": [GROUP], "displayName": "Choir", "members": [{"value": "bulkId:u"}]}},
        {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP],
            "Operations": [{"op": "remove", "path": "title"}]}},
    ]});
    assert_eq!(client.post("/Bulk", &bulk).status, 200);
    let actions: Vec<String> =
        since().iter().map(|entry| entry.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(actions, ["user:create", "team:create", "team:invite_user", "user:update"]);
}

#[test]
fn an_event_tells_who_did_what_and_what_was_before_and_after() {
    let server = Server::standard();
    let key = admin(&server);
    let ada = server.client.user("ada@example.com");
    let path = format!("/Users/{ada}");
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    server.client.patch(
        &path,
        &json!([
            {"op": "add", "path": "displayName", "value": "Ada"},
            {"op": "add", "path": department, "value": "Engines"},
            {"op": "add", "path": "password", "value": "correct-horse-battery"},
        ]),
    );

    let page = read(&server, &key, &format!("/api/v1/events?resource={ada}&kind=user.changed"));

    let [event] = page["items"].as_array().unwrap().as_slice() else { panic!("{page}") };
    assert_eq!(
        event["detail"]["changes"],
        json!({
            "displayName": {"before": null, "after": "Ada"},
            department: {"before": null, "after": "Engines"},
        })
    );
    assert_eq!((&event["actor"]["type"], &event["actor"]["name"]), (&json!("connection"), &json!("default")));
    assert_eq!((&event["resource"]["id"], &event["resource"]["name"]), (&json!(ada), &json!("Ada")));
    assert_eq!((&event["address"], event["connection"].is_string()), (&json!("127.0.0.1"), true));
    assert!(event["credential"].is_string() && event["request"].is_string(), "{event}");
    assert!(!server.database.holds(b"correct-horse-battery"));

    let connection = wait(async {
        let cx = crate::keys::operator(&server).await;
        let change =
            roster::service::connections::Change { profile: Some(Profile::Strict), ..Default::default() };
        roster::service::connections::change(&cx, "default", change, Default::default()).await.unwrap()
    });
    let page =
        read(&server, &key, &format!("/api/v1/events?resource={}&kind=connection.changed", connection.id));
    let changes = json!({"profile": {"before": "standard", "after": "strict"}});
    assert_eq!(page["items"][0]["detail"]["changes"], changes);
}

#[test]
fn events_come_in_order_page_by_page_and_as_lines() {
    let server = Server::standard();
    let key = admin(&server);
    let users: Vec<String> = (0..450).map(|n| server.user(&format!("user-{n}"))).collect();

    let (mut seen, mut after, mut pages) = (Vec::new(), json!(0), 0);
    while !after.is_null() {
        let page = read(&server, &key, &format!("/api/v1/events?kind=user.created&limit=300&after={after}"));
        seen.extend(page["items"].as_array().unwrap().clone());
        after = page["next"].clone();
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (users.len() + 1, 2));
    let positions: Vec<i64> = seen.iter().map(|event| event["position"].as_i64().unwrap()).collect();
    assert!(positions.is_sorted());

    let export = get(&server, "/api/v1/events/export", &format!("Bearer {key}"));
    assert_eq!((export.status, export.header("Content-Type")), (200, "application/jsonl"));
    let lines: Vec<Value> = String::from_utf8(export.body)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let positions: Vec<i64> = lines.iter().map(|event| event["position"].as_i64().unwrap()).collect();
    let all = server.database.number("SELECT count(*) FROM events");
    assert_eq!(positions, (1..=all).collect::<Vec<_>>(), "without a gap");

    let wrong = get(&server, "/api/v1/events?knid=x", &format!("Bearer {key}"));
    assert_eq!(wrong.status, 400);
    assert!(wrong.json()["detail"].as_str().unwrap().contains("\"knid\"; the nearest is \"kind\""));
}

#[test]
fn whoever_changes_what_was_written_is_found() {
    let server = Server::standard();
    let key = admin(&server);
    for n in 0..5 {
        server.user(&format!("user-{n}"));
    }
    let whole = read(&server, &key, "/api/v1/events/verification");
    assert_eq!((&whole["whole"], &whole["broken"]), (&json!(true), &Value::Null), "{whole}");
    assert_eq!(whole["checked"], whole["last"]);

    for (tampered, mended, position, what) in [
        (
            "UPDATE events SET actor = actor || 'x' WHERE position = 4",
            "UPDATE events SET actor = substr(actor, 1, length(actor) - 1) WHERE position = 4",
            4,
            "it is not what was written",
        ),
        (
            "UPDATE events SET detail = '{ ' || substr(detail, 2) WHERE position = 3",
            "UPDATE events SET detail = '{' || substr(detail, 3) WHERE position = 3",
            3,
            "it is not what was written",
        ),
        (
            "UPDATE events SET position = 1000 WHERE position = 5",
            "UPDATE events SET position = 5 WHERE position = 1000",
            5,
            "it is missing",
        ),
    ] {
        server.database.ask(tampered);
        assert_eq!(broken(&server), Some((position, what.to_owned())), "{tampered}");
        server.database.ask(mended);
        assert_eq!(broken(&server), None);
    }
    let last = server.database.number("SELECT max(position) FROM events");
    server.database.ask(&format!("DELETE FROM events WHERE position = {last}"));
    let found = read(&server, &key, "/api/v1/events/verification");
    assert_eq!((&found["whole"], &found["broken"]["position"]), (&json!(false), &json!(last)), "{found}");
}

#[test]
fn the_doors_open_to_admins_alone_with_basic_or_bearer() {
    let server = Server::standard();
    let admin = admin(&server);
    let (_, member) = person(&server, "eve@example.com", OrganizationRole::Member);
    let basic = |key: &str| format!("Basic {}", STANDARD.encode(format!("eve:{key}")));

    for path in [
        "/admin/audit_logs",
        "/admin/audit_logs?limit=1",
        "/o/default/admin/audit_logs",
        "/api/v1/events",
        "/api/v1/events/export",
        "/api/v1/events/verification",
    ] {
        for (authorization, status) in [
            (String::new(), 401),
            (format!("Bearer {}", server.client.token), 401),
            (format!("Bearer {member}"), 403),
            (basic(&member), 403),
            (format!("Bearer {admin}"), 200),
            (basic(&admin), 200),
        ] {
            assert_eq!(get(&server, path, &authorization).status, status, "{path} {authorization}");
        }
    }
    assert_eq!(get(&server, "/o/elsewhere/admin/audit_logs", &format!("Bearer {admin}")).status, 404);
}

#[test]
fn wandbs_scripts_read_a_stream_or_pages_that_miss_and_repeat_nothing() {
    let server = Server::standard();
    let key = admin(&server);
    let users: Vec<String> = (0..7).map(|n| server.user(&format!("user-{n}@example.com"))).collect();
    server.client.group("Crew", &users);
    seal(&server.app);

    let stream = get(&server, "/admin/audit_logs", &format!("Bearer {key}"));
    let lines: Vec<Value> = String::from_utf8(stream.body.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(stream.header("Content-Type"), "application/x-ndjson");
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = read(&server, &key, &format!("/admin/audit_logs?limit=3{cursor}"));
        let entries = page["audit_logs"].as_array().unwrap();
        assert_eq!(page["count"], json!(entries.len()));
        paged.extend(entries.clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, lines, "a page ends in the middle of an event, too");
    let invited = lines.iter().filter(|entry| entry["action"] == "team:invite_user");
    assert_eq!(invited.count(), users.len());
    let entry = lines.last().unwrap();
    assert_eq!((&entry["entity_name"], &entry["user_email"]), (&json!("Crew"), &json!("user-6@example.com")));
    assert_eq!(entry["actor_ip"], json!("127.0.0.1"));

    let anonymous = get(&server, "/admin/audit_logs?anonymize=true", &format!("Bearer {key}"));
    let anonymous = String::from_utf8(anonymous.body).unwrap();
    assert_eq!(anonymous.lines().count(), lines.len());
    for private in ["@", "Crew", "127.0.0.1", "email", "name"] {
        assert!(!anonymous.contains(private), "{private}");
    }

    let empty = read(&server, &key, "/admin/audit_logs?startDate=2020-01-01&endDate=2020-01-02T10:30");
    assert_eq!(
        empty,
        json!({"count": 0, "audit_logs": [], "next_cursor": null,
            "range_start_time": "2020-01-01T00:00:00.000Z", "range_end_time": "2020-01-02T10:30:00.000Z"})
    );
    for (query, told) in [
        ("limit=0", "limit: expected a whole number from 1 to 20000, found 0"),
        ("startDate=monday", "startDate: expected a time in UTC"),
        ("numDays=1&endDate=2026-01-01", "numDays: expected no endDate"),
        ("cursor=x", "cursor: expected limit or endDate"),
        ("anonymise=true", "there is no parameter \"anonymise\"; the nearest is \"anonymize\""),
    ] {
        let wrong = get(&server, &format!("/admin/audit_logs?{query}"), &format!("Bearer {key}"));
        let detail = wrong.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!((wrong.status, detail.starts_with(told)), (400, true), "{query}: {detail}");
    }
}

#[test]
fn old_events_go_and_what_is_kept_can_still_be_verified() {
    let clock = Clock::at(1_770_105_600_000_000);
    let moved = clock.clone();
    let server = Server::start(Profile::Standard, |app| app.clock = moved);
    let trim = || wait(journal::trim(&server.app)).unwrap();
    server.user("early");
    seal(&server.app);
    let early = server.database.number("SELECT count(*) FROM events");
    clock.advance(Duration::from_secs(20 * 86_400));
    server.user("late");
    seal(&server.app);
    assert_eq!(trim(), 0, "without a setting events are kept for ever");
    server.database.ask("UPDATE organizations SET settings = '{\"eventRetentionDays\": 30}'");
    assert_eq!(trim(), 0);

    clock.advance(Duration::from_secs(12 * 86_400));
    assert_eq!(i64::try_from(trim()).unwrap(), early);

    assert_eq!(trim(), 0, "once a day is enough");
    seal(&server.app);
    assert_eq!(broken(&server), None);
    assert_eq!(server.database.number("SELECT min(position) FROM events"), early + 1);
    let detail = server.database.ask("SELECT detail, actor FROM events WHERE kind = 'journal.trimmed'");
    let told: Value = serde_json::from_str(&detail[0][0]).unwrap();
    assert_eq!((told, detail[0][1].as_str()), (json!({"events": early, "first": early + 1}), "system"));
    server.database.ask(&format!("DELETE FROM events WHERE position = {}", early + 1));
    assert_eq!(broken(&server), Some((early + 1, "it is missing".to_owned())));
}

#[test]
fn commands_list_export_and_verify_the_journal_with_a_server_and_without() {
    let database = Database::fresh();
    let setting = database.setting();
    let mut program = Program::serve(&setting);
    program.client.user("ada@example.com");
    let list = |more: &[&str]| printed(&roster(&setting, &[&["event", "list", "--json"], more].concat()));

    let made = list(&["--kind", "user.created"]);
    assert_eq!(made["items"].as_array().unwrap().len(), 1, "{made}");
    let table = roster(&setting, &["event", "list", "--limit", "2"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("POSITION") && table.contains("--after 2 shows what follows"), "{table}");
    program.kill();
    assert!(roster(&setting, &["event", "verify"]).status.success());
    let file = database.directory.path().join("events.jsonl");
    let export = ["event", "export", "--output", file.to_str().unwrap()];
    assert!(roster(&setting, &export).status.success());
    assert!(!roster(&setting, &export).status.success(), "no file is written over");
    let exported = std::fs::read_to_string(&file).unwrap();
    assert_eq!(exported.as_bytes(), roster(&setting, &["event", "export"]).stdout);
    let n = i64::try_from(exported.lines().count()).unwrap();
    assert_eq!(n, database.number("SELECT count(*) FROM events"));

    database.ask("UPDATE events SET kind = 'user.removed' WHERE position = 3");
    let verified = roster(&setting, &["event", "verify", "--json"]);
    assert_eq!(verified.status.code(), Some(1));
    let told = String::from_utf8(verified.stderr).unwrap();
    assert!(told.contains("at position 3: it is not what was written"), "{told}");
    let wrong = roster(&setting, &["event", "list", "--since", "monday"]);
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("since: expected a time"));
}

#[test]
fn a_running_server_seals_what_happens() {
    let database = Database::fresh();
    let program = Program::serve(&database.setting());
    program.client.user("ada@example.com");

    // the server may write of its own beginning a moment later
    let is_sealed = || {
        let unsealed = database.number("SELECT count(*) FROM events WHERE position IS NULL");
        unsealed == 0 && database.number("SELECT position FROM chains") >= 3
    };
    until("all is sealed", is_sealed);
}

mod on_postgres {
    use super::*;

    #[test]
    fn two_processes_that_seal_at_once_make_one_chain_without_a_gap() {
        let database = Database::on_postgres();
        let other = Arc::new(database.app());
        let app = database.app();
        let server = Server::with(database, app, Profile::Standard);
        let client = &server.client;

        let sealed: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|writer| {
                    scope.spawn(move || {
                        for n in 0..100 {
                            client.user(&format!("user-{writer}-{n}"));
                        }
                    })
                })
                .collect();
            let sealers: Vec<_> = [&server.app, &other]
                .into_iter()
                .map(|app| scope.spawn(move || (0..100).map(|_| seal(app)).sum::<usize>()))
                .collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            sealers.into_iter().map(|sealer| sealer.join().unwrap()).sum()
        });
        let sealed = sealed + seal(&other) + seal(&server.app);

        let count = server.database.number("SELECT count(*) FROM events");
        assert!(count >= 400);
        assert_eq!(i64::try_from(sealed).unwrap(), count, "each once");
        let ends = server.database.ask("SELECT min(position), max(position), count(position) FROM events");
        assert_eq!(ends[0], ["1".to_owned(), count.to_string(), count.to_string()]);
        assert_eq!(broken(&server), None);
        other.store.close();
    }
}
