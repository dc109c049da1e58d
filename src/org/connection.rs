//! Connections and their tokens.

use crate::scim::Profile;
use std::{fmt, str::FromStr};

/// The name of the connection that is declared by environment.
pub const DECLARED: &str = "default";

/// An identity provider's SCIM link into an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The id.
    pub id: String,
    /// The name, unique in the organization.
    pub name: String,
    /// How its requests are read.
    pub profile: Profile,
    /// The paths that no filter in a URL may name (RFC 7644 §7.5.2).
    pub sensitive: Vec<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes {
    /// To read resources.
    pub read: bool,
    /// To change them.
    pub write: bool,
}

impl Scopes {
    /// Everything a connection may do.
    pub const ALL: Self = Self { read: true, write: true };
    /// To read alone.
    pub const READ: Self = Self { read: true, write: false };

    /// The words in the database.
    pub const fn as_str(self) -> &'static str {
        match (self.read, self.write) {
            (true, true) => "read write",
            (true, false) => "read",
            (false, true) => "write",
            (false, false) => "",
        }
    }
}

impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut scopes = Self { read: false, write: false };
        for word in text.split_whitespace() {
            match word {
                "read" => scopes.read = true,
                "write" => scopes.write = true,
                _ => return Err(format!("{word} is no scope of a token")),
            }
        }
        Ok(scopes)
    }
}

/// A leniency that a connection needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leniency {
    /// The connection's id.
    pub connection: String,
    /// The rule's number, such as `Q-047`.
    pub rule: String,
    /// How many requests needed it.
    pub uses: i64,
    /// Microseconds since 1970.
    pub last_used_at: i64,
}

/// Where a token came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Made by a command and shown once.
    Command,
    /// Declared by environment; it works as long as it stays declared.
    Declared,
}

impl Origin {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Declared => "declared",
        }
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Command, Self::Declared]
            .into_iter()
            .find(|origin| origin.as_str() == text)
            .ok_or_else(|| format!("{text} is no origin of a token"))
    }
}

/// What is known of a token; never the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The id, part of the token where a command made it.
    pub id: String,
    /// The connection's id.
    pub connection: String,
    /// Where it came from.
    pub origin: Origin,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// When it ends, if it does.
    pub expires_at: Option<i64>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<i64>,
    /// What it may be used for.
    pub scopes: Scopes,
}

/// Whom a credential speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The organization.
    pub organization: String,
    /// The token's id.
    pub token: String,
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub connection_name: String,
    /// How its requests are read.
    pub profile: Profile,
    /// When the token ends, if it does.
    pub expires_at: Option<i64>,
    /// When it was last used, as far as is written down.
    pub last_used_at: Option<i64>,
    /// The edition of the organization's resource types.
    pub types: i64,
    /// The organization's slug.
    pub slug: String,
    /// The paths that no filter in a URL may name.
    pub sensitive: Vec<String>,
    /// What the token may be used for.
    pub scopes: Scopes,
}

impl Verdict {
    /// Whether the token still holds.
    pub fn holds(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A name that no connection can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadName;

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a connection's name has 1 to 100 characters and no control characters")
    }
}

impl std::error::Error for BadName {}

/// Checks a connection's name.
pub fn check_name(name: &str) -> Result<(), BadName> {
    let fits = (1..=100).contains(&name.chars().count());
    if fits && !name.trim().is_empty() && !name.chars().any(char::is_control) { Ok(()) } else { Err(BadName) }
}
