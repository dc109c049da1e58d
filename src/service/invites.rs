//! Inviting people (W-055 to W-063): by mail, or by a link that somebody hands them.

use super::{
    App, Context, Error, Result, Visit,
    authorization::About,
    idempotency::Made,
    load, mails,
    page::{Page, Slice},
    people::{self, Person},
    standing, team_roles,
    token::{Token, digest_of},
    users,
};
use crate::{
    org::{
        authority::Action,
        event::{Event, EventKind},
        invite::{self, Delivery, Invite, State, Terms},
        refusal::Refusal,
        role::{OrganizationRole, Origin, TeamRole},
        seat::Seat,
        settings::Settings,
        standing::{Source, Standing, check_team_role},
        user,
    },
    scim::{Quirks, Resource, projection::Projection, text, urn},
    store::{
        ReadTx, WriteTx,
        invites::{self as rows, Renewal},
        mails as outbox, organizations,
        records::Kind,
    },
};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

const DAY: i64 = 24 * 3_600 * 1_000_000;

/// People about to be invited.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInvites {
    /// Whom to invite.
    #[schemars(length(min = 1, max = 100))]
    pub emails: Vec<String>,
    /// What they will be in the organization; members without it.
    #[serde(default)]
    pub organization_role: Option<OrganizationRole>,
    /// The seat that is held for each of them; a full one without it.
    #[serde(default)]
    pub seat: Option<Seat>,
    /// The teams that come with it.
    #[serde(default)]
    pub teams: Vec<NewPlace>,
    /// Whether they get mail; the links in the answer work without.
    #[serde(default = "yes")]
    pub mail: bool,
}

const fn yes() -> bool {
    true
}

/// A team that comes with an invite.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewTeamOfInvite")]
pub struct NewPlace {
    /// The team's id or name.
    pub team: String,
    /// The name of the role there; `member` without it.
    #[serde(default)]
    pub role: Option<String>,
}

/// An invite just made, or sent again.
#[derive(Debug, Serialize, Deserialize)]
pub struct Issued {
    /// The invite.
    pub invite: Invite,
    /// The link that lets the person in: shown once, never kept.
    #[serde(skip)]
    pub link: Option<SecretString>,
}

/// The link that holds a token.
fn link(token: &Token, app: &App) -> SecretString {
    SecretString::from(format!("{}/invite/{}", app.public_url, token.secret.expose_secret()))
}

/// Invites people: all of them, or none. Who is invited already gets the invite again, with another link.
pub async fn create(cx: &Arc<Context>, new: NewInvites) -> Result<Made<Vec<Issued>>> {
    let emails = invite::addresses(&new.emails)?;
    let tokens: Vec<Token> = emails.iter().map(|_| Token::make()).collect::<Result<_>>()?;
    cx.make(move |tx, cx| {
        let settings = cx.authorize_change(tx, Action::InviteCreate, About::ORGANIZATION)?;
        organizations::hold(tx, &cx.organization)?;
        let mut teams = Vec::new();
        for place in &new.teams {
            let role = team_roles::resolve(tx, cx, place.role.as_deref().unwrap_or("member"))?;
            teams.push((team_roles::find_team(tx, cx, &place.team)?, role));
        }
        let role = new.organization_role.unwrap_or(OrganizationRole::Member);
        let terms = Terms { role, seat: new.seat.unwrap_or(Seat::Full), teams };
        let all = emails.iter().zip(&tokens);
        all.map(|(email, token)| {
            issue(tx, cx, &settings, Wanted { email, terms: &terms, mail: new.mail, by_team: None }, token)
        })
        .collect()
    })
    .await
}

/// Somebody who is to be invited.
#[derive(Clone, Copy)]
struct Wanted<'w> {
    email: &'w str,
    terms: &'w Terms,
    mail: bool,
    /// The team that invites, if not the organization does.
    by_team: Option<&'w str>,
}

