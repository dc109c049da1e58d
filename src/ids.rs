//! Identifiers: UUIDs of version 7, which sort by the time they were made.

use std::{fmt, sync::Mutex};
use uuid::{Timestamp, Uuid, timestamp::context::ContextV7};

/// Makes identifiers, each greater than the one before while the clock does not go back.
pub struct Ids {
    context: Mutex<ContextV7>,
}

impl Default for Ids {
    fn default() -> Self {
        Self { context: Mutex::new(ContextV7::new()) }
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}

impl Ids {
    /// A new identifier; `now` is microseconds since 1970.
    pub fn make(&self, now: i64) -> String {
        let micros = u64::try_from(now).unwrap_or_default();
        let nanos = u32::try_from(micros % 1_000_000 * 1_000).unwrap_or_default();
        let context = self.context.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, micros / 1_000_000, nanos)).to_string()
    }
}

/// The least identifier that is made at a moment, in microseconds since 1970: every one made earlier is less.
pub fn first_at(now: i64) -> String {
    let millis = u64::try_from(now / 1_000).unwrap_or_default();
    format!("{:08x}-{:04x}-7000-8000-000000000000", millis >> 16, millis & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_in_one_moment_keep_their_order() {
        let ids = Ids::default();

        let made: Vec<String> = (0..1_000).map(|_| ids.make(1_700_000_000_000_000)).collect();

        assert!(made.is_sorted());
        assert!(made.iter().all(|id| !id.contains("bulkId")));
    }

    #[test]
    fn the_first_id_of_a_moment_stands_between_those_before_and_those_after() {
        let ids = Ids::default();
        let now = 1_700_000_000_123_000;

        let (before, at) = (ids.make(now - 1_000), ids.make(now));

        assert!(before < first_at(now) && first_at(now) <= at, "{before} {} {at}", first_at(now));
    }
}
