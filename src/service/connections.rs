//! Connections, their tokens, and whom a token speaks for.

use super::{App, Context, Error, Result};
use crate::{
    org::{
        connection::{Connection, DECLARED, Leniency, Origin, Scopes, Token, Verdict, check_name},
        event::{Event, EventKind},
    },
    scim::{ErrorKind, Profile},
    store::{
        DbError, WriteTx,
        connections::{self, NewToken},
        organizations,
    },
};
use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{SHA256, digest},
    rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long a verdict is believed without a look at the database, in microseconds.
const BELIEVED: i64 = 5_000_000;
/// How often the last use of a token is written down, in microseconds.
const USE_NOTED: i64 = 60_000_000;
/// Verdicts kept at a time.
const MAX_VERDICTS: usize = 10_000;

/// A SHA-256.
type Digest = [u8; 32];

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

/// Requests that needed a leniency and are not written down yet, by organization and connection, and by rule.
#[derive(Debug, Default)]
pub struct Leniencies(Mutex<HashMap<(String, String), Uses>>);

/// How many requests needed a rule.
type Uses = BTreeMap<&'static str, i64>;

/// How long counts of leniencies wait for others before they are written down.
const LENIENCIES_WAIT: Duration = Duration::from_secs(1);

/// Counts a request that needed these leniencies. What is counted is written down a moment later, so that reading
/// stays reading.
pub fn note_leniencies(app: &Arc<App>, verdict: &Verdict, rules: &[&'static str]) {
    if rules.is_empty() {
        return;
    }
    let is_first = {
        let mut counted = app.leniencies.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = counted.is_empty();
        let uses = counted.entry((verdict.organization.clone(), verdict.connection.clone())).or_default();
        rules.iter().for_each(|rule| *uses.entry(rule).or_default() += 1);
        is_first
    };
    if is_first {
        let app = app.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LENIENCIES_WAIT).await;
            keep_leniencies(&app).await;
        });
    }
}

/// Writes down what was counted.
pub async fn keep_leniencies(app: &Arc<App>) {
    let counted = std::mem::take(&mut *app.leniencies.0.lock().unwrap_or_else(PoisonError::into_inner));
    let now = app.clock.now();
    for ((organization, connection), uses) in counted {
        let work = move |tx: &WriteTx<'_>| {
            uses.iter().try_for_each(|(rule, uses)| {
                let (connection, rule) = (connection.clone(), (*rule).to_owned());
                let leniency = Leniency { connection, rule, uses: *uses, last_used_at: now };
                Ok::<_, Error>(connections::lean(tx, &organization, &leniency)?)
            })
        };
        if let Err(error) = app.store.write(work).await {
            tracing::warn!(%error, "the leniencies that a connection needed were not counted");
        }
    }
}

/// What the connections needed leniency for.
pub async fn leniencies(cx: &Arc<Context>) -> Result<Vec<Leniency>> {
    keep_leniencies(&cx.app).await;
    let job = cx.clone();
    cx.app.store.read(move |tx| Ok::<_, Error>(connections::leniencies(tx, &job.organization)?)).await
}

/// Whether there never was a connection, not even one that was revoked.
pub async fn never_connected(cx: &Arc<Context>) -> Result<bool> {
    let job = cx.clone();
    cx.app.store.read(move |tx| Ok::<_, Error>(!connections::any_ever(tx, &job.organization)?)).await
}

/// Makes a connection.
pub async fn create(cx: &Arc<Context>, name: &str, profile: Profile) -> Result<Connection> {
    check_name(name)?;
    let (job, name) = (cx.clone(), name.to_owned());
    cx.app.store.write(move |tx| insert(tx, &job, &name, profile)).await
}

fn insert(tx: &WriteTx<'_>, cx: &Context, name: &str, profile: Profile) -> Result<Connection> {
    let id = cx.app.ids.make(cx.now);
    let connection =
        Connection { id, name: name.to_owned(), profile, sensitive: Vec::new(), created_at: cx.now };
    connections::insert(tx, &cx.organization, &connection)?;
    record(tx, cx, EventKind::ConnectionCreated, &connection.id, json!({"profile": profile.as_str()}))?;
    Ok(connection)
}

