//! The commands.

mod admin;
pub mod config_file;
mod conformance;
mod connections;
mod control;
mod events;
mod invites;
mod issuers;
mod keys;
mod mails;
mod mappings;
mod organizations;
mod providers;
mod requests;
mod roles;
mod schemas;
mod seats;
mod serve;
mod service_accounts;
mod sessions;
mod settings;
mod shown;
mod simulate;
mod system;
mod tables;
mod target;
mod teams;
mod users;
mod within;

use crate::config::Mistakes;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use config_file::ConfigFile;
use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

/// A SCIM 2.0 server and the organization behind it.
#[derive(Debug, Parser)]
#[command(name = "roster", version)]
struct Arguments {
    /// A file of TOML with settings, by the names of flags with `_` for `-`, and with schemas
    #[arg(long, env = "ROSTER_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve; needs nothing, and makes roster.db beside itself
    Serve(crate::config::Settings),
    /// The tenants of this server
    #[command(subcommand)]
    Organization(organizations::OrganizationCommand),
    /// The people of the organization
    User(users::UserCommand),
    /// The teams of the organization and who is in them
    Team(teams::TeamCommand),
    /// The roles of the organization's own, and what they permit
    Role(roles::RoleCommand),
    /// The API keys of people and service accounts
    Key(keys::KeyCommand),
    /// Machines that have keys and are nobody
    ServiceAccount(service_accounts::ServiceAccountCommand),
    /// How many people were here, over time
    Activity(system::ActivityCommand),
    /// The server: versions, size, and which processes serve
    System(system::SystemCommand),
    /// The seats of the organization: taken, and how many there are
    Seats(seats::SeatsCommand),
    /// Break-glass: an admin where there is none, a password where it is lost
    Admin(admin::AdminCommand),
    /// People who are invited and not here yet
    Invite(invites::InviteCommand),
    /// Which groups and claims give which roles
    Mapping(mappings::MappingCommand),
    /// Whose tokens machines exchange for one of ours
    Issuer(issuers::IssuerCommand),
    /// Letters, and whether they arrive
    Mail(mails::MailCommand),
    /// Where else people sign in: OpenID providers and directories
    Provider(providers::ProviderCommand),
    /// Where people are signed in
    Session(sessions::SessionCommand),
    /// What admins decided for the organization
    Setting(settings::SettingCommand),
    /// The links of identity providers into the organization
    Connection(connections::ConnectionCommand),
    /// What identity providers asked over SCIM, and what they heard
    Request(requests::RequestCommand),
    /// The credentials of connections
    Token(connections::TokenCommand),
    /// Write everybody to a table of CSV
    Export(tables::Export),
    /// Take people in from a table of CSV: all of it, or nothing where a row is wrong
    Import(tables::Import),
    /// Extension schemas: attributes of the organization's own
    #[command(subcommand)]
    Schema(schemas::SchemaCommand),
    /// The journal: what happened, who did it, and whether it is whole
    #[command(subcommand)]
    Event(events::EventCommand),
    /// Play the conformance suites against any SCIM server
    Conformance(conformance::Conformance),
    /// Play an identity provider's day against any SCIM server
    Simulate(simulate::Simulate),
}

/// Runs the command that the arguments name. Exit status: 0 done, 1 failed, 2 the arguments or settings
/// are wrong.
pub fn run() -> ExitCode {
    // every use of TLS, in and out, shares one provider; a second call finds it installed already
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (file, told) = match config_file() {
        Ok(file) => (file, None),
        Err(mistakes) => (None, Some(mistakes)),
    };
    let outcome = match told {
        Some(mistakes) => Err(mistakes.into()),
        None => {
            let command = Arguments::command();
            let command = file.as_ref().map_or(command.clone(), |file| file.apply(command));
            let arguments = Arguments::from_arg_matches(&command.get_matches());
            arguments.unwrap_or_else(|error| error.exit()).command.run(file.as_ref())
        }
    };
    outcome.unwrap_or_else(|error| {
        // where standard error is gone there is nobody left to tell
        let mut stderr = std::io::stderr();
        let _ = writeln!(stderr, "roster: {error:#}");
        if !error.is::<Mistakes>() {
            return ExitCode::FAILURE;
        }
        if let Some(file) = file {
            let _ = writeln!(stderr, "roster: settings were read from {}, too", file.path().display());
        }
        ExitCode::from(2)
    })
}

/// The configuration file that the arguments or the environment name, if they do.
fn config_file() -> Result<Option<ConfigFile>, Mistakes> {
    // what else is wrong with the arguments is told when the file is known
    let first = Arguments::command().ignore_errors(true).try_get_matches();
    let path = first.ok().and_then(|first| first.get_one::<PathBuf>("config").cloned());
    let command = Arguments::command();
    let serve = command.find_subcommand("serve");
    path.zip(serve).map(|(path, serve)| ConfigFile::read(&path, serve)).transpose()
}

impl Command {
    fn run(self, file: Option<&ConfigFile>) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve(settings) => {
                let schemas = file.map(|file| file.schemas.as_slice()).unwrap_or_default();
                serve::run(&settings, schemas).map(|()| ExitCode::SUCCESS)
            }
            Self::Organization(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::User(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Team(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Role(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Key(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Provider(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Session(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::ServiceAccount(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Activity(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::System(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Seats(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Admin(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Invite(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Mapping(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Issuer(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Mail(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Export(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Import(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Setting(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Connection(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Request(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Token(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Schema(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Event(command) => command.run().map(|()| ExitCode::SUCCESS),
            Self::Conformance(command) => command.run(),
            Self::Simulate(command) => command.run(),
        }
    }
}

/// Prints a line for whoever called the command.
fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Whether somebody is looking.
fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}
