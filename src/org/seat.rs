//! Seats: what the license says there is, and who takes one.

use super::{refusal::Refusal, words::words};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

words! {
    /// What a person takes of the license (W-046). Service accounts take nothing (W-047).
    Seat, "a seat":
    /// A full seat.
    Full = "full",
    /// A seat that only reads.
    Viewer = "viewer",
    /// None: the person is known and may do nothing.
    None = "none",
}

/// How many seats of each kind there are; `None` is as many as wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct License {
    /// Full seats.
    pub full: Option<i64>,
    /// Seats that only read.
    pub viewer: Option<i64>,
}

impl License {
    /// How many seats of that kind there are, if that is limited.
    pub fn limit(self, seat: Seat) -> Option<i64> {
        match seat {
            Seat::Full => self.full,
            Seat::Viewer => self.viewer,
            Seat::None => None,
        }
    }

    /// Whether so many may have such a seat: W-048.
    pub fn check(self, seat: Seat, used: i64) -> Result<(), Refusal> {
        match self.limit(seat) {
            Some(total) if used > total => Err(Refusal::SeatLimit { seat, used: used - 1, total }),
            _ => Ok(()),
        }
    }
}

words! {
    /// What happens to somebody new for whom no seat is left (W-049).
    Overflow, "what to do when seats are used up":
    /// The person is not created.
    Refuse = "refuse",
    /// The person is created with the seat `none`.
    None = "none",
}
