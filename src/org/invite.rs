//! Invites: who shall come, as what, and into which teams.

use super::{
    address, moment,
    refusal::Refusal,
    role::{OrganizationRole, TeamRole},
    seat::Seat,
    words::words,
};
use crate::scim::text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How many people one request invites.
pub const MOST: usize = 100;

words! {
    /// What became of an invite.
    State, "a state of an invite":
    /// It can be accepted.
    Pending = "pending",
    /// Its time is over; sent again, it can be accepted again.
    Expired = "expired",
    /// The person is here.
    Accepted = "accepted",
    /// It was withdrawn.
    Cancelled = "cancelled",
}

/// An invite, as the API answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// The id.
    pub id: String,
    /// Who is invited.
    pub email: String,
    /// What the person will be in the organization.
    pub organization_role: OrganizationRole,
    /// The seat that is held for the person.
    pub seat: Seat,
    /// The teams that come with it.
    pub teams: Vec<TeamOfInvite>,
    /// What became of it.
    pub state: State,
    /// The id of whoever invited.
    pub invited_by: String,
    /// When (RFC 3339).
    #[serde(with = "moment")]
    #[schemars(with = "String")]
    pub created_at: i64,
    /// Until when it can be accepted (RFC 3339).
    #[serde(with = "moment")]
    #[schemars(with = "String")]
    pub expires_at: i64,
    /// The id of the team that invited, if not the organization did.
    pub by_team: Option<String>,
    /// The id of the person who came, if one did.
    pub person: Option<String>,
    /// The last letter about it; null where none was written.
    pub mail: Option<Delivery>,
}

/// A team that comes with an invite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TeamOfInvite {
    /// The team's id.
    pub id: String,
    /// The team's name.
    pub name: String,
    /// The name of the role there.
    pub role: String,
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// `queued`, `sent` or `failed`.
    pub state: String,
    /// Why it is not sent yet, or will not be.
    pub reason: Option<String>,
}

impl Invite {
    /// The same as it stands at a time.
    pub fn at(mut self, now: i64) -> Self {
        if self.state == State::Pending && self.expires_at <= now {
            self.state = State::Expired;
        }
        self
    }

    /// Whether it can be accepted at that time.
    pub fn check(&self, now: i64) -> Result<(), Refusal> {
        let refuse = |why: &str| Err(Refusal::Conflict(why.to_owned()));
        match self.state {
            State::Pending if now < self.expires_at => Ok(()),
            State::Pending | State::Expired => {
                refuse("this invite has expired; whoever invited you can send it again")
            }
            State::Accepted => refuse("this invite was accepted already; sign in instead"),
            State::Cancelled => refuse("this invite was withdrawn; ask whoever invited you"),
        }
    }
}

/// What somebody is invited to.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The role in the organization.
    pub role: OrganizationRole,
    /// The seat.
    pub seat: Seat,
    /// Teams by id, with the role there.
    pub teams: Vec<(String, TeamRole)>,
}

/// The addresses that are invited, each once, in the order they came; or everything that is wrong with them.
pub fn addresses(sent: &[String]) -> Result<Vec<String>, Refusal> {
    if sent.is_empty() || sent.len() > MOST {
        return Err(Refusal::Invalid(format!(
            "emails: expected 1 to {MOST} addresses, found {}",
            sent.len()
        )));
    }
    let mut seen = HashSet::new();
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for (n, address) in sent.iter().map(|address| address.trim()).enumerate() {
        match address::check(&format!("emails[{n}]"), address) {
            Ok(()) if seen.insert(text::fold(address)) => good.push(address.to_owned()),
            Ok(()) => {}
            Err(refusal) => wrong.push(refusal.to_string()),
        }
    }
    if wrong.is_empty() { Ok(good) } else { Err(Refusal::Invalid(wrong.join("; "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_once_and_everything_wrong_is_told() {
        let sent = |all: &[&str]| addresses(&all.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());

        assert_eq!(sent(&[" ada@x.example ", "ADA@x.example", "eve@x.example"]).unwrap().len(), 2);
        let wrong = sent(&["ada", "eve@x.example", "a@b\r\nc"]).unwrap_err().to_string();
        assert!(wrong.contains("emails[0]") && wrong.contains("emails[2]") && !wrong.contains("emails[1]"));
        assert!(sent(&[]).is_err());
    }

    #[test]
    fn an_invite_is_accepted_once_and_in_time() {
        let invite = |state, expires_at| Invite {
            id: String::new(),
            email: String::new(),
            organization_role: OrganizationRole::Member,
            seat: Seat::Full,
            teams: Vec::new(),
            state,
            invited_by: String::new(),
            created_at: 0,
            expires_at,
            by_team: None,
            person: None,
            mail: None,
        };

        assert_eq!(invite(State::Pending, 10).check(9), Ok(()));
        assert_eq!(invite(State::Pending, 10).at(10).state, State::Expired);
        for (state, now) in [(State::Pending, 10), (State::Accepted, 0), (State::Cancelled, 0)] {
            assert!(invite(state, 10).check(now).is_err());
        }
    }
}
