//! Users as the API shows and changes them. What SCIM's rules say of a change holds here, too.

use super::{
    Context, Error, Result,
    authorization::About,
    idempotency::Made,
    page::{Page, Slice},
    read::related_of,
    standing,
    team_roles::{self, Reach},
    users::{self, Change, Demand},
};
use crate::{
    org::{
        authority::Action,
        record::Record,
        refusal::{Refusal, unknown},
        role::OrganizationRole,
        scim_view::Related,
        seat::Seat,
        standing::{Source, Standing},
    },
    scim::{Quirks, Resource, projection::Projection, text, urn, version::Precondition},
    store::{
        ReadTx, WriteTx, attributes, invites,
        records::{self, Kind},
        seats, users as rows,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A user, as the API answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The id.
    pub id: String,
    /// SCIM's name of the user.
    pub user_name: String,
    /// The short name that products use.
    pub handle: String,
    /// The name to show.
    pub display_name: Option<String>,
    /// The e-mail addresses, the preferred one first.
    pub emails: Vec<String>,
    /// Whether the person may sign in.
    pub active: bool,
    /// The role in the organization.
    pub organization_role: String,
    /// The seat.
    pub seat: String,
    /// Where the account came from.
    pub source: String,
    /// The id of the team that is meant when none is named.
    pub default_team: Option<String>,
    /// The teams.
    pub teams: Vec<TeamOfPerson>,
    /// When the person was last seen (RFC 3339).
    pub last_active_at: Option<String>,
    /// On how many days.
    pub days_active: i64,
    /// When the account was made (RFC 3339).
    pub created_at: String,
    /// What the ETag shows.
    pub version: String,
}

/// A team that a user belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TeamOfPerson {
    /// The team's id.
    pub id: String,
    /// The team's name.
    pub name: String,
    /// The name of the user's role there.
    pub role: String,
    /// Whether the user is a member, not only through another team.
    pub direct: bool,
}

/// A user about to be made by an admin.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewPerson {
    /// SCIM's name of the user, unique in the organization.
    pub user_name: String,
    /// The name to show.
    #[serde(default)]
    pub display_name: Option<String>,
    /// E-mail addresses, the preferred one first.
    #[serde(default)]
    pub emails: Vec<String>,
    /// The role in the organization; a member without one.
    #[serde(default)]
    pub organization_role: Option<OrganizationRole>,
    /// The seat; a full one without one.
    #[serde(default)]
    pub seat: Option<Seat>,
}

/// What is changed of a user; what is not named stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Profile {
    /// SCIM's name of the user.
    #[serde(default)]
    pub user_name: Option<String>,
    /// The name to show.
    #[serde(default)]
    pub display_name: Option<String>,
    /// E-mail addresses, the preferred one first.
    #[serde(default)]
    pub emails: Option<Vec<String>>,
    /// Whether the person may sign in. Who may not loses every key at once.
    #[serde(default)]
    pub active: Option<bool>,
}

impl Profile {
    fn says_something(&self) -> bool {
        let Self { user_name, display_name, emails, active } = self;
        user_name.is_some() || display_name.is_some() || emails.is_some() || active.is_some()
    }

    fn put_into(&self, user: &mut Resource) {
        let mut set = |name: &str, value: Option<Value>| {
            user.0.extend(value.map(|value| (name.to_owned(), value)));
        };
        set("userName", self.user_name.as_deref().map(Value::from));
        set("displayName", self.display_name.as_deref().map(Value::from));
        set("emails", self.emails.as_deref().map(addresses));
        set("active", self.active.map(Value::from));
    }
}

/// The users, or the one whose user name, handle or e-mail address is `login` (W-003), by id.
pub async fn list(cx: &Arc<Context>, login: Option<String>, slice: Slice) -> Result<Page<Person>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::UserRead, About::ORGANIZATION)?;
        let kind = Kind::of(job.types.user);
        let found = match &login {
            Some(login) => {
                let ids = holders_of(tx, &job, login)?;
                records::among(tx, kind, &job.organization, &ids)?
            }
            None => records::after(tx, kind, &job.organization, &slice.after, slice.one_more())?,
        };
        Ok::<_, Error>(Page::of(&slice, people(tx, &job, &found)?, |person| &person.id))
    };
    cx.app.store.read(work).await
}

