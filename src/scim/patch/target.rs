//! Where an operation's path points: RFC 7644 §3.5.2, figure 7.

use crate::scim::{
    ErrorKind, Quirk, Quirks, Result,
    filter::{self, Predicate, bind::bind_elements},
    path::{Located, Place, locate},
    read,
    schema::{Attribute, ResourceType, Schema},
};
use scim_filter_parser::{CompareOp, Filter, Value as Literal, parse_path};
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
    },
}

/// Parses and binds a path. `invalidPath` when it does not parse or names nothing, `invalidFilter` when
/// its filter compares what cannot be compared.
pub(super) fn parse(text: &str, resource_type: &'static ResourceType, quirks: &mut Quirks) -> Result<Target> {
    let text = with_colon(text, resource_type, quirks);
    let parsed = parse_path(&text, filter::dialect(quirks))
        .map_err(|error| ErrorKind::InvalidPath.because(format!("path, {error}")))?;
    filter::note(&parsed.slack, quirks);
    let path = parsed.value;
    let unknown = || {
        let shown: String = text.chars().take(120).collect();
        ErrorKind::InvalidPath.because(format!("{} has no attribute {shown}", resource_type.name))
    };
    let attribute = match locate(resource_type, &path.attribute, quirks) {
        Some(Place::Attribute(found)) => found,
        Some(Place::Extension(schema)) if path.filter.is_none() => return Ok(Target::Extension(schema)),
        _ => return Err(unknown()),
    };
    let Some(inner) = path.filter else { return Ok(Target::Attribute(attribute)) };
    if attribute.sub_attribute.is_some() {
        return Err(unknown());
    }
    let part = match &path.sub_attribute {
        Some(name) => Some(attribute.attribute.sub_attribute(name).ok_or_else(unknown)?),
        None => None,
    };
    let filter = bind_elements(&inner, attribute, resource_type, quirks)?;
    let template = template(&inner, attribute, quirks);
    Ok(Target::Elements { attribute, filter, part, template })
}

/// `URN.attribute`: some clients put a dot where the colon belongs.
fn with_colon(text: &str, resource_type: &ResourceType, quirks: &mut Quirks) -> String {
    for schema in resource_type.extensions {
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

/// The element that a filter made of equalities describes.
fn template(filter: &Filter, attribute: Located, quirks: &mut Quirks) -> Option<Map<String, Value>> {
    let terms = match filter {
        Filter::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut element = Map::new();
    for term in terms {
        let Filter::Compare(path, CompareOp::Eq, literal) = term else { return None };
        let part = attribute.attribute.sub_attribute(&path.attribute)?;
        let value = match literal {
            Literal::Null => return None,
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Number(text) => serde_json::from_str(text).ok()?,
            Literal::String(text) => Value::String(text.clone()),
        };
        element.insert(part.name.to_owned(), read::read_attribute(part, value, part.name, quirks).ok()?);
    }
    Some(element)
}
