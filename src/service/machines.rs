//! Service accounts as SCIM users, where answers have W&B's shapes (W-222, W-223, W-236 to W-238).

use super::{
    Answer, Context, Error, Result, adoptions, agreed, load, read, record_of, service_accounts, team_roles,
};
use crate::{
    org::{
        connection::Deed,
        key::check_name,
        refusal::Refusal,
        service_account::ServiceAccount,
        standing::{AccountType, account_type, check_account_type},
    },
    scim::{
        ErrorKind, Quirk, Quirks, projection::Projection, spelling::Teams, text, urn, version::Precondition,
    },
    store::{
        ReadTx, WriteTx, attributes,
        records::{self, Kind},
        service_accounts as rows,
    },
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// A service account about to be made over SCIM.
#[derive(Debug)]
pub(super) struct NewMachine {
    name: String,
    is_of_team: bool,
    team: String,
}

/// What people have and service accounts do not.
const OF_PEOPLE: [&str; 6] =
    ["modelsSeat", "seat", "weaveRole", "organizationRole", "teamRoles", "registryRoles"];

/// The service account that a body describes; `None` where it describes a person.
pub(super) fn described(
    cx: &Context,
    body: &Map<String, Value>,
    teams: &Teams,
) -> Result<Option<NewMachine>> {
    let kind = account_type(body)?;
    if kind == AccountType::User || !cx.types.user.wandb {
        return Ok(check_account_type(kind).map(|()| None)?);
    }
    let invalid = |detail: String| ErrorKind::InvalidValue.because(detail);
    // W-236, W-237
    let extensions = [urn::ORGANIZATION_USER, urn::WANDB_USER];
    let within = body.iter().filter(|(key, _)| extensions.iter().any(|urn| urn.eq_ignore_ascii_case(key)));
    let mut members = within.filter_map(|(_, value)| value.as_object()).flatten().chain(body);
    let is_of_people = |name: &str| OF_PEOPLE.iter().any(|it| it.eq_ignore_ascii_case(name));
    if let Some((name, _)) = members.find(|(name, value)| is_of_people(name) && !value.is_null()) {
        let detail = format!("{name}: a service account has no seat and no roles; leave it out");
        return Err(invalid(detail).into());
    }
    let name =
        body.iter().find(|(key, _)| key.eq_ignore_ascii_case("userName")).and_then(|(_, it)| it.as_str());
    let name =
        name.ok_or_else(|| invalid("userName: expected the name of the service account".to_owned()))?;
    check_name(name).map_err(|refusal| invalid(format!("userName, {refusal}")))?;
    let team = teams.default.clone().ok_or_else(|| {
        let path = urn::WANDB_TEAMS;
        invalid(format!("{path}:defaultTeam: expected the name of a team, which a service account needs"))
    })?;
    Ok(Some(NewMachine { name: name.to_owned(), is_of_team: kind == AccountType::Service, team }))
}

/// Makes a service account (W-237).
pub(super) fn insert(
    tx: &WriteTx<'_>,
    cx: &Context,
    new: &NewMachine,
    projection: &Projection,
) -> Result<Answer> {
    cx.allow(Deed::Create)?;
    let team = team_roles::find(tx, cx, &new.team)?;
    // the team is there until the account is
    record_of(tx, cx, Kind::of(cx.types.group), &team)?;
    let team = Some(team);
    let place = match new.is_of_team {
        true => {
            service_accounts::check_switch(&cx.settings(tx)?)?;
            (team, None)
        }
        false => (None, team),
    };
    let made = service_accounts::insert(tx, cx, &new.name, place)?;
    let kind = Kind::of(cx.types.user);
    read::answer(tx, cx, kind, &load(tx, cx, kind, &made.id)?, projection)
}

/// The service account of that id, about to be removed; `None` for every other id, and where there are none over SCIM.
fn held(tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<Option<ServiceAccount>> {
    match cx.types.user.wandb {
        true => Ok(rows::hold(tx, &cx.organization, id)?),
        false => Ok(None),
    }
}

/// W-236: what a service account is does not change.
pub(super) fn check_change(tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<()> {
    match held(tx, cx, id)? {
        Some(_) => {
            let detail = "a service account is made and removed over SCIM, and not changed; its keys are made at \
                          /api/v1/keys";
            Err(Refusal::Invalid(detail.to_owned()).into())
        }
        None => Ok(()),
    }
}

/// Removes a service account with its keys (W-155); whether there was one of that id.
pub(super) fn remove(tx: &WriteTx<'_>, cx: &Context, id: &str, precondition: &Precondition) -> Result<bool> {
    let Some(account) = held(tx, cx, id)? else { return Ok(false) };
    let kind = Kind::of(cx.types.user);
    agreed(records::load(tx, kind, &cx.organization, id)?, kind, precondition)?;
    cx.allow(Deed::Delete)?;
    adoptions::check_machine(tx, cx, id)?;
    service_accounts::bury(tx, cx, &account)?;
    Ok(true)
}

/// The id that a path means where answers have W&B's shapes: itself, else that of whose user name it is, else that of the
/// only one whose e-mail address it is (W-222). What a connection calls sensitive is not looked for: a path is as public as
/// a filter in a URL.
pub async fn named(
    cx: &Arc<Context>,
    name: &str,
    sensitive: &[String],
    quirks: &mut Quirks,
) -> Result<String> {
    let is_open = |path: &str| {
        let covers = |known: &String| {
            path == known || path.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('.'))
        };
        !sensitive.iter().any(covers)
    };
    let (by_name, by_address) = (is_open("userName"), is_open("emails.value"));
    let (job, id) = (cx.clone(), name.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let kind = Kind::of(job.types.user);
        if records::load(tx, kind, &job.organization, &id)?.is_some() {
            return Ok::<_, Error>(None);
        }
        let key = text::fold(&id);
        if by_name && let Some(found) = records::named(tx, kind, &job.organization, &key)?.pop() {
            return Ok(Some(found));
        }
        let place = (job.organization.as_str(), job.types.user);
        let holders = match by_address {
            true => attributes::equal(tx, place, "emails.value", &key, 2)?,
            false => Vec::new(),
        };
        Ok(<[String; 1]>::try_from(holders).ok().map(|[one]| one))
    };
    match cx.app.store.read(work).await? {
        Some(id) if quirks.allow(Quirk::UserByName) => Ok(id),
        _ => Ok(name.to_owned()),
    }
}
