//! The transaction type: statements by name, parameters by position, rows by column.

use rusqlite::{Connection, types::FromSql};
use std::ops::Deref;

/// One statement of a file under `sql/queries`.
#[derive(Debug, Clone, Copy)]
pub struct Statement(&'static str);

impl Statement {
    /// Finds `-- name: …` in a file's text. Meant for constants: a name that is not there does not compile.
    #[expect(clippy::panic, clippy::indexing_slicing, reason = "runs while compiling")]
    pub const fn named(file: &'static str, name: &str) -> Self {
        let (text, marker, name) = (file.as_bytes(), b"-- name: ", name.as_bytes());
        let mut at = 0;
        while at < text.len() {
            if matches_at(text, at, marker)
                && matches_at(text, at + marker.len(), name)
                && text[at + marker.len() + name.len()] == b'\n'
            {
                let start = at + marker.len() + name.len() + 1;
                let mut end = start;
                while end < text.len() && !matches_at(text, end, marker) {
                    end += 1;
                }
                return Self(file.split_at(end).0.split_at(start).1);
            }
            at += 1;
        }
        panic!("no statement by that name in the file");
    }
}

#[expect(clippy::indexing_slicing, reason = "runs while compiling")]
const fn matches_at(text: &[u8], at: usize, wanted: &[u8]) -> bool {
    let mut n = 0;
    while n < wanted.len() {
        if at + n >= text.len() || text[at + n] != wanted[n] {
            return false;
        }
        n += 1;
    }
    true
}

/// A value bound to a parameter.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Arg<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl From<i64> for Arg<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Arg<'_> {
    fn from(value: bool) -> Self {
        Self::Int(i64::from(value))
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

impl<'a, T: Into<Arg<'a>>> From<Option<T>> for Arg<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Arg::Null, Into::into)
    }
}

impl rusqlite::ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// A row of an answer.
#[derive(Debug)]
pub struct Row<'r>(&'r rusqlite::Row<'r>);

impl Row<'_> {
    /// Reads a column by position, from 0.
    pub fn get<T: FromSql>(&self, column: usize) -> Result<T, DbError> {
        Ok(self.0.get(column)?)
    }
}

/// A transaction that reads.
#[derive(Debug)]
pub struct ReadTx<'c>(&'c Connection);

/// A transaction that reads and writes.
#[derive(Debug)]
pub struct WriteTx<'c>(ReadTx<'c>);

impl<'c> Deref for WriteTx<'c> {
    type Target = ReadTx<'c>;

    fn deref(&self) -> &ReadTx<'c> {
        &self.0
    }
}

/// SQLite takes `$2` for a name and numbers names by first appearance, so parameters are bound by name.
const NAMES: [&str; 10] = ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10"];

fn named<'a>(args: &'a [Arg<'a>]) -> Vec<(&'static str, &'a dyn rusqlite::ToSql)> {
    NAMES.iter().zip(args).map(|(name, arg)| (*name, arg as &dyn rusqlite::ToSql)).collect()
}

impl<'c> ReadTx<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self(connection)
    }

    /// Runs a statement and reads every row it returns.
    pub fn rows<T>(
        &self,
        statement: Statement,
        args: &[Arg<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        let mut prepared = self.0.prepare_cached(statement.0)?;
        let mut rows = prepared.query(named(args).as_slice())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(&Row(row))?);
        }
        Ok(found)
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
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self(ReadTx::new(connection))
    }

    /// Runs a statement that changes rows and returns none; says how many it changed.
    pub fn execute(&self, statement: Statement, args: &[Arg<'_>]) -> Result<usize, DbError> {
        let mut prepared = self.0.0.prepare_cached(statement.0)?;
        Ok(prepared.execute(named(args).as_slice())?)
    }

    /// Runs a script of several statements: a migration.
    pub(super) fn script(&self, text: &str) -> Result<(), DbError> {
        Ok(self.0.0.execute_batch(text)?)
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
    /// The file's schema is not one this program can use.
    #[error("{0}")]
    Schema(String),
    /// SQLite failed.
    #[error("sqlite failed")]
    Sqlite(#[source] rusqlite::Error),
    /// The pool of readers failed.
    #[error("no connection to the database")]
    Pool(#[from] r2d2::Error),
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode, ffi};
        match &error {
            // "UNIQUE constraint failed: users.organization, users.user_name_key"
            rusqlite::Error::SqliteFailure(code, Some(text))
                if code.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE =>
            {
                Self::Unique(text.rsplit([' ', ',']).next().unwrap_or(text).to_owned())
            }
            rusqlite::Error::SqliteFailure(code, _)
                if matches!(code.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) =>
            {
                Self::Busy
            }
            _ => Self::Sqlite(error),
        }
    }
}

impl From<serde_json::Error> for DbError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_ends_where_the_next_begins() {
        const FILE: &str = "-- name: a\nSELECT 1\n\n-- name: ab\nSELECT 2\n";
        const A: Statement = Statement::named(FILE, "a");
        const AB: Statement = Statement::named(FILE, "ab");

        assert_eq!((A.0.trim(), AB.0.trim()), ("SELECT 1", "SELECT 2"));
    }
}
