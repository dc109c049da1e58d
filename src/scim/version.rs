//! Versions and preconditions: RFC 7644 §3.14, RFC 9110 §13.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt;

/// A resource's version: grows by one with every change, never with a write that changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub i64);

/// The entity tag; weak, since projection changes the bytes.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W/\"{}\"", self.0)
    }
}

/// The entity tag of what has no version that counts: the same as long as the bytes are.
pub fn tag_of(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let short: String = URL_SAFE_NO_PAD.encode(digest.as_ref()).chars().take(16).collect();
    format!("\"{short}\"")
}

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    Any,
    /// The opaque parts; weak and strong tags are compared alike.
    These(Vec<String>),
}

impl Tags {
    fn parse(header: &str) -> Self {
        if header.trim() == "*" {
            return Self::Any;
        }
        let mut tags = Vec::new();
        let mut rest = header;
        // the opaque part stands between two quotes and may itself hold a comma
        while let Some((before, after)) = rest.split_once('"') {
            let Some((opaque, after)) = after.split_once('"') else { break };
            // the mark of weakness is a capital letter (RFC 9110 §8.8.3)
            if ["", "W/"].contains(&before.trim_start_matches([',', ' ', '\t'])) {
                tags.push(opaque.to_owned());
            }
            rest = after;
        }
        Self::These(tags)
    }

    fn match_version(&self, version: Version) -> bool {
        self.match_opaque(&version.0.to_string())
    }

    fn match_opaque(&self, opaque: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| tag == opaque),
        }
    }
}

/// What a client demands of the version it finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precondition {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

impl Precondition {
    /// Reads the two headers.
    pub fn parse(if_match: Option<&str>, if_none_match: Option<&str>) -> Self {
        Self { if_match: if_match.map(Tags::parse), if_none_match: if_none_match.map(Tags::parse) }
    }

    /// Whether a change of this version may go ahead.
    pub fn allows_change(&self, version: Version) -> bool {
        let wanted = self.if_match.as_ref().is_none_or(|tags| tags.match_version(version));
        wanted && !self.if_none_match.as_ref().is_some_and(|tags| tags.match_version(version))
    }

    /// Whether the client already has this version: a GET answers 304.
    pub fn has_current(&self, version: Version) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.match_version(version))
    }

    /// The same for a document whose tag is not a version.
    pub fn has_tag(&self, opaque: &str) -> bool {
        self.if_none_match.as_ref().is_some_and(|tags| tags.match_opaque(opaque))
    }

    /// Whether a change may go ahead of what has this tag, of which `None` says that it is not there.
    pub fn allows_change_of(&self, tag: Option<&str>) -> bool {
        let is_one_of = |tags: &Tags| tag.is_some_and(|tag| tags.match_opaque(tag.trim_matches('"')));
        self.if_match.as_ref().is_none_or(is_one_of) && !self.if_none_match.as_ref().is_some_and(is_one_of)
    }

    /// Whether a GET must be refused because the client insists on another version.
    pub fn refuses_read(&self, version: Version) -> bool {
        self.if_match.as_ref().is_some_and(|tags| !tags.match_version(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_number_is_compared_by_its_bytes() {
        let (one, other) = (tag_of(b"one"), tag_of(b"other"));
        let allows = |precondition: &Precondition, tag: &str| precondition.allows_change_of(Some(tag));
        let seen = Precondition::parse(Some(&one), None);
        assert!(allows(&seen, &one) && !allows(&seen, &other) && !seen.allows_change_of(None));
        let first = Precondition::parse(None, Some("*"));
        assert!(first.allows_change_of(None) && !allows(&first, &one));
        assert!(Precondition::default().allows_change_of(None) && allows(&Precondition::default(), &one));
    }

    #[test]
    fn tags_are_compared_without_their_weakness() {
        for header in ["W/\"7\"", "\"7\"", "\"a\", W/\"7\"", "*", "\"a,b\",\"7\""] {
            assert!(Precondition::parse(Some(header), None).allows_change(Version(7)), "{header}");
            assert!(Precondition::parse(None, Some(header)).has_current(Version(7)), "{header}");
            assert!(!Precondition::parse(None, Some(header)).allows_change(Version(7)), "{header}");
        }
        for header in ["W/\"8\"", "", "7", "\"", "\"77\"", "w/\"7\"", "W/ \"7\""] {
            assert!(!Precondition::parse(Some(header), None).allows_change(Version(7)), "{header}");
            assert!(!Precondition::parse(None, Some(header)).has_current(Version(7)), "{header}");
        }
    }
}
