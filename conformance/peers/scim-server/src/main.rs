//! The thinnest front over the operation handler of the crate `scim-server`: a request becomes one of its operations,
//! and what it answers becomes the body. Of SCIM it adds only what the crate leaves to HTTP: statuses, `ETag`,
//! `Location`, the list and the error around what came back, and the token.
//!
//! `scim-server-front PORT`, with the token in `SCIM_TOKEN`; the base URL is `http://127.0.0.1:PORT/scim/v2`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use scim_server::ScimServerBuilder;
use scim_server::multi_tenant::ScimOperation;
use scim_server::operation_handler::{
    ScimOperationHandler, ScimOperationRequest, ScimOperationResponse, ScimOperationType,
};
use scim_server::providers::StandardResourceProvider;
use scim_server::resource::version::{HttpVersion, RawVersion};
use scim_server::resource_handlers::{create_group_resource_handler, create_user_resource_handler};
use scim_server::storage::InMemoryStorage;
use serde_json::{Value, json};

const BASE: &str = "/scim/v2";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

struct Front {
    handler: ScimOperationHandler<StandardResourceProvider<InMemoryStorage>>,
    config: Value,
    base: String,
    token: String,
}

#[tokio::main]
async fn main() {
    let port = std::env::args().nth(1).expect("a port");
    let token = std::env::var("SCIM_TOKEN").expect("SCIM_TOKEN");
    let front = Arc::new(Front::new(&port, token));
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("a free port");
    axum::serve(listener, Router::new().fallback(serve).with_state(front)).await.expect("a server");
}

impl Front {
    fn new(port: &str, token: String) -> Self {
        let provider = StandardResourceProvider::new(InMemoryStorage::new());
        let builder = ScimServerBuilder::new(provider).with_base_url(format!("http://127.0.0.1:{port}/scim"));
        let mut server = builder.build().expect("the builder's defaults");
        let operations = vec![
            ScimOperation::Create,
            ScimOperation::Read,
            ScimOperation::Update,
            ScimOperation::Patch,
            ScimOperation::Delete,
            ScimOperation::List,
            ScimOperation::Search,
        ];
        let user = server.get_schema_by_id(USER).expect("the schema of users").clone();
        let group = server.get_schema_by_id(GROUP).expect("the schema of groups").clone();
        let users = create_user_resource_handler(user);
        server.register_resource_type("User", users, operations.clone()).expect("users");
        let groups = create_group_resource_handler(group);
        server.register_resource_type("Group", groups, operations).expect("groups");
        let base = format!("http://127.0.0.1:{port}{BASE}");
        let config = config(&server.get_service_provider_config().expect("the configuration"), &base);
        Self { handler: ScimOperationHandler::new(server), config, base, token }
    }
}

