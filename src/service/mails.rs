//! Letters (W-065 to W-069): what they say, and an outbox that hands them on until the mail server has them. A letter that
//! cannot be sent never fails what it tells of.

use super::{
    App, Context, Error, Result,
    authorization::About,
    organizations,
    page::{Page, Slice},
};
use crate::{
    mail::{Failure, Letter, Mailer},
    org::{
        actor::Actor,
        address,
        authority::Action,
        event::{Event, EventKind},
        invite::Invite,
        refusal::Refusal,
        user,
        words::words,
    },
    scim::{Resource, text},
    store::{
        ReadTx, WriteTx,
        mails::{self as rows, Due, NewMail},
        organizations as tenants,
    },
};
use askama::Template;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// How long whoever took a letter has to send it, in microseconds: longer than a mail server may take.
const LEASE: i64 = 300_000_000;
/// How many letters one process takes at a time: of more the last would wait for the first, and its lease would end.
const AT_ONCE: usize = 1;
/// After how long a letter is given up, in microseconds: three days.
const GIVEN_UP: i64 = 3 * 24 * 3_600 * 1_000_000;
/// How long a letter waits after its first failure, and at most, in microseconds.
const FIRST_WAIT: i64 = 2_000_000;
const LONGEST_WAIT: i64 = 3_600_000_000;

words! {
    /// What a letter is for.
    Kind, "a kind of letter":
    /// Somebody is invited.
    Invite = "invite",
    /// Somebody was made over SCIM.
    Arrival = "arrival",
    /// Somebody may choose another password.
    Password = "password",
}

/// What a letter says, as it waits in the outbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    /// Whoever invited, by name; empty where that was no person.
    by: String,
    /// The teams that come with it.
    teams: Vec<String>,
    /// Where to go.
    link: String,
    /// Until when, in words; empty for ever.
    until: String,
}

#[derive(Template)]
#[template(path = "service/letter.html")]
struct Html<'l> {
    organization: &'l str,
    kind: Kind,
    content: &'l Content,
}

#[derive(Template)]
#[template(path = "service/letter.txt")]
struct Text<'l> {
    organization: &'l str,
    kind: Kind,
    content: &'l Content,
}

/// Writes to somebody who is invited, if there is a mail server.
pub(super) fn invite(tx: &WriteTx<'_>, cx: &Context, invite: &Invite, link: &str) -> Result<()> {
    let by = match &cx.actor {
        Actor::Person { id, .. } => crate::store::users::known(tx, &cx.organization, id)?.map(|it| it.name),
        _ => None,
    };
    let content = Content {
        by: by.map(|name| line(&name)).unwrap_or_default(),
        teams: invite.teams.iter().map(|team| line(&team.name)).collect(),
        link: link.to_owned(),
        until: text::date_time(invite.expires_at).chars().take(10).collect(),
    };
    queue(tx, cx, Kind::Invite, (&invite.id, &invite.email), &content)
}

/// Writes to somebody who was made over SCIM, if there is a mail server and an address.
pub(super) fn arrival(tx: &WriteTx<'_>, cx: &Context, id: &str, person: &Resource) -> Result<()> {
    let Some(recipient) = user::email(person).filter(|address| address::check("email", address).is_ok())
    else {
        return Ok(());
    };
    let link = cx.app.public_url.clone();
    let content = Content { by: String::new(), teams: Vec::new(), link, until: String::new() };
    queue(tx, cx, Kind::Arrival, (id, &recipient), &content)
}

/// Writes to somebody who forgot their password, if there is a mail server and an address.
pub(super) fn password(
    tx: &WriteTx<'_>,
    cx: &Context,
    (id, person): (&str, &Resource),
    (link, expires_at): (&str, i64),
) -> Result<()> {
    let Some(recipient) = user::email(person).filter(|address| address::check("email", address).is_ok())
    else {
        return Ok(());
    };
    let until =
        text::date_time(expires_at).chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect();
    let content = Content { by: String::new(), teams: Vec::new(), link: link.to_owned(), until };
    queue(tx, cx, Kind::Password, (id, &recipient), &content)
}

