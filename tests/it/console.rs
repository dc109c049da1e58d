//! The console in a real browser: every procedure of an admin, every page, and what goes wrong.

use crate::{
    browser::Browser,
    chromium::{PASSWORD, begin},
    database::Database,
    sink::Sink,
    support::Program,
};
use roster::http::pages::console::route::listed;
use serde_json::json;

/// A server, and a browser in which its first admin is signed in.
pub(crate) struct Desk {
    pub(crate) browser: Browser,
    pub(crate) root: String,
    pub(crate) database: Database,
    pub(crate) program: Program,
    _sink: Sink,
}

impl Desk {
    pub(crate) fn open() -> Self {
        let (database, sink) = (Database::fresh(), Sink::start());
        let program = begin(&database, &sink);
        Self::at(database, sink, program)
    }

    fn at(database: Database, sink: Sink, program: Program) -> Self {
        let (root, link) = (program.client.root.clone(), program.said("http"));
        let mut desk = Self { browser: Browser::start(), root, database, program, _sink: sink };
        desk.browser.goto(&link);
        desk.browser.fill("E-mail address", "ada@orion.example");
        desk.browser.fill("Name", "Ada Lovelace");
        desk.browser.fill("Password", PASSWORD);
        desk.browser.press("button", "Create the admin");
        desk
    }

    pub(crate) fn goto(&mut self, path: &str) {
        self.browser.goto(&format!("{}/console{path}", self.root));
    }

    /// The page says that, and nothing else is wrong with it.
    #[track_caller]
    pub(crate) fn says(&mut self, wanted: &str) {
        let text = self.browser.text();
        assert!(text.contains(wanted), "{wanted}: {text}");
    }

    /// Sends a form of the console, as its page would.
    #[track_caller]
    pub(crate) fn send(&mut self, path: &str, fields: &[(&str, &str)]) {
        let url = format!("{}/console{path}", self.root);
        let sent = self.browser.step(&json!({"send": {"url": url, "fields": fields}}));
        assert!(sent.as_u64().is_some_and(|status| status < 400), "{path}: {sent}");
    }

    pub(crate) fn one(&self, sql: &str) -> String {
        self.database.ask(sql)[0][0].clone()
    }
}

