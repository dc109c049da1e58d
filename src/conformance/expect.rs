//! Expectations: what must hold of a subject, and whether it does.

use regex::Regex;
use serde_json::Value;

use super::matching::{Json, empty, equal, keys_are, like, matches, size};
use super::subject::{Seen, Subject, first_word};
use super::template::{Place, Template};
use super::variables::{Unknown, Variables};

/// What must hold of a subject.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equal,
    NotEqual,
    Matches,
    MatchesNot,
    Contains,
    Lacks,
    Has,
    HasNot,
    Length,
    AtLeast,
    AtMost,
    In,
    Like,
    Is,
    Keys,
    Exists,
    Absent,
    Empty,
}

const OPERATORS: [(&str, Operator); 18] = [
    ("=", Operator::Equal),
    ("!=", Operator::NotEqual),
    ("~", Operator::Matches),
    ("!~", Operator::MatchesNot),
    ("contains", Operator::Contains),
    ("lacks", Operator::Lacks),
    ("has", Operator::Has),
    ("has-no", Operator::HasNot),
    ("length", Operator::Length),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("in", Operator::In),
    ("like", Operator::Like),
    ("is", Operator::Is),
    ("keys", Operator::Keys),
    ("exists", Operator::Exists),
    ("absent", Operator::Absent),
    ("empty", Operator::Empty),
];

const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];

impl Operator {
    fn takes_nothing(self) -> bool {
        matches!(self, Operator::Exists | Operator::Absent | Operator::Empty)
    }

    fn takes_regex(self) -> bool {
        matches!(self, Operator::Matches | Operator::MatchesNot)
    }

    /// Checks the argument while the suite is read, so that a slip is found before anything is sent.
    fn check(self, argument: &Template) -> Result<(), String> {
        let text = argument.specimen();
        if self.takes_nothing() {
            return if text.is_empty() {
                Ok(())
            } else {
                Err(format!("expected nothing more, found `{text}`"))
            };
        }
        if self.takes_regex() {
            return regex(&text).map(|_| ());
        }
        if self == Operator::Is {
            let known = TYPES.contains(&text.as_str());
            return if known { Ok(()) } else { Err(format!("expected one of {TYPES:?}, found `{text}`")) };
        }
        let value: Value =
            serde_json::from_str(&text).map_err(|e| format!("expected JSON, found `{text}`: {e}"))?;
        // A variable may be worth anything, so only what is written out can be judged here.
        if argument.names().next().is_some() {
            return Ok(());
        }
        let fits = match self {
            Operator::Length | Operator::AtLeast | Operator::AtMost => value.is_number(),
            Operator::In => value.is_array(),
            Operator::Keys => value.as_array().is_some_and(|names| names.iter().all(Value::is_string)),
            Operator::Like => value.is_string(),
            _ => true,
        };
        if fits { Ok(()) } else { Err(format!("the operator cannot work with `{text}`")) }
    }
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|e| format!("expected a regular expression, found `{text}`: {e}"))
}

/// One line of an answer that is an expectation.
#[derive(Debug)]
pub(super) struct Expectation {
    pub(super) line: usize,
    pub(super) subject: Subject,
    subject_text: String,
    operator: Operator,
    argument: Template,
}

/// An expectation that did not hold.
#[derive(Debug)]
pub(super) struct Unmet {
    pub(super) expected: String,
    pub(super) found: String,
}

impl Expectation {
    /// Reads one line; the error says what was expected in its place.
    pub(super) fn parse(line: usize, text: &str) -> Result<Expectation, String> {
        let (subject, rest) = Subject::parse(text)?;
        let subject_text = text.strip_suffix(rest).unwrap_or(text).trim().to_owned();
        let (word, rest) = first_word(rest);
        let Some((_, operator)) = OPERATORS.iter().find(|(known, _)| *known == word) else {
            let known: Vec<&str> = OPERATORS.iter().map(|(word, _)| *word).collect();
            return Err(format!("expected an operator ({}), found `{word}`", known.join(" ")));
        };
        let argument = Template::parse(rest)?;
        operator.check(&argument)?;
        Ok(Expectation { line, subject, subject_text, operator: *operator, argument })
    }

