//! People sign in with a password: the first admin, invites, second factors, sessions and how they end, and what the doors
//! refuse.

use crate::{
    commands::{json as told, roster},
    database::Database,
    sink::Sink,
    support::{Client, Program, serve},
    visitor::{Page, Visitor},
};
use serde_json::{Value, json};
use std::{
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

const PASSWORD: &str = "violet otter under seven bridges";
const OTHER: &str = "nine amber lanterns on the quay";

/// A server with mail, and its first admin.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) program: Program,
    pub(crate) sink: Sink,
    /// The browser that the admin is signed in with.
    pub(crate) ada: Visitor,
}

impl World {
    pub(crate) fn open(arguments: &[&str]) -> Self {
        let (database, sink) = (Database::fresh(), Sink::start());
        let program = begin(&database, &sink, arguments);
        let mut ada = Visitor::at(&program.client.root);
        let path = path_of(&program.said("http"));
        if let Some((_, public)) =
            arguments.iter().zip(arguments.iter().skip(1)).find(|(name, _)| **name == "--public-url")
        {
            ada.origin = (*public).to_owned();
        }
        let made =
            ada.post(&path, &[("email", "ada@orion.example"), ("name", "Ada"), ("password", PASSWORD)]);
        assert_eq!((made.status, made.to.as_str()), (303, "/"), "{}", made.text);
        Self { database, program, sink, ada }
    }

    /// The admin asks the API from a page.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let (mut ada, root) = (self.ada.clone(), self.program.client.root.clone());
        let headers = [("Origin", root.as_str()), ("Content-Type", "application/json")];
        let page = ada.send(method, &format!("/api/v1{path}"), &headers, &body.to_string());
        assert!(page.status < 300, "{method} {path}: {}", page.text);
        serde_json::from_str(&page.text).unwrap_or_default()
    }

    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::at(&self.program.client.root)
    }

    pub(crate) fn run(&self, words: &[&str]) -> Value {
        told(&roster(&self.database.setting(), words))
    }

    /// A person with a password of their own; the id.
    pub(crate) fn person(&self, name: &str, password: &str) -> String {
        let email = format!("{name}@orion.example");
        let made = self.run(&["user", "create", name, "--email", &email, "--json"]);
        let temporary = self.run(&["admin", "reset-password", name, "--json"]);
        let mut visitor = self.visitor();
        let asked = visitor.sign_in(name, temporary["password"].as_str().unwrap());
        assert_eq!(asked.to, "/sign-in/password?to=%2F", "{}", asked.text);
        let chosen = visitor.post(&asked.to, &[("password", password), ("to", "/account")]);
        assert_eq!(chosen.to, "/account", "{}", chosen.text);
        assert!(visitor.is_in());
        made["id"].as_str().unwrap().to_owned()
    }

    /// A browser that somebody is signed in with.
    pub(crate) fn signed_in(&self, name: &str, password: &str) -> Visitor {
        let mut visitor = self.visitor();
        let page = visitor.sign_in(name, password);
        assert_eq!(page.to, "/", "{}", page.text);
        visitor
    }

    /// How many events of a kind there are.
    pub(crate) fn events(&self, kind: &str) -> i64 {
        self.database.number(&format!("SELECT count(*) FROM events WHERE kind = '{kind}'"))
    }
}

fn begin(database: &Database, sink: &Sink, arguments: &[&str]) -> Program {
    let mut command = serve(&database.setting());
    command.args(["--listen", "127.0.0.1:0"]).args(arguments).stderr(Stdio::null());
    command.env("ROSTER_SMTP_URL", format!("smtp://127.0.0.1:{}?tls=none", sink.port));
    Program::start(&mut command).unwrap()
}

/// The path of a URL.
pub(crate) fn path_of(url: &str) -> String {
    url::Url::parse(url).unwrap().path().to_owned()
}

