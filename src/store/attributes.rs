//! The attribute index: the folded values of the attributes that identity providers search.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::Arg,
    records::{bounded, int},
};
use crate::scim::{
    Resource,
    path::Located,
    schema::{Indexed, ResourceType, Type},
};
use serde_json::Value;
use std::collections::BTreeSet;

const SQL: &str = include_str!("../../sql/queries/attributes.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const FILL: Statement = Statement::named(SQL, "fill");
const FORGET: Statement = Statement::named(SQL, "forget");
const REMOVE: Statement = Statement::named(SQL, "remove");
const EQUAL: Statement = Statement::named(SQL, "equal");

/// The name a path has in the index, if the index can be asked for it.
pub fn indexed(resource_type: &ResourceType, path: &Located) -> Option<&'static str> {
    let path = path.to_string();
    resource_type.indexed.iter().find(|it| it.ready && it.path == path).map(|it| it.name)
}

/// Whose values are indexed.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    /// The organization.
    pub organization: &'a str,
    /// The type of the resource.
    pub resource_type: &'static ResourceType,
    /// The resource's id.
    pub id: &'a str,
}

/// Brings the index from one state of a resource to another; an absent resource is an empty one.
pub fn index(tx: &WriteTx<'_>, owner: Owner<'_>, before: &Resource, after: &Resource) -> Result<(), DbError> {
    let (old, new) = (entries(owner.resource_type, before), entries(owner.resource_type, after));
    old.difference(&new).try_for_each(|entry| write(tx, REMOVE, owner, entry))?;
    new.difference(&old).try_for_each(|entry| write(tx, INSERT, owner, entry))
}

/// Writes the entries of a resource that the index may lack: those of attributes that it cannot be asked for yet.
pub fn fill(tx: &WriteTx<'_>, owner: Owner<'_>, resource: &Resource) -> Result<(), DbError> {
    let missing = entries(owner.resource_type, resource);
    let is_ready = |name: &str| owner.resource_type.indexed.iter().any(|it| it.ready && it.name == name);
    missing.iter().filter(|it| !is_ready(it.attribute)).try_for_each(|entry| write(tx, FILL, owner, entry))
}

/// Takes at most so many entries of an attribute out of the index; says how many.
pub fn forget(
    tx: &WriteTx<'_>,
    organization: &str,
    (resource_type, name): (&ResourceType, &str),
    at_most: usize,
) -> Result<usize, DbError> {
    let args = [organization.into(), resource_type.name.into(), name.into(), int(at_most).into()];
    tx.execute(FORGET, &args)
}

fn write(tx: &WriteTx<'_>, statement: Statement, owner: Owner<'_>, entry: &Entry) -> Result<(), DbError> {
    let args: [Arg<'_>; 6] = [
        owner.organization.into(),
        owner.resource_type.name.into(),
        entry.attribute.into(),
        (&entry.key).into(),
        owner.id.into(),
        entry.element.into(),
    ];
    tx.execute(statement, &args).map(drop)
}

/// The ids of at most `limit` resources that have a value of that key.
pub fn equal(
    tx: &ReadTx<'_>,
    kind: (&str, &ResourceType),
    attribute: &str,
    key: &str,
    limit: usize,
) -> Result<Vec<String>, DbError> {
    let (organization, resource_type) = kind;
    let key = bounded(key);
    let args: [Arg<'_>; 5] = [
        organization.into(),
        resource_type.name.into(),
        attribute.into(),
        key.as_ref().into(),
        int(limit).into(),
    ];
    tx.texts(EQUAL, &args)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    attribute: &'static str,
    key: String,
    element: i64,
}

fn entries(resource_type: &'static ResourceType, resource: &Resource) -> BTreeSet<Entry> {
    let mut found = BTreeSet::new();
    for Indexed { name, path, .. } in resource_type.indexed {
        let Some(path) = resource_type.at(path) else { continue };
        for (n, value) in resource.values(&path).into_iter().enumerate() {
            if let (Type::String | Type::Reference, Value::String(value)) = (path.leaf().kind, value) {
                let key = bounded(&path.leaf().key(value)).into_owned();
                found.insert(Entry { attribute: name, key, element: int(n) });
            }
        }
    }
    found
}
