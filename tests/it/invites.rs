//! Inviting people: the link, the letter, the seat, and whoever comes by another door.

use crate::{
    commands::{json as told, roster},
    database::Database,
    keys::{Api, issue, person},
    sink::{Sink, Tls, free_port},
    support::{ORGANIZATION, Program, Server, USER, serve},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

/// An admin of a server in this process.
fn admin(server: &Server) -> Api {
    issue(server, &person(server, "root", "admin"), "")
}

/// A program on a database, with these variables.
fn program(database: &Database, variables: &[(&str, &str)]) -> Program {
    let mut command = serve(&database.setting());
    command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null());
    command.envs(variables.iter().copied());
    Program::start(&mut command).unwrap()
}

/// An admin of a program.
fn root(database: &Database, program: &Program) -> Api {
    let run = |words: &[&str]| told(&roster(&database.setting(), words));
    run(&["user", "create", "root", "--role", "admin", "--json"]);
    let made = run(&["key", "create", "root", "--name", "first", "--json"]);
    let key = made["secret"].as_str().unwrap().to_owned();
    Api { root: program.client.root.clone(), key, id: made["id"].as_str().unwrap().to_owned() }
}

fn smtp(port: u16) -> String {
    format!("smtp://127.0.0.1:{port}?tls=none")
}

#[track_caller]
fn invited(api: &Api, body: &Value) -> Vec<Value> {
    let made = api.post("/invites", body);
    assert_eq!(made.status, 201, "{}", made.json());
    made.json()["items"].as_array().unwrap().clone()
}

fn token(link: &str) -> &str {
    link.rsplit_once("/invite/").unwrap().1
}

fn accept(root: &str, token: &str, name: &str) -> (u16, Value) {
    let client = crate::support::Client { root: root.to_owned(), token: "none".to_owned() };
    let body = json!({"token": token, "displayName": name}).to_string();
    let headers = [("Content-Type", "application/json"), ("Authorization", "")];
    let reply = client.raw("POST", "/api/v1/invites/accept", &headers, body.as_bytes());
    (reply.status, reply.json())
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        thread::park_timeout(Duration::from_millis(20));
    }
}

#[test]
fn w_055_the_letter_arrives_and_its_link_lets_in_once() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let url = smtp(sink.port);
    let program =
        program(&database, &[("ROSTER_SMTP_URL", &url), ("ROSTER_SMTP_FROM", "roster@orion.example")]);
    let api = root(&database, &program);
    api.post("/teams", &json!({"name": "vision"}));

    let items = invited(
        &api,
        &json!({"emails": ["Grace@Orion.example"], "organizationRole": "viewer", "teams": [{"team": "vision", "role": "viewer"}]}),
    );

    let letter = sink.wait_for(1).remove(0);
    assert_eq!(
        (letter.from.as_str(), &letter.to),
        ("roster@orion.example", &vec!["Grace@Orion.example".to_owned()])
    );
    assert!(letter.header("Subject").contains("You are invited to"), "{}", letter.data);
    assert!(
        letter.data.contains("text/plain")
            && letter.data.contains("text/html")
            && letter.data.contains("vision")
    );
    let link = letter.after(&format!("{}/invite/", program.client.root)).unwrap();
    assert_eq!(items[0]["link"], format!("{}/invite/{link}", program.client.root));
    until("the token is nowhere once its letter is out", || {
        database.number("SELECT count(*) FROM mails WHERE content <> '{}'") == 0
    });

    let (status, grace) = accept(&program.client.root, &link, "Grace Hopper");
    assert_eq!(status, 201, "{grace}");
    assert_eq!(
        (&grace["userName"], &grace["displayName"], &grace["organizationRole"], &grace["source"]),
        (&json!("Grace@Orion.example"), &json!("Grace Hopper"), &json!("viewer"), &json!("invite"))
    );
    assert_eq!(grace["teams"][0]["role"], "viewer");
    let (status, again) = accept(&program.client.root, &link, "Eve");
    assert_eq!(
        (status, again["detail"].as_str().unwrap()),
        (409, "this invite was accepted already; sign in instead")
    );
    let kept = api.get(&format!("/invites/{}", items[0]["id"].as_str().unwrap())).json();
    assert_eq!(
        (&kept["state"], &kept["person"], &kept["mail"]["state"]),
        (&json!("accepted"), &grace["id"], &json!("sent"))
    );
    let members = api.get(&format!("/teams/{}/members", grace["teams"][0]["id"].as_str().unwrap())).json();
    let origin = members["items"].as_array().unwrap().iter().find(|it| it["id"] == grace["id"]).unwrap();
    assert_eq!(origin["origin"], "invite");
}

