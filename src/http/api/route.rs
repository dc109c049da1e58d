//! The routes of the API: one table.

use super::{
    AUDIT_LOGS, Call, Reply, decisions, events, keys, me, organization, roles, service_accounts, teams, users,
};
use crate::{http::error::Refusal, org::authority::Action};
use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A route under `/api/v1`. Whoever adds one says which action it is, and with that who may.
pub(super) struct Route {
    /// The method. HEAD goes where GET goes.
    pub(super) method: &'static str,
    /// The path, with `{name}` where a value stands.
    pub(super) pattern: &'static str,
    /// What it is to do this.
    pub(super) action: Action,
    /// What it does, for those who read the description.
    pub(super) summary: &'static str,
    /// The parameters that its query may have.
    pub(super) query: &'static [&'static str],
    /// What serves it.
    pub(super) handler: Handler,
}

/// What serves a route: with a body that was read, or without.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Takes no body.
    Plain(Serve),
    /// Takes a JSON object, which this JSON Schema describes.
    WithBody(Serve, fn() -> Value),
}

/// One function of the service floor, asked.
pub(super) type Serve = fn(Call) -> LocalBoxFuture<'static, Result<Reply, Refusal>>;

/// Every route.
pub(super) const ROUTES: &[Route] = &[
    Route {
        method: "GET",
        pattern: "/me",
        action: Action::MeRead,
        summary: "Whom the key speaks for",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(me::read(call))),
    },
    Route {
        method: "GET",
        pattern: "/organization",
        action: Action::OrganizationRead,
        summary: "The organization",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(organization::read(call))),
    },
    Route {
        method: "GET",
        pattern: "/settings",
        action: Action::SettingsRead,
        summary: "What admins decided for the organization",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(organization::settings(call))),
    },
    Route {
        method: "PATCH",
        pattern: "/settings",
        action: Action::SettingsChange,
        summary: "Change what is named; null brings a default back",
        query: &[],
        handler: Handler::WithBody(
            |call| Box::pin(organization::change_settings(call)),
            organization::change_schema,
        ),
    },
    Route {
        method: "GET",
        pattern: "/keys",
        action: Action::KeyList,
        summary: "One's own keys; those of an owner, or with * everybody's",
        query: &["owner", "limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(keys::list(call))),
    },
    Route {
        method: "POST",
        pattern: "/keys",
        action: Action::KeyCreate,
        summary: "Make a key; it is shown in this answer and never again",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(keys::create(call)), keys::new_schema),
    },
    Route {
        method: "GET",
        pattern: "/keys/{id}",
        action: Action::KeyList,
        summary: "What is known of a key",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(keys::get(call))),
    },
    Route {
        method: "PATCH",
        pattern: "/keys/{id}",
        action: Action::KeyChange,
        summary: "Give a key another name",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(keys::change(call)), keys::change_schema),
    },
    Route {
        method: "DELETE",
        pattern: "/keys/{id}",
        action: Action::KeyRevoke,
        summary: "Revoke a key; the next request with it is refused",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(keys::revoke(call))),
    },
    Route {
        method: "GET",
        pattern: "/service-accounts",
        action: Action::ServiceAccountList,
        summary: "All service accounts, or those of a team",
        query: &["team", "limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(service_accounts::list(call))),
    },
    Route {
        method: "POST",
        pattern: "/service-accounts",
        action: Action::ServiceAccountCreate,
        summary: "Make a service account, of a team or of the organization",
        query: &[],
        handler: Handler::WithBody(
            |call| Box::pin(service_accounts::create(call)),
            service_accounts::new_schema,
        ),
    },
    Route {
        method: "GET",
        pattern: "/service-accounts/{id}",
        action: Action::ServiceAccountList,
        summary: "A service account",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(service_accounts::get(call))),
    },
    Route {
        method: "DELETE",
        pattern: "/service-accounts/{id}",
        action: Action::ServiceAccountRemove,
        summary: "Remove a service account; its keys end with it",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(service_accounts::remove(call))),
    },
    Route {
        method: "GET",
        pattern: "/users",
        action: Action::UserRead,
        summary: "The users, or who is known by a user name, handle or e-mail address",
        query: &["login", "limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(users::list(call))),
    },
    Route {
        method: "POST",
        pattern: "/users",
        action: Action::UserCreate,
        summary: "Make a user",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(users::create(call)), users::new_schema),
    },
    Route {
        method: "GET",
        pattern: "/users/{id}",
        action: Action::UserRead,
        summary: "A user with teams, roles and activity",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(users::get(call))),
    },
    Route {
        method: "PATCH",
        pattern: "/users/{id}",
        action: Action::UserChange,
        summary: "Change what is known of a user, deactivate or reactivate",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(users::change(call)), users::change_schema),
    },
    Route {
        method: "DELETE",
        pattern: "/users/{id}",
        action: Action::UserRemove,
        summary: "Remove a user; the keys end, a tombstone stays",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(users::remove(call))),
    },
    Route {
        method: "PUT",
        pattern: "/users/{id}/organization-role",
        action: Action::OrganizationRoleChange,
        summary: "Change a role in the organization",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(users::change_role(call)), users::role_schema),
    },
    Route {
        method: "PUT",
        pattern: "/users/{id}/seat",
        action: Action::SeatChange,
        summary: "Change a seat",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(users::change_seat(call)), users::seat_schema),
    },
    Route {
        method: "PUT",
        pattern: "/users/{id}/default-team",
        action: Action::DefaultTeamChange,
        summary: "Choose the team that is meant when none is named",
        query: &[],
        handler: Handler::WithBody(
            |call| Box::pin(users::choose_default_team(call)),
            users::default_team_schema,
        ),
    },
    Route {
        method: "DELETE",
        pattern: "/me",
        action: Action::OrganizationLeave,
        summary: "Leave the organization",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(users::leave(call))),
    },
    Route {
        method: "GET",
        pattern: "/people/{id}",
        action: Action::PersonRead,
        summary: "Whom an id belongs to, also when they were removed",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(users::known(call))),
    },
    Route {
        method: "GET",
        pattern: "/seats",
        action: Action::LicenseRead,
        summary: "How many seats there are and are taken",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(users::seats(call))),
    },
    Route {
        method: "GET",
        pattern: "/teams",
        action: Action::TeamList,
        summary: "The teams one may see, or the one that has or had a name",
        query: &["name", "limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(teams::list(call))),
    },
    Route {
        method: "POST",
        pattern: "/teams",
        action: Action::TeamCreate,
        summary: "Make a team",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(teams::create(call)), teams::new_schema),
    },
    Route {
        method: "GET",
        pattern: "/teams/{id}",
        action: Action::TeamRead,
        summary: "A team",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(teams::get(call))),
    },
    Route {
        method: "PATCH",
        pattern: "/teams/{id}",
        action: Action::TeamSettingsChange,
        summary: "Change a team's name, default role or settings",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(teams::change(call)), teams::change_schema),
    },
    Route {
        method: "DELETE",
        pattern: "/teams/{id}",
        action: Action::TeamArchive,
        summary: "Archive a team; it can be restored for 30 days",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(teams::archive(call))),
    },
    Route {
        method: "GET",
        pattern: "/teams/{id}/members",
        action: Action::TeamRead,
        summary: "The members of a team with their roles",
        query: &["limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(teams::members(call))),
    },
    Route {
        method: "POST",
        pattern: "/teams/{id}/members",
        action: Action::TeamMemberInvite,
        summary: "Make a user a member",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(teams::add_member(call)), teams::new_member_schema),
    },
    Route {
        method: "DELETE",
        pattern: "/teams/{id}/members/me",
        action: Action::TeamLeave,
        summary: "Leave a team",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(teams::leave(call))),
    },
    Route {
        method: "DELETE",
        pattern: "/teams/{id}/members/{user}",
        action: Action::TeamMemberRemove,
        summary: "Take a member out of a team",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(teams::remove_member(call))),
    },
    Route {
        method: "PUT",
        pattern: "/teams/{id}/members/{user}/role",
        action: Action::TeamMemberRole,
        summary: "Change a member's role in a team",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(teams::change_member(call)), teams::role_schema),
    },
    Route {
        method: "GET",
        pattern: "/archived-teams",
        action: Action::TeamRestore,
        summary: "The teams that can be restored",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(teams::archived(call))),
    },
    Route {
        method: "POST",
        pattern: "/archived-teams/{id}/restore",
        action: Action::TeamRestore,
        summary: "Restore a team with its members",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(teams::restore(call))),
    },
    Route {
        method: "POST",
        pattern: "/decisions",
        action: Action::DecisionMake,
        summary: "May whoever shows a key do something in a team, why, and who is credited",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(decisions::decide(call)), decisions::schema),
    },
    Route {
        method: "GET",
        pattern: "/events",
        action: Action::EventRead,
        summary: "What happened, in the order of the journal",
        query: &["after", "limit", "kind", "resource", "actor", "since", "until"],
        handler: Handler::Plain(|call| Box::pin(events::list(call))),
    },
    Route {
        method: "GET",
        pattern: "/events/export",
        action: Action::EventRead,
        summary: "The same, all of it, a line each",
        query: &["after", "kind", "resource", "actor", "since", "until"],
        handler: Handler::Plain(|call| Box::pin(events::export(call))),
    },
    Route {
        method: "GET",
        pattern: "/events/verification",
        action: Action::EventRead,
        summary: "Whether the journal is what was written, and the first event that is not",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(events::verify(call))),
    },
    Route {
        method: "GET",
        pattern: AUDIT_LOGS,
        action: Action::EventRead,
        summary: "What happened, as W&B's audit log tells it",
        query: &["anonymize", "startDate", "numDays", "endDate", "limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(events::audit_log(call))),
    },
    Route {
        method: "GET",
        pattern: "/roles",
        action: Action::RoleRead,
        summary: "The custom roles, or the one of a name",
        query: &["name", "limit", "cursor"],
        handler: Handler::Plain(|call| Box::pin(roles::list(call))),
    },
    Route {
        method: "POST",
        pattern: "/roles",
        action: Action::RoleCreate,
        summary: "Make a custom role",
        query: &[],
        handler: Handler::WithBody(|call| Box::pin(roles::create(call)), roles::new_schema),
    },
    Route {
        method: "GET",
        pattern: "/roles/{id}",
        action: Action::RoleRead,
        summary: "A custom role with its permissions",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(roles::get(call))),
    },
    Route {
        method: "PATCH",
        pattern: "/roles/{id}",
        action: Action::RoleChange,
        summary: "Change a custom role, or tell whom it would concern",
        query: &["dryRun"],
        handler: Handler::WithBody(|call| Box::pin(roles::change(call)), roles::change_schema),
    },
    Route {
        method: "DELETE",
        pattern: "/roles/{id}",
        action: Action::RoleRemove,
        summary: "Remove a custom role, or tell whom it would concern",
        query: &["dryRun"],
        handler: Handler::Plain(|call| Box::pin(roles::remove(call))),
    },
    Route {
        method: "GET",
        pattern: "/permissions",
        action: Action::RoleRead,
        summary: "Every permission there is",
        query: &[],
        handler: Handler::Plain(|call| Box::pin(roles::permissions(call))),
    },
];

/// The route of a request, and the values in its path.
pub(super) fn find(method: &str, path: &str) -> Result<(&'static Route, Vec<String>), Refusal> {
    let wanted = if method == "HEAD" { "GET" } else { method };
    let fitting = || ROUTES.iter().filter_map(|route| Some((route, values(route.pattern, path)?)));
    if let Some(found) = fitting().find(|(route, _)| route.method == wanted) {
        return Ok(found);
    }
    let mut methods: Vec<&str> = fitting().map(|(route, _)| route.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    if methods.is_empty() {
        Err(Refusal::NoEndpoint)
    } else {
        Err(Refusal::Method(methods.join(", ").into()))
    }
}

/// The values of a path that fits a pattern, percent-decoded once.
fn values(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(found),
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => {
                found.push(percent_decode_str(value).decode_utf8_lossy().into_owned());
            }
            (Some(name), Some(value)) if name == value => {}
            _ => return None,
        }
    }
}
