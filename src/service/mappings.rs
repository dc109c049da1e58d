//! Mappings (W-093, W-253): what they give follows who is in their groups, and never touches what somebody decided.

use super::{
    App, Context, Error, Result, authorization::About, event, idempotency::Made, load, organizations,
    record_of, team_roles, users,
};
use crate::{
    org::{
        actor::Actor,
        authority::Action,
        custom_role::CustomRole,
        event::{Event, EventKind},
        mapping::{self, Source, Way},
        refusal::Refusal,
        role::{OrganizationRole, Origin, TeamRole},
    },
    scim::text,
    store::{
        ReadTx, WriteTx,
        mappings::{self as rows, Mapping},
        memberships, organizations as tenants,
        records::{self, Kind},
        seats, users as people,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc};

/// Of so many people what mappings give is made again in the transaction that moves them; of more a moment later.
const AT_ONCE: usize = 50;
/// How many people a preview names, and looks at.
const NAMED: usize = 100;
const LOOKED_AT: usize = 100_000;

/// A mapping about to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMapping {
    /// The id or name of the group whose people get something.
    #[serde(default)]
    pub group: Option<String>,
    /// The name of a claim that identity providers make at sign-in, instead of a group.
    #[serde(default)]
    pub claim: Option<String>,
    /// The value of the claim.
    #[serde(default)]
    pub value: Option<String>,
    /// The role in the organization that they get.
    #[serde(default)]
    pub organization_role: Option<OrganizationRole>,
    /// The id or name of the team that they get into, instead of a role in the organization.
    #[serde(default)]
    pub team: Option<String>,
    /// The name of the role there; `member` without it.
    #[serde(default)]
    pub role: Option<String>,
}

/// A mapping, as the API answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Mapping")]
pub struct Shown {
    /// The id.
    pub id: String,
    /// The group whose people get something, if that is what it begins with.
    pub group: Option<Named>,
    /// The claim, if that is what it begins with.
    pub claim: Option<Claim>,
    /// The role in the organization that it gives, if it gives one.
    pub organization_role: Option<OrganizationRole>,
    /// The team that it gives a role in, if it does.
    pub team: Option<Named>,
    /// The name of the role in that team.
    pub role: Option<String>,
    /// The id of whoever made it.
    pub created_by: String,
    /// When (RFC 3339).
    pub created_at: String,
}

/// A group or team by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "NamedTeam")]
pub struct Named {
    /// The id.
    pub id: String,
    /// The name; null when it is gone.
    pub name: Option<String>,
}

/// A claim and the value it must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// The claim's name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl From<&Mapping> for Shown {
    fn from(it: &Mapping) -> Self {
        let group = Named { id: it.subject.clone(), name: it.group_name.clone() };
        let claim = Claim { name: it.subject.clone(), value: it.value.clone() };
        Self {
            id: it.id.clone(),
            group: (it.source == Source::Group).then_some(group),
            claim: (it.source == Source::Claim).then_some(claim),
            organization_role: it.organization_role,
            team: it.team.as_ref().map(|id| Named { id: id.clone(), name: it.team_name.clone() }),
            role: it.role_name.clone(),
            created_by: it.created_by.clone(),
            created_at: text::date_time(it.created_at),
        }
    }
}

/// All mappings.
pub async fn list(cx: &Arc<Context>) -> Result<Vec<Shown>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::MappingRead, About::ORGANIZATION)?;
        Ok::<_, Error>(rows::list(tx, &job.organization)?.iter().map(Shown::from).collect())
    };
    cx.app.store.read(work).await
}

/// One mapping.
pub async fn read(cx: &Arc<Context>, id: &str) -> Result<Shown> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::MappingRead, About::ORGANIZATION)?;
        find(tx, &job, &id).map(|found| Shown::from(&found))
    };
    cx.app.store.read(work).await
}

