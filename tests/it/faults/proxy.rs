//! A server that stands before a Roster and plants one fault: it changes what is asked, what is answered, or does
//! something else instead.

use crate::support::TOKEN;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::StatusCode, web};
use serde_json::Value;
use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};
use ureq::http;
use url::form_urlencoded;

/// Where the SCIM endpoints are, on both sides.
const BASE: &str = "/scim/v2";

/// What a server does with a request.
pub(super) type Behaviour = Box<dyn Fn(&Upstream, Request) -> Response + Send + Sync>;

/// Does what the server behind does.
pub(super) fn faithful() -> Behaviour {
    Box::new(|server, request| server.send(&request))
}

/// Asks something else than what was asked.
pub(super) fn asked(change: impl Fn(&mut Request) + Send + Sync + 'static) -> Behaviour {
    Box::new(move |server, mut request| {
        change(&mut request);
        server.send(&request)
    })
}

/// Answers something else than what was answered.
pub(super) fn answered(change: impl Fn(&Request, &mut Response) + Send + Sync + 'static) -> Behaviour {
    Box::new(move |server, request| {
        let mut response = server.send(&request);
        change(&request, &mut response);
        response
    })
}

/// Does something else.
pub(super) fn instead(act: impl Fn(&Upstream, Request) -> Response + Send + Sync + 'static) -> Behaviour {
    Box::new(act)
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// The collection under the base, such as `Users`, and the id behind it.
    fn place(&self) -> Option<(&str, Option<&str>)> {
        let path = self.target.split('?').next()?.strip_prefix(BASE)?;
        let mut parts = path.trim_matches('/').split('/');
        Some((parts.next()?, parts.next().filter(|id| !id.starts_with('.'))))
    }

    /// The id in the path, where there is one.
    pub(super) fn id(&self) -> Option<&str> {
        self.place()?.1
    }

    /// Whether it has one of these methods and is for a resource of the collection or for all of it.
    pub(super) fn is(&self, methods: &[&str], collection: &str) -> bool {
        methods.contains(&self.method.as_str()) && self.place().is_some_and(|(it, _)| it == collection)
    }

    /// Whether it asks for a list of this collection.
    pub(super) fn lists(&self, collection: &str) -> bool {
        self.is(&["GET"], collection) && self.id().is_none()
    }

    /// Whether it changes a user or a group that is there.
    pub(super) fn changes(&self) -> bool {
        self.is(&["PUT", "PATCH"], "Users") || self.is(&["PUT", "PATCH"], "Groups")
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters().into_iter().find(|(it, _)| it == name).map(|(_, value)| value)
    }

    /// Sets parameters of the query; without a value they are taken out.
    pub(super) fn set_parameters(&mut self, changes: &[(&str, Option<&str>)]) {
        let kept = self.parameters().into_iter().filter(|(name, _)| changes.iter().all(|it| it.0 != name));
        let set = changes.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())));
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept.chain(set)).finish();
        let path = self.target.split('?').next().unwrap();
        self.target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    }

    /// The body as JSON; null when it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Changes the body, when it is a JSON object.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Value)) {
        changed(&mut self.body, change);
    }

    /// Changes every operation of a PATCH.
    pub(super) fn change_operations(&mut self, change: impl FnMut(&mut Value)) {
        self.change(|body| {
            if let Some(operations) = list(body, "Operations") {
                operations.iter_mut().for_each(change);
            }
        });
    }
}

/// Writes a body anew when it is a JSON object and something else came of it.
fn changed(octets: &mut Vec<u8>, change: impl FnOnce(&mut Value)) {
    let before: Value = serde_json::from_slice(octets).unwrap_or_default();
    if before.is_object() {
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            *octets = after.to_string().into_bytes();
        }
    }
}

/// The list of this name, where there is one.
pub(super) fn list<'a>(object: &'a mut Value, name: &str) -> Option<&'a mut Vec<Value>> {
    object.get_mut(name)?.as_array_mut()
}

/// Whether a PATCH operation is this one.
pub(super) fn is_operation(operation: &Value, op: &str) -> bool {
    operation["op"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(op))
}

/// The path of a PATCH operation, or nothing.
pub(super) fn path_of(operation: &Value) -> &str {
    operation["path"].as_str().unwrap_or_default()
}

/// An answer before it goes out.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// A SCIM error.
    pub(super) fn error(status: u16, scim_type: &str) -> Self {
        let headers = vec![("Content-Type".to_owned(), "application/scim+json".to_owned())];
        let body = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.to_string(), "scimType": scim_type, "detail": "planted",
        });
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// Whether the request was done.
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null when it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Changes the body, when it is a JSON object.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut Value)) {
        changed(&mut self.body, change);
    }

    /// Changes the resource that was answered, or each one of the list.
    pub(super) fn change_resources(&mut self, mut change: impl FnMut(&mut Value)) {
        if self.is_success() {
            self.change(|body| match list(body, "Resources") {
                Some(resources) => resources.iter_mut().for_each(change),
                None => change(body),
            });
        }
    }

    /// Takes away resources of a list, and counts anew.
    pub(super) fn retain(&mut self, keep: impl Fn(&Value) -> bool) {
        self.change(|body| {
            if let Some(resources) = list(body, "Resources") {
                let before = resources.len();
                resources.retain(keep);
                let (shown, gone) = (resources.len(), before - resources.len());
                body["itemsPerPage"] = shown.into();
                body["totalResults"] = (body["totalResults"].as_u64().unwrap() - gone as u64).into();
            }
        });
    }

    /// Sets a header, or takes it out.
    pub(super) fn set_header(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(it, _)| !it.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }
}

