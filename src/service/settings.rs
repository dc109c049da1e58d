//! What admins decide for the organization.

use super::{Context, Error, Result};
use crate::{
    org::{
        authority::{Action, Subject, may},
        event::{Event, EventKind},
        settings::Settings,
    },
    store::{ReadTx, WriteTx, organizations},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The organization's settings.
pub async fn get(cx: &Arc<Context>) -> Result<Settings> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let settings = organizations::settings(tx, &job.organization)?;
        may(&job.actor, Action::SettingsRead, &Subject::organization(&settings))?;
        Ok::<_, Error>(settings)
    };
    cx.app.store.read(work).await
}

/// Changes what is named and leaves the rest; `null` brings a default back. The event says what was before and after.
pub async fn change(cx: &Arc<Context>, patch: Map<String, Value>) -> Result<Settings> {
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        organizations::hold(tx, &job.organization)?;
        let before = organizations::settings(tx, &job.organization)?;
        let (subject, after) = (Subject::organization(&before), before.patched(&patch)?);
        if after.license != before.license {
            may(&job.actor, Action::LicenseChange, &subject)?;
        }
        if (Settings { license: before.license, ..after.clone() }) != before || patch.is_empty() {
            may(&job.actor, Action::SettingsChange, &subject)?;
        }
        if after == before {
            return Ok::<_, Error>(after);
        }
        organizations::set_settings(tx, &job.organization, &after)?;
        let (was, is) = before.difference(&after)?;
        let detail = json!({"before": was, "after": is});
        let resource = job.organization.clone();
        let event =
            Event { kind: EventKind::SettingsChanged, resource_type: "Organization", resource, detail };
        job.note(tx, &event)?;
        Ok(after)
    };
    cx.app.store.write(work).await
}
