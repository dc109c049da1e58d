//! Comparing JSON: equal, matching, alike, empty, and the size of a value.

use serde_json::Value;

/// Looking into JSON the way SCIM does.
pub(super) trait Json {
    /// A member by name: the exact name first, else one that differs only in case.
    fn member(&self, name: &str) -> Option<&Value>;
    /// An item of a list, from the end when the index is negative.
    fn item(&self, index: i64) -> Option<&Value>;
    /// The word for its type; a number without a fraction part is an `integer`.
    fn type_word(&self) -> &'static str;
}

impl Json for Value {
    fn member(&self, name: &str) -> Option<&Value> {
        let members = self.as_object()?;
        let alike = || members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        members.get(name).or_else(alike)
    }

    fn item(&self, index: i64) -> Option<&Value> {
        let items = self.as_array()?;
        let from_end = usize::try_from(index.unsigned_abs()).ok();
        let at = if index < 0 { items.len().checked_sub(from_end?)? } else { from_end? };
        items.get(at)
    }

    fn type_word(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        }
    }
}

/// Whether two values are the same; numbers are compared by value, members in any order.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len()
                && x.iter().all(|(name, value)| y.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => a == b,
    }
}

/// Whether a value is what was wanted: a wanted object says what must be inside, a wanted list is
/// compared item by item, anything else must be equal.
pub(super) fn matches(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::Object(_), Value::Object(members)) => members
            .iter()
            .all(|(name, wanted)| actual.member(name).is_some_and(|value| matches(value, wanted))),
        (Value::Array(items), Value::Array(wanted)) => {
            items.len() == wanted.len()
                && items.iter().zip(wanted).all(|(item, wanted)| matches(item, wanted))
        }
        _ => equal(actual, wanted),
    }
}

/// Whether two texts are equal without regard to case.
pub(super) fn like(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::String(a), Value::String(b)) => a.to_lowercase() == b.to_lowercase(),
        _ => false,
    }
}

/// Whether there is nothing: missing, null, `""`, `[]` or `{}`.
pub(super) fn empty(actual: Option<&Value>) -> bool {
    match actual {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(members)) => members.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => false,
    }
}

/// The items of a list, the characters of a text, the value of a number; nothing is 0.
pub(super) fn size(actual: Option<&Value>) -> Option<f64> {
    match actual {
        None | Some(Value::Null) => Some(0.0),
        Some(Value::Array(items)) => Some(items.len() as f64),
        Some(Value::String(text)) => Some(text.chars().count() as f64),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::Bool(_) | Value::Object(_)) => None,
    }
}

/// Whether an object has exactly these member names.
pub(super) fn keys_are(actual: &Value, names: &Value) -> bool {
    let (Some(members), Some(names)) = (actual.as_object(), names.as_array()) else { return false };
    members.len() == names.len()
        && names.iter().all(|name| name.as_str().is_some_and(|name| members.contains_key(name)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wanted_object_is_a_part_and_a_wanted_list_is_the_whole() {
        let user = json!({"userName": "ada", "name": {"givenName": "Ada", "familyName": "L"}, "n": 1.0});

        assert!(matches(&user, &json!({"USERNAME": "ada", "name": {"givenName": "Ada"}, "n": 1})));
        assert!(!matches(&user, &json!({"userName": "bob"})));
        assert!(!matches(&user, &json!({"nickName": "ada"})));
        assert!(matches(&json!([{"a": 1, "b": 2}]), &json!([{"a": 1}])));
        assert!(!matches(&json!([1, 2]), &json!([1])));
        assert!(!matches(&json!("true"), &json!(true)));
    }

    #[test]
    fn equality_is_whole() {
        assert!(equal(&json!({"a": [1, {"b": null}]}), &json!({"a": [1.0, {"b": null}]})));
        assert!(!equal(&json!({"a": 1, "b": 2}), &json!({"a": 1})));
    }

    #[test]
    fn members_and_items_are_found() {
        let value = json!({"Emails": [{"v": 1}, {"v": 2}], "id": "x", "ID": "y"});

        assert_eq!(value.member("emails").and_then(|list| list.item(-1)), Some(&json!({"v": 2})));
        assert_eq!(value.member("ID"), Some(&json!("y")), "the exact name wins");
        assert_eq!(value.member("emails").and_then(|list| list.item(2)), None);
        assert_eq!(value.member("emails").and_then(|list| list.item(-3)), None);
    }

    #[test]
    fn sizes_and_emptiness() {
        assert_eq!(size(None), Some(0.0));
        assert_eq!(size(Some(&json!("né"))), Some(2.0));
        assert_eq!(size(Some(&json!(2.5))), Some(2.5));
        assert_eq!(size(Some(&json!({"a": 1}))), None);
        assert!(empty(None) && empty(Some(&json!({}))) && empty(Some(&json!(""))));
        assert!(!empty(Some(&json!(0))) && !empty(Some(&json!(false))));
    }

    #[test]
    fn keys_are_exact() {
        assert!(keys_are(&json!({"a": 1, "b": 2}), &json!(["b", "a"])));
        assert!(!keys_are(&json!({"A": 1, "b": 2}), &json!(["b", "a"])));
        assert!(!keys_are(&json!({"a": 1}), &json!(["b", "a"])));
        assert!(!keys_are(&json!([]), &json!([])));
    }
}
