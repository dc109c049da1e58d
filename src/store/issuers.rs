//! The issuers whose tokens are taken.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
};
use crate::org::issuer::Issuer;

const SQL: &str = include_str!("../../sql/queries/issuers.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const LIST: Statement = Statement::named(SQL, "list");
const NAMED: Statement = Statement::named(SQL, "named");
const REMOVE: Statement = Statement::named(SQL, "remove");
const HOLD: Statement = Statement::named(SQL, "hold");

/// Inserts an issuer. One that is there is `DbError::Unique("issuers.issuer")`.
pub fn insert(tx: &WriteTx<'_>, organization: &str, new: &Issuer) -> Result<(), DbError> {
    let audiences = serde_json::to_string(&new.audiences)?;
    let clients = serde_json::to_string(&new.clients)?;
    let args: [Arg<'_>; 8] = [
        organization.into(),
        (&new.id).into(),
        (&new.issuer).into(),
        (&audiences).into(),
        new.created_at.into(),
        (&new.created_by).into(),
        new.connection.as_deref().into(),
        (&clients).into(),
    ];
    tx.execute(INSERT, &args).map(drop)
}

/// All issuers, oldest first.
pub fn list(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<Issuer>, DbError> {
    tx.rows(LIST, &[organization.into()], issuer)
}

/// The issuer of that address.
pub fn named(tx: &ReadTx<'_>, organization: &str, address: &str) -> Result<Option<Issuer>, DbError> {
    tx.one(NAMED, &[organization.into(), address.into()], issuer)
}

/// Removes an issuer; its address, if it was there.
pub fn remove(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<Option<String>, DbError> {
    tx.one(REMOVE, &[organization.into(), id.into()], |row| row.get(0))
}

/// Whether an issuer is there still; it is until the transaction ends.
pub fn hold(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<bool, DbError> {
    Ok(tx.one(HOLD, &[organization.into(), id.into()], |row| row.get::<String>(0))?.is_some())
}

fn issuer(row: &Row<'_>) -> Result<Issuer, DbError> {
    Ok(Issuer {
        id: row.get(0)?,
        issuer: row.get(1)?,
        audiences: serde_json::from_str(&row.get::<String>(2)?)?,
        created_at: row.get(3)?,
        created_by: row.get(4)?,
        connection: row.get(5)?,
        clients: serde_json::from_str(&row.get::<String>(6)?)?,
    })
}