fn queue(
    tx: &WriteTx<'_>,
    cx: &Context,
    kind: Kind,
    (about, recipient): (&str, &str),
    content: &Content,
) -> Result<()> {
    if cx.app.mailer.is_none() {
        return Ok(());
    }
    let content = serde_json::to_value(content)?;
    let new =
        NewMail { id: &cx.app.ids.make(cx.now), kind: kind.as_str(), about, recipient, content: &content };
    Ok(rows::queue(tx, &cx.organization, new, cx.now)?)
}

/// Hands letters that are due to the mail server; says how many were tried. Of several processes one takes each.
pub async fn deliver(app: &Arc<App>) -> Result<usize> {
    let Some(mailer) = app.mailer.clone() else { return Ok(0) };
    let now = app.clock.now();
    if !app.store.read(move |tx| Ok::<_, Error>(rows::any_due(tx, now)?)).await? {
        return Ok(0);
    }
    let due = app.store.write(move |tx| Ok::<_, Error>(rows::claim(tx, now, now + LEASE, AT_ONCE)?)).await?;
    let n_due = due.len();
    for mail in due {
        let sent = match letter(app, &mail).await {
            Ok(letter) => send(&mailer, letter).await,
            Err(Error::Store(error)) => {
                tracing::error!(error = ?error, "a letter cannot be written");
                Err(Failure { reason: "it cannot be written".to_owned(), is_final: true })
            }
            Err(other) => return Err(other),
        };
        note(app, mail, sent).await?;
    }
    Ok(n_due)
}

async fn send(mailer: &Mailer, letter: Letter) -> std::result::Result<(), Failure> {
    let mailer = mailer.clone();
    let sent = tokio::task::spawn_blocking(move || mailer.send(&letter)).await;
    sent.unwrap_or_else(|_| Err(Failure { reason: "internal error".to_owned(), is_final: false }))
}

/// What an outbox row becomes when it is sent.
async fn letter(app: &Arc<App>, mail: &Due) -> Result<Letter> {
    let organization = mail.organization.clone();
    let locks = app.locks.clone();
    let work = move |tx: &ReadTx<'_>| {
        let tenant = tenants::load(tx, &organization)?.ok_or(Error::NotFound("organization"))?;
        Ok::<_, Error>((line(&tenant.name), locks.over(tenants::settings(tx, &organization)?).mail_from))
    };
    let (organization, from) = app.store.read(work).await?;
    let kind: Kind = mail.kind.parse().map_err(crate::store::DbError::Corrupt)?;
    let content: Content = serde_json::from_value(mail.content.clone())?;
    let subject = match kind {
        Kind::Invite => format!("You are invited to {organization}"),
        Kind::Arrival => format!("You have an account at {organization}"),
        Kind::Password => format!("Choose another password for {organization}"),
    };
    written(&mail.id, (&organization, &from), &mail.recipient, subject, (kind, &content))
}

fn written(
    id: &str,
    (organization, from): (&str, &str),
    to: &str,
    subject: String,
    (kind, content): (Kind, &Content),
) -> Result<Letter> {
    let unwritten = |error: askama::Error| Error::Store(crate::store::DbError::Corrupt(error.to_string()));
    Ok(Letter {
        id: id.to_owned(),
        to: to.to_owned(),
        from_name: organization.to_owned(),
        from: Some(from.to_owned()).filter(|from| !from.is_empty()),
        subject,
        text: Text { organization, kind, content }.render().map_err(unwritten)?,
        html: Html { organization, kind, content }.render().map_err(unwritten)?,
    })
}