    /// The texts in it that hold variables.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.subject.templates().chain([&self.argument])
    }

    /// Looks at the answer: None when the expectation holds.
    pub(super) fn unmet(&self, seen: &Seen<'_>, variables: &Variables) -> Result<Option<Unmet>, Unknown> {
        let actual = self.subject.of(seen, variables)?;
        let actual = actual.as_deref();
        let verdict = if self.operator.takes_nothing() {
            let found = match self.operator {
                Operator::Exists => actual.is_some_and(|value| !value.is_null()),
                Operator::Absent => actual.is_none_or(Value::is_null),
                _ => empty(actual),
            };
            Ok(found)
        } else if self.operator.takes_regex() {
            let text = self.argument.text(variables, Place::Regex)?;
            let found =
                |regex: Regex| actual.and_then(Value::as_str).is_some_and(|text| regex.is_match(text));
            regex(&text).map(|regex| found(regex) == (self.operator == Operator::Matches))
        } else {
            self.argument_value(variables)?.map(|argument| self.operator.holds(actual, &argument))
        };
        let found = match verdict {
            Ok(true) => return Ok(None),
            Ok(false) => actual.map_or_else(|| "nothing".to_owned(), Value::to_string),
            Err(reason) => reason,
        };
        Ok(Some(Unmet { expected: self.shown(variables), found }))
    }

    fn argument_value(&self, variables: &Variables) -> Result<Result<Value, String>, Unknown> {
        if self.operator == Operator::Is {
            return Ok(Ok(self.argument.text(variables, Place::Plain)?.into()));
        }
        if let Some(value) = self.argument.lone_value(variables) {
            return value.map(Ok);
        }
        let text = self.argument.text(variables, Place::Json)?;
        Ok(serde_json::from_str(&text).map_err(|e| format!("an expectation that is no JSON, `{text}`: {e}")))
    }

    /// The line as it was meant, with its variables filled in.
    fn shown(&self, variables: &Variables) -> String {
        let word = OPERATORS.iter().find(|(_, known)| *known == self.operator).map_or("", |(word, _)| word);
        let place = if self.operator.takes_regex() { Place::Regex } else { Place::Json };
        let argument = match self.argument.lone_value(variables) {
            Some(Ok(value)) if !self.operator.takes_regex() => value.to_string(),
            _ => self.argument.text(variables, place).unwrap_or_default(),
        };
        let subject = Template::parse(&self.subject_text).ok();
        let subject = subject.and_then(|subject| subject.text(variables, Place::Plain).ok());
        format!("{} {word} {argument}", subject.as_deref().unwrap_or(&self.subject_text))
            .trim_end()
            .to_owned()
    }
}

impl Operator {
    /// Whether it holds of what was found, for the operators whose argument is JSON or a word.
    fn holds(self, actual: Option<&Value>, argument: &Value) -> bool {
        let items = actual.and_then(Value::as_array);
        let contains = || match (actual, argument) {
            (Some(Value::String(text)), Value::String(part)) => text.contains(part.as_str()),
            _ => items.is_some_and(|items| items.iter().any(|item| equal(item, argument))),
        };
        let has = || items.is_some_and(|items| items.iter().any(|item| matches(item, argument)));
        let compared = || Some((size(actual)?, argument.as_f64()?));
        match self {
            Operator::Equal => actual.is_some_and(|actual| matches(actual, argument)),
            Operator::NotEqual => !actual.is_some_and(|actual| matches(actual, argument)),
            Operator::Contains => contains(),
            Operator::Lacks => !contains(),
            Operator::Has => has(),
            Operator::HasNot => !has(),
            Operator::Length => compared().is_some_and(|(size, n)| size == n),
            Operator::AtLeast => compared().is_some_and(|(size, n)| size >= n),
            Operator::AtMost => compared().is_some_and(|(size, n)| size <= n),
            Operator::In => {
                let listed =
                    |actual| argument.as_array().is_some_and(|all| all.iter().any(|one| equal(actual, one)));
                actual.is_some_and(listed)
            }
            Operator::Like => actual.is_some_and(|actual| like(actual, argument)),
            Operator::Is => actual.is_some_and(|actual| {
                argument.as_str() == Some(actual.type_word()) || is_number(actual, argument)
            }),
            Operator::Keys => actual.is_some_and(|actual| keys_are(actual, argument)),
            // These take no argument and are decided before.
            Operator::Matches
            | Operator::MatchesNot
            | Operator::Exists
            | Operator::Absent
            | Operator::Empty => false,
        }
    }
}

