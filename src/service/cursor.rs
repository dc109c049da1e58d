//! Paging by cursor: RFC 9865.
//!
//! A cursor says behind which resource the next page begins, by its sort key and id, so that what is inserted or
//! deleted meanwhile moves nothing. It is encrypted, so nobody reads or makes one, and bound to the connection and the
//! query; the server remembers nothing.

use super::{
    Context, Result,
    look::Look,
    read::{Hit, shown},
    seal,
};
use crate::{
    org::record::Record,
    scim::{
        self, ErrorKind, Resource, message,
        page::CURSOR_TIMEOUT,
        query::{Cursor, Query},
        schema::ResourceType,
        sort::{SortKey, SortOrder},
    },
    store::{
        ReadTx, journal,
        records::{self, Kind},
    },
};
use aws_lc_rs::{
    aead::RandomizedNonceKey,
    digest::{SHA256, digest},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::sync::Arc;

/// The name of the key that cursors are sealed with.
const KEY: &str = "cursors";

/// Where a page ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The last resource's sort key.
    pub sort: SortKey,
    /// Its id.
    pub id: String,
    /// How many there were when the walk began.
    pub total: usize,
}

impl Place {
    /// What a cursor made `now` (microseconds since 1970) for pages of `count` says.
    pub fn to_json(&self, now: i64, count: usize) -> Value {
        json!({
            "at": now, "count": count, "sort": self.sort.to_json(), "id": self.id, "total": self.total,
        })
    }

    /// The place that [`Place::to_json`] wrote, if it is not too old and the size of the page is still the same.
    pub fn from_json(plain: &Value, now: i64, count: usize) -> scim::Result<Self> {
        let number = |name: &str| plain.get(name).and_then(Value::as_i64);
        let made_at = number("at").ok_or_else(invalid)?;
        if now.saturating_sub(made_at) > CURSOR_TIMEOUT * 1_000_000 {
            let detail = format!("the cursor is older than {CURSOR_TIMEOUT} seconds; begin again");
            return Err(ErrorKind::ExpiredCursor.because(detail));
        }
        if number("count") != Some(records::int(count)) {
            return Err(ErrorKind::InvalidCount.because("count must stay as it was on the first page"));
        }
        let place = || {
            Some(Self {
                sort: SortKey::from_json(plain.get("sort")?)?,
                id: plain.get("id")?.as_str()?.to_owned(),
                total: usize::try_from(number("total")?).ok()?,
            })
        };
        place().ok_or_else(invalid)
    }
}

/// One sentence for all of them, so that nobody learns which it was.
fn invalid() -> scim::Error {
    ErrorKind::InvalidCursor.because("the cursor does not belong to this query")
}

/// A walk through a list, page by page.
pub(super) struct Walk {
    cx: Arc<Context>,
    key: Arc<RandomizedNonceKey>,
    /// What the cursor is bound to: whose it is, and for which query.
    bond: String,
    count: usize,
    /// Absent on the first page.
    place: Option<Place>,
}

impl Walk {
    /// Reads a cursor; the empty one begins a walk.
    pub(super) async fn open(cx: &Arc<Context>, cursor: &Cursor, count: usize) -> Result<Self> {
        let query = URL_SAFE_NO_PAD.encode(digest(&SHA256, cursor.query.as_bytes()));
        let mut walk = Self {
            cx: cx.clone(),
            key: seal::key(cx, KEY).await?,
            bond: format!("{} {query}", cx.actor.id()),
            count,
            place: None,
        };
        if !cursor.text.is_empty() {
            let plain = seal::unseal(&walk.key, &walk.bond, &cursor.text).ok_or_else(invalid)?;
            walk.place = Some(Place::from_json(&plain, cx.now, count)?);
        }
        Ok(walk)
    }

