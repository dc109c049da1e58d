//! The attribute index: the folded values of the attributes that identity providers search.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::Arg,
    records::{bounded, int},
};
use crate::scim::{
    Resource,
    path::Located,
    schema::{ResourceType, Type},
};
use serde_json::Value;
use std::collections::BTreeSet;

const SQL: &str = include_str!("../../sql/queries/attributes.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const REMOVE: Statement = Statement::named(SQL, "remove");
const EQUAL: Statement = Statement::named(SQL, "equal");

/// What is indexed; a new line needs a migration that fills it from the stored resources. By resource type: core paths, or an extension's attribute after a colon.
const INDEXED: [(&str, &str); 7] = [
    ("User", "externalId"),
    ("User", "displayName"),
    ("User", "emails.value"),
    ("User", "name.familyName"),
    ("User", "name.givenName"),
    ("User", ":employeeNumber"),
    ("Group", "externalId"),
];

/// The name a path has in the index, if it is indexed.
pub fn indexed(resource_type: &ResourceType, path: &Located) -> Option<&'static str> {
    INDEXED
        .into_iter()
        .find(|(of, name)| *of == resource_type.name && is_path(path, name))
        .map(|(_, name)| name)
}

fn is_path(path: &Located, name: &str) -> bool {
    match name.strip_prefix(':') {
        Some(attribute) => {
            path.extension.is_some() && path.sub_attribute.is_none() && path.attribute.name == attribute
        }
        None => path.is(name),
    }
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
    let write = |statement: Statement, entry: &Entry| {
        let args: [Arg<'_>; 6] = [
            owner.organization.into(),
            owner.resource_type.name.into(),
            entry.attribute.into(),
            (&entry.key).into(),
            owner.id.into(),
            entry.element.into(),
        ];
        tx.execute(statement, &args).map(drop)
    };
    old.difference(&new).try_for_each(|entry| write(REMOVE, entry))?;
    new.difference(&old).try_for_each(|entry| write(INSERT, entry))
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
    for (_, attribute) in INDEXED.into_iter().filter(|(of, _)| *of == resource_type.name) {
        let Some(path) = locate(resource_type, attribute) else { continue };
        for (n, value) in resource.values(&path).into_iter().enumerate() {
            if let (Type::String, Value::String(value)) = (path.leaf().kind, value) {
                let key = bounded(&path.leaf().key(value)).into_owned();
                found.insert(Entry { attribute, key, element: int(n) });
            }
        }
    }
    found
}

fn locate(resource_type: &'static ResourceType, name: &str) -> Option<Located> {
    if let Some(attribute) = name.strip_prefix(':') {
        let (schema, attribute) = resource_type.extension_attribute(attribute)?;
        return Some(Located { extension: Some(schema), attribute, sub_attribute: None });
    }
    let (name, part) = name.split_once('.').unwrap_or((name, ""));
    let attribute = resource_type.attribute(name)?;
    Some(Located { extension: None, attribute, sub_attribute: attribute.sub_attribute(part) })
}
