//! Predicate + resource → true or false. Cannot fail.

use super::{Operand, Predicate};
use crate::scim::{Resource, path::Located, text};
use scim_filter_parser::CompareOp;
use serde_json::Value;
use std::cmp::Ordering;

/// Whether the resource satisfies the predicate. Derived attributes the predicate mentions (`groups`,
/// `members`, `meta`) must be there.
pub fn eval(predicate: &Predicate, resource: &Resource) -> bool {
    matches(predicate, &|path| resource.values(path))
}

/// Whether one element of a multi-valued attribute satisfies a predicate about its parts.
pub fn eval_element(predicate: &Predicate, element: &Value) -> bool {
    matches(predicate, &|path| match path.sub_attribute {
        Some(part) => element.get(part.name).into_iter().collect(),
        None => vec![element],
    })
}

fn matches<'v>(predicate: &Predicate, values: &dyn Fn(&Located) -> Vec<&'v Value>) -> bool {
    match predicate {
        Predicate::And(parts) => parts.iter().all(|part| matches(part, values)),
        Predicate::Or(parts) => parts.iter().any(|part| matches(part, values)),
        Predicate::Not(part) => !matches(part, values),
        Predicate::Present(path) => values(path).into_iter().any(is_present),
        Predicate::Any(path, inner) => values(path).into_iter().any(|element| eval_element(inner, element)),
        // an element without `primary` is not the primary one
        Predicate::Compare(path, op, operand) if path.leaf().name == "primary" => {
            let elements = values(&Located { sub_attribute: None, ..*path });
            let primary = |element: &Value| element.get("primary").cloned().unwrap_or(Value::Bool(false));
            elements.into_iter().any(|element| compare(&primary(element), *op, operand))
        }
        Predicate::Compare(path, op, operand) => {
            let found = values(path);
            // what is not there is not equal
            found.is_empty() && *op == CompareOp::Ne
                || found.into_iter().any(|value| compare(value, *op, operand))
        }
    }
}

/// false and 0 are present; empty text, lists and objects are not.
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(is_present),
        Value::Object(members) => members.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare(value: &Value, op: CompareOp, operand: &Operand) -> bool {
    match (operand, value) {
        (Operand::Folded(key), Value::String(text)) => compare_text(&text::fold(text), op, key),
        (Operand::Exact(key), Value::String(text)) => compare_text(&text::exact(text), op, key),
        (Operand::Reference(key), Value::String(url)) => {
            text::same_reference(&text::reference_key(url), key) == (op == CompareOp::Eq)
        }
        (Operand::Boolean(wanted), Value::Bool(value)) => ordered(value.cmp(wanted), op),
        (Operand::Number(wanted), Value::Number(value)) => {
            value.as_f64().and_then(|value| value.partial_cmp(wanted)).is_some_and(|order| ordered(order, op))
        }
        (Operand::Instant(wanted), Value::String(text)) => {
            text::instant(text).is_some_and(|value| ordered(value.cmp(wanted), op))
        }
        (Operand::Binary(wanted), Value::String(text)) => {
            text::decode_base64(text).is_some_and(|value| ordered(value.cmp(wanted), op))
        }
        _ => false,
    }
}

fn compare_text(value: &str, op: CompareOp, key: &str) -> bool {
    match op {
        CompareOp::Co => value.contains(key),
        CompareOp::Sw => value.starts_with(key),
        CompareOp::Ew => value.ends_with(key),
        _ => ordered(value.cmp(key), op),
    }
}

fn ordered(order: Ordering, op: CompareOp) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}
