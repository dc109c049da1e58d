//! Which issuers' tokens are taken, and giving one of ours for theirs (RFC 7523 §2.1, W-170 to W-174).

use super::{
    App, Context, Error, Result,
    authorization::About,
    connections,
    idempotency::Made,
    keys::{self, random_hex},
    organizations,
};
use crate::{
    jwt::{self, Failure},
    org::{
        actor::Actor,
        authority::Action,
        connection::Verdict,
        event::{Event, EventKind},
        issuer::{Issuer, LIFETIME, MOST},
        key::{Key, Scopes},
        organization::FIRST,
        refusal::Refusal,
    },
    scim::text,
    store::{
        DbError, ReadTx, WriteTx, api_keys, attributes, connections as connection_rows, issuers as rows,
        records, service_accounts,
    },
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The most audiences of an issuer.
const MAX_AUDIENCES: usize = 20;

/// An issuer whose tokens shall be taken.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIssuer {
    /// Its address, as `iss` has it.
    pub issuer: String,
    /// For whom its tokens must be; the organization's slug or `wandb` without any.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// The id or name of the connection that its tokens speak for over SCIM, as they are; without one they are exchanged.
    #[serde(default)]
    pub connection: Option<String>,
    /// Whose tokens those are, by `sub`, `azp`, `appid` or `client_id`; needed with a connection.
    #[serde(default)]
    pub clients: Vec<String>,
}

/// The issuers whose tokens are taken, oldest first.
pub async fn list(cx: &Arc<Context>) -> Result<Vec<Issuer>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::IssuerRead, About::ORGANIZATION)?;
        Ok::<_, Error>(rows::list(tx, &job.organization)?)
    };
    cx.app.store.read(work).await
}

/// Takes an issuer's tokens from now on.
pub async fn create(cx: &Arc<Context>, new: NewIssuer) -> Result<Made<Issuer>> {
    jwt::check_issuer(&new.issuer).map_err(|why| Refusal::Invalid(format!("issuer: {why}")))?;
    let blank = new.audiences.iter().any(|audience| text::is_blank(audience));
    if blank || new.audiences.len() > MAX_AUDIENCES {
        let sentence = format!("audiences: expected at most {MAX_AUDIENCES} texts that are not blank");
        return Err(Refusal::Invalid(sentence).into());
    }
    let is_meant =
        new.clients.iter().all(|client| !text::is_blank(client)) && new.clients.len() <= MAX_AUDIENCES;
    if !is_meant || new.connection.is_some() == new.clients.is_empty() {
        // whoever else gets a token of that issuer is no identity provider
        let sentence =
            format!("clients: expected 1 to {MAX_AUDIENCES} of them with a connection, and none without");
        return Err(Refusal::Invalid(sentence).into());
    }
    cx.make(move |tx, cx| {
        cx.authorize_change(tx, Action::IssuerChange, About::ORGANIZATION)?;
        let connection = match &new.connection {
            Some(name) => Some(connections::named(tx, cx, name)?.id),
            None => None,
        };
        let issuer = Issuer {
            id: cx.app.ids.make(cx.now),
            issuer: new.issuer.clone(),
            audiences: new.audiences.clone(),
            connection,
            clients: new.clients.clone(),
            created_at: cx.now,
            created_by: cx.actor.id().to_owned(),
        };
        rows::insert(tx, &cx.organization, &issuer).map_err(taken)?;
        let detail = json!({
            "issuer": issuer.issuer, "audiences": issuer.audiences, "connection": issuer.connection,
            "clients": issuer.clients,
        });
        record(tx, cx, EventKind::IssuerCreated, &issuer.id, detail)?;
        Ok(issuer)
    })
    .await
}

fn taken(error: DbError) -> Error {
    match error {
        DbError::Unique(column) if column == "issuers.issuer" => Refusal::Conflict(
            "this issuer's tokens are taken already; remove it first to change it".to_owned(),
        )
        .into(),
        other => other.into(),
    }
}

