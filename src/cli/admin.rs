//! `roster admin`: what works when nothing else does.

use super::{control::Ask, users::person, within::Within};
use crate::service::{Context, Error, first_admin, passwords, people, second_factors};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct AdminCommand {
    #[command(subcommand)]
    ask: AdminAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked when an admin is needed.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum AdminAsk {
    /// Make somebody an active admin, reactivated if need be
    Grant {
        /// Id, user name, handle or e-mail address
        login: String,
    },
    /// Give somebody a temporary password, shown once, to be changed at sign-in
    ResetPassword {
        /// Id, user name, handle or e-mail address
        login: String,
    },
    /// Print a link that makes the first admin of an organization that has none
    FirstLink,
    /// Take somebody's second factor away, who lost it
    ResetSecondFactor {
        /// Id, user name, handle or e-mail address
        login: String,
    },
}

impl AdminCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        let flag = within.flag();
        let asked = within.tell(Ask::Admin(ask.clone()), |found| match &ask {
            AdminAsk::Grant { login } => format!("{login} is an active admin now\n\n{}", person(found)),
            AdminAsk::ResetPassword { login } => format!(
                "{}\n\nThis is the temporary password of {login}, shown this once; another is asked for at sign-in.",
                found.get("password").and_then(Value::as_str).unwrap_or_default()
            ),
            AdminAsk::FirstLink => format!(
                "{}\n\nWhoever opens this link becomes the first admin; it works for a day.",
                found.get("link").and_then(Value::as_str).unwrap_or_default()
            ),
            AdminAsk::ResetSecondFactor { login } => {
                format!("{login} signs in with the password alone now, and can add another second factor")
            }
        });
        asked.map_err(|error| match error.to_string() {
            told if told.starts_with("there is no user") => {
                anyhow!("{told}; `roster user create NAME --role admin{flag}` makes somebody who is an admin")
            }
            _ => error,
        })
    }
}

impl AdminAsk {
    /// Does what is asked.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::Grant { login } => {
                json!(people::grant_admin(cx, &people::find(cx, login).await?).await?)
            }
            Self::ResetPassword { login } => {
                let id = people::find(cx, login).await?;
                let password = passwords::reset(cx, &id).await?;
                json!({"id": id, "password": password.expose_secret()})
            }
            Self::FirstLink => {
                let link = first_admin::link(cx).await?;
                let link = link.ok_or_else(|| {
                    anyhow!("there is an admin already; `roster admin grant LOGIN` makes somebody one, too")
                })?;
                json!({"link": link.expose_secret()})
            }
            Self::ResetSecondFactor { login } => {
                let id = people::find(cx, login).await?;
                second_factors::remove(cx, &id).await.map_err(|error| match error {
                    Error::NotFound("second factor") => anyhow!("{login} has no second factor"),
                    other => other.into(),
                })?;
                json!({"id": id, "secondFactor": false})
            }
        })
    }
}
