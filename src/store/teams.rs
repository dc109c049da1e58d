//! Teams: the rows that writes make.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    attributes::{self, Owner},
    avatars,
    db::{Arg, Row},
    journal,
    records::{Kind, bounded},
};
use crate::{
    org::{record::Record, role::TeamRole, scim_view::stored, settings::TeamSettings, team::Columns},
    scim::{Resource, version::Version},
};
use std::collections::HashMap;

const SQL: &str = include_str!("../../sql/queries/teams.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const REPLACE: Statement = Statement::named(SQL, "replace");
const COUNT_MEMBERS: Statement = Statement::named(SQL, "count_members");
const GAIN_MEMBER: Statement = Statement::named(SQL, "gain_member");
const SETTINGS: Statement = Statement::named(SQL, "settings");
const SET_SETTINGS: Statement = Statement::named(SQL, "set_settings");
const TOUCH: Statement = Statement::named(SQL, "touch");
const BY_NAME: Statement = Statement::named(SQL, "by_name");
const ALIAS: Statement = Statement::named(SQL, "alias");
const ARCHIVED: Statement = Statement::named(SQL, "archived");
const SETTINGS_OF: Statement = Statement::named(SQL, "settings_of");
const SET_DEFAULT_ROLE: Statement = Statement::named(SQL, "set_default_role");
const HOLD_EXPIRED: Statement = Statement::named(SQL, "hold_expired");
const EXPIRED: Statement = Statement::named(SQL, "expired");
const REMOVE: Statement = Statement::named(SQL, "remove");
const FORGET_ALIASES: Statement = Statement::named(SQL, "forget_aliases");
const BURY: Statement = Statement::named(SQL, "bury");
const RESTORE: Statement = Statement::named(SQL, "restore");
const NAMES: Statement = Statement::named(SQL, "names");
const LOSE_MEMBER: Statement = Statement::named(SQL, "lose_member");
const HOLD_AROUND: Statement = Statement::named(SQL, "hold_around");
const EXPIRE: Statement = Statement::named(SQL, "expire");
const ARCHIVE: Statement = Statement::named(SQL, "archive");
const EXISTING: Statement = Statement::named(SQL, "existing");

/// Inserts a team without members, to be counted by [`count`]. A taken name is `DbError::Unique("teams.display_name_key")`.
pub fn insert(
    tx: &WriteTx<'_>,
    owner: Owner<'_>,
    team: &Resource,
    default_role: &TeamRole,
    now: i64,
) -> Result<(), DbError> {
    let Owner { organization, resource_type, id } = owner;
    let columns = Columns::of(team);
    let text = stored(resource_type, id, team);
    let name = bounded(&columns.display_name_key);
    let args: [Arg<'_>; 7] = [
        organization.into(),
        id.into(),
        name.as_ref().into(),
        (&columns.display).into(),
        now.into(),
        (&text).into(),
        default_role.as_str().into(),
    ];
    tx.execute(INSERT, &args)?;
    attributes::index(tx, owner, &Resource::default(), team)
}

/// Replaces a team that was read as `before`, which has `more` members now; `None` when somebody else was
/// faster.
pub fn replace(
    tx: &WriteTx<'_>,
    owner: Owner<'_>,
    before: &Record,
    team: &Resource,
    change: Change,
) -> Result<Option<Version>, DbError> {
    let Owner { organization, resource_type, id } = owner;
    let columns = Columns::of(team);
    let text = stored(resource_type, id, team);
    let name = bounded(&columns.display_name_key);
    let args: [Arg<'_>; 8] = [
        organization.into(),
        id.into(),
        before.version.0.into(),
        name.as_ref().into(),
        (&columns.display).into(),
        change.now.into(),
        (&text).into(),
        change.more_members.into(),
    ];
    let version = tx.one(REPLACE, &args, |row| row.get(0))?.map(Version);
    attributes::index(tx, owner, &before.resource()?, team)?;
    Ok(version)
}

/// When a team changed and by how many members.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// Microseconds since 1970.
    pub now: i64,
    /// How many members more, or fewer.
    pub more_members: i64,
}

