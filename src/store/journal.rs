//! Events and counters.

use super::{DbError, ReadTx, Statement, WriteTx, db::Arg, records::Kind, service_accounts};
use crate::{
    org::{actor::Actor, event::Event},
    scim::schema::Noun,
};

const SQL: &str = include_str!("../../sql/queries/journal.sql");
const EVENT: Statement = Statement::named(SQL, "event");
const COUNT: Statement = Statement::named(SQL, "count");
const COUNT_TWO: Statement = Statement::named(SQL, "count_two");
const COUNTED: Statement = Statement::named(SQL, "counted");

/// Who made a change, for whom, when, and in which request.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The organization.
    pub organization: &'a str,
    /// The event's id.
    pub id: &'a str,
    /// Microseconds since 1970.
    pub at: i64,
    /// Who made it.
    pub actor: &'a Actor,
    /// The id of the key or token that was shown.
    pub credential: &'a str,
    /// The address the request came from.
    pub address: &'a str,
    /// The request's id.
    pub request: &'a str,
}

/// Writes an event beside the change it tells of. Says how often the organization's schemas changed before: nobody who
/// changes them now has worked on what this transaction holds.
pub fn record(tx: &WriteTx<'_>, entry: Entry<'_>, event: &Event) -> Result<i64, DbError> {
    let detail = event.detail.to_string();
    let args: [Arg<'_>; 12] = [
        entry.organization.into(),
        entry.id.into(),
        entry.at.into(),
        entry.actor.id().into(),
        entry.request.into(),
        event.kind.as_str().into(),
        event.resource_type.into(),
        (&event.resource).into(),
        (&detail).into(),
        entry.actor.actor_type().as_str().into(),
        entry.credential.into(),
        entry.address.into(),
    ];
    let schemas: Option<Option<i64>> = tx.one(EVENT, &args, |row| row.get(0))?;
    tx.note_event(entry.organization, entry.id);
    Ok(schemas.flatten().unwrap_or(0))
}

/// Adds to a counter.
pub(super) fn count(tx: &WriteTx<'_>, organization: &str, name: &str, more: i64) -> Result<(), DbError> {
    tx.execute(COUNT, &[organization.into(), name.into(), tx.lane().into(), more.into()])?;
    Ok(())
}

/// Adds to two counters, in this order.
pub(super) fn count_two(
    tx: &WriteTx<'_>,
    organization: &str,
    (first, more): (&str, i64),
    (second, more_of_second): (&str, i64),
) -> Result<(), DbError> {
    let args: [Arg<'_>; 6] = [
        organization.into(),
        first.into(),
        tx.lane().into(),
        more.into(),
        second.into(),
        more_of_second.into(),
    ];
    tx.execute(COUNT_TWO, &args).map(drop)
}

/// Waits for everybody who is about to count a resource of this kind: what is read afterwards holds all resources of
/// transactions that began to count before.
pub fn settle(tx: &WriteTx<'_>, organization: &str, kind: Kind) -> Result<(), DbError> {
    for lane in 0..tx.lanes() {
        tx.execute(COUNT, &[organization.into(), kind.counter().into(), lane.into(), 0.into()])?;
    }
    Ok(())
}

/// How many live resources of a kind there are; exact. Service accounts, which are few, are counted one by one.
pub fn total(tx: &ReadTx<'_>, kind: Kind, organization: &str) -> Result<usize, DbError> {
    let machines = match kind.resource_type.wandb && kind.resource_type.noun == Noun::User {
        true => service_accounts::count(tx, organization)?,
        false => 0,
    };
    Ok(usize::try_from(counted(tx, organization, kind.counter())? + machines).unwrap_or(0))
}

/// What a counter holds.
pub(super) fn counted(tx: &ReadTx<'_>, organization: &str, name: &str) -> Result<i64, DbError> {
    Ok(tx.one(COUNTED, &[organization.into(), name.into()], |row| row.get(0))?.unwrap_or(0))
}
