//! What people show beside a password: what their app makes codes of, and codes that count once.

use super::{DbError, ReadTx, Statement, WriteTx};

const SQL: &str = include_str!("../../sql/queries/second_factors.sql");
const LOAD: Statement = Statement::named(SQL, "load");
const INSERT: Statement = Statement::named(SQL, "insert");
const ADVANCE: Statement = Statement::named(SQL, "advance");
const REMOVE: Statement = Statement::named(SQL, "remove");
const ADD_CODE: Statement = Statement::named(SQL, "add_code");
const USE_CODE: Statement = Statement::named(SQL, "use_code");
const COUNT_CODES: Statement = Statement::named(SQL, "count_codes");
const FORGET_CODES: Statement = Statement::named(SQL, "forget_codes");

/// An organization, and somebody in it.
pub type Place<'p> = (&'p str, &'p str);

/// What somebody's app makes codes of, if they have one, and the step of the last code that counted.
pub fn load(tx: &ReadTx<'_>, (organization, person): Place<'_>) -> Result<Option<(Vec<u8>, i64)>, DbError> {
    tx.one(LOAD, &[organization.into(), person.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Keeps what somebody's app makes codes of from now on.
pub fn insert(
    tx: &WriteTx<'_>,
    (organization, person): Place<'_>,
    secret: &[u8],
    (now, step): (i64, i64),
) -> Result<(), DbError> {
    let args = [organization.into(), person.into(), secret.into(), now.into(), step.into()];
    tx.execute(INSERT, &args).map(drop)
}

/// Notes that the code of a step counted; whether no code of it or after it had.
pub fn advance(tx: &WriteTx<'_>, (organization, person): Place<'_>, step: i64) -> Result<bool, DbError> {
    Ok(tx.execute(ADVANCE, &[organization.into(), person.into(), step.into()])? == 1)
}

/// Forgets somebody's second factor and what counts in its place; whether there was one.
pub fn remove(tx: &WriteTx<'_>, (organization, person): Place<'_>) -> Result<bool, DbError> {
    tx.execute(FORGET_CODES, &[organization.into(), person.into()])?;
    Ok(tx.execute(REMOVE, &[organization.into(), person.into()])? == 1)
}

/// Puts recovery codes, by their digests, in place of those before.
pub fn set_codes(
    tx: &WriteTx<'_>,
    (organization, person): Place<'_>,
    digests: &[Vec<u8>],
) -> Result<(), DbError> {
    tx.execute(FORGET_CODES, &[organization.into(), person.into()])?;
    for digest in digests {
        tx.execute(ADD_CODE, &[organization.into(), person.into(), digest.as_slice().into()])?;
    }
    Ok(())
}

/// Uses a recovery code up; whether there was one.
pub fn use_code(tx: &WriteTx<'_>, (organization, person): Place<'_>, digest: &[u8]) -> Result<bool, DbError> {
    Ok(tx.execute(USE_CODE, &[organization.into(), person.into(), digest.into()])? == 1)
}

/// How many recovery codes are left.
pub fn count_codes(tx: &ReadTx<'_>, (organization, person): Place<'_>) -> Result<i64, DbError> {
    let n = tx.one(COUNT_CODES, &[organization.into(), person.into()], |row| row.get(0))?;
    Ok(n.unwrap_or(0))
}
