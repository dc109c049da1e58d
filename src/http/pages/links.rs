//! Pages that somebody reaches by a link of their own: the first admin, an invite, a forgotten password.

use super::{
    Asked,
    answer::{Answer, Failed, Frame, Told, sentence},
    sign_in::{PasswordForm, Refused},
};
use crate::service::{
    Error,
    first_admin::{self, NewAdmin},
    invites, newcomers,
    passwords::{self, NotChosen},
    sign_in::{self, Offer},
};
use actix_web::http::StatusCode;
use askama::Template;
use secrecy::SecretString;

#[derive(Template)]
#[template(path = "http/pages/forgotten.html")]
struct Forgotten<'p> {
    frame: &'p Frame,
    offer: &'p Offer,
}

/// `GET /forgot-password`.
pub(super) async fn show_forgotten(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.at_door().await?;
    let offer = sign_in::offer(&cx).await?;
    Answer::page(&Forgotten { frame: &Frame::of(&offer, asked.language()), offer: &offer })
}

/// `POST /forgot-password`: the same answer at once, whoever it is about.
pub(super) async fn forgotten(asked: &Asked<'_>) -> Result<Answer, Failed> {
    let cx = asked.at_door().await?;
    let offer = sign_in::offer(&cx).await?;
    if !offer.mail || !offer.password {
        return show_forgotten(asked).await;
    }
    let login = asked.field("login").trim().to_owned();
    passwords::check_asking(&cx, &asked.visit, &login)?;
    let job = cx.clone();
    actix_web::rt::spawn(async move {
        if let Err(error) = passwords::forgotten(&job, &login).await {
            tracing::warn!(error = ?error, "a letter about a password was not written");
        }
    });
    let frame = Frame::of(&offer, asked.language());
    let told = Told {
        frame: &frame,
        title: frame.t("forgotten-sent-title"),
        sentence: frame.t("forgotten-sent"),
        next: Some((format!("{}/sign-in", asked.root), frame.t("sign-in-back"))),
    };
    Answer::page(&told)
}

/// `GET /reset-password/{token}`.
pub(super) async fn show_reset(asked: &Asked<'_>, token: &str) -> Result<Answer, Failed> {
    reset_page(asked, token, StatusCode::OK, None).await
}

async fn reset_page(
    asked: &Asked<'_>,
    token: &str,
    status: StatusCode,
    refused: Option<&Refused>,
) -> Result<Answer, Failed> {
    let (cx, login) = passwords::at_link(&asked.door.app, &asked.visit, token).await?;
    let frame = asked.frame(&cx).await?;
    let form = PasswordForm {
        frame: &frame,
        title: &frame.t("password-another"),
        why: &frame.t("password-signs-out"),
        login: &login,
        to: "",
        back: "",
        refused,
    };
    Answer::page_with(status, &form)
}

/// `POST /reset-password/{token}`.
pub(super) async fn reset(asked: &Asked<'_>, token: &str) -> Result<Answer, Failed> {
    let (cx, _) = passwords::at_link(&asked.door.app, &asked.visit, token).await?;
    match passwords::choose_by_link(&cx, token, SecretString::from(asked.field("password"))).await {
        Ok(()) => {
            let frame = asked.frame(&cx).await?;
            let told = Told {
                frame: &frame,
                title: frame.t("password-changed-title"),
                sentence: frame.t("password-changed"),
                next: Some((format!("{}/sign-in", frame.root), frame.t("sign-in-go"))),
            };
            Answer::page(&told)
        }
        Err(NotChosen::Service(error)) => Err(error.into()),
        Err(not_chosen) => {
            let refused = Refused::of(asked, not_chosen)?;
            reset_page(asked, token, StatusCode::UNPROCESSABLE_ENTITY, Some(&refused)).await
        }
    }
}

#[derive(Template)]
#[template(path = "http/pages/first_admin.html")]
struct FirstAdmin<'p> {
    frame: &'p Frame,
    email: &'p str,
    name: &'p str,
    refused: Option<&'p Refused>,
}

/// `GET /first-admin/{token}`.
pub(super) async fn show_first_admin(asked: &Asked<'_>, token: &str) -> Result<Answer, Failed> {
    first_admin_page(asked, token, StatusCode::OK, None).await
}

