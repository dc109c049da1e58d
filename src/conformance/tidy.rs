//! Leaving a server as it was: what a case has made, and how it goes again.

use serde_json::Value;

use super::matching::{Json, like};
use super::template::plain;
use crate::client::text::percent_encoded;
use crate::client::{Incoming, Outgoing, Server};

/// What a case has made and no step has deleted.
#[derive(Default)]
pub(super) struct Made {
    /// URLs of resources, oldest first.
    urls: Vec<String>,
    /// What requests without an answer may have made.
    doubtful: Vec<Doubt>,
}

/// A resource that may be there, by the name that it would have.
struct Doubt {
    endpoint: String,
    attribute: &'static str,
    name: Value,
}

impl Made {
    /// Keeps account of what a request made or deleted.
    pub(super) fn note(
        &mut self,
        server: &Server<'_>,
        request: &Outgoing,
        answer: &Result<Incoming, String>,
    ) {
        match answer {
            Ok(answer) if request.method == "DELETE" && answer.status < 300 => {
                self.urls.retain(|url| *url != request.url);
            }
            Ok(answer) if answer.status < 300 => self.urls.extend(made(server, request, answer)),
            Ok(answer) if answer.status < 500 => {}
            _ if request.method == "POST" => self.doubtful.extend(Doubt::of(request)),
            _ => {}
        }
    }

    /// Deletes it all, the newest first; gives the URLs of what could not be deleted.
    pub(super) fn tidy_up(mut self, server: &Server<'_>) -> Vec<String> {
        let mut left = Vec::new();
        for doubt in &self.doubtful {
            match doubt.found(server) {
                Some(urls) => self.urls.extend(urls),
                None => left.push(format!("{}, where {} may be", doubt.endpoint, doubt.name)),
            }
        }
        let stays = |url: &&String| server.gone().is_some() || !server.delete(url);
        left.extend(self.urls.iter().rev().filter(stays).cloned());
        left.iter().map(|what| server.redaction.of_value(what)).collect()
    }
}

/// The resources that an answer tells of as new.
fn made(server: &Server<'_>, request: &Outgoing, answer: &Incoming) -> Vec<String> {
    let body = answer.json.as_ref();
    let of = |location: &Value| server.url_of_location(location.as_str()?);
    let operations = body.and_then(|body| body.member("Operations")).and_then(Value::as_array);
    if let Some(operations) = operations.filter(|_| request.method == "POST") {
        let sent: Value =
            serde_json::from_slice(request.body.as_deref().unwrap_or_default()).unwrap_or_default();
        let n_sent = sent.member("Operations").and_then(Value::as_array).map_or(0, Vec::len);
        let new = operations.iter().filter(|it| it.member("method").is_some_and(|method| method == "POST"));
        return new.filter_map(|it| of(it.member("location")?)).take(n_sent).collect();
    }
    let id = body.and_then(|body| body.member("id")).filter(|_| request.method == "POST");
    if answer.status != 201 && (id.is_none() || endpoint(request).is_none()) {
        return Vec::new();
    }
    let header = answer.header("Location").and_then(|location| server.url_of_location(&location));
    let meta = || of(body?.member("meta")?.member("location")?);
    let path = || Some(format!("{}/{}", endpoint(request)?, percent_encoded(&plain(id?))));
    header.or_else(meta).or_else(path).into_iter().collect()
}

impl Doubt {
    fn of(request: &Outgoing) -> Option<Doubt> {
        let endpoint = endpoint(request)?.to_owned();
        let body: Value = serde_json::from_slice(request.body.as_deref()?).ok()?;
        let is_user = endpoint.to_ascii_lowercase().ends_with("/users");
        let attribute = if is_user { "userName" } else { "displayName" };
        let name = body.member(attribute)?.clone();
        Some(Doubt { endpoint, attribute, name })
    }

    /// The URLs of the resources of that name; None when the server could not be asked. What a search answers is looked
    /// at: a server that does not understand it may list everybody.
    fn found(&self, server: &Server<'_>) -> Option<Vec<String>> {
        let filter = percent_encoded(&format!("{} eq {}", self.attribute, self.name));
        let search = server.request("GET", format!("{}?filter={filter}", self.endpoint));
        let listed = server.send(&search).ok().filter(|answer| answer.status == 200)?.json?;
        let listed = listed.member("Resources").and_then(Value::as_array).into_iter().flatten();
        let named = listed.filter(|it| it.member(self.attribute).is_some_and(|name| like(name, &self.name)));
        let ids = named.filter_map(|it| it.member("id")?.as_str());
        Some(ids.map(|id| format!("{}/{}", self.endpoint, percent_encoded(id))).collect())
    }
}

/// The endpoint of users or groups that a request goes to.
fn endpoint(request: &Outgoing) -> Option<&str> {
    let path = request.url.split('?').next()?.trim_end_matches('/');
    let last = path.rsplit('/').next()?;
    ["users", "groups"].contains(&last.to_ascii_lowercase().as_str()).then_some(path)
}
