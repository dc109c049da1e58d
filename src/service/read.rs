//! Reading users and groups: one, or a list.

use super::{Answer, App, Context, Error, Result, plan::Plan};
use crate::{
    org::{
        record::Record,
        scim_view::{self, Related},
    },
    scim::{
        ErrorKind, Resource,
        filter::eval::eval,
        message,
        path::Located,
        projection::Projection,
        query::Query,
        schema::{Mutability, ResourceType},
        sort::SortKey,
        version::{Precondition, Version},
    },
    store::{
        DbError, ReadTx, journal, memberships,
        records::{self, Kind},
    },
};
use std::sync::Arc;

/// Resources looked at in one go.
const BATCH: usize = 500;
/// A group with more members is read where it holds up nobody.
pub(super) const LARGE: i64 = 1_000;
/// A page that begins later is counted off where it holds up nobody.
const DEEP: usize = 10_000;
/// How long an unindexed filter may take, in microseconds.
const SCAN_TIME: i64 = 20_000_000;

/// What a conditional read found.
#[derive(Debug)]
pub enum Found {
    /// The client's copy is current.
    Unchanged(Version),
    /// The resource.
    Resource(Answer),
}

/// Whether the database answers.
pub async fn is_ready(app: &Arc<App>) -> Result<()> {
    app.store.read(|tx| Ok::<_, Error>(journal::total(tx, &records::USER, "").map(drop)?)).await
}

/// `GET /{type}/{id}`: RFC 7644 §3.4.1.
pub async fn get(
    cx: &Arc<Context>,
    resource_type: &'static ResourceType,
    id: &str,
    projection: &Projection,
    precondition: &Precondition,
) -> Result<Found> {
    let kind = Kind::of(resource_type);
    let job = {
        let (cx, id, projection, precondition) =
            (cx.clone(), id.to_owned(), projection.clone(), precondition.clone());
        move |tx: &ReadTx<'_>, large: i64| {
            let name = kind.resource_type.name;
            let record = records::load(tx, kind, &cx.organization, &id)?.ok_or(Error::NotFound(name))?;
            if precondition.refuses_read(record.version) {
                return Err(Error::PreconditionFailed);
            }
            if precondition.has_current(record.version) {
                return Ok(Some(Found::Unchanged(record.version)));
            }
            if record.n_members > large && projection.shows("members") {
                return Ok(None);
            }
            Ok(Some(Found::Resource(answer(tx, &cx, kind, &record, &projection)?)))
        }
    };
    let again = job.clone();
    match cx.app.store.read(move |tx| job(tx, LARGE)).await? {
        Some(found) => Ok(found),
        None => cx.app.store.scan(move |tx| again(tx, i64::MAX)).await?.ok_or(Error::Busy(DbError::Busy)),
    }
}

/// Renders a resource with what belongs to it, loading only what the answer shows.
pub(super) fn answer(
    tx: &ReadTx<'_>,
    cx: &Context,
    kind: &'static Kind,
    record: &Record,
    projection: &Projection,
) -> Result<Answer> {
    let related = related(tx, cx, kind, std::slice::from_ref(record), projection)?;
    let related = related.first().cloned().unwrap_or_else(|| Related::none(kind.resource_type));
    Ok(Answer {
        body: Some(scim_view::answer(kind.resource_type, record, &related, projection, &cx.base)?),
        version: record.version,
        location: scim_view::location(kind.resource_type, &record.id, &cx.base),
    })
}

/// What belongs to each of the records, in one statement; nothing where the projection shows nothing of it.
fn related(
    tx: &ReadTx<'_>,
    cx: &Context,
    kind: &'static Kind,
    found: &[Record],
    projection: &Projection,
) -> Result<Vec<Related>, DbError> {
    let ids: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
    if kind.resource_type.rows.is_some() {
        let mut all = match projection.shows("members") {
            true => memberships::members(tx, &cx.organization, &ids)?,
            false => Default::default(),
        };
        return Ok(ids.iter().map(|id| Related::Members(all.remove(*id).unwrap_or_default())).collect());
    }
    let mut all = match projection.shows("groups") {
        true => memberships::teams_of(tx, &cx.organization, &ids)?,
        false => Default::default(),
    };
    Ok(ids.iter().map(|id| Related::Teams(all.remove(*id).unwrap_or_default())).collect())
}

