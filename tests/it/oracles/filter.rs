//! The filter oracle: what a filter means, straight from RFC 7644 §3.4.2.2 and our rulings.

use super::{
    attributes::{Attribute, Kind, Of},
    population::{Population, exact, fold},
};
use serde_json::Value;

/// An attribute, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub(super) attribute: &'static Attribute,
    pub(super) part: Option<&'static Attribute>,
}

impl Place {
    pub(super) fn leaf(&self) -> &'static Attribute {
        self.part.unwrap_or(self.attribute)
    }

    /// a complex attribute that is named bare means its `value`.
    fn compared(self) -> Option<Self> {
        match self.leaf().kind {
            Kind::Complex => Some(Self { part: Some(self.attribute.part("value")?), ..self }),
            _ => Some(self),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Op {
    pub(super) const ALL: [(Self, &'static str); 9] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Co, "co"),
        (Self::Sw, "sw"),
        (Self::Ew, "ew"),
        (Self::Gt, "gt"),
        (Self::Ge, "ge"),
        (Self::Lt, "lt"),
        (Self::Le, "le"),
    ];

    /// RFC 7644 table 3, R-255, R-256.
    pub(super) fn suits(self, kind: Kind) -> bool {
        match self {
            Self::Eq | Self::Ne => true,
            Self::Co | Self::Sw | Self::Ew => {
                [Kind::Text, Kind::Exact, Kind::Link, Kind::Reference].contains(&kind)
            }
            _ => [Kind::Text, Kind::Exact, Kind::Number, Kind::DateTime].contains(&kind),
        }
    }
}

/// What something is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Null,
    Boolean(bool),
    /// A boolean in quotes, which a forgiving connection takes.
    QuotedBoolean(bool),
    /// A number as it is spelled.
    Number(&'static str),
    Text(&'static str),
    /// The id of a resource of the population.
    Id(usize),
    /// A reference to a resource of the population, in one of [`FORMS`].
    Reference(usize, usize),
    /// Milliseconds since 1970, and the zone's offset in minutes in which they are spelled.
    Instant(i64, i64),
    /// Base64, and the bytes it stands for.
    Bytes(&'static str, &'static [u8]),
}

/// How a reference can be spelled, and whether it is one to that resource.
pub(super) const FORMS: [(&str, bool); 9] = [
    ("http://127.0.0.1/scim/v2/{type}/{id}", true),
    ("http://127.0.0.1/scim/{type}/{id}", true),
    ("http://127.0.0.1/scim/v1/{type}/{id}", true),
    ("/scim/v2/{type}/{id}", true),
    ("{type}/{id}", true),
    ("/{type}/{id}", true),
    ("https://elsewhere.example.com/scim/v2/{type}/{id}", false),
    ("{id}", false),
    ("/other/{type}/{id}", false),
];

#[derive(Debug, Clone)]
pub(super) enum Filter {
    Present(Place, Look),
    Compare(Place, Op, Operand, Look),
    /// Brackets, and a comparison after them that the same element must meet.
    Any(Place, Box<Filter>, Option<Box<Filter>>, Look),
    And(Vec<Filter>, Look),
    Or(Vec<Filter>, Look),
    Not(Box<Filter>, Look),
    /// In parentheses.
    Group(Box<Filter>),
    /// What is no filter for anybody.
    Broken(&'static str),
}

/// How a piece of a filter is spelled: 0 is plainly, and `loose` is as only a forgiving connection takes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) style: u16,
    pub(super) loose: bool,
}

impl Filter {
    /// Whether the filter can be asked at all; else it is 400 `invalidFilter`.
    pub(super) fn is_valid(&self, forgiving: bool) -> bool {
        match self {
            Self::Present(..) => true,
            Self::Compare(place, op, operand, _) => {
                place.compared().is_some_and(|place| can_compare(place.leaf().kind, *op, operand, forgiving))
            }
            Self::Any(place, inner, tail, _) => {
                let has_elements = place.attribute.is_list || place.attribute.kind == Kind::Complex;
                has_elements
                    && inner.is_valid(forgiving)
                    && tail.as_ref().is_none_or(|tail| forgiving && tail.is_valid(forgiving))
            }
            Self::And(parts, _) | Self::Or(parts, _) => parts.iter().all(|part| part.is_valid(forgiving)),
            Self::Not(part, _) | Self::Group(part) => part.is_valid(forgiving),
            Self::Broken(_) => false,
        }
    }

    /// Whether the resource satisfies the filter, which is valid.
    pub(super) fn holds(&self, resource: &Value, people: &Population) -> bool {
        self.meets(&|place| values(resource, place), people)
    }

    /// Whether an element of `attribute` satisfies what stands in brackets.
    pub(super) fn holds_for_element(&self, element: &Value, people: &Population) -> bool {
        let inside = |place: &Place| match place.part {
            Some(part) => element.get(part.name).into_iter().collect(),
            None => vec![element],
        };
        self.meets(&inside, people)
    }

    fn meets<'v>(&self, values: &dyn Fn(&Place) -> Vec<&'v Value>, people: &Population) -> bool {
        match self {
            Self::Present(place, _) => values(place).into_iter().any(is_present),
            Self::Compare(place, op, operand, _) => compare_any(place, *op, operand, values, people),
            Self::Any(place, inner, tail, _) => values(place).into_iter().any(|element| {
                inner.holds_for_element(element, people)
                    && tail.as_ref().is_none_or(|tail| tail.holds_for_element(element, people))
            }),
            Self::And(parts, _) => parts.iter().all(|part| part.meets(values, people)),
            Self::Or(parts, _) => parts.iter().any(|part| part.meets(values, people)),
            Self::Not(part, _) => !part.meets(values, people),
            Self::Group(part) => part.meets(values, people),
            Self::Broken(_) => unreachable!("it is not valid"),
        }
    }
}

fn can_compare(kind: Kind, op: Op, operand: &Operand, forgiving: bool) -> bool {
    use Operand::{Boolean, Bytes, Id, Instant, Null, Number, QuotedBoolean, Reference, Text};
    if *operand == Null {
        return [Op::Eq, Op::Ne].contains(&op);
    }
    op.suits(kind)
        && match (kind, operand) {
            (Kind::Text | Kind::Exact, Number(_)) => forgiving,
            (Kind::Boolean, QuotedBoolean(_)) => forgiving,
            (Kind::Boolean, Boolean(_))
            | (Kind::Number, Number(_))
            | (Kind::DateTime, Instant(..))
            | (Kind::Binary, Bytes(..)) => true,
            (Kind::Text | Kind::Exact | Kind::Link | Kind::Reference, operand) => {
                matches!(
                    operand,
                    Text(_) | Id(_) | Reference(..) | Instant(..) | Bytes(..) | QuotedBoolean(_)
                )
            }
            _ => false,
        }
}

/// Every value that a path leads to: of a list, of each element.
fn values<'v>(resource: &'v Value, place: &Place) -> Vec<&'v Value> {
    let container = match place.attribute.urn {
        "" => Some(resource),
        urn => resource.get(urn),
    };
    let whole: Vec<&Value> = match container.and_then(|it| it.get(place.attribute.name)) {
        None => Vec::new(),
        Some(Value::Array(elements)) => elements.iter().collect(),
        Some(one) => vec![one],
    };
    match place.part {
        None => whole,
        Some(part) => whole.into_iter().filter_map(|element| element.get(part.name)).collect(),
    }
}

/// false and 0 are present; an empty text, list or object is not.
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => elements.iter().any(is_present),
        Value::Object(parts) => parts.values().any(is_present),
    }
}

