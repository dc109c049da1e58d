//! Keys that answers are sealed with.

use super::{DbError, ReadTx, Statement, WriteTx};

const SQL: &str = include_str!("../../sql/queries/keys.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const LOAD: Statement = Statement::named(SQL, "load");

/// The key of that name, if there is one. It never changes.
pub fn load(tx: &ReadTx<'_>, organization: &str, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    tx.one(LOAD, &[organization.into(), name.into()], |row| row.get(0))
}

/// Keeps a key, unless there is one of that name.
pub fn insert(tx: &WriteTx<'_>, organization: &str, name: &str, secret: &[u8]) -> Result<(), DbError> {
    tx.execute(INSERT, &[organization.into(), name.into(), secret.into()])?;
    Ok(())
}
