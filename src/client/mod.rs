//! A SCIM client's view of a server: one request, one answer, told as it was.
//!
//! It believes nothing it hears: no redirect is followed, no answer decides where the token goes, lengths and times
//! are bounded, and a server that cannot be used is told apart in a sentence.
//! [`conformance`](crate::conformance) and [`simulate`](crate::simulate) ask through it.

mod reach;
mod redaction;
mod server;
mod stop;
pub(crate) mod text;

pub use reach::Unusable;
pub use server::Target;
pub(crate) use server::{Incoming, Outgoing, Server};
pub use stop::{End, Stop};
