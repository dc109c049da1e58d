//! People as lists show, search and sort them: a narrow row beside each user's, written with it.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    attributes::Owner,
    db::{Arg, Row},
    records::{bounded, int},
};
use crate::{
    org::{
        roll::{Direction, Entry, PersonOrder},
        span::Day,
    },
    scim::Resource,
};
use std::collections::HashSet;

const SQL: &str = include_str!("../../sql/queries/people.sql");
const INSERT: Statement = Statement::named(SQL, "insert");
const REPLACE: Statement = Statement::named(SQL, "replace");
const REMOVE: Statement = Statement::named(SQL, "remove");
const UNFILLED: Statement = Statement::named(SQL, "unfilled");
const SEEN: Statement = Statement::named(SQL, "seen");
const BY_NAME: Statement = Statement::named(SQL, "by_name");
const BY_NAME_DOWN: Statement = Statement::named(SQL, "by_name_down");
const BY_USER_NAME: Statement = Statement::named(SQL, "by_user_name");
const BY_USER_NAME_DOWN: Statement = Statement::named(SQL, "by_user_name_down");
const BY_LAST_ACTIVE: Statement = Statement::named(SQL, "by_last_active");
const BY_LAST_ACTIVE_DOWN: Statement = Statement::named(SQL, "by_last_active_down");
const BY_CREATED: Statement = Statement::named(SQL, "by_created");
const BY_CREATED_DOWN: Statement = Statement::named(SQL, "by_created_down");
const FOUND: Statement = Statement::named(SQL, "found");
const FOUND_DOWN: Statement = Statement::named(SQL, "found_down");
const FITTING: Statement = Statement::named(SQL, "fitting");
const COUNT: Statement = Statement::named(SQL, "count");
const NOTE_DAY: Statement = Statement::named(SQL, "note_day");
const DAYS: Statement = Statement::named(SQL, "days");
const WEEKS: Statement = Statement::named(SQL, "weeks");
const DISTINCT: Statement = Statement::named(SQL, "distinct");
const FORGET_DAYS: Statement = Statement::named(SQL, "forget_days");

/// Writes down somebody new.
pub(super) fn insert(tx: &WriteTx<'_>, owner: Owner<'_>, user: &Resource) -> Result<(), DbError> {
    write(tx, INSERT, owner, &Entry::of(user))
}

/// Brings the row of somebody up to date, where what it holds changed.
pub(super) fn replace(
    tx: &WriteTx<'_>,
    owner: Owner<'_>,
    before: &Resource,
    user: &Resource,
) -> Result<(), DbError> {
    let entry = Entry::of(user);
    if entry == Entry::of(before) { Ok(()) } else { write(tx, REPLACE, owner, &entry) }
}

/// Makes the row of somebody who is held against others, whatever it was.
pub fn fill(tx: &WriteTx<'_>, owner: Owner<'_>, user: &Resource) -> Result<(), DbError> {
    write(tx, REPLACE, owner, &Entry::of(user))
}

fn write(tx: &WriteTx<'_>, statement: Statement, owner: Owner<'_>, entry: &Entry) -> Result<(), DbError> {
    let (name, user_name) = (bounded(&entry.name_key), bounded(&entry.user_name_key));
    let args: [Arg<'_>; 9] = [
        owner.organization.into(),
        owner.id.into(),
        name.as_ref().into(),
        user_name.as_ref().into(),
        entry.standing.active.into(),
        entry.standing.role.as_str().into(),
        entry.standing.seat.as_str().into(),
        entry.source.as_str().into(),
        (&entry.search).into(),
    ];
    tx.execute(statement, &args).map(drop)
}

/// Forgets somebody who leaves. On which days they were here stays known, as a number.
pub fn remove(tx: &WriteTx<'_>, organization: &str, id: &str) -> Result<(), DbError> {
    tx.execute(REMOVE, &[organization.into(), id.into()]).map(drop)
}

