//! Sessions where several processes serve one organization.

use crate::{
    database::Database,
    sign_in::path_of,
    support::{Program, TOKEN, serve},
    visitor::Visitor,
};
use serde_json::json;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

const PASSWORD: &str = "violet otter under seven bridges";

#[test]
fn whoever_is_deactivated_at_one_process_is_out_at_another_with_the_next_click() {
    let database = Database::on_postgres();
    let begin = || {
        let mut command = serve(&database.setting());
        command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null());
        Program::start(&mut command).unwrap()
    };
    let (one, other) = (begin(), begin());
    // each of them printed a link; whichever is used, both end
    let links = [path_of(&one.said("http")), path_of(&other.said("http"))];
    let mut ada = Visitor::at(&other.client.root);
    let made = ada.post(&links[0], &[("email", "ada@orion.example"), ("password", PASSWORD)]);
    assert_eq!(made.to, "/", "{}", made.text);
    assert_eq!(Visitor::at(&one.client.root).get(&links[1]).status, 404);
    let at_one = |visitor: &Visitor| {
        let mut there = Visitor::at(&one.client.root);
        there.cookies = visitor.cookies.clone();
        there
    };
    assert!(at_one(&ada).is_in(), "a session counts at every process");

    let ben = one.client.user("ben@orion.example");
    let temporary = crate::commands::json(&crate::commands::roster(
        &database.setting(),
        &["admin", "reset-password", &ben, "--json"],
    ));
    let mut browser = Visitor::at(&other.client.root);
    let asked = browser.sign_in("ben@orion.example", temporary["password"].as_str().unwrap());
    // a step that begins at one process goes on at another
    let mut there = at_one(&browser);
    let chosen =
        there.post(&asked.to, &[("password", "nine amber lanterns on the quay"), ("to", "/account")]);
    assert_eq!(chosen.to, "/account", "{}", chosen.text);
    browser.cookies = there.cookies.clone();
    let mut slowest = Duration::ZERO;
    for _ in 0..5 {
        assert!(browser.is_in() && at_one(&browser).is_in());
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        assert_eq!(one.client.token, TOKEN);
        let begun = Instant::now();
        assert_eq!(one.client.patch(&format!("/Users/{ben}"), &off).status, 200);
        assert!(!browser.is_in(), "the next click is refused");
        slowest = slowest.max(begun.elapsed());
        let on = json!([{"op": "replace", "path": "active", "value": true}]);
        one.client.patch(&format!("/Users/{ben}"), &on);
        assert_eq!(browser.sign_in("ben@orion.example", "nine amber lanterns on the quay").to, "/");
    }
    println!("out after {slowest:?} at most");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    // a code of a second factor, a link, a session: each counts once, whichever process hears of it
    let mut here = browser.clone();
    here.post("/logout", &[]);
    assert!(!at_one(&browser).is_in());
}
