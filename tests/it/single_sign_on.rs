//! Signing in at a real OpenID provider, and who that is here; with every way in which it can go wrong.

use crate::{
    provider::{Provider, Traveller},
    sign_in::World,
    support::ORGANIZATION,
    visitor::{Page, Visitor},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use roster::clock::Clock;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use url::Url;

const UNDER: &str = "violet otter under seven bridges";

/// A server whose people sign in at a provider.
struct Joined {
    world: World,
    provider: Provider,
    id: String,
    /// Where the provider sends browsers back to.
    way_back: String,
}

impl Joined {
    fn open() -> Self {
        Self::with(Some("a secret of the client, long enough"))
    }

    fn with(secret: Option<&str>) -> Self {
        let (world, provider) = (World::open(&[]), Provider::start());
        let mut joined = Self { world, provider, id: String::new(), way_back: String::new() };
        let new = json!({
            "name": "Corp", "enabled": true, "secret": secret,
            "oidc": {"issuer": joined.provider.issuer, "clientId": "roster", "scopes": ["groups"]},
        });
        let made = joined.ask("POST", "/providers", &new);
        joined.id = made["id"].as_str().unwrap().to_owned();
        joined.way_back = made["redirectUri"].as_str().unwrap().to_owned();
        joined.register(secret);
        joined
    }

    fn register(&self, secret: Option<&str>) {
        self.provider.register(&self.world.program.client.root, &self.way_back, secret);
    }

    /// The admin asks the API from a page.
    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.world.ask(method, path, body)
    }

    fn rules(&self, rules: &Value) {
        self.ask("PATCH", &format!("/providers/{}", self.id), &json!({"rules": rules}));
    }

    fn set(&self, setting: &str, value: &str) {
        self.world.run(&["setting", "set", setting, value, "--json"]);
    }

    fn traveller(&self) -> Traveller<'_> {
        Traveller::new(&self.world.program.client.root, &self.provider)
    }

    fn start(&self) -> String {
        format!("/oidc/start/{}", self.id)
    }

    /// Somebody comes in, or not: the page they see last.
    fn come(&self, account: &str) -> Page {
        self.provider.next(Some(account));
        self.traveller().travel(&self.start())
    }

    /// Somebody comes in; their id.
    #[track_caller]
    fn comes_in(&self, account: &str) -> String {
        self.provider.next(Some(account));
        let mut traveller = self.traveller();
        let page = traveller.travel(&self.start());
        assert_eq!((page.status, page.to.as_str()), (303, "/"), "{}", page.text);
        me(&mut traveller.here)["id"].as_str().unwrap().to_owned()
    }

    fn count(&self, table: &str) -> i64 {
        self.world.database.number(&format!("SELECT count(*) FROM {table}"))
    }

    fn person(&self, id: &str) -> Value {
        self.ask("GET", &format!("/users/{id}"), &json!({}))
    }

    fn teams(&self, id: &str) -> Vec<String> {
        let teams = self.person(id)["teams"].as_array().unwrap().clone();
        let mut names: Vec<String> = teams.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

fn me(visitor: &mut Visitor) -> Value {
    serde_json::from_str(&visitor.send("GET", "/api/v1/me", &[], "").text).unwrap()
}

/// Somebody of whom a provider claims this address.
fn claims(email: &str) -> Value {
    let name = email.split('@').next().unwrap();
    json!({"email": email, "email_verified": true, "preferred_username": email, "name": name.to_uppercase()})
}

fn with(mut claims: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

#[test]
fn whoever_nobody_knows_becomes_a_member_unless_that_is_off() {
    let joined = Joined::open();
    joined
        .provider
        .people(&json!({"s-ben": claims("ben@orion.example"), "s-cyd": claims("cyd@orion.example")}));

    let page = joined.world.visitor().get("/sign-in");
    assert!(page.text.contains("Sign in with Corp"), "{}", page.text);
    let ben = joined.comes_in("s-ben");
    let person = joined.person(&ben);
    assert_eq!(
        (person["userName"].clone(), person["organizationRole"].clone(), person["source"].clone()),
        (json!("ben@orion.example"), json!("member"), json!("sign_in"))
    );
    assert_eq!(person["displayName"], json!("BEN"));
    assert_eq!(joined.comes_in("s-ben"), ben, "the same person with the same id");
    let asked = joined.provider.control("GET", "requests", &json!({}));
    assert_eq!(asked[0]["client_auth"], json!("client_secret_basic"));
    assert_eq!(asked[0]["code_verifier"], json!(true));

    joined.set("ssoProvisioning", "false");
    let (users, refusals) = (joined.count("users"), joined.world.events("sign_in.refused"));
    let page = joined.come("s-cyd");
    assert_eq!((page.status, page.heading().as_str()), (403, "You do not come in here yet"));
    assert!(page.text.contains("Ask an admin of the organization"), "{}", page.text);
    assert_eq!(joined.count("users"), users);
    assert_eq!(joined.world.events("sign_in.refused"), refusals + 1);
    let told = joined.world.database.ask("SELECT detail FROM events WHERE kind = 'sign_in.refused'");
    assert!(told.iter().any(|row| row[0].contains("unknown")), "{told:?}");
    assert_eq!(joined.comes_in("s-ben"), ben, "who is known comes in");
}

#[test]
fn who_is_invited_or_made_over_scim_comes_in_and_who_is_deactivated_does_not_in_both_settings() {
    for provisioning in ["true", "false"] {
        let joined = Joined::open();
        joined.set("ssoProvisioning", provisioning);
        joined.world.run(&["team", "create", "vision", "--json"]);
        joined.world.run(&["invite", "create", "ivy@orion.example", "--team", "vision", "--json"]);
        let scim = &joined.world.program.client;
        let sam = scim.user("sam@orion.example");
        let dan = scim.user("dan@orion.example");
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        assert_eq!(scim.patch(&format!("/Users/{dan}"), &off).status, 200);
        joined.provider.people(&json!({
            "s-ivy": claims("ivy@orion.example"), "s-sam": claims("SAM@orion.example"), "s-dan": claims("dan@orion.example"),
        }));

        let ivy = joined.comes_in("s-ivy");
        assert_eq!(joined.teams(&ivy), ["vision"], "{provisioning}");
        assert_eq!(joined.comes_in("s-sam"), sam, "{provisioning}: SCIM first, then signing in");
        let page = joined.come("s-dan");
        assert_eq!(page.status, 403, "{provisioning}");
        assert!(page.text.contains("deactivated") && page.text.contains("Ask an admin"), "{}", page.text);
        assert_eq!(joined.count("users"), 4, "{provisioning}");
        // who was in and is deactivated later stays out, by the pin
        assert_eq!(scim.patch(&format!("/Users/{sam}"), &off).status, 200);
        assert_eq!(joined.come("s-sam").status, 403, "{provisioning}");
    }
}

#[test]
fn whoever_signs_in_before_scim_tells_of_them_is_one_person() {
    let joined = Joined::open();
    joined.world.run(&["connection", "change", "default", "--adoption", "link", "--json"]);
    joined.provider.people(&json!({"s-ben": claims("ben@orion.example")}));
    let ben = joined.comes_in("s-ben");

    let body = json!({
        "schemas": [crate::support::USER], "userName": "ben@orion.example", "externalId": "ext-1",
        "emails": [{"value": "ben@orion.example", "primary": true}],
    });
    let made = joined.world.program.client.post("/Users", &body);

    assert!(made.status == 200 || made.status == 201, "{}", made.json());
    assert_eq!(made.json()["id"], json!(ben));
    assert_eq!(made.json()["externalId"], json!("ext-1"));
    assert_eq!(joined.comes_in("s-ben"), ben);
    assert_eq!(joined.count("users"), 2);
}

#[test]
fn people_are_linked_by_what_is_theirs_for_sure_and_by_nothing_else() {
    let joined = Joined::open();
    let ben = joined.world.person("ben", UNDER);
    joined.world.run(&["user", "create", "two-a", "--email", "two@orion.example", "--json"]);
    joined.world.run(&["user", "create", "two-b", "--email", "two@orion.example", "--json"]);
    let unverified = json!({"email_verified": false});
    let unsaid = json!({"email_verified": null});
    joined.provider.people(&json!({
        "false": with(claims("ben@orion.example"), unverified.clone()),
        "unsaid": with(claims("ben@orion.example"), unsaid),
        "none": {"name": "Nobody"},
        "named": {"preferred_username": "ben", "name": "Ben"},
        "odd": claims("b\u{435}n@orion.example"),
        "two": claims("two@orion.example"),
        "new": with(claims("new@orion.example"), unverified),
        "s-ben": claims("BEN@orion.example"),
        "other": claims("ben@orion.example"),
    }));

    let users = joined.count("users");
    for (account, says) in [
        ("false", "verified"),
        ("unsaid", "verified"),
        ("none", "no e-mail address"),
        ("named", "no e-mail address"),
        ("odd", "look like others"),
        ("two", "Several accounts"),
        ("new", "verified"),
    ] {
        let page = joined.come(account);
        assert_eq!(page.status, 403, "{account}");
        assert!(page.text.contains(says), "{account}: {}", page.text);
    }
    assert_eq!((joined.count("users"), joined.count("identities")), (users, 0));
    assert_eq!(joined.comes_in("s-ben"), ben);
    let page = joined.come("other");
    assert!(page.status == 403 && page.text.contains("belongs to another account"), "{}", page.text);

    // an admin's word is as good as the provider's, but not where that says the opposite
    joined.rules(&json!({"trustEmail": true}));
    assert_eq!(joined.come("new").status, 403);
    // and the pin holds when the address moves on
    joined
        .provider
        .people(&json!({"s-ben": claims("else@orion.example"), "unsaid": claims("third@orion.example")}));
    assert_eq!(joined.comes_in("s-ben"), ben);
    assert_ne!(joined.comes_in("unsaid"), ben);
}

#[test]
fn an_admin_decides_where_the_rule_says_so() {
    let joined = Joined::open();
    let ben = joined.world.person("ben", UNDER);
    joined
        .provider
        .people(&json!({"s-ben": claims("ben@orion.example"), "s-ada": claims("ada@orion.example")}));

    joined.rules(&json!({"adoption": "refuse"}));
    assert!(joined.come("s-ben").text.contains("not opened from there"));
    joined.rules(&json!({"adoption": "queue"}));
    for _ in 0..2 {
        let page = joined.come("s-ben");
        assert_eq!((page.status, page.heading().as_str()), (403, "An admin decides first"));
    }
    let asked = joined.ask("GET", "/identities?user=*", &json!({}))["items"].clone();
    assert_eq!((asked[0]["user"].clone(), asked[0]["state"].clone()), (json!(ben), json!("asked")));
    assert_eq!(asked.as_array().unwrap().len(), 1);
    let waiting = joined.world.run(&["provider", "waiting", "--json"]);
    assert_eq!(waiting["items"][0]["user"], json!(ben));
    let decide = |decision: &str| {
        let path = format!("/providers/{}/people/{ben}", joined.id);
        joined.ask("PUT", &path, &json!({"decision": decision}));
    };
    decide("refuse");
    assert_eq!(joined.come("s-ben").status, 403);
    decide("link");
    assert_eq!(joined.comes_in("s-ben"), ben);
    decide("unlink");
    assert_eq!(joined.come("s-ben").heading(), "An admin decides first");
    // one that is refused does not come in with another that is linked
    joined
        .provider
        .people(&json!({"s-eve": claims("ben@orion.example"), "s-ben": claims("ben@orion.example")}));
    assert_eq!(joined.come("s-eve").heading(), "An admin decides first");
    let path = format!("/providers/{}/people/{ben}", joined.id);
    joined.ask("PUT", &path, &json!({"decision": "refuse", "subject": "s-eve"}));
    let (mut ada, root) = (joined.world.ada.clone(), joined.world.program.client.root.clone());
    let headers = [("Origin", root.as_str()), ("Content-Type", "application/json")];
    let unsaid = ada.send("PUT", &format!("/api/v1{path}"), &headers, "{\"decision\": \"link\"}");
    assert_eq!(unsaid.status, 400, "which of the two is meant: {}", unsaid.text);
    joined.ask("PUT", &path, &json!({"decision": "link", "subject": "s-ben"}));
    assert_eq!(joined.comes_in("s-ben"), ben);
    assert_eq!(joined.come("s-eve").status, 403);
    let taken = ada.send(
        "PUT",
        &format!("/api/v1{path}"),
        &headers,
        "{\"decision\": \"link\", \"subject\": \"s-eve\"}",
    );
    assert_eq!(taken.status, 409, "{}", taken.text);
    decide("unlink");
    assert_eq!(joined.come("s-ben").heading(), "An admin decides first");
    // who waited when the rule became another comes in
    joined.world.run(&["provider", "change", "Corp", "{\"rules\": {\"adoption\": \"link\"}}", "--json"]);
    assert_eq!(joined.comes_in("s-ben"), ben);
    let mut own = joined.world.signed_in("ben", UNDER);
    let refused = own.send("GET", "/api/v1/identities?user=*", &[], "");
    assert_eq!(refused.status, 403);
}

#[test]
fn a_name_that_somebody_chose_there_is_no_address_here() {
    let joined = Joined::open();
    joined.ask("POST", "/invites", &json!({"emails": ["boss@orion.example"], "organizationRole": "admin"}));
    let eve = with(claims("eve@orion.example"), json!({"preferred_username": "boss@orion.example"}));
    joined.provider.people(&json!({"s-eve": eve, "s-boss": claims("boss@orion.example")}));

    joined.rules(&json!({"identifierClaims": true}));
    let id = joined.comes_in("s-eve");
    let person = joined.person(&id);
    assert_eq!(
        (person["userName"].clone(), person["organizationRole"].clone()),
        (json!("eve@orion.example"), json!("member"))
    );
    joined.comes_in("s-eve");
    assert_eq!(joined.person(&id)["userName"], json!("eve@orion.example"));
    let boss = joined.comes_in("s-boss");
    assert_eq!(joined.person(&boss)["organizationRole"], json!("admin"), "the invite waited for its own");
}

#[test]
fn with_another_issuer_a_name_is_somebody_else() {
    let joined = Joined::open();
    joined.provider.people(&json!({"7": claims("ben@orion.example")}));
    joined.provider.next(Some("7"));
    let mut ben = joined.traveller();
    ben.travel(&joined.start());
    assert!(ben.here.is_in());
    let moved = json!({"issuer": "https://other.example", "clientId": "roster"});

    let (mut ada, root) = (joined.world.ada.clone(), joined.world.program.client.root.clone());
    let headers = [("Origin", root.as_str()), ("Content-Type", "application/json")];
    let path = format!("/api/v1/providers/{}", joined.id);
    let kept = ada.send("PATCH", &path, &headers, &json!({"oidc": moved}).to_string());
    assert!(kept.status == 400 && kept.text.contains("secret"), "a secret goes nowhere else: {}", kept.text);
    assert!(ben.here.is_in());
    joined.ask("PATCH", &format!("/providers/{}", joined.id), &json!({"oidc": moved, "secret": "another"}));
    assert_eq!(joined.count("identities"), 0);
    assert!(!ben.here.is_in(), "who was in by the other is out");
}

#[test]
fn each_provider_has_a_way_back_of_its_own() {
    let joined = Joined::open();
    joined.provider.people(&json!({"s-ben": claims("ben@orion.example")}));
    let evil = json!({"name": "Evil", "enabled": true, "oidc": {"issuer": joined.provider.issuer, "clientId": "evil"}});
    let evil = joined.ask("POST", "/providers", &evil)["id"].as_str().unwrap().to_owned();

    for way in
        [format!("/oidc/callback/{evil}"), "/oidc/callback".to_owned(), "/oidc/callback/none".to_owned()]
    {
        let mut traveller = joined.traveller();
        let url = traveller.leave(&joined.start());
        let back = joined.provider.visit(&mut traveller.there, &url);
        let (_, query) = back.split_once('?').unwrap();
        assert_eq!(traveller.here.get(&format!("{way}?{query}")).heading(), "Begin again", "{way}");
        assert!(!traveller.here.is_in());
    }
}

#[test]
fn who_signed_in_there_a_while_ago_did_not_just_prove_it() {
    let joined = Joined::open();
    joined.provider.people(&json!({"s-eve": claims("eve@orion.example")}));
    let now = Clock::System.now() / 1_000_000;
    for (auth_time, fresh) in [(json!(now - 5), true), (json!(now - 3_600), false), (Value::Null, false)] {
        let mut traveller = joined.traveller();
        let url = traveller.leave(&joined.start());
        assert!(url.contains("max_age="), "{url}");
        let nonce =
            Url::parse(&url).unwrap().query_pairs().find(|(key, _)| key == "nonce").unwrap().1.into_owned();
        let token =
            joined.provider.sign(&with(token(&joined, &nonce), json!({"auth_time": auth_time})), &json!({}));
        joined.provider.fault(&json!({"token": {"id_token": token}}));
        let back = joined.provider.visit(&mut traveller.there, &url);
        assert_eq!(traveller.here.get(&back).to, "/", "{auth_time}");
        joined.provider.fault(&json!({}));
        assert_eq!(traveller.here.get("/account/second-factor").status == 200, fresh, "{auth_time}");
    }
}

#[test]
fn domains_and_groups_let_in_whom_they_name() {
    let joined = Joined::open();
    joined.rules(&json!({"domains": ["orion.example"], "requiredGroups": ["Staff"]}));
    let staff = json!({"groups": ["staff", "others"]});
    joined.provider.people(&json!({
        "in": with(claims("in@ORION.example"), staff.clone()),
        "domain": with(claims("x@evil-orion.example"), staff),
        "group": with(claims("y@orion.example"), json!({"groups": ["guests"]})),
        "missing": claims("z@orion.example"),
    }));

    assert!(joined.come("domain").text.contains("Addresses of your domain"));
    assert!(joined.come("group").text.contains("none of the groups"));
    assert!(joined.come("missing").text.contains("none of the groups"));
    let id = joined.comes_in("in");
    joined.provider.people(&json!({"in": claims("in@orion.example")}));
    assert_eq!(joined.come("in").status, 403, "who leaves the group stays out, though known");
    assert!(!joined.person(&id).is_null());
}

#[test]
fn groups_are_all_of_somebodys_teams_where_they_are_said() {
    let joined = Joined::open();
    for team in ["vision", "audio", "by-scim", "by-hand"] {
        joined.world.run(&["team", "create", team, "--json"]);
    }
    joined.rules(&json!({"groupSync": true}));
    let groups = |list: Value| with(claims("ben@orion.example"), json!({"groups": list}));
    let come = |groups: Value| {
        joined.provider.people(&json!({"s-ben": groups}));
        let id = joined.comes_in("s-ben");
        joined.teams(&id)
    };

    joined.world.run(&["service-account", "create", "night-job", "--team", "audio", "--json"]);
    let machines =
        || joined.world.run(&["service-account", "list", "--team", "audio", "--json"])["items"].clone();
    let machines_before = machines();
    assert_eq!(machines_before.as_array().unwrap().len(), 1);

    assert_eq!(come(groups(json!(["Vision", "audio", "no such team"]))), ["audio", "vision"]);
    assert_eq!(come(groups(json!(["audio"]))), ["audio"], "removed");
    assert_eq!(come(claims("ben@orion.example")), ["audio"], "nothing said, nothing changed");
    let scim = &joined.world.program.client;
    let ben = joined.comes_in("s-ben");
    let team =
        scim.get("/Groups?filter=displayName%20eq%20%22by-scim%22").json()["Resources"][0]["id"].clone();
    let add = json!([{"op": "add", "path": "members", "value": [{"value": ben}]}]);
    assert_eq!(scim.patch(&format!("/Groups/{}", team.as_str().unwrap()), &add).status, 200);
    joined.world.run(&["team", "add", "by-hand", "ben@orion.example", "--json"]);
    assert_eq!(come(groups(json!([]))), ["by-scim"], "empty is none, but for what a connection says");

    // admins keep their teams, and service accounts are in no claim
    assert_eq!(machines(), machines_before);
    joined.world.run(&["team", "add", "by-hand", "ada@orion.example", "--json"]);
    joined
        .provider
        .people(&json!({"s-ada": with(claims("ada@orion.example"), json!({"groups": ["vision"]}))}));
    let ada = joined.comes_in("s-ada");
    assert_eq!(joined.teams(&ada), ["by-hand", "vision"]);
    joined.provider.people(&json!({"s-ada": with(claims("ada@orion.example"), json!({"groups": []}))}));
    joined.comes_in("s-ada");
    assert_eq!(joined.teams(&ada), ["by-hand", "vision"]);
}

#[test]
fn claims_give_roles_and_names_where_admins_said_so() {
    let joined = Joined::open();
    joined.ask(
        "POST",
        "/mappings",
        &json!({"claim": "groups", "value": "bosses", "organizationRole": "admin"}),
    );
    joined.rules(&json!({"identifierClaims": true}));
    let ben = |name: &str, groups: Value| json!({"s-ben": with(claims("ben@orion.example"), json!({"groups": groups, "preferred_username": name, "name": name}))});

    joined.provider.people(&ben("benny", json!(["bosses"])));
    let id = joined.comes_in("s-ben");
    assert_eq!(joined.person(&id)["organizationRole"], json!("admin"));
    joined.provider.people(&ben("Benjamin", json!([])));
    joined.comes_in("s-ben");
    let person = joined.person(&id);
    assert_eq!(
        (person["userName"].clone(), person["displayName"].clone(), person["organizationRole"].clone()),
        (json!("Benjamin"), json!("Benjamin"), json!("member"))
    );
    // a name that is taken stays whose it is
    joined.provider.people(&ben("ada@orion.example", json!([])));
    joined.comes_in("s-ben");
    assert_eq!(joined.person(&id)["userName"], json!("Benjamin"));
}

#[test]
fn keys_change_in_mid_flight_and_clients_need_no_secret() {
    let joined = Joined::with(None);
    joined.provider.people(&json!({"s-ben": claims("ben@orion.example")}));
    let ben = joined.comes_in("s-ben");
    let asked = joined.provider.control("GET", "requests", &json!({}));
    assert_eq!(
        (asked[0]["client_auth"].clone(), asked[0]["code_verifier"].clone()),
        (json!("none"), json!(true))
    );

    for alg in ["ES256", "PS256", "EdDSA", "RS256"] {
        let mut traveller = joined.traveller();
        let url = traveller.leave(&joined.start());
        joined.provider.control("POST", "rotate", &json!({"alg": alg}));
        joined.register(None);
        let back = joined.provider.visit(&mut traveller.there, &url);
        let page = traveller.here.get(&back);
        assert_eq!(page.to, "/", "{alg}: {}", page.text);
        assert_eq!(me(&mut traveller.here)["id"], json!(ben), "{alg}");
    }
}

#[test]
fn a_provider_that_is_down_slow_or_lies_lets_nobody_in_and_holds_up_nobody() {
    let joined = Joined::open();
    joined.provider.people(&json!({"s-ben": claims("ben@orion.example")}));
    let ben = joined.comes_in("s-ben");
    let sessions = joined.count("sessions");

    for fault in [
        json!("down"),
        json!("html"),
        json!("huge"),
        json!({"id_token": null}),
        json!({"id_token": 7}),
        json!("slow"),
    ] {
        let mut traveller = joined.traveller();
        let url = traveller.leave(&joined.start());
        joined.provider.fault(&json!({"token": fault}));
        let back = joined.provider.visit(&mut traveller.there, &url);
        let begun = Instant::now();
        let page = traveller.here.get(&back);
        assert!(page.status == 502 || page.status == 503, "{fault}: {} {}", page.status, page.text);
        assert!(begun.elapsed() < Duration::from_secs(8), "{fault}");
        assert!(!traveller.here.is_in());
        joined.provider.fault(&json!({}));
    }
    assert_eq!(joined.count("sessions"), sessions);
    // what another server says of itself is found out when it is asked first
    for fault in ["down", "lies", "html", "huge", "slow"] {
        joined.provider.fault(&json!({"discovery": fault}));
        let fresh = json!({"name": format!("Corp {fault}"), "enabled": true,
            "oidc": {"issuer": format!("{}/", joined.provider.issuer), "clientId": "roster"}});
        let made = joined.ask("POST", "/providers", &fresh);
        let tested =
            joined.ask("POST", &format!("/providers/{}/test", made["id"].as_str().unwrap()), &json!({}));
        assert_eq!(tested["works"], json!(false), "{fault}");
        assert!(!tested["reason"].as_str().unwrap().is_empty(), "{fault}");
        let page = joined.world.visitor().get(&format!("/oidc/start/{}", made["id"].as_str().unwrap()));
        assert_eq!(page.status, 502, "{fault}: {}", page.text);
        joined.ask("DELETE", &format!("/providers/{}", made["id"].as_str().unwrap()), &json!({}));
    }
    joined.provider.fault(&json!({}));
    assert_eq!(joined.comes_in("s-ben"), ben);
    joined.provider.next(None);
    let page = joined.traveller().travel(&joined.start());
    assert_eq!((page.status, page.heading().as_str()), (403, "The provider did not let you in"));
}

/// What a good ID token says, for a question with that nonce.
fn token(joined: &Joined, nonce: &str) -> Value {
    let now = Clock::System.now() / 1_000_000;
    json!({
        "iss": joined.provider.issuer, "aud": "roster", "sub": "s-eve", "nonce": nonce, "iat": now, "exp": now + 300,
        "email": "eve@orion.example", "email_verified": true,
    })
}

/// A token as it is forged: what it claims beside what is good, and its header.
type Forgery = (&'static str, Value, Value);

fn forgeries() -> Vec<Forgery> {
    let now = Clock::System.now() / 1_000_000;
    let none = || json!({});
    vec![
        ("another issuer", json!({"iss": "https://evil.example"}), none()),
        ("the issuer with a slash", json!({"iss": "http://localhost/"}), none()),
        ("no issuer", json!({"iss": null}), none()),
        ("another audience", json!({"aud": "another"}), none()),
        ("an audience of many without azp", json!({"aud": ["roster", "another"]}), none()),
        ("an audience of others", json!({"aud": ["a", "b"]}), none()),
        ("no audience", json!({"aud": null}), none()),
        ("another party", json!({"azp": "another"}), none()),
        ("another nonce", json!({"nonce": "guessed"}), none()),
        ("no nonce", json!({"nonce": null}), none()),
        ("an empty nonce", json!({"nonce": ""}), none()),
        ("expired", json!({"exp": now - 120}), none()),
        ("no end", json!({"exp": null}), none()),
        ("not yet", json!({"nbf": now + 600}), none()),
        ("from the future", json!({"iat": now + 600}), none()),
        ("from long ago", json!({"iat": now - 7_200, "exp": now + 300}), none()),
        ("no time of making", json!({"iat": null}), none()),
        ("about nobody", json!({"sub": null}), none()),
        ("about an empty name", json!({"sub": ""}), none()),
        ("about a number", json!({"sub": 7}), none()),
        ("a key that nobody has", none(), json!({"kid": "another"})),
        ("what must be understood", none(), json!({"crit": ["x"], "x": true})),
        ("an unverified address", json!({"email_verified": false}), none()),
        ("an address that looks like another", json!({"email": "\u{435}ve@orion.example"}), none()),
    ]
}

#[test]
fn forged_tokens_let_nobody_in_and_make_nobody() {
    let joined = Joined::open();
    joined.provider.people(&json!({"s-ben": claims("ben@orion.example")}));
    joined.comes_in("s-ben");
    let counts = |joined: &Joined| ["users", "sessions", "identities"].map(|table| joined.count(table));
    let before = counts(&joined);
    let mut tried = 0;
    let mut attack = |name: &str, forge: &dyn Fn(&str) -> String| {
        let mut traveller = joined.traveller();
        let url = traveller.leave(&joined.start());
        let query: Vec<(String, String)> = Url::parse(&url).unwrap().query_pairs().into_owned().collect();
        let nonce = &query.iter().find(|(key, _)| key == "nonce").unwrap().1;
        joined.provider.fault(&json!({"token": {"id_token": forge(nonce)}}));
        let back = joined.provider.visit(&mut traveller.there, &url);
        let refusals = joined.world.events("sign_in.refused");
        let page = traveller.here.get(&back);
        assert!([400, 403, 502].contains(&page.status), "{name}: {} {}", page.status, page.text);
        assert!(!page.heading().is_empty() && !traveller.here.is_in(), "{name}");
        assert_eq!(joined.world.events("sign_in.refused"), refusals + 1, "{name}");
        assert_eq!(counts(&joined), before, "{name}");
        tried += 1;
    };

    for (name, claims, header) in forgeries() {
        attack(name, &|nonce| joined.provider.sign(&with(token(&joined, nonce), claims.clone()), &header));
    }
    let part = |value: &Value| BASE64.encode(value.to_string());
    attack("no signature", &|nonce| {
        format!("{}.{}.", part(&json!({"alg": "none"})), part(&token(&joined, nonce)))
    });
    attack("no signature, spelled otherwise", &|nonce| {
        format!("{}.{}.", part(&json!({"alg": "nOnE", "typ": "JWT"})), part(&token(&joined, nonce)))
    });
    attack("a public key as a shared secret", &|nonce| {
        let signed = joined.provider.sign(&token(&joined, nonce), &json!({}));
        let head = part(&json!({"alg": "HS256", "kid": "x"}));
        format!("{head}.{}", signed.split_once('.').unwrap().1)
    });
    attack("the signature of another token", &|nonce| {
        let good = joined.provider.sign(&token(&joined, nonce), &json!({}));
        let other = joined.provider.sign(&json!({"a": 1}), &json!({}));
        format!("{}.{}", good.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1)
    });
    attack("claims under a signature of others", &|nonce| {
        let good = joined.provider.sign(&token(&joined, nonce), &json!({}));
        let parts: Vec<&str> = good.split('.').collect();
        format!("{}.{}.{}", parts[0], part(&with(token(&joined, nonce), json!({"sub": "admin"}))), parts[2])
    });
    attack("a key that comes along", &|nonce| {
        joined.provider.sign(&token(&joined, nonce), &json!({"jwk": {"kty": "oct", "k": "AA"}, "kid": "y"}))
    });
    attack("no token at all", &|_| "not.a.token".to_owned());
    attack("an endless token", &|_| "x".repeat(40_000));
    joined.provider.fault(&json!({}));
    assert!(tried >= 30, "{tried}");
    // and the good one does
    assert!(!joined.comes_in("s-ben").is_empty());
}

#[test]
fn answers_that_this_browser_did_not_ask_for_lead_nowhere() {
    let joined = Joined::open();
    joined.provider.people(&json!({"s-ben": claims("ben@orion.example")}));
    let sessions = joined.count("sessions");
    let mut refusals = joined.world.events("sign_in.refused");
    let journey = || {
        let mut traveller = joined.traveller();
        let url = traveller.leave(&joined.start());
        let back = joined.provider.visit(&mut traveller.there, &url);
        (traveller, Url::parse(&back).unwrap())
    };
    let without = |url: &Url, name: &str, value: Option<&str>| {
        let mut pairs: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
        pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("{}?{query}", url.path())
    };
    for (name, value) in [
        ("state", None),
        ("state", Some("guessed")),
        ("state", Some("")),
        ("code", None),
        ("code", Some("guessed")),
        ("iss", None),
        ("iss", Some("https://evil.example")),
        ("error", Some("access_denied")),
    ] {
        let (mut traveller, back) = journey();
        let page = traveller.here.get(&without(&back, name, value));
        assert!([400, 403].contains(&page.status), "{name} {value:?}: {} {}", page.status, page.text);
        assert!(!traveller.here.is_in(), "{name} {value:?}");
        refusals += 1;
        assert_eq!(joined.world.events("sign_in.refused"), refusals, "{name} {value:?}");
        assert!(!traveller.here.cookies.contains_key("roster-flow"), "it leads back once");
    }
    // another browser has the link
    let (_, back) = journey();
    let mut thief = joined.world.visitor();
    assert_eq!(thief.get(back.as_str()).heading(), "Begin again");
    // the thief's own way with the victim's code, and the other way round
    let (mut traveller, own) = journey();
    let code = back.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
    assert_eq!(traveller.here.get(&without(&own, "code", Some(&code))).status, 403);
    // a code counts once, and so does the way back
    let (mut traveller, back) = journey();
    let kept = traveller.here.clone();
    assert_eq!(traveller.here.get(back.as_str()).to, "/");
    let mut replayed = kept.clone();
    let page = replayed.get(back.as_str());
    assert_eq!(
        (page.status, page.heading().as_str()),
        (403, "The provider did not let you in"),
        "{}",
        page.text
    );
    assert!(!replayed.is_in());
    // what is kept meanwhile is sealed
    for forged in [
        "",
        "x",
        "x.y",
        &format!("{}x", kept.cookies["roster-flow"]),
        &kept.cookies["roster-flow"].replace('.', ""),
    ] {
        let mut forger = joined.world.visitor();
        forger.cookies.insert("roster-flow".to_owned(), forged.to_owned());
        assert_eq!(forger.get(back.as_str()).status, 400, "{forged}");
    }
    assert_eq!(joined.count("sessions"), sessions + 1);
    // where somebody wanted to go is a place here
    for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let mut traveller = joined.traveller();
        let page = traveller.travel(&format!("{}?to={elsewhere}", joined.start()));
        assert_eq!(page.to, "/", "{elsewhere}");
    }
    // a provider that is none, or lets nobody in
    assert_eq!(joined.world.visitor().get("/oidc/start/none").status, 404);
    joined.ask("PATCH", &format!("/providers/{}", joined.id), &json!({"enabled": false}));
    assert_eq!(joined.world.visitor().get(&joined.start()).status, 404);
}

#[test]
fn signing_out_here_signs_out_there_and_the_other_way_round() {
    let joined = Joined::open();
    joined
        .provider
        .people(&json!({"s-ben": claims("ben@orion.example"), "s-cyd": claims("cyd@orion.example")}));
    let mut traveller = joined.traveller();
    traveller.travel(&joined.start());
    assert!(traveller.here.is_in());

    // from here
    let page = traveller.here.post("/logout", &[]);
    assert_eq!(page.heading(), "You are signed out here");
    assert!(!traveller.here.is_in());
    let url = page.between("<a href=\"", "\"").replace("&#38;", "&").replace("&amp;", "&");
    assert!(url.starts_with(&joined.provider.issuer), "{url}");
    let back = joined.provider.visit(&mut traveller.there, &url);
    assert_eq!(traveller.here.get(&back).heading(), "You are signed out");

    // from there: a token that the provider signed, and sends from server to server
    let mut first = joined.traveller();
    first.travel(&joined.start());
    joined.provider.next(Some("s-cyd"));
    let mut other = joined.traveller();
    other.travel(&joined.start());
    let now = Clock::System.now() / 1_000_000;
    let good = |more: Value| {
        let token = json!({
            "iss": joined.provider.issuer, "aud": "roster", "iat": now, "exp": now + 120, "jti": "j1", "sub": "s-ben",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        });
        joined.provider.sign(&with(token, more), &json!({"typ": "logout+jwt"}))
    };
    let mut server = Visitor::at(&joined.world.program.client.root);
    server.origin = "https://nowhere.example".to_owned();
    for bad in [
        json!({"events": {}}),
        json!({"events": {"http://schemas.openid.net/event/backchannel-logout": "yes"}}),
        json!({"nonce": "n"}),
        json!({"sub": null}),
        json!({"jti": null}),
        json!({"iat": null}),
        json!({"exp": now - 120}),
        json!({"aud": "another"}),
        json!({"iss": "https://evil.example"}),
    ] {
        let refused = server.post("/oidc/backchannel-logout", &[("logout_token", &good(bad.clone()))]);
        assert_eq!(refused.status, 400, "{bad} {}", refused.text);
    }
    let unsigned = format!("{}.{}.", BASE64.encode("{\"alg\":\"none\"}"), BASE64.encode("{}"));
    assert_eq!(server.post("/oidc/backchannel-logout", &[("logout_token", &unsigned)]).status, 400);
    assert!(first.here.is_in());
    let done = server.post("/oidc/backchannel-logout", &[("logout_token", &good(json!({})))]);
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(!first.here.is_in() && other.here.is_in(), "whose session ended, and nobody else's");

    // the provider itself does so when somebody signs out there
    let issuer = &joined.provider.issuer;
    let out = format!(
        "{issuer}/session/end?client_id=roster&post_logout_redirect_uri={}/logout",
        joined.world.program.client.root
    );
    joined.provider.visit(&mut other.there, &out);
    let begun = Instant::now();
    while other.here.is_in() {
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    // a page of the provider names one of its sessions
    joined.provider.next(Some("s-ben"));
    let mut framed = joined.traveller();
    framed.travel(&joined.start());
    let sid = joined.world.database.ask("SELECT provider_session FROM sessions WHERE provider IS NOT NULL")
        [0][0]
        .clone();
    joined.world.visitor().get(&format!("/logout?iss=https://evil.example&sid={sid}"));
    assert!(framed.here.is_in());
    joined.world.visitor().get(&format!("/logout?iss={issuer}&sid={sid}"));
    assert!(!framed.here.is_in());
}

#[test]
fn an_admin_sees_what_a_provider_says_before_others_sign_in_by_it() {
    let joined = Joined::open();
    joined.ask("PATCH", &format!("/providers/{}", joined.id), &json!({"enabled": false}));
    joined
        .provider
        .people(&json!({"s-ada": with(claims("ada@orion.example"), json!({"groups": ["<b>staff</b>"]}))}));
    let tested = joined.ask("POST", &format!("/providers/{}/test", joined.id), &json!({}));
    assert_eq!((tested["works"].clone(), tested["signsOut"].clone()), (json!(true), json!(true)));
    let path = format!("/oidc/try/{}", joined.id);

    let mut traveller = joined.traveller();
    traveller.here = joined.world.ada.clone();
    let (sessions, identities) = (joined.count("sessions"), joined.count("identities"));
    let page = traveller.travel(&path);
    assert_eq!(page.heading(), "What Corp says");
    assert!(page.text.contains("This would be ada@orion.example, found by the address."), "{}", page.text);
    assert!(page.text.contains("email_verified") && !page.text.contains("<b>staff"), "{}", page.text);
    assert_eq!((joined.count("sessions"), joined.count("identities")), (sessions, identities));

    joined.world.person("ben", UNDER);
    assert_eq!(joined.world.signed_in("ben", UNDER).get(&path).status, 403);
    assert_eq!(joined.world.visitor().get(&path).to, format!("/sign-in?to=%2Foidc%2Ftry%2F{}", joined.id));
    let listed = joined.ask("GET", "/providers", &json!({})).to_string();
    assert!(!listed.contains("a secret of the client"), "{listed}");
}

#[test]
fn whoever_came_from_a_provider_proves_it_there_again() {
    let joined = Joined::open();
    joined
        .provider
        .people(&json!({"s-ada": claims("ada@orion.example"), "s-ben": claims("ben@orion.example")}));
    let mut traveller = joined.traveller();
    traveller.travel(&joined.start());
    joined.world.database.ask("UPDATE sessions SET authenticated_at = authenticated_at - 901000000");

    let asked = traveller.here.get("/account/second-factor");
    assert_eq!(asked.to, "/sign-in/again?to=%2Faccount%2Fsecond-factor");
    let page = traveller.here.get(&asked.to);
    // ada has a password here, too
    assert!(page.text.contains("Go on at Corp") && page.text.contains("name=\"password\""), "{}", page.text);
    // somebody else there is not this person here
    joined.provider.next(Some("s-ben"));
    let refused = traveller.travel("/oidc/again?to=/account/second-factor");
    assert!(
        refused.status == 403 && refused.text.contains("not the account that you are signed in with"),
        "{}",
        refused.text
    );
    joined.provider.next(Some("s-ada"));
    let before = traveller.here.clone();
    let url = traveller.leave("/oidc/again?to=/account/second-factor");
    assert!(url.contains("prompt=login") && url.contains("max_age=0"), "{url}");
    let back = joined.provider.visit(&mut traveller.there, &url);
    let page = traveller.here.get(&back);
    assert_eq!(page.to, "/account/second-factor", "{}", page.text);
    assert_eq!(traveller.here.get("/account/second-factor").status, 200);
    assert!(!before.clone().is_in(), "the cookie is another");
}

#[test]
fn nobody_locks_themselves_out() {
    let joined = Joined::open();
    joined.provider.people(&json!({"s-ada": claims("ada@orion.example")}));
    let (mut ada, root) = (joined.world.ada.clone(), joined.world.program.client.root.clone());
    let headers = [("Origin", root.as_str()), ("Content-Type", "application/json")];
    let off = json!({"passwordSignIn": false}).to_string();

    let refused = ada.send("PATCH", "/api/v1/settings", &headers, &off);
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(refused.text.contains("sign in by a provider first"), "{}", refused.text);
    let mut traveller = joined.traveller();
    traveller.travel(&joined.start());
    let refused = ada.send("PATCH", "/api/v1/settings", &headers, &off);
    assert_eq!(refused.status, 409, "who came in with a password cannot tell: {}", refused.text);
    let mut ada = traveller.here;
    assert_eq!(ada.send("PATCH", "/api/v1/settings", &headers, &off).status, 200);
    let path = format!("/api/v1/providers/{}", joined.id);
    assert_eq!(ada.send("PATCH", &path, &headers, "{\"enabled\": false}").status, 409);
    assert_eq!(ada.send("DELETE", &path, &headers, "").status, 409);
    assert_eq!(ada.send("PATCH", &path, &headers, "{\"rules\": {\"adoption\": \"queue\"}}").status, 200);
    for wrong in [
        json!({"name": "x", "oidc": {"issuer": "http://id.example", "clientId": "c"}}),
        json!({"name": "x", "oidc": {"issuer": "https://id.example", "clientId": " "}}),
        json!({"name": "x"}),
        json!({"name": "x", "oidc": {"issuer": "https://id.example", "clientId": "c"}, "ldap": {"address": "ldaps://d", "baseDn": "dc=x"}}),
        json!({"name": "x", "ldap": {"address": "ldap://directory.example", "baseDn": "dc=x"}}),
        json!({"name": "x", "oidc": {"issuer": "https://id.example", "clientId": "c"}, "rules": {"domains": ["a@b"]}}),
        json!({"name": "x", "oidc": {"issuer": "https://id.example", "clientId": "c", "colour": "red"}}),
        json!({"name": "CORP", "oidc": {"issuer": "https://id.example", "clientId": "c"}}),
    ] {
        let refused = ada.send("POST", "/api/v1/providers", &headers, &wrong.to_string());
        assert!([400, 409].contains(&refused.status), "{wrong}: {} {}", refused.status, refused.text);
    }
    assert_eq!(joined.count("providers"), 1);
    let role = joined
        .world
        .database
        .ask(&format!("SELECT count(*) FROM users WHERE resource LIKE '%{ORGANIZATION}%'"));
    assert!(!role.is_empty());
}
