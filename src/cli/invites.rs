//! `roster invite`.

use super::{
    control::Ask,
    shown::{Part, list, sheet},
    within::Within,
};
use crate::{
    org::{role::OrganizationRole, seat::Seat},
    service::{
        Context, Visit,
        invites::{self, Acceptance, Issued, NewInvites, NewPlace},
    },
};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct InviteCommand {
    #[command(subcommand)]
    ask: InviteAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about invites.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum InviteAsk {
    /// Invite people: all of them, or none; the links that let them in are shown once
    Create {
        /// Their e-mail addresses
        #[arg(required = true)]
        emails: Vec<String>,
        /// What they will be in the organization: admin, member or viewer
        #[arg(long, default_value_t = OrganizationRole::Member)]
        role: OrganizationRole,
        /// The seat that is held for each of them: full, viewer or none
        #[arg(long, default_value_t = Seat::Full)]
        seat: Seat,
        /// A team that comes with it, as NAME or NAME=ROLE
        #[arg(long, value_name = "TEAM")]
        team: Vec<String>,
        /// Send no mail
        #[arg(long)]
        no_mail: bool,
    },
    /// List who is or was invited
    List {
        #[command(flatten)]
        part: Part,
    },
    /// Show an invite and what became of it
    Show {
        /// The invite's id
        id: String,
    },
    /// Send an invite again, with another link; the one before leads nowhere then
    Renew {
        /// The invite's id
        id: String,
        /// Send no mail
        #[arg(long)]
        no_mail: bool,
    },
    /// Withdraw an invite
    Cancel {
        /// The invite's id
        id: String,
    },
    /// Accept an invite for somebody, with the token at the end of its link
    Accept {
        /// The token, or the whole link
        token: String,
        /// The name to show
        #[arg(long)]
        name: Option<String>,
    },
}

impl InviteCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        let flag = within.flag();
        within.tell(Ask::Invite(ask.clone()), |found| ask.words(found, &flag))
    }
}

/// An invite as commands show it, with its link.
pub(super) fn shown(issued: Issued) -> Value {
    let mut shown = json!(issued.invite);
    if let (Value::Object(shown), Some(link)) = (&mut shown, issued.link) {
        shown.insert("link".to_owned(), link.expose_secret().into());
    }
    shown
}

impl InviteAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::Create { emails, role, seat, team, no_mail } => {
                let teams = team.iter().map(|named| match named.rsplit_once('=') {
                    Some((team, role)) => NewPlace { team: team.to_owned(), role: Some(role.to_owned()) },
                    None => NewPlace { team: named.clone(), role: None },
                });
                let new = NewInvites {
                    emails: emails.clone(),
                    organization_role: Some(*role),
                    seat: Some(*seat),
                    teams: teams.collect(),
                    mail: !no_mail,
                };
                let made = invites::create(cx, new).await?.it;
                json!({"items": made.into_iter().map(shown).collect::<Vec<_>>(), "next": null})
            }
            Self::List { part } => json!(invites::list(cx, part.slice()?).await?),
            Self::Show { id } => json!(invites::read(cx, id).await?),
            Self::Renew { id, no_mail } => shown(invites::renew(cx, id, !no_mail).await?.it),
            Self::Cancel { id } => {
                invites::cancel(cx, id).await?;
                json!({"id": id, "state": "cancelled"})
            }
            Self::Accept { token, name } => {
                let token = token.rsplit('/').next().unwrap_or_default().to_owned();
                let visit = Visit { request: cx.request.clone(), ..Visit::default() };
                let acceptance = Acceptance { token, display_name: name.clone() };
                json!(invites::accept(&cx.app, visit, acceptance).await?)
            }
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        let part = |name: &str| found.get(name).and_then(Value::as_str).unwrap_or_default();
        match self {
            Self::Create { .. } => {
                let columns =
                    [("INVITED", "/email"), ("MAIL", "/mail/state"), ("LINK, SHOWN THIS ONCE", "/link")];
                list(found, &columns, "")
            }
            Self::List { .. } => {
                let columns = [
                    ("INVITED", "/email"),
                    ("ROLE", "/organizationRole"),
                    ("STATE", "/state"),
                    ("MAIL", "/mail/state"),
                    ("UNTIL", "/expiresAt"),
                    ("ID", "/id"),
                ];
                list(
                    found,
                    &columns,
                    &format!("nobody is invited; `roster invite create EMAIL{flag}` invites somebody"),
                )
            }
            Self::Show { .. } => {
                let parts = [
                    ("INVITED", "/email"),
                    ("ROLE", "/organizationRole"),
                    ("SEAT", "/seat"),
                    ("STATE", "/state"),
                    ("MAIL", "/mail/state"),
                    ("BECAUSE", "/mail/reason"),
                    ("BY", "/invitedBy"),
                    ("MADE", "/createdAt"),
                    ("UNTIL", "/expiresAt"),
                    ("PERSON", "/person"),
                    ("ID", "/id"),
                ];
                sheet(found, &parts)
            }
            Self::Renew { .. } => {
                format!("{}\n\nThis is the new link of {}, shown this once.", part("link"), part("email"))
            }
            Self::Cancel { id } => format!("withdrew the invite {id}"),
            Self::Accept { .. } => format!("{} is here now", part("userName")),
        }
    }
}
