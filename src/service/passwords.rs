//! Passwords of people who sign in here. Only a hash is kept.

use super::{
    App, Context, Error, Result, Visit,
    attempts::{self, TooMany},
    authorization::About,
    event, load, mails, record_of, sessions,
    token::{Token, bytes, digest_of, letters},
};
use crate::{
    org::{
        actor::Actor,
        authority::Action,
        connection::Deed,
        event::EventKind,
        password::{self, Unfit},
        refusal::Refusal,
        role::OrganizationRole,
        standing::{self, Source, Standing},
    },
    scim::Resource,
    store::{
        DbError, ReadTx, WriteTx,
        links::{self, Link},
        passwords,
        records::Kind,
        users,
    },
};
use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Makes and checks hashes: as many at a time as there are processors, for each of them keeps one busy.
#[derive(Debug)]
pub struct Hasher(Arc<Semaphore>);

impl Default for Hasher {
    fn default() -> Self {
        let n = std::thread::available_parallelism().map_or(2, usize::from);
        Self(Arc::new(Semaphore::new(n)))
    }
}

/// How long a password waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// The hash of a password that nobody has, so that it takes as long to find that somebody does not exist.
static NOBODY: LazyLock<Option<SecretString>> =
    LazyLock::new(|| hashed(&SecretString::from("a password that nobody has")).ok());

impl Hasher {
    /// The hash of a prepared password.
    pub(super) async fn hash(&self, password: &SecretString) -> Result<SecretString> {
        let password = password.clone();
        self.turn(move || hashed(&password)).await?
    }

    /// Whether a prepared password is the one that somebody has. It takes as long where there is none.
    pub(super) async fn fits(&self, password: &SecretString, hash: Option<SecretString>) -> Result<bool> {
        let password = password.clone();
        let fits = move || {
            let is_somebody = hash.is_some();
            let hash = hash.or_else(|| NOBODY.clone()).unwrap_or_default();
            let Ok(hash) = PasswordHash::new(hash.expose_secret()) else { return false };
            let plain = password.expose_secret().as_bytes();
            Argon2::default().verify_password(plain, &hash).is_ok() && is_somebody
        };
        self.turn(fits).await
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let busy = || Error::Busy(DbError::Busy);
        let turn = tokio::time::timeout(PATIENCE, self.0.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(move || (work(), turn)).await;
        done.map(|(made, _)| made).map_err(|_| busy())
    }
}

/// Argon2id with the crate's parameters, which are those OWASP asks for, in the form that names them beside the hash.
fn hashed(password: &SecretString) -> Result<SecretString> {
    let unavailable = || Error::Busy(DbError::Busy);
    let salt = SaltString::encode_b64(&bytes::<16>()?).map_err(|_| unavailable())?;
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes(), &salt);
    Ok(SecretString::from(hash.map_err(|_| unavailable())?.to_string()))
}

/// Why a password was not chosen.
#[derive(Debug, thiserror::Error)]
pub enum NotChosen {
    /// It is no password that anybody should have.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Another reason.
    #[error(transparent)]
    Service(#[from] Error),
}

impl From<DbError> for NotChosen {
    fn from(error: DbError) -> Self {
        Self::Service(error.into())
    }
}

impl From<Refusal> for NotChosen {
    fn from(refusal: Refusal) -> Self {
        Self::Unfit(refusal.into())
    }
}

/// The hash of a password that somebody with these names chooses, unless it is too easy to guess.
pub(super) async fn chosen(
    cx: &Context,
    password: &SecretString,
    known: &[&str],
) -> Result<SecretString, NotChosen> {
    let password = password::prepared(password)?;
    password::check(&password, known)?;
    Ok(cx.app.hasher.hash(&password).await?)
}

/// What others know of a person, and guess first.
pub(super) fn names_of(person: &Resource) -> Vec<String> {
    let texts = ["userName", "displayName", "nickName"].into_iter().filter_map(|name| person.text(name));
    texts.map(str::to_owned).chain(super::people::emails(person)).collect()
}

/// Gives somebody a temporary password, which is handed back this once and must be changed at sign-in. What the person
/// had before ends to work, and so do their sessions; keys go on, for they were never the password.
pub async fn reset(cx: &Arc<Context>, id: &str) -> Result<SecretString> {
    let password = letters::<20>()?;
    let hash = cx.app.hasher.hash(&password).await?;
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::PasswordReset, About::user(&id))?;
        record_of(tx, &job, Kind::of(job.types.user), &id)?;
        let stand = passwords::Stand { changed_at: job.now, must_change: true };
        passwords::set(tx, (&job.organization, &id), hash.expose_secret(), stand)?;
        links::forget_of(tx, &job.organization, RESET, &id)?;
        let sessions = sessions::end_all(tx, &job, &id, None)?;
        let detail = json!({"sessionsEnded": sessions});
        job.record(tx, &event(EventKind::PasswordReset, job.types.user, &id, detail))
    };
    cx.app.store.write(work).await?;
    Ok(password)
}

