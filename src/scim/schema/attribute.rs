//! Attributes and their characteristics: RFC 7643 §2.2, §7.

use crate::scim::text;
use serde::{Deserialize, Serialize};

/// An attribute's data type: RFC 7643 §2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub enum Type {
    String,
    Boolean,
    Decimal,
    Integer,
    DateTime,
    Reference,
    Binary,
    Complex,
}

impl Type {
    /// The keyword in `/Schemas`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Reference => "reference",
            Self::Binary => "binary",
            Self::Complex => "complex",
        }
    }
}

/// Who may change a value, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub enum Mutability {
    ReadOnly,
    ReadWrite,
    Immutable,
    WriteOnly,
}

/// When a value is part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub enum Returned {
    Always,
    Never,
    Default,
    Request,
}

/// Among whom a value is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub enum Uniqueness {
    None,
    Server,
}

/// An attribute or sub-attribute with every characteristic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attribute {
    /// The name, in its canonical case.
    pub name: &'static str,
    /// The data type.
    pub kind: Type,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether case counts when its text is compared.
    pub case_exact: bool,
    /// Who may change it.
    pub mutability: Mutability,
    /// When it is shown.
    pub returned: Returned,
    /// Among whom it is unique.
    pub uniqueness: Uniqueness,
    /// Suggested values; others are accepted.
    pub canonical_values: &'static [&'static str],
    /// What a reference points to; empty unless `kind` is `Reference`.
    pub reference_types: &'static [&'static str],
    /// The parts of a complex attribute; empty for every other type.
    pub sub_attributes: &'static [Attribute],
    /// One sentence, published in `/Schemas`.
    pub description: &'static str,
}

impl Attribute {
    /// A single, optional, readWrite attribute, case-blind where it is text.
    pub const fn new(name: &'static str, kind: Type, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: matches!(kind, Type::Reference | Type::Binary),
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            sub_attributes: &[],
            description,
        }
    }

    /// A single string.
    pub const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Type::String, description)
    }

    /// A single boolean.
    pub const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Type::Boolean, description)
    }

    /// A reference to the given types.
    pub const fn reference(
        name: &'static str,
        types: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self { reference_types: types, ..Self::new(name, Type::Reference, description) }
    }

    /// A single complex attribute.
    pub const fn complex(name: &'static str, parts: &'static [Attribute], description: &'static str) -> Self {
        Self { sub_attributes: parts, ..Self::new(name, Type::Complex, description) }
    }

    /// A list of complex values.
    pub const fn plural(name: &'static str, parts: &'static [Attribute], description: &'static str) -> Self {
        Self::complex(name, parts, description).many()
    }

    /// The same, multi-valued.
    pub const fn many(self) -> Self {
        Self { multi_valued: true, ..self }
    }

    /// The same, required.
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same, with case that counts.
    pub const fn exact(self) -> Self {
        Self { case_exact: true, ..self }
    }

    /// The same, with another mutability.
    pub const fn mutability(self, mutability: Mutability) -> Self {
        Self { mutability, ..self }
    }

    /// The same, made by the server.
    pub const fn read_only(self) -> Self {
        self.mutability(Mutability::ReadOnly)
    }

    /// The same, shown at other times.
    pub const fn returned(self, returned: Returned) -> Self {
        Self { returned, ..self }
    }

    /// The same, unique in the organization.
    pub const fn unique(self) -> Self {
        Self { uniqueness: Uniqueness::Server, ..self }
    }

    /// The same, with suggested values.
    pub const fn canonical(self, values: &'static [&'static str]) -> Self {
        Self { canonical_values: values, ..self }
    }

    /// Whether it is a reference to a resource of this server, not to something outside.
    pub fn is_resource_reference(&self) -> bool {
        self.reference_types.iter().any(|target| ["User", "Group", "uri"].contains(target))
    }

    /// The key of a text in the attribute's own case rule.
    pub fn key(&self, value: &str) -> String {
        if self.case_exact { text::exact(value) } else { text::fold(value) }
    }

    /// The sub-attribute of that name; case does not count.
    pub fn sub_attribute(&self, name: &str) -> Option<&'static Attribute> {
        named(self.sub_attributes, name)
    }
}

/// The attribute of that name; case does not count (RFC 7643 §2.1).
pub(super) fn named(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
