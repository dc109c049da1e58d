//! JumpCloud: its test makes a user and a group and deletes them again; bodies are full of empty lists; members are
//! removed by value.

use serde_json::{Value, json};

use super::{
    Member, Moves, Provider, delete, find_one, found_id, group_body, patch, post, post_person, profile,
    put_person, quoted, values,
};
use crate::simulate::directory::{Group, Person};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct JumpCloud;

impl Provider for JumpCloud {
    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        let what = "test the connection";
        let name = format!("jumpcloud-test-{}", wire.tag);
        let user =
            post(wire, what, "/Users", &json!({"schemas": [super::USER], "userName": name, "emails": []}))?;
        let members = [json!({"value": user})];
        let group = json!({"schemas": [super::GROUP], "displayName": name, "members": members});
        let group = post(wire, what, "/Groups", &group).inspect_err(|_| {
            let _ = delete(wire, what, &format!("/Users/{user}"));
        })?;
        delete(wire, what, &format!("/Groups/{group}"))?;
        delete(wire, what, &format!("/Users/{user}"))
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        let filter = format!("userName eq {}", quoted(&person.user_name));
        match find_one(wire, "look a user up", "/Users", &filter)? {
            Some(found) => found_id(&found),
            None => post_person(wire, person, &full(wire, person)),
        }
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &full(wire, after))
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "bind a user" } else { "unbind a user" };
        put_person(wire, what, id, person, &full(wire, person))
    }

    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let filter = format!("displayName eq {}", quoted(&group.name));
        match find_one(wire, "look a group up", "/Groups", &filter)? {
            Some(found) => {
                let id = found_id(&found)?;
                self.move_members(wire, &id, group, &Moves { come: members.to_vec(), ..Moves::default() })?;
                Ok(id)
            }
            None => post(wire, "create a group", "/Groups", &group_body(group, &values(members))),
        }
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

fn full(wire: &Wire<'_>, person: &Person) -> Value {
    let mut body = profile(wire, person);
    for name in ["addresses", "ims", "photos", "entitlements", "roles", "x509Certificates"] {
        body.insert(name.to_owned(), json!([]));
    }
    body.entry("phoneNumbers").or_insert_with(|| json!([]));
    body.entry("title").or_insert_with(|| json!(""));
    body.into()
}
