//! Refusals over SCIM that an admin should hear of: the journal has one for each actor, user and hour (W-048, W-290), for
//! an identity provider tries again in every cycle.

use super::{Context, Error, Result, adoptions};
use crate::{
    org::{
        actor::Actor,
        event::{Event, EventKind},
        refusal::Refusal,
    },
    scim::{ErrorKind, text},
    store::{
        ReadTx, WriteTx,
        denials::{self as rows, Denial},
    },
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use std::{borrow::Cow, sync::Arc};

/// An hour, in microseconds.
pub(super) const HOUR: i64 = 3_600_000_000;

/// Whom a refused change was about.
#[derive(Debug, Clone, Copy)]
pub enum Concerned<'a> {
    /// The user of this id.
    User(&'a str),
    /// Somebody new, of this user name.
    Newcomer(&'a str),
    /// Whoever asked: nothing was looked at yet.
    Oneself,
}

impl<'a> Concerned<'a> {
    /// What it is remembered by: never a name.
    fn subject(self) -> Cow<'a, str> {
        match self {
            Self::User(id) => id.into(),
            Self::Newcomer(name) => STANDARD.encode(digest(&SHA256, text::fold(name).as_bytes())).into(),
            Self::Oneself => "".into(),
        }
    }

    fn event(self, cx: &Context, why: &Refusal) -> Event {
        let (resource_type, resource, name) = match self {
            Self::User(id) => ("User", id, None),
            Self::Newcomer(name) => ("User", "", Some(text::shown(name))),
            Self::Oneself => (kind_of(&cx.actor), cx.actor.id(), None),
        };
        let detail = json!({"reason": why.to_string(), "userName": name});
        Event { kind: EventKind::RequestDenied, resource_type, resource: resource.to_owned(), detail }
    }
}

fn kind_of(actor: &Actor) -> &'static str {
    match actor {
        Actor::Person { .. } => "User",
        Actor::ServiceAccount { .. } => "ServiceAccount",
        _ => "Connection",
    }
}

/// Hands the outcome of a request on, and writes a refusal down.
pub async fn noted<T>(cx: &Arc<Context>, about: Concerned<'_>, outcome: Result<T>) -> Result<T> {
    if let Err(error) = &outcome {
        note(cx, about, error).await;
    }
    outcome
}

/// Writes a refusal down, if it is one that an admin should hear of.
pub(super) async fn note(cx: &Arc<Context>, about: Concerned<'_>, error: &Error) {
    if let (Error::Scim(taken), Concerned::Newcomer(name)) = (error, about)
        && taken.kind == ErrorKind::Uniqueness
        && let Err(error) = adoptions::ask_about(cx, name).await
    {
        tracing::warn!(error = ?error, "an admin was not asked about somebody whom a connection wants");
    }
    if let Error::Rule(why) = error
        && cx.by_scim
        && matches!(
            why,
            Refusal::SeatLimit { .. }
                | Refusal::LastAdmin
                | Refusal::Forbidden(_)
                | Refusal::NotAdopted { .. }
        )
    {
        let mut told = tell(cx, about, why).await;
        if let (Refusal::NotAdopted { asks: true }, Concerned::User(id)) = (why, about) {
            told = told.and(adoptions::ask(cx, id).await);
        }
        if let Err(error) = told {
            tracing::warn!(error = ?error, "a refusal was not written down");
        }
    }
}

async fn tell(cx: &Arc<Context>, about: Concerned<'_>, why: &Refusal) -> Result<()> {
    let subject: Arc<str> = about.subject().into();
    let (job, asked) = (cx.clone(), subject.clone());
    if cx
        .app
        .store
        .read(move |tx: &ReadTx<'_>| Ok::<_, Error>(rows::is_told(tx, denial(&job, &asked))?))
        .await?
    {
        return Ok(());
    }
    let (job, event) = (cx.clone(), about.event(cx, why));
    let work = move |tx: &WriteTx<'_>| {
        if rows::tell(tx, denial(&job, &subject))? {
            job.note(tx, &event)?;
        }
        Ok::<_, Error>(())
    };
    cx.transact(work).await
}

fn denial<'a>(cx: &'a Context, subject: &'a str) -> Denial<'a> {
    Denial { organization: &cx.organization, actor: cx.actor.id(), subject, hour: cx.now / HOUR }
}
