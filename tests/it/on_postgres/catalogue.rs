//! The two engines have the same tables.

use crate::database::Database;
use roster::store::Store;
use std::collections::{BTreeMap, BTreeSet};

/// Tables by name.
type Catalogue = BTreeMap<String, Table>;

#[derive(Debug, Default, PartialEq)]
struct Table {
    /// Name, type in our words, and whether it may be null.
    columns: BTreeSet<(String, &'static str, bool)>,
    primary_key: Vec<String>,
    /// Columns of unique indexes, and whether they hold for some rows only.
    unique: BTreeSet<(Vec<String>, bool)>,
    /// Columns of all other indexes.
    indexes: BTreeSet<(Vec<String>, bool)>,
    /// Own columns and the table they point to.
    foreign_keys: BTreeSet<(Vec<String>, String)>,
}

#[test]
fn both_engines_have_the_same_tables_columns_and_keys() {
    let (mut sqlite, postgres) = (on_sqlite(), on_postgres());

    // users and teams point to their organization there only: see the migration
    for table in ["users", "teams"] {
        let foreign_keys = &mut sqlite.get_mut(table).unwrap().foreign_keys;
        foreign_keys.retain(|(_, target)| target != "organizations");
    }

    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    for (name, table) in &sqlite {
        assert_eq!(table, &postgres[name], "{name}");
    }
    assert!(postgres.len() >= 10);
}

#[test]
fn the_organization_comes_first_in_every_key() {
    // an organization's own, one that finds the organization, and one that is not about any
    let exceptions = ["organizations", "schema_migrations", "processes"];
    for (name, table) in on_postgres() {
        if exceptions.contains(&name.as_str()) {
            continue;
        }
        let unique = table.unique.iter().map(|(columns, _)| columns);
        let others = table.indexes.iter().map(|(columns, _)| columns);
        let foreign = table.foreign_keys.iter().map(|(columns, _)| columns);
        for key in unique.chain(others).chain(foreign).chain([&table.primary_key]) {
            // a credential names its organization; letters that are due and sessions that are over are looked for in all
            let is_known = ["digest", "next_at", "expires_at"].map(|column| *key == [column]).contains(&true);
            assert!(key[0] == "organization" || is_known, "{name} {key:?}");
        }
    }
}

#[test]
fn what_is_unique_bears_the_name_that_its_error_shows() {
    let database = made();
    let named = database.ask(
        "SELECT c.relname, t.relname, a.attname
           FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[i.indnkeyatts - 1]
          WHERE i.indisunique AND NOT i.indisprimary AND t.relnamespace = 'public'::regnamespace",
    );

    assert!(named.len() >= 5);
    for row in named {
        assert_eq!(row[0], format!("{}.{}", row[1], row[2]));
    }
}

#[test]
fn texts_sort_by_their_bytes() {
    let database = made();
    let others = database.ask(
        "SELECT table_name, column_name FROM information_schema.columns
          WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
            AND table_name <> 'schema_migrations'",
    );

    assert_eq!(others, Vec::<Vec<String>>::new());
}

fn made() -> Database {
    let database = Database::on_postgres();
    database.store().unwrap().close();
    database
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(str::to_owned).collect()
}

fn on_postgres() -> Catalogue {
    let database = made();
    let mut found = Catalogue::new();
    for row in database.ask(
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
          WHERE table_schema = 'public'",
    ) {
        let kind = match row[2].as_str() {
            "text" => "text",
            "bigint" | "boolean" => "integer",
            "bytea" => "bytes",
            other => panic!("{other}"),
        };
        let table = found.entry(row[0].clone()).or_default();
        table.columns.insert((row[1].clone(), kind, row[3] == "YES"));
    }
    for row in database.ask(
        "SELECT t.relname, i.indisprimary, i.indisunique, i.indpred IS NOT NULL,
                string_agg(a.attname, ',' ORDER BY k.place)
           FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
                CROSS JOIN unnest(i.indkey::int[]) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
          WHERE t.relnamespace = 'public'::regnamespace
          GROUP BY i.indexrelid, t.relname, i.indisprimary, i.indisunique, i.indpred",
    ) {
        let table = found.get_mut(&row[0]).unwrap();
        let columns = words(&row[4]);
        match (row[1].as_str(), row[2].as_str()) {
            ("t", _) => table.primary_key = columns,
            (_, "t") => drop(table.unique.insert((columns, row[3] == "t"))),
            _ => drop(table.indexes.insert((columns, row[3] == "t"))),
        }
    }
    for row in database.ask(
        "SELECT t.relname, f.relname, string_agg(a.attname, ',' ORDER BY k.place)
           FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
                CROSS JOIN unnest(c.conkey::int[]) WITH ORDINALITY AS k (number, place)
                JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
          WHERE c.contype = 'f' GROUP BY c.oid, t.relname, f.relname",
    ) {
        found.get_mut(&row[0]).unwrap().foreign_keys.insert((words(&row[2]), row[1].clone()));
    }
    found
}

fn on_sqlite() -> Catalogue {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("roster.db");
    Store::open(&file, 0).unwrap().close();
    let connection = rusqlite::Connection::open(file).unwrap();
    let ask = |sql: &str| -> Vec<Vec<String>> {
        let mut statement = connection.prepare(sql).unwrap();
        let n_columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            (0..n_columns).map(|n| Ok(row.get::<_, Option<String>>(n)?.unwrap_or_default())).collect()
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    let mut found = Catalogue::new();
    let tables = ask("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    for name in tables.into_iter().flatten() {
        let mut table = Table::default();
        for row in ask(&format!(
            "SELECT name, type, CAST(\"notnull\" = 0 AND pk = 0 AS TEXT) FROM pragma_table_info('{name}') ORDER BY pk"
        )) {
            let kind = match row[1].as_str() {
                "TEXT" => "text",
                "INTEGER" => "integer",
                "BLOB" => "bytes",
                other => panic!("{other}"),
            };
            table.columns.insert((row[0].clone(), kind, row[2] == "1"));
        }
        table.primary_key =
            ask(&format!("SELECT name FROM pragma_table_info('{name}') WHERE pk > 0 ORDER BY pk")).concat();
        for index in ask(&format!(
            "SELECT name, CAST(\"unique\" AS TEXT), origin, CAST(partial AS TEXT) FROM pragma_index_list('{name}')"
        )) {
            let columns =
                ask(&format!("SELECT name FROM pragma_index_info('{}') ORDER BY seqno", index[0])).concat();
            match (index[2].as_str(), index[1].as_str()) {
                ("pk", _) => {}
                (_, "1") => drop(table.unique.insert((columns, index[3] == "1"))),
                _ => drop(table.indexes.insert((columns, index[3] == "1"))),
            }
        }
        let mut foreign: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for row in ask(&format!(
            "SELECT CAST(id AS TEXT), \"table\", \"from\" FROM pragma_foreign_key_list('{name}') ORDER BY id, seq"
        )) {
            foreign.entry((row[0].clone(), row[1].clone())).or_default().push(row[2].clone());
        }
        table.foreign_keys = foreign.into_iter().map(|((_, target), columns)| (columns, target)).collect();
        found.insert(name, table);
    }
    found
}
