//! What holds of an organization whatever anybody does, in whatever order and at one time.
//!
//! Everybody who can ask for anything asks for random things, on several threads. Afterwards: an organization that had an
//! active admin has one; nobody has a seat that the license does not have; nobody but an admin or whoever provisions
//! changed anybody's role in the organization; whoever was removed is known for ever; no role or team that is gone is still
//! somebody's; nobody who left or was deactivated has a key; the counters say what the rows say, and the journal is whole.

use crate::{
    keys::{Api, give_role, issue, machine, operator, person, try_issue},
    oracles::number,
    support::{Client, GROUP, ORGANIZATION, Reply, Server, USER, wait},
};
use fastrand::Rng;
use roster::service::journal;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Mutex,
    thread,
};

const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const ROLE: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";
const THREADS: u64 = 6;
const STEPS: usize = 120;
const FULL: i64 = 12;
const VIEWER: i64 = 3;

/// What only an admin may do by the API, whoever else asks.
const ADMINS: [&str; 12] = [
    "role",
    "seat",
    "active",
    "remove",
    "settings",
    "create",
    "archive",
    "restore",
    "make role",
    "change role",
    "remove role",
    "make account",
];

/// Ids that may be asked about, among them some that are gone by now.
#[derive(Default)]
struct Pool(Mutex<Vec<String>>);

impl Pool {
    fn of(ids: &[String]) -> Self {
        Self(Mutex::new(ids.to_vec()))
    }

    /// One of the last, of which most are still there.
    fn any(&self, rng: &mut Rng) -> String {
        let ids = self.0.lock().unwrap();
        ids[rng.usize(ids.len().saturating_sub(12)..ids.len())].clone()
    }

    /// Adds what a request made.
    fn note(&self, made: &Reply) {
        if made.status == 201 {
            self.0.lock().unwrap().push(made.json()["id"].as_str().unwrap().to_owned());
        }
    }
}

