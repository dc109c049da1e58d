//! Teams and who may belong to them.

use crate::scim::{ErrorKind, Resource, Result, patch::Named, text, urn};
use serde_json::Value;
use std::str::FromStr;

/// How many teams may stand one inside the other.
pub const MAX_DEPTH: i64 = 10;

/// The columns of a team.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// The key of `displayName`, unique in the organization.
    pub display_name_key: String,
    /// The name as it was sent.
    pub display: String,
}

impl Columns {
    /// Reads the columns off a resource that was checked.
    pub fn of(team: &Resource) -> Self {
        let display = team.text("displayName").unwrap_or_default();
        Self { display_name_key: text::fold(display), display: display.to_owned() }
    }
}

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberType {
    /// A person or service account.
    User,
    /// A team within the team.
    Group,
}

impl MemberType {
    /// The name of the resource type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }
}

impl FromStr for MemberType {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        [Self::User, Self::Group]
            .into_iter()
            .find(|member_type| member_type.as_str() == text)
            .ok_or_else(|| format!("{text} is no type of a member"))
    }
}

/// The teams around a team that shall hold another.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The ids of the teams above the holder.
    pub above: Vec<String>,
    /// How many levels they make.
    pub levels_above: i64,
    /// How many levels stand below the team that joins.
    pub levels_below: i64,
}

/// Whether a team may join a team: not itself, not one it is already inside of, not too deep.
pub fn check_nesting(holder: &str, joining: &str, around: &Surroundings) -> Result<()> {
    if holder == joining {
        return Err(ErrorKind::InvalidValue.because("members: a group cannot be its own member"));
    }
    if around.above.iter().any(|id| id == joining) {
        return Err(ErrorKind::InvalidValue.because(format!(
            "members: the group {joining} already contains this group; groups cannot form a circle"
        )));
    }
    if around.levels_above + 1 + around.levels_below > MAX_DEPTH {
        return Err(ErrorKind::InvalidValue.because(format!(
            "members: with the group {joining} groups would stand more than {MAX_DEPTH} deep"
        )));
    }
    Ok(())
}

/// The name of the role of those who become members over SCIM, where the team says one.
pub fn default_role(team: &Resource) -> Option<&str> {
    team.get(urn::ORGANIZATION_GROUP)?.get("defaultRole")?.as_str()
}

/// Who stores what teams make (W-252).
pub const PROVIDERS: [&str; 5] = ["COREWEAVE", "AWS", "AZURE", "GCP", "MINIO"];

/// Checks the shape of a team's own bucket, where it has one.
pub fn check_storage(team: &Resource) -> Result<()> {
    let extension = team.get(urn::ORGANIZATION_GROUP);
    let Some(storage) = extension.and_then(|extension| extension.get("storage")) else { return Ok(()) };
    let part = |name: &str| storage.get(name).and_then(Value::as_str);
    match part("provider") {
        Some(provider) if PROVIDERS.contains(&provider) => {}
        other => {
            let found = other.map_or("none".to_owned(), text::shown);
            let detail = format!("storage.provider: expected one of {}, found {found}", PROVIDERS.join(", "));
            return Err(ErrorKind::InvalidValue.because(detail));
        }
    }
    if part("name").is_none_or(text::is_blank) {
        return Err(
            ErrorKind::InvalidValue.because("storage.name: expected the name of a bucket, found none")
        );
    }
    Ok(())
}

/// Those who have an e-mail address, as far as a team's members may be named by it (W-247).
#[derive(Debug, Default)]
pub struct Holders {
    /// The team's members among them, active or not.
    pub members: Vec<String>,
    /// The active users among them.
    pub active: Vec<String>,
}

impl Holders {
    /// Whom the address stands for, to come and to leave: whoever alone has it among the active users, or among the
    /// team's members. Where these are two, the active one comes and the member leaves.
    pub fn named(&self) -> Option<Named> {
        let only = |ids: &[String]| if let [id] = ids { Some(id.clone()) } else { None };
        let (active, member) = (only(&self.active), only(&self.members));
        Some(Named { comes: active.clone().or(member.clone())?, leaves: member.or(active)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_form_no_circle_and_stay_shallow() {
        let around = Surroundings { above: vec!["a".to_owned()], levels_above: 1, levels_below: 0 };

        assert!(check_nesting("b", "c", &around).is_ok());
        assert!(check_nesting("b", "b", &around).is_err());
        assert!(check_nesting("b", "a", &around).is_err());
        assert!(check_nesting("b", "c", &Surroundings { levels_below: MAX_DEPTH, ..around }).is_err());
    }
}
