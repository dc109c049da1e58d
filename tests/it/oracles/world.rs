//! A server of a batch's own, asked past the HTTP door: its service functions, on its engine.

use super::attributes::{DESK, Of, desk};
use crate::{database::Database, support::context};
use roster::{
    clock::Clock,
    scim::{
        Profile, Quirks,
        projection::Projection,
        query::{Parameters, Query},
        version::Precondition,
    },
    service::{
        App, Context, Error, groups,
        read::{self, Found},
        schemas,
        users::{self, Demand},
    },
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::runtime::Runtime;

/// What the server says no with: status and scimType.
pub(super) type Refusal = (u16, String);

/// 2026-01-01T00:00:00Z, in microseconds: the time of every batch's beginning.
const BEGINNING: i64 = 1_767_225_600_000_000;

/// A server with the oracles' extension.
pub(super) struct World {
    app: Arc<App>,
    cx: Arc<Context>,
    runtime: Runtime,
    _database: Database,
}

impl World {
    pub(super) fn new() -> Self {
        let database = Database::fresh();
        let app = Arc::new(App { clock: Clock::at(BEGINNING), ..database.app() });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let cx = runtime.block_on(async {
            let cx = context(&app).await;
            schemas::put(&cx, serde_json::from_value(desk()).unwrap()).await.unwrap();
            while !schemas::go_on(&context(&app).await, DESK).await.unwrap().is_finished {}
            context(&app).await
        });
        Self { app, cx, runtime, _database: database }
    }

    /// Lets time go on.
    pub(super) fn wait(&self, milliseconds: u64) {
        self.app.clock.advance(Duration::from_millis(milliseconds));
    }

    fn now(&self) -> Arc<Context> {
        Arc::new(Context { now: self.app.clock.now(), ..(*self.cx).clone() })
    }

    /// Creates a resource.
    pub(super) fn create(&self, of: Of, body: &Value, profile: Profile) -> Result<Value, Refusal> {
        let (cx, body, mut quirks) = (self.now(), body.as_object().unwrap().clone(), Quirks::new(profile));
        self.wait_for(async {
            let made = match of {
                Of::Users => users::create(&cx, body, Projection::Default, &mut quirks).await,
                Of::Groups => groups::create(&cx, body, Projection::Default, &mut quirks).await,
            };
            made.map(|answer| answer.body)
        })
    }

    /// Sends a PATCH.
    pub(super) fn patch(
        &self,
        of: Of,
        id: &str,
        operations: &Value,
        profile: Profile,
    ) -> Result<Value, Refusal> {
        let body = json!({"schemas": [crate::support::PATCH_OP], "Operations": operations});
        let (cx, body, mut quirks) = (self.now(), body.as_object().unwrap().clone(), Quirks::new(profile));
        self.wait_for(async {
            let changed = match of {
                Of::Users => users::patch(&cx, id, body, Demand::default(), &mut quirks).await,
                Of::Groups => groups::patch(&cx, id, body, Demand::default(), &mut quirks).await,
            };
            changed.map(|answer| answer.body)
        })
    }

    /// Reads a resource.
    pub(super) fn get(&self, of: Of, id: &str) -> Value {
        let cx = self.now();
        let read = self.wait_for(async {
            let found =
                read::get(&cx, self.kind(of), id, &Projection::Default, &Precondition::default()).await?;
            match found {
                Found::Resource(answer) => Ok(answer.body),
                Found::Unchanged(_) => unreachable!("no version was named"),
            }
        });
        read.unwrap()
    }

    /// The ids that a filter finds, in their order, and how many resources it finds.
    pub(super) fn list(&self, of: Of, filter: &str, profile: Profile) -> Result<(Vec<String>, u64), Refusal> {
        let encoded: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let parameters = Parameters::parse(&format!("filter={encoded}&count=1000&attributes=id"));
        let (cx, mut quirks) = (self.now(), Quirks::new(profile));
        let answer = self.wait_for(async {
            let query = Query::parse(&parameters, self.kind(of), &mut quirks)?;
            read::list(&cx, self.kind(of), query).await.map(Some)
        })?;
        let found = answer["Resources"].as_array().unwrap().iter();
        let ids = found.map(|resource| resource["id"].as_str().unwrap().to_owned()).collect();
        Ok((ids, answer["totalResults"].as_u64().unwrap()))
    }

    fn kind(&self, of: Of) -> &'static roster::scim::schema::ResourceType {
        match of {
            Of::Users => self.cx.types.user,
            Of::Groups => self.cx.types.group,
        }
    }

    fn wait_for(
        &self,
        answer: impl Future<Output = Result<Option<String>, Error>>,
    ) -> Result<Value, Refusal> {
        match self.runtime.block_on(answer) {
            Ok(body) => Ok(serde_json::from_str(&body.expect("a body")).unwrap()),
            Err(Error::Scim(error)) => {
                let (kind, status) = error.kind.wire();
                Err((status, kind.to_owned()))
            }
            Err(other) => panic!("no refusal of the protocol's: {other:?}"),
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.app.store.close();
    }
}
