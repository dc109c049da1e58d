//! Forms of the console: what becomes of what was typed where it comes too late, is out of date, or is refused.

use crate::{chromium::PASSWORD, sign_in::World, visitor::Page};
use serde_json::json;

#[test]
fn a_form_that_comes_too_late_is_kept_with_everything_that_was_typed() {
    let world = World::open(&[]);
    let mut ada = world.ada.clone();
    let typed =
        [("emails", "fay@orion.example"), ("role", "member"), ("teams", "Engi<b>nes"), ("password", "no")];

    // the proof is too old: asked for before the form is shown, and where it comes all the same the form is kept
    world.database.ask("UPDATE sessions SET authenticated_at = authenticated_at - 3600000000");
    let form = ada.get("/console/people/add");
    assert_eq!((form.status, form.to.as_str()), (303, "/sign-in/again?to=%2Fconsole%2Fpeople%2Fadd"));
    let held = ada.post("/console/people/add", &typed);
    assert_eq!(held.status, 403, "{}", held.text);
    assert!(held.text.contains("value=\"fay@orion.example\""), "{}", held.text);
    assert!(held.text.contains("Engi&#60;b&#62;nes"), "{}", held.text);
    assert!(!held.text.contains("value=\"no\""), "a password is not kept");
    assert_eq!(world.events("invite.created"), 0);
    let proved = ada.post("/sign-in/again", &[("password", PASSWORD), ("to", "/held")]);
    assert_eq!(proved.to, "/held");
    assert_eq!(ada.get("/held").status, 200);
    let fields = [("emails", "fay@orion.example"), ("role", "member")];
    assert_eq!(ada.post("/console/people/add", &fields).status, 200);
    assert_eq!(world.events("invite.created"), 1);

    // the session is over
    let held = world.visitor().post("/console/teams/new", &[("name", "Engines \u{1f680}")]);
    assert_eq!(held.status, 401);
    assert!(held.text.contains("Engines \u{1f680}"), "{}", held.text);
    assert_eq!(world.events("team.created"), 0);
}

#[test]
fn what_somebody_else_changed_meanwhile_is_not_written_over() {
    let world = World::open(&[]);
    let (mut ada, id) = (world.ada.clone(), world.person("ben", PASSWORD));
    let before = ada.get("/console/people").between(&format!("/people/{id}/role"), "</form>");
    let version = before.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let version = version.replace("&#34;", "\"").replace("&quot;", "\"");
    world.ask("PUT", &format!("/users/{id}/seat"), &json!({"seat": "viewer"}));

    let late = [("role", "admin"), ("version", version.as_str()), ("back", "/people")];
    let sent = ada.post(&format!("/console/people/{id}/role"), &late);
    assert_eq!(sent.to, "/console/people");
    let fresh = ada.get("/console/people");
    assert!(fresh.text.contains("Somebody else changed this meanwhile"), "{}", fresh.text);
    let role_of_ben = "SELECT organization_role FROM users WHERE user_name_key = 'ben'";
    assert_eq!(world.database.ask(role_of_ben), [["member"]]);
    // told once
    assert!(!ada.get("/console/people").text.contains("Somebody else changed"));

    let role = ada.get(&format!("/console/people/{id}"));
    let profile = [("displayName", "Ben typed this"), ("userName", "ben"), ("version", version.as_str())];
    assert_eq!(role.status, 200);
    let refused = ada.post(&format!("/console/people/{id}"), &profile);
    assert_eq!(refused.to, format!("/console/people/{id}"));
    let fresh = ada.get(&refused.to).text;
    assert!(fresh.contains("Ben typed this") && fresh.contains("Somebody else changed"), "{fresh}");
    assert!(!fresh.contains("value=\"Ben typed this\""), "the form shows how it is, and not what was typed");

    // an undo that comes late takes nothing back that somebody else did
    ada.post(&format!("/console/people/{id}/role"), &[("role", "admin"), ("back", "/people")]);
    let undo = ada.get("/console/people").between("role=\"status\"", "</form>");
    let version = version_in(&undo);
    world.ask("PUT", &format!("/users/{id}/organization-role"), &json!({"organizationRole": "viewer"}));
    ada.post(&format!("/console/people/{id}/role"), &[("role", "member"), ("version", &version)]);
    assert!(ada.get("/console/people").text.contains("Somebody else changed"));
    assert_eq!(world.database.ask(role_of_ben), [["viewer"]]);
}