/// An integer is a number too.
fn is_number(actual: &Value, word: &Value) -> bool {
    word == "number" && actual.is_number()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn unmet(line: &str) -> Option<Unmet> {
        let json = json!({
            "id": "a+b", "n": 3, "f": 1.5, "on": true, "none": null, "no": [], "text": "Grüße",
            "list": [1, "two", {"value": "x", "type": "y"}], "name": {"givenName": "Ada", "familyName": "L"},
        });
        let header = |name: &str| (name == "Vary").then(|| "Accept, Origin".to_owned());
        let seen = Seen { json: Some(&json), body: "raw text".into(), header: &header, ms: 12 };
        let mut variables = Variables::new("", "");
        variables.set("id", json!("a+b"));
        variables.set("n", json!(3));
        variables.set("name", json!({"givenName": "Ada"}));
        Expectation::parse(1, line).unwrap().unmet(&seen, &variables).unwrap()
    }

    #[test]
    fn every_operator_holds() {
        let lines = "
            .n = 3
            .n = 3.0
            .n = {n}
            .id = {id}
            .id = \"{id}\"
            .name = {name}
            .name = {\"GIVENNAME\": \"Ada\"}
            .list = [1, \"two\", {\"type\": \"y\"}]
            .none = null
            .n != 4
            .n != \"3\"
            .missing != 3
            .id ~ ^a.b$
            .id ~ ^{id}$
            header Vary ~ \\bOrigin\\b
            .id !~ ^b
            .missing !~ .
            .n !~ 3
            .list contains \"two\"
            .text contains \"üß\"
            header Vary contains \"Accept\"
            body contains \"raw\"
            .list lacks {\"value\": \"x\"}
            .missing lacks 1
            .list has {\"value\": \"x\"}
            .list has-no {\"value\": \"z\"}
            .missing has-no 1
            .list length 3
            .text length 5
            .missing length 0
            .n >= {n}
            .n <= 3
            .list >= 3
            ms <= 20
            .n in [1, 3]
            .id in [\"{id}\"]
            .text like \"GRÜßE\"
            .id like \"A+B\"
            .id is string
            .n is integer
            .n is number
            .f is number
            .on is boolean
            .list is array
            .name is object
            .name keys [\"familyName\", \"givenName\"]
            .on exists
            .none absent
            .missing absent
            .no empty
            .none empty
            .missing empty";
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(unmet(line).is_none(), "{line}: {:?}", unmet(line));
        }
    }

    #[test]
    fn every_operator_can_fail() {
        let lines = "
            .n = 4
            .n = \"3\"
            .missing = null
            .list = [1]
            .n != 3
            .name != {\"givenName\": \"Ada\"}
            .id ~ ^{id}x
            .n ~ 3
            .id !~ a
            .list contains {\"value\": \"x\"}
            .missing contains 1
            .text lacks \"Gr\"
            .list has {\"value\": \"z\"}
            .no has 1
            .list has-no 1
            .list length 2
            .name length 2
            .n >= 4
            .list <= 2
            .n in [1, 2]
            .missing in [null]
            .n like \"3\"
            .f is integer
            .missing is string
            .name keys [\"givenName\"]
            .none exists
            .on absent
            .on empty
            body empty";
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            assert!(unmet(line).is_some(), "{line}");
        }
    }

    #[test]
    fn what_was_expected_and_found_is_told() {
        let told = |line| unmet(line).map(|unmet| (unmet.expected, unmet.found)).unwrap();
        let pair = |expected: &str, found: &str| (expected.to_owned(), found.to_owned());

        assert_eq!(told(".n = \"{id}\""), pair(".n = \"a+b\"", "3"));
        assert_eq!(told(".missing = {n}"), pair(".missing = 3", "nothing"));
        assert_eq!(told(".list[value={id}] exists"), pair(".list[value=a+b] exists", "nothing"));
        assert_eq!(told(".id ~ ^{id}!"), pair(".id ~ ^a\\+b!", "\"a+b\""));
    }

    #[test]
    fn an_unknown_variable_is_told() {
        let seen = Seen { json: None, body: "".into(), header: &|_| None, ms: 0 };
        let expectation = Expectation::parse(1, ".id = {who}").unwrap();
        let unknown = expectation.unmet(&seen, &Variables::new("", "")).unwrap_err();
        assert_eq!(unknown, Unknown("who".to_owned()));
    }
}
