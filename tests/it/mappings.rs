//! Groups and claims that give roles: what they give follows who is in them, and nothing that was decided is lost.

use crate::{
    keys::{Api, issue, operator, person},
    support::{Client, Server, TOKEN, wait},
};
use roster::{
    client::{Stop, Target},
    service::mappings::{claimed, settle_all},
    simulate::{Day, Size, providers, simulate},
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    slice,
    sync::Mutex,
    thread,
    time::Duration,
};

fn admin(server: &Server) -> Api {
    issue(server, &person(server, "root", "admin"), "")
}

#[track_caller]
fn map(api: &Api, body: &Value) -> String {
    let made = api.post("/mappings", body);
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// The role of somebody in the organization, and in each team by its name, as the API tells them.
fn standing(api: &Api, user: &str) -> (String, BTreeMap<String, String>) {
    let person = api.get(&format!("/users/{user}")).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let teams = person["teams"].as_array().unwrap();
    (
        text(&person["organizationRole"]),
        teams.iter().map(|team| (text(&team["name"]), text(&team["role"]))).collect(),
    )
}

fn add(client: &Client, group: &str, user: &str) {
    let done = client.patch(
        &format!("/Groups/{group}"),
        &json!([{"op": "add", "path": "members", "value": [{"value": user}]}]),
    );
    assert_eq!(done.status, 200, "{}", done.json());
}

fn take(client: &Client, group: &str, user: &str) -> u16 {
    let path = format!("members[value eq \"{user}\"]");
    client.patch(&format!("/Groups/{group}"), &json!([{"op": "remove", "path": path}])).status
}

#[test]
fn w_253_a_group_gives_a_role_in_a_team_and_takes_it_away_with_the_group() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let (ada, eve) = (server.user("ada"), server.user("eve"));
    let group = client.group("engineers", slice::from_ref(&ada));
    let team = client.group("vision", slice::from_ref(&eve));
    map(&api, &json!({"group": "engineers", "team": "vision", "role": "admin"}));

    assert_eq!(standing(&api, &ada).1["vision"], "admin", "who is in the group has it at once");
    add(client, &group, &eve);
    assert_eq!(standing(&api, &eve).1["vision"], "admin", "the strongest of two holds");
    assert_eq!(client.members(&team), slice::from_ref(&eve), "who pushes a team's members is shown its own");
    let ada_seen = client.get(&format!("/Users/{ada}")).json();
    let shown: Vec<&str> =
        ada_seen["groups"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!(shown, ["direct", "indirect"]);
    let members = api.get(&format!("/teams/{team}/members")).json();
    let told: BTreeSet<(&str, &str, bool)> = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["userName"].as_str().unwrap(),
                it["origin"].as_str().unwrap(),
                it["mapped"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, BTreeSet::from([("ada", "mapping", true), ("eve", "scim", true)]));
    // a team's admin by a mapping may do what a team's admin may
    let lead = issue(&server, &ada, "");
    assert_eq!(
        lead.patch(&format!("/teams/{team}"), &json!({"settings": {"membersInvite": true}})).status,
        200
    );

    assert_eq!(take(client, &group, &ada), 200);
    assert_eq!(take(client, &group, &eve), 200);
    assert!(!standing(&api, &ada).1.contains_key("vision"));
    assert_eq!(standing(&api, &eve).1["vision"], "member", "what a push gave stays");
    assert_eq!(
        lead.patch(&format!("/teams/{team}"), &json!({"settings": {"membersInvite": false}})).problem().0,
        403
    );
    let found = client.get(&format!("/Users?filter=groups.value%20eq%20%22{team}%22")).json();
    assert_eq!(found["totalResults"], 1);
    add(client, &group, &ada);
    let found = client.get(&format!("/Users?filter=groups.value%20eq%20%22{team}%22")).json();
    assert_eq!(found["totalResults"], 2, "a filter sees what an answer shows");
}

#[test]
fn w_253_several_groups_give_one_team_different_roles_and_the_strongest_wins() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    api.post(
        "/roles",
        &json!({"name": "Curator", "inheritedFrom": "viewer", "permissions": [{"name": "run:delete"}]}),
    );
    let ada = server.user("ada");
    let groups: Vec<String> =
        ["readers", "curators", "people", "leads"].iter().map(|name| client.group(name, &[])).collect();
    client.group("vision", &[]);
    for (group, role) in groups.iter().zip(["viewer", "Curator", "member", "admin"]) {
        map(&api, &json!({"group": group, "team": "vision", "role": role}));
    }

    for (group, role) in groups.iter().zip(["viewer", "Curator", "member", "admin"]) {
        add(client, group, &ada);
        assert_eq!(standing(&api, &ada).1["vision"], role);
    }
    assert_eq!(take(client, &groups[3], &ada), 200);
    assert_eq!(take(client, &groups[2], &ada), 200);
    assert_eq!(standing(&api, &ada).1["vision"], "Curator");
    let role = api.get("/roles?name=Curator").json()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(api.delete(&format!("/roles/{role}")).status, 204);
    assert_eq!(standing(&api, &ada).1["vision"], "viewer", "a role that is gone gives what it was made from");
}

