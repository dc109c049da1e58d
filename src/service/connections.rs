//! Connections, their tokens, and what they needed leniency for.

use super::{
    App, Context, Error, Result,
    authorization::About,
    idempotency::Made,
    verdicts::{Digest, digest_of},
};
use crate::{
    org::{
        authority::Action,
        connection::{Connection, DECLARED, Leniency, Origin, Scopes, Switches, Token, Verdict, check_name},
        event::{Event, EventKind},
        settings,
    },
    scim::{
        ErrorKind, Profile, text,
        version::{Precondition, tag_of},
    },
    store::{
        DbError, ReadTx, WriteTx,
        connections::{self, NewToken},
        organizations,
    },
};
use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

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

/// Whether there never was a connection, not even one that was revoked.
pub async fn never_connected(cx: &Arc<Context>) -> Result<bool> {
    let job = cx.clone();
    cx.app.store.read(move |tx| Ok::<_, Error>(!connections::any_ever(tx, &job.organization)?)).await
}

/// A connection, as the API answers.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Connection")]
pub struct Shown {
    /// The id.
    pub id: String,
    /// The name, unique in the organization.
    pub name: String,
    /// How its requests are read: `standard`, `strict`, `strict-interop` or `wandb`.
    pub profile: String,
    /// Attributes that no filter in a URL may name.
    pub sensitive: Vec<String>,
    /// What it may do.
    pub switches: Switches,
    /// What the ETag shows: it changes with the profile, the sensitive attributes and the switches.
    pub version: String,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// When a token of it was last used (RFC 3339), to the minute.
    pub last_used_at: Option<String>,
    /// Whether it is silent for longer than its expected cycle.
    pub is_late: bool,
    /// Its tokens, never what they are.
    pub tokens: Vec<ShownToken>,
    /// What it needed leniency for.
    pub leniencies: Vec<ShownLeniency>,
}

/// What is known of a token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Token")]
pub struct ShownToken {
    /// The id.
    pub id: String,
    /// Where it came from: `command` or `declared`.
    pub origin: String,
    /// What it may be used for: `read` and `write`, with a blank between them.
    pub scopes: String,
    /// When it ends (RFC 3339), if it does.
    pub expires_at: Option<String>,
    /// When it was last used (RFC 3339), to the minute.
    pub last_used_at: Option<String>,
}

impl From<&Token> for ShownToken {
    fn from(token: &Token) -> Self {
        Self {
            id: token.id.clone(),
            origin: token.origin.as_str().to_owned(),
            scopes: token.scopes.as_str().to_owned(),
            expires_at: token.expires_at.map(text::date_time),
            last_used_at: token.last_used_at.map(text::date_time),
        }
    }
}

/// A leniency that a connection needed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Leniency")]
pub struct ShownLeniency {
    /// The number of the rule.
    pub rule: String,
    /// How many requests needed it.
    pub uses: i64,
    /// When one last did (RFC 3339).
    pub last_used_at: String,
}

/// The connections by name.
pub async fn list(cx: &Arc<Context>) -> Result<Vec<Shown>> {
    keep_leniencies(&cx.app).await;
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::ConnectionRead, About::ORGANIZATION)?;
        connections::list(tx, &job.organization)?.into_iter().map(|it| shown(tx, &job, it)).collect()
    };
    cx.app.store.read(work).await
}

/// One connection, by its id or name.
pub async fn read(cx: &Arc<Context>, name: &str) -> Result<Shown> {
    keep_leniencies(&cx.app).await;
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::ConnectionRead, About::ORGANIZATION)?;
        shown(tx, &job, named(tx, &job, &name)?)
    };
    cx.app.store.read(work).await
}

