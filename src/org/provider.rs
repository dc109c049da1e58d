//! Where else people sign in: whom of those who come from there the organization takes in, and as whom.

use super::{address, connection::Adoption, refusal::Refusal};
use crate::scim::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How many providers an organization has at most.
pub const MOST: usize = 50;
/// How many groups of somebody are looked at.
const MOST_GROUPS: usize = 1_000;

/// Whom of those who come from a provider the organization takes in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Rules {
    /// Whether addresses are taken as their owners' though the provider does not say that they are verified.
    pub trust_email: bool,
    /// The domains whose addresses come in, such as `example.com`; all where there are none.
    pub domains: Vec<String>,
    /// The groups of which somebody must be in one; none is needed where there are none.
    pub required_groups: Vec<String>,
    /// What happens to somebody who is here already, when they first come from there: they are the same person (`link`), an
    /// admin decides (`queue`), or nobody comes in so (`refuse`).
    pub adoption: Adoption,
    /// Whether somebody's teams are made those that the groups name, at every sign-in (W-091).
    pub group_sync: bool,
    /// Whether user name and name are made the provider's, at every sign-in (W-090).
    pub identifier_claims: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            trust_email: false,
            domains: Vec::new(),
            required_groups: Vec::new(),
            adoption: Adoption::Link,
            group_sync: false,
            identifier_claims: false,
        }
    }
}

/// Which claims of an ID token hold what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ClaimNames {
    /// The user name; the address where the claim is not there.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The name to show.
    pub name: String,
    /// The groups, as a list of texts.
    pub groups: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        let [username, email, name, groups] =
            ["preferred_username", "email", "name", "groups"].map(str::to_owned);
        Self { username, email, name, groups }
    }
}

/// Somebody who proved elsewhere who they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Presented {
    /// What the provider calls them, for ever.
    pub subject: String,
    /// The user name there.
    pub username: Option<String>,
    /// The address, if it is theirs for sure.
    pub email: Option<String>,
    /// Whether there is an address that may be anybody's.
    pub has_unverified: bool,
    /// The name to show.
    pub name: Option<String>,
    /// The groups; `None` where nothing was said of them.
    pub groups: Option<Vec<String>>,
    /// Everything that was said, as name and text, for mappings.
    pub claims: Vec<(String, String)>,
}

/// Why somebody does not come in, who proved elsewhere who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwelcome {
    /// There is no address, and without one nobody is told from others.
    #[error("the provider says no e-mail address of you")]
    NoAddress,
    /// The provider does not say that the address is verified.
    #[error("the provider does not say that your e-mail address is verified")]
    Unverified,
    /// The address is one that could be taken for another's (W-005).
    #[error("your e-mail address has letters that can look like others")]
    LooksLikeAnother,
    /// The address is of another domain.
    #[error("addresses of your domain do not come in here")]
    Domain,
    /// The person is in none of the groups.
    #[error("you are in none of the groups that come in here")]
    Group,
    /// Several people here have the address.
    #[error("several accounts here have your e-mail address")]
    Ambiguous,
    /// The person with that address is somebody else there.
    #[error("the account with your e-mail address belongs to another account of the provider")]
    Another,
    /// An admin is to decide.
    #[error("an admin must first agree that the account here is yours; sign in again then")]
    Asked,
    /// An admin decided, or the rule says so.
    #[error("the account here with your e-mail address is not opened from there")]
    NotLinked,
    /// The person here is deactivated.
    #[error("your account is deactivated")]
    Inactive,
    /// Nobody who is not known comes in (W-076).
    #[error("you have no account here, and none is made at sign-in")]
    Unknown,
    /// Who is here signs in as somebody else.
    #[error("that is not the account that you are signed in with")]
    NotYou,
}

impl Unwelcome {
    /// The word in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::Unverified => "unverified_address",
            Self::LooksLikeAnother => "odd_address",
            Self::Domain => "domain",
            Self::Group => "group",
            Self::Ambiguous => "ambiguous_address",
            Self::Another => "other_subject",
            Self::Asked => "asked",
            Self::NotLinked => "not_linked",
            Self::Inactive => "deactivated",
            Self::Unknown => "unknown",
            Self::NotYou => "other_person",
        }
    }
}

