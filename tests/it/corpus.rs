//! Runs `tests/corpus/patch.txt`; the file says how a case is written.

use roster::scim::{
    Profile, Quirks, Result,
    patch::{self, Outcome, Patch, Rows},
    read,
    schema::{
        ResourceType,
        standard::{GROUP_TYPE, USER_TYPE},
    },
    urn, validate,
};
use serde_json::{Map, Value, json};
use std::fs;

#[test]
fn patch() {
    let text = fs::read_to_string("tests/corpus/patch.txt").unwrap();
    let emails: Vec<Value> = (0..1_000).map(|n| json!({"value": format!("{n}@x")})).collect();
    let text = text.replace("{{1000 emails}}", &Value::from(emails).to_string());
    let mut failures = Vec::new();
    let mut held = 0;
    for case in text.split("\n## ").skip(1) {
        let lines: Vec<&str> = case.lines().filter(|line| !line.is_empty()).collect();
        let [title, profile, before, operations, expected] = lines[..] else {
            panic!("five lines in: {case}")
        };
        for of in [Profile::Standard, Profile::Strict] {
            if profile == "both" || profile == of.as_str() {
                let found = outcome(before, operations, of);
                match same(&found, expected) {
                    true => held += 1,
                    false => {
                        failures.push(format!("{title} ({of})\n  expected {expected}\n  found    {found}"))
                    }
                }
            }
        }
    }

    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(held > 50, "only {held} cases were tried");
}

fn same(found: &str, expected: &str) -> bool {
    match serde_json::from_str::<Value>(&long(expected)) {
        Ok(expected) => serde_json::from_str::<Value>(found).ok() == Some(expected),
        Err(_) => found == expected,
    }
}

/// `EU` stands for the extension's URN.
fn long(text: &str) -> String {
    text.replace("\"EU\"", &format!("\"{}\"", urn::ENTERPRISE_USER))
        .replace("\"EU:", &format!("\"{}:", urn::ENTERPRISE_USER))
}

fn outcome(before: &str, operations: &str, profile: Profile) -> String {
    let (before, members) = before.split_once(" members ").unwrap_or((before, ""));
    let rows: Vec<Value> =
        members.split_whitespace().map(|id| json!({"value": id, "type": "User"})).collect();
    let resource_type: &'static ResourceType =
        if before.contains("userName") { &USER_TYPE } else { &GROUP_TYPE };
    match apply(resource_type, &long(before), &rows, &long(operations), profile) {
        Err(error) => format!("! {}", error.kind.wire().0),
        Ok(outcome) if rows.is_empty() => {
            let mut resource = outcome.resource;
            resource.strip(resource_type);
            resource.to_string()
        }
        Ok(outcome) => {
            let all = outcome.members.cleared.then(|| "!".to_owned());
            let come =
                outcome.members.added().into_iter().map(|it| format!("+{}", it["value"].as_str().unwrap()));
            let come: Vec<String> = come.collect();
            let go = outcome.members.removed().map(|id| format!("-{id}"));
            let words: Vec<String> = all.into_iter().chain(come).chain(go).collect();
            format!("=> {}", words.join(" "))
        }
    }
}

fn apply(
    resource_type: &'static ResourceType,
    before: &str,
    rows: &[Value],
    operations: &str,
    profile: Profile,
) -> Result<Outcome> {
    let mut quirks = Quirks::new(Profile::Standard);
    let mut resource = read::resource(resource_type, object(before), &mut quirks)?;
    validate::created(resource_type, &mut resource, &mut quirks)?;
    let body = format!("{{\"schemas\":[\"{}\"],\"Operations\":{operations}}}", urn::PATCH_OP);
    let mut quirks = Quirks::new(profile);
    let patch = Patch::read(resource_type, roster::scim::json::object(body.as_bytes())?, &mut quirks)?;
    patch::apply(resource_type, &resource, Rows { elements: rows, ..Rows::default() }, &patch, &mut quirks)
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap()
}
