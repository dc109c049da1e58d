//! `roster event`.

use super::{
    control::{Ask, Reply},
    is_watched,
    within::Within,
};
use crate::org::journal::{Walked, Wanted};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use comfy_table::{Table, presets::NOTHING};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::PathBuf,
};

#[derive(Debug, Subcommand)]
pub(super) enum EventCommand {
    /// List what happened, in the order of the journal
    List {
        #[command(flatten)]
        filter: Filter,
        /// How many events at most
        #[arg(long, value_name = "N", default_value = "100")]
        limit: String,
        #[command(flatten)]
        common: Within,
    },
    /// Write all of it as lines of JSON
    Export {
        #[command(flatten)]
        filter: Filter,
        /// Where to; without this, to standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        #[command(flatten)]
        common: Within,
    },
    /// Check that the journal is what was written; ends with status 1 and names the first event that is not
    Verify {
        #[command(flatten)]
        common: Within,
    },
}

/// Which events.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Those after this position
    #[arg(long, value_name = "POSITION")]
    after: Option<String>,
    /// Those of this kind, such as user.created
    #[arg(long)]
    kind: Option<String>,
    /// Those that happened to the resource of this id
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// Those that the actor of this id made
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// Those of this moment and later, such as 2026-02-03 or 2026-02-03T08:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Those before this moment
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Filter {
    fn wanted(&self, limit: Option<&str>) -> anyhow::Result<Wanted> {
        let given = [
            ("after", self.after.as_deref()),
            ("kind", self.kind.as_deref()),
            ("resource", self.resource.as_deref()),
            ("actor", self.actor.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
            ("limit", limit),
        ];
        Ok(Wanted::read(given.into_iter().filter_map(|(name, value)| Some((name, value?))))?)
    }
}

impl EventCommand {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { filter, limit, common } => {
                let reply = common.ask(Ask::ListEvents(filter.wanted(Some(&limit))?))?;
                common.print(&reply, || match &reply {
                    Reply::Events { events, next, .. } if !events.is_empty() => table(events, *next),
                    _ => "no such events".to_owned(),
                })
            }
            Self::Export { filter, output, common } => {
                let wanted = filter.wanted(None)?;
                match output {
                    Some(file) => {
                        let named = || format!("{} cannot be written", file.display());
                        let mut to = BufWriter::new(File::create_new(&file).with_context(named)?);
                        export(&common, wanted, &mut to)?;
                        to.into_inner()
                            .map_err(|error| error.into_error())
                            .and_then(|file| file.sync_all())
                            .with_context(named)
                    }
                    None => export(&common, wanted, &mut std::io::stdout().lock()),
                }
            }
            Self::Verify { common } => verify(&common),
        }
    }
}

/// Writes page after page, with a bar where somebody watches.
fn export(common: &Within, mut wanted: Wanted, to: &mut impl Write) -> anyhow::Result<()> {
    let bar = bar("events")?;
    let mut end = None;
    loop {
        wanted.limit = Some(PAGE);
        let Reply::Events { events, next, last } = common.ask(Ask::ListEvents(wanted.clone()))? else {
            bail!("the server answered something else");
        };
        // what happens meanwhile is for the next export
        let end = *end.get_or_insert(last);
        bar.set_length(u64::try_from(end).unwrap_or_default());
        let place = |event: &Value| event.get("position").and_then(Value::as_i64).unwrap_or_default();
        for event in events.iter().filter(|event| place(event) <= end) {
            writeln!(to, "{event}")?;
        }
        match next {
            Some(next) if next < end => wanted.after = next,
            _ => break,
        }
        bar.set_position(u64::try_from(wanted.after).unwrap_or_default());
    }
    bar.finish_and_clear();
    Ok(to.flush()?)
}

/// Events of one question; an answer must come in seconds.
const PAGE: i64 = 500;

fn verify(common: &Within) -> anyhow::Result<()> {
    let bar = bar("checking")?;
    let mut begun: Option<Walked> = None;
    let (reply, walked) = loop {
        let reply = common.ask(Ask::WalkEvents { begun: begun.take() })?;
        let Reply::Walked(walked) = &reply else { bail!("the server answered something else") };
        if walked.is_finished() {
            let walked = walked.clone();
            break (reply, walked);
        }
        bar.set_length(u64::try_from(walked.last - walked.first + 1).unwrap_or_default());
        bar.set_position(u64::try_from(walked.checked()).unwrap_or_default());
        begun = Some(walked.clone());
    };
    bar.finish_and_clear();
    common.print(&reply, || match walked.last {
        _ if walked.broken.is_some() => "the journal is not what was written".to_owned(),
        0 => "no event yet".to_owned(),
        last => {
            format!("the {} events from {} to {last} are what was written", walked.checked(), walked.first)
        }
    })?;
    match walked.broken {
        Some(broken) => match broken.event {
            Some(id) => bail!("event {} at position {}: {}", id, broken.position, broken.what),
            None => bail!("the event at position {}: {}", broken.position, broken.what),
        },
        None => Ok(()),
    }
}

fn bar(what: &str) -> anyhow::Result<ProgressBar> {
    if !is_watched() {
        return Ok(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:40} {human_pos} of {human_len}, {eta} left")?);
    bar.set_message(what.to_owned());
    Ok(bar)
}

fn table(events: &[Value], next: Option<i64>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["POSITION", "WHEN", "WHAT", "WHO", "TO WHAT"]);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let called = |event: &Value, of: &str| {
        let of = event.get(of);
        let part = |name: &str| text(of.and_then(|of| of.get(name)));
        let name = Some(part("name")).filter(|name| !name.is_empty()).unwrap_or_else(|| part("id"));
        format!("{} {name}", part("type"))
    };
    for event in events {
        table.add_row([
            event.get("position").map(Value::to_string).unwrap_or_default(),
            text(event.get("at")),
            text(event.get("kind")),
            called(event, "actor"),
            called(event, "resource"),
        ]);
    }
    match next {
        Some(next) => format!("{table}\n\n--after {next} shows what follows"),
        None => table.to_string(),
    }
}