fn find(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<Mapping> {
    let all = rows::list(tx, &cx.organization)?;
    all.into_iter().find(|it| it.id == id).ok_or(Error::NotFound("mapping"))
}

/// Makes a mapping, and gives what it gives to whom it concerns before it answers.
pub async fn create(cx: &Arc<Context>, new: NewMapping) -> Result<Made<Shown>> {
    let made = cx.make(move |tx, cx| {
        cx.authorize_change(tx, Action::MappingChange, About::ORGANIZATION)?;
        tenants::hold(tx, &cx.organization)?;
        let mapping = described(tx, cx, &new)?;
        rows::insert(tx, &cx.organization, &mapping)?;
        if mapping.source == Source::Group {
            check_oneself(tx, cx, &mapping)?;
            let concerned =
                memberships::all_members(tx, &cx.organization, &mapping.subject, usize::MAX >> 1)?;
            rows::unsettle(tx, &cx.organization, &concerned)?;
        }
        let shown = Shown::from(&mapping);
        record(tx, cx, EventKind::MappingCreated, &mapping.id, json!(shown))?;
        Ok(shown)
    });
    let made = made.await?;
    settle_all(cx).await?;
    Ok(made)
}

/// W-121: an admin who may not enter teams enters none by a mapping either.
fn check_oneself(tx: &ReadTx<'_>, cx: &Context, mapping: &Mapping) -> Result<()> {
    let oneself = cx.actor.id();
    match mapping.team.is_some()
        && memberships::own_teams(tx, &cx.organization, oneself)?.contains(&mapping.subject)
    {
        true => cx.check_entry(tx, oneself),
        false => Ok(()),
    }
}

/// What is asked for, with everything it names found.
fn described(tx: &ReadTx<'_>, cx: &Context, new: &NewMapping) -> Result<Mapping> {
    let refuse = |why: &str| Err(Refusal::Invalid(why.to_owned()).into());
    let (source, subject, value) = match (&new.group, &new.claim, &new.value) {
        (Some(group), None, None) => (Source::Group, team_roles::find_team(tx, cx, group)?, String::new()),
        (None, Some(claim), Some(value)) if !text::is_blank(claim) && !text::is_blank(value) => {
            (Source::Claim, claim.clone(), value.clone())
        }
        _ => return refuse("expected either group, or claim with value"),
    };
    let (team, way) = match (&new.team, new.organization_role) {
        (Some(team), None) => {
            let role = team_roles::resolve(tx, cx, new.role.as_deref().unwrap_or("member"))?;
            (Some(team_roles::find_team(tx, cx, team)?), Some(Way { role, custom: None }))
        }
        (None, Some(_)) if new.role.is_none() => (None, None),
        _ => return refuse("expected either organizationRole, or team with role"),
    };
    let name = |id: Option<&String>| match id {
        Some(id) => Ok::<_, Error>(
            load(tx, cx, Kind::of(cx.types.group), id)?.resource()?.text("displayName").map(str::to_owned),
        ),
        None => Ok(None),
    };
    Ok(Mapping {
        id: cx.app.ids.make(cx.now),
        source,
        group_name: name(Some(&subject).filter(|_| source == Source::Group))?,
        subject,
        value,
        organization_role: new.organization_role,
        team_name: name(team.as_ref())?,
        team,
        role_name: way.as_ref().map(|_| new.role.clone().unwrap_or_else(|| "member".to_owned())),
        way,
        created_by: cx.actor.id().to_owned(),
        created_at: cx.now,
    })
}

/// Removes a mapping and takes away what it gave; refused where it makes the last admin one.
pub async fn remove(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (mut job, id) = (cx.clone(), id.to_owned());
    let mut after = String::new();
    loop {
        let (run, mapping, from) = (job.clone(), id.clone(), after.clone());
        let work = move |tx: &WriteTx<'_>| take_back(tx, &run, &mapping, &from);
        match cx.app.store.write(work).await? {
            Some(last) => after = last,
            None => return Ok(()),
        }
        job = Arc::new(Context { now: cx.app.clock.now(), ..(*job).clone() });
    }
}

/// Takes what a mapping gave from some people, and removes it when those were all. Says who was the last of them.
fn take_back(tx: &WriteTx<'_>, cx: &Context, id: &str, after: &str) -> Result<Option<String>> {
    cx.authorize_change(tx, Action::MappingChange, About::ORGANIZATION)?;
    tenants::hold(tx, &cx.organization)?;
    let mapping = find(tx, cx, id)?;
    check_admins(tx, cx, &mapping)?;
    let holders = rows::holders(tx, &cx.organization, id, after, AT_ONCE)?;
    for holder in &holders {
        rows::withdraw(tx, &cx.organization, holder, id)?;
        note_change(tx, cx, &mapping, holder, false)?;
        follow_role(tx, cx, holder)?;
    }
    if holders.len() == AT_ONCE {
        return Ok(holders.into_iter().last());
    }
    rows::remove(tx, &cx.organization, id)?;
    record(tx, cx, EventKind::MappingRemoved, id, json!(Shown::from(&mapping)))?;
    Ok(None)
}

fn check_admins(tx: &ReadTx<'_>, cx: &Context, mapping: &Mapping) -> Result<()> {
    let makes_admins = mapping.organization_role == Some(OrganizationRole::Admin);
    let has_some = || Ok::<_, Error>(seats::admins(tx, &cx.organization)? > 0);
    match makes_admins && has_some()? && rows::admins_without(tx, &cx.organization, &mapping.id)? == 0 {
        true => Err(Refusal::LastAdmin.into()),
        false => Ok(()),
    }
}

/// Makes what mappings give again, after these came into a team or left it: people, and teams with everybody in them. Of
/// many people it is noted that it is to be done.
pub(super) fn follow(tx: &WriteTx<'_>, cx: &Context, team: &str, moved: &[String]) -> Result<()> {
    if moved.is_empty() {
        return Ok(());
    }
    let sources = rows::of_groups(tx, &cx.organization)?;
    if sources.is_empty() {
        return Ok(());
    }
    let around = memberships::own_teams(tx, &cx.organization, team)?;
    if !sources.iter().any(|(_, group)| group == team || around.contains(group)) {
        return Ok(());
    }
    let ids: Vec<&str> = moved.iter().map(String::as_str).collect();
    let mut concerned: Vec<String> = people::existing(tx, &cx.organization, &ids)?;
    let known: HashSet<&String> = concerned.iter().collect();
    let nested: Vec<String> = moved.iter().filter(|id| !known.contains(id)).cloned().collect();
    for inner in nested {
        // whoever comes into it at this moment is waited for
        match record_of(tx, cx, Kind::of(cx.types.group), &inner) {
            Err(Error::NotFound(_)) => {}
            other => drop(other?),
        }
        concerned.extend(memberships::all_members(tx, &cx.organization, &inner, usize::MAX >> 1)?);
    }
    see_to(tx, cx, concerned)
}

/// The same after a whole team came or went.
pub(super) fn follow_team(tx: &WriteTx<'_>, cx: &Context, team: &str) -> Result<()> {
    if rows::of_groups(tx, &cx.organization)?.is_empty() {
        return Ok(());
    }
    let concerned = memberships::all_members(tx, &cx.organization, team, usize::MAX >> 1)?;
    see_to(tx, cx, concerned)
}

fn see_to(tx: &WriteTx<'_>, cx: &Context, mut concerned: Vec<String>) -> Result<()> {
    concerned.sort_unstable();
    concerned.dedup();
    match concerned.len() {
        ..=AT_ONCE => concerned.iter().try_for_each(|member| settle(tx, cx, member)),
        _ => Ok(rows::unsettle(tx, &cx.organization, &concerned)?),
    }
}

/// Gives somebody what the mappings of groups give now, and takes the rest of it away.
fn settle(tx: &WriteTx<'_>, cx: &Context, member: &str) -> Result<()> {
    // one at a time decides what somebody has, and sees what the one before left
    match record_of(tx, cx, Kind::of(cx.types.user), member) {
        Err(Error::NotFound(_)) => return Ok(rows::forget_member(tx, &cx.organization, member)?),
        other => drop(other?),
    }
    let teams = memberships::own_teams(tx, &cx.organization, member)?;
    let due = rows::of_groups(tx, &cx.organization)?.into_iter().filter(|(_, group)| teams.contains(group));
    let due: HashSet<String> = due.map(|(mapping, _)| mapping).collect();
    let has = rows::grants_of(tx, &cx.organization, member)?;
    let has =
        has.into_iter().filter(|grant| grant.source == Source::Group).map(|grant| grant.mapping).collect();
    change(tx, cx, member, &has, &due)
}

/// What an identity provider claims of somebody who signs in, as claim and value: what the mappings of claims give follows.
pub async fn claimed(cx: &Arc<Context>, member: &str, claims: Vec<(String, String)>) -> Result<()> {
    let member = member.to_owned();
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        let cx = &job;
        cx.authorize_change(tx, Action::ClaimTake, About::ORGANIZATION)?;
        record_of(tx, cx, Kind::of(cx.types.user), &member)?;
        let all = rows::list(tx, &cx.organization)?;
        let of_claims = all.iter().filter(|it| it.source == Source::Claim);
        let due = of_claims
            .filter(|it| claims.iter().any(|(name, value)| (name, value) == (&it.subject, &it.value)));
        let due: HashSet<String> = due.map(|it| it.id.clone()).collect();
        let has = rows::grants_of(tx, &cx.organization, &member)?;
        let has = has
            .into_iter()
            .filter(|grant| grant.source == Source::Claim)
            .map(|grant| grant.mapping)
            .collect();
        change(tx, cx, &member, &has, &due)
    };
    cx.app.store.write(work).await
}

