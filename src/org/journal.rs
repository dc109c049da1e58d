//! The journal as it is kept: each event has a place in a chain of hashes, so that nobody changes the past unseen.

use super::refusal::Refusal;
use crate::scim::text;
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Write;

/// An event as it lies in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The place in the chain, from 1; 0 for an event that is not sealed.
    pub position: i64,
    /// The hash of it and all before it; empty for an event that is not sealed.
    pub hash: String,
    /// The event's id.
    pub id: String,
    /// Microseconds since 1970.
    pub at: i64,
    /// What kind of thing happened.
    pub kind: String,
    /// What the actor is.
    pub actor_type: String,
    /// The actor's id.
    pub actor: String,
    /// The id of the key or token that was shown.
    pub credential: String,
    /// The address the request came from.
    pub address: String,
    /// The request's id.
    pub request: String,
    /// The name of the resource type it happened to.
    pub resource_type: String,
    /// The id it happened to.
    pub resource: String,
    /// What else there is to say, as the text of a JSON object.
    pub detail: String,
}

impl Recorded {
    /// The hash of this event at a place in an organization's chain: SHA-256, in hexadecimal, over the hash before it, a
    /// line feed, and the JSON array of everything that the event says.
    pub fn hash_at(&self, organization: &str, position: i64, previous: &str) -> String {
        let said = json!([
            organization,
            position,
            self.id,
            self.at,
            self.kind,
            self.actor_type,
            self.actor,
            self.credential,
            self.address,
            self.request,
            self.resource_type,
            self.resource,
            self.detail,
        ]);
        let hash = digest(&SHA256, format!("{previous}\n{said}").as_bytes());
        hash.as_ref().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The detail as what it says; an empty object where it cannot be read.
    pub fn detail(&self) -> Value {
        serde_json::from_str(&self.detail).unwrap_or_else(|_| json!({}))
    }
}

/// The end of a chain, and where what is still kept of it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The position of the last event; 0 before the first.
    pub position: i64,
    /// Its hash.
    pub hash: String,
    /// The position of the first event that is kept.
    pub first: i64,
    /// The hash of the event before that.
    pub before_first: String,
}

impl Head {
    /// A chain without events.
    pub const EMPTY: Self = Self { position: 0, hash: String::new(), first: 1, before_first: String::new() };
}

/// How far a chain was walked, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walked {
    /// Where what is kept begins.
    pub first: i64,
    /// The last event that was looked at; one before `first` when there was none.
    pub position: i64,
    /// Its hash.
    pub hash: String,
    /// The end of the chain when the walk began, and the hash that stands there.
    pub last: i64,
    /// The hash at the end.
    pub last_hash: String,
    /// The first event that does not fit.
    pub broken: Option<Break>,
}

/// The first event of a chain that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Break {
    /// Where it stands, or should.
    pub position: i64,
    /// Its id, where there is an event.
    pub event: Option<String>,
    /// What is wrong with it.
    pub what: String,
}

impl Walked {
    /// A walk about to begin.
    pub fn begin(head: &Head) -> Self {
        Self {
            first: head.first,
            position: head.first - 1,
            hash: head.before_first.clone(),
            last: head.position,
            last_hash: head.hash.clone(),
            broken: None,
        }
    }

    /// Whether nothing is left to look at.
    pub fn is_finished(&self) -> bool {
        self.broken.is_some() || self.position >= self.last
    }

    /// How many events were found to be as they were written.
    pub fn checked(&self) -> i64 {
        self.position - self.first + 1
    }

    /// Looks at what follows, in order; nothing at all follows when what should is gone.
    pub fn walk(&mut self, organization: &str, following: &[Recorded]) {
        if following.is_empty() {
            self.broken = Some(missing(self.position + 1));
        }
        for event in following {
            let place = self.position + 1;
            if event.position != place {
                self.broken = Some(missing(place));
            } else if event.hash_at(organization, place, &self.hash) != event.hash {
                self.broken = Some(changed(event, "it is not what was written"));
            } else if place == self.last && event.hash != self.last_hash {
                self.broken = Some(changed(event, "it is not the event that the chain ended with"));
            }
            if self.broken.is_some() {
                return;
            }
            self.position = place;
            self.hash.clone_from(&event.hash);
        }
    }
}

fn missing(position: i64) -> Break {
    Break { position, event: None, what: "it is missing".to_owned() }
}

fn changed(event: &Recorded, what: &str) -> Break {
    Break { position: event.position, event: Some(event.id.clone()), what: what.to_owned() }
}

/// Which events are wanted. What is absent does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wanted {
    /// Those after this position.
    pub after: i64,
    /// At most so many.
    pub limit: Option<i64>,
    /// Those of this kind.
    pub kind: Option<String>,
    /// Those that happened to the resource of this id.
    pub resource: Option<String>,
    /// Those that the actor of this id made.
    pub actor: Option<String>,
    /// Those of this moment and later, in microseconds since 1970.
    pub since: Option<i64>,
    /// Those before this moment.
    pub until: Option<i64>,
}

