//! The small changes of JSON values that operations are made of.

use crate::scim::{
    Resource, Result, path::Located, read::check_elements, resource::ElementKey, schema::Attribute,
    validate::clear_primary,
};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The place of an attribute, or of a part of a single complex one; null, and made, when unassigned.
pub(super) fn slot<'r>(resource: &'r mut Resource, path: &Located) -> &'r mut Value {
    let container = match path.extension {
        None => &mut resource.0,
        Some(schema) => object(resource.0.entry(schema.id).or_insert(Value::Null)),
    };
    let whole = container.entry(path.attribute.name).or_insert(Value::Null);
    match path.sub_attribute {
        None => whole,
        Some(part) => object(whole).entry(part.name).or_insert(Value::Null),
    }
}

/// The value as an object; anything else gives way to an empty one.
fn object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(members) => members,
        _ => unreachable!("made an object above"),
    }
}

/// The elements of a list; a single complex value is a list of one.
pub(super) fn elements_mut(value: &mut Value) -> &mut [Value] {
    match value {
        Value::Null => &mut [],
        Value::Array(elements) => elements,
        one => std::slice::from_mut(one),
    }
}

/// Sets what `members` names and keeps the rest, one level deep and into complex values.
pub(super) fn merge(value: &mut Value, members: &Map<String, Value>) {
    let target = object(value);
    for (name, member) in members {
        match (target.get_mut(name), member) {
            (Some(Value::Object(inner)), Value::Object(members)) => {
                inner.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            _ => {
                target.insert(name.clone(), member.clone());
            }
        }
    }
}

/// Sets one part of an element.
pub(super) fn set_part(element: &mut Value, part: &Attribute, value: &Value) {
    object(element).insert(part.name.to_owned(), value.clone());
}

/// Appends elements to a list. One that is there already (same `value` and `type`) is brought up to date
/// instead; the last one added as primary is the only one.
pub(super) fn append(list: &mut Value, attribute: &Attribute, added: &Value) -> Result<()> {
    if !list.is_array() {
        *list = Value::Array(Vec::new());
    }
    let Value::Array(elements) = list else { return Ok(()) };
    let mut keys: Vec<ElementKey> =
        elements.iter().map(|element| ElementKey::of(attribute, element)).collect();
    for element in added.as_array().into_iter().flatten() {
        let key = ElementKey::of(attribute, element);
        let place = match keys.iter().position(|present| present.is_meant_by(&key)) {
            Some(place) => {
                // the same value in another case is the same: what is there stays as it is
                let is_valued = matches!(key, ElementKey::Valued { .. });
                if let (true, Some(present), Value::Object(members)) =
                    (is_valued, elements.get_mut(place), element)
                {
                    let news = members.iter().filter(|(name, _)| !["value", "type"].contains(&name.as_str()));
                    merge(present, &news.map(|(name, value)| (name.clone(), value.clone())).collect());
                }
                place
            }
            None => {
                elements.push(element.clone());
                keys.push(key);
                elements.len() - 1
            }
        };
        if element.get("primary") == Some(&Value::Bool(true)) {
            prefer(elements, place);
        }
    }
    check_elements(list, attribute.name)
}

/// Of one value and type there is one element: what has become the same as an earlier one is merged into that.
pub(super) fn unite(list: &mut Value, attribute: &Attribute) {
    let Value::Array(elements) = list else { return };
    let mut places: HashMap<ElementKey, usize> = HashMap::new();
    let mut united: Vec<Value> = Vec::with_capacity(elements.len());
    for element in elements.drain(..).filter(|element| !element.is_null()) {
        let place = *places.entry(ElementKey::of(attribute, &element)).or_insert(united.len());
        match (united.get_mut(place), element) {
            (Some(Value::Object(first)), Value::Object(again)) => first.extend(again),
            (Some(_), _) => {}
            (None, element) => united.push(element),
        }
    }
    *elements = united;
}

/// Makes one element the only primary.
pub(super) fn prefer(elements: &mut [Value], preferred: usize) {
    for (n, element) in elements.iter_mut().enumerate() {
        if n != preferred && element.get("primary") == Some(&Value::Bool(true)) {
            clear_primary(element);
        }
    }
}

/// Takes the chosen elements away, or one part of each; emptied elements vanish with the next clean-up.
pub(super) fn remove_elements(elements: &mut [Value], chosen: &[usize], part: Option<&Attribute>) {
    for n in chosen {
        match (elements.get_mut(*n), part) {
            (Some(element), Some(part)) => {
                object(element).shift_remove(part.name);
            }
            (Some(element), None) => *element = Value::Null,
            (None, _) => {}
        }
    }
}

/// Takes away the elements that are named by value.
pub(super) fn remove_values(list: &mut Value, attribute: &Attribute, values: &[Value]) {
    let Value::Array(elements) = list else { return };
    let named: Vec<ElementKey> = values.iter().map(|value| ElementKey::of(attribute, value)).collect();
    elements.retain(|element| {
        let key = ElementKey::of(attribute, element);
        !named.iter().any(|named| key.is_meant_by(named))
    });
}
