//! PingOne and PingFederate: people by PUT and never by PATCH, some of them disabled from the start, under user names
//! that are no mail addresses; groups found by reading all of them.

use serde_json::json;

use super::{
    Group, Groups, Knows, Member, Moves, Pages, Person, Provider, add_members, found_or_posted, group_body,
    patch_group, post_group, profile, put_person, read_all, remove_members, values,
};
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

    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.list("test the connection", "/Users?startIndex=1&count=1").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        found_or_posted(wire, person, &profile(wire, person).into())
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &profile(wire, after).into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "enable a user" } else { "disable a user" };
        put_person(wire, what, id, person, &profile(wire, person).into())
    }

    fn import(&self, wire: &Wire<'_>) -> Outcome {
        read_all(wire, "/Groups", PAGE)
    }
}

impl Groups for Ping {
    fn replaces(&self) -> bool {
        true
    }

    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let mut found = None;
        let all = Pages::of(wire, "look a group up", "/Groups?excludedAttributes=members", PAGE);
        all.read(&mut |listed| {
            let is_meant = listed["displayName"] == group.name.as_str();
            found = listed["id"].as_str().filter(|_| is_meant).map(str::to_owned);
            is_meant
        })?;
        let id = match found {
            Some(id) => id,
            None => post_group(wire, group, &group_body(group, &[]))?,
        };
        add_members(wire, &id, members)?;
        Ok(id)
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, _group: &Group, moves: &Moves) -> Outcome {
        add_members(wire, id, &moves.come)?;
        remove_members(wire, id, &moves.go)
    }

    fn push(&self, wire: &Wire<'_>, id: &str, _group: &Group, members: &[Member]) -> Outcome {
        let operations = json!([{"op": "replace", "path": "members", "value": values(members)}]);
        patch_group(wire, "push a group", id, &operations)
    }
}