/// `GET /{type}`: RFC 7644 §3.4.2. The body of a ListResponse.
pub async fn list(cx: &Arc<Context>, resource_type: &'static ResourceType, query: Query) -> Result<String> {
    let listing = Arc::new(Listing { cx: cx.clone(), kind: Kind::of(resource_type), query });
    let job = listing.clone();
    match cx.app.store.read(move |tx| job.by_index(tx)).await? {
        Some(body) => Ok(body),
        None => cx.app.store.scan(move |tx| listing.by_look(tx)).await,
    }
}

/// A list that somebody asked for.
struct Listing {
    cx: Arc<Context>,
    kind: &'static Kind,
    query: Query,
}

impl Listing {
    /// The list, where it does not take a look at every resource; `None` where it does.
    fn by_index(&self, tx: &ReadTx<'_>) -> Result<Option<String>> {
        let (organization, page) = (&self.cx.organization, self.query.page);
        let Some(filter) = &self.query.filter else {
            if self.query.sort.is_some() && page.count > 0 {
                return Ok(None);
            }
            let total = journal::total(tx, self.kind, organization)?;
            if page.offset() > DEEP && page.count > 0 {
                return Ok(None);
            }
            let found = match page.count {
                0 => Vec::new(),
                count => records::page(tx, self.kind, organization, page.offset(), count)?,
            };
            return Ok(match self.is_large(&found) {
                true => None,
                false => Some(self.render(tx, total, &found)?),
            });
        };
        let plan = Plan { tx, kind: self.kind, organization, limit: BATCH + 1 };
        let Some(ids) = plan.candidates(filter)?.filter(|ids| ids.len() <= BATCH) else { return Ok(None) };
        let found = records::among(tx, self.kind, organization, &ids)?;
        if self.is_large(&found) {
            return Ok(None);
        }
        let mut search = Search::new(self);
        search.look(tx, found)?;
        Ok(Some(search.finish(tx)?))
    }

    /// Whether to filter or show these means to load many rows.
    fn is_large(&self, found: &[Record]) -> bool {
        let rows = found.iter().map(|record| record.n_members).sum::<i64>();
        let filtered = self.query.filter.as_ref().is_some_and(|filter| filter.mentions("members"));
        rows > LARGE && (filtered || self.query.projection.shows("members"))
    }

    /// The list, by a look at every candidate.
    fn by_look(&self, tx: &ReadTx<'_>) -> Result<String> {
        let (organization, page) = (&self.cx.organization, self.query.page);
        let mut search = Search::new(self);
        let ids = match (&self.query.filter, self.query.sort) {
            (Some(filter), _) => {
                Plan { tx, kind: self.kind, organization, limit: usize::MAX }.candidates(filter)?
            }
            (None, Some(_)) => None,
            (None, None) => {
                let found = records::page(tx, self.kind, organization, page.offset(), page.count)?;
                return self.render(tx, journal::total(tx, self.kind, organization)?, &found);
            }
        };
        if let Some(ids) = ids {
            for ids in ids.chunks(BATCH) {
                search.look(tx, records::among(tx, self.kind, organization, ids)?)?;
            }
            return search.finish(tx);
        }
        let mut last = String::new();
        loop {
            let batch = records::after(tx, self.kind, organization, &last, BATCH)?;
            let Some(end) = batch.last() else { return search.finish(tx) };
            last = end.id.clone();
            search.look(tx, batch)?;
        }
    }

