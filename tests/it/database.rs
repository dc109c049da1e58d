//! Databases to test on: a SQLite file; or, when `ROSTER_TEST_POSTGRES` names a server, a database there.

use roster::{
    clock::Clock,
    service::App,
    store::{
        DbError, Store,
        postgres::{Address, Options},
    },
};
use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tempfile::TempDir;
use tokio_postgres::{NoTls, SimpleQueryMessage};

/// A database of one test's own, gone with the value.
pub(crate) struct Database {
    place: Place,
    pub(crate) directory: TempDir,
}

enum Place {
    Sqlite,
    Postgres { server: String, name: String },
}

/// The PostgreSQL server to test on, if these tests are about PostgreSQL.
pub(crate) fn test_server() -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "it chooses the engine, which no setting of the program does"
    )]
    std::env::var("ROSTER_TEST_POSTGRES").ok()
}

impl Database {
    /// An empty database.
    pub(crate) fn fresh() -> Self {
        match test_server() {
            Some(server) => Self::at(&server),
            None => Self { place: Place::Sqlite, directory: tempfile::tempdir().unwrap() },
        }
    }

    /// An empty database on that PostgreSQL server.
    pub(crate) fn at(server: &str) -> Self {
        static DATABASES: AtomicUsize = AtomicUsize::new(0);
        let n = DATABASES.fetch_add(1, Ordering::Relaxed);
        let name = format!("roster_{}_{n}", std::process::id());
        ask(server, &format!("CREATE DATABASE {name}"));
        let place = Place::Postgres { server: server.to_owned(), name };
        Self { place, directory: tempfile::tempdir().unwrap() }
    }

    /// An empty database on PostgreSQL, for a test that is about nothing else.
    pub(crate) fn on_postgres() -> Self {
        Self::at(&test_server().expect("`tests/cluster with cargo test` gives it a server"))
    }

    /// What `--database` takes.
    pub(crate) fn setting(&self) -> String {
        match &self.place {
            Place::Sqlite => self.directory.path().join("roster.db").to_str().unwrap().to_owned(),
            Place::Postgres { server, name } => {
                let (server, _) = server.rsplit_once('/').unwrap();
                format!("{server}/{name}")
            }
        }
    }

    /// The SQLite file.
    pub(crate) fn file(&self) -> PathBuf {
        assert!(matches!(self.place, Place::Sqlite), "a test of a file belongs to `on_sqlite`");
        PathBuf::from(self.setting())
    }

    /// How to connect, with few connections and short timeouts.
    pub(crate) fn options(&self) -> Options {
        Options {
            address: Address::parse(&self.setting(), None).unwrap(),
            connections: 8,
            pooler: false,
            statement_timeout: Duration::from_secs(30),
            wait: Duration::ZERO,
        }
    }

    /// Opens it.
    pub(crate) fn store(&self) -> Result<Store, DbError> {
        let now = Clock::System.now();
        match &self.place {
            Place::Sqlite => Store::open(&self.file(), now),
            Place::Postgres { .. } => Store::connect(&self.options(), now),
        }
    }

    /// An app on it.
    pub(crate) fn app(&self) -> App {
        App::new(self.store().unwrap(), Clock::System)
    }

    /// Runs statements past the program, and hands back the rows, every value as text.
    pub(crate) fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        match &self.place {
            Place::Postgres { .. } => ask(&self.setting(), sql),
            Place::Sqlite => {
                let connection = rusqlite::Connection::open(self.file()).unwrap();
                if !sql.starts_with("SELECT") {
                    connection.execute_batch(sql).unwrap();
                    return Vec::new();
                }
                let mut statement = connection.prepare(sql).unwrap();
                let n_columns = statement.column_count();
                let mut rows = statement.query([]).unwrap();
                let mut found = Vec::new();
                while let Some(row) = rows.next().unwrap() {
                    found.push((0..n_columns).map(|n| text(row.get_ref(n).unwrap())).collect());
                }
                found
            }
        }
    }

    /// The one number that a statement finds.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.ask(sql)[0][0].parse().unwrap()
    }

    /// Whether these bytes are kept anywhere.
    pub(crate) fn holds(&self, wanted: &[u8]) -> bool {
        let inside = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
        match &self.place {
            Place::Sqlite => fs::read_dir(self.directory.path()).unwrap().any(|entry| {
                let path = entry.unwrap().path();
                path.is_file() && inside(&fs::read(path).unwrap(), wanted)
            }),
            Place::Postgres { .. } => {
                let digits: String = wanted.iter().map(|byte| format!("{byte:02x}")).collect();
                let tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'";
                self.ask(tables).iter().any(|table| {
                    let rows = self.ask(&format!("SELECT t::text FROM {} t", table[0]));
                    rows.iter().any(|row| {
                        inside(row[0].as_bytes(), wanted) || inside(row[0].as_bytes(), digits.as_bytes())
                    })
                })
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Postgres { server, name } = &self.place {
            // a server that a test has ended takes the database with it
            let (server, sql) = (server.clone(), format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            let _ = std::thread::spawn(move || ask(&server, &sql)).join();
        }
    }
}

fn text(value: rusqlite::types::ValueRef<'_>) -> String {
    use rusqlite::types::ValueRef;
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(n) => n.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Runs statements on a PostgreSQL server. On a thread of its own, so that tests with a runtime can do it too.
pub(crate) fn ask(url: &str, sql: &str) -> Vec<Vec<String>> {
    let job = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            let answers = client.simple_query(sql).await.unwrap();
            drop(client);
            let _ = connection.await;
            answers
        })
    };
    let answers = std::thread::scope(|scope| scope.spawn(job).join()).unwrap();
    let rows = answers.into_iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => {
            Some((0..row.len()).map(|n| row.get(n).unwrap_or_default().to_owned()).collect())
        }
        _ => None,
    });
    rows.collect()
}
