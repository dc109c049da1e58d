//! Organizations.

use super::{DbError, ReadTx, Statement, WriteTx, db::Row};
use crate::org::organization::Organization;

const SQL: &str = include_str!("../../sql/queries/organizations.sql");
const NAMED: Statement = Statement::named(SQL, "named");
const LIST: Statement = Statement::named(SQL, "list");
const HOLD: Statement = Statement::named(SQL, "hold");
const INSERT: Statement = Statement::named(SQL, "insert");

/// The organization with that slug.
pub fn named(tx: &ReadTx<'_>, slug: &str) -> Result<Option<Organization>, DbError> {
    tx.one(NAMED, &[slug.into()], organization)
}

/// All organizations by slug.
pub fn list(tx: &ReadTx<'_>) -> Result<Vec<Organization>, DbError> {
    tx.rows(LIST, &[], organization)
}

/// Holds an organization: of those who do, one at a time goes on.
pub fn hold(tx: &WriteTx<'_>, id: &str) -> Result<(), DbError> {
    tx.texts(HOLD, &[id.into()]).map(drop)
}

/// Inserts an organization. A taken slug is `DbError::Unique("organizations.slug")`.
pub fn insert(tx: &WriteTx<'_>, new: &Organization) -> Result<(), DbError> {
    let args = [(&new.id).into(), (&new.slug).into(), (&new.name).into(), new.created_at.into()];
    tx.execute(INSERT, &args).map(drop)
}

fn organization(row: &Row<'_>) -> Result<Organization, DbError> {
    Ok(Organization { id: row.get(0)?, slug: row.get(1)?, name: row.get(2)?, created_at: row.get(3)? })
}
