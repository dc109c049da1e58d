//! Who people are elsewhere.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
};
use crate::org::words::words;

const SQL: &str = include_str!("../../sql/queries/identities.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const KNOWN: Statement = Statement::named(SQL, "known");
const NOTE_USE: Statement = Statement::named(SQL, "note_use");
const OF_PERSON: Statement = Statement::named(SQL, "of_person");
const ASKED: Statement = Statement::named(SQL, "asked");
const DECIDE: Statement = Statement::named(SQL, "decide");
const FORGET: Statement = Statement::named(SQL, "forget");
const UNLINK: Statement = Statement::named(SQL, "unlink");
const FORGET_PERSON: Statement = Statement::named(SQL, "forget_person");
const FORGET_PROVIDER: Statement = Statement::named(SQL, "forget_provider");

words! {
    /// Whether whom a provider calls that is the person here.
    IdentityState, "a state of an identity":
    /// It is.
    Linked = "linked",
    /// An admin is to decide.
    Asked = "asked",
    /// An admin said that it is not.
    Refused = "refused",
}

/// A provider's id, and what it calls somebody.
pub type Elsewhere<'e> = (&'e str, &'e str);

/// Who somebody is elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider's id.
    pub provider: String,
    /// What it calls the person.
    pub subject: String,
    /// The person's id.
    pub person: String,
    /// Whether it is that person.
    pub state: IdentityState,
    /// When that was first known; microseconds since 1970.
    pub created_at: i64,
    /// When the person last came from there.
    pub used_at: i64,
}

/// Notes whom a provider calls that.
pub fn insert(tx: &WriteTx<'_>, organization: &str, new: &Identity) -> Result<(), DbError> {
    let args: [Arg<'_>; 6] = [
        organization.into(),
        (&new.provider).into(),
        (&new.subject).into(),
        (&new.person).into(),
        new.state.as_str().into(),
        new.created_at.into(),
    ];
    tx.execute(INSERT, &args).map(drop)
}

/// The person whom a provider calls that, and whether it is for sure.
pub fn known(
    tx: &ReadTx<'_>,
    organization: &str,
    (provider, subject): Elsewhere<'_>,
) -> Result<Option<(String, IdentityState)>, DbError> {
    tx.one(KNOWN, &[organization.into(), provider.into(), subject.into()], |row| {
        Ok((row.get(0)?, row.get::<String>(1)?.parse().map_err(DbError::Corrupt)?))
    })
}

/// Notes that whom a provider calls that was here; whether it is that person for sure.
pub fn note_use(
    tx: &WriteTx<'_>,
    organization: &str,
    (provider, subject): Elsewhere<'_>,
    now: i64,
) -> Result<bool, DbError> {
    Ok(tx.execute(NOTE_USE, &[organization.into(), provider.into(), subject.into(), now.into()])? == 1)
}

/// Who somebody is elsewhere.
pub fn of_person(tx: &ReadTx<'_>, organization: &str, person: &str) -> Result<Vec<Identity>, DbError> {
    tx.rows(OF_PERSON, &[organization.into(), person.into()], identity)
}

/// Whether somebody came from elsewhere.
pub fn any_of(tx: &ReadTx<'_>, organization: &str, person: &str) -> Result<bool, DbError> {
    Ok(of_person(tx, organization, person)?.iter().any(|it| it.state == IdentityState::Linked))
}

/// Whom an admin is to decide about, or decided against.
pub fn asked(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<Identity>, DbError> {
    tx.rows(ASKED, &[organization.into()], identity)
}

/// Decides whether whom a provider calls that is the person; whether that was another decision before.
pub fn decide(
    tx: &WriteTx<'_>,
    organization: &str,
    (provider, subject): Elsewhere<'_>,
    state: IdentityState,
) -> Result<bool, DbError> {
    let args = [organization.into(), provider.into(), subject.into(), state.as_str().into()];
    Ok(tx.execute(DECIDE, &args)? > 0)
}

/// Forgets whom a provider calls that.
pub fn forget(
    tx: &WriteTx<'_>,
    organization: &str,
    (provider, subject): Elsewhere<'_>,
) -> Result<(), DbError> {
    tx.execute(FORGET, &[organization.into(), provider.into(), subject.into()]).map(drop)
}

/// Forgets who a person is at one provider; whether they were anybody.
pub fn unlink(
    tx: &WriteTx<'_>,
    organization: &str,
    (provider, person): Elsewhere<'_>,
) -> Result<bool, DbError> {
    Ok(tx.execute(UNLINK, &[organization.into(), provider.into(), person.into()])? > 0)
}

/// Forgets who somebody is elsewhere.
pub fn forget_person(tx: &WriteTx<'_>, organization: &str, person: &str) -> Result<(), DbError> {
    tx.execute(FORGET_PERSON, &[organization.into(), person.into()]).map(drop)
}

/// Forgets whom a provider calls what.
pub fn forget_provider(tx: &WriteTx<'_>, organization: &str, provider: &str) -> Result<(), DbError> {
    tx.execute(FORGET_PROVIDER, &[organization.into(), provider.into()]).map(drop)
}

fn identity(row: &Row<'_>) -> Result<Identity, DbError> {
    Ok(Identity {
        provider: row.get(0)?,
        subject: row.get(1)?,
        person: row.get(2)?,
        state: row.get::<String>(3)?.parse().map_err(DbError::Corrupt)?,
        created_at: row.get(4)?,
        used_at: row.get(5)?,
    })
}
