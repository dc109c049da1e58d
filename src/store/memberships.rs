//! Memberships: one row each, so that adding or removing one costs the same in a team of any size.

use super::{
    DbError, ReadTx, Statement, WriteTx,
    db::{Arg, Row},
    mappings,
    records::int,
};
use crate::org::{
    custom_role::CustomRole,
    mapping::{Way, strongest},
    role::{Origin, TeamRole},
    scim_view::{MemberRef, TeamRef},
    seat::Seat,
    team::{MemberType, Surroundings},
    user,
};
use crate::scim::Resource;
use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

const SQL: &str = include_str!("../../sql/queries/memberships.sql");
const ADD: Statement = Statement::named(SQL, "add");
const IS_MEMBER: Statement = Statement::named(SQL, "is_member");
const REMOVE: Statement = Statement::named(SQL, "remove");
const KEEP_ONLY: Statement = Statement::named(SQL, "keep_only");
const MEMBERS: Statement = Statement::named(SQL, "members");
const TEAMS_OF: Statement = Statement::named(SQL, "teams_of");
const ROLE: Statement = Statement::named(SQL, "role");
const HELD: Statement = Statement::named(SQL, "held");
const SET_ROLE: Statement = Statement::named(SQL, "set_role");
const LISTED: Statement = Statement::named(SQL, "listed");
const ONE: Statement = Statement::named(SQL, "one");
const ADMINS: Statement = Statement::named(SQL, "admins");
const OTHER_ADMINS: Statement = Statement::named(SQL, "other_admins");
const DIRECT_TEAMS: Statement = Statement::named(SQL, "direct_teams");
const ALL_MEMBERS: Statement = Statement::named(SQL, "all_members");
const OWN_ROLES: Statement = Statement::named(SQL, "own_roles");
const NESTED: Statement = Statement::named(SQL, "nested");
const EVERYBODY: Statement = Statement::named(SQL, "everybody");
const OWN_TEAMS: Statement = Statement::named(SQL, "own_teams");
const DEPTH_ABOVE: Statement = Statement::named(SQL, "depth_above");
const DEPTH_BELOW: Statement = Statement::named(SQL, "depth_below");
const DISBAND: Statement = Statement::named(SQL, "disband");
const FORGET_MEMBER: Statement = Statement::named(SQL, "forget_member");

/// A team in an organization, and the connection that changes its members.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// The organization.
    pub organization: &'a str,
    /// The team's id.
    pub team: &'a str,
    /// Where the memberships come from.
    pub connection: Option<&'a str>,
    /// What decides them.
    pub origin: Origin,
}

/// Adds members of one type, in this order; says which of them were none before. `position` orders the members:
/// these come after those with a smaller one.
pub fn add(
    tx: &WriteTx<'_>,
    holder: Holder<'_>,
    member_type: MemberType,
    ids: &[&str],
    position: i64,
) -> Result<Vec<String>, DbError> {
    let args: [Arg<'_>; 7] = [
        holder.organization.into(),
        holder.team.into(),
        ids.into(),
        member_type.as_str().into(),
        position.into(),
        holder.connection.into(),
        holder.origin.as_str().into(),
    ];
    tx.texts(ADD, &args)
}

/// Whether someone is a member, not through another team.
pub fn is_member(tx: &ReadTx<'_>, holder: Holder<'_>, member: &str) -> Result<bool, DbError> {
    let args = [holder.organization.into(), holder.team.into(), member.into()];
    Ok(tx.one(IS_MEMBER, &args, |row| row.get::<i64>(0))?.is_some())
}

/// Removes members; says which of them were some.
pub fn remove(tx: &WriteTx<'_>, holder: Holder<'_>, ids: &[&str]) -> Result<Vec<String>, DbError> {
    tx.texts(REMOVE, &[holder.organization.into(), holder.team.into(), ids.into()])
}

/// Removes everybody but these; says who left.
pub fn keep_only(tx: &WriteTx<'_>, holder: Holder<'_>, ids: &[&str]) -> Result<Vec<String>, DbError> {
    tx.texts(KEEP_ONLY, &[holder.organization.into(), holder.team.into(), ids.into()])
}

