//! Limits, and texts made to break a parser. They run on a stack of 512 KiB: running over it would end the
//! test's process, not the test alone.

use scim_filter_parser::Dialect::{Forgiving, Rfc};
use scim_filter_parser::{Limits, parse_filter, parse_filter_within, parse_path, parse_path_within};
use std::thread;
use std::time::{Duration, Instant};

fn on_a_small_stack(test: fn()) {
    thread::Builder::new().stack_size(512 * 1024).spawn(test).unwrap().join().unwrap();
}

fn refusal(text: &str, limits: Limits) -> String {
    let strict = parse_filter_within(text, Rfc, limits).unwrap_err().to_string();
    assert_eq!(strict, parse_filter_within(text, Forgiving, limits).unwrap_err().to_string());
    strict
}

const UNBOUNDED_LENGTH: Limits = Limits { max_length: usize::MAX, max_depth: 64, max_terms: 1_024 };

#[test]
fn nesting_is_bounded() {
    on_a_small_stack(|| {
        for (open, column) in [("(", 65), ("not (", 325), ("not(", 260), ("not (not(", 293)] {
            let refusal = refusal(&open.repeat(100_000), UNBOUNDED_LENGTH);
            let expected = "expected at most 64 open parentheses and brackets, found one more";
            assert_eq!(refusal, format!("column {column}: {expected}"));
        }
        refusal(&"[".repeat(100_000), UNBOUNDED_LENGTH);
        refusal(&"a[".repeat(100_000), UNBOUNDED_LENGTH);
        refusal(&format!("a[{}", "(".repeat(100_000)), UNBOUNDED_LENGTH);
        parse_path_within(&format!("a[{}", "not (".repeat(100_000)), Rfc, UNBOUNDED_LENGTH).unwrap_err();
    });
}

#[test]
fn the_deepest_allowed_text_is_read_printed_compared_and_dropped() {
    on_a_small_stack(|| {
        for open in ["(", "not (", "a pr and b pr or not (c pr or "] {
            let text = format!("{}a pr and b pr or c pr{}", open.repeat(64), ")".repeat(64));
            let filter = parse_filter(&text, Rfc).unwrap().value;
            assert_eq!(parse_filter(&filter.to_string(), Rfc).unwrap().value, filter.clone());
        }
        let text = format!("a[{}b pr{}]", "(".repeat(63), ")".repeat(63));
        assert_eq!(parse_filter(&text, Rfc).unwrap().value.to_string(), "a[b pr]");
        parse_filter(&format!("a[({}b pr{})]", "(".repeat(63), ")".repeat(63)), Rfc).unwrap_err();
    });
}

#[test]
fn comparisons_are_bounded() {
    on_a_small_stack(|| {
        let text = |n: usize| vec!["a pr"; n].join(" and ");
        assert!(parse_filter(&text(1_024), Rfc).is_ok());
        assert!(
            refusal(&text(1_025), Limits::default()).ends_with("at most 1024 comparisons, found one more")
        );
        refusal(&text(10_000), UNBOUNDED_LENGTH);

        let tail = Limits { max_terms: 1, ..Limits::default() };
        parse_filter_within("a[b pr].c pr", Forgiving, tail).unwrap_err();
    });
}

#[test]
fn length_is_bounded() {
    let limits = Limits { max_length: 8, ..Limits::default() };
    assert!(parse_filter_within("title pr", Rfc, limits).is_ok());
    assert_eq!(refusal("titles pr", limits), "column 9: expected a filter of at most 8 bytes, found 9 bytes");
    let error = parse_path_within("ééééé", Rfc, limits).unwrap_err();
    assert_eq!(error.to_string(), "column 5: expected a path of at most 8 bytes, found 10 bytes");
    let text = format!("a eq \"{}\"", "x".repeat(70_000));
    assert!(refusal(&text, Limits::default()).contains("at most 65536 bytes"));
    parse_path(&"a".repeat(70_000), Rfc).unwrap_err();
}

#[test]
fn time_is_linear() {
    let texts = [
        format!("a eq \"{}\"", "\\u00e9\\\\".repeat(120_000)),
        format!("a eq \"{}", "x".repeat(1_000_000)),
        format!("a eq {}", "x".repeat(1_000_000)),
        format!("urn:{}a pr", "x:".repeat(500_000)),
        format!("a{}", ".a".repeat(500_000)),
        format!("{}a pr", " ".repeat(1_000_000)),
        format!("a pr{}and b pr{}", " ".repeat(500_000), " ".repeat(500_000)),
        format!("{}a pr", "(( ".repeat(333_333)),
        vec!["a[b pr and c eq \"x\"].d pr"; 300].join(" or "),
    ];
    let start = Instant::now();
    for text in &texts {
        for dialect in [Rfc, Forgiving] {
            let _ = parse_filter_within(text, dialect, UNBOUNDED_LENGTH);
            let _ = parse_path_within(text, dialect, UNBOUNDED_LENGTH);
        }
    }
    // A quadratic step would take minutes.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
