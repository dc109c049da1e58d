//! Whole conversations with a server that says what it is told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::*;
use crate::client::{End, Stop, Target, Unusable};

/// A request as it came over the wire.
struct Heard {
    /// `METHOD target`.
    line: String,
    /// `name: value`, names in small letters, in order.
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Heard {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Starts a server. `answer` makes the raw answer to each request; what was heard, apart from the
/// runner's first look, comes out of the receiver.
fn server(answer: fn(&Heard) -> Vec<u8>) -> (Target, Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/scim/v2/", listener.local_addr().unwrap());
    let (heard, out) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let heard = heard.clone();
            thread::spawn(move || {
                let stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while let Some(request) = hear(&mut reader) {
                    let first = ["/ServiceProviderConfig", "/ResourceTypes"];
                    if first.iter().any(|path| request.line.ends_with(path)) {
                        (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
                        continue;
                    }
                    let answer = answer(&request);
                    // noted first: whoever has the answer finds it noted
                    let _ = heard.send(request);
                    (&stream).write_all(&answer).unwrap();
                }
            });
        }
    });
    let timeout = Duration::from_secs(5);
    (Target { url, token: "s3\"cret-of-tests".to_owned(), timeout, rate: None }, out)
}

fn hear(reader: &mut BufReader<TcpStream>) -> Option<Heard> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let line = lines.remove(0).replace(" HTTP/1.1", "");
    let mut heard = Heard { line, headers: lines, body: Vec::new() };
    for header in &mut heard.headers {
        let (name, value) = header.split_once(':').unwrap();
        *header = format!("{}: {}", name.to_lowercase(), value.trim());
    }
    let length = heard.header("content-length").map_or(0, |length| length.parse().unwrap());
    heard.body = vec![0; length];
    reader.read_exact(&mut heard.body).ok()?;
    Some(heard)
}

fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut raw =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    raw.extend_from_slice(body);
    raw
}

fn played(target: &Target, suite: &str) -> Report {
    stoppable(target, suite, &Stop::default()).unwrap()
}

fn stoppable(target: &Target, suite: &str, stop: &Stop) -> Result<Report, Unusable> {
    let cases = parse("suite.http", suite).unwrap();
    play(target, Scope { profile: Profile::Standard, destructive: false }, &cases, stop, &mut |_| {})
}

