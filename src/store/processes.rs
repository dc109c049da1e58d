//! The processes that serve a database, and what there is to tell of the database itself.

use super::{DbError, ReadTx, Statement, WriteTx, db::Row};

const SQL: &str = include_str!("../../sql/queries/processes.sql");
const ANNOUNCE: Statement = Statement::named(SQL, "announce");
const WITHDRAW: Statement = Statement::named(SQL, "withdraw");
const FORGET: Statement = Statement::named(SQL, "forget");
const SEEN_SINCE: Statement = Statement::named(SQL, "seen_since");
const SCHEMA: Statement = Statement::named(SQL, "schema");
const SESSIONS: Statement = Statement::named(SQL, "sessions");
const KEYS: Statement = Statement::named(SQL, "keys");
const OF_SQLITE: Statement = Statement::named(include_str!("../../sql/sqlite.sql"), "figures");
const OF_POSTGRES: Statement = Statement::named(include_str!("../../sql/postgres.sql"), "figures");

/// A process that serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its own id, another at each start.
    pub id: String,
    /// Where it runs: host and number.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// Microseconds since 1970.
    pub started_at: i64,
    /// When it last said that it serves; microseconds since 1970.
    pub seen_at: i64,
}

/// Says that a process serves.
pub fn announce(tx: &WriteTx<'_>, process: &Process) -> Result<(), DbError> {
    let Process { id, name, version, started_at, seen_at } = process;
    let args = [id.into(), name.into(), version.into(), (*started_at).into(), (*seen_at).into()];
    tx.execute(ANNOUNCE, &args).map(drop)
}

/// Says that a process serves no more.
pub fn withdraw(tx: &WriteTx<'_>, id: &str) -> Result<(), DbError> {
    tx.execute(WITHDRAW, &[id.into()]).map(drop)
}

/// Forgets processes that said nothing since a moment (microseconds since 1970).
pub fn forget(tx: &WriteTx<'_>, before: i64) -> Result<(), DbError> {
    tx.execute(FORGET, &[before.into()]).map(drop)
}

/// The processes that said since a moment (microseconds since 1970) that they serve.
pub fn seen_since(tx: &ReadTx<'_>, since: i64) -> Result<Vec<Process>, DbError> {
    tx.rows(SEEN_SINCE, &[since.into()], |row| {
        Ok(Process {
            id: row.get(0)?,
            name: row.get(1)?,
            version: row.get(2)?,
            started_at: row.get(3)?,
            seen_at: row.get(4)?,
        })
    })
}

/// The engine behind the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// `SQLite` or `PostgreSQL`.
    pub engine: &'static str,
    /// The engine's version.
    pub version: String,
    /// How large the database is, in bytes.
    pub bytes: i64,
    /// The version of the schema.
    pub schema: i64,
}

/// What there is to tell of the database.
pub fn figures(tx: &ReadTx<'_>) -> Result<Figures, DbError> {
    let statement = tx.of_engine(OF_SQLITE, OF_POSTGRES);
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<i64>(1)?));
    let found = tx.one(statement, &[], read)?;
    let (version, bytes) = found.ok_or_else(|| DbError::Corrupt("no figures".to_owned()))?;
    let schema = tx.one(SCHEMA, &[], |row| row.get::<i64>(0))?.unwrap_or_default();
    Ok(Figures { engine: tx.of_engine("SQLite", "PostgreSQL"), version, bytes, schema })
}

/// How many sessions of an organization are not over.
pub fn sessions(tx: &ReadTx<'_>, organization: &str, now: i64) -> Result<i64, DbError> {
    Ok(tx.one(SESSIONS, &[organization.into(), now.into()], |row| row.get(0))?.unwrap_or(0))
}

/// How many keys of an organization work.
pub fn keys(tx: &ReadTx<'_>, organization: &str, now: i64) -> Result<i64, DbError> {
    Ok(tx.one(KEYS, &[organization.into(), now.into()], |row| row.get(0))?.unwrap_or(0))
}
