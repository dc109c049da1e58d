//! The writer: one thread, one connection, one commit per batch.
//!
//! Every job runs in a savepoint of a transaction it shares with the jobs that wait with it, and is
//! answered after the commit, so that durability costs one sync a batch. A job that fails is undone
//! alone. When the engine gives up the whole batch (disk full, I/O error, a failed commit), each of its
//! jobs runs again by itself: none is dropped and none is answered before it is durable.

use super::{DbError, WriteTx};
use rusqlite::Connection;
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// How many jobs may wait; one more is refused.
const QUEUE: usize = 2_048;
/// How many jobs share a commit.
const BATCH: usize = 128;

/// The way to the writer thread.
pub(super) struct Writer {
    queue: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    /// Starts the thread, which owns the connection from now on.
    pub(super) fn start(connection: Connection) -> Result<Self, DbError> {
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("roster-writer".to_owned())
            .spawn(move || {
                run(&connection, &jobs);
                tidy_up(&connection);
            })
            .map_err(|error| DbError::Schema(format!("the writer thread did not start: {error}")))?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Queues a job; the answer comes when its changes are durable.
    pub(super) fn submit<T, E, F>(&self, work: F) -> Result<oneshot::Receiver<Result<T, E>>, DbError>
    where
        F: Fn(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Work { work, outcome: None, reply });
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match queue.as_ref().map(|queue| queue.try_send(job)) {
            Some(Ok(())) => Ok(answer),
            Some(Err(TrySendError::Full(_))) => Err(DbError::Busy),
            Some(Err(TrySendError::Disconnected(_))) | None => Err(DbError::Closed),
        }
    }

    /// Takes no more jobs and waits until the accepted ones are done.
    pub(super) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // a panic of the thread itself has nobody left to tell
            let _ = thread.join();
        }
    }
}

/// A job whatever it returns.
trait Job: Send {
    /// Does the work; true keeps the changes.
    fn run(&mut self, tx: &WriteTx<'_>) -> bool;
    /// Tells whoever waits: the outcome, or that the changes could not be kept.
    fn answer(self: Box<Self>, committed: Result<(), DbError>);
}

struct Work<F, T, E> {
    work: F,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Job for Work<F, T, E>
where
    F: Fn(&WriteTx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, tx: &WriteTx<'_>) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.work)(tx)));
        let outcome = outcome.unwrap_or_else(|_| Err(E::from(DbError::Panicked)));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, committed: Result<(), DbError>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Ok(()), None) => Err(E::from(DbError::Panicked)),
            (Err(error), _) => Err(E::from(error)),
        };
        // whoever asked may have gone; the change stands all the same
        let _ = self.reply.send(outcome);
    }
}

fn run(connection: &Connection, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        if let Err(error) = begin(connection) {
            // nothing has run; whoever holds the lock holds it for every job alike
            tracing::warn!(%error, jobs = batch.len(), "the database could not be written");
            batch.into_iter().for_each(|job| job.answer(Err(DbError::Busy)));
            continue;
        }
        match together(connection, &mut batch) {
            Ok(()) => batch.into_iter().for_each(|job| job.answer(Ok(()))),
            Err(error) => {
                tracing::warn!(%error, jobs = batch.len(), "a batch was given up; its jobs run one by one");
                batch.into_iter().for_each(|job| alone(connection, job));
            }
        }
    }
}

/// Brings everything into the file itself, so that a stopped server's data is one file.
fn tidy_up(connection: &Connection) {
    let done = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    if !matches!(done, Ok(0)) {
        tracing::warn!(?done, "the write-ahead log stays beside the database until it is opened again");
    }
}

fn begin(connection: &Connection) -> Result<(), DbError> {
    Ok(connection.execute_batch("BEGIN IMMEDIATE")?)
}

/// Runs the jobs in the transaction that was begun, and commits. On an error nothing of any of them remains.
fn together(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<(), DbError> {
    let outcome = batch.iter_mut().try_for_each(|job| in_savepoint(connection, job.as_mut()));
    let outcome = outcome.and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    if outcome.is_err() && !connection.is_autocommit() {
        // fails only when the engine has rolled back already
        let _ = connection.execute_batch("ROLLBACK");
    }
    outcome
}

fn in_savepoint(connection: &Connection, job: &mut dyn Job) -> Result<(), DbError> {
    connection.execute_batch("SAVEPOINT job")?;
    let keep = job.run(&WriteTx::sqlite(connection));
    if connection.is_autocommit() {
        return Err(DbError::RolledBack);
    }
    let end = if keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    Ok(connection.execute_batch(end)?)
}

fn alone(connection: &Connection, job: Box<dyn Job>) {
    let mut batch = [job];
    let committed = begin(connection).and_then(|()| together(connection, &mut batch));
    let [job] = batch;
    job.answer(committed);
}
