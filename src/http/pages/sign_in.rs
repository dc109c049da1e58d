//! Signing in and out.

use super::{
    Asked,
    answer::{Answer, Failed, Frame, Kept, Told, sentence, with_to},
};
use crate::{
    http::error::Refusal,
    org::password::Unfit,
    service::{
        Context, Error,
        passwords::{self, NotChosen},
        people, provider_logout,
        provider_sign_in::{self, Directory, NotIn},
        providers::{self, Offered},
        sessions,
        sign_in::{self, Attempt, Denied, Offer, Outcome, Shown},
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use secrecy::SecretString;
use std::sync::Arc;

/// How long a step of signing in is kept, in seconds.
const STEP: i64 = 600;

#[derive(Template)]
#[template(path = "http/pages/sign_in.html")]
struct SignIn<'p> {
    frame: &'p Frame,
    offer: &'p Offer,
    providers: &'p [Offered],
    login: &'p str,
    /// The directory whose form it was typed into; empty for ours.
    typed_for: &'p str,
    to: &'p str,
    error: Option<String>,
}

/// `GET /sign-in`.
pub(super) async fn show(asked: &Asked<'_>) -> Result<Answer, Failed> {
    match asked.person().await {
        // whoever is signed in need not do it again
        Ok(_) => return Ok(Answer::to(asked.wanted())),
        Err(Failed::SignIn { .. }) => {}
        Err(other) => return Err(other),
    }
    page(asked, StatusCode::OK, None).await
}

async fn page(asked: &Asked<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    let cx = asked.at_door().await?;
    let offer = sign_in::offer(&cx).await?;
    let frame = Frame::of(&offer, asked.language());
    let providers = providers::offered(&cx).await?;
    let (login, to) = (asked.field("login"), asked.wanted());
    let typed_for = asked.field("provider");
    let page =
        SignIn { frame: &frame, offer: &offer, providers: &providers, login, typed_for, to: &to, error };
    Answer::page_with(status, &page)
}

/// `POST /sign-in`.
pub(super) async fn by_password(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.at_door().await?;
    if !asked.field("provider").is_empty() {
        return by_directory(asked, &cx).await;
    }
    match sign_in::by_password(&cx, &asked.visit, attempt(asked)).await {
        Ok(outcome) => Ok(next(asked, outcome)),
        Err(Denied::Service(error)) => Err(error.into()),
        Err(denied) => page(asked, status(&denied), Some(sentence(&denied.to_string()))).await,
    }
}

/// What was typed into a form of the page.
fn attempt(asked: &Asked<'_>) -> Attempt {
    Attempt {
        login: asked.field("login").trim().to_owned(),
        password: SecretString::from(asked.field("password")),
        known: asked.kept(Kept::Known),
        before: asked.session(),
    }
}

/// The same with a name and a password of a directory.
async fn by_directory(asked: &Asked<'_>, cx: &Arc<Context>) -> Result<Answer, Failed> {
    match provider_sign_in::by_directory(cx, &asked.visit, asked.field("provider"), attempt(asked)).await {
        Ok(outcome) => Ok(next(asked, outcome)),
        Err(NotIn::Service(error)) => Err(error.into()),
        Err(NotIn::Directory(Directory::Refused)) => {
            page(asked, StatusCode::UNAUTHORIZED, Some(sentence(&Denied::Wrong.to_string()))).await
        }
        Err(NotIn::TooMany(many)) => Err(many.into()),
        Err(not_in) => super::oidc::refused(&asked.frame(cx).await?, &not_in),
    }
}

fn next(asked: &Asked<'_>, outcome: Outcome) -> Answer {
    let (root, to) = (&asked.root, asked.wanted());
    match outcome {
        Outcome::In(signed) => Answer::signed_in(to, &signed),
        Outcome::Code(step) => {
            Answer::to(with_to(&format!("{root}/sign-in/code"), &to)).keeping(Kept::Step, step, STEP)
        }
        Outcome::NewPassword(step) => {
            Answer::to(with_to(&format!("{root}/sign-in/password"), &to)).keeping(Kept::Step, step, STEP)
        }
    }
}

/// The status of a refusal.
fn status(denied: &Denied) -> StatusCode {
    match denied {
        Denied::Wrong | Denied::WrongCode | Denied::Late => StatusCode::UNAUTHORIZED,
        Denied::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        Denied::Off | Denied::Inactive { .. } => StatusCode::FORBIDDEN,
        Denied::NotChosen(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Denied::Service(error) => Refusal::status_of(error),
    }
}

#[derive(Template)]
#[template(path = "http/pages/code.html")]
struct Code<'p> {
    frame: &'p Frame,
    to: &'p str,
    error: Option<String>,
}

/// `GET /sign-in/code`.
pub(super) async fn show_code(asked: &Asked<'_>) -> Result<Answer, Failed> {
    code_page(asked, StatusCode::OK, None).await
}

async fn code_page(asked: &Asked<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    let frame = asked.frame(&asked.at_door().await?).await?;
    Answer::page_with(status, &Code { frame: &frame, to: &asked.wanted(), error })
}

/// `POST /sign-in/code`.
pub(super) async fn by_code(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.at_door().await?;
    let step = asked.kept(Kept::Step).unwrap_or_default();
    let shown = Shown {
        code: asked.field("code").to_owned(),
        known: asked.kept(Kept::Known),
        before: asked.session(),
    };
    match sign_in::by_code(&cx, &asked.visit, &step, shown).await {
        Ok(outcome) => Ok(next(asked, outcome)),
        Err(Denied::Service(error)) => Err(error.into()),
        Err(denied @ Denied::Late) => page(asked, status(&denied), Some(sentence(&denied.to_string()))).await,
        Err(denied) => code_page(asked, status(&denied), Some(sentence(&denied.to_string()))).await,
    }
}

/// A form for another password, and why the one before was refused.
#[derive(Template)]
#[template(path = "http/pages/password.html")]
pub(super) struct PasswordForm<'p> {
    pub(super) frame: &'p Frame,
    pub(super) title: &'p str,
    pub(super) why: &'p str,
    /// Whose password it is, for whoever keeps passwords; empty where that is not said.
    pub(super) login: &'p str,
    pub(super) to: &'p str,
    /// Where whoever changes their mind goes; empty where there is no other way.
    pub(super) back: &'p str,
    pub(super) refused: Option<&'p Refused>,
}

