//! What is seen of a request while it is served, for the log of requests.

use super::{Asked, caller::Caller, route::Endpoint};
use crate::{
    org::{
        actor::ActorType,
        connection::Verdict,
        request::{Outcome, Request},
    },
    service::{
        App,
        requests::{self, Noted},
    },
};
use actix_web::{
    HttpResponse,
    http::{Method, header},
};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// What is seen of a request while it is served.
#[derive(Default)]
pub(super) struct Seen {
    /// Who asks, once that is known.
    sender: Option<Sender>,
    /// The endpoint as a pattern.
    pub(super) pattern: &'static str,
    /// The name of the resource type it is about, and the id.
    resource: (&'static str, String),
    /// Whether it changes nothing.
    reads: bool,
    /// The leniencies it needed.
    pub(super) rules: Vec<&'static str>,
    /// The body, where it is remembered.
    pub(super) body: Option<Vec<u8>>,
    /// How large it was.
    pub(super) body_bytes: usize,
    /// How many of its operations failed, and how many there were.
    pub(super) failed: (usize, usize),
    /// `scimType` and sentence of a refusal.
    refusal: (String, String),
}

struct Sender {
    verdict: Arc<Verdict>,
    actor_type: ActorType,
    actor: String,
}

/// When a request came and how long it took.
pub(super) struct Moment {
    /// Microseconds since 1970.
    pub(super) at: i64,
    /// How long it took.
    pub(super) took: Duration,
}

/// The headers that matter to what is done.
const HEADERS: [header::HeaderName; 3] = [header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH];

impl Seen {
    /// Notes who asks.
    pub(super) fn sender(&mut self, caller: &Caller) {
        let (actor_type, actor) = (caller.actor.actor_type(), caller.actor.id().to_owned());
        self.sender = Some(Sender { verdict: caller.verdict.clone(), actor_type, actor });
    }

    /// Notes what it is about.
    pub(super) fn endpoint(&mut self, endpoint: &Endpoint, method: &Method) {
        self.pattern = endpoint.pattern();
        let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
        self.reads = reads || endpoint.is_search();
        self.resource = match endpoint {
            Endpoint::User(id) => ("User", id.clone()),
            Endpoint::Group(id) => ("Group", id.clone()),
            Endpoint::Role(id) => ("Role", id.clone()),
            Endpoint::Users | Endpoint::UsersSearch | Endpoint::Me => ("User", String::new()),
            Endpoint::Groups | Endpoint::GroupsSearch => ("Group", String::new()),
            Endpoint::Roles | Endpoint::RolesSearch => ("Role", String::new()),
            _ => ("", String::new()),
        };
    }

    /// Notes why it is refused.
    pub(super) fn refused(&mut self, told: &Value) {
        let part = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.refusal = (part("scimType"), part("detail"));
    }

    /// Hands it to the log, if anybody is known to have asked.
    pub(super) fn note(self, app: &Arc<App>, asked: &Asked<'_>, response: &HttpResponse, moment: &Moment) {
        let Some(Sender { verdict, actor_type, actor }) = self.sender else { return };
        let (scim_type, mut detail) = self.refusal;
        if let (n @ 1.., of) = self.failed {
            detail = format!("{n} of {of} operations were refused");
        }
        let outcome = match (detail.is_empty(), self.reads) {
            (false, _) => Outcome::Refused,
            (true, true) => Outcome::Read,
            (true, false) => Outcome::Changed,
        };
        let location = response.headers().get(header::LOCATION).and_then(|it| it.to_str().ok());
        let (resource_type, named) = self.resource;
        // the answer knows it better than the path
        let resource = location.and_then(|it| it.rsplit('/').next()).map_or(named, str::to_owned);
        let request = Request {
            id: asked.request.to_owned(),
            connection: verdict.connection.clone(),
            actor_type,
            actor,
            credential: verdict.token.clone(),
            at: moment.at,
            took: i64::try_from(moment.took.as_micros()).unwrap_or(i64::MAX),
            method: asked.method.as_str().chars().take(20).collect(),
            path: asked.whole_path(),
            headers: kept_headers(asked),
            status: response.status().as_u16().into(),
            outcome,
            scim_type,
            detail,
            rules: self.rules.into_iter().map(str::to_owned).collect(),
            resource_type: resource_type.to_owned(),
            resource,
            body: None,
            body_bytes: i64::try_from(self.body_bytes).unwrap_or(i64::MAX),
        };
        requests::note(app, Noted { organization: verdict.organization.clone(), request, body: self.body });
    }
}

fn kept_headers(asked: &Asked<'_>) -> BTreeMap<String, String> {
    let kept = HEADERS.into_iter().filter_map(|name| {
        let values: Vec<&str> =
            asked.headers.get_all(&name).filter_map(|value| value.to_str().ok()).collect();
        let text: String = values.join(",").chars().take(1_000).collect();
        (!values.is_empty()).then(|| (name.as_str().to_owned(), text))
    });
    kept.collect()
}
