//! Links that work once.

use super::{DbError, ReadTx, Statement, WriteTx};

const SQL: &str = include_str!("../../sql/queries/links.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const BY_DIGEST: Statement = Statement::named(SQL, "by_digest");
const USE_UP: Statement = Statement::named(SQL, "use_up");
const FORGET_OF: Statement = Statement::named(SQL, "forget_of");
const FORGET: Statement = Statement::named(SQL, "forget");

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The organization.
    pub organization: String,
    /// What it lets somebody do.
    pub kind: String,
    /// The id of whom it is about; empty where it is about nobody yet.
    pub person: String,
    /// When it ends; microseconds since 1970.
    pub expires_at: i64,
}

/// Keeps a link by the digest of its token.
pub fn insert(tx: &WriteTx<'_>, digest: &[u8], link: &Link) -> Result<(), DbError> {
    let args = [
        digest.into(),
        (&link.organization).into(),
        (&link.kind).into(),
        (&link.person).into(),
        link.expires_at.into(),
    ];
    tx.execute(INSERT, &args).map(drop)
}

/// The link with that digest.
pub fn by_digest(tx: &ReadTx<'_>, digest: &[u8]) -> Result<Option<Link>, DbError> {
    tx.one(BY_DIGEST, &[digest.into()], |row| {
        Ok(Link {
            organization: row.get(0)?,
            kind: row.get(1)?,
            person: row.get(2)?,
            expires_at: row.get(3)?,
        })
    })
}

/// Uses a link up; whether it was there.
pub fn use_up(tx: &WriteTx<'_>, digest: &[u8]) -> Result<bool, DbError> {
    Ok(tx.execute(USE_UP, &[digest.into()])? == 1)
}

/// Forgets the links of a kind that are about somebody.
pub fn forget_of(tx: &WriteTx<'_>, organization: &str, kind: &str, person: &str) -> Result<(), DbError> {
    tx.execute(FORGET_OF, &[organization.into(), kind.into(), person.into()]).map(drop)
}

/// Forgets links whose time is over.
pub fn forget(tx: &WriteTx<'_>, now: i64) -> Result<(), DbError> {
    tx.execute(FORGET, &[now.into()]).map(drop)
}
