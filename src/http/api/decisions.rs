//! `/decisions`: what the product behind asks.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    service::decisions::{self, Question},
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

/// What is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "Question")]
pub(super) struct Asked {
    /// The key that was shown to the product, or what the cookie of a session holds.
    credential: String,
    /// The team's id or name; the default team without it.
    team: Option<String>,
    /// What is about to be done, such as `run:stop`; without it only what may be done is told.
    permission: Option<String>,
    /// Whom a service account says it works for.
    on_behalf_of: Option<OnBehalfOf>,
}

/// Somebody who shall be credited.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OnBehalfOf {
    /// The user name or handle.
    username: Option<String>,
    /// The e-mail address.
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