/// The members of each of the teams, in the order of joining.
pub fn members(
    tx: &ReadTx<'_>,
    organization: &str,
    teams: &[&str],
) -> Result<HashMap<String, Vec<MemberRef>>, DbError> {
    // there may be very many: they are put where they belong as they come
    let found: RefCell<HashMap<String, Vec<MemberRef>>> = RefCell::default();
    tx.rows(MEMBERS, &[organization.into(), teams.into()], |row| {
        let member_type = row.get::<String>(2)?.parse().map_err(DbError::Corrupt)?;
        let member = MemberRef { id: row.get(1)?, member_type, display: row.get(3)? };
        found.borrow_mut().entry(row.get(0)?).or_default().push(member);
        Ok(())
    })?;
    Ok(found.into_inner())
}

/// A team that somebody is in, and the role there as it can be compared.
type Place = (TeamRef, Way);

/// The teams each of the members belongs to, directly, through other teams or by mappings, by id.
pub fn teams_of(
    tx: &ReadTx<'_>,
    organization: &str,
    members: &[&str],
) -> Result<HashMap<String, Vec<TeamRef>>, DbError> {
    let mut found = places_of(tx, organization, members)?;
    // what stands above a team is the same for all its members
    let mut above: HashMap<String, Vec<Place>> = HashMap::new();
    let mut next: Vec<String> = found.values().flatten().map(|(team, _)| team.id.clone()).collect();
    while !next.is_empty() {
        next.sort_unstable();
        next.dedup();
        let ids: Vec<&str> = next.iter().map(String::as_str).collect();
        let outer = places_of(tx, organization, &ids)?;
        let unseen = outer.values().flatten().filter(|(team, _)| !above.contains_key(&team.id));
        let unseen: Vec<String> = unseen.map(|(team, _)| team.id.clone()).collect();
        above.extend(next.drain(..).map(|id| (id, Vec::new())));
        above.extend(outer);
        next = unseen;
        next.retain(|id| !above.contains_key(id));
    }
    let whole = found.drain().map(|(member, mut places)| {
        add_indirect(&mut places, &above);
        (member, places.into_iter().map(|(team, _)| team).collect())
    });
    Ok(whole.collect())
}

/// Adds the teams above those that someone is in, each once. Where a mapping gives a role there, too, the strongest holds.
fn add_indirect(places: &mut Vec<Place>, above: &HashMap<String, Vec<Place>>) {
    let mut n = 0;
    while let Some(outer) = places.get(n).and_then(|(team, _)| above.get(&team.id)) {
        for (team, way) in outer {
            match places.iter_mut().find(|(known, _)| known.id == team.id) {
                None => places.push((TeamRef { direct: false, given: false, ..team.clone() }, way.clone())),
                Some((known, strongest)) if !known.direct && way.beats(strongest) => {
                    (known.role, known.role_name) = (team.role.clone(), team.role_name.clone());
                    *strongest = way.clone();
                }
                Some(_) => {}
            }
        }
        n += 1;
    }
    places.sort_by(|(left, _), (right, _)| left.id.cmp(&right.id));
}

/// The teams each of these is a member of, and those that mappings give; where both give a role in a team, the strongest
/// holds.
fn places_of(
    tx: &ReadTx<'_>,
    organization: &str,
    members: &[&str],
) -> Result<HashMap<String, Vec<Place>>, DbError> {
    let rows = tx.rows(TEAMS_OF, &[organization.into(), members.into()], |row| {
        let role: String = row.get(3)?;
        let role_name: Option<String> = row.get(4)?;
        let is_given = row.get::<i64>(6)? == 1;
        let way = mappings::way(&role, row.get(5)?)?;
        let team = TeamRef {
            id: row.get(1)?,
            display: row.get(2)?,
            direct: !is_given,
            given: is_given,
            role_name: role_name.unwrap_or_else(|| role.clone()),
            role,
        };
        Ok((row.get::<String>(0)?, team, way))
    })?;
    let mut found: HashMap<String, Vec<Place>> = HashMap::new();
    for (member, team, way) in rows {
        let known = found.entry(member).or_default();
        match known.iter_mut().find(|(other, _)| other.id == team.id) {
            None => known.push((team, way)),
            Some((other, strongest)) => {
                other.direct |= team.direct;
                other.given |= team.given;
                if way.beats(strongest) {
                    (other.role, other.role_name) = (team.role, team.role_name);
                    *strongest = way;
                }
            }
        }
    }
    for places in found.values_mut() {
        places.sort_by(|(left, _), (right, _)| left.id.cmp(&right.id));
    }
    Ok(found)
}

