//! `roster connection` and `roster token`.

use super::{
    control::Ask,
    shown::{Part, cell, list, sheet},
    within::{Within, lifetime},
};
use crate::{
    org::connection::{Adoption, Mail, Origin, Scopes},
    scim::{Profile, Quirk, version::Precondition},
    service::{
        Context, Error, adoptions,
        connections::{self, Change},
        health, people,
    },
};
use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::NOTHING};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const PROFILES: [&str; 4] = ["standard", "strict", "strict-interop", "wandb"];

#[derive(Debug, Args)]
pub(super) struct ConnectionCommand {
    #[command(subcommand)]
    ask: ConnectionAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about connections.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum ConnectionAsk {
    /// Make a connection for an identity provider
    Create {
        /// A name for it, such as okta
        name: String,
        /// How its requests are read: standard (forgiving), strict (RFC to the letter), strict-interop (strict, and as
        /// the interoperability profile wants it) or wandb (forgiving, and answered in the shapes of W&B)
        #[arg(long, default_value = "standard", value_parser = PROFILES)]
        profile: String,
    },
    /// Change how a connection's requests are read and what it may do, from the next one on
    Change {
        /// The connection's name or id
        name: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Put off every request of a connection: its identity provider is told to come again
    Pause {
        /// The connection's name or id
        name: String,
    },
    /// Serve a connection again that was paused
    Resume {
        /// The connection's name or id
        name: String,
    },
    /// List connections, their tokens, and the leniencies they needed
    List,
    /// Show a connection and what it may do
    Show {
        /// The connection's name or id
        name: String,
    },
    /// Tell how connections fare: how often they ask and are refused, whether they are late, which tokens end soon
    Health,
    /// List the people whom connections want to change and did not make
    Adoptions {
        #[command(flatten)]
        part: Part,
    },
    /// Give a person to a connection that did not make them, or refuse it
    Adopt {
        /// The connection's name or id
        name: String,
        /// The person: id, user name, handle or e-mail address
        user: String,
        /// Refuse it
        #[arg(long)]
        refuse: bool,
    },
    /// Revoke a connection; its tokens stop working at once
    Revoke {
        /// The connection's name or id
        name: String,
    },
}

/// What is changed of a connection; what is not named stays.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
pub(super) struct Changes {
    /// How its requests are read: standard (forgiving), strict (RFC to the letter), strict-interop (strict, and as the
    /// interoperability profile wants it) or wandb (forgiving, and answered in the shapes of W&B)
    #[arg(long, value_parser = PROFILES)]
    profile: Option<String>,
    /// Attributes that no filter in a URL may name, with commas between them; `.search` takes them
    #[arg(long, value_name = "PATHS", value_delimiter = ',')]
    sensitive: Option<Vec<String>>,
    /// Whether it only reads
    #[arg(long, value_name = "BOOL")]
    read_only: Option<bool>,
    /// Whether it may create users
    #[arg(long, value_name = "BOOL")]
    create: Option<bool>,
    /// Whether it may change users
    #[arg(long, value_name = "BOOL")]
    update: Option<bool>,
    /// Whether it may deactivate users
    #[arg(long, value_name = "BOOL")]
    deactivate: Option<bool>,
    /// Whether it may delete users
    #[arg(long, value_name = "BOOL")]
    delete: Option<bool>,
    /// Whether it may create, change and delete groups
    #[arg(long, value_name = "BOOL")]
    groups: Option<bool>,
    /// What happens when it first changes a person whom it did not make: link, queue (an admin decides) or refuse
    #[arg(long, value_name = "RULE")]
    adoption: Option<Adoption>,
    /// Whether people it makes get mail that says so: organization (as the setting scimMail says), send or skip
    #[arg(long, value_name = "RULE")]
    mail: Option<Mail>,
    /// After how many minutes without a request something is wrong; 0 is never
    #[arg(long, value_name = "MINUTES")]
    expected_cycle: Option<i64>,
}

impl Changes {
    fn change(&self) -> anyhow::Result<Change> {
        let profile: Option<Profile> =
            self.profile.as_deref().map(str::parse).transpose().map_err(anyhow::Error::msg)?;
        // an empty list takes all away
        let sensitive = self.sensitive.clone();
        let sensitive = sensitive.map(|paths| paths.into_iter().filter(|path| !path.is_empty()).collect());
        let cycle =
            self.expected_cycle.map(|minutes| if minutes == 0 { Value::Null } else { minutes.into() });
        let named = [
            ("readOnly", self.read_only.map(Value::from)),
            ("create", self.create.map(Value::from)),
            ("update", self.update.map(Value::from)),
            ("deactivate", self.deactivate.map(Value::from)),
            ("delete", self.delete.map(Value::from)),
            ("groups", self.groups.map(Value::from)),
            ("adoption", self.adoption.map(|rule| json!(rule))),
            ("mail", self.mail.map(|rule| json!(rule))),
            ("expectedCycle", cycle),
        ];
        let switches: Map<String, Value> =
            named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        if profile.is_none() && sensitive.is_none() && switches.is_empty() {
            bail!("expected something to change, such as --profile or --deactivate, found nothing");
        }
        Ok(Change { profile, sensitive, switches })
    }
}

impl ConnectionCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        if let ConnectionAsk::Change { changes, .. } = &ask {
            changes.change()?;
        }
        let flag = within.flag();
        within.tell(Ask::Connection(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl ConnectionAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        let pause = |paused: bool| Change {
            switches: Map::from_iter([("paused".to_owned(), paused.into())]),
            ..Change::default()
        };
        Ok(match self {
            Self::Create { name, profile } => {
                let profile = profile.parse().map_err(anyhow::Error::msg)?;
                json!(connections::create(cx, name, profile).await?.it)
            }
            Self::Change { name, changes } => {
                json!(known(name, connections::change(cx, name, changes.change()?, any()).await)?)
            }
            Self::Pause { name } => {
                json!(known(name, connections::change(cx, name, pause(true), any()).await)?)
            }
            Self::Resume { name } => {
                json!(known(name, connections::change(cx, name, pause(false), any()).await)?)
            }
            Self::List => json!(connections::list(cx).await?),
            Self::Show { name } => json!(known(name, connections::read(cx, name).await)?),
            Self::Health => json!({"items": health::health(cx).await?, "next": null}),
            Self::Adoptions { part } => json!(adoptions::list(cx, part.slice()?).await?),
            Self::Adopt { name, user, refuse } => {
                let id = people::find(cx, user).await?;
                let done = match refuse {
                    false => adoptions::approve(cx, name, &id).await,
                    true => adoptions::refuse(cx, name, &id).await,
                };
                done?;
                json!({"connection": name, "user": id, "approved": !refuse})
            }
            Self::Revoke { name } => {
                json!({"revoked": true, "declared": known(name, connections::revoke(cx, name).await)?})
            }
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        match self {
            Self::Create { name, .. } => {
                format!(
                    "made the connection {name:?}; `roster token create {name:?}{flag}` makes a token for it"
                )
            }
            Self::Change { name, .. } => format!("changed the connection {name:?}"),
            Self::Pause { name } => format!(
                "paused the connection {name:?}; its requests are put off until `roster connection resume {name:?}{flag}`"
            ),
            Self::Resume { name } => format!("the connection {name:?} is served again"),
            Self::List => match found.as_array() {
                Some(found) if !found.is_empty() => table(found),
                _ => format!("no connections yet; `roster connection create NAME{flag}` makes one"),
            },
            Self::Show { .. } => shown(found),
            Self::Health => {
                let columns = [
                    ("CONNECTION", "/name"),
                    ("LAST", "/lastRequestAt"),
                    ("LATE", "/isLate"),
                    ("HOUR", "/hour/requests"),
                    ("REFUSED", "/hour/refused"),
                    ("DAY", "/day/requests"),
                    ("REFUSED", "/day/refused"),
                    ("LAST REFUSAL", "/lastRefusal/detail"),
                    ("TOKENS END", "/endingTokens/0/expiresAt"),
                ];
                list(found, &columns, "no connections yet")
            }
            Self::Adoptions { .. } => {
                let columns = [
                    ("CONNECTION", "/connectionName"),
                    ("WANTS", "/userName"),
                    ("STATE", "/state"),
                    ("SINCE", "/askedAt"),
                    ("ID", "/user"),
                ];
                list(found, &columns, "no connection waits for anybody")
            }
            Self::Adopt { name, user, refuse: false } => {
                format!("{user} is {name}'s; the next time it changes them, it may")
            }
            Self::Adopt { name, user, refuse: true } => format!("refused {user} to {name}"),
            Self::Revoke { name } => {
                format!("revoked the connection {name:?} and all its tokens{}", declared_note(found))
            }
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct TokenCommand {
    #[command(subcommand)]
    ask: TokenAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about tokens.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum TokenAsk {
    /// Make a token for a connection; it is shown once
    Create {
        /// The connection's name or id
        connection: String,
        /// How long it works, such as 90d, 12h or 30m; without this it does not end
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        expires_in: Option<i64>,
        /// It reads and changes nothing
        #[arg(long)]
        read_only: bool,
    },
    /// Revoke a token; it stops working at once
    Revoke {
        /// The token's id, as `roster connection list` shows it
        id: String,
    },
}

impl TokenCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        within.tell(Ask::Token(ask.clone()), |found| ask.words(found))
    }
}

impl TokenAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::Create { connection, expires_in, read_only } => {
                let scopes = if *read_only { Scopes::READ } else { Scopes::ALL };
                let made = connections::create_token(cx, connection, *expires_in, scopes).await;
                let made = known(connection, made)?.it;
                let mut shown = json!(made.token);
                if let (Value::Object(shown), Some(secret)) = (&mut shown, &made.secret) {
                    shown.insert("token".to_owned(), secret.expose_secret().into());
                }
                shown
            }
            Self::Revoke { id } => {
                let origin = connections::revoke_token(cx, id).await.map_err(|error| match error {
                    Error::NotFound(_) => {
                        anyhow!("there is no token {id}; `roster connection list` shows their ids")
                    }
                    other => other.into(),
                })?;
                json!({"revoked": true, "declared": origin == Origin::Declared})
            }
        })
    }

    fn words(&self, found: &Value) -> String {
        let part = |name: &str| found.get(name).and_then(Value::as_str);
        match self {
            Self::Create { connection, .. } => format!(
                "{}\n\nThis is the token of {connection}, shown this once. Its id is {}; it works {}.",
                part("token").unwrap_or_default(),
                part("id").unwrap_or_default(),
                part("expiresAt").map_or("until it is revoked".to_owned(), |end| format!("until {end}"))
            ),
            Self::Revoke { id } => format!("revoked the token {id}{}", declared_note(found)),
        }
    }
}

/// Commands change what they find.
fn any() -> Precondition {
    Precondition::default()
}

/// What was found by a connection's name, or where to look for the names.
fn known<T>(name: &str, found: Result<T, Error>) -> anyhow::Result<T> {
    found.map_err(|error| match error {
        Error::NotFound(_) => anyhow!("there is no connection {name:?}; `roster connection list` shows them"),
        other => other.into(),
    })
}

fn table(found: &[Value]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header([
        "CONNECTION",
        "PROFILE",
        "STATE",
        "TOKEN",
        "FROM",
        "SCOPES",
        "EXPIRES",
        "LAST USED",
    ]);
    for connection in found {
        let part = |name: &str| cell(connection.get(name));
        let tokens = connection.get("tokens").and_then(Value::as_array).into_iter().flatten();
        let mut rows: Vec<[String; 5]> = tokens
            .map(|token| {
                let never =
                    |name: &str| token.get(name).and_then(Value::as_str).unwrap_or("never").to_owned();
                [never("id"), never("origin"), never("scopes"), never("expiresAt"), never("lastUsedAt")]
            })
            .collect();
        if rows.is_empty() {
            rows.push(["none".to_owned(), String::new(), String::new(), String::new(), String::new()]);
        }
        for [id, from, scopes, expires, used] in rows {
            table.add_row([
                part("name"),
                part("profile"),
                state(connection).to_owned(),
                id,
                from,
                scopes,
                expires,
                used,
            ]);
        }
    }
    let told: Vec<String> = found.iter().filter_map(leniencies).collect();
    [vec![table.to_string()], told].concat().join("\n\n")
}

/// How a connection fares, in a word.
fn state(connection: &Value) -> &'static str {
    let is = |pointer: &str| connection.pointer(pointer) == Some(&Value::Bool(true));
    match (is("/switches/paused"), is("/isLate"), is("/switches/readOnly")) {
        (true, _, _) => "paused",
        (_, true, _) => "late",
        (_, _, true) => "read only",
        _ => "on",
    }
}

fn leniencies(connection: &Value) -> Option<String> {
    let needed = connection.get("leniencies")?.as_array().filter(|needed| !needed.is_empty())?;
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["RULE", "WHAT IS TOLERATED", "REQUESTS", "LAST"]);
    for leniency in needed {
        let rule = cell(leniency.get("rule"));
        let meaning = Quirk::ALL.iter().find(|(number, _)| *number == rule);
        let meaning = meaning.map_or("", |(_, meaning)| meaning.trim()).to_owned();
        table.add_row([rule, meaning, cell(leniency.get("uses")), cell(leniency.get("lastUsedAt"))]);
    }
    Some(format!("{} needed these leniencies:\n{table}", cell(connection.get("name"))))
}

