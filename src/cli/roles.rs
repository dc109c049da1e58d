//! `roster role`.

use super::{
    control::Ask,
    shown::{Part, list, sheet, table},
    within::Within,
};
use crate::{
    scim::version::Precondition,
    service::{Context, custom_roles},
};
use anyhow::bail;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct RoleCommand {
    #[command(subcommand)]
    ask: RoleAsk,
    #[command(flatten)]
    within: Within,
}

/// What is asked about custom roles. A role is named by name or id.
#[derive(Debug, Clone, Subcommand, Serialize, Deserialize)]
pub(super) enum RoleAsk {
    /// List the custom roles; admin, member and viewer are always there
    List {
        #[command(flatten)]
        part: Part,
    },
    /// Show a custom role with everything it permits
    Show {
        /// Name or id
        role: String,
    },
    /// Make a custom role
    Create {
        /// The name
        name: String,
        /// The role it inherits from: member or viewer
        #[arg(long, value_name = "ROLE")]
        from: String,
        /// What it permits on top, as `roster role permissions` names it
        #[arg(long, value_name = "PERMISSION")]
        permission: Vec<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Change a custom role, for all who have it: its parts, or its permissions with --add and --remove
    Change {
        /// Name or id
        role: String,
        /// Another name
        #[arg(long)]
        name: Option<String>,
        /// The role it inherits from: member or viewer
        #[arg(long, value_name = "ROLE")]
        from: Option<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// What it permits on top, in place of all before
        #[arg(long, value_name = "PERMISSION")]
        permission: Vec<String>,
        /// What it permits, too
        #[arg(long, value_name = "PERMISSION", conflicts_with_all = ["name", "from", "description", "permission"])]
        add: Vec<String>,
        /// What it does not permit any more
        #[arg(long, value_name = "PERMISSION", conflicts_with_all = ["name", "from", "description", "permission"])]
        remove: Vec<String>,
    },
    /// Remove a custom role; who has it gets the one it inherits from
    Remove {
        /// Name or id
        role: String,
        /// Only say whom it would concern
        #[arg(long)]
        dry_run: bool,
    },
    /// List what roles can permit, and which predefined role does
    Permissions,
}

impl RoleCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let Self { ask, within } = self;
        if let RoleAsk::Change { name: None, from: None, description: None, permission, add, remove, .. } =
            &ask
            && [permission, add, remove].iter().all(|list| list.is_empty())
        {
            bail!("expected something to change, such as --add or --name; nothing is changed");
        }
        let flag = within.flag();
        within.tell(Ask::Role(ask.clone()), |found| ask.words(found, &flag))
    }
}

impl RoleAsk {
    /// Does what is asked; hands back what the API shows.
    pub(super) async fn execute(&self, cx: &Arc<Context>) -> anyhow::Result<Value> {
        let any = Precondition::default();
        Ok(match self {
            Self::List { part } => {
                json!(custom_roles::list(cx, None, part.slice()?).await?)
            }
            Self::Show { role } => json!(custom_roles::read(cx, &custom_roles::find(cx, role).await?).await?),
            Self::Create { name, from, permission, description } => {
                let mut body = body([
                    ("name", Some(name)),
                    ("inheritedFrom", Some(from)),
                    ("description", description.as_ref()),
                ]);
                body.insert("permissions".to_owned(), json!(permission));
                json!(custom_roles::create(cx, body).await?.it)
            }
            Self::Change { role, add, remove, .. } if !add.is_empty() || !remove.is_empty() => {
                let id = custom_roles::find(cx, role).await?;
                json!(custom_roles::change_permissions(cx, &id, add, remove).await?)
            }
            Self::Change { role, name, from, description, permission, .. } => {
                let id = custom_roles::find(cx, role).await?;
                // with permissions, a description that is not named would be cleared
                let before = custom_roles::read(cx, &id).await?;
                let description = description.clone().or(before.description);
                let parts = [
                    ("name", name.as_ref()),
                    ("inheritedFrom", from.as_ref()),
                    ("description", description.as_ref()),
                ];
                let mut body = body(parts);
                if !permission.is_empty() {
                    body.insert("permissions".to_owned(), json!(permission));
                }
                json!(
                    custom_roles::change(cx, &id, body, Precondition::parse(Some(&before.version), None))
                        .await?
                )
            }
            Self::Remove { role, dry_run: true } => {
                custom_roles::rehearse_removal(cx, &custom_roles::find(cx, role).await?, any).await?
            }
            Self::Remove { role, dry_run: false } => {
                let id = custom_roles::find(cx, role).await?;
                custom_roles::remove(cx, &id, any).await?;
                json!({"id": id, "removed": true})
            }
            Self::Permissions => json!({"items": custom_roles::permissions(cx).await?, "next": null}),
        })
    }

    fn words(&self, found: &Value, flag: &str) -> String {
        match self {
            Self::List { .. } => {
                let columns = [
                    ("ROLE", "/name"),
                    ("INHERITS FROM", "/inheritedFrom"),
                    ("WHAT IT IS FOR", "/description"),
                    ("ID", "/id"),
                ];
                let empty = format!(
                    "no custom roles yet; `roster role create NAME --from member --permission PERMISSION{flag}` makes one"
                );
                list(found, &columns, &empty)
            }
            Self::Permissions => {
                let columns = [
                    ("PERMISSION", "/name"),
                    ("VIEWER", "/viewer"),
                    ("MEMBER", "/member"),
                    ("ADMIN", "/admin"),
                ];
                list(found, &columns, "no role can permit anything")
            }
            Self::Remove { role, dry_run: true } => impact(role, found),
            Self::Remove { role, .. } => {
                format!("removed the role {role}; who had it has the one it inherited from")
            }
            Self::Show { .. } | Self::Create { .. } | Self::Change { .. } => {
                let parts = [
                    ("ROLE", "/name"),
                    ("INHERITS FROM", "/inheritedFrom"),
                    ("WHAT IT IS FOR", "/description"),
                    ("ID", "/id"),
                ];
                let permissions = found.get("permissions").and_then(Value::as_array);
                let columns = [("PERMISSION", "/name"), ("INHERITED", "/isInherited")];
                let permissions = permissions.map(Vec::as_slice).unwrap_or_default();
                format!("{}\n\n{}", sheet(found, &parts), table(permissions, &columns))
            }
        }
    }
}

/// Whom a removal would concern.
fn impact(role: &str, found: &Value) -> String {
    let count = |name: &str| found.get(name).and_then(Value::as_u64).unwrap_or_default();
    let becomes = found.get("becomes").and_then(Value::as_str).unwrap_or_default();
    let lost =
        found.pointer("/permissions/lost").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let lost: Vec<&str> = lost.iter().filter_map(Value::as_str).collect();
    format!(
        "nothing is changed; without --dry-run, who has the role {role} would become {becomes}\n\npeople: {}\n\
         memberships: {}\nteams that give it to newcomers: {}\npermissions lost: {}",
        count("users"),
        count("memberships"),
        count("teams"),
        if lost.is_empty() { "none".to_owned() } else { lost.join(", ") }
    )
}

/// The parts of a role that are said.
fn body(parts: [(&str, Option<&String>); 3]) -> Map<String, Value> {
    let said = parts.into_iter().filter_map(|(name, said)| Some((name.to_owned(), said?.as_str().into())));
    said.collect()
}
