//! Many operations in one request: RFC 7644 §3.7.
//!
//! An operation that refers to what a later one creates waits for it; users who manage each other are made first and
//! get their managers afterwards. Everything else happens in the order of the request.

use super::{Context, Error, Result, groups, users};
use crate::{
    scim::{
        ErrorKind, Profile, Quirks,
        message::bulk::{Action, BulkRequest, Fault, Task},
        projection::Projection,
        schema::standard::{GROUP_TYPE, USER_TYPE},
        urn,
        version::{Precondition, Version},
    },
    store::{DbError, WriteTx},
};
use serde_json::{Map, Value, json};
use std::{collections::HashMap, sync::Arc};

/// What shall remain of the operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Each that succeeds (RFC 7644 §3.7.3).
    Each,
    /// All, or none when one fails.
    AllOrNone,
    /// None: what would happen is all that is asked.
    None,
}

/// What an operation did.
#[derive(Debug, Clone)]
pub struct Done {
    /// The status of the same request made alone.
    pub status: u16,
    /// The id of its resource.
    pub id: String,
    /// The resource's version, unless it is gone.
    pub version: Option<Version>,
}

/// Why an operation did nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It cannot be tried.
    #[error("the operation cannot be tried")]
    Fault(Fault),
    /// It refers to an operation that failed, or to one that waits for it.
    #[error("{0}")]
    Reference(&'static str),
    /// It was tried.
    #[error(transparent)]
    Tried(#[from] Error),
}

/// What became of the operations that were processed, by their place in the request.
pub type Results = Vec<(usize, std::result::Result<Done, Failure>)>;

/// Does what a bulk request asks. Quirks are counted an operation at a time, as if each were a request.
pub async fn run(
    cx: &Arc<Context>,
    request: Arc<BulkRequest>,
    keep: Keep,
    quirks: &mut Quirks,
) -> Result<Results> {
    let profile = quirks.profile();
    if keep == Keep::Each {
        let mut job = Job::new(&request);
        while let Some(step) = job.next() {
            let mut used = Quirks::new(profile);
            let outcome = match step.task.clone() {
                Ok(task) => {
                    let work = move |tx: &WriteTx<'_>, cx: &Context, quirks: &mut Quirks| {
                        perform(tx, cx, &task, quirks)
                    };
                    cx.write(&mut used, work).await.map_err(Failure::from)
                }
                Err(failure) => Err(failure.into()),
            };
            quirks.absorb(&used);
            job.note(step, outcome);
        }
        return Ok(job.results());
    }
    let job = cx.clone();
    let ended = cx.app.store.write(move |tx| together(tx, &job, &request, keep, profile)).await;
    let (results, used) = match ended {
        Ok(kept) => kept,
        Err(Ended::Undone(results, used)) => (results, used),
        Err(Ended::Failed(error)) => return Err(error),
    };
    quirks.absorb(&used);
    Ok(results)
}

/// How a transaction of many operations ends that keeps nothing.
enum Ended {
    Undone(Results, Quirks),
    Failed(Error),
}

