//! Each page of the console, used in a real browser for what it is for.

use crate::{console::Desk, invites::until};
use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use std::io::Cursor;

impl Desk {
    #[track_caller]
    fn upload(&mut self, label: &str, (name, media_type): (&str, &str), bytes: &[u8]) {
        let file = json!({"label": label, "name": name, "type": media_type, "bytes": STANDARD.encode(bytes)});
        self.browser.step(&json!({"upload": file}));
    }

    /// The name and the text of what a link lets one save.
    #[track_caller]
    fn save(&mut self, link: &str) -> (String, String) {
        let saved = self.browser.step(&json!({"download": link}));
        let text = |name: &str| saved[name].as_str().unwrap().to_owned();
        (text("name"), text("text"))
    }

    /// The table says that.
    #[track_caller]
    fn lists(&mut self, wanted: &str) {
        let rows = self.browser.step(&json!({"textOf": "tbody"}));
        assert!(rows.as_str().unwrap().contains(wanted), "{wanted}: {rows}");
    }

    /// Waits until the audit log tells of all that happened.
    #[track_caller]
    fn sealed(&self) {
        let unsealed = || self.database.number("SELECT count(*) FROM events WHERE position IS NULL");
        until("all is sealed", || unsealed() == 0);
    }

    #[track_caller]
    fn click(&mut self, selector: &str) {
        self.browser.step(&json!({"click": selector}));
    }

    #[track_caller]
    fn tick(&mut self, label: &str, value: bool) {
        self.browser.step(&json!({"fill": {"label": label, "value": value}}));
    }

    /// Presses a button of the form that is sent there.
    #[track_caller]
    fn press_in(&mut self, form: &str, button: &str) {
        self.click(&format!("form[action$='{form}'] button:text-is('{button}')"));
    }
}

#[test]
fn people_are_taken_in_changed_together_and_saved_as_a_table() {
    let mut desk = Desk::open();
    desk.goto("/teams/new");
    desk.browser.fill("Team name", "Engines");
    desk.browser.press("button", "Create team");
    desk.browser.press("link", "People");
    desk.browser.press("link", "Import");
    let table = "username,email\nben,ben@orion.example\ncyd,cyd@orion.example\ndan,dan@orion.example\n";
    desk.upload("A file", ("people.csv", "text/csv"), table.as_bytes());
    desk.browser.press("button", "Show what it would do");
    desk.says("3 new.");
    assert_eq!(desk.database.number("SELECT count(*) FROM users WHERE account_type = 'user'"), 1);
    desk.browser.press("button", "Import now");
    desk.says("Imported: 3 people made or changed.");

    desk.tick("Tick ben", true);
    desk.tick("Tick cyd", true);
    desk.browser.step(&json!({"pick": {"selector": "#bulk-role", "value": "Viewer"}}));
    desk.browser.press("button", "Give this role");
    desk.says("2 people were changed.");
    assert_eq!(desk.database.number("SELECT count(*) FROM users WHERE organization_role = 'viewer'"), 2);
    desk.tick("Tick everybody on this page", true);
    desk.click("#bulk-team");
    desk.browser.step(&json!({"type": "Engines"}));
    // Enter does what stands beside the field
    desk.browser.step(&json!({"key": "Enter"}));
    desk.says("4 people were changed.");
    assert_eq!(desk.database.number("SELECT members FROM teams"), 4);

    // what is typed is what is saved, also where nothing but the typing was done
    desk.goto("/people");
    desk.browser.fill("Search by name or e-mail address", "cyd@");
    desk.browser.step(&json!({"gone": "tbody bdi:text-is('ben') >> nth=0"}));
    let (name, text) = desk.save("Export");
    let names: Vec<&str> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!((name.as_str(), names), ("people.csv", vec!["cyd"]));

    // the order turns by its column, and the address says so
    desk.goto("/people?sort=userName&order=descending");
    desk.browser.press("link", "Username");
    assert!(desk.browser.url().contains("sort=userName&order=ascending"), "{}", desk.browser.url());
    desk.goto("/people");
    desk.browser.press("link", "Activity");
    desk.says("Different people who were here");
    desk.browser.press("link", "12 months");
    desk.click("summary:text-is('The numbers')");
    desk.says("From");
    let chart = desk.browser.step(&json!({"named": "svg[role=img]"}));
    assert_eq!(chart, json!("People who were here, by the week"));
    desk.browser.complains_of_nothing("people");
}

