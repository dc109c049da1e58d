//! Changes that are made to see what they would do: each of their transactions is undone when it is over.

use super::{Context, requests::Affected};
use crate::{
    ids,
    store::{DbError, WriteTx},
};
use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

/// The events that a rehearsal would have written.
#[derive(Debug, Default)]
pub struct Rehearsal(Mutex<Vec<Affected>>);

impl Rehearsal {
    /// What would have been written so far.
    pub fn told(&self) -> Vec<Affected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How the transaction of a rehearsal ends, which keeps nothing.
enum Ended<T, E> {
    Undone(T, Vec<Affected>),
    Failed(E),
}

impl<T, E: From<DbError>> From<DbError> for Ended<T, E> {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl Context {
    /// Whether nothing of what is changed shall remain.
    pub fn rehearses(&self) -> bool {
        self.rehearsal.is_some()
    }

    /// How much of a change one transaction does, where it usually is that much. In a rehearsal it is all: what an undone
    /// transaction did is not there for the next one.
    pub(super) fn portion(&self, usual: usize) -> usize {
        if self.rehearses() { usize::MAX } else { usual }
    }

    /// Runs a change in one transaction. In a rehearsal that is undone, and remembered for its events. Whatever can be
    /// asked over SCIM changes the database by this and by nothing else.
    pub(super) async fn transact<T, E>(
        &self,
        work: impl Fn(&WriteTx<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let Some(rehearsal) = &self.rehearsal else { return self.app.store.write(work).await };
        let (organization, request) = (self.organization.clone(), self.request.clone());
        let ids = (ids::first_at(self.now), ids::first_at(self.now + 60_000_000));
        let undone = move |tx: &WriteTx<'_>| {
            let made = work(tx).map_err(Ended::Failed)?;
            let told = Affected::of(tx, &organization, &request, (&ids.0, &ids.1))?;
            Err::<Infallible, _>(Ended::Undone(made, told))
        };
        match self.app.store.write(undone).await {
            Ok(never) => match never {},
            Err(Ended::Failed(error)) => Err(error),
            Err(Ended::Undone(made, told)) => {
                rehearsal.0.lock().unwrap_or_else(PoisonError::into_inner).extend(told);
                Ok(made)
            }
        }
    }
}
