//! The house stands: a floor uses only the floors named in its row, and no file outgrows its ceiling.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A room and what of ours it may use.
const ROOMS: [(&str, &[&str]); 10] = [
    ("scim", &[]),
    ("org", &["scim"]),
    ("store", &["scim", "org"]),
    ("service", &["scim", "org", "store", "clock", "ids"]),
    ("http", &["scim", "org", "service", "clock", "ids"]),
    ("cli", &["scim", "org", "store", "service", "http", "config", "clock", "ids", "conformance"]),
    ("conformance", &[]),
    ("config", &[]),
    ("clock", &[]),
    ("ids", &[]),
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
        for (path, n, line) in lines_of(room) {
            let reached = ROOMS
                .iter()
                .map(|(other, _)| *other)
                .filter(|other| *other != room && !below.contains(other) && names_room(&line, other));
            wrong.extend(
                reached.map(|other| format!("{}:{n}: {room} reaches {other}: {line}", path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
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

/// Whether a line of code names a room of the crate: `crate::store`, or `store` first in a nested `use`.
fn names_room(line: &str, room: &str) -> bool {
    let direct = format!("crate::{room}");
    let nested = format!("    {room}::");
    let ends = |at: usize, text: &str| {
        line[at + text.len()..].chars().next().is_none_or(|next| !next.is_alphanumeric() && next != '_')
    };
    line.match_indices(&direct).any(|(at, found)| ends(at, found))
        || (line.starts_with(&nested) && line.ends_with(['{', ',', ';']))
}

/// The lines of code of a room, its own tests left out.
fn lines_of(room: &str) -> Vec<(PathBuf, usize, String)> {
    let folder = Path::new("src").join(room);
    let paths = if folder.is_dir() { files(&folder) } else { vec![folder.with_extension("rs")] };
    let mut found = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (n, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap().trim_end();
            if !line.is_empty() {
                found.push((path.clone(), n + 1, line.to_owned()));
            }
        }
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
