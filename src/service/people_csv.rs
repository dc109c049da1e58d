//! People as a table of CSV: all of them out, and many of them in.

use super::{
    Context, Error, Result,
    authorization::About,
    event, groups, load,
    page::Slice,
    people::{NewPerson, addresses, body_of, emails, people},
    roll::{self, Wanted},
    team_roles,
    users::{self, Change, Demand, holder},
};
use crate::{
    org::{
        authority::Action,
        event::EventKind,
        people_csv::{COLUMNS, Problem, Row, line, read, teams_cell},
        refusal::Refusal,
        role::TeamRole,
        standing::Source,
    },
    scim::{Quirks, projection::Projection, text, urn},
    store::{DbError, ReadTx, WriteTx, invites, memberships, records::Kind, teams as rows},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, sync::Arc};

/// How many people one read of an export holds.
const AT_ONCE: usize = 500;
/// How many rows one import takes: they are taken together, and others wait for that long.
const MOST_ROWS: usize = 1_000;

/// A part of an export.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stretch {
    /// Lines of CSV; the first stretch begins with the names of the columns.
    pub csv: String,
    /// How many people it holds.
    pub n: usize,
    /// Where the next one begins; `None` at the end.
    pub next: Option<String>,
}

/// The people who are wanted, whatever their order, from behind a place on, as many as one read holds. They come by creation,
/// which nothing moves while others are read.
pub async fn export(cx: &Arc<Context>, wanted: &Wanted, after: Option<String>) -> Result<Stretch> {
    let job = cx.clone();
    if after.is_none() {
        // who takes everybody's addresses along is written down
        let is_part = wanted.looks();
        let begin = move |tx: &WriteTx<'_>| {
            job.authorize_change(tx, Action::UserExport, About::ORGANIZATION)?;
            let detail = if is_part { json!({"filtered": true}) } else { json!({}) };
            job.note(tx, &event(EventKind::UsersExported, job.types.user, "", detail)).map(drop)
        };
        cx.app.store.write(begin).await?;
    }
    let (job, looks) = (cx.clone(), wanted.looks());
    let wanted = Wanted { order: None, direction: None, ..wanted.clone() };
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::UserExport, About::ORGANIZATION)?;
        let slice = Slice { after: after.clone().unwrap_or_default(), limit: AT_ONCE };
        let (found, next) = roll::stretch(tx, &job, &wanted, &slice)?;
        let ids: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
        let own = memberships::own_roles(tx, &job.organization, &ids)?;
        let mut csv = match after {
            None => line(&COLUMNS.map(str::to_owned)),
            Some(_) => String::new(),
        };
        for (record, person) in found.iter().zip(people(tx, &job, &found)?) {
            let resource = record.resource()?;
            let mut emails = person.emails.into_iter();
            let roles = own.get(&person.id).map(Vec::as_slice).unwrap_or_default();
            csv.push_str(&line(&[
                person.user_name,
                person.display_name.unwrap_or_default(),
                emails.next().unwrap_or_default(),
                if person.active { "active" } else { "deactivated" }.to_owned(),
                person.organization_role,
                person.seat,
                teams_cell(roles.iter().map(|(team, role)| (team.as_str(), role.as_str()))),
                person.last_active_at.unwrap_or_default(),
                person.days_active.to_string(),
                person.created_at,
                invites::inviter_of(tx, &job.organization, &person.id)?.unwrap_or_default(),
                person.source,
                emails.collect::<Vec<_>>().join(";"),
                resource.text("externalId").unwrap_or_default().to_owned(),
            ]));
        }
        Ok::<_, Error>(Stretch { csv, n: found.len(), next })
    };
    match looks {
        true => cx.app.store.scan(work).await,
        false => cx.app.store.read(work).await,
    }
}

/// How a table is taken.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewImport {
    /// The table: CSV with a line of column names, as an export has it; `username` alone must be there.
    pub csv: String,
    /// Whether teams that are not there are made.
    #[serde(default)]
    pub create_teams: bool,
    /// Whether the rows that can be taken are, where others cannot; without it nothing is taken then.
    #[serde(default)]
    pub partial: bool,
}

