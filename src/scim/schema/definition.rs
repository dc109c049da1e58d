//! Schemas that admins add: what a definition may say, and what it becomes.
//!
//! A definition has the form of RFC 7643 §7, as `/Schemas` of any server shows it, with what this server must know
//! besides: which resource types it extends, whether they must have it, and which attributes are indexed.

use super::{
    Attribute, Extension, Indexed, Mutability, ResourceType, Returned, Schema, Type, Types, Uniqueness,
};
use crate::scim::schema::types::STANDARD;
use serde::{Deserialize, Serialize, de::IgnoredAny};

/// The most attributes of a schema, parts counted, and the most bytes of a description.
const MAX_ATTRIBUTES: usize = 200;
const MAX_TEXT: usize = 1_000;

/// An extension schema as an admin writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Definition {
    /// The URN that names it.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// The resource types it extends: `User`, `Group`.
    #[serde(default = "user")]
    pub extends: Vec<String>,
    /// Whether every resource of these types must have it from now on.
    #[serde(default)]
    pub required: bool,
    /// The attributes whose values are indexed, such as `badge` or `sites.code`.
    #[serde(default)]
    pub indexed: Vec<String>,
    /// The attributes.
    pub attributes: Vec<AttributeDefinition>,
    #[serde(default, skip_serializing, rename = "schemas")]
    _schemas: Ignored,
    #[serde(default, skip_serializing, rename = "meta")]
    _meta: Ignored,
}

/// What other servers show beside the definition, and nothing is read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(from = "IgnoredAny")]
struct Ignored;

impl From<IgnoredAny> for Ignored {
    fn from(_: IgnoredAny) -> Self {
        Self
    }
}

/// An attribute as an admin writes it; the defaults are those of RFC 7643 §2.2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub struct AttributeDefinition {
    pub name: String,
    #[serde(rename = "type", default = "string")]
    pub kind: Type,
    #[serde(default)]
    pub multi_valued: bool,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_exact: Option<bool>,
    #[serde(default = "read_write")]
    pub mutability: Mutability,
    #[serde(default = "by_default")]
    pub returned: Returned,
    #[serde(default = "none")]
    pub uniqueness: Uniqueness,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_types: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<AttributeDefinition>,
}

fn user() -> Vec<String> {
    vec!["User".to_owned()]
}

const fn string() -> Type {
    Type::String
}

const fn read_write() -> Mutability {
    Mutability::ReadWrite
}

const fn by_default() -> Returned {
    Returned::Default
}

const fn none() -> Uniqueness {
    Uniqueness::None
}

impl Definition {
    /// Everything that is wrong with the definition, a sentence each.
    pub fn mistakes(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        self.check_id(&mut wrong);
        if self.name.trim().is_empty() || self.name.len() > MAX_TEXT {
            wrong.push(format!("name: expected 1 to {MAX_TEXT} bytes, found {}", self.name.len()));
        }
        if self.description.len() > MAX_TEXT {
            wrong.push(format!("description: expected at most {MAX_TEXT} bytes"));
        }
        let known = |name: &String| STANDARD.extensible().iter().any(|it| it.name == name);
        if self.extends.is_empty() || !self.extends.iter().all(known) {
            wrong.push(format!("extends: expected User, Group or both, found {:?}", self.extends));
        }
        let parts = self.attributes.iter().map(|attribute| attribute.sub_attributes.len() + 1);
        match parts.sum::<usize>() {
            0 => wrong.push("attributes: expected at least one".to_owned()),
            n if n > MAX_ATTRIBUTES => {
                wrong.push(format!(
                    "attributes: expected at most {MAX_ATTRIBUTES} with their parts, found {n}"
                ));
            }
            _ => {}
        }
        check_names(&self.attributes, "", &mut wrong);
        self.attributes.iter().for_each(|attribute| attribute.check("", &mut wrong));
        for path in &self.indexed {
            match self.at(path) {
                None => wrong.push(format!("indexed: there is no attribute {path}")),
                Some(it) if !it.can_be_indexed() => wrong.push(format!(
                    "indexed: {path} cannot be looked up; expected a string, or a reference to something outside"
                )),
                Some(_) => {}
            }
        }
        wrong
    }

