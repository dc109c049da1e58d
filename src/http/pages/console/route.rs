//! The pages of the console: one table.

use super::{
    Page, audit, keys, log, mail, mappings, own, people, person, providers, provisioning, roles, settings,
    system, team, teams,
};
use crate::{
    http::pages::answer::{Answer, Failed},
    org::authority::Action,
    service::permits::Place,
};
use futures_util::{FutureExt, future::LocalBoxFuture};

/// A page of the console, or a form that one sends.
pub(super) struct Route {
    /// Whether something is to change.
    pub(super) changes: bool,
    /// The path below `/console`, with `{name}` where a value stands.
    pub(super) pattern: &'static str,
    /// What it is to do this.
    pub(super) action: Action,
    /// Whether whoever opens it must have proved a moment ago who they are: better now than when it is filled in.
    pub(super) proves: bool,
    /// What it is about.
    about: About,
    /// What serves it.
    pub(super) serve: Serve,
}

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The organization.
    Organization,
    /// The person or service account that the path names first.
    Person,
    /// The team that the path names first.
    Team,
    /// The person that the path names second, in the team that it names first.
    Member,
    /// Whoever asks.
    Oneself,
    /// What only the function behind it knows, such as whose key it is.
    Found,
}

/// A page as the list of pages tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Whether it is a form that changes something, and no page to look at.
    pub changes: bool,
    /// The path below `/console`, with `{name}` where a value stands.
    pub pattern: &'static str,
    /// What it is to do this.
    pub action: Action,
    /// What it is about.
    pub about: About,
}

/// Every page.
pub fn listed() -> Vec<Listed> {
    let told = |route: &Route| Listed {
        changes: route.changes,
        pattern: route.pattern,
        action: route.action,
        about: route.about,
    };
    ROUTES.iter().map(told).collect()
}

/// A function that makes a page.
pub(super) type Serve = for<'a> fn(&'a Page<'a>) -> LocalBoxFuture<'a, Result<Answer, Failed>>;

impl Route {
    const fn page(pattern: &'static str, action: Action, about: About, serve: Serve) -> Self {
        Self { changes: false, proves: false, pattern, action, about, serve }
    }

    /// A page with a form to fill in for what is delicate: whoever opens it proves first who they are.
    const fn sheet(pattern: &'static str, action: Action, about: About, serve: Serve) -> Self {
        Self { proves: true, ..Self::page(pattern, action, about, serve) }
    }

    const fn form(pattern: &'static str, action: Action, about: About, serve: Serve) -> Self {
        Self { changes: true, proves: false, pattern, action, about, serve }
    }

    /// The values of a path that fits.
    pub(super) fn values(&self, path: &[&str], changes: bool) -> Option<Vec<String>> {
        let wanted: Vec<&str> = self.pattern.split('/').filter(|part| !part.is_empty()).collect();
        if self.changes != changes || wanted.len() != path.len() {
            return None;
        }
        let mut values = Vec::new();
        for (wanted, given) in wanted.into_iter().zip(path) {
            match wanted.starts_with('{') {
                true => {
                    values.push(percent_encoding::percent_decode_str(given).decode_utf8_lossy().into_owned())
                }
                false if wanted == *given => {}
                false => return None,
            }
        }
        Some(values)
    }

    /// What whoever asks must be allowed to do it to, where the path says.
    pub(super) fn place(&self, values: &[String], oneself: &str) -> Option<Place> {
        let first = || values.first().cloned().unwrap_or_default();
        match self.about {
            About::Organization => Some(Place::Organization),
            About::Person => Some(Place::Person(first())),
            About::Team => Some(Place::Team(first())),
            About::Member => Some(Place::Member(first(), values.get(1).cloned().unwrap_or_default())),
            About::Oneself => Some(Place::Person(oneself.to_owned())),
            About::Found => None,
        }
    }
}

