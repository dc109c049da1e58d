//! The costs that are promised not to grow with the organization.
//!
//! `cargo bench` measures, on one machine in one run, through the service floor (no HTTP):
//!
//! * adding one member to a group of 100,000 against one of 10: at most twice the cost;
//! * `userName eq` among 100,000 users against among 1,000: at most twice the cost.
//!
//! Both sides of a promise are measured in turns, so that whatever else the machine does hits both; lookups with
//! warm caches.

use roster::{
    clock::Clock,
    scim::{
        Quirks,
        query::{Parameters, Query},
        schema::standard::{GROUP_TYPE, USER_TYPE},
        urn,
    },
    service::{
        App, Context, groups, organizations, read,
        users::{self, Demand},
    },
    store::Store,
};
use serde_json::{Map, Value, json};
use std::{
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

const SMALL_GROUP: usize = 10;
const LARGE_GROUP: usize = 100_000;
const FEW_USERS: usize = 1_000;
const MANY_USERS: usize = 100_000;
const ROUNDS: usize = 3;
const SAMPLES: usize = 300;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let met = runtime.block_on(run())?;
    if met { Ok(()) } else { Err("a promise is not kept".into()) }
}

async fn run() -> Outcome<bool> {
    let few = Organization::with_users(FEW_USERS).await?;
    let many = Organization::with_users(MANY_USERS).await?;
    // everybody belongs to a group, on both sides
    few.group("everybody", FEW_USERS).await?;
    let small = many.group("small", SMALL_GROUP).await?;
    let large = many.group("large", LARGE_GROUP).await?;
    let mut add = (Vec::new(), Vec::new());
    let mut find = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for n in 0..SAMPLES {
            // add one, measured; take it away again, not measured
            let guest = many.user(&format!("guest-{round}-{n}")).await?;
            add.0.push(many.join(&small, &guest).await?);
            add.1.push(many.join(&large, &guest).await?);
            many.leave(&small, &guest).await?;
            many.leave(&large, &guest).await?;
        }
        // apart from the writes, which empty the reader's cache on one side only: it is filled again first
        for n in 0..SAMPLES {
            few.find(n * 3 % FEW_USERS).await?;
            many.find(n * 331 % MANY_USERS).await?;
        }
        for n in 0..SAMPLES {
            find.0.push(few.find(n * 3 % FEW_USERS).await?);
            find.1.push(many.find(n * 331 % MANY_USERS).await?);
        }
    }
    let mut met = true;
    met &= promise("add a member: group of 100,000 against 10", add)?;
    met &= promise("userName eq: 100,000 users against 1,000", find)?;
    Ok(met)
}

/// Prints the medians and says whether the larger is at most twice the smaller.
fn promise(what: &str, (mut small, mut large): (Vec<Duration>, Vec<Duration>)) -> Outcome<bool> {
    small.sort();
    large.sort();
    let median = |sorted: &[Duration]| sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let (small, large) = (median(&small), median(&large));
    let ratio = large.as_secs_f64() / small.as_secs_f64();
    writeln!(std::io::stdout(), "{what}: {large:?} against {small:?}, {ratio:.2}x (at most 2x)")?;
    Ok(ratio <= 2.0)
}

/// An organization on a file of its own.
struct Organization {
    cx: Arc<Context>,
    ids: Vec<String>,
    _directory: tempfile::TempDir,
}

impl Organization {
    async fn with_users(n: usize) -> Outcome<Self> {
        let directory = tempfile::tempdir()?;
        let clock = Clock::System;
        let store = Store::open(&directory.path().join("roster.db"), clock.now())?;
        let app = Arc::new(App::new(store, clock));
        let organization = organizations::first(&app).await?;
        let cx = Context::of_command(&app, organization).await?;
        let cx = Arc::new(Context { base: Arc::from("http://127.0.0.1/scim/v2"), ..(*cx).clone() });
        let mut organization = Self { cx, ids: Vec::with_capacity(n), _directory: directory };
        // many at a time, so that they share commits
        for first in (0..n).step_by(500) {
            let mut batch = JoinSet::new();
            for n in first..(first + 500).min(n) {
                let cx = organization.cx.clone();
                batch.spawn(
                    async move { create(&cx, &format!("user-{n}")).await.map_err(|it| it.to_string()) },
                );
            }
            while let Some(id) = batch.join_next().await {
                organization.ids.push(id??);
            }
        }
        Ok(organization)
    }

    async fn user(&self, name: &str) -> Outcome<String> {
        create(&self.cx, name).await
    }

    async fn group(&self, name: &str, n: usize) -> Outcome<String> {
        let body = object(json!({"schemas": [urn::GROUP], "displayName": name}));
        let made = groups::create(&self.cx, body, Default::default(), &mut Quirks::default()).await?;
        let id = made.location.rsplit('/').next().unwrap_or_default().to_owned();
        for ids in self.ids.iter().take(n).collect::<Vec<_>>().chunks(10_000) {
            let members: Vec<Value> = ids.iter().map(|id| json!({"value": id})).collect();
            self.patch(&id, json!({"op": "add", "path": "members", "value": members})).await?;
        }
        Ok(id)
    }

    async fn join(&self, group: &str, user: &str) -> Outcome<Duration> {
        let started = Instant::now();
        self.patch(group, json!({"op": "add", "path": "members", "value": [{"value": user}]})).await?;
        Ok(started.elapsed())
    }

    async fn leave(&self, group: &str, user: &str) -> Outcome<()> {
        self.patch(group, json!({"op": "remove", "path": format!("members[value eq \"{user}\"]")})).await
    }

    async fn patch(&self, group: &str, operation: Value) -> Outcome<()> {
        let body = object(json!({"schemas": [urn::PATCH_OP], "Operations": [operation]}));
        let projection = roster::scim::projection::Projection::parse(
            &[],
            &["members".to_owned()],
            &GROUP_TYPE,
            &mut Quirks::default(),
        )?;
        let demand = Demand { projection, ..Demand::default() };
        groups::patch(&self.cx, group, body, demand, &mut Quirks::default()).await?;
        Ok(())
    }

    async fn find(&self, n: usize) -> Outcome<Duration> {
        let parameters = Parameters::parse(&format!("filter=userName eq \"USER-{n}\""));
        let started = Instant::now();
        let query = Query::parse(&parameters, &USER_TYPE, &mut Quirks::default())?;
        let list = read::list(&self.cx, &USER_TYPE, query).await?;
        let took = started.elapsed();
        if !list.contains("\"totalResults\":1,") {
            return Err(format!("user-{n} was not found").into());
        }
        Ok(took)
    }
}

async fn create(cx: &Arc<Context>, name: &str) -> Outcome<String> {
    let body = object(json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER],
        "userName": name,
        "name": {"givenName": "Ada", "familyName": name},
        "emails": [{"value": format!("{name}@example.com"), "type": "work", "primary": true}],
        urn::ENTERPRISE_USER: {"department": "Engines", "employeeNumber": name},
    }));
    let made = users::create(cx, body, Default::default(), &mut Quirks::default()).await?;
    Ok(made.location.rsplit('/').next().unwrap_or_default().to_owned())
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