/// The crate says what is supported in members of its own; here they stand where RFC 7643 §5 has them.
fn config(found: &scim_server::schema_discovery::ServiceProviderConfig, base: &str) -> Value {
    json!({
        "schemas": [CONFIG],
        "patch": {"supported": found.patch_supported},
        "bulk": {
            "supported": found.bulk_supported,
            "maxOperations": found.bulk_max_operations.unwrap_or(0),
            "maxPayloadSize": found.bulk_max_payload_size.unwrap_or(0),
        },
        "filter": {"supported": found.filter_supported, "maxResults": found.filter_max_results.unwrap_or(0)},
        "changePassword": {"supported": found.change_password_supported},
        "sort": {"supported": found.sort_supported},
        "etag": {"supported": found.etag_supported},
        "authenticationSchemes": [
            {"type": "oauthbearertoken", "name": "Bearer token", "description": "The token this front was given"},
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")},
    })
}

async fn serve(
    State(front): State<Arc<Front>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().strip_prefix(BASE).unwrap_or_default().trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let discovery = matches!(parts.as_slice(), ["ServiceProviderConfig" | "ResourceTypes" | "Schemas", ..]);
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !discovery && sent.and_then(|value| value.strip_prefix("Bearer ")) != Some(front.token.as_str()) {
        return unauthorized(sent.is_some());
    }
    match parts.as_slice() {
        [.., ".search"] | ["Bulk"] | ["Me"] => error(StatusCode::NOT_IMPLEMENTED, None, "not implemented"),
        ["Users", rest @ ..] => resources(&front, "User", rest, &method, &uri, &headers, &body).await,
        ["Groups", rest @ ..] => resources(&front, "Group", rest, &method, &uri, &headers, &body).await,
        _ if discovery && method != Method::GET => {
            error(StatusCode::METHOD_NOT_ALLOWED, None, "discovery is only read")
        }
        ["ServiceProviderConfig"] => answer(StatusCode::OK, &front.config),
        ["ResourceTypes"] => list(types(&front.base).to_vec()),
        ["ResourceTypes", name] => match types(&front.base).into_iter().find(|each| each["id"] == *name) {
            Some(found) => answer(StatusCode::OK, &found),
            None => error(StatusCode::NOT_FOUND, None, "no such resource type"),
        },
        ["Schemas"] => {
            let found = front.handler.handle_operation(ScimOperationRequest::get_schemas()).await;
            let schemas = found.data.and_then(|mut data| data["schemas"].as_array_mut().map(std::mem::take));
            list(schemas.unwrap_or_default().into_iter().map(schema).collect())
        }
        ["Schemas", id] => {
            let id = id.replace("%3A", ":").replace("%3a", ":");
            let found = front.handler.handle_operation(ScimOperationRequest::get_schema(id)).await;
            match found.data {
                Some(data) => answer(StatusCode::OK, &schema(data)),
                None => failure(&found),
            }
        }
        _ => error(StatusCode::NOT_FOUND, None, "no such endpoint"),
    }
}

fn unauthorized(token_was_sent: bool) -> Response {
    let mut refused = error(StatusCode::UNAUTHORIZED, None, "a bearer token is needed");
    let challenge = if token_was_sent {
        "Bearer realm=\"scim\", error=\"invalid_token\""
    } else {
        "Bearer realm=\"scim\""
    };
    refused.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static(challenge));
    refused
}

fn types(base: &str) -> [Value; 2] {
    [("User", "/Users", USER), ("Group", "/Groups", GROUP)].map(|(name, endpoint, schema)| {
        json!({
            "schemas": [RESOURCE_TYPE], "id": name, "name": name, "endpoint": endpoint, "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}")},
        })
    })
}

fn schema(mut found: Value) -> Value {
    found["schemas"] = json!([SCHEMA]);
    found
}

