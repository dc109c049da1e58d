//! JumpCloud: its test makes a user and a group and deletes them again; bodies are full of empty lists; members are
//! removed by value.

use serde_json::{Value, json};

use super::{
    GROUP, Group, Groups, Member, Moves, Person, Provider, USER, add_members, by_group_name, delete,
    found_or_posted, group_body, post_group, profile, put_person, remove_members_by_value, values,
};
use crate::simulate::wire::{self, Call, Outcome, Wire};

pub(super) struct JumpCloud;

impl Provider for JumpCloud {
    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        let name = format!("jumpcloud-test-{}", wire.tag);
        let user =
            wire::user(&made(wire, "/Users", &json!({"schemas": [USER], "userName": name, "emails": []}))?);
        let member = user.strip_prefix("/Users/").unwrap_or_default();
        let body = json!({"schemas": [GROUP], "displayName": name, "members": [{"value": member}]});
        let group = made(wire, "/Groups", &body);
        let group = group.and_then(|id| delete(wire, "test the connection", &wire::group(&id)));
        delete(wire, "test the connection", &user)?;
        group
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        found_or_posted(wire, person, &full(wire, person))
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &full(wire, after))
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "bind a user" } else { "unbind a user" };
        put_person(wire, what, id, person, &full(wire, person))
    }
}

impl Groups for JumpCloud {
    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        match wire.find_id(&by_group_name(group))? {
            Some(id) => {
                add_members(wire, &id, members)?;
                Ok(id)
            }
            None => post_group(wire, group, &group_body(group, &values(members))),
        }
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, _group: &Group, moves: &Moves) -> Outcome {
        add_members(wire, id, &moves.come)?;
        remove_members_by_value(wire, id, &moves.go)
    }
}

/// Makes something that goes again at once.
fn made(wire: &Wire<'_>, path: &str, body: &Value) -> Outcome<String> {
    let call = Call { what: "test the connection", method: "POST", path, body: Some(body), statuses: &[201] };
    let answer = wire.call(&call)?;
    let id = answer.json.as_ref().and_then(|json| json["id"].as_str()).map(str::to_owned);
    id.ok_or_else(|| wire.wrong(&call, &answer, "a resource with an id"))
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
