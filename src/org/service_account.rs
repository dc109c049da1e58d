//! Service accounts: machines that have keys, and nothing else that people have (W-145, W-151).

use super::moment;
use crate::scim::{Resource, urn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A machine that asks with keys of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccount {
    /// The id.
    pub id: String,
    /// The name, unique among people and service accounts.
    pub name: String,
    /// The short name that products use.
    pub handle: String,
    /// The id of the team it belongs to; without one it belongs to the organization.
    pub team: Option<String>,
    /// The id of the team that is meant when none is named; of an account of the organization.
    pub default_team: Option<String>,
    /// When it was made; microseconds since 1970.
    #[serde(with = "moment")]
    #[schemars(description = "When it was made.", with = "String", extend("format" = "date-time"))]
    pub created_at: i64,
}

impl ServiceAccount {
    /// What it is as a SCIM User, where it is one (W-223). It stands in the organization as what it is.
    pub fn resource(&self) -> Resource {
        let kind = self.account_type();
        let name = self.name.as_str();
        let known = json!({"organizationRole": kind, "seat": "none", "accountType": kind, "source": "admin"});
        let members = [
            ("userName", name.into()),
            ("displayName", name.into()),
            ("active", true.into()),
            (urn::ORGANIZATION_USER, known),
        ];
        Resource(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The word in the database.
    pub const fn account_type(&self) -> &'static str {
        if self.team.is_some() { "service" } else { "org_service" }
    }
}

/// Where a service account shall belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// To one team, by its id.
    Team(String),
    /// To the organization, and to every team (W-128); the team that is meant when none is named, by its id.
    Organization {
        /// The default team.
        default_team: Option<String>,
    },
}
