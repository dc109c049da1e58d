//! The suites catch what real servers do wrong: one fault at a time is planted in front of our own server, and the cases
//! named beside it must fail; without a fault the same cases pass.
//!
//! | file | holds |
//! |---|---|
//! | `proxy` | the server that plants a fault: requests and answers on their way, and the server behind |
//! | `answers` | faults of the form of answers |
//! | `queries` | faults of filters, pages and counts |
//! | `users`, `lives` | faults of writes of users; of who comes, goes and comes back |
//! | `groups` | faults of groups and members |
//! | `days` | which of all these a provider's day shows, too |

mod answers;
mod days;
mod groups;
mod lives;
mod proxy;
mod queries;
mod users;

use self::proxy::{Behaviour, Proxy, faithful};
use crate::support::{Client, Server, TOKEN};
use roster::{
    client::{Stop, Target},
    conformance::{Case, CaseReport, Kind, Profile, Scope, Verdict, cases, play},
};
use std::{collections::BTreeSet, slice, sync::Mutex, thread, time::Duration};

/// How many faulty servers are tried at once.
const AT_ONCE: usize = 4;

/// Something that a server does wrong.
struct Fault {
    /// What it does, in a sentence.
    does: &'static str,
    caught_by: CaughtBy,
    behaviour: Behaviour,
}

/// What shows that a server has a fault.
enum CaughtBy {
    /// A step fails in each of these cases of the suites.
    Suite(&'static [&'static str]),
    /// Many clients at once do not find what they left.
    Race(fn(&Client) -> bool),
}

fn all_faults() -> Vec<Fault> {
    [
        answers::of_errors(),
        answers::of_bodies(),
        answers::of_headers(),
        answers::of_versions(),
        answers::of_shapes(),
        queries::of_filters(),
        queries::of_letters(),
        queries::of_matches(),
        queries::of_pages(),
        queries::of_counts(),
        users::of_requests(),
        users::of_puts(),
        users::of_values(),
        users::of_patches(),
        users::of_attributes(),
        lives::faults(),
        groups::of_patches(),
        groups::of_views(),
        groups::of_names(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_planted_fault_is_caught() {
    let server = Server::standard();
    let suites = cases().unwrap();
    let faults = all_faults();
    let count = faults.len();
    let waiting = Mutex::new(faults);
    let lines = Mutex::new(BTreeSet::new());
    let missed = Mutex::new(Vec::new());

    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(Fault { does, caught_by, behaviour }) = next(&waiting) {
                    let proxy = Proxy::before(&server.client.root, behaviour);
                    match caught(&proxy, &caught_by, &suites) {
                        Ok(by) => drop(lines.lock().unwrap().insert(format!("{does}\t{by}"))),
                        Err(why) => missed.lock().unwrap().push(format!("{does}: {why}")),
                    }
                    assert_eq!(proxy.mishaps(), 0, "the proxy itself failed: {does}");
                }
            });
        }
    });

    let (lines, missed) = (lines.into_inner().unwrap(), missed.into_inner().unwrap());
    println!("{}", lines.into_iter().collect::<Vec<_>>().join("\n"));
    println!("{} of {count} planted faults caught", count - missed.len());
    assert!(missed.is_empty(), "faults that nobody caught:\n{}", missed.join("\n"));
}

#[test]
fn without_a_fault_nothing_is_caught() {
    let server = Server::standard();
    let suites = cases().unwrap();
    let proxy = Proxy::before(&server.client.root, faithful());

    let mut named = BTreeSet::new();
    for fault in all_faults() {
        match fault.caught_by {
            CaughtBy::Suite(names) => named.extend(names),
            CaughtBy::Race(stays) => assert!(stays(&client(&proxy)), "{}", fault.does),
        }
    }

    assert!(named.len() > 40, "cases that catch something: {}", named.len());
    for name in named {
        let report = played(&proxy, &suites, name);
        assert!(report.passed(), "\n{report}");
    }
}

fn next(waiting: &Mutex<Vec<Fault>>) -> Option<Fault> {
    waiting.lock().unwrap().pop()
}

/// Who caught the server's fault, or what went well though it should not.
fn caught(proxy: &Proxy, by: &CaughtBy, suites: &[Case]) -> Result<String, String> {
    match by {
        CaughtBy::Suite([]) => Err("no case is named".to_owned()),
        CaughtBy::Suite(names) => {
            let failed = names.iter().map(|name| failed_step(&played(proxy, suites, name)));
            Ok(failed.collect::<Result<Vec<_>, _>>()?.join(", "))
        }
        CaughtBy::Race(stays) if stays(&client(proxy)) => Err("no change was lost".to_owned()),
        CaughtBy::Race(_) => Ok("many clients at once".to_owned()),
    }
}

/// Where the case failed first, tidying up apart.
fn failed_step(case: &CaseReport) -> Result<String, String> {
    let mut failed = case.steps.iter().filter(|step| step.verdict == Verdict::Failed);
    match failed.find(|step| step.kind != Kind::Cleanup) {
        Some(step) => Ok(format!("{} ({}:{})", case.name, case.file, step.line)),
        None => Err(format!("{} passed", case.name)),
    }
}

/// Plays the case of this name.
fn played(proxy: &Proxy, suites: &[Case], name: &str) -> CaseReport {
    let case = suites.iter().find(|case| case.name == name);
    let case = case.unwrap_or_else(|| panic!("no case is named {name}"));
    let target = Target {
        url: format!("{}/scim/v2", proxy.root),
        token: TOKEN.to_owned(),
        timeout: Duration::from_secs(30),
        rate: None,
    };
    let scope = Scope { profile: Profile::Standard, destructive: false };
    let report = play(&target, scope, slice::from_ref(case), &Stop::default(), &mut |_| {}).unwrap();
    report.cases.into_iter().next().unwrap_or_else(|| panic!("{name} is for another profile"))
}

fn client(proxy: &Proxy) -> Client {
    Client { root: proxy.root.clone(), token: TOKEN.to_owned() }
}
