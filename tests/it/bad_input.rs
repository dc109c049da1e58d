//! Hostile and broken requests: each gets a status, a reason and a sentence, and changes nothing.

use crate::support::{Server, USER};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Everything the server holds, to show that nothing changed.
fn state(server: &Server) -> (Value, Value) {
    (
        server.client.get("/Users").json()["Resources"].clone(),
        server.client.get("/Groups").json()["Resources"].clone(),
    )
}

#[test]
fn a_broken_body_is_refused_and_changes_nothing() {
    let server = Server::standard();
    let id = server.user("ada");
    let before = state(&server);
    let deep = "[".repeat(100_000);
    let nested = format!("{{\"userName\":\"x\",\"name\":{}", "{\"a\":".repeat(100_000));
    let cases: [(&[u8], &str); 10] = [
        (b"", "invalidSyntax"),
        (b"[]", "invalidSyntax"),
        (b"{\"userName\":", "invalidSyntax"),
        (b"{\"userName\":\"a\",\"userName\":\"b\"}", "invalidSyntax"),
        (b"{\"userName\":\"a\",\"USERNAME\":\"b\"}", "invalidSyntax"),
        (b"{\"userName\":\"\xff\"}", "invalidSyntax"),
        (b"{\"userName\":7}", "invalidValue"),
        (b"{\"userName\":\"a\\u0000b\"}", "invalidValue"),
        (deep.as_bytes(), "invalidSyntax"),
        (nested.as_bytes(), "invalidSyntax"),
    ];

    for (body, keyword) in cases {
        for (method, path) in [("POST", "/Users".to_owned()), ("PUT", format!("/Users/{id}"))] {
            let headers = [("Content-Type", "application/scim+json")];
            let reply = server.client.send(method, &path, &headers, body);
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            assert_eq!(reply.error(), (400, keyword.to_owned()), "{method} {shown}");
        }
    }

    assert_eq!(state(&server), before);
}

#[test]
fn a_filter_that_is_not_understood_never_answers_with_data() {
    let server = Server::standard();
    server.user("ada");
    let brackets = "(".repeat(10_000);
    let terms = vec!["userName pr"; 2_000].join(" or ");
    for filter in [
        "nonsense eq 1",
        "userName eq",
        "userName regex \"a\"",
        "active gt true",
        "active eq 5",
        "meta.created gt \"yesterday\"",
        "emails[type eq \"work\"",
        "password eq \"x\"",
        "userName eq \"x\"; drop table users",
        "userName\" or 1=1 -- eq \"x\"",
        "",
        &brackets,
        &terms,
    ] {
        let query: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let reply = server.client.get(&format!("/Users?filter={query}"));
        let shown: String = filter.chars().take(60).collect();
        assert_eq!(reply.error(), (400, "invalidFilter".to_owned()), "{shown}");
    }
}

#[test]
fn strange_ids_are_nobodys() {
    let server = Server::standard();
    server.user("ada");
    for id in ["%00", "a%00b", "%0d%0aX-Evil:%201", "%ff%fe", "..%2f..", "%", "'%20or%20'1'='1", "ada"] {
        for method in ["GET", "DELETE"] {
            let reply = server.client.send(method, &format!("/Users/{id}"), &[], &[]);
            assert_eq!(reply.error(), (404, String::new()), "{method} {id}");
            assert_eq!(reply.header("X-Evil"), "");
        }
    }
    assert_eq!(server.client.get("/Users").json()["totalResults"], json!(1));
}

#[test]
fn an_oversized_body_is_refused_by_name_whether_it_is_announced_or_not() {
    let server = Server::standard();
    let body = json!({"schemas": [USER], "userName": "x", "title": "y".repeat(3 * 1024 * 1024)}).to_string();

    let announced =
        server.client.send("POST", "/Users", &[("Content-Type", "application/json")], body.as_bytes());

    assert_eq!(announced.error(), (413, String::new()));
    assert!(announced.json()["detail"].as_str().unwrap().contains("2097152"));
    let chunked = raw(&server, |stream| {
        write!(
            stream,
            "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            server.client.token
        )?;
        write!(stream, "{:x}\r\n{body}\r\n0\r\n\r\n", body.len())
    });
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    assert_eq!(server.client.get("/Users").json()["totalResults"], json!(0));
}