/// Takes an issuer's tokens no more, and ends what was given for them.
pub async fn remove(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::IssuerChange, About::ORGANIZATION)?;
        let address = rows::remove(tx, &job.organization, &id)?.ok_or(Error::NotFound("issuer"))?;
        let ended = api_keys::end_exchanged(tx, &job.organization, &id, job.now)?;
        let detail = json!({"issuer": address, "keysEnded": ended});
        record(tx, &job, EventKind::IssuerRemoved, &id, detail)
    };
    cx.app.store.write(work).await
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, id: &str, detail: Value) -> Result<()> {
    cx.note(tx, &Event { kind, resource_type: "Issuer", resource: id.to_owned(), detail }).map(drop)
}

/// Somebody who wants a token for another's.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The slug of the organization that the path names; the first without one.
    pub slug: Option<String>,
    /// The other's token.
    pub assertion: String,
    /// What ours shall be used for.
    pub scopes: Scopes,
    /// The address the request came from.
    pub address: String,
    /// The request's id.
    pub request: String,
}

/// Why no token is given.
#[derive(Debug, thiserror::Error)]
pub enum NotGiven {
    /// The other's token does not say what it must.
    #[error("{0}")]
    Grant(String),
    /// It cannot be told now.
    #[error("{0}")]
    Later(String),
    /// There are too many.
    #[error("{MOST} tokens were given for this subject within the hour; use one of them")]
    Enough,
    /// The server fails.
    #[error(transparent)]
    Service(#[from] Error),
}

impl From<DbError> for NotGiven {
    fn from(error: DbError) -> Self {
        Self::Service(error.into())
    }
}

fn grant(why: impl Into<String>) -> NotGiven {
    NotGiven::Grant(why.into())
}

/// Gives a token of ours for one of a registered issuer's: it speaks for whom theirs is about, for an hour.
pub async fn exchange(app: &Arc<App>, asked: Asked) -> Result<SecretString, NotGiven> {
    let claimed = jwt::claimed(&asked.assertion).map_err(|failure| grant(failure.to_string()))?;
    let unknown = || grant("iss: no issuer of this address is registered");
    let slug = asked.slug.as_deref().unwrap_or(FIRST).to_owned();
    let organization = organizations::named(app, &slug).await?.ok_or_else(unknown)?.id;
    let (address, place) = (claimed.issuer.clone(), organization.clone());
    let found = app.store.read(move |tx| Ok::<_, Error>(rows::named(tx, &place, &address)?)).await?;
    // what speaks for a connection speaks for nobody else
    let issuer = found.filter(|issuer| issuer.connection.is_none()).ok_or_else(unknown)?;
    let keys = app.issuers.of(&claimed).await.map_err(|failure| match failure {
        Failure::Issuer(why) => {
            tracing::warn!(issuer = issuer.issuer, why, "the keys of an issuer cannot be read");
            NotGiven::Later("the issuer's keys cannot be read now; try again in a moment".to_owned())
        }
        Failure::Token(why) => NotGiven::Grant(why),
    })?;
    #[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit")]
    let now = app.clock.now() as f64 / 1e6;
    let claims = jwt::verify(&asked.assertion, &claimed, &keys.keys, &issuer.accepts(&slug), now)
        .map_err(|failure| grant(failure.to_string()))?;
    let cx = Context::of_command(app, organization).await?;
    let base = (*cx).clone();
    let secret = random_hex()?;
    let work = move |tx: &WriteTx<'_>| {
        let actor = subject(tx, &base, &claims.subject)?;
        let cx =
            Context { actor, address: asked.address.clone(), request: asked.request.clone(), ..base.clone() };
        give(tx, &cx, (&issuer, &asked.scopes), &secret)
    };
    app.store.write(work).await
}