    fn check_id(&self, wrong: &mut Vec<String>) {
        let id = self.id.as_str();
        let parts: Vec<&str> = id.split(':').collect();
        let is_urn = matches!(parts.as_slice(), ["urn", _, _, ..])
            && parts.iter().all(|part| !part.is_empty())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":-._~".contains(&byte));
        if !is_urn || id.len() > 200 {
            wrong.push(format!(
                "id: expected a URN of at most 200 letters, digits, `:`, `-`, `.`, `_` and `~`, such as \
                 urn:example:scim:schemas:extension:badge:2.0:User, found {id:?}"
            ));
        }
        let lower = id.to_ascii_lowercase();
        if ["urn:ietf:", "urn:roster:"].iter().any(|reserved| lower.starts_with(reserved)) {
            wrong.push("id: urn:ietf: and urn:roster: are not an organization's own".to_owned());
        }
    }

    /// What forbids that this definition takes the place of an earlier one: values that are stored must keep their
    /// meaning, so that it may only grow.
    pub fn losses(&self, before: &Self) -> Vec<String> {
        let mut lost = Vec::new();
        for gone in before.extends.iter().filter(|name| !self.extends.contains(name)) {
            lost.push(format!("extends: {gone} was extended before"));
        }
        if self.required && !before.required {
            lost.push(NEW_DEMAND.replace("{}", "the extension"));
        }
        compare(&before.attributes, &self.attributes, "", &mut lost);
        lost
    }

    /// Whether one of the two URNs is the beginning of the other, so that paths could mean both.
    pub fn overlaps(&self, other: &str) -> bool {
        let (one, other) = (self.id.to_ascii_lowercase(), other.to_ascii_lowercase());
        let begins = |long: &str, short: &str| {
            long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        begins(&one, &other) || begins(&other, &one)
    }

    fn at(&self, path: &str) -> Option<&AttributeDefinition> {
        let (name, part) = path.split_once('.').map_or((path, None), |(name, part)| (name, Some(part)));
        let attribute = self.attributes.iter().find(|it| it.name == name)?;
        match part {
            Some(part) => attribute.sub_attributes.iter().find(|it| it.name == part),
            None => Some(attribute),
        }
    }

    /// The names under which the index may hold its values.
    pub fn index_names(&self) -> Vec<String> {
        let parts = self.attributes.iter().flat_map(|attribute| {
            let parts = attribute.sub_attributes.iter();
            let parts = parts.map(|part| format!("{}:{}.{}", self.id, attribute.name, part.name));
            parts.chain([format!("{}:{}", self.id, attribute.name)])
        });
        parts.collect()
    }
}

impl AttributeDefinition {
    fn check(&self, within: &str, wrong: &mut Vec<String>) {
        let path = format!("{within}{}", self.name);
        let mut refuse = |why: &str| wrong.push(format!("{path}: {why}"));
        if self.description.len() > MAX_TEXT {
            refuse("the description is too long");
        }
        if !is_name(&self.name) {
            refuse("a name has 1 to 100 letters, digits, `-` and `_`, a letter first");
        }
        if self.uniqueness != Uniqueness::None {
            refuse("uniqueness is none for attributes that an organization adds");
        }
        if self.mutability == Mutability::ReadOnly {
            refuse(
                "a readOnly attribute would never get a value; expected readWrite, immutable or writeOnly",
            );
        }
        if self.mutability == Mutability::WriteOnly && self.returned != Returned::Never {
            refuse("a writeOnly attribute is returned never (RFC 7643 §7)");
        }
        if self.kind == Type::Reference && self.reference_types.is_empty() {
            refuse("a reference names its referenceTypes, such as external or uri");
        }
        if self.reference_types.iter().any(|target| !["external", "uri"].contains(&target.as_str())) {
            refuse(
                "referenceTypes: expected external or uri; references to users and groups are the server's",
            );
        }
        if self.kind != Type::Reference && !self.reference_types.is_empty() {
            refuse("only a reference has referenceTypes");
        }
        if (self.kind == Type::Complex) == self.sub_attributes.is_empty() {
            refuse("a complex attribute has subAttributes, and no other has");
        }
        if self.case_exact == Some(false) && matches!(self.kind, Type::Reference | Type::Binary) {
            refuse("references and binary values are caseExact");
        }
        if !within.is_empty() {
            self.check_part(&mut refuse);
        }
        let within = format!("{path}.");
        check_names(&self.sub_attributes, &within, wrong);
        self.sub_attributes.iter().for_each(|part| part.check(&within, wrong));
    }

    /// the names that RFC 7643 §2.4 gives a meaning keep it.
    fn check_part(&self, refuse: &mut impl FnMut(&str)) {
        if self.kind == Type::Complex {
            refuse("a sub-attribute is not complex (RFC 7643 §2.3.8)");
        }
        if self.mutability != Mutability::ReadWrite || self.returned != Returned::Default {
            refuse("a sub-attribute is changed and returned as its attribute is");
        }
        let lower = self.name.to_ascii_lowercase();
        let expected = match lower.as_str() {
            "primary" => Type::Boolean,
            "type" | "display" => Type::String,
            "$ref" => return refuse("$ref is the server's; give a reference another name"),
            _ => return,
        };
        if self.kind != expected || self.multi_valued {
            refuse(&format!("{lower} is a single {} wherever it stands (RFC 7643 §2.4)", expected.as_str()));
        }
    }

    fn can_be_indexed(&self) -> bool {
        match self.kind {
            Type::String => true,
            Type::Reference => self.reference_types.iter().all(|target| target == "external"),
            _ => false,
        }
    }

