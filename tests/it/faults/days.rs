//! Faults that an identity provider's day shows: an answer that it cannot go on with, or a server that in the end does
//! not hold what the provider's directory does.

use super::{
    Fault, all_faults,
    proxy::{Proxy, Response, asked, faithful, instead},
};
use crate::support::{Server, TOKEN};
use roster::{
    client::{End, Stop, Target},
    simulate::{Day, Report, Size, simulate},
};
use std::{sync::Mutex, thread, time::Duration};

/// A fault by what it does, a provider whose day shows it, and what its report says then.
const SHOWN_BY: [(&str, &str, &str); 43] = [
    ("\"False\" is true, in PATCH", "entra", "active: expected false, found true"),
    ("\"False\" is true, in POST", "keycloak", "active: expected false, found true"),
    ("\"False\" is true, in PUT", "keycloak", "active: expected false, found true"),
    ("a PATCH whose value repeats the id is refused", "okta", "\"scimType\":\"mutability\""),
    ("a DELETE is answered 204 and does nothing", "rauthy", "it is there, and the model does not know it"),
    ("a DELETE only deactivates", "onelogin", "it is there, and the model does not know it"),
    ("a PUT keeps what it leaves out", "ping", ": expected nothing, found"),
    ("a PUT never deactivates", "rauthy", "active: expected false, found true"),
    ("a PUT of members adds them", "keycloak", "of which 0 are missing;"),
    ("a PUT without members leaves them in", "keycloak", "members: expected 0, of which 0 are missing;"),
    ("a filter that finds nobody is 404", "okta", "\"status\":\"404\""),
    ("a list ends after ten", "authentik", "totalResults: expected"),
    // nobody can be looked up and nothing compared; the day goes to its end all the same
    ("a list of nothing has no `Resources`", "rauthy", "array Resources"),
    ("a manager is dropped", "entra", "manager.value: expected"),
    ("a name that is taken is 400", "authentik", "\"status\":\"400\",\"scimType\":\"uniqueness\""),
    ("a name that is taken is 500", "keycloak", "\"status\":\"500\",\"scimType\":\"uniqueness\""),
    ("a remove of one member by a value path does nothing", "okta", "of which 0 are missing;"),
    ("a remove of one member by a value path empties the group", "okta", "; 0 are there that should not be"),
    ("a remove of members by value empties the group", "jumpcloud", "; 0 are there that should not be"),
    ("a rename by PATCH is answered and lost", "entra", "displayName: expected \"Group"),
    ("a renamed group keeps its old name among the groups of its members", "keycloak", "groups: expected"),
    ("a replace of members adds them", "ping", "of which 0 are missing;"),
    ("a replace of the work address adds a second one", "entra", "emails[type eq \"work\"].value: expected"),
    ("a replace without a path replaces the whole user", "okta", "name.familyName: expected"),
    ("a title comes back in capital letters", "okta", "found \"ENGINEER\""),
    ("a user does not know its groups", "rauthy", "], found []"),
    ("an add of members replaces all members", "entra", "; 0 are there that should not be"),
    ("every seventh change of a user is answered and lost", "jumpcloud", ": expected "),
    ("inactive people are in no list", "google", "it is in no list"),
    ("itemsPerPage is what was asked for, not what came", "google", "itemsPerPage: expected"),
    ("letters beyond ASCII become question marks", "google", "found \"M?ller\""),
    ("members are shown twice", "onelogin", "are listed more than once"),
    ("of parallel changes of one group some are lost", "okta", "members: expected"),
    ("only the first ten members are shown", "ping", "; 0 are there that should not be"),
    ("startIndex is ignored: every page is the first one", "authentik", "are on an earlier page"),
    ("the answer to a creation shows the password", "okta", "password: expected nothing, found one"),
    ("the members of a new group are dropped", "jumpcloud", "; 0 are there that should not be"),
    ("the name of who was deleted stays taken", "rauthy", "\"status\":\"409\",\"scimType\":\"uniqueness\""),
    ("to add who is in the group is an error", "authentik", "\"scimType\":\"noTarget\""),
    ("totalResults is that of before the last write", "entra", "totalResults: expected"),
    ("users after the tenth come without their externalId", "ping", "externalId: expected"),
    ("who is activated again has a new id", "google", "it is in no list"),
    ("who is deactivated leaves all groups", "entra", "; 0 are there that should not be"),
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
                while let Some((does, provider, says)) = next(&waiting) {
                    let fault = all_faults().into_iter().find(|fault| fault.does == does);
                    let Some(Fault { behaviour, .. }) = fault else { panic!("no fault is called {does}") };
                    let server = Server::standard();
                    let proxy = Proxy::before(&server.client.root, behaviour);
                    let report = day(&proxy, provider);
                    if let Some(why) = missed_by(&report, &proxy, says) {
                        missed.lock().unwrap().push(format!("{does}: {why}\n{report}"));
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
        SHOWN_BY.iter().map(|(_, provider, _)| *provider).collect();
    for provider in providers {
        let server = Server::standard();
        let proxy = Proxy::before(&server.client.root, faithful());

        let report = day(&proxy, provider);

        assert!(report.is_good(), "{report}");
        assert_eq!(proxy.mishaps(), 0, "{provider}");
    }
}

#[test]
fn a_provider_takes_nobody_for_its_own_who_is_not() {
    let server = Server::standard();
    let stranger = server.user("pilot@flightsim.example");
    let before = server.client.get(&format!("/Users/{stranger}")).json();
    // searches find whoever is there
    let proxy = Proxy::before(
        &server.client.root,
        asked(|request| request.set_parameters(&[("filter", None), ("count", Some("1"))])),
    );
    let url = format!("{}/scim/v2", proxy.root);

    for provider in ["okta", "entra", "authentik", "keycloak"] {
        let target = Target {
            url: url.clone(),
            token: TOKEN.to_owned(),
            timeout: Duration::from_secs(30),
            rate: None,
        };
        let day = Day { provider, size: Size { users: 5, groups: 2 }, seed: 4, parallel: 2, keep: false };
        let report = simulate(&target, &day, &Stop::default(), &|_, _, _| {}).unwrap();

        assert!(!report.is_good(), "{provider}");
        assert_eq!(server.client.get(&format!("/Users/{stranger}")).json(), before, "{provider}");
    }
}

#[test]
fn what_is_left_and_cannot_be_looked_for_is_told() {
    let server = Server::standard();
    // something goes wrong on the way, and searches by a part of a name are refused
    let proxy = Proxy::before(
        &server.client.root,
        instead(|server, request| match request.method.as_str() {
            "GET" if request.parameter("filter").is_some_and(|filter| filter.contains(" co ")) => {
                Response::error(400, "invalidFilter")
            }
            "PUT" => Response::error(400, "invalidValue"),
            _ => server.send(&request),
        }),
    );
    let url = format!("{}/scim/v2", proxy.root);
    let target = Target { url, token: TOKEN.to_owned(), timeout: Duration::from_secs(30), rate: None };
    let size = Size { users: 10, groups: 2 };
    let day = Day { provider: "rauthy", size, seed: 4, parallel: 2, keep: false };

    let report = simulate(&target, &day, &Stop::default(), &|_, _, _| {}).unwrap();

    let told: Vec<_> =
        report.left_behind.iter().filter(|it| it.contains("could not be looked for")).collect();
    assert_eq!(told.len(), 2, "{report}");
    assert!(!report.is_good());
}

#[test]
fn a_server_that_makes_nobody_is_not_equal_to_the_model() {
    let server = Server::standard();
    let proxy = Proxy::before(
        &server.client.root,
        instead(|server, request| match request.method.as_str() {
            "POST" => Response::error(409, "uniqueness"),
            _ => server.send(&request),
        }),
    );

    for provider in ["authentik", "keycloak", "okta"] {
        let report = day(&proxy, provider);

        assert!(report.n_troubles > 0 && !report.is_good(), "{report}");
        assert!(told(&report).contains("it was never made"), "{report}");
    }
}

fn next<T>(waiting: &Mutex<Vec<T>>) -> Option<T> {
    waiting.lock().unwrap().pop()
}

/// Why the day does not show the fault: what went wrong was something else, or nothing did.
fn missed_by(report: &Report, proxy: &Proxy, says: &str) -> Option<String> {
    let mishaps = proxy.mishaps();
    match &report.end {
        _ if mishaps > 0 => Some(format!("the proxy itself failed {mishaps} times")),
        End::Complete if report.is_good() => Some("it was a good day".to_owned()),
        End::Complete => (!told(report).contains(says)).then(|| format!("nothing says `{says}`")),
        ended => Some(format!("the day ended early: {ended:?}")),
    }
}

/// What was found wrong, without the requests.
fn told(report: &Report) -> String {
    let answers = report.troubles.iter().map(|it| format!("{}\nexpected {}\n", it.answer, it.expected));
    let differences = report.differences.iter().flatten().map(|it| format!("{}\n", it.what));
    answers.chain(differences).collect()
}

fn day(proxy: &Proxy, provider: &str) -> Report {
    let url = format!("{}/scim/v2", proxy.root);
    let target = Target { url, token: TOKEN.to_owned(), timeout: Duration::from_secs(30), rate: None };
    let day = Day { provider, size: Size { users: 80, groups: 12 }, seed: 4, parallel: 4, keep: true };
    simulate(&target, &day, &Stop::default(), &|_, _, _| {}).unwrap()
}
