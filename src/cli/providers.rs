//! `roster provider`.

use super::{
    control::Ask,
    shown::{confirm, list, sheet},
    within::Within,
};
use crate::{
    ldap::Directory,
    scim::version::Precondition,
    service::{
        Context, Error,
        identities::{self, LinkDecision},
        people,
        providers::{self, NewProvider, OpenId, Provider, ProviderChange, Settings},
    },
};
use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{fmt, io::Read, sync::Arc};

#[derive(Debug, Args)]
pub(super) struct ProviderCommand {
    #[command(subcommand)]
    ask: ProviderAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about providers. Secrets are read from standard input, which no list of processes shows.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum ProviderAsk {
    /// List where else people sign in
    List,
    /// Show one: what it is, and whom it lets in
    Show {
        /// The provider's name or id
        provider: String,
    },
    /// Let people sign in at an OpenID provider, once it is enabled
    Oidc {
        /// What to call it on the sign-in page
        name: String,
        /// Its address, as its tokens have it in `iss`
        #[arg(long)]
        issuer: String,
        /// What it calls this server
        #[arg(long)]
        client_id: String,
        /// Read the client's secret from standard input; without it the client is a public one
        #[arg(long)]
        secret_stdin: bool,
        /// A scope to ask for beside openid, profile and email; may be repeated
        #[arg(long, value_name = "SCOPE")]
        scope: Vec<String>,
        /// The secret, once it is read
        #[arg(skip)]
        secret: Option<Hidden>,
    },
    /// Let people sign in by a directory, once it is enabled
    Ldap {
        /// What to call it on the sign-in page
        name: String,
        /// Where it is: ldaps://HOST:PORT, or ldap://HOST:PORT with --start-tls
        #[arg(long)]
        address: String,
        /// The entry below which people are
        #[arg(long)]
        base_dn: String,
        /// Turn to TLS before anything is said
        #[arg(long)]
        start_tls: bool,
        /// As whom people are looked for; the password is read from standard input
        #[arg(long)]
        bind_dn: Option<String>,
        /// The password, once it is read
        #[arg(skip)]
        secret: Option<Hidden>,
    },
    /// Change one, by members as the API has them
    Change {
        /// The provider's name or id
        provider: String,
        /// What to change, as JSON, such as {"rules": {"groupSync": true}}
        #[arg(value_name = "JSON")]
        members: String,
    },
    /// Let people sign in by it
    Enable {
        /// The provider's name or id
        provider: String,
    },
    /// Let nobody sign in by it; who is in stays
    Disable {
        /// The provider's name or id
        provider: String,
    },
    /// Ask it as signing in would; nothing changes
    Test {
        /// The provider's name or id
        provider: String,
    },
    /// Remove one, and forget who people are there
    Remove {
        /// The provider's name or id
        provider: String,
        /// Do it without asking again
        #[arg(long)]
        yes: bool,
    },
    /// List who came from somewhere and waits for an admin to say who they are, or was refused
    Waiting,
    /// Say whether somebody who came from there is a user here
    Decide {
        /// The provider's name or id
        provider: String,
        /// Id, user name, handle or e-mail address
        login: String,
        /// link, refuse or unlink
        decision: LinkDecision,
        /// What the provider calls the person, where it says so of several
        #[arg(long)]
        subject: Option<String>,
    },
}

/// A secret on its way to the server, which no failure prints.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Hidden(String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl ProviderCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { mut ask, within } = self;
        match &mut ask {
            ProviderAsk::Oidc { secret_stdin: true, secret, .. }
            | ProviderAsk::Ldap { bind_dn: Some(_), secret, .. } => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                let text = text.trim_end_matches(['\r', '\n']);
                if text.is_empty() {
                    return Err(anyhow!("expected the secret on standard input, found nothing"));
                }
                *secret = Some(Hidden(text.to_owned()));
            }
            ProviderAsk::Remove { provider, yes } => {
                confirm(*yes, &format!("remove {provider} and forget who people are there"))?;
            }
            _ => {}
        }
        let flag = within.flag();
        within.tell(Ask::Provider(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl ProviderAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        let enable = |enabled| ProviderChange { enabled: Some(enabled), ..ProviderChange::default() };
        Ok(match self {
            Self::List => json!({"items": providers::list(cx).await?, "next": null}),
            Self::Show { provider } => json!(named(cx, provider).await?),
            Self::Oidc { name, issuer, client_id, scope, secret, .. } => {
                let oidc = OpenId {
                    issuer: issuer.clone(),
                    client_id: client_id.clone(),
                    scopes: scope.clone(),
                    claims: crate::org::provider::ClaimNames::default(),
                    obeys_prompt: false,
                };
                json!(create(cx, name, (Some(oidc), None), secret).await?)
            }
            Self::Ldap { name, address, base_dn, start_tls, bind_dn, secret } => {
                let directory = Directory {
                    start_tls: *start_tls,
                    bind_dn: bind_dn.clone(),
                    ..Directory::new(address, base_dn)
                };
                json!(create(cx, name, (None, Some(directory)), secret).await?)
            }
            Self::Change { provider, members } => {
                let change: ProviderChange = serde_json::from_str(members)
                    .map_err(|error| anyhow!("expected the members to change as JSON; {error}"))?;
                json!(
                    providers::change(cx, &named(cx, provider).await?.id, change, Precondition::default())
                        .await?
                )
            }
            Self::Enable { provider } => {
                json!(
                    providers::change(
                        cx,
                        &named(cx, provider).await?.id,
                        enable(true),
                        Precondition::default()
                    )
                    .await?
                )
            }
            Self::Disable { provider } => {
                json!(
                    providers::change(
                        cx,
                        &named(cx, provider).await?.id,
                        enable(false),
                        Precondition::default()
                    )
                    .await?
                )
            }
            Self::Test { provider } => json!(providers::test(cx, &named(cx, provider).await?.id).await?),
            Self::Remove { provider, .. } => {
                let found = named(cx, provider).await?;
                providers::remove(cx, &found.id).await?;
                json!({"id": found.id, "removed": true})
            }
            Self::Waiting => json!({"items": identities::list(cx, Some("*")).await?, "next": null}),
            Self::Decide { provider, login, decision, subject } => {
                let (found, person) = (named(cx, provider).await?, people::find(cx, login).await?);
                identities::decide(cx, (&found.id, &person), (subject.as_deref(), *decision)).await.map_err(
                    |error| match error {
                        Error::NotFound("identity") => anyhow!("{login} never came from {provider}"),
                        other => other.into(),
                    },
                )?;
                json!({"provider": found.id, "user": person, "decision": decision})
            }
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        match self {
            Self::List => {
                let columns = [
                    ("NAME", "/name"),
                    ("ENABLED", "/enabled"),
                    ("ISSUER", "/oidc/issuer"),
                    ("DIRECTORY", "/ldap/address"),
                    ("ID", "/id"),
                ];
                list(
                    found,
                    &columns,
                    &format!(
                        "people sign in with passwords alone; `roster provider oidc NAME --issuer https://… --client-id …{flag}` adds a provider"
                    ),
                )
            }
            Self::Oidc { name, .. } | Self::Ldap { name, .. } => format!(
                "{}\n\nNobody signs in by it yet: `roster provider test {name:?}{flag}` asks it{}, and `roster provider enable {name:?}{flag}` lets people in.",
                provider(found),
                match self {
                    Self::Oidc { .. } => format!(
                        ", an admin who opens /oidc/try/{} sees what it says",
                        found.get("id").and_then(Value::as_str).unwrap_or_default()
                    ),
                    _ => String::new(),
                }
            ),
            Self::Waiting => {
                let columns = [
                    ("USER", "/user"),
                    ("PROVIDER", "/provider"),
                    ("STATE", "/state"),
                    ("SUBJECT", "/subject"),
                    ("SINCE", "/createdAt"),
                ];
                list(found, &columns, "nobody waits for an admin to say who they are")
            }
            Self::Test { .. } => sheet(
                found,
                &[
                    ("works", "/works"),
                    ("why not", "/reason"),
                    ("people sign in at", "/authorizationEndpoint"),
                    ("keys", "/keys"),
                    ("encrypted", "/encrypted"),
                    ("people found", "/people"),
                ],
            ),
            Self::Remove { provider, .. } => format!("removed {provider}"),
            Self::Decide { login, decision, .. } => format!("{decision}: {login}"),
            _ => provider(found),
        }
    }
}

async fn create(
    cx: &Arc<Context>,
    name: &str,
    (oidc, ldap): (Option<OpenId>, Option<Directory>),
    secret: &Option<Hidden>,
) -> anyhow::Result<Provider> {
    let settings = Settings { enabled: false, oidc, ldap, rules: crate::org::provider::Rules::default() };
    let new = NewProvider {
        name: name.to_owned(),
        settings,
        secret: secret.as_ref().map(|secret| secret.0.clone()),
    };
    Ok(providers::create(cx, new).await?.it)
}

/// The provider of that name or id.
async fn named(cx: &Arc<Context>, name: &str) -> anyhow::Result<Provider> {
    let all = providers::list(cx).await?;
    let found = all.iter().find(|it| it.id == name || it.name.eq_ignore_ascii_case(name)).cloned();
    let names = all.iter().map(|it| it.name.as_str());
    found.ok_or_else(|| crate::org::refusal::unknown("provider", name, names).into())
}

fn provider(found: &Value) -> String {
    sheet(
        found,
        &[
            ("name", "/name"),
            ("enabled", "/enabled"),
            ("issuer", "/oidc/issuer"),
            ("client id", "/oidc/clientId"),
            ("directory", "/ldap/address"),
            ("base dn", "/ldap/baseDn"),
            ("redirect uri", "/redirectUri"),
            ("secret", "/hasSecret"),
            ("id", "/id"),
        ],
    )
}