/// Everybody who asks, and everything that is asked about.
struct World<'w> {
    server: &'w Server,
    /// Provision over SCIM: a connection, a service account of the organization, an admin while it is one.
    provisioners: Vec<Client>,
    /// May change roles, seats and who is here, as long as they are admins.
    admins: Mutex<Vec<Api>>,
    /// Never become admins: nobody makes them any.
    others: Vec<(&'static str, Api)>,
    /// Users whom anybody may change.
    users: Pool,
    /// The team of the team admin, which nobody archives.
    home: String,
    teams: Pool,
    roles: Pool,
    accounts: Pool,
    /// Whom a DELETE that was answered with success removed.
    removed: Mutex<HashSet<String>>,
    /// How often each thing was answered how.
    answers: Mutex<BTreeMap<(&'static str, u16), usize>>,
}

impl World<'_> {
    fn note(&self, what: &'static str, reply: &Reply) -> u16 {
        let status = reply.status;
        assert!(status != 500 && status != 503, "{what}: {status} {}", reply.json());
        *self.answers.lock().unwrap().entry((what, status)).or_default() += 1;
        status
    }

    fn a_team(&self, rng: &mut Rng) -> String {
        if rng.u8(..3) == 0 { self.home.clone() } else { self.teams.any(rng) }
    }

    /// An admin asks; one who is none any more makes room for a new one.
    fn ask_as_admin(&self, rng: &mut Rng) {
        let nth = rng.usize(..self.admins.lock().unwrap().len());
        let admin = self.admins.lock().unwrap()[nth].clone();
        let (what, status) = self.ask(&admin, rng);
        let is_none = status == 403 && ADMINS.contains(&what) && admin.get("/users").status == 403;
        if status == 401 || is_none {
            let name = format!("admin{}", rng.u64(..));
            let body = json!({"schemas": [USER, ORGANIZATION], "userName": name,
                ORGANIZATION: {"organizationRole": "admin", "seat": "none"}});
            let made = self.server.client.post("/Users", &body);
            self.users.note(&made);
            let id = made.json()["id"].as_str().unwrap().to_owned();
            if let Ok(newcomer) = try_issue(self.server, &id, "") {
                self.admins.lock().unwrap()[nth] = newcomer;
            }
        }
    }

    fn gone(&self, id: String, reply: &Reply) {
        if reply.status == 204 {
            self.removed.lock().unwrap().insert(id);
        }
    }

    /// Something over SCIM.
    fn provision(&self, client: &Client, rng: &mut Rng) {
        let (id, team) = (self.users.any(rng), self.a_team(rng));
        let (user, group) = (format!("/Users/{id}"), format!("/Groups/{team}"));
        let role = rng.choice(["admin", "member", "viewer"]).unwrap();
        let seat = rng.choice(["full", "viewer", "none"]).unwrap();
        let set = |path: &str, value: Value| {
            client.patch(&user, &json!([{"op": "replace", "path": path, "value": value}]))
        };
        match rng.u8(..12) {
            0 => {
                let body = json!({"schemas": [USER, ORGANIZATION], "userName": format!("u{}", rng.u64(..)),
                    ORGANIZATION: {"organizationRole": role, "seat": seat}});
                let made = client.post("/Users", &body);
                self.users.note(&made);
                let status = self.note("scim: create", &made);
                assert!([201, 401, 403].contains(&status), "{}", made.json());
            }
            1 => {
                let reply = client.delete(&user);
                self.note("scim: remove", &reply);
                self.gone(id, &reply);
            }
            2 => drop(self.note("scim: role", &set("organizationRole", json!(role)))),
            3 => drop(self.note("scim: seat", &set("seat", json!(seat)))),
            4 => drop(self.note("scim: active", &set("active", json!(rng.bool())))),
            5 => {
                let roles = json!([{"teamName": "a", "roleName": role}]);
                self.note("scim: team roles", &set("teamRoles", roles));
            }
            6 => {
                let op = rng.choice(["add", "remove"]).unwrap();
                let operations = json!([{"op": op, "path": "members", "value": [{"value": id}]}]);
                self.note("scim: members", &client.patch(&group, &operations));
            }
            7 => {
                let body = json!({"schemas": [GROUP], "displayName": format!("t{}", rng.u64(..)),
                    "members": [{"value": id}]});
                let made = client.post("/Groups", &body);
                self.teams.note(&made);
                self.note("scim: team", &made);
            }
            8 => {
                let reply = client.delete(&format!("/Groups/{}", self.teams.any(rng)));
                self.note("scim: archive", &reply);
            }
            9 => {
                let operations = json!([
                    {"method": "PATCH", "path": user, "data": {"Operations": [
                        {"op": "replace", "value": {"organizationRole": role, "active": rng.bool()}}]}},
                    {"method": "POST", "bulkId": "x", "path": "/Users", "data": {"schemas": [USER],
                        "userName": format!("b{}", rng.u64(..))}},
                    {"method": "PATCH", "path": group, "data": {"Operations": [
                        {"op": "add", "path": "members", "value": [{"value": "bulkId:x"}]}]}},
                    {"method": "DELETE", "path": user},
                ]);
                let query = rng.choice(["", "?atomic=true"]).unwrap();
                let body = json!({"schemas": [BULK], "Operations": operations});
                let done = client.post(&format!("/Bulk{query}"), &body);
                self.note("scim: bulk", &done);
                let kept = query.is_empty() || done.json().to_string().matches("\"status\":\"2").count() == 4;
                if kept && done.json()["Operations"][3]["status"] == "204" {
                    self.removed.lock().unwrap().insert(id);
                }
            }
            10 => {
                let body = json!({"schemas": [ROLE], "name": format!("r{}", rng.u64(..)), "inheritedFrom": "viewer",
                    "permissions": [{"name": "run:stop"}]});
                let made = client.post("/Roles", &body);
                self.roles.note(&made);
                self.note("scim: make role", &made);
            }
            _ => {
                let body =
                    json!({"schemas": [USER], "userName": format!("p{}", rng.u64(..)), "active": rng.bool()});
                self.note("scim: put", &client.put(&user, &body));
            }
        }
    }

    /// Something by the API; says what, and the status.
    fn ask(&self, api: &Api, rng: &mut Rng) -> (&'static str, u16) {
        let (id, team, custom) = (self.users.any(rng), self.a_team(rng), self.roles.any(rng));
        let role = *rng.choice(&["admin", "member", "viewer"]).unwrap();
        let team_role = if rng.u8(..3) == 0 { custom.as_str() } else { role };
        let user = format!("/users/{id}");
        let member = format!("/teams/{team}/members/{id}");
        let put = |path: String, body: Value| api.send("PUT", &path, &[], &body);
        let name = format!("n{}", rng.u64(..));
        let (what, reply) = match rng.u8(..22) {
            0 => ("role", put(format!("{user}/organization-role"), json!({"organizationRole": role}))),
            1 => {
                let seat = rng.choice(["full", "viewer", "none"]).unwrap();
                ("seat", put(format!("{user}/seat"), json!({"seat": seat})))
            }
            2 => ("active", api.patch(&user, &json!({"active": rng.bool()}))),
            3 => {
                let reply = api.delete(&user);
                self.gone(id, &reply);
                ("remove", reply)
            }
            4 => ("settings", api.patch("/settings", &json!({"userTeamCreation": rng.bool()}))),
            5 => {
                let made = api.post("/users", &json!({"userName": name, "organizationRole": role}));
                self.users.note(&made);
                ("create", made)
            }
            6 => ("archive", api.delete(&format!("/teams/{}", self.teams.any(rng)))),
            7 => {
                let archived = self.teams.any(rng);
                ("restore", api.post(&format!("/archived-teams/{archived}/restore"), &Value::Null))
            }
            8 => {
                let made = api.post("/roles", &json!({"name": name, "inheritedFrom": "member"}));
                self.roles.note(&made);
                ("make role", made)
            }
            9 => ("change role", api.patch(&format!("/roles/{custom}"), &json!({"inheritedFrom": "viewer"}))),
            10 => ("remove role", api.delete(&format!("/roles/{custom}"))),
            11 => {
                let made = api.post("/service-accounts", &json!({"name": name}));
                self.accounts.note(&made);
                ("make account", made)
            }
            12 => {
                let made = api.post("/service-accounts", &json!({"name": name, "team": team}));
                self.accounts.note(&made);
                ("make team account", made)
            }
            13 => ("remove account", api.delete(&format!("/service-accounts/{}", self.accounts.any(rng)))),
            14 => ("make key", api.post("/keys", &json!({"name": name}))),
            15 => {
                let owner = if rng.bool() { id } else { self.accounts.any(rng) };
                ("make another's key", api.post("/keys", &json!({"name": name, "owner": owner})))
            }
            16 => {
                let made = api.post("/teams", &json!({"name": name, "defaultRole": team_role}));
                self.teams.note(&made);
                ("team", made)
            }
            17 => ("team settings", api.patch(&format!("/teams/{team}"), &json!({"defaultRole": team_role}))),
            18 => {
                let body = json!({"user": id, "role": team_role});
                ("add member", api.post(&format!("/teams/{team}/members"), &body))
            }
            19 => ("member's role", put(format!("{member}/role"), json!({"role": team_role}))),
            20 => ("default team", put(format!("{user}/default-team"), json!({"team": team}))),
            _ => ("remove member", api.delete(&member)),
        };
        (what, self.note(what, &reply))
    }

    /// Something that somebody asks for, and nobody who may not has.
    fn step(&self, rng: &mut Rng, seed: u64) {
        match rng.u8(..8) {
            0..3 => self.provision(&self.provisioners[rng.usize(..self.provisioners.len())], rng),
            3..6 => self.ask_as_admin(rng),
            6 => {
                let (who, api) = &self.others[rng.usize(..self.others.len())];
                let (what, status) = self.ask(api, rng);
                let may_not = ADMINS.contains(&what) || *who != "team admin";
                let is_own = ["make key", "make another's key", "team", "default team"].contains(&what);
                assert!(
                    !may_not || is_own && !ADMINS.contains(&what) || status >= 400,
                    "{who} was let: {what}; seed {seed}"
                );
            }
            _ => {
                let (who, api) = &self.others[rng.usize(..self.others.len())];
                let body = json!({"schemas": [USER, ORGANIZATION], "userName": format!("x{}", rng.u64(..)),
                    ORGANIZATION: {"organizationRole": "admin"}});
                let status = self.note("scim: by others", &api.client().post("/Users", &body));
                assert!([401, 403].contains(&status), "{who} was let provision: {status}; seed {seed}");
            }
        }
    }
}

