//! An attribute path or value path: text → path → place of a resource type.
#![no_main]

use roster::scim::{
    Profile, Quirks,
    path::{Place, locate},
    sort::{SortBy, SortOrder},
};
use roster_fuzz::{TYPES, assert_parses};
use scim_filter_parser::parse_path;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some(parsed) = assert_parses(text, parse_path) else { return };
    for (profile, of) in Profile::ALL.into_iter().flat_map(|profile| TYPES.all().map(|of| (profile, of))) {
        let mut quirks = Quirks::new(profile);
        if let Some(Place::Attribute(found)) = locate(of, &parsed.attribute, &mut quirks) {
            // the canonical spelling leads to the same place, and needs nobody's patience
            let canonical = found.to_string();
            assert_eq!(of.at(&canonical), Some(found), "{canonical}");
            let again = parse_path(&canonical, scim_filter_parser::Dialect::Rfc).unwrap().value;
            let mut strict = Quirks::new(Profile::Strict);
            assert_eq!(
                locate(of, &again.attribute, &mut strict),
                Some(Place::Attribute(found)),
                "{canonical}"
            );
        }
        if let Ok(sort) = SortBy::parse(text, SortOrder::Ascending, of, &mut quirks) {
            assert_ne!(sort.path.attribute.returned, roster::scim::schema::Returned::Never, "{text}");
        }
    }
});