#[test]
fn a_person_is_looked_after_on_a_page_of_their_own() {
    let mut desk = Desk::open();
    let ben = desk.program.client.user("ben");
    desk.goto("/people");
    desk.browser.press("link", "ben");
    desk.browser.fill("Name", "Ben Ada");
    desk.browser.fill("E-mail addresses, the preferred one first", "ben@orion.example");
    desk.press_in(&format!("/people/{ben}"), "Save");
    desk.says("Saved.");
    desk.says("Ben Ada");
    desk.browser.fill("Seat", "Viewer");
    desk.browser.press("button", "Save the seat");
    desk.says("Ben Ada has another seat now.");
    desk.browser.fill("Role", "Viewer");
    desk.browser.press("button", "Save the role");
    desk.says("Ben Ada is Viewer now.");
    desk.says("In the organization: Viewer");
    desk.says("decided here");

    desk.browser.press("link", "Deactivate");
    desk.says("Their teams and roles stay");
    desk.browser.press("button", "Deactivate");
    desk.says("Ben Ada is deactivated.");
    desk.goto(&format!("/people/{ben}"));
    desk.says("Deactivated: nothing of this holds");
    desk.browser.press("button", "Reactivate");
    desk.says("Ben Ada is active again.");
    desk.goto(&format!("/people/{ben}"));
    desk.click("summary:text-is('The SCIM document')");
    desk.says(&format!("\"id\": \"{ben}\""));
    desk.says("What happened");
    desk.sealed();
    desk.browser.press("link", "All of it in the audit log");
    desk.lists("Person changed");

    // one's own session ends from one's page
    let ada = desk.one("SELECT id FROM users WHERE user_name_key LIKE 'ada%'");
    desk.goto(&format!("/people/{ada}"));
    desk.browser.press("button", "End session 1");
    assert!(desk.browser.url().contains("/sign-in"), "{}", desk.browser.url());
    desk.browser.complains_of_nothing("a person");
}

#[test]
fn a_team_has_a_picture_switches_machines_and_an_end_that_can_be_taken_back() {
    let mut desk = Desk::open();
    desk.goto("/teams/new");
    desk.browser.fill("Team name", "Engines");
    desk.browser.press("button", "Create team");
    let team = desk.one("SELECT id FROM teams");

    let mut png = Cursor::new(Vec::new());
    RgbImage::from_pixel(64, 64, Rgb([20, 90, 160])).write_to(&mut png, ImageFormat::Png).unwrap();
    desk.goto(&format!("/teams/{team}/settings"));
    desk.upload("A picture for the team", ("x.txt", "text/plain"), b"no picture");
    desk.browser.press("button", "Use this picture");
    desk.says("expected a PNG, JPEG, GIF or WebP file, found something else.");
    desk.upload("A picture for the team", ("engines.png", "image/png"), &png.into_inner());
    desk.browser.press("button", "Use this picture");
    desk.says("The team has another picture.");
    let drawn = desk.browser.step(&json!({"drawn": "img.avatar"}));
    assert_eq!(drawn, json!(128), "the picture is there, and no policy keeps it away");
    desk.browser.is_well_made("/teams/one/settings with a picture");
    desk.browser.press("button", "Remove the picture");
    desk.says("The team has no picture any more.");

    desk.tick("Make every new project private", true);
    desk.browser.fill("Team name", "Motors");
    desk.browser.fill("Role of newcomers", "Viewer");
    desk.press_in(&format!("/teams/{team}/settings"), "Save");
    desk.says("Saved.");
    desk.says("Motors");
    let settings: Value = serde_json::from_str(&desk.one("SELECT settings FROM teams")).unwrap();
    assert_eq!(settings["privateProjects"], true);
    // what the organization decides is shown, and locked
    desk.send("/settings/enforced", &[("enforced.hidden", "on")]);
    desk.goto(&format!("/teams/{team}/settings"));
    desk.says("The organization decides this for all teams.");
    let locked = desk.browser.step(&json!({"disabled": "Hide the team from those who are not in it"}));
    assert_eq!(locked, json!(true));

    desk.goto(&format!("/teams/{team}/service-accounts"));
    desk.browser.fill("Name", "nightly");
    desk.browser.press("button", "Create");
    desk.says("nightly is there. Make its first key now.");
    desk.browser.fill("Name", "laptop");
    desk.tick("read", true);
    desk.browser.press("button", "Create key");
    desk.says("The key laptop");
    desk.says("It is shown here once and kept nowhere.");
    desk.click("[aria-label='Revoke the key laptop']");
    desk.browser.press("button", "Revoke it now");
    desk.says("The key is revoked.");
    desk.browser.press("link", "Remove this service account");
    desk.browser.press("button", "Remove this service account");
    desk.says("nightly is gone, and its keys with it.");

    desk.goto(&format!("/teams/{team}/settings"));
    desk.browser.press("link", "Archive this team");
    desk.says("its name is free for another team");
    desk.browser.press("button", "Archive this team");
    desk.says("Motors is archived.");
    desk.browser.press("button", "Undo");
    desk.says("Motors is back, with its members.");
    desk.goto(&format!("/teams/{team}/archive"));
    desk.browser.press("button", "Archive this team");
    desk.browser.press("link", "Archived teams");
    desk.browser.press("button", "Restore Motors");
    desk.says("Motors is back, with its members.");

    // one's own teams
    desk.goto("/own/teams");
    desk.browser.fill("Team that is meant when none is named", "Motors");
    desk.browser.press("button", "Save");
    desk.goto("/own/teams");
    let chosen = desk.browser.step(&json!({"value": "Team that is meant when none is named"}));
    assert_eq!(chosen, json!(team));
    desk.browser.press("button", "Leave Motors");
    desk.says("You are out of the team.");
    desk.browser.complains_of_nothing("a team");
}

