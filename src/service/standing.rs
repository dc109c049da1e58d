//! What every change of a user must leave behind: an admin, and no more people than there are seats.

use super::{Context, Result};
use crate::{
    org::{
        refusal::Refusal,
        seat::{License, Overflow, Seat},
        settings::Settings,
        standing::{Standing, without_seat},
    },
    scim::Resource,
    store::{WriteTx, organizations, seats},
};

/// Holds a change to the rules, once it is saved and counted. Nothing of it remains if it is refused.
///
/// Who takes a seat has counted it by now, and so has everybody who held the organization before: of many who want the
/// last one, one gets it.
pub(super) fn check(
    tx: &WriteTx<'_>,
    cx: &Context,
    before: Option<Standing>,
    after: Option<Standing>,
) -> Result<()> {
    let was_admin = before.is_some_and(Standing::is_admin);
    if was_admin && !after.is_some_and(Standing::is_admin) {
        organizations::hold(tx, &cx.organization)?;
        if seats::admins(tx, &cx.organization)? == 0 {
            return Err(Refusal::LastAdmin.into());
        }
    }
    let (freed, taken) = (before.map(Standing::takes), after.map_or(Seat::None, Standing::takes));
    if freed == Some(taken) || taken == Seat::None {
        return Ok(());
    }
    check_license(tx, cx, cx.settings(tx)?.license, taken)
}

/// Holds a new user's seat, once it is counted, to the license.
pub(super) fn check_new(tx: &WriteTx<'_>, cx: &Context, settings: &Settings, new: Standing) -> Result<()> {
    check_license(tx, cx, settings.license, new.takes())
}

fn check_license(tx: &WriteTx<'_>, cx: &Context, license: License, taken: Seat) -> Result<()> {
    if license.limit(taken).is_some() {
        organizations::hold(tx, &cx.organization)?;
        license.check(taken, seats::taken(tx, &cx.organization, taken)?)?;
    }
    Ok(())
}

/// Somebody new as the organization takes people in: with the seat that was asked for, or with none where seats are
/// used up and the organization takes people in without (W-049).
pub(super) fn seated(
    tx: &WriteTx<'_>,
    cx: &Context,
    settings: &Settings,
    user: &Resource,
) -> Result<Resource> {
    let taken = Standing::of(user).takes();
    if settings.seat_overflow == Overflow::Refuse || settings.license.limit(taken).is_none() {
        return Ok(user.clone());
    }
    organizations::hold(tx, &cx.organization)?;
    let used = seats::taken(tx, &cx.organization, taken)?;
    match settings.license.check(taken, used + 1) {
        Ok(()) => Ok(user.clone()),
        Err(_) => Ok(without_seat(user.clone())),
    }
}
