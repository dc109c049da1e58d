//! The first admin of an organization (W-010, W-015, W-109): made by whoever has the link that the server printed.

use super::{
    App, Context, Error, Result, Visit,
    authorization::About,
    passwords::{self, NotChosen},
    people::{NewPerson, body_of},
    sessions::{self, NewSession, Signed},
    sign_in,
    token::{Token, digest_of},
    users,
};
use crate::{
    org::{authority::Action, refusal::Refusal, role::OrganizationRole, session::Way, standing::Source},
    scim::{Quirks, projection::Projection},
    store::{
        ReadTx, WriteTx,
        links::{self, Link},
        organizations as tenants, seats, users as people,
    },
};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// The kind of link.
const FIRST_ADMIN: &str = "first_admin";
/// How long one works, in microseconds: a day; a restart prints another.
const LINK_WORKS: i64 = 24 * 3_600 * 1_000_000;

/// A link that makes the first admin of an organization, while it has none. Others that were made go on to work.
pub async fn link(cx: &Arc<Context>) -> Result<Option<SecretString>> {
    let token = Token::make()?;
    let url = format!("{}/first-admin/{}", cx.app.public_url, token.secret.expose_secret());
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::SessionStart, About::ORGANIZATION)?;
        if seats::admins(tx, &job.organization)? > 0 {
            return Ok(false);
        }
        let link = Link {
            organization: job.organization.clone(),
            kind: FIRST_ADMIN.to_owned(),
            person: String::new(),
            expires_at: job.now + LINK_WORKS,
        };
        links::insert(tx, &token.digest, &link)?;
        Ok::<_, Error>(true)
    };
    let is_needed = cx.app.store.write(work).await?;
    Ok(is_needed.then(|| SecretString::from(url)))
}

/// A temporary password for an active admin, and their user name, where there is one (W-094).
pub async fn restore(app: &Arc<App>) -> Result<Option<(String, SecretString)>> {
    let cx = Context::of_command(app, super::organizations::first(app).await?).await?;
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let Some(id) = people::admins(tx, &job.organization, 1)?.pop() else { return Ok(None) };
        Ok::<_, Error>(Some((super::people::person(tx, &job, &id)?.user_name, id)))
    };
    let Some((name, id)) = app.store.read(work).await? else { return Ok(None) };
    Ok(Some((name, passwords::reset(&cx, &id).await?)))
}

/// The organization that a link is about, and its name; [`Error::NotFound`] where it does not work or works no more.
pub async fn at_link(app: &Arc<App>, visit: &Visit, token: &str) -> Result<(Arc<Context>, String)> {
    let digest = digest_of(token);
    let wanted = digest.clone();
    let found = app.store.read(move |tx| Ok::<_, Error>(links::by_digest(tx, &wanted)?)).await?;
    let cx = Context::of_visit(app, found.ok_or(Error::NotFound("link"))?.organization, visit).await?;
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        check(tx, &job, &digest)?;
        Ok::<_, Error>(tenants::load(tx, &job.organization)?.ok_or(Error::NotFound("organization"))?.name)
    };
    let name = app.store.read(work).await?;
    Ok((cx, name))
}

fn check(tx: &ReadTx<'_>, cx: &Context, digest: &[u8]) -> Result<()> {
    let link = links::by_digest(tx, digest)?;
    let works = link.is_some_and(|link| {
        link.organization == cx.organization && link.kind == FIRST_ADMIN && cx.now < link.expires_at
    });
    match works && seats::admins(tx, &cx.organization)? == 0 {
        true => Ok(()),
        false => Err(Error::NotFound("link")),
    }
}

/// Whoever becomes the first admin.
pub struct NewAdmin {
    /// Their address, which is their user name, too.
    pub email: String,
    /// The name to show; empty for none.
    pub name: String,
    /// Their password.
    pub password: SecretString,
}

/// Makes the first admin and signs them in; every link to do so ends.
pub async fn create(
    cx: &Arc<Context>,
    visit: &Visit,
    token: &str,
    (new, before): (NewAdmin, Option<String>),
) -> Result<Signed, NotChosen> {
    crate::org::address::check("email", &new.email)?;
    let hash = passwords::chosen(cx, &new.password, &[&new.email, &new.name]).await?;
    let (digest, session) = (digest_of(token), Token::make()?);
    let (visit, cookie) = (visit.clone(), session.secret.clone());
    let person = NewPerson {
        user_name: new.email.clone(),
        display_name: Some(new.name.trim().to_owned()).filter(|name| !name.is_empty()),
        emails: vec![new.email],
        organization_role: Some(OrganizationRole::Admin),
        seat: None,
    };
    let work = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
        tenants::hold(tx, &cx.organization)?;
        check(tx, cx, &digest)?;
        // or the admin could not come back
        passwords::check_open(cx.settings(tx)?.password_sign_in)?;
        let user = users::new(cx, body_of(&person), Source::Admin, quirks)?;
        let made = users::insert(tx, cx, &user, &Projection::Default, quirks)?;
        let id = made.location.rsplit('/').next().unwrap_or_default().to_owned();
        links::forget_of(tx, &cx.organization, FIRST_ADMIN, "")?;
        let own = sessions::of_person(cx, &id, OrganizationRole::Admin);
        passwords::keep(tx, &own, &id, &hash)?;
        let begun = NewSession {
            person: &id,
            way: Way::Link,
            elsewhere: None,
            token: &session,
            before: before.as_deref(),
            proved_at: cx.now,
        };
        let length = sessions::start(tx, cx, (&cx.settings(tx)?, &visit), &begun)?;
        Ok((id, length))
    };
    let made = cx.write(&mut Quirks::default(), work).await;
    let (person, length) = made.map_err(|error| match error {
        Error::Scim(error) => NotChosen::from(Refusal::Invalid(error.detail.into_owned())),
        other => other.into(),
    })?;
    let known = sign_in::known_browser(cx, &person).await?;
    Ok(Signed { cookie, known, length, person })
}
