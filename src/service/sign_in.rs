//! Signing in with a password (W-105 to W-109): the steps between a name that is typed and a session. What is refused says
//! the same, and takes as long, whether somebody has that name or not.

use super::{
    App, Context, Error, Result, Visit,
    attempts::{self, TooMany},
    authorization::About,
    event, load, organizations,
    passwords::{self, NotChosen},
    people::{active_of, holders_of},
    providers, record_of, seal, second_factors,
    sessions::{self, NewSession, Signed},
    token::Token,
};
use crate::{
    org::{
        authority::Action,
        event::{Event, EventKind},
        organization::FIRST,
        password,
        session::{self, Way},
        standing::Standing,
    },
    store::{
        DbError, ReadTx, WriteTx,
        identities::{self, IdentityState},
        organizations as tenants, passwords as rows,
        records::Kind,
        seats,
    },
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// The name of the key that steps are sealed with.
const KEY: &str = "sign-in";
/// What a step is bound to.
const STEP: &str = "a step of signing in";
/// What tells a known browser is bound to.
const KNOWN: &str = "a browser that somebody signed in from";
/// How long a step may take, in microseconds: ten minutes.
const STEP_LASTS: i64 = 600_000_000;

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum Denied {
    /// One sentence for all that could tell whether somebody exists.
    #[error("the name or the password is wrong")]
    Wrong,
    /// The code is not the one that counts now.
    #[error("the code is wrong, or was used before; the app shows another every 30 seconds")]
    WrongCode,
    /// There were too many attempts.
    #[error("too many attempts; try again in {} seconds", .0.0)]
    TooMany(TooMany),
    /// The step before was too long ago, or nobody took it here.
    #[error("it took too long; begin again")]
    Late,
    /// Nobody signs in with a password here.
    #[error("sign-in by password is switched off in this organization")]
    Off,
    /// The person proved who they are, and may not come in.
    #[error("this account is deactivated; ask an admin of {organization}")]
    Inactive {
        /// The organization's name.
        organization: String,
    },
    /// The password that somebody wants is no good.
    #[error(transparent)]
    NotChosen(#[from] NotChosen),
    /// Another reason.
    #[error(transparent)]
    Service(#[from] Error),
}

impl From<TooMany> for Denied {
    fn from(many: TooMany) -> Self {
        Self::TooMany(many)
    }
}

impl From<serde_json::Error> for Denied {
    fn from(error: serde_json::Error) -> Self {
        Self::Service(error.into())
    }
}

impl From<DbError> for Denied {
    fn from(error: DbError) -> Self {
        Self::Service(error.into())
    }
}

/// What a sign-in page offers.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The organization's name.
    pub organization: String,
    /// What stands before the paths of its pages: nothing for the first.
    pub root: String,
    /// Whether there is an admin; without one the page waits for the first.
    pub has_admin: bool,
    /// Whether people sign in with passwords.
    pub password: bool,
    /// Whether letters can be sent, so that a forgotten password can be replaced.
    pub mail: bool,
}

/// Somebody at the door of the organization with that slug, or of the first; [`Error::NotFound`] where there is none.
pub async fn at_door(app: &Arc<App>, slug: Option<&str>, visit: &Visit) -> Result<Arc<Context>> {
    let found = organizations::named(app, slug.unwrap_or(FIRST)).await?;
    Context::of_visit(app, found.ok_or(Error::NotFound("organization"))?.id, visit).await
}

/// What the door offers.
pub async fn offer(cx: &Arc<Context>) -> Result<Offer> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let own = tenants::load(tx, &job.organization)?.ok_or(Error::NotFound("organization"))?;
        Ok::<_, Error>(Offer {
            root: if own.slug == FIRST { String::new() } else { format!("/o/{}", own.slug) },
            organization: own.name,
            has_admin: seats::admins(tx, &job.organization)? > 0,
            password: job.settings(tx)?.password_sign_in,
            mail: job.app.mailer.is_some(),
        })
    };
    cx.app.store.read(work).await
}

/// Somebody who types a name and a password.
pub struct Attempt {
    /// The name: a user name, handle or address.
    pub login: String,
    /// The password.
    pub password: SecretString,
    /// What the browser kept from an earlier time, if somebody signed in there before.
    pub known: Option<String>,
    /// The session that the browser has, which ends.
    pub before: Option<String>,
}

/// What comes after a step.
pub enum Outcome {
    /// The person is signed in.
    In(Signed),
    /// A code is asked for. What the browser keeps until then.
    Code(String),
    /// Another password is asked for.
    NewPassword(String),
}

