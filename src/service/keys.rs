//! API keys, and whom a key speaks for.

use super::{
    App, Context, Error, Result,
    authorization::About,
    idempotency::Made,
    page::{Page, Slice},
};
use crate::{
    org::{
        actor::Actor,
        authority::Action,
        event::{Event, EventKind},
        key::{self, Key, Owner, Principal, Scopes},
        refusal::Refusal,
    },
    scim::text,
    store::{DbError, ReadTx, WriteTx, api_keys, teams, users},
};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
    rand,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// How often the last use of a key is written down, in microseconds.
const USE_NOTED: i64 = 60_000_000;

/// Whom a key speaks for, or [`Error::Unauthorized`]. It is read anew with every request, so that a key that was revoked,
/// an owner who was deactivated and a role that changed count with the next one, on every node.
pub async fn authenticate(app: &Arc<App>, key: &str) -> Result<Arc<Principal>> {
    let now = app.clock.now();
    let digest = digest(&SHA256, key.as_bytes());
    let found = app.store.read(move |tx| Ok::<_, Error>(api_keys::by_digest(tx, digest.as_ref())?)).await?;
    let (stored, principal, settings) = found.ok_or(Error::Unauthorized)?;
    verify_slices_are_equal(&stored, digest.as_ref()).map_err(|_| Error::Unauthorized)?;
    let principal = principal.under(&app.locks.over(settings));
    if !principal.holds(now) {
        return Err(Error::Unauthorized);
    }
    let principal = Arc::new(principal);
    if principal.last_used_at.is_none_or(|last| last + USE_NOTED <= now) {
        note_use(app, &principal, now);
    }
    Ok(principal)
}

/// Writes down a key's use and that its owner was seen, without making the request wait for it.
fn note_use(app: &Arc<App>, principal: &Arc<Principal>, now: i64) {
    let (app, principal) = (app.clone(), principal.clone());
    tokio::spawn(async move {
        let minute = now - now % USE_NOTED;
        let noted = app
            .store
            .write(move |tx| {
                api_keys::use_key(tx, &principal.organization, &principal.key, minute)?;
                users::note_activity(tx, &principal.organization, principal.actor.id(), minute)?;
                Ok::<_, Error>(())
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a key was not written down");
        }
    });
}

/// A key that somebody wants.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The id of the person or service account it shall speak for.
    pub owner: String,
    /// What to call it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it ends, if it does; microseconds since 1970.
    pub expires_at: Option<i64>,
}

/// A key just made.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreatedKey {
    /// What is known of it.
    pub key: Key,
    /// The key itself: shown once, never kept.
    #[serde(skip)]
    pub secret: Option<SecretString>,
}

/// Makes a key (W-160 to W-166).
pub async fn create(cx: &Arc<Context>, new: NewKey) -> Result<Made<CreatedKey>> {
    key::check_name(&new.name)?;
    cx.scopes.check_making(&new.scopes)?;
    if new.expires_at.is_some_and(|end| end <= cx.now) {
        return Err(Refusal::Invalid("expiresAt: expected a time that is still to come".to_owned()).into());
    }
    if cx.until.is_some_and(|end| new.expires_at.is_none_or(|wanted| wanted > end)) {
        let end = text::date_time(cx.until.unwrap_or_default());
        let sentence = format!("expiresAt: the key that makes it ends at {end}; expected no later time");
        return Err(Refusal::Invalid(sentence).into());
    }
    let secret = random_hex()?;
    cx.make(move |tx, cx| {
        let owner = api_keys::hold_owner(tx, &cx.organization, &new.owner)?.ok_or(Error::NotFound("owner"))?;
        let action = match owner.actor {
            Actor::ServiceAccount { .. } => Action::ServiceKeyCreate,
            _ => Action::KeyCreate,
        };
        let settings = cx.authorize_change(tx, action, about(tx, cx, &owner)?)?;
        owner.check_new_key(&new.scopes, api_keys::count(tx, &cx.organization, &new.owner)?, &settings)?;
        let key = Key {
            id: cx.app.ids.make(cx.now),
            owner: new.owner.clone(),
            name: new.name.clone(),
            scopes: new.scopes.clone(),
            created_at: cx.now,
            created_by: cx.actor.id().to_owned(),
            expires_at: new.expires_at,
            last_used_at: None,
        };
        let text = keep(tx, cx, &key, &secret, None)?;
        let detail = json!({"owner": key.owner, "scopes": key.scopes, "expiresAt": key.expires_at.map(text::date_time)});
        record(tx, cx, EventKind::KeyCreated, &key.id, detail)?;
        Ok(CreatedKey { key, secret: Some(text) })
    })
    .await
}

