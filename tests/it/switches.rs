//! Every switch, off and on: a change made by one process is what another one does within a second; and the environment of
//! a server decides over both.

use crate::{
    commands::{json as told, roster},
    database::Database,
    keys::Api,
    sink::Sink,
    support::{Client, GROUP, ORGANIZATION, Program, USER, serve},
    visitor::Visitor,
};
use roster::org::{
    connection::Switches,
    lock::{paths, variables},
    settings::Settings,
};
use serde_json::{Value, json};
use std::{
    cell::Cell,
    collections::BTreeSet,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

/// A server, its database, and who asks it: an admin, a member, a viewer, an admin of a team, and a connection.
struct World {
    database: Database,
    program: Program,
    root: Api,
    member: Api,
    viewer: Api,
    team: String,
    sink: Sink,
    n: Cell<usize>,
}

impl World {
    fn open(variables: &[(&str, &str)]) -> Self {
        let (database, sink) = (Database::fresh(), Sink::start());
        let mut command = serve(&database.setting());
        command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null());
        command.env("ROSTER_SMTP_URL", format!("smtp://127.0.0.1:{}?tls=none", sink.port));
        command.envs(variables.iter().copied());
        let program = Program::start(&mut command).unwrap();
        let run = |words: &[&str]| told(&roster(&database.setting(), words));
        let key = |name: &str, role: &str| {
            run(&["user", "create", name, "--role", role, "--json"]);
            let made = run(&["key", "create", name, "--name", "first", "--json"]);
            let (key, id) =
                (made["secret"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned());
            Api { root: program.client.root.clone(), key, id }
        };
        // keys are for those who may have them; a viewer's is made while the viewer is none
        let (root, member, viewer) = (key("root", "admin"), key("member", "member"), key("viewer", "member"));
        run(&["user", "change", "viewer", "--role", "viewer", "--json"]);
        // passwords can be switched off where there is another way in
        run(&[
            "provider",
            "oidc",
            "Corp",
            "--issuer",
            "https://id.example",
            "--client-id",
            "roster",
            "--json",
        ]);
        run(&["provider", "enable", "Corp", "--json"]);
        let team = run(&["team", "create", "vision", "--admin", "member", "--json"]);
        let team = team["id"].as_str().unwrap().to_owned();
        Self { database, program, root, member, viewer, team, sink, n: Cell::new(0) }
    }

    /// Changes a setting by a command, which is a process of its own.
    fn set(&self, setting: &str, value: &str) {
        told(&roster(&self.database.setting(), &["setting", "set", setting, value, "--json"]));
    }

    /// A name that nobody had yet.
    fn fresh(&self, what: &str) -> String {
        self.n.set(self.n.get() + 1);
        format!("{what}-{}", self.n.get())
    }

    /// A person made over SCIM, with this of where they stand: the status of the answer.
    fn create(&self, standing: &Value) -> (u16, Value) {
        let name = format!("{}@x.example", self.fresh("user"));
        let body = json!({"schemas": [USER, ORGANIZATION], "userName": name, ORGANIZATION: standing});
        let made = self.program.client.post("/Users", &body);
        (made.status, made.json())
    }

    /// Whether somebody who signed in stays so when this is two hours longer ago.
    fn stays_in(&self, since: &str) -> bool {
        let run = |words: &[&str]| told(&roster(&self.database.setting(), words));
        let password = run(&["admin", "reset-password", "member", "--json"])["password"].clone();
        let mut visitor = Visitor::at(&self.root.root);
        let asked = visitor.sign_in("member", password.as_str().unwrap());
        let chosen = [("password", "violet otter under seven bridges"), ("to", "/account")];
        assert_eq!(visitor.post(&asked.to, &chosen).to, "/account");
        self.database.ask(&format!("UPDATE sessions SET {since} = {since} - 7200000000"));
        visitor.is_in()
    }

    fn seats(&self, kind: &str) -> String {
        self.root.get("/seats").json()[kind]["used"].to_string()
    }

    /// A group over SCIM that is deleted at once: the status, and whether it can be restored.
    fn delete_group(&self) -> (u16, bool) {
        let name = self.fresh("group");
        let made = self.program.client.post("/Groups", &json!({"schemas": [GROUP], "displayName": name}));
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let status = self.program.client.delete(&format!("/Groups/{id}")).status;
        let archived = self.root.get("/archived-teams").json().to_string().contains(&id);
        (status, archived)
    }

    /// What holds for the team, of what the organization enforces.
    fn effective(&self, name: &str) -> Value {
        self.root.get(&format!("/teams/{}", self.team)).json()["effective"][name].clone()
    }

    /// Waits for something to be so, which must be within a second.
    #[track_caller]
    fn within_a_second(&self, what: &str, is_so: impl Fn() -> bool) {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(1), "{what} took longer than a second");
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

/// A line of the table: a setting, two values, and how each shows.
type Line = (&'static str, [&'static str; 2], fn(&World, usize) -> bool);

/// Whether what is asked is answered with these, for the first value and for the second.
fn either(found: u16, wanted: [u16; 2], n: usize) -> bool {
    found == wanted[n]
}

const SETTINGS: [Line; 25] = [
    ("license.full", ["0", "none"], |it, n| either(it.create(&json!({})).0, [403, 201], n)),
    ("license.viewer", ["0", "none"], |it, n| either(it.create(&json!({"seat": "viewer"})).0, [403, 201], n)),
    ("seatOverflow", ["none", "refuse"], |it, n| {
        it.set("license.full", &it.seats("full"));
        let (status, made) = it.create(&json!({}));
        it.set("license.full", "none");
        either(status, [201, 403], n) && (n == 1 || made[ORGANIZATION]["seat"] == "none")
    }),
    ("ssoProvisioning", ["false", "true"], |it, n| {
        it.root.get("/settings").json()["ssoProvisioning"] == (n == 1)
    }),
    ("passwordSignIn", ["false", "true"], |it, n| {
        Visitor::at(&it.root.root).get("/sign-in").text.contains("name=\"password\"") == (n == 1)
    }),
    ("sessionHours", ["1", "720"], |it, n| it.stays_in("created_at") == (n == 1)),
    ("sessionIdleHours", ["1", "168"], |it, n| it.stays_in("seen_at") == (n == 1)),
    ("invitations", ["false", "true"], |it, n| {
        let body = json!({"emails": [format!("{}@x.example", it.fresh("guest"))], "mail": false});
        either(it.root.post("/invites", &body).status, [403, 201], n)
    }),
    ("inviteDays", ["1", "14"], |it, n| {
        let body = json!({"emails": [format!("{}@x.example", it.fresh("guest"))], "mail": false});
        let made = it.root.post("/invites", &body).json()["items"][0].clone();
        let day = |name: &str| made[name].as_str().unwrap()[..10].to_owned();
        let one_later = day("createdAt") < day("expiresAt");
        let month = |name: &str| made[name].as_str().unwrap()[..7].to_owned();
        let days: i64 =
            day("expiresAt")[8..].parse::<i64>().unwrap() - day("createdAt")[8..].parse::<i64>().unwrap();
        one_later && (days == [1, 14][n] || month("createdAt") != month("expiresAt"))
    }),
    ("scimMail", ["true", "false"], |it, n| {
        let (_, made) = it.create(&json!({}));
        let id = made["id"].as_str().unwrap();
        let mails = it.database.number(&format!("SELECT count(*) FROM mails WHERE about = '{id}'"));
        mails == [1, 0][n]
    }),
    ("scimGroupDelete", ["forbid", "archive"], |it, n| it.delete_group() == [(403, false), (204, true)][n]),
    ("mailFrom", ["hello@x.example", "none"], |it, n| {
        let before = it.sink.letters().len();
        it.root.post("/mails/test", &json!({"to": "a@x.example"}));
        let from = it.sink.wait_for(before + 1).last().unwrap().from.clone();
        (from == "hello@x.example") == (n == 0)
    }),
    ("userTeamCreation", ["true", "false"], |it, n| {
        either(it.member.post("/teams", &json!({"name": it.fresh("team")})).status, [201, 403], n)
    }),
    ("adminTeamAccess", ["false", "true"], |it, n| {
        let made = it.root.post(&format!("/teams/{}/members", it.team), &json!({"user": "root"}));
        it.root.delete(&format!("/teams/{}/members/me", it.team));
        either(made.status, [403, 201], n)
    }),
    ("teamServiceAccountCreation", ["false", "true"], |it, n| {
        let body = json!({"name": it.fresh("robot"), "team": it.team});
        either(it.member.post("/service-accounts", &body).status, [403, 201], n)
    }),
    ("keyCreation", ["false", "true"], |it, n| {
        either(it.member.post("/keys", &json!({"name": "another"})).status, [403, 201], n)
    }),
    ("viewerKeys", ["true", "false"], |it, n| either(it.viewer.get("/me").status, [200, 401], n)),
    ("keyProfile", ["wandb", "standard"], |it, n| {
        let client = Client { token: it.root.key.clone(), ..it.program.client.clone() };
        (client.get("/Users").json()["itemsPerPage"] == 9999) == (n == 0)
    }),
    ("personalProjects", ["false", "true"], |it, n| {
        it.root.get("/settings").json()["personalProjects"] == (n == 1)
    }),
    ("eventRetentionDays", ["90", "none"], |it, n| {
        it.root.get("/settings").json()["eventRetentionDays"] == [json!(90), Value::Null][n]
    }),
    ("enforced.hidden", ["true", "false"], |it, n| either(it.viewer_sees(), [404, 200], n)),
    ("enforced.privateProjects", ["true", "false"], |it, n| it.effective("privateProjects") == (n == 0)),
    ("enforced.adminsInvite", ["true", "false"], |it, n| it.effective("membersInvite") == (n == 1)),
    ("enforced.noPublicReports", ["true", "false"], |it, n| it.effective("noPublicReports") == (n == 0)),
    ("enforced.noCodeSaving", ["true", "false"], |it, n| it.effective("codeSaving") == (n == 1)),
];

impl World {
    /// Whether somebody who is in no team finds the team.
    fn viewer_sees(&self) -> u16 {
        self.set("viewerKeys", "true");
        let found = self.viewer.get(&format!("/teams/{}", self.team)).status;
        self.set("viewerKeys", "false");
        found
    }
}

#[test]
fn every_setting_changes_what_another_process_does_within_a_second() {
    let world = World::open(&[]);
    let decided = json!({"settings": {"membersInvite": true, "codeSaving": true}});
    assert_eq!(world.root.patch(&format!("/teams/{}", world.team), &decided).status, 200);
    let names: Vec<&str> = SETTINGS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, paths(), "every setting has a line");

    for (setting, values, shows) in SETTINGS {
        for (n, value) in values.iter().enumerate() {
            world.set(setting, value);
            world.within_a_second(&format!("{setting} {value}"), || shows(&world, n));
        }
    }
}

