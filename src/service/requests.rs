//! What identity providers asked and what they heard, for as long as it is remembered. A request is written down a moment
//! after it was answered, so that none waits for it.

use super::{
    App, Context, Error, Result,
    authorization::About,
    connections::named,
    page::{Page, Slice},
};
use crate::{
    ids,
    org::{
        actor::{Actor, ActorType},
        audit::Names,
        authority::Action,
        connection::{Scopes, Switches, Verdict},
        journal::{Recorded, moment},
        refusal::{Refusal, unknown},
        request::{API, Outcome, Request, hidden_path, hide},
        standing::Standing,
    },
    scim::{json, schema::standard::USER_TYPE, text},
    store::{
        DbError, ReadTx, WriteTx, connections, events, organizations,
        records::{self, Kind},
        requests as rows, service_accounts,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use rows::Wanted;

/// How many requests wait to be written down, and how many bytes of bodies; what comes beyond is not remembered.
const MOST_WAITING: usize = 2_000;
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How long they wait for others.
const WAIT: Duration = Duration::from_secs(1);

/// The largest body that is remembered, in bytes.
pub const LARGEST_BODY: usize = 64 * 1024;
/// The longest path and the longest sentence that are remembered, in bytes.
const LONGEST_PATH: usize = 8 * 1024;
const LONGEST_DETAIL: usize = 1_000;

/// How long requests are remembered, in microseconds, and how many of an organization.
const REMEMBERED: i64 = 14 * 24 * 3_600 * 1_000_000;
const MOST_REMEMBERED: usize = 20_000;
/// How many are forgotten in one transaction.
const AT_ONCE: usize = 500;

/// How long before and after a request its events may say that they happened, in microseconds.
const SLACK: i64 = 2_000_000;
/// How many events of a request are told.
const MOST_AFFECTED: i64 = 1_000;

/// Requests that are not written down yet.
#[derive(Debug, Default)]
pub struct Waiting(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    requests: Vec<Noted>,
    n_bytes: usize,
    n_lost: usize,
}

/// A request that was answered, as it was asked: what is secret in it is hidden before it is written down.
#[derive(Debug)]
pub struct Noted {
    /// The organization.
    pub organization: String,
    /// The request, without its body.
    pub request: Request,
    /// The bytes of its body, where they are to be remembered.
    pub body: Option<Vec<u8>>,
}

/// Remembers a request that was answered.
pub fn note(app: &Arc<App>, noted: Noted) {
    let is_first = {
        let mut line = app.requests.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = noted.request.path.len() + noted.body.as_ref().map_or(0, Vec::len);
        if line.requests.len() >= MOST_WAITING || line.n_bytes + size > MOST_BYTES {
            line.n_lost += 1;
            return;
        }
        line.n_bytes += size;
        line.requests.push(noted);
        line.requests.len() == 1
    };
    if is_first {
        let app = app.clone();
        tokio::spawn(async move {
            tokio::time::sleep(WAIT).await;
            keep(&app).await;
        });
    }
}

/// Writes down what waits.
pub async fn keep(app: &Arc<App>) {
    let line = std::mem::take(&mut *app.requests.0.lock().unwrap_or_else(PoisonError::into_inner));
    if line.n_lost > 0 {
        tracing::warn!(
            requests = line.n_lost,
            "requests came faster than they are written down, and are not in the log"
        );
    }
    if line.requests.is_empty() {
        return;
    }
    let n = line.requests.len();
    let hidden = move || line.requests.into_iter().map(hidden).collect::<Vec<_>>();
    let Ok(all) = tokio::task::spawn_blocking(hidden).await else {
        tracing::error!(requests = n, "requests could not be read again, and are not in the log");
        return;
    };
    let work = move |tx: &WriteTx<'_>| {
        all.iter().try_for_each(|(organization, request)| rows::insert(tx, organization, request))
    };
    if let Err(error) = app.store.write::<_, DbError>(work).await {
        tracing::warn!(%error, requests = n, "requests were not written down");
    }
}

/// A request as it is written down. What is no JSON is not.
fn hidden(noted: Noted) -> (String, Request) {
    let Noted { organization, mut request, body } = noted;
    request.path = bounded(&hidden_path(&request.path), LONGEST_PATH);
    request.detail = bounded(&request.detail, LONGEST_DETAIL);
    request.resource = bounded(&request.resource, 200);
    request.body = body.and_then(|bytes| json::object(&bytes).ok()).map(|mut body| {
        hide(&mut body);
        Value::Object(body).to_string()
    });
    (organization, request)
}

/// What is cut off ends so.
const CUT: char = '…';

fn bounded(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let mut end = longest;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{CUT}", text.get(..end).unwrap_or_default())
}

/// Reads the parameters of a query; what is no parameter of it is told which is nearest.
pub fn wanted<'p>(parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> Result<Wanted, Refusal> {
    const NAMES: [&str; 8] =
        ["connection", "outcome", "since", "until", "resource", "path", "limit", "cursor"];
    let mut wanted = Wanted::default();
    for (name, value) in parameters {
        let text = || Some(value.to_owned());
        match name {
            "connection" => wanted.connection = text(),
            "outcome" => {
                let read = value.parse().map_err(|wrong| Refusal::Invalid(format!("outcome: {wrong}")));
                wanted.outcome = Some(read?);
            }
            "since" => wanted.since = Some(moment(name, value)?),
            "until" => wanted.until = Some(moment(name, value)?),
            "resource" => wanted.resource = text(),
            "path" => wanted.path = text(),
            "limit" | "cursor" => {}
            other => return Err(unknown("parameter", other, NAMES)),
        }
    }
    Ok(wanted)
}

