//! One team: its home, its members, and what it decides for itself.

use super::{
    super::{
        answer::{Answer, Failed, Frame},
        moment::{at, when},
    },
    May, Page,
    form::{Secret, Typed},
};
use crate::{
    org::{
        authority::Action,
        invite::Invite,
        refusal::Refusal as Rule,
        service_account::{Place as Belongs, ServiceAccount},
    },
    scim::version::Precondition,
    service::{
        Error, avatars, invites,
        page::{Page as Part, Slice},
        people,
        permits::Place,
        service_accounts,
        teams::{self, Added, Member, NewMember, Team, TeamChange},
    },
};
use actix_web::http::StatusCode;
use askama::Template;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

/// What can be done with a team.
const ACTIONS: &[Action] = &[
    Action::TeamSettingsChange,
    Action::TeamArchive,
    Action::TeamMemberInvite,
    Action::TeamMemberAdd,
    Action::TeamMemberRole,
    Action::TeamMemberRemove,
    Action::TeamServiceAccountList,
    Action::TeamServiceAccountCreate,
];

/// What every page of a team shows.
struct Head {
    team: Team,
    may: May,
    /// Which of its pages it is.
    tab: &'static str,
}

async fn head(page: &Page<'_>, tab: &'static str) -> Result<Head, Failed> {
    let team = teams::read(&page.cx, page.id()).await?;
    Ok(Head { may: page.may(Place::Team(team.id.clone()), ACTIONS).await?, team, tab })
}

#[derive(Template)]
#[template(path = "http/pages/console/team.html")]
struct Home<'p> {
    frame: &'p Frame,
    head: Head,
    /// What whoever asks is in it, if anything.
    own_role: Option<String>,
    json: String,
}

/// `GET /console/teams/{team}`: its home.
pub(super) async fn home(page: &Page<'_>) -> Result<Answer, Failed> {
    let head = head(page, "home").await?;
    let own = people::read(&page.cx, page.cx.actor.id()).await?;
    let own_role = own.teams.into_iter().find(|team| team.id == head.team.id).map(|team| team.role);
    let json = page.json(&format!("/teams/{}", head.team.id));
    Answer::page(&Home { frame: &page.frame, head, own_role, json })
}

#[derive(Template)]
#[template(path = "http/pages/console/team_members.html")]
struct Members<'p> {
    frame: &'p Frame,
    head: Head,
    members: Vec<Member>,
    roles: Vec<String>,
    pending: Vec<Invite>,
    typed: Typed<'p>,
    error: Option<String>,
    secrets: Vec<Secret>,
    next: Option<String>,
    json: String,
}

/// `GET /console/teams/{team}/members`.
pub(super) async fn members(page: &Page<'_>) -> Result<Answer, Failed> {
    members_page(page, StatusCode::OK, None, Vec::new()).await
}

async fn members_page(
    page: &Page<'_>,
    status: StatusCode,
    error: Option<String>,
    secrets: Vec<Secret>,
) -> Result<Answer, Failed> {
    let head = head(page, "members").await?;
    let Part { items: members, next } = teams::members(&page.cx, page.id(), page.slice()?).await?;
    let invites = head.may.is(Action::TeamMemberInvite);
    let pending = match invites {
        true => {
            invites::list_of_team(&page.cx, page.id(), Slice::parse(None, None).map_err(Error::Rule)?)
                .await?
                .items
        }
        false => Vec::new(),
    };
    let mut roles = page.team_roles().await?;
    if !head.may.is(Action::TeamMemberAdd) {
        // W-118
        roles.retain(|role| matches!(role.as_str(), "member" | "viewer"));
    }
    let next = page.next(&format!("/teams/{}/members", page.id()), next.as_deref());
    let json = page.json(&format!("/teams/{}/members", page.id()));
    let frame = &page.frame;
    let typed = page.typed(&format!("/teams/{}/members", page.id()), error.is_some());
    let shown = Members { frame, head, members, roles, pending, typed, error, secrets, next, json };
    Answer::page_with(status, &shown)
}

/// `POST /console/teams/{team}/members`: adds or invites somebody.
pub(super) async fn add(page: &Page<'_>) -> Result<Answer, Failed> {
    let new = NewMember { user: page.field("user").to_owned(), role: page.filled("role") };
    let place = format!("/teams/{}/members", page.id());
    match teams::add_member(&page.cx, page.id(), new).await {
        Ok(made) => match made.it {
            Added::Member(member) => {
                let name = member.name.or(member.user_name).unwrap_or_default();
                Ok(page.told(&place, page.frame.tx("member-added", &name)))
            }
            Added::Invited(issued) => match issued.link {
                Some(text) => {
                    let secret = Secret { label: page.frame.tx("invite-link", &issued.invite.email), text };
                    members_page(page, StatusCode::OK, None, vec![secret]).await
                }
                None => Ok(page.told(&place, page.frame.tx("member-invited", &issued.invite.email))),
            },
        },
        Err(error) => {
            let error = page.refused_in(error)?;
            members_page(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error), Vec::new()).await
        }
    }
}

