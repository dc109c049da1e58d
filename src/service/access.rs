//! Why somebody has the access they have: a chain from where it came to what it is.

use super::{Context, Error, Result, authorization::About, load};
use crate::{
    org::{authority::Action, mapping::Source, role::OrganizationRole, standing::Standing},
    store::{
        ReadTx, connections,
        mappings::{self, Mapping},
        memberships,
        records::Kind,
        users,
    },
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// What somebody has, and why.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// The person's id.
    pub user: String,
    /// Whether the person may sign in at all.
    pub active: bool,
    /// The seat, which bounds every role.
    pub seat: String,
    /// The role in the organization that holds.
    pub organization_role: String,
    /// Where it comes from; of several the strongest holds.
    pub because: Vec<Reason>,
    /// The teams.
    pub teams: Vec<TeamAccess>,
}

/// What somebody has in a team, and why.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct TeamAccess {
    /// The team's id.
    pub id: String,
    /// The team's name.
    pub name: String,
    /// The name of the role that holds.
    pub role: String,
    /// Where it comes from; of several the strongest holds.
    pub because: Vec<Reason>,
}

/// One way by which somebody has a role.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// `default` (what everybody begins as), `decision` (somebody decided it), `membership`, `mapping`, or `team` (a team that
    /// the person is in is in that team).
    pub kind: &'static str,
    /// The name of the role that it gives.
    pub role: String,
    /// The links of the chain, from where it began.
    pub chain: Vec<Link>,
}

/// A link of a chain.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "AccessLink")]
pub struct Link {
    /// `connection`, `group`, `claim`, `mapping`, `team` or `origin`.
    pub kind: &'static str,
    /// The id; for an origin the word, for a claim its name.
    pub id: String,
    /// What it is called; for a claim its value.
    pub name: String,
}

/// What somebody has, and why.
pub async fn read(cx: &Arc<Context>, id: &str) -> Result<Access> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::UserRead, About::user(&id))?;
        access(tx, &job, &id)
    };
    cx.app.store.read(work).await
}

fn access(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<Access> {
    let person = load(tx, cx, Kind::of(cx.types.user), id)?.resource()?;
    let stands = Standing::of(&person);
    let grants = mappings::grants_of(tx, &cx.organization, id)?;
    let all = mappings::list(tx, &cx.organization)?;
    let given: Vec<&Mapping> =
        all.iter().filter(|it| grants.iter().any(|grant| grant.mapping == it.id)).collect();
    let mut because: Vec<Reason> = Vec::new();
    match users::decided_role(tx, &cx.organization, id)? {
        Some(role) => {
            because.push(Reason { kind: "decision", role: role.to_string(), chain: Vec::new() });
        }
        None if given.iter().all(|it| it.organization_role.is_none()) => {
            let role = OrganizationRole::Member.to_string();
            because.push(Reason { kind: "default", role, chain: Vec::new() });
        }
        None => {}
    }
    because.extend(given.iter().filter_map(|it| Some(of_mapping(it, it.organization_role?.to_string()))));
    let mut teams = Vec::new();
    let places = memberships::teams_of(tx, &cx.organization, &[id])?.remove(id).unwrap_or_default();
    let names: BTreeMap<&str, &str> =
        places.iter().map(|place| (place.id.as_str(), place.display.as_str())).collect();
    for place in &places {
        let mut because = own(tx, cx, &place.id, id)?;
        let into = given.iter().filter(|it| it.team.as_ref() == Some(&place.id));
        because.extend(into.map(|it| of_mapping(it, it.role_name.clone().unwrap_or_default())));
        for (inner, name) in &names {
            let holder = memberships::Holder {
                organization: &cx.organization,
                team: &place.id,
                connection: None,
                origin: crate::org::role::Origin::Scim,
            };
            if *inner != place.id && memberships::is_member(tx, holder, inner)? {
                let link = Link { kind: "team", id: (*inner).to_owned(), name: (*name).to_owned() };
                because.push(Reason { kind: "team", role: place.role_name.clone(), chain: vec![link] });
            }
        }
        let (id, name, role) = (place.id.clone(), place.display.clone(), place.role_name.clone());
        teams.push(TeamAccess { id, name, role, because });
    }
    Ok(Access {
        user: id.to_owned(),
        active: stands.active,
        seat: stands.seat.to_string(),
        organization_role: stands.role.to_string(),
        because,
        teams,
    })
}

/// Why somebody is a member of a team.
fn own(tx: &ReadTx<'_>, cx: &Context, team: &str, id: &str) -> Result<Vec<Reason>> {
    let Some(own) = memberships::one(tx, &cx.organization, team, id)? else { return Ok(Vec::new()) };
    let origin = own.origin.to_string();
    let mut chain = vec![Link { kind: "origin", id: origin.clone(), name: origin }];
    if let Some(connection) = own.connection {
        let name = connections::name(tx, &cx.organization, &connection)?.unwrap_or_default();
        chain.insert(0, Link { kind: "connection", id: connection, name });
    }
    Ok::<_, Error>(vec![Reason { kind: "membership", role: own.role_name, chain }])
}

fn of_mapping(mapping: &Mapping, role: String) -> Reason {
    let from = match mapping.source {
        Source::Group => Link {
            kind: "group",
            id: mapping.subject.clone(),
            name: mapping.group_name.clone().unwrap_or_default(),
        },
        Source::Claim => Link { kind: "claim", id: mapping.subject.clone(), name: mapping.value.clone() },
    };
    let word = Link { kind: "mapping", id: mapping.id.clone(), name: role.clone() };
    Reason { kind: "mapping", role, chain: vec![from, word] }
}
