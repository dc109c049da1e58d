//! Bodies to resources: names made canonical, values checked against their attribute's type.
//!
//! This is where most quirks live: what identity providers send in another shape is brought into the
//! schema's shape here, once, or refused.

use super::{
    ErrorKind, Quirk, Quirks, Resource, Result, json,
    schema::{Attribute, Mutability, ResourceType, Schema, Type},
    text,
};
use serde_json::{Map, Value};

/// The most characters a string may have, and a binary value.
const MAX_TEXT: usize = 4_096;
const MAX_BINARY: usize = 65_536;
/// The most elements of a multi-valued attribute that is part of the resource.
const MAX_ELEMENTS: usize = 1_000;

/// Reads the body of a POST or PUT (RFC 7644 §3.3, §3.5.1).
///
/// readOnly attributes are dropped whatever they hold. What was sent unassigned is null, so that
/// [`super::validate::replaced`] can tell it from what was not sent; `schemas` tells it which extensions the
/// client knows.
pub fn resource(
    resource_type: &'static ResourceType,
    body: Map<String, Value>,
    quirks: &mut Quirks,
) -> Result<Resource> {
    let mut found = Map::new();
    for (key, value) in body {
        if let Some(attribute) = resource_type.attribute(&key) {
            if attribute.mutability != Mutability::ReadOnly {
                put_once(
                    &mut found,
                    attribute.name,
                    read_attribute(attribute, value, attribute.name, quirks)?,
                )?;
            }
        } else if let Some(schema) = resource_type.extension(&key) {
            put_once(&mut found, schema.id, read_extension(schema, value, quirks)?)?;
        } else {
            unknown(&key, quirks)?;
        }
    }
    check_schemas(resource_type, found.get("schemas"), quirks)?;
    Ok(Resource(found))
}

/// Reads an extension's container; an unassigned one is null.
pub fn read_extension(schema: &'static Schema, value: Value, quirks: &mut Quirks) -> Result<Value> {
    let Value::Object(members) = value else {
        return match value {
            Value::Null => Ok(Value::Null),
            other => Err(wrong_type(schema.id, "an object", &other)),
        };
    };
    let mut found = Map::new();
    for (key, value) in members {
        match schema.attribute(&key) {
            Some(attribute) if attribute.mutability == Mutability::ReadOnly => {}
            Some(attribute) => {
                let path = format!("{}:{}", schema.id, attribute.name);
                put_once(&mut found, attribute.name, read_attribute(attribute, value, &path, quirks)?)?;
            }
            None => unknown(&format!("{}:{key}", schema.id), quirks)?,
        }
    }
    found.retain(|_, value| !value.is_null());
    Ok(if found.is_empty() { Value::Null } else { Value::Object(found) })
}

/// Reads an attribute's value; an unassigned one (absent, null, `[]`, `{}`: RFC 7643 §2.5) is null.
/// `path` names it in refusals.
pub fn read_attribute(attribute: &Attribute, value: Value, path: &str, quirks: &mut Quirks) -> Result<Value> {
    if !attribute.multi_valued {
        return read_single(attribute, value, path, quirks);
    }
    let elements = match value {
        Value::Null => return Ok(Value::Null),
        Value::Array(elements) => elements,
        object @ Value::Object(_) if quirks.allow(Quirk::ObjectForList) => vec![object],
        other => return Err(wrong_type(path, "a list", &other)),
    };
    read_elements(attribute, elements, path, quirks)
}

/// Reads the elements of a multi-valued attribute; equal ones are kept once.
pub fn read_elements(
    attribute: &Attribute,
    elements: Vec<Value>,
    path: &str,
    quirks: &mut Quirks,
) -> Result<Value> {
    if elements.len() > MAX_ELEMENTS && attribute.name != "members" {
        return Err(ErrorKind::InvalidValue
            .because(format!("{path} takes at most {MAX_ELEMENTS} values, found {}", elements.len())));
    }
    let mut found: Vec<Value> = Vec::with_capacity(elements.len());
    for element in elements {
        let element = read_element(attribute, element, path, quirks)?;
        // a group may have many thousand members; those are told apart by their rows
        if !element.is_null() && (attribute.name == "members" || !found.contains(&element)) {
            found.push(element);
        }
    }
    Ok(if found.is_empty() { Value::Null } else { Value::Array(found) })
}

