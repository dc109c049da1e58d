//! Service accounts: machines that have keys, and nothing else that people have (W-145, W-151).

use serde::{Deserialize, Serialize};

/// A machine that asks with keys of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAccount {
    /// The id.
    pub id: String,
    /// The name, unique among people and service accounts.
    pub name: String,
    /// The short name that products use.
    pub handle: String,
    /// The id of the team it belongs to; without one it belongs to the organization.
    pub team: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
}
