//! What happened: written in the transaction that made the change.

use crate::scim::{
    Resource,
    schema::{Attribute, Mutability, ResourceType, Returned},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum EventKind {
    OrganizationCreated,
    UserCreated,
    UserChanged,
    UserRemoved,
    UserLinked,
    AdoptionAsked,
    AdoptionRefused,
    PasswordReset,
    PasswordChanged,
    SecondFactorAdded,
    SecondFactorRemoved,
    RecoveryCodeUsed,
    RecoveryCodesMade,
    SessionStarted,
    SessionEnded,
    SignInRefused,
    IdentityLinked,
    ProviderCreated,
    ProviderChanged,
    ProviderRemoved,
    TeamCreated,
    TeamChanged,
    TeamArchived,
    TeamRestored,
    TeamRemoved,
    MemberChanged,
    RoleCreated,
    RoleChanged,
    RoleRemoved,
    ConnectionCreated,
    ConnectionChanged,
    ConnectionRevoked,
    TokenCreated,
    TokenRevoked,
    KeyCreated,
    KeyChanged,
    KeyRevoked,
    ServiceAccountCreated,
    ServiceAccountRemoved,
    SettingsChanged,
    InviteCreated,
    InviteRenewed,
    InviteChanged,
    InviteCancelled,
    InviteAccepted,
    MailTested,
    IssuerCreated,
    IssuerRemoved,
    TokenExchanged,
    MappingCreated,
    MappingRemoved,
    UsersExported,
    UsersImported,
    SchemaChanged,
    SchemaRemoved,
    JournalTrimmed,
    RequestDenied,
}

impl EventKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::OrganizationCreated,
        Self::UserCreated,
        Self::UserChanged,
        Self::UserRemoved,
        Self::UserLinked,
        Self::AdoptionAsked,
        Self::AdoptionRefused,
        Self::PasswordReset,
        Self::PasswordChanged,
        Self::SecondFactorAdded,
        Self::SecondFactorRemoved,
        Self::RecoveryCodeUsed,
        Self::RecoveryCodesMade,
        Self::SessionStarted,
        Self::SessionEnded,
        Self::SignInRefused,
        Self::IdentityLinked,
        Self::ProviderCreated,
        Self::ProviderChanged,
        Self::ProviderRemoved,
        Self::TeamCreated,
        Self::TeamChanged,
        Self::TeamArchived,
        Self::TeamRestored,
        Self::TeamRemoved,
        Self::MemberChanged,
        Self::RoleCreated,
        Self::RoleChanged,
        Self::RoleRemoved,
        Self::ConnectionCreated,
        Self::ConnectionChanged,
        Self::ConnectionRevoked,
        Self::TokenCreated,
        Self::TokenRevoked,
        Self::KeyCreated,
        Self::KeyChanged,
        Self::KeyRevoked,
        Self::ServiceAccountCreated,
        Self::ServiceAccountRemoved,
        Self::SettingsChanged,
        Self::InviteCreated,
        Self::InviteRenewed,
        Self::InviteChanged,
        Self::InviteCancelled,
        Self::InviteAccepted,
        Self::MailTested,
        Self::IssuerCreated,
        Self::IssuerRemoved,
        Self::TokenExchanged,
        Self::MappingCreated,
        Self::MappingRemoved,
        Self::UsersExported,
        Self::UsersImported,
        Self::SchemaChanged,
        Self::SchemaRemoved,
        Self::JournalTrimmed,
        Self::RequestDenied,
    ];

    /// The word in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrganizationCreated => "organization.created",
            Self::UserCreated => "user.created",
            Self::UserChanged => "user.changed",
            Self::UserRemoved => "user.removed",
            Self::UserLinked => "user.linked",
            Self::AdoptionAsked => "adoption.asked",
            Self::AdoptionRefused => "adoption.refused",
            Self::PasswordReset => "password.reset",
            Self::PasswordChanged => "password.changed",
            Self::SecondFactorAdded => "second_factor.added",
            Self::SecondFactorRemoved => "second_factor.removed",
            Self::RecoveryCodeUsed => "recovery_code.used",
            Self::RecoveryCodesMade => "recovery_codes.made",
            Self::SessionStarted => "session.started",
            Self::SessionEnded => "session.ended",
            Self::SignInRefused => "sign_in.refused",
            Self::IdentityLinked => "identity.linked",
            Self::ProviderCreated => "provider.created",
            Self::ProviderChanged => "provider.changed",
            Self::ProviderRemoved => "provider.removed",
            Self::TeamCreated => "team.created",
            Self::TeamChanged => "team.changed",
            Self::TeamRestored => "team.restored",
            Self::TeamRemoved => "team.removed",
            Self::MemberChanged => "member.changed",
            Self::TeamArchived => "team.archived",
            Self::RoleCreated => "role.created",
            Self::RoleChanged => "role.changed",
            Self::RoleRemoved => "role.removed",
            Self::ConnectionCreated => "connection.created",
            Self::ConnectionChanged => "connection.changed",
            Self::ConnectionRevoked => "connection.revoked",
            Self::TokenCreated => "token.created",
            Self::TokenRevoked => "token.revoked",
            Self::KeyCreated => "key.created",
            Self::KeyChanged => "key.changed",
            Self::KeyRevoked => "key.revoked",
            Self::ServiceAccountCreated => "service_account.created",
            Self::ServiceAccountRemoved => "service_account.removed",
            Self::InviteCreated => "invite.created",
            Self::InviteRenewed => "invite.renewed",
            Self::InviteChanged => "invite.changed",
            Self::InviteCancelled => "invite.cancelled",
            Self::InviteAccepted => "invite.accepted",
            Self::MailTested => "mail.tested",
            Self::IssuerCreated => "issuer.created",
            Self::IssuerRemoved => "issuer.removed",
            Self::TokenExchanged => "token.exchanged",
            Self::MappingCreated => "mapping.created",
            Self::MappingRemoved => "mapping.removed",
            Self::UsersExported => "users.exported",
            Self::UsersImported => "users.imported",
            Self::SettingsChanged => "settings.changed",
            Self::SchemaChanged => "schema.changed",
            Self::SchemaRemoved => "schema.removed",
            Self::JournalTrimmed => "journal.trimmed",
            Self::RequestDenied => "request.denied",
        }
    }
}