#[test]
fn a_setting_that_the_environment_decides_is_shown_so_and_nobody_changes_it() {
    let values = |path: &str| match path {
        "license.full" | "license.viewer" => "50",
        "seatOverflow" => "none",
        "scimGroupDelete" => "delete",
        "keyProfile" => "wandb",
        "mailFrom" => "hello@x.example",
        "inviteDays" | "eventRetentionDays" => "7",
        "sessionHours" | "sessionIdleHours" => "24",
        "ssoProvisioning"
        | "invitations"
        | "adminTeamAccess"
        | "teamServiceAccountCreation"
        | "keyCreation"
        | "personalProjects"
        | "passwordSignIn" => "false",
        _ => "true",
    };
    let own: Vec<(String, &str)> =
        variables().into_iter().filter(|(_, name)| name.starts_with("ROSTER_")).collect();
    assert_eq!(own.len(), paths().len());
    // what would keep this test from making its keys is locked on its own, below
    let set: Vec<(&str, &str)> = own
        .iter()
        .filter(|(path, _)| path != "keyCreation")
        .map(|(path, name)| (*name, values(path)))
        .collect();
    let world = World::open(&set);

    let settings = world.root.get("/settings").json();
    for (path, name) in own.iter().filter(|(path, _)| path != "keyCreation") {
        let pointer = format!("/{}", path.replace('.', "/"));
        let wanted: Value = serde_json::from_str(values(path)).unwrap_or_else(|_| values(path).into());
        assert_eq!(settings.pointer(&pointer), Some(&wanted), "{path}");
        assert_eq!(settings["locked"][path], *name);
        let other = match settings.pointer(&pointer).unwrap() {
            Value::Bool(is) => json!(!is),
            Value::Number(_) => json!(8),
            Value::String(word) if word == "none" => json!("refuse"),
            Value::String(word) if word == "wandb" => json!("strict"),
            Value::String(word) if word.contains('@') => json!("other@x.example"),
            _ => json!("forbid"),
        };
        let patch = match path.split_once('.') {
            Some((group, name)) => json!({group: {name: other}}),
            None => json!({path.clone(): other}),
        };
        let (status, why) = world.root.patch("/settings", &patch).problem();
        assert!(status == 409 && why.contains(name), "{path}: {why}");
    }
    assert_eq!(world.delete_group(), (204, false), "a lock is what the server does");
    assert_eq!(world.member.post("/teams", &json!({"name": "mine"})).status, 201);
    assert_eq!(world.viewer.get("/me").status, 200, "of keys, too");
    let table = roster(&world.database.setting(), &["setting", "list"]);
    if crate::database::test_server().is_none() {
        assert!(String::from_utf8_lossy(&table.stdout).contains("ROSTER_LICENSE_FULL"));
    }
    drop(world);

    for (name, value, path, holds) in [
        ("DISABLE_SSO_PROVISIONING", "true", "ssoProvisioning", false),
        ("GORILLA_DISABLE_SSO_PROVISIONING", "1", "ssoProvisioning", false),
        ("SCIM_SEND_INVITES", "yes", "scimMail", true),
        ("GORILLA_ALLOW_USER_TEAM_CREATION", "true", "userTeamCreation", true),
        ("GORILLA_DISABLE_ADMIN_TEAM_ACCESS", "true", "adminTeamAccess", false),
        ("GORILLA_DISABLE_TEAM_SERVICE_ACCOUNT_CREATION", "true", "teamServiceAccountCreation", false),
        ("GORILLA_DISABLE_PERSONAL_ENTITY", "no", "personalProjects", true),
    ] {
        let world = World::open(&[(name, value)]);
        let settings = world.root.get("/settings").json();
        assert_eq!((&settings[path], &settings["locked"][path]), (&json!(holds), &json!(name)));
    }
    for (name, value) in [("SESSION_LENGTH", "24"), ("GORILLA_SESSION_LENGTH", "24h")] {
        let world = World::open(&[(name, value)]);
        let settings = world.root.get("/settings").json();
        assert_eq!(settings["sessionHours"], json!(24));
        assert_eq!(settings["locked"]["sessionHours"], json!(name));
    }
    let aliases = variables().into_iter().filter(|(_, name)| !name.starts_with("ROSTER_")).count();
    assert_eq!(aliases, 9, "every alias has a line");
}

