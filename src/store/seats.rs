//! How many admins there are and how many seats are taken: counters that every change of a user adds to.

use super::{DbError, ReadTx, WriteTx, journal};
use crate::org::{seat::Seat, standing::Standing};

const ADMINS: &str = "admins";

fn counter(seat: Seat) -> &'static str {
    match seat {
        Seat::Full => "seats.full",
        Seat::Viewer => "seats.viewer",
        Seat::None => "seats.none",
    }
}

/// Counts a new user, and what the user takes. Users are counted last: who counts in one order waits in none.
pub(super) fn count_new(
    tx: &WriteTx<'_>,
    organization: &str,
    users: &str,
    standing: Standing,
) -> Result<(), DbError> {
    match standing.takes() {
        seat if seat == Seat::None || standing.is_admin() => {
            count(tx, organization, None, Some(standing))?;
            journal::count(tx, organization, users, 1)
        }
        seat => journal::count_two(tx, organization, (counter(seat), 1), (users, 1)),
    }
}

/// Counts what a user took before and takes now.
pub(super) fn count(
    tx: &WriteTx<'_>,
    organization: &str,
    before: Option<Standing>,
    after: Option<Standing>,
) -> Result<(), DbError> {
    let seat = |standing: Option<Standing>| standing.map(Standing::takes).filter(|seat| *seat != Seat::None);
    let (freed, taken) = (seat(before), seat(after));
    if freed != taken {
        freed.map_or(Ok(()), |seat| journal::count(tx, organization, counter(seat), -1))?;
        taken.map_or(Ok(()), |seat| journal::count(tx, organization, counter(seat), 1))?;
    }
    let is_admin = |standing: Option<Standing>| i64::from(standing.is_some_and(Standing::is_admin));
    match is_admin(after) - is_admin(before) {
        0 => Ok(()),
        more => journal::count(tx, organization, ADMINS, more),
    }
}

/// How many seats of a kind are taken.
pub fn taken(tx: &ReadTx<'_>, organization: &str, seat: Seat) -> Result<i64, DbError> {
    journal::counted(tx, organization, counter(seat))
}

/// How many active admins there are.
pub fn admins(tx: &ReadTx<'_>, organization: &str) -> Result<i64, DbError> {
    journal::counted(tx, organization, ADMINS)
}
