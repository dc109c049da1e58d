//! What goes over the wire, as the provider sends it: patience with a busy server, and a record of everything.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::directory::Knows;
use crate::client::text::percent_encoded;
use crate::client::{Incoming, Server, Stop};

/// How often a request is sent again to a server that is busy or does not answer.
const TRIES: u32 = 5;
/// How long a server that does not say so is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest a server's wish for time is followed.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// How many troubles are told in full.
const TOLD: usize = 50;

/// Something did not go as the provider counts on; it stands in the record.
pub(super) struct Failed;

/// What came of something that the provider did.
pub(super) type Outcome<T = ()> = Result<T, Failed>;

/// An answer that is not as the provider counts on.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// What was sent.
    pub request: String,
    /// The beginning of what came back.
    pub answer: String,
    /// What the provider counts on.
    pub expected: String,
}

/// How one kind of request went.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) milliseconds: Vec<u64>,
}

/// Everything that was sent, in sum.
#[derive(Default)]
pub(super) struct Record {
    pub(super) tallies: Mutex<BTreeMap<&'static str, Tally>>,
    pub(super) troubles: Mutex<Vec<Trouble>>,
    /// How many troubles there were, those that are not told included.
    pub(super) n_troubles: Mutex<usize>,
    pub(super) n_retries: Mutex<usize>,
}

/// The line between the provider and the server.
pub(super) struct Wire<'a> {
    pub(super) server: &'a Server,
    pub(super) stop: &'a Stop,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) knows: Knows,
    pub(super) record: Record,
    /// What everything of this run has in its name.
    pub(super) tag: &'a str,
    /// How many operations the server takes in one request, once somebody has asked.
    pub(super) chunk: OnceLock<usize>,
    /// The ids that the server gave, by the numbers of people and groups.
    pub(super) users: Vec<OnceLock<String>>,
    pub(super) groups: Vec<OnceLock<String>>,
}

/// A request that a provider sends: what it is for, and what it needs of the answer.
pub(super) struct Call<'c> {
    /// What it is for, as the report groups it.
    pub(super) what: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'c str,
    pub(super) body: Option<&'c Value>,
    /// The statuses that the provider goes on with.
    pub(super) statuses: &'static [u16],
}

impl Wire<'_> {
    /// The server's id of a person.
    pub(super) fn user(&self, number: usize) -> Option<&str> {
        self.users.get(number)?.get().map(String::as_str)
    }

    /// The server's id of a group.
    pub(super) fn group(&self, number: usize) -> Option<&str> {
        self.groups.get(number)?.get().map(String::as_str)
    }

    /// Sends a request, again when the server is busy or does not answer, and gives the answer if the provider can go
    /// on with it.
    pub(super) fn call(&self, call: &Call<'_>) -> Outcome<Incoming> {
        let mut request = self.server.request(call.method, self.server.url(call.path));
        for (name, value) in self.headers {
            request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            request.headers.push(((*name).to_owned(), (*value).to_owned()));
        }
        if let Some(body) = call.body {
            request.body = Some(body.to_string().into_bytes());
            if !request.headers.iter().any(|(name, _)| name == "Content-Type") {
                request.headers.push(("Content-Type".to_owned(), "application/scim+json".to_owned()));
            }
        }
        let mut answer = self.server.send(&request);
        for _ in 1..TRIES {
            let pause = match &answer {
                Ok(answer) if call.statuses.contains(&answer.status) => break,
                Ok(answer) if matches!(answer.status, 429 | 503) => answer.retry_after().unwrap_or(PAUSE),
                Ok(_) => break,
                Err(_) => PAUSE,
            };
            *self.record.n_retries.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            if self.stop.wait(pause.min(LONGEST_PAUSE)) {
                break;
            }
            answer = self.server.send(&request);
        }
        match answer {
            Ok(answer) => {
                self.count(call.what, answer.ms);
                if call.statuses.contains(&answer.status) {
                    return Ok(answer);
                }
                let statuses: Vec<String> = call.statuses.iter().map(u16::to_string).collect();
                Err(self.wrong(call, Some(&answer), &format!("status {}", statuses.join(" or "))))
            }
            Err(reason) => Err(self.note(call, reason, "an answer")),
        }
    }

    /// `GET`.
    pub(super) fn get(&self, what: &'static str, path: &str) -> Outcome<Incoming> {
        self.call(&Call { what, method: "GET", path, body: None, statuses: &[200] })
    }

    /// A search, and the resources that it found.
    pub(super) fn find(&self, what: &'static str, endpoint: &str, filter: &str) -> Outcome<Vec<Value>> {
        self.list(what, &format!("{endpoint}?filter={}", percent_encoded(filter)))
    }

    /// A list by its whole query.
    pub(super) fn list(&self, what: &'static str, path: &str) -> Outcome<Vec<Value>> {
        let answer = self.get(what, path)?;
        let call = Call { what, method: "GET", path, body: None, statuses: &[200] };
        self.resources(&call, &answer)
    }

    /// The resources of a list, whose numbers must be numbers.
    pub(super) fn resources(&self, call: &Call<'_>, answer: &Incoming) -> Outcome<Vec<Value>> {
        let json = answer.json.as_ref();
        let is_number = |name: &str| json.is_some_and(|json| json.get(name).is_some_and(Value::is_u64));
        match json.and_then(|json| json.get("Resources")).and_then(Value::as_array) {
            Some(resources) if is_number("totalResults") => Ok(resources.clone()),
            _ => Err(self.wrong(
                call,
                Some(answer),
                "a list with a number totalResults and an array Resources",
            )),
        }
    }

    /// Notes that an answer is not as the provider counts on.
    pub(super) fn wrong(&self, call: &Call<'_>, answer: Option<&Incoming>, expected: &str) -> Failed {
        let shown = answer.map_or_else(
            || "nothing".to_owned(),
            |answer| format!("{} {}", answer.status, self.server.redaction.of_body(&answer.body)),
        );
        self.note(call, shown, expected)
    }

    fn note(&self, call: &Call<'_>, answer: String, expected: &str) -> Failed {
        let body = call.body.map(|body| format!("\n{body}")).unwrap_or_default();
        let request = format!("{} {}{body}", call.method, call.path);
        *self.record.n_troubles.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let mut troubles = self.record.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.len() < TOLD {
            let request = self.server.redaction.of_body(request.as_bytes());
            troubles.push(Trouble { request, answer, expected: expected.to_owned() });
        }
        Failed
    }

    fn count(&self, what: &'static str, milliseconds: u64) {
        let mut tallies = self.record.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.entry(what).or_default().milliseconds.push(milliseconds);
    }
}
