//! What commands about a database and an organization take, and how they tell what they found.

use super::{
    control::{Ask, Reply, ask},
    say,
};
use crate::{
    config::{DatabaseSetting, Mistakes},
    org::organization::FIRST,
};
use clap::Args;
use serde_json::{Value, json};

#[derive(Debug, Args)]
pub(super) struct Common {
    #[command(flatten)]
    database: DatabaseSetting,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

/// What a command about an organization takes.
#[derive(Debug, Args)]
pub(super) struct Within {
    #[command(flatten)]
    common: Common,
    /// The organization's slug
    #[arg(long, global = true, env = "ROSTER_ORGANIZATION", value_name = "SLUG", default_value = FIRST)]
    organization: String,
}

impl Within {
    /// How further commands name the organization; nothing for the first.
    pub(super) fn flag(&self) -> String {
        if self.organization == FIRST {
            String::new()
        } else {
            format!(" --organization {}", self.organization)
        }
    }

    pub(super) fn ask(&self, request: Ask) -> anyhow::Result<Reply> {
        ask(&self.common.database.read().map_err(Mistakes::from)?, &self.organization, request)
    }

    pub(super) fn print(&self, reply: &Reply, words: impl Fn() -> String) -> anyhow::Result<()> {
        self.common.print(reply, words)
    }

    /// Asks, and prints what is shown, as JSON or as `words` puts it.
    pub(super) fn tell(&self, request: Ask, words: impl Fn(&Value) -> String) -> anyhow::Result<()> {
        let reply = self.ask(request)?;
        self.print(&reply, || match &reply {
            Reply::Shown(found) => words(found),
            _ => String::new(),
        })
    }
}

impl Common {
    /// Asks the first organization, for what concerns the whole server.
    pub(super) fn ask_server(&self, request: Ask) -> anyhow::Result<Reply> {
        ask(&self.database.read().map_err(Mistakes::from)?, FIRST, request)
    }

    /// Prints the reply as JSON, or as `words` puts it.
    pub(super) fn print(&self, reply: &Reply, words: impl Fn() -> String) -> anyhow::Result<()> {
        match (self.json, reply) {
            (true, Reply::Organizations(found)) => say(&serde_json::to_string_pretty(found)?),
            (true, Reply::Schemas(found)) => say(&serde_json::to_string_pretty(found)?),
            (true, Reply::Shown(found)) => say(&serde_json::to_string_pretty(found)?),
            (true, Reply::Events { events, next, .. }) => {
                say(&serde_json::to_string_pretty(&json!({"items": events, "next": next}))?)
            }
            (true, Reply::Walked(walked)) => say(&serde_json::to_string_pretty(walked)?),
            (true, Reply::People(_) | Reply::Imported(_) | Reply::Progress { .. } | Reply::Done) => say("{}"),
            (false, _) => say(&words()),
        }
    }
}

/// A duration such as `90d` in microseconds.
pub(super) fn lifetime(text: &str) -> Result<i64, String> {
    let wrong = || format!("expected a time such as 90d, 12h or 30m, found {text}");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds: i64 = match unit {
        "d" => 86_400,
        "h" => 3_600,
        "m" => 60,
        _ => return Err(wrong()),
    };
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let micros = number.checked_mul(seconds).and_then(|seconds| seconds.checked_mul(1_000_000));
    let longest = 36_500 * 86_400 * 1_000_000;
    match micros.filter(|micros| *micros > 0) {
        Some(micros) if micros <= longest => Ok(micros),
        Some(_) => Err(format!("expected at most 36500d, found {text}")),
        None => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_have_a_unit() {
        assert_eq!(lifetime("2h"), Ok(7_200_000_000));
        for text in ["", "2", "h", "-1d", "0m", "99999999999999d", "36501d", "2w", "1é"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }
}
