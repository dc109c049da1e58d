//! Resource types: RFC 7643 §6.

use super::{Attribute, Schema, attribute, standard};
use crate::scim::{page::Sizes, path::Located};

/// A kind of resource: its schema, its extensions, and where it is served.
#[derive(Debug, Clone, Copy)]
pub struct ResourceType {
    /// The name in `meta.resourceType`.
    pub name: &'static str,
    /// The path under the base URL, such as `/Users`.
    pub endpoint: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// What its resources are.
    pub noun: Noun,
    /// The base schema.
    pub schema: &'static Schema,
    /// The extensions.
    pub extensions: &'static [Extension],
    /// The attributes whose values the store looks up by their key.
    pub indexed: &'static [Indexed],
    /// Whether a resource may hold what a plain answer does not show.
    pub hides: bool,
    /// Whether it is answered as W&B answers it: service accounts are among the users, and there is no smaller page unless
    /// one asks for it (W-214, W-223, W-208).
    pub wandb: bool,
    /// The multi-valued attribute whose elements are kept apart from the resource, one row each, named
    /// by their `value`: a group's members. PATCH turns operations on it into a delta.
    pub rows: Option<&'static Attribute>,
}

/// What the resources of a type are to the organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Noun {
    User,
    Group,
    Role,
}

/// A schema that extends a resource type: RFC 7643 §3.3.
#[derive(Debug, Clone, Copy)]
pub struct Extension {
    /// The schema.
    pub schema: &'static Schema,
    /// Whether every resource must have it.
    pub required: bool,
}

impl Extension {
    /// An extension that a resource may have.
    pub const fn optional(schema: &'static Schema) -> Self {
        Self { schema, required: false }
    }
}

/// An attribute whose values the store looks up by their key.
#[derive(Debug, Clone, Copy)]
pub struct Indexed {
    /// What the index calls it; what is stored under it stays.
    pub name: &'static str,
    /// Its path, in the canonical spelling.
    pub path: &'static str,
    /// Whether the index knows every resource by now, so that it can be asked.
    pub ready: bool,
}

impl Indexed {
    /// An attribute that was indexed from the beginning.
    pub const fn always(path: &'static str) -> Self {
        Self { name: path, path, ready: true }
    }
}

impl ResourceType {
    /// A common or core attribute by its name; case does not count.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.schema.attribute(name).or_else(|| attribute::named(&standard::COMMON, name))
    }

    /// An extension by its URN; case does not count (RFC 7644 §3.10).
    pub fn extension(&self, urn: &str) -> Option<&'static Schema> {
        self.extension_schemas().find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// An extension's attribute by its bare name, when exactly one extension has it.
    pub fn extension_attribute(&self, name: &str) -> Option<(&'static Schema, &'static Attribute)> {
        let mut found = self.extension_schemas().filter_map(|schema| Some((schema, schema.attribute(name)?)));
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        }
    }

    /// How large pages of its resources are.
    pub fn page_sizes(&self) -> Sizes {
        if self.wandb { Sizes::WANDB } else { Sizes::STANDARD }
    }

    /// Whether its resources are groups: they have members, kept as rows.
    pub fn is_group(&self) -> bool {
        self.noun == Noun::Group
    }

    /// The schemas of the extensions.
    pub fn extension_schemas(&self) -> impl Iterator<Item = &'static Schema> + use<> {
        self.extensions.iter().map(|extension| extension.schema)
    }

    /// The attribute at a path in its canonical spelling.
    pub fn at(&self, path: &str) -> Option<Located> {
        let within = self
            .extension_schemas()
            .find_map(|schema| Some((schema, path.strip_prefix(schema.id)?.strip_prefix(':')?)));
        let (extension, path) = within.map_or((None, path), |(schema, rest)| (Some(schema), rest));
        let (name, part) = path.split_once('.').unwrap_or((path, ""));
        let attribute = match extension {
            Some(schema) => schema.attribute(name)?,
            None => self.attribute(name)?,
        };
        let sub_attribute = match part {
            "" => None,
            part => Some(attribute.sub_attribute(part)?),
        };
        Some(Located { extension, attribute, sub_attribute })
    }

    /// Common and core attributes, in the order they are answered.
    pub fn attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        standard::COMMON.iter().chain(self.schema.attributes)
    }
}
