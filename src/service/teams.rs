//! Teams as the API shows and changes them. A SCIM Group is a team: what SCIM's rules say of a change holds here, too.

use super::{
    Context, Error, Result,
    authorization::About,
    event, groups,
    idempotency::Made,
    invites::{self, Issued},
    load, load_for_change, mappings,
    page::{Page, Slice},
    sight::Sight,
    team_roles,
    users::{Change, Demand},
};
use crate::{
    org::{
        actor::Actor,
        authority::Action,
        event::EventKind,
        record::Record,
        refusal::Refusal,
        role::TeamRole,
        seat::Seat,
        settings::{Settings, TeamSettings},
        standing::Standing,
        team::{self, MemberType},
        user,
    },
    scim::{Quirks, projection::Projection, text, urn, version::Precondition},
    store::{
        ReadTx, WriteTx, avatars, mappings as given, memberships,
        records::{self, Kind},
        teams as rows,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// A team, as the API answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Team {
    /// The id.
    pub id: String,
    /// The name, unique in the organization.
    pub name: String,
    /// How many members it has.
    pub members: i64,
    /// The name of the role of those who become members over SCIM.
    pub default_role: String,
    /// The team's own bucket; null where it uses the server's storage.
    pub storage: Value,
    /// The entity tag of the team's picture; null where it has none.
    #[serde(default)]
    pub avatar: Option<String>,
    /// What the team decided for itself.
    pub settings: TeamSettings,
    /// What holds, with what the organization enforces.
    pub effective: TeamSettings,
    /// When it was made (RFC 3339).
    pub created_at: String,
    /// What the ETag shows.
    pub version: String,
}

/// A team about to be made.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTeam {
    /// The name, unique in the organization.
    pub name: String,
    /// The name of the role of those who become members over SCIM; `member` without one.
    #[serde(default)]
    pub default_role: Option<String>,
    /// The team's own bucket (W-252); the server's storage without one. It never changes.
    #[serde(default)]
    pub storage: Option<Map<String, Value>>,
    /// The ids of its first admins; whoever makes it, without any.
    #[serde(default)]
    pub admins: Option<Vec<String>>,
}

/// What is changed of a team; what is not named stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TeamChange {
    /// The name. The old one still leads to the team.
    #[serde(default)]
    pub name: Option<String>,
    /// The name of the role of those who become members over SCIM.
    #[serde(default)]
    pub default_role: Option<String>,
    /// What the team decides for itself; a switch that is not named stays.
    #[serde(default)]
    #[schemars(with = "TeamSettings")]
    pub settings: Map<String, Value>,
}

/// A team that can be restored.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArchivedTeam {
    /// The id.
    pub id: String,
    /// The name it had.
    pub name: String,
    /// When it was archived (RFC 3339).
    pub archived_at: String,
    /// Until when it can be restored (RFC 3339).
    pub restorable_until: String,
}

/// How long an archived team can be restored, in microseconds: 30 days.
pub const RESTORABLE: i64 = 30 * 24 * 3_600 * 1_000_000;

/// How many teams a page looks at, of which the actor may see some.
const LOOKED_AT: usize = 2_000;

/// The teams that the actor may see, or the one that has or had this name. A page may have fewer than were asked for, and
/// a next one, where very many are hidden from the actor.
pub async fn list(cx: &Arc<Context>, name: Option<String>, slice: Slice) -> Result<Page<Team>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let settings = job.authorize(tx, Action::TeamList, About::ORGANIZATION)?;
        if let Some(name) = &name {
            let found = by_name(tx, &job, name)?;
            let seen = found.filter(|it| job.authorize(tx, Action::TeamRead, About::team(&it.id)).is_ok());
            let items =
                seen.iter().map(|record| one(tx, &job, &record.id, &settings)).collect::<Result<_>>()?;
            return Ok(Page { items, next: None });
        }
        let sight = Sight::of(tx, &job, &settings)?;
        let (mut found, mut after, mut n_looked_at) = (Vec::new(), slice.after.clone(), 0);
        let most = slice.one_more().max(100);
        loop {
            let batch = records::after(tx, Kind::of(job.types.group), &job.organization, &after, most)?;
            let ids: Vec<&str> = batch.iter().map(|record| record.id.as_str()).collect();
            let mut own = rows::settings_of(tx, &job.organization, &ids)?;
            let mut pictures = avatars::tags(tx, &job.organization, &ids)?;
            for record in &batch {
                let own = own.remove(&record.id).unwrap_or_default();
                after.clone_from(&record.id);
                if sight.reaches(&record.id, own) {
                    found.push(shown(record, own, pictures.remove(&record.id), &settings)?);
                }
                if found.len() > slice.limit {
                    return Ok::<_, Error>(Page::of(&slice, found, |team| &team.id));
                }
            }
            n_looked_at += batch.len();
            if batch.len() < most {
                return Ok(Page { items: found, next: None });
            }
            if n_looked_at >= LOOKED_AT {
                return Ok(Page::up_to(found, &after));
            }
        }
    };
    cx.app.store.read(work).await
}

