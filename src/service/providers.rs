//! Where else people sign in (W-085 to W-103): OpenID providers and directories, what they are asked, and whether they answer.

use super::{Context, Error, Result, authorization::About, idempotency::Made};
use crate::{
    jwt, ldap,
    oidc::Client,
    org::{
        authority::Action,
        event::{Event, EventKind},
        key, moment,
        provider::{ClaimNames, MOST, Rules},
        refusal::Refusal,
    },
    scim::{
        text,
        version::{Precondition, tag_of},
    },
    store::{
        DbError, ReadTx, WriteTx, identities, organizations as tenants,
        providers::{self as rows, Stored},
        sessions,
    },
};
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// A directory, as settings describe it.
pub use crate::ldap::Directory;

/// An OpenID provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenId {
    /// Its address, as its tokens have it in `iss`; `/.well-known/openid-configuration` is found under it.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What is asked for beside `openid profile email`, such as `groups`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Which claims hold what.
    #[serde(default)]
    pub claims: ClaimNames,
    /// Whether it makes people sign in again when it is asked to, though it does not say when they did (`auth_time`).
    #[serde(default)]
    pub obeys_prompt: bool,
}

/// What a provider is, and whom it lets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// Whether people sign in by it. Until then an admin can try it, and nobody else sees it.
    #[serde(default)]
    pub enabled: bool,
    /// An OpenID provider; or else a directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc: Option<OpenId>,
    /// A directory; or else an OpenID provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ldap: Option<Directory>,
    /// Whom it lets in, and as whom.
    #[serde(default)]
    pub rules: Rules,
}

/// A provider, as the API answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Provider {
    /// The id.
    pub id: String,
    /// The name, as people read it on the sign-in page.
    pub name: String,
    /// What it is, and whom it lets in.
    #[serde(flatten)]
    pub settings: Settings,
    /// What the ETag shows: it changes with the name and the settings.
    pub version: String,
    /// Whether the server has a secret to show there, or the password of `bindDn`.
    pub has_secret: bool,
    /// Where it sends browsers back to, for its own settings.
    pub redirect_uri: String,
    /// When it was made.
    #[serde(with = "moment")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: i64,
    /// Who made it: a user's id, `command` or `environment`.
    pub created_by: String,
}

/// A provider about to be made.
#[derive(Clone, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewProvider {
    /// The name, as people read it on the sign-in page.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What it is, and whom it lets in.
    #[serde(flatten)]
    pub settings: Settings,
    /// What the server shows there: the client's secret, or the password of `bindDn`. It is never shown again.
    #[serde(default)]
    pub secret: Option<String>,
}

/// What is changed of a provider; what is not named stays.
#[derive(Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProviderChange {
    /// The name.
    pub name: Option<String>,
    /// Whether people sign in by it.
    pub enabled: Option<bool>,
    /// An OpenID provider in place of what there was.
    pub oidc: Option<OpenId>,
    /// A directory in place of what there was.
    pub ldap: Option<Directory>,
    /// Other rules.
    pub rules: Option<Rules>,
    /// Another secret.
    pub secret: Option<String>,
}

impl Settings {
    /// Where it is, and as whom the server shows itself there: with another the secret is another.
    fn place(&self) -> [Option<&str>; 4] {
        let (oidc, ldap) = (self.oidc.as_ref(), self.ldap.as_ref());
        [
            oidc.map(|it| it.issuer.as_str()),
            oidc.map(|it| it.client_id.as_str()),
            ldap.map(|it| it.address.as_str()),
            ldap.and_then(|it| it.bind_dn.as_deref()),
        ]
    }

    /// What decides whom it calls what: with another the same name is perhaps another person.
    fn subjects(&self) -> [Option<&str>; 4] {
        let (oidc, ldap) = (self.oidc.as_ref(), self.ldap.as_ref());
        [
            oidc.map(|it| it.issuer.as_str()),
            oidc.map(|it| it.client_id.as_str()),
            ldap.map(|it| it.base_dn.as_str()),
            ldap.map(|it| it.attributes.subject.as_str()),
        ]
    }

