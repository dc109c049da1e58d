//! The suites under `conformance/`, against our own server, and the count of what they cover.

use crate::support::{Client, Server, TOKEN};
use roster::{
    client::{Stop, Target},
    conformance::{Kind, Profile, Report, Rule, Scope, cases, play},
    scim,
};
use std::{collections::BTreeMap, fs, path::Path, time::Duration};

#[test]
fn every_case_holds_for_a_forgiving_connection() {
    all_cases_hold(scim::Profile::Standard, Profile::Standard);
}

#[test]
fn every_case_holds_for_a_strict_connection() {
    all_cases_hold(scim::Profile::Strict, Profile::Strict);
}

#[test]
fn every_case_of_the_interoperability_profile_holds() {
    let server = Server::start(scim::Profile::StrictInterop, |_| {});
    let report = played(&server.client, Profile::StrictInterop);

    assert!(report.passed(), "\n{report}");
    assert_eq!(report.counts().cases_passed, 11, "cases of the profile strict-interop");
}

fn all_cases_hold(of_connection: scim::Profile, of_run: Profile) {
    let server = Server::start(of_connection, |_| {});
    cases_hold(&server.client, of_run);
}

/// Plays every case against a server that is empty.
pub(crate) fn cases_hold(client: &Client, of_run: Profile) {
    let report = played(client, of_run);

    assert!(report.passed(), "\n{report}");
    let played = match of_run {
        Profile::Standard => 582,
        _ => 573,
    };
    assert_eq!(report.counts().cases_passed, played, "cases of the profile {of_run}");
}

fn played(client: &Client, of_run: Profile) -> Report {
    let target = Target {
        url: format!("{}/scim/v2", client.root),
        token: TOKEN.to_owned(),
        timeout: Duration::from_secs(30),
        rate: None,
    };
    let scope = Scope { profile: of_run, destructive: true };

    let report = play(&target, scope, &cases().unwrap(), &Stop::default(), &mut |_| {}).unwrap();
    every_step_shows_a_requirement(&report);
    report
}

/// A step shows a requirement in scope, by its own tags or by its case's name, unless it only tidies up.
fn every_step_shows_a_requirement(report: &Report) {
    let steps = report.cases.iter().flat_map(|case| case.steps.iter().map(move |step| (case, step)));
    let in_scope = |rules: &[String]| rules.iter().all(|number| Rule::numbered(number).is_some());
    let wrong: Vec<String> = steps
        .filter(|(_, step)| step.kind != Kind::Cleanup)
        .filter(|(_, step)| step.rules.is_empty() || !in_scope(&step.rules))
        .map(|(case, step)| format!("{}:{}: {} {:?}", case.file, step.line, step.title, step.rules))
        .collect();

    assert!(wrong.is_empty(), "steps that show nothing in scope:\n{}", wrong.join("\n"));
}

#[test]
fn every_requirement_is_checked_or_pending() {
    let scope: Vec<&str> = Rule::all().iter().map(|rule| rule.number).collect();
    let (pending, checked) = (pending(), checks());

    let nowhere: Vec<_> =
        scope.iter().filter(|it| !checked.contains_key(**it) && !pending.contains_key(**it)).collect();
    let both: Vec<_> = pending.keys().filter(|it| checked.contains_key(*it)).collect();
    let unknown: Vec<_> =
        checked.keys().chain(pending.keys()).filter(|it| !scope.contains(&it.as_str())).collect();

    let covered = scope.iter().filter(|it| checked.contains_key(**it)).count();
    println!("requirements covered: {covered} of {} in scope, {} pending", scope.len(), pending.len());
    // what is checked today is checked tomorrow: with a new check goes a new number here
    assert_eq!((covered, scope.len()), (647, 669), "requirements covered, and in scope");
    assert!(nowhere.is_empty(), "neither checked nor pending: {nowhere:?}");
    assert!(both.is_empty(), "checked and pending: {both:?}");
    assert!(unknown.is_empty(), "not in scope: {unknown:?}");
}

#[test]
fn every_requirement_has_a_source() {
    let without: Vec<_> =
        Rule::all().iter().filter(|rule| rule.source.trim_matches('-').is_empty()).collect();

    assert!(without.is_empty(), "{without:?}");
}

/// Something that shows a requirement.
pub(crate) struct Check {
    /// The file it stands in.
    pub(crate) file: String,
    /// What its name says, in words.
    pub(crate) sentence: String,
    /// The only profile it is about, if there is one.
    pub(crate) profile: Option<Profile>,
    /// The only engine it is tried on, if there is one.
    pub(crate) engine: Option<&'static str>,
}