impl Rules {
    /// Refuses what makes no sense, such as an address in place of a domain.
    pub fn check(&self) -> Result<(), Refusal> {
        let odd = |domain: &String| {
            domain.is_empty() || domain.len() > 253 || domain.contains(['@', ' ', '/']) || !domain.is_ascii()
        };
        if let Some(domain) = self.domains.iter().find(|domain| odd(domain)) {
            let found = text::shown(domain);
            return Err(Refusal::Invalid(format!(
                "rules.domains: expected a domain such as example.com, found {found}"
            )));
        }
        if self.required_groups.iter().any(|group| text::is_blank(group)) {
            return Err(Refusal::Invalid(
                "rules.requiredGroups: expected names that are not blank".to_owned(),
            ));
        }
        match self.domains.len().max(self.required_groups.len()) {
            ..=1_000 => Ok(()),
            _ => Err(Refusal::Invalid("rules: expected at most 1,000 domains and groups".to_owned())),
        }
    }

    /// Whether somebody of that domain and those groups comes in.
    pub fn admit(&self, who: &Presented) -> Result<(), Unwelcome> {
        if !self.domains.is_empty() {
            let domain =
                who.email.as_deref().and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
            let fits = |domain: &str| self.domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
            if !domain.is_some_and(fits) {
                return Err(Unwelcome::Domain);
            }
        }
        let groups = who.groups.as_deref().unwrap_or_default();
        let is_required = |group: &String| {
            let key = text::fold(group);
            self.required_groups.iter().any(|required| text::fold(required) == key)
        };
        match self.required_groups.is_empty() || groups.iter().any(is_required) {
            true => Ok(()),
            false => Err(Unwelcome::Group),
        }
    }
}

impl Presented {
    /// What an ID token says of somebody, by the claims that hold it.
    pub fn of_claims(
        subject: String,
        claims: &Map<String, Value>,
        names: &ClaimNames,
        rules: &Rules,
    ) -> Self {
        let said = |name: &str| {
            let said = claims.get(name).and_then(Value::as_str).map(str::trim);
            said.filter(|said| !text::is_blank(said) && said.len() <= 1_024).map(str::to_owned)
        };
        let email = said(&names.email);
        // Amazon Cognito says it as a text
        let vouched = claims.get("email_verified").filter(|_| names.email == "email");
        let is_verified = match vouched {
            Some(Value::Bool(is)) => *is,
            Some(Value::String(is)) => is == "true",
            Some(_) => false,
            None => rules.trust_email,
        };
        let groups = match claims.get(&names.groups) {
            Some(Value::Array(list)) => {
                Some(list.iter().filter_map(Value::as_str).map(str::to_owned).take(MOST_GROUPS).collect())
            }
            Some(Value::String(one)) => Some(vec![one.clone()]),
            _ => None,
        };
        let texts = claims.iter().flat_map(|(name, value)| {
            let values = match value {
                Value::Array(list) => list.iter().take(MOST_GROUPS).filter_map(plain).collect(),
                other => plain(other).into_iter().collect::<Vec<_>>(),
            };
            values.into_iter().map(move |value| (name.clone(), value))
        });
        Self {
            subject,
            username: said(&names.username),
            has_unverified: email.is_some() && !is_verified,
            email: email.filter(|_| is_verified),
            name: said(&names.name),
            groups,
            claims: texts.collect(),
        }
    }

    /// The user name there, if it is one that nobody else could be meant by: no address but the person's own, unless an admin
    /// vouches for what the provider says.
    pub fn own_name(&self, trusts: bool) -> Option<&str> {
        let name = self.username.as_deref()?;
        let is_own = self.email.as_deref().is_some_and(|email| text::fold(email) == text::fold(name));
        (trusts || is_own || !name.contains('@')).then_some(name)
    }

    /// The address, if somebody can be known by it.
    pub fn address(&self) -> Result<&str, Unwelcome> {
        match &self.email {
            Some(email) if address::check("email", email).is_ok() => Ok(email),
            Some(_) => Err(Unwelcome::LooksLikeAnother),
            None if self.has_unverified => Err(Unwelcome::Unverified),
            None => Err(Unwelcome::NoAddress),
        }
    }
}