#[test]
fn a_conversation_is_held_and_tidied_up() {
    let (target, heard) = server(|request| match request.line.as_str() {
        "POST /scim/v2/Users" => reply(
            "201 Created",
            "Location: https://public.example/scim/v2/Users/a%20b\r\n",
            br#"{"id":"a b"}"#,
        ),
        "POST /scim/v2/Groups" => reply("201 Created", "Location: /scim/v2/Groups/g\r\n", br#"{"id":"g"}"#),
        line if line.starts_with("DELETE") => reply("204 No Content", "", b""),
        _ => reply("200 OK", "", br#"{"id":"a b","active":true}"#),
    });
    let suite = r##"
## talk
let name = "x" y
header X-All: 1
header POST X-All: 2
header Accept: text/plain

POST /Users
Accept:
{"userName":"{name}"}

201
id := .id

POST /Groups
Content-Type: application/json
{"members":{id|json}}

201
group := .id

GET /Users/{id}?filter=a eq "é{name}"#

200
.active = true
.id = {id}

BREW ~/pot
body:
a{byte FF}

200

DELETE /Groups/{group}
["why"]

204
"##;

    let report = played(&target, suite);

    assert!(report.passed(), "{report}");
    assert_eq!(report.counts().steps_passed, 5);
    let heard: Vec<Heard> = heard.try_iter().collect();
    let lines: Vec<&str> = heard.iter().map(|request| request.line.as_str()).collect();
    let expected = [
        "POST /scim/v2/Users",
        "POST /scim/v2/Groups",
        "GET /scim/v2/Users/a%20b?filter=a%20eq%20%22%C3%A9%22x%22%20y%22%23",
        "BREW /pot",
        "DELETE /scim/v2/Groups/g",
        "DELETE /scim/v2/Users/a%20b",
    ];
    assert_eq!(lines, expected);
    assert_eq!(heard[0].body, br#"{"userName":"\"x\" y"}"#, "a body escapes its variables");
    assert_eq!(heard[0].header("x-all"), Some("2"), "a header for one method wins");
    assert_eq!(heard[2].header("x-all"), Some("1"));
    assert_eq!(heard[0].header("accept"), None, "an empty value sends none");
    assert_eq!(heard[0].header("content-type"), Some("application/scim+json"));
    assert_eq!(heard[1].header("content-type"), Some("application/json"));
    assert_eq!(heard[1].body, br#"{"members":"a b"}"#);
    assert_eq!(heard[3].body, b"a\xff");
    assert_eq!(heard[4].body, br#"["why"]"#, "a DELETE can have a body");
    let tidied: Vec<&str> = heard[5].headers.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(tidied, ["host", "user-agent", "authorization"], "no header of the library's own");
    assert!(heard.iter().all(|request| request.header("authorization") == Some("Bearer s3\"cret-of-tests")));
}

#[test]
fn failures_tell_what_was_sent_expected_and_found() {
    let (target, _heard) = server(|request| match request.line.as_str() {
        "GET /scim/v2/error" => {
            reply("400 Bad Request", "", br#"{"status":400,"detail":"no s3\"cret-of-tests"}"#)
        }
        "GET /scim/v2/broken" => b"no HTTP at all\r\n\r\n".to_vec(),
        _ => reply("307 Temporary Redirect", "Location: http://elsewhere.example/\r\n", br#"{"id":7}"#),
    });
    let suite = r#"
## wrong
### An error [idp Q-001]
GET /error

400 noTarget

### A status
POST /moved
{"token":"{token|raw}"}

200
.id = 8
id := .id

### A value
PUT /moved

307
.id = 8
there := .there

### Known from a wrong answer
GET /{id}

307

### A name nobody set
GET /{there}

307

### A second chance [unless id]
GET /x

200

### A first chance [when id]
GET /x

307

## strange [strict]
GET /x

200

## huge [destructive]
GET /x

200
"#;

    let report = played(&target, suite);

    let verdicts: Vec<Verdict> = report.cases[0].steps.iter().map(|step| step.verdict).collect();
    use Verdict::{Failed, Passed, Skipped};
    assert_eq!(verdicts, [Failed, Failed, Failed, Passed, Failed, Skipped, Passed]);
    assert!(!report.passed());
    assert_eq!((report.for_other_profiles, report.destructive), (1, 1));
    let text = report.to_string();
    let expected = [
        "FAIL wrong (2/6 steps)",
        "suite.http:3: An error [idp]\n    Q-001 (Google, Okta spec, Microsoft, Keycloak): a write is json under either name",
        r#"expected .schemas contains "urn:ietf:params:scim:api:messages:2.0:Error""#,
        r#"expected .status = "400""#,
        "found 400",
        r#"expected .scimType = "noTarget""#,
        r#"> {"token":"(token)"}"#,
        "< 307\n    < location: http://elsewhere.example/\n    < content-length: 8\n    < {\"id\":7}",
        "line 12: expected status 200\n      found 307",
        "line 20: expected .id = 8\n      found 7",
        "line 21: expected something to capture as there\n      found nothing",
        "nothing: needs there from an earlier step",
        "0 of 1 cases passed, 2 of 6 steps (1 not needed); 1 for other profiles left out; 1 that may harm a server left out",
    ];
    for part in expected {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    let json = report.to_json();
    assert_eq!(json["results"][0]["steps"][2]["failures"][0]["found"], "7");
    assert_eq!(json["steps"], serde_json::json!({"passed": 2, "failed": 4, "skipped": 1}));
    assert!(!text.contains("cret") && !json.to_string().contains("cret"), "the token is told nowhere");

    let broken = played(&target, "## broken\nGET /broken\n\n200\n");
    assert!(broken.to_string().contains("expected an answer"), "{broken}");
}

#[test]
fn a_204_excuses_the_body_and_gzip_is_unpacked() {
    let (target, _heard) = server(|request| {
        if request.line.starts_with("PATCH") {
            return reply("204 No Content", "ETag: W/\"2\"\r\n", b"");
        }
        let mut packed = Vec::new();
        flate2::read::GzEncoder::new(&br#"{"id":"x"}"#[..], flate2::Compression::fast())
            .read_to_end(&mut packed)
            .unwrap();
        reply("200 OK", "Content-Encoding: gzip\r\n", &packed)
    });
    let suite = r#"
## quiet
PATCH /x

200 204
.id = "x"
id := .id
header ETag = "W/\"2\""

GET /x
Accept-Encoding: gzip

200
.id = "x"
header Content-Encoding = "gzip"

PATCH /x

204
.id absent
.id = "x"
"#;

    let report = played(&target, suite);

    let verdicts: Vec<Verdict> = report.cases[0].steps.iter().map(|step| step.verdict).collect();
    assert_eq!(verdicts, [Verdict::Passed, Verdict::Passed, Verdict::Failed], "{report}");
}

#[test]
fn the_token_stays_with_the_server_under_test() {
    let (other, heard_there) = server(|_| reply("200 OK", "", b"{}"));
    let (target, _heard) = server(|_| reply("200 OK", "", b"{}"));

    let report = played(&target, &format!("## away\nGET {}x\n\n200\n", other.url));

    assert!(report.passed(), "{report}");
    assert_eq!(heard_there.recv().unwrap().header("authorization"), None);
}

#[test]
fn what_a_case_made_goes_again_however_it_was_told_of() {
    let (target, heard) = server(|request| {
        match request.line.as_str() {
        "POST /scim/v2/Users" if request.body.starts_with(b"{\"userName\":\"late\"") => b"HTTP/1.1 no\r\n\r\n".to_vec(),
        "POST /scim/v2/Users" => reply("201 Created", "", br#"{"id":"a b"}"#),
        "POST /scim/v2/Groups" => {
            reply("200 OK", "", br#"{"id":"g","meta":{"location":"http://x.example/scim/v2/Groups/7"}}"#)
        }
        "POST /scim/v2/Bulk" => reply(
            "200 OK",
            "",
            br#"{"Operations":[{"method":"POST","status":"201","location":"/scim/v2/Users/bulk"},{"method":"PUT"}]}"#,
        ),
        "DELETE /scim/v2/Groups/7" => reply("500 Internal Server Error", "", b"{}"),
        line if line.starts_with("GET /scim/v2/Users?filter=") => {
            reply("200 OK", "", br#"{"Resources":[{"id":"1","userName":"LATE"},{"id":"2","userName":"other"}]}"#)
        }
        _ => reply("204 No Content", "", b""),
    }
    });
    let make = |path: &str, name: &str| {
        format!("POST {path}\n{{\"userName\":\"{name}\",\"Operations\":[{{}},{{}}]}}\n\n201\n\n")
    };
    let suite = [
        "## make\n",
        &make("/Users", "a"),
        &make("/Groups", "b"),
        &make("/Bulk", "c"),
        &make("/Users", "late"),
    ];

    let report = played(&target, &suite.concat());

    let heard: Vec<String> = heard.try_iter().map(|request| request.line).collect();
    assert!(heard[4].starts_with("GET /scim/v2/Users?filter=userName%20eq%20%22late%22"), "{heard:?}");
    let deleted =
        ["Users/1", "Users/bulk", "Groups/7", "Users/a%20b"].map(|it| format!("DELETE /scim/v2/{it}"));
    assert_eq!(heard[5..], deleted);
    assert_eq!(report.left_behind.len(), 1);
    assert!(report.left_behind[0].ends_with("/scim/v2/Groups/7"));
}

#[test]
fn what_cannot_be_looked_for_is_told() {
    let (target, _heard) = server(|request| match request.line.as_str() {
        "POST /scim/v2/Users" => reply("500 Internal Server Error", "", b"{}"),
        _ => reply("404 Not Found", "", b"{}"),
    });

    let report = played(&target, "## make\nPOST /Users\n{\"userName\":\"ada\"}\n\n500\n");

    assert_eq!(report.left_behind.len(), 1, "{report}");
    assert!(report.left_behind[0].ends_with("/scim/v2/Users, where \"ada\" may be") && !report.passed());
}

#[test]
fn a_run_that_is_interrupted_tidies_up() {
    let (target, heard) = server(|request| match request.line.as_str() {
        "POST /scim/v2/Users" => reply("201 Created", "Location: /scim/v2/Users/1\r\n", b"{}"),
        "GET /scim/v2/Users/1" => reply("503 Service Unavailable", "Retry-After: 60\r\n", b"{}"),
        _ => reply("204 No Content", "", b""),
    });
    let suite = "## one\nPOST /Users\n{}\n\n201\n\nGET /Users/1\n\n200\n\nGET /Users/1\n\n200\n\n## two\nGET /x\n\n204\n";
    let stop = Stop::default();

    let report = thread::scope(|scope| {
        let playing = scope.spawn(|| stoppable(&target, suite, &stop));
        let heard: Vec<String> = heard.iter().take(2).map(|request| request.line).collect();
        assert_eq!(heard, ["POST /scim/v2/Users", "GET /scim/v2/Users/1"]);
        stop.ask();
        playing.join().unwrap().unwrap()
    });

    assert_eq!(report.end, End::Interrupted);
    assert!(!report.passed() && report.cases.is_empty() && report.left_behind.is_empty());
    assert_eq!(heard.try_iter().map(|request| request.line).collect::<Vec<_>>(), ["DELETE /scim/v2/Users/1"]);
}

#[test]
fn a_server_that_asks_for_time_gets_it_and_one_that_is_gone_ends_the_run() {
    static ASKED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    let (target, _heard) = server(|request| match request.line.as_str() {
        "GET /scim/v2/busy" if !ASKED.swap(true, std::sync::atomic::Ordering::Relaxed) => {
            reply("429 Too Many Requests", "Retry-After: 0\r\n", b"{}")
        }
        "GET /scim/v2/busy" => reply("200 OK", "", b"{}"),
        _ => b"nothing\r\n\r\n".to_vec(),
    });

    let report = played(&target, "## busy\nGET /busy\n\n200\n");
    assert!(report.passed(), "{report}");

    let gone: String = (0..9).map(|n| format!("## gone{n}\nGET /x\n\n200\n\n")).collect();
    let report = played(&target, &gone);
    assert!(
        matches!(&report.end, End::Gone(reason) if reason.contains("requests in a row")),
        "{:?}",
        report.end
    );
    assert!(report.cases.len() >= 5 && !report.passed());
}

#[test]
fn a_server_that_cannot_be_used_is_told_in_a_sentence() {
    let told = |url: &str| {
        let timeout = Duration::from_millis(500);
        let target = Target { url: url.to_owned(), token: "secret-token".to_owned(), timeout, rate: None };
        stoppable(&target, "## x\nGET /x\n\n200\n", &Stop::default()).err().unwrap().to_string()
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for (url, reason) in [
        (format!("http://{free}/v2"), "nothing listens there (connection refused)"),
        (format!("http://{}/v2", silent.local_addr().unwrap()), "no answer within 0.5 s"),
        ("scim.example.com".to_owned(), "expected a URL that begins with http:// or https://"),
        ("ftp://scim.example.com".to_owned(), "expected a URL that begins with http:// or https://"),
        ("http://me:pw@scim.example.com/".to_owned(), "without a user name"),
    ] {
        let sentence = told(&url);
        assert!(sentence.starts_with("cannot use ") && sentence.contains(reason), "{url}: {sentence}");
    }
    for (answer, reason) in [
        (reply("301 Moved", "Location: /else\r\n", b""), "it redirects to /else"),
        (reply("302 Found", "", b""), "it redirects (302) to nowhere"),
        (reply("401 Unauthorized", "", b"{}"), "it refuses the token (401)"),
        (reply("404 Not Found", "", b"{}"), "no SCIM is served there (404)"),
        (reply("200 OK", "Content-Type: text/html\r\n", b"<p>hi"), "is not SCIM: 200 with text/html"),
        (reply("200 OK", "", b"[]"), "is not SCIM: 200 with no media type"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}".to_vec(),
            "broke off: it ended too early; it promised 9",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}".to_vec(), "what came is no HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec(), "what came is no HTTP"),
    ] {
        let sentence = told(&answering(answer));
        assert!(sentence.contains(reason), "{reason}: {sentence}");
    }
}

/// A server that says the same to everybody and hangs up.
fn answering(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            hear(&mut BufReader::new(stream.try_clone().unwrap()));
            stream.write_all(&answer).unwrap();
        }
    });
    url
}
