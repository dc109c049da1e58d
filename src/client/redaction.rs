//! Texts that are fit to be shown.

use super::text::json_escaped;

/// How much of a body is shown, in characters.
const SHOWN_BODY: usize = 800;
/// How much of a value is shown, in characters.
const SHOWN_VALUE: usize = 300;

/// Makes texts fit for a report: cut to size, and without the token.
pub(crate) struct Redaction {
    secrets: Vec<String>,
}

impl Redaction {
    pub(super) fn of(token: &str) -> Redaction {
        // The token may come back inside a JSON string.
        let mut secrets = vec![token.to_owned(), json_escaped(token)];
        secrets.dedup();
        // a shorter one would take ordinary words out of the report, and is no secret
        secrets.retain(|secret| secret.len() >= 8);
        Redaction { secrets }
    }

    /// A request line, or the body of a message.
    pub(crate) fn of_body(&self, octets: &[u8]) -> String {
        self.shown(&String::from_utf8_lossy(octets), SHOWN_BODY)
    }

    /// A value, or a reason.
    pub(crate) fn of_value(&self, text: &str) -> String {
        self.shown(text, SHOWN_VALUE)
    }

    fn shown(&self, text: &str, limit: usize) -> String {
        let mut shown = text.to_owned();
        for secret in &self.secrets {
            shown = shown.replace(secret, "(token)");
        }
        match shown.char_indices().nth(limit) {
            Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
            None => shown,
        }
    }
}