#[test]
fn an_admin_goes_through_every_procedure() {
    let mut desk = Desk::open();
    assert_eq!(desk.browser.url(), format!("{}/console/people", desk.root));

    // add a user
    desk.browser.press("link", "Add user");
    desk.browser.fill("E-mail addresses", "ben@orion.example, cyd@orion.example");
    desk.browser.fill("Role", "Member");
    desk.browser.press("button", "Add new user");
    desk.says("The link for ben@orion.example");
    desk.says("/invite/");
    desk.goto("/people");
    desk.says("Invite pending");

    // search for one, and change the role by the pencil
    let dan = desk.program.client.user("dan");
    desk.program.client.user("eve");
    desk.goto("/people");
    desk.browser.fill("Search by name or e-mail address", "dan");
    desk.browser.press("button", "Show");
    let text = desk.browser.text();
    assert!(text.contains("dan") && !text.contains("eve"), "{text}");
    desk.browser.step(&json!({"click": "[aria-label='Change the role of dan']"}));
    desk.browser.step(&json!({"choose": {"label": "Role of dan", "value": "Admin"}}));
    desk.browser.press("button", "Save");
    desk.says("dan is Admin now.");
    desk.browser.press("button", "Undo");
    desk.says("dan is Member now.");

    // remove somebody by the menu
    desk.goto("/people");
    desk.browser.step(&json!({"click": "[aria-label='What to do with eve']"}));
    desk.browser.press("link", "Remove user");
    desk.says("What they made stays credited to their name.");
    desk.browser.press("button", "Remove user");
    desk.says("eve is removed.");

    // create a team: its home comes next
    desk.browser.press("link", "Teams");
    desk.browser.press("link", "Create new team");
    desk.browser.fill("Team name", "Engines");
    desk.browser.fill("Storage type", "The server's own");
    desk.browser.press("button", "Create team");
    desk.says("Engines is there.");
    let team = desk.one("SELECT id FROM teams");
    assert_eq!(desk.browser.url(), format!("{}/console/teams/{team}", desk.root));

    // invite into the team, change the role there, remove
    desk.browser.press("link", "Members");
    desk.browser.fill("E-mail address or username", "dan");
    desk.browser.fill("Role", "Viewer");
    desk.browser.press("button", "Invite");
    desk.says("dan is a member now.");
    desk.browser.step(&json!({"click": "[aria-label='Change the role of dan']"}));
    desk.browser.step(&json!({"choose": {"label": "Role of dan", "value": "Member"}}));
    desk.browser.press("button", "Save");
    desk.says("dan has another role now.");
    desk.browser.fill("E-mail address or username", "fay@orion.example");
    desk.browser.press("button", "Invite");
    desk.says("The link for fay@orion.example");
    desk.browser.press("button", "Remove dan from the team");
    desk.says("dan is out of the team.");
    desk.browser.press("button", "Undo");
    desk.says("dan is a member now.");

    // a custom role, and its assignment
    desk.goto("/roles");
    desk.browser.press("link", "Create custom role");
    desk.browser.fill("Name", "Janitor");
    desk.browser.fill("Inherits from", "Viewer");
    desk.browser.fill("Find a permission", "run:stop");
    desk.browser.step(&json!({"click": "[value='run:stop_any']"}));
    desk.browser.press("button", "Create role");
    desk.says("The role Janitor is there.");
    desk.goto(&format!("/teams/{team}/members"));
    desk.browser.step(&json!({"click": "[aria-label='Change the role of dan']"}));
    desk.browser.step(&json!({"choose": {"label": "Role of dan", "value": "Janitor"}}));
    desk.browser.press("button", "Save");
    desk.says("dan has another role now.");
    desk.goto(&format!("/people/{dan}"));
    desk.says("Why does this person have this access?");
    desk.browser.complains_of_nothing("the procedures");
}

/// Those whom pages are about.
struct People<'a> {
    ben: &'a str,
    team: &'a str,
}

/// What else pages are about.
struct Others<'a> {
    role: &'a str,
    account: &'a str,
    connection: &'a str,
    mapping: &'a str,
    provider: &'a str,
}

/// Every page of the console.
fn pages(people: &People<'_>, others: &Others<'_>) -> Vec<String> {
    let People { ben, team } = people;
    let Others { role, account, connection, mapping, provider } = others;
    vec![
        "/people".to_owned(),
        "/people?search=nobody+of+that+name".to_owned(),
        "/people/add".to_owned(),
        "/people/import".to_owned(),
        format!("/people/{ben}"),
        format!("/people/{ben}/deactivate"),
        format!("/people/{ben}/remove"),
        "/activity".to_owned(),
        "/teams".to_owned(),
        "/teams/new".to_owned(),
        "/teams/archived".to_owned(),
        format!("/teams/{team}"),
        format!("/teams/{team}/members"),
        format!("/teams/{team}/settings"),
        format!("/teams/{team}/archive"),
        format!("/teams/{team}/service-accounts"),
        "/roles".to_owned(),
        "/roles/new".to_owned(),
        format!("/roles/{role}"),
        format!("/roles/{role}/remove"),
        "/service-accounts".to_owned(),
        format!("/service-accounts/{account}"),
        format!("/service-accounts/{account}/remove"),
        "/keys".to_owned(),
        "/provisioning".to_owned(),
        "/provisioning/new".to_owned(),
        format!("/provisioning/{connection}?guide=okta"),
        format!("/provisioning/{connection}/revoke"),
        "/provisioning/log".to_owned(),
        "/mappings".to_owned(),
        format!("/mappings/{mapping}/remove"),
        "/sign-in".to_owned(),
        format!("/sign-in/providers/{provider}"),
        format!("/sign-in/providers/{provider}/remove"),
        "/settings".to_owned(),
        "/mail".to_owned(),
        "/audit".to_owned(),
        "/system".to_owned(),
        "/own/keys".to_owned(),
        "/own/teams".to_owned(),
        "/own/leave".to_owned(),
        "/nothing-here".to_owned(),
    ]
}

