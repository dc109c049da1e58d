//! What a provisioning client can do to users.

use super::{
    Answer, Context, Error, Result, adoptions,
    authorization::About,
    changed_names,
    denials::{self, Concerned},
    event, invites, load, load_for_change, load_for_removal,
    machines::{self, NewMachine},
    mails, mappings, passwords,
    read::answer,
    record_of, sessions, standing,
    team_roles::{self, Assignee, Reach},
};
use crate::{
    org::{
        authority::Action,
        connection::Deed,
        event::{EventKind, differences},
        mapping::organization_role,
        record::Record,
        role::OrganizationRole,
        scim_view::{self, Related, decorated},
        standing::{
            NamedTeamRole, Said, Source, Standing, as_promised, keep, said, set_organization_role, settle,
        },
        user, wandb,
    },
    scim::{
        ErrorKind, Quirk, Quirks, Resource,
        patch::{self, Patch, Rows},
        path::Located,
        projection::Projection,
        read,
        schema::{
            organization::{ORGANIZATION_ROLE, ORGANIZATION_USER, TEAM_ROLES},
            standard::USER_TYPE,
        },
        spelling::{self, Teams},
        text, urn, validate,
        version::Precondition,
    },
    store::{
        DbError, ReadTx, WriteTx, adoptions as wanted, api_keys, identities, mappings as grants, memberships,
        passwords as secrets,
        records::{self, Kind},
        second_factors, teams, users,
    },
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `POST /Users`: RFC 7644 §3.3.
pub async fn create(
    cx: &Arc<Context>,
    body: Map<String, Value>,
    projection: Projection,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let user = new(cx, body, Source::Scim, quirks)?;
    let projection = projection.with_sent(cx.types.user, |path| user.resource.attribute(path).is_some());
    let name = user.name().to_owned();
    let is_person = user.machine.is_none();
    let password = user.password.clone();
    let made = cx.write(quirks, move |tx, cx, quirks| {
        cx.authorize_scim(tx, About::ORGANIZATION)?;
        insert_or_adopt(tx, cx, &user, &projection, quirks)
    });
    let made = made.await;
    if !is_person {
        // whoever has the name is none of those whom the connection wants
        return denials::noted(cx, Concerned::Oneself, made).await;
    }
    let made = told_of_deactivated(cx, &name, made).await;
    let made = denials::noted(cx, Concerned::Newcomer(&name), made).await?;
    passwords::provisioned(cx, made.location.rsplit('/').next().unwrap_or_default(), password).await?;
    Ok(made)
}

/// Inserts a user; or, where the name belongs to somebody whom the connection may have, puts what was sent in that person's
/// place. Where the person stands in the organization was decided by others, and stays.
pub(super) fn insert_or_adopt(
    tx: &WriteTx<'_>,
    cx: &Context,
    user: &NewUser,
    projection: &Projection,
    quirks: &mut Quirks,
) -> Result<Answer> {
    if let Some(machine) = &user.machine {
        return machines::insert(tx, cx, machine, projection);
    }
    let adopted = match quirks.profile().is_strict() {
        true => None,
        false => adoptions::adoptable(tx, cx, user.name())?,
    };
    let Some(id) = adopted else { return insert(tx, cx, user, projection, quirks) };
    cx.allow(Deed::Create)?;
    adoptions::take(tx, cx, &id)?;
    let mut sent = user.resource.clone();
    sent.0.shift_remove(urn::ORGANIZATION_USER);
    let demand = Demand { projection: projection.clone(), ..Demand::default() };
    put(Change { tx, cx, id: &id, demand: &demand }, &sent, quirks)
}

fn is_taken<T>(made: &Result<T>) -> bool {
    matches!(made, Err(Error::Scim(error)) if error.kind == ErrorKind::Uniqueness)
}

/// Says who has a name that is taken when that is somebody deactivated (W-226).
pub(super) async fn told_of_deactivated<T>(cx: &Arc<Context>, name: &str, made: Result<T>) -> Result<T> {
    if !is_taken(&made) {
        return made;
    }
    let (job, name) = (cx.clone(), name.to_owned());
    match cx.app.store.read(move |tx| holder(tx, &job, &name)).await? {
        Some((id, person)) if !Standing::of(&person).active => {
            let location = scim_view::location(cx.types.user, &id, &cx.base);
            Err(Error::Deactivated { id, location })
        }
        _ => made,
    }
}

/// The person who has a user name.
pub(super) fn holder(tx: &ReadTx<'_>, cx: &Context, name: &str) -> Result<Option<(String, Resource)>> {
    let kind = Kind::of(&USER_TYPE);
    let ids = records::named(tx, kind, &cx.organization, &text::fold(name))?;
    let Some(id) = ids.into_iter().next() else { return Ok(None) };
    let person = records::load(tx, kind, &cx.organization, &id)?;
    Ok(person.map(|person| person.resource()).transpose()?.map(|person| (id, person)))
}

/// A user about to be created, and the roles in teams and the teams that come with it.
pub(super) struct NewUser {
    resource: Resource,
    team_roles: Vec<NamedTeamRole>,
    said: Said,
    teams: Teams,
    /// A service account, if it is none of those who are people.
    machine: Option<NewMachine>,
    /// A password that came with it, which is no part of the resource.
    password: Option<SecretString>,
}

impl NewUser {
    fn name(&self) -> &str {
        self.resource.text("userName").unwrap_or_default()
    }
}

/// A user as a body describes it.
pub(super) fn new(
    cx: &Context,
    mut body: Map<String, Value>,
    from: Source,
    quirks: &mut Quirks,
) -> Result<NewUser> {
    let teams = spelling::take_teams(&mut body, quirks)?;
    let machine = machines::described(cx, &body, &teams)?;
    let mut user = read::resource(cx.types.user, body, quirks)?;
    validate::created(cx.types.user, &mut user, quirks)?;
    let password = user.text("password").map(SecretString::from);
    user.strip(cx.types.user);
    let said = said(&user);
    let team_roles = settle(None, from, &mut user)?;
    Ok(NewUser { resource: user, team_roles, said, teams, machine, password })
}

/// Check the rules, save, record.
pub(super) fn insert(
    tx: &WriteTx<'_>,
    cx: &Context,
    user: &NewUser,
    projection: &Projection,
    quirks: &mut Quirks,
) -> Result<Answer> {
    cx.allow(Deed::Create)?;
    let id = cx.app.ids.make(cx.now);
    check_manager(tx, cx, &user.resource, quirks)?;
    let owner = cx.owner(cx.types.user, &id);
    let users::Welcome { handle, settings } = users::welcome(tx, owner, user.name())?;
    let settings = cx.app.locks.over(settings);
    let waiting = invites::waiting(tx, cx, &user.resource)?;
    let promised = waiting.first().map(|invite| as_promised(&user.resource, user.said, invite));
    for invite in &waiting {
        invites::accepted(tx, cx, invite, &id)?;
    }
    let resource = standing::seated(tx, cx, &settings, promised.as_ref().unwrap_or(&user.resource))?;
    let role = Standing::of(&resource).role;
    let own_role = Some(role).filter(|role| user.said.role || *role != OrganizationRole::Member);
    let arrival =
        users::Arrival { handle: &handle, connection: cx.actor.connection(), own_role, now: cx.now };
    users::insert(tx, owner, &resource, arrival)?;
    let stands = Standing::of(&resource);
    let to = Assignee { user: &id, standing: stands, teams: &[] };
    let asked = team_roles::known(tx, cx, &user.team_roles, quirks)?;
    for invite in &waiting {
        invites::let_in(tx, cx, invite, to)?;
    }
    team_roles::hold_all(tx, cx, &asked, &user.teams)?;
    team_roles::assign(tx, cx, to, &asked, Reach { joins: true, ..Reach::default() })?;
    team_roles::enter(tx, cx, to, &user.teams)?;
    if waiting.is_empty() && cx.actor.connection().is_some() && cx.switches.mails(settings.scim_mail) {
        mails::arrival(tx, cx, &id, &resource)?;
    }
    standing::check_new(tx, cx, &settings, stands)?;
    let detail = json!({"quirks": quirks.rules()});
    cx.record(tx, &event(EventKind::UserCreated, cx.types.user, &id, detail))?;
    answer(tx, cx, Kind::of(cx.types.user), &load(tx, cx, Kind::of(cx.types.user), &id)?, projection)
}

/// `PUT /Users/{id}`: RFC 7644 §3.5.1.
pub async fn replace(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    mut demand: Demand,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let body = read::resource(cx.types.user, body, quirks)?;
    demand.projection = demand.projection.with_sent(cx.types.user, |path| body.attribute(path).is_some());
    let (user, password) = (id.to_owned(), body.text("password").map(SecretString::from));
    let put = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
        cx.authorize_scim(tx, About::user(&user))?;
        put(Change { tx, cx, id: &user, demand: &demand }, &body, quirks)
    };
    let made = denials::noted(cx, Concerned::User(id), cx.write(quirks, put).await).await?;
    passwords::provisioned(cx, id, password).await?;
    Ok(made)
}

