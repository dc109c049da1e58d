//! The SCIM surface as OpenAPI 3.1 describes it, printed from the types that are enforced.

use super::bulk;
use crate::scim::{
    schema::{Attribute, Mutability, ResourceType, Returned, Type, Types},
    urn,
};
use serde_json::{Map, Value, json};

/// The media type of bodies.
const MEDIA: &str = "application/scim+json";

/// `/openapi.json`: what an organization with these types is asked and answers. `base` is the URL the endpoints stand
/// under.
pub fn document(base: &str, types: &Types) -> Value {
    let mut paths = Map::new();
    let mut schemas = messages(types);
    for resource_type in types.all() {
        let (name, endpoint) = (resource_type.name, resource_type.endpoint);
        schemas.insert(name.to_owned(), resource(resource_type, Body::Answered));
        schemas.insert(format!("{name}Request"), resource(resource_type, Body::Sent));
        paths.insert(endpoint.to_owned(), collection(resource_type));
        paths.insert(format!("{endpoint}/.search"), json!({"post": search(&format!("{name}List"), name)}));
        paths.insert(format!("{endpoint}/{{id}}"), member(resource_type));
    }
    if let Some(role) = paths.get_mut(&format!("{}/{{id}}", types.role.endpoint)) {
        rehearsable(role);
    }
    paths.insert("/Permissions".to_owned(), json!({"get": permissions()}));
    paths.insert("/".to_owned(), json!({"get": query("List", "everything")}));
    paths.insert("/.search".to_owned(), json!({"post": search("List", "everything")}));
    paths.insert("/Bulk".to_owned(), json!({"post": bulk_operation()}));
    paths.insert("/Me".to_owned(), me());
    paths.extend(discovery());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Roster SCIM",
            "summary": "Users, groups and roles of an organization, over SCIM 2.0 (RFC 7643, RFC 7644)",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {
                "type": "http", "scheme": "bearer", "description": "The token of a connection"
            }},
            "schemas": schemas,
            "responses": {"Error": {
                "description": "Why the request was not served (RFC 7644 §3.12)",
                "content": {MEDIA: {"schema": reference("Error")}},
            }},
        },
    })
}

/// Whether a body is sent or answered: what is readOnly and what is null differ.
#[derive(Clone, Copy, PartialEq)]
enum Body {
    Sent,
    Answered,
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn resource(resource_type: &'static ResourceType, body: Body) -> Value {
    let mut properties = Map::new();
    let mut required = vec!["schemas"];
    for attribute in resource_type.attributes() {
        let name = attribute.name;
        if let Some(schema) = described(attribute, body) {
            properties.insert(name.to_owned(), schema);
        }
        if attribute.required && body == Body::Sent || name == "id" && body == Body::Answered {
            required.push(name);
        }
    }
    let mut urns = vec![resource_type.schema.id];
    for extension in resource_type.extensions {
        let schema = extension.schema;
        urns.push(schema.id);
        let mut described = object(schema.attributes, body);
        if let (Body::Sent, false, Some(described)) = (body, extension.required, described.as_object_mut()) {
            described.insert("type".to_owned(), json!(["object", "null"]));
        }
        describe(&mut described, schema.description);
        properties.insert(schema.id.to_owned(), described);
        if extension.required && body == Body::Sent {
            required.push(schema.id);
        }
    }
    let mut listed = json!({
        "type": "array", "items": {"enum": urns}, "contains": {"const": resource_type.schema.id}, "uniqueItems": true,
    });
    describe(&mut listed, "The schemas the resource is made of.");
    properties.insert("schemas".to_owned(), listed);
    // what nobody must name twice is ordered by nobody
    required.dedup();
    json!({
        "type": "object", "description": resource_type.description, "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

fn object(attributes: &[Attribute], body: Body) -> Value {
    let described = attributes
        .iter()
        .filter_map(|attribute| Some((attribute.name.to_owned(), described(attribute, body)?)));
    let properties: Map<String, Value> = described.collect();
    let required: Vec<&str> = attributes
        .iter()
        .filter(|attribute| attribute.required && body == Body::Sent)
        .map(|attribute| attribute.name)
        .collect();
    let mut object = json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    // an element that is a row of its own must say whose
    let is_row = attributes.iter().any(|it| it.name == "value" && it.mutability == Mutability::Immutable);
    if let (true, Body::Sent, Some(object)) = (is_row, body, object.as_object_mut()) {
        object.insert("anyOf".to_owned(), json!([{"required": ["value"]}, {"required": ["$ref"]}]));
    }
    object
}

fn describe(schema: &mut Value, description: &str) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), description.into());
    }
}