#[test]
fn what_the_environment_says_wrong_is_told_all_at_once() {
    let database = Database::fresh();
    let mut command = serve(&database.setting());
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("DISABLE_SSO_PROVISIONING", "perhaps")
        .stderr(Stdio::piped());
    let ended = Program::start(command.env("ROSTER_LICENSE_FULL", "many")).err().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(
        told.contains("DISABLE_SSO_PROVISIONING: expected true") && told.contains("ROSTER_LICENSE_FULL"),
        "{told}"
    );
    assert_eq!(ended.status.code(), Some(2));
}

#[test]
fn a_server_whose_environment_forbids_keys_makes_none() {
    let database = Database::fresh();
    let mut command = serve(&database.setting());
    command.args(["--listen", "127.0.0.1:0"]).env("ROSTER_KEY_CREATION", "false").stderr(Stdio::null());
    let _program = Program::start(&mut command).unwrap();
    let run = |words: &[&str]| roster(&database.setting(), words);
    told(&run(&["user", "create", "ada", "--json"]));
    if crate::database::test_server().is_none() {
        let refused = run(&["key", "create", "ada", "--name", "first"]);
        assert!(!refused.status.success(), "{}", String::from_utf8_lossy(&refused.stdout));
    }
    told(&run(&["setting", "list", "--json"]));
}

