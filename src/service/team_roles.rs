//! Roles in teams: who has which, as SCIM's `teamRoles` and groups' `defaultRole` name them.

use super::{Context, Error, Result, event, load, mappings, people::holders_of, record_of};
use crate::{
    org::{
        connection::Deed,
        event::EventKind,
        refusal::{Refusal, unknown},
        role::{Origin, TeamRole},
        scim_view::TeamRef,
        standing::{NamedTeamRole, Standing, check_team_role},
        team::MemberType,
    },
    scim::{Quirk, Quirks, spelling::Teams, text},
    store::{
        ReadTx, WriteTx,
        memberships::{self, Holder},
        records::{self, Kind},
        roles, teams, users,
    },
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A user whose team roles are assigned.
#[derive(Clone, Copy)]
pub(super) struct Assignee<'a> {
    /// The user's id.
    pub(super) user: &'a str,
    /// Where the user stands in the organization.
    pub(super) standing: Standing,
    /// The teams the user belongs to.
    pub(super) teams: &'a [TeamRef],
}

/// What an assignment may do beside changing roles.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reach {
    /// Teams that are named and that the user does not belong to are joined; else they are refused.
    pub(super) joins: bool,
    /// Teams that are not named are left; else they stay as they are.
    pub(super) leaves: bool,
    /// The whole user was sent: a forgiving connection may name teams that nobody knows, and what is repeated is no decision.
    pub(super) whole: bool,
    /// The role in the organization is named by itself, so that it is decided even where it holds already.
    pub(super) names_role: bool,
}

/// Gives a user these roles in teams (W-233): what is named changes, and nothing else but as far as `reach` says. Whether
/// anything changed.
pub(super) fn assign(
    tx: &WriteTx<'_>,
    cx: &Context,
    to: Assignee<'_>,
    asked: &[NamedTeamRole],
    reach: Reach,
) -> Result<bool> {
    // a team may be named twice, by its name and a former one: the last word counts
    let mut wanted = BTreeMap::new();
    for named in asked {
        wanted.insert(find(tx, cx, &named.team)?, resolve(tx, cx, &named.role)?);
    }
    let mut is_changed = false;
    for (team, role) in &wanted {
        is_changed |= assign_one(tx, cx, to, (team, role), reach)?;
    }
    if reach.leaves {
        for team in to.teams.iter().filter(|team| team.direct && !wanted.contains_key(&team.id)) {
            is_changed |= leave(tx, cx, to.user, &team.id)?;
        }
    }
    Ok(is_changed)
}

fn assign_one(
    tx: &WriteTx<'_>,
    cx: &Context,
    to: Assignee<'_>,
    (team, role): (&str, &TeamRole),
    reach: Reach,
) -> Result<bool> {
    let refuse = |detail: &str| Err(Refusal::Invalid(format!("teamRoles: {detail}")).into());
    match to.teams.iter().find(|it| it.id == team) {
        Some(held) if held.role == role.as_str() && (reach.whole || !held.given) => Ok(false),
        Some(held) if held.direct => {
            if role_of(tx, cx, team, to.user)?.as_ref() == Some(role) {
                return Ok(false);
            }
            if cx.by_scim {
                cx.check_entry(tx, to.user)?;
            }
            change(tx, cx, to, team, role)?;
            Ok(true)
        }
        // whom a mapping alone put there becomes a member, too
        Some(held) if held.given => join(tx, cx, to, (team, role), origin(cx)),
        Some(held) => refuse(&format!(
            "the user belongs to {} through another team; make the user a member to give a role",
            text::shown(&held.display)
        )),
        None if reach.joins => {
            // somebody else may have been faster
            Ok(join(tx, cx, to, (team, role), origin(cx))? || give(tx, cx, team, to.user, role)?)
        }
        None => refuse("the user does not belong to this team; an add makes the user a member"),
    }
}

/// Those of the roles whose team there is, where a forgiving connection creates somebody: a team may come later, as a
/// group's members may.
pub(super) fn known(
    tx: &ReadTx<'_>,
    cx: &Context,
    asked: &[NamedTeamRole],
    quirks: &mut Quirks,
) -> Result<Vec<NamedTeamRole>> {
    let mut known = Vec::new();
    for named in asked {
        let found = teams::by_name(tx, &cx.organization, &text::fold(&named.team))?;
        if found.is_some() || !quirks.allow(Quirk::UnknownMembers) {
            known.push(named.clone());
        }
    }
    Ok(known)
}