fn change(
    tx: &WriteTx<'_>,
    cx: &Context,
    member: &str,
    has: &HashSet<String>,
    due: &HashSet<String>,
) -> Result<()> {
    if has == due {
        return Ok(());
    }
    let all = rows::list(tx, &cx.organization)?;
    for mapping in &all {
        match (has.contains(&mapping.id), due.contains(&mapping.id)) {
            (false, true) => rows::grant(tx, &cx.organization, member, mapping)?,
            (true, false) => rows::withdraw(tx, &cx.organization, member, &mapping.id)?,
            _ => continue,
        }
        note_change(tx, cx, mapping, member, due.contains(&mapping.id))?;
    }
    follow_role(tx, cx, member)
}

/// Tells of a role in a team that a mapping gave or took; the user's own event tells of one in the organization.
fn note_change(
    tx: &WriteTx<'_>,
    cx: &Context,
    mapping: &Mapping,
    member: &str,
    is_given: bool,
) -> Result<()> {
    let (Some(team), Some(way)) = (&mapping.team, &mapping.way) else { return Ok(()) };
    let role = way.role.as_str();
    let (before, after) = if is_given { (None, Some(role)) } else { (Some(role), None) };
    let detail = json!({"user": member, "mapping": mapping.id, "role": {"before": before, "after": after}});
    cx.note(tx, &event(EventKind::MemberChanged, cx.types.group, team, detail)).map(drop)
}

