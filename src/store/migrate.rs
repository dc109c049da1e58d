//! Migrations: applied once, each in its transaction, never changed afterwards.

use super::{
    DbError, ReadTx, WriteTx,
    db::{Arg, Statement},
};
use aws_lc_rs::digest::{SHA256, digest};
use rusqlite::Connection;

const SQL: &str = include_str!("../../sql/queries/migrations.sql");
const APPLIED: Statement = Statement::named(SQL, "applied");
const RECORD: Statement = Statement::named(SQL, "record");

struct Migration {
    version: i64,
    name: &'static str,
    text: &'static str,
}

/// In order. To change the schema, add a file and a line.
const MIGRATIONS: [Migration; 1] = [Migration {
    version: 1,
    name: "first_road",
    text: include_str!("../../sql/migrations/sqlite/0001_first_road.sql"),
}];

/// Brings the schema up to date. Refuses a schema that a newer program made, or one whose applied
/// migrations read differently from ours.
pub(super) fn run(connection: &Connection, now: i64) -> Result<(), DbError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
         ) STRICT",
    )?;
    let applied =
        ReadTx::new(connection).rows(APPLIED, &[], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    for (version, checksum) in &applied {
        match MIGRATIONS.iter().find(|migration| migration.version == *version) {
            None => {
                return Err(DbError::Schema(format!(
                    "the database has schema version {version}, this program knows up to {}; use a newer program",
                    MIGRATIONS.len()
                )));
            }
            Some(migration) if checksum_of(migration.text) != *checksum => {
                return Err(DbError::Schema(format!(
                    "migration {version} ({}) was applied in another form; restore the database it belongs to",
                    migration.name
                )));
            }
            Some(_) => {}
        }
    }
    for migration in MIGRATIONS.iter().skip(applied.len()) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let outcome = apply(&WriteTx::new(connection), migration, now);
        connection.execute_batch(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        outcome?;
    }
    Ok(())
}

fn apply(tx: &WriteTx<'_>, migration: &Migration, now: i64) -> Result<(), DbError> {
    tx.script(migration.text)?;
    let checksum = checksum_of(migration.text);
    let args = [Arg::Int(migration.version), migration.name.into(), (&checksum).into(), now.into()];
    tx.execute(RECORD, &args)?;
    Ok(())
}

fn checksum_of(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
