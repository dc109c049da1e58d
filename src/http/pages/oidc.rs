//! Out to a provider and back.

use super::{
    Asked,
    answer::{Answer, Failed, Frame, Kept, Told, sentence},
};
use crate::{
    http::error::Refusal,
    org::provider::Unwelcome,
    service::{
        Context, Error, provider_logout,
        provider_sign_in::{self, Arrived, Back, Failure, NotIn, Outcome, Purpose, Tried},
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::json;
use std::sync::Arc;

/// How long the way is kept, in seconds.
const WAY: i64 = 600;

/// `GET /oidc/start/{provider}`.
pub(super) async fn start(asked: &Asked<'_>, provider: &str) -> Result<Answer, Failed> {
    if let Some(elsewhere) = asked.at_public_name() {
        return Ok(Answer::to(elsewhere));
    }
    let cx = asked.at_door().await?;
    depart(asked, &cx, provider, Purpose::In).await
}

/// `GET /oidc/again`: whoever is signed in by a provider proves there that it is they.
pub(super) async fn again(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.person().await?;
    let provider = provider_sign_in::way_back(&cx).await?.ok_or(Error::NotFound("page"))?;
    let purpose = Purpose::Again { session: cx.credential.clone(), person: cx.actor.id().to_owned() };
    depart(asked, &cx, &provider, purpose).await
}

/// `GET /oidc/try/{provider}`: an admin sees what a provider says before others sign in by it.
pub(super) async fn attempt(asked: &Asked<'_>, provider: &str) -> Result<Answer, Failed> {
    match super::account::fresh(asked).await? {
        Ok(cx) => depart(asked, &cx, provider, Purpose::Try).await,
        Err(again) => Ok(again),
    }
}

async fn depart(
    asked: &Asked<'_>,
    cx: &Arc<Context>,
    provider: &str,
    purpose: Purpose,
) -> Result<Answer, Failed> {
    match provider_sign_in::depart(cx, provider, purpose, asked.wanted()).await {
        Ok(departure) => Ok(Answer::to(departure.url).keeping(Kept::Flow, departure.kept, WAY)),
        Err(NotIn::Service(error)) => Err(error.into()),
        Err(not_in) => refused(&asked.frame(&asked.at_door().await?).await?, &not_in),
    }
}

/// `GET /oidc/callback/{provider}`, or without the provider for the one of the environment.
pub(super) async fn callback(asked: &Asked<'_>, way: Option<&str>) -> Result<Answer, Failed> {
    let said = |name: &str| Some(asked.query(name).to_owned()).filter(|value| !value.is_empty());
    let back = Back { code: said("code"), state: said("state"), issuer: said("iss"), error: said("error") };
    let kept = (asked.kept(Kept::Flow), asked.session());
    let answer = match provider_sign_in::arrive(&asked.door.app, &asked.visit, kept, (way, back)).await {
        Ok(arrived) => arrived_at(asked, arrived).await?,
        Err(NotIn::Service(error)) => return Err(error.into()),
        Err(not_in) => refused(&asked.frame(&asked.at_door().await?).await?, &not_in)?,
    };
    // it leads back once
    Ok(answer.forgetting(Kept::Flow))
}

#[derive(Template)]
#[template(path = "http/pages/tried.html")]
struct TriedPage<'p> {
    frame: &'p Frame,
    provider: &'p str,
    tried: &'p Tried,
}

async fn arrived_at(asked: &Asked<'_>, arrived: Arrived) -> Result<Answer, Failed> {
    let frame = asked.frame(&arrived.cx).await?;
    match arrived.outcome {
        Ok(Outcome::In(signed)) => Ok(Answer::signed_in(arrived.to, &signed)),
        Ok(Outcome::Tried(tried)) => {
            Answer::page(&TriedPage { frame: &frame, provider: &arrived.provider, tried: &tried })
        }
        Err(NotIn::Service(error)) => Err(error.into()),
        Err(not_in) => refused(&frame, &not_in),
    }
}

/// The page that says why somebody is not let in, and whom to ask.
pub(super) fn refused(frame: &Frame, why: &NotIn) -> Result<Answer, Failed> {
    let (status, title, ask) = match why {
        NotIn::Unwelcome(Unwelcome::Asked) => {
            (StatusCode::FORBIDDEN, frame.t("not-in-asked-title"), frame.t("not-in-asked"))
        }
        NotIn::Unwelcome(_) => {
            (StatusCode::FORBIDDEN, frame.t("not-in-unwelcome-title"), frame.t("not-in-unwelcome"))
        }
        NotIn::Late | NotIn::Provider(Failure::Foreign) => {
            (StatusCode::BAD_REQUEST, frame.t("not-in-late-title"), String::new())
        }
        NotIn::Provider(Failure::Refused(_)) => {
            (StatusCode::FORBIDDEN, frame.t("not-in-refused-title"), frame.t("not-in-refused"))
        }
        NotIn::Provider(Failure::Untrue(_)) => {
            (StatusCode::BAD_GATEWAY, frame.t("not-in-untrue-title"), frame.t("not-in-untrue"))
        }
        NotIn::Provider(_) | NotIn::Directory(_) => {
            (StatusCode::BAD_GATEWAY, frame.t("not-in-away-title"), frame.t("not-in-away"))
        }
        NotIn::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, frame.t("not-in-too-many-title"), String::new()),
        NotIn::Service(_) => return Err(Failed::Refused(Refusal::Panic)),
    };
    let told = match why {
        // what it is in particular is for admins, in the audit log
        NotIn::Provider(Failure::Untrue(_)) => frame.t("not-in-untrue-why"),
        NotIn::Provider(Failure::Away(_)) | NotIn::Directory(_) => frame.t("not-in-away-why"),
        other => sentence(&other.to_string()),
    };
    let sentence = if ask.is_empty() { told } else { format!("{told} {ask}") };
    let next = Some((format!("{}/sign-in", frame.root), frame.t("sign-in-back")));
    Answer::page_with(status, &Told { frame, title, sentence, next })
}

/// `POST /oidc/backchannel-logout`, by a provider, with a token that it signed.
pub(super) async fn ended_there(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.at_door().await?;
    match provider_logout::ended_there(&cx, asked.field("logout_token")).await {
        Ok(_) => Ok(Answer::json(StatusCode::OK, &json!({}))),
        Err(NotIn::Service(error)) => Err(error.into()),
        Err(not_in) => {
            let told = json!({"error": "invalid_request", "error_description": not_in.to_string()});
            Ok(Answer::json(StatusCode::BAD_REQUEST, &told))
        }
    }
}
