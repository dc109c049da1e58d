//! Signing in by a real directory: who that is here, which teams follow, and what the environment says of it.

use crate::{
    commands::{json as told, roster},
    database::Database,
    sign_in::{World, totp},
    slapd::{BASE, READER, Slapd},
    support::{Program, serve},
    visitor::{Page, Visitor},
};
use serde_json::{Value, json};
use std::process::Stdio;

/// An OpenID provider, in W&B's words.
const OIDC: [(&str, &str); 6] = [
    ("OIDC_ISSUER", "https://id.example"),
    ("OIDC_CLIENT_ID", "roster"),
    ("OIDC_AUTH_METHOD", "pkce"),
    ("GORILLA_OIDC_SECRET", "very secret"),
    ("GORILLA_OIDC_CUSTOM_SCOPES", "groups,offline_access"),
    ("GORILLA_ENABLE_SSO_GROUPS_CLAIMS", "true"),
];

/// A server whose people are in a directory.
struct Joined {
    world: World,
    id: String,
}

impl Joined {
    fn open(slapd: &Slapd) -> Self {
        let mut joined = Self { world: World::open(&[]), id: String::new() };
        let new = json!({
            "name": "Directory", "enabled": true, "secret": READER.1,
            "ldap": {"address": slapd.tls, "baseDn": BASE, "bindDn": READER.0, "ca": slapd.ca, "groupBaseDn": BASE},
        });
        joined.id = joined.ask("POST", "/providers", &new)["id"].as_str().unwrap().to_owned();
        joined
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        self.world.ask(method, path, body)
    }

    fn sign_in(&self, visitor: &mut Visitor, login: &str, password: &str) -> Page {
        visitor.post("/sign-in", &[("provider", &self.id), ("login", login), ("password", password)])
    }

    fn users(&self) -> i64 {
        self.world.database.number("SELECT count(*) FROM users")
    }
}

#[test]
fn people_of_a_directory_come_in_by_its_password_and_are_one_person() {
    let slapd = Slapd::start();
    let joined = Joined::open(&slapd);
    let page = joined.world.visitor().get("/sign-in");
    assert!(page.text.contains("Sign in with Directory"), "{}", page.text);
    let tested = joined.ask("POST", &format!("/providers/{}/test", joined.id), &json!({}));
    assert_eq!((tested["works"].clone(), tested["encrypted"].clone()), (json!(true), json!(true)));
    let users = joined.users();

    for (login, password) in
        [("ada", "not Ada's"), ("nobody", "Ada's"), ("*", "Ada's"), ("ada", ""), ("", "Ada's")]
    {
        let refused = joined.sign_in(&mut joined.world.visitor(), login, password);
        assert_eq!(
            (refused.status, refused.error().as_str()),
            (401, "The name or the password is wrong."),
            "{login}"
        );
    }
    assert_eq!(joined.users(), users);
    let typed = joined.sign_in(&mut joined.world.visitor(), "typed", "nothing good");
    assert_eq!(typed.text.matches("value=\"typed\"").count(), 1, "{}", typed.text);
    assert!(
        typed.text.contains(&format!("id=\"login-{}\" name=\"login\" value=\"typed\"", joined.id)),
        "{}",
        typed.text
    );

    let mut ada = joined.world.visitor();
    assert_eq!(joined.sign_in(&mut ada, "ada", "Ada's").to, "/");
    let me: Value = serde_json::from_str(&ada.send("GET", "/api/v1/me", &[], "").text).unwrap();
    let person = joined.ask("GET", &format!("/users/{}", me["id"].as_str().unwrap()), &json!({}));
    assert_eq!((person["userName"].clone(), person["source"].clone()), (json!("ada"), json!("sign_in")));
    let mut again = joined.world.visitor();
    assert_eq!(joined.sign_in(&mut again, "ADA", "Ada's").to, "/");
    assert_eq!(joined.users(), users + 1);

    // the directory's password, not one of ours, proves it again
    joined.world.database.ask("UPDATE sessions SET authenticated_at = authenticated_at - 901000000");
    let asked = ada.get("/account/second-factor");
    assert_eq!(ada.post(&asked.to, &[("password", "not Ada's")]).status, 401);
    assert_eq!(
        ada.post(&asked.to, &[("password", "Ada's"), ("to", "/account/second-factor")]).to,
        "/account/second-factor"
    );
    assert_eq!(ada.get("/account/second-factor").status, 200);

    // a second factor here is asked for, since there was none there
    let page = ada.get("/account/second-factor");
    let secret = page.between("<code class=\"secret\">", "</code>");
    let sealed = page.between("name=\"sealed\" value=\"", "\"");
    let added = ada.post("/account/second-factor", &[("sealed", &sealed), ("code", &totp(&secret, 0))]);
    assert_eq!(added.heading(), "Recovery codes");
    let mut other = joined.world.visitor();
    let asked = joined.sign_in(&mut other, "ada", "Ada's");
    assert_eq!(asked.to, "/sign-in/code?to=%2F", "{}", asked.text);
    assert!(!other.is_in());
    assert_eq!(other.post("/sign-in/code", &[("code", "000000")]).status, 401);
    assert_eq!(
        other.post("/sign-in/code", &[("code", &totp(&secret, 1)), ("to", "/account")]).to,
        "/account"
    );
    assert!(other.is_in());

    // whoever is switched off here is out, whatever the directory says
    joined.world.run(&["user", "deactivate", me["id"].as_str().unwrap(), "--json"]);
    assert!(!ada.is_in());
    let refused = joined.sign_in(&mut ada, "ada", "Ada's");
    assert!(refused.status == 403 && refused.text.contains("deactivated"), "{}", refused.text);
    drop(slapd);
    let away = joined.sign_in(&mut joined.world.visitor(), "ada", "Ada's");
    assert_eq!((away.status, away.heading().as_str()), (502, "The provider does not answer"));
}