    /// Refuses what cannot work.
    fn check(&self) -> Result<(), Refusal> {
        let invalid = |why: String| Err(Refusal::Invalid(why));
        match (&self.oidc, &self.ldap) {
            (Some(oidc), None) => {
                jwt::check_issuer(&oidc.issuer)
                    .map_err(|why| Refusal::Invalid(format!("oidc.issuer: {why}")))?;
                if text::is_blank(&oidc.client_id) {
                    return invalid("oidc.clientId: expected what the provider calls this server".to_owned());
                }
                let odd = |scope: &String| {
                    scope.is_empty()
                        || !scope.bytes().all(|it| it.is_ascii_graphic() && it != b'"' && it != b'\\')
                };
                if oidc.scopes.iter().any(odd) || oidc.scopes.len() > 50 {
                    return invalid("oidc.scopes: expected at most 50 words".to_owned());
                }
            }
            (None, Some(directory)) => {
                directory.check().map_err(|why| Refusal::Invalid(format!("ldap.{why}")))?;
            }
            _ => return invalid("expected either oidc or ldap".to_owned()),
        }
        self.rules.check()
    }
}

/// A provider as it is asked.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) secret: Option<SecretString>,
    created_by: String,
}

impl Known {
    fn of(stored: Stored) -> Result<Self> {
        Ok(Self {
            id: stored.id,
            name: stored.name,
            settings: serde_json::from_value(stored.settings)?,
            secret: stored.secret.map(SecretString::from),
            created_by: stored.created_by,
        })
    }

    /// What an OpenID provider knows this server by.
    pub(super) fn client(&self, cx: &Context) -> Option<Client> {
        let oidc = self.settings.oidc.as_ref()?;
        Some(Client {
            issuer: oidc.issuer.clone(),
            id: oidc.client_id.clone(),
            secret: self.secret.clone(),
            scopes: oidc.scopes.clone(),
            redirect_uri: redirect_uri(cx, &self.id, &self.created_by),
            obeys_prompt: oidc.obeys_prompt,
        })
    }

    /// Whether a browser that comes back by that way comes from this provider; `way` is what stands behind the path that all
    /// share. Each has one of its own, or else one could pass on what another says.
    pub(super) fn comes_by(&self, way: Option<&str>) -> bool {
        match way {
            Some(id) => id == self.id,
            None => self.created_by == ENVIRONMENT,
        }
    }
}

/// Where a provider sends browsers back to: its own way, or the one that W&B has (W-087) for the only one that the environment
/// can name.
fn redirect_uri(cx: &Context, id: &str, created_by: &str) -> String {
    match created_by {
        ENVIRONMENT => format!("{}/oidc/callback", cx.app.public_url),
        _ => format!("{}/oidc/callback/{id}", cx.app.public_url),
    }
}

/// The provider of that id.
pub(super) fn known(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<Known> {
    Known::of(rows::load(tx, &cx.organization, id)?.ok_or(Error::NotFound("provider"))?)
}

/// Every provider that people sign in by.
pub(super) fn enabled(tx: &ReadTx<'_>, cx: &Context) -> Result<Vec<Known>> {
    // whoever restores the server signs in without
    if cx.app.restores {
        return Ok(Vec::new());
    }
    let all = rows::list(tx, &cx.organization)?.into_iter().map(Known::of);
    all.filter(|it| it.as_ref().map_or(true, |it| it.settings.enabled)).collect()
}

fn shown(cx: &Context, stored: &Stored) -> Result<Provider> {
    Ok(Provider {
        id: stored.id.clone(),
        name: stored.name.clone(),
        settings: serde_json::from_value(stored.settings.clone())?,
        version: version(stored)?,
        has_secret: stored.secret.is_some(),
        redirect_uri: redirect_uri(cx, &stored.id, &stored.created_by),
        created_at: stored.created_at,
        created_by: stored.created_by.clone(),
    })
}

/// The entity tag of what a change changes and anybody is shown.
fn version(stored: &Stored) -> Result<String> {
    Ok(tag_of(&serde_json::to_vec(&json!([stored.name, stored.settings]))?))
}

/// All providers, oldest first.
pub async fn list(cx: &Arc<Context>) -> Result<Vec<Provider>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::ProviderRead, About::ORGANIZATION)?;
        rows::list(tx, &job.organization)?.iter().map(|it| shown(&job, it)).collect()
    };
    cx.app.store.read(work).await
}

