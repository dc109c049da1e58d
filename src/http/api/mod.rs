//! The API under `/api/v1`.
//!
//! One handler serves all routes, so that the order of refusals is one piece of code: 401, 404 of unknown paths, 405,
//! 403 of a key without the scope, 413, 415, body syntax, and only then what the route itself says.

mod connections;
mod decisions;
mod events;
mod invites;
mod issuers;
mod keys;
mod mappings;
mod me;
pub mod openapi;
mod organization;
mod problem;
mod providers;
mod requests;
mod roles;
mod route;
mod service_accounts;
mod sessions;
mod system;
mod teams;
mod users;

use super::{body, credential::Credential, error::Refusal, request_log::Line, server::Door, visitor};
use crate::{
    org::{
        avatar::Avatar,
        key::{Principal, is_key},
        refusal::unknown,
    },
    scim::{
        ErrorKind,
        version::{Precondition, Version},
    },
    service::{
        self, Context, Error, events::Lines, idempotency::Once, page::Slice, people_csv, roll::Wanted,
        sessions as signed_in,
    },
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use aws_lc_rs::digest::{SHA256, digest};
use futures_util::{FutureExt, Stream, stream};
use route::Route;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{fmt::Write, panic::AssertUnwindSafe, sync::Arc};

/// W&B's audit log stands apart from the rest (W-285).
pub(super) const AUDIT_LOGS: &str = "/admin/audit_logs";

/// The largest body, in bytes.
const BODY: usize = 1024 * 1024;

/// A request whose sender is known and whose route exists.
pub(super) struct Call {
    /// Who asks, for whom, and when.
    pub(super) cx: Arc<Context>,
    /// Whom the key speaks for.
    pub(super) principal: Arc<Principal>,
    /// The values in the path, in its order.
    pub(super) path: Vec<String>,
    /// What the query says, by names that the route has.
    query: Vec<(String, String)>,
    /// The body; empty where none is taken.
    pub(super) body: Map<String, Value>,
    /// `If-Match` and `If-None-Match`.
    pub(super) precondition: Precondition,
}

impl Call {
    /// The first value in the path; where a pattern has one, it is there.
    pub(super) fn id(&self) -> &str {
        self.path.first().map(String::as_str).unwrap_or_default()
    }

    /// The second value in the path; where a pattern has one, it is there.
    pub(super) fn second(&self) -> &str {
        self.path.get(1).map(String::as_str).unwrap_or_default()
    }

    /// Whether the query says that nothing shall happen.
    pub(super) fn rehearses(&self) -> Result<bool, Refusal> {
        match self.query("dryRun") {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ErrorKind::InvalidValue.because("dryRun: expected true or false").into()),
        }
    }

    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All parameters of the query, in their order.
    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Which part of a list is asked for.
    pub(super) fn slice(&self) -> Result<Slice, Refusal> {
        Ok(Slice::parse(self.query("limit"), self.query("cursor")).map_err(Error::Rule)?)
    }

    /// The body as what it describes.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_path_to_error::deserialize(Value::Object(self.body.clone())).map_err(|error| {
            let place = error.path().to_string();
            let place = if place == "." { "the body".to_owned() } else { place };
            ErrorKind::InvalidValue.because(format!("{place}: {}", error.into_inner())).into()
        })
    }
}

/// An answer that is a success.
pub(super) struct Reply {
    status: StatusCode,
    body: Body,
    is_replay: bool,
    tag: Option<String>,
}

/// What an answer holds.
enum Body {
    Nothing,
    Json(Value),
    Picture(Vec<u8>),
    /// Lines that are read while they are sent, and their media type.
    Lines(Stretches, &'static str),
}

impl Reply {
    /// 200 with a body.
    pub(super) fn ok(body: Value) -> Self {
        Self::of(StatusCode::OK, Body::Json(body))
    }

    /// 200 with a PNG and its ETag.
    pub(super) fn picture(avatar: Avatar) -> Self {
        Self { tag: Some(avatar.tag), ..Self::of(StatusCode::OK, Body::Picture(avatar.png)) }
    }

    /// 200 with lines of JSON.
    pub(super) fn lines(lines: Lines, media_type: &'static str) -> Self {
        Self::of(StatusCode::OK, Body::Lines(Stretches::Events(lines), media_type))
    }

