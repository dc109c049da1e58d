//! Playing a day: stage after stage, several lanes at a time, then comparing, then tidying up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use super::compare;
use super::directory::Person;
use super::plan::{Plan, Size, Stage, Task};
use super::providers::{self, Member, Moves, Provider};
use super::report::{End, Report, Requests};
use super::wire::{Call, Failed, Outcome, Record, Wire};
use crate::client::text::percent_encoded;
use crate::client::{Server, Stop, Target, Unusable};

/// Which day is played.
#[derive(Clone, Copy, Debug)]
pub struct Day<'d> {
    /// The provider's name, one of [`providers`](super::providers()).
    pub provider: &'d str,
    /// How many people and groups there are in the morning.
    pub size: Size,
    /// What the day is drawn from.
    pub seed: u64,
    /// How many requests are sent at the same time.
    pub parallel: usize,
    /// Whether everything stays on the server in the end.
    pub keep: bool,
}

/// Plays a day, compares the server with the model, and deletes what it made. `progress` is told now and then what is
/// going on and how much of how much is done.
///
/// # Errors
/// [`Unusable`] when the server is none that can be asked. What happens later is part of the report.
pub fn simulate(
    target: &Target,
    day: &Day<'_>,
    stop: &Stop,
    progress: &(dyn Fn(&str, usize, usize) + Sync),
) -> Result<Report, Unusable> {
    let server = Server::reach(target)?;
    let Some((name, provider)) = providers::ALL.into_iter().find(|(name, _)| *name == day.provider) else {
        return Err(server.unusable("no provider of that name can be played"));
    };
    let tag = format!("sim-{:x}", day.seed);
    let plan = Plan::draw(provider, day.size, &tag, day.seed);
    let empty = |n: usize| (0..n).map(|_| OnceLock::new()).collect();
    let wire = Wire {
        server: &server,
        stop,
        headers: provider.headers(),
        knows: provider.knows(),
        record: Record::default(),
        tag: &tag,
        chunk: OnceLock::new(),
        users: empty(plan.directory.people.len()),
        groups: empty(plan.directory.groups.len()),
    };
    let scene = Scene { wire, provider, plan: &plan, parallel: day.parallel.max(1), progress };
    let started = Instant::now();
    let end = scene.play();
    let differences = if end == End::Complete { scene.compare() } else { None };
    let elapsed = started.elapsed();
    let end = if stop.is_asked() { End::Interrupted } else { end };
    let left_behind = if day.keep { Vec::new() } else { scene.tidy_up() };
    let record = scene.wire.record;
    let taken = |lock: std::sync::Mutex<usize>| lock.into_inner().unwrap_or_else(PoisonError::into_inner);
    let tallies = record.tallies.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Report {
        url: server.base.clone(),
        provider: name,
        seed: day.seed,
        size: day.size,
        parallel: day.parallel,
        elapsed,
        requests: tallies.into_iter().map(|(what, tally)| Requests::of(what, tally.milliseconds)).collect(),
        retries: taken(record.n_retries),
        n_troubles: taken(record.n_troubles),
        troubles: record.troubles.into_inner().unwrap_or_else(PoisonError::into_inner),
        differences: differences.filter(|_| end == End::Complete),
        left_behind,
        end,
    })
}

/// A day while it is played.
struct Scene<'a> {
    wire: Wire<'a>,
    provider: &'a dyn Provider,
    plan: &'a Plan,
    parallel: usize,
    progress: &'a (dyn Fn(&str, usize, usize) + Sync),
}

