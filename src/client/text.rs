//! How text is written into URLs and JSON.

use serde_json::Value;

/// Encodes all but the characters that mean nothing anywhere in a URL.
pub(crate) fn percent_encoded(text: &str) -> String {
    encode(text, |octet| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet))
}

/// Encodes what may not stand in a request line and leaves the rest, `%` included, as written.
pub(crate) fn url_fixed(text: &str) -> String {
    encode(text, |octet| octet.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&octet))
}

fn encode(text: &str, stays: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if stays(octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

/// The text as it stands between the quotes of a JSON string.
pub(crate) fn json_escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_not_stand_in_a_url_is_encoded_in_it() {
        assert_eq!(
            url_fixed("/U?filter=a[b eq \"é#\"]&c=%20+d"),
            "/U?filter=a%5Bb%20eq%20%22%C3%A9%23%22%5D&c=%20+d"
        );
    }
}
