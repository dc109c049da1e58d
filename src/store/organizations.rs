//! Organizations.

use super::{DbError, ReadTx, Statement, WriteTx, db::Row};
use crate::org::{organization::Organization, settings::Settings};

const SQL: &str = include_str!("../../sql/queries/organizations.sql");
const NAMED: Statement = Statement::named(SQL, "named");
const LOAD: Statement = Statement::named(SQL, "load");
const LIST: Statement = Statement::named(SQL, "list");
const HOLD: Statement = Statement::named(SQL, "hold");
const SETTINGS: Statement = Statement::named(SQL, "settings");
const SET_SETTINGS: Statement = Statement::named(SQL, "set_settings");
const INSERT: Statement = Statement::named(SQL, "insert");

/// The organization with that slug.
pub fn named(tx: &ReadTx<'_>, slug: &str) -> Result<Option<Organization>, DbError> {
    tx.one(NAMED, &[slug.into()], organization)
}

/// The organization of that id.
pub fn load(tx: &ReadTx<'_>, id: &str) -> Result<Option<Organization>, DbError> {
    tx.one(LOAD, &[id.into()], organization)
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

/// What the organization's admins decided.
pub fn settings(tx: &ReadTx<'_>, id: &str) -> Result<Settings, DbError> {
    let text: Option<String> = tx.one(SETTINGS, &[id.into()], |row| row.get(0))?;
    text.map_or_else(|| Ok(Settings::default()), |text| Ok(serde_json::from_str(&text)?))
}

/// Keeps what they decided.
pub fn set_settings(tx: &WriteTx<'_>, id: &str, settings: &Settings) -> Result<(), DbError> {
    tx.execute(SET_SETTINGS, &[id.into(), (&serde_json::to_string(settings)?).into()]).map(drop)
}

fn organization(row: &Row<'_>) -> Result<Organization, DbError> {
    Ok(Organization { id: row.get(0)?, slug: row.get(1)?, name: row.get(2)?, created_at: row.get(3)? })
}
