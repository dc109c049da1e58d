//! Reading users, groups and roles: one, or a list.

use super::{
    Answer, App, Context, Error, Result,
    cursor::Walk,
    look::{BATCH, Look},
    plan::Plan,
};
use crate::{
    org::{
        record::Record,
        scim_view::{self, MemberRef, Related, TeamRef},
        wandb,
    },
    scim::{
        ErrorKind, Resource,
        filter::Predicate,
        message,
        page::{Page, Sizes},
        path::Located,
        projection::Projection,
        query::Query,
        schema::{Noun, ResourceType, organization::TEAM_ROLES},
        sort::{SortBy, SortKey},
        urn,
        version::{Precondition, Version},
    },
    store::{
        DbError, ReadTx, journal, memberships,
        records::{self, Kind},
        service_accounts, users,
    },
};
use std::{collections::HashMap, sync::Arc};

/// A group with more members is read where it holds up nobody.
pub(super) const LARGE: i64 = 1_000;
/// A page that begins later is counted off where it holds up nobody.
const DEEP: usize = 10_000;

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
    Ok(app.store.is_ready().await?)
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
    kind: Kind,
    record: &Record,
    projection: &Projection,
) -> Result<Answer> {
    let related = related_to_show(tx, cx, kind, std::slice::from_ref(record), projection)?;
    let related = related.into_iter().next().unwrap_or_else(|| Related::none(kind.resource_type));
    Ok(Answer {
        body: Some(text(cx, kind, record, &related, projection)?),
        version: record.version,
        location: scim_view::location(kind.resource_type, &record.id, &cx.base),
    })
}

/// A resource in the shape that the connection's profile has.
fn text(
    cx: &Context,
    kind: Kind,
    record: &Record,
    related: &Related,
    projection: &Projection,
) -> serde_json::Result<String> {
    let resource_type = kind.resource_type;
    match resource_type.wandb {
        true => {
            let place = wandb::Place { organization: &cx.organization, base: &cx.base };
            wandb::answer(resource_type, record, related, projection, place)
        }
        false => scim_view::answer(resource_type, record, related, projection, &cx.base),
    }
}

/// What belongs to each of the records, a statement for each thing that is wanted.
pub(super) fn related(
    tx: &ReadTx<'_>,
    cx: &Context,
    kind: Kind,
    found: &[Record],
    wanted: Wanted,
) -> Result<Vec<Related>, DbError> {
    let ids: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
    if kind.resource_type.noun == Noun::Role {
        return Ok(vec![Related::Nothing; ids.len()]);
    }
    if kind.resource_type.rows.is_some() {
        let mut all = match wanted.members {
            true => memberships::members(tx, &cx.organization, &ids)?,
            false => Default::default(),
        };
        if kind.resource_type.wandb {
            name_by_handle(tx, cx, all.values_mut().flatten())?;
        }
        return Ok(ids.iter().map(|id| Related::Members(all.remove(*id).unwrap_or_default())).collect());
    }
    let mut teams = match wanted.teams {
        true => memberships::teams_of(tx, &cx.organization, &ids)?,
        false => Default::default(),
    };
    let activity = match wanted.activity {
        true => users::activity(tx, &cx.organization, &ids)?,
        false => Default::default(),
    };
    let user = |id: &str| Related::User {
        teams: teams.remove(id).unwrap_or_default(),
        activity: activity.get(id).copied(),
    };
    Ok(ids.into_iter().map(user).collect())
}

/// W-245: W&B's members are called by the names that products use.
fn name_by_handle<'m>(
    tx: &ReadTx<'_>,
    cx: &Context,
    members: impl Iterator<Item = &'m mut MemberRef>,
) -> Result<(), DbError> {
    let mut members: Vec<&mut MemberRef> = members.collect();
    for some in members.chunks_mut(BATCH) {
        let ids: Vec<&str> = some.iter().map(|member| member.id.as_str()).collect();
        let cards = users::cards(tx, &cx.organization, &ids)?;
        for member in some {
            if let Some(card) = cards.get(&member.id) {
                member.display = Some(card.handle.clone());
            }
        }
    }
    Ok(())
}

/// All that belongs to each of the records.
pub(super) fn related_of(
    tx: &ReadTx<'_>,
    cx: &Context,
    kind: Kind,
    found: &[Record],
) -> Result<Vec<Related>, DbError> {
    related(tx, cx, kind, found, Wanted { members: true, teams: true, activity: true })
}

/// What of the rows that belong to a resource is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    members: bool,
    teams: bool,
    activity: bool,
}

impl Wanted {
    /// What an answer shows.
    fn shown(resource_type: &ResourceType, projection: &Projection) -> Self {
        let extension = resource_type.extension(urn::ORGANIZATION_USER);
        let shows = |name| extension.is_some_and(|schema| projection.shows_of(schema, name));
        Self {
            members: projection.shows("members"),
            teams: projection.shows("groups") || shows(TEAM_ROLES.name),
            activity: shows("lastActiveAt") || shows("daysActive"),
        }
    }