/// Whose keys to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Everybody's.
    All,
    /// Those of one person or service account.
    Owner(String),
}

/// The live keys, oldest first.
pub async fn list(cx: &Arc<Context>, whose: Whose, slice: Slice) -> Result<Page<Key>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let (after, limit) = (slice.after.as_str(), slice.one_more());
        let found = match &whose {
            Whose::All => {
                job.authorize(tx, Action::KeyList, About::ORGANIZATION)?;
                api_keys::list(tx, &job.organization, after, limit)?
            }
            Whose::Owner(id) => {
                let owner = api_keys::owner(tx, &job.organization, id)?.ok_or(Error::NotFound("owner"))?;
                job.authorize(tx, Action::KeyList, about(tx, &job, &owner)?)?;
                api_keys::of_owner(tx, &job.organization, id, after, limit)?
            }
        };
        Ok::<_, Error>(Page::of(&slice, found, |key| &key.id))
    };
    cx.app.store.read(work).await
}

/// The live key of that id.
pub async fn get(cx: &Arc<Context>, id: &str) -> Result<Key> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let (key, owner) = find(tx, &job, &id)?;
        job.authorize(tx, Action::KeyList, about(tx, &job, &owner)?)?;
        Ok::<_, Error>(key)
    };
    cx.app.store.read(work).await
}

/// Gives a key another name; the key itself stays (W-161).
pub async fn rename(cx: &Arc<Context>, id: &str, name: &str) -> Result<Key> {
    key::check_name(name)?;
    let (job, id, name) = (cx.clone(), id.to_owned(), name.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        let (key, owner) = find(tx, &job, &id)?;
        job.authorize_change(tx, Action::KeyChange, about(tx, &job, &owner)?)?;
        if api_keys::rename(tx, &job.organization, &id, &name)? {
            record(tx, &job, EventKind::KeyChanged, &id, json!({"owner": key.owner, "changed": ["name"]}))?;
        }
        Ok::<_, Error>(Key { name: name.clone(), ..key })
    };
    cx.app.store.write(work).await
}

/// Ends a key: it is refused with the next request, on every node.
pub async fn revoke(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        let (key, owner) = find(tx, &job, &id)?;
        job.authorize_change(tx, Action::KeyRevoke, about(tx, &job, &owner)?)?;
        if !api_keys::revoke(tx, &job.organization, &id, job.now)? {
            return Err(Error::NotFound("key"));
        }
        record(tx, &job, EventKind::KeyRevoked, &id, json!({"owner": key.owner}))
    };
    cx.app.store.write(work).await
}

/// A live key and its owner.
fn find(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<(Key, Owner)> {
    let key = api_keys::load(tx, &cx.organization, id)?.ok_or(Error::NotFound("key"))?;
    let owner = api_keys::owner(tx, &cx.organization, &key.owner)?.ok_or(Error::NotFound("key"))?;
    Ok((key, owner))
}

/// What asking about an owner's keys is about. A team that is archived has nobody who could say anything.
fn about<'a>(tx: &ReadTx<'_>, cx: &Context, owner: &'a Owner) -> Result<About<'a>> {
    let team = match owner.team() {
        Some(team) if teams::settings(tx, &cx.organization, team)?.is_some() => Some(team),
        _ => None,
    };
    Ok(About { whose: Some(owner.actor.id()), team })
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, id: &str, detail: Value) -> Result<()> {
    cx.note(tx, &Event { kind, resource_type: "Key", resource: id.to_owned(), detail }).map(drop)
}

/// Keeps a key whose secret is this, given for a token of that issuer if for one. The key as it is shown this once.
pub(super) fn keep(
    tx: &WriteTx<'_>,
    cx: &Context,
    key: &Key,
    secret: &SecretString,
    issuer: Option<&str>,
) -> Result<SecretString, DbError> {
    let text = format!("roster-{}_{}", key.id.replace('-', ""), secret.expose_secret());
    api_keys::insert(tx, &cx.organization, key, digest(&SHA256, text.as_bytes()).as_ref(), issuer)?;
    Ok(SecretString::from(text))
}

/// 256 random bits as 64 hexadecimal digits.
pub(super) fn random_hex() -> Result<SecretString> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Error::Busy(DbError::Busy))?;
    Ok(SecretString::from(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}