#[test]
fn a_role_is_changed_with_a_look_at_whom_it_concerns_and_removed() {
    let mut desk = Desk::open();
    let ben = desk.program.client.user("ben");
    let team = desk.program.client.group("Engines", &[ben]);
    desk.send(
        "/roles/new",
        &[("name", "Janitor"), ("inheritedFrom", "viewer"), ("permission", "run:stop_any")],
    );
    desk.goto(&format!("/teams/{team}/members"));
    desk.click("[aria-label='Change the role of ben']");
    desk.browser.step(&json!({"choose": {"label": "Role of ben", "value": "Janitor"}}));
    desk.browser.press("button", "Save");
    desk.says("ben has another role now.");

    desk.browser.press("link", "Roles");
    desk.browser.press("link", "Janitor");
    desk.browser.fill("Find a permission", "project:delete");
    desk.browser.step(&json!({"key": "Enter"}));
    assert!(desk.browser.url().contains("/roles/"), "it finds, and sends nothing");
    desk.click("[value='project:delete']");
    desk.browser.press("button", "Show whom it concerns");
    desk.says("If you save this");
    desk.says("gained:");
    desk.says("ben");
    desk.browser.press("button", "Save");
    desk.says("The role Janitor is changed.");
    desk.browser.press("link", "Janitor");
    desk.browser.press("link", "Remove this role");
    desk.says("Whoever has it becomes Viewer in the same teams.");
    desk.browser.press("button", "Remove this role");
    desk.says("The role Janitor is gone.");
    desk.goto(&format!("/teams/{team}/members"));
    let role = desk.browser.step(&json!({"textOf": "tbody tr:has-text('ben') td:nth-child(3)"}));
    assert!(role.as_str().unwrap().starts_with("Viewer"), "{role}");
    desk.browser.complains_of_nothing("roles");
}

