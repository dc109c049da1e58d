//! Decisions for the product behind: who shows this, what may they do in this team, and who is credited.

use super::{
    Context, Error, Result,
    authorization::About,
    keys,
    people::{Known, holders_of, known_by},
    sessions,
};
use crate::{
    org::{
        actor::{Actor, ActorType},
        authority::Action,
        custom_role::CustomRole,
        decision::{Named, Place},
        key::is_key,
        permission::{self, Base, Granted},
        refusal::unknown,
        role::TeamRole,
        scim_view::TeamRef,
        standing::Standing,
    },
    scim::text,
    store::{
        ReadTx, memberships,
        records::{self, Kind},
        teams, users as rows,
    },
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::{collections::BTreeSet, sync::Arc};

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// What was shown to the product: a key, or what the cookie of a session holds.
    pub credential: SecretString,
    /// The team's id or name; the default team without one.
    pub team: Option<String>,
    /// What is about to be done, such as `run:stop`; without it only the permissions are told.
    pub permission: Option<String>,
    /// The user name or handle that a service account works for.
    pub username: Option<String>,
    /// The e-mail address that a service account works for.
    pub email: Option<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// Whether it may be done; false where no permission was asked about and none is there.
    pub allowed: bool,
    /// Why, in a sentence.
    pub why: String,
    /// The steps that led there, the furthest first: connection, team, role, permission.
    pub chain: Vec<Link>,
    /// Whom the credential speaks for.
    pub actor: Option<Credited>,
    /// The team.
    pub team: Option<Link>,
    /// The name of the role there.
    pub role: Option<String>,
    /// What may be done there, all in all.
    pub permissions: BTreeSet<&'static str>,
    /// Whose it is what is made.
    pub credit: Option<Credited>,
    /// Why the person who was named is not credited, where one was and is not.
    pub warning: Option<String>,
}

/// A step on the way to a decision.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Link {
    /// What it is: `connection`, `team`, `role`, `seat` or `permission`.
    pub kind: &'static str,
    /// Its id, or its word.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Somebody who is credited.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Credited {
    /// A person or a service account.
    #[serde(rename = "type")]
    pub actor_type: ActorType,
    /// Who it is.
    #[serde(flatten)]
    pub who: Known,
}

impl Decision {
    fn refused(why: String) -> Self {
        Self {
            allowed: false,
            why,
            chain: Vec::new(),
            actor: None,
            team: None,
            role: None,
            permissions: BTreeSet::new(),
            credit: None,
            warning: None,
        }
    }
}

/// Answers whether whoever shows a credential may do something in a team.
pub async fn decide(cx: &Arc<Context>, question: Question) -> Result<Decision> {
    if let Some(name) = &question.permission {
        permission::named(name)?;
    }
    let shown = question.credential.expose_secret();
    let shown = match is_key(shown) {
        true => keys::authenticate(&cx.app, shown).await,
        false => sessions::authenticate(&cx.app, shown, "").await,
    };
    let principal = match shown {
        Ok(principal) if principal.organization == cx.organization => principal,
        Ok(_) | Err(Error::Unauthorized) => {
            // whether others' credentials are known is nobody's business
            let why = "the credential is unknown, expired or revoked, or its owner is deactivated";
            return Ok(Decision::refused(why.to_owned()));
        }
        Err(other) => return Err(other),
    };
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let actor = &principal.actor;
        job.authorize(tx, Action::DecisionMake, About::user(actor.id()))?;
        Asked { tx, cx: &job, question: &question, actor }.decide()
    };
    cx.app.store.read(work).await
}

/// A question whose credential is known.
struct Asked<'a> {
    tx: &'a ReadTx<'a>,
    cx: &'a Context,
    question: &'a Question,
    actor: &'a Actor,
}

/// A role in a team, and how somebody came to it.
struct Held {
    team: Link,
    role: Link,
    chain: Vec<Link>,
    permissions: BTreeSet<&'static str>,
}

