//! What the product behind asks: may whoever shows this do that in this team, why, and whose is what they make.

use super::{
    permission::{self, Base, Granted},
    role::OrganizationRole,
    seat::Seat,
};
use std::collections::BTreeSet;

/// Somebody's place in a team, as far as it gives permissions.
#[derive(Debug, Clone, Copy)]
pub struct Place<'r> {
    /// The role in the team.
    pub role: Granted<'r>,
    /// The role in the organization: who only reads there only reads in teams, too (W-021).
    pub organization_role: OrganizationRole,
    /// The seat, which bounds the role (W-026).
    pub seat: Seat,
}

impl Place<'_> {
    /// A service account in a team of its own: a member that takes no seat (W-047).
    pub const SERVICE: Self = Self {
        role: Granted::Base(Base::Member),
        organization_role: OrganizationRole::Member,
        seat: Seat::Full,
    };

    /// What may be done there.
    pub fn permissions(&self) -> BTreeSet<&'static str> {
        let seat = match (self.organization_role, self.seat) {
            (OrganizationRole::Viewer, Seat::Full) => Seat::Viewer,
            (_, seat) => seat,
        };
        permission::effective(self.role, seat)
    }
}

/// Whom a service account says it works for (W-146, W-147).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Nobody.
    Nobody,
    /// One person; their id.
    One(String),
    /// A user name and an address that are two people's (W-149).
    Two,
    /// Somebody whom nobody knows, or whom several could be.
    Unknown,
}

impl Named {
    /// From who the user name and the address belong to: the address counts where the name is nobody's.
    pub fn of(name: Option<&[String]>, email: Option<&[String]>) -> Self {
        match (name, email) {
            (None | Some([]), Some([id])) | (Some([id]), None | Some([])) => Self::One(id.clone()),
            (Some([by_name]), Some([by_email])) if by_name == by_email => Self::One(by_name.clone()),
            (Some([_]), Some([_])) => Self::Two,
            (None, None) => Self::Nobody,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_of_the_organization_reads_whatever_the_role_in_the_team() {
        let place =
            Place { role: Granted::Admin, organization_role: OrganizationRole::Viewer, seat: Seat::Full };

        assert_eq!(place.permissions(), Base::Viewer.permissions());
        assert!(Place { seat: Seat::None, ..place }.permissions().is_empty());
    }

    #[test]
    fn a_name_and_an_address_that_are_two_people_credit_neither() {
        let one = |id: &str| vec![id.to_owned()];
        let (ada, grace) = (one("ada"), one("grace"));

        assert_eq!(Named::of(Some(&ada), Some(&grace)), Named::Two);
        assert_eq!(Named::of(Some(&[]), Some(&grace)), Named::One("grace".to_owned()));
        assert_eq!(Named::of(Some(&ada), None), Named::One("ada".to_owned()));
        assert_eq!(Named::of(None, Some(&[])), Named::Unknown);
        assert_eq!(Named::of(None, None), Named::Nobody);
    }
}
