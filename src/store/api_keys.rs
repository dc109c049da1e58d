//! API keys of people and service accounts.

use super::{DbError, ReadTx, Statement, WriteTx, db::Row};
use crate::org::{actor::Actor, key::Principal};

const SQL: &str = include_str!("../../sql/queries/api_keys.sql");
const BY_DIGEST: Statement = Statement::named(SQL, "by_digest");
const USE_KEY: Statement = Statement::named(SQL, "use_key");

/// Whom the key with that digest speaks for: the stored digest and the principal.
pub fn by_digest(tx: &ReadTx<'_>, digest: &[u8]) -> Result<Option<(Vec<u8>, Principal)>, DbError> {
    tx.one(BY_DIGEST, &[digest.into()], |row| {
        let principal = Principal {
            organization: row.get(0)?,
            key: row.get(1)?,
            scopes: row.get::<String>(3)?.parse().map_err(DbError::Corrupt)?,
            expires_at: row.get(4)?,
            last_used_at: row.get(5)?,
            actor: owner(row)?,
            active: row.get(9)?,
            slug: row.get(11)?,
            types: row.get(12)?,
        };
        Ok((row.get(2)?, principal))
    })
}

fn owner(row: &Row<'_>) -> Result<Actor, DbError> {
    let id: String = row.get(6)?;
    Ok(match row.get::<String>(7)?.as_str() {
        "user" => Actor::Person { id, role: row.get::<String>(8)?.parse().map_err(DbError::Corrupt)? },
        _ => Actor::ServiceAccount { id, team: row.get(10)? },
    })
}

/// Writes down when a key was last used.
pub fn use_key(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    tx.execute(USE_KEY, &[organization.into(), id.into(), now.into()]).map(drop)
}
