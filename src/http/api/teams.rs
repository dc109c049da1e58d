//! `/teams` and their members.

use super::{Call, Reply, page};
use crate::{http::error::Refusal, service::teams};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// `GET /teams`: all one may see, or the one that has or had a name.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let name = call.query("name").map(str::to_owned);
    Ok(Reply::ok(page(teams::list(&call.cx, name, call.slice()?).await?, |team| json!(team))))
}

/// `POST /teams`.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let made = teams::create(&call.cx, call.read()?).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

/// `GET /teams/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(teams::read(&call.cx, call.id()).await?)))
}

/// `PATCH /teams/{id}`.
pub(super) async fn change(call: Call) -> Result<Reply, Refusal> {
    let changed = teams::change(&call.cx, call.id(), call.read()?, call.precondition.clone());
    Ok(Reply::ok(json!(changed.await?)))
}

/// `DELETE /teams/{id}`.
pub(super) async fn archive(call: Call) -> Result<Reply, Refusal> {
    teams::archive(&call.cx, call.id(), call.precondition.clone()).await?;
    Ok(Reply::nothing())
}

/// `GET /archived-teams`.
pub(super) async fn archived(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!({"items": teams::archived(&call.cx).await?, "next": null})))
}

/// `POST /archived-teams/{id}/restore`.
pub(super) async fn restore(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(teams::restore(&call.cx, call.id()).await?)))
}

/// `GET /teams/{id}/members`.
pub(super) async fn members(call: Call) -> Result<Reply, Refusal> {
    let found = teams::members(&call.cx, call.id(), call.slice()?).await?;
    Ok(Reply::ok(page(found, |member| json!(member))))
}

/// `POST /teams/{id}/members`.
pub(super) async fn add_member(call: Call) -> Result<Reply, Refusal> {
    let made = teams::add_member(&call.cx, call.id(), call.read()?).await?;
    Ok(Reply::created(json!(made.it), made.is_replay))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    role: String,
}

/// `PUT /teams/{id}/members/{user}/role`.
pub(super) async fn change_member(call: Call) -> Result<Reply, Refusal> {
    let Role { role } = call.read()?;
    let changed = teams::change_member(&call.cx, call.id(), call.second(), role).await?;
    Ok(Reply::ok(json!(changed)))
}

/// `DELETE /teams/{id}/members/{user}`.
pub(super) async fn remove_member(call: Call) -> Result<Reply, Refusal> {
    teams::remove_member(&call.cx, call.id(), call.second()).await?;
    Ok(Reply::nothing())
}

/// `DELETE /teams/{id}/members/me`.
pub(super) async fn leave(call: Call) -> Result<Reply, Refusal> {
    teams::leave(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

const ROLE: &str = "admin, member, viewer, or a custom role's name";

/// What a team is made of.
pub(super) fn new_schema() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "defaultRole": {"type": "string", "description": ROLE},
            "storage": {"type": "object", "description": "provider, name, path, kmsKeyId and what a provider asks for"},
            "admins": {"type": "array", "items": {"type": "string"}, "description": "ids; oneself without any"},
        },
    })
}

/// What of a team can be changed.
pub(super) fn change_schema() -> Value {
    let switches = ["hidden", "privateProjects", "membersInvite", "noPublicReports", "codeSaving"];
    let switches: Map<String, Value> =
        switches.into_iter().map(|name| (name.to_owned(), json!({"type": "boolean"}))).collect();
    json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "name": {"type": "string"},
            "defaultRole": {"type": "string", "description": ROLE},
            "settings": {"type": "object", "additionalProperties": false, "properties": switches},
        },
    })
}

/// Somebody who becomes a member.
pub(super) fn new_member_schema() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["user"],
        "properties": {
            "user": {"type": "string", "description": "id, user name, handle or e-mail address"},
            "role": {"type": "string", "description": ROLE},
        },
    })
}

/// A role in a team.
pub(super) fn role_schema() -> Value {
    let properties = json!({"role": {"type": "string", "description": ROLE}});
    json!({"type": "object", "additionalProperties": false, "required": ["role"], "properties": properties})
}
