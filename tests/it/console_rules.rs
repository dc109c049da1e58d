//! The console as a browser without script meets it: who may open which page, and what pages show.

use crate::{
    chromium::PASSWORD,
    invites::until,
    sign_in::World,
    visitor::{Page, Visitor},
};
use roster::{
    http::pages::console::route::{About, Listed, listed},
    org::{
        actor::Actor,
        authority::{Subject, TeamSubject, may},
        role::{OrganizationRole, TeamRole},
        seat::Seat,
        settings::{Settings, TeamSettings},
    },
};
use serde_json::json;

/// Somebody, and what they are.
struct Kind {
    name: &'static str,
    role: OrganizationRole,
    team: Option<TeamRole>,
}

fn kinds() -> Vec<Kind> {
    let kind = |name, role, team| Kind { name, role, team };
    vec![
        kind("outsider", OrganizationRole::Member, None),
        kind("reader", OrganizationRole::Viewer, Some(TeamRole::Viewer)),
        kind("member", OrganizationRole::Member, Some(TeamRole::Member)),
        kind("leader", OrganizationRole::Member, Some(TeamRole::Admin)),
        kind("ada@orion.example", OrganizationRole::Admin, None),
    ]
}

/// What the pages are asked about.
struct Things {
    /// In a path, what stands for each name.
    values: Vec<(&'static str, String)>,
    team: String,
}

impl Things {
    fn path(&self, page: &Listed) -> String {
        let path = format!("/console{}", page.pattern);
        self.values.iter().fold(path, |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
    }

    fn of(&self, name: &str) -> &str {
        &self.values.iter().find(|(known, _)| *known == name).unwrap().1
    }
}

/// What the one table of authority says of a page and somebody.
fn is_allowed(page: &Listed, kind: &Kind, id: &str, things: &Things) -> bool {
    let settings = Settings::default();
    let actor = Actor::Person { id: id.to_owned(), role: kind.role };
    let team = TeamSubject {
        id: &things.team,
        role: kind.team.as_ref(),
        seat: Seat::Full,
        invites: false,
        settings: TeamSettings::default(),
    };
    let organization = Subject::organization(&settings);
    let subject = match page.about {
        About::Organization => organization,
        About::Person => Subject::of(&settings, things.of("person")),
        About::Oneself => Subject::of(&settings, id),
        About::Team => organization.within(team),
        About::Member => Subject::of(&settings, things.of("user")).within(team),
        // the service account of the paths is the team's; the key is an admin's
        About::Found if page.pattern.contains("{account}") => organization.within(team),
        About::Found => Subject::of(&settings, "an admin's own"),
    };
    may(&actor, page.action, &subject).is_ok()
}

/// Asks for a page, or sends its form with nothing in it.
fn ask(visitor: &mut Visitor, page: &Listed, path: &str) -> Page {
    if page.changes { visitor.post(path, &[]) } else { visitor.get(path) }
}

/// Every page; what ends or moves those who ask comes last, and so does what ends what others are about.
fn in_order() -> Vec<Listed> {
    let mut pages = listed();
    assert!(pages.len() > 90, "{}", pages.len());
    pages.sort_by_key(|page| {
        let own = ["/own/leave", "/teams/{team}/leave", "/own/default-team"].contains(&page.pattern);
        let gone = ["remove", "archive", "revoke", "deactivate"].iter().any(|it| page.pattern.ends_with(it));
        page.changes && (own || gone)
    });
    pages
}

#[test]
fn every_page_opens_for_those_whom_the_table_of_authority_names_and_for_nobody_else() {
    let world = World::open(&[]);
    let mut people = vec![("ada@orion.example", world.ada.clone(), String::new())];
    for kind in kinds().iter().filter(|kind| kind.role != OrganizationRole::Admin) {
        let id = world.person(kind.name, PASSWORD);
        let role = json!({"organizationRole": kind.role.as_str()});
        world.ask("PUT", &format!("/users/{id}/organization-role"), &role);
        people.push((kind.name, world.signed_in(kind.name, PASSWORD), id));
    }
    let text = |value: serde_json::Value| value["id"].as_str().unwrap().to_owned();
    people[0].2 = text(world.ask("GET", "/me", &json!(null)));
    let team = text(world.ask("POST", "/teams", &json!({"name": "Engines"})));
    world.ask("DELETE", &format!("/teams/{team}/members/me"), &json!(null));
    for kind in kinds() {
        if let (Some(role), true) = (&kind.team, kind.role != OrganizationRole::Admin) {
            let member = json!({"user": kind.name, "role": role.as_str()});
            world.ask("POST", &format!("/teams/{team}/members"), &member);
        }
    }
    world.person("somebody", PASSWORD);
    let somebody = world.database.ask("SELECT id FROM users WHERE user_name_key = 'somebody'")[0][0].clone();
    world.ask("POST", &format!("/teams/{team}/members"), &json!({"user": somebody}));
    let account = json!({"name": "nightly", "team": team});
    let things = Things {
        values: vec![
            ("person", somebody.clone()),
            ("user", somebody),
            ("team", team.clone()),
            ("account", text(world.ask("POST", "/service-accounts", &account))),
            ("key", text(world.ask("POST", "/keys", &json!({"name": "own"})))),
            (
                "role",
                text(world.ask("POST", "/roles", &json!({"name": "Janitor", "inheritedFrom": "viewer"}))),
            ),
            ("connection", world.database.ask("SELECT id FROM connections")[0][0].clone()),
            ("group", "people".to_owned()),
            ("invite", "nothing".to_owned()),
            ("session", "nothing".to_owned()),
            ("token", "nothing".to_owned()),
            ("mapping", "nothing".to_owned()),
            ("provider", "nothing".to_owned()),
            ("request", "nothing".to_owned()),
        ],
        team,
    };
    let pages = in_order();
    let (mut opened, mut refused) = (0, 0);
    for kind in kinds() {
        let (_, visitor, id) = people.iter_mut().find(|(name, ..)| *name == kind.name).unwrap();
        for page in &pages {
            if kind.role == OrganizationRole::Admin && page.pattern == "/own/leave" && page.changes {
                // she is the last admin, which is another rule
                continue;
            }
            let path = things.path(page);
            let answer = ask(visitor, page, &path);
            let what =
                format!("{} {path} by {}: {} {}", page.action.as_str(), kind.name, answer.status, answer.to);
            assert!(answer.status < 500 && !answer.to.starts_with("/sign-in"), "{what}");
            if is_allowed(page, &kind, id, &things) {
                opened += 1;
                assert_ne!(answer.status, 403, "{what} {}", answer.text);
            } else {
                refused += 1;
                assert!([403, 404].contains(&answer.status), "{what}");
                if answer.status == 403 {
                    assert!(answer.text.contains("Ask one of these:"), "{what} {}", answer.text);
                    assert!(answer.text.contains("orion.example"), "{what}");
                }
                // a team that somebody may see is not hidden behind a 404
                let known = page.about != About::Found && !path.contains("nothing");
                assert!(answer.status == 403 || !known || page.about == About::Team, "{what}");
            }
        }
    }
    println!("{opened} opened, {refused} refused, {} pages", pages.len());
    assert!(opened > 120 && refused > 250, "{opened} {refused}");
}

#[test]
fn nobody_who_is_not_signed_in_sees_any_page() {
    let world = World::open(&[]);
    for page in listed() {
        let answer = ask(&mut world.visitor(), &page, &format!("/console{}", page.pattern));
        let expected = if page.changes { 401 } else { 303 };
        assert_eq!(answer.status, expected, "{}", page.pattern);
        assert!(!answer.text.contains("Ada"), "{}", page.pattern);
    }
}

#[test]
fn the_audit_log_and_the_provisioning_log_are_asked_by_name_or_by_id() {
    let world = World::open(&[]);
    let (mut ada, ben) = (world.ada.clone(), world.person("ben", PASSWORD));
    let made = world.ask("POST", "/teams", &json!({"name": "Engines"}));
    let team = made["id"].as_str().unwrap();
    let connection = world.database.ask("SELECT id, name FROM connections")[0].clone();
    world.ask("PATCH", &format!("/connections/{}", connection[0]), &json!({"switches": {"delete": false}}));

    world.ask("PATCH", &format!("/users/{ben}"), &json!({"displayName": "Benjamin W. Wright"}));

    let person = ["BEN@orion.example", "ben", "benjamin w. wright", &ben].map(|name| (name, ben.as_str()));
    let names = person.into_iter().chain([("engines", team)]);
    for (name, id) in names.chain([(connection[1].as_str(), connection[0].as_str())]) {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("resource", name).finish();
        let page = || ada.clone().get(&format!("/console/audit?{query}"));
        until(name, || page().text.contains("<tbody>"));
        assert!(page().text.contains(&format!("/api/v1/events?resource={id}")), "{name}: {}", page().text);
        let lines = ada.get(&format!("/console/audit/export?{query}")).text;
        let events = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let ids: Vec<_> = events.map(|event| event["resource"]["id"].clone()).collect();
        assert!(!ids.is_empty() && ids.iter().all(|it| it == id), "{name}: {ids:?}");
    }

    // and so is the log of what providers asked
    let zoe = world.program.client.user("zoe@orion.example");
    let found = || ada.clone().get("/console/provisioning/log?resource=ZOE%40orion.example").text;
    until("the request is in the log", || found().contains("<tbody>"));
    assert!(found().contains(&format!("/api/v1/requests?resource={zoe}")), "{}", found());
    let none = ada.get("/console/provisioning/log?resource=nobody").text;
    assert!(none.contains("all else, and who or what is gone, by id"), "{none}");

    let none = ada.get("/console/audit?actor=somebody+who+is+gone").text;
    assert!(
        none.contains("all else, and who or what is gone, by id") && !none.contains("role=\"alert\""),
        "{none}"
    );
    // whatever is typed, the page is there
    for odd in ["%00", "%ff", "%F0%9F%9A%80", &"x".repeat(5_000), "%25_%27", "a%E2%80%AEb"] {
        for page in ["audit", "provisioning/log"] {
            let answer = ada.get(&format!("/console/{page}?resource={odd}"));
            assert_eq!(answer.status, 200, "{page} {odd:.20} {}", answer.text);
        }
    }
    let own = ada.get("/console/audit?actor=ada%40orion.example&kind=team.created").text;
    assert!(own.contains("Engines") && own.contains("<tbody>"), "{own}");
    assert!(ada.get("/console/audit?actor=system").text.contains("events?actor=system"));
    world.run(&["user", "create", "benny", "--email", "ben@orion.example", "--json"]);
    let error = ada.get("/console/audit?actor=ben%40orion.example").error();
    assert!(error.contains("expected one person, found 2"), "{error}");
}

#[test]
fn a_picture_is_kept_by_browsers_under_the_path_that_says_which_it_is() {
    let world = World::open(&[]);
    let mut ada = world.ada.clone();
    let team = world.ask("POST", "/teams", &json!({"name": "Engines"}));
    let team = team["id"].as_str().unwrap();
    let png = crate::teams::picture(image::ImageFormat::Png);
    let image = json!({"image": base64::Engine::encode(&base64::engine::general_purpose::STANDARD, png)});
    let made = world.ask("PUT", &format!("/teams/{team}/avatar"), &image);
    let tag = made["avatar"].as_str().unwrap().trim_matches('"').to_owned();
    let path = format!("/console/teams/{team}/avatar");
    assert!(ada.get(&format!("/console/teams/{team}")).text.contains(&format!("{path}?v={tag}")));
    // fifty of them would make the list heavy
    assert!(!ada.get("/console/teams").text.contains("/avatar"));
    for other in [path.clone(), format!("{path}?v=of-another-picture")] {
        let led = ada.get(&other);
        assert_eq!(led.to, format!("{path}?v={tag}"));
        assert_eq!(led.headers["cache-control"], "no-store");
    }
    let shown = ada.get(&format!("{path}?v={tag}"));
    assert_eq!((shown.status, shown.headers["content-type"].to_str().unwrap()), (200, "image/png"));
    assert_eq!(shown.headers["cache-control"], "private, max-age=31536000, immutable");
}

#[test]
fn hostile_names_are_shown_as_they_are_and_do_nothing() {
    let world = World::open(&[]);
    let mut ada = world.ada.clone();
    let names = [
        "<script>alert(1)</script>".to_owned(),
        "\"><img src=x onerror=alert(1)>".to_owned(),
        "\u{202e}gnp.exe \u{2066}x\u{2069}".to_owned(),
        "\u{1f469}\u{200d}\u{1f680} {{ 7*7 }} ${7*7}".to_owned(),
        "x".repeat(1_024),
    ];
    for (n, name) in names.iter().enumerate() {
        let user = json!({"userName": format!("user{n} {name}").chars().take(200).collect::<String>(), "displayName": name});
        let made = world.ask("POST", "/users", &user);
        let team = world.ask("POST", "/teams", &json!({"name": format!("{name}{n}").chars().rev().take(250).collect::<String>().chars().rev().collect::<String>()}));
        let (user, team) = (made["id"].as_str().unwrap(), team["id"].as_str().unwrap());
        world.ask("POST", &format!("/teams/{team}/members"), &json!({"user": user}));
        for path in [
            "/people".to_owned(),
            format!("/people/{user}"),
            format!("/people/{user}/remove"),
            "/teams".to_owned(),
            format!("/teams/{team}"),
            format!("/teams/{team}/members"),
            format!("/teams/{team}/settings"),
            "/audit".to_owned(),
        ] {
            let page = ada.get(&format!("/console{path}"));
            assert_eq!(page.status, 200, "{path}");
            assert!(!page.text.contains("<script>alert"), "{path}");
            assert!(!page.text.contains("<img"), "{path}");
        }
        // what a step tells on the page after it is as harmless
        ada.post(&format!("/console/people/{user}/seat"), &[("seat", "viewer"), ("back", "/people")]);
        let told = ada.get("/console/people");
        assert!(told.text.contains("has another seat now"), "{name}");
        assert!(!told.text.contains("<script>alert") && !told.text.contains("<img"), "{name}");
    }
    // nor does an address of a place elsewhere lead away
    let away = [("seat", "full"), ("back", "//evil.example/")];
    let user = world.database.ask("SELECT id FROM users WHERE user_name_key LIKE 'user0%'")[0][0].clone();
    let sent = ada.post(&format!("/console/people/{user}/seat"), &away);
    assert!(sent.to.starts_with("/console/"), "{}", sent.to);
}

#[test]
fn a_seat_that_is_held_for_an_invite_counts_once() {
    let world = World::open(&[]);
    let mut ada = world.ada.clone();
    world.ask("PATCH", "/settings", &json!({"license": {"full": 3}}));
    world.ask("POST", "/invites", &json!({"emails": ["ben@orion.example"], "mail": false}));
    let page = ada.get("/console/people").text;
    assert!(page.contains("Full seats: 2 / 3") && !page.contains("Every full seat is taken"), "{page}");
    assert!(ada.get("/console/settings").text.contains("One is left."));
    world.ask("POST", "/invites", &json!({"emails": ["cyd@orion.example"], "mail": false}));
    assert!(ada.get("/console/people").text.contains("Every full seat is taken (3 / 3)"));
}

#[test]
fn the_dashboard_with_everything_it_needs_is_light() {
    let world = World::open(&[]);
    for n in 0..60 {
        let name = format!("Somebody With A Long Name {n}");
        world.ask(
            "POST",
            "/users",
            &json!({"userName": format!("user-{n}@orion.example"), "displayName": name}),
        );
    }
    let mut ada = world.ada.clone();
    ada.headers.push(("Accept-Encoding".to_owned(), "gzip".to_owned()));
    let assets = ["/assets/roster.css", "/assets/roster.js", "/assets/roster.svg"];
    let weights = ["/console/people"].iter().chain(&assets).map(|path| ada.get(path).n_bytes);
    let weights: Vec<usize> = weights.collect();
    println!("page, style, script, icon: {weights:?} bytes, packed where that helps");
    assert!(weights.iter().all(|weight| *weight > 100));
    assert!(weights.iter().sum::<usize>() < 150_000, "{weights:?}");
}
