//! `/invites` and `/mails`.

use super::{Call, Reply, read_body};
use crate::{
    http::{error::Refusal, request_log::Line, server::Door, visitor},
    org::{invite::Invite, refusal::unknown},
    scim::ErrorKind,
    service::{
        Error,
        invites::{self, Acceptance, Issued},
        mails,
        page::Page,
    },
};
use actix_web::{HttpRequest, HttpResponse, web};
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where an invite is accepted: the one route that needs no key, for the token of the invite says who may.
pub(super) const ACCEPT: &str = "/invites/accept";

/// An invite just made, or sent again.
#[derive(Serialize, JsonSchema)]
pub(super) struct IssuedInvite {
    #[serde(flatten)]
    invite: Invite,
    /// The link that lets the person in: in this answer, and in no other, not even when it is asked for again with the same
    /// Idempotency-Key. Who has it is let in.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl From<Issued> for IssuedInvite {
    fn from(issued: Issued) -> Self {
        let link = issued.link.map(|link| link.expose_secret().to_owned());
        Self { invite: issued.invite, link }
    }
}

/// `GET /invites`.
pub(super) async fn list(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(invites::list(&call.cx, call.slice()?).await?)))
}

/// `POST /invites`: one or many, all or none.
pub(super) async fn create(call: Call) -> Result<Reply, Refusal> {
    let made = invites::create(&call.cx, call.read()?).await?;
    let items: Vec<IssuedInvite> = made.it.into_iter().map(IssuedInvite::from).collect();
    Ok(Reply::created(json!(Page { items, next: None }), made.is_replay))
}

/// `GET /invites/{id}`.
pub(super) async fn get(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(invites::read(&call.cx, call.id()).await?)))
}

/// How an invite is sent again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "InviteRenewal")]
pub(super) struct Renewal {
    /// Whether the person gets mail; with true where it is left out.
    mail: Option<bool>,
}

/// `POST /invites/{id}/renew`.
pub(super) async fn renew(call: Call) -> Result<Reply, Refusal> {
    let Renewal { mail } = call.read()?;
    let made = invites::renew(&call.cx, call.id(), mail.unwrap_or(true)).await?;
    Ok(Reply::ok(json!(IssuedInvite::from(made.it))).again(made.is_replay))
}

/// `DELETE /invites/{id}`.
pub(super) async fn cancel(call: Call) -> Result<Reply, Refusal> {
    invites::cancel(&call.cx, call.id()).await?;
    Ok(Reply::nothing())
}

/// `POST /invites/accept`, by whoever has the token.
pub(super) async fn accept(
    request: &HttpRequest,
    payload: web::Payload,
    door: &Door,
    line: &mut Line,
) -> Result<HttpResponse, Refusal> {
    line.endpoint = ACCEPT;
    if let Some((name, _)) = url::form_urlencoded::parse(request.query_string().as_bytes()).next() {
        return Err(Error::Rule(unknown("parameter", &name, [])).into());
    }
    let body = read_body(request, payload).await?;
    let acceptance: Acceptance = serde_json::from_value(Value::Object(body))
        .map_err(|error| ErrorKind::InvalidValue.because(format!("the body: {error}")))?;
    let visit = visitor::visit(request, door, line);
    let person = invites::accept(&door.app, visit, acceptance).await?;
    Ok(Reply::created(json!(person), false).response())
}

/// `GET /mails`.
pub(super) async fn mails(call: Call) -> Result<Reply, Refusal> {
    Ok(Reply::ok(json!(mails::list(&call.cx, call.slice()?).await?)))
}

/// Where a test letter goes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewMailTest")]
pub(super) struct Test {
    /// The address.
    to: String,
}

/// `POST /mails/test`: the answer waits for what becomes of it.
pub(super) async fn test_mail(call: Call) -> Result<Reply, Refusal> {
    let Test { to } = call.read()?;
    Ok(Reply::ok(json!(mails::test(&call.cx, &to).await?)))
}
