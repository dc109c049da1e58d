//! What issuers say of themselves, and their keys: OpenID Connect Discovery 1.0 §4, RFC 7517 §5.

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
pub const REST: Duration = Duration::from_secs(2);
/// How long an issuer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest document of an issuer, in bytes.
const LONGEST: u64 = 256 * 1024;

/// What issuers say, as it was last read.
#[derive(Debug, Default)]
pub struct KeySets(Mutex<HashMap<String, Arc<tokio::sync::Mutex<Kept>>>>);

#[derive(Debug, Default)]
struct Kept {
    documents: Option<Arc<Documents>>,
    /// When they were last asked for, whatever came of it.
    asked: Option<Instant>,
}

/// What an issuer says of itself, and its keys.
#[derive(Debug, Clone)]
pub struct Documents {
    /// Where its endpoints are.
    pub metadata: Metadata,
    /// Its keys.
    pub keys: JwkSet,
}

/// Where an issuer's endpoints are, and what they can do (OpenID Connect Discovery 1.0 §3).
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    /// The issuer itself.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Where browsers are sent to sign in.
    pub authorization_endpoint: Option<String>,
    /// Where a code becomes a token.
    pub token_endpoint: Option<String>,
    /// Where more is told of whom a token is about.
    pub userinfo_endpoint: Option<String>,
    /// Where browsers are sent to sign out.
    pub end_session_endpoint: Option<String>,
    /// How clients show at the token endpoint who they are.
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Whether its answers to browsers say whose they are (RFC 9207).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl KeySets {
    /// The keys of the issuer that a token names, one of those whom somebody registered. They are read anew when they are
    /// old, and when they lack the key, which is how issuers change theirs. Of many who want them one asks the issuer.
    pub async fn of(&self, claimed: &Claimed) -> Result<Arc<Documents>, Failure> {
        self.read(&claimed.issuer, |documents| key_of(claimed, &documents.keys).is_some()).await
    }

    /// What an issuer says of itself.
    pub async fn about(&self, issuer: &str) -> Result<Arc<Documents>, Failure> {
        self.read(issuer, |_| true).await
    }

    async fn read(
        &self,
        issuer: &str,
        is_enough: impl Fn(&Documents) -> bool,
    ) -> Result<Arc<Documents>, Failure> {
        let place = self.place(issuer);
        let mut kept = place.lock().await;
        let age = kept.asked.map_or(Duration::MAX, |asked| asked.elapsed());
        let is_known = kept.documents.as_ref().is_some_and(|documents| is_enough(documents));
        if age >= REST && (age >= KEPT || !is_known) {
            kept.asked = Some(Instant::now());
            let issuer = issuer.to_owned();
            let read = tokio::task::spawn_blocking(move || read(&issuer)).await;
            match read.unwrap_or_else(|_| Err(Failure::Issuer("reading them broke off".to_owned()))) {
                Ok(documents) => kept.documents = Some(Arc::new(documents)),
                // what is known works while the issuer is away
                Err(_) if is_known => {}
                Err(failure) => return Err(failure),
            }
        }
        kept.documents
            .clone()
            .ok_or_else(|| Failure::Issuer("they could not be read a moment ago".to_owned()))
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

/// An endpoint that an issuer names, where nobody reads along: the way is encrypted, or neither it nor the issuer's own leaves
/// this machine.
pub fn endpoint(issuer: &str, address: &str) -> Option<Url> {
    let local = Url::parse(issuer).is_ok_and(|url| is_local(&url));
    Url::parse(address).ok().filter(|url| is_safe(url, local))
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

/// Who asks issuers: not for long, and never elsewhere than where they are.
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        .max_redirects_will_error(true)
        .http_status_as_error(false)
        .build()
        .into()
}

/// The document in an answer, which is not a long one.
pub fn answered<T: DeserializeOwned>(
    response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<(u16, Option<T>), String> {
    let mut response = response.map_err(|error| error.to_string())?;
    let body = response.body_mut().with_config().limit(LONGEST).read_to_vec();
    let body = body.map_err(|error| error.to_string())?;
    Ok((response.status().as_u16(), serde_json::from_slice(&body).ok()))
}

fn read(issuer: &str) -> Result<Documents, Failure> {
    let agent = agent();
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let metadata: Metadata = document(&agent, &address)?;
    if metadata.issuer != issuer {
        return Err(Failure::Issuer(format!("{address} is about another issuer")));
    }
    let keys = endpoint(issuer, &metadata.jwks_uri).ok_or_else(|| {
        Failure::Issuer("jwks_uri: expected an address that begins with https://".to_owned())
    })?;
    Ok(Documents { keys: document(&agent, keys.as_str())?, metadata })
}

fn document<T: DeserializeOwned>(agent: &ureq::Agent, address: &str) -> Result<T, Failure> {
    let failed = |why: String| Failure::Issuer(format!("{address}: {why}"));
    match answered(agent.get(address).call()).map_err(failed)? {
        (200, Some(document)) => Ok(document),
        (200, None) => Err(failed("expected a document of JSON with issuer, jwks_uri and keys".to_owned())),
        (status, _) => Err(failed(format!("expected status 200, found {status}"))),
    }
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
        assert!(endpoint("https://id.example", "http://127.0.0.1/keys").is_none());
        assert!(endpoint("http://127.0.0.1:1", "http://127.0.0.1:2/keys").is_some());
    }
}
