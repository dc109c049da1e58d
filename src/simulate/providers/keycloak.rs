//! Keycloak, with an extension that provisions: creates without a look, writes `active` as text, and puts whole groups
//! whose members it leaves out when there are none.

use serde_json::{Map, Value, json};

use super::{
    Member, Moves, Provider, find_one, found_id, group_body, patch, post_first, profile, put_person, quoted,
};
use crate::simulate::directory::{Group, Knows, Person};
use crate::simulate::wire::{Call, Outcome, Wire};

pub(super) struct Keycloak;

impl Provider for Keycloak {
    fn knows(&self) -> Knows {
        Knows { group_ids: true, inactive: true, ..Knows::default() }
    }

    fn replaces(&self) -> bool {
        true
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.get("test the connection", "/ServiceProviderConfig").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        match post_first(wire, "create a user", "/Users", &body(wire, person).into())? {
            Some(id) => Ok(id),
            None => synchronized(wire, "/Users", "userName", &person.user_name),
        }
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &body(wire, after).into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "enable a user" } else { "disable a user" };
        put_person(wire, what, id, person, &body(wire, person).into())
    }

    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        match post_first(wire, "create a group", "/Groups", &whole(group, members))? {
            Some(id) => Ok(id),
            None => synchronized(wire, "/Groups", "displayName", &group.name),
        }
    }

    fn rename_group(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        let (path, body) = (format!("/Groups/{id}"), whole(group, members));
        let call =
            Call { what: "update a group", method: "PUT", path: &path, body: Some(&body), statuses: &[200] };
        wire.call(&call).map(drop)
    }

    // several people by PUT of the whole group, one who goes by PATCH with a value that is null
    fn move_members(&self, wire: &Wire<'_>, id: &str, group: &Group, moves: &Moves) -> Outcome {
        match (moves.come.as_slice(), moves.go.as_slice()) {
            ([], [gone]) => {
                let path = format!("members[value eq \"{}\"]", gone.id);
                let operations = json!([{"op": "remove", "path": path, "value": null}]);
                patch(wire, "remove a member", &format!("/Groups/{id}"), &operations).map(drop)
            }
            _ => self.rename_group(wire, id, group, &moves.then),
        }
    }

    fn import(&self, wire: &Wire<'_>) -> Outcome {
        wire.list("import", "/Users")?;
        wire.list("import", "/Groups").map(drop)
    }
}

fn body(wire: &Wire<'_>, person: &Person) -> Map<String, Value> {
    let mut body = profile(wire, person);
    body.insert("active".to_owned(), json!(person.active.to_string()));
    body.insert("meta".to_owned(), json!({"resourceType": "User"}));
    body
}

fn whole(group: &Group, members: &[Member]) -> Value {
    let refers =
        |member: &Member| json!({"value": member.id, "$ref": format!("Users/{}", member.id), "type": "User"});
    let mut body = group_body(group, &members.iter().map(refers).collect::<Vec<_>>());
    if let Some(body) = body.as_object_mut().filter(|_| members.is_empty()) {
        body.remove("members");
    }
    body
}

/// Whoever is there already is found when everybody is synchronized.
fn synchronized(wire: &Wire<'_>, endpoint: &str, attribute: &str, name: &str) -> Outcome<String> {
    let found = find_one(wire, "synchronize", endpoint, &format!("{attribute} eq {}", quoted(name)))?;
    found_id(&found.unwrap_or_default())
}