/// The checks of each number: cases of the suites and tests under `tests/`, by the numbers their names begin with.
pub(crate) fn checks() -> BTreeMap<String, Vec<Check>> {
    let mut found: BTreeMap<String, Vec<Check>> = BTreeMap::new();
    for case in cases().unwrap() {
        if let Some(number) = number_in(&case.name) {
            let sentence = sentence_of(&case.name);
            let check = Check { file: case.file, sentence, profile: case.profile, engine: None };
            found.entry(number).or_default().push(check);
        }
    }
    for (file, name, engine) in test_names(Path::new("tests")) {
        if let Some(number) = number_in(&name) {
            let sentence = sentence_of(&name);
            found.entry(number).or_default().push(Check { file, sentence, profile: None, engine });
        }
    }
    found
}

/// The numbers whose feature does not exist yet, with the feature's name.
pub(crate) fn pending() -> BTreeMap<String, String> {
    let text = fs::read_to_string("conformance/pending.txt").unwrap();
    text.lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(number, feature)| (number.to_owned(), feature.to_owned()))
        .collect()
}

/// `r_123_what_holds` is about R-123, `q_012_what_holds` about Q-012.
fn number_in(name: &str) -> Option<String> {
    let (letter, rest) = name.split_once('_').filter(|(letter, _)| ["r", "q"].contains(letter))?;
    let digits = rest.get(..3)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{}-{digits}", letter.to_uppercase()))
}

fn sentence_of(name: &str) -> String {
    name[6..].replace('_', " ")
}

/// The test functions under a folder that every run of the tests plays, with their files and the only engine each is
/// tried on, in order.
fn test_names(folder: &Path) -> Vec<(String, String, Option<&'static str>)> {
    let mut found = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(test_names(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.to_str().unwrap();
            let names = tests_in(&fs::read_to_string(&path).unwrap(), engine_of(file));
            found.extend(names.into_iter().map(|(name, engine)| (file.to_owned(), name, engine)));
        }
    }
    found
}

/// The only engine of what stands in a module or a folder; `tests/all` leaves it out on the other one by this name.
fn engine_of(place: &str) -> Option<&'static str> {
    let named = |name| place.split(['/', ' ']).any(|part| part == name);
    [("on_sqlite", "SQLite"), ("on_postgres", "PostgreSQL")]
        .into_iter()
        .find_map(|(name, engine)| named(name).then_some(engine))
}

/// The tests in a file that are not ignored, each with the engine of its module or else of the file.
fn tests_in(text: &str, of_file: Option<&'static str>) -> Vec<(String, Option<&'static str>)> {
    let (mut found, mut engine, mut attributes) = (Vec::new(), of_file, Vec::new());
    for line in text.lines() {
        let code = line.trim_start();
        if line.starts_with("mod ") && line.ends_with('{') {
            engine = engine_of(line).or(of_file);
        } else if line == "}" {
            engine = of_file;
        } else if code.starts_with("#[") {
            attributes.push(code);
        } else if let Some(rest) = code.strip_prefix("fn ") {
            let is_ignored = attributes.iter().any(|it| it.starts_with("#[ignore"));
            if attributes.contains(&"#[test]") && !is_ignored {
                found.push((rest.split('(').next().unwrap().to_owned(), engine));
            }
            attributes.clear();
        }
    }
    found
}

#[test]
fn a_test_counts_for_the_engine_of_its_module_and_an_ignored_one_not_at_all() {
    let text = [
        "#[test]",
        "fn a() {",
        "}",
        "#[ignore]",
        "#[test]",
        "fn b() {",
        "}",
        "mod on_sqlite {",
        "    #[test]",
        "    fn c() {",
        "    }",
        "}",
        "#[test]",
        "#[ignore = \"slow\"]",
        "fn d() {",
        "}",
        "fn e() {",
        "}",
        "#[test]",
        "fn f() {",
    ]
    .join("\n");
    let named = |name: &str, engine| (name.to_owned(), engine);

    assert_eq!(tests_in(&text, None), [named("a", None), named("c", Some("SQLite")), named("f", None)]);
    assert_eq!(engine_of("tests/it/on_postgres/tls.rs"), Some("PostgreSQL"));
    assert_eq!(engine_of("tests/it/clients.rs"), None);
}
