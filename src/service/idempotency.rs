//! Doing once what is asked for twice.

use super::{Context, Error, Result};
use crate::{
    org::refusal::Refusal,
    store::{
        WriteTx,
        idempotency::{self, Place},
    },
};
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// How long an answer is kept for those who ask again, in microseconds: a day.
const KEPT: i64 = 24 * 3_600 * 1_000_000;

/// A request that may be asked again, and shall not happen again.
#[derive(Debug, Clone)]
pub struct Once {
    /// The key that the client chose.
    pub key: String,
    /// The method and path of the request.
    pub route: String,
    /// The hash of the body.
    pub body: String,
}

/// What a request made, now or the first time it was asked.
#[derive(Debug)]
pub struct Made<T> {
    /// What was made.
    pub it: T,
    /// Whether it was made by an earlier request, so that what is shown once is not there.
    pub is_replay: bool,
}

impl Context {
    /// Runs a change in one transaction, once for each idempotency key. What it makes is kept as it serializes, so what is
    /// shown once does not.
    pub(super) async fn make<T>(
        self: &Arc<Self>,
        work: impl Fn(&WriteTx<'_>, &Self) -> Result<T> + Send + 'static,
    ) -> Result<Made<T>>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let cx = self.clone();
        self.transact(move |tx| {
            let Some(once) = &cx.once else { return Ok(Made { it: work(tx, &cx)?, is_replay: false }) };
            let (organization, actor) = (cx.organization.as_str(), cx.actor.id());
            let place = Place { organization, actor, route: &once.route, key: &once.key };
            idempotency::forget(tx, organization, cx.now - KEPT)?;
            match idempotency::claim(tx, place, &once.body, cx.now)? {
                None => {
                    let it = work(tx, &cx)?;
                    idempotency::answer(tx, place, &serde_json::to_string(&it)?)?;
                    Ok(Made { it, is_replay: false })
                }
                Some((body, answer)) if body == once.body => {
                    Ok(Made { it: serde_json::from_str(&answer)?, is_replay: true })
                }
                Some(_) => Err(Error::Rule(Refusal::Reused)),
            }
        })
        .await
    }
}
