//! Reading users and teams alike: one at a time, a page, a batch of a crawl.

use super::{
    DbError, ReadTx,
    db::{Row, Statement},
};
use crate::{
    org::record::Record,
    scim::{
        schema::{
            ResourceType,
            standard::{GROUP_TYPE, USER_TYPE},
        },
        version::Version,
    },
};

const USERS: &str = include_str!("../../sql/queries/users.sql");
const TEAMS: &str = include_str!("../../sql/queries/teams.sql");

/// The statements that read one kind of resource.
#[derive(Debug)]
pub struct Kind {
    /// The resource type they read.
    pub resource_type: &'static ResourceType,
    /// The counter that holds how many there are.
    pub(super) counter: &'static str,
    load: Statement,
    page: Statement,
    after: Statement,
    among: Statement,
    named: Statement,
}

impl Kind {
    /// The kind behind a resource type.
    pub fn of(resource_type: &ResourceType) -> &'static Self {
        if resource_type.name == GROUP_TYPE.name { &TEAM } else { &USER }
    }
}

/// Users.
pub static USER: Kind = Kind {
    resource_type: &USER_TYPE,
    counter: "users",
    load: Statement::named(USERS, "load"),
    page: Statement::named(USERS, "page"),
    after: Statement::named(USERS, "after"),
    among: Statement::named(USERS, "among"),
    named: Statement::named(USERS, "named"),
};

/// Teams that are not archived.
pub static TEAM: Kind = Kind {
    resource_type: &GROUP_TYPE,
    counter: "teams",
    load: Statement::named(TEAMS, "load"),
    page: Statement::named(TEAMS, "page"),
    after: Statement::named(TEAMS, "after"),
    among: Statement::named(TEAMS, "among"),
    named: Statement::named(TEAMS, "named"),
};

/// The resource of that id.
pub fn load(tx: &ReadTx<'_>, kind: &Kind, organization: &str, id: &str) -> Result<Option<Record>, DbError> {
    tx.one(kind.load, &[organization.into(), id.into()], record)
}

/// A page in the order of creation.
pub fn page(
    tx: &ReadTx<'_>,
    kind: &Kind,
    organization: &str,
    offset: usize,
    count: usize,
) -> Result<Vec<Record>, DbError> {
    tx.rows(kind.page, &[organization.into(), int(count).into(), int(offset).into()], record)
}

/// At most `count` resources that come after an id (or from the first, after the empty one).
pub fn after(
    tx: &ReadTx<'_>,
    kind: &Kind,
    organization: &str,
    id: &str,
    count: usize,
) -> Result<Vec<Record>, DbError> {
    tx.rows(kind.after, &[organization.into(), id.into(), int(count).into()], record)
}

/// The resources among these ids that exist, in the order of creation.
pub fn among(
    tx: &ReadTx<'_>,
    kind: &Kind,
    organization: &str,
    ids: &[String],
) -> Result<Vec<Record>, DbError> {
    if let [id] = ids {
        return Ok(load(tx, kind, organization, id)?.into_iter().collect());
    }
    let ids = serde_json::to_string(ids)?;
    tx.rows(kind.among, &[organization.into(), (&ids).into()], record)
}

/// The id of the resource whose unique name has that key.
pub fn named(tx: &ReadTx<'_>, kind: &Kind, organization: &str, key: &str) -> Result<Vec<String>, DbError> {
    tx.texts(kind.named, &[organization.into(), key.into()])
}

fn record(row: &Row<'_>) -> Result<Record, DbError> {
    Ok(Record {
        id: row.get(0)?,
        version: Version(row.get(1)?),
        created_at: row.get(2)?,
        modified_at: row.get(3)?,
        n_members: row.get(4)?,
        text: row.get(5)?,
        manager_name: row.get(6)?,
    })
}

/// A size as the database takes it.
pub fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
