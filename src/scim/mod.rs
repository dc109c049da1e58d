//! SCIM 2.0 as values and pure functions (RFC 7643, RFC 7644).
//!
//! Nothing here can fail because of the world: no I/O, no clock, no `async`.
//! The schema is data ([`schema::standard`]), and everything else is derived from it:
//! reading a body, filters, PATCH, projection, and the `/Schemas` that is published.

pub mod error;
pub mod filter;
pub mod json;
pub mod message;
pub mod page;
pub mod patch;
pub mod path;
pub mod projection;
pub mod query;
pub mod quirks;
pub mod read;
pub mod resource;
pub mod schema;
pub mod sort;
pub mod spelling;
pub mod text;
pub mod urn;
pub mod validate;
pub mod version;

pub use error::{Error, ErrorKind, Result};
pub use quirks::{Profile, Quirk, Quirks};
pub use resource::Resource;
