//! `roster session`.

use super::{control::Ask, shown::list, within::Within};
use crate::service::{Context, Error, people, sessions};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct SessionCommand {
    #[command(subcommand)]
    ask: SessionAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about sessions.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum SessionAsk {
    /// List where somebody is signed in
    List {
        /// Id, user name, handle or e-mail address
        login: String,
    },
    /// End a session; its browser is asked to sign in with its next click
    End {
        /// The session's id
        id: String,
    },
}

impl SessionCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        within.tell(Ask::Session(ask.clone()), |found| ask.words(found))
    }
}

impl SessionAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List { login } => {
                let id = people::find(cx, login).await?;
                json!({"items": sessions::list(cx, Some(&id)).await?})
            }
            Self::End { id } => {
                sessions::end(cx, id).await.map_err(|error| match error {
                    Error::NotFound(_) => {
                        anyhow!("there is no session {id}; `roster session list LOGIN` shows their ids")
                    }
                    other => other.into(),
                })?;
                json!({"id": id, "ended": true})
            }
        })
    }

    fn words(&self, found: &Value) -> String {
        match self {
            Self::List { login } => {
                let columns = [
                    ("BROWSER", "/agent"),
                    ("ADDRESS", "/address"),
                    ("WAY", "/way"),
                    ("SINCE", "/createdAt"),
                    ("LAST USED", "/lastSeenAt"),
                    ("ID", "/id"),
                ];
                list(found, &columns, &format!("{login} is signed in nowhere"))
            }
            Self::End { id } => format!("ended the session {id}"),
        }
    }
}
