//! A filter: text → filter → predicate → true or false.
#![no_main]

use roster::scim::{
    Profile, Quirks, Resource,
    filter::{self, bind::bind, eval::eval},
};
use roster_fuzz::{TYPES, assert_parses, created, decorated};
use scim_filter_parser::{Dialect, Filter, parse_filter};
use serde_json::json;
use std::sync::LazyLock;

static PEOPLE: LazyLock<[Resource; 2]> = LazyLock::new(|| {
    let body = json!({
        "schemas": [TYPES.user.schema.id],
        "userName": "ada", "displayName": "Ada", "active": true, "name": {"familyName": "Lovelace"},
        "emails": [{"value": "ada@example.com", "type": "work", "primary": true}, {"value": "a@x.org"}],
        "urn:example:fuzz:2.0:All": {
            "count": 7, "share": 0.5, "since": "2026-01-01T00:00:00Z", "key": "AQID", "words": ["a", "b"],
            "sites": [{"value": "s", "floor": 1}],
        },
    });
    let full = created(TYPES.user, body.as_object().cloned().unwrap_or_default(), Profile::Standard);
    [Resource::default(), decorated(TYPES.user, full.unwrap_or_default())]
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some(parsed) = assert_parses(text, parse_filter) else { return };
    let is_strict = parse_filter(text, Dialect::Rfc).is_ok();
    for of in TYPES.all() {
        let mut standard = Quirks::new(Profile::Standard);
        assert_eq!(filter::parse(text, &mut standard).ok().as_ref(), Some(&parsed));
        let forgiven = bind(&parsed, of, &mut standard).ok();
        if let Some(predicate) = &forgiven {
            let negated = bind(&Filter::Not(Box::new(parsed.clone())), of, &mut standard).unwrap();
            for person in PEOPLE.iter() {
                assert_ne!(eval(predicate, person), eval(&negated, person), "{parsed}");
            }
        }
        let mut strict = Quirks::new(Profile::Strict);
        assert_eq!(filter::parse(text, &mut strict).is_ok(), is_strict);
        if is_strict && let Ok(predicate) = bind(&parsed, of, &mut strict) {
            assert_eq!(Some(predicate), forgiven, "what the letter allows means the same to everybody");
            assert_eq!(standard.rules(), [""; 0], "and needs no quirk");
        }
    }
});
