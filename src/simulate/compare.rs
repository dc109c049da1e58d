//! The server against the model: what is different, in words.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::directory::{Directory, Group, Person};
use super::wire::{Outcome, Wire};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
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

/// The value of the one element of a list, which is for work; the list itself when it has several.
fn only(list: &Value) -> Value {
    match list.as_array().map(Vec::as_slice) {
        None | Some([]) => Value::Null,
        Some([one]) if one["type"] == "work" => one["value"].clone(),
        Some(_) => list.clone(),
    }
}

/// Reads everything from the server and compares it with the model.
pub(super) fn everything(
    wire: &Wire<'_>,
    directory: &Directory,
    read: &mut dyn FnMut(usize),
) -> Outcome<Vec<Difference>> {
    let mut differences = Vec::new();
    let users = crawl(wire, "/Users", &mut differences, read)?;
    let groups = crawl(wire, "/Groups?excludedAttributes=members", &mut differences, read)?;
    let mut mine = HashSet::new();
    for person in directory.people.iter().flatten() {
        let Some(id) = wire.user(person.number) else { continue };
        mine.insert(id);
        let manager = person.manager.and_then(|number| wire.user(number));
        match users.get(id) {
            None => differences.push(missing(&person.user_name)),
            Some(found) => {
                let mut wrong = of_person(person, manager, found);
                wrong.extend(groups_of(wire, directory, person, found));
                differences
                    .extend(wrong.into_iter().map(|what| Difference { of: person.user_name.clone(), what }));
            }
        }
    }
    for group in directory.groups.iter().flatten() {
        let Some(id) = wire.group(group.number) else { continue };
        mine.insert(id);
        if !groups.contains_key(id) {
            differences.push(missing(&group.name));
            continue;
        }
        let found = wire.get("read a group", &format!("/Groups/{id}"))?.json.unwrap_or_default();
        let wrong = of_group(wire, group, &found);
        differences.extend(wrong.into_iter().map(|what| Difference { of: group.name.clone(), what }));
        read(1);
    }
    for (id, found) in users.iter().chain(&groups) {
        let name = found["userName"].as_str().or(found["displayName"].as_str()).unwrap_or_default();
        if name.contains(&directory.tag) && !mine.contains(id.as_str()) {
            differences.push(Difference {
                of: name.to_owned(),
                what: "expected nobody, and it is there".to_owned(),
            });
        }
    }
    Ok(differences)
}

fn missing(name: &str) -> Difference {
    Difference { of: name.to_owned(), what: "it is in no list".to_owned() }
}

/// The groups that a user says to be in, by their names; a server that tells of none at all is told by `Knows`.
fn groups_of(wire: &Wire<'_>, directory: &Directory, person: &Person, found: &Value) -> Option<String> {
    let told = found["groups"].as_array();
    if told.is_none() && !wire.knows.reads_groups {
        return None;
    }
    let named = |group: &Value| (group["value"].to_string(), group["display"].as_str().map(str::to_owned));
    let told: BTreeMap<String, Option<String>> = told.into_iter().flatten().map(named).collect();
    let groups = directory.groups.iter().flatten().filter(|group| group.members.contains(&person.number));
    let expected: BTreeMap<String, &str> = groups
        .filter_map(|group| Some((Value::from(wire.group(group.number)?).to_string(), group.name.as_str())))
        .collect();
    let same_names = |id: &String, name: &Option<String>| match (expected.get(id), name) {
        (Some(expected), Some(name)) => expected == name,
        (expected, _) => expected.is_some(),
    };
    let equal = told.len() == expected.len() && told.iter().all(|(id, name)| same_names(id, name));
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
    let expected: BTreeSet<&str> = group.members.iter().filter_map(|number| wire.user(*number)).collect();
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

/// Every resource of an endpoint by its id, page by page. A list whose count is not that of what it shows is a
/// difference, and so is a resource that comes twice.
fn crawl(
    wire: &Wire<'_>,
    endpoint: &str,
    differences: &mut Vec<Difference>,
    read: &mut dyn FnMut(usize),
) -> Outcome<HashMap<String, Value>> {
    let mut found = HashMap::new();
    let (mut seen, mut totals) = (0, BTreeSet::new());
    let join = if endpoint.contains('?') { '&' } else { '?' };
    loop {
        let path = format!("{endpoint}{join}startIndex={}&count={PAGE}", seen + 1);
        let answer = wire.get("list everybody", &path)?;
        let call = super::wire::Call {
            what: "list everybody",
            method: "GET",
            path: &path,
            body: None,
            statuses: &[],
        };
        let page = wire.resources(&call, &answer)?;
        let json = answer.json.unwrap_or_default();
        totals.insert(json["totalResults"].as_u64().unwrap_or_default());
        if json["itemsPerPage"].as_u64() != u64::try_from(page.len()).ok() {
            let what = format!("itemsPerPage: expected {}, found {}", page.len(), json["itemsPerPage"]);
            differences.push(Difference { of: path.clone(), what });
        }
        if page.is_empty() || wire.stop.is_asked() {
            break;
        }
        let known = found.len();
        let n = page.len();
        for resource in page {
            let id = resource["id"].as_str().unwrap_or_default().to_owned();
            found.insert(id, resource);
        }
        seen += n;
        read(n);
        if found.len() - known < n {
            let what = format!("{} of {n} were listed on an earlier page", n + known - found.len());
            differences.push(Difference { of: path, what });
            // a server that always answers the same page would go on for ever
            if found.len() == known {
                break;
            }
        }
    }
    if totals.len() != 1 || !totals.contains(&u64::try_from(found.len()).unwrap_or_default()) {
        let what =
            format!("totalResults: expected {}, the number of what is listed, found {totals:?}", found.len());
        differences.push(Difference { of: endpoint.to_owned(), what });
    }
    Ok(found)
}