/// Every page, in the order of the ways to them.
pub(super) const ROUTES: &[Route] = &[
    Route::page("/people", Action::UserExport, About::Organization, |page| people::list(page).boxed_local()),
    Route::form("/people/bulk", Action::UserChange, About::Organization, |page| {
        people::bulk(page).boxed_local()
    }),
    Route::sheet("/people/add", Action::InviteCreate, About::Organization, |page| {
        people::show_add(page).boxed_local()
    }),
    Route::form("/people/add", Action::InviteCreate, About::Organization, |page| {
        people::add(page).boxed_local()
    }),
    Route::form("/people/create", Action::UserCreate, About::Organization, |page| {
        people::create(page).boxed_local()
    }),
    Route::page("/people/export", Action::UserExport, About::Organization, |page| {
        people::export(page).boxed_local()
    }),
    Route::sheet("/people/import", Action::UserImport, About::Organization, |page| {
        people::show_import(page).boxed_local()
    }),
    Route::form("/people/import", Action::UserImport, About::Organization, |page| {
        people::import(page).boxed_local()
    }),
    Route::form("/invites/{invite}/renew", Action::InviteCreate, About::Organization, |page| {
        people::renew(page).boxed_local()
    }),
    Route::form("/invites/{invite}/cancel", Action::InviteCancel, About::Organization, |page| {
        people::cancel(page).boxed_local()
    }),
    Route::page("/people/{person}", Action::UserRead, About::Person, |page| person::show(page).boxed_local()),
    Route::form("/people/{person}", Action::UserChange, About::Person, |page| {
        person::change(page).boxed_local()
    }),
    Route::form("/people/{person}/role", Action::OrganizationRoleChange, About::Person, |page| {
        person::change_role(page).boxed_local()
    }),
    Route::form("/people/{person}/seat", Action::SeatChange, About::Person, |page| {
        person::change_seat(page).boxed_local()
    }),
    Route::sheet("/people/{person}/deactivate", Action::UserChange, About::Person, |page| {
        person::show_deactivate(page).boxed_local()
    }),
    Route::form("/people/{person}/deactivate", Action::UserChange, About::Person, |page| {
        person::deactivate(page).boxed_local()
    }),
    Route::form("/people/{person}/reactivate", Action::UserChange, About::Person, |page| {
        person::reactivate(page).boxed_local()
    }),
    Route::sheet("/people/{person}/remove", Action::UserRemove, About::Person, |page| {
        person::show_remove(page).boxed_local()
    }),
    Route::form("/people/{person}/remove", Action::UserRemove, About::Person, |page| {
        person::remove(page).boxed_local()
    }),
    Route::form("/people/{person}/sessions/{session}/end", Action::SessionEnd, About::Person, |page| {
        person::end_session(page).boxed_local()
    }),
    Route::form("/people/{person}/second-factor/remove", Action::SecondFactorReset, About::Person, |page| {
        person::remove_second_factor(page).boxed_local()
    }),
    Route::page("/activity", Action::ActivityRead, About::Organization, |page| {
        system::activity(page).boxed_local()
    }),
    Route::page("/teams", Action::TeamList, About::Organization, |page| teams::list(page).boxed_local()),
    Route::page("/teams/new", Action::TeamCreate, About::Organization, |page| {
        teams::show_new(page).boxed_local()
    }),
    Route::form("/teams/new", Action::TeamCreate, About::Organization, |page| {
        teams::create(page).boxed_local()
    }),
    Route::page("/teams/archived", Action::TeamRestore, About::Organization, |page| {
        teams::archived(page).boxed_local()
    }),
    Route::form("/teams/archived/{team}", Action::TeamRestore, About::Organization, |page| {
        teams::restore(page).boxed_local()
    }),
    Route::page("/teams/{team}", Action::TeamRead, About::Team, |page| team::home(page).boxed_local()),
    Route::page("/teams/{team}/members", Action::TeamRead, About::Team, |page| {
        team::members(page).boxed_local()
    }),
    Route::form("/teams/{team}/members", Action::TeamMemberInvite, About::Team, |page| {
        team::add(page).boxed_local()
    }),
    Route::form("/teams/{team}/members/{user}/role", Action::TeamMemberRole, About::Member, |page| {
        team::change_role(page).boxed_local()
    }),
    Route::form("/teams/{team}/members/{user}/remove", Action::TeamMemberRemove, About::Member, |page| {
        team::remove(page).boxed_local()
    }),
    Route::form("/teams/{team}/invites/{invite}/cancel", Action::TeamMemberInvite, About::Team, |page| {
        team::cancel_invite(page).boxed_local()
    }),
    Route::form("/teams/{team}/leave", Action::TeamLeave, About::Oneself, |page| {
        team::leave(page).boxed_local()
    }),
    Route::page("/teams/{team}/settings", Action::TeamSettingsChange, About::Team, |page| {
        team::settings(page).boxed_local()
    }),
    Route::form("/teams/{team}/settings", Action::TeamSettingsChange, About::Team, |page| {
        team::change_settings(page).boxed_local()
    }),
    Route::page("/teams/{team}/avatar", Action::TeamRead, About::Team, |page| {
        team::avatar(page).boxed_local()
    }),
    Route::form("/teams/{team}/avatar", Action::TeamSettingsChange, About::Team, |page| {
        team::change_avatar(page).boxed_local()
    }),
    Route::page("/teams/{team}/archive", Action::TeamArchive, About::Team, |page| {
        team::show_archive(page).boxed_local()
    }),
    Route::form("/teams/{team}/archive", Action::TeamArchive, About::Team, |page| {
        team::archive(page).boxed_local()
    }),
    Route::page("/teams/{team}/service-accounts", Action::TeamServiceAccountList, About::Team, |page| {
        team::service_accounts(page).boxed_local()
    }),
    Route::form("/teams/{team}/service-accounts", Action::TeamServiceAccountCreate, About::Team, |page| {
        team::create_service_account(page).boxed_local()
    }),
    Route::page("/roles", Action::RoleRead, About::Organization, |page| roles::list(page).boxed_local()),
    Route::page("/roles/new", Action::RoleCreate, About::Organization, |page| {
        roles::show_new(page).boxed_local()
    }),
    Route::form("/roles/new", Action::RoleCreate, About::Organization, |page| {
        roles::create(page).boxed_local()
    }),
    Route::page("/roles/{role}", Action::RoleRead, About::Organization, |page| {
        roles::show(page).boxed_local()
    }),
    Route::form("/roles/{role}", Action::RoleChange, About::Organization, |page| {
        roles::change(page).boxed_local()
    }),
    Route::page("/roles/{role}/remove", Action::RoleRemove, About::Organization, |page| {
        roles::show_remove(page).boxed_local()
    }),
    Route::form("/roles/{role}/remove", Action::RoleRemove, About::Organization, |page| {
        roles::remove(page).boxed_local()
    }),
    Route::page("/service-accounts", Action::ServiceAccountList, About::Organization, |page| {
        keys::accounts(page).boxed_local()
    }),
    Route::form("/service-accounts", Action::ServiceAccountCreate, About::Organization, |page| {
        keys::create_account(page).boxed_local()
    }),
    Route::page("/service-accounts/{account}", Action::TeamServiceAccountList, About::Found, |page| {
        keys::account(page).boxed_local()
    }),
    Route::form("/service-accounts/{account}/keys", Action::ServiceKeyCreate, About::Found, |page| {
        keys::create_key(page).boxed_local()
    }),
    Route::page(
        "/service-accounts/{account}/remove",
        Action::TeamServiceAccountRemove,
        About::Found,
        |page| keys::show_remove(page).boxed_local(),
    ),
    Route::form(
        "/service-accounts/{account}/remove",
        Action::TeamServiceAccountRemove,
        About::Found,
        |page| keys::remove_account(page).boxed_local(),
    ),
    Route::page("/keys", Action::KeyList, About::Organization, |page| keys::list(page).boxed_local()),
    Route::form("/keys/{key}/revoke", Action::KeyRevoke, About::Found, |page| {
        keys::revoke(page).boxed_local()
    }),
    Route::page("/provisioning", Action::ConnectionRead, About::Organization, |page| {
        provisioning::list(page).boxed_local()
    }),
    Route::sheet("/provisioning/new", Action::ConnectionChange, About::Organization, |page| {
        provisioning::show_new(page).boxed_local()
    }),
    Route::form("/provisioning/new", Action::ConnectionChange, About::Organization, |page| {
        provisioning::create(page).boxed_local()
    }),
    Route::page("/provisioning/log", Action::RequestRead, About::Organization, |page| {
        log::list(page).boxed_local()
    }),
    Route::page("/provisioning/log/{request}", Action::RequestRead, About::Organization, |page| {
        log::show(page).boxed_local()
    }),
    Route::form("/provisioning/log/{request}/replay", Action::RequestReplay, About::Organization, |page| {
        log::replay(page).boxed_local()
    }),
    Route::page("/provisioning/{connection}", Action::ConnectionRead, About::Organization, |page| {
        provisioning::show(page).boxed_local()
    }),
    Route::form("/provisioning/{connection}", Action::ConnectionChange, About::Organization, |page| {
        provisioning::change(page).boxed_local()
    }),
    Route::form("/provisioning/{connection}/tokens", Action::ConnectionChange, About::Organization, |page| {
        provisioning::create_token(page).boxed_local()
    }),
    Route::form(
        "/provisioning/{connection}/tokens/{token}/revoke",
        Action::ConnectionChange,
        About::Organization,
        |page| provisioning::revoke_token(page).boxed_local(),
    ),
    Route::sheet(
        "/provisioning/{connection}/revoke",
        Action::ConnectionChange,
        About::Organization,
        |page| provisioning::show_revoke(page).boxed_local(),
    ),
    Route::form("/provisioning/{connection}/revoke", Action::ConnectionChange, About::Organization, |page| {
        provisioning::revoke(page).boxed_local()
    }),
    Route::form("/adoptions/{connection}/{user}", Action::ConnectionChange, About::Organization, |page| {
        provisioning::decide(page).boxed_local()
    }),
    Route::page("/mappings", Action::MappingRead, About::Organization, |page| {
        mappings::list(page).boxed_local()
    }),
    Route::form("/mappings", Action::MappingChange, About::Organization, |page| {
        mappings::create(page).boxed_local()
    }),
    Route::sheet("/mappings/{mapping}/remove", Action::MappingChange, About::Organization, |page| {
        mappings::show_remove(page).boxed_local()
    }),
    Route::form("/mappings/{mapping}/remove", Action::MappingChange, About::Organization, |page| {
        mappings::remove(page).boxed_local()
    }),
    Route::page("/sign-in", Action::ProviderRead, About::Organization, |page| {
        providers::list(page).boxed_local()
    }),
    Route::form("/sign-in/providers", Action::ProviderChange, About::Organization, |page| {
        providers::create(page).boxed_local()
    }),
    Route::page("/sign-in/providers/{provider}", Action::ProviderRead, About::Organization, |page| {
        providers::show(page).boxed_local()
    }),
    Route::form("/sign-in/providers/{provider}", Action::ProviderChange, About::Organization, |page| {
        providers::change(page).boxed_local()
    }),
    Route::form("/sign-in/providers/{provider}/test", Action::ProviderRead, About::Organization, |page| {
        providers::test(page).boxed_local()
    }),
    Route::sheet(
        "/sign-in/providers/{provider}/remove",
        Action::ProviderChange,
        About::Organization,
        |page| providers::show_remove(page).boxed_local(),
    ),
    Route::form(
        "/sign-in/providers/{provider}/remove",
        Action::ProviderChange,
        About::Organization,
        |page| providers::remove(page).boxed_local(),
    ),
    Route::form(
        "/sign-in/providers/{provider}/people/{user}",
        Action::ProviderChange,
        About::Organization,
        |page| providers::decide(page).boxed_local(),
    ),
    Route::page("/settings", Action::SettingsChange, About::Organization, |page| {
        settings::show(page).boxed_local()
    }),
    Route::form("/settings/{group}", Action::SettingsChange, About::Organization, |page| {
        settings::change(page).boxed_local()
    }),
    Route::form("/sign-in/settings/{group}", Action::SettingsChange, About::Organization, |page| {
        settings::change(page).boxed_local()
    }),
    Route::form("/mail/settings/{group}", Action::SettingsChange, About::Organization, |page| {
        settings::change(page).boxed_local()
    }),
    Route::page("/mail", Action::MailRead, About::Organization, |page| mail::show(page).boxed_local()),
    Route::form("/mail/test", Action::MailTest, About::Organization, |page| mail::test(page).boxed_local()),
    Route::page("/audit", Action::EventRead, About::Organization, |page| audit::list(page).boxed_local()),
    Route::page("/audit/export", Action::EventRead, About::Organization, |page| {
        audit::export(page).boxed_local()
    }),
    Route::page("/system", Action::SystemRead, About::Organization, |page| system::show(page).boxed_local()),
    Route::page("/own/keys", Action::KeyList, About::Oneself, |page| own::keys(page).boxed_local()),
    Route::form("/own/keys", Action::KeyCreate, About::Oneself, |page| own::create_key(page).boxed_local()),
    Route::page("/own/teams", Action::UserRead, About::Oneself, |page| own::teams(page).boxed_local()),
    Route::form("/own/default-team", Action::DefaultTeamChange, About::Oneself, |page| {
        own::choose_team(page).boxed_local()
    }),
    Route::page("/own/leave", Action::OrganizationLeave, About::Oneself, |page| {
        own::show_leave(page).boxed_local()
    }),
    Route::form("/own/leave", Action::OrganizationLeave, About::Oneself, |page| {
        own::leave(page).boxed_local()
    }),
];
