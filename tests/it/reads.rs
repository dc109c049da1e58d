//! Reading: references, points in time, pages, and what is not loaded because nobody asked.

use crate::support::{GROUP, Server, USER, context, wait};
use roster::{
    org::{role::Origin, team::MemberType},
    service::App,
    store::{
        DbError, WriteTx,
        memberships::{self, Holder},
        teams,
    },
};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// How many resources of a type a filter finds.
#[track_caller]
fn found(server: &Server, endpoint: &str, filter: &str) -> u64 {
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    let reply = server.client.get(&format!("{endpoint}?filter={filter}"));
    assert_eq!(reply.status, 200, "{}", reply.json());
    reply.json()["totalResults"].as_u64().unwrap()
}

#[test]
fn r_109_a_reference_is_the_same_with_without_and_with_another_version() {
    let server = Server::standard();
    let (boss, other) = (server.user("boss"), server.user("other"));
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let report =
        json!({"schemas": [USER, enterprise], "userName": "ada", enterprise: {"manager": {"value": boss}}});
    assert_eq!(server.client.post("/Users", &report).status, 201);
    server.client.group("Crew", std::slice::from_ref(&boss));
    let root = &server.client.root;

    let same = [
        format!("{root}/scim/v2/Users/{boss}"),
        format!("{root}/scim/Users/{boss}"),
        format!("{root}/scim/v1/Users/{boss}"),
        format!("/scim/v2/Users/{boss}"),
        format!("/scim/Users/{boss}"),
        format!("Users/{boss}"),
    ];
    let another = [
        format!("{root}/scim/v2/Users/{other}"),
        format!("https://elsewhere.example.com/scim/v2/Users/{boss}"),
        format!("{root}/scim/v2/Groups/{boss}"),
        format!("/other/v2/Users/{boss}"),
        format!("Users/{other}"),
        format!("Groups/{boss}"),
        boss.clone(),
        "Users/".to_owned(),
    ];

    for (endpoint, path) in [("/Groups", "members.$ref"), ("/Users", &format!("{enterprise}:manager.$ref"))] {
        for reference in &same {
            assert_eq!(
                found(&server, endpoint, &format!("{path} eq \"{reference}\"")),
                1,
                "{path} {reference}"
            );
        }
        for reference in &another {
            assert_eq!(
                found(&server, endpoint, &format!("{path} eq \"{reference}\"")),
                0,
                "{path} {reference}"
            );
        }
    }
}

#[test]
fn r_109_the_version_in_the_address_of_somebody_else_does_count() {
    let server = Server::standard();
    let user = json!({"schemas": [USER], "userName": "ada", "profileUrl": "https://example.com/v2/ada"});
    assert_eq!(server.client.post("/Users", &user).status, 201);

    assert_eq!(found(&server, "/Users", "profileUrl eq \"https://example.com/v2/ada\""), 1);
    for another in ["https://example.com/ada", "https://example.com/v3/ada", "/v2/ada", "v2/ada"] {
        assert_eq!(found(&server, "/Users", &format!("profileUrl eq \"{another}\"")), 0, "{another}");
    }
}

#[test]
fn r_265_a_reference_is_found_by_its_exact_spelling_whatever_the_version() {
    let server = Server::standard();
    let member = server.user("ada");
    let group = server.client.group("Crew", std::slice::from_ref(&member));
    server.client.group("Empty", &[]);
    let answered = server.client.get(&format!("/Groups/{group}")).json()["members"][0]["$ref"].clone();
    let answered = answered.as_str().unwrap();
    let hits = |reference: &str| found(&server, "/Groups", &format!("members.$ref eq \"{reference}\"")) == 1;

    assert!(hits(answered));
    assert!(hits(&answered.replace("/scim/v2/", "/scim/")));
    assert!(hits(&format!("/scim/Users/{member}")));
    assert!(hits(&format!("/scim/v2/Users/{member}")));
    assert!(hits(&format!("Users/{member}")));

    assert!(!hits(&answered.replace("/Users/", "/users/")));
    assert!(!hits(&answered.replace("/scim/", "/SCIM/")));
    assert!(!hits(&answered.replace(&member, &member.to_uppercase())));
    assert!(!hits(&format!("users/{member}")));
    assert_eq!(found(&server, "/Groups", &format!("members.$ref ne \"Users/{member}\"")), 1, "the empty one");
    assert_eq!(found(&server, "/Groups", &format!("members.$ref ew \"/Users/{member}\"")), 1);
}

