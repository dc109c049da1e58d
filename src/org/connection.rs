//! Connections and their tokens.

use crate::scim::Profile;
use std::fmt;

/// The name of the connection that is declared by environment.
pub const DECLARED: &str = "default";
/// The shortest token that may be declared, in bytes.
pub const MIN_DECLARED: usize = 32;

/// An identity provider's SCIM link into an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The id.
    pub id: String,
    /// The name, unique in the organization.
    pub name: String,
    /// How its requests are read.
    pub profile: Profile,
    /// Microseconds since 1970.
    pub created_at: i64,
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

/// What is known of a token; never the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// The id, part of the token where a command made it.
    pub id: String,
    /// The connection's id.
    pub connection: String,
    /// Where it came from: `command` or `declared`.
    pub origin: String,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// When it ends, if it does.
    pub expires_at: Option<i64>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<i64>,
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
}

impl Verdict {
    /// Whether the token still holds.
    pub fn holds(&self, now: i64) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// Why a name or a declared token is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A connection's name must have 1 to 100 visible characters.
    Name,
    /// A declared token is too short.
    Short(usize),
    /// More than two tokens are declared.
    Many(usize),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => {
                f.write_str("a connection's name has 1 to 100 characters and no control characters")
            }
            Self::Short(found) => {
                write!(f, "a declared token needs at least {MIN_DECLARED} bytes, found {found}")
            }
            Self::Many(found) => {
                write!(f, "at most two tokens can be declared, for the time of a rotation, found {found}")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// Checks a connection's name.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = (1..=100).contains(&name.chars().count());
    if fits && !name.trim().is_empty() && !name.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Refusal::Name)
    }
}

/// Reads declared tokens: one, or two with a comma between them during a rotation.
pub fn declared(text: &str) -> Result<Vec<&str>, Refusal> {
    let tokens: Vec<&str> = text.split(',').map(str::trim).collect();
    match tokens.iter().find(|token| token.len() < MIN_DECLARED) {
        _ if tokens.len() > 2 => Err(Refusal::Many(tokens.len())),
        Some(short) => Err(Refusal::Short(short.len())),
        None => Ok(tokens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_tokens_are_long_and_few() {
        let (long, other) = ("x".repeat(32), "y".repeat(40));

        assert_eq!(declared(&long).unwrap(), [long.as_str()]);
        assert_eq!(declared(&format!("{long}, {other}")).unwrap(), [long.as_str(), other.as_str()]);
        assert_eq!(declared("short"), Err(Refusal::Short(5)));
        assert_eq!(declared(&format!("{long},")), Err(Refusal::Short(0)));
        assert_eq!(declared(&format!("{long},{long},{long}")), Err(Refusal::Many(3)));
    }
}