#[test]
fn w_069_while_the_mail_server_is_away_the_invite_is_there_and_its_letter_waits() {
    let (database, port) = (Database::fresh(), free_port());
    let url = smtp(port);
    let program = program(&database, &[("GORILLA_EMAIL_SINK", &url)]);
    let api = root(&database, &program);

    let items = invited(&api, &json!({"emails": ["ada@orion.example"]}));
    let path = format!("/invites/{}", items[0]["id"].as_str().unwrap());
    until("a first try", || !api.get(&path).json()["mail"]["reason"].is_null());
    let waiting = api.get(&path).json();
    assert_eq!((&waiting["state"], &waiting["mail"]["state"]), (&json!("pending"), &json!("queued")));
    let sink = Sink::on(port, Tls::None, None);
    let letter = sink.wait_for(1).remove(0);

    until("sent", || api.get(&path).json()["mail"]["state"] == "sent");
    assert_eq!(letter.to, ["ada@orion.example"]);
    let mails = api.get("/mails").json();
    assert!(mails["items"][0]["attempts"].as_i64().unwrap() > 1, "{mails}");
    assert!(letter.after("/invite/").is_some());
}

#[test]
fn a_letter_that_the_server_will_never_take_fails_and_says_why() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let (host, port) = ("127.0.0.1", sink.port.to_string());
    let program = program(&database, &[("SMTP_HOST", host), ("SMTP_PORT", &port)]);
    let api = root(&database, &program);

    let items = invited(&api, &json!({"emails": ["nobody@orion.example"]}));
    let path = format!("/invites/{}", items[0]["id"].as_str().unwrap());

    until("failed", || api.get(&path).json()["mail"]["state"] == "failed");
    assert!(api.get(&path).json()["mail"]["reason"].as_str().unwrap().contains("no such mailbox"));
    let tested = api.post("/mails/test", &json!({"to": "ada@orion.example"})).json();
    assert_eq!(tested["sent"], true, "{tested}");
    let refused = api.post("/mails/test", &json!({"to": "nobody@orion.example"})).json();
    assert!(refused["reason"].as_str().unwrap().contains("no such mailbox"), "{refused}");
    assert_eq!(sink.letters().len(), 1);
}

#[test]
fn letters_go_through_tls_by_starttls_and_from_the_start_and_never_without_where_it_is_required() {
    for (tls, url) in
        [(Tls::Offered, "smtp://ada:p%3Aw@localhost"), (Tls::Implicit, "smtps://ada:p%3Aw@localhost")]
    {
        let database = Database::fresh();
        let folder = database.directory.path();
        let sink = Sink::on(free_port(), tls, Some(folder));
        let url = format!("{url}:{}?tls=required", sink.port);
        let authority = folder.join("authority.pem");
        let program =
            program(&database, &[("ROSTER_SMTP_URL", &url), ("SSL_CERT_FILE", authority.to_str().unwrap())]);
        let api = root(&database, &program);

        let tested = api.post("/mails/test", &json!({"to": "ada@orion.example"})).json();

        assert_eq!(tested["sent"], true, "{tested}");
        let letter = sink.wait_for(1).remove(0);
        assert!(letter.encrypted && letter.login == "AGFkYQBwOnc=", "{letter:?}");
        assert!(!tested.to_string().contains("p:w"), "{tested}");
    }
    let (database, sink) = (Database::fresh(), Sink::start());
    let url = format!("smtp://127.0.0.1:{}?tls=required", sink.port);
    let program = program(&database, &[("ROSTER_SMTP_URL", &url)]);
    let tested = root(&database, &program).post("/mails/test", &json!({"to": "ada@orion.example"})).json();
    assert_eq!(tested["sent"], false, "{tested}");
    assert!(sink.letters().is_empty());
}

