//! Who may do what: one table, and one function that reads it.
//!
//! Over SCIM two rows decide for everything that SCIM can say, `scim.read` and `scim.write`; behind the other doors each
//! action has its own.

use super::{
    actor::Actor,
    key::Scope,
    refusal::Refusal,
    role::{OrganizationRole, TeamRole},
    seat::Seat,
    settings::{Settings, TeamSettings},
    words::words,
};

words! {
    /// What somebody can want to do.
    Action, "an action":
    /// Ask who one is.
    MeRead = "me.read",
    /// Read what the organization is called.
    OrganizationRead = "organization.read",
    /// Leave the organization.
    OrganizationLeave = "organization.leave",
    /// Read the organization's switches.
    SettingsRead = "settings.read",
    /// Change the organization's switches.
    SettingsChange = "settings.change",
    /// Read how many seats there are and are taken.
    LicenseRead = "license.read",
    /// Change how many seats there are.
    LicenseChange = "license.change",
    /// List and read users.
    UserRead = "user.read",
    /// Create a user.
    UserCreate = "user.create",
    /// Change, deactivate or reactivate a user.
    UserChange = "user.change",
    /// Remove a user.
    UserRemove = "user.remove",
    /// Change somebody's role in the organization.
    OrganizationRoleChange = "organization_role.change",
    /// Change somebody's seat.
    SeatChange = "seat.change",
    /// Give somebody a temporary password.
    PasswordReset = "password.reset",
    /// Choose somebody's default team.
    DefaultTeamChange = "default_team.change",
    /// Read the name of somebody who is or was here.
    PersonRead = "person.read",
    /// List the teams one can see.
    TeamList = "team.list",
    /// Read a team and its members.
    TeamRead = "team.read",
    /// Create a team.
    TeamCreate = "team.create",
    /// Change a team's name or settings.
    TeamSettingsChange = "team.settings.change",
    /// Archive a team.
    TeamArchive = "team.archive",
    /// Bring an archived team back.
    TeamRestore = "team.restore",
    /// Add somebody to a team, with whatever role.
    TeamMemberAdd = "team.member.add",
    /// Add somebody to a team, as a member or viewer.
    TeamMemberInvite = "team.member.invite",
    /// Change somebody's role in a team.
    TeamMemberRole = "team.member.role",
    /// Let oneself into a team, or give oneself a role there, as an admin of the organization.
    TeamEnter = "team.enter",
    /// Remove somebody from a team.
    TeamMemberRemove = "team.member.remove",
    /// Leave a team without an admin of its own.
    TeamLastAdminRemove = "team.last_admin.remove",
    /// Leave a team oneself.
    TeamLeave = "team.leave",
    /// List and read roles and permissions.
    RoleRead = "role.read",
    /// Create a custom role.
    RoleCreate = "role.create",
    /// Change a custom role.
    RoleChange = "role.change",
    /// Remove a custom role.
    RoleRemove = "role.remove",
    /// List the organization's own service accounts, and all of its teams'.
    ServiceAccountList = "service_account.list",
    /// Create a service account of the organization.
    ServiceAccountCreate = "service_account.create",
    /// Remove a service account of the organization.
    ServiceAccountRemove = "service_account.remove",
    /// List a team's service accounts.
    TeamServiceAccountList = "team.service_account.list",
    /// Create a service account of a team.
    TeamServiceAccountCreate = "team.service_account.create",
    /// Remove a service account of a team.
    TeamServiceAccountRemove = "team.service_account.remove",
    /// List somebody's keys, or a service account's.
    KeyList = "key.list",
    /// Create a key for a person.
    KeyCreate = "key.create",
    /// Create a key for a service account.
    ServiceKeyCreate = "service_account.key.create",
    /// Rename a key.
    KeyChange = "key.change",
    /// Revoke a key.
    KeyRevoke = "key.revoke",
    /// Take everybody out as a table.
    UserExport = "user.export",
    /// Take people in from a table.
    UserImport = "user.import",
    /// Read invites.
    InviteRead = "invite.read",
    /// Invite people into the organization.
    InviteCreate = "invite.create",
    /// Withdraw an invite.
    InviteCancel = "invite.cancel",
    /// Read what became of mail.
    MailRead = "mail.read",
    /// Send a test letter.
    MailTest = "mail.test",
    /// Read mappings.
    MappingRead = "mapping.read",
    /// Make and remove mappings.
    MappingChange = "mapping.change",
    /// Read whose tokens are taken in exchange.
    IssuerRead = "issuer.read",
    /// Say whose tokens are taken in exchange.
    IssuerChange = "issuer.change",
    /// Get a token for another's.
    TokenExchange = "token.exchange",
    /// Take over what an identity provider claims of somebody who signs in.
    ClaimTake = "claim.take",
    /// Sign somebody in.
    SessionStart = "session.start",
    /// See where somebody is signed in.
    SessionRead = "session.read",
    /// End somebody's session.
    SessionEnd = "session.end",
    /// Choose one's own password or second factor.
    CredentialChange = "credential.change",
    /// Take somebody's second factor away.
    SecondFactorReset = "second_factor.reset",
    /// Read where else people sign in.
    ProviderRead = "provider.read",
    /// Say where else people sign in.
    ProviderChange = "provider.change",
    /// Read connections, what they may do and how they fare.
    ConnectionRead = "connection.read",
    /// Make, change and revoke connections and their tokens.
    ConnectionChange = "connection.change",
    /// Read what identity providers asked and heard, and how they fare.
    RequestRead = "request.read",
    /// Do a request of an identity provider again to see what would happen, which changes nothing.
    RequestReplay = "request.replay",
    /// Read and export the audit log.
    EventRead = "event.read",
    /// Read how many people were here over time.
    ActivityRead = "activity.read",
    /// Read how the server fares.
    SystemRead = "system.read",
    /// Ask what a credential may do.
    DecisionMake = "decision.make",
    /// Read over SCIM.
    ScimRead = "scim.read",
    /// Change over SCIM.
    ScimWrite = "scim.write",
}

