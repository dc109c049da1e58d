//! The SCIM endpoints.
//!
//! One handler serves them all, so that the order of refusals is one piece of code: 401, 404 of unknown
//! endpoints, 405, 413, 415, body syntax, and only then what the endpoint itself says.

mod body;
mod bulk;
mod caller;
pub(super) mod discovery;
mod permissions;
mod replay;
mod resources;
mod route;
mod search;
mod seen;

use super::{credential::Credential, error::Refusal, request_log::Line, server::Door};
use crate::{
    org::{actor::Actor, connection::Verdict},
    scim::{
        ErrorKind, Quirk, Quirks, message::openapi, query::Parameters, schema::types::STANDARD,
        version::Precondition,
    },
    service::{self, Context, Error, connections, denials, machines, rehearsal::Rehearsal, schemas},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        Method, StatusCode,
        header::{self, HeaderMap},
    },
    web,
};
use body::Payload;
use caller::Caller;
use futures_util::FutureExt;
pub use replay::replay;
use route::Endpoint;
pub(super) use route::organization;
use seen::{Moment, Seen};
use std::{panic::AssertUnwindSafe, sync::Arc, time::Instant};

/// The media type of every answer (RFC 7644 §8.1).
const SCIM_JSON: &str = "application/scim+json";

/// Serves a request under `/scim`. Every answer that is not a success is a SCIM error, also after a panic.
pub(super) async fn serve(
    request: HttpRequest,
    payload: web::Payload,
    door: &Door,
    line: &mut Line,
) -> HttpResponse {
    let (at, began) = (door.app.clock.now(), Instant::now());
    let mut seen = Seen::default();
    let served = AssertUnwindSafe(answer(&request, payload, door, line, &mut seen)).catch_unwind().await;
    let outcome = served.unwrap_or(Err(Refusal::Panic));
    let mut response = outcome.unwrap_or_else(|refusal| {
        let told = refusal.told(&line.request).1;
        seen.refused(&told);
        refusal.answer(&told)
    });
    line.endpoint = if seen.pattern.is_empty() { line.endpoint } else { seen.pattern };
    line.quirks = seen.rules.join(",");
    seen.note(
        &door.app,
        &Asked::of(&request, &line.request),
        &response,
        &Moment { at, took: began.elapsed() },
    );
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    if response.status() != StatusCode::NO_CONTENT && response.status() != StatusCode::NOT_MODIFIED {
        let is_named = response.headers().contains_key(header::CONTENT_TYPE);
        if !is_named {
            response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(SCIM_JSON));
        }
    }
    response
}

/// What a request says before its body, whether it arrives or is remembered.
struct Asked<'r> {
    method: &'r Method,
    path: &'r str,
    query: &'r str,
    headers: &'r HeaderMap,
    /// The request's id.
    request: &'r str,
}

impl<'r> Asked<'r> {
    fn of(request: &'r HttpRequest, id: &'r str) -> Self {
        let (path, query) = (request.path(), request.query_string());
        Self { method: request.method(), path, query, headers: request.headers(), request: id }
    }

    /// The path with the query.
    fn whole_path(&self) -> String {
        match self.query {
            "" => self.path.to_owned(),
            query => format!("{}?{query}", self.path),
        }
    }
}

/// A request whose sender is known and whose endpoint exists.
struct Call<'r> {
    asked: Asked<'r>,
    door: &'r Door,
    parameters: Parameters,
    precondition: Precondition,
    quirks: Quirks,
    /// Whom the credential speaks for, if there is one.
    verdict: Option<Arc<Verdict>>,
    /// What the log of requests gets to know.
    seen: &'r mut Seen,
}

