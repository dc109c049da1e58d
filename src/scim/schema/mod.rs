//! Schemas as data: RFC 7643 §7.

pub mod attribute;
pub mod definition;
pub mod organization;
pub mod resource_type;
mod service;
pub mod standard;
pub mod types;

pub use attribute::{Attribute, Mutability, Returned, Type, Uniqueness};
pub use resource_type::{Extension, Indexed, Noun, ResourceType};
pub use types::Types;

/// A schema: a URN and its attributes.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The URN that names it, in its canonical case.
    pub id: &'static str,
    /// The name people see.
    pub name: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// The attributes, in the order `/Schemas` shows them.
    pub attributes: &'static [Attribute],
}

/// A schema is what its URN names.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Schema {
    /// The attribute of that name; case does not count (RFC 7643 §2.1).
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        attribute::named(self.attributes, name)
    }
}
