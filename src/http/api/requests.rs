//! `/requests`, and `/connections/{connection}/health`.

use super::{Call, Reply};
use crate::{
    http::{error::Refusal, scim},
    service::{Error, health, requests},
};
use serde_json::json;

/// `GET /requests`: newest first.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let wanted = requests::wanted(call.parameters()).map_err(Error::Rule)?;
    Ok(Reply::ok(json!(requests::list(&call.cx, wanted, call.slice()?).await?)))
}

/// `GET /requests/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(requests::read(&call.cx, call.id()).await?)))
}

/// `POST /requests/{id}/replay`: what would come of it now; nothing changes.
pub(super) async fn replay(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(scim::replay(&call.cx, call.id()).await?)))
}

/// `GET /connections/{connection}/health`.
pub(super) async fn health(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(health::of_connection(&call.cx, call.id()).await?)))
}
