//! The server: an app on a listener, the same for `serve` and for tests.

use super::{health, scim};
use crate::service::App;
use actix_web::{
    HttpResponse, HttpServer,
    dev::Server,
    http::{Method, header},
    middleware, web,
};
use std::{future::Future, net::TcpListener, sync::Arc, time::Duration};

/// What every request can reach.
#[derive(Debug, Clone)]
pub struct Door {
    /// The process.
    pub app: Arc<App>,
    /// The public URL the SCIM endpoints stand under, such as `https://roster.example.com/scim/v2`; never
    /// taken from a request (R-026).
    pub base: Arc<str>,
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

/// How long accepted requests may take to finish once the server is told to stop, in seconds.
const GRACE: u64 = 30;
/// How long a client may take to send the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);

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
            .route("/healthz", web::get().to(health::live))
            .route("/readyz", web::get().to(health::ready))
            .default_service(web::to(dispatch))
    })
    .workers(entrance.workers)
    .client_request_timeout(HEAD_PATIENCE)
    .shutdown_timeout(GRACE)
    .shutdown_signal(stop);
    let server = match entrance.tls {
        Some(tls) => server.listen_rustls_0_23(entrance.listener, tls)?,
        None => server.listen(entrance.listener)?,
    };
    Ok(server.run())
}

async fn dispatch(
    request: actix_web::HttpRequest,
    payload: web::Payload,
    door: web::Data<Door>,
) -> HttpResponse {
    let first = request.path().split('/').find(|segment| !segment.is_empty()).unwrap_or_default();
    if first.eq_ignore_ascii_case("scim") {
        return scim::serve(request, payload, door).await;
    }
    HttpResponse::NotFound().insert_header((header::CONTENT_TYPE, "application/problem+json")).body(
        r#"{"title":"Not Found","status":404,"detail":"nothing is served here; SCIM is under /scim/v2"}"#,
    )
}

/// A method's name, where it is one that HTTP itself knows; what clients invent stays out of the log.
pub(super) fn method_name(method: &Method) -> &'static str {
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
