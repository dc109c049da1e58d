//! `/providers`: where else people sign in, and who they are there.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    service::{
        identities::{self, LinkDecision, Shown},
        providers::{self, NewProvider, Provider, ProviderChange},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Providers; there is no next page, for nobody has many.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Providers")]
pub(super) struct Listed {
    /// The providers, oldest first.
    items: Vec<Provider>,
}

/// `GET /providers`.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(Listed { items: providers::list(&call.cx).await? })))
}

/// `POST /providers`.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let new: NewProvider = call.read()?;
    let made = providers::create(&call.cx, new).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

/// `GET /providers/{id}`.
pub(super) async fn read(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(providers::read(&call.cx, call.id()).await?)))
}

/// `PATCH /providers/{id}`.
pub(super) async fn change(call: Call) -> Result<Reply, Refusal> {
    let change: ProviderChange = call.read()?;
    Ok(Reply::ok(json!(providers::change(&call.cx, call.id(), change, call.precondition.clone()).await?)))
}

/// `DELETE /providers/{id}`.
pub(super) async fn remove(call: Call) -> Result<Reply, Refusal> {
    providers::remove(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

/// `POST /providers/{id}/test`.
pub(super) async fn test(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(providers::test(&call.cx, call.id()).await?)))
}

/// Who people are elsewhere.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Identities")]
pub(super) struct Identities {
    /// One's own, a user's, or those about whom an admin is to decide; oldest first.
    items: Vec<Shown>,
}

/// `GET /identities`.
pub(super) async fn identities(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(Identities { items: identities::list(&call.cx, call.query("user")).await? })))
}

/// What becomes of whom a provider calls somebody.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IdentityDecision")]
pub(super) struct Verdict {
    /// `link`: it is that person; `refuse`: it is not; `unlink`: forget it.
    decision: LinkDecision,
    /// What the provider calls the person, where it says so of several.
    subject: Option<String>,
}

/// `PUT /providers/{provider}/people/{user}`.
pub(super) async fn decide(call: Call) -> Result<Reply, Refusal> {
    let Verdict { decision, subject } = call.read()?;
    identities::decide(&call.cx, (call.id(), call.second()), (subject.as_deref(), decision)).await?;
    Ok(Reply::nothing())
}
