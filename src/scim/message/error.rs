//! The Error message: RFC 7644 §3.12.

use crate::scim::urn;
use serde_json::{Value, json};

/// The body of a refusal: the status as text, a sentence, and a keyword where table 9 has one.
pub fn body(status: u16, keyword: Option<&str>, detail: &str) -> Value {
    let mut body = json!({"schemas": [urn::ERROR], "status": status.to_string()});
    if let (Some(keyword), Some(members)) = (keyword, body.as_object_mut()) {
        members.insert("scimType".to_owned(), keyword.into());
    }
    if let Some(members) = body.as_object_mut() {
        members.insert("detail".to_owned(), detail.into());
    }
    body
}
