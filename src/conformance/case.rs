//! What a suite's text means: cases, steps, requests and answers, ready to be played.

use super::expect::Expectation;
use super::subject::Subject;
use super::template::Template;
use super::{Profile, Rule, Suite};

/// One conversation: steps that share variables and clean up after themselves.
pub struct Case {
    /// The name, one word, unique among the suites.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// The line of its heading, counted from 1.
    pub line: usize,
    /// The only profile it is meant for, if there is one.
    pub profile: Option<Profile>,
    /// Whether it sends what may harm a server that is not well made: huge, deep, or very much.
    pub is_destructive: bool,
    /// What it is written as.
    pub(super) text: String,
    pub(super) lets: Vec<Let>,
    pub(super) headers: Vec<DefaultHeader>,
    pub(super) steps: Vec<Step>,
}

impl Case {
    /// Whether the case speaks of this URN.
    pub(super) fn names_urn(&self, urn: &str) -> bool {
        self.text.contains(urn)
    }

    /// Whether the case is wanted: a word names a rule that it shows (`R-424`, `q_012`), or is part of its name or its
    /// file's; or there are no words.
    #[must_use]
    pub fn is_named(&self, words: &[String]) -> bool {
        let named = |word: &String| match rule_in(word) {
            Some(rule) => self.rules().any(|known| known == rule),
            None => [&self.name, &self.file].iter().any(|text| text.contains(&word.to_lowercase())),
        };
        words.is_empty() || words.iter().any(named)
    }

    /// Whether it belongs to a suite: the chapters of the standard are checks below 30, the rest is about clients.
    #[must_use]
    pub fn is_in(&self, suite: Suite) -> bool {
        let chapter = self.file.strip_prefix("conformance/checks/").and_then(|file| file.get(..2));
        let is_of_the_standard = chapter.and_then(|number| number.parse::<u8>().ok()).is_some_and(|n| n < 30);
        match suite {
            Suite::Rfc => is_of_the_standard,
            Suite::Clients => !is_of_the_standard,
            Suite::All => true,
        }
    }

    /// The number that its name begins with, as `r_424_…` does.
    pub(super) fn rule(&self) -> Option<String> {
        rule_in(self.name.get(..5)?)
    }

    /// The requirements that a step of it shows, as far as their numbers are in scope: its own in its own words.
    pub(super) fn requirements(&self, step: &Step) -> Vec<String> {
        let own = self.rule().and_then(|number| Rule::numbered(&number));
        let sentence = self.name.get(6..).unwrap_or_default().replace('_', " ");
        let own = own.map(|rule| rule.told_as(&sentence));
        let others = step.tags.rules.iter().filter_map(|number| Rule::numbered(number)).map(Rule::told);
        own.into_iter().chain(others).collect()
    }

    /// The numbers of the rules it shows, its own and its steps'.
    fn rules(&self) -> impl Iterator<Item = String> {
        self.rule().into_iter().chain(self.steps.iter().flat_map(|step| step.tags.rules.iter().cloned()))
    }
}

/// A number of a rule, as `R-424`, in any of its spellings; None for any other word.
fn rule_in(word: &str) -> Option<String> {
    let (letter, digits) = word.split_once(['-', '_'])?;
    let is_number = digits.len() == 3 && digits.bytes().all(|octet| octet.is_ascii_digit());
    let letter = letter.to_ascii_uppercase();
    (is_number && ["R", "Q"].contains(&letter.as_str())).then(|| format!("{letter}-{digits}"))
}

/// `let name = text`.
pub(super) struct Let {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) text: Template,
}

/// `header [METHOD] Name: value` of a case.
pub(super) struct DefaultHeader {
    pub(super) line: usize,
    /// The only method it is sent with, if one was named.
    pub(super) method: Option<String>,
    pub(super) header: Header,
}

pub(super) struct Header {
    pub(super) name: String,
    /// Empty to send no such header.
    pub(super) value: Template,
}

/// One request and what its answer must be.
pub(super) struct Step {
    pub(super) title: String,
    pub(super) line: usize,
    pub(super) tags: Tags,
    pub(super) request: Request,
    pub(super) answer: Answer,
}

/// What a step's failure means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// The standard demands it.
    #[default]
    Rfc,
    /// The client counts on it.
    Idp,
    /// The client leaves the standard, and a forgiving server follows.
    Tolerance,
    /// It only tidies up.
    Cleanup,
}

impl Kind {
    /// The word for it in a suite and in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Rfc => "rfc",
            Kind::Idp => "idp",
            Kind::Tolerance => "tolerance",
            Kind::Cleanup => "cleanup",
        }
    }
}

#[derive(Default)]
pub(super) struct Tags {
    pub(super) kind: Kind,
    pub(super) rules: Vec<String>,
    pub(super) only: Only,
}

/// When a step is played.
#[derive(Default)]
pub(super) enum Only {
    #[default]
    Always,
    /// While this variable is not known.
    Unless(String),
    /// While this variable is known.
    When(String),
}

pub(super) struct Request {
    pub(super) line: usize,
    pub(super) method: String,
    pub(super) target: Template,
    pub(super) headers: Vec<Header>,
    pub(super) body: Option<Body>,
}

pub(super) enum Body {
    /// JSON, or something that begins like it: variables are escaped.
    Json(Template),
    /// Announced by `body:`, sent as it stands.
    Announced(Template),
}

pub(super) struct Answer {
    pub(super) line: usize,
    pub(super) statuses: Vec<u16>,
    pub(super) error: Option<ErrorBody>,
    pub(super) lines: Vec<AnswerLine>,
}

/// What the body of an error must say besides its status.
pub(super) struct ErrorBody {
    /// None for `error`: the `scimType` is not looked at.
    pub(super) scim_type: Option<String>,
}

pub(super) enum AnswerLine {
    Expect(Expectation),
    Capture(Capture),
}

/// `name := subject`.
pub(super) struct Capture {
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) subject: Subject,
}
