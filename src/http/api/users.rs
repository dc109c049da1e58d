//! `/users` and `/people`.

use super::{Call, People, Reply};
use crate::{
    http::error::Refusal,
    org::{refusal::Refusal as Rule, role::OrganizationRole, seat::Seat},
    service::{
        Error, people, people_csv,
        people_in_bulk::{PeopleChange, people_in_bulk},
        roll::{self, Wanted},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What [`list`] sieves and sorts by.
pub(super) const SIEVES: [&str; 8] = ["search", "status", "role", "seat", "source", "team", "sort", "order"];

/// `GET /users`: those who are wanted, or who signs in by a user name, handle or e-mail address.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let login = call.query("login").map(str::to_owned);
    let is_sieved = SIEVES.iter().any(|name| call.query(name).is_some());
    Ok(Reply::ok(json!(match (login, is_sieved) {
        (Some(_), true) => {
            let detail = "login: expected it without anything to search, filter or sort by".to_owned();
            return Err(Error::Rule(Rule::Invalid(detail)).into());
        }
        (None, true) => roll::list(&call.cx, wanted(&call)?, call.slice()?).await?,
        (login, false) => people::list(&call.cx, login, call.slice()?).await?,
    })))
}

fn wanted(call: &Call) -> Result<Wanted, Refusal> {
    Ok(Wanted::parse(|name| call.query(name)).map_err(Error::Rule)?)
}

/// How many people there are.
#[derive(Serialize, JsonSchema)]
pub(super) struct PeopleCount {
    /// How many.
    count: i64,
}

/// `GET /users/count`: how many are wanted.
pub(super) async fn count(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(PeopleCount { count: roll::count(&call.cx, wanted(&call)?).await? })))
}

/// `POST /users/bulk`.
pub(super) async fn change_many(call: Call) -> Result<Reply, Refusal> {
    let PeopleChange { ids, change } = call.read()?;
    Ok(Reply::ok(json!(people_in_bulk(&call.cx, ids, change).await?)))
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

/// A role in the organization.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Role {
    /// What the person is from now on.
    organization_role: OrganizationRole,
}

/// `PUT /users/{id}/organization-role`.
pub(super) async fn change_role(call: Call) -> Result<Reply, Refusal> {
    let Role { organization_role } = call.read()?;
    let changed = people::change_role(&call.cx, call.id(), organization_role, call.precondition.clone());
    Ok(Reply::ok(json!(changed.await?)))
}

/// A seat.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Taken {
    /// What the person takes from now on.
    seat: Seat,
}

/// `PUT /users/{id}/seat`.
pub(super) async fn change_seat(call: Call) -> Result<Reply, Refusal> {
    let Taken { seat } = call.read()?;
    let changed = people::change_seat(&call.cx, call.id(), seat, call.precondition.clone());
    Ok(Reply::ok(json!(changed.await?)))
}

/// A default team.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DefaultTeam {
    /// The team's id; none without it.
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

/// `GET /users/export`: the people who are wanted, as a table.
pub(super) async fn export(call: Call) -> Result<Reply, Refusal> {
    let wanted = wanted(&call)?;
    let stretch = Some(people_csv::export(&call.cx, &wanted, None).await?);
    Ok(Reply::table(People { cx: call.cx, wanted, stretch }))
}

/// `POST /users/import`, or with `dryRun=true` what it would do.
pub(super) async fn import(call: Call) -> Result<Reply, Refusal> {
    let rehearses = call.rehearses()?;
    Ok(Reply::ok(json!(people_csv::import(&call.cx, call.read()?, rehearses).await?)))
}