/// Reads one element. A bare value stands for `{"value": …}`.
fn read_element(attribute: &Attribute, element: Value, path: &str, quirks: &mut Quirks) -> Result<Value> {
    let mut element = match element {
        bare @ Value::String(_)
            if attribute.sub_attribute("value").is_some() && quirks.allow(Quirk::BareElement) =>
        {
            Value::Object(Map::from_iter([("value".to_owned(), bare)]))
        }
        other => other,
    };
    if let Some(object) = element.as_object_mut() {
        unfold_role(attribute, object, quirks);
    }
    read_value(attribute, element, path, quirks)
}

/// a role whose `value` is a JSON document inside a string, and `displayName` for `display`.
fn unfold_role(attribute: &Attribute, element: &mut Map<String, Value>, quirks: &mut Quirks) {
    if attribute.name == "roles"
        && let Some(Value::String(folded)) = element.get("value")
        && folded.starts_with('{')
        && let Ok(document) = json::object(folded.as_bytes())
        && document.contains_key("value")
        && quirks.allow(Quirk::FoldedRole)
    {
        for (name, value) in document {
            element.insert(name, value);
        }
        element.remove("id");
    }
    if attribute.sub_attribute("display").is_some()
        && element.contains_key("displayName")
        && !element.contains_key("display")
        && quirks.allow(Quirk::FoldedRole)
        && let Some(display) = element.remove("displayName")
    {
        element.insert("display".to_owned(), display);
    }
}

/// Reads a value that is not a list, undoing a list of one.
fn read_single(attribute: &Attribute, value: Value, path: &str, quirks: &mut Quirks) -> Result<Value> {
    let value = match value {
        Value::Array(mut items) if items.len() <= 1 && quirks.allow(Quirk::ListForValue) => {
            match items.pop() {
                Some(Value::Object(mut object)) if attribute.kind != Type::Complex => {
                    object.remove("value").unwrap_or_default()
                }
                item => item.unwrap_or_default(),
            }
        }
        // a manager as a bare id, or as nothing
        bare @ Value::String(_)
            if attribute.kind == Type::Complex
                && attribute.sub_attribute("value").is_some()
                && quirks.allow(Quirk::LooseManager) =>
        {
            Value::Object(Map::from_iter([("value".to_owned(), bare)]))
        }
        other => other,
    };
    read_value(attribute, value, path, quirks)
}

/// Reads one value of the attribute's type.
fn read_value(attribute: &Attribute, value: Value, path: &str, quirks: &mut Quirks) -> Result<Value> {
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(Value::Null),
        (Type::Complex, Value::Object(members)) => read_complex(attribute, members, path, quirks),
        (Type::Complex, other) => Err(wrong_type(path, "an object", &other)),
        (Type::String | Type::Reference, Value::String(text)) => read_text(attribute, text, path, quirks),
        (Type::String | Type::Reference, other) => Err(wrong_type(path, "a string", &other)),
        (Type::Boolean, Value::Bool(value)) => Ok(Value::Bool(value)),
        (Type::Boolean, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            spelled @ ("true" | "false") if quirks.allow(Quirk::TextBoolean) => {
                Ok(Value::Bool(spelled == "true"))
            }
            _ => Err(wrong_type(path, "true or false", &Value::String(text))),
        },
        (Type::Boolean, other) => Err(wrong_type(path, "true or false", &other)),
        (Type::Integer, number) if number.is_i64() || number.is_u64() => Ok(number),
        (Type::Integer, other) => Err(wrong_type(path, "a whole number", &other)),
        (Type::Decimal, number @ Value::Number(_)) => Ok(number),
        (Type::Decimal, other) => Err(wrong_type(path, "a number", &other)),
        (Type::DateTime, Value::String(text)) => match text::instant(&text) {
            Some(instant) => Ok(Value::String(text::date_time(instant))),
            None => Err(ErrorKind::InvalidValue
                .because(format!("{path} must be a date and time such as 2026-01-31T12:00:00Z"))),
        },
        (Type::DateTime, other) => Err(wrong_type(path, "a date and time", &other)),
        (Type::Binary, Value::String(text)) => read_binary(text, path),
        (Type::Binary, other) => Err(wrong_type(path, "base64 text", &other)),
    }
}

