//! The console: what admins of the organization and of teams see and steer, and what members see of their teams.
//!
//! Every page stands in one table with the [`Action`] that it is. Who may not do that is told so, and whom to ask, before
//! the page is made; what changes something is decided again where it is changed.

mod audit;
mod filter;
mod form;
mod keys;
mod log;
mod mail;
mod mappings;
mod own;
mod people;
mod person;
mod providers;
mod provisioning;
mod roles;
pub mod route;
mod settings;
mod system;
mod team;
mod teams;

use super::{
    Asked,
    answer::{Answer, Failed, Frame, Kept, Notice, Undo, Way, sentence},
};
use crate::{
    http::{error::Refusal, request_log::Line},
    org::{authority::Action, refusal::Refusal as Rule},
    service::{
        Context, Error,
        page::Slice,
        permits::{self, Contact, Place},
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use route::ROUTES;
use std::sync::Arc;

/// A request for a page of the console, by somebody who may ask for it.
struct Page<'a> {
    asked: &'a Asked<'a>,
    cx: Arc<Context>,
    frame: Frame,
    /// The values in the path, in its order.
    ids: Vec<String>,
}

/// The ways through the console, and what whoever goes there may do.
const WAYS: &[(&str, &str, Action)] = &[
    ("/console/people", "nav-people", Action::UserExport),
    ("/console/teams", "nav-teams", Action::TeamList),
    ("/console/roles", "nav-roles", Action::RoleCreate),
    ("/console/service-accounts", "nav-service-accounts", Action::ServiceAccountList),
    ("/console/keys", "nav-keys", Action::KeyList),
    ("/console/provisioning", "nav-provisioning", Action::ConnectionRead),
    ("/console/mappings", "nav-mappings", Action::MappingRead),
    ("/console/sign-in", "nav-sign-in", Action::ProviderRead),
    ("/console/settings", "nav-settings", Action::SettingsChange),
    ("/console/mail", "nav-mail", Action::MailRead),
    ("/console/audit", "nav-audit", Action::EventRead),
    ("/console/system", "nav-system", Action::SystemRead),
    ("/account", "nav-account", Action::MeRead),
];

/// The actions of [`WAYS`].
const OF_WAYS: &[Action] = &{
    let mut actions = [Action::MeRead; WAYS.len()];
    let mut at = 0;
    while at < WAYS.len() {
        #[expect(clippy::indexing_slicing, reason = "the lengths are the same")]
        {
            actions[at] = WAYS[at].2;
        }
        at += 1;
    }
    actions
};

impl Page<'_> {
    /// The first value in the path; where a pattern has one, it is there.
    fn id(&self) -> &str {
        self.ids.first().map(String::as_str).unwrap_or_default()
    }

    /// The second value in the path; where a pattern has one, it is there.
    fn second(&self) -> &str {
        self.ids.get(1).map(String::as_str).unwrap_or_default()
    }

    /// The path of another page of the console.
    fn path(&self, rest: &str) -> String {
        format!("{}/console{rest}", self.frame.root)
    }

    /// Which part of a list the query asks for.
    fn slice(&self) -> Result<Slice, Failed> {
        /// How many rows a page shows.
        const ROWS: &str = "50";
        let cursor = Some(self.asked.query("cursor")).filter(|cursor| !cursor.is_empty());
        Ok(Slice::parse(Some(ROWS), cursor).map_err(Error::Rule)?)
    }

    /// The query as it was asked, without some parameters and with others.
    fn query(&self, without: &[&str], with: &[(&str, &str)]) -> String {
        let all = self.asked.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = all.filter(|(name, value)| !without.contains(name) && !value.is_empty());
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept.chain(with.iter().copied()))
            .finish()
    }

    /// The path of the list that stands there with another cursor.
    fn next(&self, place: &str, cursor: Option<&str>) -> Option<String> {
        let query = self.query(&["cursor"], &[("cursor", cursor?)]);
        Some(self.path(&format!("{place}?{query}")))
    }

    /// The list of people or the person that a form stood on; elsewhere where it does not say so.
    fn back(&self, otherwise: &str) -> String {
        let said = [self.asked.field("back"), self.asked.query("back")].into_iter();
        let said = said
            .filter(|back| back.starts_with("/people") && back.bytes().all(|byte| byte.is_ascii_graphic()));
        said.map(str::to_owned).next().unwrap_or_else(|| otherwise.to_owned())
    }

    /// Where the same is found as JSON, for scripts.
    fn json(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.frame.root)
    }

    /// What whoever asks may do there of these.
    async fn may(&self, place: Place, actions: &'static [Action]) -> Result<May, Failed> {
        Ok(May(permits::of(&self.cx, place, actions).await?))
    }

    /// Elsewhere, where it is told what was done.
    fn told(&self, place: &str, text: String) -> Answer {
        Answer::to(self.path(place)).telling(&Notice { text, is_refusal: false, undo: None })
    }

    /// The same, with a form that takes it back.
    fn undoable(&self, place: &str, text: String, undo: (&str, &[(&str, &str)])) -> Answer {
        let (path, fields) = undo;
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let undo = Some(Undo { path: self.path(path), fields });
        Answer::to(self.path(place)).telling(&Notice { text, is_refusal: false, undo })
    }

    /// Elsewhere, where it is told why it was not done. What is wrong with the server, the session or the right to do it is
    /// a page of its own.
    fn not_done(&self, place: &str, error: Error) -> Result<Answer, Failed> {
        let text = self.refused(error)?;
        Ok(Answer::to(self.path(place)).telling(&Notice { text, is_refusal: true, undo: None }))
    }

    /// Elsewhere, where what somebody else made of it is shown; what was sent is told, so that it can be typed again. No
    /// secret is told.
    fn stale(&self, place: &str) -> Answer {
        const UNTOLD: [&str; 6] = ["version", "before", "back", "do", "secret", "password"];
        let is_said =
            |(name, value): &&(String, String)| !UNTOLD.contains(&name.as_str()) && !value.trim().is_empty();
        let said: Vec<&str> = self.asked.form.iter().filter(is_said).map(|(_, value)| value.trim()).collect();
        let text = format!("{} {}", self.frame.t("page-stale"), self.frame.tx("page-sent", said.join(", ")));
        Answer::to(self.path(place)).telling(&Notice { text, is_refusal: true, undo: None })
    }

    /// Why something was not done, as a sentence, where whoever asked can do something about it.
    fn refused(&self, error: Error) -> Result<String, Failed> {
        match error {
            Error::PreconditionFailed => Ok(self.frame.t("page-stale")),
            Error::Rule(Rule::Forbidden(_) | Rule::NotFresh | Rule::Scope(_))
            | Error::NotFound(_)
            | Error::Unauthorized
            | Error::Busy(_)
            | Error::Store(_) => Err(error.into()),
            other => Ok(sentence(&other.to_string())),
        }
    }

    /// The same of a form that whoever sent it may send: what is forbidden is something that it says.
    fn refused_in(&self, error: Error) -> Result<String, Failed> {
        match error {
            Error::Rule(Rule::Forbidden(why)) => Ok(sentence(&why)),
            other => self.refused(other),
        }
    }
}

