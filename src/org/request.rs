//! Requests over SCIM as they are remembered: what was asked, what was heard, and never what is secret.

use super::{actor::ActorType, words::words};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The name of the connection that everybody with a key belongs to.
pub const API: &str = "api";

words! {
    /// What came of a request over SCIM.
    Outcome, "an outcome of a request":
    /// It read something.
    Read = "read",
    /// It was to change something, and was done.
    Changed = "changed",
    /// It, or a part of it, was refused or failed.
    Refused = "refused",
}

/// A request over SCIM, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The request's id.
    pub id: String,
    /// The connection's id, or [`API`].
    pub connection: String,
    /// What asked.
    pub actor_type: ActorType,
    /// The id of who asked.
    pub actor: String,
    /// The id of the token or key; empty where an issuer's own token was shown.
    pub credential: String,
    /// When it came, in microseconds since 1970.
    pub at: i64,
    /// How long it took, in microseconds.
    pub took: i64,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers that matter to what is done, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The status of the answer.
    pub status: i64,
    /// What came of it.
    pub outcome: Outcome,
    /// The `scimType` of a refusal; empty without one.
    pub scim_type: String,
    /// The sentence of a refusal; empty without one.
    pub detail: String,
    /// The numbers of the leniencies it needed.
    pub rules: Vec<String>,
    /// The name of the resource type it was about; empty where it was about none.
    pub resource_type: String,
    /// The id of the resource it was about; empty where it was about none.
    pub resource: String,
    /// The text of its body, a JSON object without what is secret; `None` where there was none or it is not kept.
    pub body: Option<String>,
    /// How large the body was, in bytes.
    pub body_bytes: i64,
}

/// What stands where something secret was.
pub const HIDDEN: &str = "•••";

/// Whether what has this name is secret, or what this text says may be.
fn is_secret(text: &str) -> bool {
    let text = text.to_lowercase();
    ["password", "secret", "token"].iter().any(|word| text.contains(word))
}

/// Hides what is secret in a body: what has a secret name, at whatever depth; the value of an operation whose path has one;
/// and a filter that names one.
pub fn hide(body: &mut Map<String, Value>) {
    let is = |key: &str, name: &str| key.eq_ignore_ascii_case(name);
    let is_told = |value: &Value| value.as_str().is_some_and(is_secret);
    let has_secret_path = body.iter().any(|(key, value)| is(key, "path") && is_told(value));
    for (key, value) in body.iter_mut() {
        let compares = is(key, "path") && value.as_str().is_some_and(|path| path.contains('['));
        let is_hidden = is_secret(key)
            || has_secret_path && is(key, "value")
            || is_told(value) && (is(key, "filter") || compares);
        match is_hidden && !value.is_null() {
            true => *value = HIDDEN.into(),
            false => hide_within(value),
        }
    }
}

fn hide_within(value: &mut Value) {
    match value {
        Value::Object(object) => hide(object),
        Value::Array(items) => items.iter_mut().for_each(hide_within),
        _ => {}
    }
}

