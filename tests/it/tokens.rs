//! Tokens: hard to guess, never kept, ended when they end.

use crate::database::Database;
use crate::{
    commands::{json, roster},
    keys::operator,
    support::{Client, Program, Server, TOKEN, USER, serve, wait},
};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use roster::{
    clock::Clock,
    org::connection::Scopes,
    scim::Profile,
    service::connections::{self, CreatedToken},
};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeSet, fs::File, time::Duration};

/// Makes a token for the connection that test servers declare.
fn issue(server: &Server, lifetime: Duration) -> CreatedToken {
    let lifetime = i64::try_from(lifetime.as_micros()).unwrap();
    wait(async {
        let cx = operator(server).await;
        connections::create_token(&cx, "default", Some(lifetime), Scopes::ALL).await.unwrap().it
    })
}

#[test]
fn r_518_a_token_holds_256_random_bits() {
    const TOKENS: usize = 200;
    let server = Server::standard();

    let tokens: Vec<String> = (0..TOKENS)
        .map(|_| issue(&server, Duration::from_secs(60)).secret.unwrap().expose_secret().to_owned())
        .collect();

    assert_eq!(tokens.iter().collect::<BTreeSet<_>>().len(), TOKENS);
    let secrets: Vec<Vec<u8>> = tokens
        .iter()
        .map(|token| URL_SAFE_NO_PAD.decode(token.splitn(3, '_').nth(2).unwrap()).unwrap())
        .collect();
    for bit in 0..256 {
        let ones = secrets.iter().filter(|secret| secret[bit / 8] >> (bit % 8) & 1 == 1).count();
        // a fair coin leaves this range once in 10^15
        assert!((TOKENS * 2 / 10..TOKENS * 8 / 10).contains(&ones), "bit {bit}: {ones} of {TOKENS}");
    }
}

#[test]
fn r_518_a_token_ends_when_its_time_is_over() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let begin = 1_800_000_000_000_000;
    let server = Server::start(Profile::Standard, |app| app.clock = Clock::at(begin));
    let made = issue(&server, HOUR);
    let token = made.secret.unwrap().expose_secret().to_owned();
    let client = Client { root: server.client.root.clone(), token };
    assert_eq!(made.token.expires_at.as_deref(), Some("2027-01-15T09:00:00.000Z"));
    assert_eq!(client.get("/Users").status, 200);

    server.app.clock.advance(HOUR - Duration::from_micros(1));
    assert_eq!(client.get("/Users").status, 200);
    server.app.clock.advance(Duration::from_micros(1));
    let over = client.get("/Users");

    assert_eq!(over.error(), (401, String::new()));
    assert!(over.header("WWW-Authenticate").contains("invalid_token"));
    assert_eq!(server.client.get("/Users").status, 200, "another token goes on");
}

#[test]
fn r_519_of_a_token_only_its_hash_is_kept() {
    let own = Database::fresh();
    let (database, log) = (own.setting(), own.directory.path().join("log"));
    let mut command = serve(&database);
    command.args(["--listen", "127.0.0.1:0"]).env("ROSTER_LOG", "trace");
    command.stderr(File::create(&log).unwrap());
    let mut program = Program::start(&mut command).unwrap();
    json(&roster(&database, &["connection", "create", "okta", "--json"]));
    let made = json(&roster(&database, &["token", "create", "okta", "--expires-in", "90d", "--json"]));
    let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
    let client = Client { root: program.client.root.clone(), token: token.to_owned() };
    let listed = || roster(&database, &["connection", "list", "--json"]);
    let used = || {
        let shown = json(&listed());
        let tokens = shown.as_array().unwrap().iter().flat_map(|it| it["tokens"].as_array().unwrap().clone());
        tokens.filter(|shown| shown["id"] == id).all(|shown| !shown["lastUsedAt"].is_null())
    };
    assert!(!used());

    client.user("ada");

    // it is written down beside the request, which does not wait for it
    assert!((0..1_000).any(|_| used()), "the use was not noted");
    let secret = token.splitn(3, '_').nth(2).unwrap();
    let table = roster(&database, &["connection", "list"]);
    for shown in [listed().stdout, table.stdout] {
        assert!(!contains(&shown, secret.as_bytes()), "a command shows it again");
    }
    json(&roster(&database, &["token", "revoke", id, "--json"]));
    assert_eq!(client.get("/Users").status, 401);
    program.kill();
    let raw = URL_SAFE_NO_PAD.decode(secret).unwrap();
    let log = std::fs::read(log).unwrap();
    for kept in [secret.as_bytes(), &raw] {
        assert!(!own.holds(kept) && !contains(&log, kept));
    }
    assert!(own.holds(digest(&SHA256, token.as_bytes()).as_ref()), "its hash is there");
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn r_526_a_disabled_connection_is_out_with_its_next_request() {
    let server = Server::standard();
    let okta = wait(async {
        let cx = operator(&server).await;
        connections::create(&cx, "okta", Profile::Standard).await.unwrap();
        connections::create_token(&cx, "okta", None, Scopes::ALL).await.unwrap()
    });
    let okta = Client {
        root: server.client.root.clone(),
        token: okta.it.secret.unwrap().expose_secret().to_owned(),
    };
    let declare = |tokens: &[&str]| {
        let tokens: Vec<_> = tokens.iter().map(|token| SecretString::from(*token)).collect();
        wait(async {
            let cx = operator(&server).await;
            connections::declare(&cx, &tokens, Profile::Standard).await.unwrap();
        });
    };
    let statuses = || [server.client.get("/Users").status, okta.get("/Users").status];
    assert_eq!(statuses(), [200, 200]);

    declare(&[]);
    assert_eq!(statuses(), [401, 200], "withdrawn, the other untouched");
    declare(&[TOKEN]);
    assert_eq!(statuses(), [200, 200], "declared again, the same token works");
    wait(async { connections::revoke(&operator(&server).await, "okta").await.unwrap() });
    assert_eq!(statuses(), [200, 401]);
    let write = serde_json::json!({"schemas": [USER], "userName": "ada"});
    assert_eq!(okta.post("/Users", &write).error(), (401, String::new()));
    assert_eq!(server.client.get("/Users").json()["totalResults"], 0);
}
