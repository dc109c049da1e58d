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

use super::compare;
use super::directory::{Group, Knows, Person};
use super::wire::{Call, Failed, Outcome, Wire};
use crate::client::Incoming;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

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

/// How an identity provider talks to a SCIM server.
pub(super) trait Provider: Sync {
    /// The headers that are its own, or that it sends otherwise than others.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("Accept", "application/scim+json")]
    }

    /// What it fills beside names, mail address and whether somebody is active.
    fn knows(&self) -> Knows {
        Knows { title: true, phone: true, department: true, ..Knows::default() }
    }

    /// Whether it pushes groups.
    fn has_groups(&self) -> bool {
        true
    }

    /// Whether it changes the members of one group by several requests at the same time.
    fn hurries(&self) -> bool {
        false
    }

    /// Whether a push of a group replaces its members, so that who is not named leaves; others only add.
    fn replaces(&self) -> bool {
        false
    }

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
        delete(wire, "delete a user", &format!("/Users/{id}"))
    }

    /// Makes a group with these members, or takes over the one that is there; gives the id.
    fn create_group(&self, wire: &Wire<'_>, group: &Group, members: &[Member]) -> Outcome<String>;

    /// A group has another name now.
    fn rename_group(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome;

    /// People come into a group and go.
    fn move_members(&self, wire: &Wire<'_>, id: &str, group: &Group, moves: &Moves) -> Outcome;

    /// Sends a group's members anew, all of them.
    fn push_group(&self, wire: &Wire<'_>, id: &str, group: &Group, members: &[Member]) -> Outcome {
        self.rename_group(wire, id, group, members)
    }

    /// A group is removed.
    fn remove_group(&self, wire: &Wire<'_>, id: &str) -> Outcome {
        delete(wire, "delete a group", &format!("/Groups/{id}"))
    }

    /// Reads everybody, as it does to import, where it does.
    fn import(&self, _wire: &Wire<'_>) -> Outcome {
        Ok(())
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

/// `POST`; gives the id of the answer, which must have one.
fn post(wire: &Wire<'_>, what: &'static str, path: &str, body: &Value) -> Outcome<String> {
    let call = Call { what, method: "POST", path, body: Some(body), statuses: &[201] };
    let answer = wire.call(&call)?;
    id_of(wire, &call, &answer)
}

/// `POST` of a person; what the answer shows of it must be right.
fn post_person(wire: &Wire<'_>, person: &Person, body: &Value) -> Outcome<String> {
    let call =
        Call { what: "create a user", method: "POST", path: "/Users", body: Some(body), statuses: &[201] };
    let answer = wire.call(&call)?;
    shows(wire, &call, &answer, person)?;
    id_of(wire, &call, &answer)
}

/// `POST`, first and without a look whether the resource is there; None when the server says that its name is taken.
fn post_first(wire: &Wire<'_>, what: &'static str, path: &str, body: &Value) -> Outcome<Option<String>> {
    let call = Call { what, method: "POST", path, body: Some(body), statuses: &[201, 409] };
    let answer = wire.call(&call)?;
    if answer.status == 201 {
        return id_of(wire, &call, &answer).map(Some);
    }
    let scim_type = answer.json.as_ref().map(|json| &json["scimType"]);
    if scim_type.is_some_and(|it| it == "uniqueness") {
        Ok(None)
    } else {
        Err(wire.wrong(&call, Some(&answer), "scimType uniqueness"))
    }
}

fn id_of(wire: &Wire<'_>, call: &Call<'_>, answer: &Incoming) -> Outcome<String> {
    let id = answer.json.as_ref().and_then(|json| json["id"].as_str()).filter(|id| !id.is_empty());
    id.map(str::to_owned).ok_or_else(|| wire.wrong(call, Some(answer), "a resource with an id"))
}

/// `PUT` of a person; what the answer shows of it must be right.
fn put_person(wire: &Wire<'_>, what: &'static str, id: &str, person: &Person, body: &Value) -> Outcome {
    let path = format!("/Users/{id}");
    let call = Call { what, method: "PUT", path: &path, body: Some(body), statuses: &[200] };
    let answer = wire.call(&call)?;
    shows(wire, &call, &answer, person)
}

/// `PATCH`; without an answer's body nothing more is known.
fn patch(wire: &Wire<'_>, what: &'static str, path: &str, operations: &Value) -> Outcome<Option<Value>> {
    let body = json!({"schemas": [PATCH_OP], "Operations": operations});
    let call = Call { what, method: "PATCH", path, body: Some(&body), statuses: &[200, 204] };
    Ok(wire.call(&call)?.json)
}

/// `PATCH` of a person; what the answer shows of it must be right.
fn patch_person(
    wire: &Wire<'_>,
    what: &'static str,
    id: &str,
    person: &Person,
    operations: &Value,
) -> Outcome {
    let path = format!("/Users/{id}");
    let body = json!({"schemas": [PATCH_OP], "Operations": operations});
    let call = Call { what, method: "PATCH", path: &path, body: Some(&body), statuses: &[200, 204] };
    let answer = wire.call(&call)?;
    if answer.status == 204 { Ok(()) } else { shows(wire, &call, &answer, person) }
}

/// The person in an answer must be the one that was sent.
fn shows(wire: &Wire<'_>, call: &Call<'_>, answer: &Incoming, person: &Person) -> Outcome {
    let manager = person.manager.and_then(|number| wire.user(number));
    let found = answer.json.as_ref().unwrap_or(&Value::Null);
    let wrong = compare::of_person(person, manager, found);
    if wrong.is_empty() { Ok(()) } else { Err(wire.wrong(call, Some(answer), &wrong.join("; "))) }
}

/// `DELETE`; who is gone already is gone.
fn delete(wire: &Wire<'_>, what: &'static str, path: &str) -> Outcome {
    wire.call(&Call { what, method: "DELETE", path, body: None, statuses: &[204, 404] }).map(drop)
}

/// The one resource that a search finds, if it finds one; several are trouble.
fn find_one(wire: &Wire<'_>, what: &'static str, endpoint: &str, filter: &str) -> Outcome<Option<Value>> {
    let found = wire.find(what, endpoint, filter)?;
    if found.len() > 1 {
        let path = format!("{endpoint}?filter={filter}");
        let call = Call { what, method: "GET", path: &path, body: None, statuses: &[] };
        return Err(wire.wrong(&call, None, &format!("one resource at most, found {}", found.len())));
    }
    Ok(found.into_iter().next())
}

/// The id of a resource that was found.
fn found_id(found: &Value) -> Outcome<String> {
    found["id"].as_str().map(str::to_owned).ok_or(Failed)
}

/// A list must be empty.
fn expect_nobody(wire: &Wire<'_>, path: &str) -> Outcome {
    let what = "test the connection";
    match wire.list(what, path)?.len() {
        0 => Ok(()),
        n => {
            let call = Call { what, method: "GET", path, body: None, statuses: &[] };
            Err(wire.wrong(&call, None, &format!("nobody, found {n}")))
        }
    }
}

/// A text as a filter quotes it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Reads an endpoint page by page, each page beginning where the one before it ended.
fn read_all(wire: &Wire<'_>, endpoint: &str, count: usize) -> Outcome {
    let mut seen = 0;
    loop {
        let page = wire.list("import", &format!("{endpoint}?startIndex={}&count={count}", seen + 1))?;
        seen += page.len();
        if page.len() < count || wire.stop.is_asked() {
            return Ok(());
        }
    }
}

/// `{"value": id}` of each member.
fn values(members: &[Member]) -> Vec<Value> {
    members.iter().map(|member| json!({"value": member.id})).collect()
}
