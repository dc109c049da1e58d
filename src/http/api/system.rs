//! `/activity` and `/system`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::{refusal::Refusal as Rule, span::ActivityWindow},
    service::{Error, activity, system},
};
use serde_json::json;

/// `GET /activity`: the last three months without a window.
pub(super) async fn activity(call: Call) -> Result<Reply, Refusal> {
    let window = call.query("window").map_or(Ok(ActivityWindow::Months3), str::parse);
    let window = window.map_err(|what| Error::Rule(Rule::Invalid(format!("window: {what}"))))?;
    Ok(Reply::ok(json!(activity::over(&call.cx, window).await?)))
}

/// `GET /system`.
pub(super) async fn read(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(system::read(&call.cx).await?)))
}