/// `POST /console/teams/{team}/members/{user}/role`.
pub(super) async fn change_role(page: &Page<'_>) -> Result<Answer, Failed> {
    let place = format!("/teams/{}/members", page.id());
    let roles = (page.field("role").to_owned(), page.filled("before"));
    match teams::change_member(&page.cx, page.id(), page.second(), roles).await {
        Ok(member) => {
            let name = member.name.or(member.user_name).unwrap_or_default();
            let text = page.frame.tx("member-role-changed", &name);
            let before = page.field("before");
            if before.is_empty() {
                return Ok(page.told(&place, text));
            }
            let path = format!("{place}/{}/role", page.second());
            Ok(page.undoable(&place, text, (&path, &[("role", before), ("before", &member.role)])))
        }
        Err(error) => page.not_done(&place, error),
    }
}

/// `POST /console/teams/{team}/members/{user}/remove`.
pub(super) async fn remove(page: &Page<'_>) -> Result<Answer, Failed> {
    let place = format!("/teams/{}/members", page.id());
    match teams::remove_member(&page.cx, page.id(), page.second()).await {
        Ok(()) => {
            let text = page.frame.tx("member-removed", page.field("name"));
            let fields = [("user", page.second()), ("role", page.field("before"))];
            Ok(page.undoable(&place, text, (&place, &fields)))
        }
        // somebody else was faster
        Err(Error::NotFound("member")) => Ok(page.told(&place, page.frame.t("member-gone"))),
        Err(error) => page.not_done(&place, error),
    }
}

/// `POST /console/teams/{team}/invites/{invite}/cancel`.
pub(super) async fn cancel_invite(page: &Page<'_>) -> Result<Answer, Failed> {
    let place = format!("/teams/{}/members", page.id());
    match invites::cancel_for_team(&page.cx, page.id(), page.second()).await {
        Ok(()) => Ok(page.told(&place, page.frame.t("invite-cancelled"))),
        Err(error) => page.not_done(&place, error),
    }
}

/// `POST /console/teams/{team}/leave`.
pub(super) async fn leave(page: &Page<'_>) -> Result<Answer, Failed> {
    match teams::leave(&page.cx, page.id()).await {
        Ok(()) => Ok(page.told("/teams", page.frame.t("team-left"))),
        Err(Error::Rule(Rule::Forbidden(why))) => {
            let why = Error::Rule(Rule::Conflict(why));
            page.not_done(&format!("/teams/{}", page.id()), why)
        }
        Err(error) => page.not_done(&format!("/teams/{}", page.id()), error),
    }
}

/// A switch of a team, as its settings page shows it.
struct Switch {
    name: &'static str,
    /// What the team decided.
    own: bool,
    /// What holds.
    effective: bool,
    /// Whether the organization decides.
    is_locked: bool,
}

fn switches(team: &Team, enforced: crate::org::settings::Enforcement) -> [Switch; 5] {
    let (own, effective) = (team.settings, team.effective);
    let switch = |name, own, effective, is_locked| Switch { name, own, effective, is_locked };
    [
        switch("hidden", own.hidden, effective.hidden, enforced.hidden),
        switch(
            "privateProjects",
            own.private_projects,
            effective.private_projects,
            enforced.private_projects,
        ),
        switch("membersInvite", own.members_invite, effective.members_invite, enforced.admins_invite),
        switch(
            "noPublicReports",
            own.no_public_reports,
            effective.no_public_reports,
            enforced.no_public_reports,
        ),
        switch("codeSaving", own.code_saving, effective.code_saving, enforced.no_code_saving),
    ]
}

#[derive(Template)]
#[template(path = "http/pages/console/team_settings.html")]
struct SettingsForm<'p> {
    frame: &'p Frame,
    head: Head,
    switches: [Switch; 5],
    roles: Vec<String>,
    typed: Typed<'p>,
    error: Option<String>,
}

/// `GET /console/teams/{team}/settings`.
pub(super) async fn settings(page: &Page<'_>) -> Result<Answer, Failed> {
    settings_page(page, StatusCode::OK, None).await
}

async fn settings_page(page: &Page<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    let head = head(page, "settings").await?;
    let (settings, _) = crate::service::settings::get(&page.cx).await?;
    let switches = switches(&head.team, settings.enforced);
    let typed = page.typed(&format!("/teams/{}/settings", page.id()), error.is_some());
    let roles = page.team_roles().await?;
    Answer::page_with(status, &SettingsForm { frame: &page.frame, head, switches, roles, typed, error })
}

