//! Signing out at a provider from here, and here from there.

use super::{
    Context, Error, Result,
    authorization::About,
    provider_sign_in::{NotIn, seconds},
    providers::{self, Known},
};
use crate::{
    jwt, oidc,
    org::{
        authority::Action,
        event::{Event, EventKind},
    },
    store::{ReadTx, WriteTx, sessions as rows},
};
use serde_json::json;
use std::sync::Arc;

/// Where a browser goes to sign out at the provider, too, whose session it had; nowhere where that is not offered.
pub async fn end_session(cx: &Arc<Context>, session: &str) -> Result<Option<String>> {
    let (job, session) = (cx.clone(), session.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let found = rows::load(tx, &job.organization, &session)?;
        match found.and_then(|session| session.provider) {
            Some(provider) => providers::known(tx, &job, &provider).map(Some),
            None => Ok(None),
        }
    };
    let provider = match cx.app.store.read(work).await {
        // it was removed meanwhile
        Err(Error::NotFound(_)) => None,
        other => other?,
    };
    let Some(client) = provider.and_then(|provider| provider.client(cx)) else { return Ok(None) };
    // who is away signs nobody out
    let Ok(about) = cx.app.issuers.about(&client.issuer).await else { return Ok(None) };
    Ok(oidc::end_session(&client, &about.metadata, &format!("{}/logout", cx.app.public_url)))
}

/// Ends the sessions that a provider says have ended there, by a token that it signed (Back-Channel Logout 1.0 §2.5).
pub async fn ended_there(cx: &Arc<Context>, token: &str) -> Result<usize, NotIn> {
    cx.app.attempts.count_journey(&cx.address).map_err(NotIn::TooMany)?;
    let job = cx.clone();
    let known = cx.app.store.read(move |tx| providers::enabled(tx, &job)).await?;
    let issuer = jwt::claimed(token).map_err(oidc::Failure::from)?.issuer;
    let mut failure =
        NotIn::from(oidc::Failure::Untrue("iss: no provider of this address is known".to_owned()));
    for provider in known {
        let Some(client) = provider.client(cx).filter(|client| client.issuer == issuer) else { continue };
        match oidc::verify_logout(&client, &cx.app.issuers, token, seconds(cx.now)).await {
            Ok(ended) => return Ok(end(cx, &provider, (ended.subject, ended.session)).await?),
            Err(why) => failure = why.into(),
        }
    }
    Err(failure)
}

/// Ends the sessions that began in one of a provider's own, as its page within this browser says (Front-Channel Logout 1.0 §2).
pub async fn ended_in_front(cx: &Arc<Context>, issuer: &str, session: &str) -> Result<usize, NotIn> {
    cx.app.attempts.count_journey(&cx.address).map_err(NotIn::TooMany)?;
    let job = cx.clone();
    let known = cx.app.store.read(move |tx| providers::enabled(tx, &job)).await?;
    let mut n_ended = 0;
    for provider in known {
        if provider.settings.oidc.as_ref().is_some_and(|oidc| oidc.issuer == issuer) {
            n_ended += end(cx, &provider, (None, Some(session.to_owned()))).await?;
        }
    }
    Ok(n_ended)
}

async fn end(
    cx: &Arc<Context>,
    provider: &Known,
    (subject, session): (Option<String>, Option<String>),
) -> Result<usize> {
    let (job, provider) = (cx.clone(), provider.id.clone());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::SessionEnd, About::ORGANIZATION)?;
        let ended = match (&session, &subject) {
            (Some(session), _) => rows::end_of_provider(tx, &job.organization, &provider, session)?,
            (None, Some(subject)) => rows::end_of_subject(tx, &job.organization, &provider, subject)?,
            (None, None) => Vec::new(),
        };
        for (id, person) in &ended {
            let detail = json!({"user": person, "provider": provider});
            let event = Event {
                kind: EventKind::SessionEnded,
                resource_type: "Session",
                resource: id.clone(),
                detail,
            };
            job.note(tx, &event)?;
        }
        Ok::<_, Error>(ended.len())
    };
    cx.app.store.write(work).await
}