/// The version that a form holds.
fn version_in(form: &str) -> String {
    let version = form.split("name=\"version\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    version.replace("&#34;", "\"").replace("&quot;", "\"")
}

#[test]
fn a_stale_page_of_a_connection_a_provider_or_a_member_changes_nothing() {
    let world = World::open(&[]);
    let mut ada = world.ada.clone();
    let connection = world.database.ask("SELECT id FROM connections")[0][0].clone();
    let path = format!("/console/provisioning/{connection}");
    let form = ada.get(&path).between("name=\"version\"", "</form>");
    let version = version_in(&format!("name=\"version\"{form}"));
    world.ask("PATCH", &format!("/connections/{connection}"), &json!({"switches": {"delete": false}}));
    let late = [("version", version.as_str()), ("delete", "on"), ("expectedCycle", "40")];
    assert_eq!(ada.post(&path, &late).to, path);
    assert!(ada.get(&path).text.contains("What you sent: on, 40"));
    let switches = world.ask("GET", &format!("/connections/{connection}"), &json!(null))["switches"].clone();
    assert_eq!((&switches["delete"], &switches["expectedCycle"]), (&json!(false), &json!(null)));

    let oidc = json!({"issuer": "https://id.example", "clientId": "roster"});
    let made = world.ask("POST", "/providers", &json!({"name": "Corp", "oidc": oidc}));
    let provider = made["id"].as_str().unwrap();
    let path = format!("/console/sign-in/providers/{provider}");
    let form = ada.get(&path).between("name=\"version\"", "</form>");
    let version = version_in(&format!("name=\"version\"{form}"));
    let rules = json!({"rules": {"requiredGroups": ["staff"]}});
    world.ask("PATCH", &format!("/providers/{provider}"), &rules);
    let late = [
        ("version", version.as_str()),
        ("name", "Corp"),
        ("issuer", "https://id.example"),
        ("clientId", "roster"),
        ("secret", "hush-hush"),
    ];
    assert_eq!(ada.post(&path, &late).to, path);
    let told = ada.get(&path).text;
    assert!(told.contains("What you sent: Corp, https://id.example, roster") && !told.contains("hush-hush"));
    let rules = world.ask("GET", &format!("/providers/{provider}"), &json!(null))["rules"].clone();
    assert_eq!(rules["requiredGroups"], json!(["staff"]));

    let ben = world.person("ben", PASSWORD);
    let team = world.ask("POST", "/teams", &json!({"name": "Engines"}));
    let team = team["id"].as_str().unwrap();
    world.ask("POST", &format!("/teams/{team}/members"), &json!({"user": ben, "role": "viewer"}));
    let late = [("role", "admin"), ("before", "member")];
    ada.post(&format!("/console/teams/{team}/members/{ben}/role"), &late);
    assert!(ada.get(&format!("/console/teams/{team}/members")).text.contains("Somebody else changed"));
    let role = world.ask("GET", &format!("/teams/{team}/members"), &json!(null))["items"].clone();
    let own = role.as_array().unwrap().iter().find(|it| it["id"] == json!(ben)).unwrap()["role"].clone();
    assert_eq!(own, "viewer");
}

/// What a form of a page would send as it stands, as a browser reads it.
fn held_by(page: &Page, action: &str) -> Vec<(String, String)> {
    let plain = |text: &str| text.replace("&#34;", "\"").replace("&#38;", "&").replace("&#39;", "'");
    let value = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        Some(plain(rest.split('"').next()?))
    };
    let forms = page.text.split("<form ").skip(1).map(|rest| rest.split("</form>").next().unwrap());
    let mut held = Vec::new();
    for form in forms.filter(|form| value(&format!(" {form}"), "action").as_deref() == Some(action)) {
        let mut select = String::new();
        for tag in form.split('<').skip(1) {
            let name = value(tag, "name").unwrap_or_default();
            let (inside, text) = tag.split_once('>').unwrap();
            match tag.split([' ', '>']).next().unwrap() {
                "input" if inside.contains("type=\"checkbox\"") && !inside.contains(" checked") => {}
                "input" => held.push((name, value(tag, "value").unwrap_or_default())),
                "textarea" => held.push((name, plain(text))),
                "select" => select = name,
                "option" if inside.contains(" selected") => {
                    held.push((select.clone(), value(tag, "value").unwrap()));
                }
                _ => {}
            }
        }
    }
    held
}

/// A secret that somebody types.
const HUSH: &str = "hush-hush";

