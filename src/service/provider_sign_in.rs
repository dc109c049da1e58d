//! Signing in by a provider (W-075 to W-103): out to it and back, whom it says that has come, and who that is here. Whoever
//! comes first, the person or the identity provider's SCIM, there is one person with one id.

pub use crate::{
    ldap::Failure as Directory,
    oidc::{Back, Failure},
};

use super::{
    App, Context, Error, Result, Visit,
    attempts::{self, TooMany},
    authorization::About,
    load, people,
    provider_people::{Person, follow, holder_of, person_of},
    providers::{self, Known},
    record_of, seal, second_factors,
    sessions::{self, NewSession, Signed},
    sign_in::{self, Attempt},
    token::Token,
};
use crate::{
    ldap,
    oidc::{self, Flow},
    org::{
        authority::Action,
        event::{Event, EventKind},
        provider::{Presented, Unwelcome},
        session::{self, Way},
        standing::Standing,
    },
    scim::Quirks,
    store::{
        DbError, ReadTx, WriteTx,
        identities::{self as rows, IdentityState},
        organizations as tenants,
        records::Kind,
        sessions as table,
    },
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The name of the key that journeys are sealed with.
const KEY: &str = "sign-in";
/// What a journey is bound to.
const JOURNEY: &str = "a journey to a provider and back";
/// How long a journey may take, in microseconds: ten minutes.
const LASTS: i64 = 600_000_000;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum NotIn {
    /// The person is known there, and does not come in here.
    #[error("{0}")]
    Unwelcome(Unwelcome),
    /// What the provider says cannot be used.
    #[error(transparent)]
    Provider(#[from] oidc::Failure),
    /// A name or a password is wrong, or the directory does not answer.
    #[error(transparent)]
    Directory(#[from] ldap::Failure),
    /// The journey took too long, or began in another browser.
    #[error("it took too long, or began in another browser; begin again")]
    Late,
    /// There were too many attempts.
    #[error("too many attempts; try again in {} seconds", .0.0)]
    TooMany(TooMany),
    /// Another reason.
    #[error(transparent)]
    Service(#[from] Error),
}

impl From<Unwelcome> for NotIn {
    fn from(unwelcome: Unwelcome) -> Self {
        Self::Unwelcome(unwelcome)
    }
}

impl From<DbError> for NotIn {
    fn from(error: DbError) -> Self {
        Self::Service(error.into())
    }
}

impl From<serde_json::Error> for NotIn {
    fn from(error: serde_json::Error) -> Self {
        Self::Service(error.into())
    }
}

/// What a journey is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To sign in.
    In,
    /// To prove once more who one is, who is signed in with that session.
    Again {
        /// The session's id.
        session: String,
        /// The person's id.
        person: String,
    },
    /// To see what the provider says, before others sign in by it.
    Try,
}

/// What the browser keeps while it is elsewhere.
#[derive(Serialize, Deserialize)]
struct Journey {
    provider: String,
    purpose: Purpose,
    /// Where it goes afterwards, on this server.
    to: String,
    until: i64,
    flow: Flow,
}

/// A browser about to leave.
pub struct Departure {
    /// Where to.
    pub url: String,
    /// What it keeps meanwhile.
    pub kept: String,
}

/// Sends a browser to a provider.
pub async fn depart(
    cx: &Arc<Context>,
    provider: &str,
    purpose: Purpose,
    to: String,
) -> Result<Departure, NotIn> {
    cx.app.attempts.count_journey(&cx.address).map_err(NotIn::TooMany)?;
    let (job, id) = (cx.clone(), provider.to_owned());
    let found = cx.app.store.read(move |tx| providers::known(tx, &job, &id)).await?;
    if purpose == Purpose::Try {
        let job = cx.clone();
        let work =
            move |tx: &ReadTx<'_>| job.authorize(tx, Action::ProviderChange, About::ORGANIZATION).map(drop);
        cx.app.store.read(work).await?;
    } else {
        check_open(cx, &found)?;
    }
    let client = found.client(cx).ok_or(Error::NotFound("provider"))?;
    let about = cx.app.issuers.about(&client.issuer).await.map_err(oidc::Failure::from)?;
    let again = matches!(purpose, Purpose::Again { .. });
    let (url, flow) = oidc::begin(&client, &about.metadata, again, seconds(cx.now))?;
    let journey = Journey { provider: found.id, purpose, to, until: cx.now + LASTS, flow };
    let sealed = seal::seal(&*seal::key(cx, KEY).await?, JOURNEY, &serde_json::to_value(journey)?)?;
    // the way back names no organization
    Ok(Departure { url, kept: format!("{}.{sealed}", cx.organization) })
}

fn check_open(cx: &Context, provider: &Known) -> Result<()> {
    match provider.settings.enabled && !cx.app.restores {
        true => Ok(()),
        false => Err(Error::NotFound("provider")),
    }
}

/// When tokens say that it was, in microseconds.
#[expect(clippy::cast_possible_truncation, reason = "what is out of range is at its end")]
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}

/// Microseconds as tokens count time.
#[expect(clippy::cast_precision_loss, reason = "microseconds of centuries fit")]
pub(super) fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// Somebody who came back.
pub struct Arrived {
    /// The organization's context.
    pub cx: Arc<Context>,
    /// Where the browser wanted to go.
    pub to: String,
    /// The name of the provider it comes from.
    pub provider: String,
    /// What became of it.
    pub outcome: Result<Outcome, NotIn>,
}

/// What a journey led to.
pub enum Outcome {
    /// The person is signed in, or proved anew who they are.
    In(Signed),
    /// What the provider said, and what that would mean here.
    Tried(Tried),
}

/// What a provider says of somebody.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Every claim, as name and text.
    pub claims: Vec<(String, String)>,
    /// The user name, address and name that are made of it.
    pub read: Vec<(&'static str, String)>,
    /// What would happen, in a sentence.
    pub verdict: String,
}

/// Takes a browser back from where it was sent. `kept` is what it kept meanwhile, `before` the session that it has, and `way` the
/// provider whose way it comes by.
pub async fn arrive(
    app: &Arc<App>,
    visit: &Visit,
    (kept, before): (Option<String>, Option<String>),
    (way, back): (Option<&str>, Back),
) -> Result<Arrived, NotIn> {
    app.attempts.count_journey(&visit.address).map_err(NotIn::TooMany)?;
    let kept = kept.ok_or(NotIn::Late)?;
    let (organization, sealed) = kept.split_once('.').ok_or(NotIn::Late)?;
    let is_here = organization.to_owned();
    let found = app.store.read(move |tx| Ok::<_, Error>(tenants::load(tx, &is_here)?)).await?;
    let cx = Context::of_visit(app, found.ok_or(NotIn::Late)?.id, visit).await?;
    let journey = seal::unseal(&*seal::key(&cx, KEY).await?, JOURNEY, sealed);
    let journey: Option<Journey> = journey.and_then(|it| serde_json::from_value(it).ok());
    let journey = journey.filter(|it| cx.now < it.until).ok_or(NotIn::Late)?;
    let (job, id) = (cx.clone(), journey.provider.clone());
    let provider = cx.app.store.read(move |tx| providers::known(tx, &job, &id)).await?;
    let name = provider.name.clone();
    let to = journey.to.clone();
    let outcome = match provider.comes_by(way) {
        true => led(&cx, visit, (&provider, &journey), (back, before)).await,
        false => Err(Failure::Foreign.into()),
    };
    if let Err(error) = &outcome {
        note_refusal(&cx, &provider, error).await?;
    }
    Ok(Arrived { cx, to, provider: name, outcome })
}

async fn led(
    cx: &Arc<Context>,
    visit: &Visit,
    (provider, journey): (&Known, &Journey),
    (back, before): (Back, Option<String>),
) -> Result<Outcome, NotIn> {
    let client = provider.client(cx).ok_or(Error::NotFound("provider"))?;
    if journey.purpose != Purpose::Try {
        check_open(cx, provider)?;
    }
    let turn = cx.app.exchanges.turn().await?;
    let identity = oidc::redeem(&client, &cx.app.issuers, &journey.flow, back, seconds(cx.now)).await?;
    drop(turn);
    let names = provider.settings.oidc.as_ref().map(|oidc| oidc.claims.clone()).unwrap_or_default();
    let rules = &provider.settings.rules;
    let who = Presented::of_claims(identity.subject.clone(), &identity.claims, &names, rules);
    match &journey.purpose {
        Purpose::Try => Ok(Outcome::Tried(tried(cx, provider, &identity.claims, &who).await?)),
        Purpose::Again { session, person } => {
            let own = (session.as_str(), person.as_str());
            Ok(Outcome::In(prove(cx, provider, &who, own).await?))
        }
        Purpose::In => {
            // who does not say when that was did not just prove it
            let proved_at = identity.authenticated_at.map_or(cx.now - session::FRESH, micros);
            let entry = Entry { who, session: identity.session, proved_at, asks_code: false };
            match let_in(cx, visit, provider, entry, before).await? {
                LetIn::In(signed) => Ok(Outcome::In(signed)),
                LetIn::AsksCode(_) => Err(Error::Unauthorized.into()),
            }
        }
    }
}

/// How many codes are exchanged at a time: each may wait for a provider that is slow.
#[derive(Debug)]
pub struct Exchanges(Semaphore);

impl Default for Exchanges {
    fn default() -> Self {
        Self(Semaphore::new(32))
    }
}

impl Exchanges {
    async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let busy = || Error::Busy(DbError::Busy);
        tokio::time::timeout(PATIENCE, self.0.acquire()).await.map_err(|_| busy())?.map_err(|_| busy())
    }
}

/// Signs somebody in by a directory: what they typed is asked there. Whoever has a second factor here shows it here.
pub async fn by_directory(
    cx: &Arc<Context>,
    visit: &Visit,
    provider: &str,
    attempt: Attempt,
) -> Result<sign_in::Outcome, NotIn> {
    let (job, id) = (cx.clone(), provider.to_owned());
    let found = cx.app.store.read(move |tx| providers::known(tx, &job, &id)).await?;
    check_open(cx, &found)?;
    let directory = found.settings.ldap.clone().ok_or(Error::NotFound("provider"))?;
    let Attempt { login, password, known, before } = attempt;
    let (job, named) = (cx.clone(), login.clone());
    let named = cx.app.store.read(move |tx| sign_in::person_named(tx, &job, &named)).await?;
    let known = sign_in::known_person(cx, known.as_deref()).await?;
    let account = match known.filter(|known| named.as_ref() == Some(known)) {
        Some(person) => format!("known {person} at {}", found.id),
        None => format!("{} at {}", attempts::typed(&cx.organization, &login), found.id),
    };
    cx.app.attempts.count(&visit.address, &account).map_err(NotIn::TooMany)?;
    let outcome = match directory.sign_in(found.secret.as_ref(), &login, &password).await {
        Ok(person) => {
            let who = of_directory(person);
            let entry = Entry { who, session: None, proved_at: cx.now, asks_code: true };
            let_in(cx, visit, &found, entry, before).await
        }
        Err(failure) => Err(failure.into()),
    };
    if let Err(error) = &outcome {
        note_refusal(cx, &found, error).await?;
    }
    match outcome? {
        LetIn::In(signed) => Ok(sign_in::Outcome::In(signed)),
        LetIn::AsksCode(person) => Ok(sign_in::Outcome::Code(sign_in::step_of(cx, person, &found.id).await?)),
    }
}

/// Somebody whom a directory knows. What it says is an admin's word, addresses too.
fn of_directory(person: ldap::Person) -> Presented {
    let groups: Vec<String> = person.groups.iter().map(|group| group.name.clone()).collect();
    let mut claims: Vec<(String, String)> =
        groups.iter().map(|group| ("groups".to_owned(), group.clone())).collect();
    claims.push(("dn".to_owned(), person.dn));
    Presented {
        subject: person.subject,
        username: Some(person.username),
        email: person.email,
        has_unverified: false,
        name: person.name,
        groups: Some(groups),
        claims,
    }
}

/// The person of a session that a directory began types their password again.
pub async fn again_by_directory(
    cx: &Arc<Context>,
    visit: &Visit,
    provider: &str,
    (password, code): (&SecretString, &str),
) -> Result<Signed, NotIn> {
    let own = cx.actor.id().to_owned();
    cx.app.attempts.count(&visit.address, &format!("again {own}")).map_err(NotIn::TooMany)?;
    let (job, id, person) = (cx.clone(), provider.to_owned(), own.clone());
    let work = move |tx: &ReadTx<'_>| {
        let person = load(tx, &job, Kind::of(job.types.user), &person)?.resource()?;
        let names = person.text("userName").map(str::to_owned).into_iter().chain(people::emails(&person));
        Ok::<_, Error>((providers::known(tx, &job, &id)?, names.collect::<Vec<_>>()))
    };
    let (found, names) = cx.app.store.read(work).await?;
    check_open(cx, &found)?;
    let directory = found.settings.ldap.clone().ok_or(Error::NotFound("provider"))?;
    let mut outcome = Err(ldap::Failure::Refused);
    for name in names.iter().take(2) {
        outcome = directory.sign_in(found.secret.as_ref(), name, password).await;
        if outcome != Err(ldap::Failure::Refused) {
            break;
        }
    }
    if let Err(failure) = &outcome {
        note_refusal(cx, &found, &NotIn::Directory(failure.clone())).await?;
    }
    let who = of_directory(outcome?);
    let (job, person, code) = (cx.clone(), own.clone(), code.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        Ok::<_, Error>(
            !second_factors::has(tx, &job, &person)? || second_factors::take(tx, &job, &person, &code)?,
        )
    };
    if !cx.app.store.write(work).await? {
        return Err(ldap::Failure::Refused.into());
    }
    prove(cx, &found, &who, (&cx.credential, &own)).await
}

