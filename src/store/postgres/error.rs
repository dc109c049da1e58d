//! What PostgreSQL's refusals mean to us.

use crate::store::DbError;
use std::error::Error;

/// What a failed statement means for its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// It met another transaction and can run again.
    Conflict,
    /// The connection is gone, or leads to a server that cannot be worked with.
    Lost,
    /// It cannot succeed.
    Other,
}

/// What an error means, by its SQLSTATE.
pub(super) fn failure(error: &tokio_postgres::Error) -> Failure {
    let Some(code) = error.code().map(tokio_postgres::error::SqlState::code) else {
        // not the server's word: the connection broke, or a value could not be bound or read
        let local = error.source().is_none_or(|source| source.is::<std::io::Error>());
        return if error.is_closed() || local { Failure::Lost } else { Failure::Other };
    };
    match code {
        // serialization failure, deadlock
        "40001" | "40P01" => Failure::Conflict,
        // a standby, connections that the server closes, statements it has forgotten or sees otherwise by now
        "25006" | "25P03" | "25P04" | "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "26000" | "42P05"
        | "0A000" => Failure::Lost,
        _ if code.starts_with("08") => Failure::Lost,
        _ => Failure::Other,
    }
}

/// The error as we tell it. No value of a row gets into it: PostgreSQL puts some into details, and into
/// messages about data.
pub(super) fn told(error: &tokio_postgres::Error) -> DbError {
    let Some(refusal) = error.as_db_error() else {
        return match failure(error) {
            Failure::Lost => DbError::Unreachable(chain(error)),
            _ => DbError::Postgres(error.to_string()),
        };
    };
    let code = refusal.code().code();
    match (code, failure(error)) {
        // the constraint has the name of its column
        ("23505", _) => DbError::Unique(refusal.constraint().unwrap_or("a key").to_owned()),
        // two clients of one pooler that both prepare statements
        ("26000" | "42P05", _) => {
            DbError::Unreachable(format!("{} (SQLSTATE {code}); {POOLER}", refusal.message()))
        }
        (_, Failure::Conflict) => DbError::Busy,
        (_, Failure::Lost) => DbError::Unreachable(format!("{} (SQLSTATE {code})", refusal.message())),
        // statement and lock timeouts
        ("57014" | "55P03", _) => DbError::Busy,
        // too many connections, disk full, out of memory; files that cannot be read
        _ if code.starts_with("53") || code.starts_with("58") => {
            DbError::Unreachable(format!("{} (SQLSTATE {code})", refusal.message()))
        }
        _ if code.starts_with("22") || code.starts_with("23") => {
            let place = [refusal.table(), refusal.column(), refusal.constraint()];
            let place: Vec<&str> = place.into_iter().flatten().collect();
            DbError::Postgres(format!("a value was refused (SQLSTATE {code}) {}", place.join(".")))
        }
        _ => DbError::Postgres(format!("{} (SQLSTATE {code})", refusal.message())),
    }
}

/// What helps when a pooler does not know what the server would.
const POOLER: &str = "a pooler seems to stand before the server: --database-pooler";

/// A failed attempt to connect, as we tell it.
pub(super) fn refused(error: &tokio_postgres::Error) -> DbError {
    match error.as_db_error() {
        // of PgBouncer, to settings that the connection shall keep
        Some(refusal) if refusal.message().contains("startup parameter") => {
            DbError::Unreachable(format!("{}; {POOLER}", refusal.message()))
        }
        Some(refusal) => {
            DbError::Unreachable(format!("{} (SQLSTATE {})", refusal.message(), refusal.code().code()))
        }
        None => DbError::Unreachable(chain(error)),
    }
}

/// An error and what caused it, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