/// The ids of the live teams that somebody belongs to by being a member there or in a team within, and not by a mapping.
pub fn own_teams(tx: &ReadTx<'_>, organization: &str, member: &str) -> Result<HashSet<String>, DbError> {
    let mut found = HashSet::new();
    let mut next = vec![member.to_owned()];
    while !next.is_empty() {
        let ids: Vec<&str> = next.iter().map(String::as_str).collect();
        let rows =
            tx.rows(OWN_TEAMS, &[organization.into(), ids.as_slice().into()], |row| row.get::<String>(1))?;
        next = rows.into_iter().filter(|team| found.insert(team.clone())).collect();
    }
    Ok(found)
}

/// The ids of at most `limit` teams that someone is a member of, not through another.
pub fn direct_teams(
    tx: &ReadTx<'_>,
    organization: &str,
    member: &str,
    limit: usize,
) -> Result<Vec<String>, DbError> {
    tx.texts(DIRECT_TEAMS, &[organization.into(), member.into(), int(limit).into()])
}

/// The ids of at most `limit` users who belong to a team, themselves or through teams in it.
pub fn all_members(
    tx: &ReadTx<'_>,
    organization: &str,
    team: &str,
    limit: usize,
) -> Result<Vec<String>, DbError> {
    tx.texts(ALL_MEMBERS, &[organization.into(), team.into(), int(limit).into()])
}

/// The names of the live teams that each of these is a member of, and of the role there, by the member's id.
pub fn own_roles(
    tx: &ReadTx<'_>,
    organization: &str,
    members: &[&str],
) -> Result<HashMap<String, Vec<(String, String)>>, DbError> {
    let rows = tx.rows(OWN_ROLES, &[organization.into(), members.into()], |row| {
        Ok((row.get::<String>(0)?, (row.get(1)?, row.get(2)?)))
    })?;
    let mut found: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for (member, place) in rows {
        found.entry(member).or_default().push(place);
    }
    found.values_mut().for_each(|places| places.sort());
    Ok(found)
}

/// The ids of the teams within a team, at whatever depth.
pub fn nested(tx: &ReadTx<'_>, organization: &str, team: &str) -> Result<Vec<String>, DbError> {
    tx.texts(NESTED, &[organization.into(), team.into()])
}

/// The ids of at most `limit` users who belong to a team in any way: themselves, through teams in it, or by mappings.
pub fn everybody(
    tx: &ReadTx<'_>,
    organization: &str,
    team: &str,
    limit: usize,
) -> Result<Vec<String>, DbError> {
    tx.texts(EVERYBODY, &[organization.into(), team.into(), int(limit).into()])
}

/// The teams around `holder` when `joining` shall stand in it.
pub fn surroundings(tx: &ReadTx<'_>, holder: Holder<'_>, joining: &str) -> Result<Surroundings, DbError> {
    let above = tx.rows(DEPTH_ABOVE, &[holder.organization.into(), holder.team.into()], |row| {
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?))
    })?;
    let levels_below =
        tx.one(DEPTH_BELOW, &[holder.organization.into(), joining.into()], |row| row.get(0))?.unwrap_or(0);
    Ok(Surroundings {
        levels_above: above.iter().map(|(_, level)| *level).max().unwrap_or(0),
        above: above.into_iter().map(|(team, _)| team).collect(),
        levels_below,
    })
}

/// A person's own role in a team, and what decided it; `None` for who is no member.
pub fn role(
    tx: &ReadTx<'_>,
    holder: Holder<'_>,
    member: &str,
) -> Result<Option<(TeamRole, Origin)>, DbError> {
    let args = [holder.organization.into(), holder.team.into(), member.into()];
    tx.one(ROLE, &args, |row| {
        let Ok(role) = row.get::<String>(0)?.parse();
        Ok((role, row.get::<String>(1)?.parse().map_err(DbError::Corrupt)?))
    })
}

/// What a person has in a team.
#[derive(Debug, Clone)]
pub struct Held {
    /// The role.
    pub role: TeamRole,
    /// What the role is, where it is a custom one.
    pub custom: Option<CustomRole>,
    /// The seat, as it is for the whole organization.
    pub seat: Seat,
}