/// Somebody about to come in.
struct Entry {
    who: Presented,
    /// What the provider calls its own session.
    session: Option<String>,
    /// When they proved there who they are; microseconds since 1970.
    proved_at: i64,
    /// Whether a second factor that they have here is asked for, since none was there.
    asks_code: bool,
}

/// What became of it.
enum LetIn {
    In(Signed),
    /// The person of this id shows a code first.
    AsksCode(String),
}

/// Finds or makes the person, and signs them in, in one transaction.
async fn let_in(
    cx: &Arc<Context>,
    visit: &Visit,
    provider: &Known,
    entry: Entry,
    before: Option<String>,
) -> Result<LetIn, NotIn> {
    let token = Token::make()?;
    let (job, visit, cookie) = (cx.clone(), visit.clone(), token.secret.clone());
    let provider = provider.clone();
    let Entry { who, session, proved_at, asks_code } = entry;
    let work = move |tx: &WriteTx<'_>| {
        let mut quirks = Quirks::default();
        let settings = job.authorize_change(tx, Action::ClaimTake, About::ORGANIZATION)?;
        let id = match person_of(tx, &job, (&provider, &who), &settings, &mut quirks)? {
            Person::Known(id) => id,
            // an admin is asked, which must be written down
            Person::Asked => return Ok(Err(Unwelcome::Asked)),
        };
        follow(tx, &job, (&provider, &who), &id)?;
        let person = record_of(tx, &job, Kind::of(job.types.user), &id)?.resource()?;
        if !Standing::of(&person).active {
            return Err(Unwelcome::Inactive.into());
        }
        if asks_code && second_factors::has(tx, &job, &id)? {
            return Ok(Ok((id, None)));
        }
        let begun = NewSession {
            person: &id,
            way: Way::Provider,
            elsewhere: Some((&provider.id, session.as_deref())),
            token: &token,
            before: before.as_deref(),
            proved_at,
        };
        let length = sessions::start(tx, &job, (&settings, &visit), &begun)?;
        Ok::<_, NotIn>(Ok((id, Some(length))))
    };
    let (person, length) = cx.app.store.write(work).await??;
    let Some(length) = length else { return Ok(LetIn::AsksCode(person)) };
    let known = sign_in::known_browser(cx, &person).await?;
    Ok(LetIn::In(Signed { cookie, known, length, person }))
}