    /// 200 with a table.
    pub(super) fn table(begun: People) -> Self {
        Self::of(StatusCode::OK, Body::Lines(Stretches::People(Box::new(begun)), "text/csv; charset=utf-8"))
    }

    /// 201 with what was made, now or when it was asked before.
    pub(super) fn created(body: Value, is_replay: bool) -> Self {
        Self::of(StatusCode::CREATED, Body::Json(body)).again(is_replay)
    }

    /// The same, now or when it was asked before.
    pub(super) fn again(self, is_replay: bool) -> Self {
        Self { is_replay, ..self }
    }

    /// 204.
    pub(super) fn nothing() -> Self {
        Self::of(StatusCode::NO_CONTENT, Body::Nothing)
    }

    /// The same with the version that the ETag shows.
    pub(super) fn at(self, version: Version) -> Self {
        Self { tag: Some(version.to_string()), ..self }
    }

    /// What says its own version shows it as its ETag.
    fn of(status: StatusCode, body: Body) -> Self {
        let tag = match &body {
            Body::Json(body) => body.get("version").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        Self { status, body, is_replay: false, tag }
    }

    fn response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(tag) = self.tag {
            response.insert_header((header::ETAG, tag));
        }
        if self.is_replay {
            response.insert_header(("Idempotent-Replay", "true"));
        }
        match self.body {
            Body::Json(body) => response.content_type("application/json").body(body.to_string()),
            Body::Lines(lines, media_type) => response.content_type(media_type).streaming(sent(lines)),
            Body::Picture(png) => response
                .content_type("image/png")
                .insert_header((header::CACHE_CONTROL, "private, no-cache"))
                .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .body(png),
            Body::Nothing => response.finish(),
        }
    }
}

/// An export of people, on its way.
pub(super) struct People {
    /// Who asks.
    pub(super) cx: Arc<Context>,
    /// Who of them, and in which order.
    pub(super) wanted: Wanted,
    /// What is sent next.
    pub(super) stretch: Option<people_csv::Stretch>,
}

/// What is read while it is sent.
enum Stretches {
    Events(Lines),
    People(Box<People>),
}

impl Stretches {
    async fn next(&mut self) -> Result<Option<String>, Error> {
        match self {
            Self::Events(lines) => lines.next().await,
            Self::People(people) => {
                let Some(stretch) = people.stretch.take() else { return Ok(None) };
                if let Some(next) = stretch.next {
                    people.stretch = Some(people_csv::export(&people.cx, &people.wanted, Some(next)).await?);
                }
                Ok(Some(stretch.csv))
            }
        }
    }
}

/// Lines as they are sent. Where they cannot be read any more the connection breaks off, so that nobody takes a part for
/// the whole.
fn sent(lines: Stretches) -> impl Stream<Item = Result<web::Bytes, service::Error>> {
    stream::unfold(Some(lines), |lines| async {
        let mut lines = lines?;
        match lines.next().await {
            Ok(text) => Some((Ok(text?.into()), Some(lines))),
            Err(error) => {
                tracing::error!(error = ?error, "an export broke off");
                Some((Err(error), None))
            }
        }
    })
}

/// Serves a request under `/api`. Every answer that is not a success is a problem, also after a panic.
pub(super) async fn serve(
    request: HttpRequest,
    payload: web::Payload,
    door: &Door,
    line: &mut Line,
) -> HttpResponse {
    let served = AssertUnwindSafe(answer(&request, payload, door, line)).catch_unwind().await;
    let outcome = served.unwrap_or(Err(Refusal::Panic));
    let mut response = outcome.unwrap_or_else(|refusal| problem::response(&refusal, &line.request));
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

async fn answer(
    request: &HttpRequest,
    payload: web::Payload,
    door: &Door,
    line: &mut Line,
) -> Result<HttpResponse, Refusal> {
    if request.path() == "/api/openapi.json" && matches!(*request.method(), Method::GET | Method::HEAD) {
        line.endpoint = "/api/openapi.json";
        return Ok(HttpResponse::Ok().content_type("application/json").body(openapi::document().to_string()));
    }
    if request.path().strip_prefix("/api/v1") == Some(invites::ACCEPT) && *request.method() == Method::POST {
        return invites::accept(request, payload, door, line).await;
    }
    let principal = authenticate(request, door).await?;
    let (slug, path) = super::scim::organization(request.path());
    if slug.is_some_and(|slug| slug != principal.slug) {
        // as if there were no such organization
        return Err(Refusal::NoEndpoint);
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let path =
        path.strip_prefix("/api/v1").or((path == AUDIT_LOGS).then_some(path)).ok_or(Refusal::NoEndpoint)?;
    let (route, values) = match (route::find(request.method().as_str(), path), request.method()) {
        (Err(Refusal::Method(allow)), &Method::OPTIONS) => {
            return Ok(HttpResponse::NoContent().insert_header((header::ALLOW, allow.as_ref())).finish());
        }
        (found, _) => found?,
    };
    line.endpoint = route.pattern;
    principal.scopes.check(route.action).map_err(Error::Rule)?;
    let query = query(request.query_string(), route)?;
    let body = match route.body {
        None => Map::new(),
        Some(_) => read_body(request, payload).await?,
    };
    let once = once(request, route, &values, &body)?;
    let precondition = super::scim::precondition(request.headers());
    let visit = visitor::visit(request, door, line);
    let asked = Context::of_principal(&door.app, &principal, &visit, &door.base).await?;
    let cx = Arc::new(Context { once, ..asked });
    let call = Call { cx, principal, path: values, query, body, precondition: precondition.clone() };
    let reply = (route.serve)(call).await?;
    let opaque = |tag: &str| tag.trim_start_matches("W/").trim_matches('"').to_owned();
    match &reply.tag {
        Some(tag) if route.method == "GET" && route.versioned && precondition.has_tag(&opaque(tag)) => {
            Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag.as_str())).finish())
        }
        _ => Ok(reply.response()),
    }
}

