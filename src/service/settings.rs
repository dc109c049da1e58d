//! What admins decide for the organization.

use super::{Context, Error, Result, authorization::About, providers};
use crate::{
    org::{
        authority::Action,
        event::{Event, EventKind},
        settings::Settings,
    },
    scim::version::{Precondition, Version},
    store::{DbError, ReadTx, WriteTx, organizations},
};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The settings, and a version that follows from what they say.
pub type Versioned = (Settings, Version);

impl Context {
    /// The settings as they hold: what the environment decides, and for the rest what admins did.
    pub(super) fn settings(&self, tx: &ReadTx<'_>) -> Result<Settings, DbError> {
        Ok(self.app.locks.over(organizations::settings(tx, &self.organization)?))
    }
}

/// The organization's settings.
pub async fn get(cx: &Arc<Context>) -> Result<Versioned> {
    let job = cx.clone();
    let work =
        move |tx: &ReadTx<'_>| versioned(job.authorize(tx, Action::SettingsRead, About::ORGANIZATION)?);
    cx.app.store.read(work).await
}

/// Changes what is named and leaves the rest; `null` brings a default back. The event says what was before and after.
pub async fn change(
    cx: &Arc<Context>,
    patch: Map<String, Value>,
    precondition: Precondition,
) -> Result<Versioned> {
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        organizations::hold(tx, &job.organization)?;
        let holds = job.authorize_change(tx, Action::SettingsChange, About::ORGANIZATION)?;
        let (_, version) = versioned(holds)?;
        if !precondition.allows_change(version) {
            return Err(Error::PreconditionFailed);
        }
        let before = organizations::settings(tx, &job.organization)?;
        let after = before.patched(&patch)?;
        job.app.locks.check(&patch)?;
        if before.password_sign_in && !after.password_sign_in {
            providers::check_without_passwords(tx, &job)?;
        }
        if after.license != before.license {
            job.authorize_change(tx, Action::LicenseChange, About::ORGANIZATION)?;
        }
        if after == before {
            return versioned(job.app.locks.over(after));
        }
        organizations::set_settings(tx, &job.organization, &after)?;
        let detail = json!({"changes": before.changes(&after)?});
        let resource = job.organization.clone();
        let event =
            Event { kind: EventKind::SettingsChanged, resource_type: "Organization", resource, detail };
        job.note(tx, &event)?;
        versioned(job.app.locks.over(after))
    };
    cx.app.store.write(work).await
}

/// The settings have no version of their own, so it follows from their text.
fn versioned(settings: Settings) -> Result<Versioned> {
    let hash = digest(&SHA256, serde_json::to_string(&settings)?.as_bytes());
    let bytes = hash.as_ref().iter().take(7);
    let version = bytes.fold(0_i64, |version, byte| version << 8 | i64::from(*byte));
    Ok((settings, Version(version)))
}
