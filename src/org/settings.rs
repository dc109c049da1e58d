//! What admins decide: for the organization, and for each team.

use super::{
    address,
    refusal::{Refusal, unknown},
    seat::{License, Overflow},
    words::words,
};
use crate::scim::{Profile, json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The organization's switches. What was never decided has its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// How many seats there are.
    pub license: License,
    /// What happens to somebody new for whom no seat is left.
    pub seat_overflow: Overflow,
    /// Whether whoever signs in by single sign-on and is not known becomes a member (W-075).
    pub sso_provisioning: bool,
    /// Whether people sign in with a password kept here. Off, they sign in elsewhere.
    pub password_sign_in: bool,
    /// For how many hours a session goes on at most (W-105).
    pub session_hours: i64,
    /// After how many hours without a request a session ends.
    pub session_idle_hours: i64,
    /// Whether people can be invited.
    pub invitations: bool,
    /// For how many days an invite can be accepted (W-061).
    pub invite_days: i64,
    /// Whether people who are made over SCIM get mail that says so (W-069), where their connection decides nothing else.
    pub scim_mail: bool,
    /// What becomes of a team whose group is deleted over SCIM (W-251).
    pub scim_group_delete: GroupDelete,
    /// Who mail comes from, as an address; the server's own sender where it is empty.
    pub mail_from: String,
    /// Whether members create teams, too (W-111).
    pub user_team_creation: bool,
    /// Whether admins may add themselves to teams (W-121).
    pub admin_team_access: bool,
    /// Whether new service accounts of teams can be made (W-153).
    pub team_service_account_creation: bool,
    /// Whether people and service accounts of teams get new keys (W-164).
    pub key_creation: bool,
    /// Whether those who only read may hold keys that only read (W-138).
    pub viewer_keys: bool,
    /// How SCIM requests that come with a key are read and answered: as a connection with that profile would be.
    #[schemars(with = "String", extend("enum" = Profile::ALL.map(Profile::as_str)))]
    pub key_profile: Profile,
    /// Whether people may have projects outside of teams (W-127).
    pub personal_projects: bool,
    /// How many days events are kept; for ever when it is absent (W-291).
    pub event_retention_days: Option<i64>,
    /// What teams cannot decide for themselves.
    pub enforced: Enforcement,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            license: License::default(),
            seat_overflow: Overflow::Refuse,
            sso_provisioning: true,
            password_sign_in: true,
            session_hours: 720,
            session_idle_hours: 168,
            invitations: true,
            invite_days: 14,
            scim_mail: false,
            scim_group_delete: GroupDelete::Archive,
            mail_from: String::new(),
            user_team_creation: false,
            admin_team_access: true,
            team_service_account_creation: true,
            key_creation: true,
            viewer_keys: false,
            key_profile: Profile::Standard,
            personal_projects: true,
            event_retention_days: None,
            enforced: Enforcement::default(),
        }
    }
}

words! {
    /// What a DELETE of a group does (W-251).
    GroupDelete, "what to do when a group is deleted over SCIM":
    /// It is refused.
    Forbid = "forbid",
    /// The team is archived, and can be restored for 30 days.
    Archive = "archive",
    /// The team is gone for good.
    Delete = "delete",
}

impl Settings {
    /// The same with what a patch names; `null` brings a default back. What is no setting is told which is nearest.
    pub fn patched(&self, patch: &Map<String, Value>) -> Result<Self, Refusal> {
        let mut settings = object(self)?;
        merge("", &mut settings, patch, &object(&Self::default())?)?;
        let settings: Self = serde_json::from_value(Value::Object(settings))
            .map_err(|error| Refusal::Invalid(error.to_string()))?;
        if !(1..=365).contains(&settings.invite_days) {
            return Err(Refusal::Invalid("inviteDays: expected 1 to 365 days".to_owned()));
        }
        let sessions =
            [("sessionHours", settings.session_hours), ("sessionIdleHours", settings.session_idle_hours)];
        if let Some((name, _)) = sessions.iter().find(|(_, hours)| !(1..=8_760).contains(hours)) {
            return Err(Refusal::Invalid(format!("{name}: expected 1 to 8760 hours, which is a year")));
        }
        if !settings.mail_from.is_empty() {
            address::check("mailFrom", &settings.mail_from)?;
        }
        if settings.event_retention_days.is_some_and(|days| days < 1) {
            return Err(Refusal::Invalid(
                "eventRetentionDays: expected at least 1, or null for ever".to_owned(),
            ));
        }
        if [settings.license.full, settings.license.viewer].iter().flatten().any(|seats| *seats < 0) {
            return Err(Refusal::Invalid(
                "license: expected 0 or more seats, or null for any number".to_owned(),
            ));
        }
        Ok(settings)
    }