/// What is still to be done when a password was right.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Step {
    person: String,
    until: i64,
    /// Whether the second factor, if there is one, was shown.
    proved: bool,
    /// The hash of the password, digested: with another password it begins again.
    mark: String,
    /// The directory whose password it was, if it was none of ours.
    directory: Option<String>,
}

/// Somebody as they were found by what they typed.
struct Found {
    person: Option<String>,
    hash: Option<SecretString>,
}

/// The first step: a name and a password.
pub async fn by_password(cx: &Arc<Context>, visit: &Visit, attempt: Attempt) -> Result<Outcome, Denied> {
    let (job, login) = (cx.clone(), attempt.login.clone());
    let work = move |tx: &ReadTx<'_>| {
        let is_open = job.settings(tx)?.password_sign_in;
        let person = person_named(tx, &job, &login)?;
        let hash = match &person {
            Some(id) => rows::load(tx, &job.organization, id)?.map(|(hash, _)| SecretString::from(hash)),
            None => None,
        };
        Ok::<_, Error>((is_open, Found { person, hash }))
    };
    let (is_open, found) = cx.app.store.read(work).await?;
    if !is_open {
        return Err(Denied::Off);
    }
    cx.app.attempts.count(&visit.address, &account(cx, &attempt, found.person.as_deref()).await?)?;
    let prepared = password::prepared(&attempt.password).unwrap_or_else(|_| SecretString::from(""));
    let fits = cx.app.hasher.fits(&prepared, found.hash.clone()).await?;
    let (Some(person), Some(hash), true) = (found.person.clone(), found.hash, fits) else {
        refused(cx, found.person, "password").await?;
        return Err(Denied::Wrong);
    };
    let until = cx.now + STEP_LASTS;
    let step = Step { person, until, proved: false, mark: mark(&hash), directory: None };
    go_on(cx, visit, step, attempt.before).await
}

/// Whose attempts are counted together: this browser's at a person whom it knows, else those at the name that was typed.
async fn account(cx: &Arc<Context>, attempt: &Attempt, person: Option<&str>) -> Result<String> {
    Ok(match known_person(cx, attempt.known.as_deref()).await? {
        Some(known) if Some(known.as_str()) == person => format!("known {known}"),
        _ => attempts::typed(&cx.organization, &attempt.login),
    })
}

/// The person whom a browser knows, by what it keeps.
pub(super) async fn known_person(cx: &Arc<Context>, kept: Option<&str>) -> Result<Option<String>> {
    let Some(kept) = kept else { return Ok(None) };
    let known = seal::unseal(&*seal::key(cx, KEY).await?, KNOWN, kept);
    Ok(known.and_then(|known| known.as_str().map(str::to_owned)))
}

/// What a browser keeps until its person shows a code, whose password a directory took.
pub(super) async fn step_of(cx: &Arc<Context>, person: String, directory: &str) -> Result<String> {
    let until = cx.now + STEP_LASTS;
    let directory = Some(directory.to_owned());
    sealed(cx, &Step { person, until, proved: false, mark: String::new(), directory }).await
}

/// The person whom a login names: whose user name it is, else the only active one whose handle or address it is.
pub(super) fn person_named(tx: &ReadTx<'_>, cx: &Context, login: &str) -> Result<Option<String>> {
    if login.len() > 1_024 {
        return Ok(None);
    }
    if let Some((id, _)) = super::users::holder(tx, cx, login)? {
        return Ok(Some(id));
    }
    let mut found = holders_of(tx, cx, login)?;
    if found.len() > 1 {
        found = active_of(tx, cx, found)?;
    }
    Ok(<[String; 1]>::try_from(found).ok().map(|[id]| id))
}

