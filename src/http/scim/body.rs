//! The body of a SCIM request.

use super::Call;
use crate::{
    http::{body, error::Refusal},
    scim::Quirk,
};
use actix_web::{http::header, web};
use serde_json::{Map, Value};

impl Call<'_> {
    /// The body as a JSON object of at most `limit` bytes. What the headers tell comes first, 413 before 415.
    pub(super) async fn body(
        &mut self,
        payload: web::Payload,
        limit: usize,
    ) -> Result<Map<String, Value>, Refusal> {
        let encoding = body::check_head(self.request, limit)?;
        self.check_media_type()?;
        body::object(self.request, payload, encoding, limit).await
    }

    /// `application/scim+json` or `application/json` in UTF-8; none at all is JSON too
    /// for a forgiving connection.
    fn check_media_type(&mut self) -> Result<(), Refusal> {
        if !self.request.headers().contains_key(header::CONTENT_TYPE) {
            let refusal = Refusal::MediaType("expected a Content-Type of application/scim+json".to_owned());
            return if self.quirks.allow(Quirk::NoContentType) { Ok(()) } else { Err(refusal) };
        }
        if body::is_of(self.request, &["application/scim+json", "application/json"]) {
            return Ok(());
        }
        Err(Refusal::MediaType("expected a Content-Type of application/scim+json in UTF-8".to_owned()))
    }
}