/// What a command changes of a connection; what it does not name stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// How its requests are read.
    pub profile: Option<Profile>,
    /// The paths that no filter in a URL may name.
    pub sensitive: Option<Vec<String>>,
}

/// Changes how a connection's requests are read, from the next request on.
pub async fn change(cx: &Arc<Context>, name: &str, change: Change) -> Result<Connection> {
    for path in change.sensitive.iter().flatten() {
        if !cx.types.all().iter().any(|resource_type| resource_type.at(path).is_some()) {
            let detail = format!("expected attributes such as name or emails.value, found {path}");
            return Err(ErrorKind::InvalidPath.because(detail).into());
        }
    }
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        organizations::hold(tx, &job.organization)?;
        let before = named(tx, &job, &name)?;
        let after = Connection {
            profile: change.profile.unwrap_or(before.profile),
            sensitive: change.sensitive.clone().unwrap_or_else(|| before.sensitive.clone()),
            ..before.clone()
        };
        if after == before { Ok(after) } else { save(tx, &job, &before, after) }
    };
    let outcome = cx.app.store.write(work).await;
    cx.app.verdicts.drop_all();
    outcome
}

fn save(tx: &WriteTx<'_>, cx: &Context, before: &Connection, connection: Connection) -> Result<Connection> {
    connections::change(tx, &cx.organization, &connection)?;
    let (was, is) = (before.profile.as_str(), connection.profile.as_str());
    let mut changes = Map::new();
    if was != is {
        changes.insert("profile".to_owned(), json!({"before": was, "after": is}));
    }
    if before.sensitive != connection.sensitive {
        let (was, is) = (&before.sensitive, &connection.sensitive);
        changes.insert("sensitive".to_owned(), json!({"before": was, "after": is}));
    }
    let detail = json!({"profile": is, "sensitive": connection.sensitive, "changes": changes});
    record(tx, cx, EventKind::ConnectionChanged, &connection.id, detail)?;
    Ok(connection)
}

/// The connections and their tokens.
pub async fn list(cx: &Arc<Context>) -> Result<(Vec<Connection>, Vec<Token>)> {
    let job = cx.clone();
    cx.app
        .store
        .read(move |tx| {
            let organization = &job.organization;
            Ok::<_, Error>((connections::list(tx, organization)?, connections::tokens(tx, organization)?))
        })
        .await
}

/// Revokes a connection and all its tokens; they stop working at once.
pub async fn revoke(cx: &Arc<Context>, name: &str) -> Result<()> {
    let (job, name) = (cx.clone(), name.to_owned());
    let outcome = cx
        .app
        .store
        .write(move |tx| {
            organizations::hold(tx, &job.organization)?;
            let connection = named(tx, &job, &name)?;
            connections::revoke(tx, &job.organization, &connection.id, job.now)?;
            record(tx, &job, EventKind::ConnectionRevoked, &connection.id, json!({}))
        })
        .await;
    cx.app.verdicts.drop_all();
    outcome
}

/// A token just made: shown once, never kept.
#[derive(Debug)]
pub struct CreatedToken {
    /// The token's id.
    pub id: String,
    /// The token.
    pub token: SecretString,
    /// When it ends, if it does; microseconds since 1970.
    pub expires_at: Option<i64>,
}

/// Makes a token for a connection. `lifetime` is in microseconds; without one the token does not end.
pub async fn create_token(
    cx: &Arc<Context>,
    connection: &str,
    lifetime: Option<i64>,
    scopes: Scopes,
) -> Result<CreatedToken> {
    let secret = random_secret()?;
    let (job, connection) = (cx.clone(), connection.to_owned());
    let expires_at = lifetime.map(|lifetime| cx.now.saturating_add(lifetime));
    cx.app
        .store
        .write(move |tx| {
            organizations::hold(tx, &job.organization)?;
            let connection = named(tx, &job, &connection)?;
            let id = job.app.ids.make(job.now);
            let token =
                SecretString::from(format!("roster_{}_{}", id.replace('-', ""), secret.expose_secret()));
            let digest = digest_of(token.expose_secret());
            let new = NewToken {
                id: &id,
                connection: &connection.id,
                digest: &digest,
                origin: Origin::Command,
                expires_at,
                scopes,
            };
            connections::insert_token(tx, &job.organization, new, job.now)?;
            record(tx, &job, EventKind::TokenCreated, &id, json!({"connection": connection.id}))?;
            Ok(CreatedToken { id, token, expires_at })
        })
        .await
}

