//! Servers to test against, and a client to ask them.

use crate::database::Database;
use roster::{
    http::server::{Door, Entrance, start},
    org::connection::DECLARED,
    scim::{Profile, Resource},
    service::{App, Context, connections, organizations},
    store::{self, DbError, WriteTx},
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// The token that test servers accept.
pub(crate) const TOKEN: &str = "a-token-for-tests-that-is-long-enough";
pub(crate) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(crate) const ORGANIZATION: &str = "urn:roster:scim:schemas:extension:organization:1.0:User";
pub(crate) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(crate) const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A server in this process, on a database of its own.
pub(crate) struct Server {
    pub(crate) client: Client,
    pub(crate) app: Arc<App>,
    pub(crate) database: Database,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// A server whose connection has the profile `standard`.
    pub(crate) fn standard() -> Self {
        Self::start(Profile::Standard, |_| {})
    }

    /// A server with the given profile; `adjust` may change the app before it starts.
    pub(crate) fn start(profile: Profile, adjust: impl FnOnce(&mut App)) -> Self {
        let database = Database::fresh();
        let mut app = database.app();
        adjust(&mut app);
        Self::with(database, app, profile)
    }

    /// A server of this app, which works on that database.
    pub(crate) fn with(database: Database, app: App, profile: Profile) -> Self {
        let app = Arc::new(app);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let base = format!("{root}/scim/v2");
        let door = Door::new(app.clone(), &base);
        let (stop, stopped) = oneshot::channel::<()>();
        let declaring = app.clone();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let cx = context(&declaring).await;
                connections::declare(&cx, &[SecretString::from(TOKEN)], profile).await.unwrap();
                let stop = async {
                    let _ = stopped.await;
                };
                start(door, Entrance { listener, tls: None, workers: 2 }, stop).unwrap().await.unwrap();
            });
        });
        let client = Client { root, token: TOKEN.to_owned() };
        client.get("/ServiceProviderConfig");
        Self { client, app, database, stop: Some(stop), thread: Some(thread) }
    }

    /// Creates a user with this name and answers its id.
    pub(crate) fn user(&self, name: &str) -> String {
        self.client.user(name)
    }

    /// Creates many users at once, past the HTTP door, and answers their ids.
    pub(crate) fn crowd(&self, size: usize) -> Vec<String> {
        let app = self.app.clone();
        wait(async {
            let cx = context(&app).await;
            let work = move |tx: &WriteTx<'_>| {
                let mut ids = Vec::with_capacity(size);
                for n in 0..size {
                    let id = cx.app.ids.make(cx.now);
                    let name = Map::from_iter([("userName".to_owned(), json!(format!("one-of-many-{n}")))]);
                    let owner = store::attributes::Owner {
                        organization: &cx.organization,
                        resource_type: cx.types.user,
                        id: &id,
                    };
                    let arrival =
                        store::users::Arrival { handle: &id, connection: None, own_role: None, now: cx.now };
                    store::users::insert(tx, owner, &Resource(name), arrival)?;
                    ids.push(id);
                }
                Ok::<_, DbError>(ids)
            };
            app.store.write(work).await.unwrap()
        })
    }
}

/// Waits for what a function of the server promises.
pub(crate) fn wait<T>(promise: impl Future<Output = T>) -> T {
    actix_web::rt::System::new().block_on(promise)
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.app.store.close();
    }
}

/// The context of the machine's operator.
pub(crate) async fn context(app: &Arc<App>) -> Arc<Context> {
    let organization = organizations::first(app).await.unwrap();
    let cx = Context::of_command(app, organization).await.unwrap();
    Arc::new(Context {
        actor: roster::org::actor::Actor::Connection(DECLARED.to_owned()),
        credential: String::new(),
        by_scim: true,
        address: String::new(),
        base: Arc::from("http://127.0.0.1/scim/v2"),
        ..(*cx).clone()
    })
}

/// `roster serve` on a database, not told yet where to listen.
pub(crate) fn serve(database: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roster"));
    command.args(["serve", "--database", database]).env("ROSTER_SCIM_TOKEN", TOKEN);
    command
}

/// The program itself, on a database.
pub(crate) struct Program {
    pub(crate) client: Client,
    pub(crate) child: Child,
    said: Arc<Mutex<String>>,
}

