//! Requests over SCIM and what they heard, for as long as they are remembered.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
    records::int,
};
use crate::org::request::{Outcome, Request};
use std::collections::BTreeMap;

const SQL: &str = include_str!("../../sql/queries/requests.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const LOAD: Statement = Statement::named(SQL, "load");
const BEFORE: Statement = Statement::named(SQL, "before");
const OF_CONNECTION_BEFORE: Statement = Statement::named(SQL, "of_connection_before");
const COUNT: Statement = Statement::named(SQL, "count");
const NTH_NEWEST: Statement = Statement::named(SQL, "nth_newest");
const ANY_BEFORE: Statement = Statement::named(SQL, "any_before");
const FORGET_BEFORE: Statement = Statement::named(SQL, "forget_before");

/// Remembers a request; one that is remembered already stays as it is.
pub fn insert(tx: &WriteTx<'_>, organization: &str, request: &Request) -> Result<(), DbError> {
    let headers = serde_json::to_string(&request.headers)?;
    let rules = serde_json::to_string(&request.rules)?;
    let args: [Arg<'_>; 20] = [
        organization.into(),
        (&request.id).into(),
        (&request.connection).into(),
        request.actor_type.as_str().into(),
        (&request.actor).into(),
        (&request.credential).into(),
        request.at.into(),
        request.took.into(),
        (&request.method).into(),
        (&request.path).into(),
        (&headers).into(),
        request.status.into(),
        request.outcome.as_str().into(),
        (&request.scim_type).into(),
        (&request.detail).into(),
        (&rules).into(),
        (&request.resource_type).into(),
        (&request.resource).into(),
        request.body.as_deref().into(),
        request.body_bytes.into(),
    ];
    tx.execute(INSERT, &args).map(drop)
}

/// The request of that id, with headers and body.
pub fn load(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<Request>, DbError> {
    tx.one(LOAD, &[organization.into(), id.into()], |row| {
        let headers = serde_json::from_str(&row.get::<String>(17)?)?;
        Ok(Request { headers, body: row.get(18)?, ..request(row)? })
    })
}

/// Which requests are wanted. What is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Those of this connection.
    pub connection: Option<String>,
    /// Those that came to this.
    pub outcome: Option<Outcome>,
    /// Those of this moment and later, in microseconds since 1970.
    pub since: Option<i64>,
    /// Those before this moment.
    pub until: Option<i64>,
    /// Those about the resource of this id.
    pub resource: Option<String>,
    /// Those whose path, with its query, holds this text.
    pub path: Option<String>,
}

/// The wanted requests before an id, newest first and at most so many, without headers and bodies; from the newest of all
/// where the id is empty.
pub fn before(
    tx: &ReadTx<'_>,
    organization: &str,
    wanted: &Wanted,
    id: &str,
    at_most: usize,
) -> Result<Vec<Request>, DbError> {
    // ids are made of digits and letters, which all sort before this
    let id = if id.is_empty() { "~" } else { id };
    let path = wanted.path.as_deref().filter(|path| !path.is_empty());
    let args: [Arg<'_>; 9] = [
        organization.into(),
        id.into(),
        wanted.outcome.map(Outcome::as_str).into(),
        wanted.since.into(),
        wanted.until.into(),
        wanted.resource.as_deref().into(),
        path.into(),
        int(at_most).into(),
        wanted.connection.as_deref().into(),
    ];
    match (&wanted.connection, args.split_last()) {
        (None, Some((_, args))) => tx.rows(BEFORE, args, request),
        _ => tx.rows(OF_CONNECTION_BEFORE, &args, request),
    }
}

fn request(row: &Row<'_>) -> Result<Request, DbError> {
    Ok(Request {
        id: row.get(0)?,
        connection: row.get(1)?,
        actor_type: row.get::<String>(2)?.parse().map_err(DbError::Corrupt)?,
        actor: row.get(3)?,
        credential: row.get(4)?,
        at: row.get(5)?,
        took: row.get(6)?,
        method: row.get(7)?,
        path: row.get(8)?,
        status: row.get(9)?,
        outcome: row.get::<String>(10)?.parse().map_err(DbError::Corrupt)?,
        scim_type: row.get(11)?,
        detail: row.get(12)?,
        rules: serde_json::from_str(&row.get::<String>(13)?)?,
        resource_type: row.get(14)?,
        resource: row.get(15)?,
        body_bytes: row.get(16)?,
        headers: BTreeMap::new(),
        body: None,
    })
}

/// How many requests of a connection there are from an id on, and how many of them were refused.
pub fn count(
    tx: &ReadTx<'_>,
    organization: &str,
    connection: &str,
    from: &str,
) -> Result<(i64, i64), DbError> {
    let args = [organization.into(), connection.into(), from.into()];
    Ok(tx.one(COUNT, &args, |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default())
}

/// The id of the oldest of so many newest requests, if there are that many.
pub fn nth_newest(tx: &ReadTx<'_>, organization: &str, n: usize) -> Result<Option<String>, DbError> {
    tx.one(NTH_NEWEST, &[organization.into(), int(n.saturating_sub(1)).into()], |row| row.get(0))
}

/// Whether there is a request before an id.
pub fn any_before(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<bool, DbError> {
    Ok(tx.one(ANY_BEFORE, &[organization.into(), id.into()], |row| row.get::<i64>(0))?.is_some())
}

/// Forgets at most so many requests before an id, oldest first. Says how many they were.
pub fn forget_before(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    at_most: usize,
) -> Result<usize, DbError> {
    tx.execute(FORGET_BEFORE, &[organization.into(), id.into(), int(at_most).into()])
}
