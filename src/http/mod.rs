//! Bytes in, bytes out.
//!
//! Nothing here sees a transaction; a request calls one function of the service floor.

pub mod api;
mod body;
mod credential;
mod error;
mod health;
pub mod pages;
mod request_log;
pub mod scim;
pub mod server;
mod token;
mod visitor;
