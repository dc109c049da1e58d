//! People as a table, at 100,000: the page of the console as a browser gets it over HTTP, first as it is, with what is typed,
//! in each order, with a filter; and through the service floor, what a create and a rename cost, a count, activity.
//!
//! `cargo bench --bench roll` measures on SQLite; with `tests/cluster with` before it on PostgreSQL, too. Times are medians.

use roster::{
    clock::Clock,
    http::server::{self, Door, Entrance},
    org::span::ActivityWindow,
    scim::{Quirks, Resource, urn},
    service::{
        App, Context, activity, first_admin, organizations,
        roll::{self, Wanted},
        users::{self, Demand},
    },
    store::{
        DbError, Store,
        attributes::Owner,
        people,
        postgres::{Address, Options},
        users as rows,
    },
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::{
    io::Write,
    net::TcpListener,
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::{
    sync::oneshot,
    task::{JoinSet, spawn_blocking},
};
use ureq::Agent;

const PEOPLE: usize = 100_000;
/// So many at a time, which share commits.
const AT_ONCE: usize = 500;
const SAMPLES: usize = 21;
/// So many people are on a page unasked.
const PAGE: usize = 50;
const RENAMES: usize = 5_000;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    #[expect(clippy::disallowed_methods, reason = "the tests' own variable")]
    let server = std::env::var("ROSTER_TEST_POSTGRES").ok();
    let directory = tempfile::tempdir()?;
    let clock = Clock::System;
    let mut stores = vec![("SQLite", Store::open(&directory.path().join("roster.db"), clock.now())?)];
    if let Some(server) = server {
        let options = Options {
            address: Address::parse(&server, None)?,
            connections: 8,
            pooler: false,
            statement_timeout: Duration::from_secs(30),
            wait: Duration::ZERO,
        };
        stores.push(("PostgreSQL", Store::connect(&options, clock.now())?));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for (engine, store) in stores {
        runtime.block_on(run(engine, Arc::new(App::new(store, Clock::System))))?;
    }
    Ok(())
}

async fn run(engine: &str, app: Arc<App>) -> Outcome<()> {
    let mut out = std::io::stdout();
    let cx = Context::of_command(&app, organizations::first(&app).await?).await?;
    let cx = Arc::new(Context { base: Arc::from("http://127.0.0.1/scim/v2"), ..(*cx).clone() });
    let started = Instant::now();
    let ids = fill(&cx).await?;
    let each = |took: Duration, n: usize| took.as_secs_f64() * 1e6 / f64::from(u32::try_from(n).unwrap_or(1));
    writeln!(out, "{engine:<12}{:<40}{:>9.1} µs", "create, many at a time", each(started.elapsed(), PEOPLE))?;
    let started = Instant::now();
    rename(&cx, &ids).await?;
    writeln!(
        out,
        "{engine:<12}{:<40}{:>9.1} µs",
        "rename, many at a time",
        each(started.elapsed(), RENAMES)
    )?;
    see(&cx, &ids).await?;
    let took = beside(&cx, &ids).await?;
    writeln!(out, "{engine:<12}{:<40}{:>9.1} µs", "of these the row beside a person", each(took, RENAMES))?;
    let console = Console::open(&cx).await?;
    let asked = [
        ("first page", "", PAGE),
        ("by name", "sort=name", PAGE),
        ("by name, descending", "sort=name&order=descending", PAGE),
        ("by user name", "sort=userName", PAGE),
        ("by last active, the latest first", "sort=lastActive&order=descending", PAGE),
        ("by creation, the latest first", "sort=created&order=descending", PAGE),
        ("search, all fit", "sort=name&search=example.com", PAGE),
        ("search, 1,111 fit", "sort=name&search=user-99", PAGE),
        ("search, one fits", "sort=name&search=user-77777%40", 1),
        ("search, nobody fits", "sort=name&search=zuse", 0),
        ("search, by last active", "sort=lastActive&search=ada+user-4", PAGE),
        ("admins, of whom there is one", "sort=name&role=admin", 1),
        ("members, who are all", "sort=name&role=member", PAGE),
    ];
    for (what, query, rows) in asked {
        let mut times = Vec::new();
        for _ in 0..SAMPLES {
            times.push(console.page(query, rows).await?);
        }
        writeln!(out, "{engine:<12}{:<40}{:>9.2} ms", format!("page: {what}"), median(times))?;
    }
    let search = |text: &str| Wanted { search: text.to_owned(), ..Wanted::default() };
    let mut times = Vec::new();
    for _ in 0..SAMPLES {
        let started = Instant::now();
        roll::count(&cx, search("user-99")).await?;
        times.push(started.elapsed());
    }
    writeln!(out, "{engine:<12}{:<40}{:>9.2} ms", "count of a search", median(times))?;
    for window in [ActivityWindow::Days30, ActivityWindow::Months3, ActivityWindow::Months12] {
        let mut times = Vec::new();
        for _ in 0..SAMPLES {
            let started = Instant::now();
            activity::over(&cx, window).await?;
            times.push(started.elapsed());
        }
        writeln!(out, "{engine:<12}{:<40}{:>9.2} ms", format!("activity, {window}"), median(times))?;
    }
    console.close()?;
    app.store.close();
    Ok(())
}

/// The console of a server on the same store, and the session of its first admin.
struct Console {
    root: String,
    cookie: String,
    agent: Agent,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Console {
    async fn open(cx: &Arc<Context>) -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let root = format!("http://{}", listener.local_addr()?);
        let door = Door::new(cx.app.clone(), &format!("{root}/scim/v2"));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = thread::spawn(move || {
            let stop = async { drop(stopped.await) };
            let entrance = Entrance { listener, tls: None, workers: 1 };
            actix_web::rt::System::new().block_on(async { server::start(door, entrance, stop)?.await })
        });
        let link = first_admin::link(cx).await?.ok_or("somebody is an admin already")?;
        let token = link.expose_secret().rsplit('/').next().unwrap_or_default().to_owned();
        let agent: Agent = Agent::config_builder().max_redirects(0).build().into();
        let (asking, url, origin) = (agent.clone(), format!("{root}/first-admin/{token}"), root.clone());
        let form = [("email", "root@orion.example"), ("password", "violet otter under seven bridges")];
        let made =
            spawn_blocking(move || asking.post(&url).header("Origin", &origin).send_form(form)).await??;
        let cookies = made.headers().get_all("Set-Cookie").iter().filter_map(|it| it.to_str().ok());
        let session = cookies.filter_map(|it| it.split(';').next()).find(|it| it.starts_with("roster="));
        let cookie = session.ok_or("the first admin got no session")?.to_owned();
        Ok(Self { root, cookie, agent, stop, server })
    }

    /// How long the first page of people takes, until its last byte is read: one that shows so many.
    async fn page(&self, query: &str, rows: usize) -> Outcome<Duration> {
        let (agent, cookie) = (self.agent.clone(), self.cookie.clone());
        let url = format!("{}/console/people?{query}", self.root);
        let took = move || {
            let started = Instant::now();
            let text = agent.get(&url).header("Cookie", &cookie).call()?.body_mut().read_to_string()?;
            let took = started.elapsed();
            let is_list = text.contains("id=\"found\"") && text.matches("name=\"id\"").count() == rows;
            if is_list { Ok(took) } else { Err(text.into()) }
        };
        spawn_blocking(took).await?
    }

    fn close(self) -> Outcome<()> {
        drop(self.stop);
        self.server.join().map_err(|_| "the server panicked")??;
        Ok(())
    }
}

/// Milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3
}

async fn fill(cx: &Arc<Context>) -> Outcome<Vec<String>> {
    let mut ids = Vec::with_capacity(PEOPLE);
    for first in (0..PEOPLE).step_by(AT_ONCE) {
        let mut batch = JoinSet::new();
        for n in first..first + AT_ONCE {
            let cx = cx.clone();
            batch.spawn(async move { create(&cx, n).await });
        }
        while let Some(id) = batch.join_next().await {
            ids.push(id??);
        }
    }
    Ok(ids)
}

async fn create(cx: &Arc<Context>, n: usize) -> Outcome<String> {
    let name = format!("user-{n}");
    let body = object(json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER],
        "userName": name,
        "displayName": format!("Ada {name}"),
        "name": {"givenName": "Ada", "familyName": name},
        "emails": [{"value": format!("{name}@example.com"), "type": "work", "primary": true}],
        urn::ENTERPRISE_USER: {"department": "Engines", "employeeNumber": name},
    }));
    let made = users::create(cx, body, Default::default(), &mut Quirks::default()).await?;
    Ok(made.location.rsplit('/').next().unwrap_or_default().to_owned())
}

