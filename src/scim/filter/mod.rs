//! Filters: RFC 7644 §3.4.2.2.
//!
//! A filter passes through three types, and each function asks for the one it can trust:
//!
//! | type | made by | means |
//! |---|---|---|
//! | `&str` | the client | anything |
//! | [`scim_filter_parser::Filter`] | [`parse`] | well-formed; knows nothing of any schema |
//! | [`Predicate`] | [`bind`](bind::bind) | every path exists, every value has its attribute's type |
//!
//! Only a predicate can be evaluated or looked up in an index.

pub mod bind;
pub mod eval;

use super::{ErrorKind, Quirk, Quirks, Result, path::Located};
use scim_filter_parser::{Dialect, Filter, Slack, parse_filter};

pub use scim_filter_parser::CompareOp;

/// A filter bound to a resource type.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// True where every part is true.
    And(Vec<Predicate>),
    /// True where some part is true.
    Or(Vec<Predicate>),
    /// True where the part is false.
    Not(Box<Predicate>),
    /// True where the attribute has a value that is not empty.
    Present(Located),
    /// True where some value the path reaches compares so; `ne` also where there is none.
    Compare(Located, CompareOp, Operand),
    /// True where one element satisfies the inner predicate, whose paths name parts of the attribute.
    Any(Located, Box<Predicate>),
}

/// What a value is compared with, prepared for the attribute's type.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// The key of a string that ignores case.
    Folded(String),
    /// The key of a string whose case counts.
    Exact(String),
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// Microseconds since 1970.
    Instant(i64),
    /// A reference, without its API version.
    Reference(String),
    /// Decoded bytes.
    Binary(Vec<u8>),
}

impl Predicate {
    /// Whether the predicate looks at this common or core attribute.
    pub fn mentions(&self, name: &str) -> bool {
        self.any_path(&|path| path.extension.is_none() && path.attribute.name == name)
    }

    /// Whether some path of the predicate is one of those `wanted` picks.
    pub fn any_path(&self, wanted: &dyn Fn(&Located) -> bool) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.any_path(wanted)),
            Self::Not(part) => part.any_path(wanted),
            Self::Present(path) | Self::Compare(path, ..) | Self::Any(path, _) => wanted(path),
        }
    }

    /// How many comparisons the predicate holds, and with them about what it costs to evaluate once.
    pub fn size(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::size).sum(),
            Self::Not(part) | Self::Any(_, part) => part.size(),
            Self::Present(_) | Self::Compare(..) => 1,
        }
    }

    /// Whether the predicate is nothing but `eq` comparisons, joined by `and`.
    pub fn equalities(&self) -> Option<Vec<(&Located, &Operand)>> {
        match self {
            Self::Compare(path, CompareOp::Eq, operand) => Some(vec![(path, operand)]),
            Self::And(parts) => {
                let parts: Option<Vec<_>> = parts.iter().map(Self::equalities).collect();
                Some(parts?.into_iter().flatten().collect())
            }
            _ => None,
        }
    }
}

/// Text to a well-formed filter, or `invalidFilter` with the column and what was expected there.
pub fn parse(text: &str, quirks: &mut Quirks) -> Result<Filter> {
    let parsed = parse_filter(text, dialect(quirks))
        .map_err(|error| ErrorKind::InvalidFilter.because(format!("filter, {error}")))?;
    note(&parsed.slack, quirks);
    Ok(parsed.value)
}

/// How forgiving the parser is, by profile.
pub fn dialect(quirks: &Quirks) -> Dialect {
    if quirks.profile().is_strict() { Dialect::Rfc } else { Dialect::Forgiving }
}

/// Notes the quirks a parsed text needed; the parser only lets through what the profile allows.
pub fn note(slack: &[Slack], quirks: &mut Quirks) {
    for slack in slack {
        quirks.allow(match slack {
            Slack::Spacing => Quirk::FilterSpacing,
            Slack::BareValue => Quirk::BareFilterValue,
            Slack::SingleQuotes => Quirk::FilterTyping,
            Slack::ValuePathTail => Quirk::ValuePathTail,
        });
    }
}