    /// The next page of resources of these types. The body of a ListResponse.
    pub(super) async fn page(self, queries: Vec<(&'static ResourceType, Query)>) -> Result<String> {
        let store = self.cx.app.clone();
        store.store.scan(move |tx| self.next(tx, &queries)).await
    }

    fn next(&self, tx: &ReadTx<'_>, queries: &[(&'static ResourceType, Query)]) -> Result<String> {
        let (mut found, total) = match queries.iter().any(|(_, query)| query.sort.is_some()) {
            true => self.sorted(tx, queries)?,
            false => self.merged(tx, queries)?,
        };
        let more = found.len() > self.count;
        found.truncate(self.count);
        let next = match found.last() {
            Some((sort, id, _)) if more => {
                let place = Place { sort: sort.clone(), id: id.clone(), total };
                Some(seal::seal(&self.key, &self.bond, &place.to_json(self.cx.now, self.count))?)
            }
            _ => None,
        };
        let resources = shown(tx, &self.cx, queries, &found)?;
        Ok(message::list::cursor_body(total, next.as_deref(), &resources))
    }

    /// The order of creation, over all types.
    fn merged(
        &self,
        tx: &ReadTx<'_>,
        queries: &[(&'static ResourceType, Query)],
    ) -> Result<(Vec<Hit>, usize)> {
        let (mut all, mut sum) = (Vec::new(), 0);
        for (n, (resource_type, query)) in queries.iter().enumerate() {
            let (found, total) = self.in_order(tx, Kind::of(resource_type), query)?;
            all.extend(found.into_iter().map(|(sort, id, _)| (sort, id, n)));
            sum += total;
        }
        // ids are made in that order, whatever the type
        all.sort_by(|left: &Hit, right: &Hit| left.1.cmp(&right.1));
        all.truncate(self.count + 1);
        Ok((all, self.place.as_ref().map_or(sum, |place| place.total)))
    }

    /// The order of creation of one type: what comes after the last id is found there, however long the list is.
    fn in_order(&self, tx: &ReadTx<'_>, kind: Kind, query: &Query) -> Result<(Vec<Hit>, usize)> {
        let (cx, wanted) = (&self.cx, self.count + 1);
        let last = self.place.as_ref().map_or("", |place| place.id.as_str());
        let Some(filter) = &query.filter else {
            let total = journal::total(tx, kind, &cx.organization)?;
            let records = match self.count {
                0 => Vec::new(),
                _ => records::after(tx, kind, &cx.organization, last, wanted)?,
            };
            return Ok((records.into_iter().map(|record| (SortKey::Missing, record.id, 0)).collect(), total));
        };
        let (mut found, mut total) = (Vec::new(), 0);
        let mut keep = |record: Record, _: &Resource| {
            total += 1;
            if found.len() < wanted {
                found.push((SortKey::Missing, record.id, 0));
            }
            // the first page counts them all
            self.place.is_none() || found.len() < wanted
        };
        Look::new(cx, kind, Some(filter), None).after(tx, last, &mut keep)?;
        Ok((found, self.place.as_ref().map_or(total, |place| place.total)))
    }

    /// Any other order, which every match must be looked at for.
    fn sorted(
        &self,
        tx: &ReadTx<'_>,
        queries: &[(&'static ResourceType, Query)],
    ) -> Result<(Vec<Hit>, usize)> {
        let (mut found, mut total) = (Vec::new(), 0);
        let order: SortOrder =
            queries.iter().find_map(|(_, query)| query.sort.map(|sort| sort.order)).unwrap_or_default();
        for (n, (resource_type, query)) in queries.iter().enumerate() {
            let sort = query.sort.as_ref();
            let mut keep = |record: Record, resource: &Resource| {
                total += 1;
                let key = sort.map_or(SortKey::Missing, |sort| sort.key(resource).bounded());
                let comes = self.place.as_ref().is_none_or(|place| {
                    order.compare(&place.sort, &key).then_with(|| place.id.cmp(&record.id)).is_lt()
                });
                if comes {
                    found.push((key, record.id, n));
                }
            };
            let kind = Kind::of(resource_type);
            Look::new(&self.cx, kind, query.filter.as_ref(), sort).all(tx, &mut keep)?;
        }
        found.sort_by(|left, right| order.compare(&left.0, &right.0).then_with(|| left.1.cmp(&right.1)));
        found.truncate(self.count + 1);
        Ok((found, total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_unless_it_is_too_old_or_of_another_page() {
        let place = Place { sort: SortKey::Text("ada".to_owned()), id: "u1".to_owned(), total: 9 };
        let plain = place.to_json(0, 7);
        assert_eq!(Place::from_json(&plain, CURSOR_TIMEOUT * 1_000_000, 7).unwrap(), place);
        let refused = |plain: &Value, now, count| match Place::from_json(plain, now, count) {
            Err(error) => error.kind,
            Ok(place) => panic!("{place:?}"),
        };
        assert_eq!(refused(&plain, CURSOR_TIMEOUT * 1_000_000 + 1, 7), ErrorKind::ExpiredCursor);
        assert_eq!(refused(&plain, 0, 8), ErrorKind::InvalidCount);
        assert_eq!(refused(&place.to_json(i64::MIN, 7), 1, 7), ErrorKind::ExpiredCursor);
    }
}
