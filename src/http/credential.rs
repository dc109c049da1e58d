//! What stands in an `Authorization` header.

use base64::{Engine, engine::general_purpose::STANDARD};

/// A credential, and how it was shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credential<'h> {
    /// `Bearer`.
    Bearer(&'h str),
    /// The password of `Basic`; whose name stands before it does not count (W-160).
    Basic(String),
    /// Without a scheme.
    Bare(&'h str),
}

impl<'h> Credential<'h> {
    /// Reads a header; `None` for another scheme, or what is no Basic credential.
    pub(super) fn read(header: &'h str) -> Option<Self> {
        match header.trim().split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
                Some(Self::Bearer(token.trim()))
            }
            Some((scheme, pair)) if scheme.eq_ignore_ascii_case("Basic") => {
                let pair = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
                pair.split_once(':').map(|(_, password)| Self::Basic(password.to_owned()))
            }
            Some(_) => None,
            None => Some(Self::Bare(header.trim())),
        }
    }

    /// The key or token.
    pub(super) fn secret(&self) -> &str {
        match self {
            Self::Bearer(secret) | Self::Bare(secret) => secret,
            Self::Basic(secret) => secret,
        }
    }
}
