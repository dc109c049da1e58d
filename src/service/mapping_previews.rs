//! Whom a mapping would change, told before it is made or removed.

use super::{
    Context, Result,
    authorization::About,
    load,
    mappings::{NewMapping, check_admins, described, find},
};
use crate::{
    org::{
        authority::Action,
        custom_role::CustomRole,
        mapping::{self, Source, Way},
        role::{OrganizationRole, Origin, TeamRole},
    },
    store::{
        ReadTx,
        mappings::{self as rows, Grant, Mapping},
        memberships,
        records::{self, Kind},
        users as people,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;

/// How many people a preview names, and looks at.
const NAMED: usize = 100;
const LOOKED_AT: usize = 100_000;

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
        let (without, with) = match &mapping.team {
            Some(team) => in_team(tx, cx, (team, mapping), &user)?,
            None => in_organization(tx, cx, mapping, &user)?,
        };
        let (before, after) = if comes { (without, with) } else { (with, without) };
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

/// A role without the mapping, and with it.
type Roles = (Option<String>, Option<String>);

fn in_organization(tx: &ReadTx<'_>, cx: &Context, mapping: &Mapping, user: &str) -> Result<Roles> {
    let own = people::decided_role(tx, &cx.organization, user)?;
    let grants = rows::grants_of(tx, &cx.organization, user)?;
    let others =
        grants.iter().filter(|grant| grant.mapping != mapping.id).filter_map(Grant::organization_role);
    let others: Vec<OrganizationRole> = others.collect();
    let without = mapping::organization_role(own, others.iter().copied());
    let with = mapping::organization_role(own, others.into_iter().chain(mapping.organization_role));
    Ok((Some(without.to_string()), Some(with.to_string())))
}

fn in_team(tx: &ReadTx<'_>, cx: &Context, (team, mapping): (&str, &Mapping), user: &str) -> Result<Roles> {
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
    Ok((without, with))
}

fn custom(tx: &ReadTx<'_>, cx: &Context, role: &TeamRole) -> Result<Option<CustomRole>> {
    let TeamRole::Custom(id) = role else { return Ok(None) };
    let record = records::load(tx, Kind::of(cx.types.role), &cx.organization, id)?;
    let resource = record.map(|record| record.resource()).transpose()?;
    Ok(resource.map(|role| CustomRole::of(&role)))
}