#[test]
fn groups_of_a_directory_are_teams_and_let_in_where_admins_say_so() {
    let slapd = Slapd::start();
    let joined = Joined::open(&slapd);
    let tried = joined.ask("POST", &format!("/providers/{}/test", joined.id), &json!({}));
    let mut visitor = joined.world.visitor();
    joined.sign_in(&mut visitor, "ada", "Ada's");
    let me: Value = serde_json::from_str(&visitor.send("GET", "/api/v1/me", &[], "").text).unwrap();
    let id = me["id"].as_str().unwrap().to_owned();
    // whichever groups the directory says, one of them is a team here
    let said = joined.world.database.ask("SELECT detail FROM events WHERE kind = 'identity.linked'");
    assert!(said[0][0].contains("linked") && tried["works"] == json!(true));
    joined.world.run(&["team", "create", "engineers", "--json"]);
    joined.world.run(&["team", "create", "poets", "--json"]);
    joined.world.run(&["team", "add", "poets", &id, "--json"]);
    joined.ask("PATCH", &format!("/providers/{}", joined.id), &json!({"rules": {"groupSync": true}}));
    joined.sign_in(&mut visitor, "ada", "Ada's");
    let person = joined.ask("GET", &format!("/users/{id}"), &json!({}));
    let teams: Vec<&str> =
        person["teams"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(teams, ["engineers"]);

    joined.ask(
        "PATCH",
        &format!("/providers/{}", joined.id),
        &json!({"rules": {"requiredGroups": ["no such group"]}}),
    );
    let refused = joined.sign_in(&mut visitor, "ada", "Ada's");
    assert!(refused.status == 403 && refused.text.contains("none of the groups"), "{}", refused.text);
}

#[test]
fn the_environment_says_where_people_sign_in_and_takes_it_back() {
    let slapd = Slapd::start();
    let database = Database::fresh();
    let setting = database.setting();
    let folder = tempfile::tempdir().unwrap();
    let (ca, secret) = (folder.path().join("ca.pem"), folder.path().join("secret"));
    std::fs::write(&ca, &slapd.ca).unwrap();
    std::fs::write(&secret, format!("{}\n", READER.1)).unwrap();
    let begin = |variables: &[(&str, &str)]| {
        let mut command = serve(&setting);
        command.args(["--listen", "127.0.0.1:0"]).envs(variables.iter().copied()).stderr(Stdio::piped());
        Program::start(&mut command)
    };
    let listed = || told(&roster(&setting, &["provider", "list", "--json"]))["items"].clone();
    let ldap = [
        ("LOCAL_LDAP_ADDRESS", slapd.tls.as_str()),
        ("LOCAL_LDAP_BASE_DN", BASE),
        ("LOCAL_LDAP_BIND_DN", READER.0),
        ("ROSTER_LDAP_BIND_PASSWORD_FILE", secret.to_str().unwrap()),
        ("LOCAL_LDAP_ATTRIBUTES", "email=mail"),
        ("LOCAL_LDAP_LOGIN", "True"),
        ("GORILLA_LDAP_GROUP_SYNC", "true"),
        ("ROSTER_LDAP_CA_FILE", ca.to_str().unwrap()),
    ];
    {
        let program = begin(&[&ldap[..], &OIDC].concat()).unwrap();
        let found = listed();
        assert_eq!(found[0]["oidc"]["scopes"], json!(["groups", "offline_access"]));
        assert_eq!(
            (found[0]["rules"]["groupSync"].clone(), found[0]["hasSecret"].clone()),
            (json!(true), json!(true))
        );
        assert_eq!(found[0]["createdBy"], json!("environment"));
        let tested = told(&roster(&setting, &["provider", "test", "LDAP", "--json"]));
        assert_eq!(tested["works"], json!(true), "{tested}");
        told(&roster(&setting, &["user", "create", "root", "--role", "admin", "--json"]));
        let mut visitor = Visitor::at(&program.client.root);
        let id = found[1]["id"].as_str().unwrap();
        let page = visitor.post("/sign-in", &[("provider", id), ("login", "ada"), ("password", "Ada's")]);
        assert_eq!(page.to, "/", "{}", page.text);
    }
    let same = {
        let _program = begin(&[&ldap[..], &OIDC].concat()).unwrap();
        listed()
    };
    assert_eq!(same.as_array().unwrap().len(), 2, "the same again is no other");
    // somebody restores the server: no provider, and a password for an admin
    {
        let program =
            begin(&[&OIDC[..], &[("LOCAL_RESTORE", "true"), ("ROSTER_PASSWORD_SIGN_IN", "false")]].concat())
                .unwrap();
        let password = program.said_after("without LOCAL_RESTORE:");
        let mut visitor = Visitor::at(&program.client.root);
        let page = visitor.get("/sign-in");
        assert!(
            !page.text.contains("Single sign-on") && page.text.contains("name=\"password\""),
            "{}",
            page.text
        );
        assert_eq!(visitor.sign_in("root", &password).to, "/sign-in/password?to=%2F");
    }
    let _program = begin(&[]).unwrap();
    assert_eq!(listed(), json!([]), "what is no longer declared is gone");
}

#[test]
fn what_the_environment_says_wrong_of_a_provider_is_told_by_its_name() {
    for (variables, says) in [
        (vec![("OIDC_ISSUER", "https://id.example")], "ROSTER_OIDC_CLIENT_ID"),
        ([&OIDC[..2], &[("OIDC_AUTH_METHOD", "implicit")]].concat(), "implicit flow"),
        (
            [&OIDC[..2], &[("GORILLA_USE_IDENTIFIER_CLAIMS", "perhaps")]].concat(),
            "GORILLA_USE_IDENTIFIER_CLAIMS",
        ),
        (vec![("LOCAL_LDAP_ADDRESS", "ldaps://d.example")], "ROSTER_LDAP_BASE_DN"),
        (vec![("LOCAL_LDAP_ADDRESS", "ldap://d.example"), ("LOCAL_LDAP_BASE_DN", BASE)], "ldap.address"),
        (vec![("OIDC_ISSUER", "http://id.example"), ("OIDC_CLIENT_ID", "x")], "oidc.issuer"),
    ] {
        let other = Database::fresh();
        let mut command = serve(&other.setting());
        command.args(["--listen", "127.0.0.1:0"]).envs(variables).stderr(Stdio::piped());
        let ended = Program::start(&mut command).err().unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(told.contains(says), "{says}: {told}");
        assert!(!told.contains("very secret"));
    }
}
