//! The server against the model: what is different, in words.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::directory::{Directory, Group, Person};
use super::wire::{self, Outcome, Pages, Wire};

pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// How many resources are asked for at once.
const PAGE: usize = 100;

/// A difference between the server and the model.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The user or group.
    pub of: String,
    /// What is different.
    pub what: String,
}

/// What is different about a person; the manager's id is known to whoever asks.
pub(super) fn of_person(person: &Person, manager: Option<&str>, found: &Value) -> Vec<String> {
    let enterprise = &found[ENTERPRISE];
    let mut wrong = Vec::new();
    let mut expect = |name: &str, expected: Option<&str>, found: &Value| {
        let is_there = found.as_str().filter(|text| !text.is_empty() || expected == Some(""));
        if is_there != expected || (!found.is_string() && !found.is_null()) {
            let expected =
                expected.map_or_else(|| "nothing".to_owned(), |text| Value::from(text).to_string());
            wrong.push(format!("{name}: expected {expected}, found {found}"));
        }
    };
    expect("userName", Some(&person.user_name), &found["userName"]);
    expect("externalId", Some(&person.external_id), &found["externalId"]);
    expect("name.givenName", Some(&person.given), &found["name"]["givenName"]);
    expect("name.familyName", Some(&person.family), &found["name"]["familyName"]);
    expect("displayName", Some(&person.display()), &found["displayName"]);
    expect("title", person.title.as_deref(), &found["title"]);
    expect("emails[type eq \"work\"].value", Some(&person.email), &only(&found["emails"]));
    expect("phoneNumbers[type eq \"work\"].value", person.phone.as_deref(), &only(&found["phoneNumbers"]));
    expect("role", person.role.as_deref(), &role(&found["roles"]));
    expect("department", person.department.as_deref(), &enterprise["department"]);
    expect("manager.value", manager, &enterprise["manager"]["value"]);
    if found["active"] != Value::Bool(person.active) {
        wrong.push(format!("active: expected {}, found {}", person.active, found["active"]));
    }
    if !found["password"].is_null() {
        wrong.push("password: expected nothing, found one".to_owned());
    }
    wrong
}

/// The value of the one role.
fn role(list: &Value) -> Value {
    match list.as_array().map(Vec::as_slice) {
        None | Some([]) => Value::Null,
        Some([one]) => one["value"].clone(),
        Some(_) => list.clone(),
    }
}

/// The value of the one element of a list, which is for work; the list itself when it has several.
fn only(list: &Value) -> Value {
    match list.as_array().map(Vec::as_slice) {
        None | Some([]) => Value::Null,
        Some([one]) if one["type"] == "work" => one["value"].clone(),
        Some(_) => list.clone(),
    }
}

/// Reads everything from the server and compares it with the model.
///
/// Nobody else may write to the server meanwhile.
pub(super) fn everything(
    wire: &Wire<'_>,
    directory: &Directory,
    read: &mut dyn FnMut(usize),
) -> Outcome<Vec<Difference>> {
    let mut found = Findings { wire, differences: Vec::new() };
    let users = found.crawl("/Users", read)?;
    let groups = found.crawl("/Groups?excludedAttributes=members", read)?;
    let shows_groups = wire.knows.reads_groups || users.values().any(|user| user["groups"].is_array());
    let mut mine = HashSet::new();
    for person in directory.people.iter().flatten() {
        let Some(id) = wire.users.get(person.number) else {
            found.differs(&person.user_name, "it was never made");
            continue;
        };
        mine.insert(id);
        let manager = person.manager.and_then(|number| wire.users.get(number));
        let Some(user) = users.get(id) else {
            found.differs(&person.user_name, "it is in no list");
            continue;
        };
        let mut wrong = of_person(person, manager, user);
        wrong.extend(groups_of(wire, directory, person, user).filter(|_| shows_groups));
        wrong.iter().for_each(|what| found.differs(&person.user_name, what));
    }
    for group in directory.groups.iter().flatten() {
        let Some(id) = wire.groups.get(group.number) else {
            found.differs(&group.name, "it was never made");
            continue;
        };
        mine.insert(id);
        if !groups.contains_key(id) {
            found.differs(&group.name, "it is in no list");
            continue;
        }
        let answered = wire.get("read a group", &wire::group(id))?.json.unwrap_or_default();
        of_group(wire, group, &answered).iter().for_each(|what| found.differs(&group.name, what));
        read(1);
    }
    for (id, resource) in users.iter().chain(&groups) {
        let name = resource["userName"].as_str().or(resource["displayName"].as_str()).unwrap_or_default();
        if name.contains(&directory.tag) && !mine.contains(id.as_str()) {
            found.differs(name, "it is there, and the model does not know it");
        }
    }
    Ok(found.differences)
}