fn mark(hash: &SecretString) -> String {
    let digest = super::token::digest_of(hash.expose_secret());
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// What somebody shows in the second step.
pub struct Shown {
    /// A code of their app, or one that counts once.
    pub code: String,
    /// What the browser kept from an earlier time, if somebody signed in there before.
    pub known: Option<String>,
    /// The session that the browser has, which ends.
    pub before: Option<String>,
}

/// The second step, where there is one: a code of the person's app, or one that counts once.
pub async fn by_code(
    cx: &Arc<Context>,
    visit: &Visit,
    step: &str,
    Shown { code, known, before }: Shown,
) -> Result<Outcome, Denied> {
    let step = opened(cx, step).await?;
    let is_known = known_person(cx, known.as_deref()).await?.as_ref() == Some(&step.person);
    let whose = if is_known { "known code of" } else { "code of" };
    cx.app.attempts.count(&visit.address, &format!("{whose} {}", step.person))?;
    let (job, wanted) = (cx.clone(), step.clone());
    let work = move |tx: &WriteTx<'_>| second_factors::take(tx, &job, &wanted.person, &code);
    if !cx.app.store.write(work).await? {
        refused(cx, Some(step.person), "code").await?;
        return Err(Denied::WrongCode);
    }
    match step.directory {
        Some(_) => finish(cx, visit, step, None, before).await,
        None => go_on(cx, visit, Step { proved: true, ..step }, before).await,
    }
}

/// The last step, where the password was a temporary one: another.
pub async fn by_new_password(
    cx: &Arc<Context>,
    visit: &Visit,
    step: &str,
    (password, before): (SecretString, Option<String>),
) -> Result<Outcome, Denied> {
    let step = opened(cx, step).await?;
    // a step that asks for a code is none that asks for a password
    if !step.proved || step.directory.is_some() {
        return Err(Denied::Late);
    }
    let (job, id) = (cx.clone(), step.person.clone());
    let known = cx.app.store.read(move |tx| {
        let person = load(tx, &job, Kind::of(job.types.user), &id)?.resource()?;
        let hash = rows::load(tx, &job.organization, &id)?.map(|(hash, _)| SecretString::from(hash));
        Ok::<_, Error>((passwords::names_of(&person), hash))
    });
    let (known, hash) = known.await?;
    if hash.as_ref().map(mark).as_ref() != Some(&step.mark) {
        return Err(Denied::Late);
    }
    let prepared = password::prepared(&password).unwrap_or_else(|_| SecretString::from(""));
    if cx.app.hasher.fits(&prepared, hash).await? {
        let same = crate::org::refusal::Refusal::Invalid(
            "expected another password than the temporary one".to_owned(),
        );
        return Err(NotChosen::from(same).into());
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hash = passwords::chosen(cx, &password, &known).await?;
    finish(cx, visit, step, Some(hash), before).await
}

/// What comes next for somebody whose password was right.
async fn go_on(
    cx: &Arc<Context>,
    visit: &Visit,
    step: Step,
    before: Option<String>,
) -> Result<Outcome, Denied> {
    let (job, id) = (cx.clone(), step.person.clone());
    let work = move |tx: &ReadTx<'_>| {
        let person = load(tx, &job, Kind::of(job.types.user), &id)?.resource()?;
        let own = tenants::load(tx, &job.organization)?.ok_or(Error::NotFound("organization"))?;
        let password = rows::load(tx, &job.organization, &id)?;
        Ok::<_, Error>((Standing::of(&person), own.name, second_factors::has(tx, &job, &id)?, password))
    };
    let (standing, organization, has_second, password) = cx.app.store.read(work).await?;
    let Some((_, stand)) = password.filter(|(hash, _)| mark(&SecretString::from(hash.as_str())) == step.mark)
    else {
        return Err(Denied::Late);
    };
    if has_second && !step.proved {
        return Ok(Outcome::Code(sealed(cx, &step).await?));
    }
    if !standing.active {
        refused(cx, Some(step.person), "deactivated").await?;
        return Err(Denied::Inactive { organization });
    }
    if stand.must_change {
        return Ok(Outcome::NewPassword(sealed(cx, &Step { proved: true, ..step }).await?));
    }
    finish(cx, visit, step, None, before).await
}

/// Begins the session, with another password where one was asked for.
async fn finish(
    cx: &Arc<Context>,
    visit: &Visit,
    step: Step,
    new: Option<SecretString>,
    before: Option<String>,
) -> Result<Outcome, Denied> {
    let token = Token::make()?;
    let known = known_browser(cx, &step.person).await?;
    let (job, visit, cookie, id) = (cx.clone(), visit.clone(), token.secret.clone(), step.person.clone());
    let work = move |tx: &WriteTx<'_>| {
        let person = record_of(tx, &job, Kind::of(job.types.user), &step.person)?.resource()?;
        let standing = Standing::of(&person);
        let settings = job.settings(tx)?;
        if !standing.active || !still_holds(tx, &job, &step)? {
            return Err(Denied::Late);
        }
        if step.directory.is_none() && !settings.password_sign_in {
            return Err(Denied::Off);
        }
        if let Some(hash) = &new {
            // only a temporary password is changed on the way in
            if !rows::load(tx, &job.organization, &step.person)?.is_some_and(|(_, stand)| stand.must_change) {
                return Err(Denied::Late);
            }
            let own = sessions::of_person(&job, &step.person, standing.role);
            own.authorize_change(tx, Action::CredentialChange, About::user(&step.person))?;
            passwords::keep(tx, &own, &step.person, hash)?;
        }
        let session = NewSession {
            person: &step.person,
            way: if step.directory.is_some() { Way::Provider } else { Way::Password },
            elsewhere: step.directory.as_deref().map(|directory| (directory, None)),
            token: &token,
            before: before.as_deref(),
            proved_at: job.now,
        };
        Ok(sessions::start(tx, &job, (&settings, &visit), &session)?)
    };
    let length = cx.app.store.write(work).await?;
    Ok(Outcome::In(Signed { cookie, known, length, person: id }))
}

