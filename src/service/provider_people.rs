//! Who somebody is here who proved elsewhere who they are: somebody known from there, somebody with their address, whoever was
//! invited, or a new member (W-075 to W-081); and what follows from what the provider says of them (W-090, W-091).

use super::{
    Context, Error, Result, event, load, mappings, people, provider_sign_in::NotIn, providers::Known,
    team_roles, users,
};
use crate::{
    org::{
        connection::Adoption,
        event::EventKind,
        provider::{Presented, Unwelcome},
        refusal::Refusal,
        role::{OrganizationRole, Origin, TeamRole},
        settings::Settings,
        standing::{Source, Standing},
    },
    scim::{Quirks, Resource, projection::Projection, text, urn},
    store::{
        ReadTx, WriteTx, attributes,
        identities::{self as rows, Identity, IdentityState},
        invites as waiting, memberships, organizations as tenants,
        records::{self, Kind},
    },
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Who somebody is here.
pub(super) enum Person {
    /// The person of this id.
    Known(String),
    /// An admin is to say.
    Asked,
}

/// Finds the person whom a provider presents, or makes them where the rules let it.
pub(super) fn person_of(
    tx: &WriteTx<'_>,
    cx: &Context,
    (provider, who): (&Known, &Presented),
    settings: &Settings,
    quirks: &mut Quirks,
) -> Result<Person, NotIn> {
    let rules = &provider.settings.rules;
    let elsewhere = (provider.id.as_str(), who.subject.as_str());
    rules.admit(who)?;
    if let Some(person) = decided(tx, cx, elsewhere, rules.adoption)? {
        return Ok(person);
    }
    let address = who.address()?;
    // one at a time comes in who was not here, and sees whom the one before made
    tenants::hold(tx, &cx.organization)?;
    if let Some(person) = decided(tx, cx, elsewhere, rules.adoption)? {
        return Ok(person);
    }
    // what was asked under another rule is found out anew
    rows::forget(tx, &cx.organization, elsewhere)?;
    if let Some(person) = holder_of(tx, cx, address)? {
        let own = rows::of_person(tx, &cx.organization, &person)?;
        if own.iter().any(|it| it.provider == provider.id && it.state == IdentityState::Linked) {
            return Err(Unwelcome::Another.into());
        }
        return match rules.adoption {
            Adoption::Link => {
                link(tx, cx, (provider, who), &person, IdentityState::Linked)?;
                Ok(Person::Known(person))
            }
            Adoption::Queue => {
                link(tx, cx, (provider, who), &person, IdentityState::Asked)?;
                Ok(Person::Asked)
            }
            Adoption::Refuse => Err(Unwelcome::NotLinked.into()),
        };
    }
    let is_invited = waiting::pending(tx, &cx.organization, &text::fold(address))?
        .is_some_and(|invite| invite.check(cx.now).is_ok());
    if !settings.sso_provisioning && !is_invited {
        return Err(Unwelcome::Unknown.into());
    }
    let person = provision(tx, cx, (provider, who), address, quirks)?;
    link(tx, cx, (provider, who), &person, IdentityState::Linked)?;
    Ok(Person::Known(person))
}

/// What is known of whom a provider calls somebody; nothing where it is to be found out.
fn decided(
    tx: &WriteTx<'_>,
    cx: &Context,
    elsewhere: (&str, &str),
    adoption: Adoption,
) -> Result<Option<Person>, NotIn> {
    match rows::known(tx, &cx.organization, elsewhere)? {
        Some((person, IdentityState::Linked)) => {
            // an admin may be deciding otherwise at this moment
            match rows::note_use(tx, &cx.organization, elsewhere, cx.now)? {
                true => Ok(Some(Person::Known(person))),
                false => Err(Unwelcome::NotLinked.into()),
            }
        }
        // the rule is another by now, and decides anew
        Some((_, IdentityState::Asked)) if adoption == Adoption::Link => Ok(None),
        Some((_, IdentityState::Asked)) => Ok(Some(Person::Asked)),
        Some((_, IdentityState::Refused)) => Err(Unwelcome::NotLinked.into()),
        None => Ok(None),
    }
}

/// The only active person who has an address, or a user name that is one.
pub(super) fn holder_of(tx: &ReadTx<'_>, cx: &Context, address: &str) -> Result<Option<String>, NotIn> {
    let key = text::fold(address);
    let kind = Kind::of(cx.types.user);
    let mut ids = records::named(tx, kind, &cx.organization, &key)?;
    ids.extend(attributes::equal(tx, (&cx.organization, cx.types.user), "emails.value", &key, 100)?);
    ids.sort_unstable();
    ids.dedup();
    let is_anybody = !ids.is_empty();
    let mut active = people::active_of(tx, cx, ids)?;
    match (active.pop(), active.len()) {
        (Some(one), 0) => Ok(Some(one)),
        (Some(_), _) => Err(Unwelcome::Ambiguous.into()),
        (None, _) if is_anybody => Err(Unwelcome::Inactive.into()),
        (None, _) => Ok(None),
    }
}

fn link(
    tx: &WriteTx<'_>,
    cx: &Context,
    (provider, who): (&Known, &Presented),
    person: &str,
    state: IdentityState,
) -> Result<()> {
    let identity = Identity {
        provider: provider.id.clone(),
        subject: who.subject.clone(),
        person: person.to_owned(),
        state,
        created_at: cx.now,
        used_at: cx.now,
    };
    rows::insert(tx, &cx.organization, &identity)?;
    let detail = json!({"provider": provider.id, "subject": who.subject, "state": state});
    let kind =
        if state == IdentityState::Asked { EventKind::AdoptionAsked } else { EventKind::IdentityLinked };
    cx.record(tx, &event(kind, cx.types.user, person, detail))
}

/// Makes a member of somebody whom nobody knew (W-077); an invite that waits for them makes what it promised.
fn provision(
    tx: &WriteTx<'_>,
    cx: &Context,
    (provider, who): (&Known, &Presented),
    address: &str,
    quirks: &mut Quirks,
) -> Result<String, NotIn> {
    let trusts = provider.settings.rules.trust_email;
    let named = match who.own_name(trusts) {
        Some(name) if is_nobody_elses(tx, cx, name, address)? => name.to_owned(),
        _ => address.to_owned(),
    };
    let kind = Kind::of(cx.types.user);
    // somebody else's name is no reason to keep this person out
    let is_taken = !records::named(tx, kind, &cx.organization, &text::fold(&named))?.is_empty();
    let user_name = if is_taken { address.to_owned() } else { named };
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!([urn::USER]));
    body.insert("userName".to_owned(), user_name.into());
    body.insert("emails".to_owned(), json!([{"value": address, "primary": true}]));
    body.extend(who.name.as_ref().map(|name| ("displayName".to_owned(), name.as_str().into())));
    let user = users::new(cx, body, Source::SignIn, quirks)?;
    let made = users::insert(tx, cx, &user, &Projection::Default, quirks)?;
    Ok(made.location.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Makes somebody's names, teams and roles what the provider says, as far as its rules go.
pub(super) fn follow(
    tx: &WriteTx<'_>,
    cx: &Context,
    (provider, who): (&Known, &Presented),
    id: &str,
) -> Result<(), NotIn> {
    let rules = &provider.settings.rules;
    if let (true, Some(groups)) = (rules.group_sync, &who.groups) {
        follow_groups(tx, cx, id, groups)?;
    }
    if rules.identifier_claims {
        follow_names(tx, cx, id, (who, rules.trust_email))?;
    }
    match tx.part(|| mappings::take_claims(tx, cx, id, &who.claims)) {
        // the last admin stays one, and comes in
        Err(Error::Rule(Refusal::LastAdmin)) => Ok(()),
        other => Ok(other?),
    }
}

/// W-091: the groups name all teams of somebody. Teams that nobody knows are passed over; what a connection or a mapping gives,
/// and the teams of admins of the organization, are not taken.
fn follow_groups(tx: &WriteTx<'_>, cx: &Context, id: &str, groups: &[String]) -> Result<()> {
    let kind = Kind::of(cx.types.group);
    let mut named = BTreeMap::new();
    for group in groups {
        for team in records::named(tx, kind, &cx.organization, &text::fold(group))? {
            named.insert(team, true);
        }
    }
    let person = load(tx, cx, Kind::of(cx.types.user), id)?.resource()?;
    let standing = Standing::of(&person);
    for team in memberships::direct_teams(tx, &cx.organization, id, 10_000)? {
        let origin = memberships::one(tx, &cx.organization, &team, id)?.map(|it| it.origin);
        let stays = origin == Some(Origin::Scim) || standing.role == OrganizationRole::Admin;
        named.entry(team).or_insert(stays);
    }
    // in the order in which everybody takes teams
    for (team, stays) in named {
        if stays {
            let to = team_roles::Assignee { user: id, standing, teams: &[] };
            let role =
                if standing.role == OrganizationRole::Viewer { TeamRole::Viewer } else { TeamRole::Member };
            team_roles::join(tx, cx, to, (&team, &role), Origin::Claim)?;
        } else {
            team_roles::leave(tx, cx, id, &team)?;
        }
    }
    Ok(())
}

/// Whether a user name that is an address is nobody else's: no other person has the address, and nobody is invited by it.
fn is_nobody_elses(tx: &WriteTx<'_>, cx: &Context, name: &str, own: &str) -> Result<bool> {
    let key = text::fold(name);
    if !name.contains('@') || key == text::fold(own) {
        return Ok(true);
    }
    let place = (cx.organization.as_str(), cx.types.user);
    let is_had = !attributes::equal(tx, place, "emails.value", &key, 1)?.is_empty();
    Ok(!is_had && waiting::pending(tx, &cx.organization, &key)?.is_none())
}

/// W-090: user name and name are the provider's. A name that somebody else has is left to them.
fn follow_names(tx: &WriteTx<'_>, cx: &Context, id: &str, (who, trusts): (&Presented, bool)) -> Result<()> {
    let kind = Kind::of(cx.types.user);
    let named = who.own_name(trusts);
    let holder = match named {
        Some(name) => records::named(tx, kind, &cx.organization, &text::fold(name))?,
        None => Vec::new(),
    };
    let own = who.email.as_deref().unwrap_or_default();
    let is_nobodys = named.map(|name| is_nobody_elses(tx, cx, name, own)).transpose()?.unwrap_or(true);
    let is_free = is_nobodys && holder.iter().all(|other| other == id);
    let set = |user: &mut Resource| {
        let mut put = |attribute: &str, value: Option<&str>| {
            user.0.extend(value.map(|value| (attribute.to_owned(), Value::from(value))));
        };
        put("userName", named.filter(|_| is_free));
        put("displayName", who.name.as_deref());
    };
    let demand = users::Demand::default();
    let change = users::Change { tx, cx, id, demand: &demand };
    users::edit(change, &mut Quirks::default(), team_roles::Reach::default(), &set).map(drop)
}
