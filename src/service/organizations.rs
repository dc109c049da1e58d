//! The organizations of a server.

use super::{App, Context, Error, Result, authorization::About};
use crate::{
    org::{
        actor::Actor,
        authority::Action,
        event::{Event, EventKind},
        organization::{FIRST, Organization, check_slug},
    },
    store::{DbError, ReadTx, WriteTx, journal, organizations},
};
use serde_json::json;
use std::sync::Arc;

/// The id of the organization that a fresh server has, made when it is not there yet.
pub async fn first(app: &Arc<App>) -> Result<String> {
    if let Some(found) = named(app, FIRST).await? {
        return Ok(found.id);
    }
    match create(app, FIRST, "Organization").await {
        Ok(made) => Ok(made.id),
        // another process was faster
        Err(Error::Taken(_)) => Ok(named(app, FIRST).await?.ok_or(Error::Busy(DbError::Busy))?.id),
        Err(other) => Err(other),
    }
}

/// The organization with that slug.
pub async fn named(app: &Arc<App>, slug: &str) -> Result<Option<Organization>> {
    let slug = slug.to_owned();
    app.store.read(move |tx| Ok::<_, Error>(organizations::named(tx, &slug)?)).await
}

/// The organization that somebody is in.
pub async fn own(cx: &Arc<Context>) -> Result<Organization> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::OrganizationRead, About::ORGANIZATION)?;
        organizations::load(tx, &job.organization)?.ok_or(Error::NotFound("organization"))
    };
    cx.app.store.read(work).await
}

/// All organizations by slug.
pub async fn list(app: &Arc<App>) -> Result<Vec<Organization>> {
    app.store.read(|tx| Ok::<_, Error>(organizations::list(tx)?)).await
}

/// Makes an organization: empty, and out of reach of all others.
pub async fn create(app: &Arc<App>, slug: &str, name: &str) -> Result<Organization> {
    check_slug(slug)?;
    let now = app.clock.now();
    let made =
        Organization { id: app.ids.make(now), slug: slug.to_owned(), name: name.to_owned(), created_at: now };
    let (job, new, request) = (app.clone(), made.clone(), app.ids.make(now));
    let work = move |tx: &WriteTx<'_>| {
        organizations::insert(tx, &new)?;
        let entry = journal::Entry {
            organization: &new.id,
            id: &job.ids.make(now),
            at: now,
            actor: &Actor::Operator,
            credential: "",
            address: "",
            request: &request,
        };
        let event = Event {
            kind: EventKind::OrganizationCreated,
            resource_type: "Organization",
            resource: new.id.clone(),
            detail: json!({"slug": new.slug}),
        };
        journal::record(tx, entry, &event)?;
        Ok::<_, Error>(())
    };
    app.store.write(work).await?;
    Ok(made)
}