#[test]
fn r_257_points_in_time_are_compared_whatever_their_zone_and_precision() {
    let server = Server::standard();
    let id = server.user("ada");
    let created = server.client.get(&format!("/Users/{id}")).json()["meta"]["created"].clone();
    let at = OffsetDateTime::parse(created.as_str().unwrap(), &Rfc3339).unwrap();
    let zone = |hours, minutes| at.to_offset(UtcOffset::from_hms(hours, minutes, 0).unwrap());
    let shifted = |hours, minutes| zone(hours, minutes).format(&Rfc3339).unwrap();
    let digits = |zeros: &str| created.as_str().unwrap().replace('Z', &format!("{zeros}Z"));
    let holds =
        |op: &str, text: &str| found(&server, "/Users", &format!("meta.created {op} \"{text}\"")) == 1;

    for text in [
        digits(""),
        shifted(2, 0),
        shifted(-5, -30),
        digits("000"),
        digits("000000"),
        digits("").replace('Z', ""),
    ] {
        assert!(holds("eq", &text) && holds("ge", &text) && holds("le", &text), "{text}");
        assert!(!holds("ne", &text) && !holds("gt", &text) && !holds("lt", &text), "{text}");
    }
    let step = Duration::from_millis(1);
    for (text, greater) in [(at - step, true), (at + step, false)] {
        let text = text.to_offset(UtcOffset::from_hms(2, 0, 0).unwrap()).format(&Rfc3339).unwrap();
        assert_eq!((holds("gt", &text), holds("lt", &text)), (greater, !greater), "{text}");
        assert!(holds("ne", &text) && !holds("eq", &text), "{text}");
    }
}

#[test]
fn r_284_a_list_without_a_count_holds_a_hundred_and_tells_of_all() {
    let server = Server::standard();
    server.crowd(1_050);

    for (query, expected) in [("", 100), ("?count=100000", 1_000), ("?count=5", 5), ("?startIndex=1001", 50)]
    {
        let list = server.client.get(&format!("/Users{query}")).json();

        assert_eq!(list["totalResults"], 1_050, "{query}");
        assert_eq!(list["itemsPerPage"], expected, "{query}");
        assert_eq!(list["Resources"].as_array().unwrap().len(), expected, "{query}");
    }
    let config = server.client.get("/ServiceProviderConfig").json();
    assert_eq!(config["filter"]["maxResults"], 1_000);
}

#[test]
fn r_203_members_nobody_asked_for_are_not_loaded() {
    const MANY: i64 = 100_000;
    let server = Server::standard();
    let (small, large) = (server.client.group("Small", &[]), server.client.group("Large", &[]));
    fill(&server.app, &large, MANY);
    let without = |group: &str| server.client.get(&format!("/Groups/{group}?excludedAttributes=members"));
    let quickest = |group: &str| {
        let once = |_| {
            let began = Instant::now();
            assert_eq!(without(group).status, 200);
            began.elapsed()
        };
        (0..25).map(once).min().unwrap()
    };

    assert_eq!(server.client.members(&large).len(), 100_000);
    // a hundredth of them would show; the benchmark holds the true ratio
    assert!(quickest(&large) < quickest(&small) * 10);

    server.database.ask("ALTER TABLE memberships RENAME TO hidden");

    assert_eq!(without(&large).json()["displayName"], "Large", "the rows are not even there");
    assert_eq!(server.client.get("/Groups?excludedAttributes=members").json()["totalResults"], 2);
    assert_eq!(server.client.get(&format!("/Groups/{large}?attributes=displayName")).status, 200);
    assert_eq!(server.client.get(&format!("/Groups/{large}")).status, 500, "but a plain read needs them");
}

