//! Where an attribute path points: RFC 7644 §3.10.

use super::{
    Quirk, Quirks,
    schema::{Attribute, Mutability, ResourceType, Schema},
    spelling,
};
use scim_filter_parser::AttrPath;
use std::fmt;

/// An attribute of a resource type, found by its path.
#[derive(Debug, Clone, Copy)]
pub struct Located {
    /// The extension that holds it; `None` for core and common attributes.
    pub extension: Option<&'static Schema>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The part of it that is meant, if not all.
    pub sub_attribute: Option<&'static Attribute>,
}

impl Located {
    /// The attribute whose values the path reaches: the part if one is named, else the whole.
    pub fn leaf(&self) -> &'static Attribute {
        self.sub_attribute.unwrap_or(self.attribute)
    }

    /// The same attribute, narrowed to one of its parts.
    pub fn part(self, sub_attribute: &'static Attribute) -> Self {
        Self { sub_attribute: Some(sub_attribute), ..self }
    }

    /// Whether the server alone makes the values the path reaches.
    pub fn is_read_only(&self) -> bool {
        [self.attribute, self.leaf()].iter().any(|attribute| attribute.mutability == Mutability::ReadOnly)
    }

    /// Whether the path leads to this core attribute or into it.
    pub fn is_of(&self, attribute: &Attribute) -> bool {
        self.extension.is_none() && self.attribute.name == attribute.name
    }

    /// Whether this path, in the canonical spelling, leads to the same values or to some of them, or the other way
    /// round.
    pub fn overlaps(&self, path: &str) -> bool {
        let own = self.to_string();
        let leads = |whole: &str, part: &str| {
            part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        leads(&own, path) || leads(path, &own)
    }

    /// Whether the path is this core attribute (and this part, after a dot).
    pub fn is(&self, path: &str) -> bool {
        let (name, part) = path.split_once('.').map_or((path, None), |(name, part)| (name, Some(part)));
        self.extension.is_none()
            && self.attribute.name == name
            && self.sub_attribute.map(|attribute| attribute.name) == part
    }
}

/// Attributes of one name in one schema are one attribute.
impl PartialEq for Located {
    fn eq(&self, other: &Self) -> bool {
        let names = |it: &Self| {
            (it.extension.map(|schema| schema.id), it.attribute.name, it.sub_attribute.map(|part| part.name))
        };
        names(self) == names(other)
    }
}

/// The path in its canonical spelling.
impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(extension) = self.extension {
            write!(f, "{}:", extension.id)?;
        }
        f.write_str(self.attribute.name)?;
        self.sub_attribute.map_or(Ok(()), |attribute| write!(f, ".{}", attribute.name))
    }
}

/// What a path names: an attribute, or an extension as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Place {
    Attribute(Located),
    Extension(&'static Schema),
}

/// Finds what a path names, or `None` when the type has nothing by that name.
///
/// A URN is matched as a whole, the longest first, before any dot is looked at: URNs hold dots
/// . An extension's attribute without its URN is a quirk, unless W&B calls it so.
pub fn locate(resource_type: &'static ResourceType, path: &AttrPath, quirks: &mut Quirks) -> Option<Place> {
    let Some(urn) = &path.urn else {
        if let Some(attribute) = resource_type.attribute(&path.attribute) {
            return located(None, attribute, path.sub_attribute.as_deref());
        }
        if let Some((schema, attribute)) = spelling::attribute(resource_type, &path.attribute, quirks) {
            return located(Some(schema), attribute, path.sub_attribute.as_deref());
        }
        let (schema, attribute) = resource_type.extension_attribute(&path.attribute)?;
        let found = located(Some(schema), attribute, path.sub_attribute.as_deref())?;
        return quirks.allow(Quirk::LoosePath).then_some(found);
    };
    let mut extension =
        |urn: &str| resource_type.extension(urn).or_else(|| spelling::extension(resource_type, urn, quirks));
    if let Some(schema) = extension(&format!("{urn}:{}", dotted(path))) {
        return Some(Place::Extension(schema));
    }
    if let Some(schema) = extension(urn) {
        let attribute = spelling::member(schema, &path.attribute, quirks)?;
        return located(Some(schema), attribute, path.sub_attribute.as_deref());
    }
    if !resource_type.schema.id.eq_ignore_ascii_case(urn) {
        return None;
    }
    located(None, resource_type.attribute(&path.attribute)?, path.sub_attribute.as_deref())
}

fn dotted(path: &AttrPath) -> String {
    match &path.sub_attribute {
        Some(sub_attribute) => format!("{}.{sub_attribute}", path.attribute),
        None => path.attribute.clone(),
    }
}

fn located(
    extension: Option<&'static Schema>,
    attribute: &'static Attribute,
    sub_attribute: Option<&str>,
) -> Option<Place> {
    let sub_attribute = match sub_attribute {
        Some(name) => Some(attribute.sub_attribute(name)?),
        None => None,
    };
    Some(Place::Attribute(Located { extension, attribute, sub_attribute }))
}
