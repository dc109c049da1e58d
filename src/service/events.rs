//! The journal, read: our own events, and W&B's entries made of them. It is read in short stretches of the chain, so
//! that nobody waits for somebody who reads all of it.

use super::{Context, Error, Result, authorization::About};
use crate::{
    org::{
        audit::{self, Asked, Names},
        authority::Action,
        journal::{Recorded, Wanted},
    },
    scim::text,
    store::{ReadTx, chain, events, records},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// How many positions of the chain are looked at in one transaction, and how many events come out of it.
const STRETCH: i64 = 10_000;
const AT_ONCE: i64 = 200;

/// How many events a page has, unless another number is asked for.
const PAGE: i64 = 100;

/// A page of events.
#[derive(Debug)]
pub struct Page {
    /// The events, as they are answered.
    pub events: Vec<Value>,
    /// The position to go on after, when there may be more.
    pub next: Option<i64>,
    /// The position of the last event of all.
    pub last: i64,
}

/// The events that are wanted, in the order of the chain.
pub async fn list(cx: &Arc<Context>, wanted: Wanted) -> Result<Page> {
    let limit = wanted.limit.unwrap_or(PAGE);
    let (mut found, mut after) = (Vec::new(), wanted.after);
    loop {
        let most = limit - records::int(found.len());
        let stretch = Stretch::read(cx, wanted.clone(), (after, i64::MAX), most).await?;
        found.extend(stretch.events.iter().map(|event| audit::shown(event, &stretch.names)));
        after = stretch.reached;
        let is_over = after >= stretch.last;
        if is_over || records::int(found.len()) >= limit {
            return Ok(Page { events: found, next: (!is_over).then_some(after), last: stretch.last });
        }
    }
}

/// A stretch of the chain.
struct Stretch {
    events: Vec<Recorded>,
    names: Names,
    /// How far it was looked.
    reached: i64,
    /// The position of the last event of all.
    last: i64,
}

impl Stretch {
    /// Reads what is wanted after one position and up to another, at most so many events.
    async fn read(cx: &Arc<Context>, wanted: Wanted, (after, end): (i64, i64), most: i64) -> Result<Self> {
        let job = cx.clone();
        let work = move |tx: &ReadTx<'_>| {
            job.authorize(tx, Action::EventRead, About::ORGANIZATION)?;
            let organization = &job.organization;
            let head = chain::head(tx, organization)?;
            let last = head.position.min(end);
            let from = after.max(head.first - 1);
            let to = from.saturating_add(STRETCH).min(last);
            let most = most.min(AT_ONCE);
            let found = events::wanted(tx, organization, &wanted, (from, to), most)?;
            let ids = audit::ids(&found);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let names = events::names(tx, organization, &ids)?;
            let reached = match found.last() {
                Some(event) if records::int(found.len()) == most => event.position,
                _ => to.max(from),
            };
            Ok::<_, Error>(Self { events: found, names, reached, last })
        };
        cx.app.store.scan(work).await
    }
}

/// How many stretches are looked at for one page from the end; whoever wants more goes on.
const STRETCHES: usize = 50;

/// The wanted events from the end back: those before a position, the newest first. `next` is the position to go on before,
/// when there may be more.
pub async fn newest(cx: &Arc<Context>, wanted: Wanted, before: Option<i64>) -> Result<Page> {
    let limit = wanted.limit.unwrap_or(PAGE);
    let (mut told, mut before) = (Vec::new(), before.unwrap_or(i64::MAX));
    let mut next = None;
    for _ in 0..STRETCHES {
        let (job, asked) = (cx.clone(), wanted.clone());
        let most = limit - records::int(told.len());
        let work = move |tx: &ReadTx<'_>| {
            job.authorize(tx, Action::EventRead, About::ORGANIZATION)?;
            let organization = &job.organization;
            let head = chain::head(tx, organization)?;
            let to = head.position.min(before.saturating_sub(1));
            let from = to.saturating_sub(STRETCH).max(head.first - 1);
            let found = events::newest(tx, organization, &asked, (from, to), most)?;
            let ids = audit::ids(&found);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let names = events::names(tx, organization, &ids)?;
            let reached = match found.last() {
                Some(event) if records::int(found.len()) == most => event.position,
                _ => from + 1,
            };
            let is_over = reached <= head.first;
            let shown: Vec<Value> = found.iter().map(|event| audit::shown(event, &names)).collect();
            Ok::<_, Error>((shown, reached, is_over))
        };
        let (shown, reached, is_over) = cx.app.store.scan(work).await?;
        told.extend(shown);
        before = reached;
        next = (!is_over).then_some(before);
        if is_over || records::int(told.len()) >= limit {
            break;
        }
    }
    Ok(Page { events: told, next, last: before })
}

