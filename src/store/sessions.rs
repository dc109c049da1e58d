//! Who is signed in where.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
};
use crate::{
    org::{
        actor::Actor,
        key::{Principal, Scopes},
        session::{Session, Way},
        settings::Settings,
    },
    scim::Profile,
};

const SQL: &str = include_str!("../../sql/queries/sessions.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const BY_DIGEST: Statement = Statement::named(SQL, "by_digest");
const SEEN: Statement = Statement::named(SQL, "seen");
const PROVE: Statement = Statement::named(SQL, "prove");
const OF_PERSON: Statement = Statement::named(SQL, "of_person");
const LOAD: Statement = Statement::named(SQL, "load");
const END: Statement = Statement::named(SQL, "end");
const END_OF_PERSON: Statement = Statement::named(SQL, "end_of_person");
const END_OF_PERSON_AT: Statement = Statement::named(SQL, "end_of_person_at");
const END_OF_PROVIDER: Statement = Statement::named(SQL, "end_of_provider");
const END_OF_WHOLE_PROVIDER: Statement = Statement::named(SQL, "end_of_whole_provider");
const END_OF_SUBJECT: Statement = Statement::named(SQL, "end_of_subject");
const FORGET: Statement = Statement::named(SQL, "forget");

/// A session as it was looked up.
#[derive(Debug)]
pub struct Found {
    /// The stored digest.
    pub digest: Vec<u8>,
    /// Whom it speaks for.
    pub principal: Principal,
    /// When it began, and when it was last used as far as is written down; microseconds since 1970.
    pub times: (i64, i64),
    /// What the organization's admins decided.
    pub settings: Settings,
}

/// Where somebody signed in, if that was elsewhere: the provider's id, and what it calls its own session.
pub type Elsewhere<'s> = (&'s str, Option<&'s str>);

/// Keeps a session under the digest of what its cookie holds.
pub fn insert(
    tx: &WriteTx<'_>,
    organization: &str,
    new: &Session,
    digest: &[u8],
    elsewhere: Option<Elsewhere<'_>>,
) -> Result<(), DbError> {
    let args: [Arg<'_>; 12] = [
        organization.into(),
        (&new.id).into(),
        digest.into(),
        (&new.person).into(),
        new.way.as_str().into(),
        elsewhere.map(|(provider, _)| provider).into(),
        elsewhere.and_then(|(_, session)| session).into(),
        new.created_at.into(),
        new.expires_at.into(),
        (&new.address).into(),
        (&new.agent).into(),
        new.authenticated_at.into(),
    ];
    tx.execute(INSERT, &args).map(drop)
}

/// The session with that digest.
pub fn by_digest(tx: &ReadTx<'_>, digest: &[u8]) -> Result<Option<Found>, DbError> {
    tx.one(BY_DIGEST, &[digest.into()], |row| {
        let settings: Option<String> = row.get(12)?;
        let principal = Principal {
            organization: row.get(0)?,
            key: row.get(1)?,
            scopes: Scopes::ALL,
            expires_at: Some(row.get(6)?),
            last_used_at: Some(row.get(5)?),
            actor: Actor::Person {
                id: row.get(7)?,
                role: row.get::<String>(8)?.parse().map_err(DbError::Corrupt)?,
            },
            active: row.get(9)?,
            slug: row.get(10)?,
            types: row.get(11)?,
            profile: Profile::default(),
            authenticated_at: Some(row.get(4)?),
        };
        Ok(Found {
            digest: row.get(2)?,
            principal,
            times: (row.get(3)?, row.get(5)?),
            settings: settings.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default(),
        })
    })
}

/// Writes down when and from where a session was last used.
pub fn seen(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64, address: &str) -> Result<(), DbError> {
    tx.execute(SEEN, &[organization.into(), id.into(), now.into(), address.into()]).map(drop)
}

/// Writes down that its person proved again who they are, and puts another digest in place of the one before.
pub fn prove(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    now: i64,
    digest: &[u8],
) -> Result<bool, DbError> {
    Ok(tx.execute(PROVE, &[organization.into(), id.into(), now.into(), digest.into()])? == 1)
}

/// Somebody's sessions, oldest first.
pub fn of_person(tx: &ReadTx<'_>, organization: &str, person: &str) -> Result<Vec<Session>, DbError> {
    tx.rows(OF_PERSON, &[organization.into(), person.into()], session)
}

/// The session of that id.
pub fn load(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<Session>, DbError> {
    tx.one(LOAD, &[organization.into(), id.into()], session)
}

/// Ends a session; whose it was, if it was there.
pub fn end(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<Option<String>, DbError> {
    tx.one(END, &[organization.into(), id.into()], |row| row.get(0))
}

/// Ends somebody's sessions, all but one; says which.
pub fn end_of_person(
    tx: &WriteTx<'_>,
    organization: &str,
    person: &str,
    but: Option<&str>,
) -> Result<Vec<String>, DbError> {
    tx.texts(END_OF_PERSON, &[organization.into(), person.into(), but.unwrap_or_default().into()])
}

/// Ends every session that began at a provider.
pub fn end_of_whole_provider(
    tx: &WriteTx<'_>,
    organization: &str,
    provider: &str,
) -> Result<Vec<Ended>, DbError> {
    tx.rows(END_OF_WHOLE_PROVIDER, &[organization.into(), provider.into()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Ends somebody's sessions that began at one provider; says which.
pub fn end_of_person_at(
    tx: &WriteTx<'_>,
    organization: &str,
    person: &str,
    provider: &str,
) -> Result<Vec<String>, DbError> {
    tx.texts(END_OF_PERSON_AT, &[organization.into(), person.into(), provider.into()])
}

/// A session that ended: its id, and its person's.
pub type Ended = (String, String);

/// Ends the sessions that began in one of a provider's own.
pub fn end_of_provider(
    tx: &WriteTx<'_>,
    organization: &str,
    provider: &str,
    provider_session: &str,
) -> Result<Vec<Ended>, DbError> {
    let args = [organization.into(), provider.into(), provider_session.into()];
    tx.rows(END_OF_PROVIDER, &args, |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Ends the sessions that began at a provider and belong to whom it calls that.
pub fn end_of_subject(
    tx: &WriteTx<'_>,
    organization: &str,
    provider: &str,
    subject: &str,
) -> Result<Vec<Ended>, DbError> {
    let args = [organization.into(), provider.into(), subject.into()];
    tx.rows(END_OF_SUBJECT, &args, |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Forgets sessions whose time is over.
pub fn forget(tx: &WriteTx<'_>, now: i64) -> Result<(), DbError> {
    tx.execute(FORGET, &[now.into()]).map(drop)
}

fn session(row: &Row<'_>) -> Result<Session, DbError> {
    Ok(Session {
        id: row.get(0)?,
        person: row.get(1)?,
        way: row.get::<String>(2)?.parse::<Way>().map_err(DbError::Corrupt)?,
        provider: row.get(3)?,
        created_at: row.get(4)?,
        authenticated_at: row.get(5)?,
        last_seen_at: row.get(6)?,
        expires_at: row.get(7)?,
        address: row.get(8)?,
        agent: row.get(9)?,
        current: false,
    })
}
