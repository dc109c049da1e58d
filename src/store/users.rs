//! Users: the rows that writes make.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    attributes::{self, Owner},
    db::Arg,
    journal,
    records::{self, Kind, bounded},
};
use crate::{
    org::{record::Record, scim_view::stored, user::Columns},
    scim::{Resource, version::Version},
};
use std::borrow::Cow;

const SQL: &str = include_str!("../../sql/queries/users.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const REPLACE: Statement = Statement::named(SQL, "replace");
const REMOVE: Statement = Statement::named(SQL, "remove");
const BURY: Statement = Statement::named(SQL, "bury");
const REPORTS: Statement = Statement::named(SQL, "reports");
const EXISTING: Statement = Statement::named(SQL, "existing");

/// Inserts a user. A taken user name is `DbError::Unique("users.user_name_key")`.
pub fn insert(tx: &WriteTx<'_>, owner: Owner<'_>, user: &Resource, now: i64) -> Result<(), DbError> {
    let Owner { organization, resource_type, id } = owner;
    let columns = Columns::of(user);
    let text = stored(resource_type, id, user);
    let (name, manager) = keys(&columns);
    let args: [Arg<'_>; 8] = [
        organization.into(),
        id.into(),
        name.as_ref().into(),
        columns.display.as_ref().into(),
        columns.active.into(),
        manager.as_deref().into(),
        now.into(),
        (&text).into(),
    ];
    tx.execute(INSERT, &args)?;
    attributes::index(tx, owner, &Resource::default(), user)?;
    journal::count(tx, organization, Kind::of(resource_type).counter(), 1)
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
    let args: [Arg<'_>; 9] = [
        organization.into(),
        id.into(),
        before.version.0.into(),
        name.as_ref().into(),
        columns.display.as_ref().into(),
        columns.active.into(),
        manager.as_deref().into(),
        now.into(),
        (&text).into(),
    ];
    let version = tx.one(REPLACE, &args, |row| row.get(0))?.map(Version);
    attributes::index(tx, owner, &before.resource()?, user)?;
    Ok(version)
}

/// Removes a user and leaves a tombstone: id, last name and handle, and when.
pub fn remove(tx: &WriteTx<'_>, owner: Owner<'_>, user: &Record, now: i64) -> Result<(), DbError> {
    let Owner { organization, resource_type, id } = owner;
    let resource = user.resource()?;
    let handle = resource.text("userName").unwrap_or_default();
    let display = Columns::of(&resource).display.unwrap_or_else(|| handle.to_owned());
    let args: [Arg<'_>; 6] = [
        organization.into(),
        id.into(),
        resource_type.name.into(),
        (&display).into(),
        handle.into(),
        now.into(),
    ];
    tx.execute(BURY, &args)?;
    attributes::index(tx, owner, &resource, &Resource::default())?;
    tx.execute(REMOVE, &[organization.into(), id.into()])?;
    journal::count(tx, organization, Kind::of(resource_type).counter(), -1)
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