/// A value as mappings compare it.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn presented(claims: Value, rules: &Rules) -> Presented {
        Presented::of_claims("s1".to_owned(), claims.as_object().unwrap(), &ClaimNames::default(), rules)
    }

    #[test]
    fn an_address_is_somebodys_when_the_provider_says_so() {
        let (strict, trusting) = (Rules::default(), Rules { trust_email: true, ..Rules::default() });
        for (claims, rules, expected) in [
            (json!({"email": "a@x.example", "email_verified": true}), &strict, Ok("a@x.example")),
            (json!({"email": "a@x.example", "email_verified": "true"}), &strict, Ok("a@x.example")),
            (json!({"email": "a@x.example", "email_verified": false}), &trusting, Err(Unwelcome::Unverified)),
            (json!({"email": "a@x.example", "email_verified": "True"}), &strict, Err(Unwelcome::Unverified)),
            (json!({"email": "a@x.example"}), &strict, Err(Unwelcome::Unverified)),
            (json!({"email": "a@x.example"}), &trusting, Ok("a@x.example")),
            (
                json!({"email": "\u{430}@x.example", "email_verified": true}),
                &strict,
                Err(Unwelcome::LooksLikeAnother),
            ),
            (json!({"email": ["a@x.example"], "email_verified": true}), &strict, Err(Unwelcome::NoAddress)),
            (json!({}), &trusting, Err(Unwelcome::NoAddress)),
        ] {
            assert_eq!(presented(claims.clone(), rules).address(), expected, "{claims}");
        }
    }

    #[test]
    fn a_name_that_is_anothers_address_is_nobodys() {
        let of = |name: &str| Presented {
            username: Some(name.to_owned()),
            email: Some("eve@x.example".to_owned()),
            ..Presented::default()
        };

        assert_eq!(of("eve").own_name(false), Some("eve"));
        assert_eq!(of("EVE@x.example").own_name(false), Some("EVE@x.example"));
        assert_eq!(of("boss@x.example").own_name(false), None);
        assert_eq!(of("eve@tenant.example").own_name(true), Some("eve@tenant.example"));
        let names = ClaimNames { email: "upn".to_owned(), ..ClaimNames::default() };
        let claims = json!({"upn": "boss@x.example", "email": "eve@x.example", "email_verified": true});
        let found =
            Presented::of_claims("s".to_owned(), claims.as_object().unwrap(), &names, &Rules::default());
        assert_eq!(found.address(), Err(Unwelcome::Unverified), "it vouches for the other claim");
    }

    #[test]
    fn groups_that_are_not_said_are_not_groups_that_are_empty() {
        let rules = Rules { required_groups: vec!["Staff".to_owned()], ..Rules::default() };
        for (claims, groups, admitted) in [
            (json!({}), None, Err(Unwelcome::Group)),
            (json!({"groups": []}), Some(0), Err(Unwelcome::Group)),
            (json!({"groups": ["STAFF", 7]}), Some(1), Ok(())),
            (json!({"groups": "staff"}), Some(1), Ok(())),
            (json!({"groups": {"staff": true}}), None, Err(Unwelcome::Group)),
        ] {
            let found = presented(claims.clone(), &rules);
            assert_eq!(found.groups.as_ref().map(Vec::len), groups, "{claims}");
            assert_eq!(rules.admit(&found), admitted, "{claims}");
        }
    }

    #[test]
    fn a_domain_is_the_whole_of_what_stands_behind_the_sign() {
        let rules = Rules { domains: vec!["X.example".to_owned()], ..Rules::default() };
        let of = |email: &str| Presented { email: Some(email.to_owned()), ..Presented::default() };

        assert_eq!(rules.admit(&of("a@x.EXAMPLE")), Ok(()));
        for other in
            ["a@y.example", "a@evil-x.example", "a@x.example.evil.example", "x.example", "a@sub.x.example"]
        {
            assert_eq!(rules.admit(&of(other)), Err(Unwelcome::Domain), "{other}");
        }
        assert!(Rules { domains: vec!["a@x.example".to_owned()], ..Rules::default() }.check().is_err());
    }
}
