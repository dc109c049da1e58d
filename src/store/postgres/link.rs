//! One connection to the server, driven by whichever thread uses it.
//!
//! The driver's two halves, the client and the connection that does its reading and writing, run together on the
//! thread that waits for an answer, and rest between two uses. So a statement costs a write and a read, and wakes
//! no other thread.

use super::error::refused;
use crate::store::{DbError, Statement};
use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use futures_util::{FutureExt, future::BoxFuture};
use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    fmt,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tokio::{
    runtime::{Builder, Runtime},
    task::{spawn_blocking, yield_now},
    time::timeout,
};
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The maker of links.
pub(super) struct Links {
    /// One for each host, in the order in which they are tried.
    pub(super) configs: Vec<Config>,
    pub(super) tls: MakeRustlsConnect,
    /// How long each may take.
    pub(super) patience: Duration,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links")
    }
}

impl Manager for Links {
    type Type = Link;
    type Error = DbError;

    async fn create(&self) -> Result<Link, DbError> {
        let mut refused = DbError::Unreachable("no host is named".to_owned());
        for config in &self.configs {
            let (config, tls, patience) = (config.clone(), self.tls.clone(), self.patience);
            let opened = spawn_blocking(move || Link::open(&config, tls, patience)).await;
            match opened.unwrap_or(Err(DbError::Panicked)) {
                Err(error) => refused = error,
                opened => return opened,
            }
        }
        Err(refused)
    }

    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<DbError> {
        match link.has_ended() {
            true => Err(RecycleError::message("the connection has ended")),
            false => Ok(()),
        }
    }
}

pub(super) struct Link {
    /// Absent once the value is being dropped.
    runtime: Option<Runtime>,
    client: Client,
    /// Absent once it has ended: whoever waits for an answer from it hears so when it is dropped.
    connection: RefCell<Option<BoxFuture<'static, Result<(), tokio_postgres::Error>>>>,
    prepared: RefCell<HashMap<&'static str, tokio_postgres::Statement>>,
    prepared_since: Cell<Instant>,
}

/// How long a prepared statement keeps its plan. Tables that grow fast want other plans before the server itself
/// notices, which takes it a minute.
const PLANNED_FOR: Duration = Duration::from_secs(10);

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}

impl Link {
    fn open(config: &Config, tls: MakeRustlsConnect, patience: Duration) -> Result<Self, DbError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| DbError::Unreachable(error.to_string()))?;
        let connected = match runtime.block_on(async { timeout(patience, config.connect(tls)).await }) {
            Ok(connected) => connected.map_err(|error| refused(&error)),
            Err(_) => Err(DbError::Unreachable(format!("no answer within {} s", patience.as_secs()))),
        };
        let (client, connection) = match connected {
            Ok(connected) => connected,
            Err(error) => {
                // it may still look a name up
                runtime.shutdown_background();
                return Err(error);
            }
        };
        Ok(Self {
            runtime: Some(runtime),
            client,
            connection: RefCell::new(Some(connection.boxed())),
            prepared: RefCell::default(),
            prepared_since: Cell::new(Instant::now()),
        })
    }

    /// Asks the server something and waits for its answer; `None` when it does not come.
    pub(super) fn ask<T>(
        &self,
        patience: Duration,
        question: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Option<Result<T, tokio_postgres::Error>> {
        let runtime = self.runtime.as_ref()?;
        runtime.block_on(async {
            let mut answer = pin!(question(&self.client));
            let both = poll_fn(|cx| {
                self.drive(cx);
                let polled = answer.as_mut().poll(cx);
                if polled.is_pending() {
                    // what it has just said goes out
                    self.drive(cx);
                    if self.has_ended() {
                        return answer.as_mut().poll(cx);
                    }
                }
                polled
            });
            timeout(patience, both).await.ok()
        })
    }

    /// Says something whose answer nobody waits for; it is read before the next one.
    pub(super) fn say(&self, text: &str) {
        // it is in the connection's hands when it was polled once
        let _ = self.client.batch_execute(text).now_or_never();
        if let Some(runtime) = &self.runtime {
            runtime.block_on(self.drive_once());
        }
    }

    /// Whether the connection stands, as far as one can see from here.
    pub(super) fn is_alive(&self) -> bool {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(async {
                // so that the runtime looks at the socket
                yield_now().await;
                self.drive_once().await;
            });
        }
        !self.has_ended()
    }

    fn has_ended(&self) -> bool {
        self.connection.borrow().is_none()
    }

    /// A statement, prepared on this connection once.
    pub(super) async fn prepare(
        &self,
        statement: Statement,
    ) -> Result<tokio_postgres::Statement, tokio_postgres::Error> {
        let text = statement.for_postgres();
        if self.prepared_since.get().elapsed() > PLANNED_FOR {
            self.prepared.borrow_mut().clear();
            self.prepared_since.set(Instant::now());
        }
        let known = self.prepared.borrow().get(text).cloned();
        match known {
            Some(prepared) => Ok(prepared),
            None => {
                let prepared = self.client.prepare(text).await?;
                self.prepared.borrow_mut().insert(text, prepared.clone());
                Ok(prepared)
            }
        }
    }

    async fn drive_once(&self) {
        poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(())
        })
        .await;
    }

    /// Lets the connection read and write what it can.
    fn drive(&self, cx: &mut Context<'_>) {
        let mut connection = self.connection.borrow_mut();
        if connection.as_mut().is_some_and(|connection| connection.as_mut().poll(cx).is_ready()) {
            *connection = None;
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // the last owner may stand on a thread that must not wait
            runtime.shutdown_background();
        }
    }
}