fn by_name(tx: &ReadTx<'_>, cx: &Context, name: &str) -> Result<Option<Record>> {
    let id = rows::by_name(tx, &cx.organization, &text::fold(name))?;
    match id {
        Some(id) => Ok(Some(load(tx, cx, Kind::of(cx.types.group), &id)?)),
        None => Ok(None),
    }
}

/// The id of the team that an id or a name, also a former one, names; else the refusal says which name is nearest.
pub async fn find(cx: &Arc<Context>, name: &str) -> Result<String> {
    let (job, name) = (cx.clone(), name.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let id = team_roles::find_team(tx, &job, &name)?;
        job.authorize(tx, Action::TeamRead, About::team(&id))?;
        Ok::<_, Error>(id)
    };
    cx.app.store.read(work).await
}

/// One team.
pub async fn read(cx: &Arc<Context>, id: &str) -> Result<Team> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        let settings = job.authorize(tx, Action::TeamRead, About::team(&id))?;
        one(tx, &job, &id, &settings)
    };
    cx.app.store.read(work).await
}

/// Makes a team. Whoever makes it is its admin, unless others are named.
pub async fn create(cx: &Arc<Context>, new: NewTeam) -> Result<Made<Team>> {
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!([urn::GROUP, urn::ORGANIZATION_GROUP]));
    body.insert("displayName".to_owned(), new.name.as_str().into());
    let role = new.default_role.clone();
    body.insert(urn::ORGANIZATION_GROUP.to_owned(), json!({"defaultRole": role, "storage": new.storage}));
    cx.make(move |tx, cx| {
        let settings = cx.authorize_change(tx, Action::TeamCreate, About::ORGANIZATION)?;
        let mut quirks = Quirks::default();
        let team = groups::new(cx, body.clone(), &mut quirks)?;
        let (made, _) = groups::insert(tx, cx, &team, &Projection::Default, &mut quirks)?;
        let id = made.location.rsplit('/').next().unwrap_or_default();
        let own = match &cx.actor {
            Actor::Person { id, .. } if settings.admin_team_access => vec![id.clone()],
            _ => Vec::new(),
        };
        for admin in new.admins.as_ref().unwrap_or(&own) {
            team_roles::add(tx, cx, id, admin, &TeamRole::Admin)?;
        }
        one(tx, cx, id, &settings)
    })
    .await
}

/// Changes a team's name, default role or settings.
pub async fn change(
    cx: &Arc<Context>,
    id: &str,
    change: TeamChange,
    precondition: Precondition,
) -> Result<Team> {
    let id = id.to_owned();
    let work = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
        let settings = cx.authorize_change(tx, Action::TeamSettingsChange, About::team(&id))?;
        let demand = Demand { precondition: precondition.clone(), projection: Projection::Default };
        groups::edit(Change { tx, cx, id: &id, demand: &demand }, quirks, &|team| {
            team.0.extend(change.name.as_ref().map(|name| ("displayName".to_owned(), name.as_str().into())));
            if let Some(role) = &change.default_role {
                let entry = team.0.entry(urn::ORGANIZATION_GROUP).or_insert_with(|| json!({}));
                entry["defaultRole"] = role.as_str().into();
            }
        })?;
        decide(tx, cx, &id, &change.settings)?;
        one(tx, cx, &id, &settings)
    };
    cx.write(&mut Quirks::default(), work).await
}

/// Keeps what a team decides for itself.
fn decide(tx: &WriteTx<'_>, cx: &Context, id: &str, switches: &Map<String, Value>) -> Result<()> {
    let before = rows::settings(tx, &cx.organization, id)?.ok_or(Error::NotFound("team"))?;
    let mut all = serde_json::to_value(before)?;
    if let Value::Object(all) = &mut all {
        all.extend(switches.clone());
    }
    let after: TeamSettings =
        serde_json::from_value(all).map_err(|error| Refusal::Invalid(format!("settings: {error}")))?;
    if after == before {
        return Ok(());
    }
    rows::set_settings(tx, &cx.organization, id, &after, cx.now)?;
    let detail = json!({"settings": {"before": before, "after": after}});
    cx.record(tx, &event(EventKind::TeamChanged, cx.types.group, id, detail))
}

