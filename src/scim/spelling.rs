//! W&B's names for what our extensions hold (W-220, W-252), understood in every profile: its scripts know no others.
//!
//! They stand at the top level of a body, in W&B's extensions, and in paths of PATCH, filters and projections.

use super::{
    ErrorKind, Quirk, Quirks, Result, json, read,
    schema::{Attribute, Noun, ResourceType, Schema},
    text, urn,
};
use serde_json::{Map, Value};

/// W&B's URNs, and ours.
const EXTENSIONS: [(&str, &str); 2] =
    [(urn::WANDB_USER, urn::ORGANIZATION_USER), (urn::WANDB_GROUP, urn::ORGANIZATION_GROUP)];

/// W&B's names, our extension, and our names.
const NAMES: [(&str, &str, &str); 5] = [
    ("organizationRole", urn::ORGANIZATION_USER, "organizationRole"),
    ("teamRoles", urn::ORGANIZATION_USER, "teamRoles"),
    ("modelsSeat", urn::ORGANIZATION_USER, "seat"),
    ("accountType", urn::ORGANIZATION_USER, "accountType"),
    ("storageBucket", urn::ORGANIZATION_GROUP, "storage"),
];

/// Roles in products that only W&B has.
const FOREIGN_ROLES: [&str; 2] = ["weaveRole", "registryRoles"];

/// The extension that a URN of W&B's means.
pub(super) fn extension(
    resource_type: &ResourceType,
    urn: &str,
    quirks: &mut Quirks,
) -> Option<&'static Schema> {
    let (_, own) = EXTENSIONS.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(urn))?;
    let schema = resource_type.extension(own)?;
    quirks.note(Quirk::WandbName);
    Some(schema)
}

/// The attribute that a bare name of W&B's means.
pub(super) fn attribute(
    resource_type: &ResourceType,
    name: &str,
    quirks: &mut Quirks,
) -> Option<(&'static Schema, &'static Attribute)> {
    let (_, own, attribute) = NAMES.iter().find(|(theirs, ..)| theirs.eq_ignore_ascii_case(name))?;
    let schema = resource_type.extension(own)?;
    let attribute = schema.attribute(attribute)?;
    quirks.note(Quirk::WandbName);
    Some((schema, attribute))
}

/// The attribute that a name means within an extension: ours, or W&B's for it.
pub(super) fn member(schema: &Schema, name: &str, quirks: &mut Quirks) -> Option<&'static Attribute> {
    schema.attribute(name).or_else(|| {
        let theirs =
            |(known, own, _): &&(&str, &str, &str)| *own == schema.id && known.eq_ignore_ascii_case(name);
        let found = NAMES.iter().find(theirs).and_then(|(.., own)| schema.attribute(own))?;
        quirks.note(Quirk::WandbName);
        Some(found)
    })
}

/// Whether a path leads to a role in a product that only W&B has, and is left out for that: where answers have W&B's
/// shapes, its scripts find their way though the product is not here.
pub(super) fn is_foreign_role(resource_type: &ResourceType, path: &str, quirks: &mut Quirks) -> bool {
    let prefix = path.get(..urn::WANDB_USER.len()).filter(|head| head.eq_ignore_ascii_case(urn::WANDB_USER));
    let path = prefix.and_then(|_| path.get(urn::WANDB_USER.len()..)?.strip_prefix(':')).unwrap_or(path);
    let name = path.split(['[', '.']).next().unwrap_or_default();
    let is_one = resource_type.noun == Noun::User
        && FOREIGN_ROLES.iter().any(|foreign| foreign.eq_ignore_ascii_case(name));
    is_one && quirks.answers_as_wandb() && quirks.allow(Quirk::ForeignRole)
}

