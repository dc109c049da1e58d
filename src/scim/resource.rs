//! A resource: a JSON object whose attribute names are already canonical.

use super::{
    path::Located,
    schema::{Attribute, Mutability, ResourceType, Returned},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// A resource as read, stored or answered: names are spelled as the schema spells them, and values have their
/// attribute's type. What is unassigned is absent (RFC 7643 §2.5), but for the nulls that
/// [`super::read::resource`] keeps until it is known what they clear.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Resource(pub Map<String, Value>);

/// The resource's JSON.
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}

impl Resource {
    /// A common or core attribute's value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A common or core attribute's value, where it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The object that holds core attributes, or those of an extension.
    pub fn container(&self, located: &Located) -> Option<&Map<String, Value>> {
        match located.extension {
            None => Some(&self.0),
            Some(schema) => self.0.get(schema.id)?.as_object(),
        }
    }

    /// The whole attribute's value, whatever part the path names.
    pub fn attribute(&self, located: &Located) -> Option<&Value> {
        self.container(located)?.get(located.attribute.name)
    }

    /// Every value the path reaches: one for a single attribute, one an element for a list.
    pub fn values(&self, located: &Located) -> Vec<&Value> {
        let whole = match self.attribute(located) {
            Some(Value::Array(elements)) => elements.iter().collect(),
            Some(value) => vec![value],
            None => Vec::new(),
        };
        match located.sub_attribute {
            None => whole,
            Some(part) => whole.into_iter().filter_map(|value| value.get(part.name)).collect(),
        }
    }

    /// Takes away what is not part of the stored text: what the server derives (readOnly attributes,
    /// `schemas`, the address and name of references), what is never shown (a password is not kept: Q-053),
    /// and what is kept as rows. What is left is what is stored and compared.
    pub fn strip(&mut self, resource_type: &'static ResourceType) {
        for attribute in resource_type.attributes() {
            let is_rows = resource_type.rows.is_some_and(|rows| rows.name == attribute.name);
            let is_derived = attribute.mutability == Mutability::ReadOnly || attribute.name == "schemas";
            if is_derived || is_rows || attribute.returned == Returned::Never {
                self.0.shift_remove(attribute.name);
            }
        }
        for schema in resource_type.extension_schemas() {
            let Some(Value::Object(container)) = self.0.get_mut(schema.id) else { continue };
            for attribute in schema.attributes {
                let Some(Value::Object(complex)) = container.get_mut(attribute.name) else { continue };
                complex.retain(|name, _| {
                    attribute
                        .sub_attribute(name)
                        .is_some_and(|part| part.mutability != Mutability::ReadOnly && part.name != "$ref")
                });
            }
        }
        self.drop_unassigned();
    }

    /// Takes away empty lists, empty objects and null, inside out.
    pub fn drop_unassigned(&mut self) {
        self.0.retain(|_, value| assigned(value));
    }

    /// The same for one attribute or extension.
    pub(super) fn tidy(&mut self, name: &str) {
        if self.0.get_mut(name).is_some_and(|value| !assigned(value)) {
            self.0.shift_remove(name);
        }
    }

    /// The URNs in `schemas`: the base and every extension with something assigned.
    pub fn schemas(&self, resource_type: &ResourceType) -> Vec<&'static str> {
        let used = resource_type.extension_schemas().filter(|schema| self.0.contains_key(schema.id));
        std::iter::once(resource_type.schema.id).chain(used.map(|schema| schema.id)).collect()
    }
}

/// Takes what is unassigned out of a value; whether anything is left.
pub(super) fn assigned(value: &mut Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => {
            items.retain_mut(assigned);
            !items.is_empty()
        }
        Value::Object(members) => {
            members.retain(|_, value| assigned(value));
            !members.is_empty()
        }
        _ => true,
    }
}

/// What makes an element of a multi-valued attribute that element: its `value` and `type`,
/// each in its own case rule, or all of it where it has no `value`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum ElementKey {
    Valued { value: String, kind: Option<String> },
    Whole(Vec<(String, String)>),
}

impl ElementKey {
    pub(super) fn of(attribute: &Attribute, element: &Value) -> Self {
        let part = |name: &str| {
            let text = element.get(name)?.as_str()?;
            Some(attribute.sub_attribute(name)?.key(text))
        };
        match part("value") {
            Some(value) => Self::Valued { value, kind: part("type") },
            None => Self::Whole(whole(attribute, element)),
        }
    }

    /// Whether this key, of an element there is, is meant by another; one without a type means every type.
    pub(super) fn is_meant_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Valued { value, .. }, Self::Valued { value: wanted, kind: None }) => value == wanted,
            _ => self == other,
        }
    }
}

/// Every part with its key, in an order that does not depend on how they were sent.
fn whole(attribute: &Attribute, element: &Value) -> Vec<(String, String)> {
    let key = |of: Option<&Attribute>, value: &Value| match (of, value) {
        (Some(of), Value::String(text)) => of.key(text),
        (_, other) => other.to_string(),
    };
    let Value::Object(parts) = element else { return vec![(String::new(), key(Some(attribute), element))] };
    let part = |(name, value): (&String, &Value)| (name.clone(), key(attribute.sub_attribute(name), value));
    let mut keys: Vec<_> = parts.iter().map(part).collect();
    keys.sort();
    keys
}
