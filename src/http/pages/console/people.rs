//! The organization dashboard: everybody, found, sorted and changed, one or many at a time.

use super::{
    super::{
        answer::{Answer, Failed, Frame, Notice},
        moment::{at, maybe},
    },
    May, Page,
    form::{Secret, Typed},
};
use crate::{
    org::{
        authority::Action, invite::Invite, role::OrganizationRole, roll::PersonStatus, seat::Seat,
        standing::Source,
    },
    service::{
        Error,
        invites::{self, Issued, NewInvites, NewPlace},
        page::{Page as Part, Slice},
        people::{self, NewPerson, Person, Seats, SeatsInUse},
        people_csv::{self, Imported, NewImport},
        people_in_bulk::{BulkChange, BulkOutcome, ChangedPeople, people_in_bulk},
        permits::Place,
        roll::{self, Wanted},
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use futures_util::stream;
use secrecy::ExposeSecret;
use std::sync::Arc;

/// What can be done with people.
const ACTIONS: &[Action] = &[
    Action::InviteCreate,
    Action::UserImport,
    Action::UserExport,
    Action::UserChange,
    Action::OrganizationRoleChange,
];

#[derive(Template)]
#[template(path = "http/pages/console/people.html")]
struct People<'p> {
    page: &'p Page<'p>,
    frame: &'p Frame,
    people: Vec<Person>,
    invites: Vec<Invite>,
    seats: SeatsInUse,
    may: May,
    /// The list itself, for forms that lead back to it.
    here: String,
    next: Option<String>,
    export: String,
    json: String,
    /// Where changes of several people are sent: with the query, so that they lead back to it.
    bulk: String,
    typed: Typed<'p>,
    error: Option<String>,
}

/// A parameter of the query, where something stands in it.
fn asked<'p>(page: &'p Page<'_>, name: &str) -> Option<&'p str> {
    Some(page.asked.query(name).trim()).filter(|text| !text.is_empty())
}

/// The list with all that was asked for, below the console.
fn here(page: &Page<'_>) -> String {
    match page.query(&[], &[]) {
        query if query.is_empty() => "/people".to_owned(),
        query => format!("/people?{query}"),
    }
}

/// The path that sorts by an order; by its other end where it is sorted so already.
fn sorted(page: &Page<'_>, order: &str) -> String {
    let turns = page.asked.query("sort") == order && page.asked.query("order") != "descending";
    let end = if turns { "descending" } else { "ascending" };
    let query = page.query(&["cursor", "sort", "order"], &[("sort", order), ("order", end)]);
    page.path(&format!("/people?{query}"))
}

/// How a column is sorted, in the words of ARIA.
fn direction<'a>(page: &Page<'_>, order: &str) -> &'a str {
    match (page.asked.query("sort") == order, page.asked.query("order")) {
        (false, _) => "none",
        (true, "descending") => "descending",
        (true, _) => "ascending",
    }
}

/// `GET /console/people`.
pub(super) async fn list(page: &Page<'_>) -> Result<Answer, Failed> {
    shown(page, StatusCode::OK, None).await
}

/// The list; where a change of several people was refused with them ticked, and with why.
async fn shown(page: &Page<'_>, status: StatusCode, refused: Option<String>) -> Result<Answer, Failed> {
    let typed = page.typed("/people/bulk", refused.is_some());
    let (wanted, error) = match Wanted::parse(|name| asked(page, name)) {
        Ok(wanted) => (wanted, refused),
        Err(why) => (Wanted::default(), Some(page.refused(Error::Rule(why))?)),
    };
    let found = roll::list(&page.cx, wanted, page.slice()?).await;
    let (Part { items: people, next }, error) = match found {
        Ok(found) => (found, error),
        Err(why) => (Part { items: Vec::new(), next: None }, Some(page.refused(why)?)),
    };
    let is_first = page.asked.query("cursor").is_empty();
    let invites = match is_first && asked(page, "search").is_none() {
        true => invites::list(&page.cx, Slice::parse(Some("20"), None).map_err(Error::Rule)?).await?.items,
        false => Vec::new(),
    };
    let list = People {
        page,
        frame: &page.frame,
        people,
        invites,
        seats: people::seats(&page.cx).await?,
        may: page.may(Place::Organization, ACTIONS).await?,
        here: here(page),
        next: page.next("/people", next.as_deref()),
        export: page.path(&format!("/people/export?{}", page.query(&["cursor", "sort", "order"], &[]))),
        json: page.json(&format!("/users?{}", page.query(&["cursor"], &[]))),
        bulk: page.path(&format!("/people/bulk?{}", page.query(&[], &[]))),
        typed,
        error,
    };
    Answer::page_with(status, &list)
}

/// Seats used of all, as a page says it: `97 / 100`, or `97` without a limit.
fn used(seats: &Seats) -> String {
    match seats.total {
        Some(total) => format!("{} / {total}", seats.used),
        None => seats.used.to_string(),
    }
}