/// A request over SCIM, as the API answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Request")]
pub struct Shown {
    /// The id, which the answer had in `X-Request-Id`.
    pub id: String,
    /// When it came (RFC 3339).
    pub at: String,
    /// How long it took, in microseconds.
    pub took: i64,
    /// The connection's id; `api` for whoever shows a key.
    pub connection: String,
    /// The connection's name.
    pub connection_name: Option<String>,
    /// What asked: `connection`, `user` or `service_account`.
    pub actor_type: String,
    /// The id of who asked.
    pub actor: String,
    /// The name of who asked.
    pub actor_name: Option<String>,
    /// The id of the token or key.
    pub credential: Option<String>,
    /// The method.
    pub method: String,
    /// The path with its query; `•••` stands where something secret was.
    pub path: String,
    /// The status of the answer.
    pub status: i64,
    /// What came of it.
    pub outcome: Outcome,
    /// The `scimType` of a refusal.
    pub scim_type: Option<String>,
    /// The sentence of a refusal.
    pub detail: Option<String>,
    /// The rules by which it was read leniently.
    pub rules: Vec<String>,
    /// The resource type it was about.
    pub resource_type: Option<String>,
    /// The id of the resource it was about.
    pub resource: Option<String>,
    /// The name of that resource.
    pub resource_name: Option<String>,
    /// How large the body was, in bytes.
    pub body_bytes: i64,
}

impl Shown {
    fn of(request: &Request, names: &Names) -> Self {
        let name = |id: &str| names.0.get(id).map(|name| name.name.clone());
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            id: request.id.clone(),
            at: text::date_time(request.at),
            took: request.took,
            connection: request.connection.clone(),
            connection_name: match request.connection.as_str() {
                API => Some(API.to_owned()),
                id => name(id),
            },
            actor_type: request.actor_type.to_string(),
            actor: request.actor.clone(),
            actor_name: name(&request.actor),
            credential: given(&request.credential),
            method: request.method.clone(),
            path: request.path.clone(),
            status: request.status,
            outcome: request.outcome,
            scim_type: given(&request.scim_type),
            detail: given(&request.detail),
            rules: request.rules.clone(),
            resource_type: given(&request.resource_type),
            resource: given(&request.resource),
            resource_name: name(&request.resource),
            body_bytes: request.body_bytes,
        }
    }
}

/// Requests as they are shown, with the names of who and what is in them.
pub(super) fn shown(tx: &ReadTx<'_>, cx: &Context, requests: &[Request]) -> Result<Vec<Shown>> {
    let mut ids: Vec<&str> = requests
        .iter()
        .flat_map(|it| [it.connection.as_str(), it.actor.as_str(), it.resource.as_str()])
        .filter(|id| !id.is_empty())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let names = events::names(tx, &cx.organization, &ids)?;
    Ok(requests.iter().map(|request| Shown::of(request, &names)).collect())
}

