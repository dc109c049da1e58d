//! Several organizations on one server: nothing of one is seen, counted, guessed or changed from another.

use crate::{
    commands::{json, roster},
    database::Database,
    support::{Client, GROUP, PATCH_OP, Program, USER},
};
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// A server with two organizations and a connection into each.
struct Two {
    program: Program,
    database: Database,
    acme: Client,
    globex: Client,
}

impl Two {
    fn start(profile: &str) -> Self {
        let database = Database::fresh();
        let program = Program::serve(&database.setting());
        let client = |slug: &str| {
            let run = |arguments: &[&str]| {
                let arguments = [arguments, &["--organization", slug, "--json"]].concat();
                json(&roster(&database.setting(), &arguments))
            };
            json(&roster(&database.setting(), &["organization", "create", slug, "--json"]));
            run(&["connection", "create", "idp", "--profile", profile]);
            let token = run(&["token", "create", "idp"])["token"].as_str().unwrap().to_owned();
            Client { root: program.client.root.clone(), token }
        };
        let (acme, globex) = (client("acme"), client("globex"));
        Self { program, database, acme, globex }
    }
}

/// What an organization holds that another might reach for.
struct Holdings {
    ids: Vec<String>,
    cursor: String,
}

/// Fills an organization: people, a manager, teams within teams, somebody who left, a cursor.
fn fill(client: &Client) -> Holdings {
    let boss = client.user("ada");
    let body = json!({"schemas": [USER, ENTERPRISE], "userName": "grace", "externalId": "1",
        "emails": [{"value": "grace@example.com"}], ENTERPRISE: {"manager": {"value": boss}}});
    let report = client.post("/Users", &body).json()["id"].as_str().unwrap().to_owned();
    let gone = client.user("gone");
    let inner = client.group("Inner", &[boss.clone(), report.clone(), gone.clone()]);
    let outer = client.group("Outer", std::slice::from_ref(&inner));
    let archived = client.group("Archived", std::slice::from_ref(&boss));
    client.delete(&format!("/Users/{gone}"));
    client.delete(&format!("/Groups/{archived}"));
    let cursor = client.get("/Users?cursor&count=1").json()["nextCursor"].as_str().unwrap().to_owned();
    Holdings { ids: vec![boss, report, gone, inner, outer, archived], cursor }
}

/// Everything that is kept of an organization.
fn kept(two: &Two, slug: &str) -> Vec<Vec<String>> {
    let id = two.database.ask(&format!("SELECT id FROM organizations WHERE slug = '{slug}'"));
    let id = &id[0][0];
    let tables = [
        ("users", "id, user_name_key, version, modified_at, resource"),
        ("teams", "id, display_name_key, members, version, modified_at, resource"),
        ("memberships", "team, member, position"),
        ("attribute_index", "attribute, key, resource, element"),
        ("counters", "name, lane, value"),
        ("tombstones", "id, removed_at"),
        ("events", "id, kind, resource, detail"),
        ("connections", "id, name, profile, revoked_at"),
        ("schemas", "urn_key, definition, state"),
        ("leniencies", "connection, rule, uses"),
    ];
    let rows = tables.iter().flat_map(|(table, columns)| {
        let n = (1..=columns.split(',').count()).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
        two.database.ask(&format!("SELECT {columns} FROM {table} WHERE organization = '{id}' ORDER BY {n}"))
    });
    rows.collect()
}

