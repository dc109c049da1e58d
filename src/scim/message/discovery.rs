//! The discovery documents: RFC 7643 §5 to §7, RFC 7644 §4. Printed from the tables that are enforced.

use super::bulk;
use crate::scim::{
    page::{CURSOR_TIMEOUT, Sizes},
    schema::{Attribute, Mutability, ResourceType, Returned, Schema, Type, Types, Uniqueness},
    urn,
};
use serde_json::{Map, Value, json};

/// `/ServiceProviderConfig`: what this server can do. `base` is the URL the endpoints stand under, `sizes` those of pages.
pub fn service_provider_config(base: &str, sizes: Sizes) -> Value {
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {"supported": true, "maxOperations": bulk::MAX_OPERATIONS, "maxPayloadSize": bulk::MAX_PAYLOAD},
        "filter": {"supported": true, "maxResults": sizes.largest},
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": sizes.default,
            "maxPageSize": sizes.largest,
            "cursorTimeout": CURSOR_TIMEOUT,
        },
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "The token of a connection, in the header Authorization: Bearer",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": meta("ServiceProviderConfig", format!("{base}/ServiceProviderConfig")),
    })
}

/// The same with what is shown to those who ask: what a bulk request can do here beyond the RFC.
pub fn service_provider_config_with_options(base: &str, sizes: Sizes) -> Value {
    let mut config = service_provider_config(base, sizes);
    if let Some(members) = config.as_object_mut() {
        members.insert("schemas".to_owned(), json!([urn::SERVICE_PROVIDER_CONFIG, urn::BULK_OPTIONS]));
        members.insert(urn::BULK_OPTIONS.to_owned(), json!({"atomic": true, "dryRun": true}));
    }
    config
}

/// Everything `/ResourceTypes` lists.
pub fn resource_types(base: &str, types: &Types) -> Vec<Value> {
    types.all().into_iter().map(|resource_type| describe_type(base, resource_type)).collect()
}

/// Everything `/Schemas` lists.
pub fn schemas(base: &str, types: &Types) -> Vec<Value> {
    types.schemas().into_iter().map(|schema| describe_schema(base, schema)).collect()
}

fn describe_type(base: &str, resource_type: &ResourceType) -> Value {
    let extensions: Vec<Value> = resource_type
        .extensions
        .iter()
        .map(|extension| json!({"schema": extension.schema.id, "required": extension.required}))
        .collect();
    json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": resource_type.name,
        "name": resource_type.name,
        "description": resource_type.description,
        "endpoint": resource_type.endpoint,
        "schema": resource_type.schema.id,
        "schemaExtensions": extensions,
        "meta": meta("ResourceType", format!("{base}/ResourceTypes/{}", resource_type.name)),
    })
}

fn describe_schema(base: &str, schema: &Schema) -> Value {
    json!({
        "schemas": [urn::SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": schema.attributes.iter().map(describe_attribute).collect::<Vec<_>>(),
        "meta": meta("Schema", format!("{base}/Schemas/{}", schema.id)),
    })
}

/// Every characteristic is spelled out; a default left out breaks clients. Case and uniqueness
/// belong to the types that have them.
fn describe_attribute(attribute: &Attribute) -> Value {
    let mut shown = Map::new();
    let mut show = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    show("name", attribute.name.into());
    show("type", attribute.kind.as_str().into());
    show("multiValued", attribute.multi_valued.into());
    show("description", attribute.description.into());
    show("required", attribute.required.into());
    if !attribute.canonical_values.is_empty() {
        show("canonicalValues", attribute.canonical_values.into());
    }
    if has_case(attribute.kind) {
        show("caseExact", attribute.case_exact.into());
    }
    show("mutability", mutability(attribute.mutability).into());
    show("returned", returned(attribute.returned).into());
    // EID 8470: a binary value has case but no uniqueness
    if has_case(attribute.kind) && attribute.kind != Type::Binary {
        show("uniqueness", uniqueness(attribute.uniqueness).into());
    }
    if attribute.kind == Type::Reference {
        show("referenceTypes", attribute.reference_types.into());
    }
    if attribute.kind == Type::Complex {
        show("subAttributes", attribute.sub_attributes.iter().map(describe_attribute).collect());
    }
    Value::Object(shown)
}

fn has_case(kind: Type) -> bool {
    !matches!(kind, Type::Complex | Type::Boolean | Type::DateTime)
}

fn mutability(value: Mutability) -> &'static str {
    match value {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
        Mutability::WriteOnly => "writeOnly",
    }
}

fn returned(value: Returned) -> &'static str {
    match value {
        Returned::Always => "always",
        Returned::Never => "never",
        Returned::Default => "default",
        Returned::Request => "request",
    }
}

fn uniqueness(value: Uniqueness) -> &'static str {
    match value {
        Uniqueness::None => "none",
        Uniqueness::Server => "server",
    }
}

fn meta(resource_type: &str, location: String) -> Value {
    json!({"resourceType": resource_type, "location": location})
}
