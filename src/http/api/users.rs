//! `/users` and `/people`.

use super::{Call, Reply, page};
use crate::{
    http::error::Refusal,
    org::{role::OrganizationRole, seat::Seat},
    service::people,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// `GET /users`: all, or who signs in by a user name, handle or e-mail address.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let login = call.query("login").map(str::to_owned);
    Ok(Reply::ok(page(people::list(&call.cx, login, call.slice()?).await?, |person| json!(person))))
}

/// `POST /users`.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let made = people::create(&call.cx, call.read()?).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

/// `GET /users/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(people::read(&call.cx, call.id()).await?)))
}

/// `PATCH /users/{id}`.
pub(super) async fn change(call: Call) -> Result<Reply, Refusal> {
    let changed = people::change(&call.cx, call.id(), call.read()?, call.precondition.clone()).await?;
    Ok(Reply::ok(json!(changed)))
}

/// `DELETE /users/{id}`.
pub(super) async fn remove(call: Call) -> Result<Reply, Refusal> {
    people::remove(&call.cx, call.id(), call.precondition.clone()).await?;
    Ok(Reply::nothing())
}

/// `DELETE /me`.
pub(super) async fn leave(call: Call) -> Result<Reply, Refusal> {
    people::leave(&call.cx).await?;
    Ok(Reply::nothing())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Role {
    organization_role: OrganizationRole,
}

/// `PUT /users/{id}/organization-role`.
pub(super) async fn change_role(call: Call) -> Result<Reply, Refusal> {
    let Role { organization_role } = call.read()?;
    let changed = people::change_role(&call.cx, call.id(), organization_role, call.precondition.clone());
    Ok(Reply::ok(json!(changed.await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Taken {
    seat: Seat,
}

/// `PUT /users/{id}/seat`.
pub(super) async fn change_seat(call: Call) -> Result<Reply, Refusal> {
    let Taken { seat } = call.read()?;
    let changed = people::change_seat(&call.cx, call.id(), seat, call.precondition.clone());
    Ok(Reply::ok(json!(changed.await?)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultTeam {
    team: Option<String>,
}

/// `PUT /users/{id}/default-team`.
pub(super) async fn choose_default_team(call: Call) -> Result<Reply, Refusal> {
    let DefaultTeam { team } = call.read()?;
    Ok(Reply::ok(json!(people::choose_default_team(&call.cx, call.id(), team).await?)))
}

/// `GET /people/{id}`: also of those who were removed.
pub(super) async fn known(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(people::known(&call.cx, call.id()).await?)))
}

/// `GET /seats`.
pub(super) async fn seats(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(people::seats(&call.cx).await?)))
}

/// The words of a closed set.
fn words(all: &[impl serde::Serialize]) -> Value {
    json!({"type": "string", "enum": all})
}

/// What a user is made of.
pub(super) fn new_schema() -> Value {
    let mut properties = profile();
    properties.insert("organizationRole".to_owned(), words(OrganizationRole::ALL));
    properties.insert("seat".to_owned(), words(Seat::ALL));
    json!({"type": "object", "additionalProperties": false, "required": ["userName"], "properties": properties})
}

/// What of a user can be changed.
pub(super) fn change_schema() -> Value {
    let mut properties = profile();
    properties.insert("active".to_owned(), json!({"type": "boolean"}));
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

fn profile() -> Map<String, Value> {
    let emails =
        json!({"type": "array", "items": {"type": "string"}, "description": "the preferred one first"});
    let text = json!({"type": "string"});
    Map::from_iter([
        ("userName".to_owned(), text.clone()),
        ("displayName".to_owned(), text),
        ("emails".to_owned(), emails),
    ])
}

/// A role in the organization.
pub(super) fn role_schema() -> Value {
    let properties = json!({"organizationRole": words(OrganizationRole::ALL)});
    json!({"type": "object", "additionalProperties": false, "required": ["organizationRole"], "properties": properties})
}

/// A seat.
pub(super) fn seat_schema() -> Value {
    let properties = json!({"seat": words(Seat::ALL)});
    json!({"type": "object", "additionalProperties": false, "required": ["seat"], "properties": properties})
}

/// A default team, or none.
pub(super) fn default_team_schema() -> Value {
    let properties = json!({"team": {"type": ["string", "null"], "description": "the id"}});
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}
