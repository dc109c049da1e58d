//! People whom connections want to change and did not make.

use super::{DbError, ReadTx, Statement, WriteTx, records::int};
use crate::{org::user, scim::Resource};

const SQL: &str = include_str!("../../sql/queries/adoptions.sql");
const ASK: Statement = Statement::named(SQL, "ask");
const LIST: Statement = Statement::named(SQL, "list");
const APPROVE: Statement = Statement::named(SQL, "approve");
const IS_APPROVED: Statement = Statement::named(SQL, "is_approved");
const REFUSE: Statement = Statement::named(SQL, "refuse");
const FORGET: Statement = Statement::named(SQL, "forget");

/// Asks an admin whether a connection may have a person; whether that was not asked before.
pub fn ask(
    tx: &WriteTx<'_>,
    organization: &str,
    connection: &str,
    person: &str,
    now: i64,
) -> Result<bool, DbError> {
    Ok(tx.execute(ASK, &[organization.into(), connection.into(), person.into(), now.into()])? == 1)
}

/// A connection that wants a person.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub connection_name: String,
    /// The person's id.
    pub person: String,
    /// The person's user name.
    pub user_name: String,
    /// The person's preferred address, if there is one.
    pub email: Option<String>,
    /// `asked`, or `refused`.
    pub state: String,
    /// Microseconds since 1970.
    pub asked_at: i64,
}

/// At most `count` of those who are wanted, of those that come after a person and connection.
pub fn list(
    tx: &ReadTx<'_>,
    organization: &str,
    (person, connection): (&str, &str),
    count: usize,
) -> Result<Vec<Adoption>, DbError> {
    let args = [organization.into(), person.into(), connection.into(), int(count).into()];
    tx.rows(LIST, &args, |row| {
        let person = Resource(serde_json::from_str(&row.get::<String>(3)?)?);
        Ok(Adoption {
            connection: row.get(0)?,
            connection_name: row.get(1)?,
            person: row.get(2)?,
            user_name: person.text("userName").unwrap_or_default().to_owned(),
            email: user::email(&person),
            state: row.get(4)?,
            asked_at: row.get(5)?,
        })
    })
}

/// Notes that an admin gave a person to a connection, which may create them once more.
pub fn approve(
    tx: &WriteTx<'_>,
    organization: &str,
    connection: &str,
    person: &str,
    now: i64,
) -> Result<(), DbError> {
    tx.execute(APPROVE, &[organization.into(), connection.into(), person.into(), now.into()]).map(drop)
}

/// Whether an admin gave a person to a connection that has not created them since.
pub fn is_approved(
    tx: &ReadTx<'_>,
    organization: &str,
    connection: &str,
    person: &str,
) -> Result<bool, DbError> {
    let args = [organization.into(), connection.into(), person.into()];
    Ok(tx.one(IS_APPROVED, &args, |row| row.get::<i64>(0))?.is_some())
}

/// Refuses what was asked; whether it was.
pub fn refuse(tx: &WriteTx<'_>, organization: &str, connection: &str, person: &str) -> Result<bool, DbError> {
    Ok(tx.execute(REFUSE, &[organization.into(), connection.into(), person.into()])? == 1)
}

/// Forgets who wants a person.
pub fn forget(tx: &WriteTx<'_>, organization: &str, person: &str) -> Result<(), DbError> {
    tx.execute(FORGET, &[organization.into(), person.into()]).map(drop)
}
