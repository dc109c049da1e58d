//! What a client can do to custom roles (W-260 to W-264).

use super::{
    Answer, Context, Error, Result, agreed,
    authorization::About,
    changed_names, event, load, load_for_removal,
    read::answer,
    users::{Change, Demand},
};
use crate::{
    org::{
        authority::Action,
        custom_role::{self, CustomRole},
        event::EventKind,
        permission::difference,
        record::Record,
    },
    scim::{
        Quirks, Resource, patch::Patch, projection::Projection, read, text, urn, validate,
        version::Precondition,
    },
    store::{
        DbError, ReadTx, WriteTx, invites, mappings,
        records::{self, Kind},
        roles::{self, HeldRole},
    },
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How many memberships get another role in one transaction; the writer's queue goes on between two of them.
const AT_ONCE: usize = 500;
/// How many people a rehearsal names.
const NAMED: usize = 100;

/// `POST /Roles`.
pub async fn create(
    cx: &Arc<Context>,
    body: Map<String, Value>,
    projection: Projection,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let role = new(cx, body, quirks)?;
    let projection = projection.with_sent(cx.types.role, |path| role.attribute(path).is_some());
    let made = cx.write(quirks, move |tx, cx, quirks| {
        let id = insert(tx, cx, &role, quirks)?;
        current(tx, cx, &id, &projection)
    });
    made.await
}

/// A role as a body describes it.
pub(super) fn new(cx: &Context, body: Map<String, Value>, quirks: &mut Quirks) -> Result<Resource> {
    let mut role = read::resource(cx.types.role, body, quirks)?;
    validate::created(cx.types.role, &mut role, quirks)?;
    let mut role = custom_role::created(role)?;
    role.strip(cx.types.role);
    Ok(role)
}

/// Save, record. Says the id.
pub(super) fn insert(tx: &WriteTx<'_>, cx: &Context, role: &Resource, quirks: &Quirks) -> Result<String> {
    cx.authorize_change(tx, cx.action(Action::RoleCreate), About::ORGANIZATION)?;
    let id = cx.app.ids.make(cx.now);
    roles::insert(tx, cx.owner(cx.types.role, &id), role, cx.now)?;
    let gained = difference(&BTreeSet::new(), &CustomRole::of(role).permissions());
    let detail = json!({"permissions": gained, "quirks": quirks.rules()});
    cx.record(tx, &event(EventKind::RoleCreated, cx.types.role, &id, detail))?;
    Ok(id)
}

/// A PUT as it was read: the role it describes, and the permissions it calls inherited.
#[derive(Debug, Clone)]
struct Replacement {
    body: Resource,
    inherited: BTreeSet<String>,
}

impl Replacement {
    fn read(cx: &Context, body: Map<String, Value>, quirks: &mut Quirks) -> Result<Self> {
        let inherited = custom_role::said_inherited(&body);
        Ok(Self { body: read::resource(cx.types.role, body, quirks)?, inherited })
    }

    /// The role afterwards, in the form that is stored.
    fn of(&self, cx: &Context, before: &Resource, quirks: &mut Quirks) -> Result<Resource> {
        let role = custom_role::replaced(before, self.body.clone(), &self.inherited)?;
        let mut role = validate::replaced(cx.types.role, before, role, quirks)?;
        role.strip(cx.types.role);
        Ok(role)
    }
}

/// `PUT /Roles/{id}`: W-188.
pub async fn replace(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    mut demand: Demand,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let new = Replacement::read(cx, body, quirks)?;
    demand.projection = demand.projection.with_sent(cx.types.role, |path| new.body.attribute(path).is_some());
    let id = id.to_owned();
    let made = cx.write(quirks, move |tx, cx, quirks| {
        // teams say the name of the role that newcomers get, and are locked first
        roles::hold_teams(tx, &cx.organization, &id)?;
        let change = Change { tx, cx, id: &id, demand: &demand };
        make(change, quirks, |before, quirks| new.of(cx, before, quirks))
    });
    made.await
}

/// `PATCH /Roles/{id}`: W-262.
pub async fn patch(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    mut demand: Demand,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let patch = Patch::read(cx.types.role, body, quirks)?;
    demand.projection = demand.projection.with_sent(cx.types.role, |path| patch.names(path));
    let id = id.to_owned();
    let made = cx.write(quirks, move |tx, cx, quirks| {
        let change = Change { tx, cx, id: &id, demand: &demand };
        make(change, quirks, |before, _| Ok(custom_role::patched(before, &patch)?))
    });
    made.await
}

/// Load, check the version, make the change, save, record; nothing at all when nothing changes.
fn make(
    change: Change<'_>,
    quirks: &mut Quirks,
    make: impl Fn(&Resource, &mut Quirks) -> Result<Resource>,
) -> Result<Answer> {
    let Change { tx, cx, id, demand } = change;
    cx.authorize_change(tx, cx.action(Action::RoleChange), About::ORGANIZATION)?;
    // held also against those who are about to give it: a team repeats its name
    let before = load_for_removal(tx, cx, Kind::of(cx.types.role), id, &demand.precondition)?;
    let was = before.stripped(cx.types.role)?;
    let role = make(&was, quirks)?;
    if role != was {
        let version = roles::replace(tx, cx.owner(cx.types.role, id), &before, &role, cx.modified(&before))?;
        // a miss can only mean that somebody else was faster; the client may try again
        version.ok_or(Error::Busy(DbError::Busy))?;
        let (old, new) = (CustomRole::of(&was).permissions(), CustomRole::of(&role).permissions());
        let detail = json!({
            "attributes": changed_names(&was, &role),
            "permissions": difference(&old, &new),
            "quirks": quirks.rules(),
        });
        cx.record(tx, &event(EventKind::RoleChanged, cx.types.role, id, detail))?;
        if let (true, Some(name)) = (role.text("name") != was.text("name"), role.text("name")) {
            let_newcomers(tx, cx, id, (id, name))?;
        }
    }
    current(tx, cx, id, &demand.projection)
}

/// `DELETE /Roles/{id}`: W-187. Everybody who had the role has the one it inherits from, and so have newcomers to teams
/// that gave it.
///
/// That is one transaction, unless very many have the role: then several are, the last of which removes it. Should it
/// not come to that, the role is there still and the request can be made again.
pub async fn remove(cx: &Arc<Context>, id: &str, precondition: Precondition) -> Result<()> {
    let mut n_before = 0;
    loop {
        let (job, role, precondition) = (cx.clone(), id.to_owned(), precondition.clone());
        let retired = cx.transact(move |tx| retire(tx, &job, &role, &precondition, n_before)).await;
        match retired {
            // a refused precondition must mean that nothing happened
            Err(Error::PreconditionFailed) if n_before > 0 => return Err(Error::Busy(DbError::Busy)),
            Err(error) => return Err(error),
            Ok(n) if n < cx.portion(AT_ONCE) => return Ok(()),
            Ok(n) => n_before += n,
        }
    }
}

/// Gives some who have a role the one it inherits from, and removes the role when those were all. Says how many they
/// were; `n_before` were before them.
fn retire(
    tx: &WriteTx<'_>,
    cx: &Context,
    id: &str,
    precondition: &Precondition,
    n_before: usize,
) -> Result<usize> {
    cx.authorize_change(tx, cx.action(Action::RoleRemove), About::ORGANIZATION)?;
    roles::hold_teams(tx, &cx.organization, id)?;
    let record = load_for_removal(tx, cx, Kind::of(cx.types.role), id, precondition)?;
    let role = CustomRole::of(&record.resource()?);
    let base = role.base.as_str();
    let at_once = cx.portion(AT_ONCE);
    let holders = roles::holders(tx, &cx.organization, id, at_once)?;
    for team in holders.chunk_by(|left, right| left.team == right.team) {
        give(tx, cx, team, (id, base))?;
    }
    if holders.len() < at_once {
        let n_teams = let_newcomers(tx, cx, id, (base, base))?;
        invites::fall_back(tx, &cx.organization, id, base)?;
        mappings::fall_back(tx, &cx.organization, id, base)?;
        roles::remove(tx, cx.owner(cx.types.role, id), &record)?;
        let detail = json!({
            "becomes": base,
            "memberships": n_before + holders.len(),
            "teams": n_teams,
            "permissions": difference(&role.permissions(), &role.base.permissions()),
        });
        cx.record(tx, &event(EventKind::RoleRemoved, cx.types.role, id, detail))?;
    }
    Ok(holders.len())
}

/// Gives members of one team another role.
fn give(tx: &WriteTx<'_>, cx: &Context, held: &[HeldRole], (before, after): (&str, &str)) -> Result<()> {
    let Some(HeldRole { team, .. }) = held.first() else { return Ok(()) };
    let members: Vec<&str> = held.iter().map(|it| it.member.as_str()).collect();
    roles::give(tx, &cx.organization, team, &members, after)?;
    members.into_iter().try_for_each(|user| {
        let detail = json!({"user": user, "role": {"before": before, "after": after}});
        cx.record(tx, &event(EventKind::MemberChanged, cx.types.group, team, detail))
    })
}

/// Lets newcomers to the teams that give a role get another, or the same under another name; says how many teams
/// these are.
fn let_newcomers(
    tx: &WriteTx<'_>,
    cx: &Context,
    role: &str,
    (after, name): (&str, &str),
) -> Result<usize, Error> {
    let teams = roles::teams_giving(tx, &cx.organization, role)?;
    for (id, team) in &teams {
        let mut team = team.clone();
        if let Some(Value::Object(extension)) = team.0.get_mut(urn::ORGANIZATION_GROUP) {
            extension.insert("defaultRole".to_owned(), name.into());
        }
        roles::set_given(tx, (&cx.organization, id), after, &team.to_string(), cx.now)?;
        let detail = json!({
            "attributes": [urn::ORGANIZATION_GROUP],
            "defaultRole": {"before": role, "after": after},
        });
        cx.record(tx, &event(EventKind::TeamChanged, cx.types.group, id, detail))?;
    }
    Ok(teams.len())
}

/// `DELETE /Roles/{id}?dryRun=true`: whom it would concern (W-190), and nothing is done.
pub async fn rehearse_removal(cx: &Arc<Context>, id: &str, precondition: Precondition) -> Result<String> {
    let (job, id) = (cx.clone(), id.to_owned());
    let rehearsed = cx.app.store.scan(move |tx| {
        job.authorize(tx, job.action(Action::RoleRemove), About::ORGANIZATION)?;
        let record = rehearsed(tx, &job, &id, &precondition)?;
        let role = CustomRole::of(&record.resource()?);
        let permissions = difference(&role.permissions(), &role.base.permissions());
        impact(tx, &job, &id, json!({"becomes": role.base.as_str(), "permissions": permissions}))
    });
    rehearsed.await
}

/// `PUT /Roles/{id}?dryRun=true`: whom it would concern, and what they would gain and lose (W-190).
pub async fn rehearse_replacement(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    demand: Demand,
    quirks: &mut Quirks,
) -> Result<String> {
    let new = Replacement::read(cx, body, quirks)?;
    let (job, id, quirks) = (cx.clone(), id.to_owned(), quirks.clone());
    let rehearsed = cx.app.store.scan(move |tx| {
        job.authorize(tx, job.action(Action::RoleChange), About::ORGANIZATION)?;
        let record = rehearsed(tx, &job, &id, &demand.precondition)?;
        let before = record.stripped(job.types.role)?;
        let after = new.of(&job, &before, &mut quirks.clone())?;
        let key = text::fold(after.text("name").unwrap_or_default());
        let named = records::named(tx, Kind::of(job.types.role), &job.organization, &key)?;
        if named.iter().any(|it| *it != id) {
            return Err(DbError::Unique("roles.name_key".to_owned()).into());
        }
        let (old, new) = (CustomRole::of(&before).permissions(), CustomRole::of(&after).permissions());
        impact(tx, &job, &id, json!({"becomes": id, "permissions": difference(&old, &new)}))
    });
    rehearsed.await
}

/// The role that a rehearsal is about, in a version that the client agrees to.
fn rehearsed(tx: &ReadTx<'_>, cx: &Context, id: &str, precondition: &Precondition) -> Result<Record> {
    let kind = Kind::of(cx.types.role);
    agreed(records::load(tx, kind, &cx.organization, id)?, kind, precondition)
}

/// Who has a role: how many, and the first of them with their teams.
fn impact(tx: &ReadTx<'_>, cx: &Context, id: &str, change: Value) -> Result<String> {
    let (memberships, people) = roles::count_holders(tx, &cx.organization, id)?;
    let mut affected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for held in roles::first_holders(tx, &cx.organization, id, NAMED)? {
        affected.entry(held.member).or_default().push(held.team);
    }
    let affected: Vec<Value> =
        affected.into_iter().map(|(user, teams)| json!({"user": user, "teams": teams})).collect();
    let mut impact = json!({
        "schemas": [urn::ROLE_IMPACT],
        "role": id,
        "memberships": memberships,
        "users": people,
        "teams": roles::teams_giving(tx, &cx.organization, id)?.len(),
        "affected": affected,
    });
    if let (Value::Object(impact), Value::Object(change)) = (&mut impact, change) {
        impact.extend(change);
    }
    Ok(impact.to_string())
}

fn current(tx: &ReadTx<'_>, cx: &Context, id: &str, projection: &Projection) -> Result<Answer> {
    let kind = Kind::of(cx.types.role);
    answer(tx, cx, kind, &load(tx, cx, kind, id)?, projection)
}
