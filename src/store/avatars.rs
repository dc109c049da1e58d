//! Pictures of teams.

use super::{DbError, ReadTx, Statement, WriteTx};
use crate::org::avatar::Avatar;
use std::collections::HashMap;

const SQL: &str = include_str!("../../sql/queries/avatars.sql");
const KEEP: Statement = Statement::named(SQL, "keep");
const LOAD: Statement = Statement::named(SQL, "load");
const TAGS: Statement = Statement::named(SQL, "tags");
const REMOVE: Statement = Statement::named(SQL, "remove");

/// Keeps a team's picture in place of the one before.
pub fn keep(tx: &WriteTx<'_>, organization: &str, team: &str, avatar: &Avatar) -> Result<(), DbError> {
    let args = [organization.into(), team.into(), (&avatar.tag).into(), avatar.png.as_slice().into()];
    tx.execute(KEEP, &args).map(drop)
}

/// A team's picture, if it has one.
pub fn load(tx: &ReadTx<'_>, organization: &str, team: &str) -> Result<Option<Avatar>, DbError> {
    tx.one(LOAD, &[organization.into(), team.into()], |row| Ok(Avatar { tag: row.get(0)?, png: row.get(1)? }))
}

/// The tags of the pictures of those teams that have one, by team.
pub fn tags(tx: &ReadTx<'_>, organization: &str, teams: &[&str]) -> Result<HashMap<String, String>, DbError> {
    let rows = tx.rows(TAGS, &[organization.into(), teams.into()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.into_iter().collect())
}

/// Forgets a team's picture.
pub fn remove(tx: &WriteTx<'_>, organization: &str, team: &str) -> Result<(), DbError> {
    tx.execute(REMOVE, &[organization.into(), team.into()]).map(drop)
}
