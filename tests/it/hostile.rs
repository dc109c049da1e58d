//! What a hostile client sends: answered in milliseconds, believed in nothing, and the process lives.

use crate::support::{Client, Server, USER};
use flate2::{Compression, write::GzEncoder};
use roster::scim::Profile;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// How long a refusal may take in a build without optimization on a busy machine; what is exponential in anything, or
/// reads everything before it refuses, takes longer by far. Bodies of megabytes must arrive first.
const PATIENCE: Duration = Duration::from_millis(250);
const PATIENCE_WITH_MEGABYTES: Duration = Duration::from_millis(2_500);

/// A body, its path and method, what it is, and how it is refused.
type Shape = (&'static str, &'static str, &'static str, Vec<u8>, &'static [u16]);

fn search(filter: &str) -> Vec<u8> {
    json!({"schemas": [SEARCH], "filter": filter}).to_string().into_bytes()
}

fn patch(operations: &Value) -> Vec<u8> {
    json!({"schemas": [PATCH_OP], "Operations": operations}).to_string().into_bytes()
}

fn nested(open: &str, inner: &str, close: &str, depth: usize) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

fn user(rest: &str) -> Vec<u8> {
    format!(r#"{{"schemas":["{USER}"],"userName":"hostile"{rest}}}"#).into_bytes()
}

/// Filters, paths and bodies without any sense.
fn shapes() -> Vec<Shape> {
    [filters(), bodies()].concat()
}

fn filters() -> Vec<Shape> {
    let pr = "userName pr";
    let terms = |operator: &str| vec![r#"userName eq "a""#; 10_000].join(operator);
    vec![
        ("5,000 parentheses", "POST", "/Users/.search", search(&nested("(", pr, ")", 5_000)), &[400]),
        ("5,000 parentheses that stay open", "POST", "/Users/.search", search(&"(".repeat(5_000)), &[400]),
        ("10,000 terms joined by or", "POST", "/Users/.search", search(&terms(" or ")), &[400]),
        ("10,000 terms joined by and", "POST", "/Users/.search", search(&terms(" and ")), &[400]),
        ("10,000 times not", "POST", "/Users/.search", search(&nested("not (", pr, ")", 10_000)), &[400]),
        (
            "5,000 value paths in each other",
            "POST",
            "/Users/.search",
            search(&nested("emails[", pr, "]", 5_000)),
            &[400],
        ),
        ("a filter of quotes", "POST", "/Users/.search", search(&"\"".repeat(20_000)), &[400]),
        (
            "a filter of backslashes",
            "POST",
            "/Users/.search",
            search(&format!("userName eq \"{}", "\\".repeat(20_001))),
            &[400],
        ),
        (
            "a number of 20,000 digits",
            "POST",
            "/Users/.search",
            search(&format!("userName eq {}", "9".repeat(20_000))),
            &[400, 200],
        ),
        ("a megabyte of filter", "POST", "/Users/.search", search(&" ".repeat(1_000_000)), &[413]),
        ("all types with 10,000 terms", "POST", "/.search", search(&terms(" or ")), &[400]),
    ]
}

fn bodies() -> Vec<Shape> {
    let pr = "userName pr";
    let many = |what: &str, n: usize| vec![what; n].join(",");
    let op = json!({"op": "replace", "path": "emails[type eq \"work\"].value", "value": "x"});
    let bulk = |operation: &Value, n: usize| {
        json!({"schemas": [BULK], "Operations": vec![operation; n]}).to_string().into_bytes()
    };
    let post = json!({"method": "POST", "path": "/Users", "bulkId": "a", "data": {}});
    vec![
        (
            "5,000 parentheses in a path",
            "PATCH",
            "/Users/ID",
            patch(&json!([{"op": "remove", "path": nested("emails[(", pr, ")]", 5_000)}])),
            &[400],
        ),
        ("10,001 operations", "PATCH", "/Users/ID", patch(&json!(vec![op; 10_001])), &[400]),
        (
            "a JSON 100,000 deep",
            "POST",
            "/Users",
            user(&format!(r#","x":{}"#, nested("[", "", "]", 100_000))),
            &[400],
        ),
        (
            "objects 100,000 deep",
            "POST",
            "/Users",
            user(&format!(r#","x":{}"#, nested(r#"{"a":"#, "1", "}", 100_000))),
            &[400],
        ),
        ("a name that stands twice", "POST", "/Users", user(r#","userName":"other""#), &[400]),
        ("a name that stands twice, in two cases", "POST", "/Users", user(r#","USERNAME":"other""#), &[400]),
        ("a number beyond all bounds", "POST", "/Users", user(r#","active":1e999999"#), &[400]),
        ("a lone surrogate", "POST", "/Users", user(r#","title":"\ud800""#), &[400]),
        ("bytes that are no UTF-8", "POST", "/Users", b"{\"userName\":\"\xff\xfe\"}".to_vec(), &[400]),
        ("a NUL in a value", "POST", "/Users", user(r#","title":"a\u0000b""#), &[400]),
        ("a body after the body", "POST", "/Users", [user(""), user("")].concat(), &[400]),
        ("nothing at all", "POST", "/Users", Vec::new(), &[400]),
        (
            "200,000 roles",
            "POST",
            "/Users",
            user(&format!(r#","roles":[{}]"#, many(r#"{"value":"x"}"#, 100_000))),
            &[400],
        ),
        (
            "a million elements",
            "POST",
            "/Users",
            user(&format!(r#","roles":[{}]"#, many("1", 900_000))),
            &[400],
        ),
        (
            "100,000 names, and none that is required",
            "POST",
            "/Users",
            format!("{{{}}}", (0..100_000).map(|n| format!(r#""a{n}":1"#)).collect::<Vec<_>>().join(","))
                .into_bytes(),
            &[400],
        ),
        ("3 megabytes", "POST", "/Users", user(&format!(r#","title":"{}""#, "x".repeat(3_000_000))), &[413]),
        ("1,001 operations in bulk", "POST", "/Bulk", bulk(&post, 1_001), &[413]),
        ("9 megabytes in bulk", "POST", "/Bulk", bulk(&json!({"x": "y".repeat(9_000)}), 1_000), &[413]),
    ]
}

/// Sends a request and holds the answer against what was promised; the user stays as it was.
#[track_caller]
fn assert_refused(server: &Server, id: &str, shape: &Shape, headers: &[(&str, &str)]) {
    let (what, method, path, body, statuses) = shape;
    let begun = Instant::now();
    let reply = server.client.send(method, &path.replace("ID", id), headers, body);
    let took = begun.elapsed();

    assert!(statuses.contains(&reply.status), "{what}: {} {}", reply.status, reply.json());
    if reply.status >= 400 {
        reply.error();
        let detail = reply.json()["detail"].as_str().unwrap().len();
        assert!(detail < 1_000, "{what}: a detail of {detail} bytes");
    }
    let patience = if body.len() > 200_000 { PATIENCE_WITH_MEGABYTES } else { PATIENCE };
    assert!(took < patience, "{what}: {took:?} for {} bytes", body.len());
}

#[test]
fn filters_paths_and_bodies_without_sense_are_refused_in_milliseconds() {
    for profile in [Profile::Standard, Profile::Strict] {
        let server = Server::start(profile, |_| {});
        let id = server.user("ada");
        let before = server.client.get(&format!("/Users/{id}")).body;
        let json = [("Content-Type", "application/scim+json")];
        for shape in shapes() {
            assert_refused(&server, &id, &shape, &json);
        }
        assert_eq!(server.client.get(&format!("/Users/{id}")).body, before);
        assert_eq!(server.client.get("/Users?count=0").json()["totalResults"], 1, "nothing of it was kept");
    }
}

#[test]
fn a_filter_in_a_url_is_refused_as_fast() {
    let server = Server::standard();
    for filter in
        [nested("(", "userName%20pr", ")", 5_000), vec!["id%20eq%20%22a%22"; 2_400].join("%20or%20")]
    {
        let begun = Instant::now();
        let refused = server.client.get(&format!("/Users?filter={filter}"));
        assert_eq!(refused.error(), (400, "invalidFilter".to_owned()));
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    }
    for (parameter, n) in [("attributes", 10_000), ("excludedAttributes", 10_000)] {
        let names = vec!["name"; n].join(",");
        let begun = Instant::now();
        assert_eq!(server.client.get(&format!("/Users?{parameter}={names}")).status, 200);
        assert!(begun.elapsed() < PATIENCE, "{parameter}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_bomb_is_bounded_however_often_it_is_packed() {
    let server = Server::standard();
    let id = server.user("ada");
    let zip = |bytes: &[u8]| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    let bomb = zip(&vec![b' '; 64 * 1024 * 1024]);
    let twice = zip(&bomb);
    let headers = [("Content-Type", "application/scim+json"), ("Content-Encoding", "gzip")];
    assert_refused(&server, &id, &("64 megabytes in 64 kilobytes", "POST", "/Users", bomb, &[413]), &headers);
    assert_refused(&server, &id, &("a bomb in a bomb", "POST", "/Users", twice.clone(), &[400]), &headers);
    let layered = [("Content-Type", "application/scim+json"), ("Content-Encoding", "gzip, gzip")];
    assert_refused(&server, &id, &("two layers announced", "POST", "/Users", twice, &[415]), &layered);
    let cut = zip(&user("")).split_last().unwrap().1.to_vec();
    assert_refused(&server, &id, &("a packed body that ends early", "POST", "/Users", cut, &[400]), &headers);
}

/// What comes back for bytes sent as they are, until the server closes the connection or nothing more comes.
fn spoken(client: &Client, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(client.root.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    // a server that has refused already may have closed
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n) = stream.read(&mut buffer) {
        if n == 0 {
            break;
        }
        answer.extend_from_slice(&buffer[..n]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Requests whose length two readers could read differently. Each hides a DELETE behind what one of them takes for the
/// end of the request.
#[test]
fn a_request_that_could_be_read_in_two_ways_smuggles_nothing() {
    let server = Server::standard();
    let (id, token) = (server.user("ada"), &server.client.token);
    let hidden =
        format!("DELETE /scim/v2/Users/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let head = format!(
        "POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\n"
    );
    let n = hidden.len();
    for (what, lengths, body) in [
        (
            "length and chunks",
            format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", n + 5),
            "0\r\n\r\n",
        ),
        (
            "chunks and length",
            format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", n + 5),
            "0\r\n\r\n",
        ),
        ("two lengths", format!("Content-Length: 0\r\nContent-Length: {n}\r\n"), ""),
        ("two lengths in one", format!("Content-Length: 0, {n}\r\n"), ""),
        ("a length with a sign", format!("Content-Length: +{n}\r\n"), ""),
        ("a length below nothing", "Content-Length: -1\r\n".to_owned(), ""),
        ("a length in hexadecimal", "Content-Length: 0x0\r\n".to_owned(), ""),
        ("a coding nobody knows", format!("Transfer-Encoding: xchunked\r\nContent-Length: {n}\r\n"), ""),
        (
            "chunks, and a coding after them",
            "Transfer-Encoding: chunked, identity\r\n".to_owned(),
            "0\r\n\r\n",
        ),
        (
            "chunks twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_owned(),
            "0\r\n\r\n",
        ),
        ("a blank before the colon", format!("Content-Length : {n}\r\n"), ""),
        ("a folded header", format!("X-Folded: a\r\n Content-Length: {n}\r\n"), ""),
        ("a bare line feed", format!("X-Bare: a\nContent-Length: {n}\r\n"), ""),
        ("a NUL in a header", format!("X-Nul: a\0b\r\nContent-Length: {n}\r\n"), ""),
        (
            "a chunk size beyond all bounds",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            "FFFFFFFFFFFFFFFFF\r\n",
        ),
        ("a chunk size that is none", "Transfer-Encoding: chunked\r\n".to_owned(), "zz\r\n"),
    ] {
        let answer = spoken(&server.client, format!("{head}{lengths}\r\n{body}{hidden}").as_bytes());

        assert!(!answer.contains("HTTP/1.1 204") && !answer.contains("HTTP/1.1 201"), "{what}: {answer}");
        assert_eq!(
            server.client.get(&format!("/Users/{id}")).status,
            200,
            "{what}: the hidden request was served"
        );
    }
}

#[test]
fn a_request_that_stops_half_way_is_never_executed() {
    let server = Server::standard();
    let (id, token) = (server.user("ada"), &server.client.token);
    let body = String::from_utf8(user("")).unwrap();
    let head = |method: &str, path: &str, length: usize| {
        format!(
            "{method} /scim/v2{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let off =
        String::from_utf8(patch(&json!([{"op": "replace", "path": "active", "value": false}]))).unwrap();
    for half in [
        // one byte is missing, which the JSON would not miss
        format!("{}{body}", head("POST", "/Users", body.len() + 1)),
        format!("{}{off}", head("PATCH", &format!("/Users/{id}"), off.len() + 1)),
        format!("DELETE /scim/v2/Users/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"),
        format!(
            "{}{:x}\r\n{body}\r\n",
            head("POST", "/Users", 0).replace("Content-Length: 0", "Transfer-Encoding: chunked"),
            body.len()
        ),
    ] {
        let mut stream = TcpStream::connect(server.client.root.trim_start_matches("http://")).unwrap();
        stream.write_all(half.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{half} was answered {answer}");
    }
    let kept = server.client.get(&format!("/Users/{id}"));
    assert_eq!((kept.status, &kept.json()["active"]), (200, &json!(true)));
    assert_eq!(server.client.get("/Users?count=0").json()["totalResults"], 1);
}

#[test]
fn a_patch_that_compares_too_much_is_refused_before_it_holds_up_others() {
    let server = Server::standard();
    let emails: Vec<Value> = (0..1_000).map(|n| json!({"value": format!("e{n}@example.com")})).collect();
    let made = server.client.post("/Users", &json!({"schemas": [USER], "userName": "ada", "emails": emails}));
    let path = format!("/Users/{}", made.json()["id"].as_str().unwrap());
    let terms = (0..1_000).map(|n| format!("value eq \"{n}\"")).collect::<Vec<_>>().join(" or ");
    let wide = json!({"op": "remove", "path": format!("emails[{terms}]")});
    let narrow = json!({"op": "replace", "path": "emails[value eq \"x\"].display", "value": "y"});
    for operations in [vec![wide; 80], vec![narrow.clone(); 10_000]] {
        let begun = Instant::now();
        let refused = server.client.patch(&path, &json!(operations));
        assert_eq!(refused.error(), (400, "invalidValue".to_owned()));
        assert!(begun.elapsed() < PATIENCE_WITH_MEGABYTES, "{:?}", begun.elapsed());
    }
    assert_eq!(server.client.get(&path).body, made.body, "nothing of it was done");
    let some: Vec<Value> = (0..400).map(|n| json!({"op": "replace", "path": format!("emails[value eq \"e{n}@example.com\"].display"), "value": "y"})).collect();
    assert_eq!(server.client.patch(&path, &json!(some)).status, 200, "what is within reason is done");
}

#[test]
fn a_rehearsal_where_there_is_none_and_a_second_credential_are_refused() {
    let server = Server::standard();
    let id = server.user("ada");
    for (query, expected) in [("dryRun=true", 400), ("dryRun=yes", 400), ("DRYRUN=TRUE", 400)] {
        let refused = server.client.delete(&format!("/Users/{id}?{query}"));
        assert_eq!(refused.error(), (expected, "invalidValue".to_owned()), "{query}");
        let refused =
            server.client.post(&format!("/Users?{query}"), &json!({"schemas": [USER], "userName": "x"}));
        assert_eq!(refused.error(), (expected, "invalidValue".to_owned()), "{query}");
    }
    assert_eq!(server.client.get(&format!("/Users/{id}?dryRun=true")).status, 200);
    let twice = format!(
        "GET /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {0}\r\nAuthorization: Bearer {0}\r\nConnection: close\r\n\r\n",
        server.client.token
    );
    assert!(spoken(&server.client, twice.as_bytes()).starts_with("HTTP/1.1 401"));
}
