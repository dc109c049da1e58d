//! The schemas that an organization's admins added.

use crate::scim::schema::definition::{Defined, Definition};
use std::str::FromStr;

/// How far an added schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// In use; the index does not know all values of its indexed attributes yet and is not asked for them.
    Indexing,
    /// In use.
    Ready,
    /// On its way out: not understood any more, and taken out of the resources one by one.
    Leaving,
}

impl State {
    /// The word in commands and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Indexing => "indexing",
            Self::Ready => "ready",
            Self::Leaving => "leaving",
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Indexing, Self::Ready, Self::Leaving]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("{text} is no state of a schema"))
    }
}

/// A schema that an admin added, and how far the work on it is.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedSchema {
    /// What it says.
    pub definition: Definition,
    /// How far it is.
    pub state: State,
    /// Which of the extended resource types is worked on: a position in `definition.extends`.
    pub kind: usize,
    /// The last id of that type that is done; empty before the first.
    pub position: String,
    /// How many resources are done.
    pub done: usize,
}

impl AddedSchema {
    /// The schema as the resource types take it.
    pub fn defined(&self) -> Defined<'_> {
        Defined {
            definition: &self.definition,
            is_indexed: self.state == State::Ready,
            is_leaving: self.state == State::Leaving,
        }
    }
}
