//! The pages in a real browser: a new user's first minute, keyboards, phones, what a reader of screens needs, and a browser
//! without script.

use crate::{
    browser::Browser,
    database::Database,
    provider::Provider,
    sink::Sink,
    support::{Program, serve},
};
use serde_json::json;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

pub(crate) const PASSWORD: &str = "violet otter under seven bridges";

pub(crate) fn begin(database: &Database, sink: &Sink) -> Program {
    let mut command = serve(&database.setting());
    command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null());
    command.env("ROSTER_SMTP_URL", format!("smtp://127.0.0.1:{}?tls=none", sink.port));
    Program::start(&mut command).unwrap()
}

#[test]
fn a_new_user_is_a_signed_in_admin_within_a_minute() {
    let mut browser = Browser::start();
    let begun = Instant::now();
    let (database, sink) = (Database::fresh(), Sink::start());
    let program = begin(&database, &sink);
    let root = program.client.root.clone();

    browser.goto(&root);
    assert!(browser.text().contains("no admin yet"));
    browser.is_well_made("sign-in before the first admin");
    browser.goto(&program.said("http"));
    browser.is_well_made("first admin");
    browser.fill("E-mail address", "ada@orion.example");
    browser.fill("Name", "Ada <b>Lovelace</b> \u{202e}evil");
    browser.fill("Password", "password1");
    browser.press("button", "Create the admin");
    assert!(browser.text().contains("too easy to guess"));
    browser.is_well_made("first admin, refused");
    browser.fill("Password", PASSWORD);
    browser.press("button", "Create the admin");
    assert_eq!(browser.url(), format!("{root}/console/people"));
    let text = browser.text();
    assert!(text.contains("<b>Lovelace</b>") && text.contains("Admin"), "{text}");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    println!("a signed-in admin after {:?}", begun.elapsed());
    browser.press("link", "Your account");
    browser.is_well_made("account");

    let cookies = browser.step(&json!({"cookies": true}));
    let session = cookies.as_array().unwrap().iter().find(|it| it["name"] == json!("roster")).unwrap();
    assert_eq!((session["httpOnly"].clone(), session["sameSite"].clone()), (json!(true), json!("Lax")));
    browser.press("link", "Add one");
    browser.is_well_made("second factor");
    browser.goto(&format!("{root}/account/password"));
    browser.is_well_made("another password");
    browser.press("button", "Sign out");
    assert!(browser.text().contains("You are signed out"));
    browser.is_well_made("signed out");
    browser.press("link", "Sign in");
    browser.is_well_made("sign-in");
    browser.press("link", "Forgot the password?");
    browser.is_well_made("forgotten password");
    browser.goto(&format!("{root}/reset-password/nothing"));
    assert!(browser.text().contains("This link does not work"));
    browser.is_well_made("a link that does not work");
}

#[test]
fn signing_in_works_by_keyboard_and_without_script() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let program = begin(&database, &sink);
    let (root, link) = (program.client.root.clone(), program.said("http"));
    let mut browser = Browser::start();

    browser.step(&json!({"script": false}));
    browser.goto(&link);
    browser.fill("E-mail address", "ada@orion.example");
    browser.fill("Password", PASSWORD);
    browser.press("button", "Create the admin");
    assert_eq!(browser.url(), format!("{root}/console/people"));
    browser.press("button", "Sign out");
    browser.goto(&format!("{root}/account"));
    browser.fill("User name or e-mail address", "ada@orion.example");
    browser.fill("Password", PASSWORD);
    browser.press("button", "Sign in");
    assert_eq!(browser.url(), format!("{root}/account"));

    browser.step(&json!({"context": "by keyboard"}));
    browser.goto(&format!("{root}/account"));
    assert_eq!(browser.step(&json!({"focused": true}))["name"], json!("User name or e-mail address"));
    for letter in "ada@orion.example".chars() {
        browser.step(&json!({"key": letter.to_string()}));
    }
    browser.step(&json!({"key": "Tab"}));
    assert_eq!(browser.step(&json!({"focused": true}))["name"], json!("Password"));
    for letter in PASSWORD.chars() {
        browser.step(&json!({"key": if letter == ' ' { "Space".to_owned() } else { letter.to_string() }}));
    }
    browser.step(&json!({"key": "Enter"}));
    assert_eq!(browser.url(), format!("{root}/account"));
    // times are the reader's own where there is script
    assert!(!browser.text().contains("UTC"), "{}", browser.text());
}

#[test]
fn a_provider_and_back_in_a_real_browser() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let program = begin(&database, &sink);
    let (root, link) = (program.client.root.clone(), program.said("http"));
    let provider = Provider::start();
    provider.people(&json!({"s-ben": {"email": "ben@orion.example", "email_verified": true, "name": "Ben"}}));
    let setting = database.setting();
    let run = |words: &[&str]| crate::commands::json(&crate::commands::roster(&setting, words));
    let made =
        run(&["provider", "oidc", "Corp", "--issuer", &provider.issuer, "--client-id", "roster", "--json"]);
    // a command that is no server knows no address of one
    let way_back = format!("{root}/oidc/callback/{}", made["id"].as_str().unwrap());
    provider.register(&root, &way_back, None);
    run(&["provider", "enable", "Corp", "--json"]);
    let mut browser = Browser::start();
    browser.goto(&link);
    browser.fill("E-mail address", "ada@orion.example");
    browser.fill("Password", PASSWORD);
    browser.press("button", "Create the admin");

    browser.step(&json!({"context": "ben"}));
    browser.goto(&format!("{root}/account"));
    browser.is_well_made("sign-in with a provider");
    browser.press("link", "Sign in with Corp");
    assert_eq!(browser.url(), format!("{root}/account"));
    assert!(browser.text().contains("ben@orion.example"));
    browser.press("button", "Sign out");
    let begun = Instant::now();
    while !browser.url().starts_with(&format!("{root}/logout")) || browser.text().contains("signed out here")
    {
        assert!(begun.elapsed() < Duration::from_secs(20), "{} {}", browser.url(), browser.text());
    }
    assert!(browser.text().contains("You are signed out"));
    run(&["setting", "set", "ssoProvisioning", "false", "--json"]);
    provider.people(&json!({"s-cyd": {"email": "cyd@orion.example", "email_verified": true}}));
    browser.press("link", "Sign in");
    browser.press("link", "Sign in with Corp");
    assert!(browser.text().contains("Ask an admin of the organization"), "{}", browser.text());
    browser.is_well_made("not let in");
}
