//! One request and its answer, as octets.

use std::io::{self, Read};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use ureq::http;

use super::redaction::Redaction;
use super::stop::Stop;
use super::text::url_fixed;

/// The largest answer that is read, in octets, unpacked.
const LARGEST: u64 = 64 * 1024 * 1024;

/// How long a server is left alone for each request in a row that it has not answered, five at most.
const REST: Duration = Duration::from_millis(200);
/// So many requests in a row without an answer, and so long a time, and the server counts as gone.
const PATIENCE: u32 = 5;
const SILENCE: Duration = Duration::from_secs(4);
/// How long a connection is kept: many servers close one that nobody has used for five seconds.
const IDLE: Duration = Duration::from_secs(3);

/// The server under test.
pub struct Target {
    /// Its SCIM base URL, such as `https://scim.example.com/scim/v2`.
    pub url: String,
    /// The bearer token to send.
    pub token: String,
    /// The longest a request may take, its answer included.
    pub timeout: Duration,
    /// The most requests a second; None to send them as they come.
    pub rate: Option<NonZeroU32>,
}

/// A request ready to go out.
pub(crate) struct Outgoing {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Vec<u8>>,
}

/// What came back.
pub(crate) struct Incoming {
    pub(crate) status: u16,
    /// The body, unpacked.
    pub(crate) body: Vec<u8>,
    /// The body read as JSON; None when it is none.
    pub(crate) json: Option<Value>,
    /// How long it took, in milliseconds.
    pub(crate) ms: u64,
    headers: http::HeaderMap,
}

impl Incoming {
    /// Every header, `name: value` a line.
    pub(crate) fn head(&self) -> String {
        let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        };
        self.headers.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// A header by name; several of the same name are joined by a comma and a blank.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values = self.headers.get_all(name).iter();
        let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        if values.is_empty() { None } else { Some(values.join(", ")) }
    }
}

/// A server that has answered once, and the connections to it.
pub(crate) struct Server<'s> {
    /// The base URL without a slash at its end.
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) redaction: Redaction,
    /// Whoever waits for the server waits no longer than until the end is asked for.
    pub(crate) stop: &'s Stop,
    /// How many requests in a row have got no answer, and when the last one got one.
    pub(super) silence: Mutex<(u32, Instant)>,
    /// Whether it counts as gone; that stays.
    pub(super) is_gone: AtomicBool,
    /// Scheme, host and port of the base URL.
    origin: String,
    timeout: Duration,
    agent: ureq::Agent,
    pace: Option<Pace>,
}

