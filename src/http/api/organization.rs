//! `/organization` and `/settings`.

use super::{Call, Reply};
use crate::{
    http::error::Refusal,
    org::settings::Settings,
    scim::{Profile, text},
    service::{Context, Error, organizations, settings},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// The organization.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Organization")]
pub(super) struct Own {
    /// The id.
    id: String,
    /// The name in paths.
    slug: String,
    /// The name to show.
    name: String,
    /// When it was made (RFC 3339).
    created_at: String,
}

/// `GET /organization`.
pub(super) async fn read(call: Call) -> Result<Reply, Refusal> {
    let own = organizations::own(&call.cx).await?;
    let created_at = text::date_time(own.created_at);
    Ok(Reply::ok(json!(Own { id: own.id, slug: own.slug, name: own.name, created_at })))
}

/// `GET /settings`.
pub(super) async fn settings(call: Call) -> Result<Reply, Refusal> {
    shown(&call.cx, settings::get(&call.cx).await?)
}

/// `PATCH /settings`: what is named changes, `null` brings a default back.
pub(super) async fn change_settings(call: Call) -> Result<Reply, Refusal> {
    let changed = settings::change(&call.cx, call.body, call.precondition).await?;
    shown(&call.cx, changed)
}

/// What admins decided, and what is not theirs to decide.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Settings")]
pub(super) struct Decided {
    #[serde(flatten)]
    settings: Settings,
    /// The settings that the server's environment decides, by path, and the variables that do.
    locked: BTreeMap<String, &'static str>,
}

fn shown(cx: &Context, (settings, version): settings::Versioned) -> Result<Reply, Refusal> {
    let decided = Decided { settings, locked: cx.app.locks.shown() };
    Ok(Reply::ok(serde_json::to_value(decided).map_err(Error::from)?).at(version))
}

/// What `PATCH /settings` takes: any part of what `GET /settings` shows.
pub(super) fn change_schema(_: &mut SchemaGenerator) -> Schema {
    let boolean = json!({"type": ["boolean", "null"]});
    let number = json!({"type": ["integer", "null"], "minimum": 0});
    let profiles: Vec<_> = Profile::ALL.iter().map(|it| Some(it.as_str())).chain([None]).collect();
    json_schema!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "license": {
                "type": ["object", "null"],
                "properties": {"full": number, "viewer": number},
                "additionalProperties": false,
            },
            "seatOverflow": {"enum": ["refuse", "none", null]},
            "ssoProvisioning": boolean,
            "passwordSignIn": boolean,
            "sessionHours": {"type": ["integer", "null"], "minimum": 1, "maximum": 8_760},
            "sessionIdleHours": {"type": ["integer", "null"], "minimum": 1, "maximum": 8_760},
            "invitations": boolean,
            "inviteDays": {"type": ["integer", "null"], "minimum": 1, "maximum": 365},
            "scimMail": boolean,
            "scimGroupDelete": {"enum": ["forbid", "archive", "delete", null]},
            "mailFrom": {"type": ["string", "null"]},
            "userTeamCreation": boolean,
            "adminTeamAccess": boolean,
            "teamServiceAccountCreation": boolean,
            "keyCreation": boolean,
            "viewerKeys": boolean,
            "keyProfile": {"enum": profiles},
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
