//! Roles: in the organization, and in a team.

use super::words::words;
use std::{convert::Infallible, fmt, str::FromStr};

words! {
    /// What a person may do in the organization (W-020).
    OrganizationRole, "an organization role":
    /// Manages people, roles, teams and settings.
    Admin = "admin",
    /// Uses the product; what everybody begins as.
    Member = "member",
    /// Reads.
    Viewer = "viewer",
}

/// What somebody may do in a team (W-135).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TeamRole {
    /// Manages the team.
    Admin,
    /// Uses what the team has.
    Member,
    /// Reads.
    Viewer,
    /// A custom role, by its id.
    Custom(String),
}

impl TeamRole {
    /// The names that no custom role may have, in any case (W-136).
    pub const RESERVED: [&'static str; 4] = ["admin", "member", "viewer", "service"];

    /// The word in the database: a predefined role's name, or a custom role's id.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
            Self::Custom(id) => id,
        }
    }

    /// The predefined role of that name; case does not count (W-136).
    pub fn predefined(name: &str) -> Option<Self> {
        [Self::Admin, Self::Member, Self::Viewer]
            .into_iter()
            .find(|it| it.as_str().eq_ignore_ascii_case(name))
    }
}

/// The word in the database.
impl fmt::Display for TeamRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// From the word in the database.
impl FromStr for TeamRole {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "admin" => Self::Admin,
            "member" => Self::Member,
            "viewer" => Self::Viewer,
            id => Self::Custom(id.to_owned()),
        })
    }
}

words! {
    /// What decided a membership.
    Origin, "an origin":
    /// An identity provider, over SCIM.
    Scim = "scim",
    /// An invite.
    Invite = "invite",
    /// Somebody who may, by hand.
    Admin = "admin",
    /// A claim at sign-in.
    Claim = "claim",
}
