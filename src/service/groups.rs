//! What a provisioning client can do to groups. A SCIM Group is a team.
//!
//! Members are rows. A change of one member is one row, one version and one event, however large the
//! group: its members are loaded only for an operation that selects them by something but their id.

use super::{
    Answer, Context, Error, Result,
    authorization::About,
    changed_names,
    denials::{self, Concerned},
    event, load, load_for_change, load_for_removal, mappings,
    read::{Found, LARGE, answer, get},
    team_roles,
    teams::RESTORABLE,
    users::{Change, Demand},
};
use crate::{
    org::{
        actor::Actor,
        connection::Deed,
        event::{EventKind, differences},
        record::Record,
        refusal::Refusal,
        role::{OrganizationRole, Origin, TeamRole},
        scim_view::{self, Related, decorated},
        settings::GroupDelete,
        team::{self, MemberType, check_nesting, check_storage},
    },
    scim::{
        ErrorKind, Quirk, Quirks, Resource,
        patch::{self, MemberChanges, Named, Patch, Rows},
        projection::Projection,
        read, text, validate,
        version::Precondition,
    },
    store::{
        DbError, ReadTx, WriteTx,
        memberships::{self, Holder},
        organizations,
        records::{self, Kind},
        teams, users,
    },
};
use serde_json::{Map, Value, json};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};
use uuid::Uuid;

/// A larger group is not rendered by the writer, where others wait.
const SMALL: i64 = 50;
/// How many ids of nobody an event names.
const UNKNOWN_NAMED: usize = 20;

/// `POST /Groups`: RFC 7644 §3.3.
pub async fn create(
    cx: &Arc<Context>,
    body: Map<String, Value>,
    projection: Projection,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let group = new(cx, body, quirks)?;
    let projection = projection.with_sent(cx.types.group, |path| group.attribute(path).is_some());
    let shown = projection.clone();
    let made = cx.write(quirks, move |tx, cx, quirks| {
        cx.authorize_scim(tx, About::ORGANIZATION)?;
        insert(tx, cx, &group, &shown, quirks)
    });
    let (answer, _) = made.await?;
    complete(cx, answer, &projection).await
}

/// A group as a body describes it, with its members.
pub(super) fn new(cx: &Context, body: Map<String, Value>, quirks: &mut Quirks) -> Result<Resource> {
    let mut group = read::resource(cx.types.group, body, quirks)?;
    validate::created(cx.types.group, &mut group, quirks)?;
    Ok(group)
}

/// Save, let members join, record. Says how many members there are.
pub(super) fn insert(
    tx: &WriteTx<'_>,
    cx: &Context,
    group: &Resource,
    projection: &Projection,
    quirks: &mut Quirks,
) -> Result<(Answer, i64)> {
    cx.allow(Deed::Groups)?;
    let id = cx.app.ids.make(cx.now);
    let sent = members_of(group);
    let mut members = MemberChanges::of(names(tx, cx, &id, sent.iter().filter_map(id_of), quirks)?);
    members.replace(&sent);
    let mut bare = group.clone();
    bare.strip(cx.types.group);
    check_storage(&bare)?;
    let owner = cx.owner(cx.types.group, &id);
    teams::insert(tx, owner, &bare, &default_role(tx, cx, &bare)?, cx.now)?;
    let moved = join(tx, cx, &id, &members.added(), quirks)?;
    teams::count(tx, owner, moved.more())?;
    mappings::follow(tx, cx, &id, &moved.came)?;
    cx.record(tx, &event(EventKind::TeamCreated, cx.types.group, &id, moved.detail(&[], json!({}), quirks)))?;
    small_answer(tx, cx, &id, projection)
}

/// `PUT /Groups/{id}`: RFC 7644 §3.5.1. Members the body does not name leave.
pub async fn replace(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    mut demand: Demand,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let body = read::resource(cx.types.group, body, quirks)?;
    demand.projection = demand.projection.with_sent(cx.types.group, |path| body.attribute(path).is_some());
    let (id, projection) = (id.to_owned(), demand.projection.clone());
    let made = cx.write(quirks, move |tx, cx, quirks| {
        cx.authorize_scim(tx, About::ORGANIZATION)?;
        put(Change { tx, cx, id: &id, demand: &demand }, &body, quirks)
    });
    let (answer, _) = made.await?;
    complete(cx, answer, &projection).await
}

