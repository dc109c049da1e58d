//! What the store promises whoever writes.

use crate::{
    database::Database,
    support::{ORGANIZATION, USER, wait},
};
use aws_lc_rs::digest::{SHA256, digest};
use roster::org::organization::Organization;
use roster::scim::schema::standard::{GROUP_TYPE, USER_TYPE};
use roster::store::{DbError, Statement, Store, journal, organizations, records::Kind};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

fn organization(id: &str, slug: &str, name: &str) -> Organization {
    Organization { id: id.to_owned(), slug: slug.to_owned(), name: name.to_owned(), created_at: 0 }
}

/// Inserts an organization of this slug; fails or panics afterwards when its name says so.
async fn insert(store: &Store, slug: &'static str, name: &'static str) -> Result<(), DbError> {
    store
        .write(move |tx| {
            organizations::insert(tx, &organization(slug, slug, name))?;
            match name {
                "fails" => Err(DbError::Corrupt("on purpose".to_owned())),
                "panics" => panic!("on purpose"),
                _ => Ok(()),
            }
        })
        .await
}

async fn exists(store: &Store, slug: &'static str) -> bool {
    let found = store.read(move |tx| organizations::named(tx, slug)).await;
    found.unwrap().is_some()
}

#[test]
fn a_job_that_fails_or_panics_is_undone_alone() {
    let database = Database::fresh();
    let store = database.store().unwrap();
    wait(async {
        // submitted together, so that they share a transaction
        let (first, failed, panicked, last) = tokio::join!(
            insert(&store, "first", "stays"),
            insert(&store, "failed", "fails"),
            insert(&store, "panicked", "panics"),
            insert(&store, "last", "stays"),
        );

        assert!(first.is_ok() && last.is_ok());
        assert!(matches!(failed, Err(DbError::Corrupt(_))), "{failed:?}");
        assert!(matches!(panicked, Err(DbError::Panicked)), "{panicked:?}");
        assert!(exists(&store, "first").await && exists(&store, "last").await);
        assert!(!exists(&store, "failed").await && !exists(&store, "panicked").await);
    });
}

#[test]
fn a_taken_value_is_named_by_its_column() {
    let database = Database::fresh();
    let store = database.store().unwrap();
    wait(async {
        insert(&store, "acme", "one").await.unwrap();

        let again = store.write(|tx| organizations::insert(tx, &organization("other", "acme", "two"))).await;

        assert!(
            matches!(&again, Err(DbError::Unique(column)) if column == "organizations.slug"),
            "{again:?}"
        );
    });
}

#[test]
fn a_closed_store_takes_no_more_writes_and_keeps_those_it_took() {
    let database = Database::fresh();
    let store = database.store().unwrap();
    wait(async {
        insert(&store, "early", "stays").await.unwrap();
        store.close();

        let late = insert(&store, "late", "too late").await;

        assert!(matches!(late, Err(DbError::Closed)), "{late:?}");
    });
    drop(store);
    let store = database.store().unwrap();
    assert!(wait(exists(&store, "early")));
}

#[test]
fn a_schema_from_the_future_or_in_another_form_is_refused() {
    for (sabotage, said) in [
        ("INSERT INTO schema_migrations VALUES (99, 'later', 'x', 0)", "newer program"),
        ("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1", "another form"),
    ] {
        let database = Database::fresh();
        database.store().unwrap().close();
        database.ask(sabotage);

        let refused = database.store().unwrap_err();

        assert!(refused.to_string().contains(said), "{refused}");
    }
}

/// The writer that all jobs share.
mod on_sqlite {
    use super::*;

    #[test]
    fn a_batch_the_engine_gives_up_is_done_job_by_job() {
        let database = Database::fresh();
        let store = database.store().unwrap();
        let runs = Arc::new(AtomicUsize::new(0));
        wait(async {
            let sabotage = {
                let runs = runs.clone();
                store.write(move |tx| {
                    organizations::insert(tx, &organization("saboteur", "saboteur", "rolls back once"))?;
                    if runs.fetch_add(1, Ordering::SeqCst) == 0 {
                        // what SQLite does by itself when the disk is full
                        const ROLLBACK: Statement = Statement::named("-- name: now\nROLLBACK\n", "now");
                        tx.execute(ROLLBACK, &[])?;
                    }
                    Ok::<_, DbError>(())
                })
            };
            let (before, saboteur, after) =
                tokio::join!(insert(&store, "before", "stays"), sabotage, insert(&store, "after", "stays"));

            assert!(before.is_ok() && saboteur.is_ok() && after.is_ok());
            for slug in ["before", "saboteur", "after"] {
                assert!(exists(&store, slug).await, "{slug}");
            }
        });
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_file_of_an_earlier_build_is_brought_up_to_date_with_all_its_counts() {
        let first = include_str!("../../sql/migrations/sqlite/0001_first_road.sql");
        let checksum: String =
            digest(&SHA256, first.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let database = Database::fresh();
        database.ask(&format!(
            "{first};
             CREATE TABLE schema_migrations (
                version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
             ) STRICT;
             INSERT INTO schema_migrations VALUES (1, 'first_road', '{checksum}', 0);
             INSERT INTO counters VALUES ('o', 'users', 7), ('o', 'teams', 3);
             INSERT INTO organizations VALUES ('o', 'o', 'O', 0);
             INSERT INTO users (organization, id, user_name_key, active, version, created_at, modified_at, resource)
             VALUES ('o', 'u', 'ada', 1, 1, 0, 0, '{{\"schemas\":[\"{USER}\"],\"id\":\"u\",\"userName\":\"ada\"}}')"
        ));

        let store = database.store().unwrap();

        let totals = wait(store.read(|tx| {
            let total = |it| journal::total(tx, Kind::of(it), "o");
            Ok::<_, DbError>([total(&USER_TYPE)?, total(&GROUP_TYPE)?])
        }));
        assert_eq!(totals.unwrap(), [7, 3]);
        assert_eq!(database.number("SELECT max(version) FROM schema_migrations"), 16);
        let member = database.ask("SELECT resource FROM users").pop().and_then(|row| row.into_iter().next());
        assert_eq!(
            member.unwrap(),
            format!(
                "{{\"schemas\":[\"{USER}\",\"{ORGANIZATION}\"],\"id\":\"u\",\"userName\":\"ada\",\"{ORGANIZATION}\":\
                 {{\"organizationRole\":\"member\",\"seat\":\"full\",\"accountType\":\"user\",\"source\":\"scim\"}}}}"
            )
        );
        assert_eq!(database.number("SELECT value FROM counters WHERE name = 'seats.full'"), 1);
    }
}