/// The ids of at most so many people whose rows are still to be filled.
pub fn unfilled(tx: &ReadTx<'_>, organization: &str, at_most: usize) -> Result<Vec<String>, DbError> {
    tx.texts(UNFILLED, &[organization.into(), int(at_most).into()])
}

/// Which people are asked for; an empty word asks for all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sieve {
    /// `active` or `deactivated`.
    pub status: &'static str,
    /// The role in the organization.
    pub role: &'static str,
    /// The seat.
    pub seat: &'static str,
    /// Where the account came from.
    pub source: &'static str,
    /// A folded part of a name or address.
    pub search: String,
    /// The id of a team that they are in, themselves, through another or by a mapping.
    pub team: String,
}

impl Sieve {
    fn args(&self) -> [Arg<'_>; 6] {
        [
            self.status.into(),
            self.role.into(),
            self.seat.into(),
            self.source.into(),
            (&self.search).into(),
            (&self.team).into(),
        ]
    }
}

/// Where somebody stands in an order: by name, by a time, and by id among equals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rank {
    /// The folded name, where the order is by one.
    pub name: String,
    /// The time, where the order is by one.
    pub time: i64,
    /// The id.
    pub id: String,
}

impl Rank {
    /// What comes before everybody.
    pub fn before_all(direction: Direction) -> Self {
        match direction {
            Direction::Ascending => Self { name: String::new(), time: -1, id: String::new() },
            // beyond every stored key, which are no longer
            Direction::Descending => {
                Self { name: "\u{10ffff}".repeat(400), time: i64::MAX, id: "\u{10ffff}".to_owned() }
            }
        }
    }

    fn read(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self { name: row.get(0)?, time: row.get(1)?, id: row.get(2)? })
    }
}

/// At most so many people who come behind a place in an order.
pub fn after(
    tx: &ReadTx<'_>,
    organization: &str,
    (order, direction): (PersonOrder, Direction),
    rank: &Rank,
    at_most: usize,
) -> Result<Vec<Rank>, DbError> {
    let statement = match (order, direction) {
        (PersonOrder::Name, Direction::Ascending) => BY_NAME,
        (PersonOrder::Name, Direction::Descending) => BY_NAME_DOWN,
        (PersonOrder::UserName, Direction::Ascending) => BY_USER_NAME,
        (PersonOrder::UserName, Direction::Descending) => BY_USER_NAME_DOWN,
        (PersonOrder::LastActive, Direction::Ascending) => BY_LAST_ACTIVE,
        (PersonOrder::LastActive, Direction::Descending) => BY_LAST_ACTIVE_DOWN,
        (PersonOrder::Created, Direction::Ascending) => BY_CREATED,
        (PersonOrder::Created, Direction::Descending) => BY_CREATED_DOWN,
    };
    let mut args = vec![organization.into()];
    match order {
        PersonOrder::Name => args.extend([Arg::from(&rank.name), Arg::from(&rank.id)]),
        PersonOrder::UserName => args.push((&rank.name).into()),
        PersonOrder::LastActive => args.extend([Arg::from(rank.time), Arg::from(&rank.id)]),
        PersonOrder::Created => args.push((&rank.id).into()),
    }
    args.push(int(at_most).into());
    tx.rows(statement, &args, Rank::read)
}

/// How many people are looked at in their order, before everybody is looked at.
const NEAR: usize = 1_000;

/// The same of those whom a sieve lets through. Where many fit, they are found among the next in the order.
pub fn found(
    tx: &ReadTx<'_>,
    (organization, sieve): (&str, &Sieve),
    order: (PersonOrder, Direction),
    rank: &Rank,
    at_most: usize,
) -> Result<Vec<Rank>, DbError> {
    let mut near = after(tx, organization, order, rank, NEAR)?;
    let is_all = near.len() < NEAR;
    let ids: Vec<&str> = near.iter().map(|rank| rank.id.as_str()).collect();
    let args = [&[organization.into()][..], &sieve.args(), &[ids.as_slice().into()]].concat();
    let fitting: HashSet<String> = tx.texts(FITTING, &args)?.into_iter().collect();
    near.retain(|rank| fitting.contains(&rank.id));
    if is_all || near.len() >= at_most {
        near.truncate(at_most);
        return Ok(near);
    }
    far(tx, (organization, sieve), order, rank, at_most)
}

