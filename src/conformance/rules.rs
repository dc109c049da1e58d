//! What the numbers of the suites stand for.

use std::sync::LazyLock;

/// A requirement in scope, as a line of `conformance/requirements.tsv` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its number: `R-` what the standards ask for, `Q-` what clients count on.
    pub number: &'static str,
    /// How strictly the standard asks: M must, S should, O may, D where it is silent or contradicts itself, P only in a
    /// profile, C tolerance; `-` for what clients count on.
    pub level: &'static str,
    /// Its chapter, or `clients`.
    pub chapter: &'static str,
    /// Where the standard says so, or for whom it matters; `RFC silent` for rulings of ours.
    pub source: &'static str,
    /// What holds, in one sentence.
    pub sentence: &'static str,
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    include_str!("../../conformance/requirements.tsv").lines().filter_map(Rule::of_line).collect()
});

impl Rule {
    /// Every requirement in scope, in order.
    #[must_use]
    pub fn all() -> &'static [Rule] {
        &RULES
    }

    /// The requirement of that number.
    #[must_use]
    pub fn numbered(number: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.number == number)
    }

    fn of_line(line: &'static str) -> Option<Rule> {
        let mut cells = line.split('\t');
        let mut next = || cells.next();
        Some(Rule { number: next()?, level: next()?, chapter: next()?, source: next()?, sentence: next()? })
    }

    /// Number, source and sentence in one line.
    #[must_use]
    pub fn told(&self) -> String {
        self.told_as(self.sentence)
    }

    /// The same with what a case says of it, which may be about one profile alone.
    pub(super) fn told_as(&self, sentence: &str) -> String {
        format!("{} ({}): {sentence}", self.number, self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_rule_with_a_sentence() {
        let lines = include_str!("../../conformance/requirements.tsv").lines().count();
        assert_eq!(Rule::all().len(), lines);
        assert!(Rule::all().iter().all(|rule| rule.sentence.contains(' ') && !rule.source.is_empty()));

        let rule = Rule::numbered("R-019").unwrap();
        assert_eq!(rule.told(), "R-019 (RFC 9110 §9.2.1): reading changes nothing");
    }
}
