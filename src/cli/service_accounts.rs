//! `roster service-account`.

use super::{
    control::Ask,
    shown::{Part, confirm, list},
    within::Within,
};
use crate::{
    org::service_account::Place,
    service::{Context, service_accounts, teams},
};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct ServiceAccountCommand {
    #[command(subcommand)]
    ask: ServiceAccountAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about service accounts.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum ServiceAccountAsk {
    /// List the service accounts of the organization and of its teams
    List {
        /// Only those of a team, by name or id
        #[arg(long)]
        team: Option<String>,
        #[command(flatten)]
        part: Part,
    },
    /// Make a service account
    Create {
        /// The name, unique among people and service accounts
        name: String,
        /// The team it belongs to, by name or id; without this it belongs to the organization
        #[arg(long)]
        team: Option<String>,
        /// The team that is meant when an account of the organization names none, by name or id
        #[arg(long, conflicts_with = "team")]
        default_team: Option<String>,
    },
    /// Remove a service account; its keys end at once
    Remove {
        /// Id, name or handle
        name: String,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
}

impl ServiceAccountCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        if let ServiceAccountAsk::Remove { name, yes } = &ask {
            confirm(*yes, &format!("remove the service account {name} and end its keys"))?;
        }
        let flag = within.flag();
        within.tell(Ask::ServiceAccount(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl ServiceAccountAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List { team, part } => {
                let team = team_id(cx, team.as_deref()).await?;
                json!(service_accounts::list(cx, team, part.slice()?).await?)
            }
            Self::Create { name, team, default_team } => {
                let place = match team_id(cx, team.as_deref()).await? {
                    Some(team) => Place::Team(team),
                    None => Place::Organization { default_team: team_id(cx, default_team.as_deref()).await? },
                };
                json!(service_accounts::create(cx, name, place).await?.it)
            }
            Self::Remove { name, .. } => {
                let id = service_accounts::find(cx, name).await?.id;
                service_accounts::remove(cx, &id).await?;
                json!({"id": id, "removed": true})
            }
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        match self {
            Self::List { .. } => {
                let columns = [
                    ("SERVICE ACCOUNT", "/name"),
                    ("HANDLE", "/handle"),
                    ("TEAM", "/team"),
                    ("DEFAULT TEAM", "/defaultTeam"),
                    ("ID", "/id"),
                ];
                let empty =
                    format!("no service accounts; `roster service-account create NAME{flag}` makes one");
                list(found, &columns, &empty)
            }
            Self::Create { name, .. } => format!(
                "made the service account {name}; `roster key create {name:?} --name NAME{flag}` makes a key for it"
            ),
            Self::Remove { name, .. } => format!("removed the service account {name}; its keys have ended"),
        }
    }
}

async fn team_id(cx: &Arc<Context>, team: Option<&str>) -> anyhow::Result<Option<String>> {
    Ok(match team {
        Some(team) => Some(teams::find(cx, team).await?),
        None => None,
    })
}
