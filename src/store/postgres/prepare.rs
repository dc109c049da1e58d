//! The start: wait for the server, look whether it is one we can use, bring the schema up to date.

use super::{Postgres, Session, write_once};
use crate::store::{DbError, ReadTx, Statement, WriteTx, migrate};
use std::time::{Duration, Instant};
use tokio::{task::spawn_blocking, time::sleep};

const SQL: &str = include_str!("../../../sql/postgres.sql");
const EXAMPLE: &str = include_str!("../../../sql/postgres_example.sql");
const SERVER: Statement = Statement::named(SQL, "server");
pub(super) const IN_RECOVERY: Statement = Statement::named(SQL, "in_recovery");
const HAS_LEASE: Statement = Statement::named(SQL, "has_lease");
const HAS_MIGRATIONS: Statement = Statement::named(SQL, "has_migrations");
const MAKE_MIGRATIONS: Statement = Statement::named(SQL, "make_migrations");
const MAKE_LEASE: Statement = Statement::named(SQL, "make_lease");

/// How long a server that is away is left alone before it is asked again.
const PAUSE: Duration = Duration::from_millis(500);
/// The oldest PostgreSQL that is supported, as it counts its versions.
const OLDEST: u32 = 150_000;
/// How often the table of migrations is begun, when other processes begin it too.
const BEGINNINGS: usize = 5;

/// Waits for the server, and brings its schema up to date where it is not.
pub(super) async fn prepare(postgres: &Postgres, wait: Duration, now: i64) -> Result<(), DbError> {
    let session = reach(postgres, wait).await?;
    let looked = spawn_blocking(move || {
        let is_postgres = check_server(&session)?;
        let is_current = has_tables(&session)? && migrate::is_current(&ReadTx::postgres(&session))?;
        if !is_current {
            begin(&session)?;
        }
        Ok((is_postgres, is_current))
    });
    let (is_postgres, is_current) = looked.await.unwrap_or(Err(DbError::Panicked))?;
    if is_current {
        return Ok(());
    }
    let patient = postgres.patient();
    let mut is_new = false;
    while patient.repeat(move |tx: &WriteTx<'_>| migrate::step(tx, now), write_once).await? {
        is_new = true;
    }
    if is_new && is_postgres {
        patient.repeat(|tx: &WriteTx<'_>| tx.script(EXAMPLE), write_once).await?;
    }
    Ok(())
}

/// Refuses a database that no server of this version has made its own: a command makes no tables.
pub(super) async fn check(postgres: &Postgres) -> Result<(), DbError> {
    let session = reach(postgres, Duration::ZERO).await?;
    let looked = spawn_blocking(move || {
        if !has_tables(&session)? {
            let empty = "it holds no organization; --database or ROSTER_DATABASE names the server's, \
                         and `roster serve` makes one";
            return Err(DbError::Schema(empty.to_owned()));
        }
        match migrate::is_current(&ReadTx::postgres(&session))? {
            true => Ok(()),
            false => Err(DbError::Schema(
                "its tables are older; start the server of this version first".to_owned(),
            )),
        }
    });
    looked.await.unwrap_or(Err(DbError::Panicked))
}

/// A connection, once the server is there.
async fn reach(postgres: &Postgres, wait: Duration) -> Result<Session, DbError> {
    let since = Instant::now();
    loop {
        match postgres.session().await {
            Err(DbError::Unreachable(reason)) if since.elapsed() < wait => {
                tracing::warn!(reason, "waiting for the database");
                sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// Refuses a server that cannot do what we need; says whether it is PostgreSQL itself. Databases that speak its
/// protocol and call themselves otherwise are taken at their word.
fn check_server(session: &Session) -> Result<bool, DbError> {
    let words = session.rows(SERVER, &[], |row| {
        let word = |column| row.get::<String>(column);
        Ok((word(0)?, word(1)?, word(2)?, word(3)?))
    })?;
    let Some((number, encoding, version, synchronous)) = words.into_iter().next() else { return Ok(false) };
    let is_postgres = version.starts_with("PostgreSQL ") && !version.contains("-YB-");
    if is_postgres && number.parse().is_ok_and(|number: u32| number < OLDEST) {
        let found = version.split(',').next().unwrap_or_default();
        return Err(DbError::Schema(format!("PostgreSQL 15 or newer is needed, found {found}")));
    }
    if encoding != "UTF8" {
        return Err(DbError::Schema(format!("the database must have the encoding UTF8, found {encoding}")));
    }
    if synchronous == "off" {
        tracing::warn!(
            "synchronous_commit is off: what is acknowledged may be lost when the database crashes"
        );
    }
    Ok(is_postgres)
}

/// Makes the table of migrations with its lease. Nothing can be locked before there is a table, so of several
/// processes that make it at one time some fail, and find it the next time.
fn begin(session: &Session) -> Result<(), DbError> {
    for _ in 1..BEGINNINGS {
        if try_begin(session).is_ok() {
            return Ok(());
        }
    }
    try_begin(session)
}

/// A role that may not make tables does for a schema that is there.
fn try_begin(session: &Session) -> Result<(), DbError> {
    if !has_tables(session)? {
        session.script(MAKE_MIGRATIONS.for_postgres())?;
    }
    if ReadTx::postgres(session).texts(HAS_LEASE, &[])?.is_empty() {
        session.execute(MAKE_LEASE, &[])?;
    }
    Ok(())
}

fn has_tables(session: &Session) -> Result<bool, DbError> {
    Ok(!ReadTx::postgres(session).texts(HAS_MIGRATIONS, &[])?.is_empty())
}