/// Puts what a body describes in a user's place.
pub(super) fn put(change: Change<'_>, body: &Resource, quirks: &mut Quirks) -> Result<Answer> {
    let cx = change.cx;
    change.make(quirks, Reach { whole: true, ..Reach::default() }, |before, quirks| {
        let before = before.stripped(cx.types.user)?;
        let sent = match cx.types.user.wandb {
            true => wandb::without_suggestion(&before, body.clone()),
            false => body.clone(),
        };
        let mut user = validate::replaced(cx.types.user, &before, sent, quirks)?;
        keep(&before, &mut user);
        Ok(user)
    })
}

/// `PATCH /Users/{id}`: RFC 7644 §3.5.2.
pub async fn patch(
    cx: &Arc<Context>,
    id: &str,
    body: Map<String, Value>,
    mut demand: Demand,
    quirks: &mut Quirks,
) -> Result<Answer> {
    let patch = Patch::read(cx.types.user, body, quirks)?;
    demand.projection = demand.projection.with_sent(cx.types.user, |path| patch.names(path));
    let (user, password) = (id.to_owned(), patch.text("password").map(SecretString::from));
    let apply = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
        cx.authorize_scim(tx, About::user(&user))?;
        apply(Change { tx, cx, id: &user, demand: &demand }, &patch, quirks)
    };
    let made = denials::noted(cx, Concerned::User(id), cx.write(quirks, apply).await).await?;
    passwords::provisioned(cx, id, password).await?;
    Ok(made)
}

