//! People as a table: searched, sieved, in an order, page by page.

use super::{
    App, Context, Error, Result,
    authorization::About,
    page::{Page, Slice},
    people::{Person, people},
    record_of, team_roles,
};
use crate::{
    org::{
        authority::Action,
        record::Record,
        refusal::Refusal,
        role::OrganizationRole,
        roll::{Direction, PersonOrder, PersonStatus, sought},
        seat::Seat,
        standing::Source,
    },
    store::{
        ReadTx, WriteTx, journal,
        people::{self as rows, Rank, Sieve},
        records::{self, Kind},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::HashMap, str::FromStr, sync::Arc};

/// Which people are asked for, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// A part of a name or address, as somebody types it; empty for everybody.
    pub search: String,
    /// Whether they may sign in.
    pub status: Option<PersonStatus>,
    /// The role in the organization.
    pub role: Option<OrganizationRole>,
    /// The seat.
    pub seat: Option<Seat>,
    /// Where the account came from.
    pub source: Option<Source>,
    /// The id or name of a team they are in: themselves, through a team in it, or by a mapping.
    pub team: Option<String>,
    /// The order; by creation without one.
    pub order: Option<PersonOrder>,
    /// Which end of the order is first; the small one without.
    pub direction: Option<Direction>,
}

impl Wanted {
    /// Reads the parameters `search`, `status`, `role`, `seat`, `source`, `team`, `sort` and `order`; `find` hands back what
    /// one of that name says.
    pub fn parse<'q>(find: impl Fn(&str) -> Option<&'q str>) -> Result<Self, Refusal> {
        fn word<T: FromStr<Err = String>>(name: &str, text: Option<&str>) -> Result<Option<T>, Refusal> {
            let read = text.map(str::parse).transpose();
            read.map_err(|what| Refusal::Invalid(format!("{name}: {what}")))
        }
        Ok(Self {
            search: find("search").unwrap_or_default().to_owned(),
            status: word("status", find("status"))?,
            role: word("role", find("role"))?,
            seat: word("seat", find("seat"))?,
            source: word("source", find("source"))?,
            team: find("team").map(str::to_owned),
            order: word("sort", find("sort"))?,
            direction: word("order", find("order"))?,
        })
    }

    fn order(&self) -> (PersonOrder, Direction) {
        (self.order.unwrap_or(PersonOrder::Created), self.direction.unwrap_or(Direction::Ascending))
    }

    /// Where a page begins.
    fn place(&self, slice: &Slice) -> Result<Rank, Refusal> {
        let (order, direction) = self.order();
        if slice.after.is_empty() {
            return Ok(Rank::before_all(direction));
        }
        let read = serde_json::from_str::<(String, String, String, i64, String)>(&slice.after).ok();
        match read.filter(|it| it.0 == order.as_str() && it.1 == direction.as_str()) {
            Some((_, _, name, time, id)) => Ok(Rank { name, time, id }),
            None => Err(Refusal::Invalid("cursor: expected what `next` of the page before says".to_owned())),
        }
    }

    /// What a cursor holds that goes on behind somebody.
    fn cursor(&self, rank: &Rank) -> String {
        let (order, direction) = self.order();
        json!([order, direction, rank.name, rank.time, rank.id]).to_string()
    }

    /// What those who are wanted are found by; nothing where everybody is.
    fn sieve(&self, tx: &ReadTx<'_>, cx: &Context) -> Result<Option<Sieve>> {
        let team = self.team.as_deref().map(|team| team_roles::find_team(tx, cx, team)).transpose()?;
        let sieve = Sieve {
            status: self.status.map_or("", PersonStatus::as_str),
            role: self.role.map_or("", OrganizationRole::as_str),
            seat: self.seat.map_or("", Seat::as_str),
            source: self.source.map_or("", Source::as_str),
            search: sought(&self.search),
            team: team.unwrap_or_default(),
        };
        Ok(Some(sieve).filter(|sieve| *sieve != Sieve::default()))
    }

    /// Whether every person must be looked at.
    pub(super) fn looks(&self) -> bool {
        let Self { search, status, role, seat, source, team, order: _, direction: _ } = self;
        !search.is_empty()
            || status.is_some()
            || role.is_some()
            || seat.is_some()
            || source.is_some()
            || team.is_some()
    }
}

