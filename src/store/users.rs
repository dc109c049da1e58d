//! Users: the rows that writes make.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    attributes::{self, Owner},
    db::{Arg, Row},
    journal, people,
    records::{self, Kind, bounded},
    seats,
};
use crate::{
    org::{
        record::Record,
        role::OrganizationRole,
        scim_view::{Activity, stored},
        settings::Settings,
        standing::Standing,
        team::Holders,
        user::{Columns, handle},
    },
    scim::{Resource, version::Version},
};
use std::{borrow::Cow, collections::HashMap};

const SQL: &str = include_str!("../../sql/queries/users.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const DECIDED_ROLE: Statement = Statement::named(SQL, "decided_role");
const DECIDE_ROLE: Statement = Statement::named(SQL, "decide_role");
const PROVISIONER: Statement = Statement::named(SQL, "provisioner");
const SET_PROVISIONER: Statement = Statement::named(SQL, "set_provisioner");
const REPLACE: Statement = Statement::named(SQL, "replace");
const REMOVE: Statement = Statement::named(SQL, "remove");
const BURY: Statement = Statement::named(SQL, "bury");
const REPORTS: Statement = Statement::named(SQL, "reports");
const EXISTING: Statement = Statement::named(SQL, "existing");
const ROLE_OF_ACTIVE: Statement = Statement::named(SQL, "role_of_active");
const OWN_ROLE: Statement = Statement::named(SQL, "own_role");
const ADMINS: Statement = Statement::named(SQL, "admins");
const HOLDERS: Statement = Statement::named(SQL, "holders");
const BY_HANDLE: Statement = Statement::named(SQL, "by_handle");
const CARDS: Statement = Statement::named(SQL, "cards");
const TOUCH: Statement = Statement::named(SQL, "touch");
const SET_TEAM: Statement = Statement::named(SQL, "set_team");
const KNOWN: Statement = Statement::named(SQL, "known");
const TAKE_HANDLE: Statement = Statement::named(SQL, "take_handle");
const ACTIVITY: Statement = Statement::named(SQL, "activity");
const NOTE_ACTIVITY: Statement = Statement::named(SQL, "note_activity");
const FORGET_ACTIVITY: Statement = Statement::named(SQL, "forget_activity");

/// How somebody comes in.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// A handle that nobody else has.
    pub handle: &'a str,
    /// The connection that provisions them, if one does.
    pub connection: Option<&'a str>,
    /// The role in the organization, where somebody decided it.
    pub own_role: Option<OrganizationRole>,
    /// Microseconds since 1970.
    pub now: i64,
}

/// Inserts a user. A taken user name is `DbError::Unique("users.user_name_key")`.
pub fn insert(
    tx: &WriteTx<'_>,
    owner: Owner<'_>,
    user: &Resource,
    arrival: Arrival<'_>,
) -> Result<(), DbError> {
    let Arrival { handle, connection, own_role, now } = arrival;
    let Owner { organization, resource_type, id } = owner;
    let columns = Columns::of(user);
    let text = stored(resource_type, id, user);
    let (name, manager) = keys(&columns);
    let args: [Arg<'_>; 13] = [
        organization.into(),
        id.into(),
        name.as_ref().into(),
        columns.display.as_ref().into(),
        columns.standing.active.into(),
        manager.as_deref().into(),
        now.into(),
        (&text).into(),
        columns.standing.role.as_str().into(),
        columns.standing.seat.as_str().into(),
        handle.into(),
        connection.into(),
        own_role.map(OrganizationRole::as_str).into(),
    ];
    tx.execute(INSERT, &args)?;
    people::insert(tx, owner, user)?;
    attributes::index(tx, owner, &Resource::default(), user)?;
    seats::count_new(tx, organization, Kind::of(resource_type).counter(), columns.standing)
}

/// What somebody new is received with.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// A handle of their own: the first like the name that nobody has or had.
    pub handle: String,
    /// What the organization's admins decided.
    pub settings: Settings,
}

/// Takes a handle for somebody new, and says by which switches they are taken in: one statement for both.
pub fn welcome(tx: &WriteTx<'_>, owner: Owner<'_>, user_name: &str) -> Result<Welcome, DbError> {
    let wanted = handle(user_name);
    let numbered = (2..10).map(|n| format!("{wanted}-{n}"));
    // many of one name: nobody else has this
    let own = format!("{wanted}-{}", owner.id);
    for handle in std::iter::once(wanted.clone()).chain(numbered).chain([own]) {
        let args = [owner.organization.into(), (&handle).into(), owner.id.into()];
        let taken: Option<Option<String>> = tx.one(TAKE_HANDLE, &args, |row| row.get(0))?;
        if let Some(settings) = taken {
            let settings = settings.map(|text| serde_json::from_str(&text)).transpose()?;
            return Ok(Welcome { handle, settings: settings.unwrap_or_default() });
        }
    }
    Err(DbError::Busy)
}

