//! What a resource must hold to once it is read: RFC 7644 §3.3, §3.5.1.

use super::{
    ErrorKind, Quirk, Quirks, Resource, Result,
    path::Located,
    schema::{Attribute, Extension, Mutability, ResourceType, Schema},
    text,
};
use serde_json::{Map, Value};

/// Checks a resource about to be created, and gives `active` its default.
pub fn created(
    resource_type: &'static ResourceType,
    resource: &mut Resource,
    quirks: &mut Quirks,
) -> Result<()> {
    resource.drop_unassigned();
    if resource_type.attribute("active").is_some() {
        resource.0.entry("active").or_insert(Value::Bool(true));
    }
    check(resource_type, None, resource, quirks)
}

/// Makes what a PUT leaves behind: the body, and of the stored resource what the client did not speak
/// of and must not lose by silence.
pub fn replaced(
    resource_type: &'static ResourceType,
    before: &Resource,
    mut body: Resource,
    quirks: &mut Quirks,
) -> Result<Resource> {
    let listed: Vec<String> =
        body.get("schemas").and_then(Value::as_array).into_iter().flatten().filter_map(lower).collect();
    // a null clears the externalId, but says nothing about who may sign in
    for (name, sent) in [
        ("active", body.get("active").is_some_and(|it| !it.is_null())),
        ("externalId", body.0.contains_key("externalId")),
    ] {
        if let (false, Some(kept)) = (sent, before.get(name)) {
            body.0.insert(name.to_owned(), kept.clone());
        }
    }
    for schema in resource_type.extension_schemas() {
        let spoken_of = body.0.contains_key(schema.id) || listed.contains(&schema.id.to_ascii_lowercase());
        if let (false, Some(kept)) = (spoken_of, before.get(schema.id)) {
            body.0.insert(schema.id.to_owned(), kept.clone());
        }
    }
    body.drop_unassigned();
    keep_immutable(resource_type.attributes(), &before.0, &mut body.0)?;
    for schema in resource_type.extension_schemas() {
        let Some(Value::Object(kept)) = before.get(schema.id) else { continue };
        if let Value::Object(sent) = body.0.entry(schema.id).or_insert_with(|| Value::Object(Map::new())) {
            keep_immutable(schema.attributes.iter(), kept, sent)?;
        }
        body.tidy(schema.id);
    }
    check(resource_type, Some(before), &mut body, quirks)?;
    Ok(body)
}

/// what is set once stays when nothing is said of it, and never becomes something else.
fn keep_immutable(
    attributes: impl Iterator<Item = &'static Attribute>,
    before: &Map<String, Value>,
    body: &mut Map<String, Value>,
) -> Result<()> {
    for attribute in attributes.filter(|it| it.mutability == Mutability::Immutable) {
        match (before.get(attribute.name), body.get(attribute.name)) {
            (Some(kept), None) => {
                body.insert(attribute.name.to_owned(), kept.clone());
            }
            (Some(kept), Some(sent)) if kept != sent => return Err(immutable(attribute.name)),
            _ => {}
        }
    }
    Ok(())
}

/// The refusal of a change to a value that is set once.
pub fn immutable(path: &str) -> super::Error {
    ErrorKind::Mutability.because(format!("{path} is immutable and already has another value"))
}

/// Required attributes, one primary at most, and in strict profiles the shapes RFC 7643 §4.1 names.
///
/// What an extension requires and the resource did not have `before` may stay missing: an admin who adds an extension
/// must not make every change of people who are there fail, least of all their deactivation.
pub fn check(
    resource_type: &'static ResourceType,
    before: Option<&Resource>,
    resource: &mut Resource,
    quirks: &mut Quirks,
) -> Result<()> {
    for attribute in resource_type.attributes() {
        if attribute.required && attribute.name != "schemas" {
            check_required(attribute.name, resource.get(attribute.name))?;
        }
        if let Some(Value::Array(elements)) = resource.0.get_mut(attribute.name) {
            one_primary(attribute, elements, quirks)?;
        }
    }
    for Extension { schema, required } in resource_type.extensions {
        let was = before.map(|before| before.0.get(schema.id));
        match resource.0.get_mut(schema.id) {
            Some(Value::Object(sent)) => {
                check_extension(schema, was.map(|was| was.and_then(Value::as_object)), sent, quirks)?;
            }
            _ if *required && was.is_none_or(|was| was.is_some()) => {
                let detail = format!("the required extension {} is missing", schema.id);
                return Err(ErrorKind::InvalidValue.because(detail));
            }
            _ => {}
        }
    }
    if let Some(name) = resource.text("userName")
        && !text::is_meaningful(name)
    {
        let detail = "userName must not contain control characters, nor code points that stand for nothing";
        return Err(ErrorKind::InvalidValue.because(detail));
    }
    if quirks.profile().is_strict() { check_shapes(resource_type, resource) } else { Ok(()) }
}

