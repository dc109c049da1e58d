//! Service accounts: machines that have keys, and nothing else that people have (W-145, W-151).

use super::moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
