//! `roster simulate`: a provider's day against any SCIM server.

use super::{
    is_watched, say,
    target::{Asked, Ending, align_numbers, ended, ending, progress, stopped_by_signals},
};
use crate::{
    clock::Clock,
    simulate::{Day, Report, Size, providers, simulate},
};
use clap::{Args, builder::PossibleValuesParser};
use comfy_table::{Table, presets::NOTHING};
use std::{io::Write, process::ExitCode};

/// The options of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "The day: connection test, first sync, import, joiners, movers, memberships, renames, leavers, \
    retries, returners, deletions; then everything is read and compared with what the provider's directory holds.\n\
    Nobody else should write to the server meanwhile; what the day made is deleted in the end, also when it is \
    interrupted.\nExit status: 0 no errors, the server held what it should and everything was deleted again, 1 not so, 2 the command is wrong, 3 the \
    server cannot be used, 130 interrupted."
)]
pub(super) struct Simulate {
    /// The identity provider to play
    #[arg(value_parser = PossibleValuesParser::new(providers()))]
    provider: String,
    #[command(flatten)]
    asked: Asked,
    /// How many people the provider's directory has
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: u32,
    /// How many groups it has
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    groups: u32,
    /// How many requests are under way at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    parallel: u8,
    /// What the day is drawn from: the same seed is the same day; without this a new one
    #[arg(long)]
    seed: Option<u64>,
    /// Leave everything on the server that the day made
    #[arg(long)]
    keep: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Simulate {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        ended(self.play())
    }

    fn play(self) -> anyhow::Result<Ending> {
        let target = self.asked.target()?;
        let seed = self.seed.unwrap_or_else(|| Clock::System.now().unsigned_abs() % 1_000_000_000);
        let day = Day {
            provider: &self.provider,
            size: Size { users: usize::try_from(self.users)?, groups: usize::try_from(self.groups)? },
            seed,
            parallel: usize::from(self.parallel),
            keep: self.keep,
        };
        if is_watched() {
            writeln!(std::io::stderr(), "seed {seed}")?;
        }
        let bar = progress(0);
        let stop = stopped_by_signals()?;
        let report = simulate(&target, &day, &stop, &|what, done, all| {
            bar.set_length(u64::try_from(all).unwrap_or_default());
            bar.set_position(u64::try_from(done).unwrap_or_default());
            bar.set_message(what.to_owned());
        })?;
        bar.finish_and_clear();
        match self.json {
            true => say(&serde_json::to_string_pretty(&report.to_json())?)?,
            false => say(format!("{}\n{report}", table(&report)).trim_end())?,
        }
        Ok(ending(&report.end, report.is_good())?)
    }
}

fn table(report: &Report) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["REQUESTS", "NUMBER", "MEDIAN MS", "P99 MS", "MAX MS"]);
    for kind in &report.requests {
        let numbers =
            [kind.n.to_string(), kind.median.to_string(), kind.p99.to_string(), kind.max.to_string()];
        table.add_row([kind.what.to_owned()].into_iter().chain(numbers));
    }
    align_numbers(&mut table);
    table.to_string()
}