impl From<DbError> for Ended {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// All operations in one transaction.
fn together(
    tx: &WriteTx<'_>,
    cx: &Context,
    request: &BulkRequest,
    keep: Keep,
    profile: Profile,
) -> std::result::Result<(Results, Quirks), Ended> {
    let mut used = Quirks::new(profile);
    let mut job = Job::new(request);
    let mut is_whole = true;
    while let Some(step) = job.next() {
        let mut quirks = Quirks::new(profile);
        let outcome = match &step.task {
            Ok(task) => tx.part(|| perform(tx, cx, task, &mut quirks)).map_err(Failure::from),
            Err(failure) => Err(failure.clone().into()),
        };
        used.absorb(&quirks);
        if let Err(Failure::Tried(error @ (Error::Busy(_) | Error::Store(_)))) = outcome {
            return Err(Ended::Failed(error));
        }
        is_whole &= outcome.is_ok();
        job.note(step, outcome);
        if keep == Keep::AllOrNone && !is_whole {
            break;
        }
    }
    match keep == Keep::AllOrNone && is_whole {
        true => Ok((job.results(), used)),
        false => Err(Ended::Undone(job.results(), used)),
    }
}

/// One operation, as the same request alone would do it.
fn perform(tx: &WriteTx<'_>, cx: &Context, task: &Task, quirks: &mut Quirks) -> Result<Done> {
    let projection = Projection::Only(Vec::new());
    let demand = |precondition: &Precondition| users::Demand {
        precondition: precondition.clone(),
        projection: projection.clone(),
    };
    let is_group = task.resource_type.name == GROUP_TYPE.name;
    let answer = match &task.action {
        Action::Create { data } if is_group => {
            let group = groups::new(data.clone(), quirks)?;
            groups::insert(tx, cx, &group, &projection, quirks)?.0
        }
        Action::Create { data } => {
            let user = users::new(data.clone(), quirks)?;
            users::insert(tx, cx, &user, &projection, quirks)?
        }
        Action::Replace { id, data, precondition } => {
            let demand = demand(precondition);
            let change = users::Change { tx, cx, id, demand: &demand };
            let body = crate::scim::read::resource(task.resource_type, data.clone(), quirks)?;
            match is_group {
                true => groups::put(change, &body, quirks)?.0,
                false => users::put(change, &body, quirks)?,
            }
        }
        Action::Patch { id, data, precondition } => {
            let demand = demand(precondition);
            let change = users::Change { tx, cx, id, demand: &demand };
            let patch = crate::scim::patch::Patch::read(task.resource_type, data.clone(), quirks)?;
            match is_group {
                true => groups::apply(change, &patch, quirks)?.0,
                false => users::apply(change, &patch, quirks)?,
            }
        }
        Action::Remove { id, precondition } => {
            match is_group {
                true => groups::archive(tx, cx, id, precondition)?,
                false => users::leave(tx, cx, id, precondition, usize::MAX).map(drop)?,
            }
            return Ok(Done { status: 204, id: id.clone(), version: None });
        }
    };
    let id = answer.location.rsplit('/').next().unwrap_or_default().to_owned();
    let status = if task.id().is_none() { 201 } else { 200 };
    Ok(Done { status, id, version: Some(answer.version) })
}

/// What stands behind a `bulkId`.
#[derive(Debug, Clone, PartialEq)]
enum State {
    Ahead,
    Made(String),
    Failed,
}

/// What comes next.
struct Step {
    place: usize,
    task: std::result::Result<Task, Refused>,
    kind: StepKind,
}

#[derive(Clone, Copy, PartialEq)]
enum StepKind {
    /// The operation itself.
    Whole,
    /// The operation without the manager who does not exist yet.
    First,
    /// That manager.
    Second,
    /// The end of somebody whose manager could not be made.
    Undo,
}

/// Why an operation is not tried.
#[derive(Clone)]
enum Refused {
    Fault(Fault),
    Reference(&'static str),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Fault(fault) => Self::Fault(fault),
            Refused::Reference(why) => Self::Reference(why),
        }
    }
}

/// A request on its way: decides what can be done next, and does nothing itself.
struct Job<'r> {
    request: &'r BulkRequest,
    states: HashMap<&'r str, State>,
    undone: Vec<usize>,
    /// Users whose manager is still to come: the operation, the user's id, the manager's `bulkId`.
    owed: Vec<(usize, String, String)>,
    results: HashMap<usize, std::result::Result<Done, Failure>>,
}

impl<'r> Job<'r> {
    fn new(request: &'r BulkRequest) -> Self {
        let creations = request.operations.iter().filter(|operation| operation.creates());
        let names = creations.filter_map(|operation| operation.bulk_id.as_deref());
        Self {
            request,
            states: names.map(|name| (name, State::Ahead)).collect(),
            undone: (0..request.operations.len()).collect(),
            owed: Vec::new(),
            results: HashMap::new(),
        }
    }

    fn next(&self) -> Option<Step> {
        let n_failed = self.results.values().filter(|result| result.is_err()).count();
        if self.request.fail_on_errors.is_some_and(|most| n_failed >= most) {
            return None;
        }
        self.owed_step().or_else(|| self.ready_step()).or_else(|| self.circle_step())
    }

    /// The manager of somebody, once there is one or there will be none.
    fn owed_step(&self) -> Option<Step> {
        self.owed.iter().find_map(|(place, user, manager)| {
            let (action, kind) = match self.states.get(manager.as_str())? {
                State::Ahead => return None,
                State::Made(id) => (set_manager(user, id), StepKind::Second),
                State::Failed => {
                    let precondition = Precondition::default();
                    (Action::Remove { id: user.clone(), precondition }, StepKind::Undo)
                }
            };
            Some(Step { place: *place, task: Ok(Task { resource_type: &USER_TYPE, action }), kind })
        })
    }