/// At most `count` active admins, those who have been here longest.
pub fn admins(tx: &ReadTx<'_>, organization: &str, count: usize) -> Result<Vec<String>, DbError> {
    tx.texts(ADMINS, &[organization.into(), super::records::int(count).into()])
}

/// The role in the organization that somebody decided; `None` where nobody did.
pub fn decided_role(
    tx: &ReadTx<'_>,
    organization: &str,
    id: &str,
) -> Result<Option<OrganizationRole>, DbError> {
    let found: Option<Option<String>> =
        tx.one(DECIDED_ROLE, &[organization.into(), id.into()], |row| row.get(0))?;
    found.flatten().map(|role| role.parse()).transpose().map_err(DbError::Corrupt)
}

/// Keeps what somebody decided.
pub fn decide_role(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    role: OrganizationRole,
) -> Result<(), DbError> {
    tx.execute(DECIDE_ROLE, &[organization.into(), id.into(), role.as_str().into()]).map(drop)
}

/// The live connection that provisions somebody, if one does.
pub fn provisioner(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<String>, DbError> {
    tx.one(PROVISIONER, &[organization.into(), id.into()], |row| row.get(0))
}

/// Gives somebody to a connection.
pub fn set_provisioner(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    connection: &str,
) -> Result<(), DbError> {
    tx.execute(SET_PROVISIONER, &[organization.into(), id.into(), connection.into()]).map(drop)
}

/// Replaces a user that was read as `before`; `None` when somebody else was faster.
pub fn replace(
    tx: &WriteTx<'_>,
    owner: Owner<'_>,
    before: &Record,
    user: &Resource,
    now: i64,
) -> Result<Option<Version>, DbError> {
    let Owner { organization, resource_type, id } = owner;
    let columns = Columns::of(user);
    let text = stored(resource_type, id, user);
    let (name, manager) = keys(&columns);
    let args: [Arg<'_>; 11] = [
        organization.into(),
        id.into(),
        before.version.0.into(),
        name.as_ref().into(),
        columns.display.as_ref().into(),
        columns.standing.active.into(),
        manager.as_deref().into(),
        now.into(),
        (&text).into(),
        columns.standing.role.as_str().into(),
        columns.standing.seat.as_str().into(),
    ];
    let version = tx.one(REPLACE, &args, |row| row.get(0))?.map(Version);
    let was = before.resource()?;
    people::replace(tx, owner, &was, user)?;
    attributes::index(tx, owner, &was, user)?;
    seats::count(tx, organization, Some(Standing::of(&was)), Some(columns.standing))?;
    Ok(version)
}

/// Removes a user and leaves a tombstone: id, last name and handle, and when.
pub fn remove(tx: &WriteTx<'_>, owner: Owner<'_>, user: &Record, now: i64) -> Result<(), DbError> {
    let Owner { organization, resource_type, id } = owner;
    let resource = user.resource()?;
    tx.execute(BURY, &[organization.into(), id.into(), resource_type.name.into(), now.into()])?;
    attributes::index(tx, owner, &resource, &Resource::default())?;
    tx.execute(REMOVE, &[organization.into(), id.into()])?;
    people::remove(tx, organization, id)?;
    tx.execute(FORGET_ACTIVITY, &[organization.into(), id.into()])?;
    seats::count(tx, organization, Some(Standing::of(&resource)), None)?;
    journal::count(tx, organization, Kind::of(resource_type).counter(), -1)
}

/// The role in the organization of somebody who may sign in; it stays so until the transaction ends.
pub fn role_of_active(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
) -> Result<Option<OrganizationRole>, DbError> {
    role(tx, ROLE_OF_ACTIVE, organization, id)
}

/// The same of somebody whom this transaction is about to change: no two may hold it and want more.
pub fn own_role(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<Option<OrganizationRole>, DbError> {
    role(tx, OWN_ROLE, organization, id)
}

fn role(
    tx: &WriteTx<'_>,
    statement: Statement,
    organization: &str,
    id: &str,
) -> Result<Option<OrganizationRole>, DbError> {
    tx.one(statement, &[organization.into(), id.into()], |row| {
        row.get::<String>(0)?.parse().map_err(DbError::Corrupt)
    })
}

/// What products call a user, and the user's default team, if it is still there.
#[derive(Debug, Clone)]
pub struct Card {
    /// The handle.
    pub handle: String,
    /// The id of the default team.
    pub team: Option<String>,
}

/// The cards of those among these ids who are here.
pub fn cards(tx: &ReadTx<'_>, organization: &str, ids: &[&str]) -> Result<HashMap<String, Card>, DbError> {
    let rows = tx.rows(CARDS, &[organization.into(), ids.into()], |row| {
        Ok((row.get::<String>(0)?, Card { handle: row.get(1)?, team: row.get(2)? }))
    })?;
    Ok(rows.into_iter().collect())
}

/// Who among the active users and the members of a team has these e-mail addresses, by the folded address.
pub fn holders(
    tx: &ReadTx<'_>,
    organization: &str,
    team: &str,
    addresses: &[&str],
) -> Result<HashMap<String, Holders>, DbError> {
    let mut found: HashMap<String, Holders> = HashMap::new();
    let read = |row: &Row<'_>| {
        Ok((row.get::<String>(0)?, row.get::<String>(1)?, row.get::<bool>(2)?, row.get::<bool>(3)?))
    };
    let args = [organization.into(), addresses.into(), team.into()];
    for (address, id, is_member, is_active) in tx.rows(HOLDERS, &args, read)? {
        let holders = found.entry(address).or_default();
        for (is_one, among) in [(is_member, &mut holders.members), (is_active, &mut holders.active)] {
            if is_one && !among.contains(&id) {
                among.push(id.clone());
            }
        }
    }
    Ok(found)
}

/// The id of the person who has this handle now.
pub fn by_handle(tx: &ReadTx<'_>, organization: &str, handle: &str) -> Result<Option<String>, DbError> {
    tx.one(BY_HANDLE, &[organization.into(), handle.into()], |row| row.get(0))
}

/// Gives a user a new version, since roles in teams are part of what is answered.
pub fn touch(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    tx.execute(TOUCH, &[organization.into(), id.into(), now.into()]).map(drop)
}

/// Sets a user's default team.
pub fn set_team(tx: &WriteTx<'_>, organization: &str, id: &str, team: Option<&str>) -> Result<(), DbError> {
    tx.execute(SET_TEAM, &[organization.into(), id.into(), team.into()]).map(drop)
}

/// Somebody who is or was here.
#[derive(Debug, Clone)]
pub struct Known {
    /// The name, or the last one.
    pub name: String,
    /// The handle, or the last one.
    pub handle: String,
    /// When they were removed; microseconds since 1970.
    pub removed_at: Option<i64>,
}

/// Whom an id belongs or belonged to.
pub fn known(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<Known>, DbError> {
    tx.one(KNOWN, &[organization.into(), id.into()], |row| {
        Ok(Known { name: row.get(0)?, handle: row.get(1)?, removed_at: row.get(2)? })
    })
}

/// When each of the users was last seen, and on how many days; who never was is not among them.
pub fn activity(
    tx: &ReadTx<'_>,
    organization: &str,
    ids: &[&str],
) -> Result<HashMap<String, Activity>, DbError> {
    let rows = tx.rows(ACTIVITY, &[organization.into(), ids.into()], |row| {
        Ok((row.get::<String>(0)?, Activity { last_active_at: row.get(1)?, days: row.get(2)? }))
    })?;
    Ok(rows.into_iter().collect())
}

/// Writes down that a user or service account was seen at that moment; a day, in UTC, counts once (W-033).
pub fn note_activity(tx: &WriteTx<'_>, organization: &str, id: &str, at: i64) -> Result<(), DbError> {
    match tx.execute(NOTE_ACTIVITY, &[organization.into(), id.into(), at.into()])? {
        0 => Ok(()),
        _ => people::seen(tx, organization, id, at),
    }
}

/// The ids of at most `limit` users who name this user as their manager.
pub fn reports(
    tx: &ReadTx<'_>,
    organization: &str,
    manager: &str,
    limit: usize,
) -> Result<Vec<String>, DbError> {
    tx.texts(REPORTS, &[organization.into(), bounded(manager).as_ref().into(), records::int(limit).into()])
}

/// Which of the ids are users. They stay users until the transaction ends.
pub fn existing(tx: &WriteTx<'_>, organization: &str, ids: &[&str]) -> Result<Vec<String>, DbError> {
    tx.texts(EXISTING, &[organization.into(), ids.into()])
}

/// The user name and the manager as they are stored in indexed columns.
fn keys(columns: &Columns) -> (Cow<'_, str>, Option<Cow<'_, str>>) {
    (bounded(&columns.user_name_key), columns.manager.as_deref().map(bounded))
}
