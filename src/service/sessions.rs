//! Sessions of people who signed in: rows, read anew with every request, so that whoever is deactivated and whatever is ended
//! counts with the next one, on every node.

use super::{
    App, Context, Error, Result, Visit,
    authorization::About,
    token::{Token, digest_of},
};
use crate::{
    org::{
        actor::Actor,
        authority::Action,
        event::{Event, EventKind},
        key::Principal,
        session::{self, Session, Way},
        settings::Settings,
    },
    store::{ReadTx, WriteTx, sessions as rows, users},
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::sync::Arc;

/// How often the last use of a session is written down, in microseconds.
const USE_NOTED: i64 = 60_000_000;

/// Whom a session speaks for, or [`Error::Unauthorized`]. `cookie` is what the browser keeps.
pub async fn authenticate(app: &Arc<App>, cookie: &str, address: &str) -> Result<Arc<Principal>> {
    let now = app.clock.now();
    let digest = digest_of(cookie);
    let wanted = digest.clone();
    let found = app.store.read(move |tx| Ok::<_, Error>(rows::by_digest(tx, &wanted)?)).await?;
    let found = found.ok_or(Error::Unauthorized)?;
    verify_slices_are_equal(&found.digest, &digest).map_err(|_| Error::Unauthorized)?;
    let settings = app.locks.over(found.settings);
    let principal = found.principal.under(&settings);
    if !principal.holds(now) || !session::goes_on(found.times, &settings, now) {
        return Err(Error::Unauthorized);
    }
    let principal = Arc::new(principal);
    if found.times.1 + USE_NOTED <= now {
        note_use(app, &principal, now, address.to_owned());
    }
    Ok(principal)
}

/// Writes down a session's use and that its person was seen, without making the request wait for it.
fn note_use(app: &Arc<App>, principal: &Arc<Principal>, now: i64, address: String) {
    let (app, principal) = (app.clone(), principal.clone());
    tokio::spawn(async move {
        let work = move |tx: &WriteTx<'_>| {
            rows::seen(tx, &principal.organization, &principal.key, now, &address)?;
            let minute = now - now % USE_NOTED;
            users::note_activity(tx, &principal.organization, principal.actor.id(), minute)?;
            Ok::<_, Error>(())
        };
        if let Err(error) = app.store.write(work).await {
            tracing::warn!(%error, "the use of a session was not written down");
        }
    });
}

/// Somebody who is signed in from now on.
#[derive(Debug, Clone)]
pub struct Signed {
    /// What the browser keeps.
    pub cookie: SecretString,
    /// What tells the browser from strangers' when somebody signs in there again.
    pub known: String,
    /// How long it may keep it, in seconds.
    pub length: i64,
    /// The person's id.
    pub person: String,
}

impl Signed {
    /// What the browser keeps, in clear.
    pub fn text(&self) -> &str {
        self.cookie.expose_secret()
    }
}

/// A session about to begin.
#[derive(Clone)]
pub(super) struct NewSession<'n> {
    /// Who proved who they are.
    pub(super) person: &'n str,
    /// How.
    pub(super) way: Way,
    /// Where, if that was elsewhere.
    pub(super) elsewhere: Option<rows::Elsewhere<'n>>,
    /// What their browser keeps from now on.
    pub(super) token: &'n Token,
    /// What it kept before, so that nobody goes on with it.
    pub(super) before: Option<&'n str>,
    /// When the person proved who they are; microseconds since 1970.
    pub(super) proved_at: i64,
}