/// What somebody is in relation to what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// An identity provider.
    Connection,
    /// An admin of the organization.
    Admin,
    /// An admin, unless admins are kept out of teams (W-121).
    AdminInTeams,
    /// An admin; about themselves only unless admins are kept out of teams (W-121).
    AdminForOthers,
    /// The one it is about.
    Oneself,
    /// An admin of the team it is about.
    TeamAdmin,
    /// Somebody in the team it is about, whatever the role.
    InTeam,
    /// A member of the team it is about who may do more than read, where the team or a custom role lets such invite (W-118).
    InvitingMember,
    /// A member of the organization who may do more than read, where the organization lets such create teams (W-111).
    TeamCreator,
    /// Anybody, where the team it is about is not hidden (W-119).
    Visitor,
    /// A service account of the organization.
    OrganizationServiceAccount,
    /// A service account of the team it is about.
    TeamServiceAccount,
    /// Anybody in the organization.
    Anybody,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The scope that a key with a list of scopes needs.
    pub scope: Scope,
    /// What it is, behind "may".
    pub what: &'static str,
    /// Who may; the operator and the server itself always may.
    pub may: &'static [Relation],
}

impl Action {
    /// The table.
    #[expect(clippy::too_many_lines, reason = "a table has a line for each action")]
    pub const fn rule(self) -> Rule {
        use Relation::{
            Admin, AdminForOthers, AdminInTeams, Anybody, Connection, InTeam, InvitingMember, Oneself,
            OrganizationServiceAccount, TeamAdmin, TeamCreator, TeamServiceAccount, Visitor,
        };
        use Scope::{AuditRead, Decisions, Read, Scim, Write};
        let (scope, what, may): (_, _, &[Relation]) = match self {
            Self::MeRead => (Read, "ask who they are", &[Anybody]),
            Self::OrganizationRead => (Read, "read the organization", &[Anybody]),
            Self::OrganizationLeave => (Write, "take themselves out of the organization", &[Oneself]),
            Self::SettingsRead => (Read, "read the organization's settings", &[Anybody]),
            Self::SettingsChange => (Write, "change the organization's settings", &[Admin]),
            Self::LicenseRead => (Read, "read the license", &[Admin, OrganizationServiceAccount]),
            Self::LicenseChange => (Write, "change the license", &[Admin]),
            Self::UserRead => (Read, "read users", &[Admin, Oneself, OrganizationServiceAccount]),
            Self::UserCreate => (Write, "create users", &[Admin]),
            Self::UserChange => (Write, "change users", &[Admin]),
            Self::UserRemove => (Write, "remove users", &[Admin]),
            Self::OrganizationRoleChange => (Write, "change a role in the organization", &[Admin]),
            Self::SeatChange => (Write, "change seats", &[Admin]),
            // whoever resets a password can sign in as that person
            Self::PasswordReset => (Write, "reset passwords", &[]),
            Self::DefaultTeamChange => (Write, "choose a default team", &[Admin, Oneself]),
            Self::PersonRead => (Read, "read who somebody is", &[Anybody]),
            Self::TeamList => (Read, "list teams", &[Anybody]),
            Self::TeamRead => (
                Read,
                "read the team",
                &[Admin, InTeam, Visitor, OrganizationServiceAccount, TeamServiceAccount],
            ),
            Self::TeamCreate => (Write, "create teams", &[Admin, TeamCreator]),
            Self::TeamSettingsChange => (Write, "change the team's settings", &[AdminInTeams, TeamAdmin]),
            Self::TeamArchive => (Write, "archive teams", &[Admin]),
            Self::TeamRestore => (Write, "restore teams", &[Admin]),
            Self::TeamMemberAdd => (Write, "add to the team with any role", &[AdminForOthers, TeamAdmin]),
            Self::TeamMemberInvite => {
                (Write, "add to the team", &[AdminForOthers, TeamAdmin, InvitingMember])
            }
            Self::TeamMemberRole => (Write, "change roles in the team", &[AdminForOthers, TeamAdmin]),
            Self::TeamEnter => (Write, "let themselves into teams", &[AdminForOthers]),
            Self::TeamMemberRemove => (Write, "remove from the team", &[Admin, TeamAdmin]),
            Self::TeamLastAdminRemove => (Write, "leave the team without an admin", &[Admin]),
            Self::TeamLeave => (Write, "take themselves out of the team", &[Oneself]),
            Self::RoleRead => (Read, "read roles", &[Anybody]),
            Self::RoleCreate => (Write, "create roles", &[Admin]),
            Self::RoleChange => (Write, "change roles", &[Admin]),
            Self::RoleRemove => (Write, "remove roles", &[Admin]),
            Self::ServiceAccountList => (Read, "list all service accounts", &[Admin]),
            Self::ServiceAccountCreate => (Write, "create service accounts of the organization", &[Admin]),
            Self::ServiceAccountRemove => (Write, "remove service accounts of the organization", &[Admin]),
            Self::TeamServiceAccountList => (Read, "list the team's service accounts", &[Admin, TeamAdmin]),
            Self::TeamServiceAccountCreate => {
                (Write, "create service accounts of the team", &[Admin, TeamAdmin])
            }
            Self::TeamServiceAccountRemove => {
                (Write, "remove service accounts of the team", &[Admin, TeamAdmin])
            }
            Self::KeyList => (Read, "list these keys", &[Admin, Oneself, TeamAdmin]),
            Self::KeyCreate => (Write, "create keys for a person", &[Oneself]),
            Self::ServiceKeyCreate => {
                (Write, "create keys for this service account", &[Admin, Oneself, TeamAdmin])
            }
            Self::KeyChange => (Write, "rename this key", &[Admin, Oneself, TeamAdmin]),
            Self::KeyRevoke => (Write, "revoke this key", &[Admin, Oneself, TeamAdmin]),
            Self::UserExport => (Read, "export users", &[Admin]),
            Self::UserImport => (Write, "import users", &[Admin]),
            Self::InviteRead => (Read, "read invites", &[Admin]),
            Self::InviteCreate => (Write, "invite people", &[Admin]),
            Self::InviteCancel => (Write, "withdraw invites", &[Admin]),
            Self::MailRead => (Read, "read what became of mail", &[Admin]),
            Self::MailTest => (Write, "send test letters", &[Admin]),
            Self::MappingRead => (Read, "read mappings", &[Admin]),
            Self::MappingChange => (Write, "change mappings", &[Admin]),
            Self::IssuerRead => (Read, "read issuers", &[Admin]),
            Self::IssuerChange => (Write, "change issuers", &[Admin]),
            Self::TokenExchange => (Read, "get a token for another's", &[Oneself]),
            // whoever says what is claimed of somebody can make them an admin
            Self::ClaimTake => (Write, "take over claims", &[]),
            // whoever can says who they are
            Self::SessionStart => (Write, "sign somebody in", &[]),
            Self::SessionRead => (Read, "see where somebody is signed in", &[Admin, Oneself]),
            Self::SessionEnd => (Write, "end sessions", &[Admin, Oneself]),
            Self::CredentialChange => (Write, "choose their password or second factor", &[Oneself]),
            Self::SecondFactorReset => (Write, "take a second factor away", &[Admin]),
            Self::ProviderRead => (Read, "read where people sign in", &[Admin]),
            Self::ProviderChange => (Write, "say where people sign in", &[Admin]),
            Self::ConnectionRead => (Read, "read connections", &[Admin]),
            Self::ConnectionChange => (Write, "change connections", &[Admin]),
            Self::RequestRead => (Read, "read what identity providers asked", &[Admin]),
            Self::RequestReplay => (Read, "rehearse what identity providers asked", &[Admin]),
            Self::EventRead => (AuditRead, "read the audit log", &[Admin, OrganizationServiceAccount]),
            Self::ActivityRead => (Read, "read how many people were here", &[Admin]),
            Self::SystemRead => (Read, "read how the server fares", &[Admin]),
            Self::DecisionMake => {
                (Decisions, "ask what others may do", &[Admin, Oneself, OrganizationServiceAccount])
            }
            Self::ScimRead => (Scim, "use SCIM", &[Connection, Admin, OrganizationServiceAccount]),
            Self::ScimWrite => (Scim, "use SCIM", &[Connection, Admin, OrganizationServiceAccount]),
        };
        Rule { scope, what, may }
    }
}