/// Puts what a body says under W&B's names where our extensions have it.
pub(super) fn spelled(
    resource_type: &'static ResourceType,
    body: Map<String, Value>,
    quirks: &mut Quirks,
) -> Result<Map<String, Value>> {
    if !body.keys().any(|key| is_theirs(key)) && !names_theirs(&body) {
        return Ok(body);
    }
    let mut found = Map::new();
    let mut moved: Vec<(&'static str, Map<String, Value>)> = Vec::new();
    for (key, mut value) in body {
        if key.eq_ignore_ascii_case("schemas") {
            rename(resource_type, &mut value, quirks);
            found.insert(key, value);
        } else if let Some((schema, attribute)) = attribute(resource_type, &key, quirks) {
            moved.push((schema.id, Map::from_iter([(attribute.name.to_owned(), value)])));
        } else if let Some(schema) = extension(resource_type, &key, quirks) {
            match value {
                Value::Object(members) => moved.push((schema.id, members)),
                Value::Null => {}
                other => {
                    let found = json::type_name(&other);
                    let detail = format!("{}: expected an object, found {found}", text::shown(&key));
                    return Err(ErrorKind::InvalidValue.because(detail));
                }
            }
        } else {
            found.insert(key, value);
        }
    }
    for (id, members) in moved {
        let key =
            found.keys().find(|key| key.eq_ignore_ascii_case(id)).cloned().unwrap_or_else(|| id.to_owned());
        let container = found.entry(key).or_insert(Value::Null);
        if container.is_null() {
            *container = Value::Object(Map::new());
        }
        // what is no object is refused where it is read
        if let (Value::Object(container), Some(schema)) = (container, resource_type.extension(id)) {
            merge(schema, container, members, quirks)?;
        }
    }
    Ok(found)
}

/// Checks that members which say the same by W&B's names and by ours say it alike.
pub(super) fn check(
    resource_type: &'static ResourceType,
    members: &Map<String, Value>,
    quirks: &mut Quirks,
) -> Result<()> {
    let concerned =
        |key: &str| is_theirs(key) || EXTENSIONS.iter().any(|(_, own)| own.eq_ignore_ascii_case(key));
    let members = members.iter().filter(|(key, _)| concerned(key));
    let members = members.map(|(key, value)| (key.clone(), value.clone())).collect();
    spelled(resource_type, members, quirks).map(drop)
}

/// Adds members to an extension's. What is said twice must be said alike: W&B's own answers name a role twice.
fn merge(
    schema: &'static Schema,
    container: &mut Map<String, Value>,
    members: Map<String, Value>,
    quirks: &mut Quirks,
) -> Result<()> {
    for (key, value) in members {
        let meant = member(schema, &key, quirks);
        let same = |known: &str, quirks: &mut Quirks| match meant {
            Some(attribute) => member(schema, known, quirks).is_some_and(|it| it.name == attribute.name),
            None => known.eq_ignore_ascii_case(&key),
        };
        let Some(known) = container.keys().find(|known| same(known, quirks)).cloned() else {
            container.insert(key, value);
            continue;
        };
        if container.get(&known) != Some(&value) {
            let name = meant.map_or(key.as_str(), |attribute| attribute.name);
            let detail = format!("{} is said twice, with two values; say it once", text::shown(name));
            return Err(ErrorKind::InvalidSyntax.because(detail));
        }
    }
    Ok(())
}

/// Whether a key of a body is a name of W&B's for what is ours.
fn is_theirs(key: &str) -> bool {
    NAMES.iter().any(|(name, ..)| name.eq_ignore_ascii_case(key)) || ours(key).is_some()
}

/// Which of our URNs one of W&B's stands for.
fn ours(theirs: &str) -> Option<&'static str> {
    EXTENSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(theirs)).map(|(_, own)| *own)
}

/// Whether `schemas` names one of W&B's extensions.
fn names_theirs(body: &Map<String, Value>) -> bool {
    let schemas = body.iter().find(|(key, _)| key.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    let urns = schemas.and_then(Value::as_array).into_iter().flatten();
    urns.filter_map(Value::as_str).any(|urn| ours(urn).is_some())
}

/// W&B's URNs in `schemas` become ours.
fn rename(resource_type: &ResourceType, schemas: &mut Value, quirks: &mut Quirks) {
    for urn in schemas.as_array_mut().into_iter().flatten() {
        if let Some(schema) = urn.as_str().and_then(|text| extension(resource_type, text, quirks)) {
            *urn = Value::from(schema.id);
        }
    }
}

/// What W&B's extension `teams` says of somebody new.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Teams {
    /// The names of the teams to join, the default team among them.
    pub names: Vec<String>,
    /// The name of the default team.
    pub default: Option<String>,
}