#[test]
fn w_253_a_group_gives_a_role_in_the_organization_and_never_takes_one_that_was_decided() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let (ada, eve) = (server.user("ada"), server.user("eve"));
    assert_eq!(
        api.send(
            "PUT",
            &format!("/users/{eve}/organization-role"),
            &[],
            &json!({"organizationRole": "admin"})
        )
        .status,
        200
    );
    let viewers = client.group("viewers", &[ada.clone(), eve.clone()]);
    let admins = client.group("admins", &[]);
    map(&api, &json!({"group": "viewers", "organizationRole": "viewer"}));
    map(&api, &json!({"group": "admins", "organizationRole": "admin"}));

    assert_eq!(standing(&api, &ada).0, "viewer", "nobody decided, so the mapping does");
    assert_eq!(standing(&api, &eve).0, "admin", "what an admin decided stays");
    add(client, &admins, &ada);
    assert_eq!(standing(&api, &ada).0, "admin");
    let key = issue(&server, &ada, "");
    assert_eq!(key.get("/users").status, 200);
    let (status, why) = api
        .send("PUT", &format!("/users/{ada}/organization-role"), &[], &json!({"organizationRole": "member"}))
        .problem();
    assert!(status == 409 && why.contains("a mapping makes this person admin"), "{why}");
    // what an identity provider repeats is no decision
    let seen = client.get(&format!("/Users/{ada}")).json();
    assert_eq!(client.put(&format!("/Users/{ada}"), &seen).status, 200);
    assert_eq!(take(client, &admins, &ada), 200);
    assert_eq!(standing(&api, &ada).0, "viewer");
    assert_eq!(key.get("/users").problem().0, 401, "a viewer's key is at rest");
    assert_eq!(take(client, &viewers, &ada), 200);
    assert_eq!(standing(&api, &ada).0, "member");
    // and what one decides over SCIM is a floor
    client.patch(
        &format!("/Users/{ada}"),
        &json!([{"op": "replace", "path": "organizationRole", "value": "admin"}]),
    );
    add(client, &viewers, &ada);
    assert_eq!(standing(&api, &ada).0, "admin");
}

#[test]
fn the_last_admin_stays_one_whatever_becomes_of_mappings_and_groups() {
    let server = Server::standard();
    let client = &server.client;
    let boss = server.user("boss");
    let group = client.group("bosses", slice::from_ref(&boss));
    let operator = wait(async { operator(&server).await });
    let cx = operator.clone();
    let new = roster::service::mappings::NewMapping {
        group: Some(group.clone()),
        organization_role: Some(roster::org::role::OrganizationRole::Admin),
        ..Default::default()
    };
    wait(async { roster::service::mappings::create(&cx, new).await.unwrap() });
    let api = issue(&server, &boss, "");
    let id = api.get("/mappings").json()["items"][0]["id"].as_str().unwrap().to_owned();

    let (status, why) = api.delete(&format!("/mappings/{id}")).problem();
    assert!(status == 409 && why.contains("without an active admin"), "{why}");
    assert_eq!(take(client, &group, &boss), 409);
    assert_eq!(client.delete(&format!("/Groups/{group}")).status, 409);
    assert_eq!(
        client
            .put(
                &format!("/Groups/{group}"),
                &json!({"schemas": [crate::support::GROUP], "displayName": "bosses"})
            )
            .status,
        409
    );
    assert_eq!(standing(&api, &boss).0, "admin");
    person(&server, "second", "admin");
    assert_eq!(api.delete(&format!("/mappings/{id}")).status, 204);
    assert_eq!(
        wait(async { roster::service::people::read(&operator, &boss).await.unwrap().organization_role }),
        "member"
    );
}