/// A line of the table of a connection's switches.
type Turn = (&'static str, [Value; 2], fn(&World, &Client, usize) -> bool);

/// A person whom this connection made.
fn own(client: &Client, world: &World) -> String {
    let body = json!({"schemas": [USER], "userName": world.fresh("own")});
    client.post("/Users", &body).json()["id"].as_str().unwrap_or_default().to_owned()
}

fn renamed(client: &Client, id: &str, world: &World) -> u16 {
    let name = world.fresh("name");
    client
        .patch(&format!("/Users/{id}"), &json!([{"op": "replace", "path": "displayName", "value": name}]))
        .status
}

/// Somebody whom an admin made.
fn by_hand(world: &World) -> String {
    let made = world.root.post("/users", &json!({"userName": world.fresh("hand")}));
    made.json()["id"].as_str().unwrap().to_owned()
}

fn turns() -> Vec<Turn> {
    let off = || [json!(false), json!(true)];
    vec![
        ("paused", [json!(true), json!(false)], |_, client, n| {
            either(client.get("/Users").status, [503, 200], n)
        }),
        ("readOnly", [json!(true), json!(false)], |it, client, n| {
            let body = json!({"schemas": [GROUP], "displayName": it.fresh("g")});
            client.get("/Users").status == 200 && either(client.post("/Groups", &body).status, [403, 201], n)
        }),
        ("create", off(), |it, client, n| {
            let body = json!({"schemas": [USER], "userName": it.fresh("new")});
            either(client.post("/Users", &body).status, [403, 201], n)
        }),
        ("update", off(), |it, client, n| {
            let id = own(client, it);
            let leaves = json!([{"op": "replace", "value": {"active": "False"}}]);
            let renamed = renamed(client, &id, it);
            either(renamed, [403, 200], n) && client.patch(&format!("/Users/{id}"), &leaves).status == 200
        }),
        ("deactivate", off(), |it, client, n| {
            let path = format!("/Users/{}", own(client, it));
            let left =
                client.patch(&path, &json!([{"op": "replace", "path": "active", "value": false}])).status;
            let active = client.get(&path).json()["active"] == true;
            either(left, [403, 200], n) && active == (n == 0)
        }),
        ("delete", off(), |it, client, n| {
            either(client.delete(&format!("/Users/{}", own(client, it))).status, [403, 204], n)
        }),
        ("groups", off(), |it, client, n| {
            let body = json!({"schemas": [GROUP], "displayName": it.fresh("g")});
            let added = client.patch(
                &format!("/Groups/{}", it.team),
                &json!([{"op": "add", "path": "members", "value": [{"value": own(client, it)}]}]),
            );
            either(client.post("/Groups", &body).status, [403, 201], n) && either(added.status, [403, 200], n)
        }),
        ("adoption", [json!("refuse"), json!("link")], |it, client, n| {
            either(renamed(client, &by_hand(it), it), [403, 200], n)
        }),
        ("mail", [json!("send"), json!("skip")], |it, client, n| {
            let body = json!({"schemas": [USER], "userName": format!("{}@x.example", it.fresh("m"))});
            let id = client.post("/Users", &body).json()["id"].as_str().unwrap().to_owned();
            it.database.number(&format!("SELECT count(*) FROM mails WHERE about = '{id}'")) == [1, 0][n]
        }),
        ("expectedCycle", [json!(1), Value::Null], |it, client, n| {
            client.get("/Users");
            let hour_ago =
                "UPDATE tokens SET last_used_at = last_used_at - 3600000000 WHERE last_used_at IS NOT NULL";
            it.database.ask(
                if it.database.number("SELECT count(*) FROM tokens WHERE last_used_at > 1000") > 0 {
                    hour_ago
                } else {
                    "SELECT 1"
                },
            );
            it.root.get("/connections/idp").json()["isLate"] == (n == 0)
        }),
    ]
}

#[test]
fn every_switch_of_a_connection_changes_what_another_process_does_within_a_second() {
    let world = World::open(&[]);
    let run = |words: &[&str]| told(&roster(&world.database.setting(), words));
    run(&["connection", "create", "idp", "--json"]);
    let token = run(&["token", "create", "idp", "--json"])["token"].as_str().unwrap().to_owned();
    let client = Client { root: world.program.client.root.clone(), token };
    let all = json!(Switches::default());
    let names: BTreeSet<&str> = all.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        turns().iter().map(|(name, ..)| *name).collect::<BTreeSet<_>>(),
        names,
        "every switch has a line"
    );

    for (switch, values, shows) in turns() {
        for (n, value) in values.iter().enumerate() {
            let body = json!({"switches": {switch: value}});
            let changed = world.root.patch("/connections/idp", &body);
            assert_eq!(changed.json()["switches"][switch], *value, "{}", changed.json());
            world.within_a_second(&format!("{switch} {value}"), || shows(&world, &client, n));
        }
        let events = world.database.number("SELECT count(*) FROM events WHERE kind = 'connection.changed'");
        assert!(events > 0, "{switch}");
    }
    let cli =
        run(&["connection", "change", "idp", "--deactivate", "false", "--expected-cycle", "40", "--json"]);
    assert_eq!(
        (&cli["switches"]["deactivate"], &cli["switches"]["expectedCycle"]),
        (&json!(false), &json!(40))
    );
    let (status, why) = world.root.patch("/connections/idp", &json!({"switches": {"paus": true}})).problem();
    assert!(status == 400 && why.contains("the nearest is \"paused\""), "{why}");
    assert_eq!(world.root.get("/connections/ipd").problem().0, 404);
    assert_eq!(json!(Settings::default())["invitations"], true);
}

