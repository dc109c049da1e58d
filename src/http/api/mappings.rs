//! `/mappings`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    service::{access, mapping_previews, mappings, page::Page},
};
use serde_json::json;

/// `GET /mappings`.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(Page { items: mappings::list(&call.cx).await?, next: None })))
}

/// `POST /mappings`, or with `dryRun=true` whom it would change.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    if call.rehearses()? {
        return Ok(Reply::ok(json!(mapping_previews::rehearse_creation(&call.cx, call.read()?).await?)));
    }
    let made = mappings::create(&call.cx, call.read()?).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

/// `GET /mappings/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(mappings::read(&call.cx, call.id()).await?)))
}

/// `DELETE /mappings/{id}`, or with `dryRun=true` whom it would change.
pub(super) async fn remove(call: Call) -> Result<Reply, Refusal> {
    if call.rehearses()? {
        return Ok(Reply::ok(json!(mapping_previews::rehearse_removal(&call.cx, call.id()).await?)));
    }
    mappings::remove(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

/// `GET /users/{id}/access`.
pub(super) async fn access(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(access::read(&call.cx, call.id()).await?)))
}
