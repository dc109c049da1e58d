//! PingOne and PingFederate: people by PUT and never by PATCH, user names that are no mail addresses, groups found by
//! reading all of them.

use serde_json::json;

use super::{
    Member, Moves, Provider, find_one, found_id, group_body, patch, post, post_person, profile, put_person,
    quoted, read_all, values,
};
use crate::simulate::directory::{Group, Knows, Person};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct Ping;

/// How many groups are read at once.
const PAGE: usize = 100;

impl Provider for Ping {
    fn knows(&self) -> Knows {
        Knows {
            title: true,
            phone: true,
            department: true,
            plain_names: true,
            inactive: true,
            ..Knows::default()
        }
    }

    fn replaces(&self) -> bool {
        true
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.list("test the connection", "/Users?startIndex=1&count=1").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        let filter = format!("userName eq {}", quoted(&person.user_name));
        match find_one(wire, "look a user up", "/Users", &filter)? {
            Some(found) => found_id(&found),
            None => post_person(wire, person, &profile(wire, person).into()),
        }
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &profile(wire, after).into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "enable a user" } else { "disable a user" };
        put_person(wire, what, id, person, &profile(wire, person).into())
    }

    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let id = match named(wire, &group.name)? {
            Some(id) => id,
            None => post(wire, "create a group", "/Groups", &group_body(group, &[]))?,
        };
        self.move_members(wire, &id, group, &Moves { come: members.to_vec(), ..Moves::default() })?;
        Ok(id)
    }

    fn rename_group(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        let operations = json!([{"op": "replace", "path": "displayName", "value": group.name}]);
        patch(wire, "rename a group", &format!("/Groups/{id}"), &operations).map(drop)
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, _group: &Group, moves: &Moves) -> Outcome {
        let path = format!("/Groups/{id}");
        for come in moves.come.chunks(100) {
            patch(
                wire,
                "add members",
                &path,
                &json!([{"op": "add", "path": "members", "value": values(come)}]),
            )?;
        }
        for member in &moves.go {
            let operation = json!({"op": "remove", "path": format!("members[value eq \"{}\"]", member.id)});
            patch(wire, "remove a member", &path, &json!([operation]))?;
        }
        Ok(())
    }

    fn push_group(&self, wire: &Wire<'_>, id: &str, _group: &Group, members: &[Member]) -> Outcome {
        let operations = json!([{"op": "replace", "path": "members", "value": values(members)}]);
        patch(wire, "push a group", &format!("/Groups/{id}"), &operations).map(drop)
    }

    fn import(&self, wire: &Wire<'_>) -> Outcome {
        read_all(wire, "/Groups", PAGE)
    }
}

/// The id of the group of a name, found by reading page after page.
fn named(wire: &Wire<'_>, name: &str) -> Outcome<Option<String>> {
    let mut seen = 0;
    loop {
        let path = format!("/Groups?startIndex={}&count={PAGE}&excludedAttributes=members", seen + 1);
        let page = wire.list("look a group up", &path)?;
        seen += page.len();
        if let Some(found) = page.iter().find(|group| group["displayName"] == name) {
            return found_id(found).map(Some);
        }
        if page.len() < PAGE || wire.stop.is_asked() {
            return Ok(None);
        }
    }
}