#[test]
fn a_preview_tells_who_would_change_and_nothing_does() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let (ada, eve) = (server.user("ada"), server.user("eve"));
    client.group("engineers", &[ada.clone(), eve.clone()]);
    client.group("vision", slice::from_ref(&eve));
    let body = json!({"group": "engineers", "team": "vision", "role": "member"});

    let told = api.send("POST", "/mappings?dryRun=true", &[], &body);

    assert_eq!(told.status, 200, "{}", told.json());
    let one = json!({"affected": 1, "people": [{"user": ada, "userName": "ada", "before": null, "after": "member"}]});
    assert_eq!(told.json(), one);
    assert_eq!(api.get("/mappings").json()["items"], json!([]));
    assert!(!standing(&api, &ada).1.contains_key("vision"));
    let id = map(&api, &body);
    let back = api.send("DELETE", &format!("/mappings/{id}?dryRun=true"), &[], &Value::Null).json();
    let one = json!({"affected": 1, "people": [{"user": ada, "userName": "ada", "before": "member", "after": null}]});
    assert_eq!(back, one);
    let viewers = json!({"group": "engineers", "organizationRole": "viewer"});
    assert_eq!(api.send("POST", "/mappings?dryRun=true", &[], &viewers).json()["affected"], 2);
    for (wrong, part) in [
        (json!({"group": "enginers", "team": "vision"}), "the nearest is \"engineers\""),
        (json!({"group": "engineers", "team": "visoin"}), "the nearest is \"vision\""),
        (json!({"group": "engineers", "team": "vision", "role": "bos"}), "there is no role"),
        (json!({"group": "engineers"}), "expected either organizationRole"),
        (json!({"claim": "groups", "organizationRole": "admin"}), "expected either group"),
        (json!({"group": "engineers", "organizationRole": "admin", "role": "admin"}), "expected either"),
    ] {
        let (status, why) = api.post("/mappings", &wrong).problem();
        assert!(status == 400 && why.contains(part), "{wrong}: {why}");
    }
    assert_eq!(api.post("/mappings", &body).problem().0, 409);
}

#[test]
fn who_is_no_admin_of_the_organization_fills_no_group_that_gives_roles() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let (lead, eve) = (person(&server, "lead", "member"), server.user("eve"));
    let inner = api.post("/teams", &json!({"name": "inner", "admins": [lead]})).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let group = client.group("bosses", slice::from_ref(&inner));
    map(&api, &json!({"group": group, "organizationRole": "admin"}));
    let key = issue(&server, &person(&server, "captain", "member"), "");
    let owner = issue(&server, &lead, "");
    assert_eq!(standing(&api, &lead).0, "admin");
    // somebody who manages the team within it, and is no admin
    api.post(&format!("/teams/{inner}/members"), &json!({"user": "captain", "role": "admin"}));
    assert_eq!(standing(&api, key.get("/me").json()["id"].as_str().unwrap()).0, "admin");
    client.patch(&format!("/Groups/{group}"), &json!([{"op": "remove", "path": "members"}]));
    map(&api, &json!({"group": inner, "team": "bosses", "role": "admin"}));

    for (method, path, body) in [
        ("POST", format!("/teams/{inner}/members"), json!({"user": eve})),
        ("POST", format!("/teams/{inner}/members"), json!({"user": "guest@x.example"})),
        ("DELETE", format!("/teams/{inner}/members/{lead}"), Value::Null),
    ] {
        let (status, why) = key.send(method, &path, &[], &body).problem();
        assert!(status == 403 && why.contains("only an admin of the organization"), "{method} {path}: {why}");
    }
    assert_eq!(owner.delete(&format!("/teams/{inner}/members/me")).status, 204, "one may leave");
    assert_eq!(api.post(&format!("/teams/{inner}/members"), &json!({"user": eve})).status, 201);
}

