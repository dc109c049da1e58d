//! The day of a provider, drawn from a seed: what is done in which order, and what its directory holds in the end.

use std::collections::BTreeSet;

use super::directory::{Directory, Group, Person};
use super::providers::{Groups, Provider};

/// One thing that a provider does.
#[derive(Clone, Debug)]
pub(super) enum Task {
    Test,
    Import,
    Create(Person),
    /// A creation whose answer got lost: it must lead to the same user.
    CreateAgain(Person),
    /// A look for a person, its name written in capitals.
    Find(Person),
    Update {
        before: Box<Person>,
        after: Box<Person>,
    },
    Activate(Person),
    Remove(usize),
    CreateGroup(Group),
    CreateGroupAgain(Group),
    Rename(Group),
    /// People come into a group and go; the group is as it is then.
    Move {
        group: Group,
        come: Vec<usize>,
        go: Vec<usize>,
    },
    Push(Group),
    RemoveGroup(usize),
}

/// A part of the day: lanes of tasks, the lanes side by side, the tasks of a lane one after the other.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) lanes: Vec<Vec<Task>>,
}

/// A whole day.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) stages: Vec<Stage>,
    /// What the directory holds when everything is done.
    pub(super) directory: Directory,
    /// How many groups there are in the morning.
    pub(super) n_groups: usize,
}

/// How much there is to do.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// How many people the directory has in the morning.
    pub users: usize,
    /// How many groups it has then.
    pub groups: usize,
}

/// One of so many, and one at least where there is anybody.
fn share(of: usize, parts: usize) -> usize {
    of.div_ceil(parts)
}

impl Plan {
    /// The day that belongs to a seed.
    pub(super) fn draw(provider: &dyn Provider, size: Size, tag: &str, seed: u64) -> Plan {
        let groups = if provider.groups().is_some() { size.groups } else { 0 };
        // those who join during the day, and those who are hired again
        let people = size.users + 2 * share(size.users, 20);
        let mut day = Day {
            provider,
            chance: fastrand::Rng::with_seed(seed),
            directory: Directory::new(tag, people, groups),
            stages: Vec::new(),
        };
        day.stage("connection test", vec![vec![Task::Test]]);
        day.join("initial sync of users", 0..size.users);
        day.set_managers();
        day.make_groups(groups);
        day.stage("import", vec![vec![Task::Import]]);
        day.join("joiners", size.users..size.users + share(size.users, 20));
        day.change_people();
        day.move_members();
        day.rename_groups();
        day.leave();
        day.repeat();
        day.come_back();
        day.remove_people(size.users + share(size.users, 20));
        day.remove_groups();
        Plan { stages: day.stages, directory: day.directory, n_groups: groups }
    }

    /// How many tasks there are.
    pub(super) fn n_tasks(&self) -> usize {
        self.stages.iter().flat_map(|stage| &stage.lanes).map(Vec::len).sum()
    }
}

/// A day while it is drawn.
struct Day<'p> {
    provider: &'p dyn Provider,
    chance: fastrand::Rng,
    directory: Directory,
    stages: Vec<Stage>,
}

