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
use serde_json::json;

/// `GET /events`.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    let wanted = Wanted::read(call.parameters()).map_err(Error::Rule)?;
    let page = events::list(&call.cx, wanted).await?;
    Ok(Reply::ok(json!({"items": page.events, "next": page.next})))
}

/// `GET /events/export`: a line each, for as long as there are some.
pub(super) async fn export(call: Call) -> Result<Reply, Refusal> {
    let wanted = Wanted::read(call.parameters()).map_err(Error::Rule)?;
    Ok(Reply::lines(events::export(&call.cx, wanted).await?, "application/jsonl"))
}

/// `GET /events/verification`.
pub(super) async fn verify(call: Call) -> Result<Reply, Refusal> {
    let walked = journal::verify(&call.cx).await?;
    Ok(Reply::ok(json!({
        "whole": walked.broken.is_none(),
        "first": walked.first,
        "last": walked.last,
        "checked": walked.checked(),
        "broken": walked.broken,
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