/// Revokes a token; it stops working at once. Says where it came from: one that is declared works again at the
/// next start.
pub async fn revoke_token(cx: &Arc<Context>, id: &str) -> Result<Origin> {
    let (job, id) = (cx.clone(), id.to_owned());
    let outcome = cx
        .app
        .store
        .write(move |tx| {
            let revoked = connections::revoke_token(tx, &job.organization, &id, job.now)?;
            let (connection, origin) = revoked.ok_or(Error::NotFound("token"))?;
            record(tx, &job, EventKind::TokenRevoked, &id, json!({"connection": connection}))?;
            Ok(origin)
        })
        .await;
    cx.app.verdicts.drop_all();
    outcome
}

/// Makes sure that the connection named `default` has this profile and accepts these tokens; tokens that
/// were declared before and are no longer stop working. With no tokens that is all of them.
pub async fn declare(cx: &Arc<Context>, tokens: &[SecretString], profile: Profile) -> Result<()> {
    let digests: Vec<Digest> = tokens.iter().map(|token| digest_of(token.expose_secret())).collect();
    let job = cx.clone();
    let outcome = cx
        .app
        .store
        .write(move |tx| {
            // another process may start, or change connections, at the same time
            organizations::hold(tx, &job.organization)?;
            for token in connections::declared_tokens(tx, &job.organization)? {
                if !digests.iter().any(|declared| declared.as_slice() == token.digest) {
                    connections::revoke_token(tx, &job.organization, &token.id, job.now)?;
                    record(tx, &job, EventKind::TokenRevoked, &token.id, json!({"origin": "declared"}))?;
                }
            }
            if digests.is_empty() {
                return Ok(());
            }
            let connection = match connections::named(tx, &job.organization, DECLARED)? {
                Some(connection) => connection,
                None => insert(tx, &job, DECLARED, profile)?,
            };
            let connection = if connection.profile == profile {
                connection
            } else {
                let before = connection.clone();
                save(tx, &job, &before, Connection { profile, ..connection })?
            };
            digests.iter().try_for_each(|digest| declare_token(tx, &job, &connection, digest))
        })
        .await;
    cx.app.verdicts.drop_all();
    outcome
}

fn declare_token(tx: &WriteTx<'_>, cx: &Context, connection: &Connection, digest: &Digest) -> Result<()> {
    let live = connections::declared_tokens(tx, &cx.organization)?;
    if live.iter().any(|token| token.digest == digest && token.connection == connection.id) {
        return Ok(());
    }
    let id = cx.app.ids.make(cx.now);
    let new = NewToken {
        id: &id,
        connection: &connection.id,
        digest,
        origin: Origin::Declared,
        expires_at: None,
        scopes: Scopes::ALL,
    };
    let revived = connections::revive_token(tx, &cx.organization, new)?;
    if revived.is_none() {
        connections::insert_token(tx, &cx.organization, new, cx.now)?;
    }
    let id = revived.unwrap_or(id);
    record(tx, cx, EventKind::TokenCreated, &id, json!({"connection": connection.id, "origin": "declared"}))
}

fn named(tx: &WriteTx<'_>, cx: &Context, name: &str) -> Result<Connection> {
    connections::named(tx, &cx.organization, name)?.ok_or(Error::NotFound("connection"))
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, id: &str, detail: Value) -> Result<()> {
    let resource_type = if kind.as_str().starts_with("token") { "Token" } else { "Connection" };
    cx.note(tx, &Event { kind, resource_type, resource: id.to_owned(), detail }).map(drop)
}

fn digest_of(credential: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, credential.as_bytes()).as_ref());
    bytes
}

/// 256 random bits as text.
fn random_secret() -> Result<SecretString> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Error::Busy(DbError::Busy))?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
}