#[test]
fn the_first_admin_comes_by_a_link_that_works_once_and_the_pages_wait_for_it() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let program = begin(&database, &sink, &[]);
    let link = path_of(&program.said("http"));
    let mut visitor = Visitor::at(&program.client.root);

    // no loop, and nothing to type where nobody could sign in
    let home = visitor.get("/");
    assert_eq!((home.status, home.to.as_str()), (303, "/sign-in?to=%2F"));
    let waiting = visitor.get(&home.to);
    assert_eq!(waiting.status, 200);
    assert!(waiting.text.contains("no admin yet") && !waiting.text.contains("<input"), "{}", waiting.text);
    // SCIM goes on meanwhile
    assert_eq!(program.client.get("/Users").status, 200);

    let asked = visitor.get(&link);
    assert_eq!((asked.status, asked.heading().as_str()), (200, "Create the first admin"));
    let new = |password| [("email", "ada@orion.example"), ("name", "Ada"), ("password", password)];
    for (password, says) in [
        ("password", "This password is too easy to guess."),
        ("ada@orion.example", "This password is too easy to guess."),
        ("short", "Password: expected 8 to 256 characters."),
        ("bell\u{7}bell\u{7}bell", "Password: expected letters, digits, spaces and signs that can be seen."),
    ] {
        let refused = visitor.post(&link, &new(password));
        assert_eq!((refused.status, refused.error().as_str()), (422, says), "{}", refused.text);
        let is_shown = refused.text.matches(&format!("value=\"{password}\"")).count();
        assert_eq!(is_shown, usize::from(password.contains('@')), "a password is not shown");
    }
    let look_alike = [("email", "\u{430}da@orion.example"), ("name", ""), ("password", PASSWORD)];
    assert_eq!(visitor.post(&link, &look_alike).status, 422);
    assert_eq!(database.number("SELECT count(*) FROM users"), 0);

    let made = visitor.post(&link, &new(PASSWORD));
    assert_eq!((made.status, made.to.as_str()), (303, "/"));
    let account = visitor.get("/account");
    assert!(account.text.contains("<dd>admin</dd>"), "{}", account.text);
    assert_eq!(visitor.get("/").to, "/console/people");

    for again in [Visitor::at(&program.client.root).get(&link), visitor.post(&link, &new(OTHER))] {
        assert_eq!((again.status, again.heading().as_str()), (404, "This link does not work"));
    }
    assert_eq!(database.number("SELECT count(*) FROM users"), 1);
    assert!(!database.holds(PASSWORD.as_bytes()));
    assert!(!database.holds(visitor.cookies["roster"].as_bytes()), "a session is kept as a digest");
    let text = Visitor::at(&program.client.root).get("/sign-in").text;
    assert!(text.contains("name=\"password\"") && !text.contains("no admin yet"), "{text}");
}

#[test]
fn names_and_passwords_are_wrong_in_the_same_words_and_in_the_same_time() {
    let world = World::open(&[]);
    let id = world.person("ben", PASSWORD);
    world.run(&["user", "create", "cyd", "--email", "cyd@orion.example", "--json"]);

    for login in ["ben", "BEN", "ben@orion.example", " ben "] {
        assert!(world.signed_in(login, PASSWORD).is_in(), "{login}");
    }
    let spaced = PASSWORD.replace(' ', "\u{a0}");
    assert!(world.signed_in("ben", &spaced).is_in(), "a space is a space");

    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let mut pages: Vec<Page> = Vec::new();
    for n in 0..5 {
        for (login, times) in
            [("ben@orion.example".to_owned(), &mut known), (format!("nobody{n}"), &mut unknown)]
        {
            let begun = Instant::now();
            pages.push(world.visitor().sign_in(&login, "not the password at all"));
            times.push(begun.elapsed());
        }
    }
    // somebody without a password
    pages.push(world.visitor().sign_in("cyd", PASSWORD));
    for page in &pages {
        assert_eq!((page.status, page.error().as_str()), (401, "The name or the password is wrong."));
    }
    known.sort_unstable();
    unknown.sort_unstable();
    let (known, unknown) = (known[2].as_secs_f64(), unknown[2].as_secs_f64());
    assert!(unknown > known / 2.0 && known > unknown / 2.0, "{known} s and {unknown} s");

    world.run(&["user", "deactivate", &id, "--json"]);
    let told = world.visitor().sign_in("ben", PASSWORD);
    assert_eq!(told.status, 403);
    assert!(told.error().contains("deactivated; ask an admin of Organization"), "{}", told.text);
    let untold = world.visitor().sign_in("ben", OTHER);
    assert_eq!((untold.status, untold.error().as_str()), (401, "The name or the password is wrong."));
    assert_eq!(world.events("sign_in.refused"), 13);
}

#[test]
fn a_name_that_strangers_try_is_slowed_down_and_its_owner_is_not() {
    let world = World::open(&[]);
    world.person("ben", PASSWORD);
    let mut own = world.signed_in("ben", PASSWORD);
    own.cookies.remove("roster");

    let statuses: Vec<u16> =
        (0..12).map(|_| world.visitor().sign_in("ben", "a stranger's guess").status).collect();
    assert!(statuses.contains(&401) && statuses.ends_with(&[429, 429]), "{statuses:?}");
    let held_up = world.visitor().sign_in("ben", PASSWORD);
    assert!(held_up.error().starts_with("Too many attempts; try again in "), "{}", held_up.text);

    assert_eq!(own.sign_in("ben", PASSWORD).to, "/", "who was here before comes in");
    let mut forged = world.visitor();
    forged.cookies.insert("roster-known".to_owned(), own.cookies["roster-known"].chars().rev().collect());
    assert_eq!(forged.sign_in("ben", PASSWORD).status, 429);
}