/// Archives a team: gone at once, its name free, restorable for 30 days.
pub async fn archive(cx: &Arc<Context>, id: &str, precondition: Precondition) -> Result<()> {
    let id = id.to_owned();
    let work = move |tx: &WriteTx<'_>, cx: &Context, _: &mut Quirks| {
        cx.authorize_change(tx, Action::TeamArchive, About::team(&id))?;
        groups::archive(tx, cx, &id, &precondition)
    };
    cx.write(&mut Quirks::default(), work).await
}

/// The teams that can be restored, the one archived first at the front.
pub async fn archived(cx: &Arc<Context>) -> Result<Vec<ArchivedTeam>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::TeamRestore, About::ORGANIZATION)?;
        let found = rows::archived(tx, &job.organization, job.now - RESTORABLE)?.into_iter();
        let shown = found.map(|it| ArchivedTeam {
            id: it.id,
            name: it.name,
            archived_at: text::date_time(it.archived_at),
            restorable_until: text::date_time(it.archived_at + RESTORABLE),
        });
        Ok::<_, Error>(shown.collect())
    };
    cx.app.store.read(work).await
}

/// Brings a team back with its members, if its name is still free.
pub async fn restore(cx: &Arc<Context>, id: &str) -> Result<Made<Team>> {
    let id = id.to_owned();
    let work = move |tx: &WriteTx<'_>, cx: &Context| {
        let settings = cx.authorize_change(tx, Action::TeamRestore, About::ORGANIZATION)?;
        let owner = cx.owner(cx.types.group, &id);
        if !rows::restore(tx, owner, cx.now - RESTORABLE, cx.now)? {
            return Err(Error::NotFound("archived team"));
        }
        cx.record(tx, &event(EventKind::TeamRestored, cx.types.group, &id, json!({})))?;
        mappings::follow_team(tx, cx, &id, &[])?;
        one(tx, cx, &id, &settings)
    };
    cx.make(work).await
}

/// A member of a team, as the API answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The user's id, or a team's.
    pub id: String,
    /// `User` or `Group`.
    #[serde(rename = "type")]
    pub member_type: String,
    /// The name to show.
    pub name: Option<String>,
    /// The user name; null for a team.
    pub user_name: Option<String>,
    /// The preferred e-mail address, if there is one.
    pub email: Option<String>,
    /// The seat, as it is for the whole organization; null for a team.
    pub seat: Option<Seat>,
    /// Whether the person is active; null for a team.
    pub active: Option<bool>,
    /// The name of the role in the team.
    pub role: String,
    /// What decided the membership: `scim`, `invite`, `admin` or `claim`; `mapping` where a mapping alone gives it.
    pub origin: String,
    /// Whether a mapping gives a role here, so that it is left with the mapping's group.
    pub mapped: bool,
    /// The id of the connection it came over, if it did.
    pub connection: Option<String>,
}

impl From<memberships::Listed> for Member {
    fn from(it: memberships::Listed) -> Self {
        Self {
            id: it.id,
            member_type: it.member_type.as_str().to_owned(),
            name: it.display,
            seat: it.person.as_ref().map(|person| person.seat),
            active: it.person.as_ref().map(|person| person.active),
            email: it.person.as_ref().and_then(|person| person.email.clone()),
            user_name: it.person.map(|person| person.user_name),
            role: it.role_name,
            origin: it.origin.to_string(),
            mapped: false,
            connection: it.connection,
        }
    }
}

/// Who came into a team, or will.
#[derive(Debug, Serialize, Deserialize)]
pub enum Added {
    /// Somebody who is here.
    Member(Member),
    /// Somebody who is invited.
    Invited(Issued),
}

/// A user about to become a member.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMember {
    /// The user's id, user name, handle or e-mail address.
    pub user: String,
    /// The name of the role; `member` without one.
    #[serde(default)]
    pub role: Option<String>,
}