/// What became of a table, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Whether it was done; with problems, or in a rehearsal, it was not.
    pub done: bool,
    /// How many people are new.
    pub created: usize,
    /// How many were there and are changed, or have other roles in teams.
    pub changed: usize,
    /// How many were there as the table says.
    pub unchanged: usize,
    /// How many teams are new.
    pub teams: usize,
    /// The rows that cannot be taken, and why.
    pub problems: Vec<Problem>,
}

/// How a transaction ends that keeps nothing.
enum Ended {
    Undone(Imported),
    Failed(Error),
}

impl From<DbError> for Ended {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes people in, and changes those who are there, as a table says: all of it or nothing, unless a part is asked for.
/// What the table does not say of somebody stays, and nobody leaves a team. A rehearsal tells what would happen.
pub async fn import(cx: &Arc<Context>, new: NewImport, rehearses: bool) -> Result<Imported> {
    let (table, mut problems) = read(&new.csv);
    if table.len() + problems.len() > MOST_ROWS {
        let sentence =
            format!("csv: expected at most {MOST_ROWS} rows, found {}", table.len() + problems.len());
        return Err(Refusal::Invalid(sentence).into());
    }
    problems.extend(twins(&table));
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::UserImport, About::ORGANIZATION).map_err(Ended::Failed)?;
        let mut told = Imported { problems: problems.clone(), ..Imported::default() };
        for row in &table {
            match tx.part(|| take(tx, &job, row, new.create_teams)) {
                Ok(Taken { person, n_teams }) => {
                    match person {
                        Person::Created => told.created += 1,
                        Person::Changed => told.changed += 1,
                        Person::Same => told.unchanged += 1,
                    }
                    told.teams += n_teams;
                }
                Err(Stumbled { error: error @ (Error::Busy(_) | Error::Store(_)), .. }) => {
                    return Err(Ended::Failed(error));
                }
                Err(Stumbled { column, error }) => told.problems.push(Problem {
                    line: row.line,
                    column: column.map(str::to_owned),
                    reason: error.to_string(),
                }),
            }
        }
        told.problems.sort_by_key(|problem| problem.line);
        if rehearses || !told.problems.is_empty() && !new.partial {
            return Err(Ended::Undone(told));
        }
        told.done = true;
        let detail = json!({"created": told.created, "changed": told.changed, "teams": told.teams});
        job.note(tx, &event(EventKind::UsersImported, job.types.user, "", detail)).map_err(Ended::Failed)?;
        Ok(told)
    };
    match cx.app.store.write(work).await {
        Ok(told) | Err(Ended::Undone(told)) => Ok(told),
        Err(Ended::Failed(error)) => Err(error),
    }
}

/// Rows about somebody whom a row before is about.
fn twins(table: &[Row]) -> Vec<Problem> {
    let mut seen = HashMap::new();
    let again = table.iter().filter_map(|row| {
        let first = *seen.entry(text::fold(&row.user_name)).or_insert(row.line);
        (first != row.line).then(|| Problem {
            line: row.line,
            column: Some("username".to_owned()),
            reason: format!("{} stands on line {first} already", text::shown(&row.user_name)),
        })
    });
    again.collect()
}

