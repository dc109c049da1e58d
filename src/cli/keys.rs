//! `roster key`.

use super::{
    control::Ask,
    shown::{Part, list},
    within::{Within, lifetime},
};
use crate::{
    org::{
        key::{Scope, Scopes},
        refusal::Refusal,
    },
    service::{
        Context, Error,
        keys::{self, NewKey, Whose},
        people, service_accounts,
    },
};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct KeyCommand {
    #[command(subcommand)]
    ask: KeyAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about keys. Their owner is a person or a service account.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum KeyAsk {
    /// List the keys, never what they are
    List {
        /// Only those of a person or service account: id, name, handle or e-mail address
        #[arg(long)]
        owner: Option<String>,
        #[command(flatten)]
        part: Part,
    },
    /// Make a key; it is shown once
    Create {
        /// The person or service account it speaks for: id, name, handle or e-mail address
        owner: String,
        /// What to call it
        #[arg(long)]
        name: String,
        /// What it may be used for: read, write, scim, audit:read or decisions; without this, all its owner may do
        #[arg(long)]
        scope: Vec<Scope>,
        /// How long it works, such as 90d, 12h or 30m; without this it does not end
        #[arg(long, value_name = "TIME", value_parser = lifetime)]
        expires_in: Option<i64>,
    },
    /// Revoke a key; it stops working at once
    Revoke {
        /// The key's id, as `roster key list` shows it
        id: String,
    },
}

impl KeyCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        let flag = within.flag();
        within.tell(Ask::Key(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl KeyAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List { owner, part } => {
                let whose = match owner {
                    None => Whose::All,
                    Some(owner) => Whose::Owner(find_owner(cx, owner).await?),
                };
                json!(keys::list(cx, whose, part.slice()?).await?)
            }
            Self::Create { owner, name, scope, expires_in } => {
                let scopes = if scope.is_empty() { Scopes::ALL } else { Scopes::only(scope)? };
                let new = NewKey {
                    owner: find_owner(cx, owner).await?,
                    name: name.clone(),
                    scopes,
                    expires_at: expires_in.map(|lifetime| cx.now + lifetime),
                };
                let made = keys::create(cx, new).await?.it;
                let mut shown = json!(made.key);
                if let (Value::Object(shown), Some(secret)) = (&mut shown, &made.secret) {
                    shown.insert("secret".to_owned(), secret.expose_secret().into());
                }
                shown
            }
            Self::Revoke { id } => {
                let revoked = keys::revoke(cx, id).await;
                revoked.map_err(|error| match error {
                    Error::NotFound(_) => anyhow!("there is no key {id}; `roster key list` shows their ids"),
                    other => other.into(),
                })?;
                json!({"id": id, "revoked": true})
            }
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        let part = |name: &str| found.get(name).and_then(Value::as_str);
        match self {
            Self::List { .. } => {
                let columns = [
                    ("KEY", "/name"),
                    ("OWNER", "/owner"),
                    ("SCOPES", "/scopes"),
                    ("EXPIRES", "/expiresAt"),
                    ("LAST USED", "/lastUsedAt"),
                    ("ID", "/id"),
                ];
                list(
                    found,
                    &columns,
                    &format!("no keys; `roster key create OWNER --name NAME{flag}` makes one"),
                )
            }
            Self::Create { owner, .. } => format!(
                "{}\n\nThis is the key of {owner}, shown this once. Its id is {}; it works {}.",
                part("secret").unwrap_or_default(),
                part("id").unwrap_or_default(),
                part("expiresAt").map_or("until it is revoked".to_owned(), |end| format!("until {end}"))
            ),
            Self::Revoke { id } => format!("revoked the key {id}"),
        }
    }
}

/// The id of the person or else the service account of that name.
async fn find_owner(cx: &Arc<Context>, name: &str) -> anyhow::Result<String> {
    match people::find(cx, name).await {
        Err(Error::Rule(nobody @ Refusal::Unknown(_))) => match service_accounts::find(cx, name).await {
            Err(Error::Rule(Refusal::Unknown(told))) => Err(anyhow!("{nobody}; {told}")),
            found => Ok(found?.id),
        },
        found => Ok(found?),
    }
}
