//! Machines exchange a token of an issuer that an admin registered for one of ours (W-170 to W-174, E12).

use crate::{
    commands::{json as told, roster},
    database::Database,
    support::{Client, Program, Reply},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PublicKeyData};
use roster::clock::Clock;
use serde_json::{Map, Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// An issuer on this machine: its discovery document, and whatever keys it has at the moment.
struct Issuer {
    url: String,
    keys: Arc<Mutex<Vec<Value>>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (keys, asked): (Arc<Mutex<Vec<Value>>>, Arc<AtomicUsize>) = Default::default();
        let (served, counted, own) = (keys.clone(), asked.clone(), url.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut line = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                if reader.read_line(&mut line).unwrap_or(0) == 0 {
                    continue;
                }
                let mut rest = String::new();
                while reader.read_line(&mut rest).unwrap_or(0) > 2 {
                    rest.clear();
                }
                let body = match line.split(' ').nth(1).unwrap_or_default() {
                    "/.well-known/openid-configuration" => {
                        json!({"issuer": own, "jwks_uri": format!("{own}/keys")})
                    }
                    "/keys" => {
                        counted.fetch_add(1, Ordering::SeqCst);
                        json!({"keys": *served.lock().unwrap()})
                    }
                    _ => Value::Null,
                };
                let body = body.to_string();
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { url, keys, asked }
    }

    /// A key that it signs with from now on.
    fn key(&self, id: &str) -> Key {
        let pair = KeyPair::generate().unwrap();
        let point = pair.der_bytes().to_vec();
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id,
            "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..65]),
        });
        self.keys.lock().unwrap().push(jwk);
        Key { id: id.to_owned(), pair, point }
    }
}

struct Key {
    id: String,
    pair: KeyPair,
    point: Vec<u8>,
}

impl Key {
    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &EncodingKey::from_ec_der(&self.pair.serialize_der())).unwrap()
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    Clock::System.now() / 1_000_000
}

/// A server whose organization takes an issuer's tokens.
struct World {
    database: Database,
    client: Client,
    _program: Program,
    issuer: Issuer,
    key: Key,
    issuer_id: String,
}

impl World {
    fn start() -> Self {
        let (database, issuer) = (Database::fresh(), Issuer::start());
        let program = Program::serve(&database.setting());
        let key = issuer.key("k1");
        let mut world = Self {
            client: program.client.clone(),
            database,
            _program: program,
            issuer,
            key,
            issuer_id: String::new(),
        };
        world.run(&["user", "create", "ada", "--role", "admin", "--email", "ada@orion.example", "--json"]);
        world.run(&["user", "create", "ben", "--email", "ben@orion.example", "--json"]);
        world.run(&["service-account", "create", "sa-nightly", "--json"]);
        let made = world.run(&["issuer", "create", &world.issuer.url.clone(), "--json"]);
        world.issuer_id = made["id"].as_str().unwrap().to_owned();
        world
    }

    fn run(&self, words: &[&str]) -> Value {
        told(&roster(&self.database.setting(), words))
    }

    /// What a good token says, but for what is said here; null takes a claim out.
    fn claims(&self, other: Value) -> Value {
        let mut claims: Map<String, Value> = Map::new();
        claims.insert("iss".to_owned(), self.issuer.url.as_str().into());
        claims.insert("sub".to_owned(), "ada@orion.example".into());
        claims.insert("aud".to_owned(), "default".into());
        claims.insert("exp".to_owned(), (now() + 300).into());
        claims.extend(other.as_object().unwrap().clone());
        claims.retain(|_, value| !value.is_null());
        Value::Object(claims)
    }

    fn signed(&self, other: Value) -> String {
        self.key.sign(&self.claims(other))
    }

    fn ask(&self, form: &[(&str, &str)]) -> Reply {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers = [("Authorization", ""), ("Content-Type", "application/x-www-form-urlencoded")];
        self.client.raw("POST", "/oidc/token", &headers, body.as_bytes())
    }

    fn exchange(&self, assertion: &str) -> Reply {
        self.ask(&[("grant_type", GRANT), ("assertion", assertion)])
    }

    #[track_caller]
    fn token(&self, assertion: &str) -> String {
        let given = self.exchange(assertion);
        assert_eq!(given.status, 200, "{}", given.json());
        given.json()["access_token"].as_str().unwrap().to_owned()
    }

    fn get(&self, path: &str, token: &str) -> Reply {
        self.client.raw("GET", path, &[("Authorization", &format!("Bearer {token}"))], b"")
    }

    fn n_keys(&self) -> i64 {
        self.database.number("SELECT count(*) FROM api_keys")
    }
}