/// Forms, and what somebody typed into them: one field of each is wrong, or the button asks for a look.
const FORMS: &[(&str, &[(&str, &str)])] = &[
    ("/people/add", &[("emails", "none"), ("role", "admin"), ("seat", "viewer"), ("teams", "\"A & B\"")]),
    ("/people/create", &[("userName", ""), ("displayName", "Zed"), ("emails", "zed@orion.example")]),
    (
        "/people/{ben}",
        &[("userName", "ada@orion.example"), ("displayName", "Benjamin"), ("emails", "b@orion.example")],
    ),
    (
        "/teams/new",
        &[("name", ""), ("defaultRole", "viewer"), ("storage", "AWS"), ("bucket", "x"), ("path", "y")],
    ),
    ("/teams/{team}/settings", &[("name", "Rockets"), ("defaultRole", "pilot"), ("hidden", "on")]),
    ("/teams/{team}/members", &[("user", "nobody"), ("role", "viewer")]),
    ("/teams/{team}/service-accounts", &[("name", "")]),
    ("/mappings", &[("do", "preview"), ("group", "Engines"), ("team", "Engines"), ("role", "admin")]),
    ("/mappings", &[("claim", "groups"), ("value", ""), ("organizationRole", "admin"), ("role", "viewer")]),
    ("/provisioning/new", &[("name", ""), ("guide", "keycloak"), ("profile", "wandb")]),
    (
        "/provisioning/{connection}",
        &[
            ("expectedCycle", "soon"),
            ("readOnly", "on"),
            ("adoption", "refuse"),
            ("mail", "skip"),
            ("profile", "strict"),
        ],
    ),
    ("/provisioning/{connection}/tokens", &[("days", "0"), ("readOnly", "on"), ("guide", "entra")]),
    (
        "/sign-in/providers",
        &[("kind", "oidc"), ("name", "New"), ("issuer", "ftp://x"), ("clientId", "me"), ("secret", HUSH)],
    ),
    (
        "/sign-in/providers",
        &[
            ("kind", "ldap"),
            ("name", "New"),
            ("address", "x"),
            ("baseDn", "y"),
            ("bindDn", "z"),
            ("startTls", "on"),
        ],
    ),
    (
        "/sign-in/providers/{openid}",
        &[
            ("name", "Corp 2"),
            ("secret", HUSH),
            ("issuer", "ftp://x"),
            ("clientId", "it"),
            ("scopes", "openid, groups"),
            ("claimEmail", "mail"),
            ("domains", "a.example\nb.example"),
            ("requiredGroups", "staff"),
            ("groupSync", "on"),
            ("adoption", "link"),
        ],
    ),
    (
        "/sign-in/providers/{directory}",
        &[
            ("name", "Old 2"),
            ("address", "no"),
            ("startTls", "on"),
            ("baseDn", "dc=b"),
            ("loginAttributes", "uid, mail"),
            ("userFilter", "(x=y)"),
            ("groupBaseDn", "ou=g"),
            ("allowedGroups", "a\nb"),
            ("nestedGroups", "on"),
            ("enabled", "on"),
        ],
    ),
    ("/settings/license", &[("license.full", "many"), ("license.viewer", "7"), ("seatOverflow", "none")]),
    ("/settings/people", &[("inviteDays", "-1"), ("personalProjects", "on")]),
    (
        "/sign-in/settings/sign-in",
        &[("sessionHours", "-1"), ("sessionIdleHours", "3"), ("ssoProvisioning", "on")],
    ),
    ("/mail/settings/mail", &[("mailFrom", "nobody"), ("scimMail", "on")]),
    ("/own/keys", &[("name", "mine"), ("until", "soon"), ("scope", "read")]),
    ("/service-accounts/{machine}/keys", &[("name", "its"), ("until", "soon"), ("scope", "audit:read")]),
    ("/service-accounts", &[("name", "runner"), ("team", "Rockets")]),
    (
        "/roles/new",
        &[("name", ""), ("description", "flies"), ("inheritedFrom", "viewer"), ("permission", "run:delete")],
    ),
];

