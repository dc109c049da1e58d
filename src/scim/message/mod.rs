//! Bodies that are not resources.

pub mod bulk;
pub mod discovery;
pub mod error;
pub mod list;
pub mod openapi;
