//! The oracles' own table of attributes: RFC 7643 §4 with its errata, and an extension with what the RFC's schemas lack.

use crate::support::{GROUP, ORGANIZATION, USER};
use serde_json::{Value, json};

pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
pub(super) const DESK: &str = "urn:example:scim:schemas:extension:desk:1.0:Any";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string whose case does not count.
    Text,
    /// A string whose case counts.
    Exact,
    Boolean,
    Number,
    DateTime,
    /// A reference to something outside.
    Link,
    /// A reference to a resource.
    Reference,
    Binary,
    Complex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    ReadWrite,
    ReadOnly,
    Immutable,
    Required,
}

/// An attribute or a part of one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Attribute {
    /// The extension that holds it, or nothing.
    pub(super) urn: &'static str,
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_list: bool,
    pub(super) rule: Rule,
    pub(super) parts: &'static [Attribute],
}

impl Attribute {
    pub(super) fn part(&self, name: &str) -> Option<&'static Attribute> {
        self.parts.iter().find(|part| part.name.eq_ignore_ascii_case(name))
    }

    /// Whether every resource has it, whatever its schema.
    pub(super) fn is_common(&self) -> bool {
        ["id", "externalId", "schemas", "meta"].contains(&self.name)
    }
}

const fn one(name: &'static str, kind: Kind) -> Attribute {
    Attribute { urn: "", name, kind, is_list: false, rule: Rule::ReadWrite, parts: &[] }
}

const fn complex(name: &'static str, parts: &'static [Attribute]) -> Attribute {
    Attribute { parts, ..one(name, Kind::Complex) }
}

const fn list(name: &'static str, parts: &'static [Attribute]) -> Attribute {
    many(complex(name, parts))
}

const fn many(attribute: Attribute) -> Attribute {
    Attribute { is_list: true, ..attribute }
}

const fn ruled(attribute: Attribute, rule: Rule) -> Attribute {
    Attribute { rule, ..attribute }
}

const fn of(urn: &'static str, attribute: Attribute) -> Attribute {
    Attribute { urn, ..attribute }
}

const VALUED: &[Attribute] = &[
    one("value", Kind::Text),
    one("display", Kind::Text),
    one("type", Kind::Text),
    one("primary", Kind::Boolean),
];
const ID: Attribute = ruled(one("id", Kind::Exact), Rule::ReadOnly);
const EXTERNAL_ID: Attribute = one("externalId", Kind::Exact);
const SCHEMAS: Attribute = many(one("schemas", Kind::Exact));
const META: Attribute = ruled(
    complex(
        "meta",
        &[
            one("resourceType", Kind::Exact),
            one("created", Kind::DateTime),
            one("lastModified", Kind::DateTime),
            one("location", Kind::Reference),
            one("version", Kind::Exact),
        ],
    ),
    Rule::ReadOnly,
);
const DESK_ATTRIBUTES: [Attribute; 11] = [
    of(DESK, one("code", Kind::Exact)),
    of(DESK, one("floor", Kind::Number)),
    of(DESK, one("height", Kind::Number)),
    of(DESK, one("since", Kind::DateTime)),
    of(DESK, one("seal", Kind::Binary)),
    of(DESK, one("page", Kind::Link)),
    of(DESK, one("remote", Kind::Boolean)),
    of(DESK, many(one("tags", Kind::Text))),
    of(DESK, many(one("levels", Kind::Number))),
    of(DESK, ruled(one("serial", Kind::Exact), Rule::Immutable)),
    of(
        DESK,
        list(
            "sites",
            &[
                one("value", Kind::Text),
                one("type", Kind::Text),
                one("floor", Kind::Number),
                one("since", Kind::DateTime),
                one("primary", Kind::Boolean),
            ],
        ),
    ),
];

/// The extension as an admin writes it.
pub(super) fn desk() -> Value {
    json!({
        "id": DESK, "name": "Desk", "extends": ["User", "Group"], "indexed": ["code", "tags", "sites.value", "page"],
        "attributes": [
            {"name": "code", "caseExact": true},
            {"name": "floor", "type": "integer"},
            {"name": "height", "type": "decimal"},
            {"name": "since", "type": "dateTime"},
            {"name": "seal", "type": "binary"},
            {"name": "page", "type": "reference", "referenceTypes": ["external"]},
            {"name": "remote", "type": "boolean"},
            {"name": "tags", "multiValued": true},
            {"name": "levels", "type": "integer", "multiValued": true},
            {"name": "serial", "caseExact": true, "mutability": "immutable"},
            {"name": "sites", "type": "complex", "multiValued": true, "subAttributes": [
                {"name": "value"}, {"name": "type"}, {"name": "floor", "type": "integer"},
                {"name": "since", "type": "dateTime"}, {"name": "primary", "type": "boolean"},
            ]},
        ],
    })
}

