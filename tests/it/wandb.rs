//! W&B's documented calls against the profile `wandb`: its scripts send these and look for those shapes. The calls are
//! numbered as W&B's reference has them; E12, the exchange of a token, is in `exchange.rs`.

use crate::{
    commands::{json as told, roster},
    database::Database,
    support::{Client, GROUP, ORGANIZATION, PATCH_OP, Program, Reply, Server, USER},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use roster::scim::Profile;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const ROLE: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const TEAMS: &str = "urn:ietf:params:scim:schemas:extension:teams:2.0:User";
const WANDB_GROUP: &str = "urn:ietf:params:scim:schemas:extension:wandb:2.0:Group";
const WANDB: &str = "urn:ietf:params:scim:schemas:extension:wandb:2.0:User";

/// A server whose keys are answered as W&B answers them, and a script with the key of an admin.
struct Script {
    client: Client,
    authorization: String,
    key: String,
    organization: String,
    _program: Program,
    database: Database,
}

impl Script {
    fn start() -> Self {
        let database = Database::fresh();
        let program = Program::serve(&database.setting());
        let run = |words: &[&str]| told(&roster(&database.setting(), words));
        run(&["user", "create", "ada", "--role", "admin", "--email", "ada@orion.example", "--json"]);
        let key = run(&["key", "create", "ada", "--name", "script", "--json"]);
        let key = key["secret"].as_str().unwrap().to_owned();
        run(&["setting", "set", "keyProfile", "wandb", "--json"]);
        let organization = database.ask("SELECT id FROM organizations").remove(0).remove(0);
        Self {
            client: program.client.clone(),
            authorization: format!("Basic {}", STANDARD.encode(format!("ada:{key}"))),
            key,
            organization,
            _program: program,
            database,
        }
    }

    fn run(&self, words: &[&str]) -> Value {
        told(&roster(&self.database.setting(), words))
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        self.with(method, path, &[], body)
    }

    fn with(&self, method: &str, path: &str, more: &[(&str, &str)], body: &Value) -> Reply {
        let mut headers =
            vec![("Authorization", self.authorization.as_str()), ("Content-Type", "application/json")];
        headers.extend(more);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.client.raw(method, path, &headers, text.as_bytes())
    }

    fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &Value::Null)
    }

    /// Does one operation and hands back the resource.
    #[track_caller]
    fn patch(&self, path: &str, operation: &Value) -> Value {
        let reply = self.send("PATCH", path, &json!({"schemas": [PATCH_OP], "Operations": [operation]}));
        assert_eq!(reply.status, 200, "{operation}: {}", reply.json());
        reply.json()
    }

    #[track_caller]
    fn made(&self, path: &str, body: &Value) -> Value {
        let reply = self.send("POST", path, body);
        assert_eq!(reply.status, 201, "{}", reply.json());
        assert!(reply.header("Location").ends_with(reply.json()["id"].as_str().unwrap()));
        reply.json()
    }

    fn grace(&self) -> Value {
        self.made("/scim/Users", &json!({
            "schemas": [USER], "userName": "grace-h", "emails": [{"primary": true, "value": "grace@orion.example"}],
            "modelsSeat": "viewer", "weaveRole": "full",
        }))
    }

    fn vision(&self, members: &Value) -> Value {
        self.made(
            "/scim/Groups",
            &json!({
                "schemas": [GROUP], "displayName": "vision", "members": members,
                "storageBucket": {
                    "name": "orion-vision", "provider": "AWS", "path": "runs/v1",
                    "kmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/0f0f", "awsExternalId": "orion-x1",
                },
            }),
        )
    }

    fn machine(&self, name: &str, kind: &str) -> Value {
        self.made("/scim/Users", &json!({
            "schemas": [USER, TEAMS], "userName": name, "accountType": kind, TEAMS: {"defaultTeam": "vision"},
        }))
    }
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

/// A resource as the documented ones are written down: `meta` is looked at, and only what does not differ from run to run
/// stays of it.
#[track_caller]
fn shape(mut resource: Value) -> Value {
    let meta = resource["meta"].take();
    for name in ["created", "lastModified"] {
        assert!(OffsetDateTime::parse(meta[name].as_str().unwrap(), &Rfc3339).is_ok(), "{meta}");
    }
    assert!(meta["version"].as_str().unwrap().starts_with("W/\""), "{meta}");
    assert_eq!(meta.as_object().unwrap().len(), 5, "{meta}");
    resource["meta"] = json!({"resourceType": meta["resourceType"], "location": meta["location"]});
    resource
}