/// Notes that the person of a session proved again who they are.
async fn prove(
    cx: &Arc<Context>,
    provider: &Known,
    who: &Presented,
    (session, person): (&str, &str),
) -> Result<Signed, NotIn> {
    let token = Token::make()?;
    let own = Context { credential: session.to_owned(), ..(**cx).clone() };
    let (cookie, id) = (token.secret.clone(), person.to_owned());
    let (provider, subject) = (provider.id.clone(), who.subject.clone());
    let work = move |tx: &WriteTx<'_>| {
        let known = rows::known(tx, &own.organization, (&provider, &subject))?;
        if known != Some((id.clone(), IdentityState::Linked)) {
            return Err(Unwelcome::NotYou.into());
        }
        sessions::prove(tx, &own, &token)?;
        Ok::<_, NotIn>(session::length(&own.settings(tx)?) / 1_000_000)
    };
    let length = cx.app.store.write(work).await?;
    let known = sign_in::known_browser(cx, person).await?;
    Ok(Signed { cookie, known, length, person: person.to_owned() })
}

/// What would happen, which is undone.
async fn tried(
    cx: &Arc<Context>,
    provider: &Known,
    claims: &Map<String, Value>,
    who: &Presented,
) -> Result<Tried, NotIn> {
    let (job, at, presented) = (cx.clone(), provider.clone(), who.clone());
    let work = move |tx: &ReadTx<'_>| {
        at.settings.rules.admit(&presented)?;
        let elsewhere = (at.id.as_str(), presented.subject.as_str());
        let (person, how) = match rows::known(tx, &job.organization, elsewhere)? {
            Some((person, IdentityState::Linked)) => (Some(person), "known from there already"),
            Some((_, IdentityState::Asked)) => return Err(Unwelcome::Asked.into()),
            Some((_, IdentityState::Refused)) => return Err(Unwelcome::NotLinked.into()),
            None => (holder_of(tx, &job, presented.address()?)?, "found by the address"),
        };
        match person {
            Some(id) => {
                let name = people::person(tx, &job, &id)?.user_name;
                Ok::<_, NotIn>(format!("This would be {name}, {how}."))
            }
            None if job.settings(tx)?.sso_provisioning => {
                Ok("Nobody here has this address; a new member would be made.".to_owned())
            }
            None => Err(Unwelcome::Unknown.into()),
        }
    };
    let verdict = match cx.app.store.read(work).await {
        Ok(verdict) => verdict,
        Err(NotIn::Unwelcome(why)) => format!("This person would not come in: {why}."),
        Err(other) => return Err(other),
    };
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_else(|| "nothing".to_owned());
    Ok(Tried {
        claims: claims.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
        read: vec![
            ("User name", or_nothing(&who.username)),
            ("E-mail address", or_nothing(&who.email)),
            ("Name", or_nothing(&who.name)),
            ("Groups", who.groups.as_ref().map_or_else(|| "nothing".to_owned(), |groups| groups.join(", "))),
        ],
        verdict,
    })
}