fn compare_any<'v>(
    place: &Place,
    op: Op,
    operand: &Operand,
    values: &dyn Fn(&Place) -> Vec<&'v Value>,
    people: &Population,
) -> bool {
    let place = place.compared().expect("it is valid");
    if *operand == Operand::Null {
        // `eq null` is `not (… pr)`
        return values(&place).into_iter().any(is_present) == (op == Op::Ne);
    }
    if place.leaf().name == "primary" {
        // an element that does not say so is not the primary one
        let says = |element: &Value| Value::from(element.get("primary") == Some(&Value::Bool(true)));
        let elements = values(&Place { part: None, ..place });
        return elements
            .into_iter()
            .any(|element| compare(Kind::Boolean, &says(element), op, operand, people));
    }
    let found = values(&place);
    if found.is_empty() {
        return op == Op::Ne;
    }
    found.into_iter().any(|value| compare(place.leaf().kind, value, op, operand, people))
}

fn compare(kind: Kind, value: &Value, op: Op, operand: &Operand, people: &Population) -> bool {
    let text = || value.as_str().expect("the server answers with the attribute's type");
    match (kind, operand) {
        (Kind::Boolean, Operand::Boolean(wanted) | Operand::QuotedBoolean(wanted)) => {
            ordered(&value.as_bool().unwrap(), op, wanted)
        }
        (Kind::Number, Operand::Number(wanted)) => {
            ordered(&value.as_f64().unwrap(), op, &wanted.parse::<f64>().unwrap())
        }
        (Kind::DateTime, Operand::Instant(wanted, _)) => ordered(&milliseconds(text()), op, wanted),
        (Kind::Binary, Operand::Bytes(_, wanted)) => {
            let known = super::population::BYTES.iter().find(|(base64, _)| *base64 == text());
            ordered(&known.expect("the population's bytes are known").1, op, wanted)
        }
        (Kind::Reference, operand) if [Op::Eq, Op::Ne].contains(&op) => {
            (people.is_reference_to(operand, text())) == (op == Op::Eq)
        }
        (Kind::Text, operand) => compare_text(&fold(text()), op, &fold(&people.text(operand))),
        (_, operand) => compare_text(&exact(text()), op, &exact(&people.text(operand))),
    }
}