#[test]
fn e_12_a_token_is_exchanged_and_speaks_for_whom_it_is_about() {
    let world = World::start();

    let given = world.exchange(&world.signed(json!({})));

    let mut shown = given.json();
    let token = shown["access_token"].take().as_str().unwrap().to_owned();
    assert_eq!(shown, json!({"access_token": null, "token_type": "Bearer", "expires_in": 3600}));
    assert_eq!((given.status, given.header("Cache-Control")), (200, "no-store"));
    assert_eq!(
        world.get("/api/v1/me", &token).json()["id"],
        world.run(&["user", "show", "ada", "--json"])["id"]
    );
    // W-174
    assert_eq!(world.get("/scim/Users", &token).status, 200);
    let machine = world.token(&world.signed(json!({"sub": "sa-nightly", "aud": ["other", "wandb"]})));
    assert_eq!(world.get("/scim/Users", &machine).status, 200);
    let ben = world.token(&world.signed(json!({"sub": "BEN"})));
    assert_eq!(
        world.get("/scim/Users", &ben).status,
        403,
        "who may not use SCIM with a key may not with this"
    );

    // they end soon, and are in no list and in nobody's way
    assert_eq!(world.get("/api/v1/keys", &token).json()["items"], json!([]));
    let ends =
        "SELECT count(*) FROM api_keys WHERE expires_at = created_at + 3600000000 AND issuer IS NOT NULL";
    assert_eq!(world.database.number(ends), 3);
    let events = "SELECT detail FROM events WHERE kind = 'token.exchanged' ORDER BY id";
    let told: Value = serde_json::from_str(&world.database.ask(events)[0][0]).unwrap();
    assert_eq!(told["issuer"], world.issuer.url.as_str());

    world.run(&["user", "deactivate", "ben", "--json"]);
    assert_eq!(world.get("/api/v1/me", &ben).status, 401, "whoever is deactivated has none");
    world.run(&["issuer", "remove", &world.issuer_id, "--json"]);
    assert_eq!(world.get("/api/v1/me", &token).status, 401, "an issuer that is gone gave nothing");
    assert_eq!(world.exchange(&world.signed(json!({}))).json()["error"], "invalid_grant");
}

#[test]
fn a_key_that_the_issuer_changed_is_found_and_an_issuer_that_is_away_is_told_apart() {
    let world = World::start();
    world.token(&world.signed(json!({})));
    world.issuer.keys.lock().unwrap().clear();
    let second = world.issuer.key("k2");
    let asked = world.issuer.asked.load(Ordering::SeqCst);

    let claims = world.claims(json!({}));
    let mut given = world.exchange(&second.sign(&claims));
    for _ in 0..40 {
        if given.status == 200 {
            break;
        }
        thread::park_timeout(Duration::from_millis(100));
        given = world.exchange(&second.sign(&claims));
    }

    assert_eq!(given.status, 200, "{}", given.json());
    // forty that are refused ask the issuer no more often than once in two seconds
    assert!(world.issuer.asked.load(Ordering::SeqCst) - asked <= 2);
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let away = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    world.run(&["issuer", "create", &away, "--json"]);
    let later = world.exchange(&world.signed(json!({"iss": away})));
    assert_eq!((later.status, later.json()["error"].clone()), (503, json!("temporarily_unavailable")));
    assert!(later.header("Retry-After").parse::<u32>().unwrap() > 0);
}