#[test]
fn whoever_is_not_known_learns_nothing_and_no_body_is_read() {
    let server = Server::standard();
    let id = server.user("ada");
    let known = format!("/Users/{id}");
    for (method, path) in [
        ("GET", "/Users"),
        ("GET", known.as_str()),
        ("POST", "/Users"),
        ("PATCH", "/Users/nobody"),
        ("GET", "/nowhere"),
        ("BREW", "/Users"),
        ("POST", "/ServiceProviderConfig"),
        ("GET", "/Users?access_token=a-token-for-tests-that-is-long-enough"),
    ] {
        let missing = server.client.send(method, path, &[("Authorization", "")], b"{garbage");
        let wrong = server.client.send(method, path, &[("Authorization", "Bearer wrong")], b"{garbage");
        assert_eq!(missing.error(), (401, String::new()), "{method} {path}");
        assert_eq!(wrong.error(), (401, String::new()), "{method} {path}");
        assert!(missing.header("WWW-Authenticate").starts_with("Bearer"));
        assert!(wrong.header("WWW-Authenticate").contains("invalid_token"));
    }
    // the answer comes although the announced body never does
    let answer = raw(&server, |stream| {
        write!(stream, "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
    });
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[test]
fn unknown_paths_and_methods_are_scim_errors() {
    let server = Server::standard();
    let client = &server.client;

    assert_eq!(client.get("/nowhere").error(), (404, String::new()));
    assert_eq!(client.get("/Users/a/b").error(), (404, String::new()));
    assert_eq!(client.send("BREW", "/Users", &[], &[]).error(), (405, String::new()));
    assert_eq!(client.send("PUT", "/Users", &[], b"{}").header("Allow"), "GET, HEAD, POST");
    assert_eq!(client.get("/Me").error(), (404, String::new()));
    assert_eq!(client.get("/healthz").status, 404, "health is not under the base");
}

#[test]
fn what_is_no_http_or_has_no_end_is_refused_and_harms_nobody() {
    let server = Server::standard();
    let token = &server.client.token;
    let brackets = "(".repeat(100_000);
    let headers = "X-Filler: filler\r\n".repeat(200);
    for request in [
        format!(
            "GET /scim/v2/Users?filter={brackets} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
        ),
        format!("GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\n{headers}\r\n"),
        "GET /scim/v2/Users\0 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "nonsense\r\n\r\n".to_owned(),
    ] {
        let answer = raw(&server, |stream| stream.write_all(request.as_bytes()));
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let operation = json!([{"op": "remove", "path": format!("emails[{brackets}")}]);
    let id = server.user("ada");
    assert_eq!(
        server.client.patch(&format!("/Users/{id}"), &operation).error(),
        (400, "invalidPath".to_owned())
    );
    assert_eq!(server.client.get("/Users").json()["totalResults"], json!(1));
}

#[test]
fn addresses_never_follow_the_host_header() {
    let server = Server::standard();

    let reply = server.client.send("GET", "/Users", &[("Host", "evil.example")], &[]);

    assert!(!String::from_utf8_lossy(&reply.body).contains("evil.example"));
    let made = server.client.send(
        "POST",
        "/Users",
        &[("Host", "evil.example"), ("Content-Type", "application/json")],
        json!({"schemas": [USER], "userName": "ada"}).to_string().as_bytes(),
    );
    assert!(made.header("Location").starts_with(&server.client.root), "{}", made.header("Location"));
}

#[test]
fn r_213_a_scan_stops_at_its_budget_and_says_how_to_ask_better() {
    let server = Server::start(roster::scim::Profile::Standard, |app| app.scan_rows = 3);
    for n in 0..4 {
        server.user(&format!("user-{n}"));
    }

    let reply = server.client.get("/Users?filter=title%20pr");

    assert_eq!(reply.error(), (400, "tooMany".to_owned()));
    assert_eq!(
        server.client.get("/Users?filter=userName%20eq%20%22user-1%22").json()["totalResults"],
        json!(1)
    );
    assert_eq!(server.client.get("/Users").json()["totalResults"], json!(4));
}

/// Sends bytes by hand and reads the answer until it is complete or nothing more comes.
fn raw(server: &Server, send: impl FnOnce(&mut TcpStream) -> std::io::Result<()>) -> String {
    let address = server.client.root.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    send(&mut stream).unwrap();
    let mut answer = vec![0; 4096];
    let n = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..n]).into_owned()
}