fn compare_text(value: &str, op: Op, wanted: &str) -> bool {
    match op {
        Op::Co => value.contains(wanted),
        Op::Sw => value.starts_with(wanted),
        Op::Ew => value.ends_with(wanted),
        _ => ordered(&value, op, &wanted),
    }
}

fn ordered<T: PartialOrd>(value: &T, op: Op, wanted: &T) -> bool {
    match op {
        Op::Eq => value == wanted,
        Op::Ne => value != wanted,
        Op::Gt => value > wanted,
        Op::Ge => value >= wanted,
        Op::Lt => value < wanted,
        Op::Le => value <= wanted,
        Op::Co | Op::Sw | Op::Ew => unreachable!("not valid for this type"),
    }
}

/// Milliseconds since 1970 of a dateTime as the server answers them: `2026-01-31T12:00:00.000Z`.
pub(super) fn milliseconds(text: &str) -> i64 {
    let digits = |from: usize, to: usize| text[from..to].parse::<i64>().unwrap();
    assert!(text.len() == 24 && text.ends_with('Z'), "{text}");
    let (year, month, day) = (digits(0, 4), digits(5, 7), digits(8, 10));
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let years: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: i64 = lengths.iter().take(usize::try_from(month - 1).unwrap()).sum();
    let minutes = ((years + months + day - 1) * 24 + digits(11, 13)) * 60 + digits(14, 16);
    (minutes * 60 + digits(17, 19)) * 1_000 + digits(20, 23)
}

/// The resources that a filter finds, in their order; or nothing when it is to be refused.
pub(super) fn expected(of: Of, filter: &Filter, forgiving: bool, people: &Population) -> Option<Vec<String>> {
    let ids = people.all(of).iter().filter(|resource| filter.holds(resource, people));
    filter.is_valid(forgiving).then(|| ids.map(|it| it["id"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn the_oracle_reads_points_in_time() {
    assert_eq!(milliseconds("1970-01-01T00:00:00.000Z"), 0);
    assert_eq!(milliseconds("2011-05-13T04:42:34.123Z"), 1_305_261_754_123);
    assert_eq!(milliseconds("2024-03-01T00:00:00.000Z"), 1_709_251_200_000);
}
