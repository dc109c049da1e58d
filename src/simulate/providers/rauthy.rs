//! rauthy: finds people by its own id first, insists on getting that back, reads the groups of a user, and changes
//! memberships by value.

use serde_json::json;

use super::{
    Group, Groups, Knows, Member, Moves, Person, Provider, Search, add_members, by_group_name, by_name,
    group_body, patch_group, post_group, post_person, profile, put_person, remove_members_by_value,
};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct Rauthy;

impl Provider for Rauthy {
    fn knows(&self) -> Knows {
        Knows { phone: true, group_ids: true, reads_groups: true, ..Knows::default() }
    }

    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.list("test the connection", "/Groups?startIndex=1&count=100").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        match look_up(wire, &person.external_id, &by_name(person))? {
            Some(id) => Ok(id),
            None => post_person(wire, person, &profile(wire, person).into()),
        }
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        look_up(wire, &after.external_id, &by_name(after))?;
        put_person(wire, "update a user", id, after, &profile(wire, after).into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "enable a user" } else { "disable a user" };
        put_person(wire, what, id, person, &profile(wire, person).into())
    }
}

impl Groups for Rauthy {
    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let external_id = group.external_id.as_deref().unwrap_or_default();
        let id = match look_up(wire, external_id, &by_group_name(group))? {
            Some(id) => id,
            None => post_group(wire, group, &group_body(group, &[]))?,
        };
        add_members(wire, &id, members)?;
        Ok(id)
    }

    fn rename(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        let operations = json!([{"op": "replace", "value": {"displayName": group.name}}]);
        patch_group(wire, "rename a group", id, &operations)
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, _group: &Group, moves: &Moves) -> Outcome {
        add_members(wire, id, &moves.come)?;
        remove_members_by_value(wire, id, &moves.go)
    }
}

/// By its own id, then by name.
fn look_up(wire: &Wire<'_>, external_id: &str, by_name: &Search) -> Outcome<Option<String>> {
    let by_id = Search::by("look up by external id", by_name.endpoint, "externalId", external_id);
    match wire.find_id(&by_id)? {
        Some(id) => Ok(Some(id)),
        None => wire.find_id(by_name),
    }
}
