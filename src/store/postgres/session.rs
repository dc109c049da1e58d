//! One transaction's connection.
//!
//! A session is used on a thread that may wait, and waits there for the answer to each statement. The first
//! statement that fails is noted, whatever the caller makes of it: PostgreSQL has given the transaction up then.

use super::{
    Manner,
    error::{Failure, failure, told},
    link::{Link, Links},
};
use crate::store::{
    DbError, Statement,
    db::{Arg, Row},
};
use bytes::BytesMut;
use deadpool::managed::Object;
use futures_util::{TryStreamExt, future::join};
use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    fmt,
    pin::pin,
    sync::Arc,
};
use tokio_postgres::{
    Client, RowStream,
    types::{IsNull, ToSql, Type, to_sql_checked},
};

/// An event that a transaction writes: organization and id.
pub(super) type Noted = (String, String);

pub(crate) struct Session {
    /// Absent once the connection must not be used again.
    link: Option<Object<Links>>,
    manner: Arc<Manner>,
    lane: i64,
    /// How a reading transaction begins: together with its first statement, which saves a round trip.
    begin: Cell<Option<String>>,
    /// Whether a transaction is under way.
    open: Cell<bool>,
    failure: Cell<Option<Failure>>,
    event: RefCell<Option<Noted>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    pub(super) fn new(link: Object<Links>, manner: Arc<Manner>, lane: i64) -> Self {
        Self {
            link: Some(link),
            manner,
            lane,
            begin: Cell::new(None),
            open: Cell::new(false),
            failure: Cell::new(None),
            event: RefCell::new(None),
        }
    }

    /// Whether the connection still stands. One that rested may have ended.
    pub(super) fn is_alive(&self) -> bool {
        let alive = self.link.as_ref().is_some_and(|link| link.is_alive());
        if !alive {
            self.failure.set(Some(Failure::Lost));
        }
        alive
    }

