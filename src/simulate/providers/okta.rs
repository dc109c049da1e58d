//! Okta: looks up before it creates, reads and puts back whole profiles, deactivates by PATCH, never deletes people,
//! and sends several changes of one group at the same time.

use serde_json::{Value, json};

use super::{
    ENTERPRISE, Member, Moves, Provider, find_one, found_id, patch, patch_person, post, post_person, profile,
    put_person, quoted, read_all,
};
use crate::simulate::directory::{Group, Person};
use crate::simulate::wire::{Call, Outcome, Wire};

pub(super) struct Okta;

/// How many members go into one request.
const MEMBERS: usize = 500;

impl Provider for Okta {
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("User-Agent", "Okta SCIM Client 1.0.0"),
            ("Accept", "application/scim+json"),
            ("Accept-Charset", "utf-8"),
            ("Content-Type", "application/scim+json; charset=utf-8"),
        ]
    }

    fn hurries(&self) -> bool {
        true
    }

    fn deletes(&self) -> bool {
        false
    }

    fn replaces(&self) -> bool {
        true
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.list("test the connection", "/Users?startIndex=1&count=2").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        if let Some(found) = look_up(wire, person)? {
            let id = found_id(&found)?;
            self.update(wire, &id, person, person)?;
            return Ok(id);
        }
        let mut body = profile(wire, person);
        body.insert("locale".to_owned(), json!("en-US"));
        body.insert("groups".to_owned(), json!([]));
        // sent even where no password is kept in step
        body.insert("password".to_owned(), json!(format!("1mz050nq-{}", person.external_id)));
        post_person(wire, person, &body.into())
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        let path = format!("/Users/{id}");
        let read = wire.get("read a user", &path)?;
        let Some(Value::Object(mut body)) = read.json else {
            let call = Call { what: "read a user", method: "GET", path: &path, body: None, statuses: &[] };
            return Err(wire.wrong(&call, None, "a user"));
        };
        // what became empty is sent so, and what stays goes back as it came
        for (name, empty) in
            [("title", json!("")), ("phoneNumbers", json!([])), (ENTERPRISE, json!({"department": ""}))]
        {
            body.entry(name).and_modify(|value| *value = empty);
        }
        body.extend(profile(wire, after));
        let body = Value::Object(body);
        put_person(wire, "update a user", id, after, &body)
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        if person.active {
            look_up(wire, person)?;
        }
        let what = if person.active { "reactivate a user" } else { "deactivate a user" };
        patch_person(wire, what, id, person, &json!([{"op": "replace", "value": {"active": person.active}}]))
    }

    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let filter = format!("displayName eq {}", quoted(&group.name));
        let id = match find_one(wire, "look a group up", "/Groups", &filter)? {
            Some(found) => found_id(&found)?,
            None => post(wire, "create a group", "/Groups", &super::group_body(group, &[]))?,
        };
        let moves = Moves { come: members.to_vec(), ..Moves::default() };
        self.move_members(wire, &id, group, &moves)?;
        Ok(id)
    }

    // the id rides along
    fn rename_group(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        let operations = json!([{"op": "replace", "value": {"id": id, "displayName": group.name}}]);
        patch(wire, "rename a group", &format!("/Groups/{id}"), &operations).map(drop)
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, _group: &Group, moves: &Moves) -> Outcome {
        let goes =
            |member: &Member| json!({"op": "remove", "path": format!("members[value eq \"{}\"]", member.id)});
        let mut operations: Vec<Value> = moves.go.iter().map(goes).collect();
        operations.extend(moves.come.chunks(MEMBERS).map(|come| {
            let come: Vec<Value> =
                come.iter().map(|it| json!({"value": it.id, "display": it.user_name})).collect();
            json!({"op": "add", "path": "members", "value": come})
        }));
        if operations.is_empty() {
            return Ok(());
        }
        patch(wire, "change members", &format!("/Groups/{id}"), &operations.into()).map(drop)
    }

    fn push_group(&self, wire: &Wire<'_>, id: &str, _group: &Group, members: &[Member]) -> Outcome {
        let all: Vec<Value> =
            members.iter().map(|member| json!({"value": member.id, "display": member.user_name})).collect();
        let operations = json!([{"op": "replace", "path": "members", "value": all}]);
        patch(wire, "push a group", &format!("/Groups/{id}"), &operations).map(drop)
    }

    fn import(&self, wire: &Wire<'_>) -> Outcome {
        read_all(wire, "/Users", 100)?;
        read_all(wire, "/Groups", 100)
    }
}

fn look_up(wire: &Wire<'_>, person: &Person) -> Outcome<Option<Value>> {
    let filter = format!("userName eq {}", quoted(&person.user_name));
    find_one(wire, "look a user up", "/Users", &filter)
}
