//! What the journal told of refused changes, by the hour.

use super::{DbError, ReadTx, Statement, WriteTx, db::Arg};

const SQL: &str = include_str!("../../sql/queries/denials.sql");
const IS_TOLD: Statement = Statement::named(SQL, "is_told");
const TELL: Statement = Statement::named(SQL, "tell");
const FORGET: Statement = Statement::named(SQL, "forget");

/// Somebody who was refused a change of something, in an hour since 1970.
#[derive(Debug, Clone, Copy)]
pub struct Denial<'a> {
    /// The organization.
    pub organization: &'a str,
    /// The id of whoever asked.
    pub actor: &'a str,
    /// What it was about.
    pub subject: &'a str,
    /// The hour.
    pub hour: i64,
}

impl<'a> Denial<'a> {
    fn args(self) -> [Arg<'a>; 4] {
        [self.organization.into(), self.actor.into(), self.subject.into(), self.hour.into()]
    }
}

/// Whether it was told in this hour.
pub fn is_told(tx: &ReadTx<'_>, denial: Denial<'_>) -> Result<bool, DbError> {
    Ok(tx.one(IS_TOLD, &denial.args(), |row| row.get::<i64>(0))?.is_some())
}

/// Notes that it is told in this hour; whether it was not yet.
pub fn tell(tx: &WriteTx<'_>, denial: Denial<'_>) -> Result<bool, DbError> {
    Ok(tx.execute(TELL, &denial.args())? == 1)
}

/// Forgets what was told before an hour.
pub fn forget(tx: &WriteTx<'_>, organization: &str, hour: i64) -> Result<(), DbError> {
    tx.execute(FORGET, &[organization.into(), hour.into()]).map(drop)
}
