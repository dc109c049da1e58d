//! A form that came too late, its session over or its proof too old: nothing is done, and nothing that was typed is lost.

use super::{
    Asked,
    answer::{Answer, Failed, Frame, with_to},
};
use crate::{http::error::Refusal, org::refusal::Refusal as Rule, service::Error};
use actix_web::http::{Method, StatusCode};
use askama::Template;

#[derive(Template)]
#[template(path = "http/pages/held.html")]
struct Held<'p> {
    frame: &'p Frame,
    /// Whether the session goes on, and only the proof is too old.
    is_known: bool,
    /// Where whoever sent it proves who they are.
    prove: String,
    /// Where the form was sent.
    path: String,
    fields: Vec<(&'p str, &'p str)>,
    /// Whether a file came with it, which is not kept.
    had_file: bool,
}

/// A page that keeps the form until whoever sent it has signed in again; another failure as it is. A password is not kept;
/// the secret of a provider is, for without it the form would make something else.
pub(super) fn hold(asked: &Asked<'_>, path: &str, failed: Failed) -> Result<Answer, Failed> {
    let is_form = *asked.request.method() == Method::POST;
    if !is_form || !(path.starts_with("/console/") || path.starts_with("/account/")) {
        return Err(failed);
    }
    let (is_known, status, prove) = match &failed {
        Failed::SignIn { .. } => (false, StatusCode::UNAUTHORIZED, "/sign-in"),
        Failed::Refused(Refusal::Service(Error::Rule(Rule::NotFresh))) => {
            (true, StatusCode::FORBIDDEN, "/sign-in/again")
        }
        _ => return Err(failed),
    };
    let kept = asked.form.iter().filter(|(name, _)| name != "password");
    let held = Held {
        frame: &Frame { root: asked.root.clone(), language: asked.language(), ..Frame::default() },
        is_known,
        prove: with_to(&format!("{}{prove}", asked.root), &format!("{}/held", asked.root)),
        path: asked.request.uri().to_string(),
        had_file: asked.files.iter().any(|(_, bytes)| !bytes.is_empty()),
        fields: kept.map(|(name, value)| (name.as_str(), value.as_str())).collect(),
    };
    Answer::page_with(status, &held)
}

#[derive(Template)]
#[template(path = "http/pages/proved.html")]
struct Proved<'p> {
    frame: &'p Frame,
}

/// `GET /held`: whoever proved who they are goes back to the form that waits in the other tab.
pub(super) async fn proved(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.person().await?;
    Answer::page(&Proved { frame: &asked.frame(&cx).await? })
}