/// Takes W&B's extension `teams` out of the body of a POST; it is about that moment alone, so that nothing of it is kept.
pub fn take_teams(body: &mut Map<String, Value>, quirks: &mut Quirks) -> Result<Teams> {
    let is_theirs = |text: &str| text.eq_ignore_ascii_case(urn::WANDB_TEAMS);
    let schemas =
        body.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case("schemas")).map(|(_, value)| value);
    if let Some(Value::Array(urns)) = schemas {
        urns.retain(|urn| !urn.as_str().is_some_and(is_theirs));
    }
    let Some(key) = body.keys().find(|key| is_theirs(key)).cloned() else { return Ok(Teams::default()) };
    quirks.note(Quirk::TeamsExtension);
    let wrong = |what: &str, expected: &str, found: &Value| {
        let path = urn::WANDB_TEAMS;
        ErrorKind::InvalidValue
            .because(format!("{path}{what}: expected {expected}, found {}", json::type_name(found)))
    };
    let members = match body.shift_remove(&key) {
        Some(Value::Object(members)) => members,
        Some(Value::Null) | None => return Ok(Teams::default()),
        Some(other) => return Err(wrong("", "an object", &other)),
    };
    let mut teams = Teams::default();
    for (name, value) in members {
        match (name.to_ascii_lowercase().as_str(), value) {
            (_, Value::Null) => {}
            ("teams", names @ Value::Array(_)) => {
                read::check_elements(&names, &format!("{}:teams", urn::WANDB_TEAMS))?;
                for name in names.as_array().into_iter().flatten() {
                    let text = name.as_str().ok_or_else(|| wrong(":teams", "the names of teams", name))?;
                    teams.names.push(text.to_owned());
                }
            }
            ("teams", other) => return Err(wrong(":teams", "a list of names of teams", &other)),
            ("defaultteam", Value::String(name)) => teams.default = Some(name),
            ("defaultteam", other) => return Err(wrong(":defaultTeam", "the name of a team", &other)),
            _ => read::unknown(&format!("{}:{name}", urn::WANDB_TEAMS), quirks)?,
        }
    }
    if let Some(default) = &teams.default
        && !teams.names.contains(default)
    {
        teams.names.push(default.clone());
    }
    Ok(teams)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::{
        Profile,
        schema::standard::{GROUP_TYPE, USER_TYPE},
    };
    use serde_json::json;

    fn body(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    fn user(value: Value) -> Result<Map<String, Value>> {
        spelled(&USER_TYPE, body(value), &mut Quirks::new(Profile::Strict))
    }

    #[test]
    fn names_of_the_top_level_and_of_their_extension_become_ours() {
        let found = user(json!({
            "schemas": [urn::USER, urn::WANDB_USER],
            "userName": "ada",
            "modelsSeat": "none",
            urn::WANDB_USER: {"organizationRole": "admin"},
            urn::ORGANIZATION_USER: {"teamRoles": []},
        }));

        let expected = json!({
            "schemas": [urn::USER, urn::ORGANIZATION_USER],
            "userName": "ada",
            urn::ORGANIZATION_USER: {"teamRoles": [], "seat": "none", "organizationRole": "admin"},
        });
        assert_eq!(found.map(Value::Object), Ok(expected));
    }

    #[test]
    fn what_is_said_twice_must_be_said_alike() {
        let twice = |second: &str| {
            user(json!({"organizationRole": "admin", urn::WANDB_USER: {"organizationRole": second}}))
        };
        assert!(twice("admin").is_ok());
        assert!(twice("viewer").is_err_and(|error| error.detail.contains("organizationRole is said twice")));
        assert!(user(json!({"modelsSeat": "none", urn::ORGANIZATION_USER: {"seat": "full"}})).is_err());
        assert!(user(json!({urn::WANDB_USER: "admin"})).is_err());
    }

    #[test]
    fn a_name_of_the_other_type_stays_as_it_is() {
        let group = body(json!({"displayName": "a", "modelsSeat": "none", "storageBucket": {"name": "b"}}));
        let found = spelled(&GROUP_TYPE, group, &mut Quirks::default());

        let expected = json!({"displayName": "a", "modelsSeat": "none", urn::ORGANIZATION_GROUP: {"storage": {"name": "b"}}});
        assert_eq!(found.map(Value::Object), Ok(expected));
    }

    #[test]
    fn the_teams_of_somebody_new_are_taken_out_with_their_urn() {
        let mut sent = body(json!({
            "schemas": [urn::USER, urn::WANDB_TEAMS], urn::WANDB_TEAMS: {"teams": ["a"], "defaultTeam": "b"},
        }));
        let teams = take_teams(&mut sent, &mut Quirks::new(Profile::Strict));

        let expected = Teams { names: vec!["a".to_owned(), "b".to_owned()], default: Some("b".to_owned()) };
        assert_eq!(teams, Ok(expected));
        assert_eq!(Value::Object(sent), json!({"schemas": [urn::USER]}));
        for wrong in [json!("a"), json!({"teams": "a"}), json!({"teams": [1]}), json!({"defaultTeam": 1})] {
            let mut sent = body(json!({urn::WANDB_TEAMS: wrong}));
            assert!(take_teams(&mut sent, &mut Quirks::default()).is_err());
        }
    }

    #[test]
    fn roles_of_other_products_are_left_out_where_answers_are_wandbs() {
        let foreign = |path: &str, profile| is_foreign_role(&USER_TYPE, path, &mut Quirks::new(profile));
        assert!(foreign(&format!("{}:weaveRole", urn::WANDB_USER), Profile::Wandb));
        assert!(!is_foreign_role(&GROUP_TYPE, "weaveRole", &mut Quirks::new(Profile::Wandb)));
        assert!(foreign("weaveRole", Profile::Wandb));
        assert!(foreign("registryRoles[registryName eq \\\"r\\\"]", Profile::Wandb));
        assert!(!foreign("teamRoles", Profile::Wandb));
        assert!(!foreign("weaveRole", Profile::Standard));
    }
}
