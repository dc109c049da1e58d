//! Who may do what, as a picture: every kind of actor and every action, and what changes the answer.

use roster::org::{
    actor::Actor,
    authority::{Action, Subject, TeamSubject, may},
    key::Scopes,
    refusal::Refusal,
    role::{OrganizationRole, TeamRole},
    seat::Seat,
    settings::{Enforcement, Settings, TeamSettings},
};
use std::fs;

const SELF: &str = "me";
const TEAM: &str = "team";

/// A kind of actor: a heading, who it is, and the role in the team it is about.
struct Column {
    heading: &'static str,
    actor: Actor,
    role: Option<TeamRole>,
    seat: Seat,
    invites: bool,
}

fn columns() -> Vec<Column> {
    let person = |heading, role, team_role| {
        let actor = Actor::Person { id: SELF.to_owned(), role };
        Column { heading, actor, role: team_role, seat: Seat::Full, invites: false }
    };
    let machine = |heading, team: Option<&str>| {
        let actor = Actor::ServiceAccount { id: SELF.to_owned(), team: team.map(str::to_owned) };
        Column { heading, actor, role: None, seat: Seat::None, invites: false }
    };
    let custom = TeamRole::Custom("curator".to_owned());
    vec![
        Column { heading: "operator", actor: Actor::Operator, role: None, seat: Seat::None, invites: false },
        Column {
            heading: "connection",
            actor: Actor::Connection("okta".to_owned()),
            role: None,
            seat: Seat::None,
            invites: false,
        },
        person("admin", OrganizationRole::Admin, None),
        person("member", OrganizationRole::Member, None),
        person("viewer", OrganizationRole::Viewer, None),
        person("team admin", OrganizationRole::Member, Some(TeamRole::Admin)),
        person("viewing team admin", OrganizationRole::Viewer, Some(TeamRole::Admin)),
        Column {
            seat: Seat::Viewer,
            ..person("unseated team admin", OrganizationRole::Member, Some(TeamRole::Admin))
        },
        person("team member", OrganizationRole::Member, Some(TeamRole::Member)),
        person("team custom", OrganizationRole::Member, Some(custom)),
        Column {
            invites: true,
            ..person("team inviter", OrganizationRole::Member, Some(TeamRole::Custom("inviter".to_owned())))
        },
        person("team viewer", OrganizationRole::Member, Some(TeamRole::Viewer)),
        machine("org service", None),
        machine("team service", Some(TEAM)),
        machine("other service", Some("another team")),
    ]
}

/// What changes the answer: a word for it, whom it is about, and the switches.
fn variations() -> Vec<(&'static str, &'static str, Settings, TeamSettings)> {
    let (settings, team) = (Settings::default(), TeamSettings::default());
    let inviting = TeamSettings { members_invite: true, ..team };
    let hidden = TeamSettings { hidden: true, ..team };
    let closed = Settings { admin_team_access: false, ..settings.clone() };
    let creating = Settings { user_team_creation: true, ..settings.clone() };
    let admins_invite = Enforcement { admins_invite: true, ..Enforcement::default() };
    let enforced = Settings { enforced: admins_invite, ..settings.clone() };
    vec![
        ("", "somebody else", settings.clone(), team),
        ("oneself", SELF, settings.clone(), team),
        ("admins kept out of teams", "somebody else", closed.clone(), team),
        ("admins kept out of teams, oneself", SELF, closed, team),
        ("members create teams", "somebody else", creating, team),
        ("members invite", "somebody else", settings.clone(), inviting),
        ("members invite, but only admins may", "somebody else", enforced, inviting),
        ("hidden team", "somebody else", settings, hidden),
    ]
}

