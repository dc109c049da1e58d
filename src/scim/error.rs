//! What the protocol says no with: RFC 7644 §3.12.

use std::{borrow::Cow, fmt};

/// A request the protocol refuses, in the protocol's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Which row of RFC 7644 table 9.
    pub kind: ErrorKind,
    /// One sentence for the administrator who reads the identity provider's log.
    pub detail: Cow<'static, str>,
}

/// The result of a protocol function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// RFC 7644 §3.12, table 9, and the rows of RFC 9865 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the RFC's")]
pub enum ErrorKind {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    InvalidVers,
    Sensitive,
    InvalidCursor,
    ExpiredCursor,
    InvalidCount,
}

impl ErrorKind {
    /// The wire keyword and the HTTP status, side by side so that neither drifts.
    pub const fn wire(self) -> (&'static str, u16) {
        match self {
            Self::InvalidFilter => ("invalidFilter", 400),
            Self::TooMany => ("tooMany", 400),
            Self::Uniqueness => ("uniqueness", 409),
            Self::Mutability => ("mutability", 400),
            Self::InvalidSyntax => ("invalidSyntax", 400),
            Self::InvalidPath => ("invalidPath", 400),
            Self::NoTarget => ("noTarget", 400),
            Self::InvalidValue => ("invalidValue", 400),
            Self::InvalidVers => ("invalidVers", 400),
            Self::Sensitive => ("sensitive", 403),
            Self::InvalidCursor => ("invalidCursor", 400),
            Self::ExpiredCursor => ("expiredCursor", 400),
            Self::InvalidCount => ("invalidCount", 400),
        }
    }

    /// Pairs the kind with its sentence.
    pub fn because(self, detail: impl Into<Cow<'static, str>>) -> Error {
        Error { kind: self, detail: detail.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Error {}
