//! The teams: a list, a form for a new one, and those that can be restored.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::when,
    },
    May, Page,
    form::Typed,
};
use crate::{
    org::{authority::Action, team::PROVIDERS},
    service::{
        Error,
        page::Page as Part,
        permits::Place,
        teams::{self, ArchivedTeam, NewTeam, Team},
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::{Map, Value};

#[derive(Template)]
#[template(path = "http/pages/console/teams.html")]
struct Teams<'p> {
    frame: &'p Frame,
    teams: &'p [Team],
    may: May,
    next: Option<String>,
    json: String,
}

/// `GET /console/teams`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    let Part { items, next } = teams::list(&page.cx, None, page.slice()?).await?;
    let may = page.may(Place::Organization, &[Action::TeamCreate, Action::TeamRestore]).await?;
    let next = page.next("/teams", next.as_deref());
    Answer::page(&Teams { frame: &page.frame, teams: &items, may, next, json: page.json("/teams") })
}

#[derive(Template)]
#[template(path = "http/pages/console/new_team.html")]
struct NewTeamForm<'p> {
    frame: &'p Frame,
    roles: Vec<String>,
    typed: Typed<'p>,
    error: Option<String>,
}

/// `GET /console/teams/new`.
pub(super) async fn show_new(page: &Page<'_>) -> Result<Answer, Failed> {
    new_team(page, StatusCode::OK, None).await
}

async fn new_team(page: &Page<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    let (roles, typed) = (page.team_roles().await?, page.typed("/teams/new", error.is_some()));
    Answer::page_with(status, &NewTeamForm { frame: &page.frame, roles, typed, error })
}

/// `POST /console/teams/new`: the new team's home comes next.
pub(super) async fn create(page: &Page<'_>) -> Result<Answer, Failed> {
    let new = NewTeam {
        name: page.field("name").to_owned(),
        default_role: page.filled("defaultRole"),
        storage: bucket(page),
        admins: None,
    };
    match teams::create(&page.cx, new).await {
        Ok(made) => {
            let place = format!("/teams/{}", made.it.id);
            Ok(page.told(&place, page.frame.tx("team-created", &made.it.name)))
        }
        Err(error) => {
            let error = page.refused(error)?;
            new_team(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
    }
}

/// The bucket that the form describes, where it is to be the team's own.
fn bucket(page: &Page<'_>) -> Option<Map<String, Value>> {
    let provider = page.filled("storage").filter(|storage| storage != "instance")?;
    let parts = [("provider", Some(provider)), ("name", Some(page.field("bucket").to_owned()))];
    let more = [("path", page.filled("path")), ("kmsKeyId", page.filled("kmsKeyId"))];
    let known =
        parts.into_iter().chain(more).filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    Some(known.collect())
}

#[derive(Template)]
#[template(path = "http/pages/console/archived_teams.html")]
struct Archived<'p> {
    frame: &'p Frame,
    teams: Vec<ArchivedTeam>,
}

/// `GET /console/teams/archived`.
pub(super) async fn archived(page: &Page<'_>) -> Result<Answer, Failed> {
    Answer::page(&Archived { frame: &page.frame, teams: teams::archived(&page.cx).await? })
}

/// `POST /console/teams/archived/{team}`: brings it back.
pub(super) async fn restore(page: &Page<'_>) -> Result<Answer, Failed> {
    match teams::restore(&page.cx, page.id()).await {
        Ok(made) => {
            let place = format!("/teams/{}", made.it.id);
            Ok(page.told(&place, page.frame.tx("team-restored", &made.it.name)))
        }
        Err(error @ Error::NotFound(_)) => Err(error.into()),
        Err(error) => page.not_done("/teams/archived", error),
    }
}
