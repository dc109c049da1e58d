//! Why the organization's rules say no.

use super::seat::Seat;
use crate::scim::text;

/// A rule of the organization that a change would break. The sentence is for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// W-048. The beginning of the sentence is W&B's, and scripts look for it.
    #[error(
        "Seat limit reached: {used} of {total} {seat} seats are in use; an admin can free one or raise the license"
    )]
    SeatLimit {
        /// The kind of seat.
        seat: Seat,
        /// How many are taken.
        used: i64,
        /// How many there are.
        total: i64,
    },
    /// W-013.
    #[error(
        "this would leave the organization without an active admin; make somebody else an admin first, or run \
         `roster admin grant` on the server"
    )]
    LastAdmin,
    /// The actor may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The connection did not make this person, and may not have them.
    #[error(
        "this connection did not make this person{}",
        if *.asks { "; an admin of the organization was asked to give them to it" } else { ", and takes over nobody" }
    )]
    NotAdopted {
        /// Whether an admin is asked.
        asks: bool,
    },
    /// The key's scopes do not reach this far.
    #[error("the key lacks the scope `{0}`")]
    Scope(&'static str),
    /// It is too delicate for somebody who signed in a while ago.
    #[error("it is more than 15 minutes since you signed in; sign in again to do this")]
    NotFresh,
    /// An idempotency key came before, with another request.
    #[error("this Idempotency-Key came before with another body; another request needs another key")]
    Reused,
    /// What was named does not exist; the sentence names the nearest that does.
    #[error("{0}")]
    Unknown(String),
    /// It cannot be done to this as it stands.
    #[error("{0}")]
    Conflict(String),
    /// A value that breaks a rule.
    #[error("{0}")]
    Invalid(String),
}

/// "there is no {what} {name}", and which name was perhaps meant.
pub fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Refusal {
    let shown = text::shown(name);
    Refusal::Unknown(match nearest(name, known) {
        Some(near) => format!("there is no {what} \"{shown}\"; the nearest is \"{}\"", text::shown(near)),
        None => format!("there is no {what} \"{shown}\""),
    })
}

/// The known name that is most like a name, if any is like it at all.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&wanted, &known.to_lowercase());
    let best = known.into_iter().map(|known| (likeness(known), known));
    let best = best.max_by(|left, right| left.0.total_cmp(&right.0))?;
    (best.0 >= 0.7).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_named_and_a_far_one_is_not() {
        let refusal = unknown("team", "visoin", ["audio", "vision"]);

        assert_eq!(refusal.to_string(), "there is no team \"visoin\"; the nearest is \"vision\"");
        assert_eq!(unknown("team", "qq", ["vision"]).to_string(), "there is no team \"qq\"");
    }
}
