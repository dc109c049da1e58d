//! `/keys`.

use super::{Call, Reply, moment, page};
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
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

/// `GET /keys`: one's own, somebody's, or everybody's.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let whose = match call.query("owner") {
        None => Whose::Owner(call.cx.actor.id().to_owned()),
        Some("*") => Whose::All,
        Some(owner) => Whose::Owner(owner.to_owned()),
    };
    Ok(Reply::ok(page(keys::list(&call.cx, whose, call.slice()?).await?, show)))
}

/// What a key is made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct New {
    owner: Option<String>,
    name: String,
    scopes: Option<Vec<Scope>>,
    expires_at: Option<String>,
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
    let mut body = show(&made.it.key);
    if let (Value::Object(body), Some(secret)) = (&mut body, &made.it.secret) {
        body.insert("secret".to_owned(), json!(secret.expose_secret()));
    }
    Ok(Reply::created(body, made.is_replay))
}

/// What `POST /keys` takes.
pub(super) fn new_schema() -> Value {
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "owner": {"type": ["string", "null"], "description": "whose key it is; one's own without it"},
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "scopes": {
                "type": ["array", "null"],
                "items": {"enum": scopes},
                "minItems": 1,
                "description": "what it may be used for; everything its owner may do without it",
            },
            "expiresAt": {"type": ["string", "null"], "format": "date-time"},
        },
    })
}

/// `GET /keys/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(show(&keys::get(&call.cx, call.id()).await?)))
}

/// What of a key can be changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    name: String,
}

/// What `PATCH /keys/{id}` takes.
pub(super) fn change_schema() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 100}},
    })
}

/// `PATCH /keys/{id}`.
pub(super) async fn change(call: Call) -> Result<Reply, Refusal> {
    let change: Change = call.read()?;
    Ok(Reply::ok(show(&keys::rename(&call.cx, call.id(), &change.name).await?)))
}

/// `DELETE /keys/{id}`.
pub(super) async fn revoke(call: Call) -> Result<Reply, Refusal> {
    keys::revoke(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

fn show(key: &Key) -> Value {
    json!({
        "id": key.id,
        "owner": key.owner,
        "name": key.name,
        "scopes": key.scopes.list(),
        "createdAt": text::date_time(key.created_at),
        "createdBy": key.created_by,
        "expiresAt": moment(key.expires_at),
        "lastUsedAt": moment(key.last_used_at),
    })
}