/// Sets the role of those who become members over SCIM.
pub fn set_default_role(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    role: &TeamRole,
) -> Result<(), DbError> {
    tx.execute(SET_DEFAULT_ROLE, &[organization.into(), id.into(), role.as_str().into()]).map(drop)
}

/// Counts a team just inserted, and its first members; its version stays. What counts comes last, since others wait
/// for it.
pub fn count(tx: &WriteTx<'_>, owner: Owner<'_>, members: i64) -> Result<(), DbError> {
    count_members(tx, owner.organization, owner.id, members)?;
    journal::count(tx, owner.organization, Kind::of(owner.resource_type).counter(), 1)
}

/// Counts members of a team; its version stays.
pub fn count_members(tx: &WriteTx<'_>, organization: &str, id: &str, more: i64) -> Result<(), DbError> {
    tx.execute(COUNT_MEMBERS, &[organization.into(), id.into(), more.into()])?;
    Ok(())
}

/// Notes that a team gained a member.
pub fn gain_member(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    tx.execute(GAIN_MEMBER, &[organization.into(), id.into(), now.into()]).map(drop)
}

/// The id of the team that has this name, or else of the one that last had it.
pub fn by_name(tx: &ReadTx<'_>, organization: &str, key: &str) -> Result<Option<String>, DbError> {
    tx.one(BY_NAME, &[organization.into(), bounded(key).as_ref().into()], |row| row.get(0))
}

/// Keeps the name that a team had before, if it has another now (W-113).
pub fn alias(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    (before, after): (&Resource, &Resource),
    now: i64,
) -> Result<(), DbError> {
    let (before, after) = (Columns::of(before).display_name_key, Columns::of(after).display_name_key);
    if before == after {
        return Ok(());
    }
    tx.execute(ALIAS, &[organization.into(), bounded(&before).as_ref().into(), id.into(), now.into()])
        .map(drop)
}

/// A team that is archived.
#[derive(Debug, Clone)]
pub struct Archived {
    /// The id.
    pub id: String,
    /// The name it had.
    pub name: String,
    /// When it was archived; microseconds since 1970.
    pub archived_at: i64,
}

/// At most a thousand of the teams that were archived after a time, in that order.
pub fn archived(tx: &ReadTx<'_>, organization: &str, after: i64) -> Result<Vec<Archived>, DbError> {
    tx.rows(ARCHIVED, &[organization.into(), after.into()], archived_of)
}

fn archived_of(row: &Row<'_>) -> Result<Archived, DbError> {
    Ok(Archived { id: row.get(0)?, name: row.get(1)?, archived_at: row.get(2)? })
}

/// The team that was archived first, if that was before a time.
pub fn expired(tx: &ReadTx<'_>, organization: &str, before: i64) -> Result<Option<Archived>, DbError> {
    tx.one(EXPIRED, &[organization.into(), before.into()], archived_of)
}

/// The same, held by this transaction; another one when another process has the first.
pub fn hold_expired(tx: &WriteTx<'_>, organization: &str, before: i64) -> Result<Option<Archived>, DbError> {
    tx.one(HOLD_EXPIRED, &[organization.into(), before.into()], archived_of)
}

/// Removes an archived team that this transaction holds and that has no members any more; a tombstone stays.
pub fn remove(tx: &WriteTx<'_>, organization: &str, team: &Archived, now: i64) -> Result<(), DbError> {
    let place = [organization.into(), (&team.id).into()];
    tx.execute(REMOVE, &place)?;
    tx.execute(FORGET_ALIASES, &place)?;
    avatars::remove(tx, organization, &team.id)?;
    tx.execute(BURY, &[organization.into(), (&team.id).into(), (&team.name).into(), now.into()]).map(drop)
}

