//! What only this organization can read again: handed to a client that hands it back, so that the server remembers nothing.

use super::{Context, Error, Result};
use crate::store::{DbError, keys};
use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    rand,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Keys by organization and name, once they were read.
#[derive(Default)]
pub struct Keys(Mutex<HashMap<(String, &'static str), Arc<RandomizedNonceKey>>>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

/// The organization's key of that name, made when it is first needed.
pub(super) async fn key(cx: &Arc<Context>, name: &'static str) -> Result<Arc<RandomizedNonceKey>> {
    let keys = || cx.app.keys.0.lock().unwrap_or_else(PoisonError::into_inner);
    let place = (cx.organization.clone(), name);
    if let Some(known) = keys().get(&place).cloned() {
        return Ok(known);
    }
    let job = cx.clone();
    let found = cx.app.store.read(move |tx| Ok::<_, Error>(keys::load(tx, &job.organization, name)?)).await?;
    let secret = match found {
        Some(secret) => secret,
        None => {
            let mut secret = [0; 32];
            rand::fill(&mut secret).map_err(|_| Error::Busy(DbError::Busy))?;
            let job = cx.clone();
            let kept = cx.app.store.write(move |tx| {
                keys::insert(tx, &job.organization, name, &secret)?;
                // another process may have been faster
                Ok::<_, Error>(keys::load(tx, &job.organization, name)?)
            });
            kept.await?.ok_or(Error::Busy(DbError::Busy))?
        }
    };
    let unusable = |_| Error::Store(DbError::Corrupt(format!("the key of {name} has another length")));
    let key = Arc::new(RandomizedNonceKey::new(&AES_256_GCM, &secret).map_err(unusable)?);
    keys().insert(place, key.clone());
    Ok(key)
}

/// Makes a text of `plain` that only `key` and the same `bond` open again.
pub fn seal(key: &RandomizedNonceKey, bond: &str, plain: &Value) -> Result<String> {
    let mut body = plain.to_string().into_bytes();
    let nonce = key.seal_in_place_append_tag(Aad::from(bond.as_bytes()), &mut body);
    let nonce = nonce.map_err(|_| Error::Busy(DbError::Busy))?;
    let sealed = [nonce.as_ref().as_slice(), &body].concat();
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// What [`seal`] was given, or nothing for every other text.
pub fn unseal(key: &RandomizedNonceKey, bond: &str, text: &str) -> Option<Value> {
    let mut sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let nonce_len = AES_256_GCM.nonce_len();
    if sealed.len() < nonce_len {
        return None;
    }
    let mut body = sealed.split_off(nonce_len);
    let nonce = Nonce::try_assume_unique_for_key(&sealed).ok()?;
    let plain = key.open_in_place(nonce, Aad::from(bond.as_bytes()), &mut body).ok()?;
    serde_json::from_slice(plain).ok()
}