#[test]
fn a_person_whom_a_connection_did_not_make_waits_for_an_admin_where_the_rule_says_so() {
    let world = World::open(&[]);
    let client = &world.program.client;
    world.root.patch("/connections/default", &json!({"switches": {"adoption": "queue"}}));
    let ada = by_hand(&world);
    let name = world.root.get(&format!("/users/{ada}")).json()["userName"].as_str().unwrap().to_owned();

    assert_eq!(renamed(client, &ada, &world), 403);
    assert_eq!(
        client
            .patch(&format!("/Users/{ada}"), &json!([{"op": "replace", "path": "active", "value": false}]))
            .status,
        403
    );
    assert_eq!(client.delete(&format!("/Users/{ada}")).status, 403);
    let wanted = world.root.get("/adoptions").json()["items"].clone();
    assert_eq!(
        (wanted.as_array().unwrap().len(), &wanted[0]["user"], &wanted[0]["state"]),
        (1, &json!(ada), &json!("asked"))
    );
    // whoever creates somebody of that name asks, too
    let eve = by_hand(&world);
    let eves = world.root.get(&format!("/users/{eve}")).json()["userName"].clone();
    let body = json!({"schemas": [USER], "userName": eves, "displayName": "Eve"});
    assert_eq!(client.post("/Users", &body).error(), (409, "uniqueness".to_owned()));
    assert_eq!(world.root.get("/adoptions").json()["items"].as_array().unwrap().len(), 2);

    let path = |user: &str| format!("/connections/default/people/{user}");
    assert_eq!(world.root.send("PUT", &path(&eve), &[], &json!({"approved": false})).status, 204);
    assert_eq!(client.post("/Users", &body).status, 409);
    assert_eq!(world.root.send("PUT", &path(&ada), &[], &json!({"approved": true})).status, 204);
    assert_eq!(renamed(client, &ada, &world), 200);
    let listed = told(&roster(&world.database.setting(), &["connection", "adoptions", "--json"]));
    assert_eq!(
        (listed["items"].as_array().unwrap().len(), &listed["items"][0]["state"]),
        (1, &json!("refused"))
    );
    told(&roster(
        &world.database.setting(),
        &["connection", "adopt", "default", eves.as_str().unwrap(), "--json"],
    ));
    let taken = client.post("/Users", &body);
    assert_eq!(
        (taken.status, &taken.json()["id"]),
        (201, &json!(eve)),
        "who was given to it is created once more"
    );
    assert_eq!(client.post("/Users", &body).status, 409);

    // where the rule links, a creation takes over who is there, and leaves where the person stands
    world.root.patch("/connections/default", &json!({"switches": {"adoption": "link"}}));
    let boss =
        told(&roster(&world.database.setting(), &["user", "create", "boss", "--role", "admin", "--json"]));
    let made = client.post("/Users", &json!({"schemas": [USER], "userName": "boss", "title": "Head"}));
    assert_eq!((made.status, &made.json()["id"], &made.json()["title"]), (201, &boss["id"], &json!("Head")));
    assert_eq!(made.json()[ORGANIZATION]["organizationRole"], "admin");
    let again = client.post("/Users", &json!({"schemas": [USER], "userName": "boss"}));
    assert_eq!(
        again.error(),
        (409, "uniqueness".to_owned()),
        "once it is its own, a name that is taken is taken"
    );
    assert_eq!(name, world.root.get(&format!("/users/{ada}")).json()["userName"]);
    assert_eq!(world.database.number("SELECT count(*) FROM events WHERE kind = 'user.linked'"), 3);
}