/// The role of that name: a predefined one in any case, a custom one as it is spelled (W-136).
pub(super) fn resolve(tx: &ReadTx<'_>, cx: &Context, name: &str) -> Result<TeamRole> {
    if let Some(role) = TeamRole::predefined(name) {
        return Ok(role);
    }
    if let Some(id) = roles::named_exactly(tx, &cx.organization, name)? {
        return Ok(TeamRole::Custom(id));
    }
    let custom = roles::names(tx, &cx.organization)?;
    let known = ["admin", "member", "viewer"].into_iter().chain(custom.iter().map(String::as_str));
    Err(unknown("role", name, known).into())
}

/// The id of the team of that name; case does not count.
pub(super) fn find(tx: &ReadTx<'_>, cx: &Context, name: &str) -> Result<String> {
    match teams::by_name(tx, &cx.organization, &text::fold(name))? {
        Some(id) => Ok(id),
        None => {
            let known = teams::names(tx, &cx.organization)?;
            Err(unknown("team", name, known.iter().map(String::as_str)).into())
        }
    }
}

/// The id of the live team that an id or a name, also a former one, names.
pub(super) fn find_team(tx: &ReadTx<'_>, cx: &Context, name: &str) -> Result<String> {
    match records::load(tx, Kind::of(cx.types.group), &cx.organization, name)? {
        Some(team) => Ok(team.id),
        None => find(tx, cx, name),
    }
}

/// The id of the user whom an id, user name, handle or e-mail address names (W-003), if it names exactly one.
pub(super) fn find_user(tx: &ReadTx<'_>, cx: &Context, login: &str) -> Result<String> {
    if records::load(tx, Kind::of(cx.types.user), &cx.organization, login)?.is_some() {
        return Ok(login.to_owned());
    }
    let mut found = holders_of(tx, cx, login)?;
    match (found.pop(), found.len()) {
        (Some(id), 0) => Ok(id),
        (Some(_), others) => {
            let shown = text::shown(login);
            let detail = format!("user: expected one person, found {} by {shown}; use the id", others + 1);
            Err(Refusal::Invalid(detail).into())
        }
        (None, _) => Err(unknown("user", login, []).into()),
    }
}

/// A person's own role in a team; `None` for who is no member.
pub(super) fn role_of(tx: &ReadTx<'_>, cx: &Context, team: &str, user: &str) -> Result<Option<TeamRole>> {
    Ok(memberships::role(tx, holder(cx, team), user)?.map(|(role, _)| role))
}

/// Makes a user a member with a role; says whether they were none before.
pub(super) fn add(tx: &WriteTx<'_>, cx: &Context, team: &str, user: &str, role: &TeamRole) -> Result<bool> {
    if users::existing(tx, &cx.organization, &[user])?.is_empty() {
        return Err(unknown("user", user, []).into());
    }
    join(tx, cx, assignee(tx, cx, user)?, (team, role), origin(cx))
}

/// Gives a member another role; whether it is another.
pub(super) fn give(tx: &WriteTx<'_>, cx: &Context, team: &str, user: &str, role: &TeamRole) -> Result<bool> {
    let before = role_of(tx, cx, team, user)?.ok_or(Error::NotFound("member"))?;
    if before == *role {
        return Ok(false);
    }
    change(tx, cx, assignee(tx, cx, user)?, team, role)?;
    Ok(true)
}

fn assignee<'a>(tx: &ReadTx<'_>, cx: &Context, user: &'a str) -> Result<Assignee<'a>> {
    let record = load(tx, cx, Kind::of(cx.types.user), user)?;
    Ok(Assignee { user, standing: Standing::of(&record.resource()?), teams: &[] })
}

fn change(tx: &WriteTx<'_>, cx: &Context, to: Assignee<'_>, team: &str, role: &TeamRole) -> Result<()> {
    check_team_role(to.standing, role)?;
    let holder = holder(cx, team);
    let before = memberships::role(tx, holder, to.user)?.map(|(role, _)| role);
    memberships::set_role(tx, holder, to.user, role)?;
    let before = before.as_ref().map(TeamRole::as_str);
    let detail = json!({"user": to.user, "role": {"before": before, "after": role.as_str()}});
    cx.record(tx, &event(EventKind::MemberChanged, cx.types.group, team, detail))
}