/// Where team roles stand in a user.
const TEAM_ROLES_PATH: Located =
    Located { extension: Some(&ORGANIZATION_USER), attribute: &TEAM_ROLES, sub_attribute: None };

/// Where the role in the organization stands in a user.
const ROLE_PATH: Located =
    Located { extension: Some(&ORGANIZATION_USER), attribute: &ORGANIZATION_ROLE, sub_attribute: None };

/// Applies a patch to a user.
pub(super) fn apply(change: Change<'_>, patch: &Patch, quirks: &mut Quirks) -> Result<Answer> {
    let Change { tx, cx, .. } = change;
    let team_roles = TEAM_ROLES_PATH;
    let reach = Reach {
        joins: patch.adds(&team_roles),
        leaves: patch.removes(&team_roles),
        whole: false,
        names_role: patch.names(&ROLE_PATH),
    };
    change.make(quirks, reach, |before, quirks| {
        // an operation may repeat what is derived, so it must be there to compare with
        let teams = match patch.mentions("groups") || patch.names(&team_roles) {
            true => memberships::teams_of(tx, &cx.organization, &[&before.id])?.remove(&before.id),
            false => None,
        };
        let related = Related::User { teams: teams.unwrap_or_default(), activity: None };
        let before = decorated(cx.types.user, before, &related, &cx.base)?;
        let mut user = patch::apply(cx.types.user, &before, Rows::default(), patch, quirks)?.resource;
        if !patch.reaches(&ORGANIZATION_USER) {
            // also when `schemas` is said to be without it
            keep(&before, &mut user);
        }
        Ok(user)
    })
}

/// Changes a user by hand: `set` gets the resource as it is stored. `reach` says whether that decides the role in the
/// organization.
pub(super) fn edit(
    change: Change<'_>,
    quirks: &mut Quirks,
    reach: Reach,
    set: &dyn Fn(&mut Resource),
) -> Result<Answer> {
    let user_type = change.cx.types.user;
    change.make(quirks, reach, |before, quirks| {
        let before = before.stripped(user_type)?;
        let mut user = before.clone();
        set(&mut user);
        user.drop_unassigned();
        validate::check(user_type, Some(&before), &mut user, quirks)?;
        Ok(user)
    })
}