#[test]
fn every_page_is_for_everybody() {
    let mut desk = Desk::open();
    let scim = desk.program.client.clone();
    let people: Vec<String> = ["ben", "cyd", "dan"].map(|name| scim.user(name)).to_vec();
    let team = scim.group("Engines", &people);
    scim.post("/Users", &json!({"userName": "ben"}));
    for (path, form) in [
        ("/people/add", vec![("emails", "fay@orion.example"), ("role", "member"), ("seat", "full")]),
        (
            "/roles/new",
            vec![("name", "Janitor"), ("inheritedFrom", "viewer"), ("permission", "run:stop_any")],
        ),
        ("/service-accounts", vec![("name", "nightly")]),
        ("/mappings", vec![("group", "Engines"), ("organizationRole", "viewer")]),
        (
            "/sign-in/providers",
            vec![
                ("kind", "oidc"),
                ("name", "Corp"),
                ("issuer", "https://id.example"),
                ("clientId", "roster"),
            ],
        ),
        (
            "/sign-in/providers",
            vec![
                ("kind", "ldap"),
                ("name", "Directory"),
                ("address", "ldaps://ldap.example"),
                ("baseDn", "dc=example"),
            ],
        ),
        ("/teams/new", vec![("name", "Past")]),
    ] {
        desk.send(path, &form);
    }
    let past = desk.one("SELECT id FROM teams WHERE display = 'Past'");
    desk.send(&format!("/teams/{past}/archive"), &[("name", "Past")]);
    desk.send("/own/keys", &[("name", "laptop")]);
    let id = |table: &str| desk.one(&format!("SELECT id FROM {table} ORDER BY id LIMIT 1"));
    let account = desk.one("SELECT id FROM users WHERE account_type <> 'user'");
    let (role, mapping, provider) = (id("roles"), id("mappings"), id("providers"));
    let connection = desk.one("SELECT id FROM connections WHERE name = 'default'");
    let ben = &people[0];
    let pages = pages(
        &People { ben, team: &team },
        &Others {
            role: &role,
            account: &account,
            connection: &connection,
            mapping: &mapping,
            provider: &provider,
        },
    );
    // a page that is made is a page that is looked at
    let fits = |pattern: &str, path: &str| {
        let path = path.split('?').next().unwrap();
        let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        pattern.len() == path.len()
            && pattern.iter().zip(path).all(|(wanted, part)| wanted.starts_with('{') || *wanted == part)
    };
    let no_page = ["/people/export", "/audit/export", "/teams/{team}/avatar", "/provisioning/log/{request}"];
    for page in listed().iter().filter(|page| !page.changes && !no_page.contains(&page.pattern)) {
        assert!(pages.iter().any(|path| fits(page.pattern, path)), "{} is not looked at", page.pattern);
    }
    let known = [ben, &team, &role, &account, &connection, &mapping, &provider];
    let mut wrong = Vec::new();
    for path in pages {
        desk.goto(&path);
        let name = known.iter().fold(path.clone(), |name, id| name.replace(*id, "one"));
        let made =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| desk.browser.is_well_made(&name)));
        if let Err(why) = made {
            wrong.push(format!("{:?}", why.downcast_ref::<String>()));
        }
    }
    let request = desk.one("SELECT id FROM requests WHERE status = 409");
    desk.goto(&format!("/provisioning/log/{request}"));
    desk.browser.press("button", "Replay as a dry run");
    desk.says("Now it would be answered with 409");
    desk.browser.is_well_made("/provisioning/log/one");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_lost_connection_loses_nothing_that_was_typed() {
    let mut desk = Desk::open();
    desk.goto("/teams/new");
    desk.browser.fill("Team name", "Engines");
    desk.program.kill();
    desk.browser.press("button", "Create team");
    desk.says("The server cannot be reached. Nothing was sent");
    assert_eq!(desk.browser.step(&json!({"value": "Team name"})), json!("Engines"));
}

