//! The journal's chain: events get their places, the old ones go, and anybody may ask whether it is whole.

use super::{App, Context, Error, Result, authorization::About, organizations};
use crate::{
    org::{
        actor::Actor,
        authority::Action,
        event::{Event, EventKind},
        journal::{Recorded, Walked},
    },
    store::{ReadTx, WriteTx, chain, events as rows, journal, organizations as settled, records},
};
use serde_json::json;
use std::sync::Arc;

/// How many events get their places in one transaction; others write between two of them.
const SEALED_AT_ONCE: i64 = 100;

/// How many old events go in one transaction.
const TRIMMED_AT_ONCE: i64 = 500;

/// How many events are looked at in one transaction.
const WALKED_AT_ONCE: i64 = 1_000;

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// Gives every event that has none its place in the chain of its organization; says how many there were. What another
/// process is sealing at that moment is left to it. An event that is committed late gets a later place: none is passed
/// over.
pub async fn seal(app: &Arc<App>) -> Result<usize> {
    let mut n_sealed = 0;
    for organization in organizations::list(app).await? {
        let id: Arc<str> = organization.id.into();
        let asked = id.clone();
        if app.store.read(move |tx| Ok::<_, Error>(chain::is_waiting(tx, &asked)?)).await? {
            n_sealed += seal_one(app, &id).await?;
        }
    }
    Ok(n_sealed)
}

async fn seal_one(app: &Arc<App>, organization: &Arc<str>) -> Result<usize> {
    let mut n_sealed = 0;
    loop {
        let id = organization.clone();
        let n = app.store.write(move |tx| seal_slice(tx, &id)).await?;
        n_sealed += n;
        if records::int(n) < SEALED_AT_ONCE {
            return Ok(n_sealed);
        }
    }
}

fn seal_slice(tx: &WriteTx<'_>, organization: &str) -> Result<usize> {
    let Some(mut head) = chain::lease(tx, organization)? else { return Ok(0) };
    let waiting = chain::waiting(tx, organization, SEALED_AT_ONCE)?;
    for event in &waiting {
        head.position += 1;
        head.hash = event.hash_at(organization, head.position, &head.hash);
        chain::seal(tx, organization, &event.id, &head)?;
    }
    if !waiting.is_empty() {
        chain::advance(tx, organization, &head)?;
    }
    Ok(waiting.len())
}

/// Forgets the events that are older than each organization keeps them (W-291), by whole days in UTC; says how many
/// they were. What is kept can still be verified.
pub async fn trim(app: &Arc<App>) -> Result<usize> {
    let mut n_trimmed = 0;
    for organization in organizations::list(app).await? {
        let id: Arc<str> = organization.id.into();
        let (now, asked) = (app.clock.now(), id.clone());
        if !app.store.read(move |tx| old(tx, &asked, now, 1)).await?.is_empty() {
            n_trimmed += trim_one(app, &id, now).await?;
        }
    }
    Ok(n_trimmed)
}

async fn trim_one(app: &Arc<App>, organization: &Arc<str>, now: i64) -> Result<usize> {
    let mut n_trimmed = 0;
    loop {
        let (job, id) = (app.clone(), organization.clone());
        let n = app.store.write(move |tx| trim_slice(tx, &job, &id, now)).await?;
        n_trimmed += n;
        if records::int(n) < TRIMMED_AT_ONCE {
            return Ok(n_trimmed);
        }
    }
}

/// The first events of the chain, as far as they are older than they are kept; at most so many.
fn old(tx: &ReadTx<'_>, organization: &str, now: i64, limit: i64) -> Result<Vec<Recorded>> {
    let Some(days) = settled::settings(tx, organization)?.event_retention_days else { return Ok(Vec::new()) };
    let midnight = now - now.rem_euclid(DAY);
    let kept_from = midnight.saturating_sub(days.saturating_mul(DAY));
    let first = chain::head(tx, organization)?.first;
    let found = rows::after(tx, organization, first - 1, limit)?;
    Ok(found.into_iter().take_while(|event| event.at < kept_from).collect())
}

fn trim_slice(tx: &WriteTx<'_>, app: &App, organization: &str, now: i64) -> Result<usize> {
    let Some(mut head) = chain::lease(tx, organization)? else { return Ok(0) };
    let old = old(tx, organization, now, TRIMMED_AT_ONCE)?;
    let Some(last) = old.last() else { return Ok(0) };
    chain::forget(tx, organization, head.first, last.position)?;
    head.first = last.position + 1;
    head.before_first.clone_from(&last.hash);
    chain::advance(tx, organization, &head)?;
    let entry = journal::Entry {
        organization,
        id: &app.ids.make(now),
        at: now,
        actor: &Actor::System,
        credential: "",
        address: "",
        request: &app.ids.make(now),
    };
    let event = Event {
        kind: EventKind::JournalTrimmed,
        resource_type: "Organization",
        resource: organization.to_owned(),
        detail: json!({"events": old.len(), "first": head.first}),
    };
    journal::record(tx, entry, &event)?;
    Ok(old.len())
}

/// Walks the whole chain that is kept, and names the first event that does not fit.
pub async fn verify(cx: &Arc<Context>) -> Result<Walked> {
    let mut walked = walk(cx, None).await?;
    while !walked.is_finished() {
        walked = walk(cx, Some(walked)).await?;
    }
    Ok(walked)
}

/// Walks a stretch of the chain, from where an earlier walk came to. It begins anew when old events went meanwhile.
pub async fn walk(cx: &Arc<Context>, begun: Option<Walked>) -> Result<Walked> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::EventRead, About::ORGANIZATION)?;
        let head = chain::head(tx, &job.organization)?;
        let begun = begun.clone().filter(|walked| walked.first == head.first);
        let mut walked = begun.unwrap_or_else(|| Walked::begin(&head));
        if !walked.is_finished() {
            let most = WALKED_AT_ONCE.min(walked.last - walked.position);
            let following = rows::after(tx, &job.organization, walked.position, most)?;
            walked.walk(&job.organization, &following);
        }
        Ok::<_, Error>(walked)
    };
    cx.app.store.scan(work).await
}