/// Puts what a body describes in a group's place. Says how many members there are then.
pub(super) fn put(change: Change<'_>, body: &Resource, quirks: &mut Quirks) -> Result<(Answer, i64)> {
    let Change { tx, cx, id, .. } = change;
    let group_type = cx.types.group;
    make(change, quirks, |before, quirks| {
        let group = validate::replaced(group_type, &before.stripped(group_type)?, body.clone(), quirks)?;
        let sent = members_of(body);
        let mut members = MemberChanges::of(names(tx, cx, id, sent.iter().filter_map(id_of), quirks)?);
        members.replace(&sent);
        Ok((group, members))
    })
}

/// `PATCH /Groups/{id}`: RFC 7644 §3.5.2.
///
/// Answers with the group, or without a body when it has more than a thousand members and no projection
/// asks for anything in particular.
pub async fn patch(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    mut demand: Demand,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let patch = Patch::read(cx.types.group, body, quirks)?;
    demand.projection = demand.projection.with_sent(cx.types.group, |path| patch.names(path));
    let (id, projection) = (id.to_owned(), demand.projection.clone());
    let made = cx.write(quirks, move |tx, cx, quirks| {
        cx.authorize_scim(tx, About::ORGANIZATION)?;
        apply(Change { tx, cx, id: &id, demand: &demand }, &patch, quirks)
    });
    let (answer, n_members) = made.await?;
    match projection {
        Projection::Default if n_members > LARGE => Ok(Answer { body: None, ..answer }),
        asked => complete(cx, answer, &asked).await,
    }
}

/// Applies a patch to a group. Says how many members there are then.
pub(super) fn apply(change: Change<'_>, patch: &Patch, quirks: &mut Quirks) -> Result<(Answer, i64)> {
    let Change { tx, cx, .. } = change;
    make(change, quirks, |before, quirks| {
        let rows = match patch.needs_rows(cx.types.group) {
            true => rows(tx, &cx.organization, &before.id, &cx.base)?,
            false => Vec::new(),
        };
        let mut group = decorated(cx.types.group, before, &Related::none(cx.types.group), &cx.base)?;
        group.0.shift_remove("members");
        let named = patch.row_names(cx.types.group).into_iter();
        let rows = Rows { elements: &rows, names: names(tx, cx, &before.id, named, quirks)? };
        let outcome = patch::apply(cx.types.group, &group, rows, patch, quirks)?;
        Ok((outcome.resource, outcome.members))
    })
}

/// Changes a group by hand: `set` gets the resource as it is stored.
pub(super) fn edit(change: Change<'_>, quirks: &mut Quirks, set: &dyn Fn(&mut Resource)) -> Result<()> {
    let group_type = change.cx.types.group;
    let edited = make(change, quirks, |before, quirks| {
        let before = before.stripped(group_type)?;
        let mut group = before.clone();
        set(&mut group);
        group.drop_unassigned();
        validate::check(group_type, Some(&before), &mut group, quirks)?;
        Ok((group, MemberChanges::default()))
    });
    edited.map(drop)
}