#[test]
fn a_connection_is_steered_and_what_it_asks_is_decided() {
    let mut desk = Desk::open();
    desk.goto("/people/add");
    desk.click("summary:text-is('Create somebody without an invite')");
    desk.click("#userName");
    desk.browser.step(&json!({"type": "ben"}));
    desk.browser.press("button", "Create");
    desk.says("ben is there.");
    let ben = desk.one("SELECT id FROM users WHERE user_name_key = 'ben'");

    // the way past the ways, by keyboard
    desk.goto("/provisioning");
    desk.browser.step(&json!({"key": "Tab"}));
    desk.browser.step(&json!({"key": "Enter"}));
    desk.browser.step(&json!({"key": "Tab"}));
    let focused = desk.browser.step(&json!({"focused": true}));
    assert_eq!(focused["name"], "Provisioning log", "{focused}");
    desk.browser.press("link", "default");
    desk.browser.press("link", "Keycloak");
    desk.says("Keycloak sends SCIM by an extension");
    desk.browser.fill("Somebody whom it did not make", "waits until an admin agrees");
    desk.browser.fill("Expected to call every so many minutes (optional; warns when it is late)", "40");
    desk.tick("Let it delete people", false);
    desk.browser.press("button", "Save");
    desk.says("Saved.");
    let connection = desk.one("SELECT id FROM connections WHERE name = 'default'");
    let switches: Value = serde_json::from_str(&desk.one("SELECT switches FROM connections")).unwrap();
    assert_eq!((&switches["delete"], &switches["expectedCycle"]), (&json!(false), &json!(40)), "{switches}");

    let operations = json!([{"op": "replace", "path": "displayName", "value": "Ben of SCIM"}]);
    let refused = desk.program.client.patch(&format!("/Users/{ben}"), &operations);
    assert!(refused.status >= 400, "{}", refused.json());
    desk.goto("/provisioning");
    desk.says("Waiting for you");
    desk.browser.press("button", "Refuse about ben");
    desk.says("Refused. The connection does not get this person.");
    desk.browser.press("button", "Agree about ben");
    desk.says("Agreed. With its next try the connection has this person.");
    assert_eq!(desk.program.client.patch(&format!("/Users/{ben}"), &operations).status, 200);

    desk.goto(&format!("/provisioning/{connection}"));
    desk.browser.fill("Works for so many days (optional)", "10");
    desk.tick("Reads only", true);
    desk.browser.press("button", "Create token");
    desk.says("It is shown here once and kept nowhere.");
    desk.says("ends soon");
    let token = desk.one("SELECT id FROM tokens WHERE expires_at IS NOT NULL");
    desk.goto("/provisioning");
    desk.says("A token of default ends soon:");
    desk.browser.press("link", "Make another");
    desk.click(&format!("[aria-label='Revoke the token {token}']"));
    desk.browser.press("button", "Revoke it now");
    desk.says("The token is revoked.");

    desk.tick("Pause it: every request is answered with 503 and may be tried again later", true);
    desk.browser.press("button", "Save");
    desk.says("Paused");
    assert_eq!(desk.program.client.get("/Users").status, 503);

    desk.goto("/provisioning/log");
    desk.browser.fill("Outcome", "refused");
    desk.browser.press("button", "Show");
    desk.says(&format!("PATCH /scim/v2/Users/{ben}"));

    desk.goto(&format!("/provisioning/{connection}"));
    desk.browser.press("link", "Revoke this connection");
    desk.says("It cannot be taken back. To stop it for a while, pause it instead.");
    desk.browser.press("button", "Revoke this connection");
    desk.says("The connection is revoked.");
    assert_eq!(desk.program.client.get("/Users").status, 401);
    desk.browser.complains_of_nothing("a connection");
}