    /// What a filter and an order look at.
    pub(super) fn reached(filter: Option<&Predicate>, sort: Option<&SortBy>) -> Self {
        let named = |names: &[&str]| {
            let is_one = |path: &Located| {
                path.extension.is_none_or(|schema| schema.id == urn::ORGANIZATION_USER)
                    && names.contains(&path.attribute.name)
            };
            filter.is_some_and(|filter| filter.any_path(&is_one))
                || sort.is_some_and(|sort| is_one(&sort.path))
        };
        Self {
            members: named(&["members"]),
            teams: named(&["groups", TEAM_ROLES.name]),
            activity: named(&["lastActiveAt", "daysActive"]),
        }
    }
}

/// `GET /{type}`: RFC 7644 §3.4.2. The body of a ListResponse.
pub async fn list(cx: &Arc<Context>, resource_type: &'static ResourceType, query: Query) -> Result<String> {
    if let Some(cursor) = &query.cursor {
        let walk = Walk::open(cx, cursor, query.page.count).await?;
        return walk.page(vec![(resource_type, query)]).await;
    }
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
    kind: Kind,
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
            if page.offset() > DEEP && page.count > 0
                || page.count > Sizes::STANDARD.largest && total > Sizes::STANDARD.largest
            {
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
        let mut keep = |record: Record, resource: &Resource| {
            search.keep(record, resource);
            true
        };
        self.look().at(tx, found, &mut keep)?;
        Ok(Some(search.finish(tx)?))
    }

    fn look(&self) -> Look<'_> {
        Look::new(&self.cx, self.kind, self.query.filter.as_ref(), self.query.sort.as_ref())
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
        if self.query.filter.is_none() && self.query.sort.is_none() {
            let found = records::page(tx, self.kind, organization, page.offset(), page.count)?;
            return self.render(tx, journal::total(tx, self.kind, organization)?, &found);
        }
        let mut search = Search::new(self);
        self.look().all(tx, &mut |record, resource| search.keep(record, resource))?;
        search.finish(tx)
    }

    fn render(&self, tx: &ReadTx<'_>, total: usize, found: &[Record]) -> Result<String> {
        let resources = rendered(tx, &self.cx, self.kind, found, &self.query.projection)?;
        Ok(body(&self.cx, total, self.query.page, &resources))
    }
}

/// A page in its envelope. W&B's own is for who asked for no page; whoever pages must be able to go on.
fn body(cx: &Context, total: usize, page: Page, resources: &[String]) -> String {
    match cx.types.user.wandb && page == Page::of(Sizes::WANDB) {
        true => message::list::whole_body(total, resources),
        false => message::list::body(total, page.start_index, resources),
    }
}

/// A match in a list of several types: its sort key, its id, and which of the queries it answers.
pub(super) type Hit = (SortKey, String, usize);

/// How many members are in hand at once while a list is made, unless one group alone has more.
const MEMBERS_AT_ONCE: i64 = 10_000;
/// The most members that a list shows of all its groups together, where everything there is comes at once.
const MEMBERS_OF_A_WHOLE: i64 = 1_000_000;

/// The resources as a list shows them.
fn rendered(
    tx: &ReadTx<'_>,
    cx: &Context,
    kind: Kind,
    found: &[Record],
    projection: &Projection,
) -> Result<Vec<String>> {
    let members = found.iter().map(|record| record.n_members).sum::<i64>();
    if kind.resource_type.wandb && projection.shows("members") && members > MEMBERS_OF_A_WHOLE {
        let detail = format!(
            "the groups have {members} members together, more than {MEMBERS_OF_A_WHOLE}; ask for fewer by count, or \
             for groups without members by excludedAttributes=members"
        );
        return Err(ErrorKind::TooMany.because(detail).into());
    }
    let mut texts = Vec::with_capacity(found.len());
    let mut rest = found;
    while !rest.is_empty() {
        let mut held = 0;
        let fit = rest.iter().take_while(|record| {
            held += record.n_members;
            held <= MEMBERS_AT_ONCE
        });
        let (some, others) = rest.split_at(fit.count().max(1));
        let related = related_to_show(tx, cx, kind, some, projection)?;
        for (record, related) in some.iter().zip(&related) {
            texts.push(text(cx, kind, record, related, projection)?);
        }
        rest = others;
    }
    Ok(texts)
}

/// What belongs to each of the records, as far as an answer shows it. Of service accounts it shows the team, though they are
/// no members of it.
fn related_to_show(
    tx: &ReadTx<'_>,
    cx: &Context,
    kind: Kind,
    found: &[Record],
    projection: &Projection,
) -> Result<Vec<Related>> {
    let wanted = Wanted::shown(kind.resource_type, projection);
    let mut related = related(tx, cx, kind, found, wanted)?;
    if kind.resource_type.wandb && kind.resource_type.noun == Noun::User && wanted.teams {
        let ids: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
        let mut of_machines: HashMap<String, TeamRef> =
            service_accounts::teams_of(tx, &cx.organization, &ids)?.into_iter().collect();
        for (record, related) in found.iter().zip(&mut related) {
            if let (Related::User { teams, .. }, Some(team)) = (related, of_machines.remove(&record.id)) {
                teams.push(team);
            }
        }
    }
    Ok(related)
}

