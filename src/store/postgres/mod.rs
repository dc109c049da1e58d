//! PostgreSQL: a pool of connections, transactions on threads that may wait, and another try for what can
//! succeed then.

mod address;
mod error;
mod link;
mod prepare;
mod session;

pub use address::Address;
pub(super) use session::Session;

use super::{DbError, ReadTx, Statement, WriteTx};
use aws_lc_rs::rand;
use deadpool::{
    Runtime::Tokio1,
    managed::{Pool, PoolError, TimeoutType},
};
use error::Failure;
use link::Links;
use session::Noted;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    runtime::Builder,
    sync::Semaphore,
    task::spawn_blocking,
    time::{sleep, timeout},
};

const SQL: &str = include_str!("../../../sql/queries/journal.sql");
const CLAIM: Statement = Statement::named(SQL, "claim");

/// How long a transaction waits for a connection while all are in use.
const QUEUE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a statement waits for a row that another transaction holds, at most.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection to one host may take to be made.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// For how long a transaction is tried again when the server is away, and when it keeps meeting others.
const AWAY_PATIENCE: Duration = Duration::from_secs(1);
const CONFLICT_PATIENCE: Duration = Duration::from_secs(10);
/// For how long it is asked whether a transaction happened.
const DOUBT_PATIENCE: Duration = Duration::from_secs(15);
const DOUBT_PAUSE: Duration = Duration::from_millis(100);
/// How long the first pause before another try is, on average.
const FIRST_PAUSE: Duration = Duration::from_millis(3);
/// How much longer than a statement may take its answer is waited for.
const SLACK: Duration = Duration::from_secs(5);
/// How many writers can count side by side.
pub(super) const LANES: i64 = 64;
/// How statements are planned: once for all values, and never compiled.
const PLANS: &str = " -c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off";

/// How to work with a PostgreSQL server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is, and as whom we come.
    pub address: Address,
    /// How many connections this process makes at most.
    pub connections: usize,
    /// Whether a pooler stands between that gives us another server connection for every transaction: then
    /// statements are not prepared, and settings are made in each transaction.
    pub pooler: bool,
    /// How long the server may work on one statement.
    pub statement_timeout: Duration,
    /// For how long a server that is away is waited for at the start.
    pub wait: Duration,
}

#[derive(Debug)]
pub(super) struct Postgres {
    pool: Pool<Links>,
    manner: Arc<Manner>,
    /// Long reads leave connections to the others,
    scans: Semaphore,
    /// and so do writers, who may all wait for one row.
    writers: Semaphore,
    lanes: AtomicI64,
}

/// How statements are sent.
#[derive(Debug)]
struct Manner {
    /// Without a name, so without being prepared.
    unnamed: bool,
    /// Settings that each transaction makes for itself, where the connection cannot keep them.
    settings: String,
    /// How long the server may take to answer, before it is taken for dead.
    patience: Duration,
}

impl Manner {
    fn begin(&self, mode: &str) -> String {
        format!("BEGIN {mode}{}", self.settings)
    }
}

/// How an attempt at a transaction ended.
enum Attempt<T, E> {
    Done(Result<T, E>),
    /// Nothing of it happened, and it can succeed the next time.
    Again(Failure, E),
    /// It was to be committed, and no answer came.
    InDoubt(T, Option<Noted>, DbError),
}

impl Postgres {
    /// Connects, waiting for the server as long as the options say, and brings the schema up to date. Holds up
    /// the thread it is called on.
    pub(super) fn open(options: &Options, now: i64) -> Result<Self, DbError> {
        let postgres = Self::new(options)?;
        apart(prepare::prepare(&postgres, options.wait, now))?;
        Ok(postgres)
    }

    /// Connects to a database whose schema is up to date. Holds up the thread it is called on.
    pub(super) fn open_prepared(options: &Options) -> Result<Self, DbError> {
        let postgres = Self::new(options)?;
        apart(prepare::check(&postgres))?;
        Ok(postgres)
    }

    fn new(options: &Options) -> Result<Self, DbError> {
        let kept = [
            ("statement_timeout", options.statement_timeout),
            ("lock_timeout", options.statement_timeout.min(LOCK_PATIENCE)),
            // longer, so that a statement that takes its time is named as the reason
            ("idle_in_transaction_session_timeout", options.statement_timeout + SLACK),
        ];
        let settings = |before: &str| -> String {
            kept.iter().map(|(name, time)| format!("{before}{name}={}", time.as_millis())).collect()
        };
        let (at_connect, at_begin) = match options.pooler {
            true => (String::new(), settings("; SET LOCAL ")),
            // every statement finds its rows by an index, whatever its values: one plan does for all
            false => (format!("{}{PLANS}", settings(" -c ")), String::new()),
        };
        let (configs, tls) = options.address.connectors(&at_connect)?;
        let pool = Pool::builder(Links { configs, tls, patience: CONNECT_PATIENCE })
            .max_size(options.connections)
            .wait_timeout(Some(QUEUE_PATIENCE))
            .runtime(Tokio1)
            .build()
            .map_err(|error| DbError::Schema(error.to_string()))?;
        let mut first_lane = [0; 1];
        // any lane does to begin with; processes that choose the same one wait for each other now and then
        let _ = rand::fill(&mut first_lane);
        let patience = options.statement_timeout + SLACK;
        Ok(Self {
            pool,
            manner: Arc::new(Manner { unnamed: options.pooler, settings: at_begin, patience }),
            scans: Semaphore::new(options.connections.div_ceil(4)),
            writers: Semaphore::new((options.connections - options.connections.div_ceil(4)).max(1)),
            lanes: AtomicI64::new(i64::from(u8::from_be_bytes(first_lane))),
        })
    }

