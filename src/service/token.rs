//! Random texts that let somebody in: handed over once, kept as a digest.

use super::{Error, Result};
use crate::store::DbError;
use aws_lc_rs::{
    digest::{SHA256, digest},
    rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

/// The letters of what people type or write down: 32 of them, none of which looks like another.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// 256 random bits, and what is kept of them.
#[derive(Clone)]
pub(super) struct Token {
    /// What is handed over.
    pub(super) secret: SecretString,
    /// What is kept.
    pub(super) digest: Vec<u8>,
}

impl Token {
    /// One that nobody guesses.
    pub(super) fn make() -> Result<Self> {
        let secret = SecretString::from(URL_SAFE_NO_PAD.encode(bytes::<32>()?));
        Ok(Self { digest: digest_of(secret.expose_secret()), secret })
    }
}

/// What is kept of a token.
pub(super) fn digest_of(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

/// Random bytes.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::Busy(DbError::Busy))?;
    Ok(bytes)
}

/// 5 random bits a letter, in groups of four with hyphens between them.
pub(super) fn letters<const N: usize>() -> Result<SecretString> {
    let bytes = bytes::<N>()?;
    let letters = bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    let letters: Vec<char> = letters.map(|letter| char::from(*letter)).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(SecretString::from(groups.join("-")))
}