impl Scene<'_> {
    fn play(&self) -> End {
        let done = AtomicUsize::new(0);
        for stage in &self.plan.stages {
            self.play_stage(stage, &done);
            if self.wire.stop.is_asked() {
                return End::Interrupted;
            }
            if let Some(gone) = self.wire.server.gone() {
                return End::Gone(gone.to_string());
            }
        }
        End::Complete
    }

    /// Plays the lanes of a stage side by side.
    fn play_stage(&self, stage: &Stage, done: &AtomicUsize) {
        let n_tasks = self.plan.n_tasks();
        each(&stage.lanes, self.parallel, |lane| {
            for task in lane {
                if self.wire.stop.is_asked() || self.wire.server.gone().is_some() {
                    return;
                }
                // what failed stands in the record, and what depends on it shows in the comparison
                let _ = self.play_task(task);
                (self.progress)(stage.name, done.fetch_add(1, Ordering::Relaxed) + 1, n_tasks);
            }
        });
    }

    fn play_task(&self, task: &Task) -> Outcome {
        let (wire, provider) = (&self.wire, self.provider);
        let user = |number: usize| wire.user(number).ok_or(Failed);
        let group = |number: usize| wire.group(number).ok_or(Failed);
        match task {
            Task::Test => provider.test_connection(wire),
            Task::Import => provider.import(wire),
            Task::Create(person) => {
                let id = provider.create(wire, person)?;
                keep(&wire.users, person.number, id)
            }
            Task::CreateAgain(person) => self.same(user(person.number)?, &provider.create(wire, person)?),
            Task::Find(person) => self.find(person),
            Task::Update { before, after } => provider.update(wire, user(after.number)?, before, after),
            Task::Activate(person) => provider.activate(wire, user(person.number)?, person),
            Task::Remove(number) => provider.remove(wire, user(*number)?),
            Task::CreateGroup(made) => {
                let id = provider.create_group(wire, made, &self.members(&made.members))?;
                keep(&wire.groups, made.number, id)
            }
            Task::CreateGroupAgain(made) => {
                let id = provider.create_group(wire, made, &self.members(&made.members))?;
                self.same(group(made.number)?, &id)
            }
            Task::Rename(renamed) => {
                provider.rename_group(wire, group(renamed.number)?, renamed, &self.members(&renamed.members))
            }
            Task::Move { group: moved, come, go } => {
                let moves = Moves {
                    come: self.members(come),
                    go: self.members(go),
                    then: self.members(&moved.members),
                };
                provider.move_members(wire, group(moved.number)?, moved, &moves)
            }
            Task::Push(pushed) => {
                provider.push_group(wire, group(pushed.number)?, pushed, &self.members(&pushed.members))
            }
            Task::RemoveGroup(number) => provider.remove_group(wire, group(*number)?),
        }
    }

    /// Members as requests name them, as far as the server has given them ids.
    fn members<'n>(&self, numbers: impl IntoIterator<Item = &'n usize>) -> Vec<Member> {
        let name = |number: usize| {
            let person = self.plan.directory.people.get(number)?.as_ref();
            Some(person.map(|person| person.user_name.clone()).unwrap_or_default())
        };
        let member = |number: &usize| {
            Some(Member { id: self.wire.user(*number)?.to_owned(), user_name: name(*number)? })
        };
        numbers.into_iter().filter_map(member).collect()
    }

    /// A creation that is sent again must lead to what is there.
    fn same(&self, known: &str, found: &str) -> Outcome {
        if known == found {
            return Ok(());
        }
        let call = Call { what: "create again", method: "POST", path: "(again)", body: None, statuses: &[] };
        Err(self.wire.wrong(&call, None, &format!("the id {known}, found {found}")))
    }

    /// Names are found in any case, and nobody else is.
    fn find(&self, person: &Person) -> Outcome {
        let filter = format!("userName eq \"{}\"", person.user_name.to_uppercase());
        let found = self.wire.find("look a user up", "/Users", &filter)?;
        let ids: Vec<&str> = found.iter().filter_map(|user| user["id"].as_str()).collect();
        if self.wire.user(person.number).is_none_or(|id| ids == [id]) {
            return Ok(());
        }
        let path = format!("/Users?filter={filter}");
        let call = Call { what: "look a user up", method: "GET", path: &path, body: None, statuses: &[] };
        Err(self.wire.wrong(&call, None, &format!("one user, found {}", ids.len())))
    }

    fn compare(&self) -> Option<Vec<compare::Difference>> {
        let (mut read, all) = (0, self.plan.directory.people.len() + 2 * self.plan.directory.groups.len());
        let mut tell = |n: usize| {
            read += n;
            (self.progress)("comparing", read, read.max(all));
        };
        compare::everything(&self.wire, &self.plan.directory, &mut tell).ok()
    }

    /// Deletes everything that was made, groups first, and whatever a creation without an answer may have made; gives the
    /// URLs of what stays.
    fn tidy_up(&self) -> Vec<String> {
        let server = self.wire.server;
        let url = |endpoint: &str, id: &str| server.url(&format!("/{endpoint}/{}", percent_encoded(id)));
        let made = |endpoint: &'static str, ids: &[OnceLock<String>]| -> Vec<String> {
            ids.iter().filter_map(OnceLock::get).map(|id| url(endpoint, id)).collect()
        };
        let done = AtomicUsize::new(0);
        let mut left = Vec::new();
        for urls in [made("Groups", &self.wire.groups), made("Users", &self.wire.users), self.doubtful()] {
            let stays = std::sync::Mutex::new(Vec::new());
            each(&urls, self.parallel, |url| {
                let answer = server.send(&server.request("DELETE", url.clone()));
                if !answer.is_ok_and(|answer| answer.status < 300 || matches!(answer.status, 404 | 410)) {
                    stays.lock().unwrap_or_else(PoisonError::into_inner).push(url.clone());
                }
                (self.progress)("tidying up", done.fetch_add(1, Ordering::Relaxed) + 1, urls.len());
            });
            left.extend(stays.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        left
    }

    /// What the server still has of this run's names, where creations may have got lost: not looked for in a day that
    /// went well.
    fn doubtful(&self) -> Vec<String> {
        let server = self.wire.server;
        let lost = *self.wire.record.n_troubles.lock().unwrap_or_else(PoisonError::into_inner) > 0;
        if !lost && !self.wire.stop.is_asked() {
            return Vec::new();
        }
        let mut urls = Vec::new();
        for (endpoint, attribute) in [("Groups", "displayName"), ("Users", "userName")] {
            let filter = percent_encoded(&format!("{attribute} co \"{}\"", self.wire.tag));
            let search = server.request("GET", server.url(&format!("/{endpoint}?filter={filter}&count=100")));
            let listed = server.send(&search).ok().and_then(|answer| answer.json).unwrap_or_default();
            let listed = listed["Resources"].as_array().cloned().unwrap_or_default();
            // a server that does not understand the search may list everybody
            let ours = listed
                .iter()
                .filter(|it| it[attribute].as_str().is_some_and(|it| it.contains(self.wire.tag)));
            let ids = ours.filter_map(|it| it["id"].as_str());
            urls.extend(ids.map(|id| server.url(&format!("/{endpoint}/{}", percent_encoded(id)))));
        }
        urls
    }
}

/// Remembers the id that the server gave.
fn keep(ids: &[OnceLock<String>], number: usize, id: String) -> Outcome {
    ids.get(number).ok_or(Failed)?.set(id).map_err(|_| Failed)
}

/// Does something with each of them, so many at a time.
fn each<T: Sync>(all: &[T], parallel: usize, work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..parallel.min(all.len()) {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(one);
                }
            });
        }
    });
}