/// The ids of those whose user name, handle or e-mail address this is.
pub(super) fn holders_of(tx: &ReadTx<'_>, cx: &Context, login: &str) -> Result<Vec<String>> {
    let kind = Kind::of(cx.types.user);
    let key = text::fold(login);
    let mut ids = records::named(tx, kind, &cx.organization, &key)?;
    ids.extend(rows::by_handle(tx, &cx.organization, &login.to_ascii_lowercase())?);
    let place = (cx.organization.as_str(), cx.types.user);
    ids.extend(attributes::equal(tx, place, "emails.value", &key, 100)?);
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Those of some people who are active.
pub(super) fn active_of(tx: &ReadTx<'_>, cx: &Context, ids: Vec<String>) -> Result<Vec<String>> {
    let mut active = Vec::new();
    for id in ids {
        let person = super::load(tx, cx, Kind::of(cx.types.user), &id)?.resource()?;
        active.extend(Standing::of(&person).active.then_some(id));
    }
    Ok(active)
}

/// One user.
pub async fn read(cx: &Arc<Context>, id: &str) -> Result<Person> {
    let (job, id) = (cx.clone(), id.to_owned());
    cx.app
        .store
        .read(move |tx| {
            job.authorize(tx, Action::UserRead, About::user(&id))?;
            person(tx, &job, &id)
        })
        .await
}

/// Makes a user.
pub async fn create(cx: &Arc<Context>, new: NewPerson) -> Result<Made<Person>> {
    let body = body_of(&new);
    let made = cx.make(move |tx, cx| {
        cx.authorize_change(tx, Action::UserCreate, About::ORGANIZATION)?;
        let mut quirks = Quirks::default();
        let user = users::new(cx, body.clone(), Source::Admin, &mut quirks)?;
        let made = users::insert(tx, cx, &user, &Projection::Default, &mut quirks)?;
        person(tx, cx, made.location.rsplit('/').next().unwrap_or_default())
    });
    users::told_of_deactivated(cx, &new.user_name, made.await).await
}

pub(super) fn body_of(new: &NewPerson) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!([urn::USER, urn::ORGANIZATION_USER]));
    body.insert("userName".to_owned(), new.user_name.as_str().into());
    body.extend(new.display_name.as_ref().map(|name| ("displayName".to_owned(), name.as_str().into())));
    body.insert("emails".to_owned(), addresses(&new.emails));
    let mut standing = Map::new();
    standing.extend(new.organization_role.map(|role| ("organizationRole".to_owned(), json!(role))));
    standing.extend(new.seat.map(|seat| ("seat".to_owned(), json!(seat))));
    body.insert(urn::ORGANIZATION_USER.to_owned(), standing.into());
    body
}

pub(super) fn addresses(emails: &[String]) -> Value {
    emails.iter().enumerate().map(|(n, email)| json!({"value": email, "primary": n == 0})).collect()
}

/// Changes what is known of a user, or whether the person may sign in.
pub async fn change(
    cx: &Arc<Context>,
    id: &str,
    profile: Profile,
    precondition: Precondition,
) -> Result<Person> {
    edit(cx, Action::UserChange, id, precondition, move |user| profile.put_into(user)).await
}

/// Changes somebody's role in the organization.
pub async fn change_role(
    cx: &Arc<Context>,
    id: &str,
    role: OrganizationRole,
    precondition: Precondition,
) -> Result<Person> {
    let set = move |user: &mut Resource| set_standing(user, "organizationRole", role.as_str());
    edit(cx, Action::OrganizationRoleChange, id, precondition, set).await
}

