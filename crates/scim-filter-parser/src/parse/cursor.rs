//! The cursor's small steps: blanks, words, and the making of errors.

use super::{Parser, Result};
use crate::{Dialect, Error, Slack};
use std::borrow::Cow;

const BLANKS: [char; 2] = [' ', '\t'];
/// How much of the text an error quotes, in characters.
const MAX_QUOTED: usize = 32;

impl<'t> Parser<'t> {
    /// The text from the cursor on.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn stands_at(&self, symbol: char) -> bool {
        self.rest().starts_with(symbol)
    }

    /// The longest run of characters at the cursor that could be a path, an operator or a connective.
    pub(super) fn word(&self) -> &'t str {
        first_word(self.rest())
    }

    /// Passes over blanks where the RFC has none: at either end and inside brackets.
    pub(super) fn skip_padding(&mut self) {
        if self.dialect == Dialect::Forgiving && self.rest().starts_with(BLANKS) {
            self.note(Slack::Spacing);
            self.at += self.gap().len();
        }
    }

    /// The blanks here that may part two words: one space, or in the forgiving dialect any run.
    fn gap(&self) -> &'t str {
        let rest = self.rest();
        let len = match self.dialect {
            Dialect::Rfc => usize::from(rest.starts_with(' ')),
            Dialect::Forgiving => rest.len() - rest.trim_start_matches(BLANKS).len(),
        };
        rest.get(..len).unwrap_or_default()
    }

    /// Passes over the gap between two words; false if there is none.
    pub(super) fn take_gap(&mut self) -> bool {
        let gap = self.gap();
        if gap != " " && !gap.is_empty() {
            self.note(Slack::Spacing);
        }
        self.at += gap.len();
        !gap.is_empty()
    }

    /// Passes over ` and ` or ` or `, if it is next. The word may be the last one: what is missing behind it
    /// is for the next term to say.
    pub(super) fn take_connective(&mut self, keyword: &str) -> Result<bool> {
        let gap = self.gap();
        let behind = self.rest().get(gap.len()..).unwrap_or_default();
        if gap.is_empty() || !first_word(behind).eq_ignore_ascii_case(keyword) {
            return Ok(false);
        }
        self.take_gap();
        self.at += keyword.len();
        if !self.take_gap() && self.stands_at('(') {
            self.lean_on(Slack::Spacing, "a space")?;
        }
        Ok(true)
    }

    /// Passes over `not` and the blanks behind it, if a parenthesis follows. Otherwise the word is the name of
    /// an attribute.
    pub(super) fn take_not(&mut self) -> bool {
        let word = self.word();
        if !word.eq_ignore_ascii_case("not") {
            return false;
        }
        let start = self.at;
        self.at += word.len();
        let gap = self.gap();
        if !self.rest().get(gap.len()..).unwrap_or_default().starts_with('(') {
            self.at = start;
            return false;
        }
        self.take_gap();
        true
    }

    /// Notes a leniency, or refuses it where the dialect does not have it.
    pub(super) fn lean_on(&mut self, slack: Slack, expected: &'static str) -> Result<()> {
        match self.dialect {
            Dialect::Rfc => Err(self.expected(expected)),
            Dialect::Forgiving => {
                self.note(slack);
                Ok(())
            }
        }
    }

    fn note(&mut self, slack: Slack) {
        if !self.slack.contains(&slack) {
            self.slack.push(slack);
        }
    }

    /// The error that something else should stand at the cursor.
    pub(super) fn expected(&self, expected: impl Into<Cow<'static, str>>) -> Error {
        Error::new(self.text, self.at, expected, self.found())
    }

    pub(super) fn one_too_many(&self, expected: String) -> Error {
        Error::new(self.text, self.at, expected, "one more".to_owned())
    }

    /// The error that a complete term is followed by neither a connective nor `end`.
    pub(super) fn unexpected_after_term(&self, end: &str) -> Error {
        let word = self.word();
        if word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or") {
            return self.expected(format!("a space before `{word}`"));
        }
        // A space may stand before a connective: where another word is in its place, the word is the mistake.
        let gap = self.gap().len();
        let behind = self.rest().get(gap..).unwrap_or_default();
        let is_gap_the_mistake = behind.is_empty() || behind.starts_with([')', ']']);
        let at = if is_gap_the_mistake { self.at } else { self.at + gap };
        Error::new(self.text, at, format!("`and`, `or` or {end}"), self.found_at(at))
    }

    fn found(&self) -> String {
        self.found_at(self.at)
    }

    /// What stands at a place, in words or in backticks.
    fn found_at(&self, at: usize) -> String {
        let rest = self.text.get(at..).unwrap_or_default();
        match rest.chars().next() {
            None => format!("the end of the {}", self.noun),
            Some(' ') => "a space".to_owned(),
            Some('\t') => "a tab".to_owned(),
            Some(c) if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
            Some(c @ ('(' | ')' | '[' | ']')) => format!("`{c}`"),
            Some(_) => {
                let end = rest.find(|c: char| c == ' ' || c == ')' || c == ']' || c.is_control());
                let word = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
                match word.char_indices().nth(MAX_QUOTED) {
                    Some((cut, _)) => format!("`{}…`", word.get(..cut).unwrap_or_default()),
                    None => format!("`{word}`"),
                }
            }
        }
    }
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| c == ' ' || "()[]\"'".contains(c) || c.is_control());
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}