#[test]
fn e_1_a_person_is_made() {
    let script = Script::start();

    let grace = script.grace();

    let id = id(&grace).to_owned();
    assert_eq!(
        shape(grace),
        json!({
            "schemas": [USER], "id": id, "userName": "grace-h", "displayName": "Grace H", "active": true,
            "emails": [{"primary": true, "value": "grace@orion.example"}],
            "organizationRole": "member", "modelsSeat": "viewer", "accountType": "USER", "teamRoles": [],
            "daysActive": 0, "lastActiveAt": null,
            "meta": {"resourceType": "User", "location": format!("Users/{id}")},
        })
    );
}

#[test]
fn e_2_a_person_is_read_and_the_old_shape_of_addresses_is_understood() {
    let script = Script::start();
    let grace = script.grace();
    let path = format!("/scim/Users/{}", id(&grace));

    // W-222
    for name in [id(&grace), "grace-h", "GRACE-H", "grace@orion.example"] {
        let found = script.get(&format!("/scim/Users/{name}"));
        assert_eq!((found.status, found.json()), (200, grace.clone()), "{name}");
    }
    assert_eq!(script.get("/scim/Users/nobody@orion.example").error().0, 404);

    // what is sent back as it was answered decides nothing, not even the name that was only suggested
    assert_eq!(script.send("PUT", &path, &grace).json(), grace);
    // whose user name it is comes before whose address it is, and a handle is none of them
    script.made("/scim/Users", &json!({
        "schemas": [USER], "userName": "eve@orion.example", "emails": [{"value": "grace-h"}, {"value": "grace@orion.example"}],
    }));
    assert_eq!(script.get("/scim/Users/grace-h").json()["id"], grace["id"]);
    assert_eq!(script.get("/scim/Users/grace@orion.example").status, 404, "of two nobody is meant");
    assert_eq!(script.send("DELETE", "/scim/Users/eve", &Value::Null).status, 404);
    assert_eq!(script.send("DELETE", "/scim/Users/eve@orion.example", &Value::Null).status, 204);

    let manager =
        json!({"op": "add", "path": format!("{ENTERPRISE}:manager"), "value": {"value": grace["id"]}});
    let reports = script.patch("/scim/Users/ada", &manager);
    let reference = reports[ENTERPRISE]["manager"]["$ref"].as_str().unwrap().to_owned();
    assert!(reference.starts_with(&script.client.root), "{reference}");
    let ada = script.get("/scim/Users/ada").json();
    assert_eq!((&ada["daysActive"], &ada["organizationRole"]), (&json!(1), &json!("admin")));
    assert!(OffsetDateTime::parse(ada["lastActiveAt"].as_str().unwrap(), &Rfc3339).is_ok(), "{ada}");

    let old = json!({"Value": "g.hopper@orion.example", "Display": "", "Type": "", "Primary": true});
    let mut sent = grace;
    sent["emails"] = old;
    let put = script.send("PUT", &path, &sent);
    assert_eq!(
        put.json()["emails"],
        json!([{"value": "g.hopper@orion.example", "primary": true}]),
        "{}",
        put.json()
    );
}

#[test]
fn e_3_a_person_is_made_within_teams() {
    let script = Script::start();
    let vision = script.vision(&json!([]));
    script.run(&["team", "change", "vision", "--default-role", "viewer", "--json"]);

    let made = script.made("/api/scim/Users", &json!({
        "schemas": [USER, TEAMS], "userName": "grace-h", "emails": [{"primary": true, "value": "grace@orion.example"}],
        TEAMS: {"teams": ["vision"]},
    }));

    assert_eq!(made["organizationRole"], "member");
    assert_eq!(made["teamRoles"], json!([{"teamName": "vision", "roleName": "viewer"}]));
    assert_eq!(made["groups"], json!([{"value": vision["id"]}]));
    assert_eq!(made["schemas"], json!([USER]));
    // what is about the moment of making says nothing in a PUT
    script.patch(
        "/scim/Users/grace-h",
        &json!({
            "op": "replace", "path": "teamRoles", "value": [{"teamName": "vision", "roleName": "admin"}],
        }),
    );
    let mut sent = made.clone();
    sent[TEAMS] = json!({"teams": ["vision"]});
    sent.as_object_mut().unwrap().remove("teamRoles");
    let put = script.send("PUT", "/scim/Users/grace-h", &sent).json();
    assert_eq!(put["teamRoles"], json!([{"teamName": "vision", "roleName": "admin"}]));

    let unknown = script.send(
        "POST",
        "/scim/Users",
        &json!({
            "schemas": [USER, TEAMS], "userName": "ben", TEAMS: {"teams": ["visoin"]},
        }),
    );
    assert_eq!(unknown.error(), (400, "invalidValue".to_owned()));
    assert!(unknown.json()["detail"].as_str().unwrap().contains("vision"), "{}", unknown.json());
    assert_eq!(script.get("/scim/Users/ben").status, 404);
}