/// A query of all resource types: RFC 7644 §3.4.2.1. The body of a ListResponse in which they mix.
pub async fn list_all(cx: &Arc<Context>, queries: Vec<(&'static ResourceType, Query)>) -> Result<String> {
    if let Some((_, Query { cursor: Some(cursor), page, .. })) = queries.first() {
        return Walk::open(cx, cursor, page.count).await?.page(queries).await;
    }
    let cx = cx.clone();
    cx.app.clone().store.scan(move |tx| all_types(tx, &cx, &queries)).await
}

fn all_types(tx: &ReadTx<'_>, cx: &Context, queries: &[(&'static ResourceType, Query)]) -> Result<String> {
    let mut order: Vec<Hit> = Vec::new();
    if queries.iter().all(|(_, query)| query.filter.is_none() && query.sort.is_none()) {
        return first_of_all_types(tx, cx, queries);
    }
    for (n, (resource_type, query)) in queries.iter().enumerate() {
        let sort = query.sort.as_ref();
        let mut keep = |record: Record, resource: &Resource| {
            let key = sort.map_or(SortKey::Missing, |sort| sort.key(resource));
            order.push((key, record.id, n));
        };
        Look::new(cx, Kind::of(resource_type), query.filter.as_ref(), sort).all(tx, &mut keep)?;
    }
    let sort_order =
        queries.iter().find_map(|(_, query)| query.sort.map(|sort| sort.order)).unwrap_or_default();
    order.sort_by(|left, right| sort_order.compare(&left.0, &right.0).then_with(|| left.1.cmp(&right.1)));
    show_all(tx, cx, queries, (order.len(), &order))
}

/// Without a filter nothing needs to be looked at but the ids up to the end of the page, in the order of creation.
fn first_of_all_types(
    tx: &ReadTx<'_>,
    cx: &Context,
    queries: &[(&'static ResourceType, Query)],
) -> Result<String> {
    let (mut order, mut total) = (Vec::new(), 0);
    for (n, (resource_type, query)) in queries.iter().enumerate() {
        let (kind, mut missing) = (Kind::of(resource_type), query.page.offset() + query.page.count);
        if missing > cx.app.scan_rows {
            return Err(ErrorKind::TooMany.because("the page begins too far away; go by cursor").into());
        }
        total += journal::total(tx, kind, &cx.organization)?;
        let mut last = String::new();
        while missing > 0 {
            let batch = records::after(tx, kind, &cx.organization, &last, missing.min(BATCH))?;
            let Some(end) = batch.last() else { break };
            last = end.id.clone();
            missing -= batch.len();
            order.extend(batch.into_iter().map(|record| (SortKey::Missing, record.id, n)));
        }
    }
    order.sort_by(|left, right| left.1.cmp(&right.1));
    show_all(tx, cx, queries, (total, &order))
}

/// A page of resources of several types: how many there are in all, and those up to its end in their order.
fn show_all(
    tx: &ReadTx<'_>,
    cx: &Context,
    queries: &[(&'static ResourceType, Query)],
    (total, order): (usize, &[Hit]),
) -> Result<String> {
    let page = queries.first().map(|(_, query)| query.page).unwrap_or_default();
    let wanted: Vec<Hit> = order.iter().skip(page.offset()).take(page.count).cloned().collect();
    Ok(body(cx, total, page, &shown(tx, cx, queries, &wanted)?))
}

/// The resources of a page, in its order.
pub(super) fn shown(
    tx: &ReadTx<'_>,
    cx: &Context,
    queries: &[(&'static ResourceType, Query)],
    page: &[Hit],
) -> Result<Vec<String>> {
    let mut texts: HashMap<String, String> = HashMap::new();
    for (n, (resource_type, query)) in queries.iter().enumerate() {
        let ids: Vec<String> = page.iter().filter(|hit| hit.2 == n).map(|hit| hit.1.clone()).collect();
        let kind = Kind::of(resource_type);
        let found = records::among(tx, kind, &cx.organization, &ids)?;
        let rendered = rendered(tx, cx, kind, &found, &query.projection)?;
        texts.extend(found.into_iter().map(|record| record.id).zip(rendered));
    }
    Ok(page.iter().filter_map(|(_, id, _)| texts.remove(id)).collect())
}

/// What a look finds: counts what matches and keeps what the page needs.
struct Search<'s> {
    listing: &'s Listing,
    total: usize,
    page: Vec<Record>,
    order: Vec<(SortKey, String)>,
}

impl<'s> Search<'s> {
    fn new(listing: &'s Listing) -> Self {
        Self { listing, total: 0, page: Vec::new(), order: Vec::new() }
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
        let kind = *kind;
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