/// What a person has in a team, of what membership and mappings give the strongest; `None` for who is not in it.
pub fn held(tx: &ReadTx<'_>, organization: &str, team: &str, member: &str) -> Result<Option<Held>, DbError> {
    let found = tx.rows(HELD, &[organization.into(), team.into(), member.into()], |row| {
        let seat: Seat = row.get::<String>(1)?.parse().map_err(DbError::Corrupt)?;
        Ok((mappings::way(&row.get::<String>(0)?, row.get(2)?)?, seat))
    })?;
    let seat = found.first().map(|(_, seat)| *seat);
    let best = strongest(found.iter().map(|(way, _)| way)).cloned();
    Ok(best.zip(seat).map(|(way, seat)| Held { role: way.role, custom: way.custom, seat }))
}

/// A membership with all that is known of it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The member's id.
    pub id: String,
    /// What the member is.
    pub member_type: MemberType,
    /// The member's name.
    pub display: Option<String>,
    /// The name of the role.
    pub role_name: String,
    /// What decided it.
    pub origin: Origin,
    /// The id of the connection it came over.
    pub connection: Option<String>,
    /// Who the member is, if it is a person.
    pub person: Option<Person>,
}

/// What a team's list tells of a person (W-115).
#[derive(Debug, Clone)]
pub struct Person {
    /// The user name.
    pub user_name: String,
    /// The preferred e-mail address, if there is one.
    pub email: Option<String>,
    /// The seat, as it is for the whole organization.
    pub seat: Seat,
    /// Whether the person is active.
    pub active: bool,
}

/// At most `count` memberships of a team, of those whose id comes after one.
pub fn listed(
    tx: &ReadTx<'_>,
    organization: &str,
    team: &str,
    after: &str,
    count: usize,
) -> Result<Vec<Listed>, DbError> {
    tx.rows(LISTED, &[organization.into(), team.into(), after.into(), int(count).into()], row_of)
}

/// One membership.
pub fn one(tx: &ReadTx<'_>, organization: &str, team: &str, member: &str) -> Result<Option<Listed>, DbError> {
    tx.one(ONE, &[organization.into(), team.into(), member.into()], row_of)
}

fn row_of(row: &Row<'_>) -> Result<Listed, DbError> {
    Ok(Listed {
        id: row.get(0)?,
        member_type: row.get::<String>(1)?.parse().map_err(DbError::Corrupt)?,
        display: row.get(2)?,
        role_name: row.get(3)?,
        origin: row.get::<String>(4)?.parse().map_err(DbError::Corrupt)?,
        connection: row.get(5)?,
        person: person_of(row)?,
    })
}

fn person_of(row: &Row<'_>) -> Result<Option<Person>, DbError> {
    let Some(seat) = row.get::<Option<String>>(6)? else { return Ok(None) };
    let user = Resource(serde_json::from_str(&row.get::<String>(8)?)?);
    Ok(Some(Person {
        user_name: user.text("userName").unwrap_or_default().to_owned(),
        email: user::email(&user),
        seat: seat.parse().map_err(DbError::Corrupt)?,
        active: row.get(7)?,
    }))
}

/// At most `count` members who are admins of a team and can act.
pub fn admins(tx: &ReadTx<'_>, organization: &str, team: &str, count: usize) -> Result<Vec<String>, DbError> {
    tx.texts(ADMINS, &[organization.into(), team.into(), super::records::int(count).into()])
}

/// How many admins a team has beside one of its members.
pub fn other_admins(tx: &ReadTx<'_>, organization: &str, team: &str, member: &str) -> Result<i64, DbError> {
    let args = [organization.into(), team.into(), member.into()];
    Ok(tx.one(OTHER_ADMINS, &args, |row| row.get(0))?.unwrap_or(0))
}

/// Gives a member another role.
pub fn set_role(tx: &WriteTx<'_>, holder: Holder<'_>, member: &str, role: &TeamRole) -> Result<(), DbError> {
    let args: [Arg<'_>; 5] = [
        holder.organization.into(),
        holder.team.into(),
        member.into(),
        role.as_str().into(),
        holder.origin.as_str().into(),
    ];
    tx.execute(SET_ROLE, &args).map(drop)
}

/// Removes at most `limit` members of a team; says how many there were.
pub fn disband(tx: &WriteTx<'_>, organization: &str, team: &str, limit: usize) -> Result<usize, DbError> {
    tx.execute(DISBAND, &[organization.into(), team.into(), int(limit).into()])
}

/// Ends every membership of a user or team; says in which teams.
pub fn forget_member(tx: &WriteTx<'_>, organization: &str, member: &str) -> Result<Vec<String>, DbError> {
    tx.texts(FORGET_MEMBER, &[organization.into(), member.into()])
}
