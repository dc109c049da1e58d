//! Bodies to resources: names made canonical, values checked against their attribute's type.
//!
//! This is where most quirks live: what identity providers send in another shape is brought into the
//! schema's shape here, once, or refused.

use super::{
    ErrorKind, Quirk, Quirks, Resource, Result, json,
    resource::{ElementKey, assigned},
    schema::{Attribute, Mutability, ResourceType, Schema, Type},
    spelling, text,
};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet, hash_map::Entry};

/// The most characters of a string.
const MAX_TEXT: usize = 4_096;
/// The most characters of a binary value.
const MAX_BINARY: usize = 65_536;
/// The most elements of a multi-valued attribute that is part of the resource.
const MAX_ELEMENTS: usize = 1_000;
/// The most elements in one request of an attribute that is kept as rows: a group's members.
const MAX_ROWS: usize = 100_000;

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
    refuse_twins(&body)?;
    let mut found = Map::new();
    for (key, value) in spelling::spelled(resource_type, body, quirks)? {
        if let Some(attribute) = resource_type.attribute(&key) {
            if attribute.mutability != Mutability::ReadOnly {
                let value = read_attribute(attribute, value, attribute.name, quirks)?;
                found.insert(attribute.name.to_owned(), value);
            }
        } else if let Some(schema) = resource_type.extension(&key) {
            found.insert(schema.id.to_owned(), read_extension(schema, value, quirks)?);
        } else {
            unknown(&key, quirks)?;
        }
    }
    check_schemas(resource_type, found.get("schemas"), quirks)?;
    Ok(Resource(found))
}

/// Reads an extension's container: an object, or null when null was sent.
pub fn read_extension(schema: &'static Schema, value: Value, quirks: &mut Quirks) -> Result<Value> {
    let members = match value {
        Value::Null => return Ok(Value::Null),
        Value::Object(members) => members,
        other => return Err(wrong_type(schema.id, "an object", &other)),
    };
    refuse_twins(&members)?;
    let mut found = Map::new();
    for (key, value) in members {
        match spelling::member(schema, &key, quirks) {
            Some(attribute) if attribute.mutability == Mutability::ReadOnly => {}
            Some(attribute) => {
                let path = format!("{}:{}", schema.id, attribute.name);
                let value = read_attribute(attribute, value, &path, quirks)?;
                if found.insert(attribute.name.to_owned(), value).is_some() {
                    return Err(twice(&key));
                }
            }
            None => unknown(&format!("{}:{key}", schema.id), quirks)?,
        }
    }
    Ok(Value::Object(found))
}

/// Reads an attribute's value; an unassigned one (null, `[]`: RFC 7643 §2.5) is null. A part of a complex
/// value that was sent as null stays null in it: it says that this part shall go. `path` names the attribute
/// in refusals.
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

/// Reads the elements of a multi-valued attribute. Of one value and type there is one element: a
/// second one is merged into the first.
pub fn read_elements(
    attribute: &Attribute,
    elements: Vec<Value>,
    path: &str,
    quirks: &mut Quirks,
) -> Result<Value> {
    // the elements of `members` become rows, which the store tells apart
    let is_rows = attribute.name == "members";
    check_length(elements.len(), if is_rows { MAX_ROWS } else { MAX_ELEMENTS }, path)?;
    let mut found: Vec<Value> = Vec::with_capacity(elements.len());
    let mut places: HashMap<ElementKey, usize> = HashMap::new();
    for element in elements {
        let is_nothing = element.is_null();
        let mut element = read_element(attribute, element, path, quirks)?;
        let is_assigned = assigned(&mut element);
        if is_rows && !is_nothing && element.get("value").is_none() {
            // left out, it would take everybody's place in a replace
            return Err(ErrorKind::InvalidValue.because(format!("{path}: every element needs a value")));
        }
        if !is_assigned {
            continue;
        }
        if is_rows {
            found.push(element);
            continue;
        }
        match places.entry(ElementKey::of(attribute, &element)) {
            Entry::Vacant(place) => {
                place.insert(found.len());
                found.push(element);
            }
            Entry::Occupied(place) => {
                if let (Some(Value::Object(first)), Value::Object(again)) =
                    (found.get_mut(*place.get()), element)
                {
                    first.extend(again);
                }
            }
        }
    }
    Ok(if found.is_empty() { Value::Null } else { Value::Array(found) })
}

/// Refuses more elements than an attribute may have.
pub(super) fn check_length(found: usize, most: usize, path: &str) -> Result<()> {
    if found > most {
        return Err(
            ErrorKind::InvalidValue.because(format!("{path} takes at most {most} values, found {found}"))
        );
    }
    Ok(())
}

/// Refuses more elements than a multi-valued attribute of a resource may have.
pub(super) fn check_elements(elements: &Value, path: &str) -> Result<()> {
    check_length(elements.as_array().map_or(0, Vec::len), MAX_ELEMENTS, path)
}

/// Reads one element. A bare value stands for `{"value": …}`.
pub fn read_element(attribute: &Attribute, element: Value, path: &str, quirks: &mut Quirks) -> Result<Value> {
    let mut element = match element {
        bare @ Value::String(_)
            if attribute.sub_attribute("value").is_some() && quirks.allow(Quirk::BareElement) =>
        {
            valued(bare)
        }
        other => other,
    };
    if let Some(object) = element.as_object_mut() {
        unfold_role(attribute, object, quirks);
    }
    read_value(attribute, element, path, quirks)
}