async fn resources(
    front: &Front,
    kind: &str,
    rest: &[&str],
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Response {
    let data = match method.as_str() {
        "POST" | "PUT" | "PATCH" => match serde_json::from_slice::<Value>(body) {
            Ok(data) => data,
            Err(_) => return error(StatusCode::BAD_REQUEST, Some("invalidSyntax"), "the body is no JSON"),
        },
        _ => Value::Null,
    };
    let request = match (method.as_str(), rest) {
        ("GET", []) => listing(kind, uri),
        ("POST", []) => ScimOperationRequest::create(kind, data),
        ("GET", [id]) => ScimOperationRequest::get(kind, *id),
        ("PUT", [id]) => ScimOperationRequest::update(kind, *id, data),
        ("PATCH", [id]) => ScimOperationRequest {
            operation: ScimOperationType::Patch,
            ..ScimOperationRequest::update(kind, *id, data)
        },
        ("DELETE", [id]) => ScimOperationRequest::delete(kind, *id),
        (_, [] | [_]) => return error(StatusCode::METHOD_NOT_ALLOWED, None, "no such method here"),
        _ => return error(StatusCode::NOT_FOUND, None, "no such endpoint"),
    };
    let matched = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    let request = match matched.filter(|tag| *tag != "*").map(str::parse::<HttpVersion>) {
        Some(Ok(version)) => request.with_expected_version(RawVersion::from(version)),
        Some(Err(_)) => return error(StatusCode::PRECONDITION_FAILED, None, "If-Match names no version"),
        None => request,
    };
    let creates = method == Method::POST;
    let done = front.handler.handle_operation(request).await;
    match (done.success, done.data) {
        (true, Some(Value::Array(found))) => list(found),
        (true, Some(found)) => {
            let status = if creates { StatusCode::CREATED } else { StatusCode::OK };
            let tag = done.metadata.additional.get("etag").and_then(Value::as_str);
            resource(status, &found, tag)
        }
        (true, None) => StatusCode::NO_CONTENT.into_response(),
        (false, data) => failure(&ScimOperationResponse { data, ..done }),
    }
}

/// The crate can look for one attribute with one value, and list everything. A filter that says the former is asked
/// so; of every other query parameter the crate takes no notice.
fn listing(kind: &str, uri: &Uri) -> ScimOperationRequest {
    let Ok(Query(query)) = Query::<HashMap<String, String>>::try_from_uri(uri) else {
        return ScimOperationRequest::list(kind);
    };
    let words = query.get("filter").and_then(|filter| filter.split_once(" eq "));
    match words.map(|(name, value)| (name, serde_json::from_str::<Value>(value))) {
        Some((name, Ok(value))) if name.chars().all(char::is_alphanumeric) => {
            ScimOperationRequest::search(kind, name, value)
        }
        _ => ScimOperationRequest::list(kind),
    }
}

fn resource(status: StatusCode, found: &Value, tag: Option<&str>) -> Response {
    let mut response = answer(status, found);
    let location = found["meta"]["location"].as_str();
    for (name, value) in [(header::ETAG, tag), (header::LOCATION, location)] {
        if let Some(value) = value.and_then(|text| text.parse().ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// In order of creation: the crate's own order is that of a hash map, another one in every run.
fn list(mut found: Vec<Value>) -> Response {
    found.sort_by(|one, other| one["meta"]["created"].as_str().cmp(&other["meta"]["created"].as_str()));
    let n_found = found.len();
    answer(
        StatusCode::OK,
        &json!({
            "schemas": [LIST], "totalResults": n_found, "startIndex": 1, "itemsPerPage": n_found, "Resources": found,
        }),
    )
}

/// The crate tells some failures apart by their text alone.
fn failure(failed: &ScimOperationResponse) -> Response {
    let text = failed.error.as_deref().unwrap_or_default();
    let (status, kind) = match failed.error_code.as_deref() {
        Some("VALIDATION_ERROR") => (StatusCode::BAD_REQUEST, Some("invalidValue")),
        Some("INVALID_REQUEST") => (StatusCode::BAD_REQUEST, Some("invalidSyntax")),
        Some("RESOURCE_NOT_FOUND" | "SCHEMA_NOT_FOUND") => (StatusCode::NOT_FOUND, None),
        Some("UNSUPPORTED_OPERATION" | "UNSUPPORTED_RESOURCE_TYPE") => (StatusCode::NOT_IMPLEMENTED, None),
        Some("version_mismatch") => (StatusCode::PRECONDITION_FAILED, None),
        _ if text.contains("Duplicate") => (StatusCode::CONFLICT, Some("uniqueness")),
        _ if text.contains("not found") => (StatusCode::NOT_FOUND, None),
        _ if text.contains("Version conflict") || text.contains("Precondition") => {
            (StatusCode::PRECONDITION_FAILED, None)
        }
        _ if text.contains("Invalid") => (StatusCode::BAD_REQUEST, Some("invalidValue")),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, None),
    };
    error(status, kind, text)
}

fn error(status: StatusCode, kind: Option<&str>, detail: &str) -> Response {
    let mut body = json!({"schemas": [ERROR], "status": status.as_str(), "detail": detail});
    if let Some(kind) = kind {
        body["scimType"] = json!(kind);
    }
    answer(status, &body)
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/scim+json")], body.to_string()).into_response()
}
