//! The commands.

mod conformance;
mod connections;
mod control;
mod serve;

use crate::config::Mistakes;
use clap::{Parser, Subcommand};
use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

/// A SCIM 2.0 server and the organization behind it.
#[derive(Debug, Parser)]
#[command(name = "roster", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve; needs nothing, and makes roster.db beside itself
    Serve(crate::config::Settings),
    /// The links of identity providers into the organization
    #[command(subcommand)]
    Connection(connections::ConnectionCommand),
    /// The credentials of connections
    #[command(subcommand)]
    Token(connections::TokenCommand),
    /// Play the conformance suites against any SCIM server
    Conformance(conformance::Conformance),
}

/// Runs the command that the arguments name. Exit status: 0 done, 1 failed, 2 the arguments or settings
/// are wrong.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    // every use of TLS, in and out, shares one provider; a second call finds it installed already
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let outcome = match arguments.command {
        Command::Serve(settings) => serve::run(&settings).map(|()| ExitCode::SUCCESS),
        Command::Connection(command) => command.run().map(|()| ExitCode::SUCCESS),
        Command::Token(command) => command.run().map(|()| ExitCode::SUCCESS),
        Command::Conformance(command) => command.run(),
    };
    outcome.unwrap_or_else(|error| {
        // where standard error is gone there is nobody left to tell
        let _ = writeln!(std::io::stderr(), "roster: {error:#}");
        if error.is::<Mistakes>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}

/// Prints a line for whoever called the command.
fn say(line: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// Whether somebody is looking.
fn is_watched() -> bool {
    std::io::stderr().is_terminal()
}
