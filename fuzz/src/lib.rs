//! What the fuzz targets share: resource types with every kind of attribute, and what must hold of any resource.

use roster::scim::{
    Profile, Quirks, Resource, read,
    schema::{
        Attribute, Mutability, ResourceType, Types,
        definition::{Defined, Definition},
        types::STANDARD,
    },
    validate,
};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// An extension with what the standard's own schemas lack: every type, `returned` and mutability it may have.
const EXTENSION: &str = r#"{
    "id": "urn:example:fuzz:2.0:All", "name": "All", "extends": ["User", "Group"],
    "attributes": [
        {"name": "text"}, {"name": "exact", "caseExact": true}, {"name": "switch", "type": "boolean"},
        {"name": "count", "type": "integer"}, {"name": "share", "type": "decimal"},
        {"name": "since", "type": "dateTime"}, {"name": "key", "type": "binary"},
        {"name": "link", "type": "reference", "referenceTypes": ["external"]},
        {"name": "once", "mutability": "immutable"}, {"name": "badge", "returned": "always"},
        {"name": "secret", "mutability": "writeOnly", "returned": "never"},
        {"name": "asked", "returned": "request"}, {"name": "words", "multiValued": true},
        {"name": "sites", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value"}, {"name": "type"}, {"name": "primary", "type": "boolean"},
            {"name": "floor", "type": "integer", "required": true}]},
        {"name": "seat", "type": "complex", "mutability": "immutable", "subAttributes": [{"name": "value"}]}
    ]
}"#;

/// The standard's resource types with [`EXTENSION`].
pub static TYPES: LazyLock<&'static Types> = LazyLock::new(|| {
    let definition: Definition = serde_json::from_str(EXTENSION).unwrap();
    assert_eq!(definition.mistakes(), [""; 0]);
    let defined = Defined { definition: &definition, is_indexed: true, is_leaving: false };
    STANDARD.extended(&[defined], 1, 1)
});

/// A resource as a POST of the body would store it, or nothing where it is refused.
pub fn created(of: &'static ResourceType, body: Map<String, Value>, profile: Profile) -> Option<Resource> {
    let mut quirks = Quirks::new(profile);
    let mut resource = read::resource(of, body, &mut quirks).ok()?;
    validate::created(of, &mut resource, &mut quirks).ok()?;
    Some(resource)
}

/// A resource with what the server derives, as an answer shows it.
pub fn decorated(of: &'static ResourceType, mut resource: Resource) -> Resource {
    let derived = json!({
        "schemas": resource.schemas(of),
        "id": "2819c223",
        "meta": {"resourceType": of.name, "created": "2026-01-01T00:00:00Z", "version": "W/\"1\""},
    });
    resource.0.extend(derived.as_object().cloned().unwrap_or_default());
    if !of.is_group() {
        resource.0.insert("groups".to_owned(), json!([{"value": "g1", "display": "G", "type": "direct"}]));
    }
    resource
}

/// Asserts that what would be stored reads back as it is, however often.
pub fn assert_reads_back(of: &'static ResourceType, resource: &Resource, profile: Profile) {
    let mut resource = resource.clone();
    resource.strip(of);
    let mut sent = resource.clone();
    sent.0.insert("schemas".to_owned(), sent.schemas(of).into());
    let mut again = created(of, sent.0, profile)
        .unwrap_or_else(|| panic!("{profile} refuses what was accepted before: {resource}"));
    again.strip(of);
    assert_eq!(again, resource, "{profile}");
}

/// Every attribute of a type with the object that holds it: core ones and those of extensions.
pub fn attributes<'r>(
    of: &'static ResourceType,
    resource: &'r Resource,
) -> Vec<(String, &'static Attribute, Option<&'r Value>)> {
    let core = of.attributes().map(|it| (it.name.to_owned(), it, resource.get(it.name)));
    let extensions = of.extension_schemas().flat_map(|schema| {
        let holder = resource.get(schema.id);
        schema.attributes.iter().map(move |it| {
            (format!("{}:{}", schema.id, it.name), it, holder.and_then(|holder| holder.get(it.name)))
        })
    });
    core.chain(extensions).collect()
}

/// The values of the parts of an attribute that only the server makes.
pub fn read_only_parts<'v>(attribute: &Attribute, value: Option<&'v Value>) -> Vec<&'v Value> {
    let parts = attribute.sub_attributes.iter().filter(|part| part.mutability == Mutability::ReadOnly);
    let elements = value.map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    let elements = elements.unwrap_or_default();
    parts.flat_map(|part| elements.iter().filter_map(|element| element.get(part.name))).collect()
}

/// Whether a value is another one with nothing added: members and elements may be missing, and that is all.
pub fn is_part_of(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(name, it)| whole.get(name).is_some_and(|whole| is_part_of(it, whole)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            let mut whole = whole.iter();
            part.iter().all(|it| whole.any(|whole| is_part_of(it, whole)))
        }
        _ => part == whole,
    }
}

/// Asserts that a refusal points into the text and can be printed.
pub fn assert_points_into(text: &str, error: &scim_filter_parser::Error) {
    let before = text.get(..error.position()).unwrap_or_else(|| panic!("{text:?}: {error:?}"));
    assert_eq!(error.column(), before.chars().count() + 1, "{text:?}");
    assert!(!error.to_string().contains(char::is_control), "{error:?}");
}

/// Asserts what holds of every text that a parser of both dialects reads: what is printed reads back, the dialects
/// agree where both accept, and only what needs no slack is the RFC's.
pub fn assert_parses<T>(
    text: &str,
    parse: fn(
        &str,
        scim_filter_parser::Dialect,
    ) -> Result<scim_filter_parser::Parsed<T>, scim_filter_parser::Error>,
) -> Option<T>
where
    T: std::fmt::Display + std::fmt::Debug + PartialEq,
{
    use scim_filter_parser::Dialect::{Forgiving, Rfc};
    let (strict, forgiving) = (parse(text, Rfc), parse(text, Forgiving));
    [&strict, &forgiving]
        .into_iter()
        .filter_map(|it| it.as_ref().err())
        .for_each(|it| assert_points_into(text, it));
    if let Ok(strict) = &strict {
        assert_eq!(strict.slack, [], "{text:?}");
        assert_eq!(forgiving.as_ref(), Ok(strict), "{text:?}");
    }
    let forgiving = forgiving.ok()?;
    assert_eq!(forgiving.slack.is_empty(), strict.is_ok(), "{text:?}");
    let printed = forgiving.value.to_string();
    // escapes make a text longer; the limit is another promise
    if printed.len() <= scim_filter_parser::Limits::default().max_length {
        let again = parse(&printed, Rfc).unwrap_or_else(|error| panic!("{text:?} as {printed:?}: {error}"));
        assert_eq!(again.value, forgiving.value, "{text:?}");
    }
    Some(forgiving.value)
}