#[test]
fn e_4_people_and_machines_are_listed() {
    let script = Script::start();
    let (grace, vision) = (script.grace(), script.vision(&json!([])));
    let machine = script.machine("sa-nightly", "SERVICE");

    let found = script.get("/scim/Users?filter=emails.value%20eq%20%22grace@orion.example%22").json();
    assert_eq!(
        found,
        json!({
            "schemas": [LIST], "totalResults": 1, "itemsPerPage": 9999, "startIndex": 1, "Resources": [grace],
        })
    );
    let all = script.get("/scim/Users").json();
    assert_eq!((&all["totalResults"], &all["itemsPerPage"]), (&json!(3), &json!(9999)));
    let names: Vec<&Value> = all["Resources"].as_array().unwrap().iter().map(|it| &it["userName"]).collect();
    assert_eq!(names, ["ada", "grace-h", "sa-nightly"]);
    for (filter, name) in [
        ("accountType eq \"SERVICE\"", "sa-nightly"),
        ("userName eq \"SA-nightly\"", "sa-nightly"),
        ("displayName eq \"sa-nightly\"", "sa-nightly"),
        ("modelsSeat eq \"viewer\"", "grace-h"),
        ("organizationRole eq \"admin\"", "ada"),
    ] {
        let found = script
            .get(&format!("/scim/Users?filter={}", filter.replace(' ', "+").replace('"', "%22")))
            .json();
        assert_eq!(
            (&found["totalResults"], &found["Resources"][0]["userName"]),
            (&json!(1), &json!(name)),
            "{filter}"
        );
    }
    // what an index finds and what a look finds is the same
    for filter in
        [format!("groups.value eq {}", vision["id"]), format!("not (groups.value ne {})", vision["id"])]
    {
        let filter = filter.replace(' ', "+").replace('"', "%22");
        assert_eq!(
            script.get(&format!("/scim/Users?filter={filter}+and+groups+pr")).json()["totalResults"],
            0
        );
    }
    let none = script.get("/scim/Groups?filter=displayName+eq+%22visoin%22").json();
    assert_eq!((&none["totalResults"], &none["Resources"]), (&json!(0), &json!([])));
    let teams = script.get("/scim/Groups?filter=displayName+eq+%22vision%22").json();
    assert_eq!(teams["Resources"], json!([vision]));

    // whoever pages is told what a page holds
    let page = script.get("/scim/Users?startIndex=3&count=2&sortBy=userName").json();
    assert_eq!((&page["itemsPerPage"], &page["startIndex"]), (&json!(1), &json!(3)));
    assert_eq!(page["Resources"], json!([machine]));
    let narrow = script.get("/scim/Users?attributes=userName,modelsSeat&count=2").json();
    assert_eq!(
        narrow["Resources"][0],
        json!({
            "schemas": [USER], "id": all["Resources"][0]["id"], "userName": "ada", "modelsSeat": "full",
        })
    );
    let cursor = script.get("/scim/Users?cursor&count=2").json();
    assert_eq!(cursor["totalResults"], 3);
    let rest = format!("/scim/Users?count=2&cursor={}", cursor["nextCursor"].as_str().unwrap());
    assert_eq!(script.get(&rest).json()["Resources"], json!([machine]));
    let everything = script.get("/scim/").json();
    assert_eq!((&everything["totalResults"], &everything["itemsPerPage"]), (&json!(4), &json!(9999)));
}

#[test]
fn e_4_a_list_holds_more_than_a_page() {
    let script = Script::start();
    let members: Vec<Value> = (0..1_100)
        .map(|n| {
            json!({
                "method": "POST", "path": "/Users", "bulkId": n.to_string(),
                "data": {"schemas": [USER], "userName": format!("user-{n}")},
            })
        })
        .collect();
    for some in members.chunks(550) {
        let bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
        let made = script.send("POST", "/scim/Bulk", &json!({"schemas": [bulk], "Operations": some}));
        assert_eq!(made.status, 200, "{}", made.json());
    }

    let all = script.get("/scim/Users").json();

    assert_eq!((&all["totalResults"], all["Resources"].as_array().unwrap().len()), (&json!(1_101), 1_101));
    let config = script.get("/scim/ServiceProviderConfig").json();
    assert_eq!(config["filter"]["maxResults"], 9999);
}

