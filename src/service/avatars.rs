//! The picture of a team (W-114).

use super::{Context, Error, Result, authorization::About, event, load, record_of, teams::Team};
use crate::{
    org::{
        authority::Action,
        avatar::{Avatar, LARGEST},
        event::EventKind,
        refusal::Refusal,
    },
    scim::{Quirks, version::Precondition},
    store::{DbError, ReadTx, WriteTx, avatars, records::Kind, teams as rows},
};
use serde_json::json;
use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

/// How many pictures are read at a time: each takes memory.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// A team's picture.
pub async fn read(cx: &Arc<Context>, team: &str) -> Result<Avatar> {
    let (job, team) = (cx.clone(), team.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::TeamRead, About::team(&team))?;
        load(tx, &job, Kind::of(job.types.group), &team)?;
        avatars::load(tx, &job.organization, &team)?.ok_or(Error::NotFound("avatar"))
    };
    cx.app.store.read(work).await
}

/// Gives a team a picture in place of the one before, which the precondition is about: the bytes of a PNG, JPEG, GIF or WebP
/// file.
pub async fn set(cx: &Arc<Context>, team: &str, image: Vec<u8>, precondition: Precondition) -> Result<Team> {
    // who may not is refused before the picture is looked at
    let (job, id) = (cx.clone(), team.to_owned());
    let may =
        move |tx: &ReadTx<'_>| job.authorize(tx, Action::TeamSettingsChange, About::team(&id)).map(drop);
    cx.app.store.read(may).await?;
    if image.len() > LARGEST {
        // no turn is taken for it
        Avatar::read(&image)?;
    }
    let busy = || Error::Busy(DbError::Busy);
    let turn = timeout(PATIENCE, TURNS.clone().acquire_owned()).await;
    let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
    // the turn ends with the work, also where nobody waits for it any more
    let read = spawn_blocking(move || (Avatar::read(&image), turn)).await;
    let unread = |_| Refusal::Invalid("image: expected a picture, found one that cannot be read".to_owned());
    let (avatar, _) = read.map_err(unread)?;
    replace(cx, team, Some(avatar?), precondition).await
}

/// Takes a team's picture away.
pub async fn remove(cx: &Arc<Context>, team: &str, precondition: Precondition) -> Result<Team> {
    replace(cx, team, None, precondition).await
}

async fn replace(
    cx: &Arc<Context>,
    team: &str,
    avatar: Option<Avatar>,
    precondition: Precondition,
) -> Result<Team> {
    let id = team.to_owned();
    let work = move |tx: &WriteTx<'_>, cx: &Context, _: &mut Quirks| {
        let settings = cx.authorize_change(tx, Action::TeamSettingsChange, About::team(&id))?;
        record_of(tx, cx, Kind::of(cx.types.group), &id)?;
        let before = avatars::tags(tx, &cx.organization, &[&id])?.remove(&id);
        if !precondition.allows_change_of(before.as_deref()) {
            return Err(Error::PreconditionFailed);
        }
        let after = avatar.as_ref().map(|it| &it.tag);
        if before.as_ref() != after {
            match &avatar {
                Some(avatar) => avatars::keep(tx, &cx.organization, &id, avatar)?,
                None => avatars::remove(tx, &cx.organization, &id)?,
            }
            rows::touch(tx, &cx.organization, &id, cx.now)?;
            let detail = json!({"avatar": {"before": before, "after": after}});
            cx.record(tx, &event(EventKind::TeamChanged, cx.types.group, &id, detail))?;
        }
        super::teams::one(tx, cx, &id, &settings)
    };
    cx.write(&mut Quirks::default(), work).await
}
