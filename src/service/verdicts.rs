//! Whom the token of a connection speaks for.

use super::{App, Error, Result};
use crate::{org::connection::Verdict, store::connections};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How long a verdict is believed without a look at the database, in microseconds.
const BELIEVED: i64 = 5_000_000;
/// How often the last use of a token is written down, in microseconds.
const USE_NOTED: i64 = 60_000_000;
/// Verdicts kept at a time.
const MAX_VERDICTS: usize = 10_000;

/// A SHA-256.
pub(super) type Digest = [u8; 32];

/// Verdicts on tokens. They are dropped the moment a token or connection is revoked.
#[derive(Debug, Default)]
pub struct Verdicts(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    verdicts: HashMap<Digest, (Arc<Verdict>, i64)>,
    /// Moves with every revocation: what was read before one is not kept after it.
    epoch: u64,
}

impl Verdicts {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The verdict, if there is one, and the epoch to keep another by.
    fn get(&self, digest: &Digest, now: i64) -> (Option<Arc<Verdict>>, u64) {
        let kept = self.kept();
        let found = kept.verdicts.get(digest).filter(|(_, until)| now < *until);
        (found.map(|(verdict, _)| verdict.clone()), kept.epoch)
    }

    fn keep(&self, digest: Digest, verdict: Arc<Verdict>, now: i64, epoch: u64) {
        let mut kept = self.kept();
        if kept.epoch != epoch {
            return;
        }
        if kept.verdicts.len() >= MAX_VERDICTS {
            kept.verdicts.clear();
        }
        kept.verdicts.insert(digest, (verdict, now + BELIEVED));
    }

    pub(super) fn drop_all(&self) {
        let mut kept = self.kept();
        kept.epoch += 1;
        kept.verdicts.clear();
    }
}

/// Whom a credential speaks for, or [`Error::Unauthorized`].
pub async fn authenticate(app: &Arc<App>, credential: &str) -> Result<Arc<Verdict>> {
    let now = app.clock.now();
    let digest = digest_of(credential);
    let (known, epoch) = app.verdicts.get(&digest, now);
    // another process may have revoked the token a moment ago: then what is kept only tells whose use was noted
    let is_noted = known.is_some();
    let verdict = match known {
        Some(verdict) if !app.store.is_shared() => verdict,
        _ => {
            let found =
                app.store.read(move |tx| Ok::<_, Error>(connections::by_digest(tx, &digest)?)).await?;
            let (stored, verdict) = found.ok_or(Error::Unauthorized)?;
            verify_slices_are_equal(&stored, &digest).map_err(|_| Error::Unauthorized)?;
            let verdict = Arc::new(verdict);
            if !is_noted
                && verdict.holds(now)
                && verdict.last_used_at.is_none_or(|last| last + USE_NOTED <= now)
            {
                note_use(app, &verdict, now);
            }
            if !is_noted {
                app.verdicts.keep(digest, verdict.clone(), now, epoch);
            }
            verdict
        }
    };
    if verdict.holds(now) { Ok(verdict) } else { Err(Error::Unauthorized) }
}

/// Writes down a token's use, without making the request wait for it.
fn note_use(app: &Arc<App>, verdict: &Arc<Verdict>, now: i64) {
    let (app, verdict) = (app.clone(), verdict.clone());
    tokio::spawn(async move {
        let noted = app
            .store
            .write(move |tx| {
                let minute = now - now % USE_NOTED;
                Ok::<_, Error>(connections::use_token(tx, &verdict.organization, &verdict.token, minute)?)
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a token was not written down");
        }
    });
}

/// What is kept of a credential.
pub(super) fn digest_of(credential: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, credential.as_bytes()).as_ref());
    bytes
}