#[test]
fn e_5_people_are_changed() {
    let script = Script::start();
    let grace = script.grace();
    let path = format!("/scim/Users/{}", id(&grace));
    script.vision(&json!([{"value": id(&grace)}]));
    script.made("/scim/Roles", &role("Run janitor", &["run:stop", "run:delete"]));
    let replace = |path: &str, value: Value| json!({"op": "replace", "path": path, "value": value});

    let inactive = script.patch(&path, &json!({"op": "replace", "value": {"active": false}}));
    assert_eq!(inactive["active"], false);
    assert_eq!(script.patch(&path, &json!({"op": "replace", "value": {"active": true}}))["active"], true);
    let emails = json!([{"value": "g.hopper@orion.example", "primary": true}]);
    assert_eq!(script.patch(&path, &replace("emails", emails.clone()))["emails"], emails);
    assert_eq!(
        script.patch(&path, &replace("displayName", json!("Grace Hopper")))["displayName"],
        "Grace Hopper"
    );
    let admin = script.patch(&path, &replace("organizationRole", json!("Admin")));
    assert_eq!(admin["organizationRole"], "admin");
    assert_eq!(admin["teamRoles"], json!([{"teamName": "vision", "roleName": "member"}]));
    assert_eq!(script.patch(&path, &replace("modelsSeat", json!("none")))["modelsSeat"], "none");
    let roles = json!([{"teamName": "vision", "roleName": "Run janitor"}]);
    assert_eq!(script.patch(&path, &replace("teamRoles", roles.clone()))["teamRoles"], roles);

    // what W&B alone has is left out: the answer is the user, as it was
    let before = script.get(&path).json();
    for operation in [
        replace("weaveRole", json!("viewer")),
        json!({"op": "add", "path": "registryRoles",
               "value": [{"registryName": "golden-models", "roleName": "restricted_viewer"}]}),
        json!({"op": "remove", "path": "registryRoles[registryName eq \\\"golden-models\\\"]"}),
        json!({"op": "remove", "path": "registryRoles"}),
    ] {
        assert_eq!(script.patch(&path, &operation), before, "{operation}");
    }
    let seat = replace(&format!("{WANDB}:modelsSeat"), json!("full"));
    assert_eq!(script.patch(&path, &seat)["modelsSeat"], "full");
    let whole =
        json!({"op": "add", "value": {WANDB: {"organizationRole": "member", "modelsSeat": "viewer"}}});
    let changed = script.patch(&path, &whole);
    assert_eq!((&changed["organizationRole"], &changed["modelsSeat"]), (&json!("member"), &json!("viewer")));
    let twice = json!({"op": "replace", "value": {"organizationRole": "member", WANDB: {"organizationRole": "admin"}}});
    let body = json!({"schemas": [PATCH_OP], "Operations": [twice]});
    assert_eq!(script.send("PATCH", &path, &body).error(), (400, "invalidSyntax".to_owned()));
    for (path_of, value) in
        [("organizationRole", json!("boss")), ("modelsSeat", json!("window")), ("modelsseet", json!("none"))]
    {
        let body = json!({"schemas": [PATCH_OP], "Operations": [replace(path_of, value)]});
        assert_eq!(script.send("PATCH", &path, &body).error().0, 400, "{path_of}");
    }
}