/// A path with its query, without what is secret there: a parameter of such a name, and a filter that names one.
pub fn hidden_path(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else { return path.to_owned() };
    let pairs = query.split('&').map(|pair| {
        let (name, value) = form_urlencoded::parse(pair.as_bytes()).next().unwrap_or_default();
        let compares = name.eq_ignore_ascii_case("filter") && is_secret(&value);
        match is_secret(&name) || compares {
            true => format!("{}={HIDDEN}", pair.split('=').next().unwrap_or_default()),
            false => pair.to_owned(),
        }
    });
    format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

/// Takes what is hidden out of a body; an operation whose value or path is hidden goes as a whole. Says where it stood,
/// such as `password` or `Operations[1]`.
pub fn leave_out(body: &mut Map<String, Value>) -> Vec<String> {
    let mut places = Vec::new();
    leave_out_of(body, "", &mut places);
    places
}

fn leave_out_of(object: &mut Map<String, Value>, place: &str, places: &mut Vec<String>) {
    object.retain(|key, value| {
        let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
        stays(value, &place, places)
    });
}

fn stays(value: &mut Value, place: &str, places: &mut Vec<String>) -> bool {
    match value {
        Value::String(text) if text == HIDDEN => {
            places.push(place.to_owned());
            return false;
        }
        Value::Object(object) => leave_out_of(object, place, places),
        Value::Array(items) => {
            let mut n = 0;
            items.retain_mut(|item| {
                let place = format!("{place}[{n}]");
                n += 1;
                if is_hidden_operation(item) {
                    places.push(place);
                    return false;
                }
                stays(item, &place, places)
            });
        }
        _ => {}
    }
    true
}

/// Whether this is an operation of a PATCH that cannot be done again.
fn is_hidden_operation(value: &Value) -> bool {
    let Some(object) = value.as_object() else { return false };
    let names = |name: &str| object.keys().any(|key| key.eq_ignore_ascii_case(name));
    let is_hidden = |(key, value): (&String, &Value)| {
        ["value", "path"].iter().any(|name| key.eq_ignore_ascii_case(name)) && *value == *HIDDEN
    };
    names("op") && object.iter().any(is_hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hidden(mut body: Value) -> Value {
        hide(body.as_object_mut().unwrap());
        body
    }

    #[test]
    fn what_has_a_secret_name_is_hidden_at_whatever_depth() {
        let body = json!({"userName": "ada", "Password": "x", "urn:a:b": {"apiToken": 5, "clientSecret": {"a": "x"}},
            "list": [{"passwordHint": ["x"]}], "token": null});

        let found = hidden(body);

        assert_eq!(found["Password"], HIDDEN);
        assert_eq!(found["urn:a:b"], json!({"apiToken": HIDDEN, "clientSecret": HIDDEN}));
        assert_eq!(found["list"], json!([{"passwordHint": HIDDEN}]));
        assert_eq!((&found["userName"], &found["token"]), (&json!("ada"), &Value::Null));
    }

    #[test]
    fn operations_on_secret_paths_lose_their_value() {
        let body = json!({"Operations": [
            {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:password", "value": {"a": "x"}},
            {"op": "add", "value": {"password": "x", "title": "Countess"}},
            {"op": "remove", "path": "keys[secret eq \"x\"]"},
            {"op": "replace", "path": "title", "value": "x"},
        ]});

        let mut found = hidden(body);

        assert_eq!(found["Operations"][0]["value"], HIDDEN);
        assert_eq!(found["Operations"][1]["value"], json!({"password": HIDDEN, "title": "Countess"}));
        assert_eq!(found["Operations"][2]["path"], HIDDEN);
        assert_eq!(found["Operations"][3]["value"], "x");
        let places = leave_out(found.as_object_mut().unwrap());
        assert_eq!(places, ["Operations[0]", "Operations[1].value.password", "Operations[2]"]);
        assert_eq!(found["Operations"][0], json!({"op": "add", "value": {"title": "Countess"}}));
    }

    #[test]
    fn filters_that_name_something_secret_are_hidden() {
        for path in ["/Users?filter=password%20eq%20%22x%22", "/Users?filter=%70assword+eq+x"] {
            assert_eq!(hidden_path(path), format!("/Users?filter={HIDDEN}"));
        }
        assert_eq!(
            hidden_path("/Users?access_token=x&count=1"),
            format!("/Users?access_token={HIDDEN}&count=1")
        );
        for path in ["/Users", "/Users?filter=userName%20eq%20%22x%22&count=1", "/Users?attributes=password"]
        {
            assert_eq!(hidden_path(path), path);
        }
        let search = json!({"filter": "password eq \"x\"", "count": 1});
        assert_eq!(hidden(search), json!({"filter": HIDDEN, "count": 1}));
    }
}
