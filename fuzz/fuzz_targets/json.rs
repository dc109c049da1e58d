//! A body: bytes → JSON object → resource, as POST and PUT read it.
#![no_main]

use roster::scim::{Profile, Quirks, json, read, validate};
use roster_fuzz::{TYPES, assert_reads_back, created};
use serde_json::Value;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(body) = json::object(bytes) else { return };
    // we refuse more than others, and read nothing otherwise
    let plain = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    assert_eq!(serde_json::from_slice::<Value>(plain).ok(), Some(Value::Object(body.clone())));
    let printed = Value::Object(body.clone()).to_string();
    assert_eq!(json::object(printed.as_bytes()).ok().as_ref(), Some(&body), "{printed}");

    for (profile, of) in Profile::ALL.into_iter().flat_map(|profile| TYPES.all().map(|of| (profile, of))) {
        let Some(made) = created(of, body.clone(), profile) else { continue };
        assert_reads_back(of, &made, profile);

        let mut quirks = Quirks::new(profile);
        let Ok(sent) = read::resource(of, body.clone(), &mut quirks) else { unreachable!() };
        let replaced = validate::replaced(of, &made, sent, &mut quirks);
        let replaced = replaced.unwrap_or_else(|error| panic!("a PUT of the body of the POST: {error:?}"));
        assert_eq!(replaced, made, "a PUT of the body of the POST changes nothing");
    }
});
