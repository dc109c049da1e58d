//! Passwords of people: a hash, and whether another is due.

use super::{DbError, Statement, WriteTx};

const SQL: &str = include_str!("../../sql/queries/passwords.sql");
const SET: Statement = Statement::named(SQL, "set");

/// How a password stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// Microseconds since 1970.
    pub changed_at: i64,
    /// Whether its owner must choose another when signing in.
    pub must_change: bool,
}

/// Keeps the hash of somebody's password in place of the one before.
pub fn set(
    tx: &WriteTx<'_>,
    (organization, owner): (&str, &str),
    hash: &str,
    stand: Stand,
) -> Result<(), DbError> {
    let args =
        [organization.into(), owner.into(), hash.into(), stand.changed_at.into(), stand.must_change.into()];
    tx.execute(SET, &args).map(drop)
}
