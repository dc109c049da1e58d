//! Failures under `/api`: RFC 9457.

use crate::http::error::Refusal;
use actix_web::{HttpResponse, http::header};
use serde_json::json;

/// The answer to a request that is not served.
pub(super) fn response(refusal: &Refusal, request_id: &str) -> HttpResponse {
    let status = refusal.status();
    let body = json!({
        "title": status.canonical_reason().unwrap_or("Error"),
        "status": status.as_u16(),
        "detail": refusal.detail(request_id),
        "instance": format!("urn:uuid:{request_id}"),
    });
    let mut response = HttpResponse::build(status);
    refusal.headers(&mut response);
    response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
    response.body(body.to_string())
}