impl Action {
    /// Whether somebody who is signed in must have proved a moment ago who they are: with what makes admins, lets others in
    /// or lasts longer than the session, whoever finds a browser open shall not begin.
    pub const fn is_delicate(self) -> bool {
        matches!(
            self,
            Self::SettingsChange
                | Self::LicenseChange
                | Self::UserCreate
                | Self::UserChange
                | Self::UserRemove
                | Self::InviteCreate
                | Self::OrganizationRoleChange
                | Self::KeyCreate
                | Self::ServiceKeyCreate
                | Self::KeyRevoke
                | Self::ServiceAccountCreate
                | Self::TeamServiceAccountCreate
                | Self::UserImport
                | Self::MappingChange
                | Self::IssuerChange
                | Self::ConnectionChange
                | Self::ProviderChange
                | Self::CredentialChange
                | Self::SecondFactorReset
        )
    }
}

impl Relation {
    /// Who that is, in the sentence of a refusal.
    const fn who(self) -> &'static str {
        match self {
            Self::Connection => "a connection",
            Self::Admin => "an admin",
            Self::AdminInTeams => "an admin (while admins may enter teams)",
            Self::AdminForOthers => "an admin (for others alone, while admins may not enter teams)",
            Self::Oneself => "the one whom it is about",
            Self::TeamAdmin => "an admin of the team",
            Self::InTeam => "somebody in the team",
            Self::InvitingMember => {
                "a member of the team (where the team lets members invite, or their role does)"
            }
            Self::TeamCreator => "a member (where the organization lets members create teams)",
            Self::Visitor => "anybody (while the team is not hidden)",
            Self::OrganizationServiceAccount => "a service account of the organization",
            Self::TeamServiceAccount => "a service account of the team",
            Self::Anybody => "somebody in the organization",
        }
    }
}