#[test]
fn a_patch_of_roles_in_teams_and_of_the_user_at_once_is_one_change() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let ada = server.user("ada");
    client.group("admins", &[]);
    client.group("vision", &[]);
    map(&api, &json!({"group": "admins", "organizationRole": "admin"}));
    map(&api, &json!({"group": "admins", "team": "vision", "role": "viewer"}));
    let path = format!("{}:teamRoles", crate::support::ORGANIZATION);
    let roles = |team: &str, role: &str| json!({"op": "add", "path": path, "value": [{"teamName": team, "roleName": role}]});

    let done = client.patch(
        &format!("/Users/{ada}"),
        &json!([roles("admins", "member"), {"op": "replace", "path": "displayName", "value": "Ada"}]),
    );

    assert_eq!(done.status, 200, "{}", done.json());
    assert_eq!(standing(&api, &ada).0, "admin");
    assert_eq!(done.json()["displayName"], "Ada");
    // whom a mapping alone put into a team is made a member by whoever assigns a role
    let done = client.patch(&format!("/Users/{ada}"), &json!([roles("vision", "admin")]));
    assert_eq!(done.status, 200, "{}", done.json());
    let echo = client.get(&format!("/Users/{ada}")).json();
    assert_eq!(client.put(&format!("/Users/{ada}"), &echo).status, 200);
    let group = api.get("/teams?name=admins").json()["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(take(client, &group, &ada), 200);
    let (role, teams) = standing(&api, &ada);
    assert_eq!((role.as_str(), teams["vision"].as_str()), ("member", "admin"));
}

#[test]
fn what_is_decided_is_kept_also_where_a_mapping_says_the_same_and_only_by_who_may() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let (ada, eve) = (server.user("ada"), server.user("eve"));
    let group = client.group("admins", &[ada.clone(), eve.clone()]);
    map(&api, &json!({"group": "admins", "organizationRole": "admin"}));
    let by_hand = |user: &str, role: &str| {
        let path = format!("/users/{user}/organization-role");
        api.send("PUT", &path, &[], &json!({"organizationRole": role})).status
    };
    assert_eq!(by_hand(&ada, "admin"), 200);
    assert_eq!(by_hand(&eve, "admin"), 200);

    assert_eq!(take(client, &group, &ada), 200);
    assert_eq!(standing(&api, &ada).0, "admin");
    assert_eq!(api.patch("/connections/default", &json!({"switches": {"update": false}})).status, 200);
    let lower = json!([{"op": "replace", "path": "organizationRole", "value": "member"}]);
    assert_eq!(client.patch(&format!("/Users/{eve}"), &lower).status, 403);
    assert_eq!(take(client, &group, &eve), 200);
    assert_eq!(standing(&api, &eve).0, "admin");
}

#[test]
fn access_tells_the_chain_from_the_connection_to_the_role() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let ada = server.user("ada");
    let inner = client.group("engineers", slice::from_ref(&ada));
    let outer = client.group("staff", slice::from_ref(&inner));
    let vision = client.group("vision", slice::from_ref(&ada));
    let in_vision = map(&api, &json!({"group": "staff", "team": "vision", "role": "admin"}));
    map(&api, &json!({"group": "staff", "organizationRole": "viewer"}));

    let access = api.get(&format!("/users/{ada}/access")).json();

    assert_eq!(
        (&access["organizationRole"], &access["because"][0]["kind"]),
        (&json!("viewer"), &json!("mapping"))
    );
    assert_eq!(access["because"][0]["chain"][0], json!({"kind": "group", "id": outer, "name": "staff"}));
    let of =
        |id: &str| access["teams"].as_array().unwrap().iter().find(|it| it["id"] == *id).unwrap().clone();
    assert_eq!(
        of(&outer)["because"][0]["chain"],
        json!([{"kind": "team", "id": inner, "name": "engineers"}])
    );
    let ways: Vec<(&str, &str)> = of(&vision)["because"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                if it["kind"] == "mapping" { "mapping" } else { "membership" },
                if it["role"] == "admin" { "admin" } else { "member" },
            )
        })
        .collect();
    assert_eq!(ways, [("membership", "member"), ("mapping", "admin")]);
    assert_eq!(of(&vision)["because"][1]["chain"][1]["id"], in_vision);
    assert_eq!(of(&vision)["because"][0]["chain"][0]["kind"], "connection");
    // who only reads in the organization reads in teams
    assert_eq!(of(&vision)["role"], "admin");
    assert_eq!(api.get("/users/nobody/access").problem().0, 404);
}

