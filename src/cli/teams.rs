//! `roster team`.

use super::{
    control::Ask,
    invites,
    shown::{Part, confirm, list, sheet, table},
    within::Within,
};
use crate::{
    org::refusal::Refusal,
    scim::version::Precondition,
    service::{
        Context, Error, avatars,
        page::Slice,
        people,
        teams::{self, Added, NewMember, NewTeam, TeamChange},
    },
};
use anyhow::{Context as _, anyhow, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{fs, path::PathBuf, sync::Arc};

#[derive(Debug, Args)]
pub(super) struct TeamCommand {
    #[command(subcommand)]
    ask: TeamAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about teams. A team is named by a name it has or had, or by id.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum TeamAsk {
    /// List the teams
    List {
        #[command(flatten)]
        part: Part,
    },
    /// Show a team: what it decided, what holds, and its first members
    Show {
        /// Name, also a former one, or id
        team: String,
    },
    /// Make a team
    Create {
        /// The name, unique in the organization
        name: String,
        /// Somebody who is its admin from the start: id, user name, handle or e-mail address
        #[arg(long, value_name = "USER")]
        admin: Vec<String>,
        /// The role of those who become members over SCIM; without this, member
        #[arg(long, value_name = "ROLE")]
        default_role: Option<String>,
        #[command(flatten)]
        storage: Storage,
    },
    /// Change a team: all of what is named, or nothing
    Change {
        /// Name, also a former one, or id
        team: String,
        /// Another name; the old one still leads to the team
        #[arg(long)]
        name: Option<String>,
        /// The role of those who become members over SCIM
        #[arg(long, value_name = "ROLE")]
        default_role: Option<String>,
        #[command(flatten)]
        switches: Switches,
    },
    /// Give a team a picture, in place of the one before
    SetAvatar {
        /// Name, also a former one, or id
        team: String,
        /// A PNG, JPEG, GIF or WebP file of at most 700 KB
        file: PathBuf,
        /// What the file holds, in base64, once it is read
        #[arg(skip)]
        image: String,
    },
    /// Take a team's picture away
    RemoveAvatar {
        /// Name, also a former one, or id
        team: String,
    },
    /// Archive a team: gone at once, its name free, restorable for 30 days
    Archive {
        /// Name, also a former one, or id
        team: String,
        /// Do it
        #[arg(long)]
        yes: bool,
    },
    /// List the teams that can be restored
    Archived,
    /// Bring an archived team back with its members
    Restore {
        /// The id, as `roster team archived` shows it
        id: String,
    },
    /// Make a person a member of a team
    Add {
        /// Name, also a former one, or id
        team: String,
        /// Id, user name, handle or e-mail address
        user: String,
        /// The role in the team: admin, member, viewer or a custom one; without this, member
        #[arg(long)]
        role: Option<String>,
    },
    /// Give a member of a team another role
    SetRole {
        /// Name, also a former one, or id
        team: String,
        /// Id, user name, handle or e-mail address
        user: String,
        /// The role in the team: admin, member, viewer or a custom one
        role: String,
    },
    /// Take a person out of a team; what they made stays theirs
    RemoveMember {
        /// Name, also a former one, or id
        team: String,
        /// Id, user name, handle or e-mail address
        user: String,
    },
}

/// A team's own bucket.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(super) struct Storage {
    /// Who stores what the team makes, in a bucket of its own: COREWEAVE, AWS, AZURE, GCP or MINIO; it never changes
    #[arg(long, value_name = "PROVIDER", requires = "storage_name")]
    storage_provider: Option<String>,
    /// The bucket's name
    #[arg(long, value_name = "NAME", requires = "storage_provider")]
    storage_name: Option<String>,
    /// The path within the bucket
    #[arg(long, value_name = "PATH", requires = "storage_provider")]
    storage_path: Option<String>,
    /// The key that encrypts the bucket
    #[arg(long, value_name = "KEY", requires = "storage_provider")]
    storage_key: Option<String>,
}

impl Storage {
    fn to_object(&self) -> Option<Map<String, Value>> {
        let parts = [
            ("provider", &self.storage_provider),
            ("name", &self.storage_name),
            ("path", &self.storage_path),
            ("kmsKeyId", &self.storage_key),
        ];
        let said = parts.into_iter().filter_map(|(name, said)| Some((name.to_owned(), said.clone()?.into())));
        let said: Map<String, Value> = said.collect();
        (!said.is_empty()).then_some(said)
    }
}

/// What a team decides for itself.
#[derive(Debug, Clone, Args, Serialize, Deserialize)]
pub(super) struct Switches {
    /// Whether the team is hidden from those who are not in it
    #[arg(long, value_name = "BOOL")]
    hidden: Option<bool>,
    /// Whether new projects are private, without a choice
    #[arg(long, value_name = "BOOL")]
    private_projects: Option<bool>,
    /// Whether any member may invite
    #[arg(long, value_name = "BOOL")]
    members_invite: Option<bool>,
    /// Whether reports in private projects are kept from the public
    #[arg(long, value_name = "BOOL")]
    no_public_reports: Option<bool>,
    /// Whether code is saved by default
    #[arg(long, value_name = "BOOL")]
    code_saving: Option<bool>,
}

impl Switches {
    fn to_object(&self) -> Map<String, Value> {
        let switches = [
            ("hidden", self.hidden),
            ("privateProjects", self.private_projects),
            ("membersInvite", self.members_invite),
            ("noPublicReports", self.no_public_reports),
            ("codeSaving", self.code_saving),
        ];
        switches.into_iter().filter_map(|(name, said)| Some((name.to_owned(), said?.into()))).collect()
    }
}

impl TeamCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { mut ask, within } = self;
        match &mut ask {
            TeamAsk::SetAvatar { file, image, .. } => {
                let shown = file.display();
                let bytes = fs::read(&*file).with_context(|| format!("{shown} cannot be read"))?;
                *image = STANDARD.encode(bytes);
            }
            TeamAsk::Archive { team, yes } => confirm(*yes, &format!("archive the team {team}"))?,
            TeamAsk::Change { name: None, default_role: None, switches, .. }
                if switches.to_object().is_empty() =>
            {
                bail!("expected something to change, such as --name or --hidden; nothing is changed");
            }
            _ => {}
        }
        let flag = within.flag();
        within.tell(Ask::Team(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl TeamAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::List { part } => json!(teams::list(cx, None, part.slice()?).await?),
            Self::Show { team } => show(cx, team).await?,
            Self::Create { name, admin, default_role, storage } => {
                let mut admins = Vec::new();
                for login in admin {
                    admins.push(people::find(cx, login).await?);
                }
                let new = NewTeam {
                    name: name.clone(),
                    default_role: default_role.clone(),
                    storage: storage.to_object(),
                    admins: (!admins.is_empty()).then_some(admins),
                };
                json!(teams::create(cx, new).await?.it)
            }
            Self::Change { team, name, default_role, switches } => {
                let change = TeamChange {
                    name: name.clone(),
                    default_role: default_role.clone(),
                    settings: switches.to_object(),
                };
                let id = teams::find(cx, team).await?;
                json!(teams::change(cx, &id, change, Precondition::default()).await?)
            }
            Self::SetAvatar { team, image, .. } => {
                let id = teams::find(cx, team).await?;
                let image = STANDARD.decode(image)?;
                json!(avatars::set(cx, &id, image, Precondition::default()).await?)
            }
            Self::RemoveAvatar { team } => {
                let id = teams::find(cx, team).await?;
                json!(avatars::remove(cx, &id, Precondition::default()).await?)
            }
            Self::Archive { team, .. } => {
                let id = teams::find(cx, team).await?;
                teams::archive(cx, &id, Precondition::default()).await?;
                json!({"id": id, "archived": true})
            }
            Self::Archived => json!({"items": teams::archived(cx).await?, "next": null}),
            Self::Restore { id } => {
                let restored = teams::restore(cx, id).await.map_err(|error| match error {
                    Error::NotFound(_) => {
                        anyhow!("there is no archived team {id}; `roster team archived` shows their ids")
                    }
                    other => other.into(),
                });
                json!(restored?.it)
            }
            other => other.execute_on_members(cx).await?,
        })
    }

    async fn execute_on_members(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        Ok(match self {
            Self::Add { team, user, role } => {
                let team = teams::find(cx, team).await?;
                let found = match people::find(cx, user).await {
                    // nobody here has this address, so its owner is invited
                    Err(Error::Rule(Refusal::Unknown(_))) if user.contains('@') => user.clone(),
                    found => found?,
                };
                let new = NewMember { user: found, role: role.clone() };
                match teams::add_member(cx, &team, new).await?.it {
                    Added::Member(member) => json!(member),
                    Added::Invited(issued) => invites::shown(issued),
                }
            }
            Self::SetRole { team, user, role } => {
                let (team, user) = (teams::find(cx, team).await?, people::find(cx, user).await?);
                json!(teams::change_member(cx, &team, &user, (role.clone(), None)).await?)
            }
            Self::RemoveMember { team, user } => {
                let (team, user) = (teams::find(cx, team).await?, people::find(cx, user).await?);
                teams::remove_member(cx, &team, &user).await?;
                json!({"id": user, "team": team, "removed": true})
            }
            _ => bail!("this is not about a team's members"),
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        match self {
            Self::List { .. } => {
                let columns = [
                    ("TEAM", "/name"),
                    ("MEMBERS", "/members"),
                    ("DEFAULT ROLE", "/defaultRole"),
                    ("ID", "/id"),
                ];
                list(found, &columns, &format!("no teams yet; `roster team create NAME{flag}` makes one"))
            }
            Self::Archived => {
                let columns = [
                    ("TEAM", "/name"),
                    ("ARCHIVED", "/archivedAt"),
                    ("RESTORABLE UNTIL", "/restorableUntil"),
                    ("ID", "/id"),
                ];
                list(
                    found,
                    &columns,
                    "no team can be restored; a team is archived with `roster team archive TEAM`",
                )
            }
            Self::SetAvatar { team, .. } => format!("the team {team} has another picture"),
            Self::RemoveAvatar { team } => format!("the team {team} has no picture any more"),
            Self::Archive { team, .. } => format!(
                "archived the team {team}; `roster team restore {}{flag}` brings it back within 30 days",
                found.get("id").and_then(Value::as_str).unwrap_or_default()
            ),
            Self::Add { team, user, .. } if found.get("invitedBy").is_some() => {
                let link = found.get("link").and_then(Value::as_str);
                let link = link.map_or_else(String::new, |link| {
                    format!("; this link, shown this once, lets them in:\n\n{link}")
                });
                format!("{user} is not here yet and is invited into the team {team}{link}")
            }
            Self::Add { team, user, .. } => format!("{user} is in the team {team}\n\n{}", member(found)),
            Self::SetRole { team, user, .. } => {
                format!("{user} has another role in the team {team}\n\n{}", member(found))
            }
            Self::RemoveMember { team, user } => format!("{user} is not in the team {team} any more"),
            Self::Show { .. } | Self::Create { .. } | Self::Change { .. } | Self::Restore { .. } => {
                team(found, flag)
            }
        }
    }
}

/// How many members are shown with their team.
const SHOWN: usize = 100;

/// A team with its first members.
async fn show(cx: &Arc<Context>, team: &str) -> anyhow::Result<Value> {
    let id = teams::find(cx, team).await?;
    let mut shown = json!(teams::read(cx, &id).await?);
    let slice = Slice { after: String::new(), limit: SHOWN };
    let members = teams::members(cx, &id, slice).await?;
    if let Value::Object(shown) = &mut shown {
        shown.insert("memberList".to_owned(), json!(members.items));
    }
    Ok(shown)
}

const MEMBERS: [(&str, &str); 5] =
    [("MEMBER", "/name"), ("ROLE", "/role"), ("FROM", "/origin"), ("TYPE", "/type"), ("ID", "/id")];

fn member(found: &Value) -> String {
    table(std::slice::from_ref(found), &MEMBERS)
}

fn team(found: &Value, flag: &str) -> String {
    let parts = [
        ("TEAM", "/name"),
        ("MEMBERS", "/members"),
        ("DEFAULT ROLE", "/defaultRole"),
        ("STORED BY", "/storage/provider"),
        ("BUCKET", "/storage/name"),
        ("PATH", "/storage/path"),
        ("MADE", "/createdAt"),
        ("ID", "/id"),
    ];
    let switches =
        ["hidden", "privateProjects", "membersInvite", "noPublicReports", "codeSaving"].map(|name| {
            json!({
                "name": name,
                "own": found.pointer(&format!("/settings/{name}")),
                "effective": found.pointer(&format!("/effective/{name}")),
            })
        });
    let columns = [("SETTING", "/name"), ("THE TEAM'S OWN", "/own"), ("IN EFFECT", "/effective")];
    let told = format!("{}\n\n{}", sheet(found, &parts), table(&switches, &columns));
    match found.get("memberList").and_then(Value::as_array) {
        None => told,
        Some(members) if members.is_empty() => {
            format!(
                "{told}\n\nNobody is in it yet; `roster team add TEAM USER{flag}` makes somebody a member."
            )
        }
        Some(members) => format!("{told}\n\n{}", table(members, &MEMBERS)),
    }
}