    /// The first operation that waits for nothing.
    fn ready_step(&self) -> Option<Step> {
        self.undone.iter().find_map(|&place| {
            let task = match &self.request.operations.get(place)?.task {
                Ok(task) => task,
                Err(fault) => return Some(refusal(place, Refused::Fault(fault.clone()))),
            };
            let references = task.references();
            let states: Vec<Option<&State>> =
                references.iter().map(|name| self.states.get(name.as_str())).collect();
            if states.contains(&None) {
                let detail = "it refers to a bulkId that no operation of this request defines";
                let fault = Fault::Refused(ErrorKind::InvalidValue.because(detail));
                return Some(refusal(place, Refused::Fault(fault)));
            }
            if states.contains(&Some(&State::Failed)) {
                return Some(refusal(place, Refused::Reference("it refers to an operation that failed")));
            }
            if states.contains(&Some(&State::Ahead)) {
                return None;
            }
            Some(Step { place, task: Ok(self.resolved(task)), kind: StepKind::Whole })
        })
    }

    /// Operations that wait for each other: users are made without their managers first, groups cannot hold each
    /// other.
    fn circle_step(&self) -> Option<Step> {
        let is_user = |place: &&usize| {
            let operation = self.request.operations.get(**place);
            operation.is_some_and(|it| {
                it.creates() && it.task.as_ref().is_ok_and(|task| task.resource_type.name == USER_TYPE.name)
            })
        };
        match self.undone.iter().find(is_user) {
            Some(&place) => {
                let task = self.request.operations.get(place)?.task.as_ref().ok()?;
                let mut task = self.resolved(task);
                without_managers(&mut task);
                Some(Step { place, task: Ok(task), kind: StepKind::First })
            }
            None => {
                let place = *self.undone.first()?;
                Some(refusal(place, Refused::Reference("it and another operation wait for each other")))
            }
        }
    }

    fn resolved(&self, task: &Task) -> Task {
        let mut task = task.clone();
        task.resolve(&|name| match self.states.get(name) {
            Some(State::Made(id)) => Some(id.clone()),
            _ => None,
        });
        task
    }

    /// Notes what became of a step.
    fn note(&mut self, step: Step, outcome: std::result::Result<Done, Failure>) {
        let place = step.place;
        let operation = self.request.operations.get(place);
        let name = operation.filter(|it| it.creates()).and_then(|it| it.bulk_id.as_deref());
        match step.kind {
            StepKind::Whole | StepKind::First => {
                self.undone.retain(|undone| *undone != place);
                if let (StepKind::First, Ok(done), Some(Ok(task))) =
                    (step.kind, &outcome, operation.map(|it| &it.task))
                {
                    let ahead = task
                        .references()
                        .into_iter()
                        .filter(|it| self.states.get(it.as_str()) == Some(&State::Ahead));
                    self.owed.extend(ahead.map(|manager| (place, done.id.clone(), manager)));
                }
                if let Some(name) = name {
                    let state = outcome.as_ref().map_or(State::Failed, |done| State::Made(done.id.clone()));
                    self.states.insert(name, state);
                }
                self.results.insert(place, outcome);
            }
            StepKind::Second => {
                self.owed.retain(|(owed, ..)| *owed != place);
                let outcome = outcome.map(|done| Done { status: 201, ..done });
                self.results.insert(place, outcome);
            }
            StepKind::Undo => {
                self.owed.retain(|(owed, ..)| *owed != place);
                if let Some(name) = name {
                    self.states.insert(name, State::Failed);
                }
                let why = Failure::Reference("it refers to an operation that failed");
                self.results.insert(place, Err(why));
            }
        }
    }

    /// In the order of the request.
    fn results(self) -> Results {
        let mut results: Results = self.results.into_iter().collect();
        results.sort_by_key(|(place, _)| *place);
        results
    }
}

fn refusal(place: usize, why: Refused) -> Step {
    Step { place, task: Err(why), kind: StepKind::Whole }
}

fn set_manager(user: &str, manager: &str) -> Action {
    let path = format!("{}:manager", urn::ENTERPRISE_USER);
    let operation = json!({"op": "add", "path": path, "value": {"value": manager}});
    let data = Map::from_iter([
        ("schemas".to_owned(), json!([urn::PATCH_OP])),
        ("Operations".to_owned(), Value::Array(vec![operation])),
    ]);
    Action::Patch { id: user.to_owned(), data, precondition: Precondition::default() }
}

/// Takes the manager out of a new user, who is a reference still.
fn without_managers(task: &mut Task) {
    let is_manager =
        |name: &str| name.rsplit(':').next().is_some_and(|last| last.eq_ignore_ascii_case("manager"));
    if let Action::Create { data } = &mut task.action {
        data.retain(|name, _| !is_manager(name));
        for (_, extension) in data.iter_mut().filter(|(name, _)| name.starts_with("urn:")) {
            if let Value::Object(members) = extension {
                members.retain(|name, _| !is_manager(name));
            }
        }
    }
}
