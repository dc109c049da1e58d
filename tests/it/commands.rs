//! The commands, as an operator runs them.

use crate::{
    database::Database,
    support::{Client, Program, TOKEN},
};
use serde_json::Value;
use std::process::{Command, Output, Stdio};

/// Runs the program with these arguments, on this database.
pub(crate) fn roster(database: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roster"));
    command.args(arguments);
    if arguments.first() != Some(&"conformance") {
        command.args(["--database", database]);
    }
    command.env_remove("ROSTER_SCIM_TOKEN").output().unwrap()
}

/// What a command that succeeded printed.
#[track_caller]
pub(crate) fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_token_made_while_the_server_runs_works_at_once_and_stops_at_once() {
    let database = Database::fresh();
    let database = database.setting();
    let program = Program::serve(&database);

    json(&roster(&database, &["connection", "create", "okta", "--profile", "strict", "--json"]));
    let made = json(&roster(&database, &["token", "create", "okta", "--expires-in", "1h", "--json"]));
    let client =
        Client { root: program.client.root.clone(), token: made["token"].as_str().unwrap().to_owned() };
    assert_eq!(client.get("/Users").status, 200);
    let listed = json(&roster(&database, &["connection", "list", "--json"]));
    assert!(!listed.to_string().contains(&client.token), "a token is shown once");
    assert!(listed.to_string().contains(made["id"].as_str().unwrap()));

    json(&roster(&database, &["token", "revoke", made["id"].as_str().unwrap(), "--json"]));
    assert_eq!(client.get("/Users").status, 401);
    let again = json(&roster(&database, &["token", "create", "okta", "--json"]));
    let again = Client { token: again["token"].as_str().unwrap().to_owned(), ..client };
    assert_eq!(again.get("/Users").status, 200);
    json(&roster(&database, &["connection", "revoke", "okta", "--json"]));
    assert_eq!(again.get("/Users").status, 401);
    assert_eq!(program.client.get("/Users").status, 200);
}

#[test]
fn commands_work_without_a_running_server_and_refuse_what_is_wrong() {
    let database = Database::fresh();
    let database = database.setting();
    Program::serve(&database).kill();
    assert!(roster(&database, &["connection", "create", "okta"]).status.success());
    for wrong in [
        &["connection", "create", "Okta"][..],
        &["connection", "create", " "],
        &["connection", "revoke", "nobody"],
        &["token", "create", "nobody"],
        &["token", "revoke", "nothing"],
    ] {
        let output = roster(&database, wrong);
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
        assert!(output.stderr.starts_with(b"roster: "), "{wrong:?}");
    }
    let listed = roster(&database, &["connection", "list"]);
    assert!(String::from_utf8(listed.stdout).unwrap().contains("okta"));
}

#[test]
fn the_conformance_command_reports_and_says_how_it_went() {
    let database = Database::fresh();
    let program = Program::serve(&database.setting());
    let url = format!("{}/scim/v2", program.client.root);
    let run = |arguments: &[&str]| roster("", &[&["conformance"], arguments].concat());

    let passed = run(&["--url", &url, "--token", TOKEN, "--json", "okta"]);
    assert_eq!(passed.status.code(), Some(0));
    assert_eq!(json(&passed)["passed"], Value::Bool(true));
    // a forgiving connection does not hold what a strict one promises
    let failed = run(&["--url", &url, "--token", TOKEN, "--profile", "strict", "r_424"]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8(failed.stdout).unwrap().starts_with("FAIL r_424"));
    for (url, token) in
        [("http://127.0.0.1:1/scim/v2", TOKEN), (&url, "wrong"), (&program.client.root, TOKEN)]
    {
        let impossible = run(&["--url", url, "--token", token]);
        assert_eq!(impossible.status.code(), Some(3), "{url} {token}");
        assert!(impossible.stdout.is_empty());
    }
    assert_eq!(run(&["--url", &url, "--token", TOKEN, "no_such_case"]).status.code(), Some(2));
}

#[test]
fn an_interrupted_run_leaves_the_server_as_it_was() {
    let database = Database::fresh();
    let program = Program::serve(&database.setting());
    let before = program.client.get("/Users").json()["totalResults"].clone();
    let url = format!("{}/scim/v2", program.client.root);
    let mut command = Command::new(env!("CARGO_BIN_EXE_roster"));
    // slow enough that it is in the middle of the conversation when it is told to stop
    command.args(["conformance", "--url", &url, "--token", TOKEN, "--rate", "20", "okta"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while program.client.get("/Users").json()["totalResults"] == before {}

    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();

    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(program.client.get("/Users").json()["totalResults"], before);
}

/// A file has one owner.
mod on_sqlite {
    use super::*;

    #[test]
    fn only_serve_makes_a_file() {
        let database = Database::fresh();

        for command in
            [&["connection", "list"][..], &["connection", "create", "okta"], &["token", "create", "okta"]]
        {
            let status = roster(&database.setting(), command).status;
            assert_eq!(status.code(), Some(1), "{command:?}: there is no database yet");
        }
        assert!(!database.file().exists());
    }

    #[test]
    fn a_second_process_on_the_same_database_is_refused() {
        let database = Database::fresh();
        let _program = Program::serve(&database.setting());

        let second = roster(&database.setting(), &["serve", "--listen", "127.0.0.1:0"]);

        assert_eq!(second.status.code(), Some(1));
        assert!(String::from_utf8(second.stderr).unwrap().contains("in use"));
    }
}
