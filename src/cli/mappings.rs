//! `roster mapping`.

use super::{
    control::Ask,
    shown::{confirm, list},
    within::Within,
};
use crate::{
    org::role::OrganizationRole,
    service::{
        Context, Error, mapping_previews,
        mappings::{self, NewMapping},
    },
};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct MappingCommand {
    #[command(subcommand)]
    ask: MappingAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about mappings.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum MappingAsk {
    /// List which groups and claims give which roles
    List,
    /// Give a role to everybody in a group, or to whoever signs in with a claim
    Create {
        /// The group's id or name
        #[arg(long, required_unless_present = "claim", conflicts_with = "claim")]
        group: Option<String>,
        /// A claim, as NAME=VALUE
        #[arg(long, value_name = "NAME=VALUE")]
        claim: Option<String>,
        /// The role in the organization that they get: admin, member or viewer
        #[arg(long, required_unless_present = "team", conflicts_with = "team")]
        role: Option<OrganizationRole>,
        /// The team that they get into, as NAME or NAME=ROLE
        #[arg(long, value_name = "TEAM")]
        team: Option<String>,
        /// Tell whom it would change, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove a mapping and take away what it gave
    Remove {
        /// The mapping's id
        id: String,
        /// Tell whom it would change, and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

impl MappingCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        if let MappingAsk::Remove { id, dry_run: false, yes } = &ask {
            confirm(*yes, &format!("take away what the mapping {id} gave; --dry-run tells from whom"))?;
        }
        let flag = within.flag();
        within.tell(Ask::Mapping(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl MappingAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List => json!({"items": mappings::list(cx).await?, "next": null}),
            Self::Create { group, claim, role, team, dry_run } => {
                let claim = claim.as_ref().map(|claim| {
                    claim
                        .split_once('=')
                        .ok_or_else(|| anyhow!("--claim: expected NAME=VALUE, found {claim}"))
                });
                let claim = claim.transpose()?;
                let team = team.as_ref().map(|team| match team.rsplit_once('=') {
                    Some((team, role)) => (team.to_owned(), Some(role.to_owned())),
                    None => (team.clone(), None),
                });
                let new = NewMapping {
                    group: group.clone(),
                    claim: claim.map(|(name, _)| name.to_owned()),
                    value: claim.map(|(_, value)| value.to_owned()),
                    organization_role: *role,
                    role: team.as_ref().and_then(|(_, role)| role.clone()),
                    team: team.map(|(team, _)| team),
                };
                match dry_run {
                    true => json!(mapping_previews::rehearse_creation(cx, new).await?),
                    false => json!(mappings::create(cx, new).await?.it),
                }
            }
            Self::Remove { id, dry_run: true, .. } => {
                json!(known(id, mapping_previews::rehearse_removal(cx, id).await)?)
            }
            Self::Remove { id, .. } => {
                known(id, mappings::remove(cx, id).await)?;
                json!({"id": id, "removed": true})
            }
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        match self {
            Self::List => {
                let columns = [
                    ("GROUP", "/group/name"),
                    ("CLAIM", "/claim/name"),
                    ("VALUE", "/claim/value"),
                    ("ORGANIZATION ROLE", "/organizationRole"),
                    ("TEAM", "/team/name"),
                    ("ROLE", "/role"),
                    ("ID", "/id"),
                ];
                let how = format!(
                    "no mappings; `roster mapping create --group GROUP --team TEAM=ROLE{flag}` makes one"
                );
                list(found, &columns, &how)
            }
            Self::Create { dry_run: true, .. } | Self::Remove { dry_run: true, .. } => {
                let n = found.get("affected").and_then(Value::as_u64).unwrap_or_default();
                let columns =
                    [("WHO", "/userName"), ("BEFORE", "/before"), ("AFTER", "/after"), ("ID", "/user")];
                let people = json!({"items": found.get("people"), "next": null});
                let table = list(&people, &columns, "it would change nobody");
                if n == 0 { table } else { format!("it would change {n}:\n\n{table}") }
            }
            Self::Create { .. } => {
                let id = found.get("id").and_then(Value::as_str).unwrap_or_default();
                format!("made the mapping {id}; what it gives is given")
            }
            Self::Remove { id, .. } => format!("removed the mapping {id} and what it gave"),
        }
    }
}

fn known<T>(id: &str, found: Result<T, Error>) -> anyhow::Result<T> {
    found.map_err(|error| match error {
        Error::NotFound(_) => anyhow!("there is no mapping {id}; `roster mapping list` shows their ids"),
        other => other.into(),
    })
}
