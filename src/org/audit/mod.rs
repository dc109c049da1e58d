//! The audit log in W&B's words (W-285 to W-290): what our events are called there, and what is asked for how.

mod query;

pub use query::{Asked, Range};

use super::journal::Recorded;
use crate::scim::text;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};

/// What somebody or something is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name to show.
    pub name: String,
    /// The address, of people who are here.
    pub email: Option<String>,
    /// Whether it is a team.
    pub is_team: bool,
}

/// The names that go with events, by id.
#[derive(Debug, Clone, Default)]
pub struct Names(pub HashMap<String, Name>);

impl Names {
    fn is_team(&self, id: &str) -> bool {
        self.0.get(id).is_some_and(|name| name.is_team)
    }

    fn name(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|name| name.name.as_str())
    }

    fn email(&self, id: &str) -> Option<&str> {
        self.0.get(id).and_then(|name| name.email.as_deref())
    }
}

/// The ids whose names are shown beside these events.
pub fn ids(events: &[Recorded]) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for event in events {
        ids.extend([event.actor.clone(), event.resource.clone()]);
        let detail = event.detail();
        ids.extend(["joined", "left"].iter().flat_map(|key| listed(&detail, key)).map(str::to_owned));
        ids.extend(
            ["user", "owner", "team"].iter().filter_map(|key| detail.get(key)?.as_str()).map(str::to_owned),
        );
    }
    ids
}

fn listed<'d>(detail: &'d Value, key: &str) -> impl Iterator<Item = &'d str> {
    detail.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// An event in our own shape.
pub fn shown(event: &Recorded, names: &Names) -> Value {
    let mut actor = json!({"type": event.actor_type, "id": event.actor});
    let mut resource = json!({"type": event.resource_type, "id": event.resource});
    for (of, id) in [(&mut actor, &event.actor), (&mut resource, &event.resource)] {
        if let (Some(name), Some(of)) = (names.name(id), of.as_object_mut()) {
            of.insert("name".to_owned(), name.into());
        }
    }
    let given = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let connection = (event.actor_type == "connection").then_some(event.actor.as_str());
    json!({
        "id": event.id,
        "position": event.position,
        "hash": event.hash,
        "at": text::date_time(event.at),
        "kind": event.kind,
        "actor": actor,
        "connection": connection,
        "credential": given(&event.credential),
        "address": given(&event.address),
        "request": event.request,
        "resource": resource,
        "detail": event.detail(),
    })
}

/// One thing that an event did, to one affected object.
#[derive(Debug, Clone, Default)]
struct Deed<'e> {
    action: String,
    user: Option<&'e str>,
    team: Option<&'e str>,
}

/// An event as W&B's entries (W-288): one for each object that was affected.
pub fn entries(event: &Recorded, names: &Names, anonymize: bool) -> Vec<Value> {
    let detail = event.detail();
    deeds(event, &detail, names).iter().map(|deed| entry(event, deed, names, anonymize)).collect()
}

fn deeds<'e>(event: &'e Recorded, detail: &'e Value, names: &Names) -> Vec<Deed<'e>> {
    let resource = event.resource.as_str();
    let deed = |action: &str| Deed { action: action.to_owned(), ..Deed::default() };
    let of_user = |action: &str| vec![Deed { user: Some(resource), ..deed(action) }];
    let of_team = |action: &str| Deed { team: Some(resource), ..deed(action) };
    let owner = ["owner", "user"].iter().find_map(|key| detail.get(key)?.as_str());
    match event.kind.as_str() {
        "user.created" => of_user("user:create"),
        "user.changed" => of_user(change_of_user(detail)),
        "user.removed" => of_user("user:permanently_delete"),
        "team.created" => [vec![of_team("team:create")], members(resource, detail, names)].concat(),
        "team.changed" => {
            let members = members(resource, detail, names);
            let moved = listed(detail, "joined").chain(listed(detail, "left")).count();
            let is_changed =
                detail.get("attributes").and_then(Value::as_array).is_some_and(|it| !it.is_empty());
            // a team in a team is a change of the outer one
            let own = (is_changed || moved > members.len()).then(|| of_team("team:update"));
            own.into_iter().chain(members).collect()
        }
        "team.archived" => vec![of_team("team:delete")],
        "team.removed" => vec![of_team("team:permanently_delete")],
        "request.denied" if resource.is_empty() || event.resource_type != "User" => {
            vec![deed("scim:request_denied")]
        }
        "request.denied" => of_user("scim:request_denied"),
        "member.changed" => {
            vec![Deed { user: owner, ..of_team("team:update_member_role") }]
        }
        "key.created" => vec![Deed { user: owner, ..deed("user:create_api_key") }],
        "key.revoked" => vec![Deed { user: owner, ..deed("user:delete_api_key") }],
        "session.started" => vec![Deed { user: owner, ..deed("user:login") }],
        "session.ended" => vec![Deed { user: owner, ..deed("user:logout") }],
        "sign_in.refused" if event.resource_type == "User" => of_user("user:initiate_login"),
        "sign_in.refused" => vec![deed("user:initiate_login")],
        "password.reset"
        | "password.changed"
        | "second_factor.added"
        | "second_factor.removed"
        | "recovery_codes.made"
        | "recovery_code.used"
        | "identity.linked" => of_user("user:update"),
        "service_account.created" => {
            of_account(resource, detail, ["team:create_service_account", "user:create"])
        }
        "service_account.removed" => {
            of_account(resource, detail, ["team:delete_service_account", "user:permanently_delete"])
        }
        "settings.changed" => settings(detail).map(deed).collect(),
        kind => match kind.split_once('.') {
            Some(("role", verb)) => vec![deed(&format!("role:{}", verb_of(verb)))],
            Some((
                "organization" | "settings" | "connection" | "token" | "schema" | "journal" | "provider",
                _,
            )) => {
                vec![deed("settings:update")]
            }
            Some(("user", verb)) => of_user(&format!("user:{verb}")),
            Some(("team", verb)) => vec![of_team(&format!("team:{verb}"))],
            Some((noun, verb)) => vec![deed(&format!("{noun}:{verb}"))],
            None => vec![deed(kind)],
        },
    }
}

