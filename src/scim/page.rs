//! Index paging: RFC 7644 §3.4.2.4.

use super::{ErrorKind, Result};

/// How large pages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// The page size when none is asked for.
    pub default: usize,
    /// The largest page; a larger `count` is clamped.
    pub largest: usize,
}

impl Sizes {
    /// What everybody gets.
    pub const STANDARD: Self = Self { default: 100, largest: 1_000 };
    /// W&B has no pages: whoever asks for none gets everything there is (W-208).
    pub const WANDB: Self = Self { default: 9_999, largest: 9_999 };
}

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
        Self::of(Sizes::STANDARD)
    }
}

impl Page {
    /// The page that is asked for by saying nothing.
    pub const fn of(sizes: Sizes) -> Self {
        Self { start_index: 1, count: sizes.default }
    }

    /// Reads `startIndex` and `count`: below the range they mean its end, above it they are
    /// clamped, and what is no integer is `invalidValue`.
    pub fn parse(start_index: Option<&str>, count: Option<&str>, sizes: Sizes) -> Result<Self> {
        let start_index = start_index.map(|text| integer("startIndex", text)).transpose()?;
        let count = count.map(|text| integer("count", text)).transpose()?;
        Ok(Self {
            start_index: start_index.map_or(1, |n| usize::try_from(n).unwrap_or(1).max(1)),
            count: count.map_or(sizes.default, |n| usize::try_from(n).unwrap_or(0).min(sizes.largest)),
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
            let page = Page::parse(start_index, count, Sizes::STANDARD).unwrap();
            assert_eq!((page.start_index, page.count), expected);
        }
        assert_eq!(Page::parse(None, None, Sizes::WANDB).unwrap().count, 9_999);
    }

    #[test]
    fn what_is_no_integer_is_refused() {
        for text in ["abc", "1.5", "99999999999999999999", ""] {
            for (start_index, count) in [(Some(text), None), (None, Some(text))] {
                let refused = Page::parse(start_index, count, Sizes::STANDARD).unwrap_err();
                assert_eq!(refused.kind, ErrorKind::InvalidValue, "{text}");
            }
        }
    }
}