/// Changes somebody's seat.
pub async fn change_seat(
    cx: &Arc<Context>,
    id: &str,
    seat: Seat,
    precondition: Precondition,
) -> Result<Person> {
    let set = move |user: &mut Resource| set_standing(user, "seat", seat.as_str());
    edit(cx, Action::SeatChange, id, precondition, set).await
}

pub(super) fn set_standing(user: &mut Resource, name: &str, word: &str) {
    if let Some(Value::Object(standing)) = user.0.get_mut(urn::ORGANIZATION_USER) {
        standing.insert(name.to_owned(), word.into());
    }
}

/// Changes a user as SCIM would, after a look at who may.
async fn edit(
    cx: &Arc<Context>,
    action: Action,
    id: &str,
    precondition: Precondition,
    set: impl Fn(&mut Resource) + Send + Sync + 'static,
) -> Result<Person> {
    let id = id.to_owned();
    let work = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
        cx.authorize_change(tx, action, About::user(&id))?;
        let demand = Demand { precondition: precondition.clone(), projection: Projection::Default };
        let change = Change { tx, cx, id: &id, demand: &demand };
        let reach = Reach { names_role: action == Action::OrganizationRoleChange, ..Reach::default() };
        users::edit(change, quirks, reach, &set)?;
        person(tx, cx, &id)
    };
    cx.write(&mut Quirks::default(), work).await
}

/// Chooses the team that is meant when somebody names none (W-127); one of their own.
pub async fn choose_default_team(cx: &Arc<Context>, id: &str, team: Option<String>) -> Result<Person> {
    let id = id.to_owned();
    let work =
        move |tx: &WriteTx<'_>, cx: &Context, _: &mut Quirks| set_default_team(tx, cx, &id, team.as_deref());
    cx.write(&mut Quirks::default(), work).await
}

fn set_default_team(tx: &WriteTx<'_>, cx: &Context, id: &str, team: Option<&str>) -> Result<Person> {
    cx.authorize_change(tx, Action::DefaultTeamChange, About::user(id))?;
    let before = person(tx, cx, id)?;
    if before.default_team.as_deref() == team {
        return Ok(before);
    }
    if let Some(team) = team
        && !before.teams.iter().any(|own| own.id == team)
    {
        let detail = format!("team: expected one of the person's teams, found {}", text::shown(team));
        return Err(Refusal::Invalid(detail).into());
    }
    rows::set_team(tx, &cx.organization, id, team)?;
    users::note_default_team(tx, cx, id, before.default_team.as_deref(), team)?;
    person(tx, cx, id)
}

/// Everything that can be changed of a user at once; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Amendment {
    /// What is known of the user, and whether the person may sign in.
    pub profile: Profile,
    /// The role in the organization.
    pub role: Option<OrganizationRole>,
    /// The seat.
    pub seat: Option<Seat>,
    /// The id or name of the team that is meant when none is named; empty for none.
    pub default_team: Option<String>,
}

/// Changes several things of a user in one transaction: all of them, or nothing.
pub async fn amend(cx: &Arc<Context>, id: &str, amendment: Amendment) -> Result<Person> {
    let id = id.to_owned();
    let work = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
        let Amendment { profile, role, seat, default_team } = &amendment;
        let actions = [
            (Action::UserChange, profile.says_something()),
            (Action::OrganizationRoleChange, role.is_some()),
            (Action::SeatChange, seat.is_some()),
        ];
        for (action, _) in actions.into_iter().filter(|(_, is_meant)| *is_meant) {
            cx.authorize_change(tx, action, About::user(&id))?;
        }
        let reach = Reach { names_role: role.is_some(), ..Reach::default() };
        users::edit(Change { tx, cx, id: &id, demand: &Demand::default() }, quirks, reach, &|user| {
            profile.put_into(user);
            if let Some(role) = role {
                set_standing(user, "organizationRole", role.as_str());
            }
            if let Some(seat) = seat {
                set_standing(user, "seat", seat.as_str());
            }
        })?;
        match default_team.as_deref() {
            None => person(tx, cx, &id),
            Some("") => set_default_team(tx, cx, &id, None),
            Some(team) => set_default_team(tx, cx, &id, Some(&team_roles::find_team(tx, cx, team)?)),
        }
    };
    cx.write(&mut Quirks::default(), work).await
}

