//! `/service-accounts`.

use super::{Call, Reply, page};
use crate::{
    http::error::Refusal, org::service_account::ServiceAccount, scim::text, service::service_accounts,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// `GET /service-accounts`: all, or a team's.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let team = call.query("team").map(str::to_owned);
    Ok(Reply::ok(page(service_accounts::list(&call.cx, team, call.slice()?).await?, show)))
}

/// What a service account is made of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    name: String,
    team: Option<String>,
}

/// `POST /service-accounts`: of a team, or without one of the organization.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let new: New = call.read()?;
    let made = service_accounts::create(&call.cx, &new.name, new.team).await?;
    Ok(Reply::created(show(&made.it), made.is_replay))
}

/// What `POST /service-accounts` takes.
pub(super) fn new_schema() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 100},
            "team": {"type": ["string", "null"], "description": "the id of its team; the organization's without it"},
        },
    })
}

/// `GET /service-accounts/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(show(&service_accounts::get(&call.cx, call.id()).await?)))
}

/// `DELETE /service-accounts/{id}`.
pub(super) async fn remove(call: Call) -> Result<Reply, Refusal> {
    service_accounts::remove(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

fn show(account: &ServiceAccount) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "handle": account.handle,
        "team": account.team,
        "createdAt": text::date_time(account.created_at),
    })
}