/// A name as it stands in a letter: one line that reads from left to right, and not a long one.
fn line(name: &str) -> String {
    let is_odd = |letter: char| {
        letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain = name.chars().map(|letter| if is_odd(letter) { ' ' } else { letter });
    plain.take(200).collect::<String>().trim().to_owned()
}

async fn note(app: &Arc<App>, mail: Due, sent: std::result::Result<(), Failure>) -> Result<()> {
    let now = app.clock.now();
    if sent.is_err() {
        // why stands in the outbox: what mail servers say names people
        tracing::warn!(mail = mail.id, attempts = mail.attempts + 1, "a letter was not sent");
    }
    let work = move |tx: &WriteTx<'_>| {
        let (organization, id) = (mail.organization.as_str(), mail.id.as_str());
        match &sent {
            Ok(()) => rows::sent(tx, organization, id, now)?,
            Err(failure) if failure.is_final || now - mail.created_at > GIVEN_UP => {
                rows::failed(tx, organization, id, &failure.reason)?;
            }
            Err(failure) => {
                let wait = FIRST_WAIT << mail.attempts.clamp(0, 20);
                rows::put_off(tx, organization, id, &failure.reason, now + wait.min(LONGEST_WAIT))?;
            }
        }
        Ok::<_, Error>(())
    };
    app.store.write(work).await
}

/// A letter, as the API answers; never what it says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Mail")]
pub struct Shown {
    /// The id.
    pub id: String,
    /// What it is for: `invite`, `arrival` or `password`.
    pub kind: String,
    /// The id of the invite or user it is about.
    pub about: String,
    /// Whom it goes to.
    pub recipient: String,
    /// `queued`, `sent` or `failed`.
    pub state: String,
    /// Why it is not sent yet, or will not be.
    pub reason: Option<String>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was written (RFC 3339).
    pub created_at: String,
    /// When the mail server had it (RFC 3339).
    pub sent_at: Option<String>,
}

/// The letters, by id.
pub async fn list(cx: &Arc<Context>, slice: Slice) -> Result<Page<Shown>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::MailRead, About::ORGANIZATION)?;
        let found = rows::after(tx, &job.organization, &slice.after, slice.one_more())?.into_iter();
        let shown = found.map(|it| Shown {
            id: it.id,
            kind: it.kind,
            about: it.about,
            recipient: it.recipient,
            state: it.state,
            reason: it.reason,
            attempts: it.attempts,
            created_at: text::date_time(it.created_at),
            sent_at: it.sent_at.map(text::date_time),
        });
        Ok::<_, Error>(Page::of(&slice, shown.collect(), |it: &Shown| &it.id))
    };
    cx.app.store.read(work).await
}

/// What became of a test letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "MailTest")]
pub struct Tested {
    /// Whether the mail server took it.
    pub sent: bool,
    /// What it said, or what stood between it and us, where it did not.
    pub reason: Option<String>,
    /// The mail server and the sender.
    pub via: String,
}

/// Sends a letter that says that letters arrive, at once, and waits for what becomes of it.
pub async fn test(cx: &Arc<Context>, to: &str) -> Result<Tested> {
    address::check("to", to)?;
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        let settings = job.authorize_change(tx, Action::MailTest, About::ORGANIZATION)?;
        let detail = json!({});
        let resource = job.organization.clone();
        job.note(
            tx,
            &Event { kind: EventKind::MailTested, resource_type: "Organization", resource, detail },
        )?;
        Ok::<_, Error>(settings.mail_from)
    };
    let from = cx.app.store.write(work).await?;
    let Some(mailer) = cx.app.mailer.clone() else {
        let sentence = "no mail server is set; ROSTER_SMTP_URL names one, such as smtp://user:password@mail.example.com:587";
        return Err(Refusal::Conflict(sentence.to_owned()).into());
    };
    let name = line(&organizations::own(cx).await?.name);
    let line = format!("This letter was sent to see whether letters of {name} arrive. It did.");
    let letter = Letter {
        id: cx.app.ids.make(cx.now),
        to: to.to_owned(),
        from_name: name.clone(),
        from: Some(from).filter(|from| !from.is_empty()),
        subject: format!("A test letter of {name}"),
        text: format!("{line}\n"),
        html: askama::filters::escape(&line, askama::filters::Html)
            .map(|safe| format!("<p>{safe}</p>"))
            .unwrap_or_default(),
    };
    let sent = send(&mailer, letter).await;
    Ok(Tested { sent: sent.is_ok(), reason: sent.err().map(|failure| failure.reason), via: mailer.shown() })
}
