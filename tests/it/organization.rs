//! Roles, seats and team roles over SCIM: what the organization's rules promise whoever provisions.

use crate::support::{Client, ORGANIZATION, Server, USER};
use serde_json::{Value, json};
use std::thread;

/// The server's organization decides this.
fn decide(server: &Server, settings: &Value) {
    server.database.ask(&format!("UPDATE organizations SET settings = '{settings}'"));
}

fn create(client: &Client, name: &str, extension: &Value) -> (u16, Value) {
    let body = json!({"schemas": [USER, ORGANIZATION], "userName": name, ORGANIZATION: extension});
    let made = client.post("/Users", &body);
    (made.status, made.json())
}

#[track_caller]
fn made(client: &Client, name: &str, extension: &Value) -> String {
    let (status, body) = create(client, name, extension);
    assert_eq!(status, 201, "{body}");
    body["id"].as_str().unwrap().to_owned()
}

fn seen(client: &Client, id: &str) -> Value {
    client.get(&format!("/Users/{id}")).json()[ORGANIZATION].clone()
}

#[test]
fn everybody_new_is_a_member_with_a_full_seat() {
    let server = Server::standard();
    let client = &server.client;

    let ada = client.user("ada@example.com");

    assert_eq!(
        seen(client, &ada),
        json!({"organizationRole": "member", "seat": "full", "accountType": "user", "source": "scim"})
    );
}

#[test]
fn an_organization_role_changes_by_path_in_any_case_and_a_wrong_one_is_refused_by_name() {
    let server = Server::standard();
    let client = &server.client;
    let ada = format!("/Users/{}", client.user("ada"));

    let bare = client.patch(&ada, &json!([{"op": "replace", "path": "organizationRole", "value": "Admin"}]));
    assert_eq!(bare.json()[ORGANIZATION]["organizationRole"], "admin", "{}", bare.json());
    let found = client.get(
        &format!("/Users?filter={ORGANIZATION}:organizationRole eq \"ADMIN\"")
            .replace(' ', "%20")
            .replace('"', "%22"),
    );
    assert_eq!(found.json()["totalResults"], 1);

    let path = format!("{ORGANIZATION}:organizationRole");
    let wrong = client.patch(&ada, &json!([{"op": "replace", "path": path, "value": "boss"}]));
    assert_eq!(wrong.error(), (400, "invalidValue".to_owned()));
    assert!(wrong.json()["detail"].as_str().unwrap().contains("(admin, member, viewer), found boss"));
}

#[test]
fn r_441_the_last_active_admin_stays_one_on_every_route() {
    let server = Server::standard();
    let client = &server.client;
    let ada = made(client, "ada", &json!({"organizationRole": "admin"}));
    let path = format!("/Users/{ada}");
    let routes: [(&str, Value); 5] = [
        ("demoted", json!([{"op": "replace", "path": "organizationRole", "value": "member"}])),
        ("role removed", json!([{"op": "remove", "path": "organizationRole"}])),
        ("deactivated", json!([{"op": "replace", "value": {"active": false}}])),
        ("deactivated by text", json!([{"op": "Replace", "path": "active", "value": "False"}])),
        (
            "demoted at second thought",
            json!([
                {"op": "replace", "path": "displayName", "value": "Ada"},
                {"op": "replace", "path": "organizationRole", "value": "viewer"},
            ]),
        ),
    ];

    for (route, operations) in routes {
        assert_eq!(client.patch(&path, &operations).error().0, 409, "{route}");
    }
    let put = json!({"schemas": [USER], "userName": "ada", "active": false});
    assert_eq!(client.put(&path, &put).error().0, 409);
    assert_eq!(client.delete(&path).error().0, 409);
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [{"method": "DELETE", "path": path}]});
    assert_eq!(client.post("/Bulk", &bulk).json()["Operations"][0]["status"], "409");
    let shown = client.get(&path).json();
    assert_eq!((&shown["active"], shown.get("displayName")), (&json!(true), None), "nothing of it happened");

    made(client, "grace", &json!({"organizationRole": "admin"}));
    assert_eq!(client.delete(&path).status, 204, "with another admin it may go");
}

#[test]
fn two_admins_who_leave_at_once_leave_one_behind() {
    let server = Server::standard();
    let client = &server.client;
    let admin = json!({"organizationRole": "admin"});
    let mut last = made(client, "first", &admin);

    for round in 0..10 {
        let other = made(client, &format!("other{round}"), &admin);
        let pair = [last, other];
        let gone: Vec<bool> = thread::scope(|scope| {
            let leave = |id: &String| client.delete(&format!("/Users/{id}")).status == 204;
            let both: Vec<_> = pair.iter().map(|id| scope.spawn(move || leave(id))).collect();
            both.into_iter().map(|one| one.join().unwrap()).collect()
        });

        let stayed: Vec<&String> =
            pair.iter().zip(&gone).filter(|(_, gone)| !**gone).map(|(id, _)| id).collect();
        assert_eq!(stayed.len(), 1, "round {round}: {gone:?}");
        assert_eq!(seen(client, stayed[0])["organizationRole"], "admin");
        last = stayed[0].clone();
    }
}

