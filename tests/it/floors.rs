//! The house stands: a floor uses only the floors named in its row, and no file outgrows its ceiling.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A room and what of ours it may use.
const ROOMS: [(&str, &[&str]); 16] = [
    ("scim", &[]),
    ("org", &["scim"]),
    ("store", &["scim", "org"]),
    ("service", &["scim", "org", "store", "clock", "ids", "mail", "jwt", "oidc", "ldap"]),
    ("http", &["scim", "org", "service", "clock", "ids"]),
    (
        "cli",
        &[
            "scim",
            "org",
            "store",
            "service",
            "http",
            "config",
            "clock",
            "ids",
            "client",
            "conformance",
            "simulate",
            "mail",
            "ldap",
        ],
    ),
    ("client", &[]),
    ("conformance", &["client"]),
    ("simulate", &["client"]),
    ("config", &[]),
    ("clock", &[]),
    ("ids", &[]),
    ("mail", &[]),
    ("jwt", &[]),
    ("oidc", &["jwt"]),
    ("ldap", &[]),
];

/// Words that have no place on the two pure floors, or on any floor but the one that owns the transaction.
const FORBIDDEN: [(&str, &[&str]); 3] = [
    ("scim", &["async fn", ".await", "Connection", "now()", "std::fs", "std::net"]),
    ("org", &["async fn", ".await", "rusqlite", "now()", "std::fs", "std::net"]),
    ("http", &["ReadTx", "WriteTx", "rusqlite"]),
];

/// Lines a source file may have.
const CEILING: usize = 600;

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for (room, below) in ROOMS {
        for path in files_of(room) {
            let code = code_of(&path);
            for (n, reached) in rooms_reached(&module_of(&path), &code) {
                if reached != room && !below.contains(&reached.as_str()) && is_room(&reached) {
                    wrong.push(format!("{}:{n}: {room} reaches {reached}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn an_import_is_seen_however_it_is_written() {
    for code in [
        "use crate::store;",
        "use crate::{scim::message, service, store};",
        "use crate::{\n    scim::{a, b},\n    store::{\n        c,\n    },\n};",
        "use super::super::store::users;",
        "use super::super::{clock, store};",
        "fn f() { crate::store::users::load() }",
        "use crate as x;",
    ] {
        let module = ["scim".to_owned(), "patch".to_owned()];
        let reached = rooms_reached(&module, code);
        let seen = |(_, room): &(usize, String)| room == "store" || room == "crate renamed";
        assert!(reached.iter().any(seen), "{code}: {reached:?}");
    }
    let inside = rooms_reached(&["scim".to_owned(), "patch".to_owned()], "use super::{store, text::store};");
    assert!(inside.iter().all(|(_, room)| room == "scim"), "{inside:?}");
}

#[test]
fn the_lower_floors_are_pure_and_http_sees_no_transaction() {
    let mut wrong = Vec::new();
    for (room, words) in FORBIDDEN {
        for (path, n, line) in lines_of(room) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                wrong.push(format!("{}:{n}: `{word}` has no place in {room}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_file_outgrows_its_ceiling() {
    let tall: Vec<String> = files(Path::new("src"))
        .into_iter()
        .chain(files(Path::new("crates")))
        .map(|path| (fs::read_to_string(&path).unwrap().lines().count(), path))
        .filter(|(lines, _)| *lines > CEILING)
        .map(|(lines, path)| format!("{} has {lines} lines", path.display()))
        .collect();

    assert!(tall.is_empty(), "{tall:?}");
}

#[test]
fn every_room_is_in_the_table() {
    let mut rooms: Vec<String> = fs::read_dir("src")
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !["lib", "main"].contains(&name.as_str()))
        .collect();
    rooms.sort();
    let mut known: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    known.sort_unstable();

    assert_eq!(rooms, known);
}

fn is_room(name: &str) -> bool {
    name == "crate renamed" || ROOMS.iter().any(|(room, _)| *room == name)
}

/// The rooms that code in a module names, with the line each stands on.
fn rooms_reached(module: &[String], code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names = if rest.starts_with('{') { first_names(rest) } else { vec![word(rest)] };
        found.extend(names.into_iter().map(|name| (line_of(code, at), name)));
    }
    for (at, _) in code.match_indices("use super::") {
        let mut rest = &code[at + "use ".len()..];
        let mut place = module.to_vec();
        while let Some(above) = rest.strip_prefix("super::") {
            place.pop();
            rest = above;
        }
        let names = match place.first() {
            Some(room) => vec![room.clone()],
            None if rest.starts_with('{') => first_names(rest),
            None => vec![word(rest)],
        };
        found.extend(names.into_iter().map(|name| (line_of(code, at), name)));
    }
    let renamed = code.match_indices("crate as ");
    found.extend(renamed.map(|(at, _)| (line_of(code, at), "crate renamed".to_owned())));
    found
}

/// The first name of each path in `{a::{b, c}, d}`.
fn first_names(braces: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut at_start = false;
    for (at, letter) in braces.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(letter, '{' | ',') {
            at_start = true;
        } else if at_start && letter.is_alphanumeric() {
            names.push(word(&braces[at..]));
            at_start = false;
        }
    }
    names
}

fn word(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// `src/scim/patch/mod.rs` is `scim::patch`, `src/scim/sort.rs` is `scim::sort`.
fn module_of(path: &Path) -> Vec<String> {
    let path = path.strip_prefix("src").unwrap().with_extension("");
    let mut names: Vec<String> = path.iter().map(|name| name.to_str().unwrap().to_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

fn files_of(room: &str) -> Vec<PathBuf> {
    let folder = Path::new("src").join(room);
    if folder.is_dir() { files(&folder) } else { vec![folder.with_extension("rs")] }
}

/// A file's code: comments emptied, its own tests left out, lines kept where they are.
fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The lines of code of a room.
fn lines_of(room: &str) -> Vec<(PathBuf, usize, String)> {
    let mut found = Vec::new();
    for path in files_of(room) {
        let code = code_of(&path);
        found.extend(code.lines().enumerate().map(|(n, line)| (path.clone(), n + 1, line.to_owned())));
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