    /// Begins a transaction that reads one snapshot.
    pub(super) fn begin_read(&self) {
        self.begin_as("ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }

    /// The same, and statements are planned for the values they have: what asks for nothing costs nothing where a hundred
    /// thousand rows are looked at, and two processors may look.
    pub(super) fn begin_survey(&self) {
        self.begin_as(
            "ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = force_custom_plan",
        );
    }

    fn begin_as(&self, mode: &str) {
        self.begin.set(Some(self.manner.begin(mode)));
        self.open.set(true);
    }

    /// Ends a transaction that read. Nothing hangs on the server's answer, so it is not waited for.
    pub(super) fn end_read(&self) {
        if self.failure.get() != Some(Failure::Lost)
            && let Some(link) = &self.link
        {
            if self.begin.take().is_none() {
                link.say("COMMIT");
            }
            self.open.set(false);
        }
    }

    /// Begins a transaction that writes.
    pub(super) fn begin_write(&self) -> Result<(), DbError> {
        self.open.set(true);
        let begun = self.script(&self.manner.begin("ISOLATION LEVEL READ COMMITTED READ WRITE"));
        if begun.is_err() {
            // a server where nothing can be written, such as a standby
            self.failure.set(Some(Failure::Lost));
        }
        begun.map_err(|error| match error {
            DbError::Postgres(reason) => DbError::Unreachable(reason),
            other => other,
        })
    }

    /// Commits. On an error the transaction may have happened, unless [`Session::failure`] calls it a conflict.
    pub(super) fn commit(&self) -> Result<(), DbError> {
        self.script("COMMIT")?;
        self.open.set(false);
        Ok(())
    }

    /// Undoes the transaction; a connection that cannot even do that is closed with the session.
    pub(super) fn rollback(&self) {
        if self.failure.get() != Some(Failure::Lost) && self.script("ROLLBACK").is_ok() {
            self.open.set(false);
        }
    }

    /// Forgets a failure that undoing a part of the transaction heals.
    pub(in crate::store) fn forgive(&self) {
        if self.failure.get() == Some(Failure::Other) {
            self.failure.set(None);
        }
    }

    /// What the first statement that failed means for the transaction.
    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure.get()
    }

    /// The event that [`Session::note_event`] named last.
    pub(super) fn event(&self) -> Option<Noted> {
        self.event.borrow().clone()
    }

    pub(in crate::store) fn note_event(&self, organization: &str, id: &str) {
        self.event.replace(Some((organization.to_owned(), id.to_owned())));
    }

    pub(in crate::store) fn lane(&self) -> i64 {
        self.lane
    }

    pub(in crate::store) fn rows<T>(
        &self,
        statement: Statement,
        args: &[Arg<'_>],
        read: impl Fn(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        self.wait(async |link, client| match self.manner.unnamed {
            true => {
                let (params, begin) = (typed(args), self.begin.take());
                let query = client.query_typed_raw(statement.for_postgres(), params);
                at_once(client, begin.as_deref(), read_all(query, read)).await
            }
            false => {
                let prepared = link.prepare(statement).await?;
                let begin = self.begin.take();
                let query = client.query_raw(&prepared, untyped(args));
                at_once(client, begin.as_deref(), read_all(query, read)).await
            }
        })?
    }

    pub(in crate::store) fn execute(&self, statement: Statement, args: &[Arg<'_>]) -> Result<usize, DbError> {
        let changed = self.wait(async |link, client| match self.manner.unnamed {
            true => client.execute_typed(statement.for_postgres(), &typed(args)).await,
            false => {
                let prepared = link.prepare(statement).await?;
                client.execute(&prepared, &untyped(args)).await
            }
        })?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(in crate::store) fn script(&self, text: &str) -> Result<(), DbError> {
        self.wait(async |_, client| client.batch_execute(text).await)
    }

    /// Waits for an answer, and notes the first that is an error.
    fn wait<T>(
        &self,
        question: impl AsyncFnOnce(&Link, &Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, DbError> {
        let Some(link) = &self.link else { return Err(DbError::Closed) };
        let answer = link.ask(self.manner.patience, async |client| question(link, client).await);
        let (failed, error) = match answer {
            Some(Ok(answer)) => return Ok(answer),
            Some(Err(error)) => (failure(&error), told(&error)),
            None => (Failure::Lost, DbError::Unreachable("it does not answer".to_owned())),
        };
        if self.failure.get().is_none() || failed == Failure::Lost {
            self.failure.set(Some(failed));
        }
        Err(error)
    }
}

/// A connection that is in the middle of something is closed, which undoes it.
impl Drop for Session {
    fn drop(&mut self) {
        if (self.open.get() || self.failure.get() == Some(Failure::Lost))
            && let Some(link) = self.link.take()
        {
            drop(Object::take(link));
        }
    }
}

/// Reads rows as they come in, so that of many rows nothing is held but what is read from them. What cannot be read is
/// told when the answer has ended.
async fn read_all<T>(
    query: impl Future<Output = Result<RowStream, tokio_postgres::Error>>,
    read: impl Fn(&Row<'_>) -> Result<T, DbError>,
) -> Result<Result<Vec<T>, DbError>, tokio_postgres::Error> {
    let mut rows = pin!(query.await?);
    let mut found = Ok(Vec::new());
    while let Some(row) = rows.try_next().await? {
        if let Ok(values) = &mut found {
            match read(&Row::postgres(&row)) {
                Ok(value) => values.push(value),
                Err(error) => found = Err(error),
            }
        }
    }
    Ok(found)
}

/// Runs a query, with the transaction's beginning right before it where it has not begun.
async fn at_once<T>(
    client: &Client,
    begin: Option<&str>,
    query: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, tokio_postgres::Error> {
    match begin {
        None => query.await,
        Some(begin) => {
            let (begun, answer) = join(client.batch_execute(begin), query).await;
            begun?;
            answer
        }
    }
}

/// PostgreSQL keeps no NUL in a text, and nothing with a NUL in it is accepted for keeping: what looks for one finds
/// nothing, or what the filter's evaluation refuses afterwards.
fn storable(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

fn untyped<'a>(args: &'a [Arg<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    args.iter().map(|arg| arg as &(dyn ToSql + Sync)).collect()
}

fn typed<'a>(args: &'a [Arg<'a>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let kind = |arg: &Arg<'_>| match arg {
        Arg::Null => Type::UNKNOWN,
        Arg::Int(_) => Type::INT8,
        Arg::Bool(_) => Type::BOOL,
        Arg::Text(_) => Type::TEXT,
        Arg::Bytes(_) => Type::BYTEA,
        Arg::Texts(_) => Type::TEXT_ARRAY,
    };
    args.iter().map(|arg| (arg as &(dyn ToSql + Sync), kind(arg))).collect()
}

impl ToSql for Arg<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) => value.to_sql(kind, out),
            Self::Bool(value) => value.to_sql(kind, out),
            Self::Text(value) => storable(value).as_ref().to_sql(kind, out),
            Self::Bytes(value) => value.to_sql(kind, out),
            Self::Texts(values) => {
                let values: Vec<Cow<'_, str>> = values.iter().map(|value| storable(value)).collect();
                values.to_sql(kind, out)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
