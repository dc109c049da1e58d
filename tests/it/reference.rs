//! The generated pages say what the program says.

use std::{fs, process::Command};

const COMMANDS: [&[&str]; 20] = [
    &[],
    &["serve"],
    &["organization"],
    &["organization", "create"],
    &["organization", "list"],
    &["connection"],
    &["connection", "create"],
    &["connection", "change"],
    &["connection", "list"],
    &["connection", "revoke"],
    &["token"],
    &["token", "create"],
    &["token", "revoke"],
    &["schema"],
    &["schema", "add"],
    &["schema", "list"],
    &["schema", "show"],
    &["schema", "remove"],
    &["conformance"],
    &["simulate"],
];

#[test]
fn the_page_of_quirks_is_fresh() {
    let mut page = "# Quirks\n\nWhat a connection of the profile `standard` tolerates, by the number that the request \
        log and the journal show; `strict` refuses all of it, but for Q-072.\nGenerated from the program; \
        `tests/it/reference.rs` fails when it is stale and writes what it should be to `target/quirks.md`.\n\n\
        | number | what is tolerated |\n|---|---|\n"
        .to_owned();
    for (rule, meaning) in roster::scim::Quirk::ALL {
        page.push_str(&format!("| {rule} | {} |\n", meaning.trim()));
    }
    assert_fresh("quirks.md", &page);
}

/// Compares a page with the one that is kept.
#[track_caller]
fn assert_fresh(name: &str, page: &str) {
    fs::create_dir_all("target").unwrap();
    fs::write(format!("target/{name}"), page).unwrap();
    let kept = fs::read_to_string(format!("docs/reference/{name}")).unwrap_or_default();
    assert!(kept == page, "docs/reference/{name} is stale; take target/{name} over");
}

#[test]
fn the_page_of_commands_is_fresh() {
    let mut page = "# Commands and settings\n\nGenerated from the program; `tests/it/reference.rs` fails when it is \
        stale and writes what it should be to `target/commands.md`.\nThese settings exist only as environment variables: `ROSTER_SCIM_TOKEN` or `ROSTER_SCIM_TOKEN_FILE` (the \
        tokens of the connection `default`, at least 32 bytes each, two at most with a comma between them), and \
        `ROSTER_SCIM_PROFILE` (`standard`, `strict` or `strict-interop`); and `ROSTER_DATABASE_PASSWORD_FILE`, a file with the password \
        for PostgreSQL where the URL has none.\n`ROSTER_LOG` chooses what is logged, such as `warn` or \
        `roster::request=off,info`.\n"
        .to_owned();
    for command in COMMANDS {
        let output = Command::new(env!("CARGO_BIN_EXE_roster")).args(command).arg("--help").output().unwrap();
        assert!(output.status.success());
        let title = [&["roster"], command].concat().join(" ");
        let help = String::from_utf8(output.stdout).unwrap();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        page.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", help.join("\n").trim()));
    }

    assert_fresh("commands.md", &page);
}
