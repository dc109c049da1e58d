//! `roster connection` and `roster token`.

use super::{
    control::{Ask, Reply, ShownConnection, ask},
    say,
};
use crate::{
    config::{DatabaseSetting, Mistakes},
    org::organization::FIRST,
    scim::Quirk,
};
use anyhow::bail;
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::NOTHING};
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub(super) enum ConnectionCommand {
    /// Make a connection for an identity provider
    Create {
        /// A name for it, such as okta
        name: String,
        /// How its requests are read: standard (forgiving), strict (RFC to the letter) or strict-interop (strict, and
        /// as the interoperability profile wants it)
        #[arg(long, default_value = "standard", value_parser = ["standard", "strict", "strict-interop"])]
        profile: String,
        #[command(flatten)]
        common: Within,
    },
    /// Change how a connection's requests are read, from the next one on
    Change {
        /// The connection's name
        name: String,
        /// How its requests are read: standard (forgiving), strict (RFC to the letter) or strict-interop (strict, and
        /// as the interoperability profile wants it)
        #[arg(long, value_parser = ["standard", "strict", "strict-interop"])]
        profile: Option<String>,
        /// Attributes that no filter in a URL may name, with commas between them; `.search` takes them
        #[arg(long, value_name = "PATHS", value_delimiter = ',')]
        sensitive: Option<Vec<String>>,
        #[command(flatten)]
        common: Within,
    },
    /// List connections, their tokens, and the leniencies they needed
    List {
        #[command(flatten)]
        common: Within,
    },
    /// Revoke a connection; its tokens stop working at once
    Revoke {
        /// The connection's name
        name: String,
        #[command(flatten)]
        common: Within,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token for a connection; it is shown once
    Create {
        /// The connection's name
        connection: String,
        /// How long it works, such as 90d, 12h or 30m; without this it does not end
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        expires_in: Option<i64>,
        /// It reads and changes nothing
        #[arg(long)]
        read_only: bool,
        #[command(flatten)]
        common: Within,
    },
    /// Revoke a token; it stops working at once
    Revoke {
        /// The token's id, as `roster connection list` shows it
        id: String,
        #[command(flatten)]
        common: Within,
    },
}

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
            (true, Reply::Connections(found)) => say(&serde_json::to_string_pretty(found)?),
            (true, Reply::Organizations(found)) => say(&serde_json::to_string_pretty(found)?),
            (true, Reply::Schemas(found)) => say(&serde_json::to_string_pretty(found)?),
            (true, Reply::Shown(found)) => say(&serde_json::to_string_pretty(found)?),
            (true, Reply::Events { events, next, .. }) => {
                say(&serde_json::to_string_pretty(&json!({"items": events, "next": next}))?)
            }
            (true, Reply::Walked(walked)) => say(&serde_json::to_string_pretty(walked)?),
            (true, Reply::Progress { .. } | Reply::Done) => say("{}"),
            (true, Reply::Token(token)) => say(&serde_json::to_string_pretty(token)?),
            (true, Reply::Revoked { declared }) => {
                say(&json!({"revoked": true, "declared": declared}).to_string())
            }
            (false, _) => say(&words()),
        }
    }
}

impl ConnectionCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { name, profile, common } => {
                let reply = common.ask(Ask::CreateConnection { name: name.clone(), profile })?;
                common.print(&reply, || {
                    let within = common.flag();
                    format!("made the connection {name:?}; `roster token create {name:?}{within}` makes a token for it")
                })
            }
            Self::Change { name, profile, sensitive, common } => {
                if profile.is_none() && sensitive.is_none() {
                    bail!("expected --profile or --sensitive, found neither; nothing is changed");
                }
                // an empty list takes all away
                let sensitive =
                    sensitive.map(|paths| paths.into_iter().filter(|path| !path.is_empty()).collect());
                let reply = common.ask(Ask::ChangeConnection { name: name.clone(), profile, sensitive })?;
                common.print(&reply, || format!("changed the connection {name:?}"))
            }
            Self::List { common } => {
                let reply = common.ask(Ask::ListConnections)?;
                common.print(&reply, || match &reply {
                    Reply::Connections(found) if !found.is_empty() => table(found),
                    _ => "no connections yet; `roster connection create NAME` makes one".to_owned(),
                })
            }
            Self::Revoke { name, common } => {
                let reply = common.ask(Ask::RevokeConnection { name: name.clone() })?;
                let words =
                    format!("revoked the connection {name:?} and all its tokens{}", declared_note(&reply));
                common.print(&reply, || words.clone())
            }
        }
    }
}

impl TokenCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { connection, expires_in, read_only, common } => {
                let ask =
                    Ask::CreateToken { connection: connection.clone(), lifetime: expires_in, read_only };
                let reply = common.ask(ask)?;
                common.print(&reply, || match &reply {
                    Reply::Token(made) => format!(
                        "{}\n\nThis is the token of {connection}, shown this once. Its id is {}; it works {}.",
                        made.token.as_deref().unwrap_or_default(),
                        made.id,
                        made.expires_at.as_ref().map_or("until it is revoked".to_owned(), |end| format!("until {end}"))
                    ),
                    _ => String::new(),
                })
            }
            Self::Revoke { id, common } => {
                let reply = common.ask(Ask::RevokeToken { id: id.clone() })?;
                let words = format!("revoked the token {id}{}", declared_note(&reply));
                common.print(&reply, || words.clone())
            }
        }
    }
}

fn table(found: &[ShownConnection]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header([
        "CONNECTION",
        "PROFILE",
        "TOKEN",
        "FROM",
        "SCOPES",
        "EXPIRES",
        "LAST USED",
    ]);
    for connection in found {
        let (name, profile) = (connection.name.as_str(), connection.profile.as_str());
        if connection.tokens.is_empty() {
            table.add_row([name, profile, "none", "", "", "", ""]);
        }
        for token in &connection.tokens {
            let expires = token.expires_at.as_deref().unwrap_or("never");
            let used = token.last_used_at.as_deref().unwrap_or("never");
            table.add_row([name, profile, &token.id, &token.origin, &token.scopes, expires, used]);
        }
    }
    let mut told = table.to_string();
    for connection in found.iter().filter(|connection| !connection.leniencies.is_empty()) {
        told.push_str(&format!("\n\n{} needed these leniencies:\n", connection.name));
        let mut table = Table::new();
        table.load_style(NOTHING).set_header(["RULE", "WHAT IS TOLERATED", "REQUESTS", "LAST"]);
        for leniency in &connection.leniencies {
            let meaning = Quirk::ALL.iter().find(|(rule, _)| *rule == leniency.rule);
            let meaning = meaning.map_or("", |(_, meaning)| meaning.trim());
            table.add_row([&leniency.rule, meaning, &leniency.uses.to_string(), &leniency.last_used_at]);
        }
        told.push_str(&table.to_string());
    }
    told
}

/// What an operator must know who revoked a token that the environment declares.
fn declared_note(reply: &Reply) -> &'static str {
    match reply {
        Reply::Revoked { declared: true } => {
            "\nROSTER_SCIM_TOKEN declares it: it works again at the next start unless it is taken out there"
        }
        _ => "",
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
