//! Which teams somebody may see in lists.

use super::{Context, Result};
use crate::{
    org::{
        actor::Actor,
        authority::{self, Action, Subject, TeamSubject},
        seat::Seat,
        settings::{Enforcement, Settings, TeamSettings},
    },
    store::{ReadTx, memberships},
};
use std::collections::HashSet;

/// Which teams an actor may see: all, or those that are not hidden, and the actor's own.
pub(super) struct Sight {
    sees_hidden: bool,
    own: HashSet<String>,
    enforced: Enforcement,
}

impl Sight {
    pub(super) fn of(tx: &ReadTx<'_>, cx: &Context, settings: &Settings) -> Result<Self> {
        let hidden = TeamSettings { hidden: true, ..TeamSettings::default() };
        let foreign = TeamSubject { id: "", role: None, seat: Seat::None, invites: false, settings: hidden };
        let foreign = Subject::organization(settings).within(foreign);
        let sees_hidden = authority::may(&cx.actor, Action::TeamRead, &foreign).is_ok();
        let own = match &cx.actor {
            _ if sees_hidden => HashSet::new(),
            Actor::ServiceAccount { team, .. } => team.iter().cloned().collect(),
            actor => {
                let teams = memberships::teams_of(tx, &cx.organization, &[actor.id()])?.remove(actor.id());
                let direct = teams.into_iter().flatten().filter(|team| team.direct || team.given);
                direct.map(|team| team.id).collect()
            }
        };
        Ok(Self { sees_hidden, own, enforced: settings.enforced })
    }

    pub(super) fn reaches(&self, team: &str, settings: TeamSettings) -> bool {
        self.sees_hidden || !settings.effective(self.enforced).hidden || self.own.contains(team)
    }
}
