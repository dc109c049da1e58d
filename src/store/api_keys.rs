//! API keys of people and service accounts.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
    records::int,
};
use crate::{
    org::{
        actor::Actor,
        key::{Key, Owner, Principal},
        settings::Settings,
    },
    scim::Profile,
};

const SQL: &str = include_str!("../../sql/queries/api_keys.sql");
const END: Statement = Statement::named(SQL, "end");
const BY_DIGEST: Statement = Statement::named(SQL, "by_digest");
const USE_KEY: Statement = Statement::named(SQL, "use_key");
const OWNER: Statement = Statement::named(SQL, "owner");
const HOLD_OWNER: Statement = Statement::named(SQL, "hold_owner");
const COUNT: Statement = Statement::named(SQL, "count");
const INSERT: Statement = Statement::named(SQL, "insert");
const FORGET_EXCHANGED: Statement = Statement::named(SQL, "forget_exchanged");
const COUNT_EXCHANGED: Statement = Statement::named(SQL, "count_exchanged");
const END_EXCHANGED: Statement = Statement::named(SQL, "end_exchanged");
const LOAD: Statement = Statement::named(SQL, "load");
const OF_OWNER: Statement = Statement::named(SQL, "of_owner");
const LIST: Statement = Statement::named(SQL, "list");
const RENAME: Statement = Statement::named(SQL, "rename");
const REVOKE: Statement = Statement::named(SQL, "revoke");

/// A key as it was looked up: the stored digest, whom it speaks for, and what the organization's admins decided.
pub type Found = (Vec<u8>, Principal, Settings);

/// The key with that digest.
pub fn by_digest(tx: &ReadTx<'_>, digest: &[u8]) -> Result<Option<Found>, DbError> {
    tx.one(BY_DIGEST, &[digest.into()], |row| {
        let id = row.get(6)?;
        let settings: Option<String> = row.get(13)?;
        let settings = settings.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default();
        let principal = Principal {
            organization: row.get(0)?,
            key: row.get(1)?,
            scopes: row.get::<String>(3)?.parse().map_err(DbError::Corrupt)?,
            expires_at: row.get(4)?,
            last_used_at: row.get(5)?,
            actor: actor(id, row, 7)?,
            active: row.get(9)?,
            slug: row.get(11)?,
            types: row.get(12)?,
            profile: Profile::default(),
            authenticated_at: None,
        };
        Ok((row.get(2)?, principal, settings))
    })
}

/// A person or service account from account type, role, activity and team, in this order from a column on.
fn actor(id: String, row: &Row<'_>, first: usize) -> Result<Actor, DbError> {
    Ok(match row.get::<String>(first)?.as_str() {
        "user" => {
            Actor::Person { id, role: row.get::<String>(first + 1)?.parse().map_err(DbError::Corrupt)? }
        }
        _ => Actor::ServiceAccount { id, team: row.get(first + 3)? },
    })
}

/// Writes down when a key was last used.
pub fn use_key(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    tx.execute(USE_KEY, &[organization.into(), id.into(), now.into()]).map(drop)
}

/// Whose keys are asked for.
pub fn owner(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<Owner>, DbError> {
    tx.one(OWNER, &[organization.into(), id.into()], |row| read_owner(id, row))
}

/// The same, held: keys of one owner are made one at a time.
pub fn hold_owner(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<Option<Owner>, DbError> {
    tx.one(HOLD_OWNER, &[organization.into(), id.into()], |row| read_owner(id, row))
}

fn read_owner(id: &str, row: &Row<'_>) -> Result<Owner, DbError> {
    Ok(Owner { actor: actor(id.to_owned(), row, 0)?, active: row.get(2)? })
}

/// How many keys an owner has.
pub fn count(tx: &ReadTx<'_>, organization: &str, owner: &str) -> Result<usize, DbError> {
    let n: Option<i64> = tx.one(COUNT, &[organization.into(), owner.into()], |row| row.get(0))?;
    Ok(usize::try_from(n.unwrap_or(0)).unwrap_or(0))
}

/// Keeps a key, one that was given for an issuer's token with that issuer's id: its digest, never itself.
pub fn insert(
    tx: &WriteTx<'_>,
    organization: &str,
    key: &Key,
    digest: &[u8],
    issuer: Option<&str>,
) -> Result<(), DbError> {
    let scopes = key.scopes.to_string();
    let args: [Arg<'_>; 10] = [
        organization.into(),
        (&key.id).into(),
        (&key.owner).into(),
        (&key.name).into(),
        digest.into(),
        (&scopes).into(),
        key.created_at.into(),
        (&key.created_by).into(),
        key.expires_at.into(),
        issuer.into(),
    ];
    tx.execute(INSERT, &args).map(drop)
}

/// Forgets those of an owner's keys that were given for tokens and have ended; how many are left.
pub fn forget_exchanged(tx: &WriteTx<'_>, organization: &str, owner: &str, now: i64) -> Result<i64, DbError> {
    tx.execute(FORGET_EXCHANGED, &[organization.into(), owner.into(), now.into()])?;
    let left = tx.one(COUNT_EXCHANGED, &[organization.into(), owner.into()], |row| row.get(0))?;
    Ok(left.unwrap_or(0))
}

/// Ends the keys that were given for an issuer's tokens; how many.
pub fn end_exchanged(tx: &WriteTx<'_>, organization: &str, issuer: &str, now: i64) -> Result<usize, DbError> {
    tx.execute(END_EXCHANGED, &[organization.into(), issuer.into(), now.into()])
}

/// The live key of that id.
pub fn load(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<Key>, DbError> {
    tx.one(LOAD, &[organization.into(), id.into()], key)
}

/// At most `limit` live keys of an owner, those after an id.
pub fn of_owner(
    tx: &ReadTx<'_>,
    organization: &str,
    owner: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<Key>, DbError> {
    tx.rows(OF_OWNER, &[organization.into(), owner.into(), after.into(), int(limit).into()], key)
}

/// At most `limit` live keys of everybody, those after an id.
pub fn list(tx: &ReadTx<'_>, organization: &str, after: &str, limit: usize) -> Result<Vec<Key>, DbError> {
    tx.rows(LIST, &[organization.into(), after.into(), int(limit).into()], key)
}

/// Gives a key another name; whether it had another.
pub fn rename(tx: &WriteTx<'_>, organization: &str, id: &str, name: &str) -> Result<bool, DbError> {
    Ok(tx.execute(RENAME, &[organization.into(), id.into(), name.into()])? == 1)
}

/// Ends a key; whether it was live.
pub fn revoke(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<bool, DbError> {
    Ok(tx.execute(REVOKE, &[organization.into(), id.into(), now.into()])? == 1)
}

fn key(row: &Row<'_>) -> Result<Key, DbError> {
    Ok(Key {
        id: row.get(0)?,
        owner: row.get(1)?,
        name: row.get(2)?,
        scopes: row.get::<String>(3)?.parse().map_err(DbError::Corrupt)?,
        created_at: row.get(4)?,
        created_by: row.get(5)?,
        expires_at: row.get(6)?,
        last_used_at: row.get(7)?,
    })
}

/// Revokes every key of a user or service account; says which.
pub fn end(tx: &WriteTx<'_>, organization: &str, owner: &str, now: i64) -> Result<Vec<String>, DbError> {
    tx.texts(END, &[organization.into(), owner.into(), now.into()])
}
