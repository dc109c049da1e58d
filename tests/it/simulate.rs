//! Identity providers' days, against our own server.

use crate::{
    keys::operator,
    support::{Server, TOKEN, USER, wait},
};
use roster::{
    client::{End, Stop, Target},
    service::connections::{self, Change},
    simulate::{Day, Report, Size, providers, simulate},
};
use serde_json::json;
use std::{thread, time::Duration};

/// Plays a day of a small company against the server of this URL.
pub(crate) fn played(url: &str, provider: &str, seed: u64, stop: &Stop) -> Report {
    let target =
        Target { url: url.to_owned(), token: TOKEN.to_owned(), timeout: Duration::from_secs(30), rate: None };
    let day = Day { provider, size: Size { users: 40, groups: 8 }, seed, parallel: 4, keep: false };
    simulate(&target, &day, stop, &|what, done, _| {
        if what == "movers" && done > 60 && seed == 0 {
            stop.ask();
        }
    })
    .unwrap()
}

fn url(server: &Server) -> String {
    format!("{}/scim/v2", server.client.root)
}

#[test]
fn after_every_providers_day_the_server_and_the_model_are_equal() {
    let server = Server::standard();
    server.user("somebody-else");

    for (seed, provider) in (1..).zip(providers()) {
        let report = played(&url(&server), provider, seed, &Stop::default());

        assert!(report.is_good(), "{report}");
        assert!(report.requests.iter().map(|kind| kind.n).sum::<usize>() > 100, "{report}");
        assert!(report.left_behind.is_empty(), "{report}");
    }
    assert_eq!(providers().len(), 9);
    assert_eq!(server.client.get("/Users").json()["totalResults"], json!(1), "what a day made is gone again");
    assert_eq!(server.client.get("/Groups").json()["totalResults"], json!(0));
}

#[test]
fn a_connection_that_is_paused_changes_nothing_and_goes_on_without_a_loss() {
    let (server, stop) = (Server::standard(), Stop::default());
    let url = url(&server);
    let pause = |paused: bool| {
        let switches = serde_json::Map::from_iter([("paused".to_owned(), paused.into())]);
        let change = Change { switches, ..Change::default() };
        wait(async {
            connections::change(&operator(&server).await, "default", change, Default::default())
                .await
                .unwrap()
        })
    };
    let events = || server.database.number("SELECT count(*) FROM events");

    // what is seen is judged when the day is over: it ends only when the connection is resumed
    let (refused, before, posted, after, is_over, report) = thread::scope(|scope| {
        let day = scope.spawn(|| played(&url, "entra", 3, &stop));
        while server.database.number("SELECT count(*) FROM users") < 12 {
            thread::yield_now();
        }
        pause(true);
        let refused = server.client.get("/Users");
        let body = json!({"schemas": [USER], "userName": "nobody"});
        // what was accepted before is finished when nothing moves any more
        let (mut before, mut n_still) = (events(), 0);
        for _ in 0..60 {
            thread::park_timeout(Duration::from_millis(500));
            let now = events();
            n_still = if now == before { n_still + 1 } else { 0 };
            before = now;
            // long, for on a busy machine a write may wait that long for its turn
            if n_still == 5 {
                break;
            }
        }
        let posted = server.client.post("/Users", &body).status;
        thread::park_timeout(Duration::from_millis(1_500));
        let (after, is_over) = (events(), day.is_finished());
        pause(false);
        (refused, before, posted, after, is_over, day.join().unwrap())
    });

    assert_eq!(refused.error(), (503, String::new()));
    assert!(refused.header("Retry-After").parse::<u32>().is_ok(), "{:?}", refused.headers);
    assert_eq!((posted, is_over), (503, false));
    assert_eq!(after, before, "nothing changes while it is paused");
    assert!(report.is_good(), "{report}");
    assert!(report.left_behind.is_empty(), "{report}");
}

#[test]
fn an_interrupted_day_is_not_compared_and_leaves_nothing() {
    let server = Server::standard();

    let report = played(&url(&server), "entra", 0, &Stop::default());

    assert_eq!(report.end, End::Interrupted);
    assert!(!report.is_good() && report.differences.is_none() && report.left_behind.is_empty(), "{report}");
    assert_eq!(server.client.get("/Users").json()["totalResults"], json!(0));
    assert_eq!(server.client.get("/Groups").json()["totalResults"], json!(0));
}

#[test]
fn a_server_that_holds_something_else_is_found_out() {
    let server = Server::standard();
    // somebody of the run's names whom the model does not know
    server.user("stranger-of-roster-day-0000000000000005");

    let report = played(&url(&server), "rauthy", 5, &Stop::default());

    assert!(!report.is_good());
    assert_eq!(report.n_troubles, 0, "{report}");
    assert!(
        report.to_string().contains(
            "DIFFERENT stranger-of-roster-day-0000000000000005: it is there, and the model does not know it"
        ),
        "{report}"
    );
    assert_eq!(report.to_json()["good"], json!(false));
}