#[test]
fn what_a_claim_gives_is_taken_when_it_is_not_claimed_any_more_and_groups_are_left_alone() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let ada = server.user("ada");
    client.group("engineers", slice::from_ref(&ada));
    client.group("vision", &[]);
    client.group("audio", &[]);
    map(&api, &json!({"group": "engineers", "team": "audio", "role": "member"}));
    map(&api, &json!({"claim": "groups", "value": "ml", "team": "vision", "role": "admin"}));
    map(&api, &json!({"claim": "roles", "value": "boss", "organizationRole": "admin"}));
    let claim = |claims: &[(&str, &str)]| {
        let claims = claims.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        wait(async { claimed(&operator(&server).await, &ada, claims).await.unwrap() });
        standing(&api, &ada)
    };

    let (role, teams) = claim(&[("groups", "ml"), ("groups", "other"), ("roles", "boss")]);
    assert_eq!(
        (role.as_str(), teams["vision"].as_str(), teams["audio"].as_str()),
        ("admin", "admin", "member")
    );
    let (role, teams) = claim(&[("groups", "ML")]);
    assert_eq!(
        (role.as_str(), teams.contains_key("vision"), teams["audio"].as_str()),
        ("member", false, "member")
    );
}

#[test]
fn people_by_the_hundred_get_what_a_mapping_gives_in_slices() {
    let server = Server::standard();
    let (api, client) = (admin(&server), &server.client);
    let crowd = server.crowd(230);
    let group = client.group("everybody", &crowd);
    let team = client.group("vision", &[]);

    let id = map(&api, &json!({"group": group, "team": team}));
    let n = || server.database.number("SELECT count(*) FROM grants");
    assert_eq!(n(), 230, "before the answer");
    let mut found = Vec::new();
    let mut path = format!("/teams/{team}/members?limit=100");
    loop {
        let page = api.get(&path).json();
        found
            .extend(page["items"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => path = format!("/teams/{team}/members?limit=100&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), crowd.iter().collect::<BTreeSet<_>>());
    assert_eq!(client.delete(&format!("/Groups/{group}")).status, 204);
    wait(async { settle_all(&operator(&server).await).await.unwrap() });
    assert_eq!((n(), server.database.number("SELECT count(*) FROM unsettled")), (0, 0));
    assert_eq!(api.post(&format!("/archived-teams/{group}/restore"), &Value::Null).status, 200);
    wait(async { settle_all(&operator(&server).await).await.unwrap() });
    assert_eq!(n(), 230);
    assert_eq!(api.delete(&format!("/mappings/{id}")).status, 204);
    assert_eq!(n(), 0);
}

/// What mappings and hands gave, kept beside the server.
#[derive(Default)]
struct Model {
    /// Who is in which group.
    groups: BTreeSet<(usize, usize)>,
    /// By hand or push: who has which role in which team.
    own: BTreeMap<(usize, usize), &'static str>,
    /// The role in the organization that was decided for whom.
    decided: BTreeMap<usize, &'static str>,
    /// Mappings: from a group to a team with a role, or to a role in the organization, by id.
    mappings: BTreeMap<String, (usize, Option<usize>, &'static str)>,
}

const ROLES: [&str; 3] = ["viewer", "member", "admin"];

fn rank(role: &str) -> usize {
    ROLES.iter().position(|it| *it == role).unwrap()
}

impl Model {
    fn team(&self, user: usize, team: usize) -> Option<&'static str> {
        let given = self
            .mappings
            .values()
            .filter(|(group, into, _)| *into == Some(team) && self.groups.contains(&(*group, user)));
        given
            .map(|(_, _, role)| *role)
            .chain(self.own.get(&(team, user)).copied())
            .max_by_key(|role| rank(role))
    }

    fn organization(&self, user: usize) -> &'static str {
        let given = self
            .mappings
            .values()
            .filter(|(group, into, _)| into.is_none() && self.groups.contains(&(*group, user)));
        let all = given.map(|(_, _, role)| *role).chain(self.decided.get(&user).copied());
        all.max_by_key(|role| rank(role)).unwrap_or("member")
    }
}

#[test]
fn a_thousand_random_sequences_of_hands_and_mappings_agree_with_a_model() {
    thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || agree(seed, 250));
        }
    });
}