impl Day<'_> {
    fn stage(&mut self, name: &'static str, lanes: Vec<Vec<Task>>) {
        if !lanes.is_empty() {
            self.stages.push(Stage { name, lanes });
        }
    }

    /// Some of these, drawn without putting back.
    fn some(&mut self, n: usize, mut of: Vec<usize>) -> Vec<usize> {
        self.chance.shuffle(&mut of);
        of.truncate(n);
        of
    }

    fn person(&self, number: usize) -> Option<Person> {
        self.directory.people.get(number)?.clone()
    }

    fn everybody(&self) -> Vec<usize> {
        self.directory.who(|_| true)
    }

    fn all_groups(&self) -> Vec<usize> {
        self.directory.groups.iter().flatten().map(|group| group.number).collect()
    }

    fn group(&mut self, number: usize) -> Option<&mut Group> {
        self.directory.groups.get_mut(number)?.as_mut()
    }

    fn join(&mut self, name: &'static str, numbers: std::ops::Range<usize>) {
        let knows = self.provider.knows();
        let join = |number| vec![Task::Create(self.directory.join(number, knows, &mut self.chance))];
        let lanes = numbers.map(join).collect();
        self.stage(name, lanes);
    }

    /// Managers are sent when everybody is there; one in twenty is one.
    fn set_managers(&mut self) {
        if !self.provider.knows().manager {
            return;
        }
        let everybody = self.everybody();
        let (managers, others) = everybody.split_at(share(everybody.len(), 20));
        let managed = self.some(others.len() / 3, others.to_vec());
        let mut lanes = Vec::new();
        for number in managed {
            let manager = self.chance.choice(managers).copied();
            let Some(person) = self.directory.people.get_mut(number).and_then(Option::as_mut) else {
                continue;
            };
            let before = person.clone();
            person.manager = manager;
            lanes.push(vec![Task::Update { before: Box::new(before), after: Box::new(person.clone()) }]);
        }
        self.stage("references", lanes);
    }

    /// The first group holds every second person, the others a handful each.
    fn make_groups(&mut self, groups: usize) {
        let everybody = self.everybody();
        let knows = self.provider.knows();
        let tag = self.directory.tag.clone();
        let mut lanes = Vec::new();
        for number in 0..groups {
            let size = if number == 0 {
                everybody.len() / 2
            } else {
                self.chance.usize(0..=everybody.len().min(30))
            };
            let members: BTreeSet<usize> = self.some(size, everybody.clone()).into_iter().collect();
            let group = Group {
                number,
                name: format!("Group {number} of \"{tag}\""),
                external_id: knows.group_ids.then(|| format!("{tag}-g{number:05}")),
                members,
            };
            if let Some(place) = self.directory.groups.get_mut(number) {
                *place = Some(group.clone());
            }
            lanes.push(vec![Task::CreateGroup(group)]);
        }
        self.stage("initial sync of groups", lanes);
    }

    fn change_people(&mut self) {
        let everybody = self.everybody();
        let movers = self.some(share(everybody.len(), 5), everybody);
        let knows = self.provider.knows();
        let mut lanes = Vec::new();
        // somebody loses a value for sure, which the chances of a small day might not bring
        let has_title = |person: &&mut Person| person.title.is_some() && !movers.contains(&person.number);
        if let Some(person) = self.directory.people.iter_mut().flatten().find(has_title) {
            let before = person.clone();
            person.title = None;
            lanes.push(vec![Task::Update { before: Box::new(before), after: Box::new(person.clone()) }]);
        }
        for number in movers {
            if let Some((before, after)) = self.directory.change(number, knows, &mut self.chance) {
                lanes.push(vec![Task::Update { before: Box::new(before), after: Box::new(after) }]);
            }
        }
        self.stage("movers", lanes);
    }

    /// Several changes of each group. A provider that hurries sends them side by side: nobody comes and goes at once, so
    /// that their order means nothing.
    fn move_members(&mut self) {
        let everybody = self.everybody();
        let mut lanes = Vec::new();
        for number in self.all_groups() {
            let mut lane = Vec::new();
            let Some(group) = self.group(number) else { continue };
            let inside: Vec<usize> = group.members.iter().copied().collect();
            let outside: Vec<usize> =
                everybody.iter().filter(|number| !group.members.contains(number)).copied().collect();
            // the group of half of the company changes most
            let n = if number == 0 { 16 } else { self.chance.usize(1..=4) };
            let (go, come) = (self.some(n, inside), self.some(2 * n, outside));
            let (mut go, mut come) = (go.into_iter(), come.into_iter());
            for _ in 0..n {
                let (come, go): (Vec<_>, Vec<_>) =
                    (come.by_ref().take(2).collect(), go.by_ref().take(1).collect());
                let Some(group) = self.group(number).filter(|_| !come.is_empty() || !go.is_empty()) else {
                    break;
                };
                group.members.extend(&come);
                group.members.retain(|member| !go.contains(member));
                lane.push(Task::Move { group: group.clone(), come, go });
            }
            match self.provider.groups().is_some_and(Groups::hurries) {
                true => lanes.extend(lane.into_iter().map(|task| vec![task])),
                false => lanes.push(lane),
            }
        }
        self.stage("memberships", lanes);
    }

    fn rename_groups(&mut self) {
        let all = self.all_groups();
        let chosen = self.some(share(all.len(), 10), all);
        let mut lanes = Vec::new();
        for number in chosen {
            let replaces = self.provider.groups().is_some_and(Groups::replaces);
            let newcomers = self.some(3, self.everybody());
            let Some(group) = self.group(number) else { continue };
            group.name = format!("{}, renamed", group.name);
            let renamed = group.clone();
            if replaces {
                group.members.pop_first();
            }
            group.members.extend(newcomers);
            let pushed = group.clone();
            lanes.push(vec![Task::Rename(renamed), Task::Push(pushed)]);
        }
        self.stage("renames and group push", lanes);
    }

    fn set_active(&mut self, name: &'static str, numbers: Vec<usize>, active: bool) {
        let mut lanes = Vec::new();
        for number in numbers {
            let Some(person) = self.directory.people.get_mut(number).and_then(Option::as_mut) else {
                continue;
            };
            person.active = active;
            lanes.push(vec![Task::Activate(person.clone())]);
        }
        self.stage(name, lanes);
    }

    fn leave(&mut self) {
        let everybody = self.everybody();
        let leavers = self.some(share(everybody.len(), 10), everybody);
        self.set_active("leavers", leavers, false);
    }

    fn come_back(&mut self) {
        let gone = self.directory.who(|person| !person.active);
        let back = self.some(share(gone.len(), 3), gone);
        self.set_active("returners", back, true);
    }

    /// What has been done already is done again, as after an answer that got lost: nothing changes.
    fn repeat(&mut self) {
        let everybody = self.everybody();
        let people = self.some(share(everybody.len(), 10), everybody);
        let people: Vec<Person> = people.into_iter().filter_map(|number| self.person(number)).collect();
        let mut lanes: Vec<Vec<Task>> = Vec::new();
        for (n, person) in people.into_iter().enumerate() {
            lanes.push(vec![match n % 4 {
                0 => Task::CreateAgain(person),
                1 => Task::Update { before: Box::new(person.clone()), after: Box::new(person) },
                2 => Task::Find(person),
                _ => Task::Activate(person),
            }]);
        }
        let all = self.all_groups();
        for number in self.some(share(all.len(), 10), all) {
            let Some(group) = self.group(number).map(|group| group.clone()) else { continue };
            let come: Vec<usize> = group.members.iter().take(3).copied().collect();
            let lane =
                vec![Task::CreateGroupAgain(group.clone()), Task::Move { group, come, go: Vec::new() }];
            lanes.push(lane);
        }
        self.stage("retries and redundant calls", lanes);
    }

    /// Leavers are deleted for good, but for managers; some are hired again under their old names.
    fn remove_people(&mut self, free: usize) {
        if !self.provider.deletes() {
            return;
        }
        let managers: BTreeSet<usize> =
            self.directory.people.iter().flatten().filter_map(|person| person.manager).collect();
        let gone = self.directory.who(|person| !person.active && !managers.contains(&person.number));
        let gone = self.some(gone.len() / 2, gone);
        let removed: Vec<Person> = gone.iter().filter_map(|number| self.person(*number)).collect();
        removed.iter().for_each(|person| self.directory.remove(person.number));
        self.stage("deletions", removed.iter().map(|person| vec![Task::Remove(person.number)]).collect());
        let knows = self.provider.knows();
        let mut lanes = Vec::new();
        // places are as many as leavers could be hired again
        for (old, number) in
            removed.iter().take(share(removed.len(), 3)).zip(free..self.directory.people.len())
        {
            self.directory.join(number, knows, &mut self.chance);
            let Some(person) = self.directory.people.get_mut(number).and_then(Option::as_mut) else { break };
            person.user_name.clone_from(&old.user_name);
            lanes.push(vec![Task::Create(person.clone())]);
        }
        self.stage("hired again", lanes);
    }

    /// One group in twenty goes, and one in twenty loses everybody.
    fn remove_groups(&mut self) {
        let all = self.all_groups();
        let n = share(all.len(), 20);
        let mut chosen = self.some(2 * n, all);
        let emptied = chosen.split_off(n.min(chosen.len()));
        let replaces = self.provider.groups().is_some_and(Groups::replaces);
        let mut lanes: Vec<Vec<Task>> = Vec::new();
        for number in emptied {
            let Some(group) = self.group(number).filter(|group| !group.members.is_empty()) else { continue };
            let go: Vec<usize> = std::mem::take(&mut group.members).into_iter().collect();
            let group = group.clone();
            lanes.push(vec![if replaces {
                Task::Push(group)
            } else {
                Task::Move { group, come: Vec::new(), go }
            }]);
        }
        for number in chosen {
            if let Some(place) = self.directory.groups.get_mut(number) {
                *place = None;
            }
            lanes.push(vec![Task::RemoveGroup(number)]);
        }
        self.stage("groups emptied and removed", lanes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(name: &str, seed: u64) -> Plan {
        let (_, provider) =
            super::super::providers::ALL.into_iter().find(|(known, _)| *known == name).unwrap();
        Plan::draw(provider, Size { users: 60, groups: 20 }, "tag", seed)
    }

    #[test]
    fn a_seed_is_a_day_and_another_seed_another() {
        let told = |plan: &Plan| format!("{:?} {:?}", plan.stages, plan.directory);
        assert_eq!(told(&day("entra", 1)), told(&day("entra", 1)));
        assert_ne!(told(&day("entra", 1)), told(&day("entra", 2)));
    }

    #[test]
    fn a_day_has_everything_that_a_provider_does() {
        let stages = |name: &str| day(name, 3).stages.iter().map(|stage| stage.name).collect::<Vec<_>>();
        let whole = [
            "connection test",
            "initial sync of users",
            "references",
            "initial sync of groups",
            "import",
            "joiners",
            "movers",
            "memberships",
            "renames and group push",
            "leavers",
            "retries and redundant calls",
            "returners",
            "deletions",
            "hired again",
            "groups emptied and removed",
        ];
        assert_eq!(stages("entra"), whole);
        assert!(!stages("okta").contains(&"deletions"), "it never deletes people");
        assert!(!stages("google").contains(&"memberships"), "it has no groups");
        let smallest = Plan::draw(super::super::providers::ALL[1].1, Size { users: 1, groups: 0 }, "tag", 1);
        assert!(smallest.n_tasks() > 3);
    }
}
