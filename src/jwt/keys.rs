//! The keys of issuers: OpenID Connect Discovery 1.0 §4, RFC 7517 §5.

use super::{Claimed, Failure, key_of};
use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use url::{Host, Url};

/// How long keys are kept.
const KEPT: Duration = Duration::from_secs(600);
/// How long after keys were asked for they are not asked for again.
const REST: Duration = Duration::from_secs(2);
/// How long an issuer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest document of an issuer, in bytes.
const LONGEST: u64 = 256 * 1024;

/// The keys of issuers, as they were last read.
#[derive(Debug, Default)]
pub struct KeySets(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Kept>>>>);

#[derive(Debug, Default)]
struct Kept {
    keys: Option<Arc<JwkSet>>,
    /// When they were last asked for, whatever came of it.
    asked: Option<Instant>,
}

impl KeySets {
    /// The keys of the issuer that a token names, one of those whom somebody registered. They are read anew when they are
    /// old, and when they lack the key, which is how issuers change theirs. Of many who want them one asks the issuer.
    pub async fn of(&self, claimed: &Claimed) -> Result<Arc<JwkSet>, Failure> {
        let place = self.place(&claimed.issuer);
        let mut kept = place.lock().await;
        let age = kept.asked.map_or(Duration::MAX, |asked| asked.elapsed());
        let has_key = kept.keys.as_ref().is_some_and(|keys| key_of(claimed, keys).is_some());
        if age >= REST && (age >= KEPT || !has_key) {
            kept.asked = Some(Instant::now());
            let issuer = claimed.issuer.clone();
            let read = tokio::task::spawn_blocking(move || read(&issuer)).await;
            match read.unwrap_or_else(|_| Err(Failure::Issuer("reading them broke off".to_owned()))) {
                Ok(keys) => kept.keys = Some(Arc::new(keys)),
                // what is known works while the issuer is away
                Err(_) if has_key => {}
                Err(failure) => return Err(failure),
            }
        }
        kept.keys.clone().ok_or_else(|| Failure::Issuer("they could not be read a moment ago".to_owned()))
    }

    fn place(&self, issuer: &str) -> Arc<tokio::sync::Mutex<Kept>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.entry(issuer.to_owned()).or_default().clone()
    }
}

/// Checks the address of an issuer: `https`, or `http` on this machine; no query and no fragment.
pub fn check_issuer(issuer: &str) -> Result<(), String> {
    let wrong = || "expected an address that begins with https://, without ? and #".to_owned();
    let url = Url::parse(issuer).map_err(|_| wrong())?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    match is_plain && url.password().is_none() && is_safe(&url, is_local(&url)) {
        true => Ok(()),
        false => Err(wrong()),
    }
}

/// Nobody reads along: the way is encrypted, or does not leave this machine.
fn is_safe(url: &Url, may_be_local: bool) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && may_be_local && is_local(url)
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn read(issuer: &str) -> Result<JwkSet, Failure> {
    #[derive(Deserialize)]
    struct Discovered {
        issuer: String,
        jwks_uri: String,
    }
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .max_redirects_will_error(true)
        .build()
        .into();
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let found: Discovered = document(&agent, &address)?;
    if found.issuer != issuer {
        return Err(Failure::Issuer(format!("{address} is about another issuer")));
    }
    let local = Url::parse(issuer).is_ok_and(|url| is_local(&url));
    let keys = Url::parse(&found.jwks_uri).ok().filter(|url| is_safe(url, local));
    let keys = keys.ok_or_else(|| {
        Failure::Issuer("jwks_uri: expected an address that begins with https://".to_owned())
    })?;
    document(&agent, keys.as_str())
}

fn document<T: DeserializeOwned>(agent: &ureq::Agent, address: &str) -> Result<T, Failure> {
    let failed = |why: String| Failure::Issuer(format!("{address}: {why}"));
    let mut response = agent.get(address).call().map_err(|error| failed(error.to_string()))?;
    let body = response.body_mut().with_config().limit(LONGEST).read_to_vec();
    let body = body.map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&body)
        .map_err(|_| failed("expected a document of JSON with issuer, jwks_uri and keys".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_asked_where_nobody_reads_along() {
        for good in [
            "https://id.example",
            "https://id.example/realms/a",
            "http://127.0.0.1:8080",
            "http://localhost:1",
        ] {
            assert_eq!(check_issuer(good), Ok(()), "{good}");
        }
        for bad in [
            "http://id.example",
            "ftp://id.example",
            "id.example",
            "https://id.example/?a",
            "https://a:b@id.example",
            "",
        ] {
            assert!(check_issuer(bad).is_err(), "{bad}");
        }
    }
}
