//! The description of the API: OpenAPI 3.1, from the table of routes.

use super::{
    AUDIT_LOGS,
    route::{Handler, ROUTES, Route},
};
use serde_json::{Map, Value, json};

/// The document.
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.pattern).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(route.method.to_ascii_lowercase(), operation(route));
            if route.pattern == AUDIT_LOGS {
                // it stands where W&B's clients look for it
                path.insert("servers".to_owned(), json!([{"url": "/"}]));
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Roster",
            "version": "1",
            "description": "The organization: people, roles, teams, keys. SCIM has a description of its own.",
        },
        "servers": [{"url": "/api/v1"}, {
            "url": "/o/{slug}/api/v1",
            "variables": {"slug": {"default": "default", "description": "the organization"}},
        }],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "an API key"},
                "basic": {"type": "http", "scheme": "basic", "description": "an API key as the password of any name"},
            },
            "schemas": {"Problem": problem()},
        },
    })
}

fn operation(route: &Route) -> Value {
    let rule = route.action.rule();
    let status = match route.method {
        "POST" => "201",
        "DELETE" => "204",
        _ => "200",
    };
    let failure = json!({
        "description": "what went wrong (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    });
    let mut success = json!({"description": route.summary});
    if let Value::Object(success) = &mut success
        && status != "204"
    {
        success.insert("content".to_owned(), json!({"application/json": {"schema": {"type": "object"}}}));
    }
    let mut operation = json!({
        "summary": route.summary,
        "description": format!("A key with a list of scopes needs `{}`.", rule.scope),
        "x-action": route.action,
        "parameters": parameters(route),
        "responses": {status: success, "default": failure},
    });
    if let (Value::Object(operation), Handler::WithBody(_, schema)) = (&mut operation, route.handler) {
        let content = json!({"application/json": {"schema": schema()}});
        operation.insert("requestBody".to_owned(), json!({"required": true, "content": content}));
    }
    operation
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.pattern.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let in_query = route.query.iter().map(|name| {
        let schema = match *name {
            "limit" => json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
            _ => json!({"type": "string"}),
        };
        json!({"name": name, "in": "query", "schema": schema})
    });
    let once = (route.method == "POST").then(|| {
        json!({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255},
            "description": "asked again with it within a day, the answer is the first one, without secrets"})
    });
    in_path.chain(in_query).chain(once).collect()
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["title", "status", "detail", "instance"],
        "properties": {
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "what was expected, what was found, and where"},
            "instance": {"type": "string", "description": "the request's id, also in X-Request-Id"},
        },
    })
}
