//! `/roles` and `/permissions`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::permission::Base,
    service::{custom_roles, page::Page},
};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// `GET /roles`.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let name = call.query("name").map(str::to_owned);
    Ok(Reply::ok(json!(custom_roles::list(&call.cx, name, call.slice()?).await?)))
}

/// `POST /roles`.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let made = custom_roles::create(&call.cx, call.body.clone()).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

/// `GET /roles/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(custom_roles::read(&call.cx, call.id()).await?)))
}

/// `PATCH /roles/{id}`: what is named changes; with `dryRun=true` only whom it would concern is told.
pub(super) async fn change(call: Call) -> Result<Reply, Refusal> {
    let (body, precondition) = (call.body.clone(), call.precondition.clone());
    match call.rehearses()? {
        true => {
            let impact = custom_roles::rehearse_change(&call.cx, call.id(), body, precondition).await?;
            Ok(Reply::ok(impact))
        }
        false => Ok(Reply::ok(json!(custom_roles::change(&call.cx, call.id(), body, precondition).await?))),
    }
}

/// `DELETE /roles/{id}`: with `dryRun=true` only whom it would concern is told.
pub(super) async fn remove(call: Call) -> Result<Reply, Refusal> {
    let precondition = call.precondition.clone();
    match call.rehearses()? {
        true => Ok(Reply::ok(custom_roles::rehearse_removal(&call.cx, call.id(), precondition).await?)),
        false => {
            custom_roles::remove(&call.cx, call.id(), precondition).await?;
            Ok(Reply::nothing())
        }
    }
}

/// `GET /permissions`.
pub(super) async fn permissions(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(Page { items: custom_roles::permissions(&call.cx).await?, next: None })))
}

fn properties() -> Value {
    json!({
        "name": {"type": "string"},
        "description": {"type": "string"},
        "inheritedFrom": {"type": "string", "enum": Base::ALL},
        "permissions": {"type": "array", "items": {"type": "string"}, "description": "what is added, by name"},
    })
}

/// What a role is made of.
pub(super) fn new_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "additionalProperties": false, "required": ["name", "inheritedFrom"], "properties": properties()})
}

/// What of a role can be changed.
pub(super) fn change_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "additionalProperties": false, "properties": properties()})
}
