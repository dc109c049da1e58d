//! `/connections` and `/tokens`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::{connection::Scopes, refusal::Refusal as Rule},
    scim::Profile,
    service::{
        Error, adoptions,
        connections::{self, Change, ShownToken},
        page::Page,
    },
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// `GET /connections`.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(Page { items: connections::list(&call.cx).await?, next: None })))
}

/// `GET /connections/{connection}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(connections::read(&call.cx, call.id()).await?)))
}

/// A connection about to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewConnection")]
pub(super) struct New {
    /// The name, unique in the organization.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// How its requests are read; `standard` without it.
    profile: Option<String>,
}

/// `POST /connections`.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let new: New = call.read()?;
    let profile = profile(new.profile.as_deref())?.unwrap_or_default();
    let made = connections::create(&call.cx, &new.name, profile).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

fn profile(word: Option<&str>) -> Result<Option<Profile>, Refusal> {
    Ok(word.map(str::parse).transpose().map_err(|wrong| Error::Rule(Rule::Invalid(wrong)))?)
}

/// What is changed of a connection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    profile: Option<String>,
    sensitive: Option<Vec<String>>,
    #[serde(default)]
    switches: Map<String, Value>,
}

/// `PATCH /connections/{connection}`: what is named changes, a switch that is `null` has its default again.
pub(super) async fn change(call: Call) -> Result<Reply, Refusal> {
    let Patch { profile: word, sensitive, switches } = call.read()?;
    let change = Change { profile: profile(word.as_deref())?, sensitive, switches };
    Ok(Reply::ok(json!(connections::change(&call.cx, call.id(), change, call.precondition.clone()).await?)))
}

/// What `PATCH /connections/{connection}` takes.
pub(super) fn change_schema(_: &mut SchemaGenerator) -> Schema {
    let boolean = json!({"type": ["boolean", "null"]});
    json_schema!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "profile": {"enum": Profile::ALL.map(Profile::as_str)},
            "sensitive": {"type": "array", "items": {"type": "string"}},
            "switches": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "paused": boolean,
                    "readOnly": boolean,
                    "create": boolean,
                    "update": boolean,
                    "deactivate": boolean,
                    "delete": boolean,
                    "groups": boolean,
                    "adoption": {"enum": ["link", "queue", "refuse", null]},
                    "mail": {"enum": ["organization", "send", "skip", null]},
                    "expectedCycle": {"type": ["integer", "null"], "minimum": 1},
                },
            },
        },
    })
}

/// `DELETE /connections/{connection}`.
pub(super) async fn revoke(call: Call) -> Result<Reply, Refusal> {
    connections::revoke(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

/// A token about to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "NewToken")]
pub(super) struct NewToken {
    /// For how many seconds it works; until it is revoked without it.
    #[schemars(range(min = 1))]
    expires_in: Option<i64>,
    /// Whether it reads and changes nothing.
    #[serde(default)]
    read_only: bool,
}

/// A token just made.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CreatedToken")]
pub(super) struct CreatedToken {
    #[serde(flatten)]
    token: ShownToken,
    /// The token itself: in this answer, and in no other, not even when it is asked for again with the same Idempotency-Key.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// `POST /connections/{connection}/tokens`. The token is in this answer and in no other.
pub(super) async fn create_token(call: Call) -> Result<Reply, Refusal> {
    /// A hundred years.
    const LONGEST: i64 = 3_155_760_000;
    let NewToken { expires_in, read_only } = call.read()?;
    if expires_in.is_some_and(|seconds| !(1..=LONGEST).contains(&seconds)) {
        let sentence = format!("expiresIn: expected 1 to {LONGEST} seconds");
        return Err(Error::Rule(Rule::Invalid(sentence)).into());
    }
    let scopes = if read_only { Scopes::READ } else { Scopes::ALL };
    let lifetime = expires_in.map(|seconds| seconds * 1_000_000);
    let made = connections::create_token(&call.cx, call.id(), lifetime, scopes).await?;
    let secret = made.it.secret.map(|secret| secret.expose_secret().to_owned());
    Ok(Reply::created(json!(CreatedToken { token: made.it.token, secret }), made.is_replay))
}

/// `DELETE /tokens/{id}`.
pub(super) async fn revoke_token(call: Call) -> Result<Reply, Refusal> {
    connections::revoke_token(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

/// `GET /adoptions`.
pub(super) async fn adoptions(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(adoptions::list(&call.cx, call.slice()?).await?)))
}

/// Whether a connection may have a person.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AdoptionVerdict")]
pub(super) struct Verdict {
    /// With true the person is the connection's the next time it tries; with false it is refused.
    approved: bool,
}

/// `PUT /connections/{connection}/people/{user}`.
pub(super) async fn decide_adoption(call: Call) -> Result<Reply, Refusal> {
    let Verdict { approved } = call.read()?;
    match approved {
        true => adoptions::approve(&call.cx, call.id(), call.second()).await?,
        false => adoptions::refuse(&call.cx, call.id(), call.second()).await?,
    }
    Ok(Reply::nothing())
}