/// What a row did.
struct Taken {
    person: Person,
    n_teams: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Person {
    Created,
    Changed,
    Same,
}

/// Where a row failed, and why.
struct Stumbled {
    column: Option<&'static str>,
    error: Error,
}

impl From<DbError> for Stumbled {
    fn from(error: DbError) -> Self {
        Self { column: None, error: error.into() }
    }
}

fn take(
    tx: &WriteTx<'_>,
    cx: &Context,
    row: &Row,
    creates_teams: bool,
) -> std::result::Result<Taken, Stumbled> {
    let at = |column: Option<&'static str>| move |error: Error| Stumbled { column, error };
    let known = holder(tx, cx, &row.user_name).map_err(at(None))?;
    let (id, mut person) = match known {
        None => (create(tx, cx, row).map_err(at(None))?, Person::Created),
        Some((id, _)) => {
            let before = load(tx, cx, Kind::of(cx.types.user), &id).map_err(at(None))?.version;
            change(tx, cx, &id, row).map_err(at(None))?;
            let after = load(tx, cx, Kind::of(cx.types.user), &id).map_err(at(None))?.version;
            (id, if before == after { Person::Same } else { Person::Changed })
        }
    };
    let mut n_teams = 0;
    for (team, role) in &row.teams {
        let (is_new, changes) = seat(tx, cx, &id, (team, role), creates_teams).map_err(at(Some("teams")))?;
        n_teams += usize::from(is_new);
        if changes && person == Person::Same {
            person = Person::Changed;
        }
    }
    Ok(Taken { person, n_teams })
}

fn create(tx: &WriteTx<'_>, cx: &Context, row: &Row) -> Result<String> {
    let mut body = body_of(&NewPerson {
        user_name: row.user_name.clone(),
        display_name: row.display_name.clone(),
        emails: row.emails.clone(),
        organization_role: row.role,
        seat: row.seat,
    });
    body.extend(row.active.map(|active| ("active".to_owned(), active.into())));
    body.extend(row.external_id.as_ref().map(|id| ("externalId".to_owned(), id.as_str().into())));
    let mut quirks = Quirks::default();
    let user = users::new(cx, body, Source::Admin, &mut quirks)?;
    let made = users::insert(tx, cx, &user, &Projection::Default, &mut quirks)?;
    Ok(made.location.rsplit('/').next().unwrap_or_default().to_owned())
}

fn change(tx: &WriteTx<'_>, cx: &Context, id: &str, row: &Row) -> Result<()> {
    let demand = Demand::default();
    let change = Change { tx, cx, id, demand: &demand };
    let done = users::edit(change, &mut Quirks::default(), team_roles::Reach::default(), &|user| {
        let mut set = |name: &str, value: Option<Value>| {
            user.0.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("displayName", row.display_name.as_deref().map(Value::from));
        set("active", row.active.map(Value::from));
        set("externalId", row.external_id.as_deref().map(Value::from));
        if !row.emails.is_empty() && emails(user) != row.emails {
            user.0.insert("emails".to_owned(), addresses(&row.emails));
        }
        if let Some(Value::Object(standing)) = user.0.get_mut(urn::ORGANIZATION_USER) {
            standing.extend(row.role.map(|role| ("organizationRole".to_owned(), json!(role))));
            standing.extend(row.seat.map(|seat| ("seat".to_owned(), json!(seat))));
        }
    });
    done.map(drop)
}

/// Gives somebody a role in a team; whether the team is new, and whether anything changed.
fn seat(
    tx: &WriteTx<'_>,
    cx: &Context,
    id: &str,
    (team, role): (&str, &str),
    creates_teams: bool,
) -> Result<(bool, bool)> {
    let role: TeamRole = team_roles::resolve(tx, cx, role)?;
    let (team, is_new) = match rows::by_name(tx, &cx.organization, &text::fold(team))? {
        Some(found) => (found, false),
        None if creates_teams => {
            let mut body = Map::new();
            body.insert("schemas".to_owned(), json!([urn::GROUP]));
            body.insert("displayName".to_owned(), team.into());
            let mut quirks = Quirks::default();
            let new = groups::new(cx, body, &mut quirks)?;
            let (made, _) = groups::insert(tx, cx, &new, &Projection::Default, &mut quirks)?;
            (made.location.rsplit('/').next().unwrap_or_default().to_owned(), true)
        }
        None => (team_roles::find(tx, cx, team)?, false),
    };
    let changes = match team_roles::role_of(tx, cx, &team, id)? {
        None => team_roles::add(tx, cx, &team, id, &role)?,
        Some(own) if own == role => false,
        Some(_) => team_roles::give(tx, cx, &team, id, &role)?,
    };
    Ok((is_new, changes))
}
