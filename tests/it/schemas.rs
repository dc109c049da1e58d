//! `/Schemas`: what is published is well-formed and known.

use crate::support::Server;
use roster::scim::urn;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs};

/// The schemas as the server lists them.
pub(crate) fn served(server: &Server) -> Vec<Value> {
    server.client.get("/Schemas").json()["Resources"].as_array().unwrap().clone()
}

/// Looks at an attribute: its path, itself, and how deep it is.
type Look<'l> = dyn FnMut(&str, &Map<String, Value>, usize) + 'l;

/// Calls `look` for every attribute and sub-attribute of every schema.
fn walk(schemas: &[Value], look: &mut Look<'_>) {
    fn down(path: &str, attributes: &Value, depth: usize, look: &mut Look<'_>) {
        for attribute in attributes.as_array().into_iter().flatten() {
            let path = format!("{path}.{}", attribute["name"].as_str().unwrap());
            look(&path, attribute.as_object().unwrap(), depth);
            down(&path, &attribute["subAttributes"], depth + 1, look);
        }
    }
    for schema in schemas {
        down(schema["id"].as_str().unwrap(), &schema["attributes"], 1, look);
    }
}

#[test]
fn the_served_schemas_are_those_of_the_golden_file() {
    let server = Server::standard();
    let golden = fs::read_to_string("tests/golden/schemas.json").unwrap();
    let golden: Value = serde_json::from_str(&golden.replace("{base}", &server.client.root)).unwrap();

    let difference = difference("", &golden, &json!(served(&server)));

    assert_eq!(difference, None);
}

/// The first place where two values differ.
fn difference(place: &str, golden: &Value, served: &Value) -> Option<String> {
    match (golden, served) {
        (Value::Object(left), Value::Object(right)) => {
            let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            names.into_iter().find_map(|name| {
                let null = Value::Null;
                let (left, right) = (left.get(name).unwrap_or(&null), right.get(name).unwrap_or(&null));
                difference(&format!("{place}.{name}"), left, right)
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            left.iter().zip(right).enumerate().find_map(|(n, (left, right))| {
                let name = left.get("name").and_then(Value::as_str).map_or(n.to_string(), str::to_owned);
                difference(&format!("{place}[{name}]"), left, right)
            })
        }
        _ if golden == served => None,
        _ => Some(format!("{place}: golden {golden}, served {served}")),
    }
}

#[test]
fn r_068_every_attribute_spells_out_its_characteristics() {
    const ALL: [&str; 7] =
        ["name", "type", "multiValued", "description", "required", "mutability", "returned"];
    let server = Server::standard();

    let mut seen = 0;
    walk(&served(&server), &mut |path, attribute, _| {
        seen += 1;
        let kind = attribute["type"].as_str().unwrap();
        let mut expected = BTreeSet::from(ALL);
        if !["complex", "boolean", "dateTime"].contains(&kind) {
            expected.insert("caseExact");
        }
        // EID 8470: the bytes of a binary value have case but are unique among nobody
        if !["complex", "boolean", "dateTime", "binary"].contains(&kind) {
            expected.insert("uniqueness");
        }
        match kind {
            "complex" => expected.insert("subAttributes"),
            "reference" => expected.insert("referenceTypes"),
            _ => false,
        };
        let keys: BTreeSet<&str> =
            attribute.keys().map(String::as_str).filter(|key| *key != "canonicalValues").collect();
        assert_eq!(keys, expected, "{path}");
        assert!(attribute.get("canonicalValues").is_none_or(|values| !values.as_array().unwrap().is_empty()));
        assert!(!attribute["description"].as_str().unwrap().is_empty(), "{path}");
        for flag in ["multiValued", "required", "caseExact"] {
            assert!(attribute.get(flag).is_none_or(Value::is_boolean), "{path}");
        }
        for (key, words) in [
            ("mutability", &["readOnly", "readWrite", "immutable", "writeOnly"][..]),
            ("returned", &["always", "never", "default", "request"]),
            ("uniqueness", &["none", "server", "global"]),
        ] {
            assert!(attribute.get(key).is_none_or(|word| words.iter().any(|known| word == known)), "{path}");
        }
    });
    assert!(seen > 100, "{seen}");
}

#[test]
fn r_069_complex_attributes_have_parts_and_parts_are_not_complex() {
    let server = Server::standard();

    let mut complex = 0;
    walk(&served(&server), &mut |path, attribute, depth| match attribute["type"].as_str().unwrap() {
        "complex" => {
            complex += 1;
            assert!(!attribute["subAttributes"].as_array().unwrap().is_empty(), "{path}");
            assert!(!attribute.contains_key("uniqueness") && !attribute.contains_key("caseExact"), "{path}");
            // the schema of schemas describes attributes, which have attributes themselves
            assert!(depth == 1 || path.starts_with(urn::SCHEMA), "{path}");
        }
        "boolean" => {
            assert!(!attribute.contains_key("uniqueness") && !attribute.contains_key("caseExact"), "{path}");
        }
        _ => assert!(!attribute.contains_key("subAttributes"), "{path}"),
    });
    assert!(complex > 10, "{complex}");
}

#[test]
fn r_071_references_and_only_they_say_what_they_point_to() {
    let server = Server::standard();
    let types = server.client.get("/ResourceTypes").json();
    let mut known: BTreeSet<String> = BTreeSet::from(["external".to_owned(), "uri".to_owned()]);
    known.extend(
        types["Resources"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap().to_owned()),
    );

    let mut references = 0;
    walk(&served(&server), &mut |path, attribute, _| {
        let is_reference = attribute["type"] == "reference";
        assert_eq!(attribute.contains_key("referenceTypes"), is_reference, "{path}");
        if is_reference {
            references += 1;
            let types = attribute["referenceTypes"].as_array().unwrap();
            assert!(!types.is_empty(), "{path}");
            assert!(types.iter().all(|name| known.contains(name.as_str().unwrap())), "{path} {types:?}");
        }
    });
    assert!(references > 5, "{references}");
}