/// The members of a team, by id.
pub async fn members(cx: &Arc<Context>, team: &str, slice: Slice) -> Result<Page<Member>> {
    let (job, team) = (cx.clone(), team.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::TeamRead, About::team(&team))?;
        let count = slice.one_more();
        let own = memberships::listed(tx, &job.organization, &team, &slice.after, count)?;
        let mut found: BTreeMap<String, Member> =
            own.into_iter().map(|it| (it.id.clone(), Member::from(it))).collect();
        let mut others = given::members(tx, &job.organization, &team, &slice.after, count)?;
        others.retain(|id| !found.contains_key(id));
        for record in records::among(tx, Kind::of(job.types.user), &job.organization, &others)? {
            found.insert(record.id.clone(), of_mapping(&record)?);
        }
        let mut found: Vec<Member> = found.into_values().take(count).collect();
        with_roles(tx, &job, &team, &mut found)?;
        Ok::<_, Error>(Page::of(&slice, found, |member: &Member| &member.id))
    };
    cx.app.store.read(work).await
}

/// Somebody whom a mapping alone puts into a team.
fn of_mapping(record: &Record) -> Result<Member> {
    let user = record.resource()?;
    let stands = Standing::of(&user);
    Ok(Member {
        id: record.id.clone(),
        member_type: MemberType::User.as_str().to_owned(),
        name: user.text("displayName").map(str::to_owned),
        user_name: user.text("userName").map(str::to_owned),
        email: user::email(&user),
        seat: Some(stands.seat),
        active: Some(stands.active),
        role: String::new(),
        origin: "mapping".to_owned(),
        mapped: true,
        connection: None,
    })
}

/// Says of people which role holds in a team, with what mappings give.
fn with_roles(tx: &ReadTx<'_>, cx: &Context, team: &str, members: &mut [Member]) -> Result<()> {
    let ids: Vec<&str> = members.iter().map(|it| it.id.as_str()).collect();
    let teams = memberships::teams_of(tx, &cx.organization, &ids)?;
    for member in members.iter_mut().filter(|it| it.member_type == MemberType::User.as_str()) {
        let own = teams.get(&member.id).and_then(|all| all.iter().find(|it| it.id == team));
        if let Some(own) = own {
            member.role.clone_from(&own.role_name);
            member.mapped = own.given;
        }
    }
    Ok(())
}

/// Makes a user a member. A member who may invite gives no more than `member` (W-118).
///
/// Somebody unknown is invited, where an address is named (W-116).
pub async fn add_member(cx: &Arc<Context>, team: &str, new: NewMember) -> Result<Made<Added>> {
    let team = team.to_owned();
    cx.make(move |tx, cx| {
        let role = team_roles::resolve(tx, cx, new.role.as_deref().unwrap_or("member"))?;
        let action = match role {
            TeamRole::Member | TeamRole::Viewer => Action::TeamMemberInvite,
            TeamRole::Admin | TeamRole::Custom(_) => Action::TeamMemberAdd,
        };
        // first, for who may not add anybody is not told who is there
        let settings = cx.authorize(tx, action, About::team(&team))?;
        mappings::check_source(tx, cx, &team)?;
        let user = match team_roles::find_user(tx, cx, &new.user) {
            Err(Error::Rule(Refusal::Unknown(_))) if new.user.contains('@') => {
                cx.authorize_change(tx, action, About::team(&team))?;
                load(tx, cx, Kind::of(cx.types.group), &team)?;
                let issued = invites::into_team(tx, cx, &settings, (&team, &role), &new.user)?;
                return Ok(Added::Invited(issued));
            }
            found => found?,
        };
        cx.authorize_change(tx, action, About::member(&team, &user))?;
        if !team_roles::add(tx, cx, &team, &user, &role)? {
            return Err(
                Refusal::Conflict("this user is a member already; change the role instead".into()).into()
            );
        }
        Ok(Added::Member(member(tx, cx, &team, &user)?))
    })
    .await
}

/// Changes a member's role in the team; where it is said which role they are thought to have, only if they have it.
pub async fn change_member(
    cx: &Arc<Context>,
    team: &str,
    user: &str,
    (role, before): (String, Option<String>),
) -> Result<Member> {
    let (team, user) = (team.to_owned(), user.to_owned());
    let work = move |tx: &WriteTx<'_>, cx: &Context, _: &mut Quirks| {
        cx.authorize_change(tx, Action::TeamMemberRole, About::member(&team, &user))?;
        let role = team_roles::resolve(tx, cx, &role)?;
        if let Some(before) = &before
            && member(tx, cx, &team, &user)?.role != *before
        {
            return Err(Error::PreconditionFailed);
        }
        if role != TeamRole::Admin {
            keep_an_admin(tx, cx, &team, &user)?;
        }
        let is_given = given::is_in(tx, &cx.organization, &team, &user)?;
        match team_roles::role_of(tx, cx, &team, &user)? {
            // whom a mapping alone put here becomes a member by hand, too
            None if is_given => {
                mappings::check_source(tx, cx, &team)?;
                team_roles::add(tx, cx, &team, &user, &role)?;
            }
            _ => drop(team_roles::give(tx, cx, &team, &user, &role)?),
        }
        let changed = member(tx, cx, &team, &user)?;
        let holds = memberships::held(tx, &cx.organization, &team, &user)?;
        match holds.is_some_and(|held| held.role != role) {
            true => Err(by_mapping(&format!("gives this person the role {} here", changed.role), &user)),
            false => Ok(changed),
        }
    };
    cx.write(&mut Quirks::default(), work).await
}