/// A server, the model of it, and what is drawn of both.
struct Trial {
    server: Server,
    api: Api,
    users: Vec<String>,
    groups: Vec<String>,
    teams: Vec<String>,
    model: Model,
    random: fastrand::Rng,
}

/// Random steps on a server of their own, and after each few of them a comparison with the model.
fn agree(seed: u64, n_sequences: usize) {
    const STEPS: usize = 6;
    let server = Server::standard();
    let mut trial = Trial {
        api: admin(&server),
        users: (0..3).map(|n| server.user(&format!("u{n}"))).collect(),
        groups: (0..2).map(|n| server.client.group(&format!("g{n}"), &[])).collect(),
        teams: (0..2).map(|n| server.client.group(&format!("t{n}"), &[])).collect(),
        model: Model::default(),
        random: fastrand::Rng::with_seed(seed),
        server,
    };
    for sequence in 0..n_sequences {
        for _ in 0..STEPS {
            trial.step();
        }
        trial.compare(sequence);
    }
}

impl Trial {
    fn step(&mut self) {
        let (user, group, team) = (self.random.usize(0..3), self.random.usize(0..2), self.random.usize(0..2));
        let role = ROLES[self.random.usize(0..3)];
        match self.random.usize(0..8) {
            0 => {
                add(&self.server.client, &self.groups[group], &self.users[user]);
                self.model.groups.insert((group, user));
            }
            1 => {
                assert_eq!(take(&self.server.client, &self.groups[group], &self.users[user]), 200);
                self.model.groups.remove(&(group, user));
            }
            2 => self.join(user, team, role),
            3 => self.leave(user, team),
            4 => self.give(user, team, role),
            5 => self.map(group, team, role),
            6 => {
                if let Some(id) = self.model.mappings.keys().nth(self.random.usize(0..4)).cloned() {
                    assert_eq!(self.api.delete(&format!("/mappings/{id}")).status, 204);
                    self.model.mappings.remove(&id);
                }
            }
            _ => self.decide(user, role),
        }
    }

    fn join(&mut self, user: usize, team: usize, role: &'static str) {
        let body = json!({"user": self.users[user], "role": role});
        let done = self.api.post(&format!("/teams/{}/members", self.teams[team]), &body);
        if done.status == 201 {
            assert_eq!(self.model.own.insert((team, user), role), None);
        } else {
            assert!(done.status == 409 && self.model.own.contains_key(&(team, user)), "{}", done.json());
        }
    }

    fn member(&self, user: usize, team: usize) -> String {
        format!("/teams/{}/members/{}", self.teams[team], self.users[user])
    }

    fn leave(&mut self, user: usize, team: usize) {
        let done = self.api.delete(&self.member(user, team)).status;
        let was = self.model.own.remove(&(team, user)).is_some();
        let given = self.model.team(user, team).is_some();
        assert_eq!(
            done,
            if was {
                204
            } else if given {
                409
            } else {
                404
            }
        );
    }

    fn give(&mut self, user: usize, team: usize, role: &'static str) {
        let (before, kept) = (self.model.team(user, team), self.model.own.get(&(team, user)).copied());
        self.model.own.insert((team, user), role);
        let holds = self.model.team(user, team);
        let path = format!("{}/role", self.member(user, team));
        let done = self.api.send("PUT", &path, &[], &json!({"role": role}));
        let wanted = match before {
            None => 404,
            Some(_) if holds == Some(role) => 200,
            Some(_) => 409,
        };
        assert_eq!(done.status, wanted, "{}", done.json());
        if wanted != 200 {
            match kept {
                Some(kept) => self.model.own.insert((team, user), kept),
                None => self.model.own.remove(&(team, user)),
            };
        }
    }

