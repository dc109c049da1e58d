//! What the commands that ask a server from outside have in common: which one, how, and how they end.

use crate::{
    client::{End, Stop, Target, Unusable},
    config,
};
use anyhow::Context as _;
use clap::Args;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};
use std::{io::Write, num::NonZeroU32, process::ExitCode, sync::Arc, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// Requests a second to servers that are not on this machine, unless another number is asked for.
const POLITE: u32 = 10;

/// Which server is asked, and how.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// The server's SCIM base URL, such as https://scim.example.com/scim/v2
    #[arg(long)]
    url: String,
    /// A bearer token it accepts; without this, ROSTER_CONFORMANCE_TOKEN
    #[arg(long)]
    token: Option<String>,
    /// The longest a request may take, in seconds
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout: u64,
    /// The most requests a second; without this 10, and no limit to a server on this machine
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU32>,
}

impl Asked {
    pub(super) fn target(self) -> anyhow::Result<Target> {
        let token = self.token.or_else(config::conformance_token);
        let token = token.filter(|token| !token.is_empty());
        let token = token.context("give --token, or set ROSTER_CONFORMANCE_TOKEN")?;
        let rate = if is_here(&self.url) { self.rate } else { self.rate.or(NonZeroU32::new(POLITE)) };
        Ok(Target { url: self.url, token, timeout: Duration::from_secs(self.timeout), rate })
    }
}

/// Whether a URL is of this machine.
fn is_here(url: &str) -> bool {
    let host = url::Url::parse(url).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    match host {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// How a command that asks a server ends. The numbers are part of the documentation.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    /// Everything held.
    Good = 0,
    /// Something did not.
    Bad = 1,
    /// The command is wrong, or could not do its own part.
    Wrong = 2,
    /// The server cannot be used: down, slow, no SCIM.
    Unusable = 3,
    /// Interrupted; what was made has been tidied up.
    Interrupted = 130,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> ExitCode {
        ExitCode::from(ending as u8)
    }
}

/// How a run that came to this end ends the command.
pub(super) fn ending(end: &End, is_good: bool) -> std::io::Result<Ending> {
    Ok(match end {
        End::Gone(reason) => {
            writeln!(std::io::stderr(), "roster: {reason}")?;
            Ending::Unusable
        }
        End::Interrupted => Ending::Interrupted,
        End::Complete if is_good => Ending::Good,
        End::Complete => Ending::Bad,
    })
}

/// Runs such a command; what it could not do is told on standard error.
pub(super) fn ended(outcome: anyhow::Result<Ending>) -> anyhow::Result<ExitCode> {
    let ending = match outcome {
        Ok(ending) => ending,
        Err(error) => {
            writeln!(std::io::stderr(), "roster: {error:#}")?;
            match error.downcast_ref::<Unusable>() {
                Some(unusable) if !unusable.is_wrong_url => Ending::Unusable,
                _ => Ending::Wrong,
            }
        }
    };
    Ok(ending.into())
}

/// Asked to stop by Ctrl-C or SIGTERM: the command ends what it is doing and tidies up. The second time it ends at
/// once.
pub(super) fn stopped_by_signals() -> anyhow::Result<Arc<Stop>> {
    let stop = Arc::new(Stop::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let asked = stop.clone();
    std::thread::spawn(move || runtime.block_on(hear_signals(&asked)));
    Ok(stop)
}

async fn hear_signals(stop: &Stop) -> std::io::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    while !stop.is_asked() {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        let _ = writeln!(std::io::stderr(), "\nroster: tidying up; once more to end at once");
        stop.ask();
    }
    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    std::process::exit(Ending::Interrupted as i32)
}

/// Numbers stand to the right in all columns but the first.
pub(super) fn align_numbers(table: &mut Table) {
    for n in 1..table.column_count() {
        if let Some(column) = table.column_mut(n) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// A bar where somebody is looking.
pub(super) fn progress(length: usize) -> ProgressBar {
    if !super::is_watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}");
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or_default());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
