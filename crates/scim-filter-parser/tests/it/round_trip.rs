//! What is printed reads back as what it was, and the two dialects agree wherever both accept.

use crate::corpus;
use crate::random::Random;
use scim_filter_parser::Dialect::{Forgiving, Rfc};
use scim_filter_parser::{Dialect, Error, Parsed, parse_filter, parse_path};
use std::fmt::{Debug, Display};

type Parse<T> = fn(&str, Dialect) -> Result<Parsed<T>, Error>;

#[test]
fn every_filter_reads_back() {
    for seed in 0..20_000 {
        let filter = Random(seed).filter(4, false);
        assert_reads_back(&filter, parse_filter);
    }
}

#[test]
fn every_path_reads_back() {
    for seed in 0..5_000 {
        let path = Random(seed).path();
        assert_reads_back(&path, parse_path);
    }
}

#[test]
fn whatever_the_corpus_says_reads_back_and_the_dialects_agree() {
    for text in corpus::inputs() {
        assert_sound(&text, parse_filter);
        assert_sound(&text, parse_path);
    }
}

#[test]
fn damaged_text_is_refused_or_understood_but_never_both() {
    let texts = corpus::inputs();
    for seed in 0..60_000 {
        let mut random = Random(seed);
        let text = random.pick(&texts);
        let text = random.damaged(&text);
        assert_sound(&text, parse_filter);
        assert_sound(&text, parse_path);
    }
}

fn assert_reads_back<T: Display + Debug + PartialEq>(value: &T, parse: Parse<T>) {
    let text = value.to_string();
    let parsed = parse(&text, Rfc).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(&parsed.value, value, "{text}");
}

fn assert_sound<T: Display + Debug + PartialEq>(text: &str, parse: Parse<T>) {
    let (strict, forgiving) = (parse(text, Rfc), parse(text, Forgiving));
    if let Ok(strict) = &strict {
        assert_eq!(strict.slack, [], "{text}");
        assert_eq!(forgiving.as_ref(), Ok(strict), "{text}");
    }
    match &forgiving {
        Ok(forgiving) => {
            assert_eq!(forgiving.slack.is_empty(), strict.is_ok(), "{text}");
            assert_reads_back(&forgiving.value, parse);
        }
        Err(error) => assert_points_into(text, error),
    }
    if let Err(error) = &strict {
        assert_points_into(text, error);
    }
}

fn assert_points_into(text: &str, error: &Error) {
    let before = text.get(..error.position()).unwrap_or_else(|| panic!("{text}: {error:?}"));
    assert_eq!(error.column(), before.chars().count() + 1, "{text}");
    assert!(!error.to_string().contains(char::is_control), "{error:?}");
}