/// Invites one person, in a transaction that holds the organization.
fn issue(
    tx: &WriteTx<'_>,
    cx: &Context,
    settings: &Settings,
    wanted: Wanted<'_>,
    token: &Token,
) -> Result<Issued> {
    let Wanted { email, terms, mail, .. } = wanted;
    check_open(settings)?;
    let standing = Standing { role: terms.role, seat: terms.seat, active: true };
    terms.teams.iter().try_for_each(|(_, role)| check_team_role(standing, role))?;
    check_nobody(tx, cx, email)?;
    let expires_at = cx.now + settings.invite_days * DAY;
    let known = rows::pending(tx, &cx.organization, &text::fold(email))?;
    let seat = standing::reserve(tx, cx, settings, terms.seat, known.as_ref())?;
    let terms = &Terms { seat, ..terms.clone() };
    let (id, kind) = match known {
        Some(known) => {
            let renewal = Renewal { digest: &token.digest, expires_at, by_team: wanted.by_team };
            rows::renew(tx, (&cx.organization, &known.id), terms, renewal)?;
            (known.id, EventKind::InviteRenewed)
        }
        None => {
            let new = Invite {
                id: cx.app.ids.make(cx.now),
                email: email.to_owned(),
                organization_role: terms.role,
                seat,
                teams: Vec::new(),
                state: State::Pending,
                invited_by: cx.actor.id().to_owned(),
                created_at: cx.now,
                expires_at,
                by_team: wanted.by_team.map(str::to_owned),
                person: None,
                mail: None,
            };
            rows::insert(tx, &cx.organization, &new, &token.digest, &terms.teams)?;
            (new.id, EventKind::InviteCreated)
        }
    };
    let detail = json!({
        "email": email, "organizationRole": terms.role, "seat": seat,
        "teams": terms.teams.iter().map(|(team, role)| json!({"team": team, "role": role.as_str()})).collect::<Vec<_>>(),
    });
    record(tx, cx, kind, &id, detail)?;
    let link = link(token, &cx.app);
    outbox::withdraw(tx, &cx.organization, &id, "the invite was sent again")?;
    if mail {
        mails::invite(tx, cx, &read_one(tx, cx, &id)?, link.expose_secret())?;
    }
    Ok(Issued { invite: read_one(tx, cx, &id)?, link: Some(link) })
}

/// Whether people can be invited at all.
fn check_open(settings: &Settings) -> Result<()> {
    if settings.invitations {
        return Ok(());
    }
    let sentence = "invitations are switched off in this organization (the setting `invitations`)";
    Err(Refusal::Forbidden(sentence.to_owned()).into())
}

/// Nobody who is here is invited (W-062).
fn check_nobody(tx: &ReadTx<'_>, cx: &Context, email: &str) -> Result<()> {
    let Some(id) = people::holders_of(tx, cx, email)?.into_iter().next() else { return Ok(()) };
    let person = load(tx, cx, Kind::of(cx.types.user), &id)?.resource()?;
    let shown = text::shown(email);
    Err(Refusal::Conflict(match Standing::of(&person).active {
            true => format!("{shown} is a person of this organization already ({id})"),
            false => format!(
                "{shown} is deactivated ({id}); PATCH /users/{id} with {{\"active\": true}}, or `roster user reactivate`, \
                 brings them back"
            ),
        })
        .into())
}

/// Invites somebody unknown into a team (W-116), as somebody who may: a member of the organization with a place in the
/// team. Who is invited already has one more team then, and the link stays.
pub(super) fn into_team(
    tx: &WriteTx<'_>,
    cx: &Context,
    settings: &Settings,
    (team, role): (&str, &TeamRole),
    email: &str,
) -> Result<Issued> {
    invite::addresses(&[email.to_owned()])?;
    check_open(settings)?;
    // it lets somebody in, as every invite does
    cx.check_fresh()?;
    organizations::hold(tx, &cx.organization)?;
    let place = vec![(team.to_owned(), role.clone())];
    let token = Token::make()?;
    let mut issued = match rows::pending(tx, &cx.organization, &text::fold(email))? {
        Some(known) if known.check(cx.now).is_ok() => widened(tx, cx, &known, &place, &token)?,
        expired => {
            // what it promised is over, and nobody here may promise it again
            if let Some(expired) = expired {
                end(tx, cx, &expired.id)?;
            }
            let terms = Terms { role: OrganizationRole::Member, seat: Seat::Full, teams: place };
            let wanted = Wanted { email, terms: &terms, mail: true, by_team: Some(team) };
            issue(tx, cx, settings, wanted, &token)?
        }
    };
    // what else somebody is invited to is not for a team to know
    for_team(&mut issued.invite, team);
    // whoever has the link comes in as the one who is invited, so it goes to them alone, or to an admin of the organization
    if cx.authorize_change(tx, Action::InviteCreate, About::ORGANIZATION).is_err() {
        issued.link = None;
    }
    Ok(issued)
}

