//! `roster organization`.

use super::{
    control::{Ask, Reply, ShownOrganization},
    shown::sheet,
    within::{Common, Within},
};
use clap::Subcommand;
use comfy_table::{Table, presets::NOTHING};

#[derive(Debug, Subcommand)]
pub(super) enum OrganizationCommand {
    /// Make an organization, out of reach of all others
    Create {
        /// What it is called in addresses and commands, such as acme
        slug: String,
        /// What people call it; without this, the slug
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// List the organizations
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Show an organization
    Show {
        #[command(flatten)]
        within: Within,
    },
}

impl OrganizationCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Create { slug, name, common } => {
                let name = name.unwrap_or_else(|| slug.clone());
                let reply = common.ask_server(Ask::CreateOrganization { slug: slug.clone(), name })?;
                common.print(&reply, || {
                    format!(
                        "made the organization {slug}; `roster admin first-link --organization {slug}` prints a link that \
                         makes its first admin, and `roster connection create NAME --organization {slug}` makes a \
                         connection into it"
                    )
                })
            }
            Self::List { common } => {
                let reply = common.ask_server(Ask::ListOrganizations)?;
                common.print(&reply, || match &reply {
                    Reply::Organizations(found) if !found.is_empty() => table(found),
                    _ => "no organization yet; `roster serve` makes the first".to_owned(),
                })
            }
            Self::Show { within } => within.tell(Ask::ShowOrganization, |found| {
                let parts =
                    [("ORGANIZATION", "/slug"), ("NAME", "/name"), ("MADE", "/createdAt"), ("ID", "/id")];
                sheet(found, &parts)
            }),
        }
    }
}

fn table(found: &[ShownOrganization]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["ORGANIZATION", "NAME", "MADE"]);
    for organization in found {
        table.add_row([&organization.slug, &organization.name, &organization.created_at]);
    }
    table.to_string()
}
