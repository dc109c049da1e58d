//! `roster activity` and `roster system`.

use super::{
    control::Ask,
    shown::{cell, sheet, table},
    within::Within,
};
use crate::org::span::ActivityWindow;
use clap::Args;
use serde_json::Value;

#[derive(Debug, Args)]
pub(super) struct ActivityCommand {
    /// How far back: 30d, 3m, 6m, 12m or all
    #[arg(long, default_value = "3m")]
    window: ActivityWindow,
    #[command(flatten)]
    within: Within,
}

impl ActivityCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.within.tell(Ask::Activity { window: self.window }, bars)
    }
}

/// How wide the longest bar is, in letters.
const WIDEST: i64 = 50;

fn bars(found: &Value) -> String {
    let numbers = found.get("series").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let people = |of: &Value| of.get("people").and_then(Value::as_i64).unwrap_or_default();
    let most = numbers.iter().map(people).max().unwrap_or_default().max(1);
    let lines = numbers.iter().map(|number| {
        // somebody is more than nobody
        let width = (people(number) * WIDEST + most - 1) / most;
        let bar = "\u{2588}".repeat(usize::try_from(width).unwrap_or_default());
        format!("{}  {:>7}  {bar}", cell(number.get("from")), people(number))
    });
    let lines = lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n");
    let unit = cell(found.get("unit"));
    format!("{lines}\n\n{} people in all; a line is a {unit}, of UTC", people(found))
}

#[derive(Debug, Args)]
pub(super) struct SystemCommand {
    #[command(flatten)]
    within: Within,
}

impl SystemCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.within.tell(Ask::System, words)
    }
}

fn words(found: &Value) -> String {
    let parts = [
        ("VERSION", "/version"),
        ("ENGINE", "/engine"),
        ("ITS VERSION", "/engineVersion"),
        ("SCHEMA", "/schemaVersion"),
        ("BYTES", "/databaseBytes"),
        ("URL", "/publicUrl"),
        ("MAIL", "/mail"),
        ("PEOPLE", "/counts/people"),
        ("TEAMS", "/counts/teams"),
        ("SERVICE ACCOUNTS", "/counts/serviceAccounts"),
        ("EVENTS", "/counts/events"),
        ("SESSIONS", "/counts/sessions"),
        ("KEYS", "/counts/keys"),
    ];
    let told = sheet(found, &parts);
    match found.get("processes").and_then(Value::as_array) {
        Some(processes) if !processes.is_empty() => {
            let columns =
                [("SERVES", "/name"), ("VERSION", "/version"), ("SINCE", "/startedAt"), ("SEEN", "/seenAt")];
            format!("{told}\n\n{}", table(processes, &columns))
        }
        _ => format!("{told}\n\nNobody serves it; `roster serve` does."),
    }
}
