//! OneLogin: bodies come from a template that an admin wrote, so that one mail address is an object and what is empty is
//! null; updates and suspensions by PUT.

use serde_json::{Value, json};

use super::{
    ENTERPRISE, Member, Moves, Provider, USER, find_one, found_id, group_body, patch, post, post_person,
    put_person, quoted, values,
};
use crate::simulate::directory::{Group, Person};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct OneLogin;

impl Provider for OneLogin {
    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.get("test the connection", "/ServiceProviderConfig")?;
        wire.list("test the connection", "/Users?startIndex=1&count=10")?;
        wire.list("refresh entitlements", "/Groups").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        let filter = format!("userName eq {}", quoted(&person.user_name));
        match find_one(wire, "look a user up", "/Users", &filter)? {
            Some(found) => found_id(&found),
            None => post_person(wire, person, &template(person)),
        }
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &template(after))
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "reactivate a user" } else { "suspend a user" };
        put_person(wire, what, id, person, &template(person))
    }

    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let filter = format!("displayName eq {}", quoted(&group.name));
        let id = match find_one(wire, "look a group up", "/Groups", &filter)? {
            Some(found) => found_id(&found)?,
            None => post(wire, "create a group", "/Groups", &group_body(group, &[]))?,
        };
        let moves = Moves { come: members.to_vec(), ..Moves::default() };
        self.move_members(wire, &id, group, &moves)?;
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

    // roles are mapped to groups again, and whoever is in is added once more
    fn push_group(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        self.move_members(wire, id, group, &Moves { come: members.to_vec(), ..Moves::default() })
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
