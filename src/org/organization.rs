//! Organizations: the tenants of a server.

use std::fmt;

/// The slug of the organization that a fresh server has.
pub const FIRST: &str = "default";

/// A tenant: every user, team, connection and token belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The id.
    pub id: String,
    /// What it is called in addresses and commands, unique on the server.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// A slug that no organization can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadSlug;

impl fmt::Display for BadSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an organization's slug has 1 to 40 small letters, digits and hyphens, a letter first and no hyphen last")
    }
}

impl std::error::Error for BadSlug {}

/// Checks an organization's slug.
pub fn check_slug(slug: &str) -> Result<(), BadSlug> {
    let fits = (1..=40).contains(&slug.len())
        && slug.starts_with(|first: char| first.is_ascii_lowercase())
        && !slug.ends_with('-')
        && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if fits { Ok(()) } else { Err(BadSlug) }
}
