//! The permissions there are, and which of them a role in a team gives (W-182, W-183).
//!
//! Which there are is data, so that another product can bring its own: `permissions.tsv` beside this file.

use super::{custom_role::CustomRole, refusal::unknown, seat::Seat, words::words};
use crate::scim::{ErrorKind, Result};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::LazyLock};

const FILE: &str = include_str!("permissions.tsv");
const HEADING: &str = "permission\tviewer\tmember\tadmin";

/// The file as it was read. A wrong file would give nobody anything; a test rules that out.
static CATALOGUE: LazyLock<Vec<Permission>> = LazyLock::new(|| parse(FILE).unwrap_or_default());

/// Something that a role in a team can permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// What it is done to and what is done, such as `run:stop`.
    pub name: &'static str,
    /// Whether the team role viewer has it.
    pub in_viewer: bool,
    /// Whether the team role member has it.
    pub in_member: bool,
    /// Whether the team role admin has it.
    pub in_admin: bool,
}

impl Permission {
    /// Whether it is meant for what the person created (W-137): another one, ending in `_any`, is for everything.
    pub fn is_for_own(&self) -> bool {
        let any = |it: &Permission| it.name.strip_suffix("_any") == Some(self.name);
        all().iter().any(any)
    }
}

words! {
    /// A predefined team role that custom roles inherit from (W-180).
    Base, "a role to inherit from":
    /// Uses what the team has.
    Member = "member",
    /// Reads.
    Viewer = "viewer",
}

impl Base {
    /// The permissions that the role has.
    pub fn permissions(self) -> BTreeSet<&'static str> {
        let has = |it: &&Permission| match self {
            Self::Member => it.in_member,
            Self::Viewer => it.in_viewer,
        };
        all().iter().filter(has).map(|it| it.name).collect()
    }
}

/// A role in a team, as far as it gives permissions.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Granted<'r> {
    Admin,
    Base(Base),
    Custom(&'r CustomRole),
}

/// Every permission there is, in the order of the file.
pub fn all() -> &'static [Permission] {
    &CATALOGUE
}

/// The permission of that name; 400 `invalidValue` with the nearest where there is none.
pub fn named(name: &str) -> Result<&'static str> {
    let mut names = all().iter().map(|it| it.name);
    names.find(|known| *known == name).ok_or_else(|| {
        let refusal = unknown("permission", name, all().iter().map(|it| it.name));
        ErrorKind::InvalidValue.because(refusal.to_string())
    })
}

