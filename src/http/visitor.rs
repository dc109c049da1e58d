//! Who is at the other end: from which address, with which browser, and whether a page of ours made it ask.

use super::{request_log::Line, server::Door};
use crate::service::Visit;
use actix_web::{
    HttpRequest,
    http::{
        Method,
        header::{self, HeaderName},
    },
};
use std::net::{IpAddr, SocketAddr};
use url::Url;

/// The address that a request came from; behind a proxy the one that the proxy saw, which it writes last.
pub(super) fn address(request: &HttpRequest, door: &Door) -> String {
    let peer = request.peer_addr().map(|it| it.ip());
    let forwarded = || {
        let lines = request.headers().get_all("x-forwarded-for");
        let last = lines.last()?.to_str().ok()?.rsplit(',').next()?.trim();
        // some proxies write the port behind it
        last.parse::<IpAddr>().ok().or_else(|| Some(last.parse::<SocketAddr>().ok()?.ip()))
    };
    let seen = if door.behind_proxy { forwarded().or(peer) } else { peer };
    seen.map(|address| address.to_canonical().to_string()).unwrap_or_default()
}

/// What is known of somebody at the door.
pub(super) fn visit(request: &HttpRequest, door: &Door, line: &Line) -> Visit {
    Visit {
        address: address(request, door),
        agent: text(request, header::USER_AGENT).unwrap_or_default().to_owned(),
        request: line.request.clone(),
    }
}

fn text(request: &HttpRequest, name: HeaderName) -> Option<&str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Whether a method changes nothing.
pub(super) fn is_safe(request: &HttpRequest) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a page of this server made the browser ask, as the browser says, which no page of others can make it say: by
/// `Sec-Fetch-Site` (Fetch Metadata §2.3), else by `Origin` (RFC 6454 §7). What says neither is no page.
pub(super) fn is_of_ours(request: &HttpRequest, door: &Door) -> bool {
    if let Some(site) = text(request, HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    let Some(origin) = text(request, header::ORIGIN).and_then(|origin| Url::parse(origin).ok()) else {
        return false;
    };
    let own = Url::parse(door.root()).is_ok_and(|own| own.origin() == origin.origin());
    let asked = text(request, header::HOST)
        .and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    own || !door.is_secure() && asked.is_some_and(|asked| asked.origin() == origin.origin())
}

/// A cookie; none where the browser sends two of that name, for one of them may be somebody else's.
pub(super) fn cookie(request: &HttpRequest, name: &str) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
    let mut found = lines.flat_map(|line| line.split(';')).filter_map(|pair| {
        let (found, value) = pair.split_once('=')?;
        (found.trim() == name).then(|| value.trim().to_owned())
    });
    match (found.next(), found.next()) {
        (Some(only), None) if !only.is_empty() => Some(only),
        _ => None,
    }
}