/// Load, check the version, make the change, let members leave and join, save, record; nothing at all when
/// nothing changes. Says how many members there are then.
fn make(
    change: Change<'_>,
    quirks: &mut Quirks,
    make: impl Fn(&Record, &mut Quirks) -> Result<(Resource, MemberChanges)>,
) -> Result<(Answer, i64)> {
    let Change { tx, cx, id, demand } = change;
    let before = load_for_change(tx, cx, Kind::of(cx.types.group), id, &demand.precondition)?;
    let (mut group, changes) = make(&before, quirks)?;
    group.strip(cx.types.group);
    let was = before.stripped(cx.types.group)?;
    if team::default_role(&group) != team::default_role(&was) {
        // before anybody comes who gets it
        teams::set_default_role(tx, &cx.organization, id, &default_role(tx, cx, &group)?)?;
    }
    let left = leave(tx, cx, id, &changes)?;
    let moved = Moved { left, ..join(tx, cx, id, &changes.added(), quirks)? };
    if group != was || moved.anybody() {
        cx.allow(Deed::Groups)?;
        let change = teams::Change { now: cx.modified(&before), more_members: moved.more() };
        let version = teams::replace(tx, cx.owner(cx.types.group, id), &before, &group, change)?;
        // a miss can only mean that somebody else was faster; the client may try again
        version.ok_or(Error::Busy(DbError::Busy))?;
        teams::alias(tx, &cx.organization, id, (&was, &group), cx.now)?;
        let differences = differences(cx.types.group, &was, &group);
        let detail = moved.detail(&changed_names(&was, &group), differences, quirks);
        cx.record(tx, &event(EventKind::TeamChanged, cx.types.group, id, detail))?;
        mappings::follow(tx, cx, id, &[moved.left, moved.came].concat())?;
    }
    small_answer(tx, cx, id, &demand.projection)
}

/// The role of those who become members, as a group's `defaultRole` names it.
fn default_role(tx: &ReadTx<'_>, cx: &Context, group: &Resource) -> Result<TeamRole> {
    team::default_role(group).map_or(Ok(TeamRole::Member), |name| team_roles::resolve(tx, cx, name))
}

/// `DELETE /Groups/{id}`: RFC 7644 §3.6. The team is archived, its name free at once.
pub async fn remove(cx: &Arc<Context>, id: &str, precondition: Precondition) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_scim(tx, About::ORGANIZATION)?;
        delete(tx, &job, &id, &precondition)
    };
    denials::noted(cx, Concerned::Oneself, cx.transact(work).await).await
}

/// Does with a team what the organization wants when its group is deleted (W-251).
pub(super) fn delete(tx: &WriteTx<'_>, cx: &Context, id: &str, precondition: &Precondition) -> Result<()> {
    cx.allow(Deed::Groups)?;
    match cx.settings(tx)?.scim_group_delete {
        GroupDelete::Archive => archive(tx, cx, id, precondition),
        GroupDelete::Delete => {
            archive(tx, cx, id, precondition)?;
            // what cannot be restored any more is purged
            Ok(teams::expire(tx, &cx.organization, id, cx.now - RESTORABLE - 1)?)
        }
        GroupDelete::Forbid => {
            load(tx, cx, Kind::of(cx.types.group), id)?;
            let sentence =
                "this organization lets no group be deleted over SCIM; an admin can archive the team";
            Err(Refusal::Forbidden(sentence.to_owned()).into())
        }
    }
}

/// Takes a team out of the teams that hold it, and archives it.
pub(super) fn archive(tx: &WriteTx<'_>, cx: &Context, id: &str, precondition: &Precondition) -> Result<()> {
    teams::hold_around(tx, &cx.organization, id)?;
    let team = load_for_removal(tx, cx, Kind::of(cx.types.group), id, precondition)?;
    let left = memberships::forget_member(tx, &cx.organization, id)?;
    for outer in &left {
        teams::lose_member(tx, &cx.organization, outer, cx.now)?;
        cx.record(tx, &event(EventKind::TeamChanged, cx.types.group, outer, json!({"left": [id]})))?;
    }
    teams::archive(tx, cx.owner(cx.types.group, id), &team, cx.now)?;
    mappings::follow_team(tx, cx, id, &left)?;
    cx.record(tx, &event(EventKind::TeamArchived, cx.types.group, id, json!({"teams": left})))
}

/// Who came and went.
#[derive(Debug, Default)]
struct Moved {
    came: Vec<String>,
    left: Vec<String>,
    /// How many ids are nobody's, and the first of them that look like ids.
    n_unknown: usize,
    unknown: Vec<String>,
}

impl Moved {
    fn anybody(&self) -> bool {
        !self.came.is_empty() || !self.left.is_empty()
    }

    /// How many members more there are, or fewer.
    fn more(&self) -> i64 {
        records::int(self.came.len()) - records::int(self.left.len())
    }