    fn case_exact(&self) -> bool {
        self.case_exact.unwrap_or(matches!(self.kind, Type::Reference | Type::Binary))
    }

    /// Makes the attribute for the life of the process.
    fn made(&self) -> Attribute {
        Attribute {
            name: kept(&self.name),
            kind: self.kind,
            multi_valued: self.multi_valued,
            required: self.required,
            case_exact: self.case_exact(),
            mutability: self.mutability,
            returned: self.returned,
            uniqueness: self.uniqueness,
            canonical_values: all_kept(&self.canonical_values),
            reference_types: all_kept(&self.reference_types),
            sub_attributes: self.sub_attributes.iter().map(Self::made).collect::<Vec<_>>().leak(),
            description: kept(&self.description),
        }
    }
}

/// ATTRNAME of RFC 7643 §2.1, within reason. `$` begins the one name that is the server's.
fn is_name(name: &str) -> bool {
    let plain = name.strip_prefix('$').unwrap_or(name);
    plain.starts_with(|first: char| first.is_ascii_alphabetic())
        && plain.len() <= 100
        && plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn check_names(attributes: &[AttributeDefinition], within: &str, wrong: &mut Vec<String>) {
    for (n, attribute) in attributes.iter().enumerate() {
        if attributes.iter().take(n).any(|other| other.name.eq_ignore_ascii_case(&attribute.name)) {
            wrong.push(format!(
                "{within}{}: two attributes have this name; case does not count",
                attribute.name
            ));
        }
    }
}

/// What is wrong with a demand that clients of today do not know.
const NEW_DEMAND: &str = "{} was optional before; clients that do not send it would be refused from now on";

fn compare(
    before: &[AttributeDefinition],
    after: &[AttributeDefinition],
    within: &str,
    lost: &mut Vec<String>,
) {
    for was in before {
        let path = format!("{within}{}", was.name);
        let Some(is) = after.iter().find(|it| it.name == was.name) else {
            lost.push(format!("{path} is missing; an attribute that is there stays"));
            continue;
        };
        for (what, same) in [
            ("type", was.kind == is.kind),
            ("multiValued", was.multi_valued == is.multi_valued),
            ("caseExact", was.case_exact() == is.case_exact()),
        ] {
            if !same {
                lost.push(format!("{path} has another {what} than before"));
            }
        }
        if is.required && !was.required {
            lost.push(NEW_DEMAND.replace("{}", &path));
        }
        compare(&was.sub_attributes, &is.sub_attributes, &format!("{path}."), lost);
    }
}

/// A definition, and how far the work on it is.
#[derive(Debug, Clone, Copy)]
pub struct Defined<'d> {
    /// The definition.
    pub definition: &'d Definition,
    /// Whether the index knows all values of its indexed attributes.
    pub is_indexed: bool,
    /// Whether it is on its way out: not understood any more, and taken out of the resources one by one.
    pub is_leaving: bool,
}

impl Types {
    /// These resource types with these extensions. What is made lives as long as the process: schemas change
    /// when an admin changes them, and everything that reads a request may hold on to them.
    pub fn extended(&self, defined: &[Defined<'_>], version: i64, edition: i64) -> &'static Self {
        let [user, group] = self.extensible().map(|resource_type| extended(resource_type, defined));
        leaked(Self { user, group, version, edition, ..*self })
    }
}

fn extended(standard: &'static ResourceType, defined: &[Defined<'_>]) -> &'static ResourceType {
    let (mut extensions, mut indexed) = (standard.extensions.to_vec(), standard.indexed.to_vec());
    let mut hides = false;
    for Defined { definition, is_indexed, is_leaving } in defined {
        if !definition.extends.iter().any(|name| name == standard.name) {
            continue;
        }
        hides |= *is_leaving;
        if *is_leaving {
            continue;
        }
        let attributes: &'static [Attribute] =
            definition.attributes.iter().map(AttributeDefinition::made).collect::<Vec<_>>().leak();
        hides |= attributes.iter().any(|it| matches!(it.returned, Returned::Never | Returned::Request));
        let schema = leaked(Schema {
            id: kept(&definition.id),
            name: kept(&definition.name),
            description: kept(&definition.description),
            attributes,
        });
        extensions.push(Extension { schema, required: definition.required });
        indexed.extend(definition.indexed.iter().map(|path| {
            let path = kept(&format!("{}:{path}", definition.id));
            Indexed { name: path, path, ready: *is_indexed }
        }));
    }
    leaked(ResourceType { extensions: extensions.leak(), indexed: indexed.leak(), hides, ..*standard })
}

fn leaked<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn kept(text: &str) -> &'static str {
    text.to_owned().leak()
}

fn all_kept(texts: &[String]) -> &'static [&'static str] {
    texts.iter().map(|text| kept(text)).collect::<Vec<_>>().leak()
}
