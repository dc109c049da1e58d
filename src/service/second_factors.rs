//! A second factor: codes that an app makes from the time (RFC 6238), and codes on paper that count once.

use super::{
    Context, Error, Result,
    authorization::About,
    event, load, record_of, seal,
    token::{bytes, digest_of, letters},
};
use crate::{
    org::{authority::Action, event::EventKind, refusal::Refusal},
    store::{DbError, ReadTx, WriteTx, records::Kind, second_factors as rows},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::sync::Arc;
use totp_rs::{Builder, Totp};

/// The name of the key that a secret is sealed with while it waits for its first code.
const KEY: &str = "second-factor";
/// How long that may be, in microseconds: half an hour.
const WAITS: i64 = 1_800_000_000;
/// How many recovery codes somebody has.
const CODES: usize = 10;

/// Whether somebody has a second factor.
pub(super) fn has(tx: &ReadTx<'_>, cx: &Context, person: &str) -> Result<bool> {
    Ok(rows::load(tx, (&cx.organization, person))?.is_some())
}

/// What is known of one's own second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Whether there is one.
    pub is_on: bool,
    /// How many recovery codes are left.
    pub codes_left: i64,
}

/// How it stands with the second factor of who asks.
pub async fn state(cx: &Arc<Context>) -> Result<State> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let place = (job.organization.as_str(), job.actor.id());
        Ok::<_, Error>(State {
            is_on: rows::load(tx, place)?.is_some(),
            codes_left: rows::count_codes(tx, place)?,
        })
    };
    cx.app.store.read(work).await
}

/// A second factor that waits for its first code; nothing is kept of it until then.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// What an app reads, as a URI.
    pub uri: SecretString,
    /// The same for those who type it.
    pub secret: SecretString,
    /// What is handed back with the first code.
    pub sealed: String,
}

/// Makes a secret for the app of who asks.
pub async fn begin(cx: &Arc<Context>) -> Result<Enrolment> {
    let job = cx.clone();
    let names = cx.app.store.read(move |tx| {
        let person = load(tx, &job, Kind::of(job.types.user), job.actor.id())?.resource()?;
        let own = crate::store::organizations::load(tx, &job.organization)?;
        let own = own.ok_or(Error::NotFound("organization"))?;
        Ok::<_, Error>((own.name, person.text("userName").unwrap_or_default().to_owned()))
    });
    let (organization, name) = names.await?;
    let secret = bytes::<20>()?;
    // a colon parts the two in the URI
    let plain = |text: String| text.replace(':', " ");
    let totp = builder(&secret).with_issuer(Some(plain(organization))).with_account_name(plain(name)).build();
    let totp = totp.map_err(|_| Error::Busy(DbError::Busy))?;
    let waiting = json!({
        "person": cx.actor.id(), "secret": BASE64.encode(secret), "until": cx.now + WAITS,
    });
    Ok(Enrolment {
        uri: SecretString::from(totp.to_url().map_err(|_| Error::Busy(DbError::Busy))?),
        secret: SecretString::from(totp.secret().to_base32()),
        sealed: seal::seal(&*seal::key(cx, KEY).await?, KEY, &waiting)?,
    })
}

