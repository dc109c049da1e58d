//! What somebody sees of themselves: who they are, where they are signed in, and what they sign in with.

use super::{
    Asked,
    answer::{Answer, Failed, Frame, Kept, sentence, with_to},
    moment::at,
    sign_in::{PasswordForm, Refused},
};
use crate::{
    http::error::Refusal,
    org::{
        authority::Action,
        refusal::Refusal as Rule,
        session::{self, Session},
    },
    service::{
        Context, Error,
        passwords::{self, NotChosen},
        people::{self, Person},
        permits::{self, Place},
        second_factors::{self, Enrolment, State},
        sessions, sign_in,
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use qrcode::{QrCode, render::svg};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// `GET /`: there is nothing to see before somebody is known; who steers the organization sees it first.
pub(super) async fn home(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.person().await?;
    let is_admin = !permits::of(&cx, Place::Organization, &[Action::UserExport]).await?.is_empty();
    let place = if is_admin { "/console/people" } else { "/account" };
    Ok(Answer::to(format!("{}{place}", asked.root)))
}

#[derive(Template)]
#[template(path = "http/pages/account.html")]
struct Account<'p> {
    frame: &'p Frame,
    person: &'p Person,
    sessions: &'p [Session],
    second: State,
    /// Whether passwords are kept here.
    password: bool,
    /// Whether this person's is.
    has_password: bool,
}

/// `GET /account`.
pub(super) async fn show(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.person().await?;
    let person = people::read(&cx, cx.actor.id()).await?;
    let frame = super::console::frame(asked, &cx, "/account").await?;
    let sessions = sessions::list(&cx, None).await?;
    let second = second_factors::state(&cx).await?;
    let password = sign_in::offer(&cx).await?.password;
    let has_password = passwords::has_own(&cx).await?;
    let account =
        Account { frame: &frame, person: &person, sessions: &sessions, second, password, has_password };
    let answer = Answer::page(&account)?;
    Ok(if frame.notice.is_some() { answer.forgetting(Kept::Notice) } else { answer })
}

/// The frame with the name of who is signed in.
pub(super) async fn frame(asked: &Asked<'_>, cx: &Arc<Context>) -> Result<Frame, Failed> {
    let person = people::read(cx, cx.actor.id()).await?;
    let name = person.display_name.unwrap_or(person.user_name);
    // one line that reads from left to right, and leaves room for the rest
    let is_odd = |letter: &char| {
        letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let name = name.chars().filter(|letter| !is_odd(letter)).take(60).collect();
    Ok(Frame { name: Some(name), ..asked.frame(cx).await? })
}

/// `POST /account/sessions/{id}`: ends one.
pub(super) async fn end(asked: &Asked<'_>, id: &str) -> Result<Answer, Failed> {
    let cx = asked.person().await?;
    match sessions::end(&cx, id).await {
        // it ended by itself meanwhile
        Err(Error::NotFound(_)) => {}
        other => other?,
    }
    Ok(Answer::to(format!("{}/account", asked.root)))
}

/// `POST /account/sessions`: ends all but this one.
pub(super) async fn end_others(asked: &Asked<'_>) -> Result<Answer, Failed> {
    sessions::end_others(&asked.person().await?).await?;
    Ok(Answer::to(format!("{}/account", asked.root)))
}

/// Who is signed in and proved a moment ago who they are; a way to do so again for who did not.
pub(super) async fn fresh(asked: &Asked<'_>) -> Result<Result<Arc<Context>, Answer>, Failed> {
    let cx = asked.person().await?;
    let is_fresh = cx.authenticated_at.is_some_and(|at| session::is_fresh(at, cx.now));
    let again = || Answer::to(with_to(&format!("{}/sign-in/again", asked.root), asked.request.path()));
    Ok(if is_fresh { Ok(cx) } else { Err(again()) })
}

/// `GET /account/password`.
pub(super) async fn show_password(asked: &Asked<'_>) -> Result<Answer, Failed> {
    match fresh(asked).await? {
        Ok(cx) => password_page(asked, &cx, StatusCode::OK, None).await,
        Err(again) => Ok(again),
    }
}

async fn password_page(
    asked: &Asked<'_>,
    cx: &Arc<Context>,
    status: StatusCode,
    refused: Option<&Refused>,
) -> Result<Answer, Failed> {
    let person = people::read(cx, cx.actor.id()).await?;
    let frame = frame(asked, cx).await?;
    let form = PasswordForm {
        frame: &frame,
        title: &frame.t("password-another"),
        why: &frame.t("password-goes-on"),
        login: &person.user_name,
        to: "",
        back: &format!("{}/account", asked.root),
        refused,
    };
    Answer::page_with(status, &form)
}

/// `POST /account/password`.
pub(super) async fn choose_password(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = match fresh(asked).await? {
        Ok(cx) => cx,
        Err(again) => return Ok(again),
    };
    match passwords::choose(&cx, SecretString::from(asked.field("password"))).await {
        Ok(()) => Ok(Answer::to(format!("{}/account", asked.root))),
        Err(NotChosen::Service(error)) => Err(error.into()),
        Err(not_chosen) => {
            let refused = Refused::of(asked, not_chosen)?;
            password_page(asked, &cx, StatusCode::UNPROCESSABLE_ENTITY, Some(&refused)).await
        }
    }
}

#[derive(Template)]
#[template(path = "http/pages/second_factor.html")]
struct SecondFactor<'p> {
    frame: &'p Frame,
    state: State,
    /// What waits for its first code.
    waiting: Option<Waiting>,
    error: Option<String>,
}

struct Waiting {
    /// The picture that an app reads, as SVG.
    picture: String,
    secret: String,
    sealed: String,
}

impl Waiting {
    fn of(enrolment: &Enrolment) -> Result<Self, Failed> {
        let code = QrCode::new(enrolment.uri.expose_secret()).map_err(|_| Failed::Refused(Refusal::Panic))?;
        let picture = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
        // the declaration before it has no place within HTML
        let at = picture.find("<svg").unwrap_or_default();
        Ok(Self {
            picture: picture.get(at..).unwrap_or_default().to_owned(),
            secret: enrolment.secret.expose_secret().to_owned(),
            sealed: enrolment.sealed.clone(),
        })
    }
}

/// `GET /account/second-factor`.
pub(super) async fn show_second_factor(asked: &Asked<'_>) -> Result<Answer, Failed> {
    match fresh(asked).await? {
        Ok(cx) => second_factor_page(asked, &cx, StatusCode::OK, None).await,
        Err(again) => Ok(again),
    }
}

async fn second_factor_page(
    asked: &Asked<'_>,
    cx: &Arc<Context>,
    status: StatusCode,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let state = second_factors::state(cx).await?;
    let waiting = match state.is_on {
        true => None,
        false => Some(Waiting::of(&second_factors::begin(cx).await?)?),
    };
    let frame = frame(asked, cx).await?;
    Answer::page_with(status, &SecondFactor { frame: &frame, state, waiting, error })
}

#[derive(Template)]
#[template(path = "http/pages/codes.html")]
struct Codes<'p> {
    frame: &'p Frame,
    codes: Vec<String>,
}

/// `POST /account/second-factor`: what the button says that was pressed.
pub(super) async fn change_second_factor(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = match fresh(asked).await? {
        Ok(cx) => cx,
        Err(again) => return Ok(again),
    };
    let codes = match asked.field("do") {
        "remove" => {
            second_factors::remove(&cx, cx.actor.id()).await?;
            return Ok(Answer::to(format!("{}/account", asked.root)));
        }
        "codes" => second_factors::new_codes(&cx).await?,
        _ => match second_factors::confirm(&cx, asked.field("sealed"), asked.field("code")).await {
            Err(Error::Rule(Rule::Invalid(why))) => {
                let why = Some(sentence(&why));
                return second_factor_page(asked, &cx, StatusCode::UNPROCESSABLE_ENTITY, why).await;
            }
            other => other?,
        },
    };
    let codes = codes.iter().map(|code| code.expose_secret().to_owned()).collect();
    Answer::page(&Codes { frame: &frame(asked, &cx).await?, codes })
}
