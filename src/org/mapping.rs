//! Which group, or which claim at sign-in, gives which role (W-093, W-253).

use super::{
    custom_role::CustomRole,
    permission::Base,
    role::{OrganizationRole, TeamRole},
    words::words,
};

words! {
    /// What a mapping begins with.
    Source, "a source of a mapping":
    /// A group, with those who are in it and in groups within it.
    Group = "group",
    /// A claim that an identity provider makes at sign-in.
    Claim = "claim",
}

/// What somebody is in a team by one way or another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The role.
    pub role: TeamRole,
    /// What the role is, where it is a custom one.
    pub custom: Option<CustomRole>,
}

impl Way {
    /// How much the role lets do, as far as roles can be compared: an admin's most, then a custom role made from a member's,
    /// a member's, one made from a viewer's, a viewer's; of two custom roles the one with more permissions.
    fn strength(&self) -> (u8, usize) {
        match (&self.role, &self.custom) {
            (TeamRole::Admin, _) => (4, 0),
            (TeamRole::Custom(_), Some(custom)) => match custom.base {
                Base::Member => (3, custom.permissions().len()),
                Base::Viewer => (1, custom.permissions().len()),
            },
            (TeamRole::Member, _) => (2, 0),
            (TeamRole::Viewer | TeamRole::Custom(_), _) => (0, 0),
        }
    }

    /// Whether this role lets do more than another; of two that let do as much the one with the smaller id, so that it is
    /// always the same.
    pub fn beats(&self, other: &Self) -> bool {
        let (own, its) = (self.strength(), other.strength());
        own > its || own == its && self.role.as_str() < other.role.as_str()
    }
}

/// The strongest of several ways, if there is one.
pub fn strongest<'w>(ways: impl IntoIterator<Item = &'w Way>) -> Option<&'w Way> {
    ways.into_iter().fold(None, |best, way| match best {
        Some(best) if !way.beats(best) => Some(best),
        _ => Some(way),
    })
}

/// The role in the organization that holds: the strongest of what was decided and what mappings give; what everybody begins
/// as where there is neither.
pub fn organization_role(
    own: Option<OrganizationRole>,
    given: impl IntoIterator<Item = OrganizationRole>,
) -> OrganizationRole {
    // admins come first in the enumeration
    given.into_iter().chain(own).min().unwrap_or(OrganizationRole::Member)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn custom(id: &str, base: Base, added: &[&str]) -> Way {
        let added: BTreeSet<String> = added.iter().map(|name| (*name).to_owned()).collect();
        Way { role: TeamRole::Custom(id.to_owned()), custom: Some(CustomRole { base, added }) }
    }

    fn plain(role: TeamRole) -> Way {
        Way { role, custom: None }
    }

    #[test]
    fn the_strongest_role_wins_in_whatever_order_they_come() {
        let mut ways = vec![
            plain(TeamRole::Viewer),
            custom("b", Base::Viewer, &["run:delete"]),
            plain(TeamRole::Member),
            custom("a", Base::Member, &[]),
            plain(TeamRole::Admin),
        ];
        while ways.len() > 1 {
            let best = ways.last().unwrap().clone();
            assert_eq!(strongest(&ways), Some(&best));
            assert_eq!(strongest(ways.iter().rev()), Some(&best));
            ways.pop();
        }
        let (one, other) = (custom("a", Base::Viewer, &[]), custom("b", Base::Viewer, &[]));
        assert_eq!(strongest([&other, &one]), Some(&one), "the same one each time");
        assert_eq!(strongest([]), None);
    }

    #[test]
    fn what_was_decided_is_a_floor_and_what_nobody_decided_is_none() {
        use OrganizationRole::{Admin, Member, Viewer};

        assert_eq!(organization_role(None, []), Member);
        assert_eq!(organization_role(None, [Viewer]), Viewer);
        assert_eq!(organization_role(Some(Member), [Viewer]), Member);
        assert_eq!(organization_role(Some(Viewer), [Viewer, Admin]), Admin);
        assert_eq!(organization_role(Some(Admin), [Viewer]), Admin);
    }
}
