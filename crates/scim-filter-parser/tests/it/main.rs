//! The crate as its users see it: a corpus of cases as text, the round trip, and hostile input.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should stop, and say where"
)]

mod corpus;
mod hostile;
mod random;
mod round_trip;