#[test]
fn names_cannot_put_anything_into_a_letter() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let url = smtp(sink.port);
    let program = program(&database, &[("ROSTER_SMTP_URL", &url)]);
    let api = root(&database, &program);
    let hostile = "x\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>\u{202e}";
    database.ask(&format!("UPDATE organizations SET name = '{hostile}'"));
    api.post("/teams", &json!({"name": "<img src=x onerror=alert(2)>"}));

    invited(
        &api,
        &json!({"emails": ["ada@orion.example"], "teams": [{"team": "<img src=x onerror=alert(2)>"}]}),
    );

    let letter = sink.wait_for(1).remove(0);
    assert_eq!((letter.header("Bcc"), letter.to.len()), (String::new(), 1), "{}", letter.data);
    let (_, html) = letter.data.split_once("text/html").unwrap();
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    let (text, _) = letter.data.split_once("text/html").unwrap();
    assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
}

#[test]
fn w_062_who_is_here_is_not_invited_who_is_deactivated_is_told_how_and_who_waits_gets_another_link() {
    let server = Server::standard();
    let api = admin(&server);
    let body = |name: &str| json!({"schemas": [USER], "userName": name, "emails": [{"value": format!("{name}@x.example")}]});
    server.client.post("/Users", &body("ada"));
    let gone = server.client.post("/Users", &body("gone")).json()["id"].as_str().unwrap().to_owned();
    server
        .client
        .patch(&format!("/Users/{gone}"), &json!([{"op": "replace", "path": "active", "value": false}]));

    let invite = |email: &str| api.post("/invites", &json!({"emails": [email]}));
    let (status, here) = invite("ADA@x.example").problem();
    assert_eq!(status, 409);
    assert!(here.contains("is a person of this organization already"), "{here}");
    let (status, inactive) = invite("gone@x.example").problem();
    assert_eq!(status, 409);
    assert!(inactive.contains(&format!("PATCH /users/{gone}")), "{inactive}");

    let first = invited(&api, &json!({"emails": ["eve@x.example", "bob@x.example"]}));
    let again = invited(&api, &json!({"emails": ["Eve@X.example"], "organizationRole": "admin"}));
    assert_eq!(first[0]["id"], again[0]["id"]);
    assert_eq!(again[0]["organizationRole"], "admin");
    let (old, new) = (first[0]["link"].as_str().unwrap(), again[0]["link"].as_str().unwrap());
    assert_eq!(
        accept(&server.client.root, token(old), "Eve").0,
        404,
        "a link that was replaced leads nowhere"
    );
    assert_eq!(accept(&server.client.root, token(new), "Eve").0, 201);
    let bob = first[1]["id"].as_str().unwrap();
    assert_eq!(api.delete(&format!("/invites/{bob}")).status, 204);
    let (status, withdrawn) = accept(&server.client.root, token(first[1]["link"].as_str().unwrap()), "Bob");
    assert_eq!(status, 409);
    assert!(withdrawn["detail"].as_str().unwrap().contains("withdrawn"), "{withdrawn}");
    assert_eq!(accept(&server.client.root, "nonsense", "Bob").0, 404);
}