/// Writes down that somebody was not let in, who proved elsewhere who they are, or whom nobody vouches for.
async fn note_refusal(cx: &Arc<Context>, provider: &Known, why: &NotIn) -> Result<()> {
    let why = match why {
        NotIn::Unwelcome(why) => why.as_str().to_owned(),
        NotIn::Provider(Failure::Foreign) if !cx.app.attempts.may_note(&cx.address) => return Ok(()),
        NotIn::Provider(failure) => failure.to_string(),
        NotIn::Directory(ldap::Failure::Refused) => "password".to_owned(),
        NotIn::Directory(failure) => failure.to_string(),
        // no seat, and the like
        NotIn::Service(Error::Rule(rule)) => rule.to_string(),
        NotIn::Late | NotIn::TooMany(_) | NotIn::Service(_) => return Ok(()),
    };
    let (job, provider) = (cx.clone(), provider.id.clone());
    let work = move |tx: &WriteTx<'_>| {
        let event = Event {
            kind: EventKind::SignInRefused,
            resource_type: "Provider",
            resource: provider.clone(),
            detail: json!({"why": why}),
        };
        job.note(tx, &event).map(drop)
    };
    cx.app.store.write(work).await
}

/// Whether whoever is signed in came from a provider, and which.
pub async fn way_back(cx: &Arc<Context>) -> Result<Option<String>> {
    let (job, session) = (cx.clone(), cx.credential.clone());
    let work = move |tx: &ReadTx<'_>| {
        let found = table::load(tx, &job.organization, &session)?;
        Ok::<_, Error>(found.and_then(|session| session.provider))
    };
    cx.app.store.read(work).await
}
