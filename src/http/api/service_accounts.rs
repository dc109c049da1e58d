//! `/service-accounts`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::{refusal::Refusal as Rule, service_account::Place},
    service::{Error, service_accounts},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// `GET /service-accounts`: all, or a team's.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let team = call.query("team").map(str::to_owned);
    Ok(Reply::ok(json!(service_accounts::list(&call.cx, team, call.slice()?).await?)))
}

/// What a service account is made of.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(rename = "NewServiceAccount")]
pub(super) struct New {
    /// The name, unique among people and service accounts.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// The id of the team it belongs to; without it, it belongs to the organization.
    team: Option<String>,
    /// The id of the team that is meant when an account of the organization names none.
    default_team: Option<String>,
}

/// `POST /service-accounts`: of a team, or without one of the organization.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let new: New = call.read()?;
    let place = match (new.team, new.default_team) {
        (Some(_), Some(_)) => {
            let sentence = "defaultTeam: an account of a team has no other; leave team or defaultTeam out";
            return Err(Error::Rule(Rule::Invalid(sentence.to_owned())).into());
        }
        (Some(team), None) => Place::Team(team),
        (None, default_team) => Place::Organization { default_team },
    };
    let made = service_accounts::create(&call.cx, &new.name, place).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

/// `GET /service-accounts/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(service_accounts::get(&call.cx, call.id()).await?)))
}

/// `DELETE /service-accounts/{id}`.
pub(super) async fn remove(call: Call) -> Result<Reply, Refusal> {
    service_accounts::remove(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}
