//! Where a user stands in the organization: role, seat, and the account itself. These are attributes of the SCIM User,
//! in an extension of our own, and columns of its row.

use super::{
    invite::Invite,
    role::{OrganizationRole, TeamRole},
    seat::Seat,
    words::words,
};
use crate::scim::{ErrorKind, Resource, Result, schema::organization::TEAM_ROLES, text, urn};
use serde_json::{Map, Value, json};
use std::str::FromStr;

/// What the rules about admins and seats look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The role in the organization.
    pub role: OrganizationRole,
    /// The seat the license is charged with while the person is active.
    pub seat: Seat,
    /// Whether the person may sign in.
    pub active: bool,
}

impl Standing {
    /// Where the user of this stored resource stands.
    pub fn of(user: &Resource) -> Self {
        Self {
            role: word(user, "organizationRole").unwrap_or(OrganizationRole::Member),
            seat: word(user, "seat").unwrap_or(Seat::Full),
            active: user.get("active") == Some(&Value::Bool(true)),
        }
    }

    /// Whether this is one of those without whom nobody could repair anything.
    pub fn is_admin(self) -> bool {
        self.active && self.role == OrganizationRole::Admin
    }

    /// The seat that is taken now; one that is deactivated frees it (W-049).
    pub fn takes(self) -> Seat {
        if self.active { self.seat } else { Seat::None }
    }
}

/// A role in a team, as SCIM names both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTeamRole {
    /// The team's name.
    pub team: String,
    /// The role's name.
    pub role: String,
}

impl NamedTeamRole {
    /// The same as an element of `teamRoles`.
    pub fn to_value(&self) -> Value {
        json!({"teamName": self.team, "roleName": self.role})
    }
}

words! {
    /// Where an account came from.
    Source, "a source":
    /// An identity provider made it over SCIM.
    Scim = "scim",
    /// An admin made it.
    Admin = "admin",
    /// Somebody was invited.
    Invite = "invite",
    /// It was made when somebody first signed in.
    SignIn = "sign_in",
}

/// Brings what a body says of a user's standing into its one form: every word known, what was not said as it is by
/// default, and what the server decides as it was `before`. Somebody new came `from` there. Takes the team roles out, which are rows of their own.
///
/// Our extension ends the resource, so that what is derived of it can be added to the text.
pub fn settle(before: Option<&Resource>, from: Source, user: &mut Resource) -> Result<Vec<NamedTeamRole>> {
    let sent = match user.0.shift_remove(urn::ORGANIZATION_USER) {
        Some(Value::Object(sent)) => sent,
        _ => Map::new(),
    };
    let role = spelled(&sent, "organizationRole", OrganizationRole::Member)?;
    let seat = spelled(&sent, "seat", Seat::Full)?;
    let source = before.and_then(|before| before.get(urn::ORGANIZATION_USER)?.get("source").cloned());
    let settled = json!({
        "organizationRole": role.as_str(),
        "seat": seat.as_str(),
        "accountType": "user",
        "source": source.unwrap_or_else(|| from.as_str().into()),
    });
    user.0.insert(urn::ORGANIZATION_USER.to_owned(), settled);
    Ok(team_roles(&sent))
}

words! {
    /// What an account is.
    AccountType, "an account type":
    /// A person.
    User = "user",
    /// A machine of one team.
    Service = "service",
    /// A machine of the organization.
    OrgService = "org_service",
}

/// What a body says somebody new is, in any case: who asks for a service account must not get a person. It is said at the
/// top level, or within our extension or W&B's.
pub fn account_type(body: &Map<String, Value>) -> Result<AccountType> {
    let member = |object: &Map<String, Value>, name: &str| {
        object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let within = |urn| member(body, urn).and_then(|it| member(it.as_object()?, "accountType"));
    let said = [member(body, "accountType"), within(urn::ORGANIZATION_USER), within(urn::WANDB_USER)];
    match said.iter().flatten().find_map(Value::as_str) {
        None => Ok(AccountType::User),
        Some(word) => word
            .to_ascii_lowercase()
            .parse()
            .map_err(|what: String| ErrorKind::InvalidValue.because(format!("accountType: {what}"))),
    }
}

/// Where service accounts are no users of SCIM, a body says that somebody new is a person, or nothing.
pub fn check_account_type(found: AccountType) -> Result<()> {
    if found == AccountType::User {
        return Ok(());
    }
    let detail = format!(
        "accountType: expected user, found {found}; service accounts are made at /api/v1/service-accounts, or \
         over a connection with the profile wandb"
    );
    Err(ErrorKind::InvalidValue.because(detail))
}

/// What a PUT does not say of a user's standing stays (W-239): an identity provider that knows nothing of our extension
/// must not take anybody's role.
pub fn keep(before: &Resource, user: &mut Resource) {
    let Some(Value::Object(was)) = before.get(urn::ORGANIZATION_USER) else { return };
    let sent = user.0.entry(urn::ORGANIZATION_USER).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(sent) = sent {
        for (name, value) in was {
            if sent.get(name).is_none_or(Value::is_null) {
                sent.insert(name.clone(), value.clone());
            }
        }
    }
}

/// What a body said of where somebody new stands; the rest is what everybody begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Whether it named a role in the organization.
    pub role: bool,
    /// Whether it named a seat.
    pub seat: bool,
}

