//! Microsoft Entra ID: matches by name, one operation an attribute, in two dialects that live side by side: the older
//! one writes `Replace`, booleans as text and members to be removed as a value, the newer one what the RFC says.

use serde_json::{Value, json};

use super::{
    ENTERPRISE, GROUP, Member, Moves, Provider, expect_nobody, find_one, found_id, patch, patch_person, post,
    post_person, profile, quoted, values,
};
use crate::simulate::directory::{Group, Knows, Person};
use crate::simulate::wire::{Outcome, Wire};

pub(super) struct Entra;

const OLD_GROUP: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

/// How many members go into one request.
const MEMBERS: usize = 100;

impl Provider for Entra {
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("adscimversion", "1.0")]
    }

    fn knows(&self) -> Knows {
        Knows {
            title: true,
            phone: true,
            department: true,
            manager: true,
            group_ids: true,
            ..Knows::default()
        }
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        let nobody = "7a0c5b26-3f3e-4a1c-9d55-2f6f0f8a9c11";
        expect_nobody(wire, &format!("/Users?filter=userName+eq+%22{nobody}%22"))?;
        expect_nobody(
            wire,
            &format!("/Groups?filter=displayName+eq+%22{nobody}%22&excludedAttributes=members"),
        )?;
        wire.get("test the connection", "/Schemas").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        let filter = format!("userName eq {}", quoted(&person.user_name));
        if let Some(found) = find_one(wire, "look a user up", "/Users", &filter)? {
            return found_id(&found);
        }
        let mut body = profile(wire, person);
        body.insert("meta".to_owned(), json!({"resourceType": "User"}));
        body.insert("roles".to_owned(), json!([]));
        post_person(wire, person, &body.into())
    }

    fn update(&self, wire: &Wire<'_>, id: &str, before: &Person, after: &Person) -> Outcome {
        let changes = changes(before, after, after.manager.and_then(|number| wire.user(number)));
        let operations = if is_old(after) { old_operations(&changes) } else { new_operations(&changes) };
        if operations.is_empty() {
            return Ok(());
        }
        patch_person(wire, "update a user", id, after, &operations.into())
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "reactivate a user" } else { "deactivate a user" };
        let word = if person.active { "True" } else { "False" };
        let operation = match is_old(person) {
            true => json!({"op": "Replace", "path": "active", "value": word}),
            false => json!({"op": "replace", "path": "active", "value": person.active}),
        };
        patch_person(wire, what, id, person, &json!([operation]))
    }

    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let filter = format!("displayName eq {}", quoted(&group.name));
        let id = match find_one(wire, "look a group up", "/Groups", &filter)? {
            Some(found) => found_id(&found)?,
            None => {
                let body = json!({
                    "schemas": [GROUP, OLD_GROUP],
                    "externalId": group.external_id,
                    "displayName": group.name,
                    "members": [],
                    "meta": {"resourceType": "Group"},
                });
                post(wire, "create a group", "/Groups", &body)?
            }
        };
        wire.get("read a group", &format!("/Groups/{id}?excludedAttributes=members"))?;
        let moves = Moves { come: members.to_vec(), ..Moves::default() };
        self.move_members(wire, &id, group, &moves)?;
        Ok(id)
    }

    fn rename_group(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        let op = if is_old_group(group) { "Replace" } else { "replace" };
        let operations = json!([{"op": op, "path": "displayName", "value": group.name}]);
        patch(wire, "rename a group", &format!("/Groups/{id}"), &operations).map(drop)
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, group: &Group, moves: &Moves) -> Outcome {
        let path = format!("/Groups/{id}");
        let is_old = is_old_group(group);
        for come in moves.come.chunks(MEMBERS) {
            let op = if is_old { "Add" } else { "add" };
            patch(
                wire,
                "add members",
                &path,
                &json!([{"op": op, "path": "members", "value": referred(come)}]),
            )?;
        }
        for member in &moves.go {
            let operation = match is_old {
                true => {
                    json!({"op": "Remove", "path": "members", "value": referred(std::slice::from_ref(member))})
                }
                false => json!({"op": "remove", "path": format!("members[value eq \"{}\"]", member.id)}),
            };
            patch(wire, "remove a member", &path, &json!([operation]))?;
        }
        Ok(())
    }

    // it asks whether each member is in, and adds whoever is not; now and then also those who are
    fn push_group(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        if let Some(member) = members.first() {
            let filter = format!("id eq \"{id}\" and members eq \"{}\"", member.id);
            find_one(wire, "check a reference", "/Groups", &filter)?;
        }
        let moves = Moves { come: members.to_vec(), ..Moves::default() };
        self.move_members(wire, id, group, &moves)
    }
}

/// Which dialect a person is written in: of each kind of job there is one.
fn is_old(person: &Person) -> bool {
    person.number.is_multiple_of(2)
}

fn is_old_group(group: &Group) -> bool {
    group.number.is_multiple_of(2)
}

fn referred(members: &[Member]) -> Vec<Value> {
    values(members)
        .into_iter()
        .map(|mut member| {
            member["$ref"] = Value::Null;
            member
        })
        .collect()
}

/// The paths whose values have changed, with the new ones; null where there is none any more.
fn changes(before: &Person, after: &Person, manager: Option<&str>) -> Vec<(String, Value)> {
    let was_managed = before.manager == after.manager;
    let text = |text: &Option<String>| json!(text);
    let all = [
        ("userName".to_owned(), json!(before.user_name), json!(after.user_name)),
        ("name.familyName".to_owned(), json!(before.family), json!(after.family)),
        ("displayName".to_owned(), json!(before.display()), json!(after.display())),
        ("title".to_owned(), text(&before.title), text(&after.title)),
        ("emails[type eq \"work\"].value".to_owned(), json!(before.email), json!(after.email)),
        ("phoneNumbers[type eq \"work\"].value".to_owned(), text(&before.phone), text(&after.phone)),
        (format!("{ENTERPRISE}:department"), text(&before.department), text(&after.department)),
        (format!("{ENTERPRISE}:manager"), json!(was_managed.then_some(manager).flatten()), json!(manager)),
    ];
    all.into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(path, _, after)| (path, after))
        .collect()
}

fn old_operations(changes: &[(String, Value)]) -> Vec<Value> {
    changes
        .iter()
        .map(|(path, value)| match value {
            // a phone's element is removed as a whole
            Value::Null => json!({"op": "Remove", "path": path.strip_suffix(".value").unwrap_or(path)}),
            value if path.ends_with(":manager") => json!({"op": "Add", "path": path, "value": value}),
            value => json!({"op": "Replace", "path": path, "value": value}),
        })
        .collect()
}

fn new_operations(changes: &[(String, Value)]) -> Vec<Value> {
    let mut together = serde_json::Map::new();
    let mut operations = Vec::new();
    for (path, value) in changes {
        match value {
            Value::Null => {
                operations.push(json!({"op": "remove", "path": path.strip_suffix(".value").unwrap_or(path)}));
            }
            value if path.ends_with(":manager") => {
                operations.push(json!({"op": "replace", "path": path, "value": {"value": value}}));
            }
            value if path.contains('[') => {
                operations.push(json!({"op": "replace", "path": path, "value": value}))
            }
            value => {
                together.insert(path.clone(), value.clone());
            }
        }
    }
    if !together.is_empty() {
        operations.push(json!({"op": "replace", "value": together}));
    }
    operations
}
