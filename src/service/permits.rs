//! What somebody may do here, asked before it is tried: what a page offers, and whom to ask for the rest.

use super::{Context, Error, Result, authorization::About, people::people};
use crate::{
    org::{authority::Action, refusal::Refusal},
    store::{
        ReadTx, memberships,
        records::{self, Kind},
        users,
    },
};
use std::sync::Arc;

/// What something is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The organization as a whole.
    Organization,
    /// A person or service account, by id.
    Person(String),
    /// A team, by id.
    Team(String),
    /// Somebody in a team, by the ids of both.
    Member(String, String),
}

impl Place {
    fn about(&self) -> About<'_> {
        match self {
            Self::Organization => About::ORGANIZATION,
            Self::Person(id) => About::user(id),
            Self::Team(id) => About::team(id),
            Self::Member(team, id) => About::member(team, id),
        }
    }
}

/// Refuses what whoever asks may not do there, with who may.
pub async fn check(cx: &Arc<Context>, action: Action, place: Place) -> Result<()> {
    let job = cx.clone();
    cx.app.store.read(move |tx| job.authorize(tx, action, place.about()).map(drop)).await
}

/// Those of some actions that whoever asks may do there.
pub async fn of(cx: &Arc<Context>, place: Place, actions: &'static [Action]) -> Result<Vec<Action>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let mut allowed = Vec::new();
        for action in actions {
            match job.authorize(tx, *action, place.about()) {
                Ok(_) => allowed.push(*action),
                Err(Error::Rule(Refusal::Forbidden(_)) | Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(allowed)
    };
    cx.app.store.read(work).await
}

/// Somebody who can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The name.
    pub name: String,
    /// The e-mail address, if there is one.
    pub email: Option<String>,
}

/// How many people are named who can be asked.
const CONTACTS: usize = 3;

/// Some of those who can do what somebody may not: admins of a team that they are in, else of the organization.
pub async fn whom_to_ask(cx: &Arc<Context>, place: Place) -> Result<Vec<Contact>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let organization = &job.organization;
        let mut ids = match &place {
            Place::Team(team) | Place::Member(team, _)
                if memberships::held(tx, organization, team, job.actor.id())?.is_some() =>
            {
                memberships::admins(tx, organization, team, CONTACTS)?
            }
            _ => Vec::new(),
        };
        if ids.is_empty() {
            ids = users::admins(tx, organization, CONTACTS)?;
        }
        let found = records::among(tx, Kind::of(job.types.user), organization, &ids)?;
        let contact = |person: super::people::Person| Contact {
            name: person.display_name.unwrap_or(person.user_name),
            email: person.emails.into_iter().next(),
        };
        Ok::<_, Error>(people(tx, &job, &found)?.into_iter().map(contact).collect())
    };
    cx.app.store.read(work).await
}
