//! Passwords of people: a hash, and whether another is due.

use super::{DbError, ReadTx, Statement, WriteTx};

const SQL: &str = include_str!("../../sql/queries/passwords.sql");
const SET: Statement = Statement::named(SQL, "set");
const LOAD: Statement = Statement::named(SQL, "load");
const REMOVE: Statement = Statement::named(SQL, "remove");

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

/// The hash of somebody's password, if they have one, and how it stands.
pub fn load(tx: &ReadTx<'_>, organization: &str, owner: &str) -> Result<Option<(String, Stand)>, DbError> {
    tx.one(LOAD, &[organization.into(), owner.into()], |row| {
        Ok((row.get(0)?, Stand { changed_at: row.get(1)?, must_change: row.get(2)? }))
    })
}

/// Forgets somebody's password.
pub fn remove(tx: &WriteTx<'_>, organization: &str, owner: &str) -> Result<(), DbError> {
    tx.execute(REMOVE, &[organization.into(), owner.into()]).map(drop)
}
