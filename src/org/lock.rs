//! Settings that the environment decides: no admin changes them, and whoever looks sees why.

use super::{refusal::Refusal, settings::Settings};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A setting by its path, such as `license.full`, and a name that W&B has for it in the environment. Where the name says
/// the opposite, what it says is turned round.
const ALIASES: [(&str, &str, Sense); 9] = [
    ("ssoProvisioning", "DISABLE_SSO_PROVISIONING", Sense::Opposite),
    ("ssoProvisioning", "GORILLA_DISABLE_SSO_PROVISIONING", Sense::Opposite),
    ("sessionHours", "SESSION_LENGTH", Sense::Same),
    ("sessionHours", "GORILLA_SESSION_LENGTH", Sense::Same),
    ("scimMail", "SCIM_SEND_INVITES", Sense::Same),
    ("userTeamCreation", "GORILLA_ALLOW_USER_TEAM_CREATION", Sense::Same),
    ("adminTeamAccess", "GORILLA_DISABLE_ADMIN_TEAM_ACCESS", Sense::Opposite),
    ("teamServiceAccountCreation", "GORILLA_DISABLE_TEAM_SERVICE_ACCOUNT_CREATION", Sense::Opposite),
    ("personalProjects", "GORILLA_DISABLE_PERSONAL_ENTITY", Sense::Opposite),
];

/// Whether a name says what its setting says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    Same,
    Opposite,
}

/// What the environment decides of the settings, for every organization of this process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Locks(BTreeMap<String, Lock>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Lock {
    variable: &'static str,
    value: Value,
}

/// Every variable that can lock a setting, with the setting's path.
pub fn variables() -> Vec<(String, &'static str)> {
    names().into_iter().map(|(setting, variable, _)| (setting, variable)).collect()
}

/// The paths of all settings, in their order.
pub fn paths() -> Vec<String> {
    let Ok(Value::Object(all)) = serde_json::to_value(Settings::default()) else { return Vec::new() };
    let mut paths = Vec::new();
    for (name, value) in &all {
        match value {
            Value::Object(group) => paths.extend(group.keys().map(|inner| format!("{name}.{inner}"))),
            _ => paths.push(name.clone()),
        }
    }
    paths
}

/// `license.full` is locked by `ROSTER_LICENSE_FULL`, and some settings by names of W&B's, too.
fn names() -> Vec<(String, &'static str, Sense)> {
    static OWN: std::sync::LazyLock<Vec<(String, String)>> = std::sync::LazyLock::new(|| {
        paths().into_iter().map(|path| (path.clone(), screaming(&path))).collect()
    });
    let own = OWN.iter().map(|(path, variable)| (path.clone(), variable.as_str(), Sense::Same));
    own.chain(ALIASES.map(|(path, variable, sense)| (path.to_owned(), variable, sense))).collect()
}

fn screaming(path: &str) -> String {
    let mut name = "ROSTER_".to_owned();
    for letter in path.chars() {
        match letter {
            '.' => name.push('_'),
            upper if upper.is_ascii_uppercase() => name.extend(['_', upper]),
            lower => name.push(lower.to_ascii_uppercase()),
        }
    }
    name
}

impl Locks {
    /// Reads the locks off the environment, as `variable` tells of it: everything that is wrong there, or none of it.
    pub fn read(variable: impl Fn(&str) -> Result<Option<String>, String>) -> Result<Self, Vec<String>> {
        let (mut locks, mut mistakes) = (BTreeMap::new(), Vec::new());
        for (path, name, sense) in names() {
            let value = match variable(name).and_then(|text| text.map(|text| read(&path, &text)).transpose())
            {
                Ok(None) => continue,
                Ok(Some(Value::Bool(says))) => Value::Bool(says == (sense == Sense::Same)),
                Ok(Some(value)) => value,
                Err(wrong) => {
                    mistakes.push(format!("{name}: {wrong}"));
                    continue;
                }
            };
            match locks.get(&path) {
                Some(Lock { variable, value: other }) if *other != value => {
                    mistakes
                        .push(format!("{variable} and {name} contradict each other; one of them is enough"));
                }
                Some(_) => {}
                None => {
                    locks.insert(path, Lock { variable: name, value });
                }
            }
        }
        let locks = Self(locks);
        match (mistakes.is_empty(), locks.checked(&Settings::default())) {
            (false, _) => Err(mistakes),
            (true, Err(refusal)) => Err(vec![format!("a setting of the environment is wrong: {refusal}")]),
            (true, Ok(_)) => Ok(locks),
        }
    }

    /// The same with one setting more, whatever was said of it elsewhere.
    #[must_use]
    pub fn with(mut self, path: &str, variable: &'static str, value: Value) -> Self {
        self.0.insert(path.to_owned(), Lock { variable, value });
        self
    }

    /// The settings as they hold: what is locked, and for the rest what admins decided.
    pub fn over(&self, settings: Settings) -> Settings {
        if self.0.is_empty() {
            return settings;
        }
        // checked when the locks were read
        self.checked(&settings).unwrap_or(settings)
    }

