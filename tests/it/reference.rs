//! The generated pages say what the program says.

use crate::conformance::{Check, checks, pending};
use roster::conformance::Rule;
use std::{fs, process::Command};

const COMMANDS: [&[&str]; 120] = [
    &[],
    &["serve"],
    &["organization"],
    &["organization", "create"],
    &["organization", "list"],
    &["organization", "show"],
    &["user"],
    &["user", "list"],
    &["user", "show"],
    &["user", "create"],
    &["user", "change"],
    &["user", "deactivate"],
    &["user", "reactivate"],
    &["user", "remove"],
    &["team"],
    &["team", "list"],
    &["team", "show"],
    &["team", "create"],
    &["team", "change"],
    &["team", "set-avatar"],
    &["team", "remove-avatar"],
    &["team", "archive"],
    &["team", "archived"],
    &["team", "restore"],
    &["team", "add"],
    &["team", "set-role"],
    &["team", "remove-member"],
    &["role"],
    &["role", "list"],
    &["role", "show"],
    &["role", "create"],
    &["role", "change"],
    &["role", "remove"],
    &["role", "permissions"],
    &["key"],
    &["key", "list"],
    &["key", "create"],
    &["key", "revoke"],
    &["service-account"],
    &["service-account", "list"],
    &["service-account", "create"],
    &["service-account", "remove"],
    &["activity"],
    &["system"],
    &["seats"],
    &["seats", "show"],
    &["seats", "set"],
    &["admin"],
    &["admin", "grant"],
    &["admin", "reset-password"],
    &["admin", "first-link"],
    &["admin", "reset-second-factor"],
    &["provider"],
    &["provider", "list"],
    &["provider", "show"],
    &["provider", "oidc"],
    &["provider", "ldap"],
    &["provider", "change"],
    &["provider", "enable"],
    &["provider", "disable"],
    &["provider", "test"],
    &["provider", "remove"],
    &["provider", "waiting"],
    &["provider", "decide"],
    &["session"],
    &["session", "list"],
    &["session", "end"],
    &["invite"],
    &["invite", "create"],
    &["invite", "list"],
    &["invite", "show"],
    &["invite", "renew"],
    &["invite", "cancel"],
    &["invite", "accept"],
    &["mapping"],
    &["mapping", "list"],
    &["mapping", "create"],
    &["mapping", "remove"],
    &["issuer"],
    &["issuer", "list"],
    &["issuer", "create"],
    &["issuer", "remove"],
    &["user", "access"],
    &["mail"],
    &["mail", "list"],
    &["mail", "test"],
    &["setting"],
    &["setting", "list"],
    &["setting", "set"],
    &["connection"],
    &["connection", "create"],
    &["connection", "change"],
    &["connection", "pause"],
    &["connection", "resume"],
    &["connection", "list"],
    &["connection", "show"],
    &["connection", "health"],
    &["connection", "adoptions"],
    &["connection", "adopt"],
    &["connection", "revoke"],
    &["request"],
    &["request", "list"],
    &["request", "show"],
    &["request", "replay"],
    &["token"],
    &["token", "create"],
    &["token", "revoke"],
    &["export"],
    &["import"],
    &["schema"],
    &["schema", "add"],
    &["schema", "list"],
    &["schema", "show"],
    &["schema", "remove"],
    &["event"],
    &["event", "list"],
    &["event", "export"],
    &["event", "verify"],
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
        `ROSTER_SCIM_PROFILE` (`standard`, `strict`, `strict-interop` or `wandb`); and `ROSTER_DATABASE_PASSWORD_FILE`, a file with the password \
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

#[test]
fn the_page_of_what_is_supported_is_fresh() {
    let (checks, pending) = (checks(), pending());
    let mut page = format!(
        "# What of SCIM is supported\n\nEvery requirement in scope: `R` is what the standards ask for, `Q` what identity \
         providers count on.\n{} hold, each shown by a check that every test run plays, on SQLite and on PostgreSQL \
         unless the verdict names one of them; {} wait for a feature that does not exist yet.\n\
         `roster conformance --url … R-347` plays the checks of one number \
         against any server; those under `tests/` need more than requests.\nThe level is the standard's: must, should, \
         may; *ruling* where it is silent or contradicts itself, *profile* and *tolerance* where it is asked for only \
         there.\nA check with a profile behind it is about that one alone.\nGenerated from the program; \
         `tests/it/reference.rs` fails when it is stale and writes what it should be to `target/scim-support.md`.\n",
        checks.len(),
        pending.len()
    );
    let mut chapter = "";
    for rule in Rule::all() {
        if rule.chapter != chapter {
            chapter = rule.chapter;
            let title = chapter_title(chapter);
            page.push_str(&format!("\n## {title}\n\n| number | level | source | what holds | verdict | check |\n|---|---|---|---|---|---|\n"));
        }
        let (verdict, check) = match (checks.get(rule.number), pending.get(rule.number)) {
            (Some(checks), _) => (holds(checks), shown(checks)),
            (None, feature) => (format!("not yet: {}", feature.unwrap()), String::new()),
        };
        let level = rule.level.split('/').map(level).collect::<Vec<_>>().join(", ");
        let row = [rule.number, &level, rule.source, rule.sentence, &verdict, &check].join(" | ");
        page.push_str(&format!("| {row} |\n"));
    }

    assert_fresh("scim-support.md", &page);
}

fn level(letter: &str) -> &str {
    match letter {
        "M" => "must",
        "S" => "should",
        "O" => "may",
        "D" => "ruling",
        "P" => "profile",
        "C" => "tolerance",
        _ => "",
    }
}

/// On which engines the checks show it; without a word about that, on both.
fn holds(checks: &[Check]) -> String {
    let shown_on = |engine| checks.iter().any(|check| check.engine.is_none_or(|only| only == engine));
    match (shown_on("SQLite"), shown_on("PostgreSQL")) {
        (true, true) => "holds".to_owned(),
        (true, false) => "holds (SQLite)".to_owned(),
        (false, _) => "holds (PostgreSQL)".to_owned(),
    }
}

/// The files with checks, each once, linked from `docs/reference`.
fn shown(checks: &[Check]) -> String {
    let mut links = Vec::new();
    for check in checks {
        let name = check.file.rsplit('/').next().unwrap();
        let name = name.trim_end_matches(".http");
        let profile =
            check.profile.map_or(String::new(), |profile| format!(" ({profile}: {})", check.sentence));
        let link = format!("[{name}](../../{}){profile}", check.file);
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links.join(", ")
}

/// `14` is the chapter whose checks stand in `14-patch.http`; chapters without such a file have tests alone.
fn chapter_title(chapter: &str) -> String {
    let number = match chapter.parse::<u8>() {
        Ok(number) => number,
        Err(_) => return "What identity providers count on".to_owned(),
    };
    let files = fs::read_dir("conformance/checks").unwrap().map(|entry| entry.unwrap().file_name());
    let prefix = format!("{number:02}-");
    let mut names = files.filter_map(|name| {
        let name = name.to_str().unwrap().strip_prefix(&prefix)?.strip_suffix(".http")?.to_owned();
        Some(name.replace('-', " "))
    });
    let name = names.next().unwrap_or_else(|| "several organizations".to_owned());
    format!("{}{}", name[..1].to_uppercase(), &name[1..])
}

#[test]
fn the_description_of_the_api_is_fresh() {
    let document = roster::http::api::openapi::document();

    assert_fresh("openapi.json", &(serde_json::to_string_pretty(&document).unwrap() + "\n"));
}