fn shown(tx: &ReadTx<'_>, cx: &Context, connection: Connection) -> Result<Shown> {
    let tokens = connections::tokens(tx, &cx.organization)?;
    let own: Vec<&Token> = tokens.iter().filter(|token| token.connection == connection.id).collect();
    let last_used_at = own.iter().filter_map(|token| token.last_used_at).max();
    let leniencies = connections::leniencies(tx, &cx.organization)?;
    let needed = leniencies.into_iter().filter(|it| it.connection == connection.id);
    Ok(Shown {
        version: version(&connection)?,
        is_late: connection.switches.is_late(last_used_at, cx.now),
        last_used_at: last_used_at.map(text::date_time),
        tokens: own.into_iter().map(ShownToken::from).collect(),
        leniencies: needed
            .map(|it| ShownLeniency {
                rule: it.rule,
                uses: it.uses,
                last_used_at: text::date_time(it.last_used_at),
            })
            .collect(),
        id: connection.id,
        name: connection.name,
        profile: connection.profile.as_str().to_owned(),
        sensitive: connection.sensitive,
        switches: connection.switches,
        created_at: text::date_time(connection.created_at),
    })
}

/// The entity tag of what a change changes.
fn version(connection: &Connection) -> Result<String> {
    let Connection { profile, sensitive, switches, .. } = connection;
    Ok(tag_of(&serde_json::to_vec(&json!([profile.as_str(), sensitive, switches]))?))
}

/// Makes a connection.
pub async fn create(cx: &Arc<Context>, name: &str, profile: Profile) -> Result<Made<Shown>> {
    check_name(name)?;
    let name = name.to_owned();
    cx.make(move |tx, cx| {
        cx.authorize_change(tx, Action::ConnectionChange, About::ORGANIZATION)?;
        let made = insert(tx, cx, &name, profile)?;
        shown(tx, cx, made)
    })
    .await
}

fn insert(tx: &WriteTx<'_>, cx: &Context, name: &str, profile: Profile) -> Result<Connection> {
    let connection = Connection {
        id: cx.app.ids.make(cx.now),
        name: name.to_owned(),
        profile,
        sensitive: Vec::new(),
        switches: Switches::default(),
        created_at: cx.now,
    };
    connections::insert(tx, &cx.organization, &connection)?;
    record(tx, cx, EventKind::ConnectionCreated, &connection.id, json!({"profile": profile.as_str()}))?;
    Ok(connection)
}

/// What is changed of a connection; what is not named stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// How its requests are read.
    pub profile: Option<Profile>,
    /// The paths that no filter in a URL may name.
    pub sensitive: Option<Vec<String>>,
    /// Switches by name; null brings a default back.
    pub switches: Map<String, Value>,
}

/// Changes how a connection's requests are read and what it may do, from the next request on.
pub async fn change(
    cx: &Arc<Context>,
    name: &str,
    change: Change,
    precondition: Precondition,
) -> Result<Shown> {
    for path in change.sensitive.iter().flatten() {
        if !cx.types.all().iter().any(|resource_type| resource_type.at(path).is_some()) {
            let detail = format!("expected attributes such as name or emails.value, found {path}");
            return Err(ErrorKind::InvalidPath.because(detail).into());
        }
    }
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        organizations::hold(tx, &job.organization)?;
        job.authorize_change(tx, Action::ConnectionChange, About::ORGANIZATION)?;
        let before = named(tx, &job, &name)?;
        if !precondition.allows_change_of(Some(&version(&before)?)) {
            return Err(Error::PreconditionFailed);
        }
        let after = Connection {
            profile: change.profile.unwrap_or(before.profile),
            sensitive: change.sensitive.clone().unwrap_or_else(|| before.sensitive.clone()),
            switches: before.switches.patched(&change.switches)?,
            ..before.clone()
        };
        let after = if after == before { after } else { save(tx, &job, &before, after)? };
        shown(tx, &job, after)
    };
    let outcome = cx.app.store.write(work).await;
    cx.app.verdicts.drop_all();
    outcome
}

fn save(tx: &WriteTx<'_>, cx: &Context, before: &Connection, connection: Connection) -> Result<Connection> {
    connections::change(tx, &cx.organization, &connection)?;
    let told = |it: &Connection| {
        let mut all = settings::object(&it.switches)?;
        all.insert("profile".to_owned(), it.profile.as_str().into());
        all.insert("sensitive".to_owned(), json!(it.sensitive));
        Ok::<_, Error>(all)
    };
    let (was, is) = (told(before)?, told(&connection)?);
    let differs = is.iter().filter(|(name, value)| was.get(*name) != Some(value));
    let changes: Map<String, Value> = differs
        .map(|(name, value)| (name.clone(), json!({"before": was.get(name), "after": value})))
        .collect();
    let detail = json!({"profile": connection.profile.as_str(), "sensitive": connection.sensitive, "changes": changes});
    record(tx, cx, EventKind::ConnectionChanged, &connection.id, detail)?;
    Ok(connection)
}