/// Signs somebody in, who is held and may. Says for how many seconds.
pub(super) fn start(
    tx: &WriteTx<'_>,
    cx: &Context,
    (settings, visit): (&Settings, &Visit),
    new: &NewSession<'_>,
) -> Result<i64> {
    cx.authorize_change(tx, Action::SessionStart, About::user(new.person))?;
    if let Some(found) =
        new.before.map(|before| rows::by_digest(tx, &digest_of(before))).transpose()?.flatten()
    {
        let organization = found.principal.organization.clone();
        if let Some(person) = rows::end(tx, &organization, &found.principal.key)? {
            let there = Context { organization, ..cx.clone() };
            record(tx, &there, EventKind::SessionEnded, &found.principal.key, json!({"user": person}))?;
        }
    }
    let length = session::length(settings);
    let session = Session {
        id: cx.app.ids.make(cx.now),
        person: new.person.to_owned(),
        way: new.way,
        provider: new.elsewhere.map(|(provider, _)| provider.to_owned()),
        created_at: cx.now,
        authenticated_at: new.proved_at.min(cx.now),
        last_seen_at: cx.now,
        expires_at: cx.now + length,
        address: visit.address.clone(),
        agent: session::agent(&visit.agent),
        current: true,
    };
    rows::insert(tx, &cx.organization, &session, &new.token.digest, new.elsewhere)?;
    users::note_activity(tx, &cx.organization, new.person, cx.now - cx.now % USE_NOTED)?;
    let detail = json!({"user": new.person, "way": new.way, "provider": session.provider});
    record(tx, cx, EventKind::SessionStarted, &session.id, detail)?;
    Ok(length / 1_000_000)
}

/// Notes that the person of a session proved again who they are. What the browser keeps is another from then on.
pub(super) fn prove(tx: &WriteTx<'_>, cx: &Context, token: &Token) -> Result<()> {
    match rows::prove(tx, &cx.organization, &cx.credential, cx.now, &token.digest)? {
        true => Ok(()),
        false => Err(Error::Unauthorized),
    }
}

/// Somebody's sessions, oldest first; those of who asks where nobody is named.
pub async fn list(cx: &Arc<Context>, person: Option<&str>) -> Result<Vec<Session>> {
    let (job, person) = (cx.clone(), person.unwrap_or(cx.actor.id()).to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let settings = job.authorize(tx, Action::SessionRead, About::user(&person))?;
        let mut found = rows::of_person(tx, &job.organization, &person)?;
        found.retain(|it| session::goes_on((it.created_at, it.last_seen_at), &settings, job.now));
        found.iter_mut().for_each(|it| it.current = it.id == job.credential);
        Ok::<_, Error>(found)
    };
    cx.app.store.read(work).await
}

/// Ends a session: it is refused with the next request, on every node.
pub async fn end(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        let found = rows::load(tx, &job.organization, &id)?.ok_or(Error::NotFound("session"))?;
        // whose sessions there are is nobody else's business
        let asked = job.authorize_change(tx, Action::SessionEnd, About::user(&found.person));
        match asked {
            Err(Error::Rule(_)) => return Err(Error::NotFound("session")),
            other => other?,
        };
        rows::end(tx, &job.organization, &id)?.ok_or(Error::NotFound("session"))?;
        record(tx, &job, EventKind::SessionEnded, &id, json!({"user": found.person}))
    };
    cx.app.store.write(work).await
}

/// Ends the sessions of who asks, but for the one that does. Says how many there were.
pub async fn end_others(cx: &Arc<Context>) -> Result<usize> {
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        let own = job.actor.id();
        job.authorize_change(tx, Action::SessionEnd, About::user(own))?;
        let ended = end_all(tx, &job, own, Some(&job.credential))?;
        for id in &ended {
            record(tx, &job, EventKind::SessionEnded, id, json!({"user": own}))?;
        }
        Ok::<_, Error>(ended.len())
    };
    cx.app.store.write(work).await
}

/// Ends everybody's sessions whom that concerns, but for one, within a change that tells of it. Says which.
pub(super) fn end_all(
    tx: &WriteTx<'_>,
    cx: &Context,
    person: &str,
    but: Option<&str>,
) -> Result<Vec<String>> {
    Ok(rows::end_of_person(tx, &cx.organization, person, but)?)
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, id: &str, detail: Value) -> Result<()> {
    cx.note(tx, &Event { kind, resource_type: "Session", resource: id.to_owned(), detail }).map(drop)
}

/// The context of somebody who is signed in.
pub(super) fn of_person(cx: &Context, id: &str, role: crate::org::role::OrganizationRole) -> Context {
    Context { actor: Actor::Person { id: id.to_owned(), role }, ..cx.clone() }
}
