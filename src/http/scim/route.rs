//! Paths to endpoints.
//!
//! Identity providers take liberties with paths, so they are read here rather than by a router: the base
//! is `/scim/v2`, `/scim` and `/api/scim`, one slash at the end is fine, and a forgiving connection may write names in
//! any case and slashes twice.

use crate::{
    http::error::Refusal,
    scim::{ErrorKind, Quirk, Quirks, text},
};
use percent_encoding::percent_decode_str;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Root,
    Search,
    UsersSearch,
    GroupsSearch,
    RolesSearch,
    Users,
    User(String),
    Groups,
    Group(String),
    Roles,
    Role(String),
    Permissions,
    ServiceProviderConfig,
    ResourceTypes,
    ResourceType(String),
    Schemas,
    Schema(String),
    Bulk,
    Me,
    OpenApi,
}

impl Endpoint {
    /// The endpoint as a pattern, for the log.
    pub(super) fn pattern(&self) -> &'static str {
        match self {
            Self::Root => "/",
            Self::Search => "/.search",
            Self::UsersSearch => "/Users/.search",
            Self::GroupsSearch => "/Groups/.search",
            Self::RolesSearch => "/Roles/.search",
            Self::Users => "/Users",
            Self::User(_) => "/Users/{id}",
            Self::Groups => "/Groups",
            Self::Group(_) => "/Groups/{id}",
            Self::Roles => "/Roles",
            Self::Role(_) => "/Roles/{id}",
            Self::Permissions => "/Permissions",
            Self::ServiceProviderConfig => "/ServiceProviderConfig",
            Self::ResourceTypes => "/ResourceTypes",
            Self::ResourceType(_) => "/ResourceTypes/{name}",
            Self::Schemas => "/Schemas",
            Self::Schema(_) => "/Schemas/{urn}",
            Self::Bulk => "/Bulk",
            Self::Me => "/Me",
            Self::OpenApi => "/openapi.json",
        }
    }

    /// The methods the endpoint has, as the header `Allow` shows them.
    pub(super) fn methods(&self) -> &'static str {
        match self {
            Self::Users | Self::Groups | Self::Roles => "GET, HEAD, POST",
            Self::User(_) | Self::Group(_) | Self::Role(_) => "GET, HEAD, PUT, PATCH, DELETE",
            Self::Me => "GET, HEAD, POST, PUT, PATCH, DELETE",
            Self::Search | Self::UsersSearch | Self::GroupsSearch | Self::RolesSearch | Self::Bulk => "POST",
            _ => "GET, HEAD",
        }
    }

    /// Whether a POST here reads.
    pub(super) fn is_search(&self) -> bool {
        matches!(self, Self::Search | Self::UsersSearch | Self::GroupsSearch | Self::RolesSearch)
    }

    /// Whether the endpoint answers without a credential (RFC 7643 §5).
    pub(super) fn is_discovery(&self) -> bool {
        matches!(
            self,
            Self::ServiceProviderConfig
                | Self::ResourceTypes
                | Self::ResourceType(_)
                | Self::Schemas
                | Self::Schema(_)
        )
    }
}

/// The organization that a path names, and the rest of the path: `/o/{slug}/scim/v2/…`.
pub(in crate::http) fn organization(path: &str) -> (Option<&str>, &str) {
    let Some((slug, _)) = path.strip_prefix("/o/").and_then(|rest| rest.split_once('/')) else {
        return (None, path);
    };
    (Some(slug), path.get("/o/".len() + slug.len()..).unwrap_or_default())
}

/// Reads a path as it stands in the request line.
pub(super) fn endpoint(path: &str, quirks: &mut Quirks) -> Result<Endpoint, Refusal> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut segments: Vec<&str> = path.split('/').collect();
    if segments.contains(&"") {
        if !quirks.allow(Quirk::EmptySegments) {
            return Err(Refusal::NoEndpoint);
        }
        segments.retain(|segment| !segment.is_empty());
    }
    let mut segments = segments.as_slice();
    // W&B's scripts look for it there (W-200)
    if let ["api", rest @ ..] = segments {
        segments = rest;
    }
    match segments.split_first() {
        Some((first, rest)) if is_named(first, "scim", quirks) => segments = rest,
        _ => return Err(Refusal::NoEndpoint),
    }
    if let Some((version, rest)) =
        segments.split_first().filter(|(first, _)| text::is_version(&first.to_ascii_lowercase()))
    {
        if !is_named(version, "v2", quirks) {
            let detail = format!("the protocol version {version} is not supported, v2 is");
            return Err(ErrorKind::InvalidVers.because(detail).into());
        }
        segments = rest;
    }
    match *segments {
        [] => Ok(Endpoint::Root),
        [name] => collection(name, quirks),
        [name, id] => member(name, decode(id), quirks),
        _ => Err(Refusal::NoEndpoint),
    }
}