/// Writes down that somebody's default team is another.
pub(super) fn note_default_team(
    tx: &WriteTx<'_>,
    cx: &Context,
    user: &str,
    before: Option<&str>,
    after: Option<&str>,
) -> Result<()> {
    let detail = json!({"defaultTeam": {"before": before, "after": after}});
    cx.record(tx, &event(EventKind::UserChanged, cx.types.user, user, detail))
}

/// What a client demands of a change: which version it finds, and what the answer holds.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    /// `If-Match` and `If-None-Match`.
    pub precondition: Precondition,
    /// `attributes` and `excludedAttributes`.
    pub projection: Projection,
}

/// A change of one resource, about to be made.
#[derive(Clone, Copy)]
pub(super) struct Change<'c> {
    pub(super) tx: &'c WriteTx<'c>,
    pub(super) cx: &'c Context,
    pub(super) id: &'c str,
    pub(super) demand: &'c Demand,
}

impl Change<'_> {
    /// Load, check the version, make the change, check the rules, save, record. A change that changes nothing
    /// writes nothing: same version, same `lastModified`, no event.
    fn make(
        self,
        quirks: &mut Quirks,
        reach: Reach,
        make: impl Fn(&Record, &mut Quirks) -> Result<Resource>,
    ) -> Result<Answer> {
        let Self { tx, cx, id, demand } = self;
        machines::check_change(tx, cx, id)?;
        let before = load_for_change(tx, cx, Kind::of(cx.types.user), id, &demand.precondition)?;
        let mut user = make(&before, quirks)?;
        user.strip(cx.types.user);
        let was = before.stripped(cx.types.user)?;
        let mut asked = settle(Some(&was), Source::Scim, &mut user)?;
        if reach.whole {
            asked = team_roles::known(tx, cx, &asked, quirks)?;
        }
        let stood = Standing::of(&was);
        let decision = decision(tx, cx, id, (stood.role, reach.names_role), &mut user)?;
        let stands = Standing::of(&user);
        let assigns = !asked.is_empty() || reach.leaves;
        if user != was || assigns || decision.is_some() {
            allow(cx, (&was, &user), assigns || decision.is_some())?;
            adoptions::check(tx, cx, id, &was)?;
        }
        if let Some(role) = decision {
            users::decide_role(tx, &cx.organization, id, role)?;
        }
        if user != was {
            if user::manager(&user) != user::manager(&was) {
                check_manager(tx, cx, &user, quirks)?;
            }
            save(tx, cx, &before, &user)?;
            standing::check(tx, cx, Some(stood), Some(stands))?;
        }
        if user != was || decision.is_some() {
            let changes = differences(cx.types.user, &was, &user);
            let mut detail = json!({
                "attributes": changed_names(&was, &user), "changes": changes, "decided": decision,
                "quirks": quirks.rules(),
            });
            if let (true, Value::Object(detail)) = (stood.active && !stands.active, &mut detail) {
                detail.insert("ended".to_owned(), ended(tx, cx, id)?);
            }
            cx.record(tx, &event(EventKind::UserChanged, cx.types.user, id, detail))?;
        }
        // what follows may change the user once more, as mappings have it
        if assigns {
            let teams = memberships::teams_of(tx, &cx.organization, &[id])?.remove(id).unwrap_or_default();
            let to = Assignee { user: id, standing: stands, teams: &teams };
            if team_roles::assign(tx, cx, to, &asked, reach)? && user == was {
                users::touch(tx, &cx.organization, id, cx.modified(&before))?;
            }
        }
        if stands.active && ["emails", "userName"].iter().any(|name| user.get(name) != was.get(name)) {
            invites::arrived(tx, cx, Assignee { user: id, standing: stands, teams: &[] }, &user)?;
        }
        // read again: what stands beside a row that was waited for may be older than the row
        answer(
            tx,
            cx,
            Kind::of(cx.types.user),
            &load(tx, cx, Kind::of(cx.types.user), id)?,
            &demand.projection,
        )
    }
}

