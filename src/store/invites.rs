//! Invites, and the teams that come with them.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
    records::int,
};
use crate::{
    org::{
        invite::{Invite, State, TeamOfInvite, Terms},
        role::TeamRole,
        seat::Seat,
    },
    scim::text,
};
use std::collections::HashMap;

const SQL: &str = include_str!("../../sql/queries/invites.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const RENEW: Statement = Statement::named(SQL, "renew");
const ADD_TEAM: Statement = Statement::named(SQL, "add_team");
const DROP_TEAM: Statement = Statement::named(SQL, "drop_team");
const TEAMS: Statement = Statement::named(SQL, "teams");
const LOAD: Statement = Statement::named(SQL, "load");
const LOAD_FOR_CHANGE: Statement = Statement::named(SQL, "load_for_change");
const PENDING: Statement = Statement::named(SQL, "pending");
const AFTER: Statement = Statement::named(SQL, "after");
const INTO_TEAM: Statement = Statement::named(SQL, "into_team");
const INVITER_OF: Statement = Statement::named(SQL, "inviter_of");
const BY_DIGEST: Statement = Statement::named(SQL, "by_digest");
const SETTLE: Statement = Statement::named(SQL, "settle");
const RESERVED: Statement = Statement::named(SQL, "reserved");
const FALL_BACK: Statement = Statement::named(SQL, "fall_back");
const FORGET: Statement = Statement::named(SQL, "forget");
const EXPIRE: Statement = Statement::named(SQL, "expire");
const FORGET_PLACES: Statement = Statement::named(SQL, "forget_places");
const FORGET_TEAM: Statement = Statement::named(SQL, "forget_team");

/// Inserts a pending invite with its teams.
pub fn insert(
    tx: &WriteTx<'_>,
    organization: &str,
    invite: &Invite,
    digest: &[u8],
    teams: &[(String, TeamRole)],
) -> Result<(), DbError> {
    let key = text::fold(&invite.email);
    let args: [Arg<'_>; 11] = [
        organization.into(),
        (&invite.id).into(),
        (&invite.email).into(),
        (&key).into(),
        invite.organization_role.as_str().into(),
        invite.seat.as_str().into(),
        digest.into(),
        (&invite.invited_by).into(),
        invite.created_at.into(),
        invite.expires_at.into(),
        invite.by_team.as_deref().into(),
    ];
    tx.execute(INSERT, &args)?;
    add_teams(tx, organization, &invite.id, teams)
}

/// How a pending invite can be accepted from now on.
#[derive(Debug, Clone, Copy)]
pub struct Renewal<'a> {
    /// The digest of its token.
    pub digest: &'a [u8],
    /// Until when.
    pub expires_at: i64,
    /// The team that invites, if not the organization does.
    pub by_team: Option<&'a str>,
}

/// Lets a pending invite be accepted in another way and on other terms. The teams it had stay.
pub fn renew(
    tx: &WriteTx<'_>,
    (organization, id): (&str, &str),
    terms: &Terms,
    renewal: Renewal<'_>,
) -> Result<(), DbError> {
    let args: [Arg<'_>; 7] = [
        organization.into(),
        id.into(),
        terms.role.as_str().into(),
        terms.seat.as_str().into(),
        renewal.digest.into(),
        renewal.expires_at.into(),
        renewal.by_team.into(),
    ];
    tx.execute(RENEW, &args)?;
    add_teams(tx, organization, id, &terms.teams)
}

/// Adds teams to an invite, or gives other roles in them.
pub fn add_teams(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    teams: &[(String, TeamRole)],
) -> Result<(), DbError> {
    teams.iter().try_for_each(|(team, role)| {
        let args = [organization.into(), id.into(), team.into(), role.as_str().into()];
        tx.execute(ADD_TEAM, &args).map(drop)
    })
}

/// Takes a team out of an invite; whether it was in it.
pub fn drop_team(tx: &WriteTx<'_>, organization: &str, id: &str, team: &str) -> Result<bool, DbError> {
    Ok(tx.execute(DROP_TEAM, &[organization.into(), id.into(), team.into()])? == 1)
}

/// A team that comes with an invite, and the role there.
#[derive(Debug, Clone)]
pub struct Place {
    /// The team's id.
    pub team: String,
    /// The team's name.
    pub name: String,
    /// The role.
    pub role: TeamRole,
    /// What the role is called.
    pub role_name: String,
}

impl From<Place> for TeamOfInvite {
    fn from(place: Place) -> Self {
        Self { id: place.team, name: place.name, role: place.role_name }
    }
}

