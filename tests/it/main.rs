//! Every integration test, in one binary: one link instead of a dozen.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]
#![allow(clippy::print_stdout, reason = "some tests print what they measured")]

mod acceptance;
mod added_schemas;
mod api;
mod audit;
mod authority;
mod bad_input;
mod browser;
mod bulk;
mod chaos;
mod chromium;
mod clients;
mod commands;
mod conformance;
mod connections;
mod console;
mod console_forms;
mod console_pages;
mod console_rules;
mod corpus;
mod crash;
mod cursors;
mod custom_schema;
mod database;
mod described;
mod directory;
mod directory_sign_in;
mod doors;
mod doubts;
mod enforced_schema;
mod exchange;
mod faults;
mod floors;
mod hostile;
mod invites;
mod journal;
mod keys;
mod laws;
mod lifecycle;
mod mappings;
mod mirror;
mod on_postgres;
mod operator;
mod oracles;
mod organization;
mod organization_laws;
mod organizations;
mod people;
mod people_in_bulk;
mod plans;
mod provider;
mod races;
mod reads;
mod reference;
mod requests;
mod roles;
mod roll;
mod schemas;
mod security;
mod sign_in;
mod simulate;
mod single_sign_on;
mod sink;
mod slapd;
mod store;
mod support;
mod switches;
mod tables;
mod teams;
mod tokens;
mod transport;
mod visitor;
mod wandb;
