//! Reading a request's body: media type, encoding, size and time are bounded while it arrives.

use super::Call;
use crate::{
    http::error::Refusal,
    scim::{Quirk, json},
};
use actix_web::{
    HttpMessage,
    dev::Decompress,
    http::header::{self, ContentEncoding},
    web,
};
use futures_util::{Stream, StreamExt};
use serde_json::{Map, Value};
use std::time::Duration;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of a refused body is read and thrown away, so that the client gets to hear the refusal.
const DRAINED: usize = 64 * 1024 * 1024;
const DRAIN_PATIENCE: Duration = Duration::from_secs(5);

impl Call<'_> {
    /// The body as a JSON object of at most `limit` bytes, also when it arrives compressed.
    pub(super) async fn body(
        &mut self,
        mut payload: web::Payload,
        limit: usize,
    ) -> Result<Map<String, Value>, Refusal> {
        let outcome = match self.check_head(limit) {
            Ok(encoding) => read(&mut payload, encoding, limit).await,
            Err(refusal) => Err(refusal),
        };
        match outcome {
            Ok(bytes) => Ok(json::object(&bytes)?),
            Err(refusal) => {
                drain(&mut payload).await;
                Err(refusal)
            }
        }
    }

    /// What the headers alone tell: 413 before 415.
    fn check_head(&mut self, limit: usize) -> Result<ContentEncoding, Refusal> {
        let headers = self.request.headers();
        let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let declared = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(Refusal::TooLarge(limit));
        }
        let encoding = match text(header::CONTENT_ENCODING).map(str::to_ascii_lowercase).as_deref() {
            None | Some("identity" | "") => ContentEncoding::Identity,
            Some("gzip" | "x-gzip") => ContentEncoding::Gzip,
            Some("deflate") => ContentEncoding::Deflate,
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

async fn read(
    payload: &mut web::Payload,
    encoding: ContentEncoding,
    limit: usize,
) -> Result<Vec<u8>, Refusal> {
    let collected = match encoding {
        ContentEncoding::Identity => tokio::time::timeout(PATIENCE, collect(payload, limit)).await,
        encoding => tokio::time::timeout(PATIENCE, collect(Decompress::new(payload, encoding), limit)).await,
    };
    collected.unwrap_or(Err(Refusal::Slow))
}

async fn collect<S, B, E>(mut chunks: S, limit: usize) -> Result<Vec<u8>, Refusal>
where
    S: Stream<Item = Result<B, E>> + Unpin,
    B: AsRef<[u8]>,
{
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::Broken)?;
        if bytes.len() + chunk.as_ref().len() > limit {
            return Err(Refusal::TooLarge(limit));
        }
        bytes.extend_from_slice(chunk.as_ref());
    }
    Ok(bytes)
}

async fn drain(payload: &mut web::Payload) {
    let draining = async {
        let mut left = DRAINED;
        while let Some(Ok(chunk)) = payload.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    // whoever sends more, or slower, does not hear the refusal
    let _ = tokio::time::timeout(DRAIN_PATIENCE, draining).await;
}