/// Whether what the first step found is so still: the password is the same, or the directory lets the person in.
fn still_holds(tx: &ReadTx<'_>, cx: &Context, step: &Step) -> Result<bool> {
    let Some(directory) = &step.directory else {
        let stored = rows::load(tx, &cx.organization, &step.person)?;
        return Ok(stored.is_some_and(|(hash, _)| mark(&SecretString::from(hash)) == step.mark));
    };
    let own = identities::of_person(tx, &cx.organization, &step.person)?;
    let is_linked = own.iter().any(|it| it.provider == *directory && it.state == IdentityState::Linked);
    Ok(is_linked && providers::enabled(tx, cx)?.iter().any(|it| it.id == *directory))
}

/// The same person proves again who they are; the session goes on under another cookie.
pub async fn again(
    cx: &Arc<Context>,
    visit: &Visit,
    (password, code): (SecretString, String),
) -> Result<Signed, Denied> {
    let id = cx.actor.id().to_owned();
    cx.app.attempts.count(&visit.address, &format!("again {id}"))?;
    let (job, own) = (cx.clone(), id.clone());
    let work = move |tx: &ReadTx<'_>| {
        let is_open = job.settings(tx)?.password_sign_in;
        Ok::<_, Error>((is_open, rows::load(tx, &job.organization, &own)?))
    };
    let (is_open, found) = cx.app.store.read(work).await?;
    if !is_open {
        return Err(Denied::Off);
    }
    let prepared = password::prepared(&password).unwrap_or_else(|_| SecretString::from(""));
    let hash = found.map(|(hash, _)| SecretString::from(hash));
    if !cx.app.hasher.fits(&prepared, hash).await? {
        refused(cx, Some(id.clone()), "password").await?;
        return Err(Denied::Wrong);
    }
    let token = Token::make()?;
    let (job, cookie) = (cx.clone(), token.secret.clone());
    let work = move |tx: &WriteTx<'_>| {
        let own = job.actor.id();
        if second_factors::has(tx, &job, own)? && !second_factors::take(tx, &job, own, &code)? {
            return Err(Denied::WrongCode);
        }
        sessions::prove(tx, &job, &token)?;
        Ok(session::length(&job.settings(tx)?) / 1_000_000)
    };
    match cx.app.store.write(work).await {
        Ok(length) => Ok(Signed { cookie, known: known_browser(cx, &id).await?, length, person: id }),
        Err(denied @ Denied::WrongCode) => {
            refused(cx, Some(id), "code").await?;
            Err(denied)
        }
        Err(denied) => Err(denied),
    }
}

/// Writes down that somebody was not let in.
async fn refused(cx: &Arc<Context>, person: Option<String>, why: &'static str) -> Result<()> {
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        let detail = json!({"why": why});
        let event = match &person {
            Some(id) => event(EventKind::SignInRefused, job.types.user, id, detail),
            None => Event {
                kind: EventKind::SignInRefused,
                resource_type: "Organization",
                resource: job.organization.clone(),
                detail,
            },
        };
        job.note(tx, &event).map(drop)
    };
    cx.app.store.write(work).await
}

/// What tells a browser from strangers' when the same person signs in there again.
pub(super) async fn known_browser(cx: &Arc<Context>, person: &str) -> Result<String> {
    seal::seal(&*seal::key(cx, KEY).await?, KNOWN, &json!(person))
}

async fn sealed(cx: &Arc<Context>, step: &Step) -> Result<String> {
    seal::seal(&*seal::key(cx, KEY).await?, STEP, &serde_json::to_value(step)?)
}

async fn opened(cx: &Arc<Context>, text: &str) -> Result<Step, Denied> {
    let step = seal::unseal(&*seal::key(cx, KEY).await?, STEP, text);
    let step: Option<Step> = step.and_then(|step| serde_json::from_value(step).ok());
    step.filter(|step| cx.now < step.until).ok_or(Denied::Late)
}