/// Whom the key speaks for; or, without a key, the session of a browser, which sends its cookie along whoever made it ask.
async fn authenticate(request: &HttpRequest, door: &Door) -> Result<Arc<Principal>, Refusal> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let Some(header) = headers.next() else {
        let cookie = visitor::cookie(request, door.session_cookie()).ok_or(Refusal::NoKey)?;
        if !visitor::is_safe(request) && !visitor::is_of_ours(request, door) {
            return Err(Refusal::Foreign);
        }
        return match signed_in::authenticate(&door.app, &cookie, &visitor::address(request, door)).await {
            Err(Error::Unauthorized) => Err(Refusal::NoKey),
            other => Ok(other?),
        };
    };
    if headers.next().is_some() {
        // whoever stands in front of this server may have looked at the other
        return Err(Refusal::InvalidKey);
    }
    let credential = Credential::read(header.to_str().unwrap_or_default()).ok_or(Refusal::NoKey)?;
    if !is_key(credential.secret()) || matches!(credential, Credential::Bare(_)) {
        return Err(Refusal::InvalidKey);
    }
    match service::keys::authenticate(&door.app, credential.secret()).await {
        Err(Error::Unauthorized) => Err(Refusal::InvalidKey),
        other => Ok(other?),
    }
}

/// The parameters of a query; one that the route does not have is refused, for it was meant to change the answer.
fn query(text: &str, route: &Route) -> Result<Vec<(String, String)>, Refusal> {
    let query: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    match query.iter().find(|(name, _)| !route.query.contains(&name.as_str())) {
        Some((name, _)) => Err(Error::Rule(unknown("parameter", name, route.query.iter().copied())).into()),
        None => Ok(query),
    }
}

async fn read_body(request: &HttpRequest, payload: web::Payload) -> Result<Map<String, Value>, Refusal> {
    let encoding = body::check_head(request, BODY)?;
    if !body::is_of(request, &["application/json"]) {
        return Err(Refusal::MediaType("expected a Content-Type of application/json in UTF-8".to_owned()));
    }
    body::object(request, payload, encoding, BODY).await
}

/// What tells the request when it is made again.
fn once(
    request: &HttpRequest,
    route: &Route,
    values: &[String],
    body: &Map<String, Value>,
) -> Result<Option<Once>, Refusal> {
    let Some(key) = request.headers().get("Idempotency-Key").filter(|_| route.method == "POST") else {
        return Ok(None);
    };
    let key = key.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > 255 {
        let detail = "Idempotency-Key: expected 1 to 255 visible ASCII characters";
        return Err(ErrorKind::InvalidValue.because(detail).into());
    }
    let hash = digest(&SHA256, Value::Object(body.clone()).to_string().as_bytes());
    let route = format!("{} {} {}", route.method, route.pattern, values.join(" "));
    Ok(Some(Once { key: key.to_owned(), route, body: hex(hash.as_ref()) }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
