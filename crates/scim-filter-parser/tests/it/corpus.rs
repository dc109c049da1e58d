//! Runs `tests/corpus`. A line of it reads `input  =>  verdict`; a line that starts with `#` is a comment.
//!
//! In the input the pictures of control characters stand for the characters: `␀ ␉ ␊ ␡`, and `␠` for a space that
//! would not be seen. The verdict is one of
//!
//! * `(eq userName "x")`: the meaning, the same in both dialects;
//! * `[Spacing] (eq userName "x")`: refused by the RFC, meant so in the forgiving dialect, with that slack;
//! * `column 9: expected …, found …`: the refusal. The file's name says whose.

use scim_filter_parser::Dialect::{Forgiving, Rfc};
use scim_filter_parser::{Dialect, Error, Filter, Parsed, Path, Slack, parse_filter, parse_path};
use std::fs;

struct Case {
    line: String,
    input: String,
    verdict: String,
    is_path: bool,
}

fn cases(file: &str) -> Vec<Case> {
    let text = fs::read_to_string(format!("{}/tests/corpus/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(n, line)| {
            let (input, verdict) = line.split_once("=>").unwrap();
            Case {
                line: format!("{file}:{}: {line}", n + 1),
                input: input.trim().chars().map(from_picture).collect(),
                verdict: verdict.trim().to_owned(),
                is_path: file.ends_with("paths.txt"),
            }
        })
        .collect()
}

fn from_picture(c: char) -> char {
    match c {
        '␀'..='␠' => char::from_u32(u32::from(c) - 0x2400).unwrap(),
        '␡' => '\u{7f}',
        _ => c,
    }
}

fn files() -> Vec<String> {
    let directory = fs::read_dir(format!("{}/tests/corpus", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut files: Vec<String> =
        directory.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    files
}

/// Every input of the corpus, for tests that need much text.
pub(crate) fn inputs() -> Vec<String> {
    files().iter().flat_map(|file| cases(file)).map(|case| case.input).collect()
}

impl Case {
    /// What the dialect makes of the input, in the corpus's words.
    fn read(&self, dialect: Dialect) -> Result<(String, Vec<Slack>), Error> {
        if self.is_path {
            let Parsed { value, slack } = parse_path(&self.input, dialect)?;
            Ok((path_words(&value), slack))
        } else {
            let Parsed { value, slack } = parse_filter(&self.input, dialect)?;
            Ok((filter_words(&value), slack))
        }
    }

    fn refusal(&self, dialect: Dialect) -> String {
        match self.read(dialect) {
            Ok((meaning, _)) => format!("understood by {dialect:?} as {meaning}"),
            Err(error) => error.to_string(),
        }
    }
}

fn filter_words(filter: &Filter) -> String {
    let list = |word: &str, parts: &[Filter]| {
        let parts: Vec<String> = parts.iter().map(filter_words).collect();
        format!("({word} {})", parts.join(" "))
    };
    match filter {
        Filter::And(parts) => list("and", parts),
        Filter::Or(parts) => list("or", parts),
        Filter::Not(inner) => format!("(not {})", filter_words(inner)),
        Filter::Present(path) => format!("(pr {path})"),
        Filter::Compare(path, op, value) => format!("({op} {path} {value})"),
        Filter::Any(path, inner) => format!("(vp {path} {})", filter_words(inner)),
    }
}

fn path_words(path: &Path) -> String {
    let attribute = &path.attribute;
    match (&path.filter, &path.sub_attribute) {
        (None, None) => format!("(path {attribute})"),
        (None, Some(_)) => panic!("{path} has a sub-attribute behind brackets it does not have"),
        (Some(filter), None) => format!("(vpath {attribute} {})", filter_words(filter)),
        (Some(filter), Some(name)) => format!("(vpath {attribute} {} {name})", filter_words(filter)),
    }
}

#[test]
fn texts_mean_what_they_say() {
    let understood = files().into_iter().filter(|file| !file.starts_with("refused"));
    for case in understood.flat_map(|file| cases(&file)) {
        let (meaning, slack) = case.read(Forgiving).unwrap_or_else(|error| panic!("{}: {error}", case.line));
        if slack.is_empty() {
            assert_eq!(meaning, case.verdict, "{}", case.line);
            assert_eq!(case.read(Rfc), Ok((meaning, slack)), "{}", case.line);
        } else {
            assert_eq!(format!("{slack:?} {meaning}"), case.verdict, "{}", case.line);
            assert!(case.read(Rfc).is_err(), "{}", case.line);
        }
    }
}

#[test]
fn refusals_of_the_rfc_dialect_say_why() {
    for file in ["refused.txt", "refused-paths.txt"] {
        for case in cases(file) {
            assert_eq!(case.refusal(Rfc), case.verdict, "{}", case.line);
            assert!(case.read(Forgiving).is_err(), "the forgiving dialect accepts {}", case.line);
        }
    }
    for case in cases("refused-by-rfc-only.txt") {
        assert_eq!(case.refusal(Rfc), case.verdict, "{}", case.line);
        assert!(case.read(Forgiving).is_ok(), "the forgiving dialect refuses {}", case.line);
    }
}

#[test]
fn refusals_of_the_forgiving_dialect_say_why() {
    for case in cases("refused-by-forgiving.txt") {
        assert_eq!(case.refusal(Forgiving), case.verdict, "{}", case.line);
        assert!(case.read(Rfc).is_err(), "the RFC's dialect accepts {}", case.line);
    }
}