/// Requests that name an id in every place where one can stand.
fn requests(id: &str, mine: &(String, String)) -> Vec<(&'static str, String, Value)> {
    let (user, group) = mine;
    let member = json!([{"value": id}]);
    let patch = |operation: Value| json!({"schemas": [PATCH_OP], "Operations": [operation]});
    let manager = format!("{ENTERPRISE}:manager.value");
    let mut all = vec![
        ("PUT", format!("/Users/{id}"), json!({"schemas": [USER], "userName": "taken-over"})),
        ("PUT", format!("/Groups/{id}"), json!({"schemas": [GROUP], "displayName": "Taken over"})),
        ("PATCH", format!("/Users/{id}"), patch(json!({"op": "replace", "path": "active", "value": false}))),
        ("PATCH", format!("/Groups/{id}"), patch(json!({"op": "remove", "path": "members"}))),
        (
            "PATCH",
            format!("/Groups/{id}"),
            patch(json!({"op": "add", "path": "members", "value": [{"value": user}]})),
        ),
        (
            "PATCH",
            format!("/Groups/{group}"),
            patch(json!({"op": "add", "path": "members", "value": member})),
        ),
        (
            "PATCH",
            format!("/Groups/{group}"),
            patch(json!({"op": "replace", "path": "members", "value": member})),
        ),
        (
            "PATCH",
            format!("/Groups/{group}"),
            patch(json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")})),
        ),
        (
            "PUT",
            format!("/Groups/{group}"),
            json!({"schemas": [GROUP], "displayName": "Mine", "members": member}),
        ),
    ];
    for kind in ["Users", "Groups"] {
        all.push(("GET", format!("/{kind}/{id}"), Value::Null));
        all.push(("HEAD", format!("/{kind}/{id}"), Value::Null));
        all.push(("DELETE", format!("/{kind}/{id}"), Value::Null));
        for attribute in
            ["id", "members.value", "members.$ref", "groups.value", manager.as_str(), "meta.location"]
        {
            let filter = format!("{attribute} eq \"{id}\" or {attribute} co \"{id}\"");
            let query = filter.replace(' ', "%20").replace('"', "%22").replace('$', "%24");
            all.push(("GET", format!("/{kind}?filter={query}"), Value::Null));
            let body = json!({"schemas": [SEARCH], "filter": filter});
            all.push(("POST", format!("/{kind}/.search"), body.clone()));
            all.push(("POST", "/.search".to_owned(), body));
        }
        for (method, data) in [
            ("PUT", json!({"schemas": [USER], "userName": "x", "displayName": "x"})),
            ("DELETE", Value::Null),
        ] {
            for query in ["", "?atomic=true", "?dryRun=true"] {
                let operation = json!({"method": method, "path": format!("/{kind}/{id}"), "data": data});
                all.push((
                    "POST",
                    format!("/Bulk{query}"),
                    json!({"schemas": [BULK], "Operations": [operation]}),
                ));
            }
        }
    }
    // last, for it stays: a manager may come later
    let dangling = patch(json!({"op": "add", "path": manager, "value": id}));
    all.push(("PATCH", format!("/Users/{user}"), dangling));
    all
}

/// An answer without what may differ: the id that was asked for, times and versions of what is one's own.
fn told(client: &Client, (method, path, body): &(&str, String, Value), id: &str) -> (u16, String) {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let reply = client.send(method, path, &[("Content-Type", "application/scim+json")], &body);
    let mut answer = reply.json();
    if let Some(meta) = answer.get_mut("meta").and_then(Value::as_object_mut) {
        meta.remove("lastModified");
        meta.remove("version");
    }
    (reply.status, answer.to_string().replace(id, "ID"))
}

#[test]
fn r_532_every_endpoint_with_every_id_of_another_organization_answers_as_if_it_were_nobodys() {
    for profile in ["standard", "strict"] {
        let two = Two::start(profile);
        let theirs = fill(&two.globex);
        let mine = (two.acme.user("me"), two.acme.group("Mine", &[]));
        let before = kept(&two, "globex");
        let mut n_requests = 0;

        for id in &theirs.ids {
            let nobody = uuid();
            for (request, control) in requests(id, &mine).into_iter().zip(requests(&nobody, &mine)) {
                let (foreign, unknown) = (told(&two.acme, &request, id), told(&two.acme, &control, &nobody));
                assert_eq!(foreign, unknown, "{request:?}");
                n_requests += 1;
            }
        }
        let stolen = two.acme.get(&format!("/Users?count=1&cursor={}", theirs.cursor));

        assert_eq!(stolen.error(), (400, "invalidCursor".to_owned()));
        assert_eq!(kept(&two, "globex"), before, "not a byte of theirs changed");
        let members = two.acme.members(&mine.1);
        assert!(theirs.ids.iter().all(|id| !members.contains(id)), "{members:?}");
        println!(
            "{profile}: {n_requests} requests, each with an id of another organization and with nobody's"
        );
    }
}

/// An id that nothing has.
pub(crate) fn uuid() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("01a20bb1-a8b6-749c-8e7a-{:012x}", 0x5eed_0000 + NEXT.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn r_533_what_an_identity_provider_numbers_is_an_organizations_own() {
    let two = Two::start("standard");
    let (ours, theirs) = (fill(&two.acme), fill(&two.globex));

    for (client, mine) in [(&two.acme, &ours), (&two.globex, &theirs)] {
        assert_eq!(client.get("/Users?count=0").json()["totalResults"], 2);
        assert_eq!(client.get("/Groups?count=0").json()["totalResults"], 2);
        assert_eq!(client.get("/?count=0").json()["totalResults"], 4);
        for query in ["externalId%20eq%20%221%22", "userName%20eq%20%22grace%22", "emails%20co%20%22grace%22"]
        {
            let found = client.get(&format!("/Users?filter={query}")).json();
            assert_eq!(found["totalResults"], 1, "{query}");
            assert_eq!(found["Resources"][0]["id"], mine.ids[1], "{query}");
        }
        let listed = client.get("/?count=1000").json().to_string();
        let foreign = if mine.ids == ours.ids { &theirs.ids } else { &ours.ids };
        assert!(foreign.iter().all(|id| !listed.contains(id.as_str())));
    }
}

#[test]
fn r_535_a_name_that_another_organization_uses_is_free() {
    let two = Two::start("standard");
    for client in [&two.acme, &two.globex] {
        client.user("grace");
        client.group("Compilers", &[]);
        let again = client.post("/Users", &json!({"schemas": [USER], "userName": "GRACE"}));
        assert_eq!(again.error(), (409, "uniqueness".to_owned()));
        let again = client.post("/Groups", &json!({"schemas": [GROUP], "displayName": "compilers"}));
        assert_eq!(again.error(), (409, "uniqueness".to_owned()));
    }
}

#[test]
fn r_534_ids_of_two_organizations_never_meet() {
    let two = Two::start("standard");
    for n in 0..20 {
        two.acme.user(&format!("u{n}"));
        two.globex.user(&format!("u{n}"));
    }
    let (all, distinct) = ("SELECT count(*) FROM users", "SELECT count(DISTINCT id) FROM users");
    assert_eq!((two.database.number(all), two.database.number(distinct)), (40, 40));
}

#[test]
fn r_530_a_path_may_name_the_organization_and_its_answers_then_do_too() {
    let two = Two::start("strict");
    let id = two.acme.user("ada");
    let named = Client { root: format!("{}/o/acme", two.program.client.root), token: two.acme.token.clone() };

    let (plain, under) = (two.acme.get(&format!("/Users/{id}")), named.get(&format!("/Users/{id}")));
    assert_eq!((plain.status, under.status), (200, 200));
    assert_eq!(plain.json()["userName"], under.json()["userName"]);
    let place = format!("{}/scim/v2/Users/{id}", named.root);
    assert_eq!(under.json()["meta"]["location"], place, "R-536");
    assert_eq!(under.header("Location"), place);
    let made = named.post("/Users", &json!({"schemas": [USER], "userName": "grace"}));
    assert!(made.header("Location").starts_with(&format!("{}/scim/v2/Users/", named.root)));
    let described = named.get("/ResourceTypes/User").json();
    assert_eq!(described["meta"]["location"], format!("{}/scim/v2/ResourceTypes/User", named.root));
    let anonymous = [("Authorization", "")];
    let nobody = Client { root: format!("{}/o/nobody", two.program.client.root), ..named.clone() };
    for path in ["/Schemas", "/Users"] {
        let (known, unknown) =
            (named.send("GET", path, &anonymous, &[]), nobody.send("GET", path, &anonymous, &[]));
        let names = |reply: &crate::support::Reply| {
            String::from_utf8_lossy(&reply.body).replace("/o/nobody/", "/o/acme/")
        };
        assert_eq!(
            (known.status, names(&known)),
            (unknown.status, names(&unknown)),
            "who exists is not told"
        );
    }
}

#[test]
fn r_531_a_token_of_one_organization_finds_nothing_under_the_name_of_another() {
    let two = Two::start("strict");
    let id = two.globex.user("ada");
    let root = &two.program.client.root;
    let crossed = Client { root: format!("{root}/o/globex"), token: two.acme.token.clone() };
    let nobody = Client { root: format!("{root}/o/nobody"), ..crossed.clone() };

    for path in ["/Users", "/Schemas", "/Bulk", "/nonsense", &format!("/Users/{id}")] {
        let (refused, unknown) = (crossed.get(path), nobody.get(path));
        assert_eq!(refused.error(), (404, String::new()), "{path}");
        assert_eq!(refused.body, unknown.body, "{path}");
    }
}

#[test]
fn r_536_every_address_in_an_answer_is_under_the_path_that_was_asked() {
    let two = Two::start("standard");
    fill(&two.acme);
    let root = &two.program.client.root;
    let named = Client { root: format!("{root}/o/acme"), token: two.acme.token.clone() };

    for (client, base) in [(&two.acme, format!("{root}/scim/v2")), (&named, format!("{root}/o/acme/scim/v2"))]
    {
        let listed = client.get("/?count=1000").json().to_string();
        let mut n_addresses = 0;
        for (at, _) in listed.match_indices("\"http") {
            let address = &listed[at + 1..];
            assert!(address.starts_with(&base), "{}", &address[..80]);
            n_addresses += 1;
        }
        assert!(n_addresses > 8, "{n_addresses}");
    }
}

#[test]
fn r_515_an_organization_has_schemas_and_connections_of_its_own() {
    let two = Two::start("strict");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("schema.json");
    let urn = "urn:example:scim:schemas:extension:badge:2.0:User";
    std::fs::write(
        &file,
        json!({"id": urn, "name": "Badge", "attributes": [{"name": "number"}]}).to_string(),
    )
    .unwrap();
    let add = ["schema", "add", file.to_str().unwrap(), "--organization", "globex", "--json"];
    json(&roster(&two.database.setting(), &add));

    assert_eq!(two.globex.get(&format!("/Schemas/{urn}")).status, 200);
    let (hidden, missing) = (
        two.acme.get(&format!("/Schemas/{urn}")),
        two.acme.get("/Schemas/urn:example:scim:schemas:extension:nothing:2.0:User"),
    );
    assert_eq!((hidden.status, &hidden.body), (404, &missing.body));
    let body = json!({"schemas": [USER, urn], "userName": "ada", urn: {"number": "1"}});
    assert_eq!(two.acme.post("/Users", &body).error(), (400, "invalidSyntax".to_owned()));
    assert_eq!(two.globex.post("/Users", &body).status, 201);
    let listed =
        json(&roster(&two.database.setting(), &["connection", "list", "--organization", "acme", "--json"]));
    assert_eq!(listed.as_array().unwrap().len(), 1);
    for wrong in ["nobody", "Acme", ""] {
        let refused = roster(&two.database.setting(), &["connection", "list", "--organization", wrong]);
        assert!(!refused.status.success(), "{wrong}");
    }
    for wrong in ["acme", "A", "1st", "", "a_b", &"x".repeat(41)] {
        assert!(
            !roster(&two.database.setting(), &["organization", "create", wrong]).status.success(),
            "{wrong}"
        );
    }
}