/// One provider.
pub async fn read(cx: &Arc<Context>, id: &str) -> Result<Provider> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::ProviderRead, About::ORGANIZATION)?;
        shown(&job, &rows::load(tx, &job.organization, &id)?.ok_or(Error::NotFound("provider"))?)
    };
    cx.app.store.read(work).await
}

/// Makes a provider.
pub async fn create(cx: &Arc<Context>, new: NewProvider) -> Result<Made<Provider>> {
    key::check_name(&new.name)?;
    new.settings.check()?;
    cx.make(move |tx, cx| {
        cx.authorize_change(tx, Action::ProviderChange, About::ORGANIZATION)?;
        if rows::list(tx, &cx.organization)?.len() >= MOST {
            return Err(Refusal::Conflict(format!("there are {MOST} providers already")).into());
        }
        let stored = Stored {
            id: cx.app.ids.make(cx.now),
            name: new.name.clone(),
            settings: serde_json::to_value(&new.settings)?,
            secret: new.secret.clone().filter(|secret| !secret.is_empty()),
            created_at: cx.now,
            created_by: cx.actor.id().to_owned(),
        };
        rows::insert(tx, &cx.organization, &stored).map_err(taken)?;
        record(tx, cx, EventKind::ProviderCreated, &stored, json!({"settings": stored.settings}))?;
        shown(cx, &stored)
    })
    .await
}

fn taken(error: DbError) -> Error {
    match error {
        DbError::Unique(column) if column == "providers.name_key" => {
            Refusal::Conflict("another provider has this name".to_owned()).into()
        }
        other => other.into(),
    }
}

/// Changes a provider. Who signed in by it stays; the last way in is not closed.
pub async fn change(
    cx: &Arc<Context>,
    id: &str,
    change: ProviderChange,
    precondition: Precondition,
) -> Result<Provider> {
    if let Some(name) = &change.name {
        key::check_name(name)?;
    }
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::ProviderChange, About::ORGANIZATION)?;
        // one at a time closes a way in, and sees which are left
        tenants::hold(tx, &job.organization)?;
        let before = changeable(tx, &job, &id)?;
        if !precondition.allows_change_of(Some(&version(&before)?)) {
            return Err(Error::PreconditionFailed);
        }
        let mut settings: Settings = serde_json::from_value(before.settings.clone())?;
        settings.enabled = change.enabled.unwrap_or(settings.enabled);
        if change.oidc.is_some() || change.ldap.is_some() {
            (settings.oidc, settings.ldap) = (change.oidc.clone(), change.ldap.clone());
        }
        settings.rules = change.rules.clone().unwrap_or(settings.rules);
        settings.check()?;
        let was: Settings = serde_json::from_value(before.settings.clone())?;
        if settings.place() != was.place() && before.secret.is_some() && change.secret.is_none() {
            let sentence = "secret: expected it anew with another address, or an empty one for none";
            return Err(Refusal::Invalid(sentence.to_owned()).into());
        }
        let secret = match &change.secret {
            Some(secret) => Some(secret.clone()).filter(|secret| !secret.is_empty()),
            None => before.secret.clone(),
        };
        let name = change.name.clone().unwrap_or_else(|| before.name.clone());
        let after = Stored { name, settings: serde_json::to_value(&settings)?, secret, ..before.clone() };
        if after == before {
            return shown(&job, &after);
        }
        rows::replace(tx, &job.organization, &after).map_err(taken)?;
        if settings.subjects() != was.subjects() {
            forget(tx, &job, &id)?;
        }
        check_way_in(tx, &job)?;
        let changes = json!({"before": before.settings, "after": after.settings});
        let detail = json!({"settings": changes, "secretChanged": before.secret != after.secret});
        record(tx, &job, EventKind::ProviderChanged, &after, detail)?;
        shown(&job, &after)
    };
    cx.app.store.write(work).await
}

/// Removes a provider, and forgets whom it called what.
pub async fn remove(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::ProviderChange, About::ORGANIZATION)?;
        tenants::hold(tx, &job.organization)?;
        let gone = changeable(tx, &job, &id)?;
        rows::remove(tx, &job.organization, &id)?;
        forget(tx, &job, &id)?;
        check_way_in(tx, &job)?;
        record(tx, &job, EventKind::ProviderRemoved, &gone, json!({}))
    };
    cx.app.store.write(work).await
}