/// Revokes a connection and all its tokens; they stop working at once. Says whether the environment declares one of them,
/// which works again at the next start.
pub async fn revoke(cx: &Arc<Context>, name: &str) -> Result<bool> {
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        organizations::hold(tx, &job.organization)?;
        job.authorize_change(tx, Action::ConnectionChange, About::ORGANIZATION)?;
        let connection = named(tx, &job, &name)?;
        let declared = connections::declared_tokens(tx, &job.organization)?;
        connections::revoke(tx, &job.organization, &connection.id, job.now)?;
        record(tx, &job, EventKind::ConnectionRevoked, &connection.id, json!({}))?;
        Ok::<_, Error>(declared.iter().any(|token| token.connection == connection.id))
    };
    let outcome = cx.app.store.write(work).await;
    cx.app.verdicts.drop_all();
    outcome
}

/// A token just made.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreatedToken {
    /// What is known of it.
    pub token: ShownToken,
    /// The token itself: shown once, never kept.
    #[serde(skip)]
    pub secret: Option<SecretString>,
}

/// Makes a token for a connection. `lifetime` is in microseconds; without one the token does not end.
pub async fn create_token(
    cx: &Arc<Context>,
    connection: &str,
    lifetime: Option<i64>,
    scopes: Scopes,
) -> Result<Made<CreatedToken>> {
    let secret = random_secret()?;
    let connection = connection.to_owned();
    let expires_at = lifetime.map(|lifetime| cx.now.saturating_add(lifetime));
    cx.make(move |tx, cx| {
        organizations::hold(tx, &cx.organization)?;
        cx.authorize_change(tx, Action::ConnectionChange, About::ORGANIZATION)?;
        let connection = named(tx, cx, &connection)?;
        let id = cx.app.ids.make(cx.now);
        let token = SecretString::from(format!("roster_{}_{}", id.replace('-', ""), secret.expose_secret()));
        let digest = digest_of(token.expose_secret());
        let new = NewToken {
            id: &id,
            connection: &connection.id,
            digest: &digest,
            origin: Origin::Command,
            expires_at,
            scopes,
        };
        connections::insert_token(tx, &cx.organization, new, cx.now)?;
        record(tx, cx, EventKind::TokenCreated, &id, json!({"connection": connection.id}))?;
        let known = Token {
            id,
            connection: connection.id,
            origin: Origin::Command,
            created_at: cx.now,
            expires_at,
            last_used_at: None,
            scopes,
        };
        Ok(CreatedToken { token: ShownToken::from(&known), secret: Some(token) })
    })
    .await
}

/// Revokes a token; it stops working at once. Says where it came from: one that is declared works again at the
/// next start.
pub async fn revoke_token(cx: &Arc<Context>, id: &str) -> Result<Origin> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::ConnectionChange, About::ORGANIZATION)?;
        let revoked = connections::revoke_token(tx, &job.organization, &id, job.now)?;
        let (connection, origin) = revoked.ok_or(Error::NotFound("token"))?;
        record(tx, &job, EventKind::TokenRevoked, &id, json!({"connection": connection}))?;
        Ok::<_, Error>(origin)
    };
    let outcome = cx.app.store.write(work).await;
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

/// The live connection that a name or an id names.
pub(super) fn named(tx: &ReadTx<'_>, cx: &Context, name: &str) -> Result<Connection> {
    let all = connections::list(tx, &cx.organization)?;
    let key = text::fold(name);
    let found = all.into_iter().find(|it| it.id == name || text::fold(&it.name) == key);
    found.ok_or(Error::NotFound("connection"))
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, id: &str, detail: Value) -> Result<()> {
    let resource_type = if kind.as_str().starts_with("token") { "Token" } else { "Connection" };
    cx.note(tx, &Event { kind, resource_type, resource: id.to_owned(), detail }).map(drop)
}

/// 256 random bits as text.
fn random_secret() -> Result<SecretString> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| Error::Busy(DbError::Busy))?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(bytes)))
}
