//! `/keys`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::{
        key::{Key, Scope, Scopes},
        refusal::Refusal as Rule,
    },
    scim::text,
    service::{
        Error,
        keys::{self, NewKey, Whose},
    },
};
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `GET /keys`: one's own, somebody's, or everybody's.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let whose = match call.query("owner") {
        None => Whose::Owner(call.cx.actor.id().to_owned()),
        Some("*") => Whose::All,
        Some(owner) => Whose::Owner(owner.to_owned()),
    };
    Ok(Reply::ok(json!(keys::list(&call.cx, whose, call.slice()?).await?)))
}

/// What a key is made of.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "NewKey")]
pub(super) struct New {
    /// Whose key it is, by id; one's own without it.
    owner: Option<String>,
    /// What to call it.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// What it may be used for; everything its owner may do without it.
    #[schemars(length(min = 1))]
    scopes: Option<Vec<Scope>>,
    /// When it ends; never without it.
    #[schemars(extend("format" = "date-time"))]
    expires_at: Option<String>,
}

/// A key just made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedKey")]
pub(super) struct Created {
    #[serde(flatten)]
    key: Key,
    /// The key itself: in this answer, and in no other, not even when it is asked for again with the same Idempotency-Key.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// `POST /keys`. The key is in this answer and in no other.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let new: New = call.read()?;
    let expires_at = match new.expires_at.as_deref().map(text::instant) {
        Some(None) => {
            let sentence = "expiresAt: expected a time such as 2030-01-31T12:00:00Z";
            return Err(Error::Rule(Rule::Invalid(sentence.to_owned())).into());
        }
        read => read.flatten(),
    };
    let new = NewKey {
        owner: new.owner.unwrap_or_else(|| call.cx.actor.id().to_owned()),
        name: new.name,
        scopes: new.scopes.map_or(Ok(Scopes::ALL), |scopes| Scopes::only(&scopes)).map_err(Error::Rule)?,
        expires_at,
    };
    let made = keys::create(&call.cx, new).await?;
    let secret = made.it.secret.map(|secret| secret.expose_secret().to_owned());
    Ok(Reply::created(json!(Created { key: made.it.key, secret }), made.is_replay))
}

/// `GET /keys/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(keys::get(&call.cx, call.id()).await?)))
}

/// What of a key can be changed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "KeyChange")]
pub(super) struct Change {
    /// What to call it from now on.
    #[schemars(length(min = 1, max = 100))]
    name: String,
}

/// `PATCH /keys/{id}`.
pub(super) async fn change(call: Call) -> Result<Reply, Refusal> {
    let change: Change = call.read()?;
    Ok(Reply::ok(json!(keys::rename(&call.cx, call.id(), &change.name).await?)))
}

/// `DELETE /keys/{id}`.
pub(super) async fn revoke(call: Call) -> Result<Reply, Refusal> {
    keys::revoke(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}
