//! Many operations in one request: RFC 7644 §3.7.
//!
//! An operation that refers to what a later one creates waits for it; users who manage each other are made first and
//! get their managers afterwards. Everything else happens in the order of the request.

use super::{
    Context, Error, Result,
    authorization::About,
    denials::{self, Concerned},
    groups, users,
};
use crate::{
    org::standing::Source,
    scim::{
        ErrorKind, Profile, Quirks,
        message::bulk::{Action, BulkRequest, Fault, Task},
        projection::Projection,
        urn,
        version::{Precondition, Version},
    },
    store::{DbError, WriteTx},
};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

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

/// How long the operations of one transaction may take, in microseconds: others wait for it.
const TOGETHER: i64 = 5_000_000;

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
            let outcome = alone(cx, &step, profile, quirks).await;
            job.note(step, outcome);
        }
        let results = job.results();
        note_denials(cx, &request, &results).await;
        return Ok(results);
    }
    let (job, asked) = (cx.clone(), request.clone());
    let ended = cx.transact(move |tx| together(tx, &job, &asked, keep, profile)).await;
    let (results, used) = match ended {
        Ok(kept) => kept,
        Err(Ended::Undone(results, used)) => (results, used),
        Err(Ended::Failed(error)) => return Err(error),
    };
    quirks.absorb(&used);
    if keep == Keep::AllOrNone {
        note_denials(cx, &request, &results).await;
    }
    Ok(results)
}

/// Writes down which users' changes the organization's rules refused.
async fn note_denials(cx: &Arc<Context>, request: &BulkRequest, results: &Results) {
    for (place, result) in results {
        let task = request.operations.get(*place).and_then(|operation| operation.task.as_ref().ok());
        if let (Err(Failure::Tried(error)), Some(task)) = (result, task)
            && !task.resource_type.is_group()
        {
            let about = match &task.action {
                Action::Create { data } => {
                    let name = data.iter().find(|(name, _)| name.eq_ignore_ascii_case("userName"));
                    Concerned::Newcomer(name.and_then(|(_, name)| name.as_str()).unwrap_or_default())
                }
                other => Concerned::User(other.id().unwrap_or_default()),
            };
            denials::note(cx, about, error).await;
        }
    }
}

/// A step in a transaction of its own.
async fn alone(
    cx: &Arc<Context>,
    step: &Step,
    profile: Profile,
    quirks: &mut Quirks,
) -> std::result::Result<Vec<Done>, Stumbled> {
    // many reports are released in several transactions
    if let Step::Tasks(tasks) = step
        && let [(_, Task { resource_type, action: Action::Remove { id, precondition }, .. })] =
            tasks.as_slice()
        && !resource_type.is_group()
    {
        users::remove(cx, id, precondition.clone()).await.map_err(|error| Stumbled { at: 0, error })?;
        return Ok(vec![Done { status: 204, id: id.clone(), version: None }]);
    }
    let Step::Tasks(tasks) = step else { return Ok(Vec::new()) };
    let (job, tasks) = (cx.clone(), tasks.clone());
    let work = move |tx: &WriteTx<'_>| {
        let mut used = Quirks::new(profile);
        let all = tasks.iter().map(|(_, task)| task);
        job.authorize_scim(tx, concerned(&job, all)).map_err(|error| Stumbled { at: 0, error })?;
        let done = perform_all(tx, &job, &tasks, &mut used)?;
        Ok::<_, Stumbled>((done, used))
    };
    let (done, used) = cx.transact(work).await?;
    quirks.absorb(&used);
    Ok(done)
}

