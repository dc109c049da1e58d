//! The chain of events: who makes it longer, and where it ends.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
};
use crate::org::journal::{Head, Recorded};

const SQL: &str = include_str!("../../sql/queries/chain.sql");
const UNSEALED: Statement = Statement::named(SQL, "unsealed");
const WAITING: Statement = Statement::named(SQL, "waiting");
const BEGIN: Statement = Statement::named(SQL, "begin");
const LEASE: Statement = Statement::named(SQL, "lease");
const HEAD: Statement = Statement::named(SQL, "head");
const SEAL: Statement = Statement::named(SQL, "seal");
const ADVANCE: Statement = Statement::named(SQL, "advance");
const FORGET: Statement = Statement::named(SQL, "forget");

/// Whether an event waits for its place in the chain.
pub fn is_waiting(tx: &ReadTx<'_>, organization: &str) -> Result<bool, DbError> {
    Ok(!tx.texts(UNSEALED, &[organization.into()])?.is_empty())
}

/// The first events that wait for their place, at most so many.
pub fn waiting(tx: &ReadTx<'_>, organization: &str, limit: i64) -> Result<Vec<Recorded>, DbError> {
    tx.rows(WAITING, &[organization.into(), limit.into()], said)
}

/// What an event says, without its place.
pub(super) fn said(row: &Row<'_>) -> Result<Recorded, DbError> {
    Ok(Recorded {
        position: 0,
        hash: String::new(),
        id: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        actor_type: row.get(3)?,
        actor: row.get(4)?,
        credential: row.get(5)?,
        address: row.get(6)?,
        request: row.get(7)?,
        resource_type: row.get(8)?,
        resource: row.get(9)?,
        detail: row.get(10)?,
    })
}

/// Takes the chain for this transaction; `None` while somebody else has it.
pub fn lease(tx: &WriteTx<'_>, organization: &str) -> Result<Option<Head>, DbError> {
    tx.execute(BEGIN, &[organization.into()])?;
    tx.one(LEASE, &[organization.into()], head_of)
}

/// Where the chain ends.
pub fn head(tx: &ReadTx<'_>, organization: &str) -> Result<Head, DbError> {
    Ok(tx.one(HEAD, &[organization.into()], head_of)?.unwrap_or(Head::EMPTY))
}

fn head_of(row: &Row<'_>) -> Result<Head, DbError> {
    Ok(Head { position: row.get(0)?, hash: row.get(1)?, first: row.get(2)?, before_first: row.get(3)? })
}

/// Gives an event its place.
pub fn seal(tx: &WriteTx<'_>, organization: &str, id: &str, head: &Head) -> Result<(), DbError> {
    let args: [Arg<'_>; 4] = [organization.into(), id.into(), head.position.into(), (&head.hash).into()];
    tx.execute(SEAL, &args).map(drop)
}

/// Keeps where the chain ends and begins now.
pub fn advance(tx: &WriteTx<'_>, organization: &str, head: &Head) -> Result<(), DbError> {
    let args: [Arg<'_>; 5] = [
        organization.into(),
        head.position.into(),
        (&head.hash).into(),
        head.first.into(),
        (&head.before_first).into(),
    ];
    tx.execute(ADVANCE, &args).map(drop)
}

/// Forgets the events from one position to another.
pub fn forget(tx: &WriteTx<'_>, organization: &str, from: i64, to: i64) -> Result<(), DbError> {
    tx.execute(FORGET, &[organization.into(), from.into(), to.into()]).map(drop)
}