/// The connection that an issuer's own token speaks for, such as those that Entra ID makes for itself; [`Error::Unauthorized`]
/// where it speaks for none.
pub async fn connection_by(app: &Arc<App>, slug: Option<&str>, token: &str) -> Result<Arc<Verdict>> {
    let claimed = jwt::claimed(token).map_err(|_| Error::Unauthorized)?;
    let slug = slug.unwrap_or(FIRST).to_owned();
    let organization = organizations::named(app, &slug).await?.ok_or(Error::Unauthorized)?.id;
    let (address, place) = (claimed.issuer.clone(), organization);
    let work = move |tx: &ReadTx<'_>| {
        let Some(issuer) = rows::named(tx, &place, &address)? else { return Ok(None) };
        let Some(connection) = &issuer.connection else { return Ok(None) };
        let verdict = connection_rows::verdict_of(tx, &place, connection)?;
        Ok::<_, Error>(verdict.map(|verdict| (issuer, verdict)))
    };
    let (issuer, verdict) = app.store.read(work).await?.ok_or(Error::Unauthorized)?;
    let documents = app.issuers.of(&claimed).await.map_err(|failure| match failure {
        Failure::Issuer(why) => {
            tracing::warn!(issuer = issuer.issuer, why, "the keys of an issuer cannot be read");
            Error::Busy(DbError::Busy)
        }
        Failure::Token(_) => Error::Unauthorized,
    })?;
    #[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit")]
    let now = app.clock.now() as f64 / 1e6;
    let claims = jwt::verify_any(token, &claimed, &documents.keys, &issuer.accepts(&slug), now)
        .map_err(|_| Error::Unauthorized)?;
    // a person's token for the same client is none of the client's own
    let said = |name: &str| claims.others.contains_key(name);
    let is_persons = said("nonce")
        || said("scp")
        || claims.others.get("idtyp").is_some_and(|kind| kind.as_str() != Some("app"));
    match !is_persons && issuer.is_client(&claims.subject, &claims.others) {
        true => Ok(Arc::new(Verdict { token: issuer.id, ..verdict })),
        false => Err(Error::Unauthorized),
    }
}

/// Whom a token is about (W-172): a service account by its name, else a person by user name, else the only active one who
/// has the address.
fn subject(tx: &ReadTx<'_>, cx: &Context, subject: &str) -> Result<Actor, NotGiven> {
    let nobody = || {
        grant("sub: expected the user name or address of one active person, or the name of a service account")
    };
    let kind = records::Kind::of(cx.types.user);
    let key = text::fold(subject);
    if let Some(account) = service_accounts::named(tx, &cx.organization, &key)? {
        return Ok(Actor::ServiceAccount { id: account.id, team: account.team });
    }
    let named = records::named(tx, kind, &cx.organization, &key)?;
    let ids = match named.is_empty() {
        true => attributes::equal(tx, (&cx.organization, cx.types.user), "emails.value", &key, 100)?,
        false => named,
    };
    let mut active = Vec::new();
    for id in ids {
        let owner = api_keys::owner(tx, &cx.organization, &id)?;
        active.extend(owner.filter(|owner| owner.active).map(|owner| owner.actor));
    }
    <[Actor; 1]>::try_from(active).map(|[one]| one).map_err(|_| nobody())
}

fn give(
    tx: &WriteTx<'_>,
    cx: &Context,
    (issuer, scopes): (&Issuer, &Scopes),
    secret: &SecretString,
) -> Result<SecretString, NotGiven> {
    let owner = cx.actor.id();
    if !rows::hold(tx, &cx.organization, &issuer.id)? {
        return Err(grant("iss: no issuer of this address is registered"));
    }
    api_keys::hold_owner(tx, &cx.organization, owner)?.ok_or(Error::NotFound("owner"))?;
    match cx.authorize_change(tx, Action::TokenExchange, About::user(owner)) {
        Err(Error::Unauthorized) => return Err(grant("sub: the person is not active")),
        other => other?,
    };
    if api_keys::forget_exchanged(tx, &cx.organization, owner, cx.now)? >= MOST {
        return Err(NotGiven::Enough);
    }
    let key = Key {
        id: cx.app.ids.make(cx.now),
        owner: owner.to_owned(),
        name: format!("for a token of {}", issuer.issuer),
        scopes: scopes.clone(),
        created_at: cx.now,
        created_by: issuer.id.clone(),
        expires_at: Some(cx.now + LIFETIME * 1_000_000),
        last_used_at: None,
    };
    let text = keys::keep(tx, cx, &key, secret, Some(&issuer.id))?;
    let detail = json!({"owner": owner, "issuer": issuer.issuer, "scopes": scopes, "expiresAt": key.expires_at.map(text::date_time)});
    cx.note(tx, &Event { kind: EventKind::TokenExchanged, resource_type: "Key", resource: key.id, detail })?;
    Ok(text)
}
