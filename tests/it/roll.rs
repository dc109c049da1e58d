//! People as a table: what is searched, filtered and sorted, page by page.

use crate::{
    keys::{Api, issue, machine, person},
    support::{ORGANIZATION, Server, USER, context, wait},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roster::{
    clock::Clock,
    scim::Profile,
    service::roll,
    store::{DbError, users},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const DAY: i64 = 24 * 3_600 * 1_000_000;

/// A server whose admin is called root.
fn start() -> (Server, Api) {
    let server = Server::standard();
    let root = person(&server, "root", "admin");
    let admin = issue(&server, &root, "");
    (server, admin)
}

/// Makes a user; further attributes are put beside the user name. Answers the id.
#[track_caller]
fn user(server: &Server, name: &str, more: &Value) -> String {
    let mut body = json!({"schemas": [USER, ORGANIZATION], "userName": name});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let made = server.client.post("/Users", &body);
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()["id"].as_str().unwrap().to_owned()
}

fn spelled(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The user names that a list answers, in its order.
#[track_caller]
fn names(admin: &Api, query: &str) -> Vec<String> {
    let reply = admin.get(&format!("/users?{query}"));
    assert_eq!(reply.status, 200, "{query}: {}", reply.json());
    let items = reply.json()["items"].as_array().unwrap().clone();
    items.iter().map(|it| it["userName"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn search(admin: &Api, typed: &str) -> Vec<String> {
    names(admin, &format!("sort=userName&search={}", spelled(typed)))
}

/// Writes down that somebody was here.
fn see(server: &Server, id: &str, at: i64) {
    let id = id.to_owned();
    wait(async {
        let organization = context(&server.app).await.organization.clone();
        let work = move |tx: &roster::store::WriteTx<'_>| users::note_activity(tx, &organization, &id, at);
        server.app.store.write::<_, DbError>(work).await.unwrap();
    });
}

#[test]
fn people_are_filtered_and_sorted_by_what_the_table_shows() {
    let (server, admin) = start();
    let standing = |role: &str, seat: &str| json!({"organizationRole": role, "seat": seat});
    let ada = user(&server, "ada", &json!({"displayName": "Zoe", ORGANIZATION: standing("member", "full")}));
    let bob =
        user(&server, "bob", &json!({"displayName": "émile", ORGANIZATION: standing("viewer", "viewer")}));
    let cyd = user(&server, "cyd", &json!({"active": false, ORGANIZATION: standing("member", "none")}));
    assert_eq!(admin.post("/users", &json!({"userName": "dan", "displayName": "Émil"})).status, 201);
    let inner = server.client.group("inner", std::slice::from_ref(&bob));
    let outer = server.client.group("Outer", &[ada.clone(), inner]);
    machine(&server, "robot", None);
    see(&server, &cyd, 5 * DAY);
    see(&server, &ada, 9 * DAY);

    for (query, wanted) in [
        ("sort=created", "root ada bob cyd dan"),
        ("sort=created&order=descending", "dan cyd bob ada root"),
        ("sort=userName", "ada bob cyd dan root"),
        ("sort=userName&order=descending", "root dan cyd bob ada"),
        ("sort=name", "cyd root ada dan bob"),
        ("sort=name&order=descending", "bob dan ada root cyd"),
        ("sort=lastActive&order=descending&search=d", "ada cyd dan"),
        ("status=active", "root ada bob dan"),
        ("status=deactivated", "cyd"),
        ("role=admin", "root"),
        ("role=member&sort=userName&order=descending", "dan cyd ada"),
        ("seat=none", "cyd"),
        ("seat=viewer&role=viewer", "bob"),
        ("seat=viewer&role=member", ""),
        ("source=admin", "dan"),
        ("source=scim&status=active", "root ada bob"),
        ("source=invite", ""),
        ("team=outer", "ada bob"),
        (&format!("team={outer}&role=viewer"), "bob"),
        ("search=OE", "ada"),
        ("search=robot", ""),
    ] {
        assert_eq!(names(&admin, query).join(" "), wanted, "{query}");
        let count = admin.get(&format!("/users/count?{}", counted(query))).json()["count"].clone();
        assert_eq!(count, wanted.split_whitespace().count(), "{query}");
    }
    let latest = names(&admin, "sort=lastActive&order=descending");
    assert_eq!(latest[..3], ["root", "ada", "cyd"], "root asks, and is here now");
    let longest_ago = names(&admin, "sort=lastActive");
    assert_eq!(longest_ago[2..], ["cyd", "ada", "root"], "who was never here comes first");
}

/// A query without what orders.
fn counted(query: &str) -> String {
    let parts = query.split('&').filter(|part| !part.starts_with("sort=") && !part.starts_with("order="));
    parts.collect::<Vec<_>>().join("&")
}

#[test]
fn words_that_are_none_are_refused_by_what_was_expected() {
    let (server, admin) = start();
    server.user("ada");

    for (query, wanted) in [
        ("status=invited", "status: expected a status (active, deactivated), found invited"),
        ("role=boss", "role: expected an organization role (admin, member, viewer), found boss"),
        ("seat=two", "seat: expected a seat (full, viewer, none), found two"),
        ("source=moon", "source: expected a source (scim, admin, invite, sign_in), found moon"),
        ("sort=age", "sort: expected an order (name, userName, lastActive, created), found age"),
        ("order=up", "order: expected a direction (ascending, descending), found up"),
        ("login=ada&sort=name", "login: expected it without anything to search, filter or sort by"),
        ("sort=name&cursor=e30", "cursor: expected what `next` of the page before says"),
    ] {
        assert_eq!(admin.get(&format!("/users?{query}")).problem(), (400, wanted.to_owned()), "{query}");
    }
    let page = admin.get("/users?sort=name&limit=1").json();
    let next = page["next"].as_str().unwrap();
    let other = admin.get(&format!("/users?sort=name&order=descending&cursor={next}"));
    assert_eq!(other.problem().0, 400, "a cursor belongs to its order");
    let (status, detail) = admin.get("/users?team=nowhere").problem();
    assert!(status == 404 || status == 400, "{status}");
    assert!(detail.contains("there is no team \"nowhere\""), "{detail}");
    let member = issue(&server, &person(&server, "eve", "member"), "");
    assert_eq!(member.get("/users?sort=name").problem().0, 403);
    assert_eq!(member.get("/users/count").problem().0, 403);
}

#[test]
fn three_hundred_people_are_each_on_one_page_while_others_come_and_go() {
    let (server, admin) = start();
    let crowd: Vec<String> = server.crowd(300);
    for (n, id) in (0..).zip(crowd.iter().step_by(3)) {
        // some at the same moment
        see(&server, id, (n / 4 + 1) * DAY);
    }
    let everybody: BTreeSet<&String> = crowd.iter().collect();
    let mut n_new = 0;

    for sieve in ["", "&search=one-of-many", "&status=active"] {
        // crowds have no standing that says they are active
        if sieve.contains("active") {
            server.database.ask("UPDATE people SET active = (1 = 1)");
        }
        for order in ["name", "userName", "lastActive", "created"] {
            for direction in ["ascending", "descending"] {
                let query = format!("sort={order}&order={direction}&limit=90{sieve}");
                let mut seen = Vec::new();
                let mut cursor = String::new();
                loop {
                    let page = admin.get(&format!("/users?{query}{cursor}")).json();
                    let items = page["items"].as_array().unwrap();
                    assert!(items.len() <= 90);
                    seen.extend(items.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
                    let Some(next) = page["next"].as_str() else { break };
                    cursor = format!("&cursor={next}");
                    // one before, one behind wherever the page ended, and one who leaves again
                    for name in ["aaa", "zzz"] {
                        n_new += 1;
                        server.user(&format!("{name}-{n_new}"));
                    }
                    n_new += 1;
                    let gone = server.user(&format!("one-of-none-{n_new}"));
                    assert_eq!(admin.delete(&format!("/users/{gone}")).status, 204);
                }
                let ours: Vec<&String> = seen.iter().filter(|id| everybody.contains(id)).collect();
                assert_eq!(ours.len(), 300, "{query}");
                assert_eq!(ours.into_iter().collect::<BTreeSet<_>>(), everybody, "{query}");
            }
        }
    }
}

#[test]
fn a_search_takes_what_is_typed_as_it_stands() {
    let (server, admin) = start();
    for (user_name, display) in [
        ("p-percent", "100% Ada"),
        ("p-under", "snake_case"),
        ("p-back", "back\\slash"),
        ("p-quote", "O'Neill \"the\" man"),
        ("p-emoji", "Rocket 🚀 Girl"),
        ("p-hebrew", "עדה לאבלייס"),
        ("p-wide", "Ａｄａ　Ｗｉｄｅ"),
        ("p-sharp", "Straße ÄÖÜ"),
    ] {
        user(&server, user_name, &json!({"displayName": display}));
    }
    user(
        &server,
        "p-mail",
        &json!({"emails": [{"value": "First.Last+tag@Example.COM"}], "name": {"givenName": "Grace", "familyName": "Hopper"}}),
    );

    for (typed, wanted) in [
        ("100%", "p-percent"),
        ("%", "p-percent"),
        ("_", "p-under"),
        ("\\", "p-back"),
        ("'", "p-quote"),
        ("\"the\"", "p-quote"),
        ("' OR 1=1 --", ""),
        ("🚀", "p-emoji"),
        ("לאב", "p-hebrew"),
        ("ada wide", "p-wide"),
        ("ＡＤＡ ＷＩＤＥ", "p-wide"),
        ("STRASSE", ""),
        ("straße äöü", "p-sharp"),
        ("STRAßE", "p-sharp"),
        ("last+TAG@example.com", "p-mail"),
        ("grace hop", "p-mail"),
        ("  grace   hopper ", "p-mail"),
        ("p-m", "p-mail"),
        ("hopper grace", ""),
        ("ada", "p-percent p-wide"),
    ] {
        assert_eq!(search(&admin, typed).join(" "), wanted, "{typed}");
    }
    assert_eq!(search(&admin, " ").len(), 10, "nothing is asked for");
}

#[test]
fn a_search_finds_people_as_they_are_now_whoever_changed_them() {
    let (server, admin) = start();
    let id = user(&server, "ada", &json!({"displayName": "Ada Lovelace"}));
    let is = |typed: &str, wanted: &[&str]| assert_eq!(search(&admin, typed), wanted, "{typed}");

    let rename = json!([{"op": "replace", "path": "displayName", "value": "Countess"}]);
    assert_eq!(server.client.patch(&format!("/Users/{id}"), &rename).status, 200);
    is("lovelace", &[]);
    is("countess", &["ada"]);
    let body = json!({"schemas": [USER], "userName": "augusta", "emails": [{"value": "king@example.com"}]});
    assert_eq!(server.client.put(&format!("/Users/{id}"), &body).status, 200);
    is("countess", &[]);
    is("king@", &["augusta"]);
    let csv = json!({"csv": "username,display_name\naugusta,Byron\nbabbage,Charles\n"});
    assert_eq!(admin.post("/users/import", &csv).status, 200);
    is("byron", &["augusta"]);
    is("charles", &["babbage"]);
    let profile = json!({"displayName": "Ada again", "active": false});
    assert_eq!(admin.patch(&format!("/users/{id}"), &profile).status, 200);
    is("again", &["augusta"]);
    assert_eq!(names(&admin, "status=deactivated"), ["augusta"]);
    assert_eq!(admin.delete(&format!("/users/{id}")).status, 204);
    is("again", &[]);
    assert_eq!(names(&admin, "status=deactivated"), Vec::<String>::new());
    let left = server.database.number("SELECT count(*) FROM people");
    assert_eq!(
        left,
        server.database.number("SELECT count(*) FROM users"),
        "a row for everybody, and no other"
    );
}

#[test]
fn those_who_were_there_before_are_made_searchable_once() {
    let (server, admin) = start();
    for n in 0..3 {
        user(&server, &format!("ada-{n}"), &json!({"displayName": format!("Name {n}")}));
    }
    server.database.ask("UPDATE people SET search = '', source = '', name_key = user_name_key");
    assert_eq!(search(&admin, "name 1"), Vec::<String>::new());

    assert_eq!(wait(roll::fill(&server.app)).unwrap(), 4);

    assert_eq!(search(&admin, "name 1"), ["ada-1"]);
    assert_eq!(names(&admin, "source=scim").len(), 4);
    assert_eq!(wait(roll::fill(&server.app)).unwrap(), 0);
}

#[test]
fn activity_is_told_by_days_and_weeks_of_distinct_people() {
    // Wednesday, 2027-01-20, 12:00 UTC
    let now = 1_800_446_400_000_000;
    let server = Server::start(Profile::Standard, |app| app.clock = Clock::at(now));
    let (ada, bob, cyd) = (server.user("ada"), server.user("bob"), server.user("cyd"));
    let robot = machine(&server, "robot", None);
    for (id, days_ago) in [
        (&cyd, 390),
        (&ada, 29),
        (&ada, 1),
        (&ada, 0),
        (&ada, 0),
        (&bob, 100),
        (&bob, 30),
        (&bob, 1),
        (&robot, 1),
    ] {
        see(&server, id, now - days_ago * DAY);
    }
    let over = |window: &str| {
        wait(async {
            let cx = crate::keys::operator(&server).await;
            json!(roster::service::activity::over(&cx, window.parse().unwrap()).await.unwrap())
        })
    };
    let told = |told: &Value| -> Vec<(String, i64)> {
        let all = told["series"].as_array().unwrap().clone();
        let all =
            all.iter().map(|it| (it["from"].as_str().unwrap().to_owned(), it["people"].as_i64().unwrap()));
        all.filter(|(_, people)| *people > 0).collect()
    };
    let day = |date: &str, people| (date.to_owned(), people);

    let month = over("30d");
    assert_eq!((&month["people"], &month["unit"]), (&json!(2), &json!("day")));
    assert_eq!(month["series"].as_array().unwrap().len(), 30);
    assert_eq!(told(&month), [day("2026-12-22", 1), day("2027-01-19", 2), day("2027-01-20", 1)]);
    let quarter = over("3m");
    assert_eq!((&quarter["people"], quarter["series"].as_array().unwrap().len()), (&json!(2), 13));
    assert_eq!(told(&quarter), [day("2026-12-21", 2), day("2027-01-18", 2)]);
    let half = over("6m");
    assert_eq!(told(&half)[0], day("2026-10-12", 1));
    assert_eq!((&half["people"], half["series"].as_array().unwrap().len()), (&json!(2), 26));
    assert_eq!(over("12m")["people"], 2);
    let all = over("all");
    assert_eq!((&all["people"], &all["series"][0]["people"]), (&json!(3), &json!(1)), "cyd, long ago");

    let admin = issue(&server, &person(&server, "root", "admin"), "");
    assert_eq!(admin.get("/activity?window=30d").json()["series"].as_array().unwrap().len(), 30);
    assert_eq!(admin.get("/activity").json()["window"], "3m");
    let wrong = "window: expected a window (30d, 3m, 6m, 12m, all), found week";
    assert_eq!(admin.get("/activity?window=week").problem(), (400, wrong.to_owned()));
    assert_eq!(issue(&server, &ada, "").get("/activity").problem().0, 403);
    server.app.clock.advance(std::time::Duration::from_secs(40 * 86_400));
    wait(roster::service::purge::purge(&server.app)).unwrap();
    assert_eq!(
        server.database.number(&format!("SELECT count(*) FROM active_days WHERE person = '{cyd}'")),
        0
    );
    assert_eq!(
        server.database.number(&format!("SELECT count(*) FROM active_days WHERE person = '{ada}'")),
        2
    );
}
