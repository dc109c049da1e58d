//! How connections fare: whether they come as often as they should, and what they are refused.

use super::{
    Context, Error, Result,
    authorization::About,
    connections::{ShownToken, named},
    requests::{Shown, Wanted, keep, shown},
};
use crate::{
    ids,
    org::{
        authority::Action,
        connection::{Connection, Switches},
        request::{API, Outcome},
    },
    scim::text,
    store::{ReadTx, connections, requests as rows},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// How long before its end an admin is told of a token.
const SOON: i64 = 30 * DAY;

/// How many requests there were in a while.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    /// All that are remembered.
    pub requests: i64,
    /// Those that were refused or failed, or a part of which was.
    pub refused: i64,
    /// Which part of them that is, from 0 to 1; null where there were none.
    pub error_rate: Option<f64>,
}

/// How a connection fares.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The connection's id; `api` for whoever shows a key.
    pub connection: String,
    /// The connection's name.
    pub name: String,
    /// The last hour.
    pub hour: Counted,
    /// The last 24 hours.
    pub day: Counted,
    /// When it last asked for something (RFC 3339), as far as is known.
    pub last_request_at: Option<String>,
    /// How many minutes ago that was.
    pub minutes_since: Option<i64>,
    /// After how many minutes without a request something is wrong.
    pub expected_cycle: Option<i64>,
    /// Whether it is silent for longer than that.
    pub is_late: bool,
    /// Whether an admin paused it.
    pub is_paused: bool,
    /// Its tokens that end within 30 days, or have.
    pub ending_tokens: Vec<ShownToken>,
    /// The last request that was refused or failed.
    pub last_refusal: Option<Shown>,
}

/// How all connections fare, by name; and whoever asks with keys, where somebody did.
pub async fn health(cx: &Arc<Context>) -> Result<Vec<Health>> {
    keep(&cx.app).await;
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RequestRead, About::ORGANIZATION)?;
        let known = connections::list(tx, &job.organization)?;
        let mut all = known.iter().map(|it| of(tx, &job, it)).collect::<Result<Vec<_>>>()?;
        let by_key = of(tx, &job, &api())?;
        all.extend(Some(by_key).filter(|it| it.last_request_at.is_some()));
        Ok::<_, Error>(all)
    };
    cx.app.store.scan(work).await
}

/// How one connection fares, by its id or name, or `api`.
pub async fn of_connection(cx: &Arc<Context>, name: &str) -> Result<Health> {
    keep(&cx.app).await;
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::RequestRead, About::ORGANIZATION)?;
        let connection = if name == API { api() } else { named(tx, &job, &name)? };
        of(tx, &job, &connection)
    };
    cx.app.store.scan(work).await
}

/// Keys, as if they were a connection.
fn api() -> Connection {
    Connection {
        id: API.to_owned(),
        name: API.to_owned(),
        profile: crate::scim::Profile::default(),
        sensitive: Vec::new(),
        switches: Switches::default(),
        created_at: 0,
    }
}

fn of(tx: &ReadTx<'_>, cx: &Context, connection: &Connection) -> Result<Health> {
    let (organization, id) = (&cx.organization, &connection.id);
    let counted = |since: i64| {
        let (requests, refused) = rows::count(tx, organization, id, &ids::first_at(cx.now - since))?;
        Ok::<_, Error>(Counted { requests, refused, error_rate: rate(refused, requests) })
    };
    let newest = |outcome| {
        let wanted = Wanted { connection: Some(id.clone()), outcome, ..Wanted::default() };
        rows::before(tx, organization, &wanted, "", 1)
    };
    let tokens = connections::tokens(tx, organization)?;
    let own = tokens.iter().filter(|token| token.connection == *id);
    let used_at = own.clone().filter_map(|token| token.last_used_at).max();
    let last = newest(None)?.first().map(|request| request.at).max(used_at);
    let ends_soon = own.filter(|token| token.expires_at.is_some_and(|end| end < cx.now + SOON));
    Ok(Health {
        connection: id.clone(),
        name: connection.name.clone(),
        hour: counted(HOUR)?,
        day: counted(DAY)?,
        last_request_at: last.map(text::date_time),
        minutes_since: last.map(|at| (cx.now - at).max(0) / MINUTE),
        expected_cycle: connection.switches.expected_cycle,
        is_late: connection.switches.is_late(last, cx.now),
        is_paused: connection.switches.paused,
        ending_tokens: ends_soon.map(ShownToken::from).collect(),
        last_refusal: shown(tx, cx, &newest(Some(Outcome::Refused))?)?.pop(),
    })
}

/// A part of a whole to four places; `None` of nothing.
fn rate(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 10_000.0).round() / 10_000.0)
}
