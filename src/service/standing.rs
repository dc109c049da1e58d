//! What every change of a user must leave behind: an admin, and no more people than there are seats.

use super::{Context, Result};
use crate::{
    org::{
        invite::Invite,
        refusal::Refusal,
        seat::{License, Overflow, Seat},
        settings::Settings,
        standing::{Standing, without_seat},
    },
    scim::Resource,
    store::{ReadTx, WriteTx, invites, organizations, seats},
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
        license.check(taken, used(tx, cx, taken)?)?;
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
    let used = used(tx, cx, taken)?;
    match settings.license.check(taken, used + 1) {
        Ok(()) => Ok(user.clone()),
        Err(_) => Ok(without_seat(user.clone())),
    }
}

/// How many seats of a kind are taken, or held for those who are invited (W-049).
pub(super) fn used(tx: &ReadTx<'_>, cx: &Context, seat: Seat) -> Result<i64> {
    let reserved = invites::reserved(tx, &cx.organization, seat, cx.now)?;
    Ok(seats::taken(tx, &cx.organization, seat)? + reserved)
}

/// The seat that is held for somebody who is invited: what was asked for, or none where seats are used up and the
/// organization takes people in without. Who is invited already holds one.
pub(super) fn reserve(
    tx: &WriteTx<'_>,
    cx: &Context,
    settings: &Settings,
    seat: Seat,
    known: Option<&Invite>,
) -> Result<Seat> {
    let holds = known.is_some_and(|known| known.seat == seat && known.check(cx.now).is_ok());
    if holds || settings.license.limit(seat).is_none() {
        return Ok(seat);
    }
    match settings.license.check(seat, used(tx, cx, seat)? + 1) {
        Err(_) if settings.seat_overflow == Overflow::None => Ok(Seat::None),
        checked => Ok(checked.map(|()| seat)?),
    }
}
