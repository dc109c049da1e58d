//! rauthy: finds people by its own id first, insists on getting that back, and changes memberships by value.

use serde_json::{Value, json};

use super::{
    Member, Moves, Provider, find_one, found_id, group_body, patch, post, post_person, profile, put_person,
    quoted, values,
};
use crate::simulate::directory::{Group, Knows, Person};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct Rauthy;

impl Provider for Rauthy {
    fn knows(&self) -> Knows {
        Knows { phone: true, group_ids: true, reads_groups: true, ..Knows::default() }
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.list("test the connection", "/Groups?startIndex=1&count=100").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        match look_up(wire, "/Users", &person.external_id, "userName", &person.user_name)? {
            Some(found) => found_id(&found),
            None => post_person(wire, person, &profile(wire, person).into()),
        }
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        let filter = format!("externalId eq {}", quoted(&after.external_id));
        find_one(wire, "look a user up", "/Users", &filter)?;
        put_person(wire, "update a user", id, after, &profile(wire, after).into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "enable a user" } else { "disable a user" };
        put_person(wire, what, id, person, &profile(wire, person).into())
    }

    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let external_id = group.external_id.as_deref().unwrap_or_default();
        let id = match look_up(wire, "/Groups", external_id, "displayName", &group.name)? {
            Some(found) => found_id(&found)?,
            None => post(wire, "create a group", "/Groups", &group_body(group, &[]))?,
        };
        self.move_members(wire, &id, group, &Moves { come: members.to_vec(), ..Moves::default() })?;
        Ok(id)
    }

    fn rename_group(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        let operations = json!([{"op": "replace", "value": {"displayName": group.name}}]);
        patch(wire, "rename a group", &format!("/Groups/{id}"), &operations).map(drop)
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, _group: &Group, moves: &Moves) -> Outcome {
        let path = format!("/Groups/{id}");
        for come in moves.come.chunks(100) {
            let come: Vec<Value> =
                come.iter().map(|it| json!({"value": it.id, "display": it.user_name})).collect();
            patch(wire, "add members", &path, &json!([{"op": "add", "path": "members", "value": come}]))?;
        }
        for go in moves.go.chunks(100) {
            patch(
                wire,
                "remove members",
                &path,
                &json!([{"op": "remove", "path": "members", "value": values(go)}]),
            )?;
        }
        Ok(())
    }

    fn push_group(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        self.move_members(wire, id, group, &Moves { come: members.to_vec(), ..Moves::default() })
    }
}

/// By its own id, then by name.
fn look_up(
    wire: &Wire<'_>,
    endpoint: &str,
    external_id: &str,
    attribute: &str,
    name: &str,
) -> Outcome<Option<Value>> {
    let by_id = find_one(
        wire,
        "look up by external id",
        endpoint,
        &format!("externalId eq {}", quoted(external_id)),
    )?;
    match by_id {
        Some(found) => Ok(Some(found)),
        None => find_one(wire, "look up by name", endpoint, &format!("{attribute} eq {}", quoted(name))),
    }
}
