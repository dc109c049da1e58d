//! `/healthz` and `/readyz`, for whoever watches the process.

use super::server::Door;
use crate::service;
use actix_web::HttpResponse;

/// The process answers.
pub(super) fn live() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// The process can do its work: the database answers.
pub(super) async fn ready(door: &Door) -> HttpResponse {
    match service::read::is_ready(&door.app).await {
        Ok(()) => HttpResponse::Ok().content_type("text/plain").body("ready\n"),
        Err(error) => {
            tracing::error!(error = ?error, "not ready");
            HttpResponse::ServiceUnavailable()
                .content_type("text/plain")
                .body("the database does not answer\n")
        }
    }
}
