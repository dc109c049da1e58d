//! Keycloak, with an extension that provisions: creates without a look, writes `active` as text and now and then a value
//! as a list of one, and puts whole groups, whose members it leaves out when there are none.

use serde_json::{Value, json};

use super::{
    Group, Groups, Knows, Member, Moves, Person, Provider, by_group_name, by_name, group_body, patch_group,
    path_to, post_group_first, post_person_first, profile, put_group, put_person,
};
use crate::simulate::wire::{Outcome, Search, Wire};

pub(super) struct Keycloak;

impl Provider for Keycloak {
    fn knows(&self) -> Knows {
        Knows { group_ids: true, inactive: true, ..Knows::default() }
    }

    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }

    fn test_connection(&self, wire: &Wire<'_>) -> Outcome {
        wire.get("test the connection", "/ServiceProviderConfig").map(drop)
    }

    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String> {
        match post_person_first(wire, person, &body(wire, person))? {
            Some(id) => Ok(id),
            None => synchronized(wire, by_name(person)),
        }
    }

    fn update(&self, wire: &Wire<'_>, id: &str, _before: &Person, after: &Person) -> Outcome {
        put_person(wire, "update a user", id, after, &body(wire, after))
    }

    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome {
        let what = if person.active { "enable a user" } else { "disable a user" };
        put_person(wire, what, id, person, &body(wire, person))
    }

    // without a word about pages
    fn import(&self, wire: &Wire<'_>) -> Outcome {
        wire.list("import", "/Users")?;
        wire.list("import", "/Groups").map(drop)
    }
}

impl Groups for Keycloak {
    fn replaces(&self) -> bool {
        true
    }

    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String> {
        match post_group_first(wire, group, &whole(group, members))? {
            Some(id) => Ok(id),
            None => synchronized(wire, by_group_name(group)),
        }
    }

    fn rename(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        put_group(wire, id, &whole(group, members))
    }

    // several people by PUT of the whole group, one who goes by PATCH with a value that is null
    fn move_members(&self, wire: &Wire<'_>, id: &str, group: &Group, moves: &Moves) -> Outcome {
        match (moves.come.as_slice(), moves.go.as_slice()) {
            ([], [gone]) => {
                let operations = json!([{"op": "remove", "path": path_to(gone), "value": null}]);
                patch_group(wire, "remove a member", id, &operations)
            }
            _ => put_group(wire, id, &whole(group, &moves.then)),
        }
    }

    fn push(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        put_group(wire, id, &whole(group, members))
    }
}

fn body(wire: &Wire<'_>, person: &Person) -> Value {
    let mut body = profile(wire, person);
    body.insert("active".to_owned(), json!(person.active.to_string()));
    body.insert("meta".to_owned(), json!({"resourceType": "User"}));
    if person.number % 2 == 1 {
        body.insert("displayName".to_owned(), json!([person.display()]));
    }
    body.into()
}

fn whole(group: &Group, members: &[Member]) -> Value {
    let refers =
        |member: &Member| json!({"value": member.id, "$ref": format!("Users/{}", member.id), "type": "User"});
    let mut body = group_body(group, &members.iter().map(refers).collect::<Vec<_>>());
    if let Some(body) = body.as_object_mut().filter(|_| members.is_empty()) {
        body.remove("members");
    }
    body
}

/// Whoever is there already is found when everybody is synchronized.
fn synchronized(wire: &Wire<'_>, mut search: Search) -> Outcome<String> {
    search.what = "synchronize";
    let found = wire.find_id(&search)?;
    found.ok_or_else(|| wire.complain(search.what, search.endpoint, "to find who is said to be there"))
}
