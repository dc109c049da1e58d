//! PATCH as a pure function: RFC 7644 §3.5.2.
//!
//! [`Patch::read`] turns a body into operations whose targets exist and whose values have the right
//! type; [`apply::apply`] turns a resource and a patch into the resource afterwards, or refuses the
//! whole. Elements that are kept as rows (a group's members) come out as [`MemberChanges`]: what to add
//! and what to take away, never the list.

pub mod apply;
mod edit;
mod members;
mod request;
mod target;

pub use apply::{Outcome, apply};
pub use members::{MemberChanges, Named, Rows};
pub use target::Target;

use super::{
    filter::Predicate,
    path::Located,
    schema::{ResourceType, Schema},
};
use serde_json::Value;

/// The operations of a PATCH, bound to a resource type.
#[derive(Debug, Clone)]
pub struct Patch {
    /// In the order they apply.
    pub operations: Vec<Operation>,
}

/// One change of one place.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Where.
    pub target: Target,
    /// What.
    pub action: Action,
    /// Whether the place was named by a key of the value rather than by a path.
    pub pathless: bool,
}

/// What an operation does to its target. Values are of the target's type; null is "unassigned".
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// RFC 7644 §3.5.2.1.
    Add(Value),
    /// RFC 7644 §3.5.2.3.
    Replace(Value),
    /// RFC 7644 §3.5.2.2.
    Remove,
    /// A remove that names the elements in its value.
    RemoveValues(Vec<Value>),
}

impl Operation {
    /// Whether the operation is about this attribute, or about the extension that holds it.
    fn names(&self, path: &Located) -> bool {
        match &self.target {
            Target::Attribute(it) | Target::Elements { attribute: it, .. } => {
                it.extension == path.extension && it.attribute.name == path.attribute.name
            }
            Target::Extension(schema) => Some(*schema) == path.extension,
        }
    }

    /// Whether the operation can only be understood with the rows at hand: it selects them by something
    /// other than their `value`, or depends on whether one is there.
    fn needs_rows(&self, resource_type: &ResourceType) -> bool {
        let Some(rows) = resource_type.rows else { return false };
        match (&self.target, &self.action) {
            (Target::Elements { attribute, filter, .. }, action) if attribute.is_of(rows) => {
                members::named_id(filter).is_none()
                    || matches!(action, Action::Replace(value) if !value.is_null())
            }
            _ => false,
        }
    }
}

impl Patch {
    /// Whether some operation can only be understood with the elements at hand that are kept as rows.
    pub fn needs_rows(&self, resource_type: &ResourceType) -> bool {
        self.operations.iter().any(|operation| operation.needs_rows(resource_type))
    }

    /// What the operations call elements that are kept as rows.
    pub fn row_names(&self, resource_type: &ResourceType) -> Vec<&str> {
        let Some(rows) = resource_type.rows else { return Vec::new() };
        let mut names = Vec::new();
        for operation in &self.operations {
            match &operation.target {
                Target::Elements { attribute, filter, .. } if attribute.is_of(rows) => {
                    names.extend(members::named_id(filter));
                }
                Target::Attribute(path) if path.is_of(rows) => {}
                _ => continue,
            }
            let elements: &[Value] = match &operation.action {
                Action::Add(value) | Action::Replace(value) => value.as_array().map_or(&[], Vec::as_slice),
                Action::RemoveValues(values) => values.as_slice(),
                Action::Remove => &[],
            };
            names.extend(elements.iter().filter_map(members::id_of));
        }
        names
    }

    /// Whether an operation names this attribute, or the extension that holds it.
    pub fn names(&self, path: &Located) -> bool {
        self.operations.iter().any(|operation| operation.names(path))
    }

    /// Whether an operation is about this extension or something in it.
    pub fn reaches(&self, schema: &Schema) -> bool {
        self.operations.iter().any(|operation| match &operation.target {
            Target::Attribute(it) | Target::Elements { attribute: it, .. } => {
                it.extension.is_some_and(|extension| extension.id == schema.id)
            }
            Target::Extension(extension) => extension.id == schema.id,
        })
    }

    /// The last text that is put in the place of this attribute of the core schema.
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut texts = self.operations.iter().rev().filter_map(|operation| {
            match (&operation.target, &operation.action) {
                (Target::Attribute(path), Action::Add(value) | Action::Replace(value))
                    if path.extension.is_none() && path.attribute.name == name =>
                {
                    value.as_str()
                }
                _ => None,
            }
        });
        texts.next()
    }

    /// Whether an operation that adds names this attribute, or the extension that holds it.
    pub fn adds(&self, path: &Located) -> bool {
        self.operations.iter().any(|it| matches!(it.action, Action::Add(_)) && it.names(path))
    }

    /// Whether an operation takes elements of this attribute away, or all of it.
    pub fn removes(&self, path: &Located) -> bool {
        let removes = |action: &Action| matches!(action, Action::Remove | Action::RemoveValues(_));
        self.operations.iter().any(|it| removes(&it.action) && it.names(path))
    }

    /// Whether an operation is about this core attribute.
    pub fn mentions(&self, name: &str) -> bool {
        self.operations.iter().any(|operation| match &operation.target {
            Target::Attribute(path) | Target::Elements { attribute: path, .. } => {
                path.extension.is_none() && path.attribute.name == name
            }
            Target::Extension(_) => false,
        })
    }
}

/// Whether the predicate holds for one element.
fn selects(filter: &Predicate, element: &Value) -> bool {
    super::filter::eval::eval_element(filter, element)
}
