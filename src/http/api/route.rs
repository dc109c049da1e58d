//! The routes of the API: one table.

use super::{
    AUDIT_LOGS, Call, Reply, connections, decisions, events, invites, issuers, keys, mappings, me,
    organization, providers, requests, roles, service_accounts, sessions, system, teams, users,
};
use crate::{
    http::error::Refusal,
    org::{authority::Action, invite::Invite, issuer::Issuer, key::Key, service_account::ServiceAccount},
    service::{
        access::Access,
        activity::ActivityOverTime,
        adoptions::Wanted,
        connections::Shown,
        custom_roles::{Permission, Role},
        decisions::Decision,
        health::Health,
        invites::NewInvites,
        issuers::NewIssuer,
        mails,
        mapping_previews::Preview,
        mappings::{self as rules, NewMapping},
        page::Page,
        people::{self, NewPerson, Person, Profile},
        people_csv::{Imported, NewImport},
        people_in_bulk::{ChangedPeople, PeopleChange},
        providers::{NewProvider, Provider, ProviderChange, Tested},
        requests as log,
        system::System,
        teams::{ArchivedTeam, Member, NewMember, NewTeam, Team, TeamChange},
    },
};
use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode_str;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A route under `/api/v1`. Whoever adds one says which action it is, and with that who may.
pub(super) struct Route {
    /// The method. HEAD goes where GET goes.
    pub(super) method: &'static str,
    /// The path, with `{name}` where a value stands.
    pub(super) pattern: &'static str,
    /// What it is to do this.
    pub(super) action: Action,
    /// What serves it.
    pub(super) serve: Serve,
    /// What it does, for those who read the description.
    pub(super) summary: &'static str,
    /// The parameters that its query may have.
    pub(super) query: &'static [&'static str],
    /// What its body looks like; without this it takes none.
    pub(super) body: Option<Shape>,
    /// The status of a success and what its body looks like; 204 without this.
    pub(super) answer: Option<(u16, Shape)>,
    /// Whether it heeds which version the client knows. What is shown beside a user or team has no part in its version, so
    /// that reading these does not.
    pub(super) versioned: bool,
    /// What its rehearsal tells, where that is not whom a change of a role concerns.
    pub(super) preview: Option<Shape>,
    /// The media type of what it answers with, where that is no JSON.
    pub(super) media_type: Option<&'static str>,
}

/// One function of the service floor, asked.
pub(super) type Serve = fn(Call) -> LocalBoxFuture<'static, Result<Reply, Refusal>>;

/// Tells what some JSON looks like, as JSON Schema.
pub(super) type Shape = fn(&mut SchemaGenerator) -> Schema;

