//! Playing a day: stage after stage, several lanes at a time, then comparing, then tidying up.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use super::compare;
use super::directory::Person;
use super::plan::{Plan, Size, Stage, Task};
use super::providers::{self, Groups, Member, Moves, Provider};
use super::report::{Report, Requests};
use super::wire::{self, Ids, Outcome, Pages, Record, Search, Wire};
use crate::client::text::percent_encoded;
use crate::client::{End, Server, Stop, Target, Unusable};

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
    let server = Server::reach(target, stop)?;
    let Some((name, provider)) = providers::ALL.into_iter().find(|(name, _)| *name == day.provider) else {
        return Err(server.unusable("no provider of that name can be played"));
    };
    // nobody else's names hold it, and no other seed's
    let tag = format!("roster-day-{:016x}", day.seed);
    let plan = Plan::draw(provider, day.size, &tag, day.seed);
    let wire = Wire {
        server: &server,
        headers: provider.headers(),
        content_type: provider.content_type(),
        knows: provider.knows(),
        tag: &tag,
        record: Record::default(),
        users: Ids::of(plan.directory.people.len()),
        groups: Ids::of(plan.directory.groups.len()),
        config: OnceLock::new(),
    };
    let scene = Scene { wire, provider, plan: &plan, parallel: day.parallel.max(1), progress };
    let started = Instant::now();
    let end = scene.play();
    let differences = if end == End::Complete { scene.compare() } else { None };
    let elapsed = started.elapsed();
    let end = match server.gone() {
        _ if stop.is_asked() => End::Interrupted,
        Some(gone) => End::Gone(gone.to_string()),
        None => end,
    };
    let left_behind = if day.keep { Vec::new() } else { scene.tidy_up() };
    let size = Size { groups: plan.n_groups, ..day.size };
    let record = scene.wire.record;
    let kinds = record.milliseconds.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Report {
        url: server.base.clone(),
        provider: name,
        seed: day.seed,
        size,
        parallel: day.parallel,
        elapsed,
        requests: kinds.into_iter().map(|(what, milliseconds)| Requests::of(what, milliseconds)).collect(),
        retries: record.n_retries.into_inner(),
        n_troubles: record.n_troubles.into_inner(),
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
            if self.wire.server.stop.is_asked() {
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
                if self.wire.server.stop.is_asked() || self.wire.server.gone().is_some() {
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
        match task {
            Task::Test => provider.test_connection(wire),
            Task::Import => provider.import(wire),
            Task::Create(person) | Task::CreateAgain(person) => {
                let id = provider.create(wire, person)?;
                wire.keep("create a user", &wire.users, person.number, &id)
            }
            Task::Find(person) => self.find(person),
            Task::Update { before, after } => provider.update(wire, self.user(after.number)?, before, after),
            Task::Activate(person) => provider.activate(wire, self.user(person.number)?, person),
            Task::Remove(number) => provider.remove(wire, self.user(*number)?),
            _ => provider.groups().map_or(Ok(()), |groups| self.play_group_task(groups, task)),
        }
    }

    fn play_group_task(&self, groups: &dyn Groups, task: &Task) -> Outcome {
        let wire = &self.wire;
        match task {
            Task::CreateGroup(group) | Task::CreateGroupAgain(group) => {
                let id = groups.create(wire, group, &self.members(&group.members))?;
                wire.keep("create a group", &wire.groups, group.number, &id)
            }
            Task::Rename(group) => {
                groups.rename(wire, self.group(group.number)?, group, &self.members(&group.members))
            }
            Task::Move { group, come, go } => {
                let moves = Moves {
                    come: self.members(come),
                    go: self.members(go),
                    then: self.members(&group.members),
                };
                groups.move_members(wire, self.group(group.number)?, group, &moves)
            }
            Task::Push(group) => {
                groups.push(wire, self.group(group.number)?, group, &self.members(&group.members))
            }
            Task::RemoveGroup(number) => groups.remove(wire, self.group(*number)?),
            _ => Ok(()),
        }
    }

    fn user(&self, number: usize) -> Outcome<&str> {
        let missing =
            || self.wire.complain("find the id", &format!("user {number}"), "a user that has been made");
        self.wire.users.get(number).ok_or_else(missing)
    }

    fn group(&self, number: usize) -> Outcome<&str> {
        let missing =
            || self.wire.complain("find the id", &format!("group {number}"), "a group that has been made");
        self.wire.groups.get(number).ok_or_else(missing)
    }

    /// Members as requests name them, as far as the server has given them ids.
    fn members<'n>(&self, numbers: impl IntoIterator<Item = &'n usize>) -> Vec<Member> {
        let name = |number: usize| {
            let person = self.plan.directory.people.get(number)?.as_ref();
            Some(person.map(|person| person.user_name.clone()).unwrap_or_default())
        };
        let member = |number: &usize| {
            Some(Member { id: self.wire.users.get(*number)?.to_owned(), user_name: name(*number)? })
        };
        numbers.into_iter().filter_map(member).collect()
    }

    /// Names are found in any case.
    fn find(&self, person: &Person) -> Outcome {
        let search = Search::by("look a user up", "/Users", "userName", &person.user_name.to_uppercase());
        let found = self.wire.find_id(&search)?;
        if found.as_deref() == Some(self.user(person.number)?) {
            return Ok(());
        }
        Err(self.wire.complain(search.what, &search.query, "to find the user, in whatever case"))
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
    /// URLs of what stays. A server that is gone is not asked again.
    fn tidy_up(&self) -> Vec<String> {
        let url = |path: String| self.wire.server.url(&path);
        let groups: Vec<String> = self.wire.groups.iter().map(|id| url(wire::group(id))).collect();
        let users: Vec<String> = self.wire.users.iter().map(|id| url(wire::user(id))).collect();
        let mut left = self.delete(&groups);
        left.extend(self.delete(&users));
        // after a day that went well there is nothing to look for
        let record = &self.wire.record;
        let is_doubtful =
            record.n_troubles.load(Ordering::Relaxed) + record.n_retries.load(Ordering::Relaxed) > 0;
        if is_doubtful || self.wire.server.stop.is_asked() {
            for (endpoint, attribute) in [("/Groups", "displayName"), ("/Users", "userName")] {
                match self.of_this_day(endpoint, attribute) {
                    Ok(urls) => left.extend(self.delete(&urls)),
                    Err(_) => left
                        .push(format!("{} (what is left could not be looked for)", url(endpoint.to_owned()))),
                }
            }
        }
        left.sort();
        left.dedup();
        left
    }

    /// Deletes, several at a time; gives what stays.
    fn delete(&self, urls: &[String]) -> Vec<String> {
        let server = self.wire.server;
        let (done, left) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        each(urls, self.parallel, |url| {
            if server.gone().is_some() || !server.delete(url) {
                left.lock().unwrap_or_else(PoisonError::into_inner).push(server.redaction.of_value(url));
            }
            (self.progress)("tidying up", done.fetch_add(1, Ordering::Relaxed) + 1, urls.len());
        });
        left.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URLs of what is there under this day's names. What a search answers is looked at: a server that does not
    /// understand it may list everybody.
    fn of_this_day(&self, endpoint: &str, attribute: &str) -> Outcome<Vec<String>> {
        let filter = percent_encoded(&format!("{attribute} co \"{}\"", self.wire.tag));
        let path = format!("{endpoint}?filter={filter}");
        let mut pages = Pages::of(&self.wire, "tidy up", &path, PAGE);
        let mut urls = Vec::new();
        while let Some(page) = pages.next()? {
            let is_ours =
                |it: &&Value| it[attribute].as_str().is_some_and(|name| name.contains(self.wire.tag));
            let ids = page.resources.iter().filter(is_ours).filter_map(|it| it["id"].as_str());
            urls.extend(ids.map(|id| self.wire.server.url(&format!("{endpoint}/{}", percent_encoded(id)))));
        }
        Ok(urls)
    }
}

/// How many resources are asked for at once when it is looked for what is left.
const PAGE: usize = 100;

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
