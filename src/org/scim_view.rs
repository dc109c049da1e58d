//! User ↔ SCIM User, team ↔ SCIM Group, custom role ↔ Role: what is stored and what is answered.
//!
//! The stored text is the answer without what is derived. For a plain answer the derived attributes are
//! spliced onto the text; only a projection, a manager whose name must be filled in, or what a role inherits
//! makes the text a value again.

use super::{custom_role, record::Record, team::MemberType, user};
use crate::scim::{
    Resource,
    projection::Projection,
    schema::{
        Noun, ResourceType,
        organization::TEAM_ROLES,
        standard::{GROUP_TYPE, USER_TYPE},
    },
    text, urn,
};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::fmt;

/// A team that a user belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamRef {
    /// The team's id.
    pub id: String,
    /// The team's name.
    pub display: String,
    /// Whether the user is a member itself, not only through another team.
    pub direct: bool,
    /// Whether a mapping gives the user a role there.
    pub given: bool,
    /// The user's role in the team: a word, or a custom role's id.
    pub role: String,
    /// What the role is called.
    pub role_name: String,
}

/// When somebody was last seen, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Microseconds since 1970.
    pub last_active_at: i64,
    /// On how many days.
    pub days: i64,
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
    User { teams: Vec<TeamRef>, activity: Option<Activity> },
    Members(Vec<MemberRef>),
    Nothing,
}

impl Related {
    /// Nothing, for a resource of this type.
    pub fn none(resource_type: &ResourceType) -> Self {
        match resource_type.noun {
            Noun::User => Self::User { teams: Vec::new(), activity: None },
            Noun::Group => Self::Members(Vec::new()),
            Noun::Role => Self::Nothing,
        }
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
    let is_whole = !resource_type.hides && resource_type.noun != Noun::Role;
    let is_plain = *projection == Projection::Default && is_whole;
    if is_plain && !record.text.contains("\"manager\":") {
        // both are objects with something in them
        let head = record.text.strip_suffix('}').unwrap_or(&record.text);
        let (head, inner) = with_team_roles(head, related)?;
        let derived = Derived::of(resource_type, record, related, base);
        let members = derived.members.as_ref().map_or(0, Members::length);
        let mut text = Vec::with_capacity(head.len() + members + 512);
        text.extend_from_slice(head.as_bytes());
        text.extend_from_slice(inner.as_bytes());
        let seam = text.len();
        serde_json::to_writer(&mut text, &derived)?;
        if let Some(brace) = text.get_mut(seam) {
            *brace = b',';
        }
        // both halves are text
        return Ok(String::from_utf8(text).unwrap_or_default());
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
    if let (Related::User { teams, activity }, Some(Value::Object(extension))) =
        (related, resource.0.get_mut(urn::ORGANIZATION_USER))
    {
        if !teams.is_empty() {
            extension.insert(TEAM_ROLES.name.to_owned(), serde_json::to_value(team_roles(teams))?);
        }
        if let Some(activity) = activity {
            extension.insert("lastActiveAt".to_owned(), text::date_time(activity.last_active_at).into());
            extension.insert("daysActive".to_owned(), activity.days.into());
        }
    }
    if resource_type.noun == Noun::Role {
        custom_role::show(&mut resource);
    }
    if let Value::Object(derived) = serde_json::to_value(Derived::of(resource_type, record, related, base))? {
        resource.0.extend(derived);
    }
    Ok(resource)
}

/// A user's text without its last brace, opened up to hold the team roles: our extension ends it. And what goes there.
fn with_team_roles<'t>(head: &'t str, related: &Related) -> Result<(&'t str, String), serde_json::Error> {
    match (related, head.strip_suffix('}')) {
        (Related::User { teams, .. }, Some(open)) if !teams.is_empty() => {
            let roles = serde_json::to_string(&team_roles(teams))?;
            Ok((open, format!(",\"{}\":{roles}}}", TEAM_ROLES.name)))
        }
        _ => Ok((head, String::new())),
    }
}

fn team_roles(teams: &[TeamRef]) -> Vec<TeamRoleElement<'_>> {
    teams
        .iter()
        .map(|team| TeamRoleElement { team_name: &team.display, role_name: &team.role_name })
        .collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TeamRoleElement<'d> {
    team_name: &'d str,
    role_name: &'d str,
}

/// Where a resource is found.
pub fn location(resource_type: &ResourceType, id: &str, base: &str) -> String {
    format!("{base}{}/{id}", resource_type.endpoint)
}

/// A member as an element of `members`.
pub fn member(member: &MemberRef, base: &str) -> Result<Value, serde_json::Error> {
    serde_json::to_value(Member::of(member, base))
}

/// What is not stored with a resource, in the order it is answered. It is written as it stands: a group may have very
/// many members.
#[derive(Serialize)]
struct Derived<'d> {
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Group<'d>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Members<'d>>,
    meta: Meta<'d>,
}

#[derive(Serialize)]
struct Group<'d> {
    value: &'d str,
    #[serde(rename = "$ref")]
    reference: Address<'d>,
    display: &'d str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Member<'d> {
    value: &'d str,
    #[serde(rename = "$ref")]
    reference: Address<'d>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'d str>,
}

/// The members of a group, made into elements one after the other.
struct Members<'d> {
    members: &'d [MemberRef],
    base: &'d str,
}

impl Members<'_> {
    /// About how long they are as text.
    fn length(&self) -> usize {
        let named = |it: &MemberRef| 2 * it.id.len() + it.display.as_ref().map_or(0, String::len);
        self.members.iter().map(|it| named(it) + self.base.len() + 64).sum()
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.members.iter().map(|member| Member::of(member, self.base)))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta<'d> {
    resource_type: &'static str,
    created: String,
    last_modified: String,
    location: Address<'d>,
    version: String,
}

/// Where a resource is found.
struct Address<'d> {
    base: &'d str,
    endpoint: &'static str,
    id: &'d str,
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", self.base, self.endpoint, self.id)
    }
}

impl Serialize for Address<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'d> Member<'d> {
    fn of(member: &'d MemberRef, base: &'d str) -> Self {
        let resource_type = match member.member_type {
            MemberType::User => &USER_TYPE,
            MemberType::Group => &GROUP_TYPE,
        };
        Self {
            value: &member.id,
            reference: Address { base, endpoint: resource_type.endpoint, id: &member.id },
            kind: resource_type.name,
            display: member.display.as_deref(),
        }
    }
}

impl<'d> Group<'d> {
    fn of(team: &'d TeamRef, base: &'d str) -> Self {
        Self {
            value: &team.id,
            reference: Address { base, endpoint: GROUP_TYPE.endpoint, id: &team.id },
            display: &team.display,
            kind: if team.direct { "direct" } else { "indirect" },
        }
    }
}

impl<'d> Derived<'d> {
    fn of(
        resource_type: &'static ResourceType,
        record: &'d Record,
        related: &'d Related,
        base: &'d str,
    ) -> Self {
        let (groups, members) = match related {
            Related::User { teams, .. } if teams.is_empty() => (None, None),
            Related::User { teams, .. } => {
                (Some(teams.iter().map(|team| Group::of(team, base)).collect()), None)
            }
            Related::Members(members) => (None, Some(Members { members, base })),
            Related::Nothing => (None, None),
        };
        let meta = Meta {
            resource_type: resource_type.name,
            created: text::date_time(record.created_at),
            last_modified: text::date_time(record.modified_at),
            location: Address { base, endpoint: resource_type.endpoint, id: &record.id },
            version: record.version.to_string(),
        };
        Self { groups, members, meta }
    }
}