impl<'s> Server<'s> {
    pub(super) fn new(target: &Target, stop: &'s Stop, base: &str, origin: &str, host: &str) -> Server<'s> {
        Server {
            base: base.to_owned(),
            token: target.token.clone(),
            redaction: Redaction::of(&target.token),
            stop,
            silence: Mutex::new((0, Instant::now())),
            is_gone: AtomicBool::new(false),
            origin: origin.to_owned(),
            timeout: target.timeout,
            agent: agent(host, target.timeout),
            pace: target.rate.map(Pace::of),
        }
    }

    /// The URL of a request's target: under the base, from the root after `~`, or the target itself.
    pub(crate) fn url(&self, target: &str) -> String {
        let target = url_fixed(target);
        if target.starts_with("http://") || target.starts_with("https://") {
            target
        } else if let Some(path) = target.strip_prefix('~') {
            format!("{}{path}", self.origin)
        } else {
            format!("{}{target}", self.base)
        }
    }

    /// The URL of a resource whose `Location` an answer told, if it is one of an endpoint under the base. Only its path
    /// counts: a server behind a proxy may know itself by another host, and no answer may send us to a place of its
    /// choice.
    pub(crate) fn url_of_location(&self, location: &str) -> Option<String> {
        let path = match location.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..))?,
            None => location,
        };
        let path = url_fixed(path);
        let rest = path.strip_prefix(self.base.strip_prefix(&self.origin)?)?.strip_prefix('/')?;
        let (endpoint, id) = rest.split_once('/')?;
        let is_plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '?']);
        (is_plain(endpoint) && is_plain(id)).then(|| format!("{}/{rest}", self.base))
    }

    /// Deletes a resource; tells whether it is gone then.
    pub(crate) fn delete(&self, url: &str) -> bool {
        let answer = self.send(&self.request("DELETE", url.to_owned()));
        answer.is_ok_and(|answer| answer.status < 300 || matches!(answer.status, 404 | 410))
    }

    /// A request with the headers that every request has. The token goes to this server only.
    pub(crate) fn request(&self, method: &str, url: String) -> Outgoing {
        let mut headers = vec![("User-Agent".to_owned(), "roster".to_owned())];
        let path = url.strip_prefix(&self.origin);
        if path.is_some_and(|path| path.is_empty() || path.starts_with(['/', '?'])) {
            headers.push(("Authorization".to_owned(), format!("Bearer {}", self.token)));
        }
        Outgoing { method: method.to_owned(), url, headers, body: None }
    }

    /// Sends a request and reads the whole answer, after the turn that the rate gives it. The error says in words
    /// why there is none.
    pub(crate) fn send(&self, request: &Outgoing) -> Result<Incoming, String> {
        // one that has just failed may be starting again
        let (failures, _) = *self.silence();
        self.stop.wait(REST * failures.min(5));
        if let Some(pace) = &self.pace {
            // a turn is short, and tidying up after the end was asked for keeps to the rate too
            Stop::default().wait(pace.turn());
        }
        let answer = self.exchange(request);
        let mut silence = self.silence();
        match &answer {
            Ok(_) => *silence = (0, Instant::now()),
            Err(_) => silence.0 += 1,
        }
        if silence.0 >= PATIENCE && silence.1.elapsed() >= SILENCE {
            self.is_gone.store(true, Ordering::Relaxed);
        }
        answer
    }

    pub(super) fn silence(&self) -> MutexGuard<'_, (u32, Instant)> {
        self.silence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exchange(&self, request: &Outgoing) -> Result<Incoming, String> {
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
        let (head, body) = sent.map_err(|e| self.told(e))?.into_parts();
        let promised = head.headers.get(http::header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
        let body = self.read(body.into_reader()).map_err(|reason| match promised {
            Some(length) => format!("{reason}; it promised {length} octets"),
            None => reason,
        })?;
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let packed = head.headers.get(http::header::CONTENT_ENCODING).is_some_and(|how| how == "gzip");
        let body =
            if packed && !body.is_empty() { self.read(MultiGzDecoder::new(body.as_slice()))? } else { body };
        let json = serde_json::from_slice(&body).ok();
        Ok(Incoming { status: head.status.as_u16(), body, json, ms, headers: head.headers })
    }

    fn read(&self, from: impl Read) -> Result<Vec<u8>, String> {
        let mut body = Vec::new();
        from.take(LARGEST + 1).read_to_end(&mut body).map_err(|error| {
            let told = match error.get_ref().is_some_and(|inner| inner.is::<ureq::Error>()) {
                true => self.told(ureq::Error::from(error)),
                false => told_io(&error),
            };
            format!("the answer broke off: {told}")
        })?;
        if body.len() as u64 > LARGEST {
            return Err(format!("the answer is larger than {LARGEST} octets"));
        }
        Ok(body)
    }

    /// Why there is no answer, in words.
    fn told(&self, error: ureq::Error) -> String {
        match error {
            ureq::Error::Timeout(_) => format!("no answer within {} s", self.timeout.as_secs_f32()),
            ureq::Error::HostNotFound => "no host of that name is known".to_owned(),
            ureq::Error::Protocol(reason) => format!("what came is no HTTP: {reason}"),
            ureq::Error::Io(error) => told_io(&error),
            ureq::Error::Rustls(reason) => format!("no TLS with it: {reason}"),
            other => other.to_string(),
        }
    }
}

fn told_io(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there (connection refused)".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
            "it closed the connection in the middle".to_owned()
        }
        io::ErrorKind::UnexpectedEof => "it ended too early".to_owned(),
        _ => error.to_string(),
    }
}

/// Requests at a steady rate, however many threads send them.
struct Pace {
    between: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    fn of(rate: NonZeroU32) -> Pace {
        Pace { between: Duration::from_secs(1) / rate.get(), next: Mutex::new(Instant::now()) }
    }

    /// How long it is until the next turn, which is taken.
    fn turn(&self) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = (*next).max(Instant::now());
        *next = turn + self.between;
        turn.saturating_duration_since(Instant::now())
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
        .max_idle_age(IDLE)
        .timeout_global(Some(timeout));
    if host == "localhost" || host == "[::1]" || host.starts_with("127.") {
        config = config.proxy(None);
    }
    config.build().new_agent()
}

impl Incoming {
    /// How long the server asks to be left alone, where it says so in whole seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.header("Retry-After")?.trim().parse().ok().map(Duration::from_secs)
    }
}
