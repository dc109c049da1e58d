//! `/me`: whom the key speaks for.

use super::{Call, Reply};
use crate::http::error::Refusal;
use serde_json::json;

/// `GET /me`.
pub(super) async fn read(call: Call) -> Result<Reply, Refusal> {
    let principal = &call.principal;
    Ok(Reply::ok(json!({
        "id": principal.actor.id(),
        "type": principal.actor.actor_type(),
        "organization": principal.slug,
        "key": principal.key,
        "scopes": principal.scopes.list(),
    })))
}