/// The role in the organization that a change decides, if it does: one that is another than what holds, or one that is
/// `named` by itself; what a PUT repeats is no decision. What mappings give holds over it, where that is more; by hand that is
/// refused, for it would look as if it had been done.
fn decision(
    tx: &ReadTx<'_>,
    cx: &Context,
    id: &str,
    (stood, is_named): (OrganizationRole, bool),
    user: &mut Resource,
) -> Result<Option<OrganizationRole>> {
    let wanted = Standing::of(user).role;
    if wanted == stood && !is_named {
        return Ok(None);
    }
    if !cx.by_scim {
        mappings::check_by_hand(tx, cx, id, wanted)?;
    }
    set_organization_role(user, organization_role(Some(wanted), mappings::given(tx, cx, id)?));
    let decided = users::decided_role(tx, &cx.organization, id)?;
    Ok((decided != Some(wanted)).then_some(wanted))
}

/// Gives somebody the role in the organization that holds now, as mappings have it; nothing changes where it is so already.
pub(super) fn set_role(tx: &WriteTx<'_>, cx: &Context, id: &str, role: OrganizationRole) -> Result<()> {
    let before = record_of(tx, cx, Kind::of(cx.types.user), id)?;
    let was = before.stripped(cx.types.user)?;
    let stood = Standing::of(&was);
    if stood.role == role {
        return Ok(());
    }
    let mut user = was.clone();
    set_organization_role(&mut user, role);
    save(tx, cx, &before, &user)?;
    standing::check(tx, cx, Some(stood), Some(Standing::of(&user)))?;
    let changes = differences(cx.types.user, &was, &user);
    let detail = json!({"attributes": [urn::ORGANIZATION_USER], "changes": changes, "by": "mapping"});
    cx.record(tx, &event(EventKind::UserChanged, cx.types.user, id, detail))
}

/// Whether the connection that asks may make this change: deactivating is a switch of its own.
fn allow(cx: &Context, (was, is): (&Resource, &Resource), assigns: bool) -> Result<()> {
    let leaves = Standing::of(was).active && !Standing::of(is).active;
    let differs = is.0.iter().any(|(name, value)| name != "active" && was.get(name) != Some(value));
    let drops = was.0.keys().any(|name| is.get(name).is_none());
    if leaves {
        cx.allow(Deed::Deactivate)?;
    }
    if !leaves || differs || drops || assigns { cx.allow(Deed::Update) } else { Ok(()) }
}

/// How many reports lose their manager in one transaction; the writer's queue goes on between two of them.
const REPORTS_AT_ONCE: usize = 50;

/// `DELETE /Users/{id}`: RFC 7644 §3.6. The name is free at once; a tombstone stays. Who reported to the
/// person has no manager then.
///
/// Many reports are released in several transactions; the last of them removes the user. Should it not come to
/// that, the user is there still and the request can be made again.
pub async fn remove(cx: &Arc<Context>, id: &str, precondition: Precondition) -> Result<()> {
    let gone = remove_as(cx, Action::UserRemove, id, precondition).await;
    denials::noted(cx, Concerned::User(id), gone).await
}

/// Removes a user, which is this action of whoever asks by hand.
pub(super) async fn remove_as(
    cx: &Arc<Context>,
    action: Action,
    id: &str,
    precondition: Precondition,
) -> Result<()> {
    let mut begun = false;
    let at_once = cx.portion(REPORTS_AT_ONCE);
    loop {
        let (job, leaver, precondition) = (cx.clone(), id.to_owned(), precondition.clone());
        let work = move |tx: &WriteTx<'_>| {
            job.authorize_change(tx, job.action(action), About::user(&leaver))?;
            leave(tx, &job, &leaver, &precondition, at_once)
        };
        let released = cx.transact(work).await;
        match released {
            // a refused precondition must mean that nothing happened
            Err(Error::PreconditionFailed) if begun => return Err(Error::Busy(DbError::Busy)),
            Err(error) => return Err(error),
            Ok(n) if n < at_once => return Ok(()),
            Ok(_) => begun = true,
        }
    }
}