#[test]
fn a_second_factor_is_asked_for_and_its_codes_count_once() {
    let world = World::open(&[]);
    let id = world.person("ben", PASSWORD);
    let mut ben = world.signed_in("ben", PASSWORD);
    let page = ben.get("/account/second-factor");
    let secret = page.between("<code class=\"secret\">", "</code>");
    let sealed = page.between("name=\"sealed\" value=\"", "\"");
    assert!(page.text.contains("<svg"), "{}", page.text);
    assert_eq!(
        world.database.number("SELECT count(*) FROM second_factors"),
        0,
        "nothing before the first code"
    );
    // made once: half a minute may end on the way
    let [first, second] = [0, 1].map(|steps| totp(&secret, steps));

    let wrong = ben.post("/account/second-factor", &[("sealed", &sealed), ("code", "000000")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.error().contains("not the code"), "{}", wrong.text);
    let codes = ben.post("/account/second-factor", &[("sealed", &sealed), ("code", &first)]);
    let codes: Vec<String> =
        codes.between("id=\"codes\">", "</pre>").lines().map(|it| it.trim().to_owned()).collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).filter(|it| !it.is_empty()).collect();
    assert_eq!(codes.len(), 10);
    assert!(!world.database.holds(codes[0].as_bytes()), "a recovery code is kept as a digest");
    // nobody else goes on with what waits for one person
    let mut ada = world.ada.clone();
    assert_eq!(ada.post("/account/second-factor", &[("sealed", &sealed), ("code", &first)]).status, 422);

    let mut step = world.visitor();
    assert_eq!(step.sign_in("ben", PASSWORD).to, "/sign-in/code?to=%2F");
    assert!(!step.is_in());
    let try_code = |visitor: &mut Visitor, code: &str| {
        visitor.post("/sign-in/code", &[("code", code), ("to", "/account")])
    };
    // the code that turned it on was used with that
    assert_eq!(try_code(&mut step, &first).status, 401);
    assert_eq!(try_code(&mut step, "nonsense").status, 401);
    assert_eq!(try_code(&mut step, &second).to, "/account");
    assert!(step.is_in());
    let mut replayed = world.visitor();
    replayed.sign_in("ben", PASSWORD);
    assert_eq!(try_code(&mut replayed, &second).status, 401, "a code counts once");
    assert_eq!(try_code(&mut replayed, &codes[0].to_uppercase()).to, "/account");
    let mut again = world.visitor();
    again.sign_in("ben", PASSWORD);
    assert_eq!(try_code(&mut again, codes[0]).status, 401, "a recovery code counts once");
    // a step that asks for a code lets nobody choose another password
    let mut around = world.visitor();
    assert_eq!(around.sign_in("ben", PASSWORD).to, "/sign-in/code?to=%2F");
    let refused = around.post("/sign-in/password", &[("password", OTHER)]);
    assert_eq!((refused.status, refused.error().as_str()), (401, "It took too long; begin again."));
    assert!(!around.is_in() && ben.is_in());
    // without the step before there is nothing to show a code for
    let mut bare = world.visitor();
    assert_eq!(try_code(&mut bare, codes[1]).error(), "It took too long; begin again.");
    // what is sealed for one person and step is none for another
    bare.cookies.insert("roster-step".to_owned(), replayed.cookies["roster-known"].clone());
    assert_eq!(try_code(&mut bare, codes[1]).status, 401);

    let removed = world.run(&["admin", "reset-second-factor", &id, "--json"]);
    assert_eq!(removed["secondFactor"], json!(false));
    assert_eq!(world.visitor().sign_in("ben", PASSWORD).to, "/");
    for kind in ["second_factor.added", "recovery_code.used", "second_factor.removed"] {
        assert_eq!(world.events(kind), 1, "{kind}");
    }
}

/// The code of an app, so many half minutes from now.
pub(crate) fn totp(secret: &str, steps: i64) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
    let now = roster::clock::Clock::System.now() / 1_000_000;
    totp.generate(u64::try_from(now + 30 * steps).unwrap()).to_string()
}

