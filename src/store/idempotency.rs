//! Answers to requests that named an idempotency key.

use super::{DbError, Statement, WriteTx, db::Arg};

const SQL: &str = include_str!("../../sql/queries/idempotency.sql");
const FORGET: Statement = Statement::named(SQL, "forget");
const CLAIM: Statement = Statement::named(SQL, "claim");
const TAKEN: Statement = Statement::named(SQL, "taken");
const ANSWER: Statement = Statement::named(SQL, "answer");

/// Where an idempotency key holds: for one actor, on one route.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The organization.
    pub organization: &'a str,
    /// The id of whoever asks.
    pub actor: &'a str,
    /// The method and pattern of the route.
    pub route: &'a str,
    /// The key that the client chose.
    pub key: &'a str,
}

impl<'a> Place<'a> {
    fn args(self) -> [Arg<'a>; 4] {
        [self.organization.into(), self.actor.into(), self.route.into(), self.key.into()]
    }
}

/// Forgets what is older than that; microseconds since 1970.
pub fn forget(tx: &WriteTx<'_>, organization: &str, before: i64) -> Result<(), DbError> {
    tx.execute(FORGET, &[organization.into(), before.into()]).map(drop)
}

/// Takes a key for a request with a body of that hash, or hands back the hash and the answer of the request that took it
/// before.
pub fn claim(
    tx: &WriteTx<'_>,
    place: Place<'_>,
    body: &str,
    now: i64,
) -> Result<Option<(String, String)>, DbError> {
    let [organization, actor, route, key] = place.args();
    if tx.execute(CLAIM, &[organization, actor, route, key, body.into(), now.into()])? == 1 {
        return Ok(None);
    }
    tx.one(TAKEN, &place.args(), |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Keeps the answer of the request that took a key.
pub fn answer(tx: &WriteTx<'_>, place: Place<'_>, answer: &str) -> Result<(), DbError> {
    let [organization, actor, route, key] = place.args();
    tx.execute(ANSWER, &[organization, actor, route, key, answer.into()]).map(drop)
}
