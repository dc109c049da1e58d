//! `roster setting`.

use super::{control::Ask, within::Within};
use crate::{
    scim::version::Precondition,
    service::{Context, settings},
};
use anyhow::bail;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::NOTHING};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct SettingCommand {
    #[command(subcommand)]
    ask: SettingAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about settings.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum SettingAsk {
    /// Show what admins decided, what each setting means, and what the server's environment decides
    List,
    /// Change settings: all of what is named, or nothing
    Set {
        /// Names as `roster setting list` shows them, each with true, false, a number, a word, or default
        #[arg(value_names = ["SETTING", "VALUE"], num_args = 2.., required = true)]
        pairs: Vec<String>,
    },
}

impl SettingCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        if let SettingAsk::Set { pairs } = &ask {
            patch(pairs)?;
        }
        within.tell(Ask::Setting(ask), words)
    }
}

impl SettingAsk {
    /// Does what is asked; hands back the settings as they hold then.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        let (settings, _) = match self {
            Self::List => settings::get(cx).await?,
            Self::Set { pairs } => settings::change(cx, patch(pairs)?, Precondition::default()).await?,
        };
        let mut shown = json!(settings);
        if let Value::Object(shown) = &mut shown {
            shown.insert("locked".to_owned(), json!(cx.app.locks.shown()));
        }
        Ok(shown)
    }
}

/// What each setting means.
const SETTINGS: [(&str, &str); 25] = [
    ("license.full", "how many full seats there are; none is unlimited"),
    ("license.viewer", "how many seats that only read there are; none is unlimited"),
    ("seatOverflow", "when seats are used up, somebody new is refused (refuse) or has no seat (none)"),
    ("ssoProvisioning", "whoever signs in by single sign-on and is not known becomes a member"),
    ("passwordSignIn", "people sign in with a password that is kept here"),
    ("sessionHours", "for how many hours somebody who signed in stays so at most"),
    ("sessionIdleHours", "after how many hours without a request a session ends"),
    ("invitations", "people can be invited"),
    ("inviteDays", "for how many days an invite can be accepted"),
    ("scimMail", "people who are made over SCIM get mail that says so"),
    (
        "scimGroupDelete",
        "a DELETE of a group is refused (forbid), archives the team (archive) or removes it (delete)",
    ),
    ("mailFrom", "the address that mail comes from; none is the server's"),
    ("userTeamCreation", "members create teams, too"),
    ("adminTeamAccess", "admins may add themselves to teams"),
    ("teamServiceAccountCreation", "teams may have new service accounts"),
    ("keyCreation", "people and service accounts of teams get new keys"),
    ("viewerKeys", "those who only read may hold keys that only read"),
    ("keyProfile", "how SCIM requests with a key are answered: standard, strict, strict-interop, wandb"),
    ("personalProjects", "people may have projects outside of teams"),
    ("eventRetentionDays", "how many days events are kept; none is for ever"),
    ("enforced.hidden", "every team is hidden from those who are not in it"),
    ("enforced.privateProjects", "every new project is private"),
    ("enforced.adminsInvite", "nobody but admins invites into teams"),
    ("enforced.noPublicReports", "no report is shared with the public"),
    ("enforced.noCodeSaving", "code is not saved by default"),
];

fn words(found: &Value) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["SETTING", "VALUE", "LOCKED BY", "WHAT IT MEANS"]);
    for (name, meaning) in SETTINGS {
        let value = match found.pointer(&pointer(name)) {
            None | Some(Value::Null) => "none".to_owned(),
            Some(Value::String(word)) if word.is_empty() => "none".to_owned(),
            Some(Value::String(word)) => word.clone(),
            Some(other) => other.to_string(),
        };
        let locked = found.get("locked").and_then(|locked| locked.get(name)?.as_str()).unwrap_or_default();
        table.add_row([name, &value, locked, meaning]);
    }
    table.to_string()
}

fn pointer(name: &str) -> String {
    format!("/{}", name.replace('.', "/"))
}

/// Pairs of a name and a value as the patch that the settings take.
fn patch(pairs: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut patch = Map::new();
    for pair in pairs.chunks(2) {
        let [name, word] = pair else {
            bail!("expected a value behind {}; nothing is changed", pair.concat());
        };
        let value = match word.as_str() {
            "default" | "none" if name != "seatOverflow" => Value::Null,
            "default" => Value::Null,
            word => serde_json::from_str(word).unwrap_or_else(|_| word.into()),
        };
        let twice = match name.split_once('.') {
            None => patch.insert(name.clone(), value).is_some(),
            Some((group, name)) => {
                let group = patch.entry(group).or_insert_with(|| Value::Object(Map::new()));
                match group {
                    Value::Object(group) => group.insert(name.to_owned(), value).is_some(),
                    _ => true,
                }
            }
        };
        if twice {
            bail!("{name} stands there twice; nothing is changed");
        }
    }
    Ok(patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::lock::paths;

    #[test]
    fn every_setting_has_a_meaning() {
        assert_eq!(paths(), SETTINGS.map(|(name, _)| name));
    }

    #[test]
    fn pairs_become_a_patch() {
        let pairs = |words: &[&str]| patch(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());

        let read =
            pairs(&["enforced.hidden", "true", "license.full", "none", "seatOverflow", "none"]).unwrap();
        let wanted = json!({"enforced": {"hidden": true}, "license": {"full": null}, "seatOverflow": "none"});
        assert_eq!(json!(read), wanted);
        for wrong in [&["keyCreation"][..], &["keyCreation", "true", "keyCreation", "false"]] {
            assert!(pairs(wrong).is_err(), "{wrong:?}");
        }
    }
}