/// `was` is what the extension held before, if the resource is not new.
fn check_extension(
    schema: &'static Schema,
    was: Option<Option<&Map<String, Value>>>,
    sent: &mut Map<String, Value>,
    quirks: &mut Quirks,
) -> Result<()> {
    for attribute in schema.attributes {
        let had = was.is_none_or(|was| was.is_some_and(|was| was.contains_key(attribute.name)));
        if attribute.required && had {
            let path = format!("{}:{}", schema.id, attribute.name);
            check_required(&path, sent.get(attribute.name))?;
        }
        let kept = was.flatten().and_then(|was| was.get(attribute.name));
        if sent.get(attribute.name) != kept {
            check_parts(schema, attribute, sent.get(attribute.name))?;
        }
        if let Some(Value::Array(elements)) = sent.get_mut(attribute.name) {
            one_primary(attribute, elements, quirks)?;
        }
    }
    Ok(())
}

/// Each value of a complex attribute has its required parts.
fn check_parts(schema: &Schema, attribute: &Attribute, value: Option<&Value>) -> Result<()> {
    let elements = value.map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    for element in elements.into_iter().flatten() {
        for part in attribute.sub_attributes.iter().filter(|part| part.required) {
            let path = format!("{}:{}.{}", schema.id, attribute.name, part.name);
            check_required(&path, element.get(part.name))?;
        }
    }
    Ok(())
}

/// A required attribute has a value.
fn check_required(path: &str, value: Option<&Value>) -> Result<()> {
    let missing = match value {
        None | Some(Value::Null) => true,
        Some(Value::String(value)) => text::is_blank(value),
        Some(_) => false,
    };
    if missing {
        let detail = format!("the required attribute {path} is missing or empty");
        return Err(ErrorKind::InvalidValue.because(detail));
    }
    Ok(())
}

/// RFC 7643 §2.4: `primary` is true at most once. The last one wins, or the body is refused.
fn one_primary(attribute: &Attribute, elements: &mut [Value], quirks: &mut Quirks) -> Result<()> {
    let primaries =
        elements.iter().filter(|element| element.get("primary") == Some(&Value::Bool(true))).count();
    if primaries < 2 {
        return Ok(());
    }
    if !quirks.allow(Quirk::ManyPrimaries) {
        let detail = format!("{} has {primaries} primary values, at most one is allowed", attribute.name);
        return Err(ErrorKind::InvalidValue.because(detail));
    }
    let primary = |element: &&mut Value| element.get("primary") == Some(&Value::Bool(true));
    for element in elements.iter_mut().filter(primary).rev().skip(1) {
        clear_primary(element);
    }
    Ok(())
}

/// Takes the preference from an element.
pub(super) fn clear_primary(element: &mut Value) {
    if let Some(primary) = element.get_mut("primary") {
        *primary = Value::Bool(false);
    }
}

/// A shape that only a strict connection insists on.
struct Shape {
    attribute: &'static str,
    part: &'static str,
    holds: fn(&str) -> bool,
    expected: &'static str,
}

const SHAPES: [Shape; 4] = [
    Shape {
        attribute: "addresses",
        part: "country",
        holds: is_country,
        expected: "two capital letters of ISO 3166-1",
    },
    Shape { attribute: "photos", part: "value", holds: is_url, expected: "the URL of an image" },
    Shape { attribute: "profileUrl", part: "", holds: is_url, expected: "a URL" },
    Shape {
        attribute: "x509Certificates",
        part: "value",
        holds: is_one_certificate,
        expected: "exactly one DER certificate in base64",
    },
];

fn check_shapes(resource_type: &'static ResourceType, resource: &Resource) -> Result<()> {
    for shape in SHAPES {
        let Some(attribute) = resource_type.attribute(shape.attribute) else { continue };
        let located =
            Located { extension: None, attribute, sub_attribute: attribute.sub_attribute(shape.part) };
        let values = resource.values(&located);
        if values.into_iter().filter_map(Value::as_str).any(|value| !(shape.holds)(value)) {
            return Err(ErrorKind::InvalidValue.because(format!("{located} must be {}", shape.expected)));
        }
    }
    Ok(())
}

fn is_country(value: &str) -> bool {
    value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_url(value: &str) -> bool {
    url::Url::parse(value).is_ok()
}

/// Whether the bytes are one ASN.1 SEQUENCE and nothing after it (RFC 7643 §4.1.2).
fn is_one_certificate(value: &str) -> bool {
    let Some(bytes) = text::decode_base64(value) else { return false };
    let (header, length) = match bytes.as_slice() {
        [0x30, short @ 0..=0x7f, ..] => (2, usize::from(*short)),
        [0x30, 0x81, one, ..] => (3, usize::from(*one)),
        [0x30, 0x82, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        [0x30, 0x83, high, middle, low, ..] => {
            (5, usize::try_from(u32::from_be_bytes([0, *high, *middle, *low])).unwrap_or(usize::MAX))
        }
        _ => return false,
    };
    bytes.len() == header + length
}

fn lower(urn: &Value) -> Option<String> {
    urn.as_str().map(str::to_ascii_lowercase)
}
