//! Where an operation's path points: RFC 7644 §3.5.2, figure 7.

use crate::scim::{
    ErrorKind, Quirk, Quirks, Result,
    filter::{self, Predicate, bind::bind_elements},
    path::{Located, Place, locate},
    read,
    schema::{Attribute, ResourceType, Schema, Type},
    text,
};
use scim_filter_parser::{AttrPath, CompareOp, Filter, Value as Literal, parse_filter, parse_path};
use serde_json::{Map, Value};

/// A place in a resource.
#[derive(Debug, Clone)]
pub enum Target {
    /// A whole extension.
    Extension(&'static Schema),
    /// An attribute, or a part of it: of every element when it is multi-valued.
    Attribute(Located),
    /// The elements a filter selects, or one part of them.
    Elements {
        /// The attribute, without a part.
        attribute: Located,
        /// Which elements.
        filter: Predicate,
        /// Which part of them.
        part: Option<&'static Attribute>,
        /// The element that the filter describes, if it is nothing but equalities.
        template: Option<Map<String, Value>>,
        /// The parts that equalities of the filter fix.
        fixed: Vec<&'static Attribute>,
    },
}

impl Target {
    /// The attribute or extension as the resource's JSON names it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Extension(schema) => schema.id,
            Self::Attribute(path) | Self::Elements { attribute: path, .. } => {
                path.extension.map_or(path.attribute.name, |schema| schema.id)
            }
        }
    }

    /// Whether a value here is one simple value, neither a list nor complex.
    pub(super) fn is_simple(&self) -> bool {
        let leaf = match self {
            Self::Extension(_) | Self::Elements { part: None, .. } => return false,
            Self::Attribute(path) => path.leaf(),
            Self::Elements { part: Some(part), .. } => part,
        };
        !leaf.multi_valued && leaf.kind != Type::Complex
    }
}

/// Parses and binds a path. `invalidPath` when it does not parse or names nothing, `invalidFilter` when
/// its filter compares what cannot be compared.
pub(super) fn parse(path: &str, resource_type: &'static ResourceType, quirks: &mut Quirks) -> Result<Target> {
    let text = with_colon(path, resource_type, quirks);
    let parsed = match parse_path(&text, filter::dialect(quirks)) {
        Ok(parsed) => parsed,
        Err(error) => {
            let refusal = ErrorKind::InvalidPath.because(format!("path, {error}"));
            return simple_value(&text, resource_type, quirks).unwrap_or(Err(refusal));
        }
    };
    filter::note(&parsed.slack, quirks);
    let path = parsed.value;
    let unknown = || {
        ErrorKind::InvalidPath.because(format!(
            "{} has no attribute {}",
            resource_type.name,
            // a filter may hold what must not stand in a log
            text::shown(text.split('[').next().unwrap_or_default())
        ))
    };
    let attribute = match locate(resource_type, &path.attribute, quirks) {
        Some(Place::Attribute(found)) => found,
        Some(Place::Extension(schema)) if path.filter.is_none() => return Ok(Target::Extension(schema)),
        _ => return Err(unknown()),
    };
    let Some(inner) = path.filter else { return Ok(Target::Attribute(attribute)) };
    // brackets select elements, or look into a complex value
    let has_elements = attribute.attribute.multi_valued || attribute.attribute.kind == Type::Complex;
    if attribute.sub_attribute.is_some() || !has_elements {
        return Err(
            ErrorKind::InvalidPath.because(format!("{attribute} has no elements that brackets could select"))
        );
    }
    let part = match &path.sub_attribute {
        Some(name) => Some(attribute.attribute.sub_attribute(name).ok_or_else(unknown)?),
        None => None,
    };
    let is_rows = resource_type.rows.is_some_and(|rows| attribute.is_of(rows));
    if part.is_none() && quirks.is_interop() && attribute.attribute.multi_valued && !is_rows {
        // R-600; a member has no part that could be named instead
        let detail = format!(
            "name a sub-attribute after the brackets of {}",
            text::shown(path.attribute.attribute.as_str())
        );
        return Err(ErrorKind::InvalidPath.because(detail));
    }
    let filter = bind_elements(&inner, attribute, resource_type, quirks)?;
    let terms = equalities(&inner, attribute);
    let fixed = terms.iter().flatten().map(|(part, _)| *part).collect();
    let template = template(&terms, quirks);
    Ok(Target::Elements { attribute, filter, part, template, fixed })
}

/// EID 7122: `tags eq "x"` names a value of a simple list, as `tags[value eq "x"]` does.
fn simple_value(
    text: &str,
    resource_type: &'static ResourceType,
    quirks: &mut Quirks,
) -> Option<Result<Target>> {
    let parsed = parse_filter(text, filter::dialect(quirks)).ok()?;
    let Filter::Compare(path, CompareOp::Eq, literal) = parsed.value else { return None };
    let Some(Place::Attribute(attribute)) = locate(resource_type, &path, quirks) else { return None };
    if !attribute.leaf().multi_valued || attribute.leaf().kind == Type::Complex {
        return None;
    }
    filter::note(&parsed.slack, quirks);
    let value = AttrPath { urn: None, attribute: "value".to_owned(), sub_attribute: None };
    let filter = Filter::Compare(value, CompareOp::Eq, literal);
    let filter = bind_elements(&filter, attribute, resource_type, quirks);
    let elements =
        |filter| Target::Elements { attribute, filter, part: None, template: None, fixed: Vec::new() };
    Some(filter.map(elements))
}

/// `URN.attribute`: some clients put a dot where the colon belongs.
fn with_colon(text: &str, resource_type: &ResourceType, quirks: &mut Quirks) -> String {
    for schema in resource_type.extension_schemas().chain([resource_type.schema]) {
        let (head, tail) = text.split_at_checked(schema.id.len()).unwrap_or(("", ""));
        if head.eq_ignore_ascii_case(schema.id)
            && let Some(attribute) = tail.strip_prefix('.')
            && quirks.allow(Quirk::LoosePath)
        {
            return format!("{}:{attribute}", schema.id);
        }
    }
    text.to_owned()
}

/// The terms of a filter, joined by `and`: the part and the literal where a term is an equality.
fn equalities(filter: &Filter, attribute: Located) -> Vec<Option<(&'static Attribute, &Literal)>> {
    let terms = match filter {
        Filter::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    terms
        .iter()
        .map(|term| match term {
            Filter::Compare(path, CompareOp::Eq, literal) => {
                Some((attribute.attribute.sub_attribute(&path.attribute)?, literal))
            }
            _ => None,
        })
        .collect()
}

/// The element that a filter made of equalities alone describes.
fn template(terms: &[Option<(&'static Attribute, &Literal)>], quirks: &Quirks) -> Option<Map<String, Value>> {
    // what the filter needed is noted where it is bound
    let mut scratch = Quirks::new(quirks.profile());
    let mut element = Map::new();
    for term in terms {
        let (part, literal) = (*term)?;
        let value = match literal {
            Literal::Null => return None,
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Number(text) if part.kind == Type::String => Value::String(text.clone()),
            Literal::Number(text) => serde_json::from_str(text).ok()?,
            Literal::String(text) => Value::String(text.clone()),
        };
        element
            .insert(part.name.to_owned(), read::read_attribute(part, value, part.name, &mut scratch).ok()?);
    }
    Some(element)
}