/// Gives somebody the role in the organization that holds now.
fn follow_role(tx: &WriteTx<'_>, cx: &Context, member: &str) -> Result<()> {
    users::set_role(tx, cx, member, holding(tx, cx, member)?)
}

/// The role in the organization that holds for somebody: what was decided, and what mappings give.
pub(super) fn holding(tx: &ReadTx<'_>, cx: &Context, member: &str) -> Result<OrganizationRole> {
    let own = people::decided_role(tx, &cx.organization, member)?;
    Ok(mapping::organization_role(own, given(tx, cx, member)?))
}

/// The roles in the organization that mappings give somebody.
pub(super) fn given(tx: &ReadTx<'_>, cx: &Context, member: &str) -> Result<Vec<OrganizationRole>> {
    let grants = rows::grants_of(tx, &cx.organization, member)?;
    Ok(grants.into_iter().filter_map(|grant| grant.organization_role).collect())
}

/// Makes again what mappings give to those for whom it is noted, some at a time.
pub async fn settle_all(cx: &Arc<Context>) -> Result<usize> {
    let mut n_settled = 0;
    loop {
        let now = cx.app.clock.now();
        let job =
            Arc::new(Context { actor: Actor::System, now, once: None, by_scim: false, ..(**cx).clone() });
        let n = cx.app.store.write(move |tx| settle_some(tx, &job)).await?;
        n_settled += n;
        if n < AT_ONCE {
            return Ok(n_settled);
        }
    }
}

