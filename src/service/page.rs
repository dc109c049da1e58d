//! Pages of the API's lists: so many at a time, after the last one that was shown.

use serde::Serialize;

/// The most of one page.
const MAX: usize = 1_000;

/// Which page is asked for.
#[derive(Debug, Clone)]
pub struct Paging {
    after: String,
    limit: usize,
}

/// The first page, of a hundred.
impl Default for Paging {
    fn default() -> Self {
        Self { after: String::new(), limit: 100 }
    }
}

impl Paging {
    /// At most `limit` (1 to 1,000), after what a cursor names.
    pub fn new(after: String, limit: usize) -> Self {
        Self { after, limit: limit.clamp(1, MAX) }
    }

    /// What the last page ended with; empty before the first.
    pub(super) fn after(&self) -> &str {
        &self.after
    }

    /// How many at most.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// A page of what was found, which is one more than fits where there is a next one.
    pub(super) fn page<T>(&self, mut found: Vec<T>, key: impl Fn(&T) -> &str) -> Page<T> {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| more).map(|last| key(last).to_owned());
        Page { items: found, next }
    }
}

/// A page, and the cursor of the next one, if there is one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next one.
    pub next: Option<String>,
}