#[test]
fn the_longest_values_are_unique_and_found_like_others() {
    // nothing that an index could press into less
    let mut random = 1_u64;
    let mut character = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from_u32(0x20000 + (random >> 50) as u32).unwrap()
    };
    let long: String = (0..4_096).map(|_| character()).collect();
    let other = format!("{}x", &long[..long.len() - 4]);
    let server = Server::standard();
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let body = |name: &str| {
        json!({"schemas": [USER, manager], "userName": name, "displayName": name, "externalId": name,
               "emails": [{"value": name}], manager: {"manager": {"value": name}}})
    };
    let group = |name: &str| json!({"schemas": [GROUP], "displayName": name, "externalId": name});

    for name in [&long, &other] {
        assert_eq!(server.client.post("/Users", &body(name)).status, 201);
        assert_eq!(server.client.post("/Users", &body(name)).error(), (409, "uniqueness".to_owned()));
        assert_eq!(server.client.post("/Groups", &group(name)).status, 201);
        assert_eq!(server.client.post("/Groups", &group(name)).error(), (409, "uniqueness".to_owned()));
    }

    let encoded: String = url::form_urlencoded::byte_serialize(long.as_bytes()).collect();
    for attribute in ["userName", "displayName", "externalId", "emails.value", "manager.value", "id"] {
        let path = if attribute == "manager.value" {
            format!("{manager}:{attribute}")
        } else {
            attribute.to_owned()
        };
        let found = server.client.get(&format!("/Users?attributes=id&filter={path}%20eq%20%22{encoded}%22"));
        let expected = usize::from(attribute != "id");
        assert_eq!(found.json()["totalResults"], json!(expected), "{attribute} {}", found.status);
    }
    let found = server.client.get(&format!("/Groups?filter=displayName%20eq%20%22{encoded}%22"));
    assert_eq!(found.json()["Resources"][0]["displayName"], json!(long));
}

/// Gives a team many members at once, past the HTTP door.
pub(crate) fn fill(app: &Arc<App>, team: &str, size: i64) {
    let (app, team) = (app.clone(), Arc::<str>::from(team));
    wait(async {
        let cx = context(&app).await;
        let work = move |tx: &WriteTx<'_>| {
            let holder = Holder {
                organization: &cx.organization,
                team: &team,
                connection: None,
                origin: Origin::Scim,
            };
            let ids: Vec<String> = (0..size).map(|n| format!("member-{n}")).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            memberships::add(tx, holder, MemberType::User, &ids, 0)?;
            teams::count_members(tx, &cx.organization, &team, size)
        };
        app.store.write::<(), DbError>(work).await.unwrap();
    });
}

#[test]
fn r_374_a_thousand_operations_and_ten_thousand_members_fit_in_one_patch() {
    let server = Server::standard();
    let users = server.crowd(10_000);
    let member = |id: &String| json!({"value": id});
    let one_by_one = |ids: &[String]| -> Value {
        ids.iter().map(|id| json!({"op": "add", "path": "members", "value": [member(id)]})).collect()
    };
    let at_once = |ids: &[String]| {
        let members: Vec<Value> = ids.iter().map(member).collect();
        json!([{"op": "add", "path": "members", "value": members}])
    };
    // all come, in one change and one event
    let takes = |operations: &Value, size: usize| {
        let group = server.client.group(&format!("{size} in {}", operations.as_array().unwrap().len()), &[]);
        let events = count_events(&server);
        let began = Instant::now();
        let reply = server.client.patch(&format!("/Groups/{group}"), operations);
        let took = began.elapsed();
        assert!([200, 204].contains(&reply.status), "{}", reply.json());
        let group = server.client.get(&format!("/Groups/{group}")).json();
        assert_eq!(group["members"].as_array().unwrap().len(), size);
        assert_eq!(group["meta"]["version"], "W/\"2\"");
        assert_eq!(count_events(&server), events + 1);
        // milliseconds, unless every operation writes the list anew
        assert!(took < Duration::from_secs(10), "{took:?}");
    };

    takes(&one_by_one(&users[..1_000]), 1_000);
    takes(&at_once(&users), 10_000);

    let members: Vec<Value> = users.iter().map(member).collect();
    let whole = json!({"schemas": [GROUP], "displayName": "Whole", "members": members});
    assert_eq!(server.client.post("/Groups", &whole).status, 201);
}

fn count_events(server: &Server) -> i64 {
    server.database.number("SELECT count(*) FROM events")
}