    fn detail(&self, attributes: &[String], changes: Value, quirks: &Quirks) -> Value {
        json!({
            "attributes": attributes,
            "changes": changes,
            "joined": self.came,
            "left": self.left,
            "unknown": self.unknown,
            "unknown_count": self.n_unknown,
            "quirks": quirks.rules(),
        })
    }
}

/// Those whom addresses among these names stand for (W-247).
fn names<'n>(
    tx: &WriteTx<'_>,
    cx: &Context,
    team: &str,
    named: impl Iterator<Item = &'n str>,
    quirks: &mut Quirks,
) -> Result<HashMap<String, Named>> {
    let addresses: Vec<(String, &str)> =
        named.filter(|name| name.contains('@')).map(|name| (text::fold(name), name)).collect();
    if addresses.is_empty() {
        return Ok(HashMap::new());
    }
    let keys: Vec<&str> = addresses.iter().map(|(key, _)| key.as_str()).collect();
    let holders = users::holders(tx, &cx.organization, team, &keys)?;
    let ids =
        addresses.into_iter().filter_map(|(key, name)| Some((name.to_owned(), holders.get(&key)?.named()?)));
    let ids: HashMap<String, Named> = ids.collect();
    match ids.is_empty() || quirks.allow(Quirk::MemberByEmail) {
        true => Ok(ids),
        false => Ok(HashMap::new()),
    }
}

/// Takes the members away who leave; says who they were.
fn leave(
    tx: &WriteTx<'_>,
    cx: &Context,
    team: &str,
    changes: &MemberChanges,
) -> Result<Vec<String>, DbError> {
    let holder = holder(cx, team);
    let mut left = Vec::new();
    if changes.cleared {
        let added = changes.added();
        let stay: Vec<&str> = added.iter().filter_map(|member| id_of(member)).collect();
        left = memberships::keep_only(tx, holder, &stay)?;
    }
    let removed: Vec<&str> = changes.removed().collect();
    if !removed.is_empty() {
        left.extend(memberships::remove(tx, holder, &removed)?);
    }
    Ok(left)
}

/// Lets members in who exist, whose type is the one they claim, and whom no rule
/// about teams in teams keeps out.
fn join(
    tx: &WriteTx<'_>,
    cx: &Context,
    team: &str,
    members: &[&Value],
    quirks: &mut Quirks,
) -> Result<Moved> {
    let mut moved = Moved::default();
    if members.is_empty() {
        return Ok(moved);
    }
    let ids: Vec<&str> = members.iter().filter_map(|member| id_of(member)).collect();
    let known_users: HashSet<String> = users::existing(tx, &cx.organization, &ids)?.into_iter().collect();
    let known_teams: HashSet<String> = match known_users.len() < members.len() {
        true => teams::existing(tx, &cx.organization, &ids)?.into_iter().collect(),
        false => HashSet::new(),
    };
    let (mut people, mut nested) = (Vec::new(), Vec::new());
    for &member in members {
        let Some(id) = id_of(member) else { continue };
        let member_type = match (known_users.contains(id), known_teams.contains(id)) {
            (true, _) => MemberType::User,
            (_, true) => MemberType::Group,
            _ if quirks.allow(Quirk::UnknownMembers) => {
                moved.n_unknown += 1;
                // what is no id of ours may be anything, an address among it
                if moved.unknown.len() < UNKNOWN_NAMED && Uuid::parse_str(id).is_ok() {
                    moved.unknown.push(id.to_owned());
                }
                continue;
            }
            _ => {
                return Err(refuse(format!(
                    "members: {} is no user or group of this organization",
                    text::shown(id)
                )));
            }
        };
        check_type(id, member_type, member)?;
        match member_type {
            MemberType::User => people.push(id),
            MemberType::Group => nested.push(id),
        }
    }
    check_self_entry(tx, cx, team, [&people, &nested])?;
    if !people.is_empty() {
        moved.came = memberships::add(tx, holder(cx, team), MemberType::User, &people, cx.now)?;
    }
    for (n, id) in nested.into_iter().enumerate() {
        moved.came.extend(nest(tx, cx, team, id, cx.now + records::int(people.len() + n))?);
    }
    Ok(moved)
}

