//! How forgivingly a connection's requests are read.
//!
//! Identity providers leave the RFC in known ways. Each known way is a [`Quirk`], named by the number of its
//! rule; the code that meets one asks [`Quirks::allow`], which remembers that it was needed.
//! There is one code path: a strict connection hears "no" at the same place.

use super::text::shown;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// How a connection's requests are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Forgiving: every identity provider works without a choice.
    #[default]
    Standard,
    /// The RFC to the letter, for conformance runners.
    Strict,
    /// The same, and where the interoperability profile of the SCIM working group asks for another thing than the RFC,
    /// that thing.
    StrictInterop,
    /// As forgiving as standard but for members that nobody knows, and answers in the shapes of W&B's SCIM API (W-214).
    Wandb,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Strict, Self::StrictInterop, Self::Wandb];

    /// The word used in commands, settings and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Strict => "strict",
            Self::StrictInterop => "strict-interop",
            Self::Wandb => "wandb",
        }
    }

    /// Whether the letter counts.
    pub const fn is_strict(self) -> bool {
        matches!(self, Self::Strict | Self::StrictInterop)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("expected a profile ({known}), found {}", shown(text))
        })
    }
}

macro_rules! quirks {
    ($(#[doc = $meaning:literal] $name:ident = $rule:literal,)+) => {
        /// A known departure from the RFC, by its rule number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Quirk { $(#[doc = $meaning] $name,)+ }

        impl Quirk {
            /// Every quirk's number and meaning, for the page that lists them.
            pub const ALL: &'static [(&'static str, &'static str)] = &[$(($rule, $meaning),)+];

            /// The rule's number, such as `Q-047`.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)+ }
            }
        }
    };
}

quirks! {
    /// A write without a Content-Type is JSON.
    NoContentType = "Q-001",
    /// The token stands in the header without a scheme.
    BareToken = "Q-003",
    /// Empty path segments (`//`).
    EmptySegments = "Q-005",
    /// The first path segment in another case.
    EndpointCase = "Q-006",
    /// `/ServiceProviderConfigs`.
    PluralConfig = "Q-030",
    /// A filter value without quotes.
    BareFilterValue = "Q-033",
    /// `emails[type eq "work"].value eq "x"`.
    ValuePathTail = "Q-034",
    /// Blanks doubled, leading, trailing or missing in a filter.
    FilterSpacing = "Q-035",
    /// Single quotes, or text where a boolean belongs, in a filter.
    FilterTyping = "Q-036",
    /// An attribute that no schema of the type has.
    UnknownAttribute = "Q-041",
    /// `schemas` missing, incomplete or with a foreign URN.
    LooseSchemas = "Q-043",
    /// `null` where PATCH add wants a value.
    AddNull = "Q-045",
    /// An empty string that means "unassigned".
    EmptyText = "Q-046",
    /// A boolean spelled as text.
    TextBoolean = "Q-047",
    /// An object where a list belongs.
    ObjectForList = "Q-048",
    /// A list of one where a single value belongs.
    ListForValue = "Q-049",
    /// A manager as a bare id, or one nobody knows.
    LooseManager = "Q-050",
    /// Several primaries in one body.
    ManyPrimaries = "Q-051",
    /// A role that is a JSON document inside a string; `displayName` for `display`.
    FoldedRole = "Q-052",
    /// A key of a pathless value that is a dotted path or has a filter.
    PathKeys = "Q-060",
    /// A replace whose value filter matches nothing creates the element.
    ReplaceCreates = "Q-062",
    /// A boolean as text in a path's filter.
    PathBoolean = "Q-064",
    /// A remove that names its elements in `value`.
    RemoveByValue = "Q-065",
    /// Members nobody knows are left out.
    UnknownMembers = "Q-067",
    /// A multi-valued element as a bare string.
    BareElement = "Q-068",
    /// `URN.attribute`, or an extension's attribute without its URN.
    LoosePath = "Q-071",
    /// Extra keys in an operation.
    ExtraOperationKeys = "Q-072",
    /// One of our attributes by W&B's name or under W&B's URN.
    WandbName = "W-220",
    /// A user in a path by user name or e-mail address, where answers have W&B's shapes.
    UserByName = "W-222",
    /// W&B's extension `teams` for somebody new.
    TeamsExtension = "W-224",
    /// A role in what only W&B has, `weaveRole` or `registryRoles`, where answers have W&B's shapes: left out.
    ForeignRole = "W-235",
    /// A member named by an e-mail address.
    MemberByEmail = "W-247",
}

/// The profile of a request and the quirks it needed so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quirks {
    profile: Profile,
    used: BTreeSet<Quirk>,
}

impl Quirks {
    /// Nothing needed yet.
    pub fn new(profile: Profile) -> Self {
        Self { profile, used: BTreeSet::new() }
    }

    /// Whether the profile tolerates the quirk; if so, notes that it was needed.
    pub fn allow(&mut self, quirk: Quirk) -> bool {
        let allowed = match self.profile {
            Profile::Standard => true,
            // W-249: a script is told of a member that nobody knows
            Profile::Wandb => quirk != Quirk::UnknownMembers,
            Profile::Strict | Profile::StrictInterop => false,
        };
        if allowed {
            self.note(quirk);
        }
        allowed
    }

    /// Notes what every profile tolerates.
    pub fn note(&mut self, quirk: Quirk) {
        self.used.insert(quirk);
    }

    /// Adds what another part of the request needed.
    pub fn absorb(&mut self, other: &Self) {
        self.used.extend(&other.used);
    }

    /// Whether the interoperability profile decides where it and the RFC differ.
    pub fn is_interop(&self) -> bool {
        self.profile == Profile::StrictInterop
    }

    /// Whether answers have W&B's shapes.
    pub fn answers_as_wandb(&self) -> bool {
        self.profile == Profile::Wandb
    }

    /// The profile these requests are read with.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The rule numbers that were needed, in order.
    pub fn rules(&self) -> Vec<&'static str> {
        self.used.iter().map(|quirk| quirk.rule()).collect()
    }
}
