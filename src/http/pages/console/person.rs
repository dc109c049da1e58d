//! One person: who they are, what they have and why, where they are signed in, and everything that happened to them.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::{at, maybe, when},
    },
    May, Page,
    audit::Told,
    form::Typed,
};
use crate::{
    org::{
        authority::Action, journal::Wanted, key::Key, role::OrganizationRole, seat::Seat, session::Session,
    },
    scim::{projection::Projection, version::Precondition},
    service::{
        Error,
        access::{self, Access},
        events,
        identities::{self, Shown as Identity},
        keys::{self, Whose},
        page::Slice,
        people::{self, Person, Profile},
        permits::Place,
        read::{self, Found},
        second_factors, sessions,
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::Value;

/// How many of what happened to somebody are on their page.
const EVENTS: i64 = 30;

#[derive(Template)]
#[template(path = "http/pages/console/person.html")]
struct Sheet<'p> {
    frame: &'p Frame,
    person: Person,
    access: Access,
    sessions: Vec<Session>,
    keys: Vec<Key>,
    identities: Vec<Identity>,
    /// The SCIM document, as identity providers read it.
    document: String,
    events: Vec<Told>,
    may: May,
    typed: Typed<'p>,
    error: Option<String>,
    json: String,
}

/// `GET /console/people/{person}`.
pub(super) async fn show(page: &Page<'_>) -> Result<Answer, Failed> {
    sheet(page, StatusCode::OK, None).await
}

async fn sheet(page: &Page<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    const ACTIONS: &[Action] = &[Action::UserChange, Action::EventRead, Action::SecondFactorReset];
    let (cx, id) = (&page.cx, page.id());
    let person = people::read(cx, id).await?;
    let slice = Slice::parse(None, None).map_err(Error::Rule)?;
    let kind = cx.types.user;
    let found = read::get(cx, kind, id, &Projection::Default, &Precondition::default()).await?;
    let document = match found {
        Found::Resource(answer) => answer.body.and_then(|text| serde_json::from_str::<Value>(&text).ok()),
        Found::Unchanged(_) => None,
    };
    let wanted = Wanted { resource: Some(id.to_owned()), limit: Some(EVENTS), ..Wanted::default() };
    let may = page.may(Place::Person(id.to_owned()), ACTIONS).await?;
    let events = match may.is(Action::EventRead) {
        true => events::newest(cx, wanted, None).await?.events.iter().map(Told::of).collect(),
        false => Vec::new(),
    };
    let shown = Sheet {
        frame: &page.frame,
        access: access::read(cx, id).await?,
        sessions: sessions::list(cx, Some(id)).await?,
        keys: keys::list(cx, Whose::Owner(id.to_owned()), slice).await?.items,
        identities: identities::list(cx, Some(id)).await?,
        document: document.and_then(|it| serde_json::to_string_pretty(&it).ok()).unwrap_or_default(),
        json: page.json(&format!("/users/{id}")),
        events,
        may,
        typed: page.typed(&format!("/people/{id}"), error.is_some()),
        error,
        person,
    };
    Answer::page_with(status, &shown)
}

/// Where a form of the person's page or of the list leads back to.
fn back(page: &Page<'_>) -> String {
    page.back(&format!("/people/{}", page.id()))
}

/// What somebody is called in a sentence, which a very long name does not fill.
fn name(person: &Person) -> String {
    const LONGEST: usize = 80;
    let name = person.display_name.as_deref().unwrap_or(&person.user_name);
    let cut = if name.chars().count() > LONGEST { "…" } else { "" };
    name.chars().take(LONGEST).chain(cut.chars()).collect()
}

/// `POST /console/people/{person}`: what is known of them.
pub(super) async fn change(page: &Page<'_>) -> Result<Answer, Failed> {
    let emails = page.field("emails").split(['\n', ',']).map(str::trim).filter(|it| !it.is_empty());
    let profile = Profile {
        user_name: page.filled("userName"),
        display_name: Some(page.field("displayName").to_owned()),
        emails: Some(emails.map(str::to_owned).collect()),
        active: None,
    };
    match people::change(&page.cx, page.id(), profile, page.precondition()).await {
        Ok(_) => Ok(page.told(&back(page), page.frame.t("page-saved"))),
        Err(Error::PreconditionFailed) => Ok(page.stale(&back(page))),
        Err(error) => {
            let error = page.refused(error)?;
            sheet(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
    }
}

/// `POST /console/people/{person}/role`.
pub(super) async fn change_role(page: &Page<'_>) -> Result<Answer, Failed> {
    let before = people::read(&page.cx, page.id()).await?.organization_role;
    let changed = match page.choice::<OrganizationRole>("role") {
        Ok(Some(role)) => people::change_role(&page.cx, page.id(), role, page.precondition()).await,
        Ok(None) => return Err(Error::NotFound("page").into()),
        Err(error) => Err(error),
    };
    match changed {
        Ok(person) => {
            let role = page.frame.word("role-", &person.organization_role);
            let text = page.frame.pair("person-role-changed", (&name(&person), &role));
            let (path, back) = (format!("/people/{}/role", page.id()), back(page));
            let fields = [("role", before.as_str()), ("version", &person.version), ("back", &back)];
            Ok(page.undoable(&back, text, (&path, &fields)))
        }
        Err(error) => page.not_done(&back(page), error),
    }
}

/// `POST /console/people/{person}/seat`.
pub(super) async fn change_seat(page: &Page<'_>) -> Result<Answer, Failed> {
    let before = people::read(&page.cx, page.id()).await?.seat;
    let changed = match page.choice::<Seat>("seat") {
        Ok(Some(seat)) => people::change_seat(&page.cx, page.id(), seat, page.precondition()).await,
        Ok(None) => return Err(Error::NotFound("page").into()),
        Err(error) => Err(error),
    };
    match changed {
        Ok(person) => {
            let text = page.frame.tx("person-seat-changed", name(&person));
            let (path, back) = (format!("/people/{}/seat", page.id()), back(page));
            let fields = [("seat", before.as_str()), ("version", &person.version), ("back", &back)];
            Ok(page.undoable(&back, text, (&path, &fields)))
        }
        Err(error) => page.not_done(&back(page), error),
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/person_deactivate.html")]
struct Deactivate<'p> {
    frame: &'p Frame,
    person: Person,
    n_keys: usize,
    n_sessions: usize,
    back: String,
}

/// `GET /console/people/{person}/deactivate`: what it means.
pub(super) async fn show_deactivate(page: &Page<'_>) -> Result<Answer, Failed> {
    let person = people::read(&page.cx, page.id()).await?;
    let slice = Slice::parse(None, None).map_err(Error::Rule)?;
    let n_keys = keys::list(&page.cx, Whose::Owner(page.id().to_owned()), slice).await?.items.len();
    let n_sessions = sessions::list(&page.cx, Some(page.id())).await?.len();
    Answer::page(&Deactivate { frame: &page.frame, person, n_keys, n_sessions, back: back(page) })
}

/// `POST /console/people/{person}/deactivate`.
pub(super) async fn deactivate(page: &Page<'_>) -> Result<Answer, Failed> {
    activate(page, false).await
}

/// `POST /console/people/{person}/reactivate`.
pub(super) async fn reactivate(page: &Page<'_>) -> Result<Answer, Failed> {
    activate(page, true).await
}

async fn activate(page: &Page<'_>, active: bool) -> Result<Answer, Failed> {
    let profile = Profile { active: Some(active), ..Profile::default() };
    match people::change(&page.cx, page.id(), profile, page.precondition()).await {
        Ok(person) => {
            let (text, other) = match active {
                true => (page.frame.tx("person-reactivated", name(&person)), "deactivate"),
                false => (page.frame.tx("person-deactivated", name(&person)), "reactivate"),
            };
            let (path, back) = (format!("/people/{}/{other}", page.id()), back(page));
            let fields = [("version", person.version.as_str()), ("back", &back)];
            Ok(page.undoable(&back, text, (&path, &fields)))
        }
        Err(error) => page.not_done(&back(page), error),
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/person_remove.html")]
struct Remove<'p> {
    frame: &'p Frame,
    person: Person,
    back: String,
}

/// `GET /console/people/{person}/remove`: what it means.
pub(super) async fn show_remove(page: &Page<'_>) -> Result<Answer, Failed> {
    let (person, back) = (people::read(&page.cx, page.id()).await?, page.back("/people"));
    Answer::page(&Remove { frame: &page.frame, person, back })
}

/// `POST /console/people/{person}/remove`.
pub(super) async fn remove(page: &Page<'_>) -> Result<Answer, Failed> {
    match people::remove(&page.cx, page.id(), page.precondition()).await {
        Ok(()) => Ok(page.told(&page.back("/people"), page.frame.tx("person-removed", page.field("name")))),
        Err(error) => page.not_done(&format!("/people/{}", page.id()), error),
    }
}

/// `POST /console/people/{person}/sessions/{session}/end`.
pub(super) async fn end_session(page: &Page<'_>) -> Result<Answer, Failed> {
    match sessions::end(&page.cx, page.second()).await {
        Ok(()) | Err(Error::NotFound(_)) => Ok(page.told(&back(page), page.frame.t("session-ended"))),
        Err(error) => page.not_done(&back(page), error),
    }
}

/// `POST /console/people/{person}/second-factor/remove`.
pub(super) async fn remove_second_factor(page: &Page<'_>) -> Result<Answer, Failed> {
    match second_factors::remove(&page.cx, page.id()).await {
        Ok(()) => Ok(page.told(&back(page), page.frame.t("second-factor-removed"))),
        Err(error) => page.not_done(&back(page), error),
    }
}