/// Those whom a sieve lets through among everybody.
fn far(
    tx: &ReadTx<'_>,
    (organization, sieve): (&str, &Sieve),
    (order, direction): (PersonOrder, Direction),
    rank: &Rank,
    at_most: usize,
) -> Result<Vec<Rank>, DbError> {
    let statement = match direction {
        Direction::Ascending => FOUND,
        Direction::Descending => FOUND_DOWN,
    };
    let place: [Arg<'_>; 6] = [
        organization.into(),
        (&rank.name).into(),
        rank.time.into(),
        (&rank.id).into(),
        int(at_most).into(),
        order.as_str().into(),
    ];
    tx.rows(statement, &[&place[..], &sieve.args()].concat(), Rank::read)
}

/// How many people a sieve lets through.
pub fn count(tx: &ReadTx<'_>, organization: &str, sieve: &Sieve) -> Result<i64, DbError> {
    let args = [&[organization.into()][..], &sieve.args()].concat();
    Ok(tx.one(COUNT, &args, |row| row.get(0))?.unwrap_or(0))
}

/// Writes down that somebody was here at a moment, and on that day; service accounts are nobody.
pub(super) fn seen(tx: &WriteTx<'_>, organization: &str, id: &str, at: i64) -> Result<(), DbError> {
    tx.execute(SEEN, &[organization.into(), id.into(), at.into()])?;
    let day = Day::of(at);
    let args = [organization.into(), id.into(), day.period().into(), day.bit().into()];
    tx.execute(NOTE_DAY, &args).map(drop)
}

/// How many people were here on each day of the four weeks that a day belongs to, and after; days without anybody are not
/// told.
pub fn days(tx: &ReadTx<'_>, organization: &str, first: Day) -> Result<Vec<(Day, i64)>, DbError> {
    let args = [organization.into(), first.period().into()];
    let patterns =
        tx.rows(DAYS, &args, |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?)))?;
    let days = patterns.into_iter().flat_map(|(period, days, people)| {
        let all = (0..Day::PERIOD).map(move |n| Day(period * Day::PERIOD + n));
        all.filter(move |day| days & day.bit() != 0).map(move |day| (day, people))
    });
    Ok(days.collect())
}

/// How many people were here in each week of the four that a day belongs to, and after, by its Monday.
pub fn weeks(tx: &ReadTx<'_>, organization: &str, first: Day) -> Result<Vec<(Day, i64)>, DbError> {
    let args = [organization.into(), first.period().into()];
    let read = |row: &Row<'_>| {
        let monday = row.get::<i64>(0)? * Day::PERIOD;
        let week = |n: usize| Ok::<_, DbError>((Day(monday + 7 * (int(n) - 1)), row.get::<i64>(n)?));
        Ok([week(1)?, week(2)?, week(3)?, week(4)?])
    };
    Ok(tx.rows(WEEKS, &args, read)?.into_iter().flatten().collect())
}

/// How many different people were here from a day on.
pub fn distinct(tx: &ReadTx<'_>, organization: &str, first: Day) -> Result<i64, DbError> {
    let args = [organization.into(), first.period().into(), first.rest().into()];
    Ok(tx.one(DISTINCT, &args, |row| row.get(0))?.unwrap_or(0))
}

/// Forgets at most so many rows of who was here before the four weeks that a day belongs to.
pub fn forget_days(
    tx: &WriteTx<'_>,
    organization: &str,
    first: Day,
    at_most: usize,
) -> Result<usize, DbError> {
    tx.execute(FORGET_DAYS, &[organization.into(), first.period().into(), int(at_most).into()])
}
