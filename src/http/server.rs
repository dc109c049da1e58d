//! The server: an app on a listener, the same for `serve` and for tests.

use super::{
    health,
    request_log::Line,
    scim::{self, discovery::Documents},
};
use crate::service::App;
use actix_web::{
    HttpRequest, HttpResponse, HttpServer,
    dev::{Server, Service, ServiceRequest},
    http::{
        Method,
        header::{self, HeaderValue},
    },
    middleware, web,
};
use std::{
    future::Future,
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
    documents: Arc<Documents>,
}

impl Door {
    /// A door to an app under a public URL.
    pub fn new(app: Arc<App>, base: &str) -> Self {
        Self { app, base: Arc::from(base), documents: Arc::new(Documents::print(base)) }
    }

    /// The discovery documents, printed once.
    pub(super) fn documents(&self) -> &Documents {
        &self.documents
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
        actix_web::App::new()
            .app_data(web::Data::new(door.clone()))
            .wrap(middleware::Compress::default())
            .wrap_fn(|mut request, next| {
                forget_foreign_encodings(&mut request);
                next.call(request)
            })
            .default_service(web::to(dispatch))
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
    let mut response = match request.path() {
        "/healthz" if reads => {
            line.endpoint = "/healthz";
            health::live()
        }
        "/readyz" if reads => {
            line.endpoint = "/readyz";
            health::ready(&door).await
        }
        _ if first.eq_ignore_ascii_case("scim") => scim::serve(request, payload, &door, &mut line).await,
        _ => nothing_here(),
    };
    if let Ok(id) = line.request.parse() {
        response.headers_mut().insert(header::HeaderName::from_static("x-request-id"), id);
    }
    line.status = response.status().as_u16();
    line.write(started.elapsed());
    response
}

fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound().insert_header((header::CONTENT_TYPE, "application/problem+json")).body(
        r#"{"title":"Not Found","status":404,"detail":"nothing is served here; SCIM is under /scim/v2"}"#,
    )
}

/// A client that accepts no encoding we have gets the plain answer, not a refusal that is none of SCIM's.
fn forget_foreign_encodings(request: &mut ServiceRequest) {
    let accepts = |value: &HeaderValue| {
        value.to_str().is_ok_and(|list| {
            list.split(',').any(|coding| {
                let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
                name.trim().eq_ignore_ascii_case("gzip") && !weight.replace(' ', "").starts_with("q=0")
            })
        })
    };
    if !request.headers().get_all(header::ACCEPT_ENCODING).any(accepts) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
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