#[test]
fn signing_in_settings_mail_mappings_and_keys_are_decided_on_their_pages() {
    let mut desk = Desk::open();
    let ben = desk.program.client.user("ben");
    desk.program.client.group("Engines", &[ben]);

    desk.goto("/sign-in");
    desk.click("#oidc-name");
    desk.browser.step(&json!({"type": "Corp"}));
    desk.browser.fill("Issuer", "http://127.0.0.1:9/none");
    desk.browser.fill("Client id", "roster");
    desk.click("form:has(#oidc-name) button");
    desk.says("Corp is there and switched off. Try it, then switch it on.");
    desk.browser.press("button", "Ask it");
    desk.says("It does not work:");
    desk.tick("Take over user name and name, at every sign-in", true);
    desk.browser.press("button", "Save");
    desk.says("Saved.");
    desk.browser.press("link", "Remove this provider");
    desk.browser.press("button", "Remove this provider");
    desk.says("The provider is gone.");

    desk.goto("/settings");
    desk.browser.fill("Full seats (empty: no limit)", "3");
    desk.press_in("/settings/license", "Save");
    desk.says("Saved.");
    desk.says("2 / 3");
    desk.says("One is left.");
    desk.tick("Members may create teams", true);
    desk.press_in("/settings/teams", "Save");
    desk.says("Saved.");

    desk.goto("/mail");
    desk.browser.fill("E-mail address", "ada@orion.example");
    desk.browser.press("button", "Send a test letter");
    desk.says("The letter was handed to");

    desk.goto("/mappings");
    desk.browser.fill("Group", "Engines");
    desk.browser.fill("Role in the organization", "Viewer");
    desk.browser.press("button", "Create mapping");
    desk.says("The mapping is there, and what it gives is given.");
    desk.browser.press("link", "Remove 1");
    desk.says("Whoever has a role because of it alone loses that role.");
    desk.browser.press("button", "Remove this mapping");
    desk.says("The mapping is gone");

    desk.goto("/own/keys");
    desk.browser.fill("Name", "laptop");
    desk.browser.press("button", "Create key");
    desk.says("It is shown here once and kept nowhere.");
    let key = desk.browser.step(&json!({"textOf": "#secret"})).as_str().unwrap().trim().to_owned();
    assert!(key.starts_with("roster-"), "{}", key.len());
    desk.goto("/keys");
    desk.says("laptop");
    desk.click("[aria-label='Revoke the key laptop']");
    desk.browser.press("button", "Revoke it now");
    desk.says("The key is revoked.");

    desk.sealed();
    desk.goto("/audit");
    desk.browser.fill("What", "API key revoked");
    desk.browser.press("button", "Show");
    desk.lists("API key revoked");
    let (name, text) = desk.save("Export");
    assert_eq!(name, "audit-log.jsonl");
    let kinds: Vec<Value> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["kind"].clone()).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| kind == "key.revoked"), "{kinds:?}");

    desk.goto("/system");
    desk.says(env!("CARGO_PKG_VERSION"));
    desk.says("Processes that serve");
    desk.goto("/own/leave");
    desk.browser.press("button", "Leave the organization");
    desk.says("This would leave the organization without an active admin");
    desk.browser.complains_of_nothing("settings");
}

#[test]
fn hostile_names_change_nothing_but_their_own_text() {
    let mut desk = Desk::open();
    let long = "x".repeat(1_024);
    let names = [
        "<img src=x onerror=alert(1)>",
        "\u{202e}gpj.exe\u{2066}",
        &long,
        "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466} \u{5d0}\u{5d3}\u{5d4}",
    ];
    let scim = desk.program.client.clone();
    let mut people = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let body = json!({"userName": format!("walker-{n}"), "displayName": name});
        let made = scim.post("/Users", &body);
        assert_eq!(made.status, 201, "{}", made.json());
        people.push(made.json()["id"].as_str().unwrap().to_owned());
    }
    let teams: Vec<String> = names.iter().map(|name| scim.group(name, &people)).collect();
    let mut pages = ["/people", "/teams", "/own/teams", "/provisioning/log", "/audit", "/mappings"]
        .map(str::to_owned)
        .to_vec();
    pages.extend(people.iter().map(|id| format!("/people/{id}")));
    pages.extend(people.iter().map(|id| format!("/people/{id}/remove")));
    pages.extend(teams.iter().map(|id| format!("/teams/{id}/members")));
    pages.extend(teams.iter().map(|id| format!("/teams/{id}/archive")));
    let mut wrong = Vec::new();
    for path in pages {
        desk.goto(&path);
        assert_eq!(desk.browser.step(&json!({"count": "img[src=x]"})), json!(0), "{path}");
        for width in [1280, 360] {
            desk.browser.step(&json!({"viewport": [width, 800]}));
            if desk.browser.step(&json!({"overflow": true})) != json!(0) {
                wrong.push(format!("{path} is wider than {width}"));
            }
        }
    }
    desk.goto("/people");
    desk.says(names[0]);
    desk.goto("/teams");
    desk.says(names[0]);
    assert!(wrong.is_empty(), "{wrong:#?}");
    desk.browser.complains_of_nothing("hostile names");
}
