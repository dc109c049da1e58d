//! The identity providers: one file each says how it talks, and what it needs of the answers.

mod authentik;
mod entra;
mod google;
mod jumpcloud;
mod keycloak;
mod okta;
mod onelogin;
mod ping;
mod rauthy;

use serde_json::{Map, Value, json};

use super::compare::{self, ENTERPRISE};
use super::directory::{Group, Knows, Person};
use super::wire::{self, Call, Outcome, Pages, Search, Wire};
use crate::client::Incoming;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// How many members most providers name in one request.
const MEMBERS: usize = 100;

/// The providers by their names.
pub(super) const ALL: [(&str, &dyn Provider); 9] = [
    ("okta", &okta::Okta),
    ("entra", &entra::Entra),
    ("onelogin", &onelogin::OneLogin),
    ("jumpcloud", &jumpcloud::JumpCloud),
    ("ping", &ping::Ping),
    ("google", &google::Google),
    ("keycloak", &keycloak::Keycloak),
    ("authentik", &authentik::Authentik),
    ("rauthy", &rauthy::Rauthy),
];

/// A member of a group as requests name it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) user_name: String,
}

/// Who comes and goes, and who is in a group then.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    pub(super) come: Vec<Member>,
    pub(super) go: Vec<Member>,
    pub(super) then: Vec<Member>,
}

impl Moves {
    fn in_of(members: &[Member]) -> Moves {
        Moves { come: members.to_vec(), go: Vec::new(), then: members.to_vec() }
    }
}

