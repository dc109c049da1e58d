//! The first look at a server: whether it is one that can be asked.

use std::error::Error;
use std::fmt;
use std::sync::atomic::Ordering;

use serde_json::Value;
use ureq::http;

use super::server::{Incoming, Server, Target};
use super::stop::Stop;

/// A server that cannot be asked, and why, in a sentence.
#[derive(Debug)]
pub struct Unusable {
    url: String,
    reason: String,
    /// Whether it is whoever gave the URL who is wrong, and nobody was asked.
    pub is_wrong_url: bool,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use {}: {}", self.url, self.reason)
    }
}

impl Error for Unusable {}

impl<'s> Server<'s> {
    /// Asks a server for what every SCIM server has.
    ///
    /// # Errors
    /// Why it is none that can be asked: a wrong URL, nobody there, no answer in time, a redirect, a refused token,
    /// an answer that is no SCIM.
    pub(crate) fn reach(target: &Target, stop: &'s Stop) -> Result<Server<'s>, Unusable> {
        let base = target.url.trim_end_matches('/');
        let wrong =
            |reason: &str| Unusable { url: base.to_owned(), reason: reason.to_owned(), is_wrong_url: true };
        let uri: http::Uri = base.parse().map_err(|e| wrong(&format!("the URL cannot be read: {e}")))?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(wrong("expected a URL that begins with http:// or https://"));
        };
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(wrong("expected a URL without a user name and without a query"));
        }
        let server = Server::new(target, stop, base, &format!("{scheme}://{authority}"), authority.host());
        server.look().map_err(|reason| server.unusable(&reason))?;
        Ok(server)
    }

    /// A server that does not announce its features may still have users.
    fn look(&self) -> Result<(), String> {
        let config = self.send(&self.request("GET", self.url("/ServiceProviderConfig")))?;
        if config.status != 404 {
            return judged(&config);
        }
        let users = self.send(&self.request("GET", self.url("/Users?count=1")))?;
        if users.status == 404 {
            return Err("no SCIM is served there (404); a base URL often ends in /scim/v2".to_owned());
        }
        judged(&users)
    }

    /// Why the server is of no further use: it has stopped answering.
    pub(crate) fn gone(&self) -> Option<Unusable> {
        let (n, since) = *self.silence();
        let told = format!(
            "it stopped answering; {n} requests in a row in {} s got no answer",
            since.elapsed().as_secs()
        );
        self.is_gone.load(Ordering::Relaxed).then(|| self.unusable(&told))
    }

    /// Why the server is not used.
    pub(crate) fn unusable(&self, reason: &str) -> Unusable {
        Unusable { url: self.base.clone(), reason: self.redaction.of_value(reason), is_wrong_url: false }
    }
}

/// Why an answer is not that of a SCIM server, if so.
fn judged(answer: &Incoming) -> Result<(), String> {
    let media_type = answer.header("Content-Type").unwrap_or_else(|| "no media type".to_owned());
    match answer.status {
        401 | 403 => Err(format!("it refuses the token ({})", answer.status)),
        300..=399 => Err(match answer.header("Location") {
            Some(to) => {
                format!("it redirects to {to}; redirects are not followed, give the URL it should be")
            }
            None => format!("it redirects ({}) to nowhere; redirects are not followed", answer.status),
        }),
        _ if answer.json.as_ref().is_some_and(Value::is_object) => Ok(()),
        status => {
            Err(format!("what answers there is not SCIM: {status} with {media_type}, expected a JSON object"))
        }
    }
}