#[test]
fn the_console_works_without_script() {
    let mut desk = Desk::open();
    desk.browser.step(&json!({"script": false}));
    desk.goto("/teams/new");
    desk.browser.fill("User name or e-mail address", "ada@orion.example");
    desk.browser.fill("Password", PASSWORD);
    desk.browser.press("button", "Sign in");
    desk.browser.fill("Team name", "Engines");
    desk.browser.press("button", "Create team");
    desk.says("Engines is there.");
    desk.goto("/people/import");
    desk.browser.fill("or its text", "username,email,teams\nben,ben@orion.example,Engines=viewer\n,x,y\n");
    desk.browser.press("button", "Show what it would do");
    desk.says("Line 3 (username)");
    desk.browser.fill("or its text", "username,email,teams\nben,ben@orion.example,Engines=viewer\n");
    desk.browser.press("button", "Show what it would do");
    desk.browser.press("button", "Import now");
    desk.says("Imported: 1 people made or changed.");
    desk.browser.step(&json!({"click": "[aria-label='Tick ben']"}));
    desk.browser.press("button", "Deactivate");
    desk.says("One person was changed.");
    desk.browser.press("button", "Undo");
    desk.says("One person was changed.");
}

#[test]
fn within_an_hour_a_new_user_has_a_provider_that_fills_a_team_with_mapped_roles() {
    let mut desk = Desk::open();
    // the dashboard leads on
    desk.browser.press("link", "Provisioning");
    desk.browser.press("link", "Connect an identity provider");
    desk.browser.fill("Identity provider", "Okta");
    desk.browser.fill("Name", "Our Okta");
    desk.browser.press("button", "Connect");
    desk.says("It is shown here once and kept nowhere.");
    desk.says("Paste the SCIM address as Base URL and the token as OAuth Bearer Token");
    let token = desk.browser.step(&json!({"textOf": "#secret"})).as_str().unwrap().trim().to_owned();
    let command = desk.browser.step(&json!({"textOf": "#try"})).as_str().unwrap().trim().to_owned();
    // what the page says to try it with, word for word
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[..3], ["roster", "simulate", "okta"], "{command}");
    let mut simulate = std::process::Command::new(env!("CARGO_BIN_EXE_roster"));
    simulate.args(&words[1..]).args(["--users", "20", "--groups", "4", "--seed", "7"]);
    let played = simulate.env("ROSTER_CONFORMANCE_TOKEN", &token).output().unwrap();
    assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));

    desk.browser.press("link", "Provisioning log");
    desk.browser.fill("Outcome", "changed");
    desk.browser.press("button", "Show");
    desk.says("changed 20");
    desk.browser.press("link", "Teams");
    let team =
        desk.one("SELECT display FROM teams WHERE archived_at IS NULL AND members > 0 ORDER BY id LIMIT 1");
    desk.says(&team);
    desk.browser.press("link", "Mappings");
    desk.browser.fill("Group", &team);
    desk.browser.fill("Role in the organization", "Viewer");
    desk.browser.press("button", "Show whom it concerns");
    desk.says("change now.");
    desk.browser.press("button", "Create mapping");
    desk.says("The mapping is there, and what it gives is given.");
    let viewers = "SELECT count(*) FROM users WHERE organization_role = 'viewer'";
    assert!(desk.database.number(viewers) > 0, "{team}");
    desk.goto("/people?role=viewer");
    desk.says("Viewer");
    let person = desk.one("SELECT id FROM users WHERE organization_role = 'viewer' LIMIT 1");
    desk.goto(&format!("/people/{person}"));
    desk.says(&format!("group {team}"));
    desk.browser.complains_of_nothing("the hour");
}