/// Makes a user a member; whether they were none before. A member keeps the role.
pub(super) fn join(
    tx: &WriteTx<'_>,
    cx: &Context,
    to: Assignee<'_>,
    (team, role): (&str, &TeamRole),
    origin: Origin,
) -> Result<bool> {
    check_team_role(to.standing, role)?;
    let comes = come(tx, cx, to.user, team, origin)?;
    if comes {
        memberships::set_role(tx, Holder { origin, ..holder(cx, team) }, to.user, role)?;
        came(tx, cx, to.user, team, json!({"joined": [to.user], "role": role.as_str()}))?;
    }
    Ok(comes)
}

/// Makes somebody new a member of teams, with the role that each of them gives those who come (W-224); one of them may be
/// the default team.
pub(super) fn enter(tx: &WriteTx<'_>, cx: &Context, to: Assignee<'_>, teams: &Teams) -> Result<()> {
    if teams.names.is_empty() {
        return Ok(());
    }
    cx.allow(Deed::Groups)?;
    let mut found = BTreeMap::new();
    for name in &teams.names {
        found.insert(find(tx, cx, name)?, teams.default.as_ref() == Some(name));
    }
    for (team, is_default) in found {
        if come(tx, cx, to.user, &team, origin(cx))? {
            came(tx, cx, to.user, &team, json!({"joined": [to.user]}))?;
        }
        if is_default {
            users::set_team(tx, &cx.organization, to.user, Some(&team))?;
        }
    }
    Ok(())
}

/// Takes the teams that somebody new comes into, by roles and by names, in the order in which everybody takes teams.
pub(super) fn hold_all(tx: &WriteTx<'_>, cx: &Context, asked: &[NamedTeamRole], teams: &Teams) -> Result<()> {
    if asked.is_empty() || teams.names.is_empty() {
        return Ok(());
    }
    let names = asked.iter().map(|named| &named.team).chain(&teams.names);
    let ids: BTreeSet<String> = names.map(|name| find(tx, cx, name)).collect::<Result<_>>()?;
    ids.iter().try_for_each(|id| record_of(tx, cx, Kind::of(cx.types.group), id).map(drop))
}

/// A membership with the team's default role; whether there was none before.
fn come(tx: &WriteTx<'_>, cx: &Context, user: &str, team: &str, origin: Origin) -> Result<bool> {
    cx.check_entry(tx, user)?;
    // the team first, as everybody takes it who changes its members
    record_of(tx, cx, Kind::of(cx.types.group), team)?;
    let holder = Holder { origin, ..holder(cx, team) };
    Ok(!memberships::add(tx, holder, MemberType::User, &[user], cx.now)?.is_empty())
}

/// What follows when somebody became a member.
fn came(tx: &WriteTx<'_>, cx: &Context, user: &str, team: &str, detail: Value) -> Result<()> {
    teams::gain_member(tx, &cx.organization, team, cx.now)?;
    cx.record(tx, &event(EventKind::TeamChanged, cx.types.group, team, detail))?;
    mappings::follow(tx, cx, team, &[user.to_owned()])
}

/// Ends a membership; whether there was one.
pub(super) fn leave(tx: &WriteTx<'_>, cx: &Context, member: &str, team: &str) -> Result<bool> {
    record_of(tx, cx, Kind::of(cx.types.group), team)?;
    if memberships::remove(tx, holder(cx, team), &[member])?.is_empty() {
        return Ok(false);
    }
    teams::lose_member(tx, &cx.organization, team, cx.now)?;
    cx.record(tx, &event(EventKind::TeamChanged, cx.types.group, team, json!({"left": [member]})))?;
    mappings::follow(tx, cx, team, &[member.to_owned()])?;
    Ok(true)
}

fn holder<'a>(cx: &'a Context, team: &'a str) -> Holder<'a> {
    Holder { organization: &cx.organization, team, connection: cx.actor.connection(), origin: origin(cx) }
}

/// What decides a membership that the actor makes.
fn origin(cx: &Context) -> Origin {
    if cx.actor.connection().is_some() { Origin::Scim } else { Origin::Admin }
}
