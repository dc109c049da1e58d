//! The server behind the organization: what runs where, and how large it is.

use super::{App, Context, Error, Result, authorization::About};
use crate::{
    org::authority::Action,
    scim::text,
    store::{
        ReadTx, WriteTx, chain, journal,
        processes::{self, Process},
        records::{self, Kind},
        service_accounts,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// How long after it said so a process is taken to serve, and how long it is remembered; microseconds.
const ALIVE: i64 = 60 * 1_000_000;
const REMEMBERED: i64 = 24 * 3_600 * 1_000_000;

/// The server, and what it keeps of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// The version of the program that answers.
    pub version: String,
    /// `SQLite` or `PostgreSQL`.
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// The version of the schema.
    pub schema_version: i64,
    /// How large the database is, with all its organizations, in bytes.
    pub database_bytes: i64,
    /// The URL that people reach the server under; null where it is not known.
    pub public_url: Option<String>,
    /// Whether there is a mail server.
    pub mail: bool,
    /// How much there is of the organization.
    pub counts: SystemCounts,
    /// The processes that serve the database; none where nobody serves.
    pub processes: Vec<ServingProcess>,
}

/// How much there is of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SystemCounts {
    /// People, deactivated ones too.
    pub people: i64,
    /// Teams that are not archived.
    pub teams: i64,
    /// Service accounts.
    pub service_accounts: i64,
    /// Events of the journal that are kept; what happened in the last second may be missing.
    pub events: i64,
    /// Sessions that are not over.
    pub sessions: i64,
    /// Keys that work.
    pub keys: i64,
}

/// A process that serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServingProcess {
    /// Where it runs: the host and the number of the process.
    pub name: String,
    /// The version of its program.
    pub version: String,
    /// When it started (RFC 3339).
    pub started_at: String,
    /// When it last said that it serves (RFC 3339).
    pub seen_at: String,
}

/// What there is to tell of the server.
pub async fn read(cx: &Arc<Context>) -> Result<System> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::SystemRead, About::ORGANIZATION)?;
        let figures = processes::figures(tx)?;
        let serving = processes::seen_since(tx, job.now - ALIVE)?.into_iter();
        Ok::<_, Error>(System {
            version: VERSION.to_owned(),
            engine: figures.engine.to_owned(),
            engine_version: figures.version,
            schema_version: figures.schema,
            database_bytes: figures.bytes,
            public_url: Some(job.app.public_url.clone()).filter(|url| !url.is_empty()),
            mail: job.app.mailer.is_some(),
            counts: counts(tx, &job)?,
            processes: serving
                .map(|it| ServingProcess {
                    name: it.name,
                    version: it.version,
                    started_at: text::date_time(it.started_at),
                    seen_at: text::date_time(it.seen_at),
                })
                .collect(),
        })
    };
    cx.app.store.scan(work).await
}

fn counts(tx: &ReadTx<'_>, cx: &Context) -> Result<SystemCounts> {
    let organization = &cx.organization;
    let total = |kind| Ok::<_, Error>(records::int(journal::total(tx, kind, organization)?));
    let chain = chain::head(tx, organization)?;
    Ok(SystemCounts {
        people: total(Kind::of(cx.types.user))?,
        teams: total(Kind::of(cx.types.group))?,
        service_accounts: service_accounts::count(tx, organization)?,
        events: chain.position - chain.first + 1,
        sessions: processes::sessions(tx, organization, cx.now)?,
        keys: processes::keys(tx, organization, cx.now)?,
    })
}

/// A process that is about to serve; `name` says where.
pub fn begin(app: &App, name: String) -> Process {
    let now = app.clock.now();
    Process { id: app.ids.make(now), name, version: VERSION.to_owned(), started_at: now, seen_at: now }
}

/// Says that a process serves; it is said again every few seconds.
pub async fn announce(app: &App, process: &Process) -> Result<()> {
    let process = Process { seen_at: app.clock.now(), ..process.clone() };
    let work = move |tx: &WriteTx<'_>| {
        processes::forget(tx, process.seen_at - REMEMBERED)?;
        Ok::<_, Error>(processes::announce(tx, &process)?)
    };
    app.store.write(work).await
}

/// Says that a process serves no more.
pub async fn withdraw(app: &App, process: &Process) -> Result<()> {
    let id = process.id.clone();
    app.store.write(move |tx| Ok::<_, Error>(processes::withdraw(tx, &id)?)).await
}
