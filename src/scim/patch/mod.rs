//! PATCH as a pure function: RFC 7644 §3.5.2.
//!
//! [`Patch::read`] turns a body into operations whose targets exist and whose values have the right
//! type; [`apply::apply`] turns a resource and a patch into the resource afterwards, or refuses the
//! whole. Elements that are kept as rows (a group's members) come out as [`MemberChanges`]: what to add
//! and what to take away, never the list.

pub mod apply;
mod change;
mod members;
mod request;
mod target;

pub use apply::{Outcome, apply};
pub use members::MemberChanges;
pub use target::Target;

use super::{filter::Predicate, schema::ResourceType};
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

impl Patch {
    /// Whether an operation can only be understood with the rows at hand: it selects them by something
    /// other than their `value`.
    pub fn needs_rows(&self, resource_type: &ResourceType) -> bool {
        self.operations.iter().any(|operation| match (&operation.target, resource_type.rows) {
            (Target::Elements { attribute, filter, .. }, Some(rows)) => {
                attribute.attribute.name == rows.name && members::named_id(filter).is_none()
            }
            _ => false,
        })
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
