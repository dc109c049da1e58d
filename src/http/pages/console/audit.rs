//! The audit log: what happened, the newest first.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::when,
    },
    Page,
};
use crate::{
    org::{actor::Actor, journal::Wanted, refusal::Refusal as Rule},
    scim::text,
    service::{
        Error, connections, events,
        page::Slice,
        people::{self, Person},
        roll::{self, Wanted as Roll},
        teams,
    },
};
use askama::Template;
use futures_util::stream;
use serde_json::Value;
use uuid::Uuid;

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

/// What is asked for, with an id for each name.
async fn filters<'p>(page: &'p Page<'_>) -> Result<Vec<(&'p str, String)>, Error> {
    let mut filters = Vec::new();
    for (name, said) in page.filters(&FILTERS) {
        let value = match name {
            "resource" | "actor" => id_of(page, said).await?,
            _ => said.to_owned(),
        };
        filters.push((name, value));
    }
    Ok(filters)
}

/// The id of the person, team or connection of that name. What names none is taken as an id: of something else, or of what
/// is gone.
async fn id_of(page: &Page<'_>, name: &str) -> Result<String, Error> {
    let words = [Actor::System.id(), Actor::Operator.id()].map(str::to_owned);
    if Uuid::parse_str(name).is_ok() || words.iter().any(|word| word == name) {
        return Ok(name.to_owned());
    }
    let is_unknown = |error: &Error| matches!(error, Error::NotFound(_) | Error::Rule(Rule::Unknown(_)));
    let found = match people::find(&page.cx, name).await {
        Err(error) if is_unknown(&error) => teams::find(&page.cx, name).await,
        found => found,
    };
    let found = match found {
        Err(error) if is_unknown(&error) => connections::read(&page.cx, name).await.map(|found| found.id),
        found => found,
    };
    match found {
        Err(error) if is_unknown(&error) => Ok(called(page, name).await?.unwrap_or_else(|| name.to_owned())),
        found => found,
    }
}

/// The id of the one person who is called so, as the log shows them.
async fn called(page: &Page<'_>, name: &str) -> Result<Option<String>, Error> {
    let wanted = Roll { search: name.to_owned(), ..Roll::default() };
    let found = roll::list(&page.cx, wanted, Slice::parse(Some("1000"), None)?).await?.items;
    let is_it =
        |it: &Person| it.display_name.as_ref().is_some_and(|it| it.to_lowercase() == name.to_lowercase());
    let mut found = found.into_iter().filter(is_it);
    match (found.next(), found.count()) {
        (Some(_), others @ 1..) => {
            let n = others + 1;
            let why =
                format!("expected one person, found {n} called {}; take the id of one", text::shown(name));
            Err(Rule::Invalid(why).into())
        }
        (one, _) => Ok(one.map(|it| it.id)),
    }
}

fn wanted(filters: &[(&str, String)]) -> Result<Wanted, Error> {
    Ok(Wanted::read(filters.iter().map(|(name, value)| (*name, value.as_str())))?)
}

/// `GET /console/audit`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    let read = filters(page).await.and_then(|filters| Ok((wanted(&filters)?, filters)));
    let (wanted, filters, error) = match read {
        Ok((wanted, filters)) => (wanted, filters, None),
        Err(why) => (Wanted::default(), Vec::new(), Some(page.refused(why)?)),
    };
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&filters).finish();
    let before = page.asked.query("cursor").parse().ok();
    let found = events::newest(&page.cx, Wanted { limit: Some(50), ..wanted }, before).await?;
    let next = found.next.map(|next| next.to_string());
    let shown = Audit {
        page,
        frame: &page.frame,
        events: found.events.iter().map(Told::of).collect(),
        kinds: crate::org::event::EventKind::ALL.iter().map(|kind| kind.as_str()).collect(),
        is_named: filters.iter().any(|(name, _)| matches!(*name, "resource" | "actor")),
        error,
        next: page.next("/audit", next.as_deref()),
        export: page.path(&format!("/audit/export?{query}")),
        json: page.json(&format!("/events?{query}")),
    };
    Answer::page(&shown)
}

/// `GET /console/audit/export`: the same, all of it, as lines of JSON.
pub(super) async fn export(page: &Page<'_>) -> Result<Answer, Failed> {
    let lines = events::export(&page.cx, wanted(&filters(page).await?)?).await?;
    let sent = stream::try_unfold(lines, |mut lines| async move {
        let next = lines.next().await?;
        Ok(next.map(|text| (text.into(), lines)))
    });
    Ok(Answer::file("audit-log.jsonl", "application/jsonl", Box::pin(sent)))
}
