//! `roster organization`.

use super::{
    connections::{Common, Within},
    control::{Ask, Reply, ShownOrganization},
    shown::sheet,
};
use anyhow::bail;
use clap::Subcommand;
use comfy_table::{Table, presets::NOTHING};
use serde_json::{Map, Value};

#[derive(Debug, Subcommand)]
pub(super) enum OrganizationCommand {
    /// Make an organization, out of reach of all others
    Create {
        /// What it is called in addresses and commands, such as acme
        slug: String,
        /// What people call it; without this, the slug
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// List the organizations
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Show an organization
    Show {
        #[command(flatten)]
        within: Within,
    },
    /// Show what admins decided, and what each switch means
    Settings {
        #[command(flatten)]
        within: Within,
    },
    /// Change settings: all of what is named, or nothing
    Set {
        /// Names as `roster organization settings` shows them, each with true, false, a number, a word, or default
        #[arg(value_names = ["SETTING", "VALUE"], num_args = 2.., required = true)]
        pairs: Vec<String>,
        #[command(flatten)]
        within: Within,
    },
}

impl OrganizationCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { slug, name, common } => {
                let name = name.unwrap_or_else(|| slug.clone());
                let reply = common.ask_server(Ask::CreateOrganization { slug: slug.clone(), name })?;
                common.print(&reply, || {
                    format!(
                        "made the organization {slug}; `roster connection create NAME --organization {slug}` makes a \
                         connection into it"
                    )
                })
            }
            Self::List { common } => {
                let reply = common.ask_server(Ask::ListOrganizations)?;
                common.print(&reply, || match &reply {
                    Reply::Organizations(found) if !found.is_empty() => table(found),
                    _ => "no organization yet; `roster serve` makes the first".to_owned(),
                })
            }
            Self::Show { within } => within.tell(Ask::ShowOrganization, |found| {
                let parts =
                    [("ORGANIZATION", "/slug"), ("NAME", "/name"), ("MADE", "/createdAt"), ("ID", "/id")];
                sheet(found, &parts)
            }),
            Self::Settings { within } => within.tell(Ask::ShowSettings, settings),
            Self::Set { pairs, within } => within.tell(Ask::ChangeSettings(patch(&pairs)?), settings),
        }
    }
}

/// What each setting means.
const SETTINGS: [(&str, &str); 15] = [
    ("license.full", "how many full seats there are; none is unlimited"),
    ("license.viewer", "how many seats that only read there are; none is unlimited"),
    ("seatOverflow", "when seats are used up, somebody new is refused (refuse) or has no seat (none)"),
    ("userTeamCreation", "members create teams, too"),
    ("adminTeamAccess", "admins may add themselves to teams"),
    ("teamServiceAccountCreation", "teams may have new service accounts"),
    ("keyCreation", "people and service accounts of teams get new keys"),
    ("viewerKeys", "those who only read may hold keys that only read"),
    ("personalProjects", "people may have projects outside of teams"),
    ("eventRetentionDays", "how many days events are kept; none is for ever"),
    ("enforced.hidden", "every team is hidden from those who are not in it"),
    ("enforced.privateProjects", "every new project is private"),
    ("enforced.adminsInvite", "nobody but admins invites into teams"),
    ("enforced.noPublicReports", "no report is shared with the public"),
    ("enforced.noCodeSaving", "code is not saved by default"),
];

fn settings(found: &Value) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["SETTING", "VALUE", "WHAT IT MEANS"]);
    for (name, meaning) in SETTINGS {
        let value = match found.pointer(&pointer(name)) {
            None | Some(Value::Null) => "none".to_owned(),
            Some(Value::String(word)) => word.clone(),
            Some(other) => other.to_string(),
        };
        table.add_row([name, &value, meaning]);
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

fn table(found: &[ShownOrganization]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["ORGANIZATION", "NAME", "MADE"]);
    for organization in found {
        table.add_row([&organization.slug, &organization.name, &organization.created_at]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::settings::Settings;
    use serde_json::json;

    #[test]
    fn every_setting_has_a_meaning() {
        let all = json!(Settings::default());
        let mut names = Vec::new();
        for (name, value) in all.as_object().unwrap() {
            match value {
                Value::Object(group) => names.extend(group.keys().map(|inner| format!("{name}.{inner}"))),
                _ => names.push(name.clone()),
            }
        }

        assert_eq!(names, SETTINGS.map(|(name, _)| name));
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
