//! `/events`, and W&B's `/admin/audit_logs`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::{audit::Asked, journal::Wanted},
    service::{
        Error,
        events::{self, AuditLog},
        journal,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A page of events.
#[derive(Serialize, JsonSchema)]
pub(super) struct Events {
    /// The events, in the order of the journal.
    items: Vec<Value>,
    /// The `after` of the next page, when there may be more.
    next: Option<i64>,
}

/// Whether the journal is what was written.
#[derive(Serialize, JsonSchema)]
pub(super) struct Verification {
    /// Whether every event fits.
    whole: bool,
    /// The position of the first event that is kept.
    first: i64,
    /// The position of the last one.
    last: i64,
    /// How many were looked at.
    checked: i64,
    /// The first event that does not fit, and why.
    broken: Option<Value>,
}

/// A page of W&B's audit log (W-287), asked for with `limit` or `endDate`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is a shape")]
pub(super) struct AuditPage {
    /// The entries (W-288).
    audit_logs: Vec<Map<String, Value>>,
    /// From when on.
    range_start_time: String,
    /// Until before when.
    range_end_time: String,
    /// How many entries this page has.
    count: u64,
    /// The cursor of the next page.
    next_cursor: Option<String>,
}

/// `GET /events`.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let wanted = Wanted::read(call.parameters()).map_err(Error::Rule)?;
    let page = events::list(&call.cx, wanted).await?;
    Ok(Reply::ok(json!(Events { items: page.events, next: page.next })))
}

/// `GET /events/export`: a line each, for as long as there are some.
pub(super) async fn export(call: Call) -> Result<Reply, Refusal> {
    let wanted = Wanted::read(call.parameters()).map_err(Error::Rule)?;
    Ok(Reply::lines(events::export(&call.cx, wanted).await?, "application/jsonl"))
}

/// `GET /events/verification`.
pub(super) async fn verify(call: Call) -> Result<Reply, Refusal> {
    let walked = journal::verify(&call.cx).await?;
    Ok(Reply::ok(json!(Verification {
        whole: walked.broken.is_none(),
        first: walked.first,
        last: walked.last,
        checked: walked.checked(),
        broken: walked.broken.map(|broken| json!(broken)),
    })))
}

/// `GET /admin/audit_logs` (W-285 to W-287).
pub(super) async fn audit_log(call: Call) -> Result<Reply, Refusal> {
    let asked = Asked::read(call.parameters(), call.cx.now).map_err(Error::Rule)?;
    Ok(match events::audit_log(&call.cx, asked).await? {
        AuditLog::Lines(lines) => Reply::lines(lines, "application/x-ndjson"),
        AuditLog::Page(page) => Reply::ok(page),
    })
}