/// W-121, of whoever is no member yet and comes in, also as somebody in a team that does.
fn check_self_entry(
    tx: &WriteTx<'_>,
    cx: &Context,
    team: &str,
    [people, nested]: [&Vec<&str>; 2],
) -> Result<()> {
    let Actor::Person { id: oneself, role: OrganizationRole::Admin } = &cx.actor else { return Ok(()) };
    let comes = people.contains(&oneself.as_str()) || {
        let own = match nested.is_empty() {
            true => None,
            false => memberships::teams_of(tx, &cx.organization, &[oneself])?.remove(oneself),
        };
        own.into_iter().flatten().any(|own| nested.contains(&own.id.as_str()))
    };
    if comes && !memberships::is_member(tx, holder(cx, team), oneself)? {
        cx.check_entry(tx, oneself)?;
    }
    Ok(())
}

/// Lets a team into a team, unless it is there already.
fn nest(tx: &WriteTx<'_>, cx: &Context, team: &str, id: &str, position: i64) -> Result<Vec<String>> {
    let holder = holder(cx, team);
    if memberships::is_member(tx, holder, id)? {
        return Ok(Vec::new());
    }
    // two that nest at one time could close a circle together
    organizations::hold(tx, &cx.organization)?;
    check_nesting(team, id, &memberships::surroundings(tx, holder, id)?)?;
    Ok(memberships::add(tx, holder, MemberType::Group, &[id], position)?)
}

fn check_type(id: &str, found: MemberType, member: &Value) -> Result<()> {
    match member.get("type").and_then(Value::as_str) {
        Some(claimed) if !claimed.eq_ignore_ascii_case(found.as_str()) => {
            Err(refuse(format!("members: {id} is a {}, not a {claimed}", found.as_str())))
        }
        _ => Ok(()),
    }
}

fn refuse(detail: String) -> Error {
    ErrorKind::InvalidValue.because(detail).into()
}

/// The answer, without a body where it would hold many members: rendering them is not for the writer. And how
/// many members there are.
fn small_answer(tx: &WriteTx<'_>, cx: &Context, id: &str, projection: &Projection) -> Result<(Answer, i64)> {
    let record = load(tx, cx, Kind::of(cx.types.group), id)?;
    let location = scim_view::location(cx.types.group, id, &cx.base);
    // what is undone cannot be read afterwards
    let is_now = record.n_members <= SMALL || cx.rehearses();
    let answer = match is_now || !projection.shows("members") {
        true => answer(tx, cx, Kind::of(cx.types.group), &record, projection)?,
        false => Answer { body: None, version: record.version, location },
    };
    Ok((answer, record.n_members))
}

/// Reads the body that was too large for the writer.
async fn complete(cx: &Arc<Context>, answer: Answer, projection: &Projection) -> Result<Answer> {
    let id = answer.location.rsplit('/').next().unwrap_or_default();
    match answer.body {
        Some(_) => Ok(answer),
        // the change is durable: should the group not be readable now, the answer goes without it
        None => match get(cx, cx.types.group, id, projection, &Precondition::default()).await {
            Ok(Found::Resource(read)) => Ok(read),
            _ => Ok(answer),
        },
    }
}

fn rows(tx: &ReadTx<'_>, organization: &str, id: &str, base: &str) -> Result<Vec<Value>, DbError> {
    let members = memberships::members(tx, organization, &[id])?.remove(id).unwrap_or_default();
    Ok(members.iter().map(|member| scim_view::member(member, base)).collect::<std::result::Result<_, _>>()?)
}

fn holder<'a>(cx: &'a Context, team: &'a str) -> Holder<'a> {
    let connection = cx.actor.connection();
    Holder { organization: &cx.organization, team, connection, origin: Origin::Scim }
}

fn members_of(group: &Resource) -> Vec<Value> {
    group.get("members").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn id_of(member: &Value) -> Option<&str> {
    member.get("value").and_then(Value::as_str)
}
