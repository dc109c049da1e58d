//! Okta: looks up before it creates, never deletes people, and sends several changes of one group at the same time.
//! Applications of its catalogue deactivate by PATCH, those that an admin makes by PUT: here every second person is of
//! either kind.

use serde_json::{Value, json};

use super::{
    ENTERPRISE, Group, Groups, Member, Moves, Person, Provider, Search, by_group_name, by_name, group_body,
    patch_group, patch_person, path_to, post_group, post_person, profile, put_person, read_all, values,
};
use crate::simulate::wire::{self, Outcome, Wire};

pub(super) struct Okta;

/// How many members go into one request.
const MEMBERS: usize = 500;

impl Provider for Okta {
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("User-Agent", "Okta SCIM Client 1.0.0"),
            ("Accept", "application/scim+json"),
            ("Accept-Charset", "utf-8"),
            // on every request, those without a body too
            ("Content-Type", "application/scim+json; charset=utf-8"),
        ]
    }

    fn content_type(&self) -> &'static str {
        "application/scim+json; charset=utf-8"
    }

    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }

    fn deletes(&self) -> bool {
        false
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.list("test the connection", "/Users?startIndex=1&count=2").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        if let Some(id) = wire.find_id(&paged(by_name(person)))? {
            wire.keep("link a user", &wire.users, person.number, &id)?;
            self.update(wire, &id, person, person)?;
            return Ok(id);
        }
        let mut body = profile(wire, person);
        body.insert("locale".to_owned(), json!("en-US"));
        body.insert("groups".to_owned(), json!([]));
        body.insert("password".to_owned(), json!(password(person)));
        post_person(wire, person, &body.into())
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        let path = wire::user(id);
        let read = wire.get("read a user", &path)?;
        let Some(Value::Object(mut body)) = read.json else {
            return Err(wire.complain("read a user", &path, "a user"));
        };
        // what became empty is sent so, and what stays goes back as it came
        for (name, empty) in
            [("title", json!("")), ("phoneNumbers", json!([])), (ENTERPRISE, json!({"department": ""}))]
        {
            body.entry(name).and_modify(|value| *value = empty);
        }
        body.extend(profile(wire, after));
        put_person(wire, "update a user", id, after, &Value::Object(body))?;
        // now and then the password is pushed, whoever keeps it
        match after.number % 3 {
            0 => {
                let operations = json!([{"op": "replace", "value": {"password": password(after)}}]);
                patch_person(wire, "push a password", id, after, &operations)
            }
            _ => Ok(()),
        }
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        if person.active {
            // whoever comes back is looked up, and must be found under the same id
            let found = wire.find_id(&paged(by_name(person)))?;
            if found.as_deref() != Some(id) {
                return Err(wire.complain("look a user up", &wire::user(id), "the leaver under the same id"));
            }
        }
        if person.number % 2 == 1 {
            return self.update(wire, id, person, person);
        }
        let what = if person.active { "reactivate a user" } else { "deactivate a user" };
        patch_person(wire, what, id, person, &json!([{"op": "replace", "value": {"active": person.active}}]))
    }

    fn import(&self, wire: &Wire<'_>) -> Outcome {
        read_all(wire, "/Users", 100)?;
        read_all(wire, "/Groups", 100)
    }
}

impl Groups for Okta {
    fn hurries(&self) -> bool {
        true
    }

    fn replaces(&self) -> bool {
        true
    }

    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let id = match wire.find_id(&paged(by_group_name(group)))? {
            Some(id) => id,
            None => post_group(wire, group, &group_body(group, &[]))?,
        };
        self.move_members(wire, &id, group, &Moves::in_of(members))?;
        Ok(id)
    }

    // the id rides along
    fn rename(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        patch_group(wire, "rename a group", id, &json!([renaming(id, group)]))
    }

    // and the name is often sent again with the members
    fn move_members(&self, wire: &Wire<'_>, id: &str, group: &Group, moves: &Moves) -> Outcome {
        let mut operations = vec![renaming(id, group)];
        operations.extend(moves.go.iter().map(|member| json!({"op": "remove", "path": path_to(member)})));
        operations.extend(moves.come.chunks(MEMBERS).map(|come| {
            let come: Vec<Value> =
                come.iter().map(|it| json!({"value": it.id, "display": it.user_name})).collect();
            json!({"op": "add", "path": "members", "value": come})
        }));
        patch_group(wire, "change members", id, &operations.into())
    }

    fn push(&self, wire: &Wire<'_>, id: &str, _group: &Group, members: &[Member]) -> Outcome {
        let operations = json!([{"op": "replace", "path": "members", "value": values(members)}]);
        patch_group(wire, "push a group", id, &operations)
    }
}

fn renaming(id: &str, group: &Group) -> Value {
    json!({"op": "replace", "value": {"id": id, "displayName": group.name}})
}

/// Okta asks for the first hundred whom a search finds.
fn paged(mut search: Search) -> Search {
    search.query.push_str("&startIndex=1&count=100");
    search
}

/// One is sent even where no password is kept in step.
fn password(person: &Person) -> String {
    format!("1mz050nq-{}", person.external_id)
}
