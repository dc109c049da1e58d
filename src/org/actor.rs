//! Who asks.

use super::{role::OrganizationRole, words::words};

/// Whoever asks for something: every change is somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Whoever runs commands on the server's machine.
    Operator,
    /// The server itself: what is due, what is over.
    System,
    /// An identity provider, by its connection's id.
    Connection(String),
    /// Somebody with a key or a session.
    Person {
        /// The user's id.
        id: String,
        /// The role in the organization, read with the credential.
        role: OrganizationRole,
    },
    /// A machine with a key.
    ServiceAccount {
        /// The account's id.
        id: String,
        /// The id of the one team it belongs to; without it, it belongs to the organization.
        team: Option<String>,
    },
}

words! {
    /// What an actor is, in the journal.
    ActorType, "a type of actor":
    /// The operator of the server.
    Operator = "operator",
    /// The server itself.
    System = "system",
    /// An identity provider.
    Connection = "connection",
    /// A person.
    Person = "user",
    /// A service account.
    ServiceAccount = "service_account",
}

impl Actor {
    /// The id in the journal; the operator and the server itself have words.
    pub fn id(&self) -> &str {
        match self {
            Self::Operator => "command",
            Self::System => "system",
            Self::Connection(id) | Self::Person { id, .. } | Self::ServiceAccount { id, .. } => id,
        }
    }

    /// What the actor is.
    pub const fn actor_type(&self) -> ActorType {
        match self {
            Self::Operator => ActorType::Operator,
            Self::System => ActorType::System,
            Self::Connection(_) => ActorType::Connection,
            Self::Person { .. } => ActorType::Person,
            Self::ServiceAccount { .. } => ActorType::ServiceAccount,
        }
    }

    /// The connection that asks, if one does.
    pub fn connection(&self) -> Option<&str> {
        match self {
            Self::Connection(id) => Some(id),
            _ => None,
        }
    }
}
