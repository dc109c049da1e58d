//! The conformance runner: asks any SCIM 2.0 server what the suites under `conformance/` say, and
//! tells what it answered differently.
//!
//! This is a client. It knows nothing of our own server, prints nothing and keeps nothing: it takes a
//! [`Target`](crate::client::Target) and [`Case`]s and gives a [`Report`].
//!
//! | file | does |
//! |---|---|
//! | `suites` | the table of the suites that are built in |
//! | `text`, `names` | text → cases, with the place of every mistake |
//! | `case` | what a case is |
//! | `variables`, `template` | what variables are worth, and how they are written where |
//! | `subject`, `expect`, `matching` | where to look, what must hold, and comparing |
//! | `rules` | what the numbers stand for, and which section of which standard says so |
//! | `own` | what the server adds of its own, which cases that do not name it do not see |
//! | `play`, `tidy` | the cases, one after the other; leaving the server as it was |
//! | `report`, `html` | what came of it, as text, JSON and a page |

mod case;
mod expect;
mod html;
mod matching;
mod names;
mod own;
mod play;
mod report;
mod rules;
mod subject;
mod suites;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod tidy;
mod variables;

use std::fmt;
use std::str::FromStr;

pub use case::{Case, Kind};
pub use play::{Scope, play};
pub use report::{CaseReport, Counts, Failure, Report, StepReport, Verdict};
pub use rules::Rule;
pub use suites::cases;
pub use text::{FormatError, parse};

/// What a server promises: how it reads requests that leave the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Forgiving: it understands what well-known clients mean.
    Standard,
    /// To the letter: it refuses what the standard does not allow.
    Strict,
    /// Strict, and as the interoperability profile wants it where that differs from the standard.
    StrictInterop,
}

impl Profile {
    /// Whether a case for this profile, or for every profile, says something about such a server. What the standard
    /// demands and the interoperability profile refuses cannot be told apart case by case, so that only its own cases
    /// are about a server that follows it.
    fn plays(self, case: Option<Profile>) -> bool {
        match self {
            Profile::StrictInterop => case == Some(self),
            _ => case.is_none_or(|case| case == self),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Profile::Standard => "standard",
            Profile::Strict => "strict",
            Profile::StrictInterop => "strict-interop",
        })
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(word: &str) -> Result<Profile, String> {
        match word {
            "standard" => Ok(Profile::Standard),
            "strict" => Ok(Profile::Strict),
            "strict-interop" => Ok(Profile::StrictInterop),
            _ => {
                Err(format!("expected the profile `standard`, `strict` or `strict-interop`, found `{word}`"))
            }
        }
    }
}

/// A part of the cases, by what they are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Suite {
    /// What the standards ask for.
    Rfc,
    /// What identity providers need: their conversations, and the rules behind them.
    Clients,
    /// Both.
    All,
}