/// `POST /console/teams/{team}/settings`: the name, the default role and the switches together.
pub(super) async fn change_settings(page: &Page<'_>) -> Result<Answer, Failed> {
    let team = teams::read(&page.cx, page.id()).await?;
    let (settings, _) = crate::service::settings::get(&page.cx).await?;
    let free = switches(&team, settings.enforced).into_iter().filter(|switch| !switch.is_locked);
    let decided: Map<String, Value> =
        free.map(|switch| (switch.name.to_owned(), json!(page.is_ticked(switch.name)))).collect();
    let change =
        TeamChange { name: page.filled("name"), default_role: page.filled("defaultRole"), settings: decided };
    match teams::change(&page.cx, page.id(), change, page.precondition()).await {
        Ok(team) => Ok(page.told(&format!("/teams/{}/settings", team.id), page.frame.t("page-saved"))),
        Err(Error::PreconditionFailed) => Ok(page.stale(&format!("/teams/{}/settings", page.id()))),
        Err(error) => {
            let error = page.refused(error)?;
            settings_page(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
    }
}

/// `GET /console/teams/{team}/avatar`: its picture, under the path that says its version, which browsers keep.
pub(super) async fn avatar(page: &Page<'_>) -> Result<Answer, Failed> {
    let avatar = avatars::read(&page.cx, page.id()).await?;
    let tag = avatar.tag.trim_matches('"');
    match page.asked.query("v") == tag {
        true => Ok(Answer::picture(avatar.png)),
        false => Ok(Answer::to(page.path(&format!("/teams/{}/avatar?v={tag}", page.id())))),
    }
}

/// `POST /console/teams/{team}/avatar`: another picture, or none.
pub(super) async fn change_avatar(page: &Page<'_>) -> Result<Answer, Failed> {
    let place = format!("/teams/{}/settings", page.id());
    let changed = match page.field("do") {
        "remove" => avatars::remove(&page.cx, page.id(), page.precondition()).await,
        _ => {
            let image = page.asked.file("image").unwrap_or_default().to_vec();
            let seen = match page.filled("version") {
                None => Precondition::parse(None, Some("*")),
                Some(_) => page.precondition(),
            };
            avatars::set(&page.cx, page.id(), image, seen).await
        }
    };
    match changed {
        Ok(team) if team.avatar.is_some() => Ok(page.told(&place, page.frame.t("avatar-set"))),
        Ok(_) => Ok(page.told(&place, page.frame.t("avatar-removed"))),
        Err(error) => {
            let error = page.refused(error)?;
            settings_page(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/team_archive.html")]
struct Archive<'p> {
    frame: &'p Frame,
    team: Team,
}

/// `GET /console/teams/{team}/archive`: what it means.
pub(super) async fn show_archive(page: &Page<'_>) -> Result<Answer, Failed> {
    Answer::page(&Archive { frame: &page.frame, team: teams::read(&page.cx, page.id()).await? })
}

/// `POST /console/teams/{team}/archive`.
pub(super) async fn archive(page: &Page<'_>) -> Result<Answer, Failed> {
    match teams::archive(&page.cx, page.id(), page.precondition()).await {
        Ok(()) => {
            let text = page.frame.tx("team-was-archived", page.field("name"));
            Ok(page.undoable("/teams", text, (&format!("/teams/archived/{}", page.id()), &[])))
        }
        Err(error) => page.not_done(&format!("/teams/{}/archive", page.id()), error),
    }
}

#[derive(Template)]
#[template(path = "http/pages/console/team_service_accounts.html")]
struct Accounts<'p> {
    frame: &'p Frame,
    head: Head,
    accounts: Vec<ServiceAccount>,
    typed: Typed<'p>,
    error: Option<String>,
    next: Option<String>,
    json: String,
}

/// `GET /console/teams/{team}/service-accounts`.
pub(super) async fn service_accounts(page: &Page<'_>) -> Result<Answer, Failed> {
    accounts_page(page, StatusCode::OK, None).await
}

async fn accounts_page(page: &Page<'_>, status: StatusCode, error: Option<String>) -> Result<Answer, Failed> {
    let head = head(page, "service-accounts").await?;
    let team = Some(page.id().to_owned());
    let Part { items: accounts, next } = service_accounts::list(&page.cx, team, page.slice()?).await?;
    let next = page.next(&format!("/teams/{}/service-accounts", page.id()), next.as_deref());
    let json = page.json(&format!("/service-accounts?team={}", page.id()));
    let typed = page.typed(&format!("/teams/{}/service-accounts", page.id()), error.is_some());
    Answer::page_with(status, &Accounts { frame: &page.frame, head, accounts, typed, error, next, json })
}

/// `POST /console/teams/{team}/service-accounts`: its page comes next, where it gets its first key.
pub(super) async fn create_service_account(page: &Page<'_>) -> Result<Answer, Failed> {
    match service_accounts::create(&page.cx, page.field("name"), Belongs::Team(page.id().to_owned())).await {
        Ok(made) => {
            let place = format!("/service-accounts/{}", made.it.id);
            Ok(page.told(&place, page.frame.tx("service-account-created", &made.it.name)))
        }
        Err(error) => {
            let error = page.refused_in(error)?;
            accounts_page(page, StatusCode::UNPROCESSABLE_ENTITY, Some(error)).await
        }
    }
}