async fn answer(
    request: &HttpRequest,
    payload: web::Payload,
    door: &Door,
    line: &mut Line,
    seen: &mut Seen,
) -> Result<HttpResponse, Refusal> {
    let asked = Asked::of(request, &line.request);
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let Some(header) = headers.next() else {
        return anonymous(asked, door, seen);
    };
    if headers.next().is_some() {
        // whoever stands in front of this server may have looked at the other
        return Err(Refusal::InvalidToken);
    }
    let credential = Credential::read(header.to_str().unwrap_or_default()).ok_or(Error::Unauthorized)?;
    let (slug, path) = route::organization(request.path());
    let caller = match caller::authenticate(&door.app, &credential, slug).await {
        Err(Error::Unauthorized) => return Err(Refusal::InvalidToken),
        other => other?,
    };
    let verdict = caller.verdict.clone();
    line.connection.clone_from(&verdict.connection_name);
    seen.sender(&caller);
    let incoming = Incoming {
        door,
        asked: Asked { path, ..asked },
        slug,
        address: super::visitor::address(request, door),
        is_bare: matches!(credential, Credential::Bare(_)),
        rehearsal: None,
    };
    let outcome = act(incoming, caller, Payload::Arriving(request, payload), seen).await;
    connections::note_leniencies(&door.app, &verdict, &seen.rules);
    outcome
}

/// A request whose sender is known.
struct Incoming<'r> {
    door: &'r Door,
    /// What it says, with the path behind the organization.
    asked: Asked<'r>,
    /// The organization that the path names.
    slug: Option<&'r str>,
    /// The address it came from.
    address: String,
    /// Whether the credential was shown without a scheme.
    is_bare: bool,
    /// Where nothing of it shall remain, what it would do.
    rehearsal: Option<Arc<Rehearsal>>,
}

/// Serves a request of a connection or of whoever shows a key.
async fn act(
    incoming: Incoming<'_>,
    caller: Caller,
    payload: Payload<'_>,
    seen: &mut Seen,
) -> Result<HttpResponse, Refusal> {
    let Incoming { door, asked, slug, address, is_bare, rehearsal } = incoming;
    let verdict = caller.verdict.clone();
    if verdict.switches.paused {
        return Err(Refusal::Paused);
    }
    let mut quirks = Quirks::new(verdict.profile);
    if is_bare && !quirks.allow(Quirk::BareToken) {
        return Err(Refusal::InvalidToken);
    }
    if slug.is_some_and(|slug| slug != verdict.slug) {
        // as if there were no such organization
        return Err(Refusal::NoEndpoint);
    }
    let endpoint = route::endpoint(asked.path, &mut quirks)?;
    seen.endpoint(&endpoint, asked.method);
    let allowed = caller.authorize(asked.method, &endpoint);
    let cx = Arc::new(Context {
        app: door.app.clone(),
        organization: verdict.organization.clone(),
        by_scim: true,
        switches: verdict.switches,
        actor: caller.actor,
        credential: verdict.token.clone(),
        scopes: caller.scopes,
        until: verdict.expires_at,
        authenticated_at: None,
        once: None,
        rehearsal,
        address,
        now: door.app.clock.now(),
        request: asked.request.to_owned(),
        base: slug.map_or_else(|| door.base.clone(), |slug| door.base_of(slug)),
        types: schemas::types(&door.app, &verdict.organization, verdict.types, verdict.profile).await?,
    });
    denials::noted(&cx, denials::Concerned::Oneself, allowed).await?;
    let mut call = Call { verdict: Some(verdict), ..Call::new(asked, door, quirks, seen) };
    let outcome = call.serve(&cx, endpoint, payload).await;
    call.seen.rules = call.quirks.rules();
    outcome
}

/// Without a credential only the discovery documents are served (RFC 7643 §5); for the rest the answer is
/// 401 whatever the request is about.
fn anonymous(asked: Asked<'_>, door: &Door, seen: &mut Seen) -> Result<HttpResponse, Refusal> {
    let refuse = || Refusal::Service(service::Error::Unauthorized);
    // whether an organization of that name exists is nobody's business
    let (slug, path) = route::organization(asked.path);
    let endpoint = route::endpoint(path, &mut Quirks::default()).map_err(|_| refuse())?;
    seen.endpoint(&endpoint, asked.method);
    let reads = matches!(*asked.method, Method::GET | Method::HEAD);
    if !reads || !endpoint.is_discovery() {
        return Err(refuse());
    }
    let base = slug.map_or_else(|| door.base.clone(), |slug| door.base_of(slug));
    Call::new(asked, door, Quirks::default(), seen).discovery(&endpoint, &base, &STANDARD)
}