/// a role whose `value` is a JSON document inside a string.: `displayName` for `display`.
fn unfold_role(attribute: &Attribute, element: &mut Map<String, Value>, quirks: &mut Quirks) {
    let is_role = attribute.name == "roles";
    if is_role
        && let Some((value, Value::String(folded))) = named(element, "value")
        && folded.starts_with('{')
        && let Ok(document) = json::object(folded.as_bytes())
        && document.contains_key("value")
        && quirks.allow(Quirk::FoldedRole)
    {
        let value = value.clone();
        element.shift_remove(&value);
        for (name, value) in document {
            element.insert(name, value);
        }
        element.remove("id");
    }
    if attribute.sub_attribute("display").is_some()
        && named(element, "display").is_none()
        && let Some((name, display)) = named(element, "displayName")
        && quirks.allow(if is_role { Quirk::FoldedRole } else { Quirk::BareElement })
    {
        let (name, display) = (name.clone(), display.clone());
        element.remove(&name);
        element.insert("display".to_owned(), display);
    }
}

/// A member by its name, in whatever case that is written.
fn named<'e>(element: &'e Map<String, Value>, name: &str) -> Option<(&'e String, &'e Value)> {
    element.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// Reads a value that is not a list, undoing a list of one and a bare manager.
fn read_single(attribute: &Attribute, value: Value, path: &str, quirks: &mut Quirks) -> Result<Value> {
    let value = match value {
        Value::Array(items) if items.is_empty() => Value::Null,
        Value::Array(mut items) if items.len() == 1 && quirks.allow(Quirk::ListForValue) => {
            match items.pop().unwrap_or_default() {
                Value::Object(mut object) if attribute.kind != Type::Complex => {
                    object.remove("value").unwrap_or_default()
                }
                item => item,
            }
        }
        other => other,
    };
    let value = match value {
        bare @ Value::String(_)
            if attribute.kind == Type::Complex
                && attribute.sub_attribute("value").is_some()
                && quirks.allow(Quirk::LooseManager) =>
        {
            valued(bare)
        }
        other => other,
    };
    read_value(attribute, value, path, quirks)
}

fn valued(bare: Value) -> Value {
    Value::Object(Map::from_iter([("value".to_owned(), bare)]))
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
    refuse_twins(&members)?;
    let mut found = Map::new();
    for (key, value) in members {
        match attribute.sub_attribute(&key) {
            Some(part) if part.mutability == Mutability::ReadOnly => {}
            Some(part) => {
                let value = read_attribute(part, value, &format!("{path}.{}", part.name), quirks)?;
                found.insert(part.name.to_owned(), value);
            }
            None => unknown(&format!("{path}.{key}"), quirks)?,
        }
    }
    derive_value(attribute, &mut found);
    Ok(Value::Object(found))
}

/// A reference names its target twice, by `value` and by `$ref`; clients may send either.
fn derive_value(attribute: &Attribute, found: &mut Map<String, Value>) {
    let points_to_resource = attribute.sub_attribute("$ref").is_some_and(Attribute::is_resource_reference);
    if points_to_resource
        && found.get("value").is_none_or(Value::is_null)
        && let Some(id) = found.get("$ref").and_then(Value::as_str).and_then(text::referenced_id)
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
    if let Some(foreign) = foreign_urn(resource_type, &urns) {
        return loose_schemas(
            quirks,
            format!("schemas names {foreign}, which a {} does not have", resource_type.name),
        );
    }
    if !urns.iter().any(|urn| urn.eq_ignore_ascii_case(resource_type.schema.id)) {
        return loose_schemas(quirks, format!("schemas must name {}", resource_type.schema.id));
    }
    Ok(())
}

fn loose_schemas(quirks: &mut Quirks, complaint: String) -> Result<()> {
    if quirks.allow(Quirk::LooseSchemas) { Ok(()) } else { Err(ErrorKind::InvalidSyntax.because(complaint)) }
}

/// The first URN that is neither the type's base nor one of its extensions, fit to be shown.
pub(super) fn foreign_urn(resource_type: &ResourceType, urns: &[&str]) -> Option<String> {
    let own = |urn: &str| {
        urn.eq_ignore_ascii_case(resource_type.schema.id) || resource_type.extension(urn).is_some()
    };
    urns.iter().find(|urn| !own(urn)).map(|urn| text::shown(urn))
}

/// What no schema knows is left out, or refused.
pub fn unknown(path: &str, quirks: &mut Quirks) -> Result<()> {
    if quirks.allow(Quirk::UnknownAttribute) {
        return Ok(());
    }
    let detail = format!("no schema of this resource has the attribute {}", text::shown(path));
    Err(ErrorKind::InvalidSyntax.because(detail))
}

/// the same name in two spellings is refused, never last-one-wins.
pub(super) fn refuse_twins(members: &Map<String, Value>) -> Result<()> {
    let mut seen = HashSet::with_capacity(members.len());
    match members.keys().find(|key| !seen.insert(key.to_ascii_lowercase())) {
        None => Ok(()),
        Some(twin) => Err(twice(twin)),
    }
}

fn twice(name: &str) -> super::Error {
    let detail = format!("the attribute {} stands twice in one object", text::shown(name));
    ErrorKind::InvalidSyntax.because(detail)
}

fn wrong_type(path: &str, expected: &str, found: &Value) -> super::Error {
    ErrorKind::InvalidValue.because(format!("{path} must be {expected}, found {}", json::type_name(found)))
}