#[test]
fn e_6_machines_are_made_and_removed_and_nothing_else() {
    let script = Script::start();
    script.vision(&json!([]));

    let made = script.machine("sa-nightly", "ORG_SERVICE");

    let id = id(&made).to_owned();
    assert_eq!(
        shape(made.clone()),
        json!({
            "schemas": [USER, WANDB], "id": id, "userName": "sa-nightly", "displayName": "sa-nightly", "active": true,
            "accountType": "ORG_SERVICE", "organizationRole": "org_service",
            "teamRoles": [{"teamName": "vision", "roleName": "member"}],
            "daysActive": 0, "lastActiveAt": null,
            WANDB: {"organizationRole": "org_service"},
            "meta": {"resourceType": "User", "location": format!("Users/{id}")},
        })
    );
    assert_eq!(script.get("/scim/Users/sa-nightly").json(), made);
    let known = script.run(&["service-account", "list", "--json"]);
    assert_eq!(
        (&known["items"][0]["name"], &known["items"][0]["team"]),
        (&json!("sa-nightly"), &Value::Null)
    );
    let of_team = script.machine("sa-of-team", "service");
    assert_eq!(of_team["teamRoles"], json!([{"teamName": "vision", "roleName": "service"}]));

    let described = |more: Value| {
        let mut body = json!({
            "schemas": [USER, TEAMS], "userName": "sa-2", "accountType": "SERVICE", TEAMS: {"defaultTeam": "vision"},
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        script.send("POST", "/scim/Users", &body)
    };
    for (wrong, words) in [
        (json!({"modelsSeat": "full"}), "modelsSeat"),
        (json!({"weaveRole": "full"}), "weaveRole"),
        (json!({"organizationRole": "admin"}), "organizationRole"),
        (json!({"teamRoles": [{"teamName": "vision", "roleName": "admin"}]}), "teamRoles"),
        (json!({TEAMS: {}}), "defaultTeam"),
        (json!({TEAMS: {"defaultTeam": "visoin"}}), "vision"),
        (json!({"accountType": "ROBOT"}), "accountType"),
        (json!({"userName": " "}), "userName"),
        (json!({WANDB: {"modelsSeat": "full"}}), "modelsSeat"),
    ] {
        let refused = described(wrong.clone());
        assert_eq!(refused.error(), (400, "invalidValue".to_owned()), "{wrong}: {}", refused.json());
        assert!(refused.json()["detail"].as_str().unwrap().contains(words), "{wrong}: {}", refused.json());
    }
    assert_eq!(described(json!({"userName": "SA-nightly"})).error(), (409, "uniqueness".to_owned()));
    assert_eq!(described(json!({"userName": "ada"})).error(), (409, "uniqueness".to_owned()));
    script.run(&["setting", "set", "teamServiceAccountCreation", "false", "--json"]);
    assert_eq!(described(json!({})).status, 403);

    // W-236
    let path = format!("/scim/Users/{id}");
    let replace = json!({"op": "replace", "path": "displayName", "value": "x"});
    let patch = script.send("PATCH", &path, &json!({"schemas": [PATCH_OP], "Operations": [replace]}));
    assert_eq!(patch.error().0, 400);
    assert_eq!(script.send("PUT", &path, &made).error().0, 400);
    // W-246
    let team = script.get("/scim/Groups?filter=displayName+eq+%22vision%22").json()["Resources"][0].clone();
    assert_eq!(team["members"], Value::Null);

    let key = script.run(&["key", "create", "sa-nightly", "--name", "first", "--json"])["secret"].clone();
    let asks = |key: &Value| {
        let pair = STANDARD.encode(format!(":{}", key.as_str().unwrap()));
        let authorization = format!("Basic {pair}");
        script.client.raw("GET", "/api/scim/Users/ada", &[("Authorization", &authorization)], b"").status
    };
    assert_eq!(asks(&key), 200);
    let stale = [("If-Match", "W/\"7\"")];
    assert_eq!(script.with("DELETE", &path, &stale, &Value::Null).error().0, 412);
    assert_eq!(script.send("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(script.send("DELETE", &path, &Value::Null).error().0, 404);
    // W-155
    assert_eq!(asks(&key), 401);
    assert_eq!(script.get("/scim/Users?filter=displayName+eq+%22sa-nightly%22").json()["totalResults"], 0);
}

#[test]
fn e_7_teams_are_made_changed_and_emptied() {
    let script = Script::start();
    let (grace, ada) = (script.grace(), script.get("/scim/Users/ada").json());
    let member =
        |user: &Value, name: &str| json!({"Value": user["id"], "Ref": "", "Type": "", "Display": name});

    let made = script.vision(&json!([
        {"value": grace["id"]}, {"value": "ada@orion.example", "display": "ada@orion.example"},
    ]));

    let id = id(&made).to_owned();
    let path = format!("/scim/Groups/{id}");
    assert_eq!(
        shape(made.clone()),
        json!({
            "schemas": [GROUP], "id": id, "displayName": "vision",
            "members": [member(&grace, "grace-h"), member(&ada, "ada")],
            "meta": {"resourceType": "Group", "location": format!("Groups/{id}")},
        })
    );
    assert_eq!(script.get(&path).json(), made);
    let storage = script.run(&["team", "show", "vision", "--json"])["storage"].clone();
    assert_eq!((&storage["name"], &storage["provider"]), (&json!("orion-vision"), &json!("AWS")));
    // Display is the name that products use, whatever the person is called and in however many teams
    script.patch(
        "/scim/Users/grace-h",
        &json!({"op": "replace", "path": "displayName", "value": "Grace Hopper"}),
    );
    script.made(
        "/scim/Groups",
        &json!({"schemas": [GROUP], "displayName": "crew", "members": [{"value": grace["id"]}]}),
    );
    for team in script.get("/scim/Groups").json()["Resources"].as_array().unwrap() {
        assert_eq!(team["members"][0]["Display"], "grace-h", "{team}");
    }

    let gone =
        script.patch(&path, &json!({"op": "remove", "path": "members[value eq \"ada@orion.example\"]"}));
    assert_eq!(gone["members"], json!([member(&grace, "grace-h")]));
    let back = script.patch(&path, &json!({"op": "add", "path": "members", "value": [{"value": ada["id"]}]}));
    assert_eq!(back["members"].as_array().unwrap().len(), 2);
    assert_eq!(script.patch(&path, &json!({"op": "remove", "path": "members"}))["members"], Value::Null);
    let put = json!({"schemas": [GROUP], "displayName": "vision", "members": [{"value": ada["id"]}]});
    assert_eq!(script.send("PUT", &path, &put).json()["members"], json!([member(&ada, "ada")]));
    // what was answered can be sent back
    assert_eq!(
        script.send("PUT", &path, &script.get(&path).json()).json()["members"],
        json!([member(&ada, "ada")])
    );
    // W-249: a slip of the pen empties no team
    for ghost in ["ghost@orion.example", "grace-hopper"] {
        let put = json!({"schemas": [GROUP], "displayName": "vision", "members": [{"value": ghost}]});
        assert_eq!(script.send("PUT", &path, &put).error(), (400, "invalidValue".to_owned()));
        assert_eq!(script.get(&path).json()["members"], json!([member(&ada, "ada")]));
    }
    let wrong = script.send(
        "POST",
        "/scim/Groups",
        &json!({
            "schemas": [GROUP], "displayName": "b", "storageBucket": {"name": "b", "provider": "aws"},
        }),
    );
    assert_eq!(wrong.error(), (400, "invalidValue".to_owned()));
    assert!(wrong.json()["detail"].as_str().unwrap().contains("MINIO"), "{}", wrong.json());
}

fn role(name: &str, permissions: &[&str]) -> Value {
    let permissions: Vec<Value> = permissions.iter().map(|name| json!({"name": name})).collect();
    json!({
        "schemas": [ROLE], "name": name, "description": "may stop and delete runs", "permissions": permissions,
        "inheritedFrom": "viewer",
    })
}

#[test]
fn e_8_roles_are_made_and_changed() {
    let script = Script::start();

    let made = script.made("/scim/Roles", &role("Run janitor", &["run:stop", "run:delete"]));

    let id = id(&made).to_owned();
    let path = format!("/scim/Roles/{id}");
    let permissions = made["permissions"].as_array().unwrap().clone();
    let mut shown = shape(made.clone());
    shown["permissions"] = json!(null);
    assert_eq!(
        shown,
        json!({
            "schemas": [""], "id": id, "name": "Run janitor", "description": "may stop and delete runs",
            "inheritedFrom": "viewer", "organizationID": script.organization, "permissions": null,
            "meta": {"resourceType": "Role", "location": format!("Roles/{id}")},
        })
    );
    for (name, is_inherited) in [("artifact:read", true), ("run:stop", false), ("run:delete", false)] {
        assert!(permissions.contains(&json!({"name": name, "isInherited": is_inherited})), "{name}");
    }
    assert_eq!(script.get("/scim/Roles").json()["Resources"], json!([made]));
    let has = |role: &Value, name: &str| {
        role["permissions"].as_array().unwrap().contains(&json!({"name": name, "isInherited": false}))
    };
    let change = |op: &str| json!({"op": op, "path": "permissions", "value": [{"name": "project:update"}]});
    assert!(has(&script.patch(&path, &change("add")), "project:update"));
    assert!(!has(&script.patch(&path, &change("remove")), "project:update"));
    // what was answered can be sent back, `schemas` and all
    let put = script.send("PUT", &path, &made);
    assert_eq!((put.status, has(&put.json(), "run:stop")), (200, true), "{}", put.json());
}

#[test]
fn e_9_refusals_have_the_form_of_scim() {
    let script = Script::start();
    script.grace();
    let again = script.send("POST", "/scim/Users", &json!({"schemas": [USER], "userName": "Grace-H"}));
    assert_eq!(again.error(), (409, "uniqueness".to_owned()));
    script.run(&["setting", "set", "license.full", "1", "--json"]);
    let full = script.send("POST", "/scim/Users", &json!({"schemas": [USER], "userName": "ben"}));
    assert_eq!(full.error(), (403, String::new()));
    assert!(full.json()["detail"].as_str().unwrap().starts_with("Seat limit reached"), "{}", full.json());
    let last = script.send("DELETE", "/scim/Users/ada", &Value::Null);
    assert_eq!(last.error().0, 409, "the last admin stays");
    let nobody = script.client.raw("GET", "/scim/Users", &[("Authorization", "Basic YWRhOng=")], b"");
    assert_eq!((nobody.error().0, nobody.header("WWW-Authenticate").is_empty()), (401, false));
}

#[test]
fn e_10_versions_stand_in_the_header_and_in_meta() {
    let script = Script::start();
    let grace = script.grace();
    let path = format!("/scim/Users/{}", id(&grace));
    let found = script.get(&path);
    assert_eq!(found.header("ETag"), found.json()["meta"]["version"].as_str().unwrap());

    let operation = json!({"op": "replace", "path": "modelsSeat", "value": "none"});
    let body = json!({"schemas": [PATCH_OP], "Operations": [operation]});
    let stale = [("If-Match", found.header("ETag"))];
    assert_eq!(script.with("PATCH", &path, &stale, &body).status, 200);
    assert_eq!(script.with("PATCH", &path, &stale, &body).error().0, 412);
    let current = script.get(&path);
    let unchanged = script.with("GET", &path, &[("If-None-Match", current.header("ETag"))], &Value::Null);
    assert_eq!(unchanged.status, 304);
}

#[test]
fn e_11_the_audit_log_tells_of_it() {
    let script = Script::start();
    let (grace, vision) = (script.grace(), script.vision(&json!([])));

    let read = || {
        let bearer = format!("Bearer {}", script.key);
        script
            .client
            .raw("GET", "/admin/audit_logs?numDays=1&limit=100", &[("Authorization", &bearer)], b"")
            .json()
    };
    let mut log = read();
    // what happened is sealed a moment later
    for _ in 0..100 {
        if log["audit_logs"].to_string().contains("team:create") {
            break;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(50));
        log = read();
    }

    let of = |action: &str, name: &str, asset: String| {
        let entries = log["audit_logs"].as_array().unwrap().iter();
        entries.filter(|it| it["action"] == action && it[name] == asset).count()
    };
    let asset = |kind: &str, it: &Value| STANDARD.encode(format!("{kind}:{}", id(it)));
    assert_eq!(of("user:create", "user_asset", asset("User", &grace)), 1, "{log}");
    assert_eq!(of("team:create", "entity_asset", asset("Entity", &vision)), 1, "{log}");
    for name in ["audit_logs", "range_start_time", "range_end_time", "count"] {
        assert!(!log[name].is_null(), "{name}: {log}");
    }
}

/// What the database says of a user's extension, whatever profile made it.
fn standing(server: &Server, id: &str) -> Value {
    let rows = server.database.ask(&format!("SELECT resource FROM users WHERE id = '{id}'"));
    serde_json::from_str::<Value>(&rows[0][0]).unwrap()[ORGANIZATION].clone()
}

#[test]
fn names_of_wandb_are_understood_in_every_profile() {
    for profile in Profile::ALL {
        let server = Server::start(profile, |_| {});
        let team = json!({
            "schemas": [GROUP, WANDB_GROUP], "displayName": "vision",
            WANDB_GROUP: {"storageBucket": {"name": "b", "provider": "GCP"}},
        });
        assert_eq!(server.client.post("/Groups", &team).status, 201, "{profile}");
        let made = server.client.post(
            "/Users",
            &json!({
                "schemas": [USER, WANDB, TEAMS], "userName": "ada", "modelsSeat": "viewer",
                WANDB: {"organizationRole": "admin"}, TEAMS: {"teams": ["Vision"], "defaultTeam": "vision"},
            }),
        );
        assert_eq!(made.status, 201, "{profile}: {}", made.json());
        let path = format!("/Users/{}", id(&made.json()));
        let team =
            id(&server.client.get("/Groups?filter=displayName%20eq%20%22vision%22").json()["Resources"][0])
                .to_owned();

        assert_eq!(standing(&server, id(&made.json()))["seat"], "viewer", "{profile}");
        let member = server.database.ask(&format!("SELECT role FROM memberships WHERE team = '{team}'"));
        assert_eq!(member, [["member"]], "{profile}");
        let default = server.database.ask("SELECT team FROM users WHERE account_type = 'user'");
        assert_eq!(default, [[team]], "{profile}");
        let storage = server.database.ask("SELECT resource FROM teams");
        assert!(storage[0][0].contains("GCP"), "{profile}: {storage:?}");

        for (path_of, value, name) in [
            ("organizationRole", "admin", "organizationRole"),
            ("modelsSeat", "none", "seat"),
            (&*format!("{WANDB}:modelsSeat"), "full", "seat"),
        ] {
            let operations = json!([{"op": "replace", "path": path_of, "value": value}]);
            assert_eq!(server.client.patch(&path, &operations).status, 200, "{profile}: {path_of}");
            assert_eq!(standing(&server, id(&made.json()))[name], value, "{profile}: {path_of}");
        }
        let found = server.client.get("/Users?filter=modelsSeat%20eq%20%22full%22").json();
        assert_eq!(found["totalResults"], 1, "{profile}");
        let twice = json!({"schemas": [USER], "userName": "ben", "modelsSeat": "none", ORGANIZATION: {"seat": "full"}});
        assert_eq!(
            server.client.post("/Users", &twice).error(),
            (400, "invalidSyntax".to_owned()),
            "{profile}"
        );
        let many =
            json!({"schemas": [USER, TEAMS], "userName": "ben", TEAMS: {"teams": vec!["vision"; 1_001]}});
        assert_eq!(
            server.client.post("/Users", &many).error(),
            (400, "invalidValue".to_owned()),
            "{profile}"
        );
        let foreign = json!([{"op": "replace", "path": "weaveRole", "value": "full"}]);
        let expected = if profile == Profile::Wandb { 200 } else { 400 };
        assert_eq!(server.client.patch(&path, &foreign).status, expected, "{profile}");
    }
}

#[test]
fn machines_are_made_and_removed_in_bulk() {
    let server = Server::start(Profile::Wandb, |_| {});
    server.client.group("vision", &[]);
    let machine = |name: &str| {
        json!({
            "schemas": [USER, TEAMS], "userName": name, "accountType": "SERVICE", TEAMS: {"defaultTeam": "vision"},
        })
    };
    let bulk = |operations: Value| {
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"];
        let reply = server.client.post("/Bulk", &json!({"schemas": schemas, "Operations": operations}));
        reply.json()["Operations"][0].clone()
    };

    let made = bulk(json!([{"method": "POST", "path": "/Users", "bulkId": "a", "data": machine("sa-1")}]));
    assert_eq!(made["status"], "201", "{made}");
    let all = server.client.get("/Users").json();
    assert_eq!((&all["totalResults"], &all["Resources"][0]["accountType"]), (&json!(1), &json!("SERVICE")));
    let path = format!("/Users/{}", id(&all["Resources"][0]));
    assert_eq!(
        server.client.patch(&path, &json!([{"op": "replace", "path": "active", "value": false}])).status,
        400
    );

    assert_eq!(bulk(json!([{"method": "DELETE", "path": path}]))["status"], "204");
    assert_eq!(server.client.get(&path).status, 404);
    assert_eq!(server.client.get("/Users").json()["totalResults"], 0);

    // other profiles know nothing of them
    let standard = Server::standard();
    standard.client.group("vision", &[]);
    let refused = standard.client.post("/Users", &machine("sa-1"));
    assert_eq!(refused.error(), (400, "invalidValue".to_owned()));
    assert!(refused.json()["detail"].as_str().unwrap().contains("/api/v1/service-accounts"));
}

#[test]
fn machines_made_by_an_earlier_build_are_found_as_well() {
    let script = Script::start();
    script.vision(&json!([]));
    let made = script.machine("sa-nightly", "ORG_SERVICE");
    script.database.ask("UPDATE users SET resource = '{}' WHERE account_type <> 'user'");
    script.database.ask(&format!("DELETE FROM attribute_index WHERE resource = '{}'", id(&made)));

    script.database.ask(match crate::database::test_server() {
        Some(_) => include_str!("../../sql/migrations/postgres/0011_accounts.sql"),
        None => include_str!("../../sql/migrations/sqlite/0011_accounts.sql"),
    });

    let found = script.get("/scim/Users?filter=displayName+eq+%22sa-nightly%22").json();
    assert_eq!(found["Resources"], json!([made]));
}

#[test]
fn a_connection_makes_and_removes_machines_as_its_switches_say() {
    let script = Script::start();
    script.vision(&json!([]));
    script.run(&["connection", "create", "scripts", "--profile", "wandb", "--json"]);
    let token = script.run(&["token", "create", "scripts", "--json"])["token"].as_str().unwrap().to_owned();
    let client = Client { token, ..script.client.clone() };
    let machine = |name: &str| {
        json!({
            "schemas": [USER, TEAMS], "userName": name, "accountType": "ORG_SERVICE", TEAMS: {"defaultTeam": "vision"},
        })
    };
    let made = client.post("/Users", &machine("sa-1"));
    assert_eq!(made.status, 201, "{}", made.json());

    script.run(&["connection", "change", "scripts", "--create", "false", "--delete", "false", "--json"]);

    assert_eq!(client.post("/Users", &machine("sa-2")).error().0, 403);
    let path = format!("/Users/{}", id(&made.json()));
    assert_eq!(client.delete(&path).error().0, 403);
    let person = json!({"schemas": [USER, TEAMS], "userName": "ben", TEAMS: {"teams": ["vision"]}});
    script.run(&["connection", "change", "scripts", "--create", "true", "--groups", "false", "--json"]);
    assert_eq!(client.post("/Users", &person).error().0, 403);
    assert_eq!(client.get("/Users/ben").status, 404);

    // whose they are counts for service accounts as it does for people
    script.run(&["service-account", "create", "by-hand", "--json"]);
    script.run(&["connection", "change", "scripts", "--delete", "true", "--adoption", "queue", "--json"]);
    assert_eq!(client.delete("/Users/by-hand").error().0, 403);
    assert_eq!(client.post("/Users", &machine("ada")).error(), (409, "uniqueness".to_owned()));
    let asked = script.run(&["connection", "adoptions", "--json"]);
    assert_eq!(asked["items"].as_array().map(Vec::len), Some(0), "{asked}");
    assert_eq!(client.delete(&path).status, 204);
    script.run(&["connection", "change", "scripts", "--adoption", "link", "--json"]);
    assert_eq!(client.delete("/Users/by-hand").status, 204);

    // a path is as public as a filter
    script.run(&["connection", "change", "scripts", "--sensitive", "emails.value", "--json"]);
    assert_eq!(client.get("/Users/ada@orion.example").status, 404);
    assert_eq!(client.get("/Users/ada").status, 200);
}