/// `If-Match` and `If-None-Match`, also where they stand in several headers.
pub(super) fn precondition(headers: &HeaderMap) -> Precondition {
    let text = |name: header::HeaderName| {
        // what cannot be read matches nothing; it does not vanish
        let values: Vec<&str> =
            headers.get_all(name).map(|value| value.to_str().unwrap_or_default()).collect();
        (!values.is_empty()).then(|| values.join(","))
    };
    Precondition::parse(text(header::IF_MATCH).as_deref(), text(header::IF_NONE_MATCH).as_deref())
}

impl<'r> Call<'r> {
    fn new(asked: Asked<'r>, door: &'r Door, quirks: Quirks, seen: &'r mut Seen) -> Self {
        Self {
            door,
            parameters: Parameters::parse(asked.query),
            precondition: precondition(asked.headers),
            asked,
            quirks,
            verdict: None,
            seen,
        }
    }

    async fn serve(
        &mut self,
        cx: &Arc<Context>,
        endpoint: Endpoint,
        payload: Payload<'_>,
    ) -> Result<HttpResponse, Refusal> {
        let method = self.asked.method;
        if *method == Method::OPTIONS {
            let allow = (header::ALLOW, endpoint.methods());
            return Ok(HttpResponse::NoContent().insert_header(allow).finish());
        }
        if !endpoint.methods().split(", ").any(|known| known == method.as_str()) {
            return Err(Refusal::Method(endpoint.methods().into()));
        }
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let rehearses = match endpoint {
            Endpoint::Bulk => true,
            Endpoint::Role(_) => [Method::PUT, Method::DELETE].contains(method),
            _ => false,
        };
        if !reads && !rehearses && self.parameters.is_true("dryRun")? {
            // what was meant as a rehearsal must not happen
            let detail = "dryRun is for /Bulk, and for PUT and DELETE of a role";
            return Err(ErrorKind::InvalidValue.because(detail).into());
        }
        match endpoint {
            Endpoint::Users => self.collection(cx, cx.types.user, payload).await,
            Endpoint::User(id) if cx.types.user.wandb => {
                let sensitive = self.verdict.as_ref().map(|it| it.sensitive.as_slice()).unwrap_or_default();
                let id = machines::named(cx, &id, sensitive, &mut self.quirks).await?;
                self.member(cx, cx.types.user, &id, payload).await
            }
            Endpoint::User(id) => self.member(cx, cx.types.user, &id, payload).await,
            Endpoint::Groups => self.collection(cx, cx.types.group, payload).await,
            Endpoint::Group(id) => self.member(cx, cx.types.group, &id, payload).await,
            Endpoint::Roles => self.collection(cx, cx.types.role, payload).await,
            Endpoint::Role(id) => self.member(cx, cx.types.role, &id, payload).await,
            Endpoint::Permissions => self.permissions(),
            Endpoint::Root => self.query_all(cx).await,
            Endpoint::Search => {
                self.take_search(payload).await?;
                self.query_all(cx).await
            }
            Endpoint::UsersSearch => {
                self.take_search(payload).await?;
                self.query(cx, cx.types.user).await
            }
            Endpoint::GroupsSearch => {
                self.take_search(payload).await?;
                self.query(cx, cx.types.group).await
            }
            Endpoint::RolesSearch => {
                self.take_search(payload).await?;
                self.query(cx, cx.types.role).await
            }
            Endpoint::Bulk => self.bulk(cx, payload).await,
            // people are invited or provisioned, they do not register themselves
            Endpoint::Me if *method == Method::POST => Err(Refusal::NotImplemented("registering oneself")),
            Endpoint::Me => match &cx.actor {
                // the person whose key it is
                Actor::Person { id, .. } => self.member(cx, cx.types.user, id, payload).await,
                _ => Err(Refusal::Nobody),
            },
            Endpoint::OpenApi => {
                let document = openapi::document(&cx.base, cx.types);
                Ok(HttpResponse::Ok().content_type("application/json").body(document.to_string()))
            }
            discovery => self.discovery(&discovery, &cx.base, cx.types),
        }
    }
}