/// The wanted requests, newest first. A connection is wanted by its name or id.
pub async fn list(cx: &Arc<Context>, wanted: Wanted, slice: Slice) -> Result<Page<Shown>> {
    keep(&cx.app).await;
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RequestRead, About::ORGANIZATION)?;
        let connection = wanted.connection.as_deref().map(|name| connection_of(tx, &job, name));
        let wanted = Wanted { connection: connection.transpose()?, ..wanted.clone() };
        let found = rows::before(tx, &job.organization, &wanted, &slice.after, slice.one_more())?;
        Ok::<_, Error>(Page::of(&slice, shown(tx, &job, &found)?, |it: &Shown| &it.id))
    };
    cx.app.store.scan(work).await
}

/// The id of the connection that is meant, also of one that was revoked, by its id.
fn connection_of(tx: &ReadTx<'_>, cx: &Context, name: &str) -> Result<String> {
    if name == API || connections::name(tx, &cx.organization, name)?.is_some() {
        return Ok(name.to_owned());
    }
    Ok(named(tx, cx, name)?.id)
}

/// What an event did to somebody or something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Affected {
    /// The event's id.
    pub event: String,
    /// What kind of thing happened.
    pub kind: String,
    /// The name of the resource type it happened to.
    pub resource_type: String,
    /// The id it happened to.
    pub resource: String,
    /// What that is called.
    pub name: Option<String>,
    /// What else there is to say.
    pub detail: Value,
}

impl Affected {
    /// What a request did, whose events have ids between these two.
    pub(super) fn of(
        tx: &ReadTx<'_>,
        organization: &str,
        request: &str,
        ids: (&str, &str),
    ) -> Result<Vec<Self>, DbError> {
        let found = events::of_request(tx, organization, request, ids, MOST_AFFECTED)?;
        let ids: Vec<&str> = found.iter().map(|event| event.resource.as_str()).collect();
        let names = events::names(tx, organization, &ids)?;
        let told = |event: &Recorded| Self {
            event: event.id.clone(),
            kind: event.kind.clone(),
            resource_type: event.resource_type.clone(),
            resource: event.resource.clone(),
            name: names.0.get(&event.resource).map(|name| name.name.clone()),
            detail: event.detail(),
        };
        Ok(found.iter().map(told).collect())
    }
}

/// A request with its body and what it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OpenedRequest")]
pub struct Opened {
    /// What is known of it.
    #[serde(flatten)]
    pub request: Shown,
    /// The body; `•••` stands where something secret was. Null where there was none, or it is not remembered: it was larger
    /// than 64 KiB, or no JSON.
    pub body: Option<Value>,
    /// What it did, as far as the journal still knows.
    pub affected: Vec<Affected>,
}

/// A request, its body, and what it did.
pub async fn read(cx: &Arc<Context>, id: &str) -> Result<Opened> {
    keep(&cx.app).await;
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RequestRead, About::ORGANIZATION)?;
        let request = rows::load(tx, &job.organization, &id)?.ok_or(Error::NotFound("request"))?;
        let (from, to) = (request.at - SLACK, request.at + request.took + SLACK);
        let ids = (ids::first_at(from), ids::first_at(to));
        let affected = Affected::of(tx, &job.organization, &id, (&ids.0, &ids.1))?;
        let body = request.body.as_deref().map(serde_json::from_str).transpose()?;
        let mut told = shown(tx, &job, &[request])?;
        let request = told.pop().ok_or(Error::NotFound("request"))?;
        Ok::<_, Error>(Opened { request, body, affected })
    };
    cx.app.store.scan(work).await
}

/// A request that is to be rehearsed, and whoever made it, as they are now.
#[derive(Debug)]
pub struct Remembered {
    /// The request.
    pub request: Request,
    /// How requests of its connection are read now.
    pub verdict: Verdict,
    /// Who asks.
    pub actor: Actor,
}