#[test]
fn whatever_everybody_does_at_once_an_admin_is_left_seats_suffice_and_the_removed_are_known() {
    let server = Server::standard();
    let seed = number("ROSTER_ORACLE_SEED").unwrap_or_else(|| fastrand::u64(..));
    println!("organization laws: ROSTER_ORACLE_SEED={seed}");
    let world = World::begin(&server);

    thread::scope(|scope| {
        for n in 0..THREADS {
            let world = &world;
            scope.spawn(move || {
                let mut rng = Rng::with_seed(seed.wrapping_add(n));
                for _ in 0..STEPS {
                    world.step(&mut rng, seed);
                }
            });
        }
    });

    for ((what, status), n) in world.answers.lock().unwrap().iter() {
        println!("{what}: {status} × {n}");
    }
    world.check(seed);
}

impl<'w> World<'w> {
    fn begin(server: &'w Server) -> Self {
        let roots = ["root", "second"].map(|name| person(server, name, "admin"));
        let admins: Vec<Api> = roots.iter().map(|id| issue(server, id, "")).collect();
        let mut first: Vec<String> = (0..6).map(|n| person(server, &format!("first{n}"), "member")).collect();
        // admins are changed and removed like everybody else, also by themselves
        first.extend(roots);
        let [member, viewer, captain] = ["member", "viewer", "captain"]
            .map(|name| person(server, name, if name == "viewer" { name } else { "member" }));
        let members = [first[0].clone(), first[1].clone(), captain.clone()];
        let teams: Vec<String> = ["a", "b"].map(|name| server.client.group(name, &members)).into();
        give_role(server, &teams[0], &captain, "admin");
        let settings = json!({"license": {"full": FULL, "viewer": VIEWER}, "viewerKeys": true});
        assert_eq!(admins[0].patch("/settings", &settings).status, 200);
        let (robot, arm) = (machine(server, "robot", None), machine(server, "arm", Some(&teams[0])));
        let (robots_key, arms_key) = (issue(server, &robot, ""), issue(server, &arm, ""));
        let role = admins[0].post("/roles", &json!({"name": "janitor", "inheritedFrom": "viewer"}));
        let spare = machine(server, "spare", Some(&teams[1]));
        Self {
            server,
            provisioners: vec![server.client.clone(), robots_key.client(), admins[0].client()],
            others: vec![
                ("member", issue(server, &member, "")),
                ("viewer", issue(server, &viewer, "read")),
                ("team admin", issue(server, &captain, "")),
                ("team service account", arms_key),
            ],
            admins: Mutex::new(admins),
            users: Pool::of(&first),
            home: teams[0].clone(),
            teams: Pool::of(&teams[1..]),
            roles: Pool::of(&[role.json()["id"].as_str().unwrap().to_owned()]),
            accounts: Pool::of(&[spare]),
            removed: Mutex::default(),
            answers: Mutex::default(),
        }
    }