/// What somebody may do somewhere, for templates.
struct May(Vec<Action>);

impl May {
    fn is(&self, action: Action) -> bool {
        self.0.contains(&action)
    }
}

/// Serves a page of the console.
pub(super) async fn serve(
    asked: &Asked<'_>,
    path: &[&str],
    changes: bool,
    line: &mut Line,
) -> Result<Answer, Failed> {
    let found = ROUTES.iter().find_map(|route| Some((route, route.values(path, changes)?)));
    let cx = asked.person().await?;
    if path.is_empty() && !changes {
        return Ok(Answer::to(format!("{}/", asked.root)));
    }
    let Some((route, ids)) = found else {
        let frame = frame(asked, &cx, "/console").await?;
        let answer = not_found(&Page { asked, cx, frame, ids: Vec::new() }, "page")?;
        return Ok(answer.forgetting(Kept::Notice));
    };
    line.endpoint = route.pattern;
    let frame = frame(asked, &cx, &format!("/console{}", route.pattern)).await?;
    let shows_notice = frame.notice.is_some();
    let page = Page { asked, cx, frame, ids };
    let place = route.place(&page.ids, page.cx.actor.id());
    let checked = match place.clone() {
        Some(place) => permits::check(&page.cx, route.action, place).await,
        None => Ok(()),
    };
    if checked.is_ok() && route.proves {
        match super::account::fresh(asked).await? {
            Ok(_) => {}
            Err(prove) => return Ok(prove),
        }
    }
    let answered = match checked {
        Ok(()) => (route.serve)(&page).await,
        Err(error) => Err(error.into()),
    };
    let answer = match answered {
        Err(Failed::Refused(Refusal::Service(Error::Rule(Rule::Forbidden(why))))) => {
            forbidden(&page, &why, place.unwrap_or(Place::Organization)).await
        }
        Err(Failed::Refused(Refusal::Service(Error::NotFound(what)))) => not_found(&page, what),
        other => other,
    }?;
    Ok(if shows_notice && answer.is_seen() { answer.forgetting(Kept::Notice) } else { answer })
}

/// What every page shows to somebody who is signed in; `here` is where it stands.
pub(super) async fn frame(asked: &Asked<'_>, cx: &Arc<Context>, here: &str) -> Result<Frame, Failed> {
    let allowed = permits::of(cx, Place::Organization, OF_WAYS).await?;
    let frame = super::account::frame(asked, cx).await?;
    let ways = WAYS.iter().filter(|(_, _, action)| allowed.contains(action)).map(|(path, key, _)| Way {
        path: format!("{}{path}", frame.root),
        name: frame.t(key),
        is_here: here.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    });
    let ways = ways.collect();
    let notice = asked.kept(Kept::Notice).and_then(|kept| Notice::read(&kept));
    Ok(Frame { ways, notice, ..frame })
}

#[derive(Template)]
#[template(path = "http/pages/console/forbidden.html")]
struct Forbidden<'p> {
    frame: &'p Frame,
    why: String,
    contacts: Vec<Contact>,
}

async fn forbidden(page: &Page<'_>, why: &str, place: Place) -> Result<Answer, Failed> {
    let contacts = permits::whom_to_ask(&page.cx, place).await?;
    let told = Forbidden { frame: &page.frame, why: sentence(why), contacts };
    Answer::page_with(StatusCode::FORBIDDEN, &told)
}

#[derive(Template)]
#[template(path = "http/pages/console/missing.html")]
struct Missing<'p> {
    frame: &'p Frame,
    what: &'p str,
}

fn not_found(page: &Page<'_>, what: &str) -> Result<Answer, Failed> {
    Answer::page_with(StatusCode::NOT_FOUND, &Missing { frame: &page.frame, what })
}