/// A provider that can be changed here, held.
fn changeable(tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<Stored> {
    let found = rows::load_for_change(tx, &cx.organization, id)?.ok_or(Error::NotFound("provider"))?;
    match found.created_by == ENVIRONMENT {
        true => {
            let sentence =
                "the environment of the server decides what this provider is (ROSTER_OIDC_…, ROSTER_LDAP_…)";
            Err(Refusal::Conflict(sentence.to_owned()).into())
        }
        false => Ok(found),
    }
}

/// Forgets whom a provider calls what, and ends the sessions that rest on it.
fn forget(tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<()> {
    identities::forget_provider(tx, &cx.organization, id)?;
    for (session, person) in sessions::end_of_whole_provider(tx, &cx.organization, id)? {
        let detail = json!({"user": person, "provider": id});
        let event =
            Event { kind: EventKind::SessionEnded, resource_type: "Session", resource: session, detail };
        cx.note(tx, &event)?;
    }
    Ok(())
}

/// While nobody signs in with a password, whoever changes the providers comes in by one still.
pub(super) fn check_way_in(tx: &ReadTx<'_>, cx: &Context) -> Result<()> {
    // who restores the server has passwords for as long as that takes
    let is_open = match cx.app.restores {
        true => tenants::settings(tx, &cx.organization)?.password_sign_in,
        false => cx.settings(tx)?.password_sign_in,
    };
    match is_open || check_without_passwords(tx, cx).is_ok() {
        true => Ok(()),
        false => {
            let sentence = "this is the last way in: nobody signs in with a password here (the setting `passwordSignIn`)";
            Err(Refusal::Conflict(sentence.to_owned()).into())
        }
    }
}

/// Whether passwords can be switched off: only by somebody who came in without one, by a provider that lets them prove it again.
pub(super) fn check_without_passwords(tx: &ReadTx<'_>, cx: &Context) -> Result<()> {
    let own = identities::of_person(tx, &cx.organization, cx.actor.id())?;
    let all: Vec<Known> =
        rows::list(tx, &cx.organization)?.into_iter().map(Known::of).collect::<Result<_>>()?;
    let is_open = |id: &str| all.iter().any(|it| it.id == id && it.settings.enabled);
    // a session says more than that they came by it once
    let began_at = match cx.authenticated_at {
        Some(_) => sessions::load(tx, &cx.organization, &cx.credential)?.map(|it| it.provider),
        None => None,
    };
    let is_way =
        |it: &identities::Identity| began_at.as_ref().is_none_or(|at| at.as_ref() == Some(&it.provider));
    let comes_in = own
        .iter()
        .any(|it| it.state == identities::IdentityState::Linked && is_open(&it.provider) && is_way(it));
    let is_operator = cx.actor.id() == crate::org::actor::Actor::Operator.id();
    match comes_in || is_operator && all.iter().any(|it| it.settings.enabled) {
        true => Ok(()),
        false => {
            let sentence = "passwordSignIn: sign in by a provider first; who switches passwords off must come in without one";
            Err(Refusal::Conflict(sentence.to_owned()).into())
        }
    }
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, about: &Stored, mut detail: Value) -> Result<()> {
    if let Value::Object(detail) = &mut detail {
        detail.insert("name".to_owned(), about.name.as_str().into());
    }
    cx.note(tx, &Event { kind, resource_type: "Provider", resource: about.id.clone(), detail }).map(drop)
}

/// What a test of a provider's settings found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ProviderTest")]
pub struct Tested {
    /// Whether it answers as it must.
    pub works: bool,
    /// What stands between it and this server, where it does not.
    pub reason: Option<String>,
    /// Where people are sent to sign in, of an OpenID provider.
    pub authorization_endpoint: Option<String>,
    /// How many keys for signatures an OpenID provider has.
    pub keys: Option<usize>,
    /// Whether signing out here can sign out there.
    pub signs_out: Option<bool>,
    /// Whether the connection to a directory is encrypted.
    pub encrypted: Option<bool>,
    /// How many people a directory finds; it counts up to 100.
    pub people: Option<usize>,
    /// One of them, as the settings read them.
    pub sample: Option<Value>,
}

/// Asks a provider, as signing in would, short of signing in; nothing changes.
pub async fn test(cx: &Arc<Context>, id: &str) -> Result<Tested> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::ProviderRead, About::ORGANIZATION)?;
        known(tx, &job, &id)
    };
    let provider = cx.app.store.read(work).await?;
    let untested = Tested {
        works: false,
        reason: None,
        authorization_endpoint: None,
        keys: None,
        signs_out: None,
        encrypted: None,
        people: None,
        sample: None,
    };
    Ok(match (&provider.settings.oidc, &provider.settings.ldap) {
        (Some(oidc), _) => match cx.app.issuers.about(&oidc.issuer).await {
            Ok(found) => Tested {
                works: found.metadata.authorization_endpoint.is_some()
                    && found.metadata.token_endpoint.is_some(),
                authorization_endpoint: found.metadata.authorization_endpoint.clone(),
                keys: Some(found.keys.keys.len()),
                signs_out: Some(found.metadata.end_session_endpoint.is_some()),
                ..untested
            },
            Err(failure) => Tested { reason: Some(failure.to_string()), ..untested },
        },
        (None, Some(directory)) => match directory.test(provider.secret.as_ref()).await {
            Ok(ldap::Tested { encrypted, people, sample }) => Tested {
                works: people > 0,
                reason: (people == 0).then(|| "nobody is found below baseDn".to_owned()),
                encrypted: Some(encrypted),
                people: Some(people),
                sample: Some(json!(sample)),
                ..untested
            },
            Err(failure) => Tested { reason: Some(failure.to_string()), ..untested },
        },
        (None, None) => untested,
    })
}