    fn map(&mut self, group: usize, team: usize, role: &'static str) {
        let into = if self.random.bool() { Some(team) } else { None };
        let body = match into {
            Some(team) => json!({"group": self.groups[group], "team": self.teams[team], "role": role}),
            None => json!({"group": self.groups[group], "organizationRole": role}),
        };
        let done = self.api.post("/mappings", &body);
        if done.status == 201 {
            let id = done.json()["id"].as_str().unwrap().to_owned();
            self.model.mappings.insert(id, (group, into, role));
        } else {
            assert_eq!(done.status, 409, "{}", done.json());
            assert!(self.model.mappings.values().any(|(from, to, _)| (*from, *to) == (group, into)));
        }
    }

    fn decide(&mut self, user: usize, role: &'static str) {
        let operation = json!([{"op": "replace", "path": "organizationRole", "value": role}]);
        let decided = self.server.client.patch(&format!("/Users/{}", self.users[user]), &operation);
        assert_eq!(decided.status, 200, "{}", decided.json());
        self.model.decided.insert(user, role);
    }

    fn compare(&self, sequence: usize) {
        for (user, id) in self.users.iter().enumerate() {
            let (role, places) = standing(&self.api, id);
            assert_eq!(role, self.model.organization(user), "sequence {sequence}, user {user}");
            for (team, name) in ["t0", "t1"].iter().enumerate() {
                let found = places.get(*name).map(String::as_str);
                assert_eq!(found, self.model.team(user, team), "sequence {sequence}, user {user} in {name}");
            }
        }
    }
}

/// What a provider's day leaves in the end, with mappings made while it is played: whoever is in a group has what it gives.
fn day_of(provider: &str, seed: u64) -> usize {
    let server = Server::standard();
    let api = admin(&server);
    let vision = server.client.group("vision", &[]);
    let made: Mutex<Vec<(String, Option<&str>)>> = Mutex::default();
    let begin = || {
        let groups = server.database.ask(
            "SELECT id FROM teams WHERE display <> 'vision' AND archived_at IS NULL ORDER BY id LIMIT 4",
        );
        let mut made = made.lock().unwrap();
        if groups.len() < 4 || !made.is_empty() {
            return;
        }
        for (group, role) in groups.iter().zip([Some("admin"), Some("member"), Some("viewer"), None]) {
            let body = match role {
                Some(role) => json!({"group": group[0], "team": vision, "role": role}),
                None => json!({"group": group[0], "organizationRole": "viewer"}),
            };
            map(&api, &body);
            made.push((group[0].clone(), role));
        }
    };
    let target = Target {
        url: format!("{}/scim/v2", server.client.root),
        token: TOKEN.to_owned(),
        timeout: Duration::from_secs(30),
        rate: None,
    };
    let day = Day { provider, size: Size { users: 40, groups: 8 }, seed, parallel: 4, keep: true };
    let report = simulate(&target, &day, &Stop::default(), &|_, _, _| begin()).unwrap();
    assert!(report.is_good(), "{report}");
    wait(async { settle_all(&operator(&server).await).await.unwrap() });

    let made = made.into_inner().unwrap();
    let rows =
        "SELECT m.member, m.team FROM memberships m JOIN teams t ON t.id = m.team AND t.archived_at IS NULL";
    let members: BTreeSet<(String, String)> =
        server.database.ask(rows).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let mut n_given = 0;
    for row in server.database.ask("SELECT id FROM users WHERE user_name_key <> 'root'") {
        let has = |group: &String| members.contains(&(row[0].clone(), group.clone()));
        let given: Vec<Option<&str>> =
            made.iter().filter(|(group, _)| has(group)).map(|(_, role)| *role).collect();
        let in_team = given.iter().flatten().copied().max_by_key(|role| rank(role));
        let in_organization = if given.contains(&None) { "viewer" } else { "member" };
        let (role, teams) = standing(&api, &row[0]);
        assert_eq!(role, in_organization, "{provider}");
        assert_eq!(teams.get("vision").map(String::as_str), in_team, "{provider}");
        n_given += given.len();
    }
    n_given
}

#[test]
fn after_every_providers_day_roles_and_teams_are_what_mappings_and_groups_say() {
    let mut n_given = BTreeMap::new();
    for (seed, provider) in (1..).zip(providers()) {
        n_given.insert(provider, day_of(provider, seed));
    }

    println!("{n_given:?}");
    assert_eq!(n_given.len(), 9);
    assert!(n_given.values().filter(|n| **n > 0).count() >= 7, "{n_given:?}");
}
