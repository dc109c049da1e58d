//! User ↔ SCIM User, team ↔ SCIM Group: what is stored and what is answered.
//!
//! The stored text is the answer without what is derived. For a plain answer the derived attributes are
//! spliced onto the text; only a projection, or a manager whose name must be filled in, makes the text a
//! value again.

use super::{record::Record, team::MemberType, user};
use crate::scim::{
    Resource,
    projection::Projection,
    schema::{
        ResourceType,
        standard::{GROUP_TYPE, USER_TYPE},
    },
    text, urn,
};
use serde_json::{Map, Value, json};

/// A team that a user belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRef {
    /// The team's id.
    pub id: String,
    /// The team's name.
    pub display: String,
    /// Whether the user is a member itself, not only through another team.
    pub direct: bool,
}

/// A member of a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRef {
    /// The member's id.
    pub id: String,
    /// What the member is.
    pub member_type: MemberType,
    /// The member's name.
    pub display: Option<String>,
}

/// What belongs to a resource and is kept in rows of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Related {
    Teams(Vec<TeamRef>),
    Members(Vec<MemberRef>),
}

impl Related {
    /// Nothing, for a resource of this type.
    pub fn none(resource_type: &ResourceType) -> Self {
        if resource_type.rows.is_some() { Self::Members(Vec::new()) } else { Self::Teams(Vec::new()) }
    }
}

/// The text to store for a resource without derived attributes: `schemas` and `id` first.
pub fn stored(resource_type: &'static ResourceType, id: &str, resource: &Resource) -> String {
    let mut all = Map::new();
    all.insert("schemas".to_owned(), resource.schemas(resource_type).into());
    all.insert("id".to_owned(), id.into());
    all.extend(resource.0.clone());
    Value::Object(all).to_string()
}

/// The body of an answer. `base` is the URL the endpoints stand under.
pub fn answer(
    resource_type: &'static ResourceType,
    record: &Record,
    related: &Related,
    projection: &Projection,
    base: &str,
) -> Result<String, serde_json::Error> {
    let is_plain = *projection == Projection::Default && !resource_type.hides;
    if is_plain && !record.text.contains("\"manager\":") {
        let derived = Value::Object(derived(resource_type, record, related, base)).to_string();
        // both are objects with something in them
        let head = record.text.strip_suffix('}').unwrap_or(&record.text);
        let tail = derived.strip_prefix('{').unwrap_or(&derived);
        return Ok(format!("{head},{tail}"));
    }
    let mut resource = decorated(resource_type, record, related, base)?;
    projection.apply(resource_type, &mut resource);
    Ok(resource.to_string())
}

/// The resource with everything derived.
pub fn decorated(
    resource_type: &'static ResourceType,
    record: &Record,
    related: &Related,
    base: &str,
) -> Result<Resource, serde_json::Error> {
    let mut resource = record.resource()?;
    if let Some(id) = user::manager(&resource).map(str::to_owned) {
        let manager = resource.0.get_mut(urn::ENTERPRISE_USER).and_then(|it| it.get_mut("manager"));
        if let Some(Value::Object(manager)) = manager {
            manager.insert("$ref".to_owned(), location(&USER_TYPE, &id, base).into());
            if let Some(name) = &record.manager_name {
                manager.insert("displayName".to_owned(), name.as_str().into());
            }
        }
    }
    resource.0.extend(derived(resource_type, record, related, base));
    Ok(resource)
}

/// Where a resource is found.
pub fn location(resource_type: &ResourceType, id: &str, base: &str) -> String {
    format!("{base}{}/{id}", resource_type.endpoint)
}

/// A member as an element of `members`.
pub fn member(member: &MemberRef, base: &str) -> Value {
    let resource_type = match member.member_type {
        MemberType::User => &USER_TYPE,
        MemberType::Group => &GROUP_TYPE,
    };
    let mut element = json!({
        "value": member.id,
        "$ref": location(resource_type, &member.id, base),
        "type": resource_type.name,
    });
    if let (Some(display), Some(parts)) = (&member.display, element.as_object_mut()) {
        parts.insert("display".to_owned(), display.as_str().into());
    }
    element
}

fn derived(
    resource_type: &ResourceType,
    record: &Record,
    related: &Related,
    base: &str,
) -> Map<String, Value> {
    let mut derived = Map::new();
    match related {
        Related::Teams(teams) if teams.is_empty() => {}
        Related::Teams(teams) => {
            derived.insert("groups".to_owned(), teams.iter().map(|it| group(it, base)).collect());
        }
        Related::Members(members) => {
            derived.insert("members".to_owned(), members.iter().map(|it| member(it, base)).collect());
        }
    }
    let meta = json!({
        "resourceType": resource_type.name,
        "created": text::date_time(record.created_at),
        "lastModified": text::date_time(record.modified_at),
        "location": location(resource_type, &record.id, base),
        "version": record.version.to_string(),
    });
    derived.insert("meta".to_owned(), meta);
    derived
}

fn group(team: &TeamRef, base: &str) -> Value {
    json!({
        "value": team.id,
        "$ref": location(&GROUP_TYPE, &team.id, base),
        "display": team.display,
        "type": if team.direct { "direct" } else { "indirect" },
    })
}
