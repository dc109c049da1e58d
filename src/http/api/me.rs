//! `/me`: whom the key or session speaks for.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::{actor::ActorType, key::Scopes},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

/// Whom a key or session speaks for.
#[derive(Serialize, JsonSchema)]
pub(super) struct Me {
    /// The id of the person or service account.
    id: String,
    /// What it is.
    #[serde(rename = "type")]
    actor_type: ActorType,
    /// The organization's slug.
    organization: String,
    /// The key's id, where a key asks.
    key: Option<String>,
    /// The session's id, where somebody is signed in.
    session: Option<String>,
    /// What the key may be used for; null for everything its owner may do, as a session is.
    scopes: Scopes,
}

/// `GET /me`.
pub(super) async fn read(call: Call) -> Result<Reply, Refusal> {
    let principal = &call.principal;
    let is_session = principal.authenticated_at.is_some();
    Ok(Reply::ok(json!(Me {
        id: principal.actor.id().to_owned(),
        actor_type: principal.actor.actor_type(),
        organization: principal.slug.clone(),
        key: (!is_session).then(|| principal.key.clone()),
        session: is_session.then(|| principal.key.clone()),
        scopes: principal.scopes.clone(),
    })))
}