/// What somebody with this role in a team may do there, bounded by the seat (W-026): a seat of a viewer gives at most
/// what the role viewer has, and none gives nothing.
pub fn effective(role: Granted<'_>, seat: Seat) -> BTreeSet<&'static str> {
    let given = match role {
        Granted::Admin => all().iter().filter(|it| it.in_admin).map(|it| it.name).collect(),
        Granted::Base(base) => base.permissions(),
        Granted::Custom(role) => role.permissions(),
    };
    match seat {
        Seat::Full => given,
        Seat::Viewer => given.intersection(&Base::Viewer.permissions()).copied().collect(),
        Seat::None => BTreeSet::new(),
    }
}

/// What a change means for those it concerns: the permissions they gain and lose, for the journal.
pub fn difference(before: &BTreeSet<&'static str>, after: &BTreeSet<&'static str>) -> Value {
    let less = |left: &BTreeSet<&'static str>, right| left.difference(right).copied().collect::<Vec<_>>();
    json!({"gained": less(after, before), "lost": less(before, after)})
}

/// Reads the file: one permission a line, each once, each role with what the one before it has.
fn parse(file: &'static str) -> std::result::Result<Vec<Permission>, String> {
    let mut lines = file.lines().filter(|line| !line.starts_with('#'));
    if lines.next() != Some(HEADING) {
        return Err(format!("expected the heading {HEADING:?}"));
    }
    let mut found: Vec<Permission> = Vec::new();
    for line in lines {
        let permission =
            row(line).ok_or_else(|| format!("expected a name and three of yes and -, found {line:?}"))?;
        if found.iter().any(|it| it.name == permission.name) {
            return Err(format!("{} stands there twice", permission.name));
        }
        let Permission { in_viewer, in_member, in_admin, .. } = permission;
        if in_viewer && !in_member || in_member && !in_admin {
            return Err(format!("{}: a role lacks what the role before it has", permission.name));
        }
        found.push(permission);
    }
    Ok(found)
}

fn row(line: &'static str) -> Option<Permission> {
    let mut cells = line.split('\t');
    let name = cells.next().filter(|name| is_name(name))?;
    let mut has = || match cells.next()? {
        "yes" => Some(true),
        "-" => Some(false),
        _ => None,
    };
    let permission = Permission { name, in_viewer: has()?, in_member: has()?, in_admin: has()? };
    cells.next().is_none().then_some(permission)
}

/// `object:operation`, in small letters.
fn is_name(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
    name.split_once(':').is_some_and(|(object, operation)| is_word(object) && is_word(operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read() {
        assert_eq!(parse(FILE).unwrap(), all());
        assert_eq!(all().len(), 50);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named() {
        for (file, wrong) in [
            ("name\n", "heading"),
            ("permission\tviewer\tmember\tadmin\nrun\tyes\tyes\tyes\n", "found \"run"),
            ("permission\tviewer\tmember\tadmin\nrun:read\tyes\tyes\n", "found \"run:read"),
            ("permission\tviewer\tmember\tadmin\nrun:read\tyes\t-\tyes\n", "lacks"),
            ("permission\tviewer\tmember\tadmin\nrun:read\tyes\tyes\tyes\nrun:read\t-\t-\tyes\n", "twice"),
        ] {
            let error = parse(file).unwrap_err();
            assert!(error.contains(wrong), "{file:?}: {error}");
        }
    }

    #[test]
    fn the_predefined_roles_have_what_they_are_for() {
        let (viewer, member) = (Base::Viewer.permissions(), Base::Member.permissions());
        let admin = effective(Granted::Admin, Seat::Full);

        for read in ["run:read", "project:read", "artifact:download", "report:comment"] {
            assert!(viewer.contains(read), "{read}");
        }
        assert!(viewer.is_subset(&member) && member.is_subset(&admin));
        assert!(
            viewer.iter().all(|it| it.ends_with(":read") || it.contains("load") || it.contains("comment"))
        );
        for own in ["run:stop", "run:delete", "report:update"] {
            assert!(member.contains(own) && !member.contains(format!("{own}_any").as_str()), "{own}");
        }
        assert!(!member.contains("team:invite_user") && !member.contains("run:undelete"));
        assert_eq!(admin.len(), all().len());
    }

    #[test]
    fn the_seat_bounds_the_role() {
        let viewer = Base::Viewer.permissions();

        assert_eq!(effective(Granted::Base(Base::Member), Seat::Full), Base::Member.permissions());
        assert_eq!(effective(Granted::Base(Base::Member), Seat::Viewer), viewer);
        assert_eq!(effective(Granted::Admin, Seat::Viewer), viewer);
        assert!(effective(Granted::Admin, Seat::None).is_empty());
    }

    #[test]
    fn an_unknown_name_is_told_the_nearest() {
        let error = named("run:stopp").unwrap_err();

        assert_eq!(error.kind, ErrorKind::InvalidValue);
        assert_eq!(error.to_string(), "there is no permission \"run:stopp\"; the nearest is \"run:stop\"");
    }

    #[test]
    fn what_a_change_gives_and_takes_is_told() {
        let (before, after) =
            (BTreeSet::from(["run:read", "run:stop"]), BTreeSet::from(["run:read", "run:delete"]));

        assert_eq!(difference(&before, &after), json!({"gained": ["run:delete"], "lost": ["run:stop"]}));
    }

    #[test]
    fn own_is_what_has_another_for_everything() {
        let own: Vec<&str> = all().iter().filter(|it| it.is_for_own()).map(|it| it.name).collect();

        assert_eq!(own, ["run:update", "run:delete", "run:stop", "report:update", "report:delete"]);
    }
}
