//! A real OpenID provider (`tests/counterparts/provider.mjs`), steered while it runs.

use crate::{
    support::Client,
    visitor::{Page, Visitor},
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};
use url::Url;

/// Where the counterparts and what they need are.
pub(crate) const COUNTERPARTS: &str = "tests/counterparts";

/// The provider, for as long as the value lives.
pub(crate) struct Provider {
    /// Its address, which is its issuer.
    pub(crate) issuer: String,
    child: Child,
    /// It ends with this.
    _stdin: ChildStdin,
}

/// A script of the counterparts, its input and output piped.
pub(crate) fn node(script: &str) -> Command {
    assert!(
        Path::new(COUNTERPARTS).join("node_modules").exists(),
        "`npm ci` in {COUNTERPARTS} installs what the tests talk to; tests/all does so"
    );
    let mut command = Command::new("node");
    command.current_dir(COUNTERPARTS).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

impl Provider {
    /// A provider that browsers know as `localhost`, which is another site than the server's.
    pub(crate) fn start() -> Self {
        let mut child = node("provider.mjs").args(["0", "localhost"]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let issuer = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { issuer, _stdin: child.stdin.take().unwrap(), child }
    }

    /// Tells it something, or asks.
    #[track_caller]
    pub(crate) fn control(&self, method: &str, what: &str, body: &Value) -> Value {
        let client = Client { root: self.issuer.replace("localhost", "127.0.0.1"), token: String::new() };
        let headers = [("Authorization", ""), ("Content-Type", "application/json")];
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let reply = client.raw(method, &format!("/control/{what}"), &headers, body.as_bytes());
        assert!(reply.status < 300, "{what}: {}", reply.json());
        reply.json()
    }

    /// Knows a server of that address, to which it sends browsers back by that way, with a secret or without.
    pub(crate) fn register(&self, root: &str, way_back: &str, secret: Option<&str>) {
        let mut client = json!({
            "client_id": "roster",
            "redirect_uris": [way_back],
            "post_logout_redirect_uris": [format!("{root}/logout")],
            "backchannel_logout_uri": format!("{root}/oidc/backchannel-logout"),
            "backchannel_logout_session_required": true,
        });
        if let Some(secret) = secret {
            client["client_secret"] = secret.into();
        }
        self.control("PUT", "clients", &json!([client]));
    }

    /// Knows these people by what it claims of them; the first signs in next.
    pub(crate) fn people(&self, claims: &Value) {
        self.control("PUT", "accounts", claims);
        let (first, _) = claims.as_object().unwrap().iter().next().unwrap();
        self.next(Some(first));
    }

    /// Who signs in next; nobody.
    pub(crate) fn next(&self, account: Option<&str>) {
        self.control("PUT", "next", &json!({"account": account}));
    }

    /// Goes wrong in some way, or right again.
    pub(crate) fn fault(&self, faults: &Value) {
        self.control("POST", "faults", faults);
    }

    /// A token of these claims, signed with the key that it has now.
    pub(crate) fn sign(&self, claims: &Value, header: &Value) -> String {
        let signed = self.control("POST", "sign", &json!({"claims": claims, "header": header}));
        signed["token"].as_str().unwrap().to_owned()
    }

    /// Follows a browser from there until it is sent back; where to.
    #[track_caller]
    pub(crate) fn visit(&self, at: &mut Visitor, url: &str) -> String {
        let mut url = Url::parse(url).unwrap();
        for _ in 0..10 {
            assert_eq!(url.origin(), Url::parse(&self.issuer).unwrap().origin(), "{url}");
            let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
            let page = at.get(&path);
            assert!(!page.to.is_empty(), "{} {}", page.status, page.text);
            url = url.join(&page.to).unwrap();
            if url.port() != Url::parse(&self.issuer).unwrap().port() {
                return url.into();
            }
        }
        panic!("the provider does not send the browser back: {url}");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser at the server and at a provider.
pub(crate) struct Traveller<'p> {
    pub(crate) here: Visitor,
    pub(crate) there: Visitor,
    provider: &'p Provider,
}

impl<'p> Traveller<'p> {
    pub(crate) fn new(root: &str, provider: &'p Provider) -> Self {
        let there = provider.issuer.replace("localhost", "127.0.0.1");
        let mut there = Visitor::at(&there);
        there.headers.push(("Host".to_owned(), provider.issuer.trim_start_matches("http://").to_owned()));
        Self { here: Visitor::at(root), there, provider }
    }

    /// Leaves by that page; where to.
    #[track_caller]
    pub(crate) fn leave(&mut self, path: &str) -> String {
        let page = self.here.get(path);
        assert_eq!(page.status, 303, "{}", page.text);
        page.to
    }

    /// Leaves by that page, signs in there, and comes back.
    #[track_caller]
    pub(crate) fn travel(&mut self, path: &str) -> Page {
        let url = self.leave(path);
        let back = self.provider.visit(&mut self.there, &url);
        self.here.get(&back)
    }
}
