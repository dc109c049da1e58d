//! The journal, read: sealed events in the order of the chain, and the names of those they are about.

use super::{
    DbError, ReadTx, Statement,
    chain::said,
    db::{Arg, Row},
};
use crate::org::{
    audit::{Name, Names},
    journal::{Recorded, Wanted},
    user,
};

const SQL: &str = include_str!("../../sql/queries/events.sql");
const AFTER: Statement = Statement::named(SQL, "after");
const WANTED: Statement = Statement::named(SQL, "wanted");
const WANTED_NEWEST: Statement = Statement::named(SQL, "wanted_newest");
const OF_REQUEST: Statement = Statement::named(SQL, "of_request");
const USERS: Statement = Statement::named(SQL, "users");
const TEAMS: Statement = Statement::named(SQL, "teams");
const CONNECTIONS: Statement = Statement::named(SQL, "connections");
const GONE: Statement = Statement::named(SQL, "gone");

/// The sealed events after a position, at most so many.
pub fn after(tx: &ReadTx<'_>, organization: &str, after: i64, limit: i64) -> Result<Vec<Recorded>, DbError> {
    tx.rows(AFTER, &[organization.into(), after.into(), limit.into()], sealed)
}

/// The wanted events of a stretch of the chain: after one position, up to another; at most so many.
pub fn wanted(
    tx: &ReadTx<'_>,
    organization: &str,
    wanted: &Wanted,
    stretch: (i64, i64),
    limit: i64,
) -> Result<Vec<Recorded>, DbError> {
    found(tx, WANTED, (organization, wanted), stretch, limit)
}

/// The same, the newest first.
pub fn newest(
    tx: &ReadTx<'_>,
    organization: &str,
    wanted: &Wanted,
    stretch: (i64, i64),
    limit: i64,
) -> Result<Vec<Recorded>, DbError> {
    found(tx, WANTED_NEWEST, (organization, wanted), stretch, limit)
}

fn found(
    tx: &ReadTx<'_>,
    statement: Statement,
    (organization, wanted): (&str, &Wanted),
    (from, to): (i64, i64),
    limit: i64,
) -> Result<Vec<Recorded>, DbError> {
    let args: [Arg<'_>; 9] = [
        organization.into(),
        from.into(),
        to.into(),
        wanted.kind.as_deref().into(),
        wanted.resource.as_deref().into(),
        wanted.actor.as_deref().into(),
        wanted.since.into(),
        wanted.until.into(),
        limit.into(),
    ];
    tx.rows(statement, &args, sealed)
}

/// The events that a request wrote, whose ids lie between these two; at most so many.
pub fn of_request(
    tx: &ReadTx<'_>,
    organization: &str,
    request: &str,
    (from, to): (&str, &str),
    limit: i64,
) -> Result<Vec<Recorded>, DbError> {
    let args = [organization.into(), from.into(), to.into(), request.into(), limit.into()];
    tx.rows(OF_REQUEST, &args, said)
}

fn sealed(row: &Row<'_>) -> Result<Recorded, DbError> {
    Ok(Recorded { position: row.get(11)?, hash: row.get(12)?, ..said(row)? })
}

/// What those of these ids are called, who are here or were.
pub fn names(tx: &ReadTx<'_>, organization: &str, ids: &[&str]) -> Result<Names, DbError> {
    let args: [Arg<'_>; 2] = [organization.into(), ids.into()];
    let mut names = Names::default();
    for (id, handle, display, is_team) in tx.rows(GONE, &args, |row| {
        let resource_type: String = row.get(1)?;
        let (display, handle): (String, String) = (row.get(2)?, row.get(3)?);
        Ok((row.get::<String>(0)?, handle, display, resource_type == "Group"))
    })? {
        let name = if display.is_empty() { handle } else { display };
        names.0.insert(id, Name { name, email: None, is_team });
    }
    for (id, name) in tx.rows(TEAMS, &args, pair)? {
        names.0.insert(id, Name { name, email: None, is_team: true });
    }
    for (id, name) in tx.rows(CONNECTIONS, &args, pair)? {
        names.0.insert(id, Name { name, email: None, is_team: false });
    }
    let people = tx.rows(USERS, &args, |row| {
        let text: String = row.get(2)?;
        let email = user::email(&serde_json::from_str(&text).map(crate::scim::Resource)?);
        Ok((row.get::<String>(0)?, row.get::<String>(1)?, email))
    })?;
    for (id, name, email) in people {
        names.0.insert(id, Name { name, email, is_team: false });
    }
    Ok(names)
}

fn pair(row: &Row<'_>) -> Result<(String, String), DbError> {
    Ok((row.get(0)?, row.get(1)?))
}