/// Why a password was refused, and how strong it is, if that is why.
pub(super) struct Refused {
    pub(super) sentence: String,
    pub(super) score: Option<u8>,
    pub(super) advice: Vec<String>,
}

impl Refused {
    /// What to say of a password that was not chosen; anything else that failed is no matter of passwords.
    pub(super) fn of(asked: &Asked<'_>, error: NotChosen) -> Result<Self, Error> {
        match error {
            NotChosen::Unfit(Unfit::Weak(weak)) => Ok(Self {
                sentence: asked.language().say("password-weak", &[]),
                score: Some(weak.score),
                advice: weak.advice,
            }),
            NotChosen::Unfit(Unfit::Form(refusal)) => {
                Ok(Self { sentence: sentence(&refusal.to_string()), score: None, advice: Vec::new() })
            }
            NotChosen::Service(error) => Err(error),
        }
    }
}

/// `GET /sign-in/password`: the password was a temporary one.
pub(super) async fn show_password(asked: &Asked<'_>) -> Result<Answer, Failed> {
    password_page(asked, StatusCode::OK, None).await
}

async fn password_page(
    asked: &Asked<'_>,
    status: StatusCode,
    refused: Option<&Refused>,
) -> Result<Answer, Failed> {
    let frame = asked.frame(&asked.at_door().await?).await?;
    let form = PasswordForm {
        frame: &frame,
        title: &frame.t("password-choose"),
        why: &frame.t("password-temporary"),
        login: "",
        to: &asked.wanted(),
        back: "",
        refused,
    };
    Answer::page_with(status, &form)
}

/// `POST /sign-in/password`.
pub(super) async fn by_new_password(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.at_door().await?;
    let step = asked.kept(Kept::Step).unwrap_or_default();
    let chosen = (SecretString::from(asked.field("password")), asked.session());
    match sign_in::by_new_password(&cx, &asked.visit, &step, chosen).await {
        Ok(outcome) => Ok(next(asked, outcome)),
        Err(Denied::Service(error)) => Err(error.into()),
        Err(Denied::NotChosen(not_chosen)) => {
            let refused = Refused::of(asked, not_chosen)?;
            password_page(asked, StatusCode::UNPROCESSABLE_ENTITY, Some(&refused)).await
        }
        Err(denied) => page(asked, status(&denied), Some(sentence(&denied.to_string()))).await,
    }
}

#[derive(Template)]
#[template(path = "http/pages/again.html")]
struct Again<'p> {
    frame: &'p Frame,
    login: &'p str,
    to: &'p str,
    has_second_factor: bool,
    /// Where whoever came from an OpenID provider proves it.
    elsewhere: Option<String>,
    /// Whether a password that is kept here does, too.
    has_password: bool,
    error: Option<String>,
}

/// `GET /sign-in/again`.
pub(super) async fn show_again(asked: &Asked<'_>) -> Result<Answer, Failed> {
    again_page(asked, StatusCode::OK, None).await
}

