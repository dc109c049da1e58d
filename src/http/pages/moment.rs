//! Times as pages write them: in UTC, in an element that a script turns into the reader's own zone.

use crate::scim::text;

/// A time in microseconds since 1970, as an element of HTML.
pub(super) fn at(micros: &i64) -> String {
    when(&text::date_time(*micros))
}

/// A time as answers write it (RFC 3339), as an element of HTML; nothing where it is none.
pub(super) fn when(written: &str) -> String {
    let Some(micros) = text::instant(written) else { return String::new() };
    let exact = text::date_time(micros);
    let shown: String = exact.replace('T', " ").chars().take(16).chain(" UTC".chars()).collect();
    format!("<time datetime=\"{exact}\">{shown}</time>")
}

/// The same of what may not have happened yet.
pub(super) fn maybe(written: &Option<String>) -> String {
    written.as_deref().map(when).unwrap_or_else(|| "–".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_time_becomes_an_element() {
        let element = "<time datetime=\"2026-11-29T10:00:00.000Z\">2026-11-29 10:00 UTC</time>";
        assert_eq!(when("2026-11-29T10:00:00Z"), element);
        assert_eq!(when("<script>"), "");
        assert_eq!(maybe(&None), "–");
    }
}
