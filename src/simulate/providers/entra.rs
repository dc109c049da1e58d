//! Microsoft Entra ID: matches by name, one operation an attribute, in two dialects that live side by side: the older
//! one writes `Replace`, booleans as text and members to be removed as a value, the newer one what the RFC says. Here
//! every second person and group is written in either.

use serde_json::{Map, Value, json};

use super::{
    ENTERPRISE, GROUP, Group, Groups, Knows, MEMBERS, Member, Moves, Person, Provider, Search, by_group_name,
    by_name, expect_nobody, patch_group, patch_person, path_to, post_group, post_person, profile,
};
use crate::simulate::wire::{self, Outcome, Wire};

pub(super) struct Entra;

const OLD_GROUP: &str = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";

impl Provider for Entra {
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("adscimversion", "1.0")]
    }

    fn content_type(&self) -> &'static str {
        "application/scim+json; charset=utf-8"
    }

    fn knows(&self) -> Knows {
        Knows {
            title: true,
            phone: true,
            department: true,
            manager: true,
            role: true,
            group_ids: true,
            ..Knows::default()
        }
    }

    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        let nobody = "7a0c5b26-3f3e-4a1c-9d55-2f6f0f8a9c11";
        expect_nobody(wire, &format!("/Users?filter=userName+eq+%22{nobody}%22"))?;
        expect_nobody(
            wire,
            &format!("/Groups?excludedAttributes=members&filter=displayName+eq+%22{nobody}%22"),
        )?;
        wire.get("test the connection", "/Schemas").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        if let Some(id) = wire.find_id(&with_plus(by_name(person)))? {
            return Ok(id);
        }
        let mut body = profile(wire, person);
        body.insert("meta".to_owned(), json!({"resourceType": "User"}));
        body.insert("roles".to_owned(), json!([]));
        post_person(wire, person, &body.into())
    }

    fn update(&self, wire: &Wire<'_>, id: &str, before: &Person, after: &Person) -> Outcome {
        let changes = changes(before, after, after.manager.and_then(|number| wire.users.get(number)));
        let operations = if is_old(after) { old_operations(&changes) } else { new_operations(&changes) };
        if operations.is_empty() {
            return Ok(());
        }
        patch_person(wire, "update a user", id, after, &operations.into())?;
        // the manager is checked as a reference
        match after
            .manager
            .and_then(|number| wire.users.get(number))
            .filter(|_| before.manager != after.manager)
        {
            Some(manager) => {
                let query = format!("/Users?filter=id+eq+%22{id}%22+and+manager+eq+%22{manager}%22");
                match wire.list("check a reference", &query)?.resources.len() {
                    1 => Ok(()),
                    n => Err(wire.complain("check a reference", &query, &format!("one user, found {n}"))),
                }
            }
            None => Ok(()),
        }
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
}

impl Groups for Entra {
    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        let mut search = with_plus(by_group_name(group));
        search.query.insert_str(0, "excludedAttributes=members&");
        let id = match wire.find_id(&search)? {
            Some(id) => id,
            None => {
                let body = json!({
                    "schemas": [GROUP, OLD_GROUP],
                    "externalId": group.external_id,
                    "displayName": group.name,
                    "members": [],
                    "meta": {"resourceType": "Group"},
                });
                post_group(wire, group, &body)?
            }
        };
        wire.get("read a group", &format!("{}?excludedAttributes=members", wire::group(&id)))?;
        self.move_members(wire, &id, group, &Moves::in_of(members))?;
        Ok(id)
    }

    fn rename(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        let op = if is_old_group(group) { "Replace" } else { "replace" };
        let operations = json!([{"op": op, "path": "displayName", "value": group.name}]);
        patch_group(wire, "rename a group", id, &operations)
    }

    fn move_members(&self, wire: &Wire<'_>, id: &str, group: &Group, moves: &Moves) -> Outcome {
        let is_old = is_old_group(group);
        for come in moves.come.chunks(MEMBERS) {
            let op = if is_old { "Add" } else { "add" };
            let operations = json!([{"op": op, "path": "members", "value": referred(come)}]);
            patch_group(wire, "add members", id, &operations)?;
        }
        for member in &moves.go {
            let operation = match is_old {
                true => {
                    json!({"op": "Remove", "path": "members", "value": referred(std::slice::from_ref(member))})
                }
                false => json!({"op": "remove", "path": path_to(member)}),
            };
            patch_group(wire, "remove a member", id, &json!([operation]))?;
        }
        Ok(())
    }

    // it asks whether a member is in, and adds them all, those who are in too
    fn push(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        if let Some(member) = members.first() {
            let query = format!("/Groups?filter=id+eq+%22{id}%22+and+members+eq+%22{}%22", member.id);
            wire.list("check a reference", &query)?;
        }
        self.move_members(wire, id, group, &Moves::in_of(members))
    }
}

/// Blanks in its queries are plus signs.
fn with_plus(mut search: Search) -> Search {
    search.query = search.query.replace("%20", "+");
    search
}

/// Which dialect a person is written in: of each kind of job there is one.
fn is_old(person: &Person) -> bool {
    person.number.is_multiple_of(2)
}

fn is_old_group(group: &Group) -> bool {
    group.number.is_multiple_of(2)
}

fn referred(members: &[Member]) -> Vec<Value> {
    members.iter().map(|member| json!({"$ref": null, "value": member.id})).collect()
}

/// The paths whose values have changed, with the new ones; null where there is none any more.
fn changes(before: &Person, after: &Person, manager: Option<&str>) -> Vec<(String, Value)> {
    let is_same_manager = before.manager == after.manager;
    let managed = |is: bool| json!(manager.filter(|_| is));
    let all = [
        ("userName".to_owned(), json!(before.user_name), json!(after.user_name)),
        ("name.familyName".to_owned(), json!(before.family), json!(after.family)),
        ("displayName".to_owned(), json!(before.display()), json!(after.display())),
        ("title".to_owned(), json!(before.title), json!(after.title)),
        ("emails[type eq \"work\"].value".to_owned(), json!(before.email), json!(after.email)),
        ("phoneNumbers[type eq \"work\"].value".to_owned(), json!(before.phone), json!(after.phone)),
        ("roles[primary eq \"True\"].value".to_owned(), json!(before.role), json!(after.role)),
        (format!("{ENTERPRISE}:department"), json!(before.department), json!(after.department)),
    ];
    let mut changed: Vec<(String, Value)> = all
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(path, _, after)| (path, after))
        .collect();
    if !is_same_manager {
        changed.push((format!("{ENTERPRISE}:manager"), managed(true)));
    }
    changed
}

/// The element that a path leads into: what is removed of a list is removed as a whole.
fn element_of(path: &str) -> &str {
    path.strip_suffix(".value").unwrap_or(path)
}

fn old_operations(changes: &[(String, Value)]) -> Vec<Value> {
    let operation = |(path, value): &(String, Value)| match value {
        Value::Null => json!({"op": "Remove", "path": element_of(path)}),
        value if path.ends_with(":manager") => {
            json!({"op": "Add", "path": path, "value": [{"$ref": null, "value": value}]})
        }
        value => json!({"op": "Replace", "path": path, "value": value}),
    };
    changes.iter().map(operation).collect()
}

fn new_operations(changes: &[(String, Value)]) -> Vec<Value> {
    let mut together = Map::new();
    let mut operations = Vec::new();
    for (path, value) in changes {
        match value {
            Value::Null => operations.push(json!({"op": "remove", "path": element_of(path)})),
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
