//! `roster conformance`: the suites against any SCIM server.

use super::{
    say,
    target::{Asked, Ending, ended, progress, stopped_by_signals, write_page},
};
use crate::conformance::{Case, CaseReport, End, Profile, Report, Scope, Suite, cases, play};
use clap::Args;
use comfy_table::{CellAlignment, Table, presets::NOTHING};
use std::{io::Write, path::PathBuf, process::ExitCode};

/// The options of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 everything passed, 1 a case failed, 2 the command is wrong, 3 the server cannot \
    be used, 130 interrupted.\nWhat the cases make they delete again, also when they are interrupted."
)]
pub(super) struct Conformance {
    #[command(flatten)]
    asked: Asked,
    /// What the server promises of that token: standard (forgiving), strict (RFC to the letter) or strict-interop
    /// (strict, and as the interoperability profile wants it)
    #[arg(long, default_value = "standard", value_parser = profile)]
    profile: Profile,
    /// rfc: what the standards ask for; clients: what identity providers need; all: both
    #[arg(long, default_value = "all", value_parser = ["rfc", "clients", "all"])]
    suite: String,
    /// Play also what may harm a server that is not well made: bodies of megabytes, nesting without end
    #[arg(long)]
    allow_destructive: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Write the report as a page of HTML, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Play only the cases that show one of these rules (R-424, q-065), or whose name or file has one of these words
    names: Vec<String>,
}

impl Conformance {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        ended(self.play())
    }

    fn play(self) -> anyhow::Result<Ending> {
        let suite = self.suite.parse::<Suite>().ok();
        let is_wanted =
            |case: &Case| suite.is_none_or(|suite| case.suite() == suite) && case.is_named(&self.names);
        let wanted: Vec<Case> = cases()?.into_iter().filter(is_wanted).collect();
        anyhow::ensure!(
            !wanted.is_empty(),
            "no case of the suite {} shows the rule, or has in its name or file, {}",
            self.suite,
            self.names.join(" or ")
        );
        let scope = Scope { profile: self.profile, destructive: self.allow_destructive };
        let target = self.asked.target()?;
        let bar = progress(wanted.iter().filter(|case| scope.holds(case)).count());
        let mut printed = Ok(());
        let stop = stopped_by_signals()?;
        let report = play(&target, scope, &wanted, &stop, &mut |case: &CaseReport| {
            bar.set_message(case.name.clone());
            bar.inc(1);
            if !self.json && !case.passed() && printed.is_ok() {
                printed = bar.suspend(|| writeln!(std::io::stdout(), "{case}"));
            }
        })?;
        bar.finish_and_clear();
        printed?;
        match self.json {
            true => say(&serde_json::to_string_pretty(&report.to_json())?)?,
            false => tell(&report)?,
        }
        if let Some(path) = &self.html {
            let page = report.to_html()?;
            write_page(path, &page)?;
        }
        Ok(ending(&report)?)
    }
}

fn ending(report: &Report) -> std::io::Result<Ending> {
    Ok(match &report.end {
        End::Gone(reason) => {
            writeln!(std::io::stderr(), "roster: {reason}")?;
            Ending::Unusable
        }
        End::Interrupted => Ending::Interrupted,
        End::Complete if report.passed() => Ending::Good,
        End::Complete => Ending::Bad,
    })
}

/// A line for each file, the totals, and what stayed on the server.
fn tell(report: &Report) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["FILE", "CASES", "PASSED", "FAILED"]);
    for (file, played, passed) in report.by_file() {
        let file = file.strip_prefix("conformance/").unwrap_or(file);
        table.add_row([
            file.to_owned(),
            played.to_string(),
            passed.to_string(),
            (played - passed).to_string(),
        ]);
    }
    (1..4)
        .filter_map(|n| table.column_mut(n).map(|column| column.set_cell_alignment(CellAlignment::Right)))
        .count();
    say(&format!("{table}\n{}", report.totals()))?;
    for url in &report.left_behind {
        say(&format!("left behind, the server did not delete it: {url}"))?;
    }
    Ok(())
}

fn profile(text: &str) -> Result<Profile, String> {
    text.parse()
}
