//! SQL behind one transaction type.
//!
//! Statements live in `sql/`, written with PostgreSQL's `$1` parameters; what differs between engines
//! stays in [`db`], `sqlite` and `sql/`. Names of attributes never become SQL text, values are always
//! bound, and keys arrive folded.

pub mod attributes;
pub mod connections;
pub mod db;
pub mod journal;
pub mod memberships;
mod migrate;
pub mod records;
mod sqlite;
pub mod teams;
pub mod users;
mod writer;

pub use db::{DbError, ReadTx, WriteTx};

use std::path::Path;

/// The database: reads see one snapshot, writes are durable when they are answered.
#[derive(Debug)]
pub struct Store {
    engine: sqlite::Sqlite,
}

impl Store {
    /// Opens the SQLite file, made if need be, and brings its schema up to date. `now` dates the migrations.
    pub fn open(path: &Path, now: i64) -> Result<Self, DbError> {
        Ok(Self { engine: sqlite::Sqlite::open(path, now)? })
    }

    /// Runs a short read: a point, or an indexed page. Every statement in it sees the same snapshot.
    pub async fn read<T, E>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.engine.read(work)
    }

    /// Runs a long read (an unindexed filter, a large group) where it holds up nobody's short one.
    pub async fn scan<T, E>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.engine.scan(work).await
    }

    /// Runs a change and answers when it is durable. Should `work` fail, nothing of it remains.
    ///
    /// `work` may run more than once, so it touches nothing outside the transaction. A full queue is
    /// [`DbError::Busy`] at once.
    pub async fn write<T, E>(
        &self,
        work: impl Fn(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.engine.write(work).await
    }

    /// Finishes what was accepted and closes the file. Later calls answer [`DbError::Closed`].
    pub fn close(&self) {
        self.engine.close();
    }
}