fn settle_some(tx: &WriteTx<'_>, cx: &Context) -> Result<usize> {
    let waiting = rows::unsettled(tx, &cx.organization, AT_ONCE)?;
    for member in &waiting {
        match tx.part(|| settle(tx, cx, member)) {
            // the last admin stays one until there is another
            Err(Error::Rule(Refusal::LastAdmin)) => {
                tracing::warn!(user = member, "a mapping does not take the last admin's role away");
            }
            settled => settled?,
        }
        rows::settled(tx, &cx.organization, member)?;
    }
    Ok(waiting.len())
}

/// The same for every organization.
pub async fn keep(app: &Arc<App>) -> Result<usize> {
    let mut n_settled = 0;
    for organization in organizations::list(app).await? {
        n_settled += settle_all(&Context::of_command(app, organization.id).await?).await?;
    }
    Ok(n_settled)
}

/// Whom a mapping would change.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "MappingPreview")]
pub struct Preview {
    /// How many people it would change; those of a claim are known when they sign in.
    pub affected: usize,
    /// The first of them.
    pub people: Vec<Affected>,
}

/// Somebody whom a mapping would change.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AffectedPerson")]
pub struct Affected {
    /// The person's id.
    pub user: String,
    /// The user name.
    pub user_name: String,
    /// The role before, in the organization or in the team; null for none.
    pub before: Option<String>,
    /// The role after.
    pub after: Option<String>,
}

/// Whom a mapping would change if it were made; nothing happens.
pub async fn rehearse_creation(cx: &Arc<Context>, new: NewMapping) -> Result<Preview> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::MappingChange, About::ORGANIZATION)?;
        let mapping = described(tx, &job, &new)?;
        let concerned = match mapping.source {
            Source::Group => memberships::all_members(tx, &job.organization, &mapping.subject, LOOKED_AT)?,
            Source::Claim => Vec::new(),
        };
        preview(tx, &job, &mapping, concerned, true)
    };
    cx.app.store.scan(work).await
}

/// Whom a mapping would change if it were removed; nothing happens.
pub async fn rehearse_removal(cx: &Arc<Context>, id: &str) -> Result<Preview> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::MappingChange, About::ORGANIZATION)?;
        let mapping = find(tx, &job, &id)?;
        check_admins(tx, &job, &mapping)?;
        let concerned = rows::holders(tx, &job.organization, &id, "", LOOKED_AT)?;
        preview(tx, &job, &mapping, concerned, false)
    };
    cx.app.store.scan(work).await
}

fn preview(
    tx: &ReadTx<'_>,
    cx: &Context,
    mapping: &Mapping,
    concerned: Vec<String>,
    comes: bool,
) -> Result<Preview> {
    let mut found = Preview { affected: 0, people: Vec::new() };
    for user in concerned {
        let (before, after) = match &mapping.team {
            Some(team) => in_team(tx, cx, (team, mapping), &user, comes)?,
            None => in_organization(tx, cx, mapping, &user, comes)?,
        };
        if before == after {
            continue;
        }
        found.affected += 1;
        if found.people.len() < NAMED {
            let record = load(tx, cx, Kind::of(cx.types.user), &user)?;
            let user_name = record.resource()?.text("userName").unwrap_or_default().to_owned();
            found.people.push(Affected { user, user_name, before, after });
        }
    }
    Ok(found)
}