/// Keeps the hash of a password that a person chose, and ends the sessions that began before, but for the one that asks.
pub(super) fn keep(tx: &WriteTx<'_>, cx: &Context, id: &str, hash: &SecretString) -> Result<()> {
    let stand = passwords::Stand { changed_at: cx.now, must_change: false };
    passwords::set(tx, (&cx.organization, id), hash.expose_secret(), stand)?;
    links::forget_of(tx, &cx.organization, RESET, id)?;
    let own = Some(cx.credential.as_str()).filter(|_| cx.authenticated_at.is_some());
    let sessions = sessions::end_all(tx, cx, id, own)?;
    let detail = json!({"sessionsEnded": sessions});
    cx.record(tx, &event(EventKind::PasswordChanged, cx.types.user, id, detail))
}

/// Whether a password of who asks is kept here.
pub async fn has_own(cx: &Arc<Context>) -> Result<bool> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        Ok::<_, Error>(passwords::load(tx, &job.organization, job.actor.id())?.is_some())
    };
    cx.app.store.read(work).await
}

/// Puts a password that the person who is signed in chose in place of the one before.
pub async fn choose(cx: &Arc<Context>, password: SecretString) -> Result<(), NotChosen> {
    let own = cx.actor.id().to_owned();
    let (job, id) = (cx.clone(), own.clone());
    let known = cx.app.store.read(move |tx| {
        Ok::<_, Error>(names_of(&load(tx, &job, Kind::of(job.types.user), &id)?.resource()?))
    });
    let known = known.await?;
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hash = chosen(cx, &password, &known).await?;
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        let settings = job.authorize_change(tx, Action::CredentialChange, About::user(&own))?;
        check_open(settings.password_sign_in)?;
        keep(tx, &job, &own, &hash)
    };
    Ok(cx.app.store.write(work).await?)
}

/// Keeps a password that a connection provisions for one of its people, where people sign in with passwords. One that cannot
/// be a password, and the one that is kept already, change nothing; nobody is told which of them it was.
///
/// A connection signs in as nobody else: only for people whom it made, and none who became an admin.
pub(super) async fn provisioned(cx: &Arc<Context>, id: &str, password: Option<SecretString>) -> Result<()> {
    // with a key it would be a person, or a machine, that signs in as another
    let (Some(password), Some(_)) = (password, cx.actor.connection()) else { return Ok(()) };
    let Ok(password) = password::prepared(&password) else { return Ok(()) };
    let (job, person) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let is_open = job.settings(tx)?.password_sign_in && is_own(tx, &job, &person)?;
        Ok::<_, Error>((is_open, passwords::load(tx, &job.organization, &person)?))
    };
    let (is_open, before) = cx.app.store.read(work).await?;
    let before = before.map(|(hash, _)| SecretString::from(hash));
    if !is_open || before.is_some() && cx.app.hasher.fits(&password, before.clone()).await? {
        return Ok(());
    }
    // the first comes with the person, another is a change of them
    cx.allow(if before.is_some() { Deed::Update } else { Deed::Create })?;
    let hash = cx.app.hasher.hash(&password).await?;
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        record_of(tx, &job, Kind::of(job.types.user), &id)?;
        if is_own(tx, &job, &id)? { keep(tx, &job, &id, &hash) } else { Ok(()) }
    };
    cx.transact(work).await
}

