//! SQL behind one transaction type, on SQLite or PostgreSQL.
//!
//! Statements live in `sql/`, written as PostgreSQL writes them; what differs between engines stays in
//! `statement`, [`db`], `sqlite`, [`postgres`] and `sql/`. Names of attributes never become SQL text, values are
//! always bound, and keys arrive folded.

pub mod adoptions;
pub mod api_keys;
pub mod attributes;
pub mod avatars;
pub mod chain;
pub mod connections;
pub mod db;
pub mod denials;
pub mod events;
pub mod idempotency;
pub mod identities;
pub mod invites;
pub mod issuers;
pub mod journal;
pub mod keys;
pub mod links;
pub mod mails;
pub mod mappings;
pub mod memberships;
mod migrate;
pub mod organizations;
pub mod passwords;
pub mod people;
pub mod postgres;
pub mod processes;
pub mod providers;
pub mod records;
pub mod requests;
pub mod roles;
pub mod schemas;
pub mod seats;
pub mod second_factors;
pub mod service_accounts;
pub mod sessions;
mod sqlite;
mod statement;
pub mod teams;
pub mod users;
mod writer;

pub use db::{DbError, ReadTx, WriteTx};
pub use statement::Statement;

use crate::scim::schema::standard::USER_TYPE;
use std::path::Path;

/// The database: reads see one snapshot, writes are durable when they are answered.
#[derive(Debug)]
pub struct Store(Engine);

#[derive(Debug)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens the SQLite file, made if need be, and brings its schema up to date. `now` dates the migrations.
    pub fn open(path: &Path, now: i64) -> Result<Self, DbError> {
        Ok(Self(Engine::Sqlite(sqlite::Sqlite::open(path, now)?)))
    }

    /// Connects to a PostgreSQL server and brings the schema up to date. `now` dates the migrations. Waits on the
    /// thread it is called on.
    pub fn connect(options: &postgres::Options, now: i64) -> Result<Self, DbError> {
        Ok(Self(Engine::Postgres(postgres::Postgres::open(options, now)?)))
    }

    /// Connects to a PostgreSQL server whose schema is up to date, and makes no tables. Waits on the thread it is
    /// called on.
    pub fn connect_prepared(options: &postgres::Options) -> Result<Self, DbError> {
        Ok(Self(Engine::Postgres(postgres::Postgres::open_prepared(options)?)))
    }

    /// Whether the database is there and can be written.
    pub async fn is_ready(&self) -> Result<(), DbError> {
        match &self.0 {
            Engine::Sqlite(sqlite) => {
                sqlite.read(|tx| journal::total(tx, records::Kind::of(&USER_TYPE), "").map(drop))
            }
            Engine::Postgres(postgres) => postgres.is_ready().await,
        }
    }

    /// Whether other processes may change the database, so that nothing of it can be kept in memory.
    pub fn is_shared(&self) -> bool {
        matches!(self.0, Engine::Postgres(_))
    }

    /// Runs a short read: a point, or an indexed page. Every statement in it sees the same snapshot. `work` may
    /// run more than once.
    pub async fn read<T, E>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.read(work),
            Engine::Postgres(postgres) => postgres.read(work).await,
        }
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
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.scan(work).await,
            Engine::Postgres(postgres) => postgres.scan(work).await,
        }
    }

    /// Runs a long read of one table, whose statements are planned for the values they have: where most parts of a filter ask
    /// for nothing, looking at everybody takes half as long. Joins are for [`scan`](Self::scan), whose plans do not hang on
    /// what the planner last heard of the tables.
    pub async fn survey<T, E>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.scan(work).await,
            Engine::Postgres(postgres) => postgres.survey(work).await,
        }
    }

    /// Runs a change and answers when it is durable. Should `work` fail, nothing of it remains.
    ///
    /// `work` may run more than once, so it touches nothing outside the transaction. It records an event with
    /// [`journal::record`], by which a commit whose answer was lost is recognized; one that records none may
    /// happen twice. Too much work at a time is [`DbError::Busy`].
    pub async fn write<T, E>(
        &self,
        work: impl Fn(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.write(work).await,
            Engine::Postgres(postgres) => postgres.write(work).await,
        }
    }

    /// Finishes what was accepted and closes the database. Later calls answer [`DbError::Closed`].
    pub fn close(&self) {
        match &self.0 {
            Engine::Sqlite(sqlite) => sqlite.close(),
            Engine::Postgres(postgres) => postgres.close(),
        }
    }
}