/// What a decision depends on beside the actor.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    /// The id of the person or service account it is about.
    pub whose: Option<&'s str>,
    /// The team it is about.
    pub team: Option<TeamSubject<'s>>,
    /// The organization's switches.
    pub settings: &'s Settings,
}

/// A team that something is about.
#[derive(Debug, Clone, Copy)]
pub struct TeamSubject<'s> {
    /// The id.
    pub id: &'s str,
    /// The actor's role there, if the actor is in it.
    pub role: Option<&'s TeamRole>,
    /// The actor's seat, which bounds the role (W-026).
    pub seat: Seat,
    /// Whether the role is a custom one that lets its holders invite.
    pub invites: bool,
    /// The settings, before what the organization enforces.
    pub settings: TeamSettings,
}

impl<'s> Subject<'s> {
    /// Something about the organization as a whole.
    pub const fn organization(settings: &'s Settings) -> Self {
        Self { whose: None, team: None, settings }
    }

    /// Something about a person or service account.
    pub const fn of(settings: &'s Settings, whose: &'s str) -> Self {
        Self { whose: Some(whose), team: None, settings }
    }

    /// The same, in a team.
    pub const fn within(self, team: TeamSubject<'s>) -> Self {
        Self { team: Some(team), ..self }
    }

    fn is_about(&self, id: &str) -> bool {
        self.whose == Some(id)
    }

