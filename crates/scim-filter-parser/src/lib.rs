#![doc = include_str!("../README.md")]

mod error;
mod filter;
mod parse;
mod print;

pub use error::Error;
pub use filter::{AttrPath, CompareOp, Filter, Path, Value};

use parse::Parser;

/// How closely the text must keep to the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// RFC 7644, figures 1 and 7, with their errata: one space between two words and nowhere else.
    ///
    /// A space after `not` may be left out, and `true`, `false` and `null` may be written in any case.
    Rfc,
    /// Everything [`Rfc`](Self::Rfc) takes, with the same meaning, and what [`Slack`] lists besides.
    Forgiving,
}

/// A leniency of [`Dialect::Forgiving`]. What needs none of them is accepted by [`Dialect::Rfc`] too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slack {
    /// Blanks in runs, tabs, blanks at either end or inside brackets; no blank between an operator and
    /// a quoted value, or between `and` or `or` and a parenthesis.
    Spacing,
    /// A string without quotes, which ends at the next blank, `)` or `]`: `externalId eq abc-1`.
    BareValue,
    /// A string in single quotes, with JSON's escapes and `\'`: `userName eq 'bjensen'`.
    SingleQuotes,
    /// One element meets both the brackets and what follows them: `emails[type eq "work"].value eq "x"`.
    ValuePathTail,
}

/// What a text may cost. The limits hold while the text is read: no memory and no stack is spent beyond them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest text, in bytes.
    pub max_length: usize,
    /// How many parentheses and brackets may be open at a time. Reading, printing, comparing and dropping a
    /// filter recurse this deep: count on 2 KiB of stack a level, 5 KiB where the compiler does not optimize.
    pub max_depth: usize,
    /// How many comparisons, `pr` included, a text may hold.
    pub max_terms: usize,
}

impl Default for Limits {
    /// 65,536 bytes, 64 levels, 1,024 comparisons.
    fn default() -> Self {
        Self { max_length: 65_536, max_depth: 64, max_terms: 1_024 }
    }
}

/// A parsed text, and what it took to understand it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T> {
    /// What the text means.
    pub value: T,
    /// The leniencies it needed, each once, in the order of their first use. Empty under [`Dialect::Rfc`].
    pub slack: Vec<Slack>,
}

/// Reads a filter within the default [`Limits`].
///
/// # Errors
/// Where the text leaves the dialect's grammar or a limit; the first such place is the one reported.
pub fn parse_filter(text: &str, dialect: Dialect) -> Result<Parsed<Filter>, Error> {
    parse_filter_within(text, dialect, Limits::default())
}

/// Reads a filter within `limits`.
///
/// # Errors
/// As [`parse_filter`].
pub fn parse_filter_within(text: &str, dialect: Dialect, limits: Limits) -> Result<Parsed<Filter>, Error> {
    Parser::new(text, "filter", dialect, limits)?.whole_filter()
}

/// Reads the path of a PATCH operation within the default [`Limits`].
///
/// # Errors
/// Where the text leaves the dialect's grammar or a limit; the first such place is the one reported.
pub fn parse_path(text: &str, dialect: Dialect) -> Result<Parsed<Path>, Error> {
    parse_path_within(text, dialect, Limits::default())
}

/// Reads the path of a PATCH operation within `limits`.
///
/// # Errors
/// As [`parse_path`].
pub fn parse_path_within(text: &str, dialect: Dialect, limits: Limits) -> Result<Parsed<Path>, Error> {
    Parser::new(text, "path", dialect, limits)?.whole_path()
}
