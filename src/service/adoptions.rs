//! Whose people are whose: a connection and those whom it did not make.

use super::{
    Context, Error, Result,
    authorization::About,
    event, load,
    page::{Page, Slice},
    users::holder,
};
use crate::{
    org::{
        authority::Action,
        connection::{Adoption, Deed},
        event::EventKind,
        refusal::Refusal,
        standing::{self, Source, Standing},
    },
    scim::{Resource, text},
    store::{ReadTx, WriteTx, adoptions as rows, records::Kind, users},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

impl Context {
    /// Whether the connection that asks, if one does, may do that.
    pub(super) fn allow(&self, deed: Deed) -> Result<()> {
        match self.actor.connection() {
            Some(_) => Ok(self.switches.allow(deed)?),
            None => Ok(()),
        }
    }
}

/// Whether the connection that asks may change somebody who is there: one of its own, or whom its adoption rule lets it
/// have, who is its own from then on.
pub(super) fn check(tx: &WriteTx<'_>, cx: &Context, id: &str, person: &Resource) -> Result<()> {
    let Some(connection) = cx.actor.connection() else { return Ok(()) };
    let owner = users::provisioner(tx, &cx.organization, id)?;
    if owner.as_deref() == Some(connection) {
        return Ok(());
    }
    // who came over SCIM and whose connection is gone, or was never written down, is anybody's
    let is_free = owner.is_none() && standing::source(person) == Source::Scim;
    match cx.switches.adoption {
        _ if is_free => Ok(users::set_provisioner(tx, &cx.organization, id, connection)?),
        Adoption::Link => link(tx, cx, id, connection),
        rule => Err(Refusal::NotAdopted { asks: rule == Adoption::Queue }.into()),
    }
}

/// Whether the connection that asks may remove a service account: one that it made itself or, where its adoption rule lets
/// it have people whom it did not make, any.
pub(super) fn check_machine(tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<()> {
    let Some(connection) = cx.actor.connection() else { return Ok(()) };
    let owner = users::provisioner(tx, &cx.organization, id)?;
    match owner.as_deref() == Some(connection) || cx.switches.adoption == Adoption::Link {
        true => Ok(()),
        false => Err(Refusal::NotAdopted { asks: false }.into()),
    }
}

fn link(tx: &WriteTx<'_>, cx: &Context, id: &str, connection: &str) -> Result<()> {
    users::set_provisioner(tx, &cx.organization, id, connection)?;
    rows::forget(tx, &cx.organization, id)?;
    let detail = json!({"connection": connection});
    cx.note(tx, &event(EventKind::UserLinked, cx.types.user, id, detail)).map(drop)
}

/// The id of the active person who has a name that a connection wants for somebody new, if it may have that person: one
/// whom nobody provisions where its adoption rule says so, or one whom an admin gave it.
pub(super) fn adoptable(tx: &ReadTx<'_>, cx: &Context, name: &str) -> Result<Option<String>> {
    let Some(connection) = cx.actor.connection() else { return Ok(None) };
    let Some((id, person)) = holder(tx, cx, name)? else { return Ok(None) };
    if !Standing::of(&person).active {
        return Ok(None);
    }
    let owner = users::provisioner(tx, &cx.organization, &id)?;
    let may = match owner.as_deref() {
        None => cx.switches.adoption == Adoption::Link && standing::source(&person) != Source::Scim,
        Some(owner) => owner == connection && rows::is_approved(tx, &cx.organization, connection, &id)?,
    };
    Ok(may.then_some(id))
}

/// Takes somebody over whom a connection may have.
pub(super) fn take(tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<()> {
    let Some(connection) = cx.actor.connection() else { return Ok(()) };
    match users::provisioner(tx, &cx.organization, id)? {
        Some(_) => Ok(rows::forget(tx, &cx.organization, id)?),
        None => link(tx, cx, id, connection),
    }
}

/// Asks an admin about the person who has a name that a connection wanted for somebody new, where its rule says so.
pub(super) async fn ask_about(cx: &Arc<Context>, name: &str) -> Result<()> {
    if cx.actor.connection().is_none() || cx.switches.adoption != Adoption::Queue {
        return Ok(());
    }
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let Some((id, person)) = holder(tx, &job, &name)? else { return Ok(None) };
        let is_made_by_hand = standing::source(&person) != Source::Scim && Standing::of(&person).active;
        let is_free = is_made_by_hand && users::provisioner(tx, &job.organization, &id)?.is_none();
        Ok::<_, Error>(is_free.then_some(id))
    };
    match cx.app.store.read(work).await? {
        Some(id) => ask(cx, &id).await,
        None => Ok(()),
    }
}

/// Asks an admin whether the connection that was refused may have a person.
pub(super) async fn ask(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        let Some(connection) = job.actor.connection() else { return Ok(()) };
        if rows::ask(tx, &job.organization, connection, &id, job.now)? {
            let detail = json!({"connection": connection});
            job.note(tx, &event(EventKind::AdoptionAsked, job.types.user, &id, detail))?;
        }
        Ok::<_, Error>(())
    };
    cx.transact(work).await
}

/// A person whom a connection wants to change and did not make.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Adoption")]
pub struct Wanted {
    /// The connection's id.
    pub connection: String,
    /// The connection's name.
    pub connection_name: String,
    /// The person's id.
    pub user: String,
    /// The person's user name.
    pub user_name: String,
    /// The person's preferred e-mail address, if there is one.
    pub email: Option<String>,
    /// `asked`, or `refused` by an admin.
    pub state: String,
    /// When the connection first tried (RFC 3339).
    pub asked_at: String,
    /// Where it stands in the list.
    #[serde(skip)]
    place: String,
}

/// Whom connections want, by the person's id.
pub async fn list(cx: &Arc<Context>, slice: Slice) -> Result<Page<Wanted>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::ConnectionRead, About::ORGANIZATION)?;
        let after = slice.after.split_once(' ').unwrap_or((&slice.after, ""));
        let found = rows::list(tx, &job.organization, after, slice.one_more())?.into_iter();
        let shown = found.map(|it| Wanted {
            place: format!("{} {}", it.person, it.connection),
            connection: it.connection,
            connection_name: it.connection_name,
            user: it.person,
            user_name: it.user_name,
            email: it.email,
            state: it.state,
            asked_at: text::date_time(it.asked_at),
        });
        Ok::<_, Error>(Page::of(&slice, shown.collect(), |it: &Wanted| &it.place))
    };
    cx.app.store.read(work).await
}

