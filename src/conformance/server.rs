//! The server under test: how it is reached, and one request and its answer as octets.

use std::error::Error;
use std::fmt;
use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use ureq::http;

use super::Profile;
use super::report::Redaction;
use super::template::url_fixed;

/// The largest answer that is read, in octets, unpacked.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The server under test.
pub struct Target {
    /// Its SCIM base URL, such as `https://scim.example.com/scim/v2`.
    pub url: String,
    /// The bearer token to send.
    pub token: String,
    /// What the server promises of that token.
    pub profile: Profile,
    /// The longest a request may take, its answer included.
    pub timeout: Duration,
}

/// The server could not be asked at all.
#[derive(Debug)]
pub struct Unreachable {
    url: String,
    reason: String,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot reach {}: {}", self.url, self.reason)
    }
}

impl Error for Unreachable {}

/// A request ready to go out.
pub(super) struct Outgoing {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
}

/// What came back.
pub(super) struct Incoming {
    pub(super) status: u16,
    /// The body, unpacked.
    pub(super) body: Vec<u8>,
    /// The body read as JSON; None when it is none.
    pub(super) json: Option<Value>,
    /// How long it took, in milliseconds.
    pub(super) ms: u64,
    headers: http::HeaderMap,
}

impl Incoming {
    /// A header by name; several of the same name are joined by a comma and a blank.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let values = self.headers.get_all(name).iter();
        let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }
}

/// A server that has answered once, and the connections to it.
pub(super) struct Server {
    /// The base URL without a slash at its end.
    pub(super) base: String,
    pub(super) token: String,
    pub(super) redaction: Redaction,
    /// Scheme, host and port of the base URL.
    origin: String,
    agent: ureq::Agent,
}

impl Server {
    /// Asks a server for something every SCIM server has; any answer but a refusal of the token or of the URL
    /// will do.
    pub(super) fn reach(target: &Target) -> Result<Server, Unreachable> {
        let base = target.url.trim_end_matches('/').to_owned();
        let redaction = Redaction::of(&target.token);
        let unreachable =
            |reason: &str| Unreachable { url: base.clone(), reason: redaction.of_value(reason) };
        let uri: http::Uri =
            base.parse().map_err(|e| unreachable(&format!("the URL cannot be read: {e}")))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(unreachable("expected a URL that begins with http:// or https://"));
        };
        if authority.as_str().contains('@') || uri.query().is_some() {
            return Err(unreachable("expected a URL without a user name and without a query"));
        }
        let origin = format!("{scheme}://{authority}");
        let agent = agent(authority.host(), target.timeout);
        let server = Server { base, token: target.token.clone(), redaction, origin, agent };
        let first = server.request("GET", server.url("/ServiceProviderConfig"));
        let refused = |reason: &str| Unreachable {
            url: server.base.clone(),
            reason: server.redaction.of_value(reason),
        };
        match server.send(&first) {
            Ok(answer) if matches!(answer.status, 401 | 403) => Err(refused("it refuses the token")),
            Ok(answer) if answer.status == 404 => {
                Err(refused("no SCIM is served there; a base URL often ends in /scim/v2"))
            }
            Ok(_) => Ok(server),
            Err(reason) => Err(refused(&reason)),
        }
    }

    /// The URL of a request's target: under the base, from the root after `~`, or the target itself.
    pub(super) fn url(&self, target: &str) -> String {
        let target = url_fixed(target);
        if target.starts_with("http://") || target.starts_with("https://") {
            target
        } else if let Some(path) = target.strip_prefix('~') {
            format!("{}{path}", self.origin)
        } else {
            format!("{}{target}", self.base)
        }
    }

    /// The URL of a resource whose `Location` an answer told. Only its path counts: a server behind a
    /// proxy may know itself by another host, and no answer may send us to a host of its choice.
    pub(super) fn url_of_location(&self, location: &str) -> Option<String> {
        let path = match location.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..))?,
            None => location,
        };
        path.starts_with('/').then(|| format!("{}{}", self.origin, url_fixed(path)))
    }

    /// A request with the headers that every request has. The token goes to this server only.
    pub(super) fn request(&self, method: &str, url: String) -> Outgoing {
        let mut headers = vec![("User-Agent".to_owned(), "roster-conformance".to_owned())];
        let path = url.strip_prefix(&self.origin);
        if path.is_some_and(|path| path.is_empty() || path.starts_with(['/', '?'])) {
            headers.push(("Authorization".to_owned(), format!("Bearer {}", self.token)));
        }
        Outgoing { method: method.to_owned(), url, headers, body: None }
    }

    /// Sends a request and reads the whole answer. The error says in words why there is none.
    pub(super) fn send(&self, request: &Outgoing) -> Result<Incoming, String> {
        let mut builder = http::Request::builder().method(request.method.as_str()).uri(&request.url);
        for (name, value) in &request.headers {
            let value = http::HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| format!("the value of the header {name} cannot be sent"))?;
            builder = builder.header(name, value);
        }
        let started = Instant::now();
        let sent = match &request.body {
            Some(body) => self.agent.run(builder.body(body.as_slice()).map_err(|e| e.to_string())?),
            None => self.agent.run(builder.body(()).map_err(|e| e.to_string())?),
        };
        let (head, body) = sent.map_err(|e| e.to_string())?.into_parts();
        let body = read(body.into_reader())?;
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let packed = head.headers.get(http::header::CONTENT_ENCODING).is_some_and(|how| how == "gzip");
        let body =
            if packed && !body.is_empty() { read(MultiGzDecoder::new(body.as_slice()))? } else { body };
        let json = serde_json::from_slice(&body).ok();
        Ok(Incoming { status: head.status.as_u16(), body, json, ms, headers: head.headers })
    }
}

/// Connections that do what they are told and nothing more. The proxy of the environment is used,
/// except to reach this machine.
fn agent(host: &str, timeout: Duration) -> ureq::Agent {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .user_agent("")
        .accept("")
        .accept_encoding("")
        .timeout_global(Some(timeout));
    if host == "localhost" || host == "[::1]" || host.starts_with("127.") {
        config = config.proxy(None);
    }
    config.build().new_agent()
}

fn read(from: impl Read) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut body).map_err(|e| format!("the answer broke off: {e}"))?;
    if body.len() as u64 > LARGEST {
        return Err(format!("the answer is larger than {LARGEST} octets"));
    }
    Ok(body)
}
