//! No statement walks a table: a lost index is a failing test.

use crate::support::Server;
use std::fs;

/// Statements that read a whole organization's rows, because that is what they are for.
const WALKS: [&str; 9] = [
    "users/page",
    "users/after",
    "teams/page",
    "teams/after",
    // connections and tokens are few
    "connections/any_ever",
    "connections/list",
    "connections/tokens",
    "connections/declared_tokens",
    "connections/revoke_tokens_of",
];

#[test]
fn every_statement_finds_its_rows_by_an_index() {
    let server = Server::standard();
    let connection = rusqlite::Connection::open(server.directory.path().join("roster.db")).unwrap();
    let mut wrong = Vec::new();
    for entry in fs::read_dir("sql/queries").unwrap() {
        let path = entry.unwrap().path();
        let noun = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        for part in text.split("-- name: ").skip(1) {
            let (name, statement) = part.split_once('\n').unwrap();
            let name = format!("{noun}/{name}");
            for step in plan(&connection, statement) {
                // SEARCH by the organization alone is a walk too
                let walks = step.starts_with("SCAN ") && walked(&step) || step.ends_with("(organization=?)");
                if walks && !WALKS.contains(&name.as_str()) {
                    wrong.push(format!("{name}: {step}"));
                }
            }
        }
    }

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Whether a scan is of one of our tables, not of a list of parameters or of what a statement made itself.
fn walked(step: &str) -> bool {
    let table = step.split(' ').nth(1).unwrap_or_default();
    !["json_each", "up", "down", "CONSTANT", "schema_migrations"].contains(&table)
}

fn plan(connection: &rusqlite::Connection, statement: &str) -> Vec<String> {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
    let parameters = vec![rusqlite::types::Null; explained.parameter_count()];
    let rows = explained.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
    rows.map(Result::unwrap).collect()
}