    /// The same server for work that takes as long as it takes: a migration, and the wait for one.
    fn patient(&self) -> Self {
        let settings = "; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
                        SET LOCAL idle_in_transaction_session_timeout = 0";
        let manner =
            Manner { unnamed: self.manner.unnamed, settings: settings.to_owned(), patience: Duration::MAX };
        Self {
            pool: self.pool.clone(),
            manner: Arc::new(manner),
            scans: Semaphore::new(0),
            writers: Semaphore::new(0),
            lanes: AtomicI64::new(0),
        }
    }

    /// Runs a read in one snapshot.
    pub(super) async fn read<T, E>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.repeat(work, read_once).await
    }

    /// Runs a long read, of which few run at a time.
    pub(super) async fn scan<T, E>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.in_turn(work, read_once).await
    }

    /// The same, with statements that are planned for the values they have.
    pub(super) async fn survey<T, E>(
        &self,
        work: impl Fn(&ReadTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.in_turn(work, survey_once).await
    }

    async fn in_turn<W, T, E>(&self, work: W, once: fn(&Session, &W) -> Attempt<T, E>) -> Result<T, E>
    where
        W: Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let Ok(Ok(_turn)) = timeout(QUEUE_PATIENCE, self.scans.acquire()).await else {
            return Err(E::from(DbError::Busy));
        };
        self.repeat(work, once).await
    }

    /// Runs a change in a transaction of its own, again when it meets others or the server goes away.
    pub(super) async fn write<T, E>(
        &self,
        work: impl Fn(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let Ok(Ok(_turn)) = timeout(QUEUE_PATIENCE, self.writers.acquire()).await else {
            return Err(E::from(DbError::Busy));
        };
        self.repeat(work, write_once).await
    }

    /// Whether the server is there and takes writes.
    pub(super) async fn is_ready(&self) -> Result<(), DbError> {
        let found = self.read(|tx| tx.texts(prepare::IN_RECOVERY, &[])).await?;
        match found.as_slice() {
            [text] if text == "false" => Ok(()),
            _ => Err(DbError::Unreachable("it is a standby".to_owned())),
        }
    }

    /// Takes no more work.
    pub(super) fn close(&self) {
        self.pool.close();
    }

    /// A connection for one transaction.
    async fn session(&self) -> Result<Session, DbError> {
        let link = self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => DbError::Busy,
            PoolError::Backend(error) => error,
            PoolError::Closed => DbError::Closed,
            other => DbError::Unreachable(other.to_string()),
        })?;
        let lane = self.lanes.fetch_add(1, Ordering::Relaxed) % LANES;
        Ok(Session::new(link, self.manner.clone(), lane))
    }

    /// Runs a transaction until an attempt at it is done, or there were enough of them.
    async fn repeat<W, T, E>(&self, mut work: W, once: fn(&Session, &W) -> Attempt<T, E>) -> Result<T, E>
    where
        W: Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let mut retries = Retries::default();
        let mut n_ended = 0;
        loop {
            let session = match self.session().await {
                Ok(session) => session,
                Err(DbError::Unreachable(_)) if retries.again(Failure::Lost).await => continue,
                Err(error) => return Err(error.into()),
            };
            let job = spawn_blocking(move || {
                let attempt = session.is_alive().then(|| once(&session, &work));
                (work, attempt)
            });
            let Ok((given_back, attempt)) = job.await else { return Err(DbError::Panicked.into()) };
            work = given_back;
            let Some(attempt) = attempt else {
                // a connection that ended while it rested is gone now; more than those end as they are made
                n_ended += 1;
                if n_ended > self.pool.status().max_size && !retries.again(Failure::Lost).await {
                    return Err(DbError::Unreachable("it ends every connection".to_owned()).into());
                }
                continue;
            };
            let (failure, error) = match attempt {
                Attempt::Done(outcome) => return outcome,
                Attempt::Again(failure, error) => (failure, error),
                Attempt::InDoubt(value, noted, error) => match self.happened(noted).await {
                    Some(true) => return Ok(value),
                    Some(false) => (Failure::Lost, error.into()),
                    None => return Err(error.into()),
                },
            };
            if !retries.again(failure).await {
                return Err(error);
            }
        }
    }

    /// Whether a transaction happened whose COMMIT was not answered; `None` when nobody says.
    ///
    /// The event it writes is asked for by taking its place: should the server still be at work on the old
    /// transaction, that waits for its end. A transaction without an event is one that can be repeated, and so
    /// it has not happened.
    async fn happened(&self, noted: Option<Noted>) -> Option<bool> {
        let Some((organization, id)) = noted else { return Some(false) };
        tracing::warn!(event = id, "a commit was not answered; the event tells whether it happened");
        let ask = move |session: &Session| {
            session.begin_write()?;
            let places = session.execute(CLAIM, &[(&organization).into(), (&id).into()])?;
            session.rollback();
            Ok::<_, DbError>(places == 0)
        };
        let ask = Arc::new(ask);
        let since = Instant::now();
        while since.elapsed() < DOUBT_PATIENCE {
            if let Ok(session) = self.session().await {
                let ask = ask.clone();
                if let Ok(Ok(happened)) = spawn_blocking(move || ask(&session)).await {
                    return Some(happened);
                }
            }
            sleep(DOUBT_PAUSE).await;
        }
        None
    }
}