#[test]
fn addresses_that_are_none_are_refused_by_name_and_nobody_is_invited() {
    let server = Server::standard();
    let api = admin(&server);

    let sent = json!({"emails": ["ada@x.example", "eve@x.example\r\nBcc: all@x.example", "\u{0430}da@x.example", "ada"]});
    let (status, wrong) = api.post("/invites", &sent).problem();

    assert_eq!(status, 400);
    for part in ["emails[1]", "emails[2]", "U+0430", "emails[3]"] {
        assert!(wrong.contains(part), "{part}: {wrong}");
    }
    assert_eq!(api.get("/invites").json()["items"], json!([]));
    let unknown = json!({"emails": ["ada@x.example"], "teams": [{"team": "visoin"}]});
    api.post("/teams", &json!({"name": "vision"}));
    assert!(api.post("/invites", &unknown).problem().1.contains("the nearest is \"vision\""));
    let viewer = json!({"emails": ["ada@x.example"], "organizationRole": "viewer", "teams": [{"team": "vision", "role": "Curator"}]});
    api.post("/roles", &json!({"name": "Curator", "inheritedFrom": "viewer", "permissions": []}));
    assert_eq!(api.post("/invites", &viewer).problem().0, 400);
    assert_eq!(api.get("/invites").json()["items"], json!([]));
}

#[test]
fn w_049_an_invite_holds_a_seat_until_it_is_accepted_cancelled_or_over() {
    let begin = 1_800_000_000_000_000;
    let server =
        Server::start(roster::scim::Profile::Standard, |app| app.clock = roster::clock::Clock::at(begin));
    let api = admin(&server);
    api.patch("/settings", &json!({"license": {"full": 3}, "inviteDays": 2}));

    let items = invited(&api, &json!({"emails": ["a@x.example", "b@x.example"]}));
    let seats = api.get("/seats").json();
    assert_eq!(seats["full"], json!({"used": 3, "reserved": 2, "total": 3}));
    let (status, full) = api.post("/invites", &json!({"emails": ["c@x.example"]})).problem();
    assert!(status == 403 && full.starts_with("Seat limit reached"), "{full}");
    let stranger = json!({"schemas": [USER], "userName": "stranger"});
    assert_eq!(server.client.post("/Users", &stranger).status, 403);
    // whoever is invited has the seat that is held
    let a = json!({"schemas": [USER], "userName": "a@x.example"});
    assert_eq!(server.client.post("/Users", &a).status, 201);
    assert_eq!(api.get("/seats").json()["full"]["reserved"], 1);

    server.app.clock.advance(Duration::from_secs(2 * 86_400));
    assert_eq!(api.get("/seats").json()["full"], json!({"used": 2, "reserved": 0, "total": 3}));
    let link = items[1]["link"].as_str().unwrap();
    let (status, over) = accept(&server.client.root, token(link), "B");
    assert!(status == 409 && over["detail"].as_str().unwrap().contains("expired"), "{over}");
    let id = items[1]["id"].as_str().unwrap();
    assert_eq!(api.get(&format!("/invites/{id}")).json()["state"], "expired");
    let renewed = api.post(&format!("/invites/{id}/renew"), &json!({})).json();
    assert_eq!(accept(&server.client.root, token(renewed["link"].as_str().unwrap()), "B").0, 201);
    assert_eq!(api.get("/seats").json()["full"], json!({"used": 3, "reserved": 0, "total": 3}));
}