impl Wanted {
    /// The most events of one page.
    pub const MOST: i64 = 1_000;

    const NAMES: [&'static str; 7] = ["after", "limit", "kind", "resource", "actor", "since", "until"];

    /// Reads the parameters of a query. A mistake is [`Refusal::Invalid`] and names the parameter.
    pub fn read<'p>(parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> Result<Self, Refusal> {
        let mut wanted = Self::default();
        for (name, value) in parameters {
            let text = || Some(value.to_owned());
            match name {
                "after" => wanted.after = number(name, value, 0, i64::MAX)?,
                "limit" => wanted.limit = Some(number(name, value, 1, Self::MOST)?),
                "kind" => wanted.kind = text(),
                "resource" => wanted.resource = text(),
                "actor" => wanted.actor = text(),
                "since" => wanted.since = Some(moment(name, value)?),
                "until" => wanted.until = Some(moment(name, value)?),
                other => return Err(super::refusal::unknown("parameter", other, Self::NAMES)),
            }
        }
        Ok(wanted)
    }
}

/// A whole number between two others, from a parameter.
pub(super) fn number(name: &str, value: &str, least: i64, most: i64) -> Result<i64, Refusal> {
    let number = value.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| {
        let range =
            if most == i64::MAX { format!("from {least}") } else { format!("from {least} to {most}") };
        Refusal::Invalid(format!("{name}: expected a whole number {range}, found {}", text::shown(value)))
    })
}

/// A moment or a day of a query, in microseconds since 1970. A mistake is [`Refusal::Invalid`] and names the parameter.
pub fn moment(name: &str, value: &str) -> Result<i64, Refusal> {
    let expected = "expected a time such as 2026-02-03T08:00:00Z or a day such as 2026-02-03";
    let whole = if value.len() == 10 { format!("{value}T00:00:00Z") } else { value.to_owned() };
    text::instant(&whole)
        .ok_or_else(|| Refusal::Invalid(format!("{name}: {expected}, found {}", text::shown(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> Recorded {
        Recorded {
            position: 0,
            hash: String::new(),
            id: id.to_owned(),
            at: 1,
            kind: "user.created".to_owned(),
            actor_type: "operator".to_owned(),
            actor: "command".to_owned(),
            credential: String::new(),
            address: String::new(),
            request: "r".to_owned(),
            resource_type: "User".to_owned(),
            resource: "u".to_owned(),
            detail: "{}".to_owned(),
        }
    }

    fn chain() -> (Head, Vec<Recorded>) {
        let mut events: Vec<Recorded> = ["a", "b", "c"].map(event).to_vec();
        let mut head = Head::EMPTY;
        for event in &mut events {
            head.position += 1;
            head.hash = event.hash_at("o", head.position, &head.hash);
            (event.position, event.hash) = (head.position, head.hash.clone());
        }
        (head, events)
    }

    #[test]
    fn a_walk_names_the_first_event_that_does_not_fit() {
        let (head, events) = chain();
        let walked = |events: &[Recorded]| {
            let mut walk = Walked::begin(&head);
            while !walk.is_finished() {
                let at = usize::try_from(walk.position).unwrap();
                walk.walk("o", events.get(at..).unwrap_or_default());
            }
            walk.broken.map(|broken| (broken.position, broken.what))
        };
        assert_eq!(walked(&events), None);

        let mut changed = events.clone();
        changed[1].detail = "{ }".to_owned();
        assert_eq!(walked(&changed), Some((2, "it is not what was written".to_owned())));
        assert_eq!(walked(&[events[0].clone(), events[2].clone()]), Some((2, "it is missing".to_owned())));
        assert_eq!(walked(&events[..2]), Some((3, "it is missing".to_owned())));

        // whoever makes a link again makes those after it wrong
        changed[1].hash = changed[1].hash_at("o", 2, &changed[0].hash);
        assert_eq!(walked(&changed), Some((3, "it is not what was written".to_owned())));
        changed[2].hash = changed[2].hash_at("o", 3, &changed[1].hash);
        assert_eq!(walked(&changed), Some((3, "it is not the event that the chain ended with".to_owned())));
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        for (name, value, told) in [
            ("limit", "0", "limit: expected a whole number from 1 to 1000, found 0"),
            ("after", "-1", "after: expected a whole number from 0, found -1"),
            ("since", "monday", "since: expected a time such as"),
            ("untill", "x", "there is no parameter \"untill\"; the nearest is \"until\""),
        ] {
            let refusal = Wanted::read([(name, value)]).unwrap_err().to_string();
            assert!(refusal.starts_with(told), "{refusal}");
        }
    }
}
