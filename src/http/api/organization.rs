//! `/organization` and `/settings`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    scim::text,
    service::{Error, organizations, settings},
};
use serde_json::{Value, json};

/// `GET /organization`.
pub(super) async fn read(call: Call) -> Result<Reply, Refusal> {
    let own = organizations::own(&call.cx).await?;
    let created_at = text::date_time(own.created_at);
    Ok(Reply::ok(json!({"id": own.id, "slug": own.slug, "name": own.name, "createdAt": created_at})))
}

/// `GET /settings`.
pub(super) async fn settings(call: Call) -> Result<Reply, Refusal> {
    shown(settings::get(&call.cx).await?)
}

/// `PATCH /settings`: what is named changes, `null` brings a default back.
pub(super) async fn change_settings(call: Call) -> Result<Reply, Refusal> {
    shown(settings::change(&call.cx, call.body, call.precondition).await?)
}

fn shown((settings, version): settings::Versioned) -> Result<Reply, Refusal> {
    Ok(Reply::ok(serde_json::to_value(settings).map_err(Error::from)?).at(version))
}

/// What `PATCH /settings` takes: any part of what `GET /settings` shows.
pub(super) fn change_schema() -> Value {
    let boolean = json!({"type": ["boolean", "null"]});
    let number = json!({"type": ["integer", "null"], "minimum": 0});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "license": {
                "type": ["object", "null"],
                "properties": {"full": number, "viewer": number},
                "additionalProperties": false,
            },
            "seatOverflow": {"enum": ["refuse", "none", null]},
            "userTeamCreation": boolean,
            "adminTeamAccess": boolean,
            "teamServiceAccountCreation": boolean,
            "keyCreation": boolean,
            "viewerKeys": boolean,
            "personalProjects": boolean,
            "eventRetentionDays": {"type": ["integer", "null"], "minimum": 1},
            "enforced": {
                "type": ["object", "null"],
                "properties": {
                    "hidden": boolean,
                    "privateProjects": boolean,
                    "adminsInvite": boolean,
                    "noPublicReports": boolean,
                    "noCodeSaving": boolean,
                },
                "additionalProperties": false,
            },
        },
    })
}
