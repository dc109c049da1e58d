//! authentik: creates first and looks up when that is refused, with a name that it does not quote; keeps to what the
//! server announces; one operation a member.

use serde_json::{Value, json};

use super::{
    Member, Moves, Provider, find_one, found_id, group_body, patch, post_first, profile, put_person, quoted,
    read_all,
};
use crate::simulate::directory::{Group, Knows, Person};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct Authentik;

impl Provider for Authentik {
    fn knows(&self) -> Knows {
        Knows { group_ids: true, ..Knows::default() }
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.get("test the connection", "/ServiceProviderConfig").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        if let Some(id) = post_first(wire, "create a user", "/Users", &profile(wire, person).into())? {
            return Ok(id);
        }
        let filter = format!("userName eq {}", person.user_name);
        found_id(&find_one(wire, "look a user up", "/Users", &filter)?.unwrap_or_default())
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &profile(wire, after).into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "activate a user" } else { "deactivate a user" };
        put_person(wire, what, id, person, &profile(wire, person).into())
    }

    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let id = match post_first(wire, "create a group", "/Groups", &group_body(group, &[]))? {
            Some(id) => id,
            None => {
                let filter = format!("displayName eq {}", quoted(&group.name));
                found_id(&find_one(wire, "look a group up", "/Groups", &filter)?.unwrap_or_default())?
            }
        };
        self.move_members(wire, &id, group, &Moves { come: members.to_vec(), ..Moves::default() })?;
        Ok(id)
    }

    // the whole group without its members, the id and a path that is null ride along
    fn rename_group(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        let value = json!({"id": id, "displayName": group.name, "externalId": group.external_id});
        let operations = json!([{"op": "replace", "path": null, "value": value}]);
        patch(wire, "update a group", &format!("/Groups/{id}"), &operations).map(drop)
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, _group: &Group, moves: &Moves) -> Outcome {
        let comes = |it: &Member| json!({"op": "add", "path": "members", "value": [{"value": it.id}]});
        let goes = |it: &Member| json!({"op": "remove", "path": format!("members[value eq \"{}\"]", it.id), "value": null});
        let operations: Vec<Value> = moves.come.iter().map(comes).chain(moves.go.iter().map(goes)).collect();
        for chunk in operations.chunks(chunk_size(wire)) {
            patch(wire, "change members", &format!("/Groups/{id}"), &chunk.to_vec().into())?;
        }
        Ok(())
    }

    fn push_group(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        self.move_members(wire, id, group, &Moves { come: members.to_vec(), ..Moves::default() })
    }

    fn import(&self, wire: &Wire<'_>) -> Outcome {
        read_all(wire, "/Users", 100)?;
        read_all(wire, "/Groups", 100)
    }
}

/// How many operations go into one request: what the server announces for bulk requests. It is asked once.
fn chunk_size(wire: &Wire<'_>) -> usize {
    *wire.chunk.get_or_init(|| {
        let config = wire.get("read what is supported", "/ServiceProviderConfig");
        let config = config.ok().and_then(|answer| answer.json).unwrap_or_default();
        let announced = config["bulk"]["maxOperations"].as_u64().and_then(|n| usize::try_from(n).ok());
        announced.filter(|n| *n > 0).unwrap_or(100)
    })
}
