//! Mappings (W-093, W-253): what they give follows who is in their groups, and never touches what somebody decided.

use super::{
    App, Context, Error, Result, authorization::About, event, idempotency::Made, load, record_of, team_roles,
    users,
};
use crate::{
    org::{
        actor::Actor,
        authority::Action,
        event::{Event, EventKind},
        mapping::{self, Source, Way},
        refusal::Refusal,
        role::OrganizationRole,
    },
    scim::text,
    store::{
        ReadTx, WriteTx,
        mappings::{self as rows, Grant, Mapping},
        memberships, organizations as tenants,
        records::Kind,
        seats, users as people,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc};

/// Of so many people what mappings give is made again in the transaction that moves them; of more a moment later.
const AT_ONCE: usize = 50;

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

pub(super) fn find(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<Mapping> {
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
            hold(tx, cx, &mapping.subject)?;
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
pub(super) fn described(tx: &ReadTx<'_>, cx: &Context, new: &NewMapping) -> Result<Mapping> {
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

/// Removes a mapping and takes away what it gave before it answers; refused where it makes the last admin one.
pub async fn remove(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::MappingChange, About::ORGANIZATION)?;
        tenants::hold(tx, &job.organization)?;
        let mapping = find(tx, &job, &id)?;
        check_admins(tx, &job, &mapping)?;
        // first, for whoever gives it at this moment holds it, and what they gave is seen after that
        rows::remove(tx, &job.organization, &id)?;
        rows::unsettle_holders(tx, &job.organization, &id)?;
        record(tx, &job, EventKind::MappingRemoved, &id, json!(Shown::from(&mapping)))
    };
    cx.app.store.write(work).await?;
    settle_all(cx).await.map(drop)
}

/// Holds a team and all teams within it: whoever comes into one of them at this moment is waited for, and sees what is
/// changed here.
fn hold(tx: &WriteTx<'_>, cx: &Context, team: &str) -> Result<()> {
    let mut teams = memberships::nested(tx, &cx.organization, team)?;
    teams.push(team.to_owned());
    teams.sort_unstable();
    for team in teams {
        match record_of(tx, cx, Kind::of(cx.types.group), &team) {
            Err(Error::NotFound(_)) => {}
            held => drop(held?),
        }
    }
    Ok(())
}

/// Whether who is in a team decides what mappings give: it is the group of one, or within such a group.
fn is_source(tx: &ReadTx<'_>, cx: &Context, teams: &[&str]) -> Result<bool> {
    let sources = rows::of_groups(tx, &cx.organization)?;
    if sources.is_empty() {
        return Ok(false);
    }
    for team in teams {
        let around = memberships::own_teams(tx, &cx.organization, team)?;
        if sources.iter().any(|(_, group)| group == team || around.contains(group)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who is in a group that mappings begin with is for admins of the organization and for identity providers: whoever else
/// could add to it could give what they do not have.
pub(super) fn check_source(tx: &WriteTx<'_>, cx: &Context, team: &str) -> Result<()> {
    match is_source(tx, cx, &[team])? {
        true => cx.authorize_change(tx, Action::MappingChange, About::ORGANIZATION).map(drop).map_err(|error| {
            match error {
                Error::Rule(Refusal::Forbidden(_)) => Refusal::Forbidden(
                    "mappings give roles to who is in this team; only an admin of the organization, or its identity \
                     provider, may change that"
                        .to_owned(),
                )
                .into(),
                other => other,
            }
        }),
        false => Ok(()),
    }
}

pub(super) fn check_admins(tx: &ReadTx<'_>, cx: &Context, mapping: &Mapping) -> Result<()> {
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
    if !is_source(tx, cx, &[team])? {
        return Ok(());
    }
    let ids: Vec<&str> = moved.iter().map(String::as_str).collect();
    let mut concerned: Vec<String> = people::existing(tx, &cx.organization, &ids)?;
    let known: HashSet<&String> = concerned.iter().collect();
    let nested: Vec<String> = moved.iter().filter(|id| !known.contains(id)).cloned().collect();
    for inner in nested {
        hold(tx, cx, &inner)?;
        concerned.extend(memberships::all_members(tx, &cx.organization, &inner, usize::MAX >> 1)?);
    }
    see_to(tx, cx, concerned)
}

/// The same after a whole team came or went, which was within these teams.
pub(super) fn follow_team(tx: &WriteTx<'_>, cx: &Context, team: &str, around: &[String]) -> Result<()> {
    let teams: Vec<&str> = around.iter().map(String::as_str).chain([team]).collect();
    if !is_source(tx, cx, &teams)? {
        return Ok(());
    }
    hold(tx, cx, team)?;
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
    change(tx, cx, member, has.into_iter().filter(|it| it.source != Some(Source::Claim)).collect(), &due)
}

/// What an identity provider claims of somebody who signs in, as claim and value: what the mappings of claims give follows.
pub async fn claimed(cx: &Arc<Context>, member: &str, claims: Vec<(String, String)>) -> Result<()> {
    let member = member.to_owned();
    let job = cx.clone();
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::ClaimTake, About::ORGANIZATION)?;
        take_claims(tx, &job, &member, &claims)
    };
    cx.app.store.write(work).await
}

/// The same within a transaction that may.
pub(super) fn take_claims(
    tx: &WriteTx<'_>,
    cx: &Context,
    member: &str,
    claims: &[(String, String)],
) -> Result<()> {
    record_of(tx, cx, Kind::of(cx.types.user), member)?;
    let all = rows::list(tx, &cx.organization)?;
    let of_claims = all.iter().filter(|it| it.source == Source::Claim);
    let due =
        of_claims.filter(|it| claims.iter().any(|(name, value)| (name, value) == (&it.subject, &it.value)));
    let due: HashSet<String> = due.map(|it| it.id.clone()).collect();
    let has = rows::grants_of(tx, &cx.organization, member)?;
    change(tx, cx, member, has.into_iter().filter(|it| it.source == Some(Source::Claim)).collect(), &due)
}

/// Gives what is due and takes the rest away.
fn change(
    tx: &WriteTx<'_>,
    cx: &Context,
    member: &str,
    has: Vec<Grant>,
    due: &HashSet<String>,
) -> Result<()> {
    let mut is_changed = false;
    for grant in has.iter().filter(|grant| !due.contains(&grant.mapping)) {
        rows::withdraw(tx, &cx.organization, member, &grant.mapping)?;
        note_change(tx, cx, member, grant, false)?;
        is_changed = true;
    }
    let new: HashSet<&String> =
        due.iter().filter(|id| has.iter().all(|grant| grant.mapping != **id)).collect();
    for mapping in &new {
        is_changed |= rows::grant(tx, &cx.organization, member, mapping)?;
    }
    if !new.is_empty() {
        for grant in rows::grants_of(tx, &cx.organization, member)? {
            if new.contains(&grant.mapping) {
                note_change(tx, cx, member, &grant, true)?;
            }
        }
    }
    if is_changed { follow_role(tx, cx, member) } else { Ok(()) }
}

/// Tells of a role in a team that a mapping gave or took; the user's own event tells of one in the organization.
fn note_change(tx: &WriteTx<'_>, cx: &Context, member: &str, grant: &Grant, is_given: bool) -> Result<()> {
    let Some(team) = &grant.team else { return Ok(()) };
    let role = Some(grant.role.as_str());
    let (before, after) = if is_given { (None, role) } else { (role, None) };
    let detail =
        json!({"user": member, "mapping": grant.mapping, "role": {"before": before, "after": after}});
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
    Ok(grants.into_iter().filter_map(|grant| grant.organization_role()).collect())
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
            // the last admin stays one until there is another, and what else is to be taken waits with that
            Err(Error::Rule(Refusal::LastAdmin)) => {
                tracing::debug!(user = member, "a mapping would take the last admin's role away");
                continue;
            }
            settled => settled?,
        }
        rows::settled(tx, &cx.organization, member)?;
    }
    Ok(waiting.len())
}

/// The same for every organization where it is noted.
pub async fn keep(app: &Arc<App>) -> Result<usize> {
    let mut n_settled = 0;
    for organization in app.store.read(|tx| Ok::<_, Error>(rows::waiting(tx)?)).await? {
        let cx = Context::of_command(app, organization).await?;
        match settle_all(&cx).await {
            Ok(n) => n_settled += n,
            // the others are not to wait for it
            Err(error) => {
                tracing::warn!(error = ?error, organization = cx.organization, "grants wait to be made again")
            }
        }
    }
    Ok(n_settled)
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
