//! What goes over the wire, as the provider sends it: patience with a busy server, and a record of everything.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::directory::Knows;
use crate::client::text::percent_encoded;
use crate::client::{Incoming, Server};

/// How often a request is sent again to a server that is busy or does not answer.
const TRIES: u32 = 5;
/// How long a server that does not say so is left alone.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest a server's wish for time is followed.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// How many troubles are told in full.
const TOLD: usize = 50;

/// Something did not go as the provider counts on. Only the record makes one, so that none goes untold.
pub(super) struct Failed(());

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

/// Everything that was sent, in sum.
#[derive(Default)]
pub(super) struct Record {
    /// How many milliseconds each answer took, by what it was for.
    pub(super) milliseconds: Mutex<BTreeMap<&'static str, Vec<u64>>>,
    pub(super) troubles: Mutex<Vec<Trouble>>,
    /// How many troubles there were, those that are not told included.
    pub(super) n_troubles: AtomicUsize,
    pub(super) n_retries: AtomicUsize,
}

/// The ids that the server gave, by the numbers that the directory has.
pub(super) struct Ids {
    by_number: Vec<OnceLock<String>>,
    all: Mutex<HashSet<String>>,
}

impl Ids {
    pub(super) fn of(n: usize) -> Ids {
        Ids { by_number: (0..n).map(|_| OnceLock::new()).collect(), all: Mutex::default() }
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        self.by_number.get(number)?.get().map(String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.by_number.iter().filter_map(OnceLock::get).map(String::as_str)
    }

    /// Remembers an id; false when it, or the number, belongs to another already.
    fn keep(&self, number: usize, id: &str) -> bool {
        if let Some(known) = self.get(number) {
            return known == id;
        }
        let is_new = self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
        is_new && self.by_number.get(number).is_some_and(|place| place.set(id.to_owned()).is_ok())
    }
}

/// The line between the provider and the server.
pub(super) struct Wire<'a> {
    pub(super) server: &'a Server<'a>,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) content_type: &'static str,
    pub(super) knows: Knows,
    /// What everything of this run has in its name.
    pub(super) tag: &'a str,
    pub(super) record: Record,
    pub(super) users: Ids,
    pub(super) groups: Ids,
    /// What the server announces, once a provider has asked.
    pub(super) config: OnceLock<Value>,
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

/// A look for the one resource of a name.
pub(super) struct Search {
    pub(super) what: &'static str,
    pub(super) endpoint: &'static str,
    pub(super) attribute: &'static str,
    pub(super) name: String,
    /// The query, encoded.
    pub(super) query: String,
}

impl Search {
    /// `attribute eq "name"`.
    pub(super) fn by(
        what: &'static str,
        endpoint: &'static str,
        attribute: &'static str,
        name: &str,
    ) -> Search {
        let query = format!("filter={}", percent_encoded(&format!("{attribute} eq {}", Value::from(name))));
        Search { what, endpoint, attribute, name: name.to_owned(), query }
    }
}

/// `/Users/{id}`.
pub(super) fn user(id: &str) -> String {
    format!("/Users/{}", percent_encoded(id))
}

/// `/Groups/{id}`.
pub(super) fn group(id: &str) -> String {
    format!("/Groups/{}", percent_encoded(id))
}

