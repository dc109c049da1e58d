//! Faults that an identity provider's day shows: an answer that it cannot go on with, or a server that in the end does
//! not hold what the provider's directory does.

use super::{
    Fault, all_faults,
    proxy::{Proxy, faithful},
};
use crate::support::{Server, TOKEN};
use roster::{
    client::{Stop, Target},
    simulate::{Day, Report, Size, simulate},
};
use std::{sync::Mutex, thread, time::Duration};

/// A fault by what it does, and a provider whose day shows it.
const SHOWN_BY: [(&str, &str); 43] = [
    ("\"False\" is true, in PATCH", "entra"),
    ("\"False\" is true, in POST", "keycloak"),
    ("\"False\" is true, in PUT", "keycloak"),
    ("a PATCH whose value repeats the id is refused", "okta"),
    ("a DELETE is answered 204 and does nothing", "rauthy"),
    ("a DELETE only deactivates", "onelogin"),
    ("a PUT keeps what it leaves out", "ping"),
    ("a PUT never deactivates", "rauthy"),
    ("a PUT of members adds them", "keycloak"),
    ("a PUT without members leaves them in", "keycloak"),
    ("a filter that finds nobody is 404", "okta"),
    ("a list ends after ten", "authentik"),
    ("a list of nothing has no `Resources`", "rauthy"),
    ("a manager is dropped", "entra"),
    ("a name that is taken is 400", "authentik"),
    ("a name that is taken is 500", "keycloak"),
    ("a remove of one member by a value path does nothing", "okta"),
    ("a remove of one member by a value path empties the group", "okta"),
    ("a remove of members by value empties the group", "jumpcloud"),
    ("a rename by PATCH is answered and lost", "okta"),
    ("a renamed group keeps its old name among the groups of its members", "rauthy"),
    ("a replace of members adds them", "ping"),
    ("a replace of the work address adds a second one", "entra"),
    ("a replace without a path replaces the whole user", "okta"),
    ("a title comes back in capital letters", "okta"),
    ("a user does not know its groups", "rauthy"),
    ("an add of members replaces all members", "entra"),
    ("every seventh change of a user is answered and lost", "jumpcloud"),
    ("inactive people are in no list", "google"),
    ("itemsPerPage is what was asked for, not what came", "google"),
    ("letters beyond ASCII become question marks", "google"),
    ("members are shown twice", "onelogin"),
    ("of parallel changes of one group some are lost", "okta"),
    ("only the first ten members are shown", "ping"),
    ("startIndex is ignored: every page is the first one", "authentik"),
    ("the answer to a creation shows the password", "okta"),
    ("the members of a new group are dropped", "jumpcloud"),
    ("the name of who was deleted stays taken", "rauthy"),
    ("to add who is in the group is an error", "authentik"),
    ("totalResults is that of before the last write", "entra"),
    ("users after the tenth come without their externalId", "ping"),
    ("who is activated again has a new id", "google"),
    ("who is deactivated leaves all groups", "entra"),
];

/// How many days are played at once.
const AT_ONCE: usize = 4;

#[test]
fn a_providers_day_shows_what_is_wrong() {
    let waiting = Mutex::new(SHOWN_BY.to_vec());
    let missed = Mutex::new(Vec::new());

    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((does, provider)) = next(&waiting) {
                    let fault = all_faults().into_iter().find(|fault| fault.does == does);
                    let Some(Fault { behaviour, .. }) = fault else { panic!("no fault is called {does}") };
                    let server = Server::standard();
                    let proxy = Proxy::before(&server.client.root, behaviour);
                    let report = day(&proxy, provider);
                    if report.is_good() {
                        missed.lock().unwrap().push(format!("{does}: {}", report.verdict()));
                    }
                    println!("{does}\t{}", report.verdict());
                }
            });
        }
    });

    let missed = missed.into_inner().unwrap();
    assert!(missed.is_empty(), "faults that nobody's day showed:\n{}", missed.join("\n"));
}

#[test]
fn a_day_before_a_server_without_a_fault_is_a_good_day() {
    let providers: std::collections::BTreeSet<&str> =
        SHOWN_BY.iter().map(|(_, provider)| *provider).collect();
    for provider in providers {
        let server = Server::standard();
        let proxy = Proxy::before(&server.client.root, faithful());

        let report = day(&proxy, provider);

        assert!(report.is_good(), "{report}");
    }
}

fn next(waiting: &Mutex<Vec<(&'static str, &'static str)>>) -> Option<(&'static str, &'static str)> {
    waiting.lock().unwrap().pop()
}

fn day(proxy: &Proxy, provider: &str) -> Report {
    let url = format!("{}/scim/v2", proxy.root);
    let target = Target { url, token: TOKEN.to_owned(), timeout: Duration::from_secs(30), rate: None };
    let day = Day { provider, size: Size { users: 60, groups: 8 }, seed: 1, parallel: 4, keep: true };
    simulate(&target, &day, &Stop::default(), &|_, _, _| {}).unwrap()
}
