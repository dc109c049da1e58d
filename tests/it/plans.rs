//! No statement walks a table: a lost index is a failing test.

use crate::database::Database;
use roster::store::Statement;
use std::fs;

/// Statements that read a whole organization's rows, because that is what they are for.
const WALKS: [&str; 52] = [
    "users/page",
    "users/after",
    "teams/page",
    "teams/after",
    "roles/page",
    "roles/after",
    "accounts/page",
    "accounts/after",
    // narrow rows, side by side, of which whoever searches or filters looks at all
    "people/found",
    "people/found_down",
    "people/count",
    // of a few, by their ids; who is in a team is found as `memberships/everybody` does
    "people/fitting",
    // those who are not filled yet have an index of their own
    "people/unfilled",
    // how much there is, which is not asked often
    "processes/sessions",
    "processes/keys",
    // processes are few
    "processes/forget",
    "processes/seen_since",
    // service accounts are few
    "service_accounts/count",
    // connections, tokens, schemas and organizations are few
    "connections/any_ever",
    "connections/list",
    "connections/revoke",
    "connections/tokens",
    "connections/declared_tokens",
    "connections/revoke_tokens_of",
    "connections/leniencies",
    "organizations/list",
    "schemas/list",
    "issuers/list",
    "providers/list",
    // those about whom an admin is to decide are few
    "identities/asked",
    // of an index that holds what waits and nothing else
    "chain/unsealed",
    "chain/waiting",
    // those who are invited and not here yet are few
    "invites/reserved",
    "invites/expire",
    "invites/forget_places",
    // mappings are few
    "mappings/list",
    "mappings/of_groups",
    "mappings/remove",
    "mappings/grant",
    "mappings/grants_of",
    "mappings/hold",
    // teams in teams have an index of their own
    "memberships/everybody",
    // and so are admins
    "mappings/admins_without",
    "users/admins",
    // people whose grants are to be made again wait here and nobody else
    "mappings/unsettled",
    "mappings/waiting",
    // an organization has one chain
    "chain/lease",
    "chain/head",
    "chain/advance",
    // no more requests are remembered than it counts
    "requests/nth_newest",
    // to name the nearest
    "teams/names",
    "roles/names",
];

/// Every statement with its name, such as `users/load`.
fn statements() -> Vec<(String, Statement)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("sql/queries").unwrap() {
        let path = entry.unwrap().path();
        let noun = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // statements live as long as the program
        let text: &'static str = fs::read_to_string(&path).unwrap().leak();
        for part in text.split("-- name: ").skip(1) {
            let (name, _) = part.split_once('\n').unwrap();
            found.push((format!("{noun}/{name}"), Statement::named(text, name)));
        }
    }
    assert!(found.len() > 50, "{}", found.len());
    found
}

mod on_sqlite {
    use super::*;

    #[test]
    fn every_statement_finds_its_rows_by_an_index() {
        let database = Database::fresh();
        database.store().unwrap().close();
        let connection = rusqlite::Connection::open(database.file()).unwrap();
        let mut wrong = Vec::new();
        for (name, statement) in statements() {
            for step in plan(&connection, &statement.for_sqlite()) {
                // SEARCH by the organization alone is a walk too
                let walks = step.starts_with("SCAN ") && walked(&step) || step.ends_with("(organization=?)");
                if walks && !WALKS.contains(&name.as_str()) {
                    wrong.push(format!("{name}: {step}"));
                }
            }
        }

        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    /// Whether a scan is of one of our tables, not of a list of parameters or of what a statement made itself.
    fn walked(step: &str) -> bool {
        let table = step.split(' ').nth(1).unwrap_or_default();
        !["json_each", "up", "down", "found", "2-ROW", "CONSTANT", "schema_migrations"].contains(&table)
    }

    fn plan(connection: &rusqlite::Connection, statement: &str) -> Vec<String> {
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let parameters = vec![rusqlite::types::Null; explained.parameter_count()];
        let rows = explained.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

mod on_postgres {
    use super::*;

    #[test]
    fn every_statement_finds_its_rows_by_an_index() {
        let database = Database::on_postgres();
        database.store().unwrap().close();
        // nor does it look by itself from here on
        database.ask(
            "DO $$ DECLARE it regclass; BEGIN
               FOR it IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
               LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', it); END LOOP;
             END $$",
        );
        let mut wrong = Vec::new();
        for (name, statement) in statements() {
            let text = statement.for_postgres();
            let n_parameters = (1..=20).take_while(|n| text.contains(&format!("${n}"))).count();
            let nulls = match n_parameters {
                0 => String::new(),
                n => format!("({})", vec!["NULL"; n].join(", ")),
            };
            // tables that are still small are walked because that is cheap: here it is done only where it must be; and
            // none is known to be empty, should the server have looked by itself, since then one index is like another
            let plan = database.ask(&format!(
                "UPDATE pg_class SET reltuples = -1 WHERE relnamespace = 'public'::regnamespace AND reltuples = 0;
                 SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_bitmapscan = off;
                 PREPARE it AS {text};
                 EXPLAIN EXECUTE it{nulls}"
            ));
            for step in plan.iter().map(|row| row[0].trim()) {
                let walks = step.contains("Seq Scan on ") && !step.contains("schema_migrations")
                    || step == "Index Cond: (organization = $1)";
                if walks && !WALKS.contains(&name.as_str()) {
                    wrong.push(format!("{name}: {step}"));
                }
            }
        }

        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}
