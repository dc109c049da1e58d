//! What people have for themselves: their keys, their default team, and the way out.

use super::{
    super::{
        answer::{Answer, Failed, Frame, Kept},
        moment::at,
    },
    Page,
    form::{Secret, Typed},
    keys::described,
};
use crate::{
    org::key::{Key, Scope},
    service::{
        Error,
        keys::{self, Whose},
        page::Page as Part,
        people::{self, Person},
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use secrecy::ExposeSecret;

#[derive(Template)]
#[template(path = "http/pages/console/own_keys.html")]
struct Keys<'p> {
    frame: &'p Frame,
    keys: Vec<Key>,
    secret: Option<Secret>,
    typed: Typed<'p>,
    error: Option<String>,
    next: Option<String>,
    json: String,
}

/// `GET /console/own/keys`.
pub(super) async fn keys(page: &Page<'_>) -> Result<Answer, Failed> {
    keys_page(page, StatusCode::OK, None, None).await
}

async fn keys_page(
    page: &Page<'_>,
    status: StatusCode,
    secret: Option<Secret>,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let whose = Whose::Owner(page.cx.actor.id().to_owned());
    let Part { items: keys, next } = keys::list(&page.cx, whose, page.slice()?).await?;
    let (next, json) = (page.next("/own/keys", next.as_deref()), page.json("/keys"));
    let typed = page.typed("/own/keys", error.is_some());
    Answer::page_with(status, &Keys { frame: &page.frame, keys, secret, typed, error, next, json })
}

/// `POST /console/own/keys`: the key is on the page that follows, and on no other.
pub(super) async fn create_key(page: &Page<'_>) -> Result<Answer, Failed> {
    let made = match described(page, page.cx.actor.id()) {
        Ok(new) => keys::create(&page.cx, new).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => {
            let label = page.frame.tx("key-made", &made.it.key.name);
            let secret = made.it.secret.map(|text| Secret { label, text });
            keys_page(page, StatusCode::OK, secret, None).await
        }
        Err(error) => {
            let error = page.refused_in(error)?;
            keys_page(page, StatusCode::UNPROCESSABLE_ENTITY, None, Some(error)).await
        }
    }
}

/// `POST /console/own/default-team`.
pub(super) async fn choose_team(page: &Page<'_>) -> Result<Answer, Failed> {
    let chosen = people::choose_default_team(&page.cx, page.cx.actor.id(), page.filled("team")).await;
    match chosen {
        Ok(_) => Ok(page.told("/own/teams", page.frame.t("page-saved"))),
        Err(error) => page.not_done("/own/teams", error),
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/own_teams.html")]
struct Teams<'p> {
    frame: &'p Frame,
    person: Person,
    json: String,
}

/// `GET /console/own/teams`.
pub(super) async fn teams(page: &Page<'_>) -> Result<Answer, Failed> {
    let person = people::read(&page.cx, page.cx.actor.id()).await?;
    let json = page.json(&format!("/users/{}", person.id));
    Answer::page(&Teams { frame: &page.frame, person, json })
}

#[derive(Template)]
#[template(path = "http/pages/console/own_leave.html")]
struct Leave<'p> {
    frame: &'p Frame,
    error: Option<String>,
}

/// `GET /console/own/leave`: what it means.
pub(super) async fn show_leave(page: &Page<'_>) -> Result<Answer, Failed> {
    Answer::page(&Leave { frame: &page.frame, error: None })
}

/// `POST /console/own/leave`.
pub(super) async fn leave(page: &Page<'_>) -> Result<Answer, Failed> {
    match people::leave(&page.cx).await {
        Ok(()) => Ok(Answer::to(format!("{}/logout", page.frame.root)).forgetting(Kept::Session)),
        Err(error @ (Error::Store(_) | Error::Busy(_))) => Err(error.into()),
        Err(error) => {
            let error = Some(page.refused(error)?);
            Answer::page_with(StatusCode::CONFLICT, &Leave { frame: &page.frame, error })
        }
    }
}