/// What a change of a service account is called: of a team's, and of the organization's own.
fn of_account<'e>(account: &'e str, detail: &'e Value, [of_team, own]: [&str; 2]) -> Vec<Deed<'e>> {
    let team = detail.get("team").and_then(Value::as_str);
    let action = if team.is_some() { of_team } else { own };
    vec![Deed { action: action.to_owned(), user: Some(account), team }]
}

/// The license is an object of its own there.
fn settings(detail: &Value) -> impl Iterator<Item = &'static str> {
    let changed = detail.get("changes").and_then(Value::as_object);
    let is_license = |name: &String| name == "license";
    let names = || changed.into_iter().flat_map(|changed| changed.keys());
    let license = names().any(is_license);
    let others = !license || names().any(|name| !is_license(name));
    others.then_some("settings:update").into_iter().chain(license.then_some("license:update"))
}

fn verb_of(verb: &str) -> &str {
    match verb {
        "created" => "create",
        "changed" => "update",
        "removed" => "delete",
        "assigned" => "assign",
        other => other,
    }
}

/// The weightiest thing that a change of a user did.
fn change_of_user(detail: &Value) -> &'static str {
    let changes = detail.get("changes").and_then(Value::as_object);
    let after = |name: &str| {
        changes.into_iter().flatten().find(|(path, _)| path.rsplit(':').next() == Some(name))?.1.get("after")
    };
    match after("active") {
        Some(Value::Bool(false)) => "user:deactivate",
        Some(Value::Bool(true)) => "user:reactivate",
        _ if after("organizationRole").is_some() || after("seat").is_some() => "organization:update_member",
        _ => "user:update",
    }
}

/// Who came into a team and who left it.
fn members<'e>(team: &'e str, detail: &'e Value, names: &Names) -> Vec<Deed<'e>> {
    let moved = |key: &str, action: &str| -> Vec<Deed<'e>> {
        listed(detail, key)
            .filter(|id| !names.is_team(id))
            .map(|id| Deed { action: action.to_owned(), user: Some(id), team: Some(team) })
            .collect()
    };
    [moved("joined", "team:invite_user"), moved("left", "team:uninvite")].concat()
}

fn entry(event: &Recorded, deed: &Deed<'_>, names: &Names, anonymize: bool) -> Value {
    let mut entry = Map::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            entry.insert(key.to_owned(), value.into());
        }
    };
    let open = |text: Option<&str>| text.filter(|_| !anonymize).map(str::to_owned);
    put("timestamp", Some(text::date_time(event.at)));
    put("action", Some(deed.action.clone()));
    put("actor_user_id", Some(asset("User", &event.actor)));
    put("actor_email", open(names.email(&event.actor)));
    put("actor_ip", open(Some(&event.address)));
    put("user_asset", deed.user.map(|id| asset("User", id)));
    put("user_email", open(deed.user.and_then(|id| names.email(id))));
    put("entity_asset", deed.team.map(|id| asset("Entity", id)));
    put("entity_name", open(deed.team.and_then(|id| names.name(id))));
    Value::Object(entry)
}

