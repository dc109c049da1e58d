//! `roster issuer`.

use super::{control::Ask, shown::list, within::Within};
use crate::service::{
    Context, Error,
    issuers::{self, NewIssuer},
};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct IssuerCommand {
    #[command(subcommand)]
    ask: IssuerAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about issuers.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum IssuerAsk {
    /// List whose tokens machines exchange at /oidc/token
    List,
    /// Take an issuer's tokens
    Create {
        /// The issuer's address, as `iss` has it
        issuer: String,
        /// For whom its tokens must be; may be repeated. The organization's slug or wandb without it
        #[arg(long, value_name = "AUDIENCE")]
        audience: Vec<String>,
        /// The connection that its tokens speak for over SCIM, as they are; without it they are exchanged
        #[arg(long, requires = "client")]
        connection: Option<String>,
        /// Whose tokens those are, by sub, azp, appid or client_id; may be repeated
        #[arg(long, requires = "connection")]
        client: Vec<String>,
    },
    /// Take an issuer's tokens no more, and end what was given for them
    Remove {
        /// The issuer's id
        id: String,
    },
}

impl IssuerCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        let flag = within.flag();
        within.tell(Ask::Issuer(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl IssuerAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List => json!({"items": issuers::list(cx).await?, "next": null}),
            Self::Create { issuer, audience, connection, client } => {
                let new = NewIssuer {
                    issuer: issuer.clone(),
                    audiences: audience.clone(),
                    connection: connection.clone(),
                    clients: client.clone(),
                };
                json!(issuers::create(cx, new).await?.it)
            }
            Self::Remove { id } => {
                issuers::remove(cx, id).await.map_err(|error| match error {
                    Error::NotFound(_) => {
                        anyhow!("there is no issuer {id}; `roster issuer list` shows their ids")
                    }
                    other => other.into(),
                })?;
                json!({"id": id, "removed": true})
            }
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        match self {
            Self::List => {
                let columns = [("ISSUER", "/issuer"), ("AUDIENCES", "/audiences"), ("ID", "/id")];
                list(
                    found,
                    &columns,
                    &format!("no issuers; `roster issuer create https://…{flag}` takes one's tokens"),
                )
            }
            Self::Create { issuer, connection: Some(connection), .. } => {
                format!("tokens of {issuer} speak for the connection {connection} over SCIM")
            }
            Self::Create { issuer, .. } => {
                format!("tokens of {issuer} are taken at /oidc/token")
            }
            Self::Remove { id } => format!("removed the issuer {id} and ended what was given for its tokens"),
        }
    }
}
