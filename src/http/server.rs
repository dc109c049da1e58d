//! The server: an app on a listener, the same for `serve` and for tests.

use super::{
    api, health, pages,
    request_log::Line,
    scim::{self, discovery::Documents},
    token,
};
use crate::{
    scim::schema::{Types, types::STANDARD},
    service::App,
};
use actix_web::{
    HttpRequest, HttpResponse, HttpServer,
    body::{BoxBody, MessageBody},
    dev::Server,
    http::{
        Method,
        header::{self, HeaderValue},
    },
    web,
};
use flate2::{Compression, write::GzEncoder};
use std::{
    future::Future,
    io::Write,
    net::TcpListener,
    sync::Arc,
    time::{Duration, Instant},
};

/// What every request can reach.
#[derive(Debug, Clone)]
pub struct Door {
    /// The process.
    pub app: Arc<App>,
    /// The public URL the SCIM endpoints stand under, such as `https://roster.example.com/scim/v2`; never
    /// taken from a request (R-026).
    pub base: Arc<str>,
    /// Whether every request comes through a proxy, which says where it is from.
    pub behind_proxy: bool,
    documents: Arc<Documents>,
}

impl Door {
    /// A door to an app under a public URL.
    pub fn new(app: Arc<App>, base: &str) -> Self {
        Self {
            app,
            base: Arc::from(base),
            behind_proxy: false,
            documents: Arc::new(Documents::print(base, &STANDARD)),
        }
    }

    /// The URL the SCIM endpoints stand under when a path names the organization.
    pub(super) fn base_of(&self, slug: &str) -> Arc<str> {
        let root = self.root();
        Arc::from(format!("{root}/o/{slug}/scim/v2"))
    }

    /// The URL that people reach the server under.
    pub(super) fn root(&self) -> &str {
        self.base.strip_suffix("/scim/v2").unwrap_or(&self.base)
    }

    /// Whether browsers reach the server by TLS alone.
    pub(super) fn is_secure(&self) -> bool {
        self.base.starts_with("https://")
    }

    /// The name of the cookie that a session is. Behind TLS no other host can set it (RFC 6265bis §4.1.3.2).
    pub(super) fn session_cookie(&self) -> &'static str {
        if self.is_secure() { "__Host-roster" } else { "roster" }
    }

    /// The discovery documents; the standard's, under the plain URL, are printed once.
    pub(super) fn documents(&self, base: &Arc<str>, types: &'static Types) -> Arc<Documents> {
        if std::ptr::eq(types, &STANDARD) && *base == self.base {
            return self.documents.clone();
        }
        Arc::new(Documents::print(base, types))
    }
}

/// How requests come in.
#[derive(Debug)]
pub struct Entrance {
    /// Where they arrive.
    pub listener: TcpListener,
    /// Certificate and key; without them the server speaks plain HTTP.
    pub tls: Option<rustls::ServerConfig>,
    /// How many threads serve them.
    pub workers: usize,
}

/// How long accepted requests may take to finish once the server is told to stop, in seconds: longer than a
/// body may take to arrive.
const GRACE: u64 = 40;
/// How long a client may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long the rest of a refused body is thrown away, so that the client gets to hear the refusal.
const LINGER: Duration = Duration::from_secs(5);

/// Starts the server. It stops when `stop` is done: no new connections, and what was accepted is finished.
pub fn start(
    door: Door,
    entrance: Entrance,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        actix_web::App::new().app_data(web::Data::new(door.clone())).default_service(web::to(dispatch))
    })
    .workers(entrance.workers)
    .client_request_timeout(HEAD_PATIENCE)
    .client_disconnect_timeout(LINGER)
    .shutdown_timeout(GRACE)
    .shutdown_signal(stop);
    let server = match entrance.tls {
        Some(tls) => server.listen_rustls_0_23(entrance.listener, tls)?,
        None => server.listen(entrance.listener)?,
    };
    Ok(server.run())
}

async fn dispatch(request: HttpRequest, payload: web::Payload, door: web::Data<Door>) -> HttpResponse {
    let started = Instant::now();
    let mut line = Line {
        request: door.app.ids.make(door.app.clock.now()),
        method: method_name(request.method()),
        endpoint: "?",
        ..Line::default()
    };
    let first = request.path().split('/').find(|segment| !segment.is_empty()).unwrap_or_default();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let packs = *request.method() != Method::HEAD && accepts_gzip(&request);
    let mut response = match request.path() {
        "/healthz" if reads => {
            line.endpoint = "/healthz";
            health::live()
        }
        "/readyz" if reads => {
            line.endpoint = "/readyz";
            health::ready(&door).await
        }
        path if scim::organization(path).1 == token::PATH => {
            token::serve(&request, payload, &door, &mut line).await
        }
        path if is_api(path) && !is_alias(path) => api::serve(request, payload, &door, &mut line).await,
        path if pages::are_at(path) => pages::serve(request, payload, &door, &mut line).await,
        path if first == "o" || first.eq_ignore_ascii_case("scim") || is_alias(path) => {
            scim::serve(request, payload, &door, &mut line).await
        }
        _ => nothing_here(),
    };
    if packs {
        response = packed(response).await;
    }
    if let Ok(id) = line.request.parse() {
        response.headers_mut().insert(header::HeaderName::from_static("x-request-id"), id);
    }
    line.status = response.status().as_u16();
    line.write(started.elapsed());
    response
}

/// Whether a path is the API's, of an organization that it names or not.
fn is_api(path: &str) -> bool {
    let (_, path) = scim::organization(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path == "/api" || path.starts_with("/api/") || path == api::AUDIT_LOGS
}

/// Whether a path is SCIM's, where W&B's scripts look for it (W-200).
fn is_alias(path: &str) -> bool {
    let (_, path) = scim::organization(path);
    path == "/api/scim" || path.starts_with("/api/scim/")
}

fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound().insert_header((header::CONTENT_TYPE, "application/problem+json")).body(
        r#"{"title":"Not Found","status":404,"detail":"nothing is served here; SCIM is under /scim/v2, the API under /api/v1"}"#,
    )
}

/// Answers from this size on are compressed for clients that say they can read it; smaller ones are not worth it.
const PACKED_FROM: usize = 8 * 1024;

/// Compresses a large answer, on a thread where that holds up nobody.
async fn packed(response: HttpResponse) -> HttpResponse {
    let (mut head, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(bytes) if bytes.len() >= PACKED_FROM => bytes,
        Ok(bytes) => return head.set_body(BoxBody::new(bytes)),
        Err(body) => return head.set_body(body),
    };
    let plain = body.clone();
    match web::block(move || gzip(&plain)).await {
        Ok(Ok(packed)) => {
            head.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            head.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            head.set_body(BoxBody::new(packed))
        }
        // it can be read as it is
        _ => head.set_body(BoxBody::new(body)),
    }
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Whether the client says that it reads gzip.
fn accepts_gzip(request: &HttpRequest) -> bool {
    let names_gzip = |value: &HeaderValue| {
        value.to_str().is_ok_and(|list| {
            list.split(',').any(|coding| {
                let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
                let weight = weight.replace(' ', "");
                name.trim().eq_ignore_ascii_case("gzip")
                    && !["q=0", "q=0.0", "q=0.00", "q=0.000"].contains(&weight.as_str())
            })
        })
    };
    request.headers().get_all(header::ACCEPT_ENCODING).any(names_gzip)
}

/// A method's name, where it is one that HTTP itself knows; what clients invent stays out of the log.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
