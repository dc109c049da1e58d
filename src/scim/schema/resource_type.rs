//! Resource types: RFC 7643 §6.

use super::{Attribute, Schema, attribute, standard};

/// A kind of resource: its schema, its extensions, and where it is served.
#[derive(Debug)]
pub struct ResourceType {
    /// The name in `meta.resourceType`.
    pub name: &'static str,
    /// The path under the base URL, such as `/Users`.
    pub endpoint: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// The base schema.
    pub schema: &'static Schema,
    /// The extensions, all optional.
    pub extensions: &'static [&'static Schema],
    /// The multi-valued attribute whose elements are kept apart from the resource, one row each, named
    /// by their `value`: a group's members. PATCH turns operations on it into a delta.
    pub rows: Option<&'static Attribute>,
}

impl ResourceType {
    /// A common or core attribute by its name; case does not count.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.schema.attribute(name).or_else(|| attribute::named(&standard::COMMON, name))
    }

    /// An extension by its URN; case does not count (RFC 7644 §3.10).
    pub fn extension(&self, urn: &str) -> Option<&'static Schema> {
        self.extensions.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn)).copied()
    }

    /// An extension's attribute by its bare name, when exactly one extension has it.
    pub fn extension_attribute(&self, name: &str) -> Option<(&'static Schema, &'static Attribute)> {
        let mut found = self.extensions.iter().filter_map(|schema| Some((*schema, schema.attribute(name)?)));
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        }
    }

    /// Common and core attributes, in the order they are answered.
    pub fn attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        standard::COMMON.iter().chain(self.schema.attributes)
    }
}