/// An invite that is under way, with one more team. Whoever had its link before had it for less, so there is another, which
/// goes to the person alone, or to an admin of the organization.
fn widened(
    tx: &WriteTx<'_>,
    cx: &Context,
    known: &Invite,
    place: &[(String, TeamRole)],
    token: &Token,
) -> Result<Issued> {
    let standing = Standing { role: known.organization_role, seat: known.seat, active: true };
    place.iter().try_for_each(|(_, role)| check_team_role(standing, role))?;
    let held = rows::teams(tx, &cx.organization, &[&known.id])?.remove(&known.id).unwrap_or_default();
    if held.iter().any(|it| place.iter().any(|(team, role)| it.team == *team && it.role != *role)) {
        let sentence =
            "this person is invited into the team already, with another role; withdraw that invite first";
        return Err(Refusal::Conflict(sentence.to_owned()).into());
    }
    let terms = Terms { role: known.organization_role, seat: known.seat, teams: place.to_vec() };
    let by_team = known.by_team.as_deref();
    let renewal = Renewal { digest: &token.digest, expires_at: known.expires_at, by_team };
    rows::renew(tx, (&cx.organization, &known.id), &terms, renewal)?;
    let teams: Vec<Value> =
        place.iter().map(|(team, role)| json!({"team": team, "role": role.as_str()})).collect();
    record(tx, cx, EventKind::InviteChanged, &known.id, json!({"email": known.email, "teams": teams}))?;
    outbox::withdraw(tx, &cx.organization, &known.id, "the invite was sent again")?;
    let link = link(token, &cx.app);
    mails::invite(tx, cx, &read_one(tx, cx, &known.id)?, link.expose_secret())?;
    Ok(Issued { invite: read_one(tx, cx, &known.id)?, link: Some(link) })
}

/// An invite as one of its teams may know it.
fn for_team(invite: &mut Invite, team: &str) {
    invite.teams.retain(|place| place.id == team);
    invite.by_team = invite.by_team.take().filter(|by| by == team);
}

/// The invites, by id.
pub async fn list(cx: &Arc<Context>, slice: Slice) -> Result<Page<Invite>> {
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::InviteRead, About::ORGANIZATION)?;
        let found = rows::after(tx, &job.organization, &slice.after, slice.one_more())?;
        Ok::<_, Error>(Page::of(&slice, filled(tx, &job, &found)?, |invite: &Invite| &invite.id))
    };
    cx.app.store.read(work).await
}

/// The pending invites into a team, by id.
pub async fn list_of_team(cx: &Arc<Context>, team: &str, slice: Slice) -> Result<Page<Invite>> {
    let (job, team) = (cx.clone(), team.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::TeamMemberInvite, About::team(&team))?;
        let found = rows::into_team(tx, &job.organization, &team, &slice.after, slice.one_more())?;
        let mut found = filled(tx, &job, &found)?;
        found.iter_mut().for_each(|invite| for_team(invite, &team));
        Ok::<_, Error>(Page::of(&slice, found, |invite: &Invite| &invite.id))
    };
    cx.app.store.read(work).await
}

/// One invite.
pub async fn read(cx: &Arc<Context>, id: &str) -> Result<Invite> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &ReadTx<'_>| {
        job.authorize(tx, Action::InviteRead, About::ORGANIZATION)?;
        read_one(tx, &job, &id)
    };
    cx.app.store.read(work).await
}

fn read_one(tx: &ReadTx<'_>, cx: &Context, id: &str) -> Result<Invite> {
    let found = rows::load(tx, &cx.organization, id)?.ok_or(Error::NotFound("invite"))?;
    filled(tx, cx, &[found])?.pop().ok_or(Error::NotFound("invite"))
}

/// The same with their teams and mail, as they stand now.
fn filled(tx: &ReadTx<'_>, cx: &Context, found: &[Invite]) -> Result<Vec<Invite>> {
    let ids: Vec<&str> = found.iter().map(|invite| invite.id.as_str()).collect();
    let mut teams = rows::teams(tx, &cx.organization, &ids)?;
    let mut shown = Vec::new();
    for invite in found {
        let last = outbox::last_about(tx, &cx.organization, &invite.id)?;
        let mail = last.map(|mail| Delivery { state: mail.state, reason: mail.reason });
        let places = teams.remove(&invite.id).unwrap_or_default();
        let teams = places.into_iter().map(Into::into).collect();
        shown.push(Invite { teams, mail, ..invite.clone() }.at(cx.now));
    }
    Ok(shown)
}