#[test]
fn w_060_who_is_invited_and_comes_over_scim_has_what_was_promised_and_the_link_is_done_with() {
    let server = Server::standard();
    let api = admin(&server);
    let team = api.post("/teams", &json!({"name": "vision"})).json()["id"].as_str().unwrap().to_owned();
    let items = invited(
        &api,
        &json!({"emails": ["grace@x.example"], "organizationRole": "admin", "seat": "viewer", "teams": [{"team": team, "role": "admin"}]}),
    );

    let body = json!({"schemas": [USER], "userName": "grace", "emails": [{"value": "GRACE@x.example", "primary": true}]});
    let grace = server.client.post("/Users", &body).json();

    let standing = &grace[ORGANIZATION];
    assert_eq!((&standing["organizationRole"], &standing["seat"]), (&json!("admin"), &json!("viewer")));
    assert_eq!(standing["teamRoles"], json!([{"teamName": "vision", "roleName": "admin"}]));
    assert_eq!(standing["source"], "scim");
    assert_eq!(accept(&server.client.root, token(items[0]["link"].as_str().unwrap()), "G").0, 409);
    assert_eq!(api.get("/invites").json()["items"][0]["state"], "accepted");
    // what SCIM says counts, where it says something
    invited(&api, &json!({"emails": ["bob@x.example"], "organizationRole": "admin"}));
    let body = json!({"schemas": [USER, ORGANIZATION], "userName": "bob@x.example", ORGANIZATION: {"organizationRole": "viewer"}});
    assert_eq!(server.client.post("/Users", &body).json()[ORGANIZATION]["organizationRole"], "viewer");
}

