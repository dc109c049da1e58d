//! `roster export` and `roster import`.

use super::{
    control::{Ask, Reply},
    is_watched, say,
    users::PeopleSieve,
    within::Within,
};
use crate::service::people_csv::{Imported, NewImport, Stretch};
use anyhow::{Context as _, bail};
use clap::Args;
use csv::{ReaderBuilder, StringRecord, WriterBuilder};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::{fs, io::Write, path::PathBuf};

/// How many rows one question to the server holds.
const AT_ONCE: usize = 200;

/// Write everybody to a table of CSV, or those who are asked for
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The file; standard output without it
    file: Option<PathBuf>,
    #[command(flatten)]
    sieve: PeopleSieve,
    #[command(flatten)]
    within: Within,
}

impl Export {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut to: Box<dyn Write> = match &self.file {
            Some(file) => Box::new(
                fs::File::create(file).with_context(|| format!("{} cannot be written", file.display()))?,
            ),
            None => Box::new(std::io::stdout()),
        };
        let bar = bar("writing people", None)?;
        let (wanted, mut after) = (self.sieve.wanted(), None);
        loop {
            let Reply::People(stretch) = self.within.ask(Ask::Export { wanted: wanted.clone(), after })?
            else {
                bail!("the server said something unreadable");
            };
            let Stretch { csv, n, next } = stretch;
            to.write_all(csv.as_bytes())?;
            bar.inc(u64::try_from(n).unwrap_or_default());
            after = next;
            if after.is_none() {
                break;
            }
        }
        to.flush()?;
        bar.finish_and_clear();
        match &self.file {
            Some(file) => say(&format!("wrote {} people to {}", bar.position(), file.display())),
            None => Ok(()),
        }
    }
}

/// Take people in from a table of CSV: all of it, or nothing where a row is wrong
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The file, as `roster export` writes it; `username` is the one column that must be there
    file: PathBuf,
    /// Tell what it would do, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Make teams that are not there
    #[arg(long)]
    create_teams: bool,
    /// Take the rows that can be taken, where others cannot
    #[arg(long)]
    partial: bool,
    #[command(flatten)]
    within: Within,
}

impl Import {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let text = fs::read_to_string(&self.file)
            .with_context(|| format!("{} cannot be read", self.file.display()))?;
        let parts = parts(&text)?;
        // all of it is tried before any of it is done
        let tried = self.play("trying", &parts, true)?;
        let told = match self.dry_run || !tried.problems.is_empty() && !self.partial {
            true => tried,
            false => self.play("importing", &parts, false)?,
        };
        let is_good = told.problems.is_empty();
        self.within.print(&Reply::Shown(json!(told)), || words(&told, self.dry_run))?;
        match is_good || self.partial {
            true => Ok(()),
            false => bail!("{} rows cannot be taken", told.problems.len()),
        }
    }

    fn play(&self, what: &'static str, parts: &[(u64, String)], rehearses: bool) -> anyhow::Result<Imported> {
        let bar = bar(what, Some(parts.len()))?;
        let mut all = Imported { done: !rehearses, ..Imported::default() };
        for (before, csv) in parts {
            let new = NewImport { csv: csv.clone(), create_teams: self.create_teams, partial: self.partial };
            let Reply::Imported(mut told) = self.within.ask(Ask::Import { new, rehearses })? else {
                bail!("the server said something unreadable");
            };
            // lines are counted from the beginning of the file
            told.problems.iter_mut().filter(|it| it.line > 1).for_each(|it| it.line += before);
            all.done &= told.done;
            all.created += told.created;
            all.changed += told.changed;
            all.unchanged += told.unchanged;
            all.teams += told.teams;
            all.problems.extend(told.problems);
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(all)
    }
}

/// The table in parts that one question holds, each with its line of names, and how many lines of the file stand before it.
fn parts(text: &str) -> anyhow::Result<Vec<(u64, String)>> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers()?.clone();
    let written = |rows: &[StringRecord]| -> anyhow::Result<String> {
        let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
        writer.write_record(&headers)?;
        rows.iter().try_for_each(|row| writer.write_record(row))?;
        Ok(String::from_utf8(writer.into_inner()?)?)
    };
    let mut parts = Vec::new();
    let (mut rows, mut first) = (Vec::new(), 2);
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        if rows.is_empty() {
            first = line;
        }
        rows.push(record);
        if rows.len() == AT_ONCE {
            parts.push((first.saturating_sub(2), written(&rows)?));
            rows.clear();
        }
    }
    if !rows.is_empty() || parts.is_empty() {
        parts.push((first.saturating_sub(2), written(&rows)?));
    }
    Ok(parts)
}

fn words(told: &Imported, is_rehearsal: bool) -> String {
    let Imported { created, changed, unchanged, teams, problems, .. } = told;
    let begin = match (is_rehearsal, told.done) {
        (true, _) => "it would be: ",
        (false, true) => "",
        (false, false) => "nothing is changed; it would have been: ",
    };
    let sum =
        format!("{begin}{created} created, {changed} changed, {unchanged} as they were, {teams} teams made");
    let rows = problems.iter().map(|it| {
        let column = it.column.as_ref().map_or(String::new(), |column| format!(", {column}"));
        format!("line {}{column}: {}", it.line, it.reason)
    });
    rows.chain([sum]).collect::<Vec<_>>().join("\n")
}

fn bar(what: &'static str, total: Option<usize>) -> anyhow::Result<ProgressBar> {
    let bar = match total {
        Some(total) => ProgressBar::new(u64::try_from(total).unwrap_or_default()),
        None => ProgressBar::no_length(),
    };
    let template =
        if total.is_some() { "{msg} {bar:40} {percent} %, {eta} left" } else { "{msg} {human_pos}" };
    bar.set_style(ProgressStyle::with_template(template)?);
    bar.set_message(what);
    if !is_watched() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    Ok(bar)
}