/// One mark for each kind of actor.
fn marks(action: Action, whose: &str, settings: &Settings, team: TeamSettings) -> Vec<bool> {
    let mark = |column: &Column| {
        let team = TeamSubject {
            id: TEAM,
            role: column.role.as_ref(),
            seat: column.seat,
            invites: column.invites,
            settings: team,
        };
        may(&column.actor, action, &Subject::of(settings, whose).within(team)).is_ok()
    };
    columns().iter().map(mark).collect()
}

#[test]
fn the_golden_matrix_says_who_may_do_what() {
    let columns = columns();
    let headings: Vec<&str> = columns.iter().map(|column| column.heading).collect();
    let line = |name: &str, scope: &str, cells: &[String]| {
        let cells = cells.iter().zip(&headings).map(|(cell, heading)| {
            let width = heading.len();
            format!("{cell:^width$}")
        });
        let cells = cells.collect::<Vec<_>>().join("  ");
        format!("{name:<40}  {scope:<10}  {cells}").trim_end().to_owned() + "\n"
    };
    let mut page = "Every kind of actor and every action, about somebody else in a team; below an action, what changes the \
        answer.\nWritten by `tests/it/authority.rs` to `target/authority.txt`, and compared with this file.\n\n"
        .to_owned();
    let named: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    page.push_str(&line("action", "scope", &named));
    for action in Action::ALL {
        let mut seen: Vec<Vec<bool>> = Vec::new();
        for (n, (name, whose, settings, team)) in variations().into_iter().enumerate() {
            let marks = marks(*action, whose, &settings, team);
            if seen.contains(&marks) {
                continue;
            }
            let cells: Vec<String> =
                marks.iter().map(|may| if *may { "✔" } else { "–" }.to_owned()).collect();
            match n {
                0 => page.push_str(&line(action.as_str(), action.rule().scope.as_str(), &cells)),
                _ => page.push_str(&line(&format!("    {name}"), "", &cells)),
            }
            seen.push(marks);
        }
    }

    fs::create_dir_all("target").unwrap();
    fs::write("target/authority.txt", &page).unwrap();
    let kept = fs::read_to_string("tests/golden/authority.txt").unwrap_or_default();
    assert!(
        kept == page,
        "tests/golden/authority.txt is stale; look at target/authority.txt and take it over"
    );
}

#[test]
fn w_028_no_non_admin_changes_a_role_in_the_organization_their_own_least_of_all() {
    for column in columns() {
        for (name, whose, settings, team) in variations() {
            let subject = Subject::of(&settings, whose).within(TeamSubject {
                id: TEAM,
                role: column.role.as_ref(),
                seat: column.seat,
                invites: column.invites,
                settings: team,
            });

            let may = may(&column.actor, Action::OrganizationRoleChange, &subject).is_ok();

            assert_eq!(may, ["operator", "admin"].contains(&column.heading), "{} {name}", column.heading);
        }
    }
}

#[test]
fn a_refusal_says_who_may() {
    let settings = Settings::default();
    let member = Actor::Person { id: SELF.to_owned(), role: OrganizationRole::Member };

    let refusal = may(&member, Action::TeamMemberRemove, &Subject::of(&settings, "ada")).unwrap_err();

    let sentence = "only an admin or an admin of the team may remove from the team";
    assert_eq!(refusal, Refusal::Forbidden(sentence.to_owned()));
}

#[test]
fn a_key_with_a_list_reaches_as_far_as_the_list_and_one_without_as_far_as_its_owner() {
    let only: Scopes = "read audit:read".parse().unwrap();

    assert!(Action::ALL.iter().all(|action| Scopes::ALL.check(*action).is_ok()));
    assert_eq!(only.check(Action::EventRead), Ok(()));
    assert_eq!(only.check(Action::KeyCreate), Err(Refusal::Scope("write")));
    assert_eq!(only.check(Action::ScimRead), Err(Refusal::Scope("scim")));
    assert_eq!(only.check_making(&"read".parse().unwrap()), Ok(()));
    assert_eq!(only.check_making(&Scopes::ALL), Err(Refusal::Scope("write")));
}
