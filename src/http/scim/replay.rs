//! A request that is remembered, done again to see what would happen. It takes the way of every other, but that each of its
//! transactions is undone.

use super::{Asked, Incoming, Payload, act, caller::Caller, route, seen::Seen};
use crate::{
    http::{error::Refusal, server::Door},
    org::{key, request::HIDDEN, request::leave_out},
    service::{
        Context, Error,
        rehearsal::Rehearsal,
        requests::{self, Remembered, Replayed, impossible},
    },
};
use actix_web::{
    HttpResponse,
    body::to_bytes,
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// What would come of a request now: as its connection is read now, and by what is here now. Nothing changes. What was
/// secret in its body is left out.
pub async fn replay(cx: &Arc<Context>, id: &str) -> Result<Replayed, Error> {
    let Remembered { request, verdict, actor } = requests::remembered(cx, id).await?;
    let method =
        Method::from_bytes(request.method.as_bytes()).map_err(|_| impossible("its method is none"))?;
    if request.path.contains(HIDDEN) {
        return Err(impossible("what it asked for is secret, and was not remembered"));
    }
    let takes_body = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    let (body, left_out) = match &request.body {
        Some(text) => without_secrets(text)?,
        None if takes_body => {
            return Err(impossible(
                "its body was not remembered; it was none, no JSON, or larger than 64 KiB",
            ));
        }
        None => (String::new(), Vec::new()),
    };
    let headers = headers(request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let (slug, path) = route::organization(path);
    let rehearsal = Arc::new(Rehearsal::default());
    // a command stands before no door
    let base =
        if cx.base.is_empty() { format!("{}/scim/v2", cx.app.public_url) } else { cx.base.to_string() };
    let door = Door::new(cx.app.clone(), &base);
    let own_id = cx.app.ids.make(cx.app.clock.now());
    let incoming = Incoming {
        door: &door,
        asked: Asked { method: &method, path, query, headers: &headers, request: &own_id },
        slug,
        address: cx.address.clone(),
        is_bare: false,
        rehearsal: Some(rehearsal.clone()),
    };
    let caller = Caller { verdict: Arc::new(verdict), actor, scopes: key::Scopes::ALL };
    let mut seen = Seen::default();
    let outcome = act(incoming, caller, Payload::Remembered(body), &mut seen).await;
    let (status, body) = answer(outcome, &own_id).await;
    Ok(Replayed {
        request: request.id,
        status,
        body,
        rules: seen.rules.into_iter().map(str::to_owned).collect(),
        affected: rehearsal.told(),
        left_out,
    })
}

/// A body without what is hidden in it, and where that stood. What nothing is left of cannot be done.
fn without_secrets(text: &str) -> Result<(String, Vec<String>), Error> {
    let mut body: Map<String, Value> = serde_json::from_str(text)?;
    let left_out = leave_out(&mut body);
    let mut lists = body.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Operations"));
    let is_nothing_left = lists.any(|(_, list)| list.as_array().is_some_and(Vec::is_empty));
    if left_out.iter().any(|place| place.eq_ignore_ascii_case("filter"))
        || !left_out.is_empty() && is_nothing_left
    {
        return Err(impossible("what it asked for is secret, and was not remembered"));
    }
    Ok((Value::Object(body).to_string(), left_out))
}

fn headers<'h>(named: impl Iterator<Item = (&'h str, &'h str)>) -> HeaderMap {
    let read = named.filter_map(|(name, value)| {
        Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
    });
    read.collect()
}

/// Status and body as they would be sent.
async fn answer(outcome: Result<HttpResponse, Refusal>, request: &str) -> (u16, Option<Value>) {
    match outcome {
        Err(refusal) => {
            let (status, body) = refusal.told(request);
            (status, Some(body))
        }
        Ok(response) => {
            let status = response.status().as_u16();
            let bytes = to_bytes(response.into_body()).await.unwrap_or_default();
            (status, serde_json::from_slice(&bytes).ok())
        }
    }
}
