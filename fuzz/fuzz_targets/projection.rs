//! What an answer holds. The first line is `attributes`, the second `excludedAttributes`, the rest a resource.
#![no_main]

use roster::scim::{
    Profile, Quirks, Resource, json,
    projection::Projection,
    schema::{ResourceType, Returned},
};
use roster_fuzz::{TYPES, attributes, created, decorated, is_part_of};
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let (Some(asked), Some(less), Some(body)) = (lines.next(), lines.next(), lines.next()) else { return };
    let Ok(body) = json::object(body.as_bytes()) else { return };
    for of in TYPES.all() {
        let Some(made) = created(of, body.clone(), Profile::Standard) else { continue };
        let whole = decorated(of, made);
        for profile in Profile::ALL {
            let mut quirks = Quirks::new(profile);
            let parse = |asked: &str, less: &str, quirks: &mut Quirks| {
                Projection::parse(&[asked.to_owned()], &[less.to_owned()], of, quirks)
            };
            let answers = [
                parse(asked, less, &mut quirks),
                parse(asked, "", &mut quirks),
                parse("", less, &mut quirks),
            ];
            for projection in answers.into_iter().flatten() {
                assert_shows(of, &whole, &projection);
                assert_shows(of, &whole, &projection.with_sent(of, |path| whole.attribute(path).is_some()));
            }
            assert_eq!(quirks.rules(), [""; 0], "a name that is overlooked is no quirk");
        }
    }
});

fn assert_shows(of: &'static ResourceType, whole: &Resource, projection: &Projection) {
    let mut shown = whole.clone();
    projection.apply(of, &mut shown);
    assert!(
        is_part_of(&Value::Object(shown.0.clone()), &Value::Object(whole.0.clone())),
        "{shown} of {whole}"
    );
    for ((path, attribute, is), (_, _, was)) in attributes(of, &shown).into_iter().zip(attributes(of, whole))
    {
        match attribute.returned {
            Returned::Never => assert_eq!(is, None, "{path} is never shown"),
            Returned::Always => assert_eq!(is, was, "{path} is always shown"),
            Returned::Request if *projection == Projection::Default => {
                assert_eq!(is, None, "{path} was not asked for")
            }
            _ => {}
        }
        if attribute.returned != Returned::Never && is.is_some() && !path.contains(':') {
            assert!(projection.shows(attribute.name) || attribute.returned == Returned::Always, "{path}");
        }
    }
    let once = shown.clone();
    projection.apply(of, &mut shown);
    assert_eq!(shown, once, "{projection:?}");
}