/// One entry of the journal. `detail` names attributes and ids, and says under `changes` what values were before and
/// are after; never a secret, nor what is never answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// The name of the resource type it happened to.
    pub resource_type: &'static str,
    /// The id it happened to.
    pub resource: String,
    /// What else there is to say, as a JSON object.
    pub detail: Value,
}

/// A longer value, in bytes of JSON, is not repeated in the journal: a picture says nothing there.
const LONGEST: usize = 1_024;

/// What differs between two states of a resource (W-291): `{attribute: {before, after}}`, null where there was or is no
/// value. Attributes of an extension have its URN before their name. What is never answered does not stand there, and
/// of a long value only its length does.
pub fn differences(resource_type: &ResourceType, before: &Resource, after: &Resource) -> Value {
    let mut found = Map::new();
    for name in names(&before.0, &after.0) {
        let (was, is) = (before.get(name), after.get(name));
        if was == is || name == "schemas" {
            continue;
        }
        match resource_type.extension(name) {
            Some(schema) => {
                let nothing = Map::new();
                let part =
                    |value: Option<&Value>| value.and_then(Value::as_object).unwrap_or(&nothing).clone();
                let (was, is) = (part(was), part(is));
                for inner in names(&was, &is) {
                    let change = (was.get(inner), is.get(inner));
                    note(&mut found, format!("{name}:{inner}"), schema.attribute(inner), change);
                }
            }
            None => note(&mut found, name.to_owned(), resource_type.attribute(name), (was, is)),
        }
    }
    Value::Object(found)
}

fn names<'a>(before: &'a Map<String, Value>, after: &'a Map<String, Value>) -> BTreeSet<&'a str> {
    before.keys().chain(after.keys()).map(String::as_str).collect()
}

fn note(
    found: &mut Map<String, Value>,
    name: String,
    attribute: Option<&'static Attribute>,
    (before, after): (Option<&Value>, Option<&Value>),
) {
    let Some(attribute) = attribute.filter(|attribute| is_answered(attribute)) else { return };
    if before != after {
        found.insert(name, json!({"before": told(attribute, before), "after": told(attribute, after)}));
    }
}

fn is_answered(attribute: &Attribute) -> bool {
    attribute.returned != Returned::Never && attribute.mutability != Mutability::WriteOnly
}

/// A value as the journal tells it.
fn told(attribute: &Attribute, value: Option<&Value>) -> Value {
    let value = match value {
        None => return Value::Null,
        Some(Value::Array(elements)) => elements.iter().map(|element| open(attribute, element)).collect(),
        Some(value) => open(attribute, value),
    };
    let length = value.to_string().len();
    if length > LONGEST { json!({"bytes": length}) } else { value }
}

/// A value without the parts that are never answered.
fn open(attribute: &Attribute, value: &Value) -> Value {
    let Value::Object(parts) = value else { return value.clone() };
    let is_open = |name: &String| attribute.sub_attribute(name).is_some_and(is_answered);
    parts.iter().filter(|(name, _)| is_open(name)).map(|(name, part)| (name.clone(), part.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::schema::standard::USER_TYPE;

    fn resource(value: Value) -> Resource {
        serde_json::from_value(value).map(Resource).unwrap()
    }

    #[test]
    fn a_change_tells_before_and_after_but_no_secret_and_no_picture() {
        const ENTERPRISE: &str = crate::scim::urn::ENTERPRISE_USER;
        let before = resource(json!({"userName": "ada", "password": "old", "title": "Countess",
            ENTERPRISE: {"department": "Engines", "division": "North"}}));
        let photo = "x".repeat(2_000);
        let after = resource(json!({"userName": "ada", "password": "new", "photos": [{"value": photo}],
            ENTERPRISE: {"department": "Looms", "division": "North"}}));

        let told = differences(&USER_TYPE, &before, &after);

        assert_eq!(
            told,
            json!({
                "photos": {"before": null, "after": {"bytes": 2_014}},
                "title": {"before": "Countess", "after": null},
                format!("{ENTERPRISE}:department"): {"before": "Engines", "after": "Looms"},
            })
        );
    }
}