/// The server behind.
pub(super) struct Upstream {
    root: String,
    /// The root by which clients know the server before it.
    shown: String,
    agent: ureq::Agent,
    mishaps: AtomicUsize,
}

impl Upstream {
    /// Asks the server behind.
    pub(super) fn send(&self, request: &Request) -> Response {
        let encoded = |root: &str| form_urlencoded::byte_serialize(root.as_bytes()).collect::<String>();
        let target = request.target.replace(&encoded(&self.shown), &encoded(&self.root));
        let url = format!("{}{target}", self.root);
        let mut builder = http::Request::builder().method(request.method.as_str()).uri(url);
        for (name, value) in &request.headers {
            builder = builder.header(name, value);
        }
        let body = replaced(&request.body, &self.shown, &self.root);
        let sent = match body.is_empty() {
            true => self.agent.run(builder.body(()).unwrap()),
            false => self.agent.run(builder.body(body.as_slice()).unwrap()),
        };
        let Ok(mut answer) = sent else {
            self.mishaps.fetch_add(1, Ordering::Relaxed);
            return Response::empty(502);
        };
        let headers = answer.headers().iter().map(|(name, value)| {
            let value = value.to_str().unwrap().replace(&self.root, &self.shown);
            (name.as_str().to_owned(), value)
        });
        Response {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: replaced(&answer.body_mut().read_to_vec().unwrap(), &self.root, &self.shown),
        }
    }

    /// Asks something of our own; the path is under the base.
    pub(super) fn ask(&self, method: &str, path: &str, body: &Value) -> Response {
        let mut headers = vec![("Authorization".to_owned(), format!("Bearer {TOKEN}"))];
        let mut octets = Vec::new();
        if !body.is_null() {
            headers.push(("Content-Type".to_owned(), "application/scim+json".to_owned()));
            octets = body.to_string().into_bytes();
        }
        self.send(&Request {
            method: method.to_owned(),
            target: format!("{BASE}{path}"),
            headers,
            body: octets,
        })
    }

    /// The resource that the request is about, as it is now.
    pub(super) fn now(&self, request: &Request) -> Value {
        let path = request.target.split('?').next().unwrap();
        self.ask("GET", path.strip_prefix(BASE).unwrap_or_default(), &Value::Null).json()
    }

    /// Sends a PATCH of our own with these operations.
    pub(super) fn patch(&self, path: &str, operations: &Value) -> Response {
        let schema = crate::support::PATCH_OP;
        self.ask("PATCH", path, &serde_json::json!({"schemas": [schema], "Operations": operations}))
    }
}

/// The octets with one text for another.
fn replaced(octets: &[u8], old: &str, new: &str) -> Vec<u8> {
    match std::str::from_utf8(octets) {
        Ok(text) if text.contains(old) => text.replace(old, new).into_bytes(),
        _ => octets.to_vec(),
    }
}

struct Door {
    upstream: Upstream,
    behaviour: Behaviour,
}

/// A server with a fault, on a port of its own.
pub(super) struct Proxy {
    /// Scheme, host and port.
    pub(super) root: String,
    door: Arc<Door>,
    handle: actix_web::dev::ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Stands before the server at this root and behaves like this.
    pub(super) fn before(root: &str, behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shown = format!("http://{}", listener.local_addr().unwrap());
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .new_agent();
        let upstream =
            Upstream { root: root.to_owned(), shown: shown.clone(), agent, mishaps: AtomicUsize::new(0) };
        let door = Arc::new(Door { upstream, behaviour });
        let serving = door.clone();
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let app = move || {
                    let limit = web::PayloadConfig::new(16 * 1024 * 1024);
                    let door = web::Data::from(serving.clone());
                    App::new().app_data(limit).app_data(door).default_service(web::to(serve))
                };
                let server = HttpServer::new(app).workers(1).shutdown_timeout(0).disable_signals();
                let server = server.listen(listener).unwrap().run();
                send.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        Self { root: shown, door, handle: receive.recv().unwrap(), thread: Some(thread) }
    }

    /// How many requests the server behind did not answer, or the behaviour broke down at: what is caught then is not
    /// the fault.
    pub(super) fn mishaps(&self) -> usize {
        self.door.upstream.mishaps.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Headers that belong to one connection or that are made anew.
const NOT_PASSED_ON: [&str; 6] =
    ["host", "connection", "content-length", "transfer-encoding", "accept-encoding", "date"];

async fn serve(request: HttpRequest, body: web::Bytes, door: web::Data<Door>) -> HttpResponse {
    let headers = request.headers().iter().filter(|(name, _)| !NOT_PASSED_ON.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let request = Request {
        method: request.method().as_str().to_owned(),
        target: request.uri().to_string(),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    let behind = door.clone();
    let Ok(answer) = web::block(move || (behind.behaviour)(&behind.upstream, request)).await else {
        door.upstream.mishaps.fetch_add(1, Ordering::Relaxed);
        return HttpResponse::BadGateway().finish();
    };
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).unwrap());
    for (name, value) in answer.headers.iter().filter(|(name, _)| !NOT_PASSED_ON.contains(&name.as_str())) {
        response.append_header((name.as_str(), value.as_str()));
    }
    response.body(answer.body)
}
