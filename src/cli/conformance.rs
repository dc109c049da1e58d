//! `roster conformance`: the suites against any SCIM server.

use super::{is_watched, say};
use crate::{
    config,
    conformance::{Case, CaseReport, Profile, Target, cases, play},
};
use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::{io::Write, process::ExitCode, time::Duration};

/// The options of the command.
#[derive(Debug, Args)]
pub(super) struct Conformance {
    /// The server's SCIM base URL, such as https://scim.example.com/scim/v2
    #[arg(long)]
    url: String,
    /// A bearer token it accepts; without this, ROSTER_CONFORMANCE_TOKEN
    #[arg(long)]
    token: Option<String>,
    /// What the server promises of that token: standard (forgiving) or strict (RFC to the letter)
    #[arg(long, default_value = "standard", value_parser = profile)]
    profile: Profile,
    /// The longest a request may take, in seconds
    #[arg(long, default_value_t = 30)]
    timeout: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Play only the cases whose name contains one of these words
    names: Vec<String>,
}

impl Conformance {
    /// Exit status: 0 everything passed, 1 a step failed, 2 the run was impossible.
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.play() {
            Ok(code) => Ok(code),
            Err(error) => {
                writeln!(std::io::stderr(), "roster: {error:#}")?;
                Ok(ExitCode::from(2))
            }
        }
    }

    fn play(self) -> anyhow::Result<ExitCode> {
        let token = self.token.or_else(config::conformance_token);
        let token = token.context("give --token, or set ROSTER_CONFORMANCE_TOKEN")?;
        let wanted: Vec<Case> = cases()?.into_iter().filter(|case| case.is_named(&self.names)).collect();
        anyhow::ensure!(!wanted.is_empty(), "no case has a name with {} in it", self.names.join(" or "));
        let timeout = Duration::from_secs(self.timeout);
        let target = Target { url: self.url, token, profile: self.profile, timeout };
        let bar = progress(wanted.len());
        let mut printed = Ok(());
        let report = play(&target, &wanted, &mut |case: &CaseReport| {
            bar.set_message(case.name.clone());
            bar.inc(1);
            if !self.json && printed.is_ok() {
                printed = bar.suspend(|| write!(std::io::stdout(), "{case}"));
            }
        })?;
        bar.finish_and_clear();
        printed?;
        match self.json {
            true => say(&serde_json::to_string_pretty(&report.to_json())?)?,
            false => say(&report.totals())?,
        }
        Ok(if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// A bar where somebody is looking.
fn progress(cases: usize) -> ProgressBar {
    if !is_watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}");
    let bar = ProgressBar::new(u64::try_from(cases).unwrap_or_default());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn profile(text: &str) -> Result<Profile, String> {
    text.parse()
}
