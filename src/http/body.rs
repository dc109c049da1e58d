//! Reading a request's body: encoding, size and time are bounded while it arrives.

use super::error::Refusal;
use crate::scim::{self, ErrorKind, json};
use actix_multipart::Multipart;
use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap, HeaderName},
    mime::Mime,
    web,
};
use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use serde_json::{Map, Value};
use std::{io::Read, time::Duration};

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a body is packed.
#[derive(Clone, Copy)]
pub(super) enum Encoding {
    Plain,
    Gzip,
}

/// What the headers tell of size and encoding: 413 and 415.
pub(super) fn check_head(request: &HttpRequest, limit: usize) -> Result<Encoding, Refusal> {
    let headers = request.headers();
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let declared = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Refusal::TooLarge(limit));
    }
    match text(header::CONTENT_ENCODING).map(str::to_ascii_lowercase).as_deref() {
        None | Some("identity" | "") => Ok(Encoding::Plain),
        Some("gzip" | "x-gzip") => Ok(Encoding::Gzip),
        Some(other) => {
            let shown: String = other.chars().take(40).collect();
            Err(Refusal::MediaType(format!("expected the encoding gzip or none, found {shown}")))
        }
    }
}

/// Whether the body is in UTF-8 and in one of these media types.
pub(super) fn is_of(request: &HttpRequest, media_types: &[&str]) -> bool {
    is_said_of(request.headers(), media_types)
}

/// The same of headers.
pub(super) fn is_said_of(headers: &HeaderMap, media_types: &[&str]) -> bool {
    let said = headers.get(header::CONTENT_TYPE).and_then(|said| said.to_str().ok());
    let found: Option<Mime> = said.and_then(|said| said.parse().ok());
    found.as_ref().is_some_and(|mime| {
        let charset = mime.get_param("charset").is_none_or(|charset| charset == "utf-8");
        media_types.contains(&mime.essence_str()) && charset
    })
}

/// The members of a form of at most `limit` bytes.
pub(super) async fn form(mut payload: web::Payload, limit: usize) -> Result<Vec<(String, String)>, Refusal> {
    let collected = tokio::time::timeout(PATIENCE, collect(&mut payload, limit)).await;
    let bytes = collected.unwrap_or(Err(Refusal::Slow))?;
    Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

/// What a form has in its fields, and the files that came with it.
pub(super) type Parts = (Vec<(String, String)>, Vec<(String, Vec<u8>)>);

/// The fields and files of a form in parts (RFC 7578), of at most `limit` bytes together.
pub(super) async fn parts(
    request: &HttpRequest,
    mut payload: web::Payload,
    limit: usize,
) -> Result<Parts, Refusal> {
    let collected = tokio::time::timeout(PATIENCE, collect(&mut payload, limit)).await;
    let bytes = collected.unwrap_or(Err(Refusal::Slow))?;
    let once = futures_util::stream::once(async move { Ok(web::Bytes::from(bytes)) });
    let mut parts = Multipart::new(request.headers(), Box::pin(once));
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    let odd =
        |_| Refusal::from(ErrorKind::InvalidSyntax.because("expected a form in parts, as browsers send it"));
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(odd)?;
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.content_disposition().is_some_and(|it| it.get_filename().is_some());
        let mut value = Vec::new();
        while let Some(chunk) = part.next().await {
            value.extend_from_slice(&chunk.map_err(odd)?);
        }
        match is_file {
            true => files.push((name, value)),
            false => fields.push((name, String::from_utf8_lossy(&value).into_owned())),
        }
    }
    Ok((fields, files))
}

/// The body as a JSON object of at most `limit` bytes, also when it arrives compressed.
pub(super) async fn object(
    request: &HttpRequest,
    payload: web::Payload,
    encoding: Encoding,
    limit: usize,
) -> Result<Map<String, Value>, Refusal> {
    Ok(read(request, payload, encoding, limit).await?.1?)
}

/// The bytes of a body of at most `limit` bytes, unpacked where it arrives compressed, and what they say as a JSON object.
pub(super) async fn read(
    request: &HttpRequest,
    mut payload: web::Payload,
    encoding: Encoding,
    limit: usize,
) -> Result<(Vec<u8>, Result<Map<String, Value>, scim::Error>), Refusal> {
    let collected = tokio::time::timeout(PATIENCE, collect(&mut payload, limit)).await;
    let bytes = collected.unwrap_or(Err(Refusal::Slow))?;
    let read = move || {
        let bytes = match encoding {
            Encoding::Plain => bytes,
            Encoding::Gzip => unpack(&bytes, limit)?,
        };
        let object = json::object(&bytes);
        Ok::<_, Refusal>((bytes, object))
    };
    match declared_small(request) {
        true => read(),
        // where it holds up nobody
        false => web::block(read).await.map_err(|_| Refusal::Panic)?,
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
