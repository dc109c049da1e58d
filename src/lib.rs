//! Roster: a SCIM 2.0 server and the organization behind it.
//!
//! Five floors, ground first; an arrow only ever points down, and `tests/it/floors.rs` proves it:
//!
//! ```text
//! scim      the protocol as values and pure functions
//! org       the organization's rules, pure
//! store     SQL behind one transaction type
//! service   one function per thing the server can do; owns the transaction
//! http cli  bytes in, bytes out; the commands
//! ```
//!
//! [`config`], [`clock`], [`ids`], [`mail`], [`jwt`] and [`ldap`] stand beside the stairs and know nothing of ours, and so
//! do [`client`], a SCIM client's view of any server, and those who ask through it: [`conformance`] plays the suites,
//! [`simulate`] plays identity providers.

pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod conformance;
pub mod http;
pub mod ids;
pub mod jwt;
pub mod ldap;
pub mod mail;
pub mod oidc;
pub mod org;
pub mod scim;
pub mod service;
pub mod simulate;
pub mod store;
