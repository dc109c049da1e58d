//! Texts that are fit to be shown.

use super::text::json_escaped;

/// How much of a body is shown, in characters.
const SHOWN_BODY: usize = 800;
/// How much of a value is shown, in characters.
const SHOWN_VALUE: usize = 300;

/// Makes texts fit for a report: cut to size, without the token, and without what a terminal would obey.
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
        let is_harmless = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
        let shown: String =
            shown.chars().map(|letter| if is_harmless(letter) { letter } else { '\u{fffd}' }).collect();
        match shown.char_indices().nth(limit) {
            Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
            None => shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_token_nor_what_a_terminal_obeys_is_shown() {
        let redaction = Redaction::of("s3\"cret-token");

        assert_eq!(
            redaction.of_value("Bearer s3\"cret-token, \\s3\\\"cret-token"),
            "Bearer (token), \\(token)"
        );
        assert_eq!(redaction.of_value("\u{1b}[31mred\u{7}\n"), "\u{fffd}[31mred\u{fffd}\n");
        assert_eq!(redaction.of_value(&"x".repeat(400)).chars().count(), SHOWN_VALUE + 1);
    }
}
