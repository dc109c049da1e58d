//! What happened: written in the transaction that made the change.

use serde_json::Value;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum EventKind {
    OrganizationCreated,
    UserCreated,
    UserChanged,
    UserRemoved,
    PasswordReset,
    TeamCreated,
    TeamChanged,
    TeamArchived,
    TeamRestored,
    MemberChanged,
    RoleCreated,
    RoleChanged,
    RoleRemoved,
    ConnectionCreated,
    ConnectionChanged,
    ConnectionRevoked,
    TokenCreated,
    TokenRevoked,
    KeyCreated,
    KeyChanged,
    KeyRevoked,
    ServiceAccountCreated,
    ServiceAccountRemoved,
    SettingsChanged,
    SchemaChanged,
    SchemaRemoved,
}

impl EventKind {
    /// The word in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrganizationCreated => "organization.created",
            Self::UserCreated => "user.created",
            Self::UserChanged => "user.changed",
            Self::UserRemoved => "user.removed",
            Self::PasswordReset => "password.reset",
            Self::TeamCreated => "team.created",
            Self::TeamChanged => "team.changed",
            Self::TeamRestored => "team.restored",
            Self::MemberChanged => "member.changed",
            Self::TeamArchived => "team.archived",
            Self::RoleCreated => "role.created",
            Self::RoleChanged => "role.changed",
            Self::RoleRemoved => "role.removed",
            Self::ConnectionCreated => "connection.created",
            Self::ConnectionChanged => "connection.changed",
            Self::ConnectionRevoked => "connection.revoked",
            Self::TokenCreated => "token.created",
            Self::TokenRevoked => "token.revoked",
            Self::KeyCreated => "key.created",
            Self::KeyChanged => "key.changed",
            Self::KeyRevoked => "key.revoked",
            Self::ServiceAccountCreated => "service_account.created",
            Self::ServiceAccountRemoved => "service_account.removed",
            Self::SettingsChanged => "settings.changed",
            Self::SchemaChanged => "schema.changed",
            Self::SchemaRemoved => "schema.removed",
        }
    }
}

/// One entry of the journal. `detail` names attributes and ids, never personal data or secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The name of the resource type it happened to.
    pub resource_type: &'static str,
    /// The id it happened to.
    pub resource: String,
    /// What else there is to say, as a JSON object.
    pub detail: Value,
}
