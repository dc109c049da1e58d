//! Connections and their tokens.

use super::{
    refusal::Refusal,
    settings::{merge, object},
    words::words,
};
use crate::scim::Profile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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
    /// What it may do.
    pub switches: Switches,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// What admins let a connection do. What was never decided has its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Switches {
    /// Every request is put off: the identity provider hears that it shall come again.
    pub paused: bool,
    /// It reads and changes nothing.
    pub read_only: bool,
    /// It creates users.
    pub create: bool,
    /// It changes users.
    pub update: bool,
    /// It deactivates users.
    pub deactivate: bool,
    /// It deletes users.
    pub delete: bool,
    /// It creates, changes and deletes groups.
    pub groups: bool,
    /// What happens when it first changes a person whom it did not make.
    pub adoption: Adoption,
    /// Whether the people it makes get mail that says so.
    pub mail: Mail,
    /// After how many minutes without a request something is wrong; never, where it is null.
    pub expected_cycle: Option<i64>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            paused: false,
            read_only: false,
            create: true,
            update: true,
            deactivate: true,
            delete: true,
            groups: true,
            adoption: Adoption::Link,
            mail: Mail::Organization,
            expected_cycle: None,
        }
    }
}

words! {
    /// What happens when a connection first changes a person whom it did not make.
    Adoption, "an adoption rule":
    /// The person is the connection's from then on.
    Link = "link",
    /// It is refused until an admin agrees.
    Queue = "queue",
    /// It is refused.
    Refuse = "refuse",
}

words! {
    /// Whether people who are made over SCIM get mail that says so.
    Mail, "a rule for mail":
    /// As the organization's setting says.
    Organization = "organization",
    /// They do.
    Send = "send",
    /// They do not.
    Skip = "skip",
}

words! {
    /// What a connection does to people and groups.
    Deed, "a deed":
    /// Create users.
    Create = "create users",
    /// Change users.
    Update = "change users",
    /// Deactivate users.
    Deactivate = "deactivate users",
    /// Delete users.
    Delete = "delete users",
    /// Anything to groups.
    Groups = "create, change or delete groups",
    /// Anything at all.
    Write = "change anything",
}

impl Switches {
    /// Whether it may do that.
    pub fn allow(&self, deed: Deed) -> Result<(), Refusal> {
        let is_allowed = match deed {
            Deed::Create => self.create,
            Deed::Update => self.update,
            Deed::Deactivate => self.deactivate,
            Deed::Delete => self.delete,
            Deed::Groups => self.groups,
            Deed::Write => true,
        };
        if is_allowed && !self.read_only {
            return Ok(());
        }
        Err(Refusal::Forbidden(format!(
            "this connection may not {deed}: an admin of the organization switched that off"
        )))
    }

    /// The same with what a patch names; `null` brings a default back. What is no switch is told which is nearest.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut switches = object(self)?;
        merge("", &mut switches, patch, &object(&Self::default())?)?;
        let switches: Self = serde_json::from_value(Value::Object(switches))
            .map_err(|error| Refusal::Invalid(error.to_string()))?;
        match switches.expected_cycle {
            Some(minutes) if minutes < 1 => Err(Refusal::Invalid(
                "expectedCycle: expected at least 1 minute, or null for never".to_owned(),
            )),
            _ => Ok(switches),
        }
    }

    /// Whether who is made over it gets mail, where the organization decided that.
    pub fn mails(&self, organization: bool) -> bool {
        match self.mail {
            Mail::Organization => organization,
            Mail::Send => true,
            Mail::Skip => false,
        }
    }

    /// Whether it is silent for longer than it should be. A connection that is paused is silent by intent.
    pub fn is_late(&self, last_used_at: Option<i64>, now: i64) -> bool {
        let cycle = self.expected_cycle.filter(|_| !self.paused);
        cycle.zip(last_used_at).is_some_and(|(minutes, last)| last + minutes * 60_000_000 < now)
    }
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
    /// What the connection may do.
    pub switches: Switches,
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_switch_that_is_off_is_named_and_reading_only_forbids_everything() {
        let off = Switches { deactivate: false, ..Switches::default() };

        assert_eq!(off.allow(Deed::Update), Ok(()));
        assert!(off.allow(Deed::Deactivate).unwrap_err().to_string().contains("may not deactivate users"));
        let reading = Switches { read_only: true, ..Switches::default() };
        assert!(Deed::ALL.iter().all(|deed| reading.allow(*deed).is_err()));
    }

    #[test]
    fn a_patch_of_switches_changes_what_it_names() {
        let patch = |value: Value| Switches::default().patched(value.as_object().unwrap());

        let patched = patch(json!({"paused": true, "adoption": "queue", "expectedCycle": 40})).unwrap();

        assert_eq!(
            (patched.paused, patched.adoption, patched.expected_cycle),
            (true, Adoption::Queue, Some(40))
        );
        for wrong in [json!({"pause": true}), json!({"adoption": "maybe"}), json!({"expectedCycle": 0})] {
            assert!(patch(wrong).is_err());
        }
        assert!(patched.is_late(Some(0), 41 * 60_000_000) != patched.paused);
    }
}
