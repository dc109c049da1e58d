//! The audit log: what happened, the newest first.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::when,
    },
    Page,
    filter::Filters,
};
use crate::{
    org::journal::Wanted,
    service::{Error, events},
};
use askama::Template;
use futures_util::stream;
use serde_json::Value;

/// An event as a page tells it.
pub(super) struct Told {
    /// When, as RFC 3339 has it.
    pub(super) at: String,
    pub(super) kind: String,
    /// Who did it; what they are where they have no name.
    pub(super) actor: String,
    /// Whom or what it happened to.
    pub(super) resource: String,
    pub(super) resource_id: String,
    pub(super) resource_type: String,
    pub(super) request: String,
    pub(super) address: String,
    pub(super) detail: String,
}

impl Told {
    pub(super) fn of(event: &Value) -> Self {
        let text = |path: &str| event.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let named = |first: String, other: String| if first.is_empty() { other } else { first };
        let detail = event.get("detail").filter(|it| it.as_object().is_some_and(|it| !it.is_empty()));
        Self {
            at: text("/at"),
            kind: text("/kind"),
            actor: named(text("/actor/name"), text("/actor/type")),
            resource: named(text("/resource/name"), text("/resource/id")),
            resource_id: text("/resource/id"),
            resource_type: text("/resource/type"),
            request: text("/request"),
            address: text("/address"),
            detail: detail.and_then(|it| serde_json::to_string_pretty(it).ok()).unwrap_or_default(),
        }
    }

    /// The path of the page about whom it happened to, below the console, if there is one.
    pub(super) fn place(&self) -> Option<String> {
        match self.resource_type.as_str() {
            "User" => Some(format!("/people/{}", self.resource_id)),
            "Group" => Some(format!("/teams/{}", self.resource_id)),
            "Role" => Some(format!("/roles/{}", self.resource_id)),
            "Connection" => Some(format!("/provisioning/{}", self.resource_id)),
            _ => None,
        }
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/audit.html")]
struct Audit<'p> {
    page: &'p Page<'p>,
    frame: &'p Frame,
    events: Vec<Told>,
    kinds: Vec<&'static str>,
    /// Whether somebody or something is asked about.
    is_named: bool,
    error: Option<String>,
    next: Option<String>,
    export: String,
    json: String,
}

/// What the list is narrowed by.
const FILTERS: [&str; 5] = ["kind", "resource", "actor", "since", "until"];

/// `GET /console/audit`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    let read = page.filters(&FILTERS).await;
    let read = read.and_then(|filters| Ok((Wanted::read(filters.pairs())?, filters)));
    let (wanted, filters, error) = match read {
        Ok((wanted, filters)) => (wanted, filters, None),
        Err(why) => (Wanted::default(), Filters::default(), Some(page.refused(why)?)),
    };
    let query = filters.query();
    let before = page.asked.query("cursor").parse().ok();
    let found = events::newest(&page.cx, Wanted { limit: Some(50), ..wanted }, before).await?;
    let next = found.next.map(|next| next.to_string());
    let shown = Audit {
        page,
        frame: &page.frame,
        events: found.events.iter().map(Told::of).collect(),
        kinds: crate::org::event::EventKind::ALL.iter().map(|kind| kind.as_str()).collect(),
        is_named: filters.name_something(),
        error,
        next: page.next("/audit", next.as_deref()),
        export: page.path(&format!("/audit/export?{query}")),
        json: page.json(&format!("/events?{query}")),
    };
    Answer::page(&shown)
}

/// `GET /console/audit/export`: the same, all of it, as lines of JSON.
pub(super) async fn export(page: &Page<'_>) -> Result<Answer, Failed> {
    let filters = page.filters(&FILTERS).await?;
    let wanted = Wanted::read(filters.pairs()).map_err(Error::Rule)?;
    let lines = events::export(&page.cx, wanted).await?;
    let sent = stream::try_unfold(lines, |mut lines| async move {
        let next = lines.next().await?;
        Ok(next.map(|text| (text.into(), lines)))
    });
    Ok(Answer::file("audit-log.jsonl", "application/jsonl", Box::pin(sent)))
}
