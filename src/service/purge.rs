//! What is kept for a while and then no longer: archived teams, what was told of refusals, who was here on which day,
//! requests over SCIM, and sessions and links that are over.

use super::{
    App, Context, Error, Result, activity, denials, event, organizations, requests, service_accounts::bury,
    teams::RESTORABLE,
};
use crate::{
    org::{actor::Actor, event::EventKind, span::Day},
    store::{
        ReadTx, WriteTx, denials as told, invites, links, mails, memberships, people, service_accounts,
        sessions, teams,
    },
};
use serde_json::json;
use std::sync::Arc;

/// How many members or service accounts go in one transaction; others write between two of them.
const AT_ONCE: usize = 500;

/// Removes the teams that cannot be restored any more, with their service accounts; what they were called stays known.
/// Says how many there were.
pub async fn purge(app: &Arc<App>) -> Result<usize> {
    let now = app.clock.now();
    let over = move |tx: &WriteTx<'_>| {
        sessions::forget(tx, now)?;
        Ok::<_, Error>(links::forget(tx, now)?)
    };
    app.store.write(over).await?;
    let mut n_purged = 0;
    for organization in organizations::list(app).await? {
        let cx = Context::of_command(app, organization.id).await?;
        let cx = Arc::new(Context { actor: Actor::System, ..(*cx).clone() });
        let job = cx.clone();
        app.store.write(move |tx| forget_old(tx, &job)).await?;
        requests::forget(&cx).await?;
        while has_expired(&cx).await? {
            let job = cx.clone();
            match app.store.write(move |tx| purge_slice(tx, &job)).await? {
                Purged::Team => n_purged += 1,
                Purged::Part => {}
                Purged::Nothing => break,
            }
        }
    }
    Ok(n_purged)
}

/// How long invites and letters that are done with are known, in microseconds: 90 days.
const KNOWN: i64 = 90 * 24 * 3_600 * 1_000_000;

fn forget_old(tx: &WriteTx<'_>, cx: &Context) -> Result<()> {
    told::forget(tx, &cx.organization, cx.now / denials::HOUR)?;
    invites::forget(tx, &cx.organization, cx.now - KNOWN)?;
    mails::forget(tx, &cx.organization, cx.now - KNOWN)?;
    let last = Day(Day::of(cx.now).0 - activity::KEPT);
    people::forget_days(tx, &cx.organization, last, AT_ONCE)?;
    Ok(())
}

async fn has_expired(cx: &Arc<Context>) -> Result<bool> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        Ok::<_, Error>(teams::expired(tx, &job.organization, job.now - RESTORABLE)?.is_some())
    };
    cx.app.store.read(work).await
}

/// What one transaction did.
enum Purged {
    /// A team is gone.
    Team,
    /// There is less of a team.
    Part,
    /// Another process is at it.
    Nothing,
}

/// A part of the work on the team that was archived first.
fn purge_slice(tx: &WriteTx<'_>, cx: &Context) -> Result<Purged> {
    let organization = &cx.organization;
    let Some(team) = teams::hold_expired(tx, organization, cx.now - RESTORABLE)? else {
        return Ok(Purged::Nothing);
    };
    if memberships::disband(tx, organization, &team.id, AT_ONCE)? == AT_ONCE {
        return Ok(Purged::Part);
    }
    let accounts = service_accounts::of_team(tx, organization, &team.id, "", AT_ONCE)?;
    accounts.iter().try_for_each(|account| bury(tx, cx, account))?;
    if accounts.len() == AT_ONCE {
        return Ok(Purged::Part);
    }
    invites::forget_team(tx, organization, &team.id)?;
    teams::remove(tx, organization, &team, cx.now)?;
    cx.note(tx, &event(EventKind::TeamRemoved, cx.types.group, &team.id, json!({"displayName": team.name})))?;
    Ok(Purged::Team)
}
