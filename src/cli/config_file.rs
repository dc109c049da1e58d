//! The configuration file: settings by the names of their flags, and schemas.
//!
//! What it says takes the place of the defaults, so that flags and environment variables win over it.

use crate::{config::Mistakes, scim::schema::definition::Definition};
use clap::{ArgAction, Command};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use toml::Value;

/// What a file says.
#[derive(Debug, Deserialize)]
struct Content {
    #[serde(default)]
    schema: Vec<Definition>,
    #[serde(flatten)]
    settings: BTreeMap<String, Value>,
}

/// A file that was read.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    settings: Vec<(String, String)>,
    /// The schemas it declares.
    pub schemas: Vec<Definition>,
}

impl ConfigFile {
    /// Reads a file; its settings are those of `serve`.
    pub(super) fn read(path: &Path, serve: &Command) -> Result<Self, Mistakes> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| format!("--config {}: {error}", path.display()))?;
        Self::parse(path, &text, serve)
    }

    /// Reads a file's text. Its settings are those of the command `serve`, and its schemas have no mistakes.
    pub fn parse(path: &Path, text: &str, serve: &Command) -> Result<Self, Mistakes> {
        let named = |why: &dyn std::fmt::Display| format!("--config {}: {why}", path.display());
        let content: Content = toml::from_str(text).map_err(|error| named(&error.to_string().trim_end()))?;
        let mut mistakes = Vec::new();
        let mut settings = Vec::new();
        for (name, value) in content.settings {
            match text_of(serve, &name, &value) {
                Ok(text) => settings.push((name, text)),
                Err(why) => mistakes.push(named(&why)),
            }
        }
        for schema in &content.schema {
            mistakes.extend(
                schema.mistakes().into_iter().map(|why| named(&format!("schema {}: {why}", schema.id))),
            );
        }
        if mistakes.is_empty() {
            return Ok(Self { path: path.to_owned(), settings, schemas: content.schema });
        }
        Err(Mistakes::from(mistakes))
    }

    /// Puts what the file says in the place of the defaults of a command and of those within it.
    pub(super) fn apply(&self, command: Command) -> Command {
        let known: Vec<(String, String)> = self
            .settings
            .iter()
            .filter(|(name, _)| command.get_arguments().any(|argument| argument.get_id() == name.as_str()))
            .cloned()
            .collect();
        let command = known.into_iter().fold(command, |command, (name, text)| {
            command.mut_arg(name, |argument| argument.default_value(text))
        });
        // a command of another server's settings has names of its own
        command.mut_subcommands(
            |within| if within.get_name() == "conformance" { within } else { self.apply(within) },
        )
    }

    /// Where settings come from that neither flags nor the environment name.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A setting as its flag would be given.
fn text_of(serve: &Command, name: &str, value: &Value) -> Result<String, String> {
    let known = || serve.get_arguments().filter(|it| it.get_long().is_some() && it.get_id() != "config");
    let Some(argument) = known().find(|argument| argument.get_id() == name) else {
        let names: Vec<&str> = known().map(|argument| argument.get_id().as_str()).collect();
        return Err(format!("{name} is no setting; those are {}, and [[schema]]", names.join(", ")));
    };
    match (argument.get_action(), value) {
        (ArgAction::SetTrue, Value::Boolean(value)) => Ok(value.to_string()),
        (ArgAction::SetTrue, other) => {
            Err(format!("{name}: expected true or false, found a value of type {}", other.type_str()))
        }
        (_, Value::String(text)) => Ok(text.clone()),
        (_, Value::Integer(number)) => Ok(number.to_string()),
        (_, other) => {
            Err(format!("{name}: expected a text or a number, found a value of type {}", other.type_str()))
        }
    }
}