async fn first_admin_page(
    asked: &Asked<'_>,
    token: &str,
    status: StatusCode,
    refused: Option<&Refused>,
) -> Result<Answer, Failed> {
    let (cx, _) = first_admin::at_link(&asked.door.app, &asked.visit, token).await?;
    let frame = asked.frame(&cx).await?;
    let (email, name) = (asked.field("email"), asked.field("name"));
    Answer::page_with(status, &FirstAdmin { frame: &frame, email, name, refused })
}

/// `POST /first-admin/{token}`.
pub(super) async fn first_admin(asked: &Asked<'_>, token: &str) -> Result<Answer, Failed> {
    let (cx, _) = first_admin::at_link(&asked.door.app, &asked.visit, token).await?;
    let new = NewAdmin {
        email: asked.field("email").trim().to_owned(),
        name: asked.field("name").to_owned(),
        password: SecretString::from(asked.field("password")),
    };
    let account = format!("{}/", asked.frame(&cx).await?.root);
    match first_admin::create(&cx, &asked.visit, token, (new, asked.session())).await {
        Ok(signed) => Ok(Answer::signed_in(account, &signed)),
        Err(not_chosen) => {
            let refused = Refused::of(asked, not_chosen)?;
            first_admin_page(asked, token, StatusCode::UNPROCESSABLE_ENTITY, Some(&refused)).await
        }
    }
}

#[derive(Template)]
#[template(path = "http/pages/invite.html")]
struct InviteForm<'p> {
    frame: &'p Frame,
    offer: &'p Offer,
    invite: &'p invites::Shown,
    name: &'p str,
    refused: Option<&'p Refused>,
}

/// `GET /invite/{token}`.
pub(super) async fn show_invite(asked: &Asked<'_>, token: &str) -> Result<Answer, Failed> {
    invite_page(asked, token, StatusCode::OK, None).await
}

async fn invite_page(
    asked: &Asked<'_>,
    token: &str,
    status: StatusCode,
    refused: Option<&Refused>,
) -> Result<Answer, Failed> {
    let (cx, invite) = match invites::shown(&asked.door.app, &asked.visit, token).await {
        // why it is over is for whoever has it
        Err(Error::Rule(refusal)) => {
            let frame = Frame { language: asked.language(), ..Frame::default() };
            let title = frame.t("join-over");
            let next = Some((format!("{}/sign-in", asked.root), frame.t("sign-in-go")));
            let told = Told { frame: &frame, title, sentence: sentence(&refusal.to_string()), next };
            return Answer::page_with(StatusCode::GONE, &told);
        }
        other => other?,
    };
    let offer = sign_in::offer(&cx).await?;
    let frame = Frame::of(&offer, asked.language());
    let name = asked.field("name");
    Answer::page_with(status, &InviteForm { frame: &frame, offer: &offer, invite: &invite, name, refused })
}

/// `POST /invite/{token}`.
pub(super) async fn accept(asked: &Asked<'_>, token: &str) -> Result<Answer, Failed> {
    let new = newcomers::Newcomer {
        name: asked.field("name").to_owned(),
        password: SecretString::from(asked.field("password")),
        before: asked.session(),
    };
    let account = match invites::shown(&asked.door.app, &asked.visit, token).await {
        Ok((cx, _)) => format!("{}/", asked.frame(&cx).await?.root),
        Err(_) => return invite_page(asked, token, StatusCode::OK, None).await,
    };
    match newcomers::accept(&asked.door.app, &asked.visit, token, new).await {
        Ok(signed) => Ok(Answer::signed_in(account, &signed)),
        Err(NotChosen::Service(Error::Rule(refusal))) => {
            let refused =
                Refused { sentence: sentence(&refusal.to_string()), score: None, advice: Vec::new() };
            invite_page(asked, token, StatusCode::CONFLICT, Some(&refused)).await
        }
        Err(not_chosen) => {
            let refused = Refused::of(asked, not_chosen)?;
            invite_page(asked, token, StatusCode::UNPROCESSABLE_ENTITY, Some(&refused)).await
        }
    }
}