/// Makes somebody an active admin, whatever stands against it (W-327): who has no seat left gets none, for an admin
/// repairs things without one.
pub async fn grant_admin(cx: &Arc<Context>, id: &str) -> Result<Person> {
    let profile = Profile { active: Some(true), ..Profile::default() };
    let role = Some(OrganizationRole::Admin);
    let granted = Amendment { profile, role, ..Amendment::default() };
    match amend(cx, id, granted.clone()).await {
        Err(Error::Rule(Refusal::SeatLimit { .. })) => {
            amend(cx, id, Amendment { seat: Some(Seat::None), ..granted }).await
        }
        other => other,
    }
}

/// How many users a name that nobody has is compared with, to say which was perhaps meant.
const COMPARED: usize = 1_000;

/// The id of the user whom an id, user name, handle or e-mail address names, if it names exactly one; else the refusal
/// says which user name is nearest.
pub async fn find(cx: &Arc<Context>, login: &str) -> Result<String> {
    let (job, login) = (cx.clone(), login.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::UserRead, About::ORGANIZATION)?;
        match team_roles::find_user(tx, &job, &login) {
            Err(Error::Rule(Refusal::Unknown(_))) => {
                let some = records::after(tx, Kind::of(job.types.user), &job.organization, "", COMPARED)?;
                let names = some.iter().map(|record| {
                    Ok::<_, Error>(record.resource()?.text("userName").unwrap_or_default().to_owned())
                });
                let names: Vec<String> = names.collect::<Result<_>>()?;
                Err(unknown("user", &login, names.iter().map(String::as_str)).into())
            }
            found => found,
        }
    };
    cx.app.store.read(work).await
}

/// Removes a user: the name is free, the keys end, a tombstone stays.
pub async fn remove(cx: &Arc<Context>, id: &str, precondition: Precondition) -> Result<()> {
    users::remove_as(cx, Action::UserRemove, id, precondition).await
}

/// Takes the actor out of the organization (W-126).
pub async fn leave(cx: &Arc<Context>) -> Result<()> {
    let own = cx.actor.id().to_owned();
    users::remove_as(cx, Action::OrganizationLeave, &own, Precondition::default()).await
}

/// How many seats of a kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Seats {
    /// How many are taken, or held for those who are invited.
    pub used: i64,
    /// How many of these are held for those who are invited.
    pub reserved: i64,
    /// How many there are; null for as many as wanted.
    pub total: Option<i64>,
}

impl Seats {
    /// How many are left; nothing where there are as many as wanted.
    pub fn left(&self) -> Option<i64> {
        self.total.map(|total| (total - self.used).max(0))
    }
}

/// Seats by kind, and how many active admins there are (W-011 recommends more than one).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeatsInUse {
    /// Full seats.
    pub full: Seats,
    /// Seats that only read.
    pub viewer: Seats,
    /// Active admins.
    pub admins: i64,
    /// What an admin should see to, in sentences.
    pub warnings: Vec<&'static str>,
}

/// W-011.
const NO_ADMIN: &str = "there is no active admin; `roster admin grant` on the server makes one";
const ONE_ADMIN: &str =
    "there is one active admin, and nobody to help when they are away; make somebody else one, too";

/// How many seats there are and are taken.
pub async fn seats(cx: &Arc<Context>) -> Result<SeatsInUse> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let license = job.authorize(tx, Action::LicenseRead, About::ORGANIZATION)?.license;
        let of = |seat| {
            let used = standing::used(tx, &job, seat)?;
            let reserved = invites::reserved(tx, &job.organization, seat, job.now)?;
            Ok::<_, Error>(Seats { used, reserved, total: license.limit(seat) })
        };
        let admins = seats::admins(tx, &job.organization)?;
        let warnings = match admins {
            0 => vec![NO_ADMIN],
            1 => vec![ONE_ADMIN],
            _ => Vec::new(),
        };
        Ok::<_, Error>(SeatsInUse { full: of(Seat::Full)?, viewer: of(Seat::Viewer)?, admins, warnings })
    };
    cx.app.store.read(work).await
}