#[test]
fn r_174_of_a_hundred_who_want_the_last_seven_seats_seven_get_one() {
    let server = Server::standard();
    decide(&server, &json!({"license": {"full": 7}}));
    let client = &server.client;

    let answers: Vec<(u16, Value)> = thread::scope(|scope| {
        let all: Vec<_> = (0..100)
            .map(|n| scope.spawn(move || create(client, &format!("user{n}@example.com"), &json!({}))))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });

    let created = answers.iter().filter(|(status, _)| *status == 201).count();
    let refused: Vec<&Value> =
        answers.iter().filter(|(status, _)| *status == 403).map(|(_, body)| &body["detail"]).collect();
    assert_eq!((created, refused.len()), (7, 93));
    for detail in refused {
        assert!(detail.as_str().unwrap().starts_with("Seat limit reached: 7 of 7 full seats"), "{detail}");
    }
    assert_eq!(client.get("/Users?count=0").json()["totalResults"], 7);
}

#[test]
fn a_seat_is_free_once_somebody_is_deactivated_and_asked_for_again_by_who_comes_back() {
    let server = Server::standard();
    decide(&server, &json!({"license": {"full": 1, "viewer": 1}}));
    let client = &server.client;
    let ada = format!("/Users/{}", client.user("ada"));
    assert_eq!(create(client, "grace", &json!({})).0, 403);
    let viewer = made(client, "joan", &json!({"seat": "viewer"}));
    let none = made(client, "none", &json!({"seat": "none"}));

    client.patch(&ada, &json!([{"op": "replace", "path": "active", "value": false}]));
    let grace = format!("/Users/{}", client.user("grace"));

    let back = client.patch(&ada, &json!([{"op": "replace", "path": "active", "value": true}]));
    assert_eq!(back.error().0, 403);
    let raised = json!([{"op": "replace", "path": "seat", "value": "full"}]);
    assert_eq!(client.patch(&format!("/Users/{viewer}"), &raised).error().0, 403);
    assert_eq!(client.delete(&grace).status, 204);
    assert_eq!(client.patch(&format!("/Users/{none}"), &raised).status, 200);
    assert_eq!(seen(client, &none)["seat"], "full");
}

#[test]
fn q_084_an_organization_may_take_people_in_without_a_seat() {
    let server = Server::standard();
    decide(&server, &json!({"license": {"full": 1}, "seatOverflow": "none"}));
    let client = &server.client;

    let (ada, grace) = (client.user("ada"), client.user("grace"));

    assert_eq!(seen(client, &ada)["seat"], "full");
    assert_eq!(seen(client, &grace)["seat"], "none");
}

#[test]
fn what_an_identity_provider_does_not_speak_of_stays() {
    let server = Server::standard();
    let client = &server.client;
    let ada = made(client, "ada", &json!({"organizationRole": "admin", "seat": "viewer"}));

    let put = json!({"schemas": [USER], "userName": "ada", "displayName": "Ada"});
    assert_eq!(client.put(&format!("/Users/{ada}"), &put).status, 200);
    let part = json!({"schemas": [USER, ORGANIZATION], "userName": "ada", ORGANIZATION: {"seat": "full"}});
    assert_eq!(client.put(&format!("/Users/{ada}"), &part).status, 200);

    let standing = seen(client, &ada);
    assert_eq!((&standing["organizationRole"], &standing["seat"]), (&json!("admin"), &json!("full")));
}

#[test]
fn a_service_account_is_not_made_by_scim() {
    let server = Server::standard();

    let (status, body) = create(&server.client, "robot", &json!({"accountType": "ORG_SERVICE"}));

    assert_eq!(status, 400);
    assert!(body["detail"].as_str().unwrap().contains("/api/v1/service-accounts"), "{body}");
}

/// The user's roles in teams, as answered.
fn team_roles(client: &Client, user: &str) -> Value {
    seen(client, user)["teamRoles"].clone()
}