/// A request to be rehearsed.
pub async fn remembered(cx: &Arc<Context>, id: &str) -> Result<Remembered> {
    keep(&cx.app).await;
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RequestReplay, About::ORGANIZATION)?;
        let request = rows::load(tx, &job.organization, &id)?.ok_or(Error::NotFound("request"))?;
        if request.path.ends_with(CUT) {
            return Err(impossible("its path was too long to be remembered"));
        }
        let actor = actor_now(tx, &job, &request)?;
        let verdict = verdict_now(tx, &job, &request)?;
        Ok::<_, Error>(Remembered { request, verdict, actor })
    };
    cx.app.store.read(work).await
}

/// Why a request cannot be rehearsed.
pub fn impossible(why: &str) -> Error {
    Refusal::Conflict(format!("the request cannot be rehearsed: {why}")).into()
}

fn actor_now(tx: &ReadTx<'_>, cx: &Context, request: &Request) -> Result<Actor> {
    let id = request.actor.clone();
    let actor = match request.actor_type {
        ActorType::Person => {
            let person = records::load(tx, Kind::of(&USER_TYPE), &cx.organization, &id)?;
            let stands = person.map(|person| person.resource()).transpose()?.map(|it| Standing::of(&it));
            let role = stands.filter(|stands| stands.active).map(|stands| stands.role);
            role.map(|role| Actor::Person { id, role })
        }
        ActorType::ServiceAccount => service_accounts::load(tx, &cx.organization, &id)?
            .map(|account| Actor::ServiceAccount { id, team: account.team }),
        _ => Some(Actor::Connection(id)),
    };
    actor.ok_or_else(|| impossible("whoever made it is not here any more, or not active"))
}

/// How a request like that is read now.
fn verdict_now(tx: &ReadTx<'_>, cx: &Context, request: &Request) -> Result<Verdict> {
    let organization = &cx.organization;
    if request.connection == API {
        let own = organizations::load(tx, organization)?.ok_or(Error::NotFound("organization"))?;
        return Ok(Verdict {
            organization: organization.clone(),
            token: request.credential.clone(),
            connection: API.to_owned(),
            connection_name: API.to_owned(),
            profile: cx.settings(tx)?.key_profile,
            expires_at: None,
            last_used_at: None,
            types: cx.types.edition,
            slug: own.slug,
            sensitive: Vec::new(),
            scopes: Scopes::ALL,
            switches: Switches::default(),
        });
    }
    let verdict = connections::verdict_of(tx, organization, &request.connection)?;
    let verdict = verdict.ok_or_else(|| impossible("its connection was revoked"))?;
    let tokens = connections::tokens(tx, organization)?;
    let own = tokens.iter().find(|token| token.id == request.credential);
    Ok(Verdict {
        token: request.credential.clone(),
        scopes: own.map_or(Scopes::ALL, |token| token.scopes),
        ..verdict
    })
}

/// What came of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ReplayedRequest")]
pub struct Replayed {
    /// The id of the request that was rehearsed.
    pub request: String,
    /// The status that it would be answered with now.
    pub status: u16,
    /// The body that it would be answered with.
    pub body: Option<Value>,
    /// The rules by which it would be read leniently.
    pub rules: Vec<String>,
    /// What it would do. Ids of what it would make are made up, and other ones when it happens.
    pub affected: Vec<Affected>,
    /// Where something of the request was left out because it is secret and was not remembered, such as `password`.
    pub left_out: Vec<String>,
}

/// Forgets what is remembered no longer.
pub(super) async fn forget(cx: &Arc<Context>) -> Result<()> {
    let job = cx.clone();
    let old = move |tx: &ReadTx<'_>| {
        let old = ids::first_at(job.now - REMEMBERED);
        let beyond = rows::nth_newest(tx, &job.organization, MOST_REMEMBERED)?;
        let end = beyond.map_or(old.clone(), |beyond| beyond.max(old));
        Ok::<_, Error>(rows::any_before(tx, &job.organization, &end)?.then_some(end))
    };
    let Some(end) = cx.app.store.scan(old).await? else { return Ok(()) };
    loop {
        let (job, end) = (cx.clone(), end.clone());
        let work = move |tx: &WriteTx<'_>| {
            Ok::<_, Error>(rows::forget_before(tx, &job.organization, &end, AT_ONCE)?)
        };
        if cx.app.store.write(work).await? < AT_ONCE {
            return Ok(());
        }
    }
}
