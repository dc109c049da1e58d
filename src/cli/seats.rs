//! `roster seats`.

use super::{control::Ask, shown::cell, within::Within};
use crate::{
    scim::version::Precondition,
    service::{Context, people, settings},
};
use anyhow::bail;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::NOTHING};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct SeatsCommand {
    #[command(subcommand)]
    ask: Option<SeatsAsk>,
    #[command(flatten)]
    within: Within,
}

/// What is asked about seats.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum SeatsAsk {
    /// Show how many seats are taken and how many there are; so does `roster seats` alone
    Show,
    /// Say how many seats there are
    Set {
        /// Full seats: a number, or unlimited
        #[arg(long, value_name = "N", value_parser = total)]
        full: Option<Total>,
        /// Seats that only read: a number, or unlimited
        #[arg(long, value_name = "N", value_parser = total)]
        viewer: Option<Total>,
    },
}

/// How many seats there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Total {
    Unlimited,
    Of(i64),
}

fn total(text: &str) -> Result<Total, String> {
    match text.parse() {
        Ok(n @ 0..) => Ok(Total::Of(n)),
        _ if text == "unlimited" => Ok(Total::Unlimited),
        _ => Err(format!("expected a number from 0 on, or unlimited, found {text}")),
    }
}

impl SeatsCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let ask = self.ask.unwrap_or(SeatsAsk::Show);
        if let SeatsAsk::Set { full: None, viewer: None } = ask {
            bail!("expected --full or --viewer, found neither; nothing is changed");
        }
        let flag = self.within.flag();
        self.within.tell(Ask::Seats(ask), |found| words(found, &flag))
    }
}

impl SeatsAsk {
    /// Does what is asked; hands back the seats as they are then.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        if let Self::Set { full, viewer } = self {
            let mut license = Map::new();
            for (name, total) in [("full", full), ("viewer", viewer)] {
                let value = total.map(|total| match total {
                    Total::Unlimited => Value::Null,
                    Total::Of(n) => n.into(),
                });
                license.extend(value.map(|value| (name.to_owned(), value)));
            }
            let patch = Map::from_iter([("license".to_owned(), license.into())]);
            settings::change(cx, patch, Precondition::default()).await?;
        }
        Ok(json!(people::seats(cx).await?))
    }
}

fn words(found: &Value, flag: &str) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["SEATS", "TAKEN", "OF"]);
    for kind in ["full", "viewer"] {
        let part = |name: &str| found.get(kind).and_then(|seats| seats.get(name));
        let total = part("total").filter(|total| !total.is_null());
        let total = total.map_or("unlimited".to_owned(), |total| cell(Some(total)));
        table.add_row([kind.to_owned(), cell(part("used")), total]);
    }
    let advice = match found.get("admins").and_then(Value::as_i64).unwrap_or_default() {
        0 => format!("There is no active admin; `roster admin grant LOGIN{flag}` makes one."),
        1 => format!(
            "There is one active admin, and nobody to help when they are away; `roster user change USER --role \
             admin{flag}` makes another."
        ),
        n => format!("There are {n} active admins."),
    };
    format!("{table}\n\n{advice}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_a_number_or_unlimited() {
        assert_eq!((total("0"), total("unlimited")), (Ok(Total::Of(0)), Ok(Total::Unlimited)));
        for text in ["", "-1", "many", "1.5"] {
            assert!(total(text).is_err(), "{text}");
        }
    }
}
