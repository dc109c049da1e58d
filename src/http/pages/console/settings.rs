//! What admins decide for the organization, in groups, each with a button of its own.

use super::{
    super::answer::{Answer, Failed, Frame},
    Page, mail, providers,
};
use crate::{
    org::{
        refusal::Refusal as Rule,
        seat::Overflow,
        settings::{GroupDelete, Settings},
    },
    scim::Profile,
    service::{
        Error,
        people::{self, SeatsInUse},
        settings,
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use serde_json::{Map, Value, json};

/// How a setting is chosen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// On or off.
    Switch,
    /// A whole number, or nothing.
    Number,
    /// A text, or nothing.
    Text,
    /// One of these words.
    Words(fn() -> Vec<&'static str>),
}

/// The settings of a group, by their paths.
type Group = (&'static str, &'static [(&'static str, Kind)]);

/// The groups, in the order of the page.
const GROUPS: &[Group] = &[
    (
        "people",
        &[("invitations", Kind::Switch), ("inviteDays", Kind::Number), ("personalProjects", Kind::Switch)],
    ),
    (
        "license",
        &[
            ("license.full", Kind::Number),
            ("license.viewer", Kind::Number),
            ("seatOverflow", Kind::Words(|| Overflow::ALL.iter().map(|it| it.as_str()).collect())),
        ],
    ),
    (
        "teams",
        &[
            ("userTeamCreation", Kind::Switch),
            ("adminTeamAccess", Kind::Switch),
            ("teamServiceAccountCreation", Kind::Switch),
        ],
    ),
    (
        "enforced",
        &[
            ("enforced.hidden", Kind::Switch),
            ("enforced.privateProjects", Kind::Switch),
            ("enforced.adminsInvite", Kind::Switch),
            ("enforced.noPublicReports", Kind::Switch),
            ("enforced.noCodeSaving", Kind::Switch),
        ],
    ),
    ("keys", &[("keyCreation", Kind::Switch), ("viewerKeys", Kind::Switch)]),
    (
        "provisioning",
        &[
            ("scimGroupDelete", Kind::Words(|| GroupDelete::ALL.iter().map(|it| it.as_str()).collect())),
            ("keyProfile", Kind::Words(|| Profile::ALL.iter().map(|it| it.as_str()).collect())),
        ],
    ),
    ("audit", &[("eventRetentionDays", Kind::Number)]),
];

/// What is decided about signing in, on the page about that.
pub(super) const SIGN_IN: &[Group] = &[(
    "sign-in",
    &[
        ("passwordSignIn", Kind::Switch),
        ("ssoProvisioning", Kind::Switch),
        ("sessionHours", Kind::Number),
        ("sessionIdleHours", Kind::Number),
    ],
)];

/// What is decided about mail, on the page about that.
pub(super) const MAIL: &[Group] = &[("mail", &[("mailFrom", Kind::Text), ("scimMail", Kind::Switch)])];

/// A setting as it is shown.
pub(super) struct Field {
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// What holds, as a field of a form has it; `true` where a switch is on.
    pub(super) value: String,
    /// The variable of the server's environment that decides it.
    pub(super) locked: Option<&'static str>,
}

impl Field {
    /// The words to choose from.
    pub(super) fn words(&self) -> Vec<&'static str> {
        match self.kind {
            Kind::Words(words) => words(),
            _ => Vec::new(),
        }
    }

    pub(super) fn is_switch(&self) -> bool {
        matches!(self.kind, Kind::Switch)
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind, Kind::Number)
    }
}

/// A group as it is shown.
pub(super) struct Shown {
    pub(super) name: &'static str,
    /// Where its form is sent, below the console.
    pub(super) path: String,
    pub(super) fields: Vec<Field>,
}

/// Groups as they hold, and the version of all settings; one that was refused as it was typed.
pub(super) async fn groups(
    page: &Page<'_>,
    groups: &[Group],
    is_again: bool,
) -> Result<(Vec<Shown>, String), Failed> {
    let (settings, version) = settings::get(&page.cx).await?;
    let holds = serde_json::to_value(&settings).map_err(Error::from)?;
    let locked = page.cx.app.locks.shown();
    let mut version = version.to_string();
    let mut shown = Vec::new();
    for (name, fields) in groups {
        let path = match place(name) {
            "/settings" => format!("/settings/{name}"),
            place => format!("{place}/settings/{name}"),
        };
        let typed = page.typed(&path, is_again);
        let field = |(path, kind): &(&'static str, Kind)| {
            let (locked, holds) = (locked.get(*path).copied(), text(&holds, path));
            let value = match kind {
                _ if locked.is_some() => holds,
                Kind::Switch => typed.is_ticked(path, holds == "true").to_string(),
                Kind::Number | Kind::Text | Kind::Words(_) => typed.text(path, &holds).into_owned(),
            };
            Field { path, kind: *kind, value, locked }
        };
        shown.push(Shown { name, path, fields: fields.iter().map(field).collect() });
        // whoever corrects what they typed does not overwrite what others decided meanwhile
        version = typed.text("version", &version).into_owned();
    }
    Ok((shown, version))
}

/// The page that a group stands on.
fn place(group: &str) -> &'static str {
    match group {
        "sign-in" => "/sign-in",
        "mail" => "/mail",
        _ => "/settings",
    }
}

/// What the settings say at a path, as a field of a form has it.
fn text(settings: &Value, path: &str) -> String {
    match settings.pointer(&format!("/{}", path.replace('.', "/"))) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/settings.html")]
struct Sheet<'p> {
    frame: &'p Frame,
    groups: Vec<Shown>,
    version: String,
    seats: SeatsInUse,
    error: Option<String>,
    json: String,
}

/// `GET /console/settings`.
pub(super) async fn show(page: &Page<'_>) -> Result<Answer, Failed> {
    sheet(page, StatusCode::OK, None).await
}

async fn sheet(page: &Page<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    let (groups, version) = groups(page, GROUPS, error.is_some()).await?;
    let seats = people::seats(&page.cx).await?;
    let (frame, json) = (&page.frame, page.json("/settings"));
    Answer::page_with(status, &Sheet { frame, groups, version, seats, error, json })
}

/// What the form of a group says, as a patch: a number that is left out has its default again.
fn patch(page: &Page<'_>, group: &Group) -> Result<Map<String, Value>, Error> {
    let locked = page.cx.app.locks.shown();
    let mut patch = Map::new();
    for (path, kind) in group.1.iter().filter(|(path, _)| !locked.contains_key(*path)) {
        let value = match kind {
            Kind::Switch => json!(page.is_ticked(path)),
            Kind::Text | Kind::Words(_) => page.filled(path).map_or(Value::Null, Value::from),
            Kind::Number => match page.filled(path).map(|text| text.parse::<i64>()) {
                None => Value::Null,
                Some(Ok(number)) => json!(number),
                Some(Err(_)) => {
                    let why = format!("{path}: expected a whole number, or nothing");
                    return Err(Rule::Invalid(why).into());
                }
            },
        };
        match path.split_once('.') {
            None => drop(patch.insert((*path).to_owned(), value)),
            Some((outer, inner)) => {
                let within = patch.entry(outer).or_insert_with(|| json!({}));
                if let Some(within) = within.as_object_mut() {
                    within.insert(inner.to_owned(), value);
                }
            }
        }
    }
    Ok(patch)
}

/// `POST /console/settings/{group}`, and below the pages about signing in and mail: the page that the form stood on comes
/// next.
pub(super) async fn change(page: &Page<'_>) -> Result<Answer, Failed> {
    let all = GROUPS.iter().chain(SIGN_IN).chain(MAIL);
    let group = all.into_iter().find(|group| group.0 == page.id()).ok_or(Error::NotFound("page"))?;
    let done = match patch(page, group) {
        Ok(patch) => settings::change(&page.cx, patch, page.precondition()).await.map(drop),
        Err(error) => Err(error),
    };
    let place = place(group.0);
    match done {
        Ok(()) => Ok(page.told(place, page.frame.t("page-saved"))),
        Err(Error::PreconditionFailed) => Ok(page.stale(place)),
        Err(error) => {
            let (status, error) = (StatusCode::UNPROCESSABLE_ENTITY, Some(page.refused(error)?));
            match place {
                "/sign-in" => providers::shown(page, status, error).await,
                "/mail" => mail::shown(page, status, None, error).await,
                _ => sheet(page, status, error).await,
            }
        }
    }
}

/// The settings with which an organization begins, to say of a number what holds without one.
pub(super) fn default(path: &str) -> String {
    text(&serde_json::to_value(Settings::default()).unwrap_or_default(), path)
}
