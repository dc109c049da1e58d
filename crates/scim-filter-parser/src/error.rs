//! Why a text was refused.

use std::borrow::Cow;
use std::fmt;

/// What was expected, what was found instead, and where.
///
/// It prints as one sentence for the person who wrote the filter:
/// ``column 10: expected an operator such as `eq`, `co` or `pr`, found `is` ``. The sentence may quote up to
/// 32 characters of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    position: usize,
    column: usize,
    expected: Cow<'static, str>,
    found: String,
}

impl Error {
    pub(crate) fn new(
        text: &str,
        position: usize,
        expected: impl Into<Cow<'static, str>>,
        found: String,
    ) -> Self {
        let before = text.get(..position).unwrap_or(text);
        Self { position, column: before.chars().count() + 1, expected: expected.into(), found }
    }

    /// Where, as a byte offset into the text; at its end this is the text's length.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Where, in characters, the first being 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// What could have stood there, as a phrase that follows "expected".
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What stood there, as a phrase that follows "found": a piece of the text in backticks, or words such as
    /// "the end of the filter".
    #[must_use]
    pub fn found(&self) -> &str {
        &self.found
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: expected {}, found {}", self.column, self.expected, self.found)
    }
}

impl std::error::Error for Error {}