type Change = (Option<String>, Option<String>);

fn in_organization(
    tx: &ReadTx<'_>,
    cx: &Context,
    mapping: &Mapping,
    user: &str,
    comes: bool,
) -> Result<Change> {
    let own = people::decided_role(tx, &cx.organization, user)?;
    let grants = rows::grants_of(tx, &cx.organization, user)?;
    let others =
        grants.iter().filter(|grant| grant.mapping != mapping.id).filter_map(|it| it.organization_role);
    let others: Vec<OrganizationRole> = others.collect();
    let without = mapping::organization_role(own, others.iter().copied());
    let with = mapping::organization_role(own, others.into_iter().chain(mapping.organization_role));
    let (before, after) = if comes { (without, with) } else { (with, without) };
    Ok((Some(before.to_string()), Some(after.to_string())))
}

fn in_team(
    tx: &ReadTx<'_>,
    cx: &Context,
    (team, mapping): (&str, &Mapping),
    user: &str,
    comes: bool,
) -> Result<Change> {
    let own = memberships::one(tx, &cx.organization, team, user)?;
    let holder =
        memberships::Holder { organization: &cx.organization, team, connection: None, origin: Origin::Admin };
    let mut ways: Vec<(Way, String)> = Vec::new();
    if let (Some(own), Some((role, _))) = (own, memberships::role(tx, holder, user)?) {
        ways.push((Way { custom: custom(tx, cx, &role)?, role }, own.role_name));
    }
    let all = rows::list(tx, &cx.organization)?;
    let grants = rows::grants_of(tx, &cx.organization, user)?;
    let given = all.iter().filter(|it| it.id != mapping.id && it.team.as_deref() == Some(team));
    let given = given.filter(|it| grants.iter().any(|grant| grant.mapping == it.id));
    ways.extend(given.filter_map(|it| Some((it.way.clone()?, it.role_name.clone()?))));
    let name = |ways: &[(Way, String)]| {
        let best = mapping::strongest(ways.iter().map(|(way, _)| way))?;
        ways.iter().find(|(way, _)| way == best).map(|(_, name)| name.clone())
    };
    let without = name(&ways);
    if let (Some(way), Some(role)) = (&mapping.way, &mapping.role_name) {
        ways.push((Way { custom: custom(tx, cx, &way.role)?, ..way.clone() }, role.clone()));
    }
    let with = name(&ways);
    Ok(if comes { (without, with) } else { (with, without) })
}

fn custom(tx: &ReadTx<'_>, cx: &Context, role: &TeamRole) -> Result<Option<CustomRole>> {
    let TeamRole::Custom(id) = role else { return Ok(None) };
    let record = records::load(tx, Kind::of(cx.types.role), &cx.organization, id)?;
    let resource = record.map(|record| record.resource()).transpose()?;
    Ok(resource.map(|role| CustomRole::of(&role)))
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, id: &str, detail: Value) -> Result<()> {
    cx.note(tx, &Event { kind, resource_type: "Mapping", resource: id.to_owned(), detail }).map(drop)
}

/// Refuses by hand what a mapping would overrule at once: an admin who takes a role shall not believe it is gone.
pub(super) fn check_by_hand(
    tx: &ReadTx<'_>,
    cx: &Context,
    member: &str,
    wanted: OrganizationRole,
) -> Result<()> {
    let given = given(tx, cx, member)?;
    match mapping::organization_role(Some(wanted), given) {
        holds if holds == wanted => Ok(()),
        holds => Err(Refusal::Conflict(format!(
            "a mapping makes this person {holds} of the organization; take them out of its group, or remove the mapping \
             (GET /users/{member}/access tells which)"
        ))
        .into()),
    }
}
