//! The PATCH oracle's reading of values: what a sent value is as the attribute's type has it.

use super::{
    attributes::{Attribute, Kind, Rule},
    population::{INSTANTS, exact, fold},
    world::Refusal,
};
use serde_json::{Map, Value, json};

pub(super) type Answer<T> = Result<T, Refusal>;

pub(super) fn refuse<T>(kind: &str) -> Answer<T> {
    Err((if kind == "uniqueness" { 409 } else { 400 }, kind.to_owned()))
}

/// A value where an attribute is assigned to; null is "unassigned". A list may be given by its only element.
pub(super) fn assigned(attribute: &Attribute, value: &Value, forgiving: bool) -> Answer<Value> {
    match value {
        Value::Null | Value::Array(_) => cast(attribute, value, forgiving),
        one if attribute.is_list => elements(attribute, std::slice::from_ref(one), forgiving),
        one => cast(attribute, one, forgiving),
    }
}

pub(super) fn cast(attribute: &Attribute, value: &Value, forgiving: bool) -> Answer<Value> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Array(found) if attribute.is_list => elements(attribute, found, forgiving),
        Value::Object(_) if attribute.is_list && forgiving => {
            elements(attribute, std::slice::from_ref(value), forgiving)
        }
        _ if attribute.is_list => refuse("invalidValue"),
        Value::Array(found) if found.is_empty() => Ok(Value::Null),
        //
        Value::Array(found) if found.len() == 1 && forgiving => match &found[0] {
            Value::Object(one) if attribute.kind != Kind::Complex => {
                single(attribute, one.get("value").unwrap_or(&Value::Null), forgiving)
            }
            one => single(attribute, one, forgiving),
        },
        one => single(attribute, one, forgiving),
    }
}

fn single(attribute: &Attribute, value: &Value, forgiving: bool) -> Answer<Value> {
    match value {
        //
        Value::String(text) if attribute.part("value").is_some() && forgiving => {
            plain(attribute, &json!({"value": text}), forgiving)
        }
        other => plain(attribute, other, forgiving),
    }
}

/// One element; a bare text stands for its `value`.
pub(super) fn element(attribute: &Attribute, value: &Value, forgiving: bool) -> Answer<Value> {
    single(attribute, value, forgiving)
}

fn plain(attribute: &Attribute, value: &Value, forgiving: bool) -> Answer<Value> {
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(Value::Null),
        (Kind::Complex, Value::Object(sent)) => parts(attribute, sent, forgiving),
        (Kind::Text | Kind::Exact | Kind::Link | Kind::Reference, Value::String(text)) => {
            let is_nothing = text.is_empty() && forgiving && attribute.rule != Rule::Required;
            Ok(if is_nothing { Value::Null } else { value.clone() })
        }
        // all numbers but one are whole
        (Kind::Number, Value::Number(number)) if attribute.name != "height" && !number.is_i64() => {
            refuse("invalidValue")
        }
        (Kind::Boolean, Value::Bool(_)) | (Kind::Number, Value::Number(_)) => Ok(value.clone()),
        (Kind::Boolean, Value::String(text)) if forgiving => match text.to_ascii_lowercase().as_str() {
            "true" => Ok(json!(true)),
            "false" => Ok(json!(false)),
            _ => refuse("invalidValue"),
        },
        (Kind::DateTime, Value::String(text)) => match INSTANTS.iter().find(|row| row.0 == text) {
            Some((_, 1_767_225_600_000)) => Ok(json!("2026-01-01T00:00:00.000Z")),
            Some((_, 1_767_225_600_001)) => Ok(json!("2026-01-01T00:00:00.001Z")),
            Some(_) => Ok(json!("1969-12-31T23:59:59.500Z")),
            None => refuse("invalidValue"),
        },
        _ => refuse("invalidValue"),
    }
}

