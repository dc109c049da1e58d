//! The transaction type: statements by name, parameters by position, rows by column, on either engine.

use super::{Statement, postgres, sqlite};
use postgres::Session;
use std::ops::Deref;

/// A value bound to a parameter.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Arg<'a> {
    Null,
    Int(i64),
    Bool(bool),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// A list, for `= ANY($n)`.
    Texts(&'a [&'a str]),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Arg<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Arg<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Arg<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a> From<&'a [&'a str]> for Arg<'a> {
    fn from(value: &'a [&'a str]) -> Self {
        Self::Texts(value)
    }
}

impl<'a, T: Into<Arg<'a>>> From<Option<T>> for Arg<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Arg::Null, Into::into)
    }
}

/// What both drivers can read from a column.
pub trait Column: rusqlite::types::FromSql + tokio_postgres::types::FromSqlOwned {}

impl<T: rusqlite::types::FromSql + tokio_postgres::types::FromSqlOwned> Column for T {}

/// A row of an answer.
#[derive(Debug)]
pub struct Row<'r>(EngineRow<'r>);

#[derive(Debug)]
enum EngineRow<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    Postgres(&'r tokio_postgres::Row),
}

impl<'r> Row<'r> {
    pub(super) fn sqlite(row: &'r rusqlite::Row<'r>) -> Self {
        Self(EngineRow::Sqlite(row))
    }

    pub(super) fn postgres(row: &'r tokio_postgres::Row) -> Self {
        Self(EngineRow::Postgres(row))
    }

    /// Reads a column by position, from 0.
    pub fn get<T: Column>(&self, column: usize) -> Result<T, DbError> {
        match self.0 {
            EngineRow::Sqlite(row) => Ok(row.get(column)?),
            EngineRow::Postgres(row) => {
                row.try_get(column).map_err(|error| DbError::Corrupt(error.to_string()))
            }
        }
    }
}

/// A transaction that reads: every statement sees the state the first one saw.
#[derive(Debug)]
pub struct ReadTx<'c>(Link<'c>);

#[derive(Debug, Clone, Copy)]
enum Link<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c Session),
}

/// A transaction that reads and writes.
///
/// On PostgreSQL others write at the same time, and every statement sees what is committed when it begins: what a
/// rule depends on is read by a statement that locks it.
#[derive(Debug)]
pub struct WriteTx<'c>(ReadTx<'c>);

impl<'c> Deref for WriteTx<'c> {
    type Target = ReadTx<'c>;

    fn deref(&self) -> &ReadTx<'c> {
        &self.0
    }
}

impl<'c> ReadTx<'c> {
    pub(super) fn sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self(Link::Sqlite(connection))
    }

    pub(super) fn postgres(session: &'c Session) -> Self {
        Self(Link::Postgres(session))
    }

    /// Of two values the one for this engine.
    pub(super) fn of_engine<T>(&self, sqlite: T, postgres: T) -> T {
        match self.0 {
            Link::Sqlite(_) => sqlite,
            Link::Postgres(_) => postgres,
        }
    }

    /// Runs a statement and reads every row it returns.
    pub fn rows<T>(
        &self,
        statement: Statement,
        args: &[Arg<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        match self.0 {
            Link::Sqlite(connection) => sqlite::rows(connection, statement, args, read),
            Link::Postgres(session) => session.rows(statement, args, read),
        }
    }

    /// Runs a statement that returns one row or none.
    pub fn one<T>(
        &self,
        statement: Statement,
        args: &[Arg<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        Ok(self.rows(statement, args, read)?.pop())
    }

    /// The first column of every row, as text.
    pub fn texts(&self, statement: Statement, args: &[Arg<'_>]) -> Result<Vec<String>, DbError> {
        self.rows(statement, args, |row| row.get(0))
    }
}

impl<'c> WriteTx<'c> {
    pub(super) fn sqlite(connection: &'c rusqlite::Connection) -> Self {
        Self(ReadTx::sqlite(connection))
    }

    pub(super) fn postgres(session: &'c Session) -> Self {
        Self(ReadTx::postgres(session))
    }

    /// Runs a statement that changes rows and returns none; says how many it changed.
    pub fn execute(&self, statement: Statement, args: &[Arg<'_>]) -> Result<usize, DbError> {
        match self.0.0 {
            Link::Sqlite(connection) => sqlite::execute(connection, statement, args),
            Link::Postgres(session) => session.execute(statement, args),
        }
    }

    /// Runs a part of the transaction that is undone alone when it fails.
    pub fn part<T, E: From<DbError>>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        self.script("SAVEPOINT part")?;
        let outcome = work();
        let end = if outcome.is_ok() { "RELEASE part" } else { "ROLLBACK TO part; RELEASE part" };
        if outcome.is_err()
            && let Link::Postgres(session) = self.0.0
        {
            session.forgive();
        }
        self.script(end)?;
        outcome
    }

    /// Runs a script of several statements: a migration.
    pub(super) fn script(&self, text: &str) -> Result<(), DbError> {
        match self.0.0 {
            Link::Sqlite(connection) => Ok(connection.execute_batch(text)?),
            Link::Postgres(session) => session.script(text),
        }
    }

    /// How many lanes counts have.
    pub(super) fn lanes(&self) -> i64 {
        match self.0.0 {
            Link::Sqlite(_) => 1,
            Link::Postgres(_) => postgres::LANES,
        }
    }

    /// The lane this transaction counts in.
    pub(super) fn lane(&self) -> i64 {
        match self.0.0 {
            Link::Sqlite(_) => 0,
            Link::Postgres(session) => session.lane(),
        }
    }

    /// Notes an event that this transaction writes. Should the answer to its COMMIT be lost, the event tells
    /// whether it happened.
    pub(super) fn note_event(&self, organization: &str, id: &str) {
        if let Link::Postgres(session) = self.0.0 {
            session.note_event(organization, id);
        }
    }
}

/// What a database can say no to.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Another row holds the value; the text is `table.column`.
    #[error("{0} is already in use")]
    Unique(String),
    /// Too much is going on; the same request may succeed a moment later.
    #[error("the database is busy")]
    Busy,
    /// The database does not answer, or refuses to be worked with; the same request may succeed later.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The store is shutting down.
    #[error("the database is closed")]
    Closed,
    /// The engine gave the whole transaction up: the disk is full, or it failed.
    #[error("the database rolled the transaction back")]
    RolledBack,
    /// A job panicked; its changes were undone.
    #[error("the job failed")]
    Panicked,
    /// What is stored cannot be read.
    #[error("the database holds something unreadable: {0}")]
    Corrupt(String),
    /// The schema is not one this program can use, or the database server is not.
    #[error("{0}")]
    Schema(String),
    /// SQLite failed.
    #[error("sqlite failed")]
    Sqlite(#[source] rusqlite::Error),
    /// PostgreSQL failed; the text holds no value of a row.
    #[error("postgresql failed: {0}")]
    Postgres(String),
    /// The pool of SQLite's readers failed.
    #[error("no connection to the database")]
    Pool(#[from] r2d2::Error),
}

impl From<serde_json::Error> for DbError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}
