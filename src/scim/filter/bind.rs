//! Filter + schema → predicate.

use super::{Operand, Predicate};
use crate::scim::{
    ErrorKind, Quirk, Quirks, Result,
    path::{Located, Place, locate},
    schema::{Attribute, ResourceType, Returned, Type},
    text,
};
use scim_filter_parser::{AttrPath, CompareOp, Filter, Value};

/// Binds a query's filter: every path must exist, every operator must suit its attribute's type
/// every value must have that type. Anything else is `invalidFilter`.
pub fn bind(filter: &Filter, resource_type: &'static ResourceType, quirks: &mut Quirks) -> Result<Predicate> {
    Binder { resource_type, within: None, typing: Quirk::FilterTyping, quirks }.bind(filter)
}

/// Binds the filter of a value path, whose names are parts of `attribute`.
pub fn bind_elements(
    filter: &Filter,
    attribute: Located,
    resource_type: &'static ResourceType,
    quirks: &mut Quirks,
) -> Result<Predicate> {
    Binder { resource_type, within: Some(attribute), typing: Quirk::PathBoolean, quirks }.bind(filter)
}

struct Binder<'q> {
    resource_type: &'static ResourceType,
    /// Inside brackets: the attribute whose parts are named.
    within: Option<Located>,
    /// The quirk that text in place of a boolean is.
    typing: Quirk,
    quirks: &'q mut Quirks,
}

impl Binder<'_> {
    fn bind(&mut self, filter: &Filter) -> Result<Predicate> {
        Ok(match filter {
            Filter::And(parts) => Predicate::And(self.bind_all(parts)?),
            Filter::Or(parts) => Predicate::Or(self.bind_all(parts)?),
            Filter::Not(part) => Predicate::Not(Box::new(self.bind(part)?)),
            Filter::Present(path) => Predicate::Present(self.locate(path)?),
            Filter::Compare(path, op, value) => {
                let path = default_part(self.locate(path)?)?;
                self.compare(path, *op, value)?
            }
            Filter::Any(path, inner) => {
                let path = self.locate(path)?;
                if path.sub_attribute.is_some() || self.within.is_some() {
                    return Err(invalid(format!("{path} cannot be followed by brackets")));
                }
                let inner = Binder { within: Some(path), quirks: self.quirks, ..*self }.bind(inner)?;
                Predicate::Any(path, Box::new(inner))
            }
        })
    }

    fn bind_all(&mut self, parts: &[Filter]) -> Result<Vec<Predicate>> {
        parts.iter().map(|part| self.bind(part)).collect()
    }

    fn locate(&mut self, path: &AttrPath) -> Result<Located> {
        let found = match self.within {
            None => match locate(self.resource_type, path, self.quirks) {
                Some(Place::Attribute(located)) => Some(located),
                _ => None,
            },
            Some(parent) => self.locate_part(parent, path),
        };
        match found {
            Some(located) if located.attribute.returned == Returned::Never => {
                Err(invalid(format!("{located} cannot be filtered by")))
            }
            Some(located) => Ok(located),
            None => {
                let path = text::shown(&path.to_string());
                Err(invalid(format!("{} has no attribute {path}", self.resource_type.name)))
            }
        }
    }

    fn locate_part(&self, parent: Located, path: &AttrPath) -> Option<Located> {
        if path.urn.is_some() || path.sub_attribute.is_some() {
            return None;
        }
        // the values of a simple multi-valued attribute go by the name `value`
        if parent.attribute.kind != Type::Complex {
            let is_value = parent.attribute.multi_valued && path.attribute.eq_ignore_ascii_case("value");
            return is_value.then_some(parent);
        }
        Some(parent.part(parent.attribute.sub_attribute(&path.attribute)?))
    }

    fn compare(&mut self, path: Located, op: CompareOp, value: &Value) -> Result<Predicate> {
        if *value == Value::Null {
            return match op {
                CompareOp::Eq => Ok(Predicate::Not(Box::new(Predicate::Present(path)))),
                CompareOp::Ne => Ok(Predicate::Present(path)),
                _ => Err(invalid(format!(
                    "null can only be compared with `eq` or `ne`, found `{}`",
                    op.as_str()
                ))),
            };
        }
        if !suits(path.leaf().kind, op) {
            let kind = path.leaf().kind.as_str();
            return Err(invalid(format!("`{}` cannot compare {path}, which is of type {kind}", op.as_str())));
        }
        match self.operand(path.leaf(), op, value) {
            Some(operand) => Ok(Predicate::Compare(path, op, operand)),
            None => {
                let kind = path.leaf().kind.as_str();
                Err(invalid(format!(
                    "{path} is of type {kind} and cannot be compared with {}",
                    name_of(value)
                )))
            }
        }
    }

    fn operand(&mut self, attribute: &Attribute, op: CompareOp, value: &Value) -> Option<Operand> {
        Some(match (attribute.kind, value) {
            (Type::String, Value::String(value)) if attribute.case_exact => {
                Operand::Exact(text::exact(value))
            }
            (Type::String, Value::String(value)) => Operand::Folded(text::fold(value)),
            // a value without quotes that happens to look like a number
            (Type::String, Value::Number(value)) => {
                self.quirks.allow(Quirk::BareFilterValue).then_some(())?;
                let text = Value::String(value.clone());
                return self.operand(attribute, op, &text);
            }
            (Type::Boolean, Value::Bool(value)) => Operand::Boolean(*value),
            (Type::Boolean, Value::String(value)) => {
                let value = value.to_ascii_lowercase().parse().ok()?;
                self.quirks.allow(self.typing).then_some(Operand::Boolean(value))?
            }
            (Type::Integer | Type::Decimal, Value::Number(value)) => Operand::Number(value.parse().ok()?),
            (Type::DateTime, Value::String(value)) => Operand::Instant(text::instant(value)?),
            (Type::Reference, Value::String(value))
                if attribute.is_resource_reference() && matches!(op, CompareOp::Eq | CompareOp::Ne) =>
            {
                Operand::Reference(text::reference_key(value))
            }
            (Type::Reference, Value::String(value)) => Operand::Exact(text::exact(value)),
            (Type::Binary, Value::String(value)) => Operand::Binary(text::decode_base64(value)?),
            _ => return None,
        })
    }
}

/// A complex attribute without a part means its `value`.
fn default_part(path: Located) -> Result<Located> {
    if path.leaf().kind != Type::Complex {
        return Ok(path);
    }
    match path.attribute.sub_attribute("value") {
        Some(value) => Ok(path.part(value)),
        None => Err(invalid(format!(
            "{path} is complex; name one of its sub-attributes, such as {path}.{}",
            path.attribute.sub_attributes.first().map_or("value", |part| part.name)
        ))),
    }
}

/// The operators each type knows: RFC 7644 §3.4.2.2, table 3.
fn suits(kind: Type, op: CompareOp) -> bool {
    use CompareOp::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    match op {
        Eq | Ne => true,
        Co | Sw | Ew => matches!(kind, Type::String | Type::Reference),
        Gt | Ge | Lt | Le => matches!(kind, Type::String | Type::Integer | Type::Decimal | Type::DateTime),
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "this text",
    }
}

fn invalid(detail: String) -> crate::scim::Error {
    ErrorKind::InvalidFilter.because(detail)
}
