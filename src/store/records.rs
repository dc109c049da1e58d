//! Reading users, teams and roles alike: one at a time, a page, a batch of a crawl.

use super::{DbError, ReadTx, Statement, WriteTx, db::Row};
use crate::{
    org::record::Record,
    scim::{
        schema::{Noun, ResourceType},
        version::Version,
    },
};

use aws_lc_rs::digest::{SHA256, digest};
use std::borrow::Cow;

const USERS: &str = include_str!("../../sql/queries/users.sql");
const ACCOUNTS: &str = include_str!("../../sql/queries/accounts.sql");
const TEAMS: &str = include_str!("../../sql/queries/teams.sql");
const ROLES: &str = include_str!("../../sql/queries/roles.sql");

/// A resource type, and where its resources are.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The resource type.
    pub resource_type: &'static ResourceType,
    rows: &'static Rows,
}

/// The statements that read one kind of resource.
#[derive(Debug)]
struct Rows {
    /// The counter that holds how many there are.
    counter: &'static str,
    load: Statement,
    load_for_change: Statement,
    load_for_removal: Statement,
    page: Statement,
    after: Statement,
    among: Statement,
    named: Statement,
}

impl Kind {
    /// The kind behind a resource type.
    pub fn of(resource_type: &'static ResourceType) -> Self {
        let rows = match resource_type.noun {
            Noun::User if resource_type.wandb => &ACCOUNT,
            Noun::User => &USER,
            Noun::Group => &TEAM,
            Noun::Role => &ROLE,
        };
        Self { resource_type, rows }
    }

    /// The counter that holds how many there are.
    pub(super) fn counter(self) -> &'static str {
        self.rows.counter
    }
}

static USER: Rows = Rows {
    counter: "users",
    load: Statement::named(USERS, "load"),
    load_for_change: Statement::named(USERS, "load_for_change"),
    load_for_removal: Statement::named(USERS, "load_for_removal"),
    page: Statement::named(USERS, "page"),
    after: Statement::named(USERS, "after"),
    among: Statement::named(USERS, "among"),
    named: Statement::named(USERS, "named"),
};

/// People, and service accounts beside them (W-223). What changes them asks for people alone.
static ACCOUNT: Rows = Rows {
    load: Statement::named(ACCOUNTS, "load"),
    page: Statement::named(ACCOUNTS, "page"),
    after: Statement::named(ACCOUNTS, "after"),
    among: Statement::named(ACCOUNTS, "among"),
    named: Statement::named(ACCOUNTS, "named"),
    ..USER
};

/// Teams that are not archived.
static TEAM: Rows = Rows {
    counter: "teams",
    load: Statement::named(TEAMS, "load"),
    load_for_change: Statement::named(TEAMS, "load_for_change"),
    load_for_removal: Statement::named(TEAMS, "load_for_removal"),
    page: Statement::named(TEAMS, "page"),
    after: Statement::named(TEAMS, "after"),
    among: Statement::named(TEAMS, "among"),
    named: Statement::named(TEAMS, "named"),
};

static ROLE: Rows = Rows {
    counter: "roles",
    load: Statement::named(ROLES, "load"),
    load_for_change: Statement::named(ROLES, "load_for_change"),
    load_for_removal: Statement::named(ROLES, "load_for_removal"),
    page: Statement::named(ROLES, "page"),
    after: Statement::named(ROLES, "after"),
    among: Statement::named(ROLES, "among"),
    named: Statement::named(ROLES, "named"),
};

/// The resource of that id.
pub fn load(tx: &ReadTx<'_>, kind: Kind, organization: &str, id: &str) -> Result<Option<Record>, DbError> {
    tx.one(kind.rows.load, &[organization.into(), id.into()], record)
}

/// The same, held against everybody else's changes until the transaction ends.
pub fn load_for_change(
    tx: &WriteTx<'_>,
    kind: Kind,
    organization: &str,
    id: &str,
) -> Result<Option<Record>, DbError> {
    tx.one(kind.rows.load_for_change, &[organization.into(), id.into()], record)
}

/// The same, held against those who are about to refer to it, too.
pub fn load_for_removal(
    tx: &WriteTx<'_>,
    kind: Kind,
    organization: &str,
    id: &str,
) -> Result<Option<Record>, DbError> {
    tx.one(kind.rows.load_for_removal, &[organization.into(), id.into()], record)
}

/// A page in the order of creation.
pub fn page(
    tx: &ReadTx<'_>,
    kind: Kind,
    organization: &str,
    offset: usize,
    count: usize,
) -> Result<Vec<Record>, DbError> {
    tx.rows(kind.rows.page, &[organization.into(), int(count).into(), int(offset).into()], record)
}

/// At most `count` resources that come after an id (or from the first, after the empty one).
pub fn after(
    tx: &ReadTx<'_>,
    kind: Kind,
    organization: &str,
    id: &str,
    count: usize,
) -> Result<Vec<Record>, DbError> {
    tx.rows(kind.rows.after, &[organization.into(), id.into(), int(count).into()], record)
}

/// The resources among these ids that exist, in the order of creation.
pub fn among(
    tx: &ReadTx<'_>,
    kind: Kind,
    organization: &str,
    ids: &[String],
) -> Result<Vec<Record>, DbError> {
    if let [id] = ids {
        return Ok(load(tx, kind, organization, id)?.into_iter().collect());
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    tx.rows(kind.rows.among, &[organization.into(), ids.as_slice().into()], record)
}

/// The id of the resource whose unique name has that key.
pub fn named(tx: &ReadTx<'_>, kind: Kind, organization: &str, key: &str) -> Result<Vec<String>, DbError> {
    tx.texts(kind.rows.named, &[organization.into(), bounded(key).as_ref().into()])
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

/// The longest key that is stored as it is, in bytes. PostgreSQL's indexes take no row beyond some 2,700.
const LONGEST_KEY: usize = 1_024;

/// A key as it is stored and looked for: a long one is its beginning and the SHA-256 of the whole.
pub(super) fn bounded(key: &str) -> Cow<'_, str> {
    if key.len() <= LONGEST_KEY {
        return Cow::Borrowed(key);
    }
    let beginning = &key[..key.floor_char_boundary(LONGEST_KEY / 2)];
    Cow::Owned(format!("{beginning}…{}", sha256(key)))
}

/// The SHA-256 of a text in hexadecimal digits.
pub(super) fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A size as the database takes it.
pub fn int(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