/// An attribute's values; `None` when the body never holds them.
fn described(attribute: &Attribute, body: Body) -> Option<Value> {
    if body == Body::Answered && attribute.returned == Returned::Never {
        return None;
    }
    let mut one = single(attribute, body);
    if attribute.multi_valued {
        if let (Body::Sent, Some(element)) = (body, one.as_object_mut()) {
            // and an element that is null is none
            let kind = element.get("type").cloned();
            element.insert("type".to_owned(), json!([kind, "null"]));
        }
        one = json!({"type": "array", "items": one});
    }
    if body == Body::Sent && !attribute.required {
        // null says that nothing is assigned (RFC 7643 §2.5)
        let kind = one.get("type").cloned();
        one.as_object_mut()?.insert("type".to_owned(), json!([kind, "null"]));
    }
    describe(&mut one, attribute.description);
    let schema = one.as_object_mut()?;
    match attribute.mutability {
        // it may be sent and is not looked at
        Mutability::ReadOnly => schema.insert("readOnly".to_owned(), true.into()),
        Mutability::WriteOnly => schema.insert("writeOnly".to_owned(), true.into()),
        _ => None,
    };
    Some(one)
}

fn single(attribute: &Attribute, body: Body) -> Value {
    match attribute.kind {
        Type::Complex => object(attribute.sub_attributes, body),
        Type::Boolean => json!({"type": "boolean"}),
        Type::Decimal => json!({"type": "number"}),
        Type::Integer => json!({"type": "integer"}),
        Type::DateTime => json!({"type": "string", "format": "date-time"}),
        Type::Binary => json!({"type": "string", "contentEncoding": "base64"}),
        Type::Reference => json!({"type": "string", "format": "uri-reference"}),
        Type::String if attribute.required && body == Body::Sent => {
            json!({"type": "string", "minLength": 1, "maxLength": 4_096})
        }
        Type::String if attribute.canonical_values.is_empty() => {
            json!({"type": "string", "maxLength": 4_096})
        }
        Type::String => json!({"type": "string", "maxLength": 4_096, "examples": attribute.canonical_values}),
    }
}

fn parameter(name: &str, schema: Value, description: &str) -> Value {
    json!({"name": name, "in": "query", "schema": schema, "description": description})
}

/// RFC 7644 §3.9.
fn projection() -> Vec<Value> {
    let names = || json!({"type": "string"});
    vec![
        parameter("attributes", names(), "The attributes to answer with, with commas between them"),
        parameter("excludedAttributes", names(), "The attributes to leave out"),
    ]
}

/// RFC 7644 §3.4.2, RFC 9865.
fn listing() -> Vec<Value> {
    let mut all = projection();
    let text = || json!({"type": "string"});
    all.extend([
        parameter("filter", text(), "Which resources, such as userName eq \"ada\""),
        parameter("sortBy", text(), "The attribute that decides the order"),
        parameter("sortOrder", json!({"enum": ["ascending", "descending", ""]}), "Which end comes first"),
        parameter("startIndex", json!({"type": "integer"}), "The first resource of the page, from 1"),
        parameter("count", json!({"type": "integer"}), "The most resources of the page"),
        parameter("cursor", text(), "Where an earlier page ended; empty for the first page"),
    ]);
    all
}

fn header(name: &str, description: &str) -> Value {
    json!({"name": name, "in": "header", "schema": {"type": "string"}, "description": description})
}

fn body(name: &str) -> Value {
    json!({"required": true, "content": {MEDIA: {"schema": reference(name)}}})
}

fn answer(description: &str, name: &str) -> Value {
    json!({"description": description, "content": {MEDIA: {"schema": reference(name)}}})
}

/// The same with the headers that go with one resource.
fn found(description: &str, name: &str) -> Value {
    let mut found = answer(description, name);
    let text = json!({"type": "string"});
    if let Some(found) = found.as_object_mut() {
        let headers = json!({
            "ETag": {"schema": text, "description": "The resource's version"},
            "Location": {"schema": text, "description": "Where the resource is found"},
        });
        found.insert("headers".to_owned(), headers);
    }
    found
}