/// What a body says of where somebody stands, before it is settled.
pub fn said(user: &Resource) -> Said {
    let names = |name: &str| {
        let value = user.get(urn::ORGANIZATION_USER).and_then(|extension| extension.get(name));
        value.is_some_and(|value| !value.is_null())
    };
    Said { role: names("organizationRole"), seat: names("seat") }
}

/// Somebody new as an invite promised, but for what was said.
pub fn as_promised(user: &Resource, said: Said, invite: &Invite) -> Resource {
    let mut user = user.clone();
    if let Some(Value::Object(extension)) = user.0.get_mut(urn::ORGANIZATION_USER) {
        if !said.role {
            extension.insert("organizationRole".to_owned(), invite.organization_role.as_str().into());
        }
        if !said.seat {
            extension.insert("seat".to_owned(), invite.seat.as_str().into());
        }
    }
    user
}

/// Says which role somebody has in the organization.
pub fn set_organization_role(user: &mut Resource, role: OrganizationRole) {
    if let Some(Value::Object(extension)) = user.0.get_mut(urn::ORGANIZATION_USER) {
        extension.insert("organizationRole".to_owned(), role.as_str().into());
    }
}

/// Where an account came from.
pub fn source(user: &Resource) -> Source {
    word(user, "source").unwrap_or(Source::Scim)
}

/// Gives the seat away that a new user would have taken.
pub fn without_seat(mut user: Resource) -> Resource {
    if let Some(Value::Object(extension)) = user.0.get_mut(urn::ORGANIZATION_USER) {
        extension.insert("seat".to_owned(), Seat::None.as_str().into());
    }
    user
}

/// Of several roles in one team the last counts.
fn team_roles(sent: &Map<String, Value>) -> Vec<NamedTeamRole> {
    let mut found: Vec<NamedTeamRole> = Vec::new();
    let elements = sent.get(TEAM_ROLES.name).and_then(Value::as_array);
    for element in elements.into_iter().flatten() {
        let part = |name: &str| element.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let named = NamedTeamRole { team: part("teamName"), role: part("roleName") };
        let key = text::fold(&named.team);
        found.retain(|known| text::fold(&known.team) != key);
        found.push(named);
    }
    found
}

/// W-025: who only reads in the organization is given no custom role.
pub fn check_team_role(standing: Standing, role: &TeamRole) -> Result<()> {
    match role {
        TeamRole::Custom(_) if standing.role == OrganizationRole::Viewer => {
            let detail = "a custom role is for members of the organization; this person is a viewer there";
            Err(ErrorKind::InvalidValue.because(detail))
        }
        _ => Ok(()),
    }
}

fn word<T: FromStr>(user: &Resource, name: &str) -> Option<T> {
    user.get(urn::ORGANIZATION_USER)?.get(name)?.as_str()?.parse().ok()
}

/// A word in any case (W-232), or the default where nothing was said.
fn spelled<T: FromStr<Err = String>>(sent: &Map<String, Value>, name: &str, default: T) -> Result<T> {
    match sent.get(name).and_then(Value::as_str) {
        None => Ok(default),
        Some(word) => word.to_ascii_lowercase().parse().map_err(|what: String| {
            ErrorKind::InvalidValue.because(format!("{}:{name}: {what}", urn::ORGANIZATION_USER))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(extension: Value) -> Resource {
        let Value::Object(all) =
            json!({urn::ORGANIZATION_USER: extension, "userName": "ada", "active": true})
        else {
            return Resource::default();
        };
        Resource(all)
    }

    #[test]
    fn a_role_is_known_in_any_case_and_nothing_said_is_a_member_with_a_full_seat() {
        let mut admin = user(
            json!({"organizationRole": "ADMIN", "teamRoles": [{"teamName": "a", "roleName": "Viewer"}]}),
        );
        let mut plain = user(json!({}));

        let roles = settle(None, Source::Scim, &mut admin).unwrap();
        settle(None, Source::Scim, &mut plain).unwrap();

        assert_eq!(roles, [NamedTeamRole { team: "a".to_owned(), role: "Viewer".to_owned() }]);
        assert!(Standing::of(&admin).is_admin());
        assert_eq!(
            Standing::of(&plain),
            Standing { role: OrganizationRole::Member, seat: Seat::Full, active: true }
        );
        assert!(admin.to_string().ends_with(r#""source":"scim"}}"#), "{admin}");
    }

    #[test]
    fn a_role_nobody_knows_is_refused_by_name() {
        let refused = settle(None, Source::Scim, &mut user(json!({"organizationRole": "boss"}))).unwrap_err();

        assert!(refused.detail.contains("(admin, member, viewer), found boss"), "{}", refused.detail);
    }

    #[test]
    fn what_a_put_does_not_say_stays() {
        let mut before = user(json!({"organizationRole": "admin", "seat": "none"}));
        settle(None, Source::Scim, &mut before).unwrap();
        let mut after = user(json!({"seat": "viewer"}));

        keep(&before, &mut after);
        settle(Some(&before), Source::Scim, &mut after).unwrap();

        assert_eq!(
            Standing::of(&after),
            Standing { role: OrganizationRole::Admin, seat: Seat::Viewer, active: true }
        );
    }
}
