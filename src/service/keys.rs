//! API keys, and whom a key speaks for.

use super::{App, Error, Result};
use crate::{org::key::Principal, store::api_keys};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use std::sync::Arc;

/// How often the last use of a key is written down, in microseconds.
const USE_NOTED: i64 = 60_000_000;

/// Whom a key speaks for, or [`Error::Unauthorized`]. It is read anew with every request, so that a key that was revoked,
/// an owner who was deactivated and a role that changed count with the next one, on every node.
pub async fn authenticate(app: &Arc<App>, key: &str) -> Result<Arc<Principal>> {
    let now = app.clock.now();
    let digest = digest(&SHA256, key.as_bytes());
    let found = app.store.read(move |tx| Ok::<_, Error>(api_keys::by_digest(tx, digest.as_ref())?)).await?;
    let (stored, principal) = found.ok_or(Error::Unauthorized)?;
    verify_slices_are_equal(&stored, digest.as_ref()).map_err(|_| Error::Unauthorized)?;
    if !principal.holds(now) {
        return Err(Error::Unauthorized);
    }
    let principal = Arc::new(principal);
    if principal.last_used_at.is_none_or(|last| last + USE_NOTED <= now) {
        note_use(app, &principal, now);
    }
    Ok(principal)
}

/// Writes down a key's use, without making the request wait for it.
fn note_use(app: &Arc<App>, principal: &Arc<Principal>, now: i64) {
    let (app, principal) = (app.clone(), principal.clone());
    tokio::spawn(async move {
        let minute = now - now % USE_NOTED;
        let noted = app
            .store
            .write(move |tx| {
                Ok::<_, Error>(api_keys::use_key(tx, &principal.organization, &principal.key, minute)?)
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a key was not written down");
        }
    });
}