    /// The role in the team, as far as the seat and the role in the organization let it reach: who only reads there reads
    /// in teams, too (W-021, W-026).
    fn role(&self, own: OrganizationRole) -> Option<&TeamRole> {
        let team = self.team?;
        let reads = own == OrganizationRole::Viewer || team.seat != Seat::Full;
        team.role.map(|role| if reads { &TeamRole::Viewer } else { role })
    }

    fn team_settings(&self) -> TeamSettings {
        self.team.map(|team| team.settings).unwrap_or_default().effective(self.settings.enforced)
    }
}

/// Whether the actor may do that: [`Refusal::Forbidden`] says who may.
pub fn may(actor: &Actor, action: Action, subject: &Subject<'_>) -> Result<(), Refusal> {
    let rule = action.rule();
    let allowed = match actor {
        Actor::Operator | Actor::System => true,
        _ => rule.may.iter().any(|relation| has(actor, *relation, subject)),
    };
    if allowed { Ok(()) } else { Err(Refusal::Forbidden(sentence(rule))) }
}

/// Whether the actor stands like that to what is asked for.
fn has(actor: &Actor, relation: Relation, subject: &Subject<'_>) -> bool {
    let is_admin = matches!(actor, Actor::Person { role: OrganizationRole::Admin, .. });
    let access = subject.settings.admin_team_access;
    match (relation, actor) {
        (Relation::Connection, Actor::Connection(_)) => true,
        (Relation::Admin, _) => is_admin,
        (Relation::AdminInTeams, _) => is_admin && access,
        (Relation::AdminForOthers, _) => is_admin && (access || !subject.is_about(actor.id())),
        (Relation::Oneself, Actor::Person { id, .. } | Actor::ServiceAccount { id, .. }) => {
            subject.is_about(id)
        }
        (Relation::TeamAdmin, Actor::Person { role, .. }) => subject.role(*role) == Some(&TeamRole::Admin),
        (Relation::InTeam, Actor::Person { role, .. }) => subject.role(*role).is_some(),
        (Relation::InvitingMember, Actor::Person { role, .. }) => {
            let reads = matches!(subject.role(*role), None | Some(TeamRole::Viewer));
            let is_let = subject.team_settings().members_invite || subject.team.is_some_and(|it| it.invites);
            !reads && is_let && !subject.settings.enforced.admins_invite
        }
        (Relation::TeamCreator, Actor::Person { role, .. }) => {
            *role != OrganizationRole::Viewer && subject.settings.user_team_creation
        }
        (Relation::Visitor, Actor::Person { .. } | Actor::ServiceAccount { .. }) => {
            !subject.team_settings().hidden
        }
        (Relation::OrganizationServiceAccount, Actor::ServiceAccount { team, .. }) => team.is_none(),
        (Relation::TeamServiceAccount, Actor::ServiceAccount { team: Some(own), .. }) => {
            subject.team.is_some_and(|team| team.id == own)
        }
        (Relation::Anybody, Actor::Person { .. } | Actor::ServiceAccount { .. }) => true,
        _ => false,
    }
}

/// "only an admin or an admin of the team may …".
fn sentence(rule: Rule) -> String {
    let who: Vec<&str> = rule.may.iter().map(|relation| relation.who()).collect();
    let who = if who.is_empty() { "the operator of the server".to_owned() } else { who.join(" or ") };
    format!("only {who} may {}", rule.what)
}