#[test]
fn a_team_role_is_assigned_by_name_and_only_where_it_is_named() {
    let server = Server::standard();
    let client = &server.client;
    let ada = client.user("ada");
    client.group("audio", std::slice::from_ref(&ada));
    client.group("vision", std::slice::from_ref(&ada));
    client.group("text", &[]);
    let path = format!("/Users/{ada}");
    let replace =
        |value: Value| client.patch(&path, &json!([{"op": "replace", "path": "teamRoles", "value": value}]));

    let changed = replace(json!([{"teamName": "VISION", "roleName": "Admin"}]));

    assert_eq!(changed.status, 200, "{}", changed.json());
    let both =
        json!([{"teamName": "audio", "roleName": "member"}, {"teamName": "vision", "roleName": "admin"}]);
    assert_eq!(team_roles(client, &ada), both);
    let outside = replace(json!([{"teamName": "text", "roleName": "member"}]));
    assert_eq!(outside.error(), (400, "invalidValue".to_owned()));
    assert!(outside.json()["detail"].as_str().unwrap().contains("an add makes the user a member"));
    let unknown = replace(json!([{"teamName": "visoin", "roleName": "member"}]));
    assert!(
        unknown.json()["detail"].as_str().unwrap().contains("the nearest is \"vision\""),
        "{}",
        unknown.json()
    );
    let no_role = replace(json!([{"teamName": "vision", "roleName": "membre"}]));
    assert!(
        no_role.json()["detail"].as_str().unwrap().contains("the nearest is \"member\""),
        "{}",
        no_role.json()
    );
    assert_eq!(team_roles(client, &ada), both, "nothing of what was refused happened");
}

#[test]
fn a_team_role_that_is_added_makes_a_member_and_one_removed_ends_it() {
    let server = Server::standard();
    let client = &server.client;
    let ada = client.user("ada");
    let vision = client.group("vision", &[]);
    let path = format!("/Users/{ada}");
    let version = client.get(&format!("/Groups/{vision}")).header("ETag").to_owned();

    let add =
        json!([{"op": "add", "path": "teamRoles", "value": [{"teamName": "vision", "roleName": "viewer"}]}]);
    assert_eq!(client.patch(&path, &add).status, 200);

    assert_eq!(client.members(&vision), [ada.as_str()]);
    assert_ne!(client.get(&format!("/Groups/{vision}")).header("ETag"), version);
    assert_eq!(team_roles(client, &ada), json!([{"teamName": "vision", "roleName": "viewer"}]));
    let remove = json!([{"op": "remove", "path": "teamRoles[teamName eq \"vision\"]"}]);
    assert_eq!(client.patch(&path, &remove).status, 200);
    assert!(client.members(&vision).is_empty() && team_roles(client, &ada).is_null());
}

#[test]
fn a_group_push_never_demotes_and_gives_newcomers_the_default_role() {
    let server = Server::standard();
    let client = &server.client;
    let (ada, grace) = (client.user("ada"), client.user("grace"));
    let vision = client.group("vision", std::slice::from_ref(&ada));
    let admin = json!([{"op": "replace", "path": "teamRoles", "value": [{"teamName": "vision", "roleName": "admin"}]}]);
    client.patch(&format!("/Users/{ada}"), &admin);
    let path = format!("/Groups/{vision}");
    let default = "urn:roster:scim:schemas:extension:organization:1.0:Group:defaultRole";
    let set = client.patch(&path, &json!([{"op": "replace", "path": default, "value": "viewer"}]));
    assert_eq!(set.status, 200, "{}", set.json());

    let all = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "vision",
        "members": [{"value": ada}, {"value": grace}]});
    assert_eq!(client.put(&path, &all).status, 200);

    assert_eq!(team_roles(client, &ada)[0]["roleName"], "admin");
    assert_eq!(team_roles(client, &grace)[0]["roleName"], "viewer");
}

#[test]
fn a_teams_storage_is_checked_kept_and_never_changed() {
    let server = Server::standard();
    let client = &server.client;
    let extension = "urn:roster:scim:schemas:extension:organization:1.0:Group";
    let group = |name: &str, storage: Value| {
        client.post(
            "/Groups",
            &json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", extension],
            "displayName": name, extension: {"storage": storage}}),
        )
    };

    let wrong = group("vision", json!({"provider": "aws", "name": "b"}));
    assert_eq!(wrong.error(), (400, "invalidValue".to_owned()));
    assert!(
        wrong.json()["detail"].as_str().unwrap().contains("COREWEAVE, AWS, AZURE, GCP, MINIO, found aws")
    );
    assert_eq!(group("vision", json!({"provider": "AWS"})).error().0, 400);
    let made = group("vision", json!({"provider": "AWS", "name": "bucket", "path": "runs/v1"}));
    assert_eq!(made.status, 201, "{}", made.json());

    let path = format!("/Groups/{}", made.json()["id"].as_str().unwrap());
    let other = json!([{"op": "replace", "path": format!("{extension}:storage.name"), "value": "other"}]);
    assert_eq!(client.patch(&path, &other).error(), (400, "mutability".to_owned()));
    assert_eq!(client.get(&path).json()[extension]["storage"]["name"], "bucket");
}
