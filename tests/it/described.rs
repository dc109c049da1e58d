//! Every answer of the API is what its description says.

use crate::support::Reply;
use jsonschema::Validator;
use roster::http::api::openapi;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

/// Holds an answer of the API to its description, if it is a success.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, reply: &Reply) {
    let path = path.split('?').next().unwrap();
    let Some(path) = path.strip_prefix("/api/v1").or(path.starts_with("/admin/").then_some(path)) else {
        return;
    };
    if !(200..300).contains(&reply.status) || method == "OPTIONS" {
        return;
    }
    let method = if method == "HEAD" { "GET" } else { method }.to_lowercase();
    let (pattern, responses) = described(&method, path);
    let status = reply.status.to_string();
    let response = &responses[&status];
    assert!(response.is_object(), "{method} {pattern} says nothing of {status}");
    let schema = &response["content"]["application/json"]["schema"];
    if reply.header("Content-Type") == "application/json" && !reply.body.is_empty() {
        assert!(schema.is_object(), "{method} {pattern} does not say what it answers");
        let validator = validator(&format!("{method} {pattern} {status}"), schema);
        let answer = reply.json();
        let wrong: Vec<String> = validator
            .iter_errors(&answer)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{method} {pattern}: {wrong:?}\n{answer}");
        let told = properties(schema);
        let more: Vec<&String> =
            answer.as_object().unwrap().keys().filter(|name| !told.contains(name)).collect();
        assert!(told.is_empty() || more.is_empty(), "{method} {pattern} says nothing of {more:?}");
    }
}

/// The pattern that a path fits, and what its operation may answer.
fn described(method: &str, path: &str) -> (&'static str, &'static Value) {
    let fits = |pattern: &str| {
        let (wanted, given) = (pattern.split('/'), path.trim_end_matches('/').split('/'));
        wanted.clone().count() == given.clone().count()
            && wanted.zip(given).all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
    };
    let paths = openapi::document()["paths"].as_object().unwrap();
    // a path without a value stands before one with
    let fitting = paths.iter().filter(|(pattern, all)| fits(pattern) && all.get(method).is_some());
    let best = fitting.min_by_key(|(pattern, _)| pattern.matches('{').count());
    let (pattern, all) = best.unwrap_or_else(|| panic!("{method} {path} is not described"));
    (pattern, &all[method]["responses"])
}

/// The names of an answer's parts, as far as it is an object with known parts.
fn properties(schema: &Value) -> Vec<&'static String> {
    let schemas = &openapi::document()["components"]["schemas"];
    let Some(name) = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next()) else { return Vec::new() };
    schemas[name]["properties"].as_object().into_iter().flat_map(|all| all.keys()).collect()
}

fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    let make = || {
        let whole = json!({"allOf": [schema], "components": openapi::document()["components"]});
        Arc::new(jsonschema::draft202012::new(&whole).unwrap())
    };
    known.entry(name.to_owned()).or_insert_with(make).clone()
}
