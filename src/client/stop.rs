//! Being asked to stop, and how a run ended.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whether somebody asked for the end, by Ctrl-C say. Whoever waits is woken.
#[derive(Debug, Default)]
pub struct Stop {
    asked: Mutex<bool>,
    bell: Condvar,
}

impl Stop {
    /// Asks for the end.
    pub fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.notify_all();
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits that long, or until the end is asked for; tells whether it was.
    pub fn wait(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        while !*asked {
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            asked = self.bell.wait_timeout(asked, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *asked
    }
}

/// How a run that asks a server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything was done.
    Complete,
    /// The end was asked for.
    Interrupted,
    /// The server stopped answering; the sentence says so.
    Gone(String),
}

impl End {
    /// The word for it in reports.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            End::Complete => "complete",
            End::Interrupted => "interrupted",
            End::Gone(_) => "gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_with_its_time_or_when_the_end_is_asked_for() {
        let stop = Stop::default();
        assert!(!stop.wait(Duration::from_millis(1)));

        let woken = std::thread::scope(|scope| {
            let waiting = scope.spawn(|| stop.wait(Duration::from_secs(60)));
            stop.ask();
            waiting.join().unwrap()
        });

        assert!(woken && stop.is_asked());
    }
}