/// The answers to one operation: those of its own, and the errors it may hear.
fn answers(own: Value, errors: &[u16]) -> Value {
    let Value::Object(mut all) = own else { return own };
    for status in [400, 401, 403, 404, 500, 503].iter().chain(errors) {
        all.insert(status.to_string(), json!({"$ref": "#/components/responses/Error"}));
    }
    Value::Object(all)
}

const WRITE_ERRORS: [u16; 5] = [408, 409, 412, 413, 415];

fn collection(resource_type: &ResourceType) -> Value {
    let name = resource_type.name;
    json!({
        "get": query(&format!("{name}List"), name),
        "post": {
            "summary": format!("Create a {name} (RFC 7644 §3.3)"),
            "operationId": format!("create{name}"),
            "parameters": projection(),
            "requestBody": body(&format!("{name}Request")),
            "responses": answers(json!({"201": found("What was created", name)}), &WRITE_ERRORS),
        },
    })
}

fn query(list: &str, what: &str) -> Value {
    json!({
        "summary": format!("Query: {what} (RFC 7644 §3.4.2)"),
        "operationId": format!("query{what}"),
        "parameters": listing(),
        "responses": answers(json!({"200": answer("A page of what was found", list)}), &[]),
    })
}

fn search(list: &str, what: &str) -> Value {
    json!({
        "summary": format!("Query by POST: {what} (RFC 7644 §3.4.3)"),
        "operationId": format!("search{what}"),
        "requestBody": body("SearchRequest"),
        "responses": answers(json!({"200": answer("A page of what was found", list)}), &[408, 413, 415]),
    })
}

fn member(resource_type: &ResourceType) -> Value {
    let name = resource_type.name;
    let conditions = || {
        let mut all = projection();
        all.push(header("If-Match", "The version the change is meant for"));
        all
    };
    let mut read = projection();
    read.push(header("If-None-Match", "The version the client has"));
    let changed = || {
        let own = json!({"200": found("What it is now", name), "204": {"description": "It is changed"}});
        answers(own, &WRITE_ERRORS)
    };
    json!({
        "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}}],
        "get": {
            "summary": format!("Read a {name} (RFC 7644 §3.4.1)"),
            "operationId": format!("read{name}"),
            "parameters": read,
            "responses": answers(
                json!({"200": found("The resource", name), "304": {"description": "The client's copy is current"}}),
                &[412],
            ),
        },
        "put": {
            "summary": format!("Replace a {name} (RFC 7644 §3.5.1)"),
            "operationId": format!("replace{name}"),
            "parameters": conditions(),
            "requestBody": body(&format!("{name}Request")),
            "responses": changed(),
        },
        "patch": {
            "summary": format!("Change parts of a {name} (RFC 7644 §3.5.2)"),
            "operationId": format!("change{name}"),
            "parameters": conditions(),
            "requestBody": body("PatchRequest"),
            "responses": changed(),
        },
        "delete": {
            "summary": format!("Remove a {name} (RFC 7644 §3.6)"),
            "operationId": format!("remove{name}"),
            "parameters": [header("If-Match", "The version the removal is meant for")],
            "responses": answers(json!({"204": {"description": "It is gone"}}), &[409, 412]),
        },
    })
}

/// A replacement or removal of a role can be rehearsed: what it would mean is answered instead.
fn rehearsable(role: &mut Value) {
    for (method, name) in [("put", Some("Role")), ("delete", None)] {
        let Some(operation) = role.get_mut(method) else { continue };
        if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
            let truth = json!({"type": "boolean"});
            parameters.push(parameter("dryRun", truth, "Say whom it would concern, and do nothing"));
        }
        let impact = reference("RoleImpact");
        let schema = match name {
            Some(name) => json!({"anyOf": [reference(name), impact]}),
            None => impact,
        };
        if let Some(answers) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            let answered =
                answers.entry("200").or_insert_with(|| json!({"description": "Whom it would concern"}));
            if let Some(answered) = answered.as_object_mut() {
                answered.insert("content".to_owned(), json!({MEDIA: {"schema": schema}}));
            }
        }
    }
}