/// Who an id belongs to, also when that was long ago.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Known {
    /// The id.
    pub id: String,
    /// The name to show, or the last one.
    pub name: String,
    /// The handle, or the last one.
    pub handle: String,
    /// When they were removed (RFC 3339); absent while they are here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<String>,
}

/// Whom an id belongs or belonged to: what somebody made stays theirs (W-125).
pub async fn known(cx: &Arc<Context>, id: &str) -> Result<Known> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::PersonRead, About::ORGANIZATION)?;
        known_by(tx, &job, &id)
    };
    cx.app.store.read(work).await
}

/// Whom an id belongs or belonged to.
pub(super) fn known_by(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<Known> {
    let found = rows::known(tx, &cx.organization, id)?.ok_or(Error::NotFound("person"))?;
    let removed_at = found.removed_at.map(text::date_time);
    Ok(Known { id: id.to_owned(), name: found.name, handle: found.handle, removed_at })
}

/// The role in the organization of somebody who is here.
pub(super) fn role_of(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<OrganizationRole> {
    let person = super::load(tx, cx, Kind::of(cx.types.user), id)?.resource()?;
    Ok(Standing::of(&person).role)
}

pub(super) fn person(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<Person> {
    let kind = Kind::of(cx.types.user);
    let record = records::load(tx, kind, &cx.organization, id)?.ok_or(Error::NotFound("user"))?;
    people(tx, cx, &[record])?.pop().ok_or(Error::NotFound("user"))
}

pub(super) fn people(tx: &ReadTx<'_>, cx: &Context, found: &[Record]) -> Result<Vec<Person>> {
    let ids: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
    let cards = rows::cards(tx, &cx.organization, &ids)?;
    let related = related_of(tx, cx, Kind::of(cx.types.user), found)?;
    let mut people = Vec::new();
    for (record, related) in found.iter().zip(related) {
        let user = record.resource()?;
        let standing = |name: &str| {
            let value = user.get(urn::ORGANIZATION_USER).and_then(|extension| extension.get(name)?.as_str());
            value.unwrap_or_default().to_owned()
        };
        let Related::User { teams, activity } = related else { continue };
        let card = cards.get(&record.id);
        people.push(Person {
            id: record.id.clone(),
            user_name: user.text("userName").unwrap_or_default().to_owned(),
            handle: card.map(|card| card.handle.clone()).unwrap_or_default(),
            display_name: user.text("displayName").map(str::to_owned),
            emails: emails(&user),
            active: user.get("active") == Some(&Value::Bool(true)),
            organization_role: standing("organizationRole"),
            seat: standing("seat"),
            source: standing("source"),
            default_team: card.and_then(|card| card.team.clone()),
            teams: teams
                .into_iter()
                .map(|team| TeamOfPerson {
                    id: team.id,
                    name: team.display,
                    role: team.role_name,
                    direct: team.direct,
                })
                .collect(),
            last_active_at: activity.map(|it| text::date_time(it.last_active_at)),
            days_active: activity.map_or(0, |it| it.days),
            created_at: text::date_time(record.created_at),
            version: record.version.to_string(),
        });
    }
    Ok(people)
}

/// The addresses, the preferred one first.
pub(super) fn emails(user: &Resource) -> Vec<String> {
    let elements = user.get("emails").and_then(Value::as_array).into_iter().flatten();
    let mut found: Vec<(bool, String)> = elements
        .filter_map(|email| {
            Some((email.get("primary") != Some(&Value::Bool(true)), email.get("value")?.as_str()?.to_owned()))
        })
        .collect();
    found.sort_by_key(|(is_other, _)| *is_other);
    found.into_iter().map(|(_, email)| email).collect()
}
