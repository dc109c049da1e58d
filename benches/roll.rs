//! People as a table, at 100,000: the first page, what is typed, each order, a filter; and what a create and a rename cost.
//!
//! `cargo bench --bench roll` measures on SQLite through the service floor (no HTTP); with `tests/cluster with` before it on
//! PostgreSQL, too. Times are medians.

use roster::{
    clock::Clock,
    org::{
        role::OrganizationRole,
        roll::{Direction, PersonOrder},
        span::ActivityWindow,
    },
    scim::{Quirks, Resource, urn},
    service::{
        App, Context, activity, organizations,
        page::Slice,
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
use serde_json::{Map, Value, json};
use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const PEOPLE: usize = 100_000;
/// So many at a time, which share commits.
const AT_ONCE: usize = 500;
const SAMPLES: usize = 21;
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
    let search = |text: &str| Wanted { search: text.to_owned(), ..Wanted::default() };
    let by =
        |order, direction| Wanted { order: Some(order), direction: Some(direction), ..Wanted::default() };
    let name = |wanted: Wanted| Wanted { order: Some(PersonOrder::Name), ..wanted };
    let asked = [
        ("first page", Wanted::default()),
        ("by name", by(PersonOrder::Name, Direction::Ascending)),
        ("by name, descending", by(PersonOrder::Name, Direction::Descending)),
        ("by user name", by(PersonOrder::UserName, Direction::Ascending)),
        ("by last active, the latest first", by(PersonOrder::LastActive, Direction::Descending)),
        ("by creation, the latest first", by(PersonOrder::Created, Direction::Descending)),
        ("search, all fit", name(search("example.com"))),
        ("search, 1,111 fit", name(search("user-99"))),
        ("search, one fits", name(search("user-77777@"))),
        ("search, nobody fits", name(search("zuse"))),
        ("search, by last active", Wanted { order: Some(PersonOrder::LastActive), ..search("ada user-4") }),
        ("admins, who are none", name(Wanted { role: Some(OrganizationRole::Admin), ..Wanted::default() })),
        ("members, who are all", name(Wanted { role: Some(OrganizationRole::Member), ..Wanted::default() })),
    ];
    for (what, wanted) in asked {
        let mut times = Vec::new();
        for _ in 0..SAMPLES {
            let slice = Slice { after: String::new(), limit: 50 };
            let started = Instant::now();
            roll::list(&cx, wanted.clone(), slice).await?;
            times.push(started.elapsed());
        }
        writeln!(out, "{engine:<12}{what:<40}{:>9.2} ms", median(times))?;
    }
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
    app.store.close();
    Ok(())
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