impl Program {
    /// Starts `roster serve` and waits until it accepts connections.
    pub(crate) fn serve(database: &str) -> Self {
        let mut command = serve(database);
        Self::start(command.args(["--listen", "127.0.0.1:0"]).stderr(Stdio::null())).unwrap()
    }

    /// Starts a server and waits until it accepts connections; or hands back how it ended.
    pub(crate) fn start(command: &mut Command) -> Result<Self, Output> {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        match line.trim().strip_prefix("listening on ") {
            Some(root) => {
                let said = Arc::new(Mutex::new(String::new()));
                let heard = said.clone();
                std::thread::spawn(move || {
                    for line in reader.lines().map_while(Result::ok) {
                        heard.lock().unwrap().push_str(&format!("{line}\n"));
                    }
                });
                Ok(Self { client: Client { root: root.to_owned(), token: TOKEN.to_owned() }, child, said })
            }
            None => Err(child.wait_with_output().unwrap()),
        }
    }

    /// Waits for what it prints after that: the first word that begins so.
    #[track_caller]
    pub(crate) fn said(&self, beginning: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().unwrap().clone();
            if let Some(word) = said.split_whitespace().find(|word| word.starts_with(beginning)) {
                return word.to_owned();
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{beginning}: {said}");
            std::thread::yield_now();
        }
    }

    /// The word that follows a text which it prints.
    #[track_caller]
    pub(crate) fn said_after(&self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().unwrap().clone();
            let word =
                said.split_once(text).and_then(|(_, rest)| rest.split_whitespace().next().map(str::to_owned));
            if let Some(word) = word {
                return word;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "{text}: {said}");
            std::thread::yield_now();
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A SCIM client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// Scheme, host and port.
    pub(crate) root: String,
    pub(crate) token: String,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null when there is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Status and `scimType` of an error, after a look at its form.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]), "{body}");
        assert_eq!(body["status"], json!(self.status.to_string()), "{body}");
        assert!(!body["detail"].as_str().unwrap_or_default().is_empty(), "{body}");
        assert_eq!(self.header("Content-Type"), "application/scim+json");
        (self.status, body["scimType"].as_str().unwrap_or_default().to_owned())
    }
}

impl Client {
    /// Sends a request to a path under `/scim/v2`, with further headers; the token goes along unless they
    /// say otherwise.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.raw(method, &format!("/scim/v2{path}"), headers, body)
    }

    /// The same to any path.
    pub(crate) fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build()
            .into();
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.root));
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Authorization")) {
            request = request.header("Authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let request = request.body(body).unwrap();
        let mut response = agent.run(request).unwrap();
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().with_config().limit(256 * 1024 * 1024).read_to_vec().unwrap(),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], &[])
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], &[])
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.json("POST", path, body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Reply {
        self.json("PUT", path, body)
    }

    /// Sends a PATCH with these operations.
    pub(crate) fn patch(&self, path: &str, operations: &Value) -> Reply {
        self.json("PATCH", path, &json!({"schemas": [PATCH_OP], "Operations": operations}))
    }

    fn json(&self, method: &str, path: &str, body: &Value) -> Reply {
        let headers = [("Content-Type", "application/scim+json")];
        self.send(method, path, &headers, body.to_string().as_bytes())
    }

    /// Creates a user with this name and answers its id.
    #[track_caller]
    pub(crate) fn user(&self, name: &str) -> String {
        let made = self.post("/Users", &json!({"schemas": [USER], "userName": name}));
        assert_eq!(made.status, 201, "{}", made.json());
        made.json()["id"].as_str().unwrap().to_owned()
    }

    /// Creates a group with these members and answers its id.
    #[track_caller]
    pub(crate) fn group(&self, name: &str, members: &[String]) -> String {
        let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
        let made =
            self.post("/Groups", &json!({"schemas": [GROUP], "displayName": name, "members": members}));
        assert_eq!(made.status, 201, "{}", made.json());
        made.json()["id"].as_str().unwrap().to_owned()
    }

    /// The ids of a group's members, sorted.
    pub(crate) fn members(&self, group: &str) -> Vec<String> {
        let group = self.get(&format!("/Groups/{group}")).json();
        let mut ids: Vec<String> = group["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|member| member["value"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    }
}