/// An id as W&B writes it.
fn asset(kind: &str, id: &str) -> String {
    STANDARD.encode(format!("{kind}:{id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, resource: &str, detail: &Value) -> Recorded {
        Recorded {
            position: 1,
            hash: "h".to_owned(),
            id: "e".to_owned(),
            at: 1_770_105_600_000_000,
            kind: kind.to_owned(),
            actor_type: "user".to_owned(),
            actor: "1".to_owned(),
            credential: String::new(),
            address: "10.0.0.7".to_owned(),
            request: "r".to_owned(),
            resource_type: String::new(),
            resource: resource.to_owned(),
            detail: detail.to_string(),
        }
    }

    fn names() -> Names {
        let person =
            |email: &str| Name { name: "N".to_owned(), email: Some(email.to_owned()), is_team: false };
        let team = |name: &str| Name { name: name.to_owned(), email: None, is_team: true };
        let all = [
            ("1", person("ada@orion.example")),
            ("57", person("grace@orion.example")),
            ("99", team("vision")),
            ("100", team("audio")),
        ];
        Names(all.into_iter().map(|(id, name)| (id.to_owned(), name)).collect())
    }

    #[test]
    fn every_kind_has_its_action_for_each_affected_object() {
        let cases = [
            ("user.created", json!({}), "user:create"),
            ("user.changed", json!({"changes": {"title": {"after": 1}}}), "user:update"),
            ("user.changed", json!({"changes": {"active": {"after": false}}}), "user:deactivate"),
            ("user.changed", json!({"changes": {"active": {"after": true}}}), "user:reactivate"),
            (
                "user.changed",
                json!({"changes": {"urn:x:User:organizationRole": {"after": "admin"}}}),
                "organization:update_member",
            ),
            ("user.removed", json!({}), "user:permanently_delete"),
            ("team.created", json!({"joined": ["57"]}), "team:create team:invite_user"),
            ("team.changed", json!({"joined": ["57"], "left": ["58"]}), "team:invite_user team:uninvite"),
            (
                "team.changed",
                json!({"attributes": ["displayName"], "joined": ["57"]}),
                "team:update team:invite_user",
            ),
            ("team.changed", json!({"joined": ["100"]}), "team:update"),
            ("team.archived", json!({}), "team:delete"),
            ("team.removed", json!({}), "team:permanently_delete"),
            ("request.denied", json!({"reason": "x"}), "scim:request_denied"),
            ("member.changed", json!({"user": "57"}), "team:update_member_role"),
            ("session.started", json!({"user": "57"}), "user:login"),
            ("session.ended", json!({"user": "57"}), "user:logout"),
            ("sign_in.refused", json!({"why": "unknown"}), "user:initiate_login"),
            ("password.changed", json!({}), "user:update"),
            ("provider.created", json!({}), "settings:update"),
            ("connection.changed", json!({}), "settings:update"),
            ("token.created", json!({}), "settings:update"),
            ("role.removed", json!({}), "role:delete"),
            ("key.created", json!({"owner": "57"}), "user:create_api_key"),
            ("service_account.created", json!({"team": "99"}), "team:create_service_account"),
            ("service_account.removed", json!({"team": null}), "user:permanently_delete"),
            ("settings.changed", json!({"changes": {"license": {"after": 1}}}), "license:update"),
            (
                "settings.changed",
                json!({"changes": {"license": {}, "keyCreation": {}}}),
                "settings:update license:update",
            ),
        ];
        for (kind, detail, actions) in cases {
            let found = entries(&event(kind, "99", &detail), &names(), false);
            let found: Vec<&str> = found.iter().filter_map(|entry| entry["action"].as_str()).collect();
            assert_eq!(found.join(" "), actions, "{kind} {detail}");
        }
    }

    #[test]
    fn an_entry_has_wandbs_keys_and_an_anonymous_one_neither_addresses_nor_names() {
        let joined = event("team.changed", "99", &json!({"joined": ["57"]}));

        assert_eq!(
            entries(&joined, &names(), false),
            [json!({
                "timestamp": "2026-02-03T08:00:00.000Z", "action": "team:invite_user",
                "actor_user_id": "VXNlcjox", "actor_email": "ada@orion.example", "actor_ip": "10.0.0.7",
                "user_asset": "VXNlcjo1Nw==", "user_email": "grace@orion.example",
                "entity_asset": "RW50aXR5Ojk5", "entity_name": "vision",
            })]
        );
        assert_eq!(
            entries(&joined, &names(), true),
            [json!({
                "timestamp": "2026-02-03T08:00:00.000Z", "action": "team:invite_user",
                "actor_user_id": "VXNlcjox", "user_asset": "VXNlcjo1Nw==", "entity_asset": "RW50aXR5Ojk5",
            })]
        );
    }
}