/// Whether the connection that asks made a person, who is no admin.
fn is_own(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<bool> {
    let person = load(tx, cx, Kind::of(cx.types.user), id)?.resource()?;
    let owner = users::provisioner(tx, &cx.organization, id)?;
    Ok(owner.as_deref() == cx.actor.connection()
        && standing::source(&person) == Source::Scim
        && Standing::of(&person).role != OrganizationRole::Admin)
}

/// Whether people sign in with passwords at all.
pub(super) fn check_open(password_sign_in: bool) -> Result<()> {
    match password_sign_in {
        true => Ok(()),
        false => {
            let sentence =
                "sign-in by password is switched off in this organization (the setting `passwordSignIn`)";
            Err(Refusal::Forbidden(sentence.to_owned()).into())
        }
    }
}

/// The kind of link that lets somebody choose another password.
const RESET: &str = "password";
/// How long such a link works, in microseconds: an hour.
const LINK_WORKS: i64 = 3_600 * 1_000_000;

/// Counts a wish for a letter as an attempt to sign in.
pub fn check_asking(cx: &Context, visit: &Visit, login: &str) -> Result<(), TooMany> {
    cx.app.attempts.count(&visit.address, &format!("letter to {}", attempts::typed(&cx.organization, login)))
}

/// Writes to somebody who forgot their password, if there is such a person. Whoever asks does not learn whether there is, nor
/// from how long it takes: ask it where nobody waits for the answer.
pub async fn forgotten(cx: &Arc<Context>, login: &str) -> Result<()> {
    let (job, login) = (cx.clone(), login.to_owned());
    let found = cx.app.store.read(move |tx| super::sign_in::person_named(tx, &job, &login)).await?;
    let Some(id) = found.filter(|id| cx.app.attempts.may_write_to(id)) else { return Ok(()) };
    let (job, token) = (cx.clone(), Token::make()?);
    let work = move |tx: &WriteTx<'_>| {
        let person = load(tx, &job, Kind::of(job.types.user), &id)?.resource()?;
        if !Standing::of(&person).active || !job.settings(tx)?.password_sign_in || !may_reset(tx, &job, &id)?
        {
            return Ok(());
        }
        // those before go on to work, so that nobody makes somebody else's letter useless by asking for another
        let link = Link {
            organization: job.organization.clone(),
            kind: RESET.to_owned(),
            person: id.clone(),
            expires_at: job.now + LINK_WORKS,
        };
        links::insert(tx, &token.digest, &link)?;
        let url = format!("{}/reset-password/{}", job.app.public_url, token.secret.expose_secret());
        mails::password(tx, &job, (&id, &person), (&url, link.expires_at))
    };
    cx.app.store.write(work).await
}

/// Whether a letter may give somebody a password: who always came from elsewhere goes on to do so.
fn may_reset(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<bool> {
    let has_password = passwords::load(tx, &cx.organization, id)?.is_some();
    Ok(has_password || !crate::store::identities::any_of(tx, &cx.organization, id)?)
}

/// The organization of a link, and the name of the person whose password it lets somebody choose; [`Error::NotFound`] where it
/// does not work, or works no more.
pub async fn at_link(app: &Arc<App>, visit: &Visit, token: &str) -> Result<(Arc<Context>, String)> {
    let digest = digest_of(token);
    let wanted = digest.clone();
    let found = app.store.read(move |tx| Ok::<_, Error>(links::by_digest(tx, &wanted)?)).await?;
    let organization = found.ok_or(Error::NotFound("link"))?.organization;
    let cx = Context::of_visit(app, organization, visit).await?;
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let link = working(tx, &job, &digest)?;
        let person = load(tx, &job, Kind::of(job.types.user), &link.person)?.resource()?;
        Ok::<_, Error>(person.text("userName").unwrap_or_default().to_owned())
    };
    let name = app.store.read(work).await?;
    Ok((cx, name))
}

fn working(tx: &ReadTx<'_>, cx: &Context, digest: &[u8]) -> Result<Link> {
    let link = links::by_digest(tx, digest)?.filter(|link| {
        link.organization == cx.organization && link.kind == RESET && cx.now < link.expires_at
    });
    link.ok_or(Error::NotFound("link"))
}

/// Chooses a password by a link, once. The person signs in with it afterwards, with their second factor if they have one.
pub async fn choose_by_link(cx: &Arc<Context>, token: &str, password: SecretString) -> Result<(), NotChosen> {
    let (job, digest) = (cx.clone(), digest_of(token));
    let wanted = digest.clone();
    let known = cx.app.store.read(move |tx| {
        let link = working(tx, &job, &wanted)?;
        Ok::<_, Error>(names_of(&load(tx, &job, Kind::of(job.types.user), &link.person)?.resource()?))
    });
    let known = known.await?;
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hash = chosen(cx, &password, &known).await?;
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        let link = working(tx, &job, &digest)?;
        let person = record_of(tx, &job, Kind::of(job.types.user), &link.person)?.resource()?;
        check_open(job.settings(tx)?.password_sign_in)?;
        // one of two who use it at once
        if !links::use_up(tx, &digest)? || !Standing::of(&person).active {
            return Err(Error::NotFound("link"));
        }
        // whoever has the link has the person's mail, and acts as they do
        let actor = Actor::Person { id: link.person.clone(), role: Standing::of(&person).role };
        let cx = Context { actor, ..(*job).clone() };
        cx.authorize_change(tx, Action::CredentialChange, About::user(&link.person))?;
        keep(tx, &cx, &link.person, &hash)
    };
    Ok(cx.app.store.write(work).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_password_is_random_and_its_hash_is_of_it_alone() {
        let (one, other) = (letters::<20>().unwrap(), letters::<20>().unwrap());
        let hash = hashed(&one).unwrap();

        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(one.expose_secret().len(), 24);
        assert!(hash.expose_secret().starts_with("$argon2id$v=19$"));
        let hash = PasswordHash::new(hash.expose_secret()).unwrap();
        let fits = |password: &SecretString| {
            Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
        };
        assert!(fits(&one) && !fits(&other));
    }
}
