//! `/sessions`, and second factors of others.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::session::Session,
    service::{second_factors, sessions},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// Sessions; there is no next page, for nobody has many.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Sessions")]
pub(super) struct Listed {
    /// The sessions, oldest first.
    items: Vec<Session>,
}

/// `GET /sessions`: one's own, or somebody's.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(Listed { items: sessions::list(&call.cx, call.query("user")).await? })))
}

/// `DELETE /sessions/{id}`.
pub(super) async fn end(call: Call) -> Result<Reply, Refusal> {
    sessions::end(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

/// `DELETE /users/{id}/second-factor`.
pub(super) async fn remove_second_factor(call: Call) -> Result<Reply, Refusal> {
    second_factors::remove(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}
