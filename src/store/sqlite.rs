//! SQLite: a writer thread, a read-only connection per thread for short reads, a pool for long ones.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
    migrate,
    writer::Writer,
};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{
    Connection, OpenFlags, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// How many long reads run at a time, and how long one more waits for its turn.
const LONG_READERS: u32 = 4;
const LONG_READ_PATIENCE: Duration = Duration::from_secs(5);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 128;

#[derive(Debug)]
pub(super) struct Sqlite {
    /// Tells the stores of one process apart in the threads' readers.
    number: u64,
    path: PathBuf,
    writer: Writer,
    long_readers: r2d2::Pool<SqliteConnectionManager>,
}

thread_local! {
    /// A hop to another thread costs three times a point read, so each thread reads for itself.
    static READERS: RefCell<HashMap<u64, Connection>> = RefCell::new(HashMap::new());
}

impl Sqlite {
    pub(super) fn open(path: &Path, now: i64) -> Result<Self, DbError> {
        static STORES: AtomicU64 = AtomicU64::new(0);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        // FULL: what is answered survives the power cord. The WAL file is kept and overwritten, since a
        // growing one makes every sync slow.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
             PRAGMA busy_timeout = 5000; PRAGMA cache_size = -65536; PRAGMA journal_size_limit = 67108864;",
        )?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        bring_up_to_date(&connection, now)?;
        let manager = SqliteConnectionManager::file(path).with_flags(read_only()).with_init(prepare_reader);
        let long_readers = r2d2::Pool::builder()
            .max_size(LONG_READERS)
            .min_idle(Some(0))
            .connection_timeout(LONG_READ_PATIENCE)
            .test_on_check_out(false)
            .build(manager)?;
        Ok(Self {
            number: STORES.fetch_add(1, Ordering::Relaxed),
            path: path.to_owned(),
            writer: Writer::start(connection)?,
            long_readers,
        })
    }

    pub(super) fn read<T, E: From<DbError>>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        READERS.with_borrow_mut(|readers| {
            let connection = match readers.remove(&self.number) {
                Some(connection) => connection,
                None => self.open_reader()?,
            };
            let outcome = in_snapshot(&connection, work);
            // a connection that could not end its transaction is not used again
            if connection.is_autocommit() {
                readers.insert(self.number, connection);
            }
            outcome
        })
    }

    pub(super) async fn scan<T, E>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let pool = self.long_readers.clone();
        let job = move || {
            let connection = pool.get().map_err(DbError::from)?;
            in_snapshot(&connection, work)
        };
        tokio::task::spawn_blocking(job).await.unwrap_or_else(|_| Err(E::from(DbError::Panicked)))
    }

    pub(super) async fn write<T, E>(
        &self,
        work: impl Fn(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.writer.submit(work)?.await.unwrap_or_else(|_| Err(E::from(DbError::Closed)))
    }

    pub(super) fn close(&self) {
        self.writer.close();
    }

    fn open_reader(&self) -> Result<Connection, DbError> {
        let mut connection = Connection::open_with_flags(&self.path, read_only())?;
        prepare_reader(&mut connection)?;
        Ok(connection)
    }
}

/// Applies the migrations that are missing.
fn bring_up_to_date(connection: &Connection, now: i64) -> Result<(), DbError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_migrations (
            version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL
         ) STRICT",
    )?;
    loop {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let step = migrate::step(&WriteTx::sqlite(connection), now);
        connection.execute_batch(if step.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        if !step? {
            return Ok(());
        }
    }
}

/// Runs a statement and reads every row it returns.
pub(super) fn rows<T>(
    connection: &Connection,
    statement: Statement,
    args: &[Arg<'_>],
    read: impl Fn(&Row<'_>) -> Result<T, DbError>,
) -> Result<Vec<T>, DbError> {
    let mut prepared = connection.prepare_cached(&statement.for_sqlite())?;
    let mut rows = prepared.query(named(args).as_slice())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&Row::sqlite(row))?);
    }
    Ok(found)
}

/// Runs a statement and says how many rows it changed.
pub(super) fn execute(
    connection: &Connection,
    statement: Statement,
    args: &[Arg<'_>],
) -> Result<usize, DbError> {
    let mut prepared = connection.prepare_cached(&statement.for_sqlite())?;
    Ok(prepared.execute(named(args).as_slice())?)
}

/// SQLite takes `$2` for a name and numbers names by first appearance, so parameters are bound by name.
const NAMES: [&str; 20] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16",
    "$17", "$18", "$19", "$20",
];

fn named<'a>(args: &'a [Arg<'a>]) -> Vec<(&'static str, &'a dyn ToSql)> {
    NAMES.iter().zip(args).map(|(name, arg)| (*name, arg as &dyn ToSql)).collect()
}

impl ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Bool(value) => ValueRef::Integer(i64::from(*value)),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
            Self::Texts(values) => {
                let list = serde_json::to_string(values);
                let list = list.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
                return Ok(ToSqlOutput::Owned(list.into()));
            }
        }))
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::{ErrorCode, ffi};
        match &error {
            // "UNIQUE constraint failed: users.organization, users.user_name_key"
            rusqlite::Error::SqliteFailure(code, Some(text))
                if code.extended_code == ffi::SQLITE_CONSTRAINT_UNIQUE =>
            {
                Self::Unique(text.rsplit([' ', ',']).next().unwrap_or(text).to_owned())
            }
            rusqlite::Error::SqliteFailure(code, _)
                if matches!(code.code, ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) =>
            {
                Self::Busy
            }
            _ => Self::Sqlite(error),
        }
    }
}

fn read_only() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn prepare_reader(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.execute_batch(
        "PRAGMA query_only = ON; PRAGMA busy_timeout = 5000; PRAGMA mmap_size = 1073741824;
         PRAGMA cache_size = -16384;",
    )
}

/// Every statement of the work sees the state the first one saw.
fn in_snapshot<T, E: From<DbError>>(
    connection: &Connection,
    work: impl Fn(&ReadTx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    connection.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).map_err(DbError::from)?;
    let _end = Snapshot(connection);
    work(&ReadTx::sqlite(connection))
}

/// A read transaction; it ends with the value, also when the work panics.
struct Snapshot<'c>(&'c Connection);

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.prepare_cached("COMMIT").and_then(|mut end| end.execute([])) {
            tracing::error!(%error, "a read transaction did not end");
        }
    }
}