/// Keeps a second factor whose app shows the right code, in place of the one before. The recovery codes, shown this once.
pub async fn confirm(cx: &Arc<Context>, sealed: &str, code: &str) -> Result<Vec<SecretString>> {
    let late = || Refusal::Invalid("it took too long; begin again".to_owned());
    let waiting = seal::unseal(&*seal::key(cx, KEY).await?, KEY, sealed).ok_or_else(late)?;
    let text = |name: &str| waiting.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let is_in_time =
        waiting.get("until").and_then(serde_json::Value::as_i64).is_some_and(|until| cx.now < until);
    if text("person") != cx.actor.id() || !is_in_time {
        return Err(late().into());
    }
    let secret = BASE64.decode(text("secret")).map_err(|_| late())?;
    let step = step_of(&secret, code, cx.now)?.ok_or_else(|| {
        Refusal::Invalid(
            "this is not the code that the app shows now; does the clock of its device go right?".to_owned(),
        )
    })?;
    let codes = codes()?;
    let digests = digests(&codes);
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        let own = job.actor.id();
        job.authorize_change(tx, Action::CredentialChange, About::user(own))?;
        let place = (job.organization.as_str(), own);
        rows::insert(tx, place, &secret, (job.now, step))?;
        rows::set_codes(tx, place, &digests)?;
        job.record(tx, &event(EventKind::SecondFactorAdded, job.types.user, own, json!({})))
    };
    cx.app.store.write(work).await?;
    Ok(codes)
}

/// Makes other recovery codes for who asks; those before count no more.
pub async fn new_codes(cx: &Arc<Context>) -> Result<Vec<SecretString>> {
    let codes = codes()?;
    let digests = digests(&codes);
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        let own = job.actor.id();
        job.authorize_change(tx, Action::CredentialChange, About::user(own))?;
        if !has(tx, &job, own)? {
            return Err(Error::NotFound("second factor"));
        }
        rows::set_codes(tx, (&job.organization, own), &digests)?;
        job.record(tx, &event(EventKind::RecoveryCodesMade, job.types.user, own, json!({})))
    };
    cx.app.store.write(work).await?;
    Ok(codes)
}

/// Takes a person's second factor away: one's own, or that of somebody who lost it.
pub async fn remove(cx: &Arc<Context>, person: &str) -> Result<()> {
    let (job, person) = (cx.clone(), person.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        let action = match job.actor.id() == person {
            true => Action::CredentialChange,
            false => Action::SecondFactorReset,
        };
        job.authorize_change(tx, action, About::user(&person))?;
        record_of(tx, &job, Kind::of(job.types.user), &person)?;
        if !rows::remove(tx, (&job.organization, &person))? {
            return Err(Error::NotFound("second factor"));
        }
        job.record(tx, &event(EventKind::SecondFactorRemoved, job.types.user, &person, json!({})))
    };
    cx.app.store.write(work).await
}

/// Whether a code of somebody's app, or one on paper, counts; it counts once.
pub(super) fn take(tx: &WriteTx<'_>, cx: &Context, person: &str, code: &str) -> Result<bool> {
    let place = (cx.organization.as_str(), person);
    let Some((secret, _)) = rows::load(tx, place)? else { return Ok(false) };
    let plain: String = code.chars().filter(|letter| !letter.is_whitespace()).take(64).collect();
    if let Some(step) = step_of(&secret, &plain, cx.now)? {
        return Ok(rows::advance(tx, place, step)?);
    }
    if !rows::use_code(tx, place, &digest_of(&plain.to_ascii_lowercase()))? {
        return Ok(false);
    }
    let detail = json!({"left": rows::count_codes(tx, place)?});
    cx.record(tx, &event(EventKind::RecoveryCodeUsed, cx.types.user, person, detail))?;
    Ok(true)
}

/// The half minute whose code this is: the present one, or one beside it.
fn step_of(secret: &[u8], code: &str, now: i64) -> Result<Option<i64>> {
    let totp: Totp = builder(secret).build().map_err(|_| Error::Busy(DbError::Busy))?;
    let step = totp.check(code.trim(), u64::try_from(now / 1_000_000).unwrap_or(0));
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// Six digits every 30 seconds by SHA-1, which is what apps make of it whatever a URI says.
fn builder(secret: &[u8]) -> Builder {
    Builder::new().with_secret(secret)
}

fn codes() -> Result<Vec<SecretString>> {
    (0..CODES).map(|_| letters::<16>()).collect()
}

fn digests(codes: &[SecretString]) -> Vec<Vec<u8>> {
    codes.iter().map(|code| digest_of(code.expose_secret())).collect()
}
