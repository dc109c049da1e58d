//! Lists by cursor, of what is ordered by id.

use crate::org::refusal::Refusal;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use schemars::JsonSchema;
use serde::Serialize;

/// How many items a page has when nobody says, and at most.
const LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The last id of the page before; empty for the first page.
    pub after: String,
    /// How many items a page has.
    pub limit: usize,
}

impl Slice {
    /// Reads `limit` and `cursor` of a query.
    pub fn parse(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, Refusal> {
        let limit = match limit.map(str::parse) {
            None => LIMIT,
            Some(Ok(limit @ 1..=MAX_LIMIT)) => limit,
            Some(_) => {
                return Err(Refusal::Invalid(format!("limit: expected a number from 1 to {MAX_LIMIT}")));
            }
        };
        let read = |cursor| String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok();
        match cursor.map(read) {
            None => Ok(Self { after: String::new(), limit }),
            Some(Some(after)) => Ok(Self { after, limit }),
            Some(None) => {
                Err(Refusal::Invalid("cursor: expected what `next` of the page before says".to_owned()))
            }
        }
    }

    /// One item more than the page has, to see whether there is a next one.
    pub(super) fn one_more(&self) -> usize {
        self.limit + 1
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub struct Page<T> {
    /// The items, by id.
    pub items: Vec<T>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page of what was found, which may be one item more than the page has.
    pub(super) fn of(slice: &Slice, mut items: Vec<T>, id: impl Fn(&T) -> &str) -> Self {
        let is_last = items.len() <= slice.limit;
        items.truncate(slice.limit);
        let last = items.last().filter(|_| !is_last);
        Self { next: last.map(|item| URL_SAFE_NO_PAD.encode(id(item))), items }
    }

    /// A page after which it goes on behind that id.
    pub(super) fn up_to(items: Vec<T>, id: &str) -> Self {
        Self { next: Some(URL_SAFE_NO_PAD.encode(id)), items }
    }
}
