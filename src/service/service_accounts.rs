//! Service accounts of teams and of the organization.

use super::{
    Context, Error, Result,
    authorization::About,
    idempotency::Made,
    page::{Page, Slice},
    record_of,
};
use crate::{
    org::{
        authority::Action,
        event::{Event, EventKind},
        key::check_name,
        refusal::{Refusal, unknown},
        service_account::{Place, ServiceAccount},
        settings::Settings,
    },
    scim::{ErrorKind, text},
    store::{ReadTx, WriteTx, api_keys, records::Kind, service_accounts, teams},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Makes a service account of a team or of the organization.
pub async fn create(cx: &Arc<Context>, name: &str, place: Place) -> Result<Made<ServiceAccount>> {
    check_name(name)?;
    let name = name.to_owned();
    cx.make(move |tx, cx| {
        // the team is there until the account is
        let check_team = |team: &String, what| {
            record_of(tx, cx, Kind::of(cx.types.group), team).map_err(|error| unknown_team(error, what))
        };
        let (team, default_team) = match place.clone() {
            Place::Organization { default_team } => {
                cx.authorize_change(tx, Action::ServiceAccountCreate, About::ORGANIZATION)?;
                default_team.iter().try_for_each(|team| check_team(team, "defaultTeam").map(drop))?;
                (None, default_team)
            }
            Place::Team(team) => {
                check_team(&team, "team")?;
                let about = About::team(&team);
                check_switch(&cx.authorize_change(tx, Action::TeamServiceAccountCreate, about)?)?;
                (Some(team), None)
            }
        };
        insert(tx, cx, &name, (team, default_team)).map_err(taken)
    })
    .await
}

/// Inserts a service account: of a team, or of the organization with a default team. Records it.
pub(super) fn insert(
    tx: &WriteTx<'_>,
    cx: &Context,
    name: &str,
    (team, default_team): (Option<String>, Option<String>),
) -> Result<ServiceAccount> {
    let id = cx.app.ids.make(cx.now);
    let new = ServiceAccount {
        id: id.clone(),
        name: name.to_owned(),
        handle: String::new(),
        team,
        default_team,
        created_at: cx.now,
    };
    let owner = cx.owner(cx.types.user, &id);
    let made = service_accounts::insert(tx, owner, new, cx.actor.connection())?;
    let detail = json!({"team": made.team, "defaultTeam": made.default_team});
    record(tx, cx, EventKind::ServiceAccountCreated, &id, detail)?;
    Ok(made)
}

/// W-153.
pub(super) fn check_switch(settings: &Settings) -> Result<(), Refusal> {
    match settings.team_service_account_creation {
        true => Ok(()),
        false => {
            let sentence = "the organization has switched new service accounts of teams off";
            Err(Refusal::Forbidden(sentence.to_owned()))
        }
    }
}

fn unknown_team(error: Error, what: &str) -> Error {
    match error {
        Error::NotFound(_) => Refusal::Unknown(format!("{what}: there is no team with this id")).into(),
        other => other,
    }
}

fn taken(error: Error) -> Error {
    match error {
        Error::Scim(error) if error.kind == ErrorKind::Uniqueness => {
            Error::Taken("another user or service account has this name".to_owned())
        }
        other => other,
    }
}

/// The service accounts, of one team or of all and of the organization; oldest first.
pub async fn list(cx: &Arc<Context>, team: Option<String>, slice: Slice) -> Result<Page<ServiceAccount>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let (organization, after, limit) = (&job.organization, slice.after.as_str(), slice.one_more());
        let found = match &team {
            None => {
                job.authorize(tx, Action::ServiceAccountList, About::ORGANIZATION)?;
                service_accounts::list(tx, organization, after, limit)?
            }
            Some(team) => {
                job.authorize(tx, Action::TeamServiceAccountList, About::team(team))?;
                service_accounts::of_team(tx, organization, team, after, limit)?
            }
        };
        Ok::<_, Error>(Page::of(&slice, found, |account| &account.id))
    };
    cx.app.store.read(work).await
}

/// The service account of that id.
pub async fn get(cx: &Arc<Context>, id: &str) -> Result<ServiceAccount> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let found = service_accounts::load(tx, &job.organization, &id)?;
        let account = found.ok_or(Error::NotFound("service account"))?;
        match live_team(tx, &job, &account)? {
            None => job.authorize(tx, Action::ServiceAccountList, About::user(&id))?,
            Some(team) => job.authorize(tx, Action::TeamServiceAccountList, About::member(team, &id))?,
        };
        Ok::<_, Error>(account)
    };
    cx.app.store.read(work).await
}

/// How many service accounts are looked at in one read to find a name.
const AT_ONCE: usize = 1_000;

/// The service account that an id, a handle or a name, in any case, names; else the refusal says which name is nearest.
pub async fn find(cx: &Arc<Context>, name: &str) -> Result<ServiceAccount> {
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::ServiceAccountList, About::ORGANIZATION)?;
        let key = text::fold(&name);
        let mut seen: Vec<ServiceAccount> = Vec::new();
        loop {
            let after = seen.last().map_or(String::new(), |last| last.id.clone());
            let batch = service_accounts::list(tx, &job.organization, &after, AT_ONCE)?;
            let is_named =
                |it: &&ServiceAccount| it.id == name || it.handle == key || text::fold(&it.name) == key;
            if let Some(found) = batch.iter().find(is_named) {
                return Ok::<_, Error>(found.clone());
            }
            let is_last = batch.len() < AT_ONCE;
            seen.extend(batch);
            if is_last {
                let known = seen.iter().map(|it| it.name.as_str());
                return Err(unknown("service account", &name, known).into());
            }
        }
    };
    cx.app.store.read(work).await
}

/// Removes a service account. Its keys end with it (W-155); its name stays known.
pub async fn remove(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        let found = service_accounts::hold(tx, &job.organization, &id)?;
        let account = found.ok_or(Error::NotFound("service account"))?;
        match live_team(tx, &job, &account)? {
            None => job.authorize_change(tx, Action::ServiceAccountRemove, About::user(&id))?,
            Some(team) => {
                job.authorize_change(tx, Action::TeamServiceAccountRemove, About::member(team, &id))?
            }
        };
        bury(tx, &job, &account)
    };
    cx.app.store.write(work).await
}

/// Ends an account's keys and removes it.
pub(super) fn bury(tx: &WriteTx<'_>, cx: &Context, account: &ServiceAccount) -> Result<()> {
    let ended = api_keys::end(tx, &cx.organization, &account.id, cx.now)?;
    service_accounts::remove(tx, cx.owner(cx.types.user, &account.id), account, cx.now)?;
    let detail = json!({"team": account.team, "keysEnded": ended.len()});
    record(tx, cx, EventKind::ServiceAccountRemoved, &account.id, detail)
}

/// The team of an account, if it has one that is not archived; otherwise admins alone have a say.
fn live_team<'a>(tx: &ReadTx<'_>, cx: &Context, account: &'a ServiceAccount) -> Result<Option<&'a str>> {
    match account.team.as_deref() {
        Some(team) if teams::settings(tx, &cx.organization, team)?.is_some() => Ok(Some(team)),
        _ => Ok(None),
    }
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, id: &str, detail: Value) -> Result<()> {
    cx.note(tx, &Event { kind, resource_type: "ServiceAccount", resource: id.to_owned(), detail }).map(drop)
}
