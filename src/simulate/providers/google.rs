//! Google Workspace: people only, as plain JSON.

use serde_json::json;

use super::{
    Groups, Knows, Person, Provider, expect_nobody, found_or_posted, patch_person, profile, put_person,
};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct Google;

impl Provider for Google {
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("User-Agent", "Google-Auto-Provisioning")]
    }

    fn content_type(&self) -> &'static str {
        "application/json"
    }

    fn knows(&self) -> Knows {
        Knows { title: true, phone: true, ..Knows::default() }
    }

    fn groups(&self) -> Option<&dyn Groups> {
        None
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        expect_nobody(wire, "/Users?filter=userName%20eq%20%22nobody%40google.example%22")
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        found_or_posted(wire, person, &profile(wire, person).into())
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &profile(wire, after).into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "restore a user" } else { "suspend a user" };
        let operations = json!([{"op": "replace", "path": "active", "value": person.active}]);
        patch_person(wire, what, id, person, &operations)
    }
}
