//! One change of many people, each by itself: what is refused of one harms no other (W-041).

use super::{
    Context, Error, Result,
    authorization::About,
    load, mappings,
    people::set_standing,
    team_roles::{self, Reach},
    teams::{by_mapping, keep_an_admin},
    users::{self, Change, Demand},
};
use crate::{
    org::{
        authority::Action,
        refusal::Refusal,
        role::{OrganizationRole, TeamRole},
        seat::Seat,
        standing::Standing,
        words::words,
    },
    scim::{Quirks, version::Precondition},
    store::{WriteTx, mappings as given, memberships, records::Kind},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// How many people one request changes.
const MOST: usize = 500;
/// How many may report to somebody who is removed together with others.
const MOST_REPORTS: usize = 100;

/// What is done to each of the people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum BulkChange {
    /// They get this role in the organization.
    OrganizationRole(OrganizationRole),
    /// They get this seat.
    Seat(Seat),
    /// They may sign in, or may no more.
    Active(bool),
    /// They become members of a team with a role, or get it where they are.
    AddToTeam {
        /// The team's id or name.
        team: String,
        /// The name of the role; `member` without one.
        #[serde(default)]
        role: Option<String>,
    },
    /// They are members of a team no more.
    RemoveFromTeam {
        /// The team's id or name.
        team: String,
    },
    /// They leave the organization.
    Remove,
}

/// A change of many people.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PeopleChange {
    /// The ids, 1 to 500.
    pub ids: Vec<String>,
    /// What is done to each.
    pub change: BulkChange,
}

words! {
    /// What became of somebody.
    BulkOutcome, "an outcome":
    /// The change was made.
    Changed = "changed",
    /// It was so already.
    Unchanged = "unchanged",
    /// A rule stands against it.
    Refused = "refused",
}

/// What became of one of the people.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedPerson {
    /// The id.
    pub id: String,
    /// What became of the person.
    pub outcome: BulkOutcome,
    /// What the value was before, as the change would give it: a word, true or false, or the name of the role in the team.
    /// Null where there was none, and of whom nothing is known.
    pub before: Value,
    /// Why it was refused, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What became of all of them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedPeople {
    /// How many were changed.
    pub changed: usize,
    /// Of how many it was so already.
    pub unchanged: usize,
    /// How many were refused.
    pub refused: usize,
    /// Each of them, in the order that was asked in.
    pub people: Vec<ChangedPerson>,
}

/// Changes many people in one transaction. Who may not do it at all is refused as a whole.
pub async fn people_in_bulk(
    cx: &Arc<Context>,
    ids: Vec<String>,
    change: BulkChange,
) -> Result<ChangedPeople> {
    if ids.is_empty() || ids.len() > MOST {
        let detail = format!("ids: expected 1 to {MOST} people, found {}", ids.len());
        return Err(Refusal::Invalid(detail).into());
    }
    let job = cx.clone();
    cx.app.store.write(move |tx| change_all(tx, &job, &ids, &change)).await
}

fn change_all(tx: &WriteTx<'_>, cx: &Context, ids: &[String], change: &BulkChange) -> Result<ChangedPeople> {
    let deed = Deed::of(tx, cx, change)?;
    let own = ids.iter().find(|id| *id == cx.actor.id()).map(String::as_str);
    let about = match deed.team() {
        Some(team) => About::team(team),
        // who changes themselves holds their row for that from the beginning
        None => About { whose: own, team: None },
    };
    cx.authorize_change(tx, deed.action(), about)?;
    if let Some(team) = deed.team() {
        mappings::check_source(tx, cx, team)?;
    }
    let mut told = BTreeMap::new();
    // in one order, whoever asks: two who change the same people wait for each other at most once
    for id in ids {
        told.insert(id.as_str(), None);
    }
    for (id, became) in &mut told {
        let outcome = tx.part(|| deed.make(tx, cx, id));
        *became = Some(match outcome {
            Err(error @ (Error::Busy(_) | Error::Store(_))) => return Err(error),
            Err(error) => Became {
                outcome: BulkOutcome::Refused,
                before: deed.value(tx, cx, id).unwrap_or(Value::Null),
                reason: Some(error.to_string()),
            },
            Ok(became) => became,
        });
    }
    let mut all = ChangedPeople { changed: 0, unchanged: 0, refused: 0, people: Vec::new() };
    for id in ids {
        // a person who is named twice is told of once
        let Some(became) = told.get_mut(id.as_str()).and_then(Option::take) else { continue };
        match became.outcome {
            BulkOutcome::Changed => all.changed += 1,
            BulkOutcome::Unchanged => all.unchanged += 1,
            BulkOutcome::Refused => all.refused += 1,
        }
        let Became { outcome, before, reason } = became;
        all.people.push(ChangedPerson { id: id.clone(), outcome, before, reason });
    }
    Ok(all)
}

/// What became of somebody.
struct Became {
    outcome: BulkOutcome,
    before: Value,
    reason: Option<String>,
}

impl Became {
    fn done(before: Value, is_changed: bool) -> Self {
        let outcome = if is_changed { BulkOutcome::Changed } else { BulkOutcome::Unchanged };
        Self { outcome, before, reason: None }
    }
}