    fn checked(&self, settings: &Settings) -> Result<Settings, Refusal> {
        let mut patch = Map::new();
        for (path, lock) in &self.0 {
            match path.split_once('.') {
                None => drop(patch.insert(path.clone(), lock.value.clone())),
                Some((group, name)) => {
                    let group = patch.entry(group).or_insert_with(|| Value::Object(Map::new()));
                    if let Value::Object(group) = group {
                        group.insert(name.to_owned(), lock.value.clone());
                    }
                }
            }
        }
        settings.patched(&patch)
    }

    /// Refuses a patch that would change what is locked: it would look as if it did something.
    pub fn check(&self, patch: &Map<String, Value>) -> Result<(), Refusal> {
        for (path, lock) in &self.0 {
            let asked = match path.split_once('.') {
                None => patch.get(path),
                Some((group, name)) => match patch.get(group) {
                    Some(Value::Object(group)) => group.get(name),
                    whole => whole,
                },
            };
            if asked.is_some_and(|asked| *asked != lock.value) {
                return Err(Refusal::Conflict(format!(
                    "{path}: the environment of the server decides it ({}); it is {}",
                    lock.variable, lock.value
                )));
            }
        }
        Ok(())
    }

    /// What is locked, by path, and the variable that does it.
    pub fn shown(&self) -> BTreeMap<String, &'static str> {
        self.0.iter().map(|(path, lock)| (path.clone(), lock.variable)).collect()
    }
}

/// What a variable says of a setting.
fn read(path: &str, text: &str) -> Result<Value, String> {
    let defaults = serde_json::to_value(Settings::default()).unwrap_or_default();
    let default = defaults.pointer(&format!("/{}", path.replace('.', "/")));
    match default {
        Some(Value::Bool(_)) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Ok(Value::Bool(true)),
            "false" | "0" | "no" => Ok(Value::Bool(false)),
            _ => Err(format!("expected true or false (1, 0, yes, no), found {text}")),
        },
        Some(Value::Null) if text.trim() == "unlimited" => Ok(Value::Null),
        Some(Value::Null) => {
            text.trim().parse().map_err(|_| format!("expected a whole number or unlimited, found {text}"))
        }
        // `720h`, as W&B's charts write it (W-105)
        Some(Value::Number(_)) if path.ends_with("Hours") => {
            let hours = text.trim();
            let hours = hours.strip_suffix('h').unwrap_or(hours);
            hours.parse().map_err(|_| format!("expected a number of hours such as 720 or 720h, found {text}"))
        }
        Some(Value::Number(_)) => {
            text.trim().parse().map_err(|_| format!("expected a whole number, found {text}"))
        }
        _ => Ok(text.trim().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn locks(variables: &[(&str, &str)]) -> Result<Locks, Vec<String>> {
        Locks::read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn every_setting_can_be_locked_by_a_name_of_its_own() {
        let own: Vec<&str> = variables().into_iter().map(|(_, variable)| variable).collect();

        assert!(own.len() > paths().len());
        assert!(
            ["ROSTER_LICENSE_FULL", "ROSTER_KEY_CREATION", "ROSTER_ENFORCED_ADMINS_INVITE"]
                .iter()
                .all(|name| own.contains(name))
        );
    }

    #[test]
    fn what_is_locked_holds_over_what_was_decided_and_cannot_be_changed() {
        let locks = locks(&[("DISABLE_SSO_PROVISIONING", "yes"), ("ROSTER_LICENSE_FULL", "25")]).unwrap();
        let decided = Settings { key_creation: false, ..Settings::default() };

        let holds = locks.over(decided);

        assert_eq!(
            (holds.sso_provisioning, holds.license.full, holds.key_creation),
            (false, Some(25), false)
        );
        let patch = |patch: Value| locks.check(patch.as_object().unwrap());
        assert_eq!(patch(json!({"keyCreation": true, "ssoProvisioning": false})), Ok(()));
        for refused in
            [json!({"ssoProvisioning": true}), json!({"license": {"full": 30}}), json!({"license": null})]
        {
            assert!(matches!(patch(refused), Err(Refusal::Conflict(_))));
        }
        assert_eq!(locks.shown().get("license.full"), Some(&"ROSTER_LICENSE_FULL"));
    }

    #[test]
    fn hours_are_said_as_charts_say_them() {
        for said in ["720", "720h", " 720h "] {
            assert_eq!(
                locks(&[("GORILLA_SESSION_LENGTH", said)]).unwrap().over(Settings::default()).session_hours,
                720
            );
        }
        assert!(locks(&[("SESSION_LENGTH", "30d")]).is_err());
        assert!(locks(&[("SESSION_LENGTH", "0")]).is_err());
    }

    #[test]
    fn every_mistake_is_told_by_the_name_of_its_variable() {
        let wrong = locks(&[
            ("GORILLA_DISABLE_PERSONAL_ENTITY", "perhaps"),
            ("ROSTER_LICENSE_VIEWER", "many"),
            ("ROSTER_SSO_PROVISIONING", "true"),
            ("DISABLE_SSO_PROVISIONING", "true"),
        ]);

        let wrong = wrong.unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(
            wrong.iter().any(|it| it.starts_with("GORILLA_DISABLE_PERSONAL_ENTITY: expected true or false"))
        );
        assert!(locks(&[("ROSTER_LICENSE_FULL", "-3")]).is_err());
        assert!(
            locks(&[("ROSTER_SCIM_GROUP_DELETE", "keep")]).unwrap_err()[0]
                .contains("forbid, archive, delete")
        );
    }
}