/// The people who are wanted, in the order that is wanted. Who comes or goes meanwhile moves nobody else to another page.
pub async fn list(cx: &Arc<Context>, wanted: Wanted, slice: Slice) -> Result<Page<Person>> {
    let rank = wanted.place(&slice)?;
    let (job, asked, at_most) = (cx.clone(), wanted.clone(), slice.one_more());
    let find = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::UserRead, About::ORGANIZATION)?;
        behind(tx, &job, &asked, &rank, at_most)
    };
    let mut found = looked(cx, &wanted, find).await?;
    let has_more = found.len() > slice.limit;
    found.truncate(slice.limit);
    let next = found.last().filter(|_| has_more).map(|last| wanted.cursor(last));
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| people(tx, &job, &records_of(tx, &job, &found)?);
    let items = cx.app.store.read(work).await?;
    Ok(match next {
        Some(next) => Page::up_to(items, &next),
        None => Page { items, next: None },
    })
}

/// Looks where it holds up nobody: at the rows beside users alone, or also at who is in a team.
async fn looked<T: Send + 'static>(
    cx: &Context,
    wanted: &Wanted,
    work: impl Fn(&ReadTx<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let store = &cx.app.store;
    match (wanted.looks(), &wanted.team) {
        (false, _) => store.read(work).await,
        (true, None) => store.survey(work).await,
        (true, Some(_)) => store.scan(work).await,
    }
}

/// How many people are wanted, on all pages.
pub async fn count(cx: &Arc<Context>, wanted: Wanted) -> Result<i64> {
    let (job, asked) = (cx.clone(), wanted.clone());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::UserRead, About::ORGANIZATION)?;
        Ok::<_, Error>(match asked.sieve(tx, &job)? {
            None => records::int(journal::total(tx, Kind::of(job.types.user), &job.organization)?),
            Some(sieve) => rows::count(tx, &job.organization, &sieve)?,
        })
    };
    looked(cx, &wanted, work).await
}

/// At most so many of the people who are wanted that come behind a place in their order.
fn behind(tx: &ReadTx<'_>, cx: &Context, wanted: &Wanted, rank: &Rank, at_most: usize) -> Result<Vec<Rank>> {
    Ok(match wanted.sieve(tx, cx)? {
        None => rows::after(tx, &cx.organization, wanted.order(), rank, at_most)?,
        Some(sieve) => rows::found(tx, (&cx.organization, &sieve), wanted.order(), rank, at_most)?,
    })
}

/// What an export reads of the people who are wanted: their records, and where it goes on behind them.
pub(super) fn stretch(
    tx: &ReadTx<'_>,
    cx: &Context,
    wanted: &Wanted,
    slice: &Slice,
) -> Result<(Vec<Record>, Option<String>)> {
    let found = behind(tx, cx, wanted, &wanted.place(slice)?, slice.limit)?;
    let last = found.last().filter(|_| found.len() == slice.limit);
    Ok((records_of(tx, cx, &found)?, last.map(|rank| wanted.cursor(rank))))
}

/// The people of these ranks, in their order.
fn records_of(tx: &ReadTx<'_>, cx: &Context, found: &[Rank]) -> Result<Vec<Record>> {
    let ids: Vec<String> = found.iter().map(|rank| rank.id.clone()).collect();
    let records = records::among(tx, Kind::of(cx.types.user), &cx.organization, &ids)?;
    let mut by_id: HashMap<String, Record> = records.into_iter().map(|it| (it.id.clone(), it)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}

/// How many people are filled in one transaction; others write between two of them.
const AT_ONCE: usize = 200;

/// Makes the rows that people are searched by of those who were there before there were such rows. Says how many it made.
pub async fn fill(app: &Arc<App>) -> Result<usize> {
    let mut n_filled = 0;
    for organization in super::organizations::list(app).await? {
        loop {
            let cx = Context::of_command(app, organization.id.clone()).await?;
            let filled = app.store.write(move |tx| fill_slice(tx, &cx)).await?;
            n_filled += filled;
            if filled < AT_ONCE {
                break;
            }
        }
    }
    Ok(n_filled)
}

fn fill_slice(tx: &WriteTx<'_>, cx: &Context) -> Result<usize> {
    let ids = rows::unfilled(tx, &cx.organization, AT_ONCE)?;
    for id in &ids {
        match record_of(tx, cx, Kind::of(cx.types.user), id) {
            Ok(record) => rows::fill(tx, cx.owner(cx.types.user, id), &record.resource()?)?,
            Err(Error::NotFound(_)) => rows::remove(tx, &cx.organization, id)?,
            Err(error) => return Err(error),
        }
    }
    Ok(ids.len())
}