/// Sends an invite again, with another link and as much time as at first.
pub async fn renew(cx: &Arc<Context>, id: &str, mail: bool) -> Result<Made<Issued>> {
    let (id, token) = (id.to_owned(), Token::make()?);
    cx.make(move |tx, cx| {
        let settings = cx.authorize_change(tx, Action::InviteCreate, About::ORGANIZATION)?;
        organizations::hold(tx, &cx.organization)?;
        let known = rows::load_for_change(tx, &cx.organization, &id)?.ok_or(Error::NotFound("invite"))?;
        if known.state != State::Pending {
            known.check(cx.now)?;
        }
        let terms = Terms { role: known.organization_role, seat: known.seat, teams: Vec::new() };
        issue(
            tx,
            cx,
            &settings,
            Wanted { email: &known.email, terms: &terms, mail, by_team: known.by_team.as_deref() },
            &token,
        )
    })
    .await
}

/// Withdraws an invite: its link leads nowhere, its seat is free, and its letter stays where it is.
pub async fn cancel(cx: &Arc<Context>, id: &str) -> Result<()> {
    let (job, id) = (cx.clone(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::InviteCancel, About::ORGANIZATION)?;
        end(tx, &job, &id)
    };
    cx.app.store.write(work).await
}

fn end(tx: &WriteTx<'_>, cx: &Context, id: &str) -> Result<()> {
    let known = rows::load_for_change(tx, &cx.organization, id)?.ok_or(Error::NotFound("invite"))?;
    match known.state {
        State::Cancelled => return Ok(()),
        State::Accepted => known.check(cx.now)?,
        State::Pending | State::Expired => {}
    }
    rows::settle(tx, &cx.organization, id, State::Cancelled, None)?;
    outbox::withdraw(tx, &cx.organization, id, "the invite was withdrawn")?;
    record(tx, cx, EventKind::InviteCancelled, id, json!({"email": known.email}))
}

/// Takes a team out of an invite; the invite ends where it was for that team alone.
pub async fn cancel_for_team(cx: &Arc<Context>, team: &str, id: &str) -> Result<()> {
    let (job, team, id) = (cx.clone(), team.to_owned(), id.to_owned());
    let work = move |tx: &WriteTx<'_>| {
        job.authorize_change(tx, Action::TeamMemberRemove, About::team(&team))?;
        let known = rows::load_for_change(tx, &job.organization, &id)?.ok_or(Error::NotFound("invite"))?;
        if known.state != State::Pending || !rows::drop_team(tx, &job.organization, &id, &team)? {
            return Err(Error::NotFound("invite"));
        }
        let is_for_others = !rows::teams(tx, &job.organization, &[&id])?.is_empty();
        if is_for_others || known.by_team.as_ref() != Some(&team) {
            let detail = json!({"email": known.email, "left": [team]});
            return record(tx, &job, EventKind::InviteChanged, &id, detail);
        }
        end(tx, &job, &id)
    };
    cx.app.store.write(work).await
}

/// What somebody says who accepts an invite.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// The token at the end of the link.
    pub token: String,
    /// The name to show.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// Lets somebody in by the token of an invite, once. It is the token that says who may.
pub async fn accept(app: &Arc<App>, visit: Visit, acceptance: Acceptance) -> Result<Person> {
    let (cx, id) = at_link(app, &visit, &acceptance.token).await?;
    let hash = digest_of(acceptance.token.trim());
    let work = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
        let new = Newcomer { invite: &id, digest: &hash, display_name: acceptance.display_name.as_deref() };
        let person = let_in_by(tx, cx, new, quirks)?;
        people::person(tx, cx, &person)
    };
    cx.write(&mut Quirks::default(), work).await
}

/// The organization and the id of the invite whose token this is.
pub(super) async fn at_link(app: &Arc<App>, visit: &Visit, token: &str) -> Result<(Arc<Context>, String)> {
    let digest = digest_of(token.trim());
    let wanted = digest.clone();
    let found = app.store.read(move |tx| Ok::<_, Error>(rows::by_digest(tx, &wanted)?)).await?;
    let (organization, id, stored) = found.ok_or(Error::NotFound("invite"))?;
    verify_slices_are_equal(&stored, &digest).map_err(|_| Error::NotFound("invite"))?;
    Ok((Context::of_visit(app, organization, visit).await?, id))
}

/// Who comes by an invite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Newcomer<'n> {
    /// The invite's id.
    pub(super) invite: &'n str,
    /// The digest of its token.
    pub(super) digest: &'n [u8],
    /// The name to show.
    pub(super) display_name: Option<&'n str>,
}

