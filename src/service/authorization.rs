//! Asking the table of [`authority`] with what the database says at that moment.

use super::{Context, Error, Result};
use crate::{
    org::{
        actor::Actor,
        authority::{self, Action, Subject, TeamSubject},
        custom_role::CustomRole,
        refusal::Refusal,
        role::OrganizationRole,
        seat::Seat,
        session,
        settings::{Settings, TeamSettings},
    },
    store::{ReadTx, WriteTx, memberships, teams, users},
};

/// What something is about: a person or service account, a team, both, or the organization as a whole.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct About<'a> {
    /// The id of the person or service account.
    pub(super) whose: Option<&'a str>,
    /// The id of the team.
    pub(super) team: Option<&'a str>,
}

impl<'a> About<'a> {
    /// The organization as a whole.
    pub(super) const ORGANIZATION: Self = Self { whose: None, team: None };

    /// A person or service account.
    pub(super) const fn user(id: &'a str) -> Self {
        Self { whose: Some(id), team: None }
    }

    /// A team.
    pub(super) const fn team(id: &'a str) -> Self {
        Self { whose: None, team: Some(id) }
    }

    /// Somebody in a team.
    pub(super) const fn member(team: &'a str, id: &'a str) -> Self {
        Self { whose: Some(id), team: Some(team) }
    }
}

impl Context {
    /// Whether the actor may do that, as the credential said when the request began. Hands back the organization's
    /// settings.
    pub(super) fn authorize(&self, tx: &ReadTx<'_>, action: Action, about: About<'_>) -> Result<Settings> {
        self.ask(tx, &self.actor, action, about)
    }

    /// The same for a change. The actor's role in the organization is read again and stays so until the transaction ends:
    /// who was an admin when the request began may be none any more.
    pub(super) fn authorize_change(
        &self,
        tx: &WriteTx<'_>,
        action: Action,
        about: About<'_>,
    ) -> Result<Settings> {
        if action.is_delicate() {
            self.check_fresh()?;
        }
        let actor = match &self.actor {
            Actor::Person { id, .. } => {
                let role = match about.whose == Some(id) {
                    true => users::own_role(tx, &self.organization, id)?,
                    false => users::role_of_active(tx, &self.organization, id)?,
                };
                Actor::Person { id: id.clone(), role: role.ok_or(Error::Unauthorized)? }
            }
            other => other.clone(),
        };
        self.ask(tx, &actor, action, about)
    }

    /// Refuses who is signed in and proved who they are a while ago.
    pub(super) fn check_fresh(&self) -> Result<()> {
        match self.authenticated_at.is_none_or(|at| session::is_fresh(at, self.now)) {
            true => Ok(()),
            false => Err(Refusal::NotFresh.into()),
        }
    }

    /// The same over SCIM, where one row of the table decides for every change and has decided at the door: of a person it
    /// is asked again, for who was an admin when the request began may be none any more.
    pub(super) fn authorize_scim(&self, tx: &WriteTx<'_>, about: About<'_>) -> Result<()> {
        match self.actor {
            Actor::Person { .. } if self.by_scim => {
                self.authorize_change(tx, Action::ScimWrite, about).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// W-121: where admins are kept out of teams, none lets themselves in or gives themselves a role, by whatever door.
    pub(super) fn check_entry(&self, tx: &ReadTx<'_>, member: &str) -> Result<()> {
        match &self.actor {
            Actor::Person { id, role: OrganizationRole::Admin } if member == id => {
                let settings = self.settings(tx)?;
                authority::may(&self.actor, Action::TeamEnter, &Subject::of(&settings, id))
                    .map_err(Error::from)
            }
            _ => Ok(()),
        }
    }

    /// What it is to do this: over SCIM it is to change something over SCIM.
    pub(super) fn action(&self, by_hand: Action) -> Action {
        if self.by_scim { Action::ScimWrite } else { by_hand }
    }

    fn ask(&self, tx: &ReadTx<'_>, actor: &Actor, action: Action, about: About<'_>) -> Result<Settings> {
        let settings = self.settings(tx)?;
        let (mut held, mut team_settings) = (None, TeamSettings::default());
        if let Some(team) = about.team {
            let known = teams::settings(tx, &self.organization, team)?;
            team_settings = known.ok_or(Error::NotFound("team"))?;
            held = memberships::held(tx, &self.organization, team, actor.id())?;
        }
        let team = about.team.map(|id| TeamSubject {
            id,
            role: held.as_ref().map(|held| &held.role),
            seat: held.as_ref().map_or(Seat::None, |held| held.seat),
            invites: held.as_ref().and_then(|held| held.custom.as_ref()).is_some_and(CustomRole::invites),
            settings: team_settings,
        });
        let subject = Subject { whose: about.whose, team, settings: &settings };
        let answer = authority::may(actor, action, &subject);
        // a team that is hidden from somebody is as good as none
        if answer.is_err() && team.is_some() && authority::may(actor, Action::TeamRead, &subject).is_err() {
            return Err(Error::NotFound("team"));
        }
        answer?;
        Ok(settings)
    }
}
