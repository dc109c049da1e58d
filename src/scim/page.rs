//! Index paging: RFC 7644 §3.4.2.4.

use super::{ErrorKind, Result};

/// The page size when none is asked for.
pub const DEFAULT_COUNT: usize = 100;
/// The largest page; a larger `count` is clamped.
pub const MAX_COUNT: usize = 1_000;

/// How long a cursor leads on, in seconds; advertised.
pub const CURSOR_TIMEOUT: i64 = 3_600;

/// A slice of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Where it begins; the first resource is 1.
    pub start_index: usize,
    /// The most resources it holds.
    pub count: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { start_index: 1, count: DEFAULT_COUNT }
    }
}

impl Page {
    /// Reads `startIndex` and `count`: below the range they mean its end, above it they are
    /// clamped, and what is no integer is `invalidValue`.
    pub fn parse(start_index: Option<&str>, count: Option<&str>) -> Result<Self> {
        let start_index = start_index.map(|text| integer("startIndex", text)).transpose()?;
        let count = count.map(|text| integer("count", text)).transpose()?;
        Ok(Self {
            start_index: start_index.map_or(1, |n| usize::try_from(n).unwrap_or(1).max(1)),
            count: count.map_or(DEFAULT_COUNT, |n| usize::try_from(n).unwrap_or(0).min(MAX_COUNT)),
        })
    }

    /// How many resources stand before the page.
    pub fn offset(&self) -> usize {
        self.start_index - 1
    }
}

fn integer(name: &str, text: &str) -> Result<i64> {
    text.trim().parse().map_err(|_| ErrorKind::InvalidValue.because(format!("{name} must be a whole number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_outside_the_range_mean_its_end() {
        for (start_index, count, expected) in [
            (None, None, (1, 100)),
            (Some("0"), Some("-1"), (1, 0)),
            (Some("-5"), Some("100000"), (1, 1_000)),
            (Some("3"), Some("0"), (3, 0)),
        ] {
            let page = Page::parse(start_index, count).unwrap();
            assert_eq!((page.start_index, page.count), expected);
        }
    }

    #[test]
    fn what_is_no_integer_is_refused() {
        for text in ["abc", "1.5", "99999999999999999999", ""] {
            assert_eq!(Page::parse(Some(text), None).unwrap_err().kind, ErrorKind::InvalidValue, "{text}");
            assert_eq!(Page::parse(None, Some(text)).unwrap_err().kind, ErrorKind::InvalidValue, "{text}");
        }
    }
}
