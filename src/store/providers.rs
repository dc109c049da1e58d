//! Where else people sign in.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
};
use crate::scim::text;
use serde_json::Value;
use std::fmt;

const SQL: &str = include_str!("../../sql/queries/providers.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const LIST: Statement = Statement::named(SQL, "list");
const LOAD: Statement = Statement::named(SQL, "load");
const LOAD_FOR_CHANGE: Statement = Statement::named(SQL, "load_for_change");
const REPLACE: Statement = Statement::named(SQL, "replace");
const REMOVE: Statement = Statement::named(SQL, "remove");

/// A provider as it is kept.
#[derive(Clone, PartialEq)]
pub struct Stored {
    /// The id.
    pub id: String,
    /// The name, as people read it on the sign-in page.
    pub name: String,
    /// What it is and how it is asked, as JSON; never the secret.
    pub settings: Value,
    /// What the server shows there.
    pub secret: Option<String>,
    /// When it was made; microseconds since 1970.
    pub created_at: i64,
    /// Who made it: a user's id, `command` or `environment`.
    pub created_by: String,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("id", &self.id).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Inserts a provider. A taken name is `DbError::Unique("providers.name_key")`.
pub fn insert(tx: &WriteTx<'_>, organization: &str, new: &Stored) -> Result<(), DbError> {
    let (key, settings) = (text::fold(&new.name), new.settings.to_string());
    let args: [Arg<'_>; 8] = [
        organization.into(),
        (&new.id).into(),
        (&new.name).into(),
        (&key).into(),
        (&settings).into(),
        new.secret.as_deref().into(),
        new.created_at.into(),
        (&new.created_by).into(),
    ];
    tx.execute(INSERT, &args).map(drop)
}

/// All providers, oldest first.
pub fn list(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<Stored>, DbError> {
    tx.rows(LIST, &[organization.into()], stored)
}

/// The provider of that id.
pub fn load(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<Stored>, DbError> {
    tx.one(LOAD, &[organization.into(), id.into()], stored)
}

/// The same, held against others.
pub fn load_for_change(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<Option<Stored>, DbError> {
    tx.one(LOAD_FOR_CHANGE, &[organization.into(), id.into()], stored)
}

/// Puts what is known of a provider in the place of what was. A taken name is `DbError::Unique("providers.name_key")`.
pub fn replace(tx: &WriteTx<'_>, organization: &str, it: &Stored) -> Result<(), DbError> {
    let (key, settings) = (text::fold(&it.name), it.settings.to_string());
    let args: [Arg<'_>; 6] = [
        organization.into(),
        (&it.id).into(),
        (&it.name).into(),
        (&key).into(),
        (&settings).into(),
        it.secret.as_deref().into(),
    ];
    tx.execute(REPLACE, &args).map(drop)
}

/// Removes a provider; whether it was there.
pub fn remove(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute(REMOVE, &[organization.into(), id.into()])? == 1)
}

fn stored(row: &Row<'_>) -> Result<Stored, DbError> {
    Ok(Stored {
        id: row.get(0)?,
        name: row.get(1)?,
        settings: serde_json::from_str(&row.get::<String>(2)?)?,
        secret: row.get(3)?,
        created_at: row.get(4)?,
        created_by: row.get(5)?,
    })
}