/// Waits for a promise on a thread of its own: whoever calls may stand in the middle of a runtime.
fn apart(promise: impl Future<Output = Result<(), DbError>> + Send) -> Result<(), DbError> {
    let wait = || {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| DbError::Schema(error.to_string()))?;
        let outcome = runtime.block_on(promise);
        // a thread may still wait for a server that does not answer
        runtime.shutdown_background();
        outcome
    };
    std::thread::scope(|scope| scope.spawn(wait).join()).unwrap_or(Err(DbError::Panicked))
}

fn read_once<W, T, E>(session: &Session, work: &W) -> Attempt<T, E>
where
    W: Fn(&ReadTx<'_>) -> Result<T, E>,
{
    session.begin_read();
    read_begun(session, work)
}

fn survey_once<W, T, E>(session: &Session, work: &W) -> Attempt<T, E>
where
    W: Fn(&ReadTx<'_>) -> Result<T, E>,
{
    session.begin_survey();
    read_begun(session, work)
}

fn read_begun<W, T, E>(session: &Session, work: &W) -> Attempt<T, E>
where
    W: Fn(&ReadTx<'_>) -> Result<T, E>,
{
    let made = work(&ReadTx::postgres(session));
    session.end_read();
    match (made, session.failure()) {
        (Err(error), Some(failure @ (Failure::Lost | Failure::Conflict))) => Attempt::Again(failure, error),
        (made, _) => Attempt::Done(made),
    }
}

fn write_once<W, T, E>(session: &Session, work: &W) -> Attempt<T, E>
where
    W: Fn(&WriteTx<'_>) -> Result<T, E>,
    E: From<DbError>,
{
    let made = session.begin_write().map_err(E::from).and_then(|()| work(&WriteTx::postgres(session)));
    match (made, session.failure()) {
        (Ok(value), None) => match (session.commit(), session.failure()) {
            (Ok(()), _) => Attempt::Done(Ok(value)),
            (Err(error), Some(Failure::Conflict)) => Attempt::Again(Failure::Conflict, error.into()),
            (Err(error), _) => Attempt::InDoubt(value, session.event(), error),
        },
        // somebody went on after a statement that failed; the server has undone everything by then
        (Ok(_), Some(_)) => {
            session.rollback();
            Attempt::Done(Err(DbError::RolledBack.into()))
        }
        (Err(error), failure) => {
            session.rollback();
            match failure {
                Some(failure @ (Failure::Lost | Failure::Conflict)) => Attempt::Again(failure, error),
                _ => Attempt::Done(Err(error)),
            }
        }
    }
}

/// The tries of one transaction.
struct Retries {
    began: Instant,
    since: Option<Instant>,
    n: u32,
}

impl Default for Retries {
    fn default() -> Self {
        Self { began: Instant::now(), since: None, n: 0 }
    }
}

impl Retries {
    /// Waits a little, longer each time and never quite the same, and says whether to try again.
    async fn again(&mut self, failure: Failure) -> bool {
        let patience = match failure {
            Failure::Conflict => CONFLICT_PATIENCE,
            Failure::Lost => AWAY_PATIENCE,
            Failure::Other => return false,
        };
        // who has waited long for a server that does not answer would wait as long again
        let is_long = failure == Failure::Lost && self.began.elapsed() > QUEUE_PATIENCE + AWAY_PATIENCE;
        if is_long || self.since.get_or_insert_with(Instant::now).elapsed() > patience {
            return false;
        }
        let mut random = [0; 1];
        // without chance in it the pause is only less good
        let _ = rand::fill(&mut random);
        let chance = f64::from(u8::from_be_bytes(random)) / 256.0;
        sleep(FIRST_PAUSE.mul_f64(f64::from(1_u32 << self.n.min(6)) * (0.5 + chance))).await;
        self.n += 1;
        true
    }
}