/// How an identity provider talks to a SCIM server.
pub(super) trait Provider: Sync {
    /// The headers that are its own, or that it sends otherwise than others.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("Accept", "application/scim+json")]
    }

    /// What it calls the bodies that it sends.
    fn content_type(&self) -> &'static str {
        "application/scim+json"
    }

    /// What it fills beside names, mail address and whether somebody is active.
    fn knows(&self) -> Knows {
        Knows { title: true, phone: true, department: true, ..Knows::default() }
    }

    /// How it pushes groups, if it does.
    fn groups(&self) -> Option<&dyn Groups>;

    /// Whether it deletes people, and does not only deactivate them.
    fn deletes(&self) -> bool {
        true
    }

    /// What it does when an admin sets the application up.
    fn test_connection(&self, wire: &Wire<'_>) -> Outcome;

    /// Makes a person, or takes over the one that is there; gives the id.
    fn create(&self, wire: &Wire<'_>, person: &Person) -> Outcome<String>;

    /// Something about a person has changed.
    fn update(&self, wire: &Wire<'_>, id: &str, before: &Person, after: &Person) -> Outcome;

    /// A person leaves, or comes back, as `person.active` says.
    fn activate(&self, wire: &Wire<'_>, id: &str, person: &Person) -> Outcome;

    /// A person is removed for good.
    fn remove(&self, wire: &Wire<'_>, id: &str) -> Outcome {
        delete(wire, "delete a user", &wire::user(id))
    }

    /// Reads everybody, as it does to import, where it does.
    fn import(&self, _wire: &Wire<'_>) -> Outcome {
        Ok(())
    }
}

/// How a provider pushes groups.
pub(super) trait Groups: Sync {
    /// Whether it changes the members of one group by several requests at the same time.
    fn hurries(&self) -> bool {
        false
    }

    /// Whether a push of a group replaces its members, so that who is not named leaves; others only add.
    fn replaces(&self) -> bool {
        false
    }

    /// Makes a group with these members, or takes over the one that is there; gives the id.
    fn create(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String>;

    /// A group has another name now.
    fn rename(&self, wire: &Wire<'_>, id: &str, group: &Group, _members: &[Member]) -> Outcome {
        let operations = json!([{"op": "replace", "path": "displayName", "value": group.name}]);
        patch_group(wire, "rename a group", id, &operations)
    }

    /// People come into a group and go.
    fn move_members(&self, wire: &Wire<'_>, id: &str, group: &Group, moves: &Moves) -> Outcome;

    /// Sends a group's members anew, all of them.
    fn push(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        self.move_members(wire, id, group, &Moves::in_of(members))
    }

    /// A group is removed.
    fn remove(&self, wire: &Wire<'_>, id: &str) -> Outcome {
        delete(wire, "delete a group", &wire::group(id))
    }
}

/// A person as most providers write one.
fn profile(wire: &Wire<'_>, person: &Person) -> Map<String, Value> {
    let mut body = json!({
        "schemas": [USER],
        "userName": person.user_name,
        "externalId": person.external_id,
        "name": {"givenName": person.given, "familyName": person.family},
        "displayName": person.display(),
        "emails": [{"value": person.email, "type": "work", "primary": true}],
        "active": person.active,
    });
    if let Some(title) = &person.title {
        body["title"] = json!(title);
    }
    if let Some(phone) = &person.phone {
        body["phoneNumbers"] = json!([{"value": phone, "type": "work"}]);
    }
    // who maps the extension lists it, also where it holds nothing
    if wire.knows.department {
        body["schemas"] = json!([USER, ENTERPRISE]);
    }
    if let Some(department) = &person.department {
        body[ENTERPRISE] = json!({"department": department});
    }
    match body {
        Value::Object(body) => body,
        _ => Map::new(),
    }
}

/// A group as most providers write one.
fn group_body(group: &Group, members: &[Value]) -> Value {
    let mut body = json!({"schemas": [GROUP], "displayName": group.name, "members": members});
    if let Some(external_id) = &group.external_id {
        body["externalId"] = json!(external_id);
    }
    body
}

/// The search for a person by user name.
fn by_name(person: &Person) -> Search {
    Search::by("look a user up", "/Users", "userName", &person.user_name)
}

/// The search for a group by name.
fn by_group_name(group: &Group) -> Search {
    Search::by("look a group up", "/Groups", "displayName", &group.name)
}

/// The id of the person of that name, who is made when nobody has it.
fn found_or_posted(wire: &Wire<'_>, person: &Person, body: &Value) -> Outcome<String> {
    match wire.find_id(&by_name(person))? {
        Some(id) => Ok(id),
        None => post_person(wire, person, body),
    }
}

/// `POST` of a person; what the answer shows of it must be right.
fn post_person(wire: &Wire<'_>, person: &Person, body: &Value) -> Outcome<String> {
    let call =
        Call { what: "create a user", method: "POST", path: "/Users", body: Some(body), statuses: &[201] };
    let answer = wire.call(&call)?;
    let id = wire.new_id(&call, &answer, &wire.users, person.number)?;
    shows(wire, &call, &answer, person)?;
    Ok(id)
}

/// `POST` of a person without a look whether it is there; None when the server says that its name is taken.
fn post_person_first(wire: &Wire<'_>, person: &Person, body: &Value) -> Outcome<Option<String>> {
    let call = Call {
        what: "create a user",
        method: "POST",
        path: "/Users",
        body: Some(body),
        statuses: &[201, 409],
    };
    let answer = wire.call(&call)?;
    if is_taken(wire, &call, &answer)? {
        return Ok(None);
    }
    let id = wire.new_id(&call, &answer, &wire.users, person.number)?;
    shows(wire, &call, &answer, person)?;
    Ok(Some(id))
}

/// `POST` of a group.
fn post_group(wire: &Wire<'_>, group: &Group, body: &Value) -> Outcome<String> {
    let call =
        Call { what: "create a group", method: "POST", path: "/Groups", body: Some(body), statuses: &[201] };
    let answer = wire.call(&call)?;
    wire.new_id(&call, &answer, &wire.groups, group.number)
}

/// `POST` of a group without a look whether it is there; None when the server says that its name is taken.
fn post_group_first(wire: &Wire<'_>, group: &Group, body: &Value) -> Outcome<Option<String>> {
    let call = Call {
        what: "create a group",
        method: "POST",
        path: "/Groups",
        body: Some(body),
        statuses: &[201, 409],
    };
    let answer = wire.call(&call)?;
    if is_taken(wire, &call, &answer)? {
        return Ok(None);
    }
    wire.new_id(&call, &answer, &wire.groups, group.number).map(Some)
}

/// Whether an answer says that the name is taken, in the words that providers understand.
fn is_taken(wire: &Wire<'_>, call: &Call<'_>, answer: &Incoming) -> Outcome<bool> {
    let says_so = answer.json.as_ref().is_some_and(|json| json["scimType"] == "uniqueness");
    match answer.status {
        409 if !says_so => Err(wire.wrong(call, answer, "scimType uniqueness")),
        status => Ok(status == 409),
    }
}

/// `PUT` of a person; what the answer shows of it must be right.
fn put_person(wire: &Wire<'_>, what: &'static str, id: &str, person: &Person, body: &Value) -> Outcome {
    let path = wire::user(id);
    let call = Call { what, method: "PUT", path: &path, body: Some(body), statuses: &[200] };
    let answer = wire.call(&call)?;
    shows(wire, &call, &answer, person)
}

/// `PATCH` of a person; what the answer shows of it must be right, where it shows it.
fn patch_person(
    wire: &Wire<'_>,
    what: &'static str,
    id: &str,
    person: &Person,
    operations: &Value,
) -> Outcome {
    let path = wire::user(id);
    let body = json!({"schemas": [PATCH_OP], "Operations": operations});
    let call = Call { what, method: "PATCH", path: &path, body: Some(&body), statuses: &[200, 204] };
    let answer = wire.call(&call)?;
    if answer.status == 204 { Ok(()) } else { shows(wire, &call, &answer, person) }
}

/// The person in an answer must be the one that was sent.
fn shows(wire: &Wire<'_>, call: &Call<'_>, answer: &Incoming, person: &Person) -> Outcome {
    let manager = person.manager.and_then(|number| wire.users.get(number));
    let found = answer.json.as_ref().unwrap_or(&Value::Null);
    let wrong = compare::of_person(person, manager, found);
    if wrong.is_empty() { Ok(()) } else { Err(wire.wrong(call, answer, &wrong.join("; "))) }
}

/// `PATCH` of a group.
fn patch_group(wire: &Wire<'_>, what: &'static str, id: &str, operations: &Value) -> Outcome {
    let path = wire::group(id);
    let body = json!({"schemas": [PATCH_OP], "Operations": operations});
    wire.call(&Call { what, method: "PATCH", path: &path, body: Some(&body), statuses: &[200, 204] })
        .map(drop)
}

/// `PUT` of a whole group.
fn put_group(wire: &Wire<'_>, id: &str, body: &Value) -> Outcome {
    let path = wire::group(id);
    wire.call(&Call {
        what: "update a group",
        method: "PUT",
        path: &path,
        body: Some(body),
        statuses: &[200],
    })
    .map(drop)
}

/// One request for each hundred who come.
fn add_members(wire: &Wire<'_>, id: &str, members: &[Member]) -> Outcome {
    for come in members.chunks(MEMBERS) {
        let come: Vec<Value> =
            come.iter().map(|it| json!({"value": it.id, "display": it.user_name})).collect();
        patch_group(wire, "add members", id, &json!([{"op": "add", "path": "members", "value": come}]))?;
    }
    Ok(())
}

/// One request for each who goes, with a path to them.
fn remove_members(wire: &Wire<'_>, id: &str, members: &[Member]) -> Outcome {
    for member in members {
        patch_group(wire, "remove a member", id, &json!([{"op": "remove", "path": path_to(member)}]))?;
    }
    Ok(())
}

/// One request for each hundred who go, named by value.
fn remove_members_by_value(wire: &Wire<'_>, id: &str, members: &[Member]) -> Outcome {
    for go in members.chunks(MEMBERS) {
        let operation = json!({"op": "remove", "path": "members", "value": values(go)});
        patch_group(wire, "remove members", id, &json!([operation]))?;
    }
    Ok(())
}

/// The path to a member.
fn path_to(member: &Member) -> String {
    format!("members[value eq {}]", Value::from(member.id.as_str()))
}

/// `{"value": id}` of each member.
fn values(members: &[Member]) -> Vec<Value> {
    members.iter().map(|member| json!({"value": member.id})).collect()
}

/// `DELETE`; who is gone already is gone.
fn delete(wire: &Wire<'_>, what: &'static str, path: &str) -> Outcome {
    wire.call(&Call { what, method: "DELETE", path, body: None, statuses: &[204, 404] }).map(drop)
}

/// A list must be empty.
fn expect_nobody(wire: &Wire<'_>, path: &str) -> Outcome {
    let what = "test the connection";
    match wire.list(what, path)?.resources.len() {
        0 => Ok(()),
        n => Err(wire.complain(what, path, &format!("an empty list, found {n}"))),
    }
}

/// Reads an endpoint page by page.
fn read_all(wire: &Wire<'_>, endpoint: &str, count: usize) -> Outcome {
    Pages::of(wire, "import", endpoint, count).read(&mut |_| false)
}