async fn again_page(asked: &Asked<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    let cx = asked.person().await?;
    let frame = asked.frame(&cx).await?;
    let person = people::read(&cx, cx.actor.id()).await?;
    let has_second_factor = crate::service::second_factors::state(&cx).await?.is_on;
    let to = asked.wanted();
    let elsewhere = match way_back(&cx).await? {
        Some(provider) if !provider.is_directory => Some(provider.name),
        _ => None,
    };
    let has_password =
        elsewhere.is_none() || sign_in::offer(&cx).await?.password && passwords::has_own(&cx).await?;
    let login = person.user_name.as_str();
    let form = Again { frame: &frame, login, to: &to, has_second_factor, elsewhere, has_password, error };
    Answer::page_with(status, &form)
}

/// `POST /sign-in/again`.
pub(super) async fn again(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.person().await?;
    if let Some(directory) = way_back(&cx).await?.filter(|provider| provider.is_directory) {
        return again_by_directory(asked, &cx, &directory).await;
    }
    let shown = (SecretString::from(asked.field("password")), asked.field("code").to_owned());
    match sign_in::again(&cx, &asked.visit, shown).await {
        Ok(signed) => Ok(Answer::signed_in(asked.wanted(), &signed)),
        Err(Denied::Service(error)) => Err(error.into()),
        Err(denied) => again_page(asked, status(&denied), Some(sentence(&denied.to_string()))).await,
    }
}

/// The provider that whoever is signed in came from, if one lets them in still.
async fn way_back(cx: &Arc<Context>) -> Result<Option<Offered>, Failed> {
    let Some(own) = provider_sign_in::way_back(cx).await? else { return Ok(None) };
    Ok(providers::offered(cx).await?.into_iter().find(|provider| provider.id == own))
}

async fn again_by_directory(
    asked: &Asked<'_>,
    cx: &Arc<Context>,
    directory: &Offered,
) -> Result<Answer, Failed> {
    let password = SecretString::from(asked.field("password"));
    let shown = (&password, asked.field("code"));
    match provider_sign_in::again_by_directory(cx, &asked.visit, &directory.id, shown).await {
        Ok(signed) => Ok(Answer::signed_in(asked.wanted(), &signed)),
        Err(NotIn::Service(error)) => Err(error.into()),
        Err(NotIn::Directory(Directory::Refused)) => {
            again_page(asked, StatusCode::UNAUTHORIZED, Some(sentence(&Denied::Wrong.to_string()))).await
        }
        Err(not_in) => super::oidc::refused(&asked.frame(cx).await?, &not_in),
    }
}

#[derive(Template)]
#[template(path = "http/pages/logout.html")]
struct Logout<'p> {
    frame: &'p Frame,
}

/// `GET /logout`: a button, for whoever was sent here by a page of others shall not be signed out by it. A provider that says
/// which of its sessions has ended knows that, and is heard.
pub(super) async fn show_logout(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let (issuer, session) = (asked.query("iss"), asked.query("sid"));
    if !issuer.is_empty() && !session.is_empty() {
        match provider_logout::ended_in_front(&asked.at_door().await?, issuer, session).await {
            Err(NotIn::TooMany(many)) => return Err(many.into()),
            Err(NotIn::Service(error)) => return Err(error.into()),
            _ => {}
        }
    }
    match asked.person().await {
        Ok(cx) => Answer::page(&Logout { frame: &asked.frame(&cx).await? }),
        Err(Failed::SignIn { .. }) => signed_out(asked).await,
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "http/pages/onward.html")]
struct Onward<'p> {
    frame: &'p Frame,
    url: &'p str,
}

async fn signed_out(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let frame = asked.frame(&asked.at_door().await?).await?;
    let told = Told {
        frame: &frame,
        title: frame.t("logout-out"),
        sentence: frame.t("logout-nobody"),
        next: Some((format!("{}/sign-in", asked.root), frame.t("sign-in-go"))),
    };
    Ok(Answer::page(&told)?.forgetting(Kept::Session))
}

/// `POST /logout`.
pub(super) async fn logout(asked: &Asked<'_>) -> Result<Answer, Failed> {
    match asked.person().await {
        Ok(cx) => {
            let elsewhere = provider_logout::end_session(&cx, &cx.credential).await?;
            sessions::end(&cx, &cx.credential).await?;
            if let Some(url) = elsewhere {
                // a page between, for a form does not lead to other servers
                let page = Onward { frame: &asked.frame(&cx).await?, url: &url };
                return Ok(Answer::page(&page)?.forgetting(Kept::Session));
            }
        }
        Err(Failed::SignIn { .. }) => {}
        Err(other) => return Err(other),
    }
    Ok(Answer::to(format!("{}/logout", asked.root)).forgetting(Kept::Session))
}