/// How events are told.
#[derive(Debug, Clone, Copy)]
enum Manner {
    Own,
    Audit { anonymize: bool },
}

/// Events as lines of JSON, stretch by stretch, up to where the chain ended when it began.
#[derive(Debug)]
pub struct Lines {
    cx: Arc<Context>,
    wanted: Wanted,
    manner: Manner,
    after: i64,
    end: i64,
}

impl Lines {
    async fn begin(cx: &Arc<Context>, wanted: Wanted, manner: Manner) -> Result<Self> {
        let job = cx.clone();
        let work = move |tx: &ReadTx<'_>| {
            job.authorize(tx, Action::EventRead, About::ORGANIZATION)?;
            Ok::<_, Error>(chain::head(tx, &job.organization)?.position)
        };
        let end = cx.app.store.read(work).await?;
        Ok(Self { cx: cx.clone(), after: wanted.after, wanted, manner, end })
    }

    /// The lines of the next stretch, each with its line feed; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<String>> {
        while self.after < self.end {
            let stretch =
                Stretch::read(&self.cx, self.wanted.clone(), (self.after, self.end), AT_ONCE).await?;
            self.after = stretch.reached.max(self.after + 1);
            let told = stretch.events.iter().flat_map(|event| match self.manner {
                Manner::Own => vec![audit::shown(event, &stretch.names)],
                Manner::Audit { anonymize } => audit::entries(event, &stretch.names, anonymize),
            });
            let lines: String = told.map(|event| format!("{event}\n")).collect();
            if !lines.is_empty() {
                return Ok(Some(lines));
            }
        }
        Ok(None)
    }
}

/// All events that are wanted, as lines.
pub async fn export(cx: &Arc<Context>, wanted: Wanted) -> Result<Lines> {
    Lines::begin(cx, wanted, Manner::Own).await
}

/// W&B's audit log, as it was asked for (W-287).
#[derive(Debug)]
pub enum AuditLog {
    /// All of it, entry by entry.
    Lines(Lines),
    /// A page.
    Page(Value),
}

/// W&B's audit log.
pub async fn audit_log(cx: &Arc<Context>, asked: Asked) -> Result<AuditLog> {
    let range = asked.range;
    let wanted = Wanted { since: Some(range.start), until: Some(range.end), ..Wanted::default() };
    let Some(limit) = asked.limit else {
        let manner = Manner::Audit { anonymize: range.anonymize };
        return Ok(AuditLog::Lines(Lines::begin(cx, wanted, manner).await?));
    };
    let (found, next) = audit_page(cx, wanted, &asked, limit).await?;
    Ok(AuditLog::Page(json!({
        "count": found.len(),
        "audit_logs": found,
        "range_start_time": text::date_time(range.start),
        "range_end_time": text::date_time(range.end),
        "next_cursor": next,
    })))
}

/// The entries of a page, and the cursor of the next one.
async fn audit_page(
    cx: &Arc<Context>,
    wanted: Wanted,
    asked: &Asked,
    limit: usize,
) -> Result<(Vec<Value>, Option<String>)> {
    let mut found = Vec::new();
    let (mut after, mut n_told) = asked.after;
    loop {
        let stretch = Stretch::read(cx, wanted.clone(), (after, i64::MAX), AT_ONCE).await?;
        for event in &stretch.events {
            let entries = audit::entries(event, &stretch.names, asked.range.anonymize);
            for (n, entry) in entries.into_iter().enumerate().skip(n_told) {
                if found.len() == limit {
                    return Ok((found, Some(asked.cursor((event.position - 1, n)))));
                }
                found.push(entry);
            }
            n_told = 0;
        }
        after = stretch.reached;
        if after >= stretch.last {
            return Ok((found, None));
        }
    }
}
