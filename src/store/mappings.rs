//! Mappings, and what they give to whom.

use super::{DbError, ReadTx, Statement, WriteTx, db::Arg, records::int};
use crate::{
    org::{
        custom_role::CustomRole,
        mapping::{Source, Way},
        role::{OrganizationRole, TeamRole},
    },
    scim::Resource,
};

const SQL: &str = include_str!("../../sql/queries/mappings.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const REMOVE: Statement = Statement::named(SQL, "remove");
const LIST: Statement = Statement::named(SQL, "list");
const OF_GROUPS: Statement = Statement::named(SQL, "of_groups");
const GRANTS_OF: Statement = Statement::named(SQL, "grants_of");
const GRANT: Statement = Statement::named(SQL, "grant");
const HOLD: Statement = Statement::named(SQL, "hold");
const UNSETTLE_HOLDERS: Statement = Statement::named(SQL, "unsettle_holders");
const GIVES_ADMIN: Statement = Statement::named(SQL, "gives_admin");
const WITHDRAW: Statement = Statement::named(SQL, "withdraw");
const FORGET_MEMBER: Statement = Statement::named(SQL, "forget_member");
const HOLDERS: Statement = Statement::named(SQL, "holders");
const UNSETTLE: Statement = Statement::named(SQL, "unsettle");
const WAITING: Statement = Statement::named(SQL, "waiting");
const UNSETTLED: Statement = Statement::named(SQL, "unsettled");
const SETTLED: Statement = Statement::named(SQL, "settled");
const FALL_BACK: Statement = Statement::named(SQL, "fall_back");
const GIVE_INSTEAD: Statement = Statement::named(SQL, "give_instead");
const MEMBERS: Statement = Statement::named(SQL, "members");
const IS_IN: Statement = Statement::named(SQL, "is_in");
const ADMINS_WITHOUT: Statement = Statement::named(SQL, "admins_without");

/// A mapping, with the names of what it speaks of as they are now.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// The id.
    pub id: String,
    /// What it begins with.
    pub source: Source,
    /// The group's id, or the claim's name.
    pub subject: String,
    /// The claim's value; empty for a group.
    pub value: String,
    /// The group's name, while it is there.
    pub group_name: Option<String>,
    /// The role in the organization that it gives, if it gives one.
    pub organization_role: Option<OrganizationRole>,
    /// The team's id, if it gives a role in one.
    pub team: Option<String>,
    /// The team's name, while it is there.
    pub team_name: Option<String>,
    /// The role in the team.
    pub way: Option<Way>,
    /// What that role is called.
    pub role_name: Option<String>,
    /// The id of whoever made it.
    pub created_by: String,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// Inserts a mapping. One from there to there that is known already is `DbError::Unique("mappings.team")`.
pub fn insert(tx: &WriteTx<'_>, organization: &str, new: &Mapping) -> Result<(), DbError> {
    let args: [Arg<'_>; 10] = [
        organization.into(),
        (&new.id).into(),
        new.source.as_str().into(),
        (&new.subject).into(),
        (&new.value).into(),
        new.organization_role.map(OrganizationRole::as_str).into(),
        new.team.as_deref().unwrap_or_default().into(),
        new.way.as_ref().map(|way| way.role.as_str()).into(),
        (&new.created_by).into(),
        new.created_at.into(),
    ];
    tx.execute(INSERT, &args).map(drop)
}

/// Removes a mapping. What it gave stays until it is settled.
pub fn remove(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<(), DbError> {
    tx.execute(REMOVE, &[organization.into(), id.into()]).map(drop)
}

/// All mappings, by id.
pub fn list(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<Mapping>, DbError> {
    tx.rows(LIST, &[organization.into()], |row| {
        let role = row.get::<Option<String>>(5)?.map(|role| role.parse()).transpose();
        let way = match row.get::<Option<String>>(8)? {
            Some(role) => Some(way(&role, row.get(10)?)?),
            None => None,
        };
        let name: Option<String> = row.get(9)?;
        Ok(Mapping {
            id: row.get(0)?,
            source: row.get::<String>(1)?.parse().map_err(DbError::Corrupt)?,
            subject: row.get(2)?,
            value: row.get(3)?,
            group_name: row.get(4)?,
            organization_role: role.map_err(DbError::Corrupt)?,
            team: Some(row.get::<String>(6)?).filter(|team| !team.is_empty()),
            team_name: row.get(7)?,
            role_name: name.or_else(|| way.as_ref().map(|way| way.role.to_string())),
            way,
            created_by: row.get(11)?,
            created_at: row.get(12)?,
        })
    })
}

/// The ids of the mappings that begin with a group, each with the group's.
pub fn of_groups(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<(String, String)>, DbError> {
    tx.rows(OF_GROUPS, &[organization.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Something that a mapping gives somebody.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The mapping's id.
    pub mapping: String,
    /// What the mapping begins with; `None` where the mapping is gone.
    pub source: Option<Source>,
    /// The team's id, if it is a role in one.
    pub team: Option<String>,
    /// The role in the team, or in the organization.
    pub role: String,
}

impl Grant {
    /// The role in the organization that it gives, if it gives one.
    pub fn organization_role(&self) -> Option<OrganizationRole> {
        self.team.is_none().then(|| self.role.parse().ok()).flatten()
    }
}

/// What mappings give somebody.
pub fn grants_of(tx: &ReadTx<'_>, organization: &str, member: &str) -> Result<Vec<Grant>, DbError> {
    tx.rows(GRANTS_OF, &[organization.into(), member.into()], |row| {
        let source = row.get::<Option<String>>(1)?.map(|source| source.parse()).transpose();
        Ok(Grant {
            mapping: row.get(0)?,
            source: source.map_err(DbError::Corrupt)?,
            team: Some(row.get::<String>(2)?).filter(|team| !team.is_empty()),
            role: row.get(3)?,
        })
    })
}

/// Gives somebody what a mapping gives, if the mapping is still there; whether it is.
pub fn grant(tx: &WriteTx<'_>, organization: &str, member: &str, mapping: &str) -> Result<bool, DbError> {
    if tx.texts(HOLD, &[organization.into(), mapping.into()])?.is_empty() {
        return Ok(false);
    }
    tx.execute(GRANT, &[organization.into(), member.into(), mapping.into()])?;
    Ok(true)
}

/// Takes from somebody what a mapping gave.
pub fn withdraw(tx: &WriteTx<'_>, organization: &str, member: &str, mapping: &str) -> Result<(), DbError> {
    tx.execute(WITHDRAW, &[organization.into(), member.into(), mapping.into()]).map(drop)
}

/// Takes everything that mappings gave from somebody who is gone.
pub fn forget_member(tx: &WriteTx<'_>, organization: &str, member: &str) -> Result<(), DbError> {
    tx.execute(FORGET_MEMBER, &[organization.into(), member.into()])?;
    settled(tx, organization, member)
}

/// At most `count` of those whom a mapping gives something, of those whose id comes after one.
pub fn holders(
    tx: &ReadTx<'_>,
    organization: &str,
    mapping: &str,
    after: &str,
    count: usize,
) -> Result<Vec<String>, DbError> {
    tx.texts(HOLDERS, &[organization.into(), mapping.into(), after.into(), int(count).into()])
}

/// Notes that the grants of these are to be made again.
pub fn unsettle(tx: &WriteTx<'_>, organization: &str, members: &[String]) -> Result<(), DbError> {
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    tx.execute(UNSETTLE, &[organization.into(), members.as_slice().into()]).map(drop)
}

/// The same of everybody whom a mapping gives something.
pub fn unsettle_holders(tx: &WriteTx<'_>, organization: &str, mapping: &str) -> Result<(), DbError> {
    tx.execute(UNSETTLE_HOLDERS, &[organization.into(), mapping.into()]).map(drop)
}

/// Some of the organizations where somebody's grants are to be made again.
pub fn waiting(tx: &ReadTx<'_>) -> Result<Vec<String>, DbError> {
    tx.texts(WAITING, &[])
}

/// At most so many of those whose grants are to be made again, held; others when another process has the first.
pub fn unsettled(tx: &WriteTx<'_>, organization: &str, limit: usize) -> Result<Vec<String>, DbError> {
    tx.texts(UNSETTLED, &[organization.into(), int(limit).into()])
}

/// Notes that somebody's grants are made.
pub fn settled(tx: &WriteTx<'_>, organization: &str, member: &str) -> Result<(), DbError> {
    tx.execute(SETTLED, &[organization.into(), member.into()]).map(drop)
}

/// Gives another role where a role is gone.
pub fn fall_back(tx: &WriteTx<'_>, organization: &str, role: &str, instead: &str) -> Result<(), DbError> {
    let args = [organization.into(), role.into(), instead.into()];
    // whoever gives it at this moment holds the mapping, and what they gave is seen after that
    tx.execute(FALL_BACK, &args)?;
    tx.execute(GIVE_INSTEAD, &args).map(drop)
}

/// The ids of at most `count` people who are in a team by mappings, of those whose id comes after one.
pub fn members(
    tx: &ReadTx<'_>,
    organization: &str,
    team: &str,
    after: &str,
    count: usize,
) -> Result<Vec<String>, DbError> {
    tx.texts(MEMBERS, &[organization.into(), team.into(), after.into(), int(count).into()])
}

/// Whether a mapping makes somebody an admin of a team.
pub fn gives_admin(tx: &ReadTx<'_>, organization: &str, team: &str, member: &str) -> Result<bool, DbError> {
    let args = [organization.into(), team.into(), member.into()];
    Ok(tx.one(GIVES_ADMIN, &args, |row| row.get::<i64>(0))?.is_some())
}

/// Whether somebody is in a team by a mapping.
pub fn is_in(tx: &ReadTx<'_>, organization: &str, team: &str, member: &str) -> Result<bool, DbError> {
    let args = [organization.into(), team.into(), member.into()];
    Ok(tx.one(IS_IN, &args, |row| row.get::<i64>(0))?.is_some())
}

/// How many active admins there would be without a mapping.
pub fn admins_without(tx: &ReadTx<'_>, organization: &str, mapping: &str) -> Result<i64, DbError> {
    Ok(tx.one(ADMINS_WITHOUT, &[organization.into(), mapping.into()], |row| row.get(0))?.unwrap_or(0))
}

/// A role as it lies in a row, with the custom role it may be.
pub(super) fn way(role: &str, custom: Option<String>) -> Result<Way, DbError> {
    let Ok(role) = role.parse::<TeamRole>();
    let custom = custom.map(|text| serde_json::from_str(&text)).transpose()?;
    Ok(Way { role, custom: custom.map(|role| CustomRole::of(&Resource(role))) })
}