impl Asked<'_> {
    fn decide(&self) -> Result<Decision> {
        let own = self.credited(self.actor.id())?;
        let Some((team, name)) = self.team()? else {
            let why = "no team was named, and there is no default team".to_owned();
            return Ok(Decision { actor: Some(own), ..Decision::refused(why) });
        };
        let link = Link { kind: "team", id: team.clone(), name: name.clone() };
        let (credit, warning) = self.credit(&team)?;
        let Some(held) = self.held(link.clone())? else {
            let why = format!("{} does not belong to the team {}", own.who.name, text::shown(&name));
            let refused = Decision::refused(why);
            return Ok(Decision {
                actor: Some(own),
                team: Some(link),
                credit: Some(credit),
                warning,
                ..refused
            });
        };
        let (allowed, why) = self.verdict(&own, &held);
        let mut chain = held.chain;
        if let Some(permission) = self.question.permission.as_ref().filter(|_| allowed) {
            chain.push(Link { kind: "permission", id: permission.clone(), name: permission.clone() });
        }
        Ok(Decision {
            allowed,
            why,
            chain,
            actor: Some(own),
            team: Some(held.team),
            role: Some(held.role.name),
            permissions: held.permissions,
            credit: Some(credit),
            warning,
        })
    }

    fn verdict(&self, own: &Credited, held: &Held) -> (bool, String) {
        let (who, role, team) = (&own.who.name, &held.role.name, &held.team.name);
        match self.question.permission.as_deref() {
            None => (!held.permissions.is_empty(), format!("{who} is {role} in {team}")),
            Some(asked) if held.permissions.contains(asked) => {
                (true, format!("{who} is {role} in {team}, which gives {asked}"))
            }
            Some(asked) => (
                false,
                format!(
                    "{who} is {role} in {team}, which with the seat and the organization role does not give {asked}"
                ),
            ),
        }
    }

    /// The team that is meant: its id and name.
    fn team(&self) -> Result<Option<(String, String)>> {
        let (tx, organization) = (self.tx, &self.cx.organization);
        let kind = Kind::of(self.cx.types.group);
        let id = match (&self.question.team, self.actor) {
            (Some(team), _) => Some(self.team_named(team)?),
            (None, Actor::ServiceAccount { team: Some(team), .. }) => Some(team.clone()),
            (None, actor) => {
                let cards = rows::cards(tx, organization, &[actor.id()])?;
                cards.get(actor.id()).and_then(|card| card.team.clone())
            }
        };
        let Some(id) = id else { return Ok(None) };
        Ok(records::load(tx, kind, organization, &id)?.map(|team| {
            let name = team.resource().ok().and_then(|it| it.text("displayName").map(str::to_owned));
            (id, name.unwrap_or_default())
        }))
    }

    /// The id of the team of that id or name, if whoever asks may see it. What names are near is told to those who see all.
    fn team_named(&self, name: &str) -> Result<String> {
        let (tx, cx) = (self.tx, self.cx);
        let found = match records::load(tx, Kind::of(cx.types.group), &cx.organization, name)? {
            Some(found) => Some(found.id),
            None => teams::by_name(tx, &cx.organization, &text::fold(name))?,
        };
        if let Some(id) = found {
            let oneself = cx.actor.id();
            let own = memberships::teams_of(tx, &cx.organization, &[oneself])?.remove(oneself);
            let belongs = own.into_iter().flatten().any(|team| team.id == id);
            if belongs || cx.authorize(tx, Action::TeamRead, About::team(&id)).is_ok() {
                return Ok(id);
            }
        }
        let near = match cx.authorize(tx, Action::UserRead, About::ORGANIZATION) {
            Ok(_) => teams::names(tx, &cx.organization)?,
            Err(_) => Vec::new(),
        };
        Err(unknown("team", name, near.iter().map(String::as_str)).into())
    }

    /// The actor's role in the team, if there is one.
    fn held(&self, team: Link) -> Result<Option<Held>> {
        match self.actor {
            Actor::Person { id, .. } => self.held_by_person(id, team),
            Actor::ServiceAccount { team: own, .. } => {
                if own.as_ref().is_some_and(|own| *own != team.id) {
                    return Ok(None);
                }
                let role = Link { kind: "role", id: "service".to_owned(), name: "service".to_owned() };
                let chain = vec![team.clone(), role.clone()];
                Ok(Some(Held { team, role, chain, permissions: Place::SERVICE.permissions() }))
            }
            _ => Ok(None),
        }
    }

    fn held_by_person(&self, id: &str, team: Link) -> Result<Option<Held>> {
        let (tx, organization) = (self.tx, &self.cx.organization);
        let all = memberships::teams_of(tx, organization, &[id])?.remove(id).unwrap_or_default();
        let Some(own) = all.into_iter().find(|it| it.id == team.id) else { return Ok(None) };
        let record = super::load(tx, self.cx, Kind::of(self.cx.types.user), id)?;
        let standing = Standing::of(&record.resource()?);
        let custom = self.custom_role(&own)?;
        let role = match (own.role.parse::<TeamRole>(), &custom) {
            (_, Some(custom)) => Granted::Custom(custom),
            (Ok(TeamRole::Admin), None) => Granted::Admin,
            (Ok(TeamRole::Viewer), None) => Granted::Base(Base::Viewer),
            _ => Granted::Base(Base::Member),
        };
        let place = Place { role, organization_role: standing.role, seat: standing.seat };
        let word = Link { kind: "role", id: own.role.clone(), name: own.role_name.clone() };
        let mut chain = Vec::new();
        let membership = memberships::one(tx, organization, &team.id, id)?;
        if let Some(connection) = membership.and_then(|it| it.connection) {
            let name = crate::store::connections::name(tx, organization, &connection)?;
            chain.push(Link { kind: "connection", name: name.unwrap_or_default(), id: connection });
        }
        let seat = standing.seat.as_str();
        let seat = Link { kind: "seat", id: seat.to_owned(), name: seat.to_owned() };
        chain.extend([team.clone(), word.clone(), seat]);
        Ok(Some(Held { team, role: word, chain, permissions: place.permissions() }))
    }

    fn custom_role(&self, team: &TeamRef) -> Result<Option<CustomRole>> {
        let Ok(TeamRole::Custom(id)) = team.role.parse() else { return Ok(None) };
        let record = records::load(self.tx, Kind::of(self.cx.types.role), &self.cx.organization, &id)?;
        Ok(record.map(|record| record.resource()).transpose()?.map(|role| CustomRole::of(&role)))
    }

    /// Whom to credit (W-146 to W-149), and why not the one who was named.
    fn credit(&self, team: &str) -> Result<(Credited, Option<String>)> {
        let own = self.credited(self.actor.id())?;
        let holders = |login: &Option<String>| {
            login.as_ref().map(|login| holders_of(self.tx, self.cx, login)).transpose()
        };
        let (name, email) = (holders(&self.question.username)?, holders(&self.question.email)?);
        let named = Named::of(name.as_deref(), email.as_deref());
        let warning = match (&named, self.actor) {
            (Named::Nobody, _) => return Ok((own, None)),
            (Named::One(id), Actor::Person { id: own_id, .. }) if id == own_id => return Ok((own, None)),
            (_, Actor::Person { .. }) => {
                "people are credited themselves; only service accounts work for others"
            }
            (Named::Two, _) => "the user name and the address belong to two people",
            (Named::Unknown, _) => "nobody, or not one person alone, has the user name or address",
            (Named::One(id), Actor::ServiceAccount { team: parent, .. }) => {
                let parent = parent.as_deref().unwrap_or(team);
                let teams = memberships::teams_of(self.tx, &self.cx.organization, &[id])?;
                if teams.get(id).is_some_and(|teams| teams.iter().any(|team| team.id == parent)) {
                    return Ok((self.credited(id)?, None));
                }
                "the person does not belong to the service account's team"
            }
            _ => "only service accounts work for others",
        };
        Ok((own, Some(warning.to_owned())))
    }

    fn credited(&self, id: &str) -> Result<Credited> {
        let is_account = matches!(self.actor, Actor::ServiceAccount { id: own, .. } if own == id);
        let actor_type = if is_account { ActorType::ServiceAccount } else { ActorType::Person };
        Ok(Credited { actor_type, who: known_by(self.tx, self.cx, id)? })
    }
}
