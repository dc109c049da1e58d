//! What commands show: pages and tables of what the service hands back.

use crate::service::{Result, page::Slice};
use anyhow::bail;
use clap::Args;
use comfy_table::{Table, presets::NOTHING};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which part of a list is shown.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(super) struct Part {
    /// How many to list, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Go on where another list ended, as it says
    #[arg(long)]
    cursor: Option<String>,
}

impl Part {
    pub(super) fn slice(&self) -> Result<Slice> {
        Ok(Slice::parse(Some(&self.limit.to_string()), self.cursor.as_deref())?)
    }
}

/// A list in words: a table, and how to see the rest; or what to do where there is nothing.
pub(super) fn list(found: &Value, columns: &[(&str, &str)], empty: &str) -> String {
    let items = found.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return empty.to_owned();
    }
    match found.get("next").and_then(Value::as_str) {
        Some(next) => format!("{}\n\nThere are more: --cursor {next}", table(items, columns)),
        None => table(items, columns),
    }
}

/// A table with these columns, each with a heading and a JSON pointer into a row.
pub(super) fn table(rows: &[Value], columns: &[(&str, &str)]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(columns.iter().map(|(heading, _)| *heading));
    for row in rows {
        table.add_row(columns.iter().map(|(_, pointer)| cell(row.pointer(pointer))));
    }
    table.to_string()
}

/// One thing, a line for each of these parts.
pub(super) fn sheet(thing: &Value, parts: &[(&str, &str)]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    for (heading, pointer) in parts {
        table.add_row([(*heading).to_owned(), cell(thing.pointer(pointer))]);
    }
    table.to_string()
}

/// A value in words, without characters that a terminal obeys.
pub(super) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::String(text)) => text.chars().filter(|letter| !letter.is_control()).collect(),
        Some(Value::Array(list)) if list.is_empty() => "-".to_owned(),
        Some(Value::Array(list)) => list.iter().map(|value| cell(Some(value))).collect::<Vec<_>>().join(", "),
        Some(other) => other.to_string(),
    }
}

/// What cannot be undone is done when it is meant.
pub(super) fn confirm(yes: bool, what: &str) -> anyhow::Result<()> {
    match yes {
        true => Ok(()),
        false => bail!("this would {what}; with --yes it is done, and nothing is changed now"),
    }
}