/// A provider as the sign-in page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// Whether people type a name and a password here for it.
    pub is_directory: bool,
}

/// By whom people sign in.
pub async fn offered(cx: &Arc<Context>) -> Result<Vec<Offered>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let offered =
            |it: Known| Offered { id: it.id, name: it.name, is_directory: it.settings.ldap.is_some() };
        Ok::<_, Error>(enabled(tx, &job)?.into_iter().map(offered).collect())
    };
    cx.app.store.read(work).await
}

/// Keeps a provider that the environment declares as it says; one that it declared before and does not any more is gone.
pub async fn declare(cx: &Arc<Context>, declared: Vec<NewProvider>) -> Result<()> {
    for new in &declared {
        key::check_name(&new.name)?;
        new.settings.check()?;
    }
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        // of processes that start at once one declares first
        tenants::hold(tx, &job.organization)?;
        let known = rows::list(tx, &job.organization)?;
        let own: Vec<&Stored> = known.iter().filter(|it| it.created_by == ENVIRONMENT).collect();
        for gone in own.iter().filter(|it| declared.iter().all(|new| new.name != it.name)) {
            rows::remove(tx, &job.organization, &gone.id)?;
            forget(tx, &job, &gone.id)?;
            record(tx, &job, EventKind::ProviderRemoved, gone, json!({}))?;
        }
        for new in &declared {
            let before = own.iter().find(|it| it.name == new.name);
            let after = Stored {
                id: before.map_or_else(|| job.app.ids.make(job.now), |it| it.id.clone()),
                name: new.name.clone(),
                settings: serde_json::to_value(&new.settings)?,
                secret: new.secret.clone(),
                created_at: before.map_or(job.now, |it| it.created_at),
                created_by: ENVIRONMENT.to_owned(),
            };
            let detail = json!({"settings": after.settings});
            match before {
                Some(before) if **before == after => {}
                Some(before) => {
                    rows::replace(tx, &job.organization, &after).map_err(taken)?;
                    let was: Settings = serde_json::from_value(before.settings.clone())?;
                    if new.settings.subjects() != was.subjects() {
                        forget(tx, &job, &after.id)?;
                    }
                    record(tx, &job, EventKind::ProviderChanged, &after, detail)?;
                }
                None => {
                    rows::insert(tx, &job.organization, &after).map_err(taken)?;
                    record(tx, &job, EventKind::ProviderCreated, &after, detail)?;
                }
            }
        }
        Ok::<_, Error>(())
    };
    cx.app.store.write(work).await
}

/// Who made what the environment declares.
const ENVIRONMENT: &str = "environment";
