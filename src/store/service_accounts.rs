//! Service accounts: rows beside those of people, out of sight of SCIM but where answers have W&B's shapes.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    attributes::{self, Owner},
    db::{Arg, Row},
    records::{bounded, int},
    users,
};
use crate::{
    org::{
        scim_view::{TeamRef, stored},
        service_account::ServiceAccount,
    },
    scim::{Resource, text},
};

const SQL: &str = include_str!("../../sql/queries/service_accounts.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const LOAD: Statement = Statement::named(SQL, "load");
const HOLD: Statement = Statement::named(SQL, "hold");
const NAMED: Statement = Statement::named(SQL, "named");
const LIST: Statement = Statement::named(SQL, "list");
const OF_TEAM: Statement = Statement::named(SQL, "of_team");
const COUNT: Statement = Statement::named(SQL, "count");
const TEAMS_OF: Statement = Statement::named(SQL, "teams_of");
const BURY: Statement = Statement::named(SQL, "bury");
const REMOVE: Statement = Statement::named(SQL, "remove");

/// Inserts a service account, made over a connection or by hand, and gives it a handle. A taken name is `DbError::Unique("users.user_name_key")`.
pub fn insert(
    tx: &WriteTx<'_>,
    owner: Owner<'_>,
    new: ServiceAccount,
    connection: Option<&str>,
) -> Result<ServiceAccount, DbError> {
    let handle = users::welcome(tx, owner, &new.name)?.handle;
    let key = text::fold(&new.name);
    let key = bounded(&key);
    let resource = new.resource();
    let text = stored(owner.resource_type, &new.id, &resource);
    let args: [Arg<'_>; 11] = [
        owner.organization.into(),
        (&new.id).into(),
        key.as_ref().into(),
        (&new.name).into(),
        true.into(),
        new.created_at.into(),
        new.account_type().into(),
        (&handle).into(),
        new.team.as_ref().or(new.default_team.as_ref()).into(),
        (&text).into(),
        connection.into(),
    ];
    tx.execute(INSERT, &args)?;
    attributes::index(tx, owner, &Resource::default(), &resource)?;
    Ok(ServiceAccount { handle, ..new })
}

/// The service account of that id.
pub fn load(tx: &ReadTx<'_>, organization: &str, id: &str) -> Result<Option<ServiceAccount>, DbError> {
    tx.one(LOAD, &[organization.into(), id.into()], account)
}

/// The service account whose name has that key.
pub fn named(tx: &ReadTx<'_>, organization: &str, key: &str) -> Result<Option<ServiceAccount>, DbError> {
    tx.one(NAMED, &[organization.into(), bounded(key).as_ref().into()], account)
}

/// The same, about to be removed.
pub fn hold(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<Option<ServiceAccount>, DbError> {
    tx.one(HOLD, &[organization.into(), id.into()], account)
}

/// At most `limit` service accounts, those after an id.
pub fn list(
    tx: &ReadTx<'_>,
    organization: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<ServiceAccount>, DbError> {
    tx.rows(LIST, &[organization.into(), after.into(), int(limit).into()], account)
}

/// At most `limit` service accounts of a team, those after an id.
pub fn of_team(
    tx: &ReadTx<'_>,
    organization: &str,
    team: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<ServiceAccount>, DbError> {
    tx.rows(OF_TEAM, &[organization.into(), team.into(), after.into(), int(limit).into()], account)
}

/// How many there are.
pub fn count(tx: &ReadTx<'_>, organization: &str) -> Result<i64, DbError> {
    Ok(tx.one(COUNT, &[organization.into()], |row| row.get(0))?.unwrap_or(0))
}

/// The live team of each service account among these ids: the one it belongs to, or the one that is meant when none is
/// named.
pub fn teams_of(
    tx: &ReadTx<'_>,
    organization: &str,
    ids: &[&str],
) -> Result<Vec<(String, TeamRef)>, DbError> {
    tx.rows(TEAMS_OF, &[organization.into(), ids.into()], |row| {
        // W-237: one of the organization is what everybody is in a team
        let role = if row.get::<String>(1)? == "service" { "service" } else { "member" };
        let team = TeamRef {
            id: row.get(2)?,
            display: row.get(3)?,
            direct: true,
            given: false,
            role: role.to_owned(),
            role_name: role.to_owned(),
        };
        Ok((row.get(0)?, team))
    })
}

/// Removes a service account and leaves a tombstone, so that what it made stays credited.
pub fn remove(tx: &WriteTx<'_>, owner: Owner<'_>, account: &ServiceAccount, now: i64) -> Result<(), DbError> {
    let organization = owner.organization;
    let args: [Arg<'_>; 5] = [
        organization.into(),
        (&account.id).into(),
        (&account.name).into(),
        (&account.handle).into(),
        now.into(),
    ];
    tx.execute(BURY, &args)?;
    attributes::index(tx, owner, &account.resource(), &Resource::default())?;
    tx.execute(REMOVE, &[organization.into(), (&account.id).into()]).map(drop)
}

fn account(row: &Row<'_>) -> Result<ServiceAccount, DbError> {
    Ok(ServiceAccount {
        id: row.get(0)?,
        name: row.get::<Option<String>>(1)?.unwrap_or_default(),
        handle: row.get(2)?,
        team: row.get(3)?,
        default_team: row.get(4)?,
        created_at: row.get(5)?,
    })
}
