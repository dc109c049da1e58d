//! Moments as answers show them: RFC 3339 text outside, microseconds since 1970 inside. For serde's `with`.

use crate::scim::text;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes a moment.
pub fn serialize<S: Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text::date_time(*micros))
}

/// Reads a moment.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let found = String::deserialize(deserializer)?;
    text::instant(&found).ok_or_else(|| {
        D::Error::custom(format!("expected a time such as 2030-01-31T12:00:00Z, found {found}"))
    })
}

/// The same for a moment that may not be known.
pub mod maybe {
    use super::{Deserialize, Deserializer, Error, Serializer, text};

    /// Writes a moment, or null.
    pub fn serialize<S: Serializer>(micros: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
        match micros {
            Some(micros) => serializer.serialize_str(&text::date_time(*micros)),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a moment, or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        let Some(found) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        let read = text::instant(&found).ok_or_else(|| {
            D::Error::custom(format!("expected a time such as 2030-01-31T12:00:00Z, found {found}"))
        });
        read.map(Some)
    }
}