/// Whom operations are about, as far as that matters to who may ask for them: oneself, or whoever.
fn concerned<'t>(cx: &'t Context, mut tasks: impl Iterator<Item = &'t Task>) -> About<'t> {
    match tasks.any(|task| task.action.id() == Some(cx.actor.id())) {
        true => About::user(cx.actor.id()),
        false => About::ORGANIZATION,
    }
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

/// Which of the operations of a step failed, and why.
struct Stumbled {
    at: usize,
    error: Error,
}

impl From<DbError> for Stumbled {
    fn from(error: DbError) -> Self {
        Self { at: 0, error: error.into() }
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
    let all = request.operations.iter().filter_map(|operation| operation.task.as_ref().ok());
    cx.authorize_scim(tx, concerned(cx, all)).map_err(Ended::Failed)?;
    let began = cx.app.clock.now();
    let mut used = Quirks::new(profile);
    let mut job = Job::new(request);
    while let Some(step) = job.next() {
        if cx.app.clock.now() - began > TOGETHER {
            let detail = "an atomic request or a dry run may take five seconds; send fewer operations";
            return Err(Ended::Failed(ErrorKind::TooMany.because(detail).into()));
        }
        let outcome = match &step {
            Step::Tasks(tasks) => {
                let mut quirks = Quirks::new(profile);
                let outcome = tx.part(|| perform_all(tx, cx, tasks, &mut quirks));
                used.absorb(&quirks);
                outcome
            }
            Step::Refusal(..) => Ok(Vec::new()),
        };
        if let Err(Stumbled { error: error @ (Error::Busy(_) | Error::Store(_)), .. }) = outcome {
            return Err(Ended::Failed(error));
        }
        job.note(step, outcome);
        if keep == Keep::AllOrNone && job.n_failed > 0 {
            break;
        }
    }
    // what is rehearsed is undone by whoever rehearses it
    match cx.rehearses() || keep == Keep::AllOrNone && job.n_failed == 0 {
        true => Ok((job.results(), used)),
        false => Err(Ended::Undone(job.results(), used)),
    }
}

/// The operations of a step: one, or users who manage each other. Those are made without their managers first.
fn perform_all(
    tx: &WriteTx<'_>,
    cx: &Context,
    tasks: &[(usize, Task)],
    quirks: &mut Quirks,
) -> std::result::Result<Vec<Done>, Stumbled> {
    let mut done = Vec::with_capacity(tasks.len());
    let mut later = Vec::new();
    for (at, (_, task)) in tasks.iter().enumerate() {
        let mut first = task.clone();
        let waits = task.references();
        if !waits.is_empty() {
            without_manager(&mut first);
        }
        let made = perform(tx, cx, &first, quirks).map_err(|error| Stumbled { at, error })?;
        later.extend(waits.into_iter().map(|manager| (at, made.id.clone(), manager)));
        done.push(made);
    }
    let ids: HashMap<&str, String> = tasks
        .iter()
        .zip(&done)
        .filter_map(|((_, task), done)| Some((task.bulk_id.as_deref()?, done.id.clone())))
        .collect();
    for (at, user, manager) in later {
        let manager = ids.get(manager.as_str()).cloned().unwrap_or_default();
        let task = Task { resource_type: cx.types.user, bulk_id: None, action: set_manager(&user, &manager) };
        let made = perform(tx, cx, &task, quirks).map_err(|error| Stumbled { at, error })?;
        if let Some(first) = done.get_mut(at) {
            first.version = made.version;
        }
    }
    Ok(done)
}

/// One operation, as the same request alone would do it.
fn perform(tx: &WriteTx<'_>, cx: &Context, task: &Task, quirks: &mut Quirks) -> Result<Done> {
    let projection = Projection::Only(Vec::new());
    let demand = |precondition: &Precondition| users::Demand {
        precondition: precondition.clone(),
        projection: projection.clone(),
    };
    let is_group = task.resource_type.is_group();
    let answer = match &task.action {
        Action::Create { data } if is_group => {
            let group = groups::new(cx, data.clone(), quirks)?;
            groups::insert(tx, cx, &group, &projection, quirks)?.0
        }
        Action::Create { data } => {
            let user = users::new(cx, data.clone(), Source::Scim, quirks)?;
            users::insert_or_adopt(tx, cx, &user, &projection, quirks)?
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
                true => groups::delete(tx, cx, id, precondition)?,
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
enum Step {
    /// Operations to do together, with their places in the request.
    Tasks(Vec<(usize, Task)>),
    /// Operations that are not tried.
    Refusal(Vec<usize>, Refused),
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

/// Operations that are done in one go: one, or those that refer to each other in a circle.
struct Unit {
    places: Vec<usize>,
    is_circle: bool,
    /// What they refer to outside.
    references: BTreeSet<String>,
    /// How many of those are still ahead.
    n_unmet: usize,
}

/// A request on its way: decides what can be done next, and does nothing itself. Every operation is looked at a fixed
/// number of times, however many wait for each other.
struct Job<'r> {
    request: &'r BulkRequest,
    states: HashMap<String, State>,
    units: Vec<Unit>,
    /// Which units wait for a `bulkId`.
    waiting: HashMap<String, Vec<usize>>,
    /// Units that wait for nothing, by the place of their first operation.
    ready: BTreeSet<(usize, usize)>,
    results: HashMap<usize, std::result::Result<Done, Failure>>,
    n_failed: usize,
}

impl<'r> Job<'r> {
    fn new(request: &'r BulkRequest) -> Self {
        let mut states = HashMap::new();
        let mut maker = HashMap::new();
        let references: Vec<BTreeSet<String>> = request
            .operations
            .iter()
            .map(|operation| operation.task.as_ref().map(Task::references).unwrap_or_default())
            .collect();
        for (place, operation) in request.operations.iter().enumerate() {
            if let (true, Some(name)) = (operation.is_post(), &operation.bulk_id)
                && !maker.contains_key(name.as_str())
            {
                maker.insert(name.as_str(), place);
                let state = if operation.task.is_ok() { State::Ahead } else { State::Failed };
                states.insert(name.clone(), state);
            }
        }
        let edges: Vec<Vec<usize>> = references
            .iter()
            .map(|names| names.iter().filter_map(|name| maker.get(name.as_str()).copied()).collect())
            .collect();
        let mut job = Self {
            request,
            states,
            units: Vec::new(),
            waiting: HashMap::new(),
            ready: BTreeSet::new(),
            results: HashMap::new(),
            n_failed: 0,
        };
        for mut places in circles(&edges) {
            places.sort_unstable();
            let inside: BTreeSet<&str> = places
                .iter()
                .filter_map(|place| request.operations.get(*place)?.bulk_id.as_deref())
                .collect();
            let first = places.first().copied().unwrap_or_default();
            let is_circle = places.len() > 1 || edges.get(first).is_some_and(|edges| edges.contains(&first));
            let all = places.iter().filter_map(|place| references.get(*place)).flatten();
            let outside = all.filter(|name| !is_circle || !inside.contains(name.as_str()));
            job.add(Unit { references: outside.cloned().collect(), places, is_circle, n_unmet: 0 });
        }
        job
    }

    fn add(&mut self, mut unit: Unit) {
        let number = self.units.len();
        for name in &unit.references {
            if self.states.get(name) == Some(&State::Ahead) {
                unit.n_unmet += 1;
                self.waiting.entry(name.clone()).or_default().push(number);
            }
        }
        if unit.n_unmet == 0 {
            self.ready.insert((unit.places.first().copied().unwrap_or_default(), number));
        }
        self.units.push(unit);
    }

    fn next(&mut self) -> Option<Step> {
        if self.request.fail_on_errors.is_some_and(|most| self.n_failed >= most) {
            return None;
        }
        let (_, number) = self.ready.pop_first()?;
        let unit = self.units.get(number)?;
        let operations: Vec<_> = unit
            .places
            .iter()
            .filter_map(|place| Some((*place, self.request.operations.get(*place)?)))
            .collect();
        if let [(_, operation)] = operations.as_slice()
            && let Err(fault) = &operation.task
        {
            return Some(Step::Refusal(unit.places.clone(), Refused::Fault(fault.clone())));
        }
        let states: Vec<Option<&State>> = unit.references.iter().map(|name| self.states.get(name)).collect();
        if states.contains(&None) {
            let detail = "it refers to a bulkId that no operation of this request defines";
            let fault = Fault::Refused(ErrorKind::InvalidValue.because(detail));
            return Some(Step::Refusal(unit.places.clone(), Refused::Fault(fault)));
        }
        if states.contains(&Some(&State::Failed)) {
            let why = Refused::Reference("it refers to an operation that failed");
            return Some(Step::Refusal(unit.places.clone(), why));
        }
        let tasks: Vec<(usize, Task)> = operations
            .into_iter()
            .filter_map(|(place, operation)| Some((place, self.resolved(operation.task.as_ref().ok()?))))
            .collect();
        if unit.is_circle && tasks.iter().any(|(_, task)| task.resource_type.is_group()) {
            let why = Refused::Reference("it and another operation hold each other");
            return Some(Step::Refusal(unit.places.clone(), why));
        }
        Some(Step::Tasks(tasks))
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
    fn note(&mut self, step: Step, outcome: std::result::Result<Vec<Done>, Stumbled>) {
        match (step, outcome) {
            (Step::Refusal(places, why), _) => {
                places.into_iter().for_each(|place| self.end(place, Err(why.clone().into())));
            }
            (Step::Tasks(tasks), Ok(done)) => {
                tasks.iter().zip(done).for_each(|((place, _), done)| self.end(*place, Ok(done)));
            }
            (Step::Tasks(tasks), Err(Stumbled { at, error })) => {
                let mut error = Some(error);
                for (n, (place, _)) in tasks.iter().enumerate() {
                    let failure = match error.take_if(|_| n == at) {
                        Some(error) => Failure::Tried(error),
                        None => Failure::Reference("it refers to an operation that failed"),
                    };
                    self.end(*place, Err(failure));
                }
            }
        }
    }

    fn end(&mut self, place: usize, result: std::result::Result<Done, Failure>) {
        let operation = self.request.operations.get(place);
        let name = operation.filter(|it| it.is_post() && it.task.is_ok()).and_then(|it| it.bulk_id.clone());
        if let Some(name) = name {
            let state = result.as_ref().map_or(State::Failed, |done| State::Made(done.id.clone()));
            for number in self.waiting.remove(&name).unwrap_or_default() {
                if let Some(unit) = self.units.get_mut(number) {
                    unit.n_unmet -= 1;
                    if unit.n_unmet == 0 {
                        self.ready.insert((unit.places.first().copied().unwrap_or_default(), number));
                    }
                }
            }
            self.states.insert(name, state);
        }
        self.n_failed += usize::from(result.is_err());
        self.results.insert(place, result);
    }

    /// In the order of the request.
    fn results(self) -> Results {
        let mut results: Results = self.results.into_iter().collect();
        results.sort_by_key(|(place, _)| *place);
        results
    }
}

/// The strongly connected parts of a graph (Tarjan), without recursion.
fn circles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    #[derive(Clone, Default)]
    struct Node {
        number: Option<usize>,
        lowest: usize,
        is_open: bool,
        next_edge: usize,
    }
    let mut nodes = vec![Node::default(); edges.len()];
    let (mut count, mut open, mut found) = (0, Vec::new(), Vec::new());
    for start in 0..edges.len() {
        let mut path = Vec::new();
        if nodes.get(start).is_some_and(|node| node.number.is_none()) {
            path.push(start);
        }
        while let Some(&at) = path.last() {
            let Some(node) = nodes.get_mut(at) else { break };
            if node.number.is_none() {
                *node = Node { number: Some(count), lowest: count, is_open: true, next_edge: 0 };
                count += 1;
                open.push(at);
            }
            let edge = edges.get(at).and_then(|edges| edges.get(node.next_edge)).copied();
            node.next_edge += 1;
            let lowest = node.lowest;
            match edge.and_then(|to| Some((to, nodes.get(to)?.clone()))) {
                Some((to, Node { number: None, .. })) => path.push(to),
                Some((_, Node { number: Some(number), is_open: true, .. })) => {
                    if let Some(node) = nodes.get_mut(at) {
                        node.lowest = lowest.min(number);
                    }
                }
                Some(_) => {}
                None => {
                    path.pop();
                    if let Some(above) = path.last().and_then(|above| nodes.get_mut(*above)) {
                        above.lowest = above.lowest.min(lowest);
                    }
                    if nodes.get(at).is_some_and(|node| node.number == Some(lowest)) {
                        let first = open.iter().position(|it| *it == at).unwrap_or_default();
                        let part: Vec<usize> = open.split_off(first);
                        for member in &part {
                            if let Some(node) = nodes.get_mut(*member) {
                                node.is_open = false;
                            }
                        }
                        found.push(part);
                    }
                }
            }
        }
    }
    found
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
fn without_manager(task: &mut Task) {
    let is_manager = |name: &str| {
        let last = name.rsplit(':').next().unwrap_or_default();
        last.split('.').next().is_some_and(|attribute| attribute.eq_ignore_ascii_case("manager"))
    };
    if let Action::Create { data } = &mut task.action {
        data.retain(|name, _| !is_manager(name));
        for members in data.iter_mut().filter_map(|(_, extension)| extension.as_object_mut()) {
            members.retain(|name, _| !is_manager(name));
        }
    }
}
