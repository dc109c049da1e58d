//! A browser without script, as far as cookies, forms and redirects go.

use crate::support::Client;
use std::collections::BTreeMap;

/// Somebody at a browser.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    client: Client,
    pub(crate) cookies: BTreeMap<String, String>,
    /// The last `Set-Cookie` lines.
    pub(crate) set: Vec<String>,
    /// The origin that forms come from.
    pub(crate) origin: String,
    /// Further headers of every request.
    pub(crate) headers: Vec<(String, String)>,
}

/// A page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) text: String,
    /// How much was sent of it.
    pub(crate) n_bytes: usize,
    /// Where the browser is sent; empty where it stays.
    pub(crate) to: String,
    pub(crate) headers: ureq::http::HeaderMap,
}

impl Page {
    /// What stands between two texts, the first time.
    pub(crate) fn between(&self, before: &str, after: &str) -> String {
        let (_, rest) = self.text.split_once(before).unwrap_or_else(|| panic!("{before}: {}", self.text));
        rest.split_once(after).unwrap().0.to_owned()
    }

    /// What is said to be wrong; nothing where nothing is.
    pub(crate) fn error(&self) -> String {
        match self.text.split_once("role=\"alert\"").and_then(|(_, rest)| rest.split_once('>')) {
            Some((_, rest)) => {
                rest.split("</").next().unwrap().trim().trim_start_matches("<p>").trim().to_owned()
            }
            None => String::new(),
        }
    }

    /// The heading.
    pub(crate) fn heading(&self) -> String {
        self.between("<h1>", "</h1>")
    }
}

impl Visitor {
    /// A fresh browser.
    pub(crate) fn at(root: &str) -> Self {
        Self {
            client: Client { root: root.to_owned(), token: String::new() },
            cookies: BTreeMap::new(),
            set: Vec::new(),
            origin: root.to_owned(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, &[], "")
    }

    /// Sends a form from a page of the server.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let origin = self.origin.clone();
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", origin.as_str())];
        self.send("POST", path, &headers, &form)
    }

    /// Sends anything, with the cookies, and keeps what the server sets.
    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let path = path.strip_prefix(&self.client.root).unwrap_or(path);
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut all = vec![("Authorization", ""), ("Cookie", cookies.as_str())];
        all.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        all.extend(headers);
        let reply = self.client.raw(method, path, &all, body.as_bytes());
        let set = reply.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap().to_owned());
        self.set = set.collect();
        for line in &self.set {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            match line.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        Page {
            status: reply.status,
            n_bytes: reply.body.len(),
            text: String::from_utf8_lossy(&reply.body).into_owned(),
            to: reply.header("Location").to_owned(),
            headers: reply.headers,
        }
    }

    /// Types a name and a password into the sign-in page.
    pub(crate) fn sign_in(&mut self, login: &str, password: &str) -> Page {
        self.post("/sign-in", &[("login", login), ("password", password)])
    }

    /// Whether somebody is signed in here.
    pub(crate) fn is_in(&mut self) -> bool {
        self.get("/account").status == 200
    }
}
