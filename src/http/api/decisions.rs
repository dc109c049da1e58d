//! `/decisions`: what the product behind asks.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    service::decisions::{self, Question},
};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    credential: String,
    team: Option<String>,
    permission: Option<String>,
    on_behalf_of: Option<OnBehalfOf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnBehalfOf {
    username: Option<String>,
    email: Option<String>,
}

/// `POST /decisions`. It changes nothing.
pub(super) async fn decide(call: Call) -> Result<Reply, Refusal> {
    let asked: Asked = call.read()?;
    let (username, email) = asked.on_behalf_of.map(|it| (it.username, it.email)).unwrap_or_default();
    let question = Question {
        credential: SecretString::from(asked.credential),
        team: asked.team,
        permission: asked.permission,
        username,
        email,
    };
    Ok(Reply::ok(json!(decisions::decide(&call.cx, question).await?)))
}

/// What is asked.
pub(super) fn schema() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["credential"],
        "properties": {
            "credential": {"type": "string", "description": "the key that was shown to the product"},
            "team": {"type": "string", "description": "id or name; the default team without it"},
            "permission": {"type": "string", "description": "such as run:stop"},
            "onBehalfOf": {
                "type": "object", "additionalProperties": false,
                "properties": {"username": {"type": "string"}, "email": {"type": "string"}},
            },
        },
    })
}