/// A change whose names are found.
enum Deed {
    Role(OrganizationRole),
    Seat(Seat),
    Active(bool),
    Join { team: String, role: TeamRole },
    Leave { team: String },
    Remove,
}

impl Deed {
    fn of(tx: &WriteTx<'_>, cx: &Context, change: &BulkChange) -> Result<Self> {
        Ok(match change {
            BulkChange::OrganizationRole(role) => Self::Role(*role),
            BulkChange::Seat(seat) => Self::Seat(*seat),
            BulkChange::Active(active) => Self::Active(*active),
            BulkChange::AddToTeam { team, role } => Self::Join {
                team: team_roles::find_team(tx, cx, team)?,
                role: team_roles::resolve(tx, cx, role.as_deref().unwrap_or("member"))?,
            },
            BulkChange::RemoveFromTeam { team } => Self::Leave { team: team_roles::find_team(tx, cx, team)? },
            BulkChange::Remove => Self::Remove,
        })
    }

    fn action(&self) -> Action {
        match self {
            Self::Role(_) => Action::OrganizationRoleChange,
            Self::Seat(_) => Action::SeatChange,
            Self::Active(_) => Action::UserChange,
            // as adding and as giving another role, which are for the same people
            Self::Join { .. } => Action::TeamMemberAdd,
            Self::Leave { .. } => Action::TeamMemberRemove,
            Self::Remove => Action::UserRemove,
        }
    }

    fn team(&self) -> Option<&str> {
        match self {
            Self::Join { team, .. } | Self::Leave { team } => Some(team),
            Self::Role(_) | Self::Seat(_) | Self::Active(_) | Self::Remove => None,
        }
    }

    /// What the change would set, as it is now.
    fn value(&self, tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<Value> {
        let user = load(tx, cx, Kind::of(cx.types.user), id)?.resource()?;
        let stands = Standing::of(&user);
        Ok(match self {
            Self::Role(_) => json!(stands.role),
            Self::Seat(_) => json!(stands.seat),
            Self::Active(_) => json!(stands.active),
            Self::Join { team, .. } | Self::Leave { team } => {
                let held = memberships::one(tx, &cx.organization, team, id)?;
                json!(held.map(|held| held.role_name))
            }
            Self::Remove => Value::Null,
        })
    }

    fn make(&self, tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<Became> {
        let before = self.value(tx, cx, id)?;
        let is_changed = match self {
            Self::Role(_) | Self::Seat(_) | Self::Active(_) => {
                self.edit(tx, cx, id)?;
                self.value(tx, cx, id)? != before
            }
            Self::Join { team, role } => join(tx, cx, (team, role), id)?,
            Self::Leave { team } => leave(tx, cx, team, id)?,
            Self::Remove => {
                if users::leave(tx, cx, id, &Precondition::default(), MOST_REPORTS)? == MOST_REPORTS {
                    let detail = format!(
                        "{MOST_REPORTS} people or more report to this person; remove the person alone"
                    );
                    return Err(Refusal::Conflict(detail).into());
                }
                true
            }
        };
        Ok(Became::done(before, is_changed))
    }

    fn edit(&self, tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<()> {
        let demand = Demand::default();
        let change = Change { tx, cx, id, demand: &demand };
        let reach = Reach { names_role: matches!(self, Self::Role(_)), ..Reach::default() };
        users::edit(change, &mut Quirks::default(), reach, &|user| match self {
            Self::Role(role) => set_standing(user, "organizationRole", role.as_str()),
            Self::Seat(seat) => set_standing(user, "seat", seat.as_str()),
            Self::Active(active) => drop(user.0.insert("active".to_owned(), (*active).into())),
            Self::Join { .. } | Self::Leave { .. } | Self::Remove => {}
        })
        .map(drop)
    }
}

/// Makes somebody a member with a role, or gives it to a member; whether that is a change.
fn join(tx: &WriteTx<'_>, cx: &Context, (team, role): (&str, &TeamRole), id: &str) -> Result<bool> {
    cx.authorize(tx, Action::TeamMemberAdd, About::member(team, id))?;
    match team_roles::role_of(tx, cx, team, id)? {
        None => team_roles::add(tx, cx, team, id, role),
        Some(own) if own == *role => Ok(false),
        Some(_) => {
            if *role != TeamRole::Admin {
                keep_an_admin(tx, cx, team, id)?;
            }
            team_roles::give(tx, cx, team, id, role)
        }
    }
}

/// Ends a membership; whether there was one.
fn leave(tx: &WriteTx<'_>, cx: &Context, team: &str, id: &str) -> Result<bool> {
    cx.authorize(tx, Action::TeamMemberRemove, About::member(team, id))?;
    keep_an_admin(tx, cx, team, id)?;
    match team_roles::leave(tx, cx, id, team)? {
        true => Ok(true),
        false if given::is_in(tx, &cx.organization, team, id)? => {
            Err(by_mapping("puts this person here", id))
        }
        false => Ok(false),
    }
}
