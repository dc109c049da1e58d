//! The body of a SCIM request.

use super::Call;
use crate::{
    http::{body, error::Refusal},
    scim::{Quirk, json},
    service::requests::LARGEST_BODY,
};
use actix_web::{HttpRequest, http::header, web};
use serde_json::{Map, Value};

/// Where a body comes from.
pub(super) enum Payload<'r> {
    /// It arrives with a request.
    Arriving(&'r HttpRequest, web::Payload),
    /// It is remembered of an earlier request.
    Remembered(String),
}

impl Call<'_> {
    /// The body as a JSON object of at most `limit` bytes. What the headers tell comes first, 413 before 415.
    pub(super) async fn body(
        &mut self,
        payload: Payload<'_>,
        limit: usize,
    ) -> Result<Map<String, Value>, Refusal> {
        let (request, payload) = match payload {
            Payload::Arriving(request, payload) => (request, payload),
            Payload::Remembered(text) => {
                self.check_media_type()?;
                return Ok(json::object(text.as_bytes())?);
            }
        };
        let encoding = body::check_head(request, limit)?;
        self.check_media_type()?;
        let (bytes, object) = body::read(request, payload, encoding, limit).await?;
        self.seen.body_bytes = bytes.len();
        self.seen.body = Some(bytes).filter(|bytes| object.is_ok() && bytes.len() <= LARGEST_BODY);
        Ok(object?)
    }

    /// `application/scim+json` or `application/json` in UTF-8; none at all is JSON too
    /// for a forgiving connection.
    fn check_media_type(&mut self) -> Result<(), Refusal> {
        let headers = self.asked.headers;
        if !headers.contains_key(header::CONTENT_TYPE) {
            let refusal = Refusal::MediaType("expected a Content-Type of application/scim+json".to_owned());
            return if self.quirks.allow(Quirk::NoContentType) { Ok(()) } else { Err(refusal) };
        }
        if body::is_said_of(headers, &["application/scim+json", "application/json"]) {
            return Ok(());
        }
        Err(Refusal::MediaType("expected a Content-Type of application/scim+json in UTF-8".to_owned()))
    }
}