#[test]
fn what_was_typed_is_there_again_where_it_is_refused_or_looked_at() {
    let world = World::open(&[]);
    let (mut ada, ben) = (world.ada.clone(), world.person("ben", PASSWORD));
    let id = |made: serde_json::Value| made["id"].as_str().unwrap().to_owned();
    let team = id(world.ask("POST", "/teams", &json!({"name": "Engines"})));
    let connection = world.database.ask("SELECT id FROM connections")[0][0].clone();
    let oidc = json!({"issuer": "https://id.example", "clientId": "roster"});
    let openid = id(world.ask("POST", "/providers", &json!({"name": "Corp", "oidc": oidc})));
    let ldap = json!({"address": "ldaps://ldap.example", "baseDn": "dc=example"});
    let directory = id(world.ask("POST", "/providers", &json!({"name": "Old", "ldap": ldap})));
    let machine = id(world.ask("POST", "/service-accounts", &json!({"name": "runner"})));
    let names = [
        ("{ben}", ben),
        ("{team}", team),
        ("{connection}", connection),
        ("{openid}", openid),
        ("{directory}", directory),
        ("{machine}", machine),
    ];
    for (path, typed) in FORMS {
        let path = names.iter().fold((*path).to_owned(), |path, (name, id)| path.replace(name, id));
        let action = format!("/console{path}");
        let shown = ada.post(&action, typed);
        let looks = typed.contains(&("do", "preview"));
        assert_eq!(shown.status, if looks { 200 } else { 422 }, "{path} {} {}", shown.error(), shown.to);
        assert_eq!(shown.error().is_empty(), looks, "{path} {}", shown.text);
        assert!(!shown.text.contains(HUSH), "{path}");
        let is_told = shown.text.contains("It is not kept until the form is saved");
        assert_eq!(is_told, typed.contains(&("secret", HUSH)), "{path}");
        let held = held_by(&shown, &action);
        let said: Vec<&(String, String)> =
            held.iter().filter(|(name, value)| name != "version" && !value.is_empty()).collect();
        for (name, value) in
            typed.iter().filter(|(name, value)| !["do", "secret"].contains(name) && !value.is_empty())
        {
            let it = (name.to_string(), value.to_string());
            assert!(said.contains(&&it) || it.1 == "pilot", "{path}: {name} is lost: {held:?}");
        }
        // and nothing is there that nobody typed: no box is ticked again, no role chosen again
        for (name, value) in said {
            let typed_so = typed.iter().any(|(typed, said)| typed == name && said == value);
            let only_choice =
                ["guide", "profile", "storage", "adoption", "seatOverflow", "kind"].contains(&name.as_str());
            assert!(typed_so || only_choice, "{path}: {name} is {value}: {held:?}");
        }
    }
    // the next page is a new form
    let fresh = held_by(&ada.get("/console/people/add"), "/console/people/add");
    assert!(fresh.contains(&("role".to_owned(), "member".to_owned())), "{fresh:?}");
    assert!(fresh.contains(&("emails".to_owned(), String::new())), "{fresh:?}");
}

#[test]
fn what_is_refused_by_a_switch_or_a_role_is_there_again_as_well() {
    let world = World::open(&[]);
    let ben = world.person("ben", PASSWORD);
    let mut own = world.signed_in("ben", PASSWORD);
    let role = json!({"organizationRole": "viewer"});
    world.ask("PUT", &format!("/users/{ben}/organization-role"), &role);
    let typed = [("name", "laptop"), ("until", "2030-01-31"), ("scope", "write")];
    let refused = own.post("/console/own/keys", &typed);
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.error().contains("no keys in this organization"), "{}", refused.error());
    let held = held_by(&refused, "/console/own/keys");
    assert_eq!(held, typed.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(world.events("key.created"), 0);

    world.ask("PATCH", "/settings", &json!({"invitations": false}));
    let mut ada = world.ada.clone();
    let refused = ada.post("/console/people/add", &[("emails", "fay@orion.example"), ("role", "admin")]);
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.error().contains("switched off"), "{}", refused.error());
    let held = held_by(&refused, "/console/people/add");
    assert!(held.contains(&("emails".to_owned(), "fay@orion.example".to_owned())), "{held:?}");
}