    /// The settings that differ there: `{setting: {before, after}}`.
    pub fn changes(&self, after: &Self) -> Result<Value, serde_json::Error> {
        let (before, after) = (serde_json::to_value(self)?, serde_json::to_value(after)?);
        let fields = before.as_object().into_iter().flatten();
        let changed = fields.filter_map(|(name, before)| {
            let after = after.get(name.as_str())?;
            (before != after).then(|| (name.clone(), serde_json::json!({"before": before, "after": after})))
        });
        Ok(changed.collect())
    }
}

/// Settings as an object of JSON.
pub fn object(settings: &impl Serialize) -> Result<Map<String, Value>, Refusal> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Refusal::Invalid("the settings cannot be written as JSON".to_owned())),
    }
}

/// Puts what a patch names into its place, if it is of the kind that stands there. What is no setting is told which is
/// nearest.
pub(super) fn merge(
    path: &str,
    settings: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    defaults: &Map<String, Value>,
) -> Result<(), Refusal> {
    for (name, sent) in patch {
        let Some(default) = defaults.get(name) else {
            let known: Vec<String> = defaults.keys().map(|name| format!("{path}{name}")).collect();
            return Err(unknown("setting", &format!("{path}{name}"), known.iter().map(String::as_str)));
        };
        let fits = match (default, sent) {
            (_, Value::Null) => {
                settings.insert(name.clone(), default.clone());
                continue;
            }
            (Value::Object(defaults), Value::Object(patch)) => {
                if let Some(Value::Object(inner)) = settings.get_mut(name) {
                    merge(&format!("{path}{name}."), inner, patch, defaults)?;
                }
                continue;
            }
            // what is a number has no default
            (Value::Null, _) => sent.is_i64(),
            _ => json::type_name(default) == json::type_name(sent),
        };
        if !fits {
            let expected =
                if default.is_null() { "a whole number or null" } else { json::type_name(default) };
            let found = json::type_name(sent);
            return Err(Refusal::Invalid(format!("{path}{name}: expected {expected}, found {found}")));
        }
        settings.insert(name.clone(), sent.clone());
    }
    Ok(())
}

/// What the organization decides for all its teams (W-120): each switch, when on, takes one setting out of their hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Enforcement {
    /// Every team is hidden from those who are not in it.
    pub hidden: bool,
    /// Every new project is private.
    pub private_projects: bool,
    /// Nobody but admins invites.
    pub admins_invite: bool,
    /// No report is shared with the public.
    pub no_public_reports: bool,
    /// Code is not saved by default.
    pub no_code_saving: bool,
}

/// What a team decides for itself (W-119), unless the organization does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct TeamSettings {
    /// The team is hidden from those who are not in it.
    pub hidden: bool,
    /// New projects are private, without a choice.
    pub private_projects: bool,
    /// Any member may invite (W-118).
    pub members_invite: bool,
    /// Reports in private projects are not shared with the public.
    pub no_public_reports: bool,
    /// Code is saved by default.
    pub code_saving: bool,
}

impl TeamSettings {
    /// What holds in the end. What a team decided stays stored, and holds again when it is no longer enforced.
    pub const fn effective(self, enforced: Enforcement) -> Self {
        Self {
            hidden: self.hidden || enforced.hidden,
            private_projects: self.private_projects || enforced.private_projects,
            members_invite: self.members_invite && !enforced.admins_invite,
            no_public_reports: self.no_public_reports || enforced.no_public_reports,
            code_saving: self.code_saving && !enforced.no_code_saving,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_enforced_holds_and_what_was_decided_is_not_lost() {
        let own = TeamSettings { members_invite: true, code_saving: true, ..TeamSettings::default() };
        let enforced = Enforcement { hidden: true, admins_invite: true, ..Enforcement::default() };

        let effective = own.effective(enforced);

        assert_eq!(effective, TeamSettings { hidden: true, code_saving: true, ..TeamSettings::default() });
        assert_eq!(own.effective(Enforcement::default()), own);
    }
}
