//! Migrations: applied once, in order, each in its transaction, never changed afterwards.

use super::{DbError, ReadTx, Statement, WriteTx, db::Arg, records::sha256};

const SQL: &str = include_str!("../../sql/queries/migrations.sql");
const LEASE: Statement = Statement::named(SQL, "lease");
const APPLIED: Statement = Statement::named(SQL, "applied");
const RECORD: Statement = Statement::named(SQL, "record");

struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

impl Migration {
    fn text(&self, tx: &ReadTx<'_>) -> &'static str {
        tx.of_engine(self.sqlite, self.postgres)
    }
}

/// In order. To change the schema, add a file for each engine and an entry.
const MIGRATIONS: [Migration; 16] = [
    Migration {
        version: 1,
        name: "first_road",
        sqlite: include_str!("../../sql/migrations/sqlite/0001_first_road.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0001_first_road.sql"),
    },
    Migration {
        version: 2,
        name: "lanes",
        sqlite: include_str!("../../sql/migrations/sqlite/0002_lanes.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0002_lanes.sql"),
    },
    Migration {
        version: 3,
        name: "keys",
        sqlite: include_str!("../../sql/migrations/sqlite/0003_keys.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0003_keys.sql"),
    },
    Migration {
        version: 4,
        name: "schemas",
        sqlite: include_str!("../../sql/migrations/sqlite/0004_schemas.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0004_schemas.sql"),
    },
    Migration {
        version: 5,
        name: "connections",
        sqlite: include_str!("../../sql/migrations/sqlite/0005_connections.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0005_connections.sql"),
    },
    Migration {
        version: 6,
        name: "organization",
        sqlite: include_str!("../../sql/migrations/sqlite/0006_organization.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0006_organization.sql"),
    },
    Migration {
        version: 7,
        name: "retention",
        sqlite: include_str!("../../sql/migrations/sqlite/0007_retention.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0007_retention.sql"),
    },
    Migration {
        version: 8,
        name: "switches",
        sqlite: include_str!("../../sql/migrations/sqlite/0008_switches.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0008_switches.sql"),
    },
    Migration {
        version: 9,
        name: "invites",
        sqlite: include_str!("../../sql/migrations/sqlite/0009_invites.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0009_invites.sql"),
    },
    Migration {
        version: 10,
        name: "mappings",
        sqlite: include_str!("../../sql/migrations/sqlite/0010_mappings.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0010_mappings.sql"),
    },
    Migration {
        version: 11,
        name: "accounts",
        sqlite: include_str!("../../sql/migrations/sqlite/0011_accounts.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0011_accounts.sql"),
    },
    Migration {
        version: 12,
        name: "issuers",
        sqlite: include_str!("../../sql/migrations/sqlite/0012_issuers.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0012_issuers.sql"),
    },
    Migration {
        version: 13,
        name: "sign_in",
        sqlite: include_str!("../../sql/migrations/sqlite/0013_sign_in.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0013_sign_in.sql"),
    },
    Migration {
        version: 14,
        name: "requests",
        sqlite: include_str!("../../sql/migrations/sqlite/0014_requests.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0014_requests.sql"),
    },
    Migration {
        version: 15,
        name: "people",
        sqlite: include_str!("../../sql/migrations/sqlite/0015_people.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0015_people.sql"),
    },
    Migration {
        version: 16,
        name: "avatars",
        sqlite: include_str!("../../sql/migrations/sqlite/0016_avatars.sql"),
        postgres: include_str!("../../sql/migrations/postgres/0016_avatars.sql"),
    },
];

/// Applies the next migration, if there is one; says whether there was.
///
/// Refuses a schema that a newer program made, or one whose applied migrations read differently from ours. Of
/// several processes that come at once each waits for the lease, and finds the work done when it has it.
pub(super) fn step(tx: &WriteTx<'_>, now: i64) -> Result<bool, DbError> {
    tx.one(LEASE, &[], |row| row.get::<i64>(0))?;
    let n_applied = check(tx)?;
    let Some(migration) = MIGRATIONS.get(n_applied) else { return Ok(false) };
    let text = migration.text(tx);
    tx.script(text)?;
    let checksum = sha256(text);
    let args = [Arg::Int(migration.version), migration.name.into(), (&checksum).into(), now.into()];
    tx.execute(RECORD, &args)?;
    Ok(true)
}

/// Whether nothing is left to be applied.
pub(super) fn is_current(tx: &ReadTx<'_>) -> Result<bool, DbError> {
    Ok(check(tx)? == MIGRATIONS.len())
}

/// How many migrations were applied; an error when those are not the first of ours.
fn check(tx: &ReadTx<'_>) -> Result<usize, DbError> {
    let applied = tx.rows(APPLIED, &[], |row| Ok((row.get::<i64>(0)?, row.get::<String>(1)?)))?;
    for (version, checksum) in &applied {
        match MIGRATIONS.iter().find(|migration| migration.version == *version) {
            None => {
                return Err(DbError::Schema(format!(
                    "the database has schema version {version}, this program knows up to {}; use a newer program",
                    MIGRATIONS.len()
                )));
            }
            Some(migration) if sha256(migration.text(tx)) != *checksum => {
                return Err(DbError::Schema(format!(
                    "migration {version} ({}) was applied in another form; restore the database it belongs to",
                    migration.name
                )));
            }
            Some(_) => {}
        }
    }
    Ok(applied.len())
}