fn permissions() -> Value {
    json!({
        "summary": "What roles can permit, and which of the roles that others inherit from does",
        "operationId": "permissions",
        "responses": answers(json!({"200": answer("Every permission", "PermissionList")}), &[]),
    })
}

/// RFC 7644 §3.11: a token of a connection speaks for nobody, so that all of it is 404, and nobody registers themselves.
fn me() -> Value {
    let refused = |what: &str| {
        json!({
            "summary": format!("{what} the user whom the credential speaks for (RFC 7644 §3.11)"),
            "operationId": format!("{}Me", what.to_lowercase()),
            "responses": answers(json!({}), &[501]),
        })
    };
    json!({
        "get": refused("Read"), "post": refused("Register"), "put": refused("Replace"), "patch": refused("Change"),
        "delete": refused("Remove"),
    })
}

fn bulk_operation() -> Value {
    let truth = || json!({"type": "boolean"});
    json!({
        "summary": "Do many operations (RFC 7644 §3.7)",
        "operationId": "bulk",
        "parameters": [
            parameter("atomic", truth(), "All of them, or none"),
            parameter("dryRun", truth(), "Say what would happen, and do nothing"),
        ],
        "requestBody": body("BulkRequest"),
        "responses": answers(json!({"200": answer("What became of each operation", "BulkResponse")}), &[408, 409, 413, 415]),
    })
}

fn discovery() -> Map<String, Value> {
    let mut paths = Map::new();
    let mut document = |path: &str, what: &str, name: &str| {
        let errors = if path.ends_with('}') { vec![404] } else { Vec::new() };
        let own = json!({"200": answer(what, name), "304": {"description": "The client's copy is current"}});
        let mut described = json!({"get": {
            "summary": what, "operationId": path.trim_start_matches('/').replace(['/', '{', '}', '.'], "_"),
            "security": [{}, {"token": []}],
            "responses": answers(own, &errors),
        }});
        if let (true, Some(described)) = (path.ends_with('}'), described.as_object_mut()) {
            let id = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}}]);
            described.insert("parameters".to_owned(), id);
        }
        paths.insert(path.to_owned(), described);
    };
    document("/ServiceProviderConfig", "What this server can do", "Document");
    document("/ResourceTypes", "The kinds of resources", "List");
    document("/ResourceTypes/{id}", "One kind of resource", "Document");
    document("/Schemas", "The schemas", "List");
    document("/Schemas/{id}", "One schema", "Document");
    let itself = json!({"200": {"description": "This description", "content": {"application/json": {"schema": true}}}});
    let itself =
        json!({"summary": "This description", "operationId": "openapi", "responses": answers(itself, &[])});
    paths.insert("/openapi.json".to_owned(), json!({"get": itself}));
    paths
}

/// The messages of RFC 7644 and RFC 9865.
fn messages(types: &Types) -> Map<String, Value> {
    let largest = types.user.page_sizes().largest;
    let text = || json!({"type": "string"});
    let number = || json!({"type": "integer", "minimum": 0});
    let urns = |urn: &str| json!({"type": "array", "items": {"const": urn}, "minItems": 1, "maxItems": 1});
    // others beside it are not looked at
    let sent = |urn: &str| json!({"type": "array", "items": text(), "contains": {"const": urn}});
    let list = |items: Value| {
        json!({
            "type": "object",
            "properties": {
                "schemas": urns(urn::LIST_RESPONSE), "totalResults": number(), "startIndex": number(),
                "itemsPerPage": {"type": "integer", "minimum": 0, "maximum": largest}, "nextCursor": text(),
                "Resources": {"type": "array", "items": items},
            },
            "required": ["schemas", "totalResults", "itemsPerPage", "Resources"],
            "additionalProperties": false,
        })
    };
    let mut all = Map::new();
    let mut put = |name: &str, schema: Value| all.insert(name.to_owned(), schema);
    put("List", list(json!({"type": "object", "required": ["schemas"]})));
    for resource_type in types.all() {
        put(&format!("{}List", resource_type.name), list(reference(resource_type.name)));
    }
    put("PermissionList", list(permission()));
    put("RoleImpact", role_impact(&urns(urn::ROLE_IMPACT)));
    put("Document", json!({"type": "object", "required": ["schemas", "meta"]}));
    let error = json!({
        "type": "object",
        "properties": {"schemas": urns(urn::ERROR), "status": text(), "scimType": text(), "detail": text()},
        "required": ["schemas", "status", "detail"],
        "additionalProperties": false,
    });
    put("Error", error);
    // null says that a parameter is not given
    let given = || json!({"type": ["string", "null"]});
    let names = || json!({"type": ["array", "string", "null"], "items": text()});
    let search = json!({
        "type": "object",
        "properties": {
            "schemas": sent(urn::SEARCH_REQUEST), "filter": given(), "sortBy": given(),
            "attributes": names(), "excludedAttributes": names(),
            "sortOrder": {"enum": ["ascending", "descending", "", null]},
            "startIndex": {"type": ["integer", "null"]}, "count": {"type": ["integer", "null"]}, "cursor": given(),
        },
        "required": ["schemas"],
    });
    put("SearchRequest", search);
    put("PatchRequest", patch(&sent(urn::PATCH_OP)));
    put("BulkRequest", bulk_request(&sent(urn::BULK_REQUEST)));
    let outcome = json!({
        "type": "object",
        "properties": {
            "method": text(), "bulkId": text(), "version": text(), "location": text(), "status": text(),
            "response": reference("Error"),
        },
        "required": ["method", "status"],
    });
    let bulk_response = json!({
        "type": "object",
        "properties": {"schemas": urns(urn::BULK_RESPONSE), "Operations": {"type": "array", "items": outcome}},
        "required": ["schemas", "Operations"],
    });
    put("BulkResponse", bulk_response);
    all
}