async fn rename(cx: &Arc<Context>, ids: &[String]) -> Outcome<()> {
    for (n, ids) in ids.iter().take(RENAMES).collect::<Vec<_>>().chunks(AT_ONCE).enumerate() {
        let mut batch = JoinSet::new();
        for id in ids {
            let (cx, id) = (cx.clone(), (*id).clone());
            let body = object(json!({
                "schemas": [urn::PATCH_OP],
                "Operations": [{"op": "replace", "path": "displayName", "value": format!("Grace {n} {id}")}],
            }));
            batch.spawn(async move {
                users::patch(&cx, &id, body, Demand::default(), &mut Quirks::default()).await.map(drop)
            });
        }
        while let Some(done) = batch.join_next().await {
            done??;
        }
    }
    Ok(())
}

/// What it costs to write what a list needs to know of somebody, without a commit.
async fn beside(cx: &Arc<Context>, ids: &[String]) -> Outcome<Duration> {
    let (job, ids) = (cx.clone(), ids.iter().take(RENAMES).cloned().collect::<Vec<_>>());
    let work = move |tx: &roster::store::WriteTx<'_>| {
        let started = Instant::now();
        for (n, id) in ids.iter().enumerate() {
            let user = Resource(object(json!({
                "userName": format!("user-{n}"), "displayName": format!("Ada Again {n}"), "active": true,
                "name": {"givenName": "Ada", "familyName": format!("user-{n}")},
                "emails": [{"value": format!("user-{n}@example.com"), "type": "work", "primary": true}],
            })));
            let owner = Owner { organization: &job.organization, resource_type: job.types.user, id };
            people::fill(tx, owner, &user)?;
        }
        Ok(started.elapsed())
    };
    Ok(cx.app.store.write::<_, DbError>(work).await?)
}

/// Half of the people were here, on a day each.
async fn see(cx: &Arc<Context>, ids: &[String]) -> Outcome<()> {
    const DAY: i64 = 24 * 3_600 * 1_000_000;
    for ids in ids.iter().step_by(2).cloned().collect::<Vec<_>>().chunks(AT_ONCE) {
        let (job, ids) = (cx.clone(), ids.to_vec());
        let work = move |tx: &roster::store::WriteTx<'_>| {
            (0_i64..).zip(&ids).try_for_each(|(n, id)| {
                rows::note_activity(tx, &job.organization, id, job.now - (n % 300) * DAY)
            })
        };
        cx.app.store.write::<_, DbError>(work).await?;
    }
    Ok(())
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
