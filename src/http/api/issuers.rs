//! `/issuers`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    service::{issuers, page::Page},
};
use serde_json::json;

/// `GET /issuers`.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(Page { items: issuers::list(&call.cx).await?, next: None })))
}

/// `POST /issuers`.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let made = issuers::create(&call.cx, call.read()?).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

/// `DELETE /issuers/{id}`.
pub(super) async fn remove(call: Call) -> Result<Reply, Refusal> {
    issuers::remove(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}