impl Wire<'_> {
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
            request.headers.retain(|(name, _)| name != "Content-Type");
            request.headers.push(("Content-Type".to_owned(), self.content_type.to_owned()));
        }
        let mut answer = self.server.send(&request);
        for _ in 1..TRIES {
            let pause = match &answer {
                Ok(answer) if call.statuses.contains(&answer.status) => break,
                Ok(answer) if matches!(answer.status, 429 | 503) => answer.retry_after().unwrap_or(PAUSE),
                Ok(_) => break,
                Err(_) => PAUSE,
            };
            self.record.n_retries.fetch_add(1, Ordering::Relaxed);
            if self.server.stop.wait(pause.min(LONGEST_PAUSE)) {
                break;
            }
            answer = self.server.send(&request);
        }
        match answer {
            Ok(answer) => {
                let mut kinds = self.record.milliseconds.lock().unwrap_or_else(PoisonError::into_inner);
                kinds.entry(call.what).or_default().push(answer.ms);
                drop(kinds);
                if call.statuses.contains(&answer.status) {
                    return Ok(answer);
                }
                let statuses: Vec<String> = call.statuses.iter().map(u16::to_string).collect();
                Err(self.wrong(call, &answer, &format!("status {}", statuses.join(" or "))))
            }
            Err(reason) => Err(self.note(call, &reason, "an answer")),
        }
    }

    /// `GET`.
    pub(super) fn get(&self, what: &'static str, path: &str) -> Outcome<Incoming> {
        self.call(&Call { what, method: "GET", path, body: None, statuses: &[200] })
    }

    /// A list, with the number of all there are. Its numbers must be numbers, and its resources a list, also an empty
    /// one: providers count on that.
    pub(super) fn list(&self, what: &'static str, path: &str) -> Outcome<Page> {
        let answer = self.get(what, path)?;
        let json = answer.json.clone().unwrap_or_default();
        match (json["totalResults"].as_u64(), json["itemsPerPage"].as_u64(), json["Resources"].as_array()) {
            (Some(total), Some(n_items), Some(resources)) => {
                Ok(Page { path: path.to_owned(), total, n_items, resources: resources.clone(), n_known: 0 })
            }
            _ => {
                let call = Call { what, method: "GET", path, body: None, statuses: &[] };
                Err(self.wrong(
                    &call,
                    &answer,
                    "numbers totalResults and itemsPerPage, and an array Resources",
                ))
            }
        }
    }

    /// The one resource of a name, if there is one. Several are trouble, and so is one of another name: a server that
    /// does not understand the search must not make a provider take somebody else for its own.
    pub(super) fn find(&self, search: &Search) -> Outcome<Option<Value>> {
        let path = format!("{}?{}", search.endpoint, search.query);
        let mut found = self.list(search.what, &path)?.resources;
        let name = search.name.to_lowercase();
        let is_meant = |it: &Value| it[search.attribute].as_str().is_some_and(|it| it.to_lowercase() == name);
        if found.len() > 1 || !found.iter().all(is_meant) {
            let expected = format!("one resource at most, with the {} {}", search.attribute, search.name);
            return Err(self.complain(search.what, &path, &format!("{expected}; found {}", found.len())));
        }
        Ok(found.pop())
    }

    /// The id of the one resource of a name.
    pub(super) fn find_id(&self, search: &Search) -> Outcome<Option<String>> {
        let Some(found) = self.find(search)? else { return Ok(None) };
        let id = found["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
        id.map(Some).ok_or_else(|| self.complain(search.what, search.endpoint, "a resource with an id"))
    }

    /// The id of a new resource; it is remembered before anything else is asked of the answer.
    pub(super) fn new_id(
        &self,
        call: &Call<'_>,
        answer: &Incoming,
        ids: &Ids,
        number: usize,
    ) -> Outcome<String> {
        let id = answer.json.as_ref().and_then(|json| json["id"].as_str()).filter(|id| !id.is_empty());
        match id {
            Some(id) if ids.keep(number, id) => Ok(id.to_owned()),
            Some(_) => Err(self.wrong(call, answer, "an id that no other resource has")),
            None => Err(self.wrong(call, answer, "a resource with an id")),
        }
    }

    /// Remembers the id of somebody who was found.
    pub(super) fn keep(&self, what: &'static str, ids: &Ids, number: usize, id: &str) -> Outcome {
        let is_kept = ids.keep(number, id);
        if is_kept {
            Ok(())
        } else {
            Err(self.complain(what, id, "the id that the resource had, and no other has"))
        }
    }

    /// Notes that an answer is not as the provider counts on.
    pub(super) fn wrong(&self, call: &Call<'_>, answer: &Incoming, expected: &str) -> Failed {
        let body = self.server.redaction.of_body(&answer.body);
        self.note(call, &format!("{} {body}", answer.status), expected)
    }

    /// Notes that what came of a request is not as the provider counts on.
    pub(super) fn complain(&self, what: &'static str, path: &str, expected: &str) -> Failed {
        self.note(&Call { what, method: "GET", path, body: None, statuses: &[] }, what, expected)
    }

    fn note(&self, call: &Call<'_>, answer: &str, expected: &str) -> Failed {
        let body = call.body.map(|body| format!("\n{body}")).unwrap_or_default();
        let redaction = &self.server.redaction;
        let trouble = Trouble {
            request: redaction.of_body(format!("{} {}{body}", call.method, call.path).as_bytes()),
            answer: redaction.of_body(answer.as_bytes()),
            expected: redaction.of_value(expected),
        };
        self.record.n_troubles.fetch_add(1, Ordering::Relaxed);
        let mut troubles = self.record.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.len() < TOLD {
            troubles.push(trouble);
        }
        Failed(())
    }
}

/// A page of a list.
pub(super) struct Page {
    pub(super) path: String,
    pub(super) total: u64,
    pub(super) n_items: u64,
    pub(super) resources: Vec<Value>,
    /// How many of them an earlier page had already.
    pub(super) n_known: usize,
}

/// Every page of a list, each beginning where the one before it ended. The last one is empty, or has nothing new, or is
/// far beyond what the server says there is: no server makes a reader go on for ever.
pub(super) struct Pages<'w> {
    wire: &'w Wire<'w>,
    what: &'static str,
    path: &'w str,
    count: usize,
    seen: usize,
    ids: HashSet<String>,
    is_over: bool,
}

impl<'w> Pages<'w> {
    pub(super) fn of(wire: &'w Wire<'w>, what: &'static str, path: &'w str, count: usize) -> Pages<'w> {
        Pages { wire, what, path, count, seen: 0, ids: HashSet::new(), is_over: false }
    }

    pub(super) fn next(&mut self) -> Outcome<Option<Page>> {
        if self.is_over {
            return Ok(None);
        }
        let join = if self.path.contains('?') { '&' } else { '?' };
        let path = format!("{}{join}startIndex={}&count={}", self.path, self.seen + 1, self.count);
        let mut page = self.wire.list(self.what, &path)?;
        self.seen += page.resources.len();
        let id = |resource: &Value| resource["id"].as_str().unwrap_or_default().to_owned();
        page.n_known = page.resources.iter().filter(|resource| !self.ids.insert(id(resource))).count();
        let most = usize::try_from(page.total).unwrap_or(usize::MAX).saturating_mul(2).saturating_add(1_000);
        self.is_over = page.n_known == page.resources.len() || self.seen > most;
        Ok(Some(page))
    }

    /// Reads until the server has shown as many as it says there are, or `is_found` says that it is enough.
    pub(super) fn read(mut self, is_found: &mut dyn FnMut(&Value) -> bool) -> Outcome {
        while let Some(page) = self.next()? {
            if page.n_known > 0 {
                return Err(self.wire.complain(self.what, &page.path, "resources that no page before had"));
            }
            let is_enough = u64::try_from(self.seen).is_ok_and(|seen| seen >= page.total);
            if page.resources.iter().any(&mut *is_found) || is_enough || self.wire.server.stop.is_asked() {
                break;
            }
        }
        Ok(())
    }
}
