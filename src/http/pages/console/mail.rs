//! Mail: whether it can be sent, what is decided about it, a test, and what became of letters.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::{maybe, when},
    },
    Page,
    settings::{self, Shown as Group, default},
};
use crate::service::{
    mails::{self, Shown, Tested},
    page::Page as Part,
};
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "http/pages/console/mail.html")]
struct Mail<'p> {
    page: &'p Page<'p>,
    frame: &'p Frame,
    /// Whether a mail server is configured.
    is_on: bool,
    letters: Vec<Shown>,
    groups: Vec<Group>,
    version: String,
    tested: Option<Tested>,
    error: Option<String>,
    next: Option<String>,
    json: String,
}

/// `GET /console/mail`.
pub(super) async fn show(page: &Page<'_>) -> Result<Answer, Failed> {
    shown(page, StatusCode::OK, None, None).await
}

pub(super) async fn shown(
    page: &Page<'_>,
    status: StatusCode,
    tested: Option<Tested>,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let Part { items: letters, next } = mails::list(&page.cx, page.slice()?).await?;
    let (groups, version) = settings::groups(page, settings::MAIL, error.is_some()).await?;
    let is_on = page.cx.app.mailer.is_some();
    let (next, json) = (page.next("/mail", next.as_deref()), page.json("/mails"));
    let frame = &page.frame;
    let mail = Mail { page, frame, is_on, letters, groups, version, tested, error, next, json };
    Answer::page_with(status, &mail)
}

/// `POST /console/mail/test`: waits for what becomes of a letter.
pub(super) async fn test(page: &Page<'_>) -> Result<Answer, Failed> {
    match mails::test(&page.cx, page.field("to")).await {
        Ok(tested) => shown(page, StatusCode::OK, Some(tested), None).await,
        Err(error) => {
            let error = page.refused(error)?;
            shown(page, StatusCode::UNPROCESSABLE_ENTITY, None, Some(error)).await
        }
    }
}
