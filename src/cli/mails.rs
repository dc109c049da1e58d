//! `roster mail`.

use super::{
    control::Ask,
    shown::{Part, list},
    within::Within,
};
use crate::service::{Context, mails};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct MailCommand {
    #[command(subcommand)]
    ask: MailAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about mail.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum MailAsk {
    /// List letters and what became of them, never what they say
    List {
        #[command(flatten)]
        part: Part,
    },
    /// Send a test letter, and tell what became of it
    Test {
        /// Where it goes
        to: String,
    },
}

impl MailCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        within.tell(Ask::Mail(ask.clone()), |found| ask.words(found))
    }
}

impl MailAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List { part } => json!(mails::list(cx, part.slice()?).await?),
            Self::Test { to } => json!(mails::test(cx, to).await?),
        })
    }

    fn words(&self, found: &Value) -> String {
        let part = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
        match self {
            Self::List { .. } => {
                let columns = [
                    ("TO", "/recipient"),
                    ("KIND", "/kind"),
                    ("STATE", "/state"),
                    ("TRIED", "/attempts"),
                    ("BECAUSE", "/reason"),
                    ("WRITTEN", "/createdAt"),
                    ("SENT", "/sentAt"),
                ];
                list(found, &columns, "no letters were written yet")
            }
            Self::Test { to } => match found.get("sent") {
                Some(Value::Bool(true)) => format!("{} took a letter to {to}", part("via")),
                _ => format!("{} did not take a letter to {to}: {}", part("via"), part("reason")),
            },
        }
    }
}