/// Takes somebody out of a team. What they made stays theirs.
pub async fn remove_member(cx: &Arc<Context>, team: &str, user: &str) -> Result<()> {
    end_membership(cx, Action::TeamMemberRemove, team, user).await
}

/// Takes the actor out of a team (W-126).
pub async fn leave(cx: &Arc<Context>, team: &str) -> Result<()> {
    end_membership(cx, Action::TeamLeave, team, cx.actor.id()).await
}

async fn end_membership(cx: &Arc<Context>, action: Action, team: &str, user: &str) -> Result<()> {
    let (team, user) = (team.to_owned(), user.to_owned());
    let work = move |tx: &WriteTx<'_>, cx: &Context, _: &mut Quirks| {
        cx.authorize_change(tx, action, About::member(&team, &user))?;
        if action == Action::TeamMemberRemove {
            mappings::check_source(tx, cx, &team)?;
        }
        keep_an_admin(tx, cx, &team, &user)?;
        match team_roles::leave(tx, cx, &user, &team)? {
            true => Ok(()),
            false if given::is_in(tx, &cx.organization, &team, &user)? => {
                Err(by_mapping("puts this person here", &user))
            }
            false => Err(Error::NotFound("member")),
        }
    };
    cx.write(&mut Quirks::default(), work).await
}

/// What is refused by hand because a mapping would undo it at once.
pub(super) fn by_mapping(does: &str, user: &str) -> Error {
    Refusal::Conflict(format!(
        "a mapping {does}; take them out of its group, or remove the mapping (GET /users/{user}/access tells which)"
    ))
    .into()
}

/// W-124: only who may leave a team without an admin takes its last one out of office.
pub(super) fn keep_an_admin(tx: &WriteTx<'_>, cx: &Context, team: &str, user: &str) -> Result<()> {
    load_for_change(tx, cx, Kind::of(cx.types.group), team, &Precondition::default())?;
    let others = memberships::other_admins(tx, &cx.organization, team, user)?;
    let is_admin = team_roles::role_of(tx, cx, team, user)? == Some(TeamRole::Admin);
    let stays_one = given::gives_admin(tx, &cx.organization, team, user)?;
    if is_admin && others == 0 && !stays_one {
        cx.authorize_change(tx, Action::TeamLastAdminRemove, About::team(team))?;
    }
    Ok(())
}

fn member(tx: &ReadTx<'_>, cx: &Context, team: &str, user: &str) -> Result<Member> {
    let found = memberships::one(tx, &cx.organization, team, user)?;
    let mut found = [found.map(Member::from).ok_or(Error::NotFound("member"))?];
    with_roles(tx, cx, team, &mut found)?;
    let [member] = found;
    Ok(member)
}

pub(super) fn one(tx: &ReadTx<'_>, cx: &Context, id: &str, settings: &Settings) -> Result<Team> {
    let own = rows::settings(tx, &cx.organization, id)?.unwrap_or_default();
    let picture = avatars::tags(tx, &cx.organization, &[id])?.remove(id);
    shown(&load(tx, cx, Kind::of(cx.types.group), id)?, own, picture, settings)
}

fn shown(record: &Record, own: TeamSettings, avatar: Option<String>, settings: &Settings) -> Result<Team> {
    let resource = record.resource()?;
    let extension = resource.get(urn::ORGANIZATION_GROUP);
    Ok(Team {
        id: record.id.clone(),
        name: resource.text("displayName").unwrap_or_default().to_owned(),
        members: record.n_members,
        default_role: team::default_role(&resource).unwrap_or("member").to_owned(),
        storage: extension.and_then(|extension| extension.get("storage")).cloned().unwrap_or(Value::Null),
        avatar,
        settings: own,
        effective: own.effective(settings.enforced),
        created_at: text::date_time(record.created_at),
        version: record.version.to_string(),
    })
}