static USER_ATTRIBUTES: [Attribute; 36] = [
    ID,
    EXTERNAL_ID,
    SCHEMAS,
    META,
    ruled(one("userName", Kind::Text), Rule::Required),
    complex(
        "name",
        &[one("formatted", Kind::Text), one("familyName", Kind::Text), one("givenName", Kind::Text)],
    ),
    one("displayName", Kind::Text),
    one("nickName", Kind::Text),
    one("profileUrl", Kind::Link),
    one("title", Kind::Text),
    one("userType", Kind::Text),
    one("active", Kind::Boolean),
    list("emails", VALUED),
    list("phoneNumbers", VALUED),
    list("roles", VALUED),
    list(
        "photos",
        &[
            one("value", Kind::Link),
            one("display", Kind::Text),
            one("type", Kind::Text),
            one("primary", Kind::Boolean),
        ],
    ),
    list(
        "addresses",
        &[
            one("locality", Kind::Text),
            one("country", Kind::Text),
            one("type", Kind::Text),
            one("primary", Kind::Boolean),
        ],
    ),
    list(
        "x509Certificates",
        &[one("value", Kind::Binary), one("display", Kind::Text), one("primary", Kind::Boolean)],
    ),
    ruled(
        list(
            "groups",
            &[
                one("value", Kind::Exact),
                one("$ref", Kind::Reference),
                one("display", Kind::Text),
                one("type", Kind::Text),
            ],
        ),
        Rule::ReadOnly,
    ),
    of(ENTERPRISE, one("employeeNumber", Kind::Text)),
    of(ENTERPRISE, one("department", Kind::Text)),
    of(ENTERPRISE, one("costCenter", Kind::Text)),
    of(ENTERPRISE, one("organization", Kind::Text)),
    of(ENTERPRISE, one("division", Kind::Text)),
    of(
        ENTERPRISE,
        complex(
            "manager",
            &[
                one("value", Kind::Exact),
                one("$ref", Kind::Reference),
                ruled(one("displayName", Kind::Text), Rule::ReadOnly),
            ],
        ),
    ),
    DESK_ATTRIBUTES[0],
    DESK_ATTRIBUTES[1],
    DESK_ATTRIBUTES[2],
    DESK_ATTRIBUTES[3],
    DESK_ATTRIBUTES[4],
    DESK_ATTRIBUTES[5],
    DESK_ATTRIBUTES[6],
    DESK_ATTRIBUTES[7],
    DESK_ATTRIBUTES[8],
    DESK_ATTRIBUTES[9],
    DESK_ATTRIBUTES[10],
];

static GROUP_ATTRIBUTES: [Attribute; 17] = [
    ID,
    EXTERNAL_ID,
    SCHEMAS,
    META,
    ruled(one("displayName", Kind::Text), Rule::Required),
    list(
        "members",
        &[
            ruled(one("value", Kind::Exact), Rule::Immutable),
            ruled(one("$ref", Kind::Reference), Rule::Immutable),
            ruled(one("type", Kind::Text), Rule::Immutable),
            ruled(one("display", Kind::Text), Rule::ReadOnly),
        ],
    ),
    DESK_ATTRIBUTES[0],
    DESK_ATTRIBUTES[1],
    DESK_ATTRIBUTES[2],
    DESK_ATTRIBUTES[3],
    DESK_ATTRIBUTES[4],
    DESK_ATTRIBUTES[5],
    DESK_ATTRIBUTES[6],
    DESK_ATTRIBUTES[7],
    DESK_ATTRIBUTES[8],
    DESK_ATTRIBUTES[9],
    DESK_ATTRIBUTES[10],
];

/// A resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Users,
    Groups,
}

impl Of {
    pub(super) fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::Users => &USER_ATTRIBUTES,
            Self::Groups => &GROUP_ATTRIBUTES,
        }
    }

    pub(super) fn endpoint(self) -> &'static str {
        match self {
            Self::Users => "/Users",
            Self::Groups => "/Groups",
        }
    }

    pub(super) fn urn(self) -> &'static str {
        match self {
            Self::Users => USER,
            Self::Groups => GROUP,
        }
    }

    /// The extensions, in the order `schemas` names them.
    pub(super) fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Users => &[ENTERPRISE, ORGANIZATION, DESK],
            Self::Groups => &[DESK],
        }
    }

    /// The attribute of an extension, or of none.
    pub(super) fn attribute(self, urn: &str, name: &str) -> Option<&'static Attribute> {
        let is_it = |it: &&Attribute| it.urn.eq_ignore_ascii_case(urn) && it.name.eq_ignore_ascii_case(name);
        self.attributes().iter().find(is_it)
    }
}