/// Makes somebody of an invite; the person's id.
pub(super) fn let_in_by(
    tx: &WriteTx<'_>,
    cx: &Context,
    new: Newcomer<'_>,
    quirks: &mut Quirks,
) -> Result<String> {
    let known = rows::load_for_change(tx, &cx.organization, new.invite)?.ok_or(Error::NotFound("invite"))?;
    known.check(cx.now)?;
    check_nobody(tx, cx, &known.email)?;
    // it may have been sent again since it was found
    if rows::by_digest(tx, new.digest)?.is_none() {
        return Err(Error::NotFound("invite"));
    }
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!([urn::USER]));
    body.insert("userName".to_owned(), known.email.as_str().into());
    body.insert("emails".to_owned(), json!([{"value": known.email, "primary": true}]));
    let name = new.display_name.filter(|name| !text::is_blank(name));
    body.extend(name.map(|name| ("displayName".to_owned(), name.into())));
    let user = users::new(cx, body, Source::Invite, quirks)?;
    let made = users::insert(tx, cx, &user, &Projection::Default, quirks)?;
    Ok(made.location.rsplit('/').next().unwrap_or_default().to_owned())
}

/// An invite as whoever holds its link sees it before they accept.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Who is invited.
    pub email: String,
    /// The organization's name.
    pub organization: String,
    /// The teams that come with it.
    pub teams: Vec<String>,
}

/// What a link lets somebody in to; a refusal that says why where it is over.
pub async fn shown(app: &Arc<App>, visit: &Visit, token: &str) -> Result<(Arc<Context>, Shown)> {
    let (cx, id) = at_link(app, visit, token).await?;
    let job = cx.clone();
    let work = move |tx: &ReadTx<'_>| {
        let invite = read_one(tx, &job, &id)?;
        invite.check(job.now)?;
        let own = organizations::load(tx, &job.organization)?.ok_or(Error::NotFound("organization"))?;
        let teams = invite.teams.iter().map(|team| team.name.clone()).collect();
        Ok::<_, Error>(Shown { email: invite.email, organization: own.name, teams })
    };
    Ok((cx, app.store.read(work).await?))
}

/// The invites that wait for somebody, by any of their addresses. Who comes by whatever door has what they promised.
pub(super) fn waiting(tx: &WriteTx<'_>, cx: &Context, person: &Resource) -> Result<Vec<Invite>> {
    let mut found: Vec<Invite> = Vec::new();
    for address in user::addresses(person) {
        let invite = rows::pending(tx, &cx.organization, &text::fold(address))?;
        let invite = invite.filter(|it| it.check(cx.now).is_ok());
        if let Some(invite) = invite.filter(|it| found.iter().all(|known| known.id != it.id)) {
            found.push(invite);
        }
    }
    Ok(found)
}

/// Ends the invites that wait for an address which somebody who is here has from now on, and lets them into their teams.
pub(super) fn arrived(
    tx: &WriteTx<'_>,
    cx: &Context,
    to: team_roles::Assignee<'_>,
    person: &Resource,
) -> Result<()> {
    for invite in waiting(tx, cx, person)? {
        accepted(tx, cx, &invite, to.user)?;
        let_in(tx, cx, &invite, to)?;
    }
    Ok(())
}

/// Ends an invite whose person is here, so that the seat it held is theirs.
pub(super) fn accepted(tx: &WriteTx<'_>, cx: &Context, invite: &Invite, person: &str) -> Result<()> {
    rows::settle(tx, &cx.organization, &invite.id, State::Accepted, Some(person))?;
    outbox::withdraw(tx, &cx.organization, &invite.id, "the person is here")?;
    record(tx, cx, EventKind::InviteAccepted, &invite.id, json!({"user": person}))
}

/// Lets somebody into the teams that came with an invite.
pub(super) fn let_in(
    tx: &WriteTx<'_>,
    cx: &Context,
    invite: &Invite,
    to: team_roles::Assignee<'_>,
) -> Result<()> {
    let places = rows::teams(tx, &cx.organization, &[&invite.id])?.remove(&invite.id).unwrap_or_default();
    for place in places {
        // who became a viewer since reads there, too
        let role =
            if check_team_role(to.standing, &place.role).is_ok() { place.role } else { TeamRole::Viewer };
        team_roles::join(tx, cx, to, (&place.team, &role), Origin::Invite)?;
    }
    Ok(())
}

fn record(tx: &WriteTx<'_>, cx: &Context, kind: EventKind, id: &str, detail: Value) -> Result<()> {
    cx.note(tx, &Event { kind, resource_type: "Invite", resource: id.to_owned(), detail }).map(drop)
}
