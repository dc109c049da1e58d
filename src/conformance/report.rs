//! What came of a run, as values, as text and as JSON. The token is in none of them.

use std::fmt;

use serde_json::{Value, json};

use super::Profile;
use super::case::Kind;
use crate::client::End;

/// What came of one case.
pub struct CaseReport {
    /// The case's name.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// The line of its heading.
    pub line: usize,
    /// Its steps in order.
    pub steps: Vec<StepReport>,
}

/// What came of one step.
pub struct StepReport {
    /// The step's title, or its request line.
    pub title: String,
    /// The line it begins at.
    pub line: usize,
    /// What a failure means.
    pub kind: Kind,
    /// The numbers of the rules it shows, its case's own first.
    pub rules: Vec<String>,
    /// What these ask for, with the section of the standard, a line each.
    pub requirements: Vec<String>,
    /// Whether it held.
    pub verdict: Verdict,
    /// What was sent, with its headers but for the token's; empty when nothing was.
    pub request: String,
    /// The answer's status, when there was one.
    pub status: Option<u16>,
    /// The answer's headers, a line each.
    pub head: String,
    /// The beginning of the answer's body.
    pub answer: String,
    /// How long the answer took, in milliseconds.
    pub ms: u64,
    /// What did not hold.
    pub failures: Vec<Failure>,
}

/// Whether a step held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything held.
    Passed,
    /// Something did not hold, or it could not be played.
    Failed,
    /// It was not meant to be played (`unless`, `when`).
    Skipped,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Skipped => "skipped",
        }
    }
}

/// One thing that did not hold.
#[derive(Debug)]
pub struct Failure {
    /// The line of the expectation.
    pub line: usize,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl CaseReport {
    /// Whether no step failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.count(Verdict::Failed) == 0
    }

    pub(super) fn count(&self, verdict: Verdict) -> usize {
        self.steps.iter().filter(|step| step.verdict == verdict).count()
    }

    fn to_json(&self) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(StepReport::to_json).collect();
        json!({
            "name": self.name, "file": self.file, "line": self.line, "passed": self.passed(), "steps": steps,
        })
    }
}

impl StepReport {
    fn to_json(&self) -> Value {
        let failures = self.failures.iter();
        let failures: Vec<Value> =
            failures.map(|f| json!({"line": f.line, "expected": f.expected, "found": f.found})).collect();
        json!({
            "title": self.title, "line": self.line, "kind": self.kind.word(), "rules": self.rules,
            "requirements": self.requirements,
            "verdict": self.verdict.word(), "request": self.request, "status": self.status,
            "headers": self.head, "answer": self.answer, "ms": self.ms, "failures": failures,
        })
    }
}

/// What came of a whole run.
pub struct Report {
    /// The base URL of the server that was asked.
    pub url: String,
    /// What it promised.
    pub profile: Profile,
    /// The cases that were played, in order.
    pub cases: Vec<CaseReport>,
    /// How many cases were left out because they are for other profiles.
    pub for_other_profiles: usize,
    /// How many cases were left out because they may harm a server.
    pub destructive: usize,
    /// The URLs of what the cases made and could not delete again.
    pub left_behind: Vec<String>,
    /// How the run ended.
    pub end: End,
}

/// How many cases and steps there were of which sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Cases without a failed step.
    pub cases_passed: usize,
    /// Cases with a failed step.
    pub cases_failed: usize,
    /// Steps that held.
    pub steps_passed: usize,
    /// Steps that did not hold or could not be played.
    pub steps_failed: usize,
    /// Steps that were not meant to be played.
    pub steps_skipped: usize,
}

impl Report {
    /// Whether everything was played and passed, and the server is as it was.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.end == End::Complete && self.left_behind.is_empty() && self.cases.iter().all(CaseReport::passed)
    }

    /// For each file, how many of its cases were played and how many passed, in order.
    #[must_use]
    pub fn by_file(&self) -> Vec<(&str, usize, usize)> {
        let mut files: Vec<(&str, usize, usize)> = Vec::new();
        for case in &self.cases {
            if files.last().is_none_or(|(file, ..)| *file != case.file) {
                files.push((&case.file, 0, 0));
            }
            if let Some((_, played, passed)) = files.last_mut() {
                *played += 1;
                *passed += usize::from(case.passed());
            }
        }
        files
    }

    /// How many cases and steps there were of which sort.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let steps = |verdict| self.cases.iter().map(|case| case.count(verdict)).sum();
        let cases_passed = self.cases.iter().filter(|case| case.passed()).count();
        Counts {
            cases_passed,
            cases_failed: self.cases.len() - cases_passed,
            steps_passed: steps(Verdict::Passed),
            steps_failed: steps(Verdict::Failed),
            steps_skipped: steps(Verdict::Skipped),
        }
    }

    /// The whole report for machines.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let counts = self.counts();
        let cases: Vec<Value> = self.cases.iter().map(CaseReport::to_json).collect();
        json!({
            "url": self.url,
            "profile": self.profile.to_string(),
            "passed": self.passed(),
            "end": self.end.word(),
            "cases": {
                "passed": counts.cases_passed, "failed": counts.cases_failed,
                "for_other_profiles": self.for_other_profiles, "destructive": self.destructive,
            },
            "steps": {
                "passed": counts.steps_passed, "failed": counts.steps_failed, "skipped": counts.steps_skipped,
            },
            "left_behind": self.left_behind,
            "results": cases,
        })
    }
}

/// A line for the case, and for every failed step what was sent, expected and found.
impl fmt::Display for CaseReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed() { "ok  " } else { "FAIL" };
        let played = self.count(Verdict::Passed) + self.count(Verdict::Failed);
        writeln!(f, "{word} {} ({}/{played} steps)", self.name, self.count(Verdict::Passed))?;
        for step in self.steps.iter().filter(|step| step.verdict == Verdict::Failed) {
            writeln!(f, "  {}:{}: {} [{}]", self.file, step.line, step.title, step.kind.word())?;
            for requirement in &step.requirements {
                writeln!(f, "    {requirement}")?;
            }
            if !step.request.is_empty() {
                writeln!(f, "    > {}", step.request.replace('\n', "\n    > "))?;
            }
            if let Some(status) = step.status {
                let answer = format!("{status}\n{}\n{}", step.head, step.answer);
                writeln!(f, "    < {}", answer.replace('\n', "\n    < "))?;
            }
            for failure in &step.failures {
                writeln!(f, "    line {}: expected {}", failure.line, failure.expected)?;
                writeln!(f, "      found {}", failure.found)?;
            }
        }
        Ok(())
    }
}

/// The failed cases and the totals.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in self.cases.iter().filter(|case| !case.passed()) {
            writeln!(f, "{case}")?;
        }
        writeln!(f, "{}", self.totals())
    }
}

impl Report {
    /// How many cases and steps passed, in one line.
    #[must_use]
    pub fn totals(&self) -> String {
        let counts = self.counts();
        let (cases, steps) = (self.cases.len(), counts.steps_passed + counts.steps_failed);
        let mut line = format!(
            "{} of {cases} cases passed, {} of {steps} steps",
            counts.cases_passed, counts.steps_passed
        );
        if counts.steps_skipped > 0 {
            line.push_str(&format!(" ({} not needed)", counts.steps_skipped));
        }
        if self.for_other_profiles > 0 {
            line.push_str(&format!("; {} for other profiles left out", self.for_other_profiles));
        }
        if self.destructive > 0 {
            line.push_str(&format!("; {} that may harm a server left out", self.destructive));
        }
        line
    }
}
