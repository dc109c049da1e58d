//! The schemas that admins added.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
    records::int,
};
use crate::org::schema::{AddedSchema, State};

const SQL: &str = include_str!("../../sql/queries/schemas.sql");
const VERSION: Statement = Statement::named(SQL, "version");
const CHANGED: Statement = Statement::named(SQL, "changed");
const INDEXED: Statement = Statement::named(SQL, "indexed");
const LIST: Statement = Statement::named(SQL, "list");
const LOAD: Statement = Statement::named(SQL, "load");
const PUT: Statement = Statement::named(SQL, "put");
const MOVE_ON: Statement = Statement::named(SQL, "move_on");
const READY: Statement = Statement::named(SQL, "ready");
const REMOVE: Statement = Statement::named(SQL, "remove");

/// How often the schemas of an organization changed, and how often they or what the index knows of them did.
pub fn version(tx: &ReadTx<'_>, organization: &str) -> Result<(i64, i64), DbError> {
    let found = tx.one(VERSION, &[organization.into()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.unwrap_or_default())
}

/// Counts a change of an organization's schemas.
pub fn changed(tx: &WriteTx<'_>, organization: &str) -> Result<(), DbError> {
    tx.execute(CHANGED, &[organization.into()]).map(drop)
}

/// The added schemas, oldest first.
pub fn list(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<AddedSchema>, DbError> {
    tx.rows(LIST, &[organization.into()], added)
}

/// One of them, held until the transaction ends.
pub fn load(tx: &WriteTx<'_>, organization: &str, urn: &str) -> Result<Option<AddedSchema>, DbError> {
    tx.one(LOAD, &[organization.into(), (&key(urn)).into()], added)
}

/// Adds a schema or puts it in the place of the one of that URN; the work on it begins anew.
pub fn put(tx: &WriteTx<'_>, organization: &str, schema: &AddedSchema, now: i64) -> Result<(), DbError> {
    let definition = serde_json::to_string(&schema.definition)?;
    let key = key(&schema.definition.id);
    let args: [Arg<'_>; 5] =
        [organization.into(), (&key).into(), (&definition).into(), schema.state.as_str().into(), now.into()];
    tx.execute(PUT, &args).map(drop)
}

/// Writes down how far the work on a schema is.
pub fn move_on(tx: &WriteTx<'_>, organization: &str, schema: &AddedSchema) -> Result<(), DbError> {
    let key = key(&schema.definition.id);
    let args: [Arg<'_>; 5] = [
        organization.into(),
        (&key).into(),
        int(schema.kind).into(),
        (&schema.position).into(),
        int(schema.done).into(),
    ];
    tx.execute(MOVE_ON, &args).map(drop)
}

/// The index knows all values of a schema's indexed attributes.
pub fn ready(tx: &WriteTx<'_>, organization: &str, urn: &str) -> Result<(), DbError> {
    tx.execute(READY, &[organization.into(), (&key(urn)).into()])?;
    tx.execute(INDEXED, &[organization.into()]).map(drop)
}

/// Forgets a schema.
pub fn remove(tx: &WriteTx<'_>, organization: &str, urn: &str) -> Result<(), DbError> {
    tx.execute(REMOVE, &[organization.into(), (&key(urn)).into()]).map(drop)
}

/// The case of a URN does not count.
fn key(urn: &str) -> String {
    urn.to_ascii_lowercase()
}

fn added(row: &Row<'_>) -> Result<AddedSchema, DbError> {
    let size = |number: i64| usize::try_from(number).unwrap_or(0);
    Ok(AddedSchema {
        definition: serde_json::from_str(&row.get::<String>(0)?)?,
        state: row.get::<String>(1)?.parse::<State>().map_err(DbError::Corrupt)?,
        kind: size(row.get(2)?),
        position: row.get(3)?,
        done: size(row.get(4)?),
    })
}