/// `POST /console/people/bulk`: what the button says, done to everybody who is ticked.
pub(super) async fn bulk(page: &Page<'_>) -> Result<Answer, Failed> {
    let done = match bulk_change(page) {
        Ok(Some(change)) => people_in_bulk(&page.cx, page.asked.fields("id"), change).await,
        Ok(None) => return Err(Error::NotFound("page").into()),
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => Ok(told_of(page, &done)),
        Err(error) => {
            let error = page.refused(error)?;
            shown(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
    }
}

fn bulk_change(page: &Page<'_>) -> Result<Option<BulkChange>, Error> {
    Ok(match page.field("do") {
        "role" => page.choice("role")?.map(BulkChange::OrganizationRole),
        "seat" => page.choice("seat")?.map(BulkChange::Seat),
        "deactivate" => Some(BulkChange::Active(false)),
        "reactivate" => Some(BulkChange::Active(true)),
        "team" => Some(BulkChange::AddToTeam { team: page.field("team").to_owned(), role: None }),
        _ => None,
    })
}

/// How many were changed, and why others were not; with a way back where there is one for all of them.
fn told_of(page: &Page<'_>, done: &ChangedPeople) -> Answer {
    let frame = &page.frame;
    let mut text = frame.tn("bulk-changed", done.changed);
    let reasons = done.people.iter().filter(|it| it.outcome == BulkOutcome::Refused);
    if let Some(reason) = reasons.filter_map(|it| it.reason.as_deref()).next() {
        let refused = frame.tn("bulk-refused", done.refused);
        text = format!("{text} {refused} {}", super::sentence(reason));
    }
    let undo = match page.field("do") {
        "deactivate" => "reactivate",
        "reactivate" => "deactivate",
        _ => "",
    };
    let changed = done.people.iter().filter(|it| it.outcome == BulkOutcome::Changed);
    let ids: Vec<(&str, &str)> = changed.map(|it| ("id", it.id.as_str())).take(30).collect();
    if undo.is_empty() || ids.len() != done.changed || ids.is_empty() {
        return Answer::to(page.path(&here(page))).telling(&Notice {
            text,
            is_refusal: done.changed == 0,
            undo: None,
        });
    }
    let fields: Vec<(&str, &str)> = ids.into_iter().chain([("do", undo)]).collect();
    let path = format!("/people/bulk?{}", page.query(&[], &[]));
    page.undoable(&here(page), text, (&path, &fields))
}

#[derive(Template)]
#[template(path = "http/pages/console/add_people.html")]
struct Add<'p> {
    frame: &'p Frame,
    seats: SeatsInUse,
    /// Whether a mail server is configured.
    mails: bool,
    links: Vec<Secret>,
    /// What was typed about whom to invite, and about somebody to make at once.
    typed: Typed<'p>,
    new: Typed<'p>,
    error: Option<String>,
}

/// `GET /console/people/add`.
pub(super) async fn show_add(page: &Page<'_>) -> Result<Answer, Failed> {
    add_page(page, StatusCode::OK, Vec::new(), None).await
}

async fn add_page(
    page: &Page<'_>,
    status: StatusCode,
    links: Vec<Secret>,
    error: Option<String>,
) -> Result<Answer, Failed> {
    let seats = people::seats(&page.cx).await?;
    let mails = page.cx.app.mailer.is_some();
    let typed = page.typed("/people/add", error.is_some());
    let new = page.typed("/people/create", error.is_some());
    Answer::page_with(status, &Add { frame: &page.frame, seats, mails, links, typed, new, error })
}

/// `POST /console/people/add`: invites one or many, all or none; the links are on the page that follows.
pub(super) async fn add(page: &Page<'_>) -> Result<Answer, Failed> {
    match described(page) {
        Ok(new) => match invites::create(&page.cx, new).await {
            Ok(made) => {
                let links = made.it.into_iter().filter_map(|issued| link(page, issued)).collect();
                add_page(page, StatusCode::OK, links, None).await
            }
            Err(error) => not_added(page, error).await,
        },
        Err(error) => not_added(page, error).await,
    }
}

async fn not_added(page: &Page<'_>, error: Error) -> Result<Answer, Failed> {
    let error = page.refused_in(error)?;
    add_page(page, StatusCode::UNPROCESSABLE_ENTITY, Vec::new(), Some(error)).await
}

fn link(page: &Page<'_>, issued: Issued) -> Option<Secret> {
    Some(Secret { label: page.frame.tx("invite-link", &issued.invite.email), text: issued.link? })
}

/// The entries of a field that has several.
fn entries(page: &Page<'_>, name: &str) -> Vec<String> {
    let all = page.field(name).split(['\n', ',', ';']).map(str::trim);
    all.filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

fn described(page: &Page<'_>) -> Result<NewInvites, Error> {
    let place = |team: String| NewPlace { team, role: page.filled("teamRole") };
    Ok(NewInvites {
        emails: entries(page, "emails"),
        organization_role: page.choice("role")?,
        seat: page.choice("seat")?,
        teams: entries(page, "teams").into_iter().map(place).collect(),
        mail: page.is_ticked("mail"),
    })
}

/// `POST /console/people/create`: makes somebody at once, without an invite.
pub(super) async fn create(page: &Page<'_>) -> Result<Answer, Failed> {
    let new = match (page.choice("role"), page.choice("seat")) {
        (Ok(organization_role), Ok(seat)) => NewPerson {
            user_name: page.field("userName").to_owned(),
            display_name: page.filled("displayName"),
            emails: entries(page, "emails"),
            organization_role,
            seat,
        },
        (Err(error), _) | (_, Err(error)) => return not_added(page, error).await,
    };
    match people::create(&page.cx, new).await {
        Ok(made) => {
            let place = format!("/people/{}", made.it.id);
            Ok(page.told(&place, page.frame.tx("person-created", &made.it.user_name)))
        }
        Err(error) => not_added(page, error).await,
    }
}

/// `POST /console/invites/{invite}/renew`: another link, on the page that follows.
pub(super) async fn renew(page: &Page<'_>) -> Result<Answer, Failed> {
    match invites::renew(&page.cx, page.id(), page.is_ticked("mail")).await {
        Ok(made) => {
            let links = link(page, made.it).into_iter().collect();
            add_page(page, StatusCode::OK, links, None).await
        }
        Err(error) => page.not_done("/people", error),
    }
}

/// `POST /console/invites/{invite}/cancel`.
pub(super) async fn cancel(page: &Page<'_>) -> Result<Answer, Failed> {
    match invites::cancel(&page.cx, page.id()).await {
        Ok(()) => Ok(page.told("/people", page.frame.t("invite-withdrawn"))),
        Err(error) => page.not_done("/people", error),
    }
}

/// `GET /console/people/export`: those whom the list shows, on all its pages, as a table.
pub(super) async fn export(page: &Page<'_>) -> Result<Answer, Failed> {
    let wanted = Arc::new(Wanted::parse(|name| asked(page, name)).map_err(Error::Rule)?);
    let first = people_csv::export(&page.cx, &wanted, None).await?;
    let begun = (page.cx.clone(), wanted, Some(first));
    let sent = stream::try_unfold(begun, |(cx, wanted, stretch)| async move {
        let Some(stretch) = stretch else { return Ok(None) };
        let next = match stretch.next {
            Some(next) => Some(people_csv::export(&cx, &wanted, Some(next)).await?),
            None => None,
        };
        Ok(Some((stretch.csv.into(), (cx, wanted, next))))
    });
    Ok(Answer::file("people.csv", "text/csv; charset=utf-8", Box::pin(sent)))
}

#[derive(Template)]
#[template(path = "http/pages/console/import.html")]
struct Import<'p> {
    page: &'p Page<'p>,
    frame: &'p Frame,
    csv: String,
    told: Option<Imported>,
    error: Option<String>,
}

/// `GET /console/people/import`.
pub(super) async fn show_import(page: &Page<'_>) -> Result<Answer, Failed> {
    Answer::page(&Import { page, frame: &page.frame, csv: String::new(), told: None, error: None })
}

/// `POST /console/people/import`: the button says whether it is done, or only told what it would do.
pub(super) async fn import(page: &Page<'_>) -> Result<Answer, Failed> {
    let file = page.asked.file("file").filter(|bytes| !bytes.is_empty()).map(|bytes| str::from_utf8(bytes));
    let csv = match file {
        None => page.asked.field("csv").to_owned(),
        Some(Ok(text)) => text.to_owned(),
        Some(Err(odd)) => {
            let read = page.asked.file("file").and_then(|bytes| bytes.get(..odd.valid_up_to()));
            let line = 1 + read.into_iter().flatten().filter(|byte| **byte == b'\n').count();
            let error = Some(page.frame.tn("import-not-utf8", line));
            let shown = Import { page, frame: &page.frame, csv: String::new(), told: None, error };
            return Answer::page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
        }
    };
    let new = NewImport {
        csv: csv.clone(),
        create_teams: page.is_ticked("createTeams"),
        partial: page.is_ticked("partial"),
    };
    let rehearses = page.field("do") != "import";
    let frame = &page.frame;
    match people_csv::import(&page.cx, new, rehearses).await {
        Ok(told) if told.done => {
            let done = frame.tn("import-done", told.created + told.changed);
            let left_out = match told.problems.len() {
                0 => String::new(),
                n => format!(" {}", frame.tn("import-left-out", n)),
            };
            Ok(page.told("/people", format!("{done}{left_out}")))
        }
        Ok(told) => {
            let error = (!rehearses).then(|| frame.t("import-nothing"));
            Answer::page(&Import { page, frame, csv, told: Some(told), error })
        }
        Err(error) => {
            let error = Some(page.refused(error)?);
            let shown = Import { page, frame, csv, told: None, error };
            Answer::page_with(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
    }
}