/// Whether a segment is that name: exactly, or in another case where that is tolerated.
fn is_named(segment: &str, name: &str, quirks: &mut Quirks) -> bool {
    segment == name || (segment.eq_ignore_ascii_case(name) && quirks.allow(Quirk::EndpointCase))
}

/// The names under the base.
const NAMES: [&str; 11] = [
    "Users",
    "Groups",
    "Roles",
    "Permissions",
    "ServiceProviderConfig",
    "ResourceTypes",
    "Schemas",
    "Bulk",
    "Me",
    ".search",
    "openapi.json",
];

/// A name under the base in its own spelling.
fn canonical(segment: &str, quirks: &mut Quirks) -> Option<&'static str> {
    if segment.eq_ignore_ascii_case("ServiceProviderConfigs") && quirks.allow(Quirk::PluralConfig) {
        return Some("ServiceProviderConfig");
    }
    NAMES.into_iter().find(|name| is_named(segment, name, quirks))
}

fn collection(name: &str, quirks: &mut Quirks) -> Result<Endpoint, Refusal> {
    match canonical(name, quirks) {
        Some("Users") => Ok(Endpoint::Users),
        Some("Groups") => Ok(Endpoint::Groups),
        Some("Roles") => Ok(Endpoint::Roles),
        Some("Permissions") => Ok(Endpoint::Permissions),
        Some("ServiceProviderConfig") => Ok(Endpoint::ServiceProviderConfig),
        Some("ResourceTypes") => Ok(Endpoint::ResourceTypes),
        Some("Schemas") => Ok(Endpoint::Schemas),
        Some("Bulk") => Ok(Endpoint::Bulk),
        Some("Me") => Ok(Endpoint::Me),
        Some(".search") => Ok(Endpoint::Search),
        Some("openapi.json") => Ok(Endpoint::OpenApi),
        _ => Err(Refusal::NoEndpoint),
    }
}

fn member(name: &str, id: String, quirks: &mut Quirks) -> Result<Endpoint, Refusal> {
    match canonical(name, quirks) {
        Some("Users") if id == ".search" => Ok(Endpoint::UsersSearch),
        Some("Groups") if id == ".search" => Ok(Endpoint::GroupsSearch),
        Some("Roles") if id == ".search" => Ok(Endpoint::RolesSearch),
        Some("Users") => Ok(Endpoint::User(id)),
        Some("Groups") => Ok(Endpoint::Group(id)),
        Some("Roles") => Ok(Endpoint::Role(id)),
        Some("ResourceTypes") => Ok(Endpoint::ResourceType(id)),
        Some("Schemas") => Ok(Endpoint::Schema(id)),
        _ => Err(Refusal::NoEndpoint),
    }
}

/// Percent-decoded once. What is not UTF-8 names nothing, and so finds nothing.
fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::Profile;

    fn read(path: &str, profile: Profile) -> Option<Endpoint> {
        endpoint(path, &mut Quirks::new(profile)).ok()
    }

    #[test]
    fn liberties_are_taken_only_where_they_are_allowed() {
        for path in ["/scim/v2/users", "/SCIM/V2/Users", "//scim/v2//Users", "/scim/v2/Users//"] {
            assert_eq!(read(path, Profile::Standard), Some(Endpoint::Users), "{path}");
            assert_eq!(read(path, Profile::Strict), None, "{path}");
        }
        for path in ["/scim/v2/Users", "/scim/v2/Users/", "/scim/Users"] {
            assert_eq!(read(path, Profile::Strict), Some(Endpoint::Users), "{path}");
        }
    }

    #[test]
    fn ids_are_decoded_once_and_keep_their_case() {
        assert_eq!(
            read("/scim/v2/Users/A%2Fb%2541", Profile::Strict),
            Some(Endpoint::User("A/b%41".to_owned()))
        );
        assert_eq!(read("/scim/v2/Users/a/b", Profile::Standard), None);
        assert_eq!(read("/other/v2/Users", Profile::Standard), None);
    }

    #[test]
    fn another_version_is_named_as_such() {
        let error = endpoint("/scim/v1/Users", &mut Quirks::default()).unwrap_err();

        assert!(error.to_string().contains("v1"), "{error}");
    }
}
