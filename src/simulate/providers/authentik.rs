//! authentik: creates first and looks up when that is refused, with a name that it does not quote; keeps to what the
//! server announces; one operation a member.

use serde_json::{Value, json};

use super::{
    Group, Groups, Knows, Member, Moves, Person, Provider, by_group_name, by_name, group_body, patch_group,
    path_to, post_group_first, post_person_first, profile, put_group, put_person, read_all, values,
};
use crate::client::text::percent_encoded;
use crate::simulate::wire::{Outcome, Search, Wire};

pub(super) struct Authentik;

impl Provider for Authentik {
    fn knows(&self) -> Knows {
        Knows { group_ids: true, ..Knows::default() }
    }

    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.get("test the connection", "/ServiceProviderConfig").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        if let Some(id) = post_person_first(wire, person, &profile(wire, person).into())? {
            return Ok(id);
        }
        let mut search = by_name(person);
        search.query = format!("filter={}", percent_encoded(&format!("userName eq {}", person.user_name)));
        taken_over(wire, &search)
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &profile(wire, after).into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "activate a user" } else { "deactivate a user" };
        put_person(wire, what, id, person, &profile(wire, person).into())
    }

    fn import(&self, wire: &Wire<'_>) -> Outcome {
        read_all(wire, "/Users", 100)?;
        read_all(wire, "/Groups", 100)
    }
}

impl Groups for Authentik {
    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let id = match post_group_first(wire, group, &group_body(group, &[]))? {
            Some(id) => id,
            None => taken_over(wire, &by_group_name(group))?,
        };
        self.move_members(wire, &id, group, &Moves::in_of(members))?;
        Ok(id)
    }

    // the whole group without its members; the id and a path that is null ride along
    fn rename(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        if !supports(wire, "patch") {
            return put_group(wire, id, &group_body(group, &values(members)));
        }
        let value = json!({"id": id, "displayName": group.name, "externalId": group.external_id});
        patch_group(wire, "update a group", id, &json!([{"op": "replace", "path": null, "value": value}]))
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, group: &Group, moves: &Moves) -> Outcome {
        if !supports(wire, "patch") {
            return put_group(wire, id, &group_body(group, &values(&moves.then)));
        }
        let comes = |it: &Member| json!({"op": "add", "path": "members", "value": [{"value": it.id}]});
        let goes = |it: &Member| json!({"op": "remove", "path": path_to(it), "value": null});
        let operations: Vec<Value> = moves.come.iter().map(comes).chain(moves.go.iter().map(goes)).collect();
        // as many in one request as the server takes in a bulk request
        let most = announced(wire)["bulk"]["maxOperations"].as_u64().and_then(|n| usize::try_from(n).ok());
        for chunk in operations.chunks(most.filter(|n| *n > 0).unwrap_or(100)) {
            patch_group(wire, "change members", id, &chunk.to_vec().into())?;
        }
        Ok(())
    }
}

/// Who is there already is looked up, if the server can.
fn taken_over(wire: &Wire<'_>, search: &Search) -> Outcome<String> {
    let found = if supports(wire, "filter") { wire.find_id(search)? } else { None };
    found.ok_or_else(|| wire.complain(search.what, search.endpoint, "to find who is said to be there"))
}

fn supports(wire: &Wire<'_>, feature: &str) -> bool {
    announced(wire)[feature]["supported"] == true
}

/// What the server announces; it is asked once.
fn announced<'w>(wire: &'w Wire<'_>) -> &'w Value {
    wire.config.get_or_init(|| {
        let config = wire.get("read what is supported", "/ServiceProviderConfig");
        config.ok().and_then(|answer| answer.json).unwrap_or_default()
    })
}