fn read_complex(
    attribute: &Attribute,
    members: Map<String, Value>,
    path: &str,
    quirks: &mut Quirks,
) -> Result<Value> {
    let mut found = Map::new();
    for (key, value) in members {
        match attribute.sub_attribute(&key) {
            Some(part) if part.mutability == Mutability::ReadOnly => {}
            Some(part) => {
                let value = read_attribute(part, value, &format!("{path}.{}", part.name), quirks)?;
                put_once(&mut found, part.name, value)?;
            }
            None => unknown(&format!("{path}.{key}"), quirks)?,
        }
    }
    found.retain(|_, value| !value.is_null());
    derive_value(attribute, &mut found);
    Ok(if found.is_empty() { Value::Null } else { Value::Object(found) })
}

/// A reference names its target twice, by `value` and by `$ref`; clients may send either.
fn derive_value(attribute: &Attribute, found: &mut Map<String, Value>) {
    let points_to_resource =
        attribute.sub_attribute("$ref").is_some_and(|part| part.reference_types.contains(&"User"));
    if points_to_resource
        && !found.contains_key("value")
        && let Some(id) = found.get("$ref").and_then(Value::as_str).and_then(|url| url.rsplit('/').next())
        && !id.is_empty()
    {
        let id = Value::String(id.to_owned());
        found.insert("value".to_owned(), id);
    }
}

fn read_text(attribute: &Attribute, text: String, path: &str, quirks: &mut Quirks) -> Result<Value> {
    if text.is_empty() && !attribute.required && quirks.allow(Quirk::EmptyText) {
        return Ok(Value::Null);
    }
    if text.contains('\0') {
        return Err(ErrorKind::InvalidValue.because(format!("{path} must not contain the character NUL")));
    }
    if text.chars().count() > MAX_TEXT {
        return Err(ErrorKind::InvalidValue.because(format!("{path} takes at most {MAX_TEXT} characters")));
    }
    Ok(Value::String(text))
}

fn read_binary(text: String, path: &str) -> Result<Value> {
    if text.len() > MAX_BINARY {
        return Err(ErrorKind::InvalidValue.because(format!("{path} takes at most {MAX_BINARY} characters")));
    }
    match text::decode_base64(&text) {
        Some(_) => Ok(Value::String(text)),
        None => Err(ErrorKind::InvalidValue.because(format!("{path} must be base64"))),
    }
}

/// `schemas` of a body: RFC 7643 §3; taken as it comes by a forgiving connection.
fn check_schemas(resource_type: &ResourceType, sent: Option<&Value>, quirks: &mut Quirks) -> Result<()> {
    let urns: Vec<&str> =
        sent.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let is_base = |urn: &&str| urn.eq_ignore_ascii_case(resource_type.schema.id);
    let foreign = urns.iter().find(|urn| !is_base(urn) && resource_type.extension(urn).is_none());
    let complaint = match foreign {
        Some(urn) => format!("schemas names {urn}, which a {} does not have", resource_type.name),
        None if !urns.iter().any(is_base) => format!("schemas must name {}", resource_type.schema.id),
        None => return Ok(()),
    };
    if quirks.allow(Quirk::LooseSchemas) { Ok(()) } else { Err(ErrorKind::InvalidSyntax.because(complaint)) }
}

/// What no schema knows is left out, or refused.
pub fn unknown(path: &str, quirks: &mut Quirks) -> Result<()> {
    if quirks.allow(Quirk::UnknownAttribute) {
        return Ok(());
    }
    let shown: String = path.chars().take(120).collect();
    Err(ErrorKind::InvalidSyntax.because(format!("no schema of this resource has the attribute {shown}")))
}

/// the same attribute in two spellings is refused, never last-one-wins.
fn put_once(found: &mut Map<String, Value>, name: &str, value: Value) -> Result<()> {
    match found.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => {
            Err(ErrorKind::InvalidSyntax.because(format!("the attribute {name} stands twice in one object")))
        }
    }
}

fn wrong_type(path: &str, expected: &str, found: &Value) -> super::Error {
    ErrorKind::InvalidValue.because(format!("{path} must be {expected}, found {}", json::type_name(found)))
}
