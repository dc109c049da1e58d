//! Passwords of people who sign in here. Only a hash is kept.

use super::{Context, Error, Result, authorization::About, event, record_of};
use crate::{
    org::{authority::Action, event::EventKind},
    store::{DbError, WriteTx, passwords, records::Kind},
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, SaltString},
};
use aws_lc_rs::rand;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::sync::Arc;

/// The letters of a temporary password: 32 of them, none of which looks like another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Gives somebody a temporary password, which is handed back this once and must be changed at sign-in. What the person
/// had before ends to work; keys go on, for they were never the password.
pub async fn reset(cx: &Arc<Context>, id: &str) -> Result<SecretString> {
    let password = temporary()?;
    let hash = hashed(&password)?;
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::PasswordReset, About::user(&id))?;
        record_of(tx, &job, Kind::of(job.types.user), &id)?;
        let place = (job.organization.as_str(), id.as_str());
        passwords::set(
            tx,
            place,
            hash.expose_secret(),
            passwords::Stand { changed_at: job.now, must_change: true },
        )?;
        job.record(tx, &event(EventKind::PasswordReset, job.types.user, &id, json!({})))
    };
    cx.app.store.write(work).await?;
    Ok(password)
}

/// 100 random bits in five groups of four letters.
fn temporary() -> Result<SecretString> {
    let mut bytes = [0; 20];
    rand::fill(&mut bytes).map_err(|_| Error::Busy(DbError::Busy))?;
    let letters =
        bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32))).map(|letter| char::from(*letter));
    let letters: Vec<char> = letters.collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(SecretString::from(groups.join("-")))
}

/// Argon2id with the crate's parameters, which are those OWASP asks for, in the form that names them beside the hash.
fn hashed(password: &SecretString) -> Result<SecretString> {
    let unavailable = || Error::Busy(DbError::Busy);
    let mut salt = [0; 16];
    rand::fill(&mut salt).map_err(|_| unavailable())?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| unavailable())?;
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes(), &salt);
    Ok(SecretString::from(hash.map_err(|_| unavailable())?.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::password_hash::{PasswordHash, PasswordVerifier};

    #[test]
    fn a_temporary_password_is_random_and_its_hash_is_of_it_alone() {
        let (one, other) = (temporary().unwrap(), temporary().unwrap());
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
