//! Google Workspace: people only, as plain JSON.

use serde_json::json;

use super::{
    Member, Moves, Provider, find_one, found_id, patch_person, post_person, profile, put_person, quoted,
};
use crate::simulate::directory::{Group, Knows, Person};
use crate::simulate::wire::{Failed, Outcome, Wire};

pub(super) struct Google;

impl Provider for Google {
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("User-Agent", "Google-Auto-Provisioning"), ("Content-Type", "application/json")]
    }

    fn knows(&self) -> Knows {
        Knows { title: true, phone: true, ..Knows::default() }
    }

    fn has_groups(&self) -> bool {
        false
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        super::expect_nobody(wire, "/Users?filter=userName%20eq%20%22nobody%40google.example%22")
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
        let what = if person.active { "restore a user" } else { "suspend a user" };
        let operations = json!([{"op": "replace", "path": "active", "value": person.active}]);
        patch_person(wire, what, id, person, &operations)
    }

    fn create_group(&self, _wire: &Wire<'_>, _group: &Group, _members: &[Member]) -> Outcome<String> {
        Err(Failed)
    }

    fn rename_group(&self, _wire: &Wire<'_>, _id: &str, _group: &Group, _members: &[Member]) -> Outcome {
        Err(Failed)
    }

    fn move_members(&self, _wire: &Wire<'_>, _id: &str, _group: &Group, _moves: &Moves) -> Outcome {
        Err(Failed)
    }
}
