//! API keys: what people and service accounts show instead of a password.

use super::{
    actor::Actor, authority::Action, moment, refusal::Refusal, role::OrganizationRole, settings::Settings,
    words::words,
};
use crate::scim::Profile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How many keys a person or service account may have (W-162).
pub const MAX_KEYS: usize = 100;

words! {
    /// What a key may be used for.
    Scope, "a scope of a key":
    /// To read.
    Read = "read",
    /// To change.
    Write = "write",
    /// Everything over SCIM, where the owner may use it.
    Scim = "scim",
    /// To read the audit log.
    AuditRead = "audit:read",
    /// To ask what others may do.
    Decisions = "decisions",
}

/// What a key may be used for: a list, or everything its owner may do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Scopes(Option<Vec<Scope>>);

impl Scopes {
    /// Everything the owner may do.
    pub const ALL: Self = Self(None);

    /// These alone, in the order of [`Scope`]; none at all is refused, for it would be of no use.
    pub fn only(scopes: &[Scope]) -> Result<Self, Refusal> {
        let mut list = scopes.to_vec();
        list.sort_unstable();
        list.dedup();
        match list.is_empty() {
            true => Err(Refusal::Invalid("scopes: expected at least one, or no list for all".to_owned())),
            false => Ok(Self(Some(list))),
        }
    }

    /// The list, if there is one.
    pub fn list(&self) -> Option<&[Scope]> {
        self.0.as_deref()
    }

    /// Whether the key reaches as far as an action.
    pub fn check(&self, action: Action) -> Result<(), Refusal> {
        let scope = action.rule().scope;
        if self.reaches(scope) { Ok(()) } else { Err(Refusal::Scope(scope.as_str())) }
    }

    /// Whether a key with these scopes may make one with those: what is made reaches no further.
    pub fn check_making(&self, other: &Self) -> Result<(), Refusal> {
        let wanted = other.list().unwrap_or(Scope::ALL);
        match wanted.iter().find(|scope| !self.reaches(**scope)) {
            Some(scope) => Err(Refusal::Scope(scope.as_str())),
            None => Ok(()),
        }
    }

    fn reaches(&self, scope: Scope) -> bool {
        self.0.as_ref().is_none_or(|list| list.contains(&scope))
    }
}

/// The words in the database, with blanks between them.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.list().unwrap_or_default().iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

/// From the words in the database.
impl FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let list: Vec<Scope> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self((!list.is_empty()).then_some(list)))
    }
}

/// What is known of a key; never the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// The id, part of the key.
    pub id: String,
    /// The id of the person or service account it speaks for.
    pub owner: String,
    /// What the owner calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made; microseconds since 1970.
    #[serde(with = "moment")]
    #[schemars(description = "When it was made.", with = "String", extend("format" = "date-time"))]
    pub created_at: i64,
    /// Who made it: a user's id, a service account's, or `command`.
    pub created_by: String,
    /// When it ends, if it does; microseconds since 1970.
    #[serde(with = "moment::maybe")]
    #[schemars(description = "When it ends, if it does.", with = "Option<String>", extend("format" = "date-time"))]
    pub expires_at: Option<i64>,
    /// When it was last used, to the minute.
    #[serde(with = "moment::maybe")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_used_at: Option<i64>,
}

/// Whose key it is or will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The person or service account.
    pub actor: Actor,
    /// Whether the owner is active.
    pub active: bool,
}

impl Owner {
    /// The team that a service account belongs to, if it belongs to one.
    pub fn team(&self) -> Option<&str> {
        match &self.actor {
            Actor::ServiceAccount { team, .. } => team.as_deref(),
            _ => None,
        }
    }

    /// Whether the organization lets the owner have a new key with these scopes (W-138, W-162, W-164).
    pub fn check_new_key(&self, scopes: &Scopes, n_keys: usize, settings: &Settings) -> Result<(), Refusal> {
        let is_of_organization = matches!(self.actor, Actor::ServiceAccount { team: None, .. });
        let is_viewer = matches!(self.actor, Actor::Person { role: OrganizationRole::Viewer, .. });
        if !self.active {
            return Err(Refusal::Conflict("the owner of the key is not active".to_owned()));
        }
        if !settings.key_creation && !is_of_organization {
            let sentence = "the organization has switched the creation of keys off; existing keys go on, and service \
                            accounts of the organization still get new ones";
            return Err(Refusal::Forbidden(sentence.to_owned()));
        }
        if is_viewer && !settings.viewer_keys {
            return Err(Refusal::Forbidden("viewers have no keys in this organization".to_owned()));
        }
        if is_viewer && scopes.list() != Some(&[Scope::Read]) {
            return Err(Refusal::Forbidden("a viewer's key has the scope `read` and no other".to_owned()));
        }
        if n_keys >= MAX_KEYS {
            let sentence =
                format!("there are {n_keys} of {MAX_KEYS} keys; revoke one that is not used any more");
            return Err(Refusal::Conflict(sentence));
        }
        Ok(())
    }
}

/// Checks the name of a key or service account: 1 to 100 characters, no control characters, not blank.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let fits = (1..=100).contains(&name.chars().count());
    if fits && !name.trim().is_empty() && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Refusal::Invalid(
        "name: expected 1 to 100 characters that are not all blank, and no control characters".to_owned(),
    ))
}

/// Whether a credential looks like a key rather than a connection's token: `roster-{id}_{secret}` (W-160).
pub fn is_key(credential: &str) -> bool {
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = credential.strip_prefix("roster-").and_then(|rest| rest.split_once('_'));
    parts.is_some_and(|(id, secret)| hex(id, 32) && hex(secret, 64))
}

/// Whom a key speaks for, as the database says at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The organization.
    pub organization: String,
    /// The organization's slug.
    pub slug: String,
    /// The edition of the organization's resource types.
    pub types: i64,
    /// The key's id.
    pub key: String,
    /// What the key may be used for.
    pub scopes: Scopes,
    /// When the key ends, if it does; microseconds since 1970.
    pub expires_at: Option<i64>,
    /// When it was last used, to the minute, as far as is written down.
    pub last_used_at: Option<i64>,
    /// The owner.
    pub actor: Actor,
    /// Whether the owner is active.
    pub active: bool,
    /// How SCIM requests are read and answered.
    pub profile: Profile,
    /// When the person last proved who they are, where it is a session that speaks for them; microseconds since 1970.
    pub authenticated_at: Option<i64>,
}

impl Principal {
    /// The same as the organization's settings have it.
    #[must_use]
    pub fn under(self, settings: &Settings) -> Self {
        let principal = Self { profile: settings.key_profile, ..self };
        match principal.actor {
            // whoever is signed in does what the role lets them
            Actor::Person { .. } if principal.authenticated_at.is_some() => principal,
            Actor::Person { role: OrganizationRole::Viewer, .. } => principal.of_viewer(settings),
            _ => principal,
        }
    }

    /// The same of somebody who only reads in the organization: their keys only read, whatever they were made for, and
    /// rest where such have none (W-138).
    fn of_viewer(self, settings: &Settings) -> Self {
        let scopes = match self.scopes.reaches(Scope::Read) {
            true => Scopes(Some(vec![Scope::Read])),
            false => Scopes(Some(Vec::new())),
        };
        Self { scopes, active: self.active && settings.viewer_keys, ..self }
    }

    /// Whether the key still works.
    pub fn holds(&self, now: i64) -> bool {
        self.active && self.expires_at.is_none_or(|end| now < end)
    }
}