    fn check(&self, seed: u64) {
        let database = &self.server.database;
        let live = "active AND account_type = 'user'";
        let admins = database
            .number(&format!("SELECT count(*) FROM users WHERE {live} AND organization_role = 'admin'"));
        assert!(admins >= 1, "nobody is an admin any more; seed {seed}");
        let counter = |name: &str| {
            let sum = "SELECT CAST(coalesce(sum(value), 0) AS BIGINT) FROM counters";
            database.number(&format!("{sum} WHERE name = '{name}'"))
        };
        for (seat, limit) in [("full", FULL), ("viewer", VIEWER)] {
            let taken =
                database.number(&format!("SELECT count(*) FROM users WHERE {live} AND seat = '{seat}'"));
            assert!(taken <= limit, "{taken} of {limit} {seat} seats; seed {seed}");
            assert_eq!(counter(&format!("seats.{seat}")), taken, "the counter of {seat} seats; seed {seed}");
        }
        assert_eq!(counter("admins"), admins, "the counter of admins; seed {seed}");
        for id in self.removed.lock().unwrap().iter() {
            let known = database.number(&format!("SELECT count(*) FROM tombstones WHERE id = '{id}'"));
            assert_eq!(known, 1, "{id} was removed and is forgotten; seed {seed}");
        }
        let predefined = "('admin', 'member', 'viewer')";
        for (what, none) in [
            (
                "a role that is gone is somebody's",
                format!("memberships WHERE role NOT IN {predefined} AND role NOT IN (SELECT id FROM roles)"),
            ),
            (
                "a role that is gone is what newcomers get",
                format!(
                    "teams WHERE default_role NOT IN {predefined} AND default_role NOT IN (SELECT id FROM roles)"
                ),
            ),
            (
                "somebody who is gone is a member",
                "memberships WHERE member NOT IN (SELECT id FROM users)".to_owned(),
            ),
            (
                "somebody is a member of nothing",
                "memberships WHERE team NOT IN (SELECT id FROM teams)".to_owned(),
            ),
            (
                "somebody who may not come in has a key",
                "api_keys WHERE revoked_at IS NULL AND owner NOT IN (SELECT id FROM users WHERE active)"
                    .to_owned(),
            ),
        ] {
            assert_eq!(database.number(&format!("SELECT count(*) FROM {none}")), 0, "{what}; seed {seed}");
        }
        for actor in self.others.iter().map(|(_, api)| &api.id) {
            let changes = format!(
                "SELECT count(*) FROM events WHERE credential = '{actor}' AND kind LIKE 'user.%' AND detail NOT LIKE '%defaultTeam%'"
            );
            assert_eq!(database.number(&changes), 0, "somebody changed users who may not; seed {seed}");
        }
        let app = self.server.app.clone();
        let walked = wait(async {
            journal::seal(&app).await.unwrap();
            journal::verify(&operator(self.server).await).await.unwrap()
        });
        assert_eq!(walked.broken, None, "the journal; seed {seed}");
        assert!(walked.checked() > 100);
    }
}
