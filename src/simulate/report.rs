//! What came of a day, as values, as text and as JSON.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use super::compare::Difference;
use super::plan::Size;
use super::wire::Trouble;
use crate::client::End;

/// How many differences are told in the text.
const TOLD: usize = 20;

/// What came of a day.
pub struct Report {
    /// The base URL of the server.
    pub url: String,
    /// The provider that was played.
    pub provider: &'static str,
    /// What the day was drawn from: the same seed is the same day.
    pub seed: u64,
    /// How many people and groups there were in the morning.
    pub size: Size,
    /// How many requests were sent at the same time.
    pub parallel: usize,
    /// How long the day took, without tidying up.
    pub elapsed: Duration,
    /// What was asked, and how long the answers took.
    pub requests: Vec<Requests>,
    /// How many requests were sent again.
    pub retries: usize,
    /// How many answers were not as the provider counts on.
    pub n_troubles: usize,
    /// The first of them.
    pub troubles: Vec<Trouble>,
    /// What the server holds otherwise than the model; None when they were not compared.
    pub differences: Option<Vec<Difference>>,
    /// The URLs of what could not be deleted again.
    pub left_behind: Vec<String>,
    /// How the day ended.
    pub end: End,
}

/// The requests of one kind.
#[derive(Clone, Debug)]
pub struct Requests {
    /// What they are for.
    pub what: &'static str,
    /// How many there were.
    pub n: usize,
    /// Half of the answers came within so many milliseconds.
    pub median: u64,
    /// 99 of 100 answers came within so many milliseconds.
    pub p99: u64,
    /// The slowest took so many milliseconds.
    pub max: u64,
}

impl Requests {
    /// Those of one kind, from how long each took.
    pub(super) fn of(what: &'static str, mut milliseconds: Vec<u64>) -> Requests {
        milliseconds.sort_unstable();
        let n = milliseconds.len();
        let at = |part: usize| {
            milliseconds.get((n * part / 100).min(n.saturating_sub(1))).copied().unwrap_or_default()
        };
        Requests { what, n, median: at(50), p99: at(99), max: at(100) }
    }
}

impl Report {
    /// Whether the day went to its end without trouble, the server held what the model does, and everything is gone again.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let equal = self.differences.as_ref().is_some_and(Vec::is_empty);
        self.end == End::Complete && self.n_troubles == 0 && equal && self.left_behind.is_empty()
    }

    /// The result in one line.
    #[must_use]
    pub fn verdict(&self) -> String {
        let n: usize = self.requests.iter().map(|kind| kind.n).sum();
        let compared = match self.differences.as_deref() {
            None => "not compared with the model".to_owned(),
            Some([]) => "the server and the model are equal".to_owned(),
            Some(all) => format!("{} differences between the server and the model", all.len()),
        };
        format!(
            "{}, seed {}: {n} requests in {:.1} s ({} sent again), {} errors; {compared}",
            self.provider,
            self.seed,
            self.elapsed.as_secs_f64(),
            self.retries,
            self.n_troubles
        )
    }

    /// The whole report for machines.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let requests = self.requests.iter();
        let requests: Vec<Value> = requests
            .map(|it| json!({"what": it.what, "count": it.n, "median_ms": it.median, "p99_ms": it.p99, "max_ms": it.max}))
            .collect();
        let troubles = self.troubles.iter();
        let troubles: Vec<Value> = troubles
            .map(|it| json!({"request": it.request, "answer": it.answer, "expected": it.expected}))
            .collect();
        let differences = self
            .differences
            .as_ref()
            .map(|all| all.iter().map(|it| json!({"of": it.of, "what": it.what})).collect::<Vec<Value>>());
        json!({
            "url": self.url, "provider": self.provider, "seed": self.seed, "good": self.is_good(),
            "users": self.size.users, "groups": self.size.groups, "parallel": self.parallel,
            "seconds": self.elapsed.as_secs_f64(), "requests": requests, "retries": self.retries,
            "errors": self.n_troubles, "first_errors": troubles, "differences": differences,
            "left_behind": self.left_behind,
            "end": self.end.word(),
        })
    }
}

/// The errors, the differences, and the verdict.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for trouble in &self.troubles {
            writeln!(f, "ERROR\n  > {}", trouble.request.replace('\n', "\n  > "))?;
            writeln!(f, "  < {}", trouble.answer.replace('\n', "\n  < "))?;
            writeln!(f, "  expected {}", trouble.expected)?;
        }
        let more = self.n_troubles.saturating_sub(self.troubles.len());
        if more > 0 {
            writeln!(f, "and {more} more errors")?;
        }
        let differences = self.differences.as_deref().unwrap_or_default();
        for difference in differences.iter().take(TOLD) {
            writeln!(f, "DIFFERENT {}: {}", difference.of, difference.what)?;
        }
        if differences.len() > TOLD {
            writeln!(f, "and {} more differences", differences.len() - TOLD)?;
        }
        for url in &self.left_behind {
            writeln!(f, "left behind, the server did not delete it: {url}")?;
        }
        writeln!(f, "{}", self.verdict())
    }
}
