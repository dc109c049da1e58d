//! Bytes to JSON, refusing what would be read two ways.

use super::{ErrorKind, Result, text};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::{cell::Cell, fmt};

/// The most values one body may hold, all depths together.
const MAX_VALUES: usize = 1_000_000;

/// Parses a request body into an object: UTF-8 (a byte order mark is skipped), bounded depth and number
/// of values, no key twice in one object (R-011 to R-014). Everything else is `invalidSyntax`.
pub fn object(bytes: &[u8]) -> Result<Map<String, Value>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice::<Unambiguous>(bytes) {
        Ok(Unambiguous(Value::Object(object))) => Ok(object),
        Ok(Unambiguous(other)) => Err(ErrorKind::InvalidSyntax
            .because(format!("the body must be a JSON object, found {}", type_name(&other)))),
        Err(error) => {
            Err(ErrorKind::InvalidSyntax.because(format!("the body is not readable JSON: {error}")))
        }
    }
}

/// What a value is, for sentences that must not repeat the value itself.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Build { left: &Cell::new(MAX_VALUES) }.deserialize(deserializer).map(Self)
    }
}

#[derive(Clone, Copy)]
struct Build<'c> {
    /// How many more values the body may hold.
    left: &'c Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(D::Error::custom(format_args!("it holds more than {MAX_VALUES} values")));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Build<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
            if object.contains_key(&key) {
                let key = text::shown(&key);
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice in one object")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_read_two_ways_is_refused() {
        for body in
            [r#"{"a":1,"a":2}"#, r#"{"b":{"a":1,"a":1}}"#, "[]", "{\"a\":", "", "{} {}", "\"x\"", "nul"]
        {
            assert_eq!(object(body.as_bytes()).unwrap_err().kind, ErrorKind::InvalidSyntax, "{body}");
        }
        assert_eq!(object(b"{\"a\":\"\xff\"}").unwrap_err().kind, ErrorKind::InvalidSyntax);
        let many = format!("{{\"a\":[{}0]}}", "0,".repeat(MAX_VALUES));
        assert_eq!(object(many.as_bytes()).unwrap_err().kind, ErrorKind::InvalidSyntax);
        assert_eq!(object("[".repeat(100_000).as_bytes()).unwrap_err().kind, ErrorKind::InvalidSyntax);
    }

    #[test]
    fn a_number_is_the_one_nearest_to_its_digits_however_often_it_is_read() {
        let body = object(b"{\"a\":44444.44400408739219433242988}").unwrap();
        assert_eq!(body["a"], 44_444.444_004_087_39);
        let printed = Value::Object(body.clone()).to_string();
        assert_eq!(object(printed.as_bytes()).unwrap(), body);
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        assert_eq!(object(b"\xef\xbb\xbf{\"a\":1}").unwrap().len(), 1);
    }
}
