//! The organization's rules, pure: state and question in, decision out. No I/O, no clock, no `async`.

pub mod actor;
pub mod address;
pub mod audit;
pub mod authority;
pub mod connection;
pub mod custom_role;
pub mod decision;
pub mod event;
pub mod journal;
pub mod key;
pub mod lock;
pub mod moment;
pub mod organization;
pub mod permission;
pub mod record;
pub mod refusal;
pub mod role;
pub mod schema;
pub mod scim_view;
pub mod seat;
pub mod service_account;
pub mod settings;
pub mod standing;
pub mod team;
pub mod user;
mod words;