#[test]
fn a_change_comes_from_a_page_of_the_server_or_is_refused() {
    let world = World::open(&[]);
    let mut ada = world.ada.clone();
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let own = world.program.client.root.clone();
    let (_, port) = own.rsplit_once(':').unwrap();
    let neighbour = format!("http://localhost:{port}");
    let foreign: [&[(&str, &str)]; 7] = [
        &[form],
        &[form, ("Origin", "https://evil.example")],
        &[form, ("Origin", "null")],
        &[form, ("Origin", &neighbour)],
        &[form, ("Sec-Fetch-Site", "cross-site"), ("Origin", &own)],
        &[form, ("Sec-Fetch-Site", "same-site"), ("Origin", &own)],
        &[form, ("Sec-Fetch-Site", "none"), ("Origin", &own)],
    ];
    let pages = ["/logout", "/account/sessions", "/account/password", "/sign-in", "/sign-in/again"];
    for headers in foreign {
        for path in pages {
            let refused = ada.send("POST", path, headers, "login=ada&password=x");
            assert_eq!(refused.status, 403, "{path} {headers:?}");
            assert_eq!(refused.heading(), "This did not come from here");
        }
        let with_json: Vec<(&str, &str)> =
            headers.iter().skip(1).copied().chain([("Content-Type", "application/json")]).collect();
        let refused = ada.send("POST", "/api/v1/keys", &with_json, "{\"name\": \"mine\"}");
        assert_eq!(refused.status, 403, "{headers:?} {}", refused.text);
    }
    assert!(ada.is_in());
    // a session reads by GET, changes from a page, and is no credential elsewhere
    assert_eq!(ada.send("GET", "/api/v1/me", &[], "").status, 200);
    let same = [("Content-Type", "application/json"), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(ada.send("POST", "/api/v1/keys", &same, "{\"name\": \"mine\"}").status, 201);
    assert_eq!(ada.send("GET", "/scim/v2/Users", &[], "").status, 401);
    // two cookies of one name: one of them may be somebody else's
    let session = ada.cookies["roster"].clone();
    let mut planted = world.visitor();
    let both = format!("roster={session}; roster={session}");
    assert_eq!(planted.send("GET", "/api/v1/me", &[("Cookie", &both)], "").status, 401);
    // other methods, and what is no form
    assert_eq!(ada.send("PUT", "/sign-in", &same, "").status, 405);
    let typed = [("Content-Type", "text/plain"), ("Origin", own.as_str())];
    assert_eq!(ada.send("POST", "/sign-in", &typed, "login=ada").status, 415);
}

#[test]
fn whoever_signs_in_goes_where_they_wanted_on_this_server_alone() {
    let world = World::open(&[]);

    let mut visitor = world.visitor();
    let asked = visitor.get("/account/second-factor");
    assert_eq!(asked.to, "/sign-in?to=%2Faccount%2Fsecond-factor");
    let page = visitor.get(&asked.to);
    assert_eq!(page.between("name=\"to\" value=\"", "\""), "/account/second-factor");
    for elsewhere in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/.//e"]
    {
        let mut visitor = world.visitor();
        let fields = [("login", "ada@orion.example"), ("password", PASSWORD), ("to", elsewhere)];
        assert_eq!(visitor.post("/sign-in", &fields).to, "/", "{elsewhere}");
    }
    let odd = "\"><script>alert(1)</script>";
    let page = world.visitor().post("/sign-in", &[("login", odd), ("password", "x"), ("to", "/a")]);
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
}

#[test]
fn sessions_are_seen_and_ended_and_no_others() {
    let world = World::open(&[]);
    let id = world.person("ben", PASSWORD);
    let (mut here, mut there) = (world.signed_in("ben", PASSWORD), world.signed_in("ben", PASSWORD));
    let mut ada = world.ada.clone();
    let sessions = |visitor: &mut Visitor| -> Vec<Value> {
        let listed: Value =
            serde_json::from_str(&visitor.send("GET", "/api/v1/sessions", &[], "").text).unwrap();
        listed["items"].as_array().unwrap().clone()
    };

    let own = sessions(&mut here);
    assert_eq!(own.len(), 3);
    assert_eq!(own.iter().filter(|it| it["current"] == json!(true)).count(), 1);
    let others = sessions(&mut ada)[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(here.post(&format!("/account/sessions/{others}"), &[]).to, "/account");
    assert!(ada.is_in(), "nobody ends the sessions of others");
    let origin = world.program.client.root.clone();
    let same = [("Origin", origin.as_str())];
    assert_eq!(here.send("DELETE", &format!("/api/v1/sessions/{others}"), &same, "").status, 404);
    assert_eq!(here.send("GET", &format!("/api/v1/sessions?user={}", "someone"), &[], "").status, 403);

    let far = own.iter().rfind(|it| it["current"] == json!(false)).unwrap()["id"].as_str().unwrap();
    here.post(&format!("/account/sessions/{far}"), &[]);
    assert!(!there.is_in() && here.is_in());
    let mut more = world.signed_in("ben", PASSWORD);
    here.post("/account/sessions", &[]);
    assert!(!more.is_in() && here.is_in());

    // signing in again leaves nothing that somebody else could have planted
    let before = here.clone();
    assert_eq!(here.sign_in("ben", PASSWORD).to, "/");
    assert_ne!(here.cookies["roster"], before.cookies["roster"]);
    assert!(here.is_in() && !before.clone().is_in());

    let listed = world.run(&["session", "list", "ben", "--json"]);
    let listed = listed["items"].as_array().unwrap();
    assert_eq!((listed.len(), listed[0]["person"].as_str().unwrap()), (1, id.as_str()));
    world.run(&["session", "end", listed[0]["id"].as_str().unwrap(), "--json"]);
    assert!(!here.is_in());

    let mut here = world.signed_in("ben", PASSWORD);
    assert_eq!(here.get("/logout").heading(), "Sign out?");
    assert!(here.is_in(), "whoever is sent to the page stays");
    let kept = here.clone();
    assert_eq!(here.post("/logout", &[]).to, "/logout");
    assert_eq!(here.get("/logout").heading(), "You are signed out");
    assert!(!kept.clone().is_in(), "the session is over, not only the cookie");
}

#[test]
fn a_session_ends_with_its_time_and_with_its_person() {
    let world = World::open(&[]);
    let id = world.person("ben", PASSWORD);

    let mut idle = world.signed_in("ben", PASSWORD);
    world.database.ask("UPDATE sessions SET seen_at = seen_at - 86400000000 * 6");
    assert!(idle.is_in());
    // that it was used is written down a moment later
    let begun = Instant::now();
    while world.database.number("SELECT count(*) FROM sessions WHERE seen_at >= created_at") < 1 {
        assert!(begun.elapsed() < Duration::from_secs(30));
        thread::yield_now();
    }
    world.database.ask("UPDATE sessions SET seen_at = seen_at - 86400000000 * 8");
    assert!(!idle.is_in());
    let mut old = world.signed_in("ben", PASSWORD);
    world.database.ask("UPDATE sessions SET created_at = created_at - 86400000000");
    assert!(old.is_in());
    world.run(&["setting", "set", "sessionHours", "24", "--json"]);
    assert!(!old.is_in(), "a shorter length counts for those who are here");

    let mut ben = world.signed_in("ben", PASSWORD);
    assert!(ben.is_in());
    let off = json!([{"op": "replace", "path": "active", "value": "False"}]);
    let begun = Instant::now();
    let gone = world.program.client.patch(&format!("/Users/{id}"), &off);
    assert_eq!(gone.status, 200, "{}", gone.json());
    assert!(!ben.is_in());
    assert!(begun.elapsed() < Duration::from_secs(1));
    let on = json!([{"op": "replace", "path": "active", "value": true}]);
    world.program.client.patch(&format!("/Users/{id}"), &on);
    assert!(!ben.is_in(), "an ended session stays so");

    let mut ben = world.signed_in("ben", PASSWORD);
    assert_eq!(world.program.client.delete(&format!("/Users/{id}")).status, 204);
    assert!(!ben.is_in());
    assert_eq!(world.database.number(&format!("SELECT count(*) FROM passwords WHERE owner = '{id}'")), 0);
}

#[test]
fn what_is_delicate_takes_a_fresh_proof() {
    let world = World::open(&[]);
    let mut ada = world.ada.clone();
    world.database.ask("UPDATE sessions SET authenticated_at = authenticated_at - 901000000");
    let origin = world.program.client.root.clone();
    let same = [("Origin", origin.as_str()), ("Content-Type", "application/json")];

    for (method, path, body) in [
        ("POST", "/api/v1/keys", "{\"name\": \"mine\"}"),
        ("PATCH", "/api/v1/settings", "{\"passwordSignIn\": false}"),
        ("POST", "/api/v1/connections", "{\"name\": \"okta\"}"),
        ("POST", "/api/v1/issuers", "{\"issuer\": \"https://id.example\"}"),
        ("POST", "/api/v1/users", "{\"userName\": \"eve\", \"organizationRole\": \"admin\"}"),
        ("POST", "/api/v1/invites", "{\"emails\": [\"eve@x.example\"], \"organizationRole\": \"admin\"}"),
    ] {
        let refused = ada.send(method, path, &same, body);
        assert_eq!(refused.status, 403, "{method} {path} {}", refused.text);
        assert!(refused.text.contains("sign in again"), "{}", refused.text);
    }
    assert_eq!(ada.send("GET", "/api/v1/settings", &[], "").status, 200);
    let asked = ada.get("/account/password");
    assert_eq!(asked.to, "/sign-in/again?to=%2Faccount%2Fpassword");
    assert_eq!(ada.post("/account/password", &[("password", OTHER)]).to, asked.to);

    let wrong = ada.post(&asked.to, &[("password", "not it, by far")]);
    assert_eq!((wrong.status, wrong.error().as_str()), (401, "The name or the password is wrong."));
    let before = ada.clone();
    let proved = ada.post(&asked.to, &[("password", PASSWORD), ("to", "/account/password")]);
    assert_eq!(proved.to, "/account/password");
    assert!(!before.clone().is_in(), "the cookie is another");
    let mut elsewhere = world.signed_in("ada@orion.example", PASSWORD);
    assert_eq!(ada.post("/account/password", &[("password", "abc abc abc")]).status, 422);
    assert_eq!(ada.post("/account/password", &[("password", OTHER)]).to, "/account");
    assert!(ada.is_in() && !elsewhere.is_in(), "other sessions end");
    assert_eq!(world.visitor().sign_in("ada@orion.example", PASSWORD).status, 401);
    assert!(world.signed_in("ada@orion.example", OTHER).is_in());
    assert_eq!(ada.send("POST", "/api/v1/keys", &same, "{\"name\": \"mine\"}").status, 201);
}

#[test]
fn a_forgotten_password_is_replaced_by_a_letter_that_only_its_owner_gets() {
    let world = World::open(&[]);
    world.person("ben", PASSWORD);
    let mut ben = world.signed_in("ben", PASSWORD);

    let pages: Vec<String> = ["ben", "ben@orion.example", "nobody@orion.example"]
        .map(|login| world.visitor().post("/forgot-password", &[("login", login)]).text)
        .to_vec();
    assert!(pages.iter().all(|page| *page == pages[0] && page.contains("Look into your mail")));
    let letters = world.sink.wait_for(2);
    assert!(letters.iter().all(|letter| letter.to == ["ben@orion.example"]));
    assert_eq!(letters[0].header("Subject"), "Choose another password for Organization");
    let root = format!("{}/reset-password/", world.program.client.root);
    let links: Vec<String> =
        letters.iter().map(|letter| format!("/reset-password/{}", letter.after(&root).unwrap())).collect();

    let mut visitor = world.visitor();
    let works: Vec<u16> = links.iter().map(|link| visitor.get(link).status).collect();
    assert_eq!(works, [200, 200], "nobody makes a letter useless by asking for another");
    let link = &links[1];
    assert!(visitor.get(link).text.contains("value=\"ben\""));
    assert_eq!(visitor.post(link, &[("password", "password1")]).status, 422);
    assert!(ben.is_in());
    assert_eq!(visitor.post(link, &[("password", OTHER)]).heading(), "Your password is another now");
    assert!(!ben.is_in(), "whoever was in is out");
    for link in &links {
        assert_eq!(
            visitor.post(link, &[("password", PASSWORD)]).status,
            404,
            "a link works once, and ends the others"
        );
    }
    assert!(world.signed_in("ben", OTHER).is_in());
    for guessed in ["/reset-password/x", "/reset-password/%00", "/first-admin/x", "/invite/x"] {
        assert_eq!(visitor.get(guessed).status, 404, "{guessed}");
    }
    // a letter that waits too long
    world.visitor().post("/forgot-password", &[("login", "ben")]);
    let letter = world.sink.wait_for(3).pop().unwrap();
    world.database.ask("UPDATE links SET expires_at = expires_at - 3600000000");
    assert_eq!(visitor.get(&format!("/reset-password/{}", letter.after(&root).unwrap())).status, 404);
}

#[test]
fn an_invite_is_accepted_on_a_page_once() {
    let world = World::open(&[]);
    world.run(&["team", "create", "vision", "--json"]);
    world.ask("POST", "/invites", &json!({"emails": ["cyd@orion.example"], "teams": [{"team": "vision"}]}));
    let letter = world.sink.wait_for(1).pop().unwrap();
    let root = format!("{}/invite/", world.program.client.root);
    let link = format!("/invite/{}", letter.after(&root).unwrap());

    let mut cyd = world.visitor();
    let page = cyd.get(&link);
    assert_eq!(page.heading(), "Join Organization");
    assert!(page.text.contains("cyd@orion.example") && page.text.contains("vision"), "{}", page.text);
    assert_eq!(cyd.post(&link, &[("name", "Cyd"), ("password", "cyd@orion")]).status, 422);
    assert_eq!(cyd.post(&link, &[("name", "Cyd"), ("password", PASSWORD)]).to, "/");
    let account = cyd.get("/account");
    assert!(account.text.contains("vision (member)") && account.text.contains(">Cyd<"), "{}", account.text);
    let again = world.visitor().get(&link);
    assert_eq!((again.status, again.heading().as_str()), (410, "This invite is over"));
    assert_eq!(world.visitor().post(&link, &[("password", OTHER)]).status, 410);
    assert!(world.signed_in("cyd@orion.example", PASSWORD).is_in());
}

#[test]
fn a_password_that_comes_over_scim_lets_its_person_in_and_is_shown_to_nobody() {
    let world = World::open(&[]);
    let scim = &world.program.client;
    let body = json!({"schemas": [crate::support::USER], "userName": "ben", "password": PASSWORD});
    let made = scim.post("/Users", &body);
    assert_eq!(made.status, 201);
    assert!(!made.json().to_string().contains(PASSWORD) && !world.database.holds(PASSWORD.as_bytes()));
    let ben = made.json()["id"].as_str().unwrap().to_owned();
    let mut browser = world.signed_in("ben", PASSWORD);

    // the same again is no change, and nobody is put out by it
    let path = format!("/Users/{ben}");
    assert_eq!(scim.put(&path, &body).status, 200);
    assert!(browser.is_in());
    assert_eq!(world.events("password.changed"), 2, "the admin's own and this one");
    let patch = json!([{"op": "replace", "path": "password", "value": OTHER}]);
    assert_eq!(scim.patch(&path, &patch).status, 200);
    assert!(!browser.is_in());
    assert_eq!(world.visitor().sign_in("ben", PASSWORD).status, 401);
    assert!(world.signed_in("ben", OTHER).is_in());
    let patch = json!([{"op": "replace", "value": {"password": "soft\u{ad}hyphens are not seen"}}]);
    assert_eq!(scim.patch(&path, &patch).status, 200, "what cannot be one changes nothing");
    assert!(world.signed_in("ben", OTHER).is_in());
    // a connection signs in as nobody whom it did not make, and as no admin
    let ada = world.run(&["user", "show", "ada@orion.example", "--json"])["id"].as_str().unwrap().to_owned();
    let patch = json!([{"op": "replace", "path": "password", "value": "a password of the connection"}]);
    let path_of_ada = format!("/Users/{ada}");
    assert!(scim.patch(&path_of_ada, &patch).status < 300);
    assert_eq!(world.visitor().sign_in("ada@orion.example", "a password of the connection").status, 401);
    world.run(&["connection", "change", "default", "--update", "false", "--json"]);
    assert_eq!(
        scim.patch(
            &path,
            &json!([{"op": "replace", "path": "password", "value": "five quiet rivers of tin"}])
        )
        .status,
        403
    );
    world.run(&["connection", "change", "default", "--update", "true", "--json"]);
    assert!(world.signed_in("ben", OTHER).is_in());
    // an admin's key resets nobody's password by this door
    let key = world.run(&["key", "create", "ada@orion.example", "--name", "scim", "--json"]);
    let by_key = Client { token: key["secret"].as_str().unwrap().to_owned(), ..scim.clone() };
    assert_eq!(
        by_key.patch(&path, &json!([{"op": "replace", "path": "password", "value": PASSWORD}])).status,
        200
    );
    assert!(world.signed_in("ben", OTHER).is_in());
    assert_eq!(scim.get("/Users?filter=password%20eq%20%22x%22").status, 400, "nobody searches by it");
}

#[test]
fn without_passwords_nobody_comes_in_by_one() {
    let world = World::open(&[]);
    world.person("ben", PASSWORD);
    let mut ben = world.signed_in("ben", PASSWORD);

    let off = ["setting", "set", "passwordSignIn", "false", "--json"];
    let refused = roster(&world.database.setting(), &off);
    assert!(!refused.status.success(), "nobody closes the only way in");
    world.run(&[
        "provider",
        "oidc",
        "Corp",
        "--issuer",
        "https://id.example",
        "--client-id",
        "roster",
        "--json",
    ]);
    world.run(&["provider", "enable", "Corp", "--json"]);
    world.run(&off);
    for close in
        [&["provider", "disable", "Corp", "--json"][..], &["provider", "remove", "Corp", "--yes", "--json"]]
    {
        let refused = roster(&world.database.setting(), close);
        assert!(
            !refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("last way in")
        );
    }
    let refused = world.visitor().sign_in("ben", PASSWORD);
    assert_eq!(refused.status, 403);
    assert!(!refused.text.contains("name=\"password\""), "{}", refused.text);
    assert_eq!(ben.post("/account/password", &[("password", OTHER)]).status, 403);
    assert!(ben.is_in(), "who is in stays");
    world.visitor().post("/forgot-password", &[("login", "ben")]);
    world.ask("POST", "/invites", &json!({"emails": ["cyd@orion.example"]}));
    let letters = world.sink.wait_for(1);
    assert_eq!((letters.len(), letters[0].to[0].as_str()), (1, "cyd@orion.example"));
}

#[test]
fn behind_a_proxy_cookies_are_for_tls_alone_and_addresses_are_the_visitors() {
    let mut world = World::open(&["--behind-proxy", "--public-url", "https://roster.example"]);
    let flags = world.ada.set.clone();
    let session = flags.iter().find(|line| line.starts_with("__Host-roster=")).unwrap();
    for flag in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(session.contains(flag), "{session}");
    }
    assert!(!session.contains("Domain"));
    let page = world.ada.get("/account");
    assert!(page.headers.contains_key("strict-transport-security"));
    // over plain HTTP another page of this machine could claim the host
    let own = world.program.client.root.clone();
    world.ada.origin = own;
    assert_eq!(world.ada.post("/logout", &[]).status, 403);

    let mut ben = world.visitor();
    ben.origin = "https://roster.example".to_owned();
    ben.headers.push(("X-Forwarded-For".to_owned(), "198.51.100.7, 203.0.113.9".to_owned()));
    assert_eq!(ben.sign_in("ada@orion.example", PASSWORD).to, "/");
    let listed = world.run(&["session", "list", "ada@orion.example", "--json"]);
    assert_eq!(listed["items"][1]["address"], json!("203.0.113.9"), "what the proxy itself saw");
}

#[test]
fn each_organization_has_its_own_first_admin_door_and_sessions() {
    let world = World::open(&[]);
    world.run(&["organization", "create", "acme", "--name", "Acme", "--json"]);
    let refused = roster(&world.database.setting(), &["admin", "first-link"]);
    assert!(!refused.status.success(), "there is an admin already");
    let made = world.run(&["admin", "first-link", "--organization", "acme", "--json"]);
    let link = made["link"].as_str().unwrap();
    // a command that is no server knows no address of one
    let link = link[link.find("/first-admin/").unwrap()..].to_owned();
    let mut cleo = world.visitor();
    assert!(cleo.get("/o/acme/sign-in").text.contains("no admin yet"));
    let fields = [("email", "cleo@acme.example"), ("password", PASSWORD)];
    assert_eq!(cleo.post(&link, &fields).to, "/o/acme/");
    assert!(cleo.get("/o/acme/account").text.contains("Acme"));
    assert_eq!(cleo.get("/o/default/account").status, 303, "a session is one organization's");
    let ada = world.ada.clone();
    assert_eq!(ada.clone().get("/o/acme/account").status, 303);
    let body = serde_json::from_str::<Value>(&cleo.send("GET", "/api/v1/users", &[], "").text).unwrap();
    assert_eq!(body["items"].as_array().unwrap().len(), 1, "{body}");

    let login = [("login", "cleo@acme.example"), ("password", PASSWORD)];
    assert_eq!(world.visitor().post("/sign-in", &login).status, 401, "nobody of another organization");
    let mut again = world.visitor();
    assert_eq!(again.post("/o/acme/sign-in", &login).to, "/o/acme/");
    assert_eq!(again.post("/o/acme/logout", &[]).to, "/o/acme/logout");
    assert_eq!(world.visitor().get("/o/none/sign-in").status, 404);
}

#[test]
fn two_who_use_one_link_at_once_make_one_admin() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let program = begin(&database, &sink, &[]);
    let link = path_of(&program.said("http"));

    let made: Vec<u16> = thread::scope(|scope| {
        let tries: Vec<_> = (0..4)
            .map(|n| {
                let (link, root) = (link.clone(), program.client.root.clone());
                scope.spawn(move || {
                    let email = format!("admin{n}@orion.example");
                    let fields = [("email", email.as_str()), ("name", ""), ("password", PASSWORD)];
                    Visitor::at(&root).post(&link, &fields).status
                })
            })
            .collect();
        tries.into_iter().map(|it| it.join().unwrap()).collect()
    });

    assert_eq!(made.iter().filter(|status| **status == 303).count(), 1, "{made:?}");
    assert_eq!(database.number("SELECT count(*) FROM users"), 1);
    assert_eq!(database.number("SELECT count(*) FROM sessions"), 1);
}

#[test]
fn a_session_is_a_credential_that_the_product_asks_about() {
    let world = World::open(&[]);
    world.run(&["team", "create", "vision", "--admin", "ada@orion.example", "--json"]);
    let key = world.run(&["key", "create", "ada@orion.example", "--name", "product", "--json"]);
    let product =
        Client { token: key["secret"].as_str().unwrap().to_owned(), ..world.program.client.clone() };
    let ask = |credential: &str| {
        let body = json!({"credential": credential, "team": "vision"}).to_string();
        let json = [("Content-Type", "application/json")];
        product.raw("POST", "/api/v1/decisions", &json, body.as_bytes()).json()
    };

    let mut ada = world.ada.clone();
    let shown = ada.cookies["roster"].clone();
    assert_eq!(ask(&shown)["role"], json!("admin"));
    ada.post("/logout", &[]);
    assert!(ask(&shown)["why"].as_str().unwrap().contains("unknown, expired or revoked"));
}