/// Brings back a team that was archived after a time; says whether there is one. A name that is taken by now is
/// `DbError::Unique("teams.display_name_key")`.
pub fn restore(tx: &WriteTx<'_>, owner: Owner<'_>, after: i64, now: i64) -> Result<bool, DbError> {
    let args = [owner.organization.into(), owner.id.into(), after.into(), now.into()];
    let text: Option<String> = tx.one(RESTORE, &args, |row| row.get(0))?;
    let Some(text) = text else { return Ok(false) };
    let mut team = Resource(serde_json::from_str(&text)?);
    team.strip(owner.resource_type);
    attributes::index(tx, owner, &Resource::default(), &team)?;
    journal::count(tx, owner.organization, Kind::of(owner.resource_type).counter(), 1)?;
    Ok(true)
}

/// What a team decided for itself; `None` when there is no such team, or it is archived.
pub fn settings(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<TeamSettings>, DbError> {
    let text: Option<String> = tx.one(SETTINGS, &[organization.into(), id.into()], |row| row.get(0))?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// The same of several teams, by id.
pub fn settings_of(
    tx: &ReadTx<'_>,
    organization: &str,
    ids: &[&str],
) -> Result<HashMap<String, TeamSettings>, DbError> {
    let rows = tx.rows(SETTINGS_OF, &[organization.into(), ids.into()], |row| {
        let text: String = row.get(1)?;
        Ok((row.get::<String>(0)?, serde_json::from_str(&text)?))
    })?;
    Ok(rows.into_iter().collect())
}

/// Keeps what a team decided for itself.
pub fn set_settings(
    tx: &WriteTx<'_>,
    organization: &str,
    id: &str,
    settings: &TeamSettings,
    now: i64,
) -> Result<(), DbError> {
    let text = serde_json::to_string(settings)?;
    tx.execute(SET_SETTINGS, &[organization.into(), id.into(), (&text).into(), now.into()]).map(drop)
}

/// Notes that something about a team changed that its row does not hold.
pub fn touch(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    tx.execute(TOUCH, &[organization.into(), id.into(), now.into()]).map(drop)
}

/// The names of teams, to say which is like one that does not exist; at most a thousand.
pub fn names(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<String>, DbError> {
    tx.texts(NAMES, &[organization.into()])
}

/// Notes that a team lost a member who was removed altogether.
pub fn lose_member(tx: &WriteTx<'_>, organization: &str, id: &str, now: i64) -> Result<(), DbError> {
    tx.execute(LOSE_MEMBER, &[organization.into(), id.into(), now.into()])?;
    Ok(())
}

/// Holds the teams that a member belongs to against everybody else's changes. Whoever changes teams and their
/// members takes the teams first.
pub fn hold_around(tx: &WriteTx<'_>, organization: &str, member: &str) -> Result<(), DbError> {
    tx.texts(HOLD_AROUND, &[organization.into(), member.into()]).map(drop)
}

/// Archives a team: gone from every answer, its name free, its rows kept for a restore.
pub fn archive(tx: &WriteTx<'_>, owner: Owner<'_>, team: &Record, now: i64) -> Result<(), DbError> {
    tx.execute(ARCHIVE, &[owner.organization.into(), owner.id.into(), now.into()])?;
    attributes::index(tx, owner, &team.resource()?, &Resource::default())?;
    journal::count(tx, owner.organization, Kind::of(owner.resource_type).counter(), -1)
}

/// Says that an archived team was archived at another time.
pub fn expire(tx: &WriteTx<'_>, organization: &str, id: &str, archived_at: i64) -> Result<(), DbError> {
    tx.execute(EXPIRE, &[organization.into(), id.into(), archived_at.into()]).map(drop)
}

/// Which of the ids are teams that are not archived. They stay so until the transaction ends.
pub fn existing(tx: &WriteTx<'_>, organization: &str, ids: &[&str]) -> Result<Vec<String>, DbError> {
    tx.texts(EXISTING, &[organization.into(), ids.into()])
}
