//! `roster request`.

use super::{
    control::Ask,
    shown::{Part, cell, list, sheet, table},
    within::Within,
};
use crate::{
    http::scim,
    org::{journal::moment, request::Outcome},
    service::{
        Context, Error,
        requests::{self, Wanted},
    },
};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct RequestCommand {
    #[command(subcommand)]
    ask: RequestAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about requests over SCIM.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum RequestAsk {
    /// List what identity providers asked and what they heard, newest first
    List {
        #[command(flatten)]
        these: These,
        #[command(flatten)]
        part: Part,
    },
    /// Show a request, its body, and what it did
    Show {
        /// The request's id, which its answer had in X-Request-Id
        id: String,
    },
    /// Tell what would come of a request now; nothing changes
    Replay {
        /// The request's id
        id: String,
    },
}

/// Which requests are listed.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(super) struct These {
    /// Those of a connection, by its name or id; api is whoever shows a key
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// Those that read, changed or were refused
    #[arg(long)]
    outcome: Option<Outcome>,
    /// Those of a time and later, such as 2026-02-03T08:00:00Z or 2026-02-03
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Those before a time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Those about the user, group or role of this id
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Those whose path or query holds this text
    #[arg(long, value_name = "TEXT")]
    path: Option<String>,
}

impl These {
    fn wanted(&self) -> Result<Wanted, Error> {
        let since = self.since.as_deref().map(|time| moment("since", time)).transpose()?;
        let until = self.until.as_deref().map(|time| moment("until", time)).transpose()?;
        Ok(Wanted {
            connection: self.connection.clone(),
            outcome: self.outcome,
            since,
            until,
            resource: self.resource.clone(),
            path: self.path.clone(),
        })
    }
}

impl RequestCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        within.tell(Ask::Request(ask.clone()), |found| ask.words(found))
    }
}

impl RequestAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List { these, part } => {
                json!(requests::list(cx, these.wanted()?, part.slice()?).await?)
            }
            Self::Show { id } => json!(known(id, requests::read(cx, id).await)?),
            Self::Replay { id } => json!(known(id, scim::replay(cx, id).await)?),
        })
    }

    fn words(&self, found: &Value) -> String {
        match self {
            Self::List { .. } => {
                let columns = [
                    ("AT", "/at"),
                    ("CONNECTION", "/connectionName"),
                    ("METHOD", "/method"),
                    ("PATH", "/path"),
                    ("STATUS", "/status"),
                    ("OUTCOME", "/outcome"),
                    ("RULES", "/rules"),
                    ("BECAUSE", "/detail"),
                    ("ID", "/id"),
                ];
                list(found, &columns, "no requests over SCIM are remembered")
            }
            Self::Show { .. } => shown(found),
            Self::Replay { .. } => {
                let parts = [
                    ("status", "/status"),
                    ("rules", "/rules"),
                    ("left out", "/leftOut"),
                    ("because", "/body/detail"),
                ];
                format!("{}{}\n\nNothing was changed.", sheet(found, &parts), told(found, "it would do"))
            }
        }
    }
}

/// What was found by a request's id, or where to look for the ids.
fn known<T>(id: &str, found: Result<T, Error>) -> anyhow::Result<T> {
    found.map_err(|error| match error {
        Error::NotFound("request") => {
            anyhow!("no request {id} is remembered; `roster request list` shows those that are, for 14 days")
        }
        other => other.into(),
    })
}

fn shown(found: &Value) -> String {
    let parts = [
        ("id", "/id"),
        ("at", "/at"),
        ("took (µs)", "/took"),
        ("connection", "/connectionName"),
        ("by", "/actor"),
        ("method", "/method"),
        ("path", "/path"),
        ("status", "/status"),
        ("outcome", "/outcome"),
        ("scimType", "/scimType"),
        ("because", "/detail"),
        ("rules", "/rules"),
        ("about", "/resourceName"),
        ("its id", "/resource"),
        ("body (bytes)", "/bodyBytes"),
    ];
    let body = match found.get("body") {
        None | Some(Value::Null) => String::new(),
        Some(body) => format!("\n\n{}", serde_json::to_string_pretty(body).unwrap_or_default()),
    };
    format!("{}{body}{}", sheet(found, &parts), told(found, "it did"))
}

/// What a request did, or would do.
fn told(found: &Value, did: &str) -> String {
    let affected = found.get("affected").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if affected.is_empty() {
        return String::new();
    }
    let columns = [("WHAT", "/kind"), ("NAME", "/name"), ("ID", "/resource")];
    format!("\n\nWhat {}:\n{}", cell(Some(&json!(did))), table(affected, &columns))
}