#[test]
fn what_is_no_good_token_gets_none() {
    let world = World::start();
    world.run(&["user", "create", "cy", "--email", "twin@orion.example", "--json"]);
    world.run(&["user", "create", "di", "--email", "twin@orion.example", "--json"]);
    world.run(&["user", "create", "eve", "--email", "eve@orion.example", "--json"]);
    world.run(&["user", "deactivate", "eve", "--json"]);
    let before = world.n_keys();
    let other = Issuer::start();
    let stranger = other.key("k1");
    let sealed = json!({"kty": "EC", "crv": "P-256", "use": "enc", "kid": "k9", "x": "", "y": ""});
    world.issuer.keys.lock().unwrap().push(sealed);
    let good = world.signed(json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let by = |header: Value, claims: &Value| {
        format!("{}.{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()), parts[2])
    };
    let confused = {
        let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::HS256) };
        encode(&header, &world.claims(json!({})), &EncodingKey::from_secret(&world.key.point)).unwrap()
    };
    let table: Vec<(&str, String)> = vec![
        ("nothing", String::new()),
        ("no JWT", "abc".to_owned()),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("alg none", by(json!({"alg": "none"}), &world.claims(json!({})))),
        ("the public key as a secret", confused),
        ("another's key", stranger.sign(&world.claims(json!({})))),
        ("a changed subject", by(json!({"alg": "ES256", "kid": "k1"}), &world.claims(json!({"sub": "ben"})))),
        (
            "a header to be understood",
            by(json!({"alg": "ES256", "kid": "k1", "crit": ["x"]}), &world.claims(json!({}))),
        ),
        ("an unknown kid", by(json!({"alg": "ES256", "kid": "k7"}), &world.claims(json!({})))),
        ("a key for secrets", by(json!({"alg": "ES256", "kid": "k9"}), &world.claims(json!({})))),
        ("expired", world.signed(json!({"exp": now() - 120}))),
        ("no end", world.signed(json!({"exp": null}))),
        ("not yet", world.signed(json!({"nbf": now() + 600}))),
        ("for another", world.signed(json!({"aud": "other"}))),
        ("for nobody", world.signed(json!({"aud": null}))),
        ("an issuer nobody registered", stranger.sign(&world.claims(json!({"iss": other.url})))),
        ("no issuer", world.signed(json!({"iss": null}))),
        ("no subject", world.signed(json!({"sub": null}))),
        ("an empty subject", world.signed(json!({"sub": ""}))),
        ("a stranger", world.signed(json!({"sub": "zoe@orion.example"}))),
        ("one of two", world.signed(json!({"sub": "twin@orion.example"}))),
        ("whoever is deactivated", world.signed(json!({"sub": "eve"}))),
        ("too long", world.signed(json!({"padding": "x".repeat(20_000)}))),
    ];
    for (what, assertion) in &table {
        let refused = world.exchange(assertion);
        let code = refused.json()["error"].clone();
        assert_eq!((refused.status, code), (400, json!("invalid_grant")), "{what}: {}", refused.json());
        assert!(!refused.json()["error_description"].as_str().unwrap().is_empty(), "{what}");
    }
    for form in [
        vec![("assertion", good.as_str())],
        vec![("grant_type", "client_credentials"), ("assertion", good.as_str())],
        vec![("grant_type", GRANT), ("grant_type", GRANT), ("assertion", good.as_str())],
        vec![("grant_type", GRANT)],
        vec![("grant_type", GRANT), ("assertion", good.as_str()), ("assertion", good.as_str())],
    ] {
        assert_eq!(world.ask(&form).status, 400, "{form:?}");
    }
    let json = [("Content-Type", "application/json")];
    assert_eq!(world.client.raw("POST", "/oidc/token", &json, b"{}").status, 400);
    assert_eq!(world.client.raw("GET", "/oidc/token", &[], b"").status, 405);
    let elsewhere = world.client.raw(
        "POST",
        "/o/elsewhere/oidc/token",
        &[("Content-Type", "application/x-www-form-urlencoded")],
        format!("grant_type={GRANT}&assertion={good}").as_bytes(),
    );
    assert_eq!(elsewhere.json()["error"], "invalid_grant");
    assert_eq!(world.n_keys(), before, "nothing was given");
}