#[test]
fn a_refused_form_is_still_about_what_its_sender_saw() {
    let world = World::open(&[]);
    let mut ada = world.ada.clone();
    let connection = world.database.ask("SELECT id FROM connections")[0][0].clone();
    let forms = [
        ("/settings".to_owned(), "/settings/license".to_owned(), "license.full"),
        ("/mail".to_owned(), "/mail/settings/mail".to_owned(), "mailFrom"),
        ("/sign-in".to_owned(), "/sign-in/settings/sign-in".to_owned(), "sessionHours"),
        (format!("/provisioning/{connection}"), format!("/provisioning/{connection}"), "expectedCycle"),
    ];
    let version = |page: &Page, action: &str| {
        let held = held_by(page, action);
        held.into_iter().find(|(name, _)| name == "version").unwrap().1
    };
    for (n, (page, action, field)) in forms.into_iter().enumerate() {
        let (page, action) = (format!("/console{page}"), format!("/console{action}"));
        let seen = version(&ada.get(&page), &action);
        // somebody else, meanwhile
        world.ask("PATCH", "/settings", &json!({"inviteDays": n + 3}));
        let switches = json!({"switches": {"delete": n % 2 == 0}});
        world.ask("PATCH", &format!("/connections/{connection}"), &switches);

        let refused = ada.post(&action, &[("version", &seen), (field, "not at all")]);
        if field != "mailFrom" {
            assert_eq!(refused.status, 422, "{action} {}", refused.text);
            assert_eq!(version(&refused, &action), seen, "{action}");
            assert!(refused.text.contains("aria-current=\"page\""), "{action}: the way here is marked");
        }
        let corrected = if field == "mailFrom" { "roster@orion.example" } else { "40" };
        assert_eq!(ada.post(&action, &[("version", &seen), (field, corrected)]).to, page, "{action}");
        let fresh = ada.get(&page).text;
        assert!(fresh.contains("Somebody else changed this meanwhile"), "{action}");
        assert!(fresh.contains(&format!("What you sent: {corrected}")), "{action}: {fresh}");
    }
}

#[test]
fn a_change_of_some_people_leads_back_to_the_list_that_was_asked_for() {
    let world = World::open(&[]);
    let (mut ada, ben) = (world.ada.clone(), world.person("ben", PASSWORD));
    let asked = "/people?search=ben&sort=name&order=descending";
    let place = format!("/console{asked}");
    let escaped = asked.replace('&', "&#38;");
    let list = ada.get(&place).text;
    let bulk = place.replace("/people?", "/people/bulk?");
    assert!(list.contains(&format!("action=\"{}\"", bulk.replace('&', "&#38;"))), "{list}");

    let sent = ada.post(&bulk, &[("id", &ben), ("do", "seat"), ("seat", "viewer")]);
    assert_eq!(sent.to, place);
    ada.get(&place);
    let refused = ada.post(&bulk, &[("id", &ben), ("do", "team"), ("team", "none of ours")]);
    assert_eq!(
        (refused.status, refused.error().contains("none of ours")),
        (422, true),
        "{}",
        refused.error()
    );
    assert!(refused.text.contains(&format!("value=\"{ben}\" form=\"bulk\" checked")), "{}", refused.text);
    assert!(refused.text.contains("value=\"none of ours\""), "{}", refused.text);
    assert!(refused.text.contains("value=\"ben\""), "the search is there as well");

    // one person, by the pencil and the menu, and what takes it back
    let role = format!("/console/people/{ben}/role");
    let undo = |page: &Page| page.between("role=\"status\"", "</form>");
    let held = held_by(&ada.get(&place), &role);
    assert!(held.contains(&("back".to_owned(), asked.to_owned())), "{held:?}");
    assert_eq!(ada.post(&role, &[("role", "viewer"), ("back", asked)]).to, place);
    assert!(undo(&ada.get(&place)).contains(&escaped));
    for step in ["deactivate", "remove"] {
        let path = format!("/console/people/{ben}/{step}");
        let link = list.split(&format!("href=\"{path}?back=")).nth(1).unwrap().split('"').next().unwrap();
        let means = ada.get(&format!("{path}?back={}", link.replace("&#38;", "&")));
        assert!(held_by(&means, &path).contains(&("back".to_owned(), asked.to_owned())), "{}", means.text);
        if step == "deactivate" {
            assert_eq!(ada.post(&path, &[("back", asked)]).to, place);
            let active = held_by(&ada.get(&place), &path.replace(step, "reactivate"));
            assert!(active.contains(&("back".to_owned(), asked.to_owned())), "{active:?}");
        }
    }
    // what takes it back is left out where a browser would keep none of it
    let path = format!("/console/people/bulk?search={}", "x".repeat(3_000));
    ada.post(&path, &[("id", &ben), ("do", "reactivate")]);
    assert!(ada.set.iter().all(|line| line.len() <= 4_096), "{:?}", ada.set);
    let told = ada.get("/console/people").between("role=\"status\"", "</div>");
    assert!(told.contains("One person was changed") && !told.contains("<form"), "{told}");
    // nowhere else
    for odd in ["//evil.example", "https://evil.example", "/people\r\nX-Odd: 1", "/sign-in"] {
        assert_eq!(
            ada.post(&role, &[("role", "member"), ("back", odd)]).to,
            format!("/console/people/{ben}")
        );
    }
    let path = format!("/console/people/{ben}/remove");
    assert_eq!(ada.post(&path, &[("back", asked), ("name", "Ben")]).to, place);
}