/// The live teams that come with each of the invites, by the invite's id.
pub fn teams(
    tx: &ReadTx<'_>,
    organization: &str,
    invites: &[&str],
) -> Result<HashMap<String, Vec<Place>>, DbError> {
    let rows = tx.rows(TEAMS, &[organization.into(), invites.into()], |row| {
        let Ok(role) = row.get::<String>(3)?.parse::<TeamRole>();
        let role_name = row.get::<Option<String>>(4)?.unwrap_or_else(|| role.as_str().to_owned());
        Ok((row.get::<String>(0)?, Place { team: row.get(1)?, name: row.get(2)?, role, role_name }))
    })?;
    let mut found: HashMap<String, Vec<Place>> = HashMap::new();
    for (invite, place) in rows {
        found.entry(invite).or_default().push(place);
    }
    found.values_mut().for_each(|places| places.sort_by(|one, other| one.team.cmp(&other.team)));
    Ok(found)
}

/// An invite without its teams and mail.
pub fn load(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<Invite>, DbError> {
    tx.one(LOAD, &[organization.into(), id.into()], invite)
}

/// The same, held against everybody else's changes until the transaction ends.
pub fn load_for_change(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<Option<Invite>, DbError> {
    tx.one(LOAD_FOR_CHANGE, &[organization.into(), id.into()], invite)
}

/// The pending invite of an address by its key, held, also one that expired.
pub fn pending(tx: &WriteTx<'_>, organization: &str, key: &str) -> Result<Option<Invite>, DbError> {
    tx.one(PENDING, &[organization.into(), key.into()], invite)
}

/// At most `count` invites, of those whose id comes after one.
pub fn after(tx: &ReadTx<'_>, organization: &str, after: &str, count: usize) -> Result<Vec<Invite>, DbError> {
    tx.rows(AFTER, &[organization.into(), after.into(), int(count).into()], invite)
}

/// At most `count` pending invites into a team, of those whose id comes after one.
pub fn into_team(
    tx: &ReadTx<'_>,
    organization: &str,
    team: &str,
    after: &str,
    count: usize,
) -> Result<Vec<Invite>, DbError> {
    tx.rows(INTO_TEAM, &[organization.into(), team.into(), after.into(), int(count).into()], invite)
}

/// The id of whoever invited somebody, if they came by an invite.
pub fn inviter_of(tx: &ReadTx<'_>, organization: &str, person: &str) -> Result<Option<String>, DbError> {
    tx.one(INVITER_OF, &[organization.into(), person.into()], |row| row.get(0))
}

/// The organization, the id and the whole digest of the invite with that digest.
pub fn by_digest(tx: &ReadTx<'_>, digest: &[u8]) -> Result<Option<(String, String, Vec<u8>)>, DbError> {
    tx.one(BY_DIGEST, &[digest.into()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Ends a pending invite.
pub fn settle(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    state: State,
    person: Option<&str>,
) -> Result<(), DbError> {
    tx.execute(SETTLE, &[organization.into(), id.into(), state.as_str().into(), person.into()]).map(drop)
}

/// How many seats of a kind are held for those who are invited.
pub fn reserved(tx: &ReadTx<'_>, organization: &str, seat: Seat, now: i64) -> Result<i64, DbError> {
    let args = [organization.into(), seat.as_str().into(), now.into()];
    Ok(tx.one(RESERVED, &args, |row| row.get(0))?.unwrap_or(0))
}

/// Gives those who were to have a role another one.
pub fn fall_back(tx: &WriteTx<'_>, organization: &str, role: &str, instead: &str) -> Result<(), DbError> {
    tx.execute(FALL_BACK, &[organization.into(), role.into(), instead.into()]).map(drop)
}

/// Forgets the invites that ended and were made before a time, and those that could not be accepted any more by then.
pub fn forget(tx: &WriteTx<'_>, organization: &str, before: i64) -> Result<(), DbError> {
    let args = [organization.into(), before.into()];
    if tx.execute(FORGET, &args)? + tx.execute(EXPIRE, &args)? > 0 {
        tx.execute(FORGET_PLACES, &[organization.into()])?;
    }
    Ok(())
}

/// Takes a team that is gone out of all invites.
pub fn forget_team(tx: &WriteTx<'_>, organization: &str, team: &str) -> Result<(), DbError> {
    tx.execute(FORGET_TEAM, &[organization.into(), team.into()]).map(drop)
}

fn invite(row: &Row<'_>) -> Result<Invite, DbError> {
    let word = |column: usize| row.get::<String>(column);
    Ok(Invite {
        id: row.get(0)?,
        email: row.get(1)?,
        organization_role: word(2)?.parse().map_err(DbError::Corrupt)?,
        seat: word(3)?.parse().map_err(DbError::Corrupt)?,
        teams: Vec::new(),
        state: word(4)?.parse().map_err(DbError::Corrupt)?,
        invited_by: row.get(5)?,
        created_at: row.get(6)?,
        expires_at: row.get(7)?,
        person: row.get(8)?,
        mail: None,
        by_team: row.get(9)?,
    })
}
