//! The order of a sorted list: RFC 7644 §3.4.2.3.

use super::{
    ErrorKind, Quirks, Resource, Result,
    path::{Located, Place, locate},
    schema::{ResourceType, Returned, Type},
    text,
};
use scim_filter_parser::{Dialect, parse_path};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SortBy {
    /// The attribute or part whose values decide.
    pub path: Located,
    /// Which end comes first.
    pub order: SortOrder,
}

/// Which end of a list comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub enum SortOrder {
    #[default]
    Ascending,
    Descending,
}

impl SortOrder {
    /// Reads `sortOrder`; case does not count.
    pub fn parse(text: &str) -> Result<Self> {
        match text.to_ascii_lowercase().as_str() {
            "ascending" => Ok(Self::Ascending),
            "descending" => Ok(Self::Descending),
            _ => Err(ErrorKind::InvalidValue.because("sortOrder must be `ascending` or `descending`")),
        }
    }

    /// The order of two values; a missing one comes last, or first when descending.
    pub fn compare(self, left: &SortKey, right: &SortKey) -> Ordering {
        match self {
            Self::Ascending => left.cmp(right),
            Self::Descending => right.cmp(left),
        }
    }
}

impl SortBy {
    /// Reads `sortBy`: an attribute with an order, else `invalidValue`.
    pub fn parse(
        text: &str,
        order: SortOrder,
        resource_type: &'static ResourceType,
        quirks: &mut Quirks,
    ) -> Result<Self> {
        let refuse = |why: &str| ErrorKind::InvalidValue.because(format!("sortBy: {why}"));
        let parsed = parse_path(text.trim(), Dialect::Rfc).map_err(|error| refuse(&error.to_string()))?.value;
        let place = match &parsed.filter {
            None => locate(resource_type, &parsed.attribute, quirks),
            Some(_) => None,
        };
        let Some(Place::Attribute(path)) = place else {
            return Err(refuse(&format!("{} has no attribute of that name", resource_type.name)));
        };
        let path = match path.attribute.sub_attribute("value") {
            Some(value) if path.sub_attribute.is_none() => path.part(value),
            _ => path,
        };
        match path.leaf() {
            // the order would tell what the values are
            leaf if path.attribute.returned == Returned::Never || leaf.kind == Type::Binary => {
                Err(refuse(&format!("{path} has no order")))
            }
            leaf if leaf.kind == Type::Complex => Err(refuse(&format!("{path} needs a sub-attribute"))),
            _ => Ok(Self { path, order }),
        }
    }

    /// The value of the resource that decides: the primary element's, else the first.
    pub fn key(&self, resource: &Resource) -> SortKey {
        let whole = resource.attribute(&self.path);
        let value = match whole {
            Some(Value::Array(elements)) => elements
                .iter()
                .find(|element| element.get("primary") == Some(&Value::Bool(true)))
                .or_else(|| elements.first()),
            other => other,
        };
        let value = match self.path.sub_attribute {
            Some(part) => value.and_then(|value| value.get(part.name)),
            None => value,
        };
        SortKey::of(self.path.leaf().kind, self.path.leaf().case_exact, value)
    }

    /// The order of two resources; what has no value comes last, or first when descending.
    pub fn compare(&self, left: &SortKey, right: &SortKey) -> Ordering {
        self.order.compare(left, right)
    }
}

/// A value in the order of its type; missing values are the greatest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum SortKey {
    Boolean(bool),
    Instant(i64),
    Number(OrderedNumber),
    Text(String),
    Missing,
}

/// A number with a total order.
#[derive(Debug, Clone, Copy)]
pub struct OrderedNumber(f64);

impl Ord for OrderedNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for OrderedNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for OrderedNumber {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for OrderedNumber {}

impl SortKey {
    /// The key by which a walk with cursors orders: a long text counts by its beginning, since a cursor must fit into
    /// a URL.
    pub fn bounded(self) -> Self {
        /// In bytes.
        const LONGEST: usize = 256;
        match self {
            Self::Text(mut text) => {
                text.truncate(text.floor_char_boundary(LONGEST));
                Self::Text(text)
            }
            other => other,
        }
    }

    /// The key as JSON, for a cursor.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Boolean(value) => json!({"boolean": value}),
            Self::Instant(value) => json!({"instant": value}),
            Self::Number(value) => json!({"number": value.0}),
            Self::Text(value) => json!({"text": value}),
            Self::Missing => Value::Null,
        }
    }

    /// The key that [`SortKey::to_json`] wrote.
    pub fn from_json(value: &Value) -> Option<Self> {
        if value.is_null() {
            return Some(Self::Missing);
        }
        let (name, value) = value.as_object()?.iter().next()?;
        Some(match name.as_str() {
            "boolean" => Self::Boolean(value.as_bool()?),
            "instant" => Self::Instant(value.as_i64()?),
            "number" => Self::Number(OrderedNumber(value.as_f64()?)),
            "text" => Self::Text(value.as_str()?.to_owned()),
            _ => return None,
        })
    }

    fn of(kind: Type, case_exact: bool, value: Option<&Value>) -> Self {
        match (kind, value) {
            (Type::Boolean, Some(Value::Bool(value))) => Self::Boolean(*value),
            (Type::DateTime, Some(Value::String(value))) => {
                text::instant(value).map_or(Self::Missing, Self::Instant)
            }
            (Type::Integer | Type::Decimal, Some(Value::Number(value))) => {
                value.as_f64().map_or(Self::Missing, |value| Self::Number(OrderedNumber(value)))
            }
            (_, Some(Value::String(value))) if !value.is_empty() => {
                Self::Text(if case_exact { text::exact(value) } else { text::fold(value) })
            }
            _ => Self::Missing,
        }
    }
}
