//! OneLogin: bodies come from a template that an admin wrote, so that one mail address is an object and what is empty is
//! null; updates and suspensions by PUT; roles mapped to groups.

use serde_json::{Value, json};

use super::{
    ENTERPRISE, Group, Groups, Member, Moves, Person, Provider, USER, add_members, by_group_name,
    found_or_posted, group_body, post_group, put_person, remove_members,
};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct OneLogin;

impl Provider for OneLogin {
    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.get("test the connection", "/ServiceProviderConfig")?;
        wire.list("test the connection", "/Users?startIndex=1&count=10")?;
        wire.list("refresh entitlements", "/Groups").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        found_or_posted(wire, person, &template(person))
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &template(after))
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "reactivate a user" } else { "suspend a user" };
        put_person(wire, what, id, person, &template(person))
    }
}

impl Groups for OneLogin {
    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let id = match wire.find_id(&by_group_name(group))? {
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
}

fn template(person: &Person) -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": person.user_name,
        "externalId": person.external_id,
        "name": {"givenName": person.given, "familyName": person.family, "formatted": null},
        "displayName": person.display(),
        "emails": {"value": person.email, "type": "work", "primary": true},
        "phoneNumbers": person.phone.as_ref().map(|phone| json!([{"value": phone, "type": "work"}])),
        "title": person.title,
        "active": person.active,
        ENTERPRISE: {"department": person.department},
    })
}
