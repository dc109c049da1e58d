//! Custom roles: the rows that writes make, and who has which.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    attributes::{self, Owner},
    db::Arg,
    journal,
    records::{Kind, bounded, int},
};
use crate::{
    org::{record::Record, scim_view::stored},
    scim::{Resource, text, version::Version},
};

const SQL: &str = include_str!("../../sql/queries/roles.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const REPLACE: Statement = Statement::named(SQL, "replace");
const REMOVE: Statement = Statement::named(SQL, "remove");
const HOLD_TEAMS: Statement = Statement::named(SQL, "hold_teams");
const HOLDERS: Statement = Statement::named(SQL, "holders");
const GIVE: Statement = Statement::named(SQL, "give");
const N_HOLDERS: Statement = Statement::named(SQL, "n_holders");
const FIRST_HOLDERS: Statement = Statement::named(SQL, "first_holders");
const TEAMS_GIVING: Statement = Statement::named(SQL, "teams_giving");
const SET_GIVEN: Statement = Statement::named(SQL, "set_given");
const NAMED_EXACTLY: Statement = Statement::named(SQL, "named_exactly");
const NAMES: Statement = Statement::named(SQL, "names");

/// Inserts a role. A name that is taken, in any case, is `DbError::Unique("roles.name_key")`.
pub fn insert(tx: &WriteTx<'_>, owner: Owner<'_>, role: &Resource, now: i64) -> Result<(), DbError> {
    let Owner { organization, resource_type, id } = owner;
    let name = role.text("name").unwrap_or_default();
    let (key, exact, text) = (text::fold(name), text::exact(name), text_of(owner, role));
    let (key, text): (_, &str) = (bounded(&key), &text);
    let args: [Arg<'_>; 6] =
        [organization.into(), id.into(), key.as_ref().into(), (&exact).into(), now.into(), text.into()];
    tx.execute(INSERT, &args)?;
    attributes::index(tx, owner, &Resource::default(), role)?;
    journal::count(tx, organization, Kind::of(resource_type).counter(), 1)
}

/// Replaces a role that was read as `before`; `None` when somebody else was faster.
pub fn replace(
    tx: &WriteTx<'_>,
    owner: Owner<'_>,
    before: &Record,
    role: &Resource,
    now: i64,
) -> Result<Option<Version>, DbError> {
    let name = role.text("name").unwrap_or_default();
    let (key, exact, text) = (text::fold(name), text::exact(name), text_of(owner, role));
    let key = bounded(&key);
    let args: [Arg<'_>; 7] = [
        owner.organization.into(),
        owner.id.into(),
        before.version.0.into(),
        key.as_ref().into(),
        (&exact).into(),
        now.into(),
        (&text).into(),
    ];
    let version = tx.one(REPLACE, &args, |row| row.get(0))?.map(Version);
    attributes::index(tx, owner, &before.resource()?, role)?;
    Ok(version)
}

/// Removes a role that nobody has any more.
pub fn remove(tx: &WriteTx<'_>, owner: Owner<'_>, role: &Record) -> Result<(), DbError> {
    tx.execute(REMOVE, &[owner.organization.into(), owner.id.into()])?;
    attributes::index(tx, owner, &role.resource()?, &Resource::default())?;
    journal::count(tx, owner.organization, Kind::of(owner.resource_type).counter(), -1)
}

/// The text to store: with the organization that the role is answered with.
fn text_of(owner: Owner<'_>, role: &Resource) -> String {
    let mut role = role.clone();
    role.0.insert("organizationID".to_owned(), owner.organization.into());
    stored(owner.resource_type, owner.id, &role)
}

/// A membership whose role is a custom one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRole {
    /// The id of whoever has it.
    pub member: String,
    /// The id of the team in which they have it.
    pub team: String,
}

/// Holds the teams in which somebody has a role, or newcomers get it, against everybody else's changes.
pub fn hold_teams(tx: &WriteTx<'_>, organization: &str, role: &str) -> Result<(), DbError> {
    tx.texts(HOLD_TEAMS, &[organization.into(), role.into()]).map(drop)
}

/// At most so many of those who have a role, also in archived teams, by team.
pub fn holders(
    tx: &ReadTx<'_>,
    organization: &str,
    role: &str,
    at_most: usize,
) -> Result<Vec<HeldRole>, DbError> {
    tx.rows(HOLDERS, &[organization.into(), role.into(), int(at_most).into()], |row| {
        Ok(HeldRole { team: row.get(0)?, member: row.get(1)? })
    })
}

/// Gives members of a team another role.
pub fn give(
    tx: &WriteTx<'_>,
    organization: &str,
    team: &str,
    members: &[&str],
    role: &str,
) -> Result<(), DbError> {
    tx.execute(GIVE, &[organization.into(), team.into(), members.into(), role.into()]).map(drop)
}

/// In how many memberships a role is held, and by how many people.
pub fn count_holders(tx: &ReadTx<'_>, organization: &str, role: &str) -> Result<(i64, i64), DbError> {
    let found =
        tx.one(N_HOLDERS, &[organization.into(), role.into()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.unwrap_or_default())
}

/// The memberships in which the first so many people have a role, by person.
pub fn first_holders(
    tx: &ReadTx<'_>,
    organization: &str,
    role: &str,
    people: usize,
) -> Result<Vec<HeldRole>, DbError> {
    tx.rows(FIRST_HOLDERS, &[organization.into(), role.into(), int(people).into()], |row| {
        Ok(HeldRole { member: row.get(0)?, team: row.get(1)? })
    })
}

/// The teams whose newcomers get a role, also archived ones: id and stored text.
pub fn teams_giving(
    tx: &ReadTx<'_>,
    organization: &str,
    role: &str,
) -> Result<Vec<(String, Resource)>, DbError> {
    tx.rows(TEAMS_GIVING, &[organization.into(), role.into()], |row| {
        let text: String = row.get(1)?;
        Ok((row.get(0)?, Resource(serde_json::from_str(&text)?)))
    })
}

/// Lets newcomers to a team get another role, with the text that says so.
pub fn set_given(
    tx: &WriteTx<'_>,
    (organization, team): (&str, &str),
    role: &str,
    text: &str,
    now: i64,
) -> Result<(), DbError> {
    let args = [organization.into(), team.into(), role.into(), text.into(), now.into()];
    tx.execute(SET_GIVEN, &args).map(drop)
}

/// The id of the custom role of exactly that name.
pub fn named_exactly(tx: &ReadTx<'_>, organization: &str, name: &str) -> Result<Option<String>, DbError> {
    let key = text::fold(name);
    tx.one(NAMED_EXACTLY, &[organization.into(), (&key).into(), name.into()], |row| row.get(0))
}

/// The names of custom roles, to say which is like one that does not exist; at most a thousand.
pub fn names(tx: &ReadTx<'_>, organization: &str) -> Result<Vec<String>, DbError> {
    tx.texts(NAMES, &[organization.into()])
}