    fn render(&self, tx: &ReadTx<'_>, total: usize, found: &[Record]) -> Result<String> {
        let (resource_type, projection) = (self.kind.resource_type, &self.query.projection);
        let related = related(tx, &self.cx, self.kind, found, projection)?;
        let resources: Result<Vec<String>, _> = found
            .iter()
            .zip(&related)
            .map(|(record, related)| {
                scim_view::answer(resource_type, record, related, projection, &self.cx.base)
            })
            .collect();
        Ok(message::list::body(total, self.query.page.start_index, &resources?))
    }
}

/// A look at resources one by one: counts what matches and keeps what the page needs.
struct Search<'s> {
    listing: &'s Listing,
    /// Nothing of the rows is loaded unless the filter or the order looks at them.
    related: Projection,
    derived: bool,
    looked_at: usize,
    total: usize,
    page: Vec<Record>,
    order: Vec<(SortKey, String)>,
}

impl<'s> Search<'s> {
    fn new(listing: &'s Listing) -> Self {
        let filter = listing.query.filter.as_ref();
        let sort = listing.query.sort.as_ref();
        let rows = if listing.kind.resource_type.rows.is_some() { "members" } else { "groups" };
        let rows_needed = filter.is_some_and(|filter| filter.mentions(rows))
            || sort.is_some_and(|sort| sort.path.attribute.name == rows);
        let derived = filter.is_some_and(|filter| filter.any_path(&is_derived))
            || sort.is_some_and(|sort| is_derived(&sort.path));
        Self {
            listing,
            related: if rows_needed { Projection::Default } else { Projection::Only(Vec::new()) },
            derived,
            looked_at: 0,
            total: 0,
            page: Vec::new(),
            order: Vec::new(),
        }
    }

    fn look(&mut self, tx: &ReadTx<'_>, batch: Vec<Record>) -> Result<()> {
        let Listing { cx, kind, query } = self.listing;
        self.looked_at += batch.len();
        if self.looked_at > cx.app.scan_rows {
            let detail = format!(
                "the query has to look at more than {} resources; filter by an indexed attribute such as \
                 userName, externalId or emails.value",
                cx.app.scan_rows
            );
            return Err(ErrorKind::TooMany.because(detail).into());
        }
        if cx.app.clock.now() - cx.now > SCAN_TIME {
            return Err(Error::Busy(DbError::Busy));
        }
        let related = related(tx, cx, kind, &batch, &self.related)?;
        for (record, related) in batch.into_iter().zip(&related) {
            let resource = match self.derived {
                true => scim_view::decorated(kind.resource_type, &record, related, &cx.base)?,
                false => record.resource()?,
            };
            if query.filter.as_ref().is_none_or(|filter| eval(filter, &resource)) {
                self.keep(record, &resource);
            }
        }
        Ok(())
    }

    fn keep(&mut self, record: Record, resource: &Resource) {
        let page = self.listing.query.page;
        match &self.listing.query.sort {
            Some(sort) => self.order.push((sort.key(resource), record.id)),
            None if self.total >= page.offset() && self.page.len() < page.count => self.page.push(record),
            None => {}
        }
        self.total += 1;
    }

    fn finish(mut self, tx: &ReadTx<'_>) -> Result<String> {
        let Listing { cx, kind, query } = self.listing;
        if let Some(sort) = &query.sort {
            // equal keys keep the order of creation, so that every page has its own resources
            self.order
                .sort_by(|left, right| sort.compare(&left.0, &right.0).then_with(|| left.1.cmp(&right.1)));
            let wanted = self.order.into_iter().skip(query.page.offset()).take(query.page.count);
            let wanted: Vec<String> = wanted.map(|(_, id)| id).collect();
            self.page = records::among(tx, kind, &cx.organization, &wanted)?;
            self.page.sort_by_key(|record| wanted.iter().position(|id| *id == record.id));
        }
        self.listing.render(tx, self.total, &self.page)
    }
}

/// What is not part of the stored text.
fn is_derived(path: &Located) -> bool {
    path.attribute.mutability == Mutability::ReadOnly || ["members", "manager"].contains(&path.attribute.name)
}