/// What is found to be different.
struct Findings<'f> {
    wire: &'f Wire<'f>,
    differences: Vec<Difference>,
}

impl Findings<'_> {
    fn differs(&mut self, of: &str, what: &str) {
        let shown = |text: &str| self.wire.server.redaction.of_value(text);
        self.differences.push(Difference { of: shown(of), what: shown(what) });
    }

    /// Every resource of an endpoint by its id, page by page. A list whose count is not that of what it shows is a
    /// difference, and so is a resource that comes twice.
    fn crawl(&mut self, endpoint: &str, read: &mut dyn FnMut(usize)) -> Outcome<HashMap<String, Value>> {
        let (mut found, mut totals) = (HashMap::new(), BTreeSet::new());
        let mut pages = Pages::of(self.wire, "list everybody", endpoint, PAGE);
        while let Some(page) = pages.next()? {
            totals.insert(page.total);
            let n = page.resources.len();
            if u64::try_from(n).is_ok_and(|n| n != page.n_items) {
                self.differs(&page.path, &format!("itemsPerPage: expected {n}, found {}", page.n_items));
            }
            if page.n_known > 0 {
                self.differs(&page.path, &format!("{} of {n} are on an earlier page", page.n_known));
            }
            read(n);
            if self.wire.server.stop.is_asked() {
                break;
            }
            let id = |resource: &Value| resource["id"].as_str().unwrap_or_default().to_owned();
            found.extend(page.resources.into_iter().map(|resource| (id(&resource), resource)));
        }
        if totals.len() != 1 || !totals.contains(&u64::try_from(found.len()).unwrap_or_default()) {
            let n = found.len();
            self.differs(
                endpoint,
                &format!("totalResults: expected {n}, the number of what is listed, found {totals:?}"),
            );
        }
        Ok(found)
    }
}

/// What is different about the groups that a user says to be in, and their names where it says those.
fn groups_of(wire: &Wire<'_>, directory: &Directory, person: &Person, found: &Value) -> Option<String> {
    let named = |group: &Value| (group["value"].to_string(), group["display"].as_str().map(str::to_owned));
    // whom else a server puts into a group, through others or by rules of its own, is its own business
    let direct = found["groups"].as_array().into_iter().flatten().filter(|group| group["type"] != "indirect");
    let mut told: Vec<(String, Option<String>)> = direct.map(named).collect();
    told.sort();
    let groups = directory.groups.iter().flatten().filter(|group| group.members.contains(&person.number));
    let mut expected: Vec<(String, &str)> = groups
        .filter_map(|group| {
            Some((Value::from(wire.groups.get(group.number)?).to_string(), group.name.as_str()))
        })
        .collect();
    expected.sort();
    let is_same = |(told, expected): (&(String, Option<String>), &(String, &str))| {
        told.0 == expected.0 && told.1.as_ref().is_none_or(|name| name == expected.1)
    };
    let equal = told.len() == expected.len() && told.iter().zip(&expected).all(is_same);
    (!equal).then(|| format!("groups: expected {expected:?}, found {told:?}"))
}

fn of_group(wire: &Wire<'_>, group: &Group, found: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    if found["displayName"] != group.name.as_str() {
        wrong.push(format!("displayName: expected \"{}\", found {}", group.name, found["displayName"]));
    }
    if group.external_id.is_some() && found["externalId"].as_str() != group.external_id.as_deref() {
        wrong.push(format!("externalId: expected {:?}, found {}", group.external_id, found["externalId"]));
    }
    let listed: Vec<&str> = found["members"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|member| member["value"].as_str())
        .collect();
    let there: BTreeSet<&str> = listed.iter().copied().collect();
    let expected: BTreeSet<&str> =
        group.members.iter().filter_map(|number| wire.users.get(*number)).collect();
    if listed.len() != there.len() {
        wrong.push(format!("members: {} are listed more than once", listed.len() - there.len()));
    }
    let (lost, strange) = (expected.difference(&there).count(), there.difference(&expected).count());
    if lost > 0 || strange > 0 {
        let n = expected.len();
        wrong.push(format!(
            "members: expected {n}, of which {lost} are missing; {strange} are there that should not be"
        ));
    }
    wrong
}
