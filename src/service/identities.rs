//! Who people are elsewhere: seen by themselves and admins, and decided by admins where a provider's rule says so.

use super::{Context, Error, Result, authorization::About, event, providers};
use crate::{
    org::{authority::Action, event::EventKind, moment, refusal::Refusal, words::words},
    store::{
        ReadTx, WriteTx,
        identities::{self as rows, Identity, IdentityState},
        organizations as tenants, sessions as table,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// Who somebody is elsewhere, as the API answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Identity")]
pub struct Shown {
    /// The provider's id.
    pub provider: String,
    /// What it calls the person.
    pub subject: String,
    /// The person's id.
    pub user: String,
    /// `linked`; `asked` where an admin is to decide, or `refused` where one did.
    pub state: IdentityState,
    /// When that was first known.
    #[serde(with = "moment")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: i64,
    /// When the person last came from there.
    #[serde(with = "moment")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub used_at: i64,
}

impl From<Identity> for Shown {
    fn from(it: Identity) -> Self {
        Self {
            provider: it.provider,
            subject: it.subject,
            user: it.person,
            state: it.state,
            created_at: it.created_at,
            used_at: it.used_at,
        }
    }
}

/// Who somebody is elsewhere; with `*` those about whom an admin is to decide or decided against, and without anybody one's own.
pub async fn list(cx: &Arc<Context>, whose: Option<&str>) -> Result<Vec<Shown>> {
    let (job, whose) = (cx.clone(), whose.unwrap_or(cx.actor.id()).to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let found = match whose.as_str() {
            "*" => {
                job.authorize(tx, Action::ProviderRead, About::ORGANIZATION)?;
                rows::asked(tx, &job.organization)?
            }
            person => {
                job.authorize(tx, Action::SessionRead, About::user(person))?;
                rows::of_person(tx, &job.organization, person)?
            }
        };
        Ok::<_, Error>(found.into_iter().map(Shown::from).collect())
    };
    cx.app.store.read(work).await
}

words! {
    /// What an admin decides about somebody who comes from a provider.
    LinkDecision, "a decision":
    /// It is that person.
    Link = "link",
    /// It is not.
    Refuse = "refuse",
    /// Forget it; the next time they come it is found out anew.
    Unlink = "unlink",
}

/// Decides whether whom a provider calls that is a person here; `subject` may be left out where it calls nobody else so. Who is
/// not any more is signed out.
pub async fn decide(
    cx: &Arc<Context>,
    (provider, person): (&str, &str),
    (subject, decision): (Option<&str>, LinkDecision),
) -> Result<()> {
    let (job, provider, person) = (cx.clone(), provider.to_owned(), person.to_owned());
    let subject = subject.map(str::to_owned);
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::ProviderChange, About::ORGANIZATION)?;
        tenants::hold(tx, &job.organization)?;
        let mut own = rows::of_person(tx, &job.organization, &person)?;
        own.retain(|it| it.provider == provider);
        let meant = meant(&own, subject.as_deref(), decision)?;
        let place = (provider.as_str(), meant);
        let (kind, changed) = match decision {
            LinkDecision::Link => (
                EventKind::IdentityLinked,
                rows::decide(tx, &job.organization, place, IdentityState::Linked)?,
            ),
            LinkDecision::Refuse => (
                EventKind::AdoptionRefused,
                rows::decide(tx, &job.organization, place, IdentityState::Refused)?,
            ),
            LinkDecision::Unlink => {
                let all = (provider.as_str(), person.as_str());
                (EventKind::AdoptionRefused, rows::unlink(tx, &job.organization, all)?)
            }
        };
        if !changed {
            return Ok(());
        }
        providers::check_way_in(tx, &job)?;
        let ended = match decision {
            LinkDecision::Link => Vec::new(),
            _ => table::end_of_person_at(tx, &job.organization, &person, &provider)?,
        };
        let detail = json!({
            "provider": provider, "subject": meant, "decision": decision, "sessionsEnded": ended,
        });
        job.record(tx, &event(kind, job.types.user, &person, detail))
    };
    cx.app.store.write(work).await
}

/// Whom of those that a provider says to be a person a decision means.
fn meant<'i>(own: &'i [Identity], subject: Option<&str>, decision: LinkDecision) -> Result<&'i str> {
    let mut fitting = own.iter().filter(|it| subject.is_none_or(|subject| subject == it.subject));
    let meant = match (fitting.next(), fitting.next()) {
        (Some(only), None) => &only.subject,
        (Some(any), Some(_)) if decision == LinkDecision::Unlink => &any.subject,
        (Some(_), Some(_)) => {
            let sentence = "subject: expected which of those that the provider says to be this person";
            return Err(Refusal::Invalid(sentence.to_owned()).into());
        }
        (None, _) => return Err(Error::NotFound("identity")),
    };
    let is_taken = own.iter().any(|it| it.state == IdentityState::Linked && it.subject != *meant);
    match decision == LinkDecision::Link && is_taken {
        true => {
            Err(Refusal::Conflict("this person is somebody else there already; unlink that first".to_owned())
                .into())
        }
        false => Ok(meant),
    }
}
