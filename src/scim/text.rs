//! Text with a meaning: comparison keys, points in time, base64.
//!
//! One key serves uniqueness, filters and sorting alike, so that what is
//! unique is what is found. The text itself is kept as it was sent.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, GeneralCategoryGroup},
};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// The key of a string that ignores case: width-mapped, lower-cased, NFC.
///
/// Lower-casing, not case folding: `ß` stays apart from `ss`. It does not depend on the letter's place
/// in the word, so that `sw` and `co` find what stands there; for the same reason a final sigma counts as a
/// sigma.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower: String = map_width(text)
        .chars()
        .flat_map(char::to_lowercase)
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .collect();
    exact(&lower)
}

/// The key of a string whose case counts: NFC.
pub fn exact(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// Whether nothing a reader could see is left: only blanks and invisible characters.
pub fn is_blank(text: &str) -> bool {
    const INVISIBLE: [char; 6] = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}', '\u{ad}'];
    text.chars().all(|c| c.is_whitespace() || INVISIBLE.contains(&c))
}

/// Whether every character stands for something: no control characters and no code points without a meaning.
pub fn is_meaningful(text: &str) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new();
    let means_nothing = GeneralCategoryGroup::Control.union(GeneralCategoryGroup::Unassigned);
    !text.chars().any(|c| means_nothing.contains(category.get(c)))
}

/// A dateTime as microseconds since 1970, or `None` when it is none (RFC 7643 §2.3.5). A missing zone is
/// read as UTC; fractions beyond a microsecond are cut.
pub fn instant(text: &str) -> Option<i64> {
    let time = text.get(10..).filter(|_| text.is_ascii())?;
    let zoned = if time.contains(['Z', 'z', '+', '-']) { text.to_owned() } else { format!("{text}Z") };
    let parsed = OffsetDateTime::parse(&zoned, &Rfc3339).ok()?;
    i64::try_from(parsed.unix_timestamp_nanos() / 1_000).ok()
}

/// Microseconds since 1970 as a dateTime in UTC with milliseconds.
pub fn date_time(micros: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .to_offset(UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )
}

/// The bytes of base64 text in the standard alphabet; padding may be missing (RFC 7643 §2.3.6).
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    ENGINE.decode(text).ok()
}

/// The key of a reference to a resource: a version segment before its endpoint does not count (RFC 7643
/// §2.4, R-265).
pub fn reference_key(url: &str) -> String {
    let mut segments: Vec<&str> = url.split('/').collect();
    if let Some(place) = segments.len().checked_sub(3)
        && segments.get(place).is_some_and(|segment| is_version(segment))
    {
        segments.remove(place);
    }
    exact(&segments.join("/"))
}

/// Whether a reference names what another does; the other may be relative to the server.
pub fn same_reference(key: &str, wanted: &str) -> bool {
    if wanted.contains("://") {
        return key == wanted;
    }
    let relative = wanted.trim_start_matches('/');
    // an endpoint and an id at least; an id alone is no reference
    relative.contains('/') && (key == relative || key.ends_with(&format!("/{relative}")))
}

/// The id at the end of a reference to a resource.
pub fn referenced_id(url: &str) -> Option<&str> {
    url.rsplit('/').next().filter(|id| !id.is_empty())
}

/// What a client sent, cut to a length that is fit for a sentence.
pub fn shown(text: &str) -> String {
    const LENGTH: usize = 120;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether a path segment names a protocol version, such as `v2`.
pub fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Fullwidth and halfwidth forms become the ordinary ones (RFC 8265 §3.3.1).
fn map_width(text: &str) -> String {
    let forms = |c: char| matches!(c, '\u{3000}' | '\u{ff01}'..='\u{ffee}');
    if !text.contains(forms) {
        return text.to_owned();
    }
    let nfkd = DecomposingNormalizerBorrowed::new_nfkd();
    text.chars()
        .map(
            |c| {
                if forms(c) { nfkd.normalize(c.encode_utf8(&mut [0; 4])).into_owned() } else { c.to_string() }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_ignores_case_width_and_composition() {
        for (left, right) in [
            ("BJensen", "bjensen"),
            ("ÉMILE", "émile"),
            ("e\u{301}mile", "émile"),
            ("Ｂob", "bob"),
            ("ΟΔΟΣ", "οδος"),
            ("ｶﾞ", "ガ"),
        ] {
            assert_eq!(fold(left), fold(right), "{left} {right}");
        }
        for (left, right) in [("STRASSE", "straße"), ("ı", "i")] {
            assert_ne!(fold(left), fold(right), "{left} {right}");
        }
    }

    #[test]
    fn references_are_compared_without_their_version() {
        let key = reference_key("https://h/scim/v2/Users/1");

        assert_eq!(key, "https://h/scim/Users/1");
        for same in ["https://h/scim/Users/1", "Users/1", "/scim/Users/1", "/Users/1"] {
            assert!(same_reference(&key, &reference_key(same)), "{same}");
        }
        for other in ["https://h/scim/Users/2", "https://g/scim/Users/1", "sers/1", "1", "", "/", "users/1"] {
            assert!(!same_reference(&key, &reference_key(other)), "{other}");
        }
        assert_ne!(reference_key("https://cdn/v1/p.png"), reference_key("https://cdn/v2/p.png"));
    }

    #[test]
    fn a_final_sigma_hides_no_prefix() {
        assert!(fold("ΣΑΣΑ").starts_with(&fold("ΣΑΣ")));
    }

    #[test]
    fn instants_are_compared_across_zones() {
        assert_eq!(instant("2011-05-13T04:42:34Z"), instant("2011-05-13T06:42:34.000+02:00"));
        assert_eq!(instant("2011-05-13T04:42:34"), instant("2011-05-13T04:42:34Z"));
        assert_eq!(instant("2015-10-10T14:38:21.8617979-07:00").map(|at| at % 1_000_000), Some(861_797));
        assert!(instant("0001-01-03T00:00:00.0000000Z").is_some());
        for text in ["2011-05-13", "yesterday", "", "2011-13-13T04:42:34Z", "…2011-05-13T04"] {
            assert_eq!(instant(text), None, "{text}");
        }
        assert_eq!(date_time(1_305_261_754_123_999), "2011-05-13T04:42:34.123Z");
    }

    #[test]
    fn base64_may_miss_its_padding() {
        assert_eq!(decode_base64("AQI="), decode_base64("AQI"));
        assert_eq!(decode_base64("A*"), None);
    }

    #[test]
    fn the_exact_key_keeps_case() {
        assert_ne!(exact("A"), exact("a"));
        assert_eq!(exact("e\u{301}"), exact("é"));
    }
}
