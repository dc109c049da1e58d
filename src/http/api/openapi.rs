//! The description of the API: OpenAPI 3.1, from the table of routes and the types of what they take and answer.

use super::{
    AUDIT_LOGS,
    invites::ACCEPT,
    route::{ROUTES, Route, Shape},
};
use crate::service::{invites::Acceptance, people::Person};
use schemars::{
    SchemaGenerator,
    generate::{Contract, SchemaSettings},
};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The document.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let mut document = write();
        leave_out_rules(&mut document);
        document
    });
    &DOCUMENT
}

/// Descriptions come from the program's comments; which rule something follows is for those who read these.
fn leave_out_rules(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(leave_out_rules),
        Value::Object(map) => {
            map.values_mut().for_each(leave_out_rules);
            if let Some(Value::String(text)) = map.get_mut("description")
                && let Some((before, rest)) = text.split_once(" (W-")
                && let Some((_, after)) = rest.split_once(')')
            {
                *text = format!("{before}{after}");
            }
        }
        _ => {}
    }
}

/// Writes down shapes: those of bodies where they stand, for what is optional in one may be always there in an answer;
/// those of answers once, by their names.
struct Shapes {
    bodies: SchemaGenerator,
    answers: SchemaGenerator,
}

fn write() -> Value {
    let settings = || SchemaSettings::draft2020_12().with(|it| it.meta_schema = None);
    let mut shapes = Shapes {
        bodies: settings().with(|it| it.inline_subschemas = true).into_generator(),
        answers: settings()
            .with(|it| {
                it.contract = Contract::Serialize;
                it.definitions_path = "/components/schemas".into();
            })
            .into_generator(),
    };
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.pattern).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(route.method.to_ascii_lowercase(), operation(route, &mut shapes));
            if route.pattern == AUDIT_LOGS {
                // it stands where W&B's clients look for it
                path.insert("servers".to_owned(), json!([{"url": "/"}]));
            }
        }
    }
    paths.insert(ACCEPT.to_owned(), acceptance(&mut shapes));
    let mut schemas = shapes.answers.take_definitions(true);
    schemas.insert("Problem".to_owned(), problem());
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
            "schemas": schemas,
        },
    })
}

/// The one operation that needs no key.
fn acceptance(shapes: &mut Shapes) -> Value {
    let body = shapes.bodies.subschema_for::<Acceptance>();
    let answer = shapes.answers.subschema_for::<Person>();
    json!({"post": {
        "summary": "Accept an invite with the token of its link, once",
        "description": "Needs no key: the token says who may.",
        "security": [],
        "requestBody": {"required": true, "content": {"application/json": {"schema": body}}},
        "responses": {
            "201": described("the person who is here now", json_of(Some(answer.into()))),
            "default": failure(),
        },
    }})
}

fn operation(route: &Route, shapes: &mut Shapes) -> Value {
    let rule = route.action.rule();
    let mut operation = json!({
        "summary": route.summary,
        "description": format!("A key with a list of scopes needs `{}`.", rule.scope),
        "x-action": route.action,
        "parameters": parameters(route),
        "responses": responses(route, shapes),
    });
    if let (Value::Object(operation), Some(shape)) = (&mut operation, route.body) {
        let content = json!({"application/json": {"schema": shape(&mut shapes.bodies)}});
        operation.insert("requestBody".to_owned(), json!({"required": true, "content": content}));
    }
    operation
}

fn failure() -> Value {
    json!({
        "description": "what went wrong (RFC 9457)",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    })
}

fn responses(route: &Route, shapes: &mut Shapes) -> Value {
    let mut responses = Map::new();
    let (status, answer) = match route.answer {
        Some((status, shape)) => (status, Some(shape(&mut shapes.answers))),
        None if route.media_type.is_some() => (200, None),
        None => (204, None),
    };
    let preview = |shape: Shape| Value::from(shape(&mut shapes.answers));
    let rehearsal = route.rehearses().then(|| route.preview.map_or_else(impact, preview));
    let answer = match (answer, rehearsal) {
        (Some(done), Some(told)) if status == 200 => Some(json!({"anyOf": [done, told]})),
        (done, Some(told)) => {
            responses.insert("200".to_owned(), described("whom it would concern", json_of(Some(told))));
            done.map(Value::from)
        }
        (done, None) => done.map(Value::from),
    };
    let mut content = json_of(answer);
    content.extend(route.media_type.map(|it| {
        let schema = match it.starts_with("image/") {
            true => json!({}),
            false => json!({"schema": {"type": "string"}}),
        };
        (it.to_owned(), schema)
    }));
    responses.insert(status.to_string(), described(route.summary, content));
    responses.insert("default".to_owned(), failure());
    Value::Object(responses)
}

fn described(description: &str, content: Map<String, Value>) -> Value {
    match content.is_empty() {
        true => json!({"description": description}),
        false => json!({"description": description, "content": content}),
    }
}

fn json_of(schema: Option<Value>) -> Map<String, Value> {
    schema.map(|schema| ("application/json".to_owned(), json!({"schema": schema}))).into_iter().collect()
}

/// What a rehearsal tells (W-190).
fn impact() -> Value {
    json!({
        "type": "object",
        "required": ["role", "memberships", "users", "teams", "affected"],
        "properties": {
            "role": {"type": "string", "description": "the role's id"},
            "memberships": {"type": "integer", "description": "how many memberships have it"},
            "users": {"type": "integer", "description": "how many people"},
            "teams": {"type": "integer", "description": "how many teams give it to newcomers"},
            "affected": {"type": "array", "items": {"type": "object"}, "description": "the first of those people, with their teams"},
        },
    })
}

fn parameters(route: &Route) -> Vec<Value> {
    let in_path = route.pattern.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}));
    let in_query = route.query.iter().map(|name| {
        let schema = match *name {
            "limit" if route.pattern == AUDIT_LOGS => json!({"type": "integer", "minimum": 1, "maximum": 20000,
                "description": "how many entries a page has; all of them as lines without it and without endDate"}),
            "limit" => json!({"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}),
            "dryRun" => json!({"type": "boolean", "description": "with true nothing changes, and whom it would concern is told"}),
            _ => json!({"type": "string"}),
        };
        json!({"name": name, "in": "query", "schema": schema})
    });
    let once = (route.method == "POST").then(|| {
        json!({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255},
            "description": "asked again with it within a day, the answer is the first one, without secrets"})
    });
    let version = route.versioned.then(|| {
        let (name, what) = match route.method {
            "GET" => ("If-None-Match", "an ETag: 304 when nothing changed since"),
            _ => ("If-Match", "an ETag: 412 when something changed since"),
        };
        json!({"name": name, "in": "header", "schema": {"type": "string"}, "description": what})
    });
    in_path.chain(in_query).chain(version).chain(once).collect()
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