#[test]
fn a_token_reaches_as_far_as_was_asked_for() {
    let world = World::start();
    let assertion = world.signed(json!({}));
    let given = world.ask(&[("grant_type", GRANT), ("assertion", &assertion), ("scope", "read")]);
    let token = given.json()["access_token"].as_str().unwrap().to_owned();

    assert_eq!(world.get("/api/v1/me", &token).json()["scopes"], json!(["read"]));
    assert_eq!(world.get("/scim/v2/Users", &token).status, 403);
    let headers =
        [("Authorization", format!("Bearer {token}")), ("Content-Type", "application/json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(world.client.raw("POST", "/api/v1/teams", &headers, b"{\"name\": \"x\"}").status, 403);
    let n_keys = world.n_keys();
    for scope in ["all", "read everything", "READ", "", " "] {
        let refused = world.ask(&[("grant_type", GRANT), ("assertion", &assertion), ("scope", scope)]);
        assert_eq!(
            (refused.status, refused.json()["error"].clone()),
            (400, json!("invalid_scope")),
            "{scope}"
        );
    }
    assert_eq!(world.n_keys(), n_keys);
}

#[test]
fn an_identity_providers_own_token_speaks_for_its_connection() {
    let world = World::start();
    let entra = Issuer::start();
    let key = entra.key("k1");
    world.run(&["connection", "create", "entra", "--json"]);
    let app = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";
    let fabric = "00000014-0000-0000-c000-000000000000";
    let without =
        roster(&world.database.setting(), &["issuer", "create", &entra.url, "--connection", "entra"]);
    assert!(!without.status.success(), "whose tokens they are must be said");
    world.run(&[
        "issuer",
        "create",
        &entra.url,
        "--audience",
        app,
        "--connection",
        "entra",
        "--client",
        fabric,
        "--json",
    ]);
    let token = |more: Value| {
        let mut claims = json!({
            "iss": entra.url, "aud": app, "sub": "1b0b1c6e-sp", "appid": fabric, "iat": now(), "nbf": now(),
            "exp": now() + 300,
        });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        key.sign(&claims)
    };

    let good = token(json!({}));
    assert_eq!(world.get("/scim/v2/Users", &good).status, 200);
    let headers =
        [("Authorization", format!("Bearer {good}")), ("Content-Type", "application/scim+json".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = json!({"schemas": [crate::support::USER], "userName": "by-entra@orion.example"}).to_string();
    assert_eq!(world.client.raw("POST", "/scim/v2/Users", &headers, body.as_bytes()).status, 201);
    let told =
        world.database.ask("SELECT actor_type FROM events WHERE kind = 'user.created' ORDER BY id DESC");
    assert_eq!(told[0][0], "connection");

    let stranger = Issuer::start().key("k1");
    for (what, bad) in [
        ("another app of the tenant", token(json!({"appid": "another"}))),
        ("no app", token(json!({"appid": null}))),
        ("another audience", token(json!({"aud": "default"}))),
        ("expired", token(json!({"exp": now() - 120}))),
        ("not yet", token(json!({"nbf": now() + 600}))),
        ("from the future", token(json!({"iat": now() + 600}))),
        (
            "another's key",
            stranger.sign(&json!({"iss": entra.url, "aud": app, "appid": fabric, "exp": now() + 300})),
        ),
        ("an issuer for exchange", world.signed(json!({"appid": fabric}))),
        ("a person's, for the same app", token(json!({"nonce": "n"}))),
        ("a person's, by delegation", token(json!({"scp": "user_impersonation"}))),
        ("a user's", token(json!({"idtyp": "user"}))),
        ("no token", "eyJ.eyJ.x".to_owned()),
    ] {
        let refused = world.get("/scim/v2/Users", &bad);
        assert_eq!(refused.status, 401, "{what}: {}", refused.json());
        assert!(refused.header("WWW-Authenticate").contains("invalid_token"), "{what}");
    }
    // it is a connection's, and nobody's key
    assert_eq!(world.get("/api/v1/me", &good).status, 401);
    assert_eq!(world.exchange(&token(json!({"sub": "ada"}))).json()["error"], "invalid_grant");
    world.run(&["connection", "revoke", "entra", "--json"]);
    assert_eq!(world.get("/scim/v2/Users", &good).status, 401);
}

#[test]
fn issuers_are_for_admins_and_stand_where_nobody_reads_along() {
    let world = World::start();
    let key = |name: &str| {
        let made = world.run(&["key", "create", name, "--name", "first", "--json"]);
        made["secret"].as_str().unwrap().to_owned()
    };
    let (ada, ben) = (key("ada"), key("ben"));
    let post = |key: &str, body: Value| {
        let headers = [("Authorization", &*format!("Bearer {key}")), ("Content-Type", "application/json")];
        world.client.raw("POST", "/api/v1/issuers", &headers, body.to_string().as_bytes())
    };

    assert_eq!(post(&ben, json!({"issuer": "https://id.example"})).status, 403);
    assert_eq!(world.get("/api/v1/issuers", &ben).status, 403);
    let made = post(&ada, json!({"issuer": "https://id.example", "audiences": ["a"]}));
    assert_eq!((made.status, made.json()["audiences"].clone()), (201, json!(["a"])));
    assert_eq!(post(&ada, json!({"issuer": "https://id.example"})).status, 409);
    for wrong in ["http://id.example", "id.example", "https://id.example/?a=b", "file:///etc/passwd"] {
        let refused = post(&ada, json!({"issuer": wrong}));
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(refused.json()["detail"].as_str().unwrap().starts_with("issuer: "), "{wrong}");
    }
    assert_eq!(post(&ada, json!({"issuer": "https://b.example", "audiences": [" "]})).status, 400);
    let listed = world.run(&["issuer", "list", "--json"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    // who lists audiences wants no others
    world.run(&["issuer", "remove", &world.issuer_id, "--json"]);
    world.run(&["issuer", "create", &world.issuer.url, "--audience", "prod", "--json"]);
    assert_eq!(world.exchange(&world.signed(json!({}))).status, 400);
    assert_eq!(world.exchange(&world.signed(json!({"aud": "prod"}))).status, 200);
}
