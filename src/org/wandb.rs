//! Users, teams and custom roles in the shapes of W&B's SCIM API (W-214): what is an extension with us stands at the top
//! level, and what W&B's scripts look for is there.

use super::{
    record::Record,
    scim_view::{Related, decorated},
};
use crate::scim::{
    Resource,
    projection::Projection,
    schema::{Noun, ResourceType, organization::TEAM_ROLES},
    urn,
};
use serde_json::{Map, Value, json};

/// Where a resource is.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// The organization's id.
    pub organization: &'p str,
    /// The URL that the endpoints stand under.
    pub base: &'p str,
}

/// The body of an answer.
pub fn answer(
    resource_type: &'static ResourceType,
    record: &Record,
    related: &Related,
    projection: &Projection,
    place: Place<'_>,
) -> Result<String, serde_json::Error> {
    let mut resource = decorated(resource_type, record, related, place.base)?;
    let person = match resource_type.noun {
        Noun::User => resource.clone(),
        Noun::Group | Noun::Role => Resource::default(),
    };
    projection.apply(resource_type, &mut resource);
    let mut found = resource.0;
    match resource_type.noun {
        Noun::User => user(resource_type, &person, projection, &mut found),
        Noun::Group => group(&mut found),
        Noun::Role => role(projection, place.organization, &mut found),
    }
    // W-213: relative
    if let Some(Value::String(location)) = found.get_mut("meta").and_then(|meta| meta.get_mut("location")) {
        let relative = location.strip_prefix(place.base).unwrap_or(location);
        *location = relative.trim_start_matches('/').to_owned();
    }
    Ok(Value::Object(found).to_string())
}

fn user(
    resource_type: &'static ResourceType,
    whole: &Resource,
    projection: &Projection,
    user: &mut Map<String, Value>,
) {
    let shows = |name| {
        let schema = resource_type.extension(urn::ORGANIZATION_USER);
        schema.is_some_and(|schema| projection.shows_of(schema, name))
    };
    let known = match user.shift_remove(urn::ORGANIZATION_USER) {
        Some(Value::Object(known)) => known,
        _ => Map::new(),
    };
    let is_person = account_type(whole) == "user";
    if projection.shows("displayName") && !user.contains_key("displayName") {
        user.insert(
            "displayName".to_owned(),
            display_name(whole.text("userName").unwrap_or_default()).into(),
        );
    }
    for (name, theirs) in [("organizationRole", "organizationRole"), ("seat", "modelsSeat")] {
        // W-237: a service account has no seat
        if let Some(value) = known.get(name).filter(|_| is_person || name != "seat") {
            user.insert(theirs.to_owned(), value.clone());
        }
    }
    if let Some(kind) = known.get("accountType").and_then(Value::as_str) {
        user.insert("accountType".to_owned(), kind.to_ascii_uppercase().into());
    }
    for (name, nothing) in
        [(TEAM_ROLES.name, json!([])), ("lastActiveAt", Value::Null), ("daysActive", Value::from(0))]
    {
        if shows(name) {
            user.insert(name.to_owned(), known.get(name).cloned().unwrap_or(nothing));
        }
    }
    if is_person {
        name_by_value(user.get_mut("groups"));
        without_urn(user, urn::ORGANIZATION_USER);
    } else {
        user.shift_remove("groups");
        machine(&known, user);
    }
}

/// What a PUT sends back of a name that was only suggested: nothing was decided by it.
pub fn without_suggestion(before: &Resource, mut sent: Resource) -> Resource {
    let suggested = display_name(before.text("userName").unwrap_or_default());
    if before.get("displayName").is_none() && sent.text("displayName") == Some(&*suggested) {
        sent.0.shift_remove("displayName");
    }
    sent
}

fn account_type(user: &Resource) -> &str {
    let found = user.get(urn::ORGANIZATION_USER).and_then(|known| known.get("accountType"));
    found.and_then(Value::as_str).unwrap_or("user")
}

/// W-237: a service account says its role a second time, in W&B's extension.
fn machine(known: &Map<String, Value>, account: &mut Map<String, Value>) {
    if let Some(role) = known.get("organizationRole") {
        account.insert(urn::WANDB_USER.to_owned(), json!({"organizationRole": role}));
    }
    if let Some(Value::Array(urns)) = account.get_mut("schemas") {
        for urn in urns.iter_mut().filter(|urn| urn.as_str() == Some(urn::ORGANIZATION_USER)) {
            *urn = urn::WANDB_USER.into();
        }
    }
}

/// References that hold nothing but the id.
fn name_by_value(references: Option<&mut Value>) {
    for reference in references.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(reference) = reference {
            reference.retain(|name, _| name == "value");
        }
    }
}

/// W-245: members have names of their own in W&B, and where there are none there is no list.
fn group(group: &mut Map<String, Value>) {
    group.shift_remove(urn::ORGANIZATION_GROUP);
    without_urn(group, urn::ORGANIZATION_GROUP);
    let Some(members) = group.get_mut("members") else { return };
    if members.as_array().is_some_and(Vec::is_empty) {
        *members = Value::Null;
    }
    for member in members.as_array_mut().into_iter().flatten() {
        let text = |name: &str| member.get(name).and_then(Value::as_str).unwrap_or_default();
        *member = json!({"Value": text("value"), "Ref": "", "Type": "", "Display": text("display")});
    }
}

/// W-260.
fn role(projection: &Projection, organization: &str, role: &mut Map<String, Value>) {
    role.insert("schemas".to_owned(), json!([""]));
    if !matches!(projection, Projection::Only(_)) {
        role.insert("organizationID".to_owned(), organization.into());
    }
}

fn without_urn(resource: &mut Map<String, Value>, urn: &str) {
    if let Some(Value::Array(urns)) = resource.get_mut("schemas") {
        urns.retain(|known| known.as_str() != Some(urn));
    }
}

/// The name that a user name suggests (W-227): `dev-user2` is Dev User 2.
fn display_name(user_name: &str) -> String {
    let local = user_name.split('@').next().unwrap_or_default();
    let mut name = String::new();
    let mut before: Option<char> = None;
    for letter in local.chars() {
        let begins = before
            .is_none_or(|before| !before.is_alphanumeric() || before.is_numeric() != letter.is_numeric());
        before = Some(letter);
        if !letter.is_alphanumeric() {
            continue;
        }
        if begins && !name.is_empty() {
            name.push(' ');
        }
        match begins {
            true => name.extend(letter.to_uppercase()),
            false => name.push(letter),
        }
    }
    if name.is_empty() { user_name.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_suggests_a_name() {
        for (user_name, name) in [
            ("dev-user2", "Dev User 2"),
            ("grace-h", "Grace H"),
            ("ada@orion.example", "Ada"),
            ("_x__y_", "X Y"),
            ("émile.zola", "Émile Zola"),
            ("--", "--"),
            ("", ""),
        ] {
            assert_eq!(display_name(user_name), name, "{user_name}");
        }
    }

    #[test]
    fn members_have_capitals_and_no_members_are_null() {
        let shaped = |members: Value| {
            let mut team = Map::from_iter([("members".to_owned(), members)]);
            group(&mut team);
            team.remove("members")
        };

        let ada = json!([{"value": "1", "$ref": "/Users/1", "type": "User", "display": "ada"}]);
        let expected = json!([{"Value": "1", "Ref": "", "Type": "", "Display": "ada"}]);
        assert_eq!(shaped(ada), Some(expected));
        assert_eq!(shaped(json!([])), Some(Value::Null));
    }
}
