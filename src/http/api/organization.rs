//! `/organization` and `/settings`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    scim::text,
    service::{Error, organizations, settings},
};
use serde_json::json;

/// `GET /organization`.
pub(super) async fn read(call: Call) -> Result<Reply, Refusal> {
    let own = organizations::own(&call.cx).await?;
    let created_at = text::date_time(own.created_at);
    Ok(Reply::ok(json!({"id": own.id, "slug": own.slug, "name": own.name, "createdAt": created_at})))
}

/// `GET /settings`.
pub(super) async fn settings(call: Call) -> Result<Reply, Refusal> {
    let settings = settings::get(&call.cx).await?;
    Ok(Reply::ok(serde_json::to_value(settings).map_err(Error::from)?))
}

/// `PATCH /settings`: what is named changes, `null` brings a default back.
pub(super) async fn change_settings(mut call: Call) -> Result<Reply, Refusal> {
    let patch = std::mem::take(&mut call.body);
    let settings = settings::change(&call.cx, patch).await?;
    Ok(Reply::ok(serde_json::to_value(settings).map_err(Error::from)?))
}