#[test]
fn w_116_an_unknown_address_in_a_team_is_an_invite_and_a_place_that_waits() {
    let server = Server::standard();
    let api = admin(&server);
    let ada = person(&server, "ada", "member");
    let team = api.post("/teams", &json!({"name": "vision", "admins": [ada]})).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let lead = issue(&server, &ada, "");
    let eve = issue(&server, &person(&server, "eve", "member"), "");
    let path = format!("/teams/{team}/members");
    api.post(&path, &json!({"user": "eve"}));

    let refused = eve.post(&path, &json!({"user": "new@x.example"})).problem();
    assert_eq!(refused.0, 403, "{}", refused.1);
    let made = lead.post(&path, &json!({"user": "new@x.example", "role": "viewer"}));
    assert_eq!(made.status, 201, "{}", made.json());
    assert_eq!(
        (&made.json()["state"], &made.json()["organizationRole"]),
        (&json!("pending"), &json!("member"))
    );
    lead.patch(&format!("/teams/{team}"), &json!({"settings": {"membersInvite": true}}));
    assert_eq!(eve.post(&path, &json!({"user": "more@x.example"})).status, 201, "members may invite here");
    assert_eq!(eve.post(&path, &json!({"user": "boss@x.example", "role": "admin"})).problem().0, 403);
    let waiting = lead.get(&format!("/teams/{team}/invites")).json();
    let emails: BTreeSet<&str> =
        waiting["items"].as_array().unwrap().iter().map(|it| it["email"].as_str().unwrap()).collect();
    assert_eq!(emails, BTreeSet::from(["new@x.example", "more@x.example"]));

    let other = api.post("/teams", &json!({"name": "audio"})).json()["id"].as_str().unwrap().to_owned();
    let known = api.post(&format!("/teams/{other}/members"), &json!({"user": "new@x.example"})).json();
    assert_eq!((&known["id"], known["teams"].as_array().unwrap().len()), (&made.json()["id"], 1));
    let (_, person) = accept(&server.client.root, token(known["link"].as_str().unwrap()), "New");
    let roles: Vec<&str> =
        person["teams"].as_array().unwrap().iter().map(|it| it["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["viewer", "member"]);
    let more =
        waiting["items"].as_array().unwrap().iter().find(|it| it["email"] == "more@x.example").unwrap();
    let gone = format!("/teams/{team}/invites/{}", more["id"].as_str().unwrap());
    assert_eq!(lead.delete(&gone).status, 204);
    assert_eq!(lead.delete(&gone).status, 404);
    assert_eq!(api.get(&format!("/invites/{}", more["id"].as_str().unwrap())).json()["state"], "cancelled");
    api.patch("/settings", &json!({"invitations": false}));
    assert!(lead.post(&path, &json!({"user": "late@x.example"})).problem().1.contains("switched off"));
}

#[test]
fn an_invite_that_is_over_or_was_for_less_gives_nobody_who_may_only_invite_what_it_promised() {
    let begin = 1_800_000_000_000_000;
    let server =
        Server::start(roster::scim::Profile::Standard, |app| app.clock = roster::clock::Clock::at(begin));
    let api = admin(&server);
    let (lead, eve) = (person(&server, "lead", "member"), person(&server, "eve", "member"));
    let made = |name: &str| {
        let body = json!({"name": name, "admins": [lead]});
        api.post("/teams", &body).json()["id"].as_str().unwrap().to_owned()
    };
    let (open, secret) = (made("open"), made("secret"));
    let (lead, eve_key) = (issue(&server, &lead, ""), issue(&server, &eve, ""));
    lead.patch(&format!("/teams/{open}"), &json!({"settings": {"membersInvite": true}}));
    lead.post(&format!("/teams/{open}/members"), &json!({"user": "eve"}));
    let into = |key: &Api, team: &str, body: Value| key.post(&format!("/teams/{team}/members"), &body);

    // for less: Eve has a link, and then the invite is worth more
    let first = into(&eve_key, &open, json!({"user": "boss@x.example"})).json();
    assert!(first["link"].is_null(), "whoever has the link comes in as the boss: {first}");
    let hers = api
        .post(&format!("/invites/{}/renew", first["id"].as_str().unwrap()), &json!({"mail": false}))
        .json();
    let more = into(&lead, &secret, json!({"user": "boss@x.example", "role": "admin"})).json();
    assert!(more["link"].is_null() && more["byTeam"].is_null(), "{more}");
    assert_eq!(accept(&server.client.root, token(hers["link"].as_str().unwrap()), "Eve").0, 404);
    let told = into(&eve_key, &open, json!({"user": "boss@x.example"})).json();
    assert_eq!((told["teams"].as_array().unwrap().len(), &told["link"]), (1, &Value::Null), "{told}");
    assert_eq!(into(&eve_key, &secret, json!({"user": "boss@x.example", "role": "viewer"})).problem().0, 403);
    assert_eq!(into(&lead, &secret, json!({"user": "boss@x.example", "role": "viewer"})).problem().0, 409);

    // over: what was promised is not promised again
    invited(
        &api,
        &json!({"emails": ["late@x.example"], "organizationRole": "admin", "teams": [{"team": "secret", "role": "admin"}]}),
    );
    server.app.clock.advance(Duration::from_secs(15 * 86_400));
    let again = into(&eve_key, &open, json!({"user": "late@x.example"})).json();
    let again = api
        .post(&format!("/invites/{}/renew", again["id"].as_str().unwrap()), &json!({"mail": false}))
        .json();
    let (status, late) = accept(&server.client.root, token(again["link"].as_str().unwrap()), "Late");
    assert_eq!((status, &late["organizationRole"]), (201, &json!("member")));
    let teams: Vec<&str> =
        late["teams"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(teams, ["open"]);

    // an organization's invite is not a team's to withdraw
    let first = into(&lead, &open, json!({"user": "new@x.example"})).json();
    let id = first["id"].as_str().unwrap();
    invited(&api, &json!({"emails": ["new@x.example"], "organizationRole": "admin"}));
    assert_eq!(lead.delete(&format!("/teams/{open}/invites/{id}")).status, 204);
    assert_eq!(api.get(&format!("/invites/{id}")).json()["state"], "pending");
}

#[test]
fn whoever_has_two_addresses_or_gets_one_later_ends_every_invite_that_waits_for_them() {
    let server = Server::standard();
    let api = admin(&server);
    api.post("/teams", &json!({"name": "vision"}));
    invited(
        &api,
        &json!({"emails": ["a@x.example", "b@x.example", "c@x.example"], "teams": [{"team": "vision"}]}),
    );
    let emails = json!([{"value": "a@x.example", "primary": true}, {"value": "b@x.example"}]);
    let ada =
        server.client.post("/Users", &json!({"schemas": [USER], "userName": "ada", "emails": emails})).json();
    let eve = server.user("eve");
    assert_eq!(api.get("/seats").json()["full"]["reserved"], 1);

    let operation = json!([{"op": "add", "path": "emails", "value": [{"value": "C@x.example"}]}]);
    assert_eq!(server.client.patch(&format!("/Users/{eve}"), &operation).status, 200);

    assert_eq!(api.get("/seats").json()["full"]["reserved"], 0);
    for user in [ada["id"].as_str().unwrap(), &eve] {
        assert_eq!(api.get(&format!("/users/{user}")).json()["teams"][0]["name"], "vision");
    }
}

#[test]
fn a_mail_server_that_refuses_the_password_is_tried_again() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let url = format!("smtp://refused:wrong@127.0.0.1:{}?tls=none", sink.port);
    let program = program(&database, &[("ROSTER_SMTP_URL", &url)]);
    let api = root(&database, &program);

    let items = invited(&api, &json!({"emails": ["ada@orion.example"]}));
    let path = format!("/invites/{}", items[0]["id"].as_str().unwrap());
    until("a first try", || !api.get(&path).json()["mail"]["reason"].is_null());

    let mail = api.get(&path).json()["mail"].clone();
    assert!(mail["state"] == "queued" && mail["reason"].as_str().unwrap().contains("535"), "{mail}");
    assert!(!mail.to_string().contains("wrong"), "{mail}");
}

#[test]
fn commands_invite_and_show_the_link_once() {
    let (database, sink) = (Database::fresh(), Sink::start());
    let url = smtp(sink.port);
    let _program = program(&database, &[("ROSTER_SMTP_URL", &url)]);
    let run = |words: &[&str]| told(&roster(&database.setting(), words));
    run(&["team", "create", "vision", "--json"]);

    let made = run(&[
        "invite",
        "create",
        "a@x.example",
        "b@x.example",
        "--team",
        "vision=admin",
        "--no-mail",
        "--json",
    ]);
    let link = made["items"][0]["link"].as_str().unwrap().to_owned();
    let listed = roster(&database.setting(), &["invite", "list"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("b@x.example"));
    let person = run(&["invite", "accept", &link, "--name", "A", "--json"]);

    assert_eq!((&person["displayName"], &person["teams"][0]["role"]), (&json!("A"), &json!("admin")));
    let id = made["items"][1]["id"].as_str().unwrap();
    assert!(
        run(&["invite", "renew", id, "--no-mail", "--json"])["link"].as_str().unwrap().contains("/invite/")
    );
    assert_eq!(run(&["invite", "cancel", id, "--json"])["state"], "cancelled");
    assert_eq!(run(&["invite", "show", id, "--json"])["state"], "cancelled");
    assert!(sink.letters().is_empty());
    if crate::database::test_server().is_none() {
        assert_eq!(run(&["mail", "test", "a@x.example", "--json"])["sent"], true);
        assert_eq!(sink.letters().len(), 1);
    }
    assert_eq!(run(&["mail", "list", "--json"])["items"], json!([]));
}

mod on_postgres {
    use super::*;

    #[test]
    fn of_two_processes_one_sends_a_letter() {
        let (database, sink) = (Database::on_postgres(), Sink::start());
        let url = smtp(sink.port);
        let both: Vec<Program> = (0..2).map(|_| program(&database, &[("ROSTER_SMTP_URL", &url)])).collect();
        let api = root(&database, &both[0]);

        for n in 0..10 {
            let emails: Vec<String> = (0..5).map(|m| format!("p{n}-{m}@x.example")).collect();
            invited(&api, &json!({"emails": emails}));
        }
        sink.wait_for(50);
        until("all sent", || database.number("SELECT count(*) FROM mails WHERE state <> 'sent'") == 0);

        let recipients: Vec<String> = sink.letters().into_iter().flat_map(|letter| letter.to).collect();
        assert_eq!(recipients.len(), 50);
        assert_eq!(recipients.iter().collect::<BTreeSet<_>>().len(), 50);
    }
}