/// The shape that a type has.
fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Route {
    const fn new(method: &'static str, pattern: &'static str, action: Action, serve: Serve) -> Self {
        Self {
            method,
            pattern,
            action,
            serve,
            summary: "",
            query: &[],
            body: None,
            answer: None,
            versioned: false,
            preview: None,
            media_type: None,
        }
    }

    const fn about(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    const fn query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn takes(self, shape: Shape) -> Self {
        Self { body: Some(shape), ..self }
    }

    const fn answers(self, shape: Shape) -> Self {
        Self { answer: Some((200, shape)), ..self }
    }

    const fn creates(self, shape: Shape) -> Self {
        Self { answer: Some((201, shape)), ..self }
    }

    const fn versioned(self) -> Self {
        Self { versioned: true, ..self }
    }

    const fn rehearses_as(self, shape: Shape) -> Self {
        Self { preview: Some(shape), ..self }
    }

    const fn sends(self, media_type: &'static str) -> Self {
        Self { media_type: Some(media_type), ..self }
    }

    /// Whether `dryRun=true` makes it tell what would happen.
    pub(super) fn rehearses(&self) -> bool {
        self.query.contains(&"dryRun")
    }
}

/// Every route.
pub(super) const ROUTES: &[Route] = &[
    Route::new("GET", "/me", Action::MeRead, |call| Box::pin(me::read(call)))
        .about("Whom the key speaks for")
        .answers(of::<me::Me>),
    Route::new("GET", "/organization", Action::OrganizationRead, |call| Box::pin(organization::read(call)))
        .about("The organization")
        .answers(of::<organization::Own>),
    Route::new("GET", "/settings", Action::SettingsRead, |call| Box::pin(organization::settings(call)))
        .versioned()
        .about("What admins decided for the organization")
        .answers(of::<organization::Decided>),
    Route::new("PATCH", "/settings", Action::SettingsChange, |call| {
        Box::pin(organization::change_settings(call))
    })
    .versioned()
    .about("Change what is named; null brings a default back")
    .takes(organization::change_schema)
    .answers(of::<organization::Decided>),
    Route::new("GET", "/keys", Action::KeyList, |call| Box::pin(keys::list(call)))
        .about("One's own keys; those of an owner, or with * everybody's")
        .query(&["owner", "limit", "cursor"])
        .answers(of::<Page<Key>>),
    Route::new("POST", "/keys", Action::KeyCreate, |call| Box::pin(keys::create(call)))
        .about("Make a key; it is shown in this answer and never again")
        .takes(of::<keys::New>)
        .creates(of::<keys::Created>),
    Route::new("GET", "/keys/{id}", Action::KeyList, |call| Box::pin(keys::get(call)))
        .about("What is known of a key")
        .answers(of::<Key>),
    Route::new("PATCH", "/keys/{id}", Action::KeyChange, |call| Box::pin(keys::change(call)))
        .about("Give a key another name")
        .takes(of::<keys::Change>)
        .answers(of::<Key>),
    Route::new("DELETE", "/keys/{id}", Action::KeyRevoke, |call| Box::pin(keys::revoke(call)))
        .about("Revoke a key; the next request with it is refused"),
    Route::new("GET", "/providers", Action::ProviderRead, |call| Box::pin(providers::list(call)))
        .about("Where else people sign in")
        .answers(of::<providers::Listed>),
    Route::new("POST", "/providers", Action::ProviderChange, |call| Box::pin(providers::create(call)))
        .about("Let people sign in elsewhere: at an OpenID provider, or by a directory")
        .takes(of::<NewProvider>)
        .creates(of::<Provider>),
    Route::new("GET", "/providers/{id}", Action::ProviderRead, |call| Box::pin(providers::read(call)))
        .about("One provider; never its secret")
        .answers(of::<Provider>),
    Route::new("PATCH", "/providers/{id}", Action::ProviderChange, |call| Box::pin(providers::change(call)))
        .versioned()
        .about("Change a provider; what is not named stays")
        .takes(of::<ProviderChange>)
        .answers(of::<Provider>),
    Route::new("DELETE", "/providers/{id}", Action::ProviderChange, |call| Box::pin(providers::remove(call)))
        .about("Remove a provider, and forget who people are there"),
    Route::new("POST", "/providers/{id}/test", Action::ProviderRead, |call| Box::pin(providers::test(call)))
        .about("Ask a provider as signing in would; nothing changes")
        .answers(of::<Tested>),
    Route::new("PUT", "/providers/{provider}/people/{user}", Action::ProviderChange, |call| {
        Box::pin(providers::decide(call))
    })
    .about("Say whether somebody who came from a provider is that user")
    .takes(of::<providers::Verdict>),
    Route::new("GET", "/identities", Action::SessionRead, |call| Box::pin(providers::identities(call)))
        .about("Who one is elsewhere, or who a user is; with * about whom an admin is to decide")
        .query(&["user"])
        .answers(of::<providers::Identities>),
    Route::new("GET", "/sessions", Action::SessionRead, |call| Box::pin(sessions::list(call)))
        .about("Where one is signed in, or where a user is")
        .query(&["user"])
        .answers(of::<sessions::Listed>),
    Route::new("DELETE", "/sessions/{id}", Action::SessionEnd, |call| Box::pin(sessions::end(call)))
        .about("End a session; the next request with it is refused"),
    Route::new("DELETE", "/users/{id}/second-factor", Action::SecondFactorReset, |call| {
        Box::pin(sessions::remove_second_factor(call))
    })
    .about("Take the second factor of somebody away who lost it"),
    Route::new("GET", "/service-accounts", Action::ServiceAccountList, |call| {
        Box::pin(service_accounts::list(call))
    })
    .about("All service accounts, or those of a team")
    .query(&["team", "limit", "cursor"])
    .answers(of::<Page<ServiceAccount>>),
    Route::new("POST", "/service-accounts", Action::ServiceAccountCreate, |call| {
        Box::pin(service_accounts::create(call))
    })
    .about("Make a service account, of a team or of the organization")
    .takes(of::<service_accounts::New>)
    .creates(of::<ServiceAccount>),
    Route::new("GET", "/service-accounts/{id}", Action::ServiceAccountList, |call| {
        Box::pin(service_accounts::get(call))
    })
    .about("A service account")
    .answers(of::<ServiceAccount>),
    Route::new("DELETE", "/service-accounts/{id}", Action::ServiceAccountRemove, |call| {
        Box::pin(service_accounts::remove(call))
    })
    .about("Remove a service account; its keys end with it"),
    Route::new("GET", "/users", Action::UserRead, |call| Box::pin(users::list(call)))
        .about("The users: searched, filtered and sorted; or who is known by a user name, handle or e-mail address")
        .query(&[
            "login", "search", "status", "role", "seat", "source", "team", "sort", "order", "limit", "cursor",
        ])
        .answers(of::<Page<Person>>),
    Route::new("POST", "/users", Action::UserCreate, |call| Box::pin(users::create(call)))
        .about("Make a user")
        .takes(of::<NewPerson>)
        .creates(of::<Person>),
    Route::new("GET", "/users/count", Action::UserRead, |call| Box::pin(users::count(call)))
        .about("How many users such a list has")
        .query(&["search", "status", "role", "seat", "source", "team"])
        .answers(of::<users::PeopleCount>),
    Route::new("POST", "/users/bulk", Action::UserChange, |call| Box::pin(users::change_many(call)))
        .about("Change many users, each by itself; what is refused of one harms no other")
        .takes(of::<PeopleChange>)
        .answers(of::<ChangedPeople>),
    Route::new("GET", "/users/export", Action::UserExport, |call| Box::pin(users::export(call)))
        .about("Everybody as a table of CSV, safe to open in a spreadsheet, or those who are asked for")
        .query(&["search", "status", "role", "seat", "source", "team"])
        .sends("text/csv"),
    Route::new("POST", "/users/import", Action::UserImport, |call| Box::pin(users::import(call)))
        .about("Take people in from a table of CSV, all or nothing, or tell what it would do")
        .query(&["dryRun"])
        .rehearses_as(of::<Imported>)
        .takes(of::<NewImport>)
        .answers(of::<Imported>),
    Route::new("GET", "/users/{id}", Action::UserRead, |call| Box::pin(users::get(call)))
        .about("A user with teams, roles and activity")
        .answers(of::<Person>),
    Route::new("PATCH", "/users/{id}", Action::UserChange, |call| Box::pin(users::change(call)))
        .versioned()
        .about("Change what is known of a user, deactivate or reactivate")
        .takes(of::<Profile>)
        .answers(of::<Person>),
    Route::new("DELETE", "/users/{id}", Action::UserRemove, |call| Box::pin(users::remove(call)))
        .versioned()
        .about("Remove a user; the keys end, a tombstone stays"),
    Route::new("PUT", "/users/{id}/organization-role", Action::OrganizationRoleChange, |call| {
        Box::pin(users::change_role(call))
    })
    .versioned()
    .about("Change a role in the organization")
    .takes(of::<users::Role>)
    .answers(of::<Person>),
    Route::new("PUT", "/users/{id}/seat", Action::SeatChange, |call| Box::pin(users::change_seat(call)))
        .versioned()
        .about("Change a seat")
        .takes(of::<users::Taken>)
        .answers(of::<Person>),
    Route::new("PUT", "/users/{id}/default-team", Action::DefaultTeamChange, |call| {
        Box::pin(users::choose_default_team(call))
    })
    .about("Choose the team that is meant when none is named")
    .takes(of::<users::DefaultTeam>)
    .answers(of::<Person>),
    Route::new("DELETE", "/me", Action::OrganizationLeave, |call| Box::pin(users::leave(call)))
        .about("Leave the organization"),
    Route::new("GET", "/people/{id}", Action::PersonRead, |call| Box::pin(users::known(call)))
        .about("Whom an id belongs to, also when they were removed")
        .answers(of::<people::Known>),
    Route::new("GET", "/seats", Action::LicenseRead, |call| Box::pin(users::seats(call)))
        .about("How many seats there are and are taken")
        .answers(of::<people::SeatsInUse>),
    Route::new("GET", "/activity", Action::ActivityRead, |call| Box::pin(system::activity(call)))
        .about("How many people were here over time: window is 30d, 3m, 6m, 12m or all")
        .query(&["window"])
        .answers(of::<ActivityOverTime>),
    Route::new("GET", "/system", Action::SystemRead, |call| Box::pin(system::read(call)))
        .about("The server: versions, size, and which processes serve")
        .answers(of::<System>),
    Route::new("GET", "/teams", Action::TeamList, |call| Box::pin(teams::list(call)))
        .about("The teams one may see, or the one that has or had a name")
        .query(&["name", "limit", "cursor"])
        .answers(of::<Page<Team>>),
    Route::new("POST", "/teams", Action::TeamCreate, |call| Box::pin(teams::create(call)))
        .about("Make a team")
        .takes(of::<NewTeam>)
        .creates(of::<Team>),
    Route::new("GET", "/teams/{id}", Action::TeamRead, |call| Box::pin(teams::get(call)))
        .about("A team")
        .answers(of::<Team>),
    Route::new("PATCH", "/teams/{id}", Action::TeamSettingsChange, |call| Box::pin(teams::change(call)))
        .versioned()
        .about("Change a team's name, default role or settings")
        .takes(of::<TeamChange>)
        .answers(of::<Team>),
    Route::new("DELETE", "/teams/{id}", Action::TeamArchive, |call| Box::pin(teams::archive(call)))
        .versioned()
        .about("Archive a team; it can be restored for 30 days"),
    Route::new("GET", "/teams/{id}/avatar", Action::TeamRead, |call| Box::pin(teams::avatar(call)))
        .versioned()
        .about("A team's picture: a square of PNG")
        .sends("image/png"),
    Route::new("PUT", "/teams/{id}/avatar", Action::TeamSettingsChange, |call| {
        Box::pin(teams::set_avatar(call))
    })
    .versioned()
    .about("Give a team a picture in place of the one before")
    .takes(of::<teams::NewAvatar>)
    .answers(of::<Team>),
    Route::new("DELETE", "/teams/{id}/avatar", Action::TeamSettingsChange, |call| {
        Box::pin(teams::remove_avatar(call))
    })
    .versioned()
    .about("Take a team's picture away")
    .answers(of::<Team>),
    Route::new("GET", "/teams/{id}/members", Action::TeamRead, |call| Box::pin(teams::members(call)))
        .about("The members of a team with their roles")
        .query(&["limit", "cursor"])
        .answers(of::<Page<Member>>),
    Route::new("POST", "/teams/{id}/members", Action::TeamMemberInvite, |call| {
        Box::pin(teams::add_member(call))
    })
    .about("Make a user a member; who is known by no such address is invited")
    .takes(of::<NewMember>)
    .creates(of::<teams::Added>),
    Route::new("DELETE", "/teams/{id}/members/me", Action::TeamLeave, |call| Box::pin(teams::leave(call)))
        .about("Leave a team"),
    Route::new("DELETE", "/teams/{id}/members/{user}", Action::TeamMemberRemove, |call| {
        Box::pin(teams::remove_member(call))
    })
    .about("Take a member out of a team"),
    Route::new("PUT", "/teams/{id}/members/{user}/role", Action::TeamMemberRole, |call| {
        Box::pin(teams::change_member(call))
    })
    .about("Change a member's role in a team")
    .takes(of::<teams::Role>)
    .answers(of::<Member>),
    Route::new("GET", "/archived-teams", Action::TeamRestore, |call| Box::pin(teams::archived(call)))
        .about("The teams that can be restored")
        .answers(of::<Page<ArchivedTeam>>),
    Route::new("POST", "/archived-teams/{id}/restore", Action::TeamRestore, |call| {
        Box::pin(teams::restore(call))
    })
    .about("Restore a team with its members")
    .answers(of::<Team>),
    Route::new("GET", "/teams/{id}/invites", Action::TeamMemberInvite, |call| Box::pin(teams::invites(call)))
        .about("The pending invites into a team")
        .query(&["limit", "cursor"])
        .answers(of::<Page<Invite>>),
    Route::new("DELETE", "/teams/{id}/invites/{invite}", Action::TeamMemberRemove, |call| {
        Box::pin(teams::cancel_invite(call))
    })
    .about("Take a team out of an invite"),
    Route::new("GET", "/invites", Action::InviteRead, |call| Box::pin(invites::list(call)))
        .about("Who is or was invited")
        .query(&["limit", "cursor"])
        .answers(of::<Page<Invite>>),
    Route::new("POST", "/invites", Action::InviteCreate, |call| Box::pin(invites::create(call)))
        .about("Invite people, all or none; who is invited already gets another link")
        .takes(of::<NewInvites>)
        .creates(of::<Page<invites::IssuedInvite>>),
    Route::new("GET", "/invites/{id}", Action::InviteRead, |call| Box::pin(invites::get(call)))
        .about("An invite and what became of it")
        .answers(of::<Invite>),
    Route::new("POST", "/invites/{id}/renew", Action::InviteCreate, |call| Box::pin(invites::renew(call)))
        .about("Send an invite again, with another link and as much time as at first")
        .takes(of::<invites::Renewal>)
        .answers(of::<invites::IssuedInvite>),
    Route::new("DELETE", "/invites/{id}", Action::InviteCancel, |call| Box::pin(invites::cancel(call)))
        .about("Withdraw an invite"),
    Route::new("GET", "/mappings", Action::MappingRead, |call| Box::pin(mappings::list(call)))
        .about("Which groups and claims give which roles")
        .answers(of::<Page<rules::Shown>>),
    Route::new("POST", "/mappings", Action::MappingChange, |call| Box::pin(mappings::create(call)))
        .about("Make a mapping, or tell whom it would change")
        .query(&["dryRun"])
        .rehearses_as(of::<Preview>)
        .takes(of::<NewMapping>)
        .creates(of::<rules::Shown>),
    Route::new("GET", "/mappings/{id}", Action::MappingRead, |call| Box::pin(mappings::get(call)))
        .about("A mapping")
        .answers(of::<rules::Shown>),
    Route::new("DELETE", "/mappings/{id}", Action::MappingChange, |call| Box::pin(mappings::remove(call)))
        .about("Remove a mapping and take away what it gave, or tell whom it would change")
        .query(&["dryRun"])
        .rehearses_as(of::<Preview>),
    Route::new("GET", "/issuers", Action::IssuerRead, |call| Box::pin(issuers::list(call)))
        .about("Whose tokens machines exchange for one of the organization's")
        .answers(of::<Page<Issuer>>),
    Route::new("POST", "/issuers", Action::IssuerChange, |call| Box::pin(issuers::create(call)))
        .about("Take an issuer's tokens")
        .takes(of::<NewIssuer>)
        .creates(of::<Issuer>),
    Route::new("DELETE", "/issuers/{id}", Action::IssuerChange, |call| Box::pin(issuers::remove(call)))
        .about("Take an issuer's tokens no more, and end what was given for them"),
    Route::new("GET", "/users/{id}/access", Action::UserRead, |call| Box::pin(mappings::access(call)))
        .about("What somebody has, and why")
        .answers(of::<Access>),
    Route::new("GET", "/mails", Action::MailRead, |call| Box::pin(invites::mails(call)))
        .about("Letters, and what became of them")
        .query(&["limit", "cursor"])
        .answers(of::<Page<mails::Shown>>),
    Route::new("POST", "/mails/test", Action::MailTest, |call| Box::pin(invites::test_mail(call)))
        .about("Send a test letter, and wait for what becomes of it")
        .takes(of::<invites::Test>)
        .answers(of::<mails::Tested>),
    Route::new("GET", "/connections", Action::ConnectionRead, |call| Box::pin(connections::list(call)))
        .about("The links of identity providers: what they may do, and how they fare")
        .answers(of::<Page<Shown>>),
    Route::new("POST", "/connections", Action::ConnectionChange, |call| Box::pin(connections::create(call)))
        .about("Make a connection")
        .takes(of::<connections::New>)
        .creates(of::<Shown>),
    Route::new("GET", "/connections/{connection}", Action::ConnectionRead, |call| {
        Box::pin(connections::get(call))
    })
    .about("A connection, by its id or name")
    .answers(of::<Shown>),
    Route::new("PATCH", "/connections/{connection}", Action::ConnectionChange, |call| {
        Box::pin(connections::change(call))
    })
    .versioned()
    .about("Change how a connection's requests are read and what it may do, from the next one on")
    .takes(connections::change_schema)
    .answers(of::<Shown>),
    Route::new("DELETE", "/connections/{connection}", Action::ConnectionChange, |call| {
        Box::pin(connections::revoke(call))
    })
    .about("Revoke a connection; its tokens stop working at once"),
    Route::new("GET", "/connections/{connection}/health", Action::RequestRead, |call| {
        Box::pin(requests::health(call))
    })
    .about("How a connection fares, by its id or name, or `api` for keys over SCIM")
    .answers(of::<Health>),
    Route::new("GET", "/requests", Action::RequestRead, |call| Box::pin(requests::list(call)))
        .about("What identity providers asked over SCIM and what they heard, newest first")
        .query(&["connection", "outcome", "since", "until", "resource", "path", "limit", "cursor"])
        .answers(of::<Page<log::Shown>>),
    Route::new("GET", "/requests/{id}", Action::RequestRead, |call| Box::pin(requests::get(call)))
        .about("A request over SCIM, its body, and what it did")
        .answers(of::<log::Opened>),
    Route::new("POST", "/requests/{id}/replay", Action::RequestReplay, |call| {
        Box::pin(requests::replay(call))
    })
    .about("What would come of a request over SCIM now; nothing changes")
    .answers(of::<log::Replayed>),
    Route::new("POST", "/connections/{connection}/tokens", Action::ConnectionChange, |call| {
        Box::pin(connections::create_token(call))
    })
    .about("Make a token; it is shown in this answer and never again")
    .takes(of::<connections::NewToken>)
    .creates(of::<connections::CreatedToken>),
    Route::new("GET", "/adoptions", Action::ConnectionRead, |call| Box::pin(connections::adoptions(call)))
        .about("The people whom connections want to change and did not make")
        .query(&["limit", "cursor"])
        .answers(of::<Page<Wanted>>),
    Route::new("PUT", "/connections/{connection}/people/{user}", Action::ConnectionChange, |call| {
        Box::pin(connections::decide_adoption(call))
    })
    .about("Give a person to a connection that did not make them, or refuse it")
    .takes(of::<connections::Verdict>),
    Route::new("DELETE", "/tokens/{id}", Action::ConnectionChange, |call| {
        Box::pin(connections::revoke_token(call))
    })
    .about("Revoke a token; it stops working at once"),
    Route::new("POST", "/decisions", Action::DecisionMake, |call| Box::pin(decisions::decide(call)))
        .about("May whoever shows a key do something in a team, why, and who is credited")
        .takes(of::<decisions::Asked>)
        .answers(of::<Decision>),
    Route::new("GET", "/events", Action::EventRead, |call| Box::pin(events::list(call)))
        .about("What happened, in the order of the journal")
        .query(&["after", "limit", "kind", "resource", "actor", "since", "until"])
        .answers(of::<events::Events>),
    Route::new("GET", "/events/export", Action::EventRead, |call| Box::pin(events::export(call)))
        .about("The same, all of it, a line each")
        .query(&["after", "kind", "resource", "actor", "since", "until"])
        .sends("application/jsonl"),
    Route::new("GET", "/events/verification", Action::EventRead, |call| Box::pin(events::verify(call)))
        .about("Whether the journal is what was written, and the first event that is not")
        .answers(of::<events::Verification>),
    Route::new("GET", AUDIT_LOGS, Action::EventRead, |call| Box::pin(events::audit_log(call)))
        .about("What happened, as W&B's audit log tells it")
        .query(&["anonymize", "startDate", "numDays", "endDate", "limit", "cursor"])
        .answers(of::<events::AuditPage>)
        .sends("application/x-ndjson"),
    Route::new("GET", "/roles", Action::RoleRead, |call| Box::pin(roles::list(call)))
        .about("The custom roles, or the one of a name")
        .query(&["name", "limit", "cursor"])
        .answers(of::<Page<Role>>),
    Route::new("POST", "/roles", Action::RoleCreate, |call| Box::pin(roles::create(call)))
        .about("Make a custom role")
        .takes(roles::new_schema)
        .creates(of::<Role>),
    Route::new("GET", "/roles/{id}", Action::RoleRead, |call| Box::pin(roles::get(call)))
        .versioned()
        .about("A custom role with its permissions")
        .answers(of::<Role>),
    Route::new("PATCH", "/roles/{id}", Action::RoleChange, |call| Box::pin(roles::change(call)))
        .versioned()
        .about("Change a custom role, or tell whom it would concern")
        .query(&["dryRun"])
        .takes(roles::change_schema)
        .answers(of::<Role>),
    Route::new("DELETE", "/roles/{id}", Action::RoleRemove, |call| Box::pin(roles::remove(call)))
        .versioned()
        .about("Remove a custom role, or tell whom it would concern")
        .query(&["dryRun"]),
    Route::new("GET", "/permissions", Action::RoleRead, |call| Box::pin(roles::permissions(call)))
        .about("Every permission there is")
        .answers(of::<Page<Permission>>),
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
