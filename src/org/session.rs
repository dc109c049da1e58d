//! Sessions: where somebody is signed in, and for how long.

use super::{moment, settings::Settings, words::words};
use schemars::JsonSchema;
use serde::Serialize;

/// For how long somebody counts as having just proved who they are, in microseconds: 15 minutes.
pub const FRESH: i64 = 15 * 60 * 1_000_000;

/// An hour in microseconds.
const HOUR: i64 = 3_600 * 1_000_000;

words! {
    /// How somebody proved who they are.
    Way, "a way to sign in":
    /// By a password, and a second factor where they have one.
    Password = "password",
    /// By a link that was theirs alone.
    Link = "link",
    /// By a provider.
    Provider = "provider",
}

/// A session, as the API answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The id.
    pub id: String,
    /// The id of the person who is signed in.
    pub person: String,
    /// How the person proved who they are.
    pub way: Way,
    /// The id of the provider they came from, if they did.
    pub provider: Option<String>,
    /// When the session began.
    #[serde(with = "moment")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub created_at: i64,
    /// When the person last proved who they are.
    #[serde(with = "moment")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub authenticated_at: i64,
    /// When the session was last used, to the minute.
    #[serde(with = "moment")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub last_seen_at: i64,
    /// When it ends at the latest.
    #[serde(with = "moment")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: i64,
    /// The address it was last used from.
    pub address: String,
    /// What the browser said that it is.
    pub agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// How long a session of this organization lasts at most (W-105), in microseconds.
pub const fn length(settings: &Settings) -> i64 {
    settings.session_hours * HOUR
}

/// Whether a session that began and was last used then goes on `now`, as the organization has it today.
pub const fn goes_on((began_at, seen_at): (i64, i64), settings: &Settings, now: i64) -> bool {
    now < began_at + length(settings) && now < seen_at + settings.session_idle_hours * HOUR
}

/// Whether somebody proved who they are a moment ago.
pub const fn is_fresh(authenticated_at: i64, now: i64) -> bool {
    now < authenticated_at + FRESH
}

/// What a browser says that it is, as far as it is kept: one line, and not a long one.
pub fn agent(said: &str) -> String {
    said.chars().filter(|letter| letter.is_ascii_graphic() || *letter == ' ').take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_nobody_uses_it_and_when_its_time_is_over() {
        let settings = Settings { session_hours: 10, session_idle_hours: 2, ..Settings::default() };

        assert!(goes_on((0, 0), &settings, 2 * HOUR - 1));
        assert!(!goes_on((0, 0), &settings, 2 * HOUR));
        assert!(goes_on((0, 9 * HOUR), &settings, 10 * HOUR - 1));
        assert!(!goes_on((0, 9 * HOUR), &settings, 10 * HOUR));
        assert!(is_fresh(0, FRESH - 1) && !is_fresh(0, FRESH));
        assert_eq!(agent("Mozilla\r\n/5.0 \u{202e}x"), "Mozilla/5.0 x");
    }
}
