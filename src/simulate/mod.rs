//! The simulator: plays an identity provider's day against any SCIM server, keeps a model of what the server should
//! hold, and compares in the end.
//!
//! This is a client. It knows nothing of our own server, prints nothing and keeps nothing.
//!
//! | file | does |
//! |---|---|
//! | `directory` | the provider's people and groups: the model |
//! | `plan` | the day, drawn from a seed |
//! | `providers/` | how each provider talks |
//! | `wire` | requests, patience, and a record of everything |
//! | `play` | the day, several things at a time; tidying up |
//! | `compare` | the server against the model |
//! | `report` | what came of it |

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has nothing; only objects made here are written to"
)]

mod compare;
mod directory;
mod plan;
mod play;
mod providers;
mod report;
mod wire;

pub use compare::Difference;
pub use plan::Size;
pub use play::{Day, simulate};
pub use report::{Report, Requests};
pub use wire::Trouble;

/// The names of the providers that can be played.
#[must_use]
pub fn providers() -> Vec<&'static str> {
    providers::ALL.iter().map(|(name, _)| *name).collect()
}
