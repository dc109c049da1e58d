//! Reading a request's body: media type, encoding, size and time are bounded while it arrives.

use super::Call;
use crate::{
    http::error::Refusal,
    scim::{ErrorKind, Quirk, json},
};
use actix_web::{HttpMessage, HttpRequest, http::header, web};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use serde_json::{Map, Value};
use std::{io::Read, time::Duration};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a body is packed.
enum Encoding {
    Plain,
    Gzip,
}

impl Call<'_> {
    /// The body as a JSON object of at most `limit` bytes, also when it arrives compressed.
    pub(super) async fn body(
        &mut self,
        mut payload: web::Payload,
        limit: usize,
    ) -> Result<Map<String, Value>, Refusal> {
        let encoding = self.check_head(limit)?;
        let collected = tokio::time::timeout(PATIENCE, collect(&mut payload, limit)).await;
        let bytes = collected.unwrap_or(Err(Refusal::Slow))?;
        let read = move || {
            let bytes = match encoding {
                Encoding::Plain => bytes,
                Encoding::Gzip => unpack(&bytes, limit)?,
            };
            Ok::<_, Refusal>(json::object(&bytes)?)
        };
        match declared_small(self.request) {
            true => read(),
            // where it holds up nobody
            false => web::block(read).await.map_err(|_| Refusal::Panic)?,
        }
    }

    /// What the headers alone tell: 413 before 415.
    fn check_head(&mut self, limit: usize) -> Result<Encoding, Refusal> {
        let headers = self.request.headers();
        let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let declared = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(Refusal::TooLarge(limit));
        }
        let encoding = match text(header::CONTENT_ENCODING).map(str::to_ascii_lowercase).as_deref() {
            None | Some("identity" | "") => Encoding::Plain,
            Some("gzip" | "x-gzip") => Encoding::Gzip,
            Some(other) => {
                let shown: String = other.chars().take(40).collect();
                return Err(Refusal::MediaType(format!("expected the encoding gzip or none, found {shown}")));
            }
        };
        self.check_media_type()?;
        Ok(encoding)
    }

    /// `application/scim+json` or `application/json` in UTF-8; none at all is JSON too
    /// for a forgiving connection.
    fn check_media_type(&mut self) -> Result<(), Refusal> {
        if !self.request.headers().contains_key(header::CONTENT_TYPE) {
            let refusal = Refusal::MediaType("expected a Content-Type of application/scim+json".to_owned());
            return if self.quirks.allow(Quirk::NoContentType) { Ok(()) } else { Err(refusal) };
        }
        let found = self.request.mime_type().ok().flatten();
        let fits = found.as_ref().is_some_and(|mime| {
            let charset = mime.get_param("charset").is_none_or(|charset| charset == "utf-8");
            ["application/scim+json", "application/json"].contains(&mime.essence_str()) && charset
        });
        if fits {
            return Ok(());
        }
        Err(Refusal::MediaType("expected a Content-Type of application/scim+json in UTF-8".to_owned()))
    }
}

/// Bodies up to this size are read where they arrive.
const SMALL: usize = 64 * 1024;

/// Whether a body says that it is small, and is not packed.
fn declared_small(request: &HttpRequest) -> bool {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    let is_packed = request.headers().contains_key(header::CONTENT_ENCODING);
    !is_packed && length.and_then(|length| length.parse().ok()).is_some_and(|length: usize| length <= SMALL)
}

async fn collect(payload: &mut web::Payload, limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Refusal::Broken)?;
        if bytes.len() + chunk.len() > limit {
            return Err(Refusal::TooLarge(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Unpacks no more than the limit, however much a small body would become.
fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let longest = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let unpacked = MultiGzDecoder::new(packed).take(longest).read_to_end(&mut bytes);
    match unpacked {
        Ok(_) if bytes.len() > limit => Err(Refusal::TooLarge(limit)),
        Ok(_) => Ok(bytes),
        Err(_) => {
            Err(ErrorKind::InvalidSyntax.because("the body is not what its Content-Encoding says").into())
        }
    }
}
