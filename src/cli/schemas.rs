//! `roster schema`.

use super::{
    control::{Ask, Reply, ShownSchema},
    say,
    within::Within,
};
use crate::scim::schema::definition::Definition;
use anyhow::{Context, bail};
use clap::Subcommand;
use comfy_table::{Table, presets::NOTHING};
use indicatif::{ProgressBar, ProgressStyle};
use std::{fs, path::PathBuf};

#[derive(Debug, Subcommand)]
pub(super) enum SchemaCommand {
    /// Add an extension schema, or let one that is there grow
    Add {
        /// A file of JSON or TOML with the schema as RFC 7643 §7 writes it, and with what it `extends` (User, Group),
        /// whether it is `required`, and which attributes are `indexed`
        file: PathBuf,
        #[command(flatten)]
        common: Within,
    },
    /// List the schemas that were added
    List {
        #[command(flatten)]
        common: Within,
    },
    /// Show an added schema, in a form that `add` takes
    Show {
        /// The schema's URN
        urn: String,
        #[command(flatten)]
        common: Within,
    },
    /// Remove an added schema, and with it what users and groups say by it
    Remove {
        /// The schema's URN
        urn: String,
        /// Really: the values are gone then
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        common: Within,
    },
}

impl SchemaCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { file, common } => {
                let definition = read(&file)?;
                let urn = definition.id.clone();
                common.ask(Ask::AddSchema(Box::new(definition)))?;
                let reply = finish(&common, &urn, "indexing")?;
                common.print(&reply, || format!("the schema {urn} is in use, and /Schemas shows it"))
            }
            Self::List { common } => {
                let reply = common.ask(Ask::ListSchemas)?;
                common.print(&reply, || match &reply {
                    Reply::Schemas(found) if !found.is_empty() => table(found),
                    _ => "no schemas were added; `roster schema add FILE` adds one".to_owned(),
                })
            }
            Self::Show { urn, common } => {
                let shown = named(&common, &urn)?;
                say(&serde_json::to_string_pretty(&shown.definition)?)
            }
            Self::Remove { urn, yes, common } => {
                let shown = named(&common, &urn)?;
                if !yes {
                    bail!(
                        "{} extends {} with {} attributes; to remove it takes their values out of all users and \
                         groups for good; say --yes to do so",
                        shown.definition.id,
                        shown.definition.extends.join(" and "),
                        shown.definition.attributes.len()
                    );
                }
                common.ask(Ask::RemoveSchema { urn: urn.clone() })?;
                let reply = finish(&common, &urn, "removing")?;
                common.print(&reply, || format!("removed the schema {urn}"))
            }
        }
    }
}

/// A definition from a file: TOML by its name, else JSON.
fn read(file: &PathBuf) -> anyhow::Result<Definition> {
    let named = || format!("{} is no schema", file.display());
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    match file.extension().is_some_and(|ending| ending == "toml") {
        true => toml::from_str(&text).with_context(named),
        // a list would be read as the members in their order
        false if !text.trim_start().starts_with('{') => bail!("{}: expected a JSON object", named()),
        false => serde_json::from_str(&text).with_context(named),
    }
}

fn named(common: &Within, urn: &str) -> anyhow::Result<ShownSchema> {
    let found = match common.ask(Ask::ListSchemas)? {
        Reply::Schemas(found) => found,
        _ => Vec::new(),
    };
    let is_it = |schema: &ShownSchema| schema.definition.id.eq_ignore_ascii_case(urn);
    let Some(found) = found.into_iter().find(is_it) else {
        bail!("no schema {urn} was added; `roster schema list` shows those that were");
    };
    Ok(found)
}

/// Does the work that a change of a schema makes, with a bar where somebody watches.
fn finish(common: &Within, urn: &str, what: &str) -> anyhow::Result<Reply> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:40} {human_pos} of {human_len}, {eta} left")?);
    bar.set_message(what.to_owned());
    let ask = || Ask::GoOnWithSchema { urn: urn.to_owned() };
    while let Reply::Progress { done, total, is_finished: false } = common.ask(ask())? {
        bar.set_length(total);
        bar.set_position(done);
    }
    bar.finish_and_clear();
    common.ask(Ask::ListSchemas)
}

fn table(found: &[ShownSchema]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["SCHEMA", "EXTENDS", "ATTRIBUTES", "INDEXED", "STATE"]);
    for schema in found {
        let definition = &schema.definition;
        let state = match schema.total {
            total if schema.state != "ready" => format!("{} {} of {total}", schema.state, schema.done),
            _ => schema.state.clone(),
        };
        table.add_row([
            &definition.id,
            &definition.extends.join(", "),
            &definition.attributes.len().to_string(),
            &definition.indexed.join(", "),
            &state,
        ]);
    }
    table.to_string()
}