/// Gives a person to a connection that may have asked for them: the next time it tries, it succeeds.
pub async fn approve(cx: &Arc<Context>, connection: &str, user: &str) -> Result<()> {
    let (job, connection, user) = (cx.clone(), connection.to_owned(), user.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::ConnectionChange, About::ORGANIZATION)?;
        let connection = super::connections::named(tx, &job, &connection)?.id;
        load(tx, &job, Kind::of(job.types.user), &user)?;
        if users::provisioner(tx, &job.organization, &user)?.as_ref() == Some(&connection) {
            return Ok(());
        }
        link(tx, &job, &user, &connection)?;
        Ok(rows::approve(tx, &job.organization, &connection, &user, job.now)?)
    };
    cx.app.store.write(work).await
}

/// Refuses a person to a connection that asked.
pub async fn refuse(cx: &Arc<Context>, connection: &str, user: &str) -> Result<()> {
    let (job, connection, user) = (cx.clone(), connection.to_owned(), user.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::ConnectionChange, About::ORGANIZATION)?;
        let connection = super::connections::named(tx, &job, &connection)?.id;
        if !rows::refuse(tx, &job.organization, &connection, &user)? {
            return Err(Error::NotFound("question of that connection about that user"));
        }
        let detail = json!({"connection": connection});
        job.note(tx, &event(EventKind::AdoptionRefused, job.types.user, &user, detail)).map(drop)
    };
    cx.app.store.write(work).await
}