fn shown(connection: &Value) -> String {
    let parts = [
        ("CONNECTION", "/name"),
        ("PROFILE", "/profile"),
        ("PAUSED", "/switches/paused"),
        ("READ ONLY", "/switches/readOnly"),
        ("CREATES", "/switches/create"),
        ("CHANGES", "/switches/update"),
        ("DEACTIVATES", "/switches/deactivate"),
        ("DELETES", "/switches/delete"),
        ("GROUPS", "/switches/groups"),
        ("ADOPTION", "/switches/adoption"),
        ("MAIL", "/switches/mail"),
        ("CYCLE", "/switches/expectedCycle"),
        ("LATE", "/isLate"),
        ("LAST USED", "/lastUsedAt"),
        ("MADE", "/createdAt"),
        ("ID", "/id"),
    ];
    let sheet = sheet(connection, &parts);
    leniencies(connection).map_or_else(|| sheet.clone(), |told| format!("{sheet}\n\n{told}"))
}

/// What an operator must know who revoked a token that the environment declares.
fn declared_note(found: &Value) -> &'static str {
    match found.get("declared") {
        Some(Value::Bool(true)) => {
            "\nROSTER_SCIM_TOKEN declares it: it works again at the next start unless it is taken out there"
        }
        _ => "",
    }
}
