//! Signing out, from here and from there: OpenID Connect RP-Initiated Logout 1.0, Back-Channel Logout 1.0.

use super::{Client, Failure};
use crate::jwt::{self, KeySets, Metadata};
use serde_json::Value;

/// What a logout token must say that it is.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Where a browser goes to sign out at the provider, too, if that is offered; it comes back to `after`.
pub fn end_session(client: &Client, about: &Metadata, after: &str) -> Option<String> {
    let mut url = jwt::endpoint(&client.issuer, about.end_session_endpoint.as_deref()?)?;
    url.query_pairs_mut().append_pair("client_id", &client.id).append_pair("post_logout_redirect_uri", after);
    Some(url.into())
}

/// Whose sessions have ended at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// All of the person whom it calls that, or the one session alone where that is named.
    pub subject: Option<String>,
    /// What it calls the session.
    pub session: Option<String>,
}

/// Whose sessions a logout token says have ended (Back-Channel Logout 1.0 §2.6). `now` is in seconds since 1970.
pub async fn verify_logout(
    client: &Client,
    issuers: &KeySets,
    token: &str,
    now: f64,
) -> Result<Ended, Failure> {
    let untrue = |why: &str| Err(Failure::Untrue(why.to_owned()));
    let claimed = jwt::claimed(token)?;
    if claimed.issuer != client.issuer {
        return untrue("iss: expected the provider's own");
    }
    let documents = issuers.of(&claimed).await?;
    let claims = jwt::verify_any(token, &claimed, &documents.keys, &[&client.id], now)?;
    let is_logout =
        claims.others.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object);
    if !is_logout {
        return untrue("events: expected that of a back-channel logout");
    }
    // or an ID token would be one, too
    if claims.others.contains_key("nonce") {
        return untrue("nonce: a logout token has none");
    }
    if claims.issued_at().is_none() {
        return untrue("iat: expected when the token was made");
    }
    let text = |name: &str| claims.others.get(name).and_then(Value::as_str).map(str::to_owned);
    let (subject, session) = (Some(claims.subject.clone()).filter(|it| !it.is_empty()), text("sid"));
    match (text("jti"), subject.is_some() || session.is_some()) {
        (Some(_), true) => Ok(Ended { subject, session }),
        (None, _) => untrue("jti: expected the token's own name"),
        (_, false) => untrue("sub: expected whose session it was, or sid"),
    }
}