#[test]
fn who_may_not_change_users_takes_nobody_out_of_teams_and_bulk_hears_what_one_alone_would() {
    let world = World::open(&[]);
    let client = &world.program.client;
    let ada = by_hand(&world);
    assert_eq!(world.root.post(&format!("/teams/{}/members", world.team), &json!({"user": ada})).status, 201);
    let leave = json!([{"op": "remove", "path": format!("{ORGANIZATION}:teamRoles")}]);
    let set =
        |switches: Value| world.root.patch("/connections/default", &json!({"switches": switches})).status;

    for switches in [json!({"update": false}), json!({"update": true, "adoption": "refuse"})] {
        assert_eq!(set(switches), 200);
        assert_eq!(client.patch(&format!("/Users/{ada}"), &leave).status, 403);
    }
    assert_eq!(set(json!({"adoption": "link"})), 200);
    let name = world.root.get(&format!("/users/{ada}")).json()["userName"].clone();
    let data = json!({"schemas": [USER], "userName": name, "title": "Countess"});
    let bulk = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "POST", "path": "/Users", "bulkId": "a", "data": data}],
    });
    let done = client.post("/Bulk", &bulk).json()["Operations"][0].clone();
    assert_eq!(done["status"], "201", "{done}");
    assert!(done["location"].as_str().unwrap().ends_with(&ada), "{done}");
    assert_eq!(client.patch(&format!("/Users/{ada}"), &leave).status, 200);
}