/// The parts of a complex value. What the server alone makes is dropped; of what nobody knows.
fn parts(attribute: &Attribute, sent: &Map<String, Value>, forgiving: bool) -> Answer<Value> {
    let mut found = Map::new();
    for (name, value) in sent {
        match attribute.part(name) {
            None if forgiving => {}
            None => return refuse("invalidSyntax"),
            Some(part) if part.rule == Rule::ReadOnly => {}
            Some(part) => {
                found.insert(part.name.to_owned(), cast(part, value, forgiving)?);
            }
        }
    }
    // a reference to a resource may be given by its address
    let has_value = found.get("value").is_some_and(|value| !value.is_null());
    if let (false, Some(address)) = (has_value, found.get("$ref").and_then(Value::as_str)) {
        let id = address.rsplit('/').next().unwrap().to_owned();
        found.insert("value".to_owned(), json!(id));
    }
    Ok(Value::Object(found))
}

/// The elements of a list: what is unassigned is none, and of one value and type there is one.
fn elements(attribute: &Attribute, sent: &[Value], forgiving: bool) -> Answer<Value> {
    let mut found: Vec<Value> = Vec::new();
    for value in sent {
        let mut one = element(attribute, value, forgiving)?;
        let is_something = clean(&mut one);
        if attribute.name == "members" {
            if !value.is_null() && one.get("value").is_none() {
                return refuse("invalidValue");
            }
            found.extend(is_something.then_some(one));
            continue;
        }
        let same = found.iter_mut().find(|it| key(attribute, it) == key(attribute, &one));
        match same {
            _ if !is_something => {}
            Some(first) => {
                if let (Some(first), Some(again)) = (first.as_object_mut(), one.as_object()) {
                    first.extend(again.clone());
                }
            }
            None => found.push(one),
        }
    }
    Ok(if found.is_empty() { Value::Null } else { json!(found) })
}

/// R-114 once more, of what a change has made alike.
pub(super) fn united(attribute: &Attribute, elements: Vec<Value>) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for one in elements.into_iter().filter(|it| !it.is_null()) {
        match found.iter_mut().find(|it| key(attribute, it) == key(attribute, &one)) {
            Some(first) => {
                if let (Some(first), Some(again)) = (first.as_object_mut(), one.as_object()) {
                    first.extend(again.clone());
                }
            }
            None => found.push(one),
        }
    }
    found
}

/// What makes an element that element: its `value` and `type`, or all of it where it has no `value`; each text in its
/// own case rule.
pub(super) fn key(attribute: &Attribute, element: &Value) -> (Option<String>, Option<String>) {
    let text = |attribute: &Attribute, text: &str| match attribute.kind {
        Kind::Text => fold(text),
        _ => exact(text),
    };
    let part = |name: &str| Some(text(attribute.part(name)?, element.get(name)?.as_str()?));
    match (part("value"), element) {
        (Some(value), _) => (Some(value), part("type")),
        (None, Value::String(whole)) => (None, Some(text(attribute, whole))),
        (None, Value::Object(members)) => {
            let mut all: Vec<String> = Vec::new();
            for (name, value) in members {
                let shown = part(name).unwrap_or_else(|| value.to_string());
                all.push(format!("{name}={shown}"));
            }
            all.sort();
            (None, Some(all.join("\n")))
        }
        (None, other) => (None, Some(other.to_string())),
    }
}

/// Whether an element is one that another names; one without a type means every type.
pub(super) fn is_meant(attribute: &Attribute, element: &Value, by: &Value) -> bool {
    match (key(attribute, element), key(attribute, by)) {
        ((Some(value), _), (Some(wanted), None)) => value == wanted,
        (found, wanted) => found == wanted,
    }
}

/// Takes out what is unassigned: null, empty lists and objects (RFC 7643 §2.5). Whether anything is left.
pub(super) fn clean(value: &mut Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(elements) => {
            elements.retain_mut(clean);
            !elements.is_empty()
        }
        Value::Object(members) => {
            members.retain(|_, member| clean(member));
            !members.is_empty()
        }
        _ => true,
    }
}
