//! The provisioning log: what identity providers asked, what came of it, and what would come of it now.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::when,
    },
    Page,
    filter::Filters,
};
use crate::{
    http::scim,
    org::request::Outcome,
    service::{
        connections::{self, Shown as Connection},
        page::Page as Part,
        requests::{self, Affected, Opened, Replayed, Shown, Wanted},
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "http/pages/console/log.html")]
struct Log<'p> {
    page: &'p Page<'p>,
    frame: &'p Frame,
    requests: Vec<Shown>,
    connections: Vec<Connection>,
    /// Whether somebody or something is asked about.
    is_named: bool,
    error: Option<String>,
    next: Option<String>,
    json: String,
}

/// What the list is narrowed by.
const FILTERS: [&str; 5] = ["connection", "outcome", "resource", "since", "until"];

/// `GET /console/provisioning/log`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    let read = page.filters(&FILTERS).await;
    let read = read.and_then(|filters| Ok((requests::wanted(filters.pairs())?, filters)));
    let (wanted, filters, error) = match read {
        Ok((wanted, filters)) => (wanted, filters, None),
        Err(why) => (Wanted::default(), Filters::default(), Some(page.refused(why)?)),
    };
    let Part { items: requests, next } = requests::list(&page.cx, wanted, page.slice()?).await?;
    let shown = Log {
        page,
        frame: &page.frame,
        requests,
        connections: connections::list(&page.cx).await?,
        error,
        next: page.next("/provisioning/log", next.as_deref()),
        is_named: filters.name_something(),
        json: page.json(&format!("/requests?{}", filters.query())),
    };
    Answer::page(&shown)
}

/// What a badge of an outcome looks like.
fn looks(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Read => "",
        Outcome::Changed => "good",
        Outcome::Refused => "bad",
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[derive(Template)]
#[template(path = "http/pages/console/request.html")]
struct Sheet<'p> {
    frame: &'p Frame,
    opened: Opened,
    replayed: Option<Replayed>,
    error: Option<String>,
    json: String,
}

/// `GET /console/provisioning/log/{request}`.
pub(super) async fn show(page: &Page<'_>) -> Result<Answer, Failed> {
    sheet(page, StatusCode::OK, None, None).await
}

async fn sheet(
    page: &Page<'_>,
    status: StatusCode,
    replayed: Option<Replayed>,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let opened = requests::read(&page.cx, page.id()).await?;
    let json = page.json(&format!("/requests/{}", page.id()));
    Answer::page_with(status, &Sheet { frame: &page.frame, opened, replayed, error, json })
}

/// `POST /console/provisioning/log/{request}/replay`: what would come of it now; nothing changes.
pub(super) async fn replay(page: &Page<'_>) -> Result<Answer, Failed> {
    match scim::replay(&page.cx, page.id()).await {
        Ok(replayed) => sheet(page, StatusCode::OK, Some(replayed), None).await,
        Err(error) => {
            let error = page.refused(error)?;
            sheet(page, StatusCode::UNPROCESSABLE_ENTITY, None, Some(error)).await
        }
    }
}

/// The page about what was affected, below the console, if there is one.
fn place(affected: &Affected) -> Option<String> {
    match affected.resource_type.as_str() {
        "User" => Some(format!("/people/{}", affected.resource)),
        "Group" => Some(format!("/teams/{}", affected.resource)),
        "Role" => Some(format!("/roles/{}", affected.resource)),
        _ => None,
    }
}
