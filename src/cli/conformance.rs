//! `roster conformance`: the suites against any SCIM server.

use super::{
    say,
    target::{Asked, Ending, align_numbers, ended, ending, progress, stopped_by_signals},
};
use crate::conformance::{Case, CaseReport, Profile, Report, Scope, Suite, cases, play};
use anyhow::Context as _;
use clap::Args;
use comfy_table::{Table, presets::NOTHING};
use std::{fs::File, io::Write, path::PathBuf, process::ExitCode};

/// The options of the command.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit status: 0 everything passed, 1 a case failed or something could not be deleted again, 2 the command is wrong, 3 the server cannot \
    be used, 130 interrupted.\nWhat the cases make they delete again, also when they are interrupted."
)]
pub(super) struct Conformance {
    #[command(flatten)]
    asked: Asked,
    /// What the server promises of that token: standard (forgiving), strict (RFC to the letter) or strict-interop
    /// (strict, and as the interoperability profile wants it)
    #[arg(long, default_value = "standard", value_parser = profile)]
    profile: Profile,
    /// Which of the suites
    #[arg(long, default_value = "all")]
    suite: Suite,
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
        let scope = Scope { profile: self.profile, destructive: self.allow_destructive };
        let wanted: Vec<Case> = cases()?
            .into_iter()
            .filter(|case| case.is_in(self.suite) && case.is_named(&self.names))
            .collect();
        anyhow::ensure!(!wanted.is_empty(), "no case of that suite is about {}", self.names.join(" or "));
        let n_played = wanted.iter().filter(|case| scope.holds(case)).count();
        anyhow::ensure!(
            n_played > 0,
            "all {} cases are left out: they are for another --profile, or want --allow-destructive",
            wanted.len()
        );
        // a page that cannot be written is told before anything is sent
        let page = self.html.as_ref().map(|path| {
            let file = File::create(path);
            file.with_context(|| format!("cannot write {}", path.display()))
        });
        let page = page.transpose()?;
        let target = self.asked.target()?;
        let bar = progress(n_played);
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
        if let Some(mut file) = page {
            file.write_all(report.to_html()?.as_bytes())?;
        }
        Ok(ending(&report.end, report.passed())?)
    }
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
    align_numbers(&mut table);
    say(&format!("{table}\n{}", report.totals()))?;
    for url in &report.left_behind {
        say(&format!("left behind, the server did not delete it: {url}"))?;
    }
    Ok(())
}

fn profile(text: &str) -> Result<Profile, String> {
    text.parse()
}