fn permission() -> Value {
    let truth = |description: &str| json!({"type": "boolean", "description": description});
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "What it is done to and what is done, such as run:stop"},
            "viewer": truth("Whether the role viewer has it"),
            "member": truth("Whether the role member has it"),
            "ownOnly": truth("Whether it is meant for what the person created"),
        },
        "required": ["name", "viewer", "member", "ownOnly"],
        "additionalProperties": false,
    })
}

fn role_impact(urns: &Value) -> Value {
    let text = || json!({"type": "string"});
    let texts = || json!({"type": "array", "items": {"type": "string"}});
    let number = |what: &str| json!({"type": "integer", "minimum": 0, "description": what});
    let affected = json!({
        "type": "object",
        "properties": {"user": text(), "teams": texts()},
        "required": ["user", "teams"],
    });
    json!({
        "type": "object",
        "properties": {
            "schemas": urns,
            "role": text(),
            "becomes": {"type": "string", "description": "The role they would have"},
            "permissions": {
                "type": "object",
                "properties": {"gained": texts(), "lost": texts()},
                "required": ["gained", "lost"],
            },
            "memberships": number("In how many teams somebody has the role, each person counted in each team"),
            "users": number("How many people have it"),
            "teams": number("How many teams give it to newcomers"),
            "affected": {"type": "array", "maxItems": 100, "items": affected},
        },
        "required": ["schemas", "role", "becomes", "permissions", "memberships", "users", "teams", "affected"],
        "additionalProperties": false,
    })
}

fn patch(urns: &Value) -> Value {
    let operation = json!({
        "type": "object",
        "properties": {
            "op": {"enum": ["add", "replace", "remove"]},
            "path": {"type": "string", "description": "Where, such as name.familyName; without it the value says where"},
            "value": true,
        },
        "required": ["op"],
    });
    json!({
        "type": "object",
        "properties": {"schemas": urns, "Operations": {"type": "array", "minItems": 1, "items": operation}},
        "required": ["schemas", "Operations"],
    })
}

/// An operation that makes no sense is answered as one, beside the others; the request is not refused for it.
fn bulk_request(urns: &Value) -> Value {
    let operation = json!({
        "properties": {
            "method": {"examples": ["POST", "PUT", "PATCH", "DELETE"]},
            "path": {"description": "Under the base, such as /Users or /Users/{id}"},
            "bulkId": {"description": "A name by which other operations refer to what this one creates"},
            "version": {"description": "The version the change is meant for"},
            "data": {"description": "The body that the request alone would have"},
        },
    });
    json!({
        "type": "object",
        "properties": {
            "schemas": urns,
            "failOnErrors": {"type": ["integer", "null"], "minimum": 1},
            "Operations": {"type": "array", "maxItems": bulk::MAX_OPERATIONS, "items": operation},
        },
        "required": ["schemas", "Operations"],
    })
}
