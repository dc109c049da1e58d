//! A look at resources one by one, for what no index can tell.

use super::{
    Context, Error, Result,
    plan::Plan,
    read::{Wanted, related},
};
use crate::{
    org::{record::Record, scim_view},
    scim::{
        ErrorKind, Resource,
        filter::{Predicate, eval::eval},
        path::Located,
        schema::{Mutability, organization::TEAM_ROLES},
        sort::SortBy,
    },
    store::{
        DbError, ReadTx,
        records::{self, Kind},
    },
};

/// Resources looked at in one go.
pub(super) const BATCH: usize = 500;
/// How long an unindexed filter may take, in microseconds.
const SCAN_TIME: i64 = 20_000_000;

/// A look at the resources of one kind.
pub(super) struct Look<'l> {
    cx: &'l Context,
    kind: Kind,
    filter: Option<&'l Predicate>,
    /// Nothing of the rows is loaded unless the filter or the order looks at them.
    wanted: Wanted,
    derived: bool,
    looked_at: usize,
}

impl<'l> Look<'l> {
    /// A look for what the filter accepts, with all that the filter and the order need to see.
    pub(super) fn new(
        cx: &'l Context,
        kind: Kind,
        filter: Option<&'l Predicate>,
        sort: Option<&SortBy>,
    ) -> Self {
        let derived = filter.is_some_and(|filter| filter.any_path(&is_derived))
            || sort.is_some_and(|sort| is_derived(&sort.path));
        let wanted = Wanted::reached(filter, sort);
        Self { cx, kind, filter, wanted, derived, looked_at: 0 }
    }

    /// Shows `keep` every match there is: of the candidates an index knows, or of all resources, in the order of
    /// creation.
    pub(super) fn all(&mut self, tx: &ReadTx<'_>, keep: &mut dyn FnMut(Record, &Resource)) -> Result<()> {
        let mut keep_on = |record: Record, resource: &Resource| {
            keep(record, resource);
            true
        };
        self.after(tx, "", &mut keep_on)
    }

    /// The same of those that come after an id, until `keep` has enough.
    pub(super) fn after(
        &mut self,
        tx: &ReadTx<'_>,
        id: &str,
        keep: &mut dyn FnMut(Record, &Resource) -> bool,
    ) -> Result<()> {
        let organization = &self.cx.organization;
        let plan = Plan { tx, kind: self.kind, organization, limit: usize::MAX };
        if let Some(filter) = self.filter
            && let Some(mut ids) = plan.candidates(filter)?
        {
            ids.retain(|candidate| candidate.as_str() > id);
            for ids in ids.chunks(BATCH) {
                if !self.at(tx, records::among(tx, self.kind, organization, ids)?, keep)? {
                    break;
                }
            }
            return Ok(());
        }
        let mut last = id.to_owned();
        loop {
            let batch = records::after(tx, self.kind, organization, &last, BATCH)?;
            let Some(end) = batch.last() else { return Ok(()) };
            last = end.id.clone();
            if !self.at(tx, batch, keep)? {
                return Ok(());
            }
        }
    }

    /// Shows `keep` the matches among these, until it has enough; says whether it takes more.
    pub(super) fn at(
        &mut self,
        tx: &ReadTx<'_>,
        batch: Vec<Record>,
        keep: &mut dyn FnMut(Record, &Resource) -> bool,
    ) -> Result<bool> {
        let (cx, resource_type) = (self.cx, self.kind.resource_type);
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
        let related = related(tx, cx, self.kind, &batch, self.wanted)?;
        for (record, related) in batch.into_iter().zip(&related) {
            let resource = match self.derived {
                true => scim_view::decorated(resource_type, &record, related, &cx.base)?,
                false => record.resource()?,
            };
            if self.filter.is_none_or(|filter| eval(filter, &resource)) && !keep(record, &resource) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What is not part of the stored text.
fn is_derived(path: &Located) -> bool {
    path.attribute.mutability == Mutability::ReadOnly
        || ["members", "manager", "permissions", TEAM_ROLES.name].contains(&path.attribute.name)
}