/// Takes their manager from at most so many who reported to somebody, and removes that user when those were all.
/// Says how many they were.
pub(super) fn leave(
    tx: &WriteTx<'_>,
    cx: &Context,
    id: &str,
    precondition: &Precondition,
    at_most: usize,
) -> Result<usize> {
    if machines::remove(tx, cx, id, precondition)? {
        return Ok(0);
    }
    teams::hold_around(tx, &cx.organization, id)?;
    let user = load_for_removal(tx, cx, Kind::of(cx.types.user), id, precondition)?;
    cx.allow(Deed::Delete)?;
    adoptions::check(tx, cx, id, &user.resource()?)?;
    let reports = users::reports(tx, &cx.organization, id, at_most)?;
    let mut others = reports.iter().filter(|report| *report != id);
    others.try_for_each(|report| release(tx, cx, report, id))?;
    if reports.len() < at_most {
        bury(tx, cx, &user)?;
    }
    Ok(reports.len())
}

/// Takes their manager from somebody, unless they have another by now or are gone themselves.
fn release(tx: &WriteTx<'_>, cx: &Context, report: &str, leaver: &str) -> Result<()> {
    let before = match load_for_change(tx, cx, Kind::of(cx.types.user), report, &Precondition::default()) {
        Err(Error::NotFound(_)) => return Ok(()),
        loaded => loaded?,
    };
    let was = before.stripped(cx.types.user)?;
    if user::manager(&was) != Some(leaver) {
        return Ok(());
    }
    let user = user::without_manager(was.clone());
    save(tx, cx, &before, &user)?;
    let changes = differences(cx.types.user, &was, &user);
    let detail = json!({"attributes": [urn::ENTERPRISE_USER], "changes": changes});
    cx.record(tx, &event(EventKind::UserChanged, cx.types.user, report, detail))
}

/// Ends a user's memberships and removes the user.
fn bury(tx: &WriteTx<'_>, cx: &Context, user: &Record) -> Result<()> {
    let left = memberships::forget_member(tx, &cx.organization, &user.id)?;
    for team in &left {
        teams::lose_member(tx, &cx.organization, team, cx.now)?;
        let detail = json!({"left": [user.id]});
        cx.record(tx, &event(EventKind::TeamChanged, cx.types.group, team, detail))?;
    }
    let ended = ended(tx, cx, &user.id)?;
    wanted::forget(tx, &cx.organization, &user.id)?;
    grants::forget_member(tx, &cx.organization, &user.id)?;
    secrets::remove(tx, &cx.organization, &user.id)?;
    second_factors::remove(tx, (&cx.organization, &user.id))?;
    identities::forget_person(tx, &cx.organization, &user.id)?;
    users::remove(tx, cx.owner(cx.types.user, &user.id), user, cx.now)?;
    standing::check(tx, cx, Some(Standing::of(&user.resource()?)), None)?;
    let detail = json!({"teams": left, "ended": ended});
    cx.record(tx, &event(EventKind::UserRemoved, cx.types.user, &user.id, detail))
}

/// Ends what somebody could still get in with who may no longer; says what that was.
fn ended(tx: &WriteTx<'_>, cx: &Context, user: &str) -> Result<Value> {
    Ok(json!({
        "keys": api_keys::end(tx, &cx.organization, user, cx.now)?,
        "sessions": sessions::end_all(tx, cx, user, None)?,
    }))
}

/// A miss can only mean that somebody else was faster; the client may try again.
fn save(tx: &WriteTx<'_>, cx: &Context, before: &Record, user: &Resource) -> Result<()> {
    let version = users::replace(tx, cx.owner(cx.types.user, &before.id), before, user, cx.modified(before))?;
    version.map(drop).ok_or(Error::Busy(DbError::Busy))
}

/// a manager nobody knows is kept, for managers may come later; strict connections are refused.
fn check_manager(tx: &WriteTx<'_>, cx: &Context, user: &Resource, quirks: &mut Quirks) -> Result<()> {
    let Some(manager) = user::manager(user) else { return Ok(()) };
    let known = users::existing(tx, &cx.organization, &[manager])?;
    if !known.is_empty() || quirks.allow(Quirk::LooseManager) {
        return Ok(());
    }
    Err(ErrorKind::InvalidValue.because("manager.value names no user of this organization").into())
}
