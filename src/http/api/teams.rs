//! `/teams` and their members.

use super::{Call, Reply, invites::IssuedInvite};
use crate::{
    http::error::Refusal,
    scim::ErrorKind,
    service::{
        avatars, invites,
        page::Page,
        teams::{self, Member},
    },
};
use base64::{Engine, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// `GET /teams`: all one may see, or the one that has or had a name.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let name = call.query("name").map(str::to_owned);
    Ok(Reply::ok(json!(teams::list(&call.cx, name, call.slice()?).await?)))
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

/// `GET /teams/{id}/avatar`.
pub(super) async fn avatar(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::picture(avatars::read(&call.cx, call.id()).await?))
}

/// A picture.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAvatar {
    /// A PNG, JPEG, GIF or WebP file of at most 700 KB, in base64. The middle of it becomes a square of 128 pixels.
    image: String,
}

/// `PUT /teams/{id}/avatar`.
pub(super) async fn set_avatar(call: Call) -> Result<Reply, Refusal> {
    let NewAvatar { image } = call.read()?;
    let image = STANDARD.decode(image.trim()).map_err(|error| {
        ErrorKind::InvalidValue.because(format!("image: expected a file in base64, found otherwise: {error}"))
    })?;
    Ok(Reply::ok(json!(avatars::set(&call.cx, call.id(), image, call.precondition.clone()).await?)))
}

/// `DELETE /teams/{id}/avatar`.
pub(super) async fn remove_avatar(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(avatars::remove(&call.cx, call.id(), call.precondition.clone()).await?)))
}

/// `GET /archived-teams`.
pub(super) async fn archived(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(Page { items: teams::archived(&call.cx).await?, next: None })))
}

/// `POST /archived-teams/{id}/restore`.
pub(super) async fn restore(call: Call) -> Result<Reply, Refusal> {
    let restored = teams::restore(&call.cx, call.id()).await?;
    Ok(Reply::ok(json!(restored.it)).again(restored.is_replay))
}

/// `GET /teams/{id}/members`.
pub(super) async fn members(call: Call) -> Result<Reply, Refusal> {
    let found = teams::members(&call.cx, call.id(), call.slice()?).await?;
    Ok(Reply::ok(json!(found)))
}

/// `POST /teams/{id}/members`.
pub(super) async fn add_member(call: Call) -> Result<Reply, Refusal> {
    let made = teams::add_member(&call.cx, call.id(), call.read()?).await?;
    let added = match made.it {
        teams::Added::Member(member) => Added::Member(Box::new(member)),
        teams::Added::Invited(issued) => Added::Invited(Box::new(issued.into())),
    };
    Ok(Reply::created(json!(added), made.is_replay))
}

/// Who came into the team; or the invite of somebody who is known by no address here and will come.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "AddedToTeam")]
pub(super) enum Added {
    Member(Box<Member>),
    Invited(Box<IssuedInvite>),
}

/// `GET /teams/{id}/invites`.
pub(super) async fn invites(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(invites::list_of_team(&call.cx, call.id(), call.slice()?).await?)))
}

/// `DELETE /teams/{id}/invites/{invite}`.
pub(super) async fn cancel_invite(call: Call) -> Result<Reply, Refusal> {
    invites::cancel_for_team(&call.cx, call.id(), call.second()).await?;
    Ok(Reply::nothing())
}

/// A role in a team.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    /// `admin`, `member`, `viewer`, or a custom role's name.
    role: String,
}

/// `PUT /teams/{id}/members/{user}/role`.
pub(super) async fn change_member(call: Call) -> Result<Reply, Refusal> {
    let Role { role } = call.read()?;
    let changed = teams::change_member(&call.cx, call.id(), call.second(), (role, None)).await?;
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
