//! Connections, their tokens, and what they needed leniency for.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
};
use crate::{
    org::connection::{Connection, Leniency, Origin, Scopes, Token, Verdict},
    scim::{Profile, text},
};

const SQL: &str = include_str!("../../sql/queries/connections.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const CHANGE: Statement = Statement::named(SQL, "change");
const NAMED: Statement = Statement::named(SQL, "named");
const NAME: Statement = Statement::named(SQL, "name");
const LIST: Statement = Statement::named(SQL, "list");
const ANY_EVER: Statement = Statement::named(SQL, "any_ever");
const REVOKE: Statement = Statement::named(SQL, "revoke");
const INSERT_TOKEN: Statement = Statement::named(SQL, "insert_token");
const REVIVE_TOKEN: Statement = Statement::named(SQL, "revive_token");
const TOKENS: Statement = Statement::named(SQL, "tokens");
const DECLARED_TOKENS: Statement = Statement::named(SQL, "declared_tokens");
const REVOKE_TOKEN: Statement = Statement::named(SQL, "revoke_token");
const REVOKE_TOKENS_OF: Statement = Statement::named(SQL, "revoke_tokens_of");
const USE_TOKEN: Statement = Statement::named(SQL, "use_token");
const VERDICT_OF: Statement = Statement::named(SQL, "verdict_of");
const LEAN: Statement = Statement::named(SQL, "lean");
const LENIENCIES: Statement = Statement::named(SQL, "leniencies");
const BY_DIGEST: Statement = Statement::named(SQL, "by_digest");

/// Inserts a connection. A taken name is `DbError::Unique("connections.name_key")`.
pub fn insert(tx: &WriteTx<'_>, organization: &str, connection: &Connection) -> Result<(), DbError> {
    let key = text::fold(&connection.name);
    let sensitive = serde_json::to_string(&connection.sensitive)?;
    let switches = serde_json::to_string(&connection.switches)?;
    let args: [Arg<'_>; 8] = [
        organization.into(),
        (&connection.id).into(),
        (&connection.name).into(),
        (&key).into(),
        connection.profile.as_str().into(),
        (&sensitive).into(),
        connection.created_at.into(),
        (&switches).into(),
    ];
    tx.execute(INSERT, &args)?;
    Ok(())
}

/// Changes how a connection's requests are read, and what it may do.
pub fn change(tx: &WriteTx<'_>, organization: &str, connection: &Connection) -> Result<(), DbError> {
    let sensitive = serde_json::to_string(&connection.sensitive)?;
    let switches = serde_json::to_string(&connection.switches)?;
    let args: [Arg<'_>; 5] = [
        organization.into(),
        (&connection.id).into(),
        connection.profile.as_str().into(),
        (&sensitive).into(),
        (&switches).into(),
    ];
    tx.execute(CHANGE, &args).map(drop)
}

/// The live connection of that name; case does not count.
pub fn named(tx: &ReadTx<'_>, organization: &str, name: &str) -> Result<Option<Connection>, DbError> {
    let key = text::fold(name);
    tx.one(NAMED, &[organization.into(), (&key).into()], connection)
}

/// The name of a connection, also of one that was revoked.
pub fn name(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<String>, DbError> {
    tx.one(NAME, &[organization.into(), id.into()], |row| row.get(0))
}

/// The live connections by name.
pub fn list(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<Connection>, DbError> {
    tx.rows(LIST, &[organization.into()], connection)
}

/// Whether there is a connection or ever was one.
pub fn any_ever(tx: &ReadTx<'_>, organization: &str) -> Result<bool, DbError> {
    Ok(tx.one(ANY_EVER, &[organization.into()], |row| row.get::<i64>(0))?.is_some())
}

/// Revokes a connection and all its tokens.
pub fn revoke(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    let args = [organization.into(), id.into(), now.into()];
    tx.execute(REVOKE, &args)?;
    tx.execute(REVOKE_TOKENS_OF, &args)?;
    Ok(())
}

/// A token about to be kept: its digest, never itself.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// The id.
    pub id: &'a str,
    /// The connection's id.
    pub connection: &'a str,
    /// SHA-256 of the whole credential.
    pub digest: &'a [u8],
    /// Where it comes from.
    pub origin: Origin,
    /// When it ends, if it does; microseconds since 1970.
    pub expires_at: Option<i64>,
    /// What it may be used for.
    pub scopes: Scopes,
}

/// Keeps a token. One that is known already is `DbError::Unique("tokens.digest")`.
pub fn insert_token(
    tx: &WriteTx<'_>,
    organization: &str,
    token: NewToken<'_>,
    now: i64,
) -> Result<(), DbError> {
    let args: [Arg<'_>; 8] = [
        organization.into(),
        token.id.into(),
        token.connection.into(),
        token.digest.into(),
        token.origin.as_str().into(),
        now.into(),
        token.expires_at.into(),
        token.scopes.as_str().into(),
    ];
    tx.execute(INSERT_TOKEN, &args)?;
    Ok(())
}

/// Lets a token that was declared before work again; its id, if there is one.
pub fn revive_token(
    tx: &WriteTx<'_>,
    organization: &str,
    token: NewToken<'_>,
) -> Result<Option<String>, DbError> {
    tx.one(REVIVE_TOKEN, &[organization.into(), token.digest.into(), token.connection.into()], |row| {
        row.get(0)
    })
}

/// The live tokens, oldest first.
pub fn tokens(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<Token>, DbError> {
    tx.rows(TOKENS, &[organization.into()], |row| {
        Ok(Token {
            id: row.get(0)?,
            connection: row.get(1)?,
            origin: row.get::<String>(2)?.parse().map_err(DbError::Corrupt)?,
            created_at: row.get(3)?,
            expires_at: row.get(4)?,
            last_used_at: row.get(5)?,
            scopes: row.get::<String>(6)?.parse().map_err(DbError::Corrupt)?,
        })
    })
}

/// A live token that the environment declares.
#[derive(Debug)]
pub struct DeclaredToken {
    /// The id.
    pub id: String,
    /// SHA-256 of the whole credential.
    pub digest: Vec<u8>,
    /// The id of its connection.
    pub connection: String,
}

/// The live declared tokens.
pub fn declared_tokens(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<DeclaredToken>, DbError> {
    tx.rows(DECLARED_TOKENS, &[organization.into()], |row| {
        Ok(DeclaredToken { id: row.get(0)?, digest: row.get(1)?, connection: row.get(2)? })
    })
}

/// Revokes a token; says whose it was and where it came from, or `None` when no live token has that id.
pub fn revoke_token(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    now: i64,
) -> Result<Option<(String, Origin)>, DbError> {
    tx.one(REVOKE_TOKEN, &[organization.into(), id.into(), now.into()], |row| {
        Ok((row.get(0)?, row.get::<String>(1)?.parse().map_err(DbError::Corrupt)?))
    })
}

/// Writes down when a token was last used.
pub fn use_token(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    tx.execute(USE_TOKEN, &[organization.into(), id.into(), now.into()])?;
    Ok(())
}

/// Whom the credential with that digest speaks for: the stored digest and the verdict.
pub fn by_digest(tx: &ReadTx<'_>, digest: &[u8]) -> Result<Option<(Vec<u8>, Verdict)>, DbError> {
    tx.one(BY_DIGEST, &[digest.into()], |row| {
        let verdict = Verdict {
            organization: row.get(0)?,
            token: row.get(1)?,
            expires_at: row.get(3)?,
            last_used_at: row.get(4)?,
            connection: row.get(5)?,
            connection_name: row.get(6)?,
            profile: profile(row, 7)?,
            types: row.get(8)?,
            slug: row.get(9)?,
            sensitive: serde_json::from_str(&row.get::<String>(10)?)?,
            scopes: row.get::<String>(11)?.parse().map_err(DbError::Corrupt)?,
            switches: serde_json::from_str(&row.get::<String>(12)?)?,
        };
        Ok((row.get(2)?, verdict))
    })
}

/// What a connection may do that shows a token of others; it names no token of ours.
pub fn verdict_of(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<Verdict>, DbError> {
    tx.one(VERDICT_OF, &[organization.into(), id.into()], |row| {
        Ok(Verdict {
            organization: organization.to_owned(),
            token: String::new(),
            expires_at: None,
            last_used_at: None,
            connection: row.get(0)?,
            connection_name: row.get(1)?,
            profile: profile(row, 2)?,
            types: row.get(3)?,
            slug: row.get(4)?,
            sensitive: serde_json::from_str(&row.get::<String>(5)?)?,
            scopes: Scopes::ALL,
            switches: serde_json::from_str(&row.get::<String>(6)?)?,
        })
    })
}

/// Counts requests of a connection that needed a leniency.
pub fn lean(tx: &WriteTx<'_>, organization: &str, leniency: &Leniency) -> Result<(), DbError> {
    let args: [Arg<'_>; 5] = [
        organization.into(),
        (&leniency.connection).into(),
        (&leniency.rule).into(),
        leniency.uses.into(),
        leniency.last_used_at.into(),
    ];
    tx.execute(LEAN, &args).map(drop)
}

/// What the connections needed leniency for.
pub fn leniencies(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<Leniency>, DbError> {
    tx.rows(LENIENCIES, &[organization.into()], |row| {
        Ok(Leniency {
            connection: row.get(0)?,
            rule: row.get(1)?,
            uses: row.get(2)?,
            last_used_at: row.get(3)?,
        })
    })
}

fn connection(row: &Row<'_>) -> Result<Connection, DbError> {
    Ok(Connection {
        id: row.get(0)?,
        name: row.get(1)?,
        profile: profile(row, 2)?,
        created_at: row.get(3)?,
        sensitive: serde_json::from_str(&row.get::<String>(4)?)?,
        switches: serde_json::from_str(&row.get::<String>(5)?)?,
    })
}

fn profile(row: &Row<'_>, column: usize) -> Result<Profile, DbError> {
    row.get::<String>(column)?.parse().map_err(DbError::Corrupt)
}
