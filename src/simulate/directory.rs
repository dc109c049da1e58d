//! What the provider's own directory holds: the model of what the server should hold.

use std::collections::BTreeSet;

/// What a provider knows of people and groups beside names, mail addresses and whether somebody is active.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Knows {
    pub(super) title: bool,
    pub(super) phone: bool,
    pub(super) department: bool,
    pub(super) manager: bool,
    /// Whether it assigns a role to some.
    pub(super) role: bool,
    /// Whether its groups have external ids.
    pub(super) group_ids: bool,
    /// Whether its user names are something else than mail addresses.
    pub(super) plain_names: bool,
    /// Whether some of its people are inactive from the start.
    pub(super) inactive: bool,
    /// Whether it counts on the groups that an answered user is in.
    pub(super) reads_groups: bool,
}

impl Knows {
    fn user_name(self, word: &str, number: usize, tag: &str) -> String {
        let joined_by = if self.plain_names { '.' } else { '@' };
        format!("{word}{number}{joined_by}{tag}.example")
    }
}

/// A person as the provider knows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Person {
    /// Its place in the directory.
    pub(super) number: usize,
    pub(super) user_name: String,
    pub(super) external_id: String,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) email: String,
    pub(super) title: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) department: Option<String>,
    pub(super) role: Option<String>,
    /// The number of the manager.
    pub(super) manager: Option<usize>,
    pub(super) active: bool,
}

impl Person {
    pub(super) fn display(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

/// A group as the provider knows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Its place in the directory.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) external_id: Option<String>,
    /// The numbers of its members.
    pub(super) members: BTreeSet<usize>,
}

/// Everybody and every group; None where somebody was and is no more, or is not yet.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// What everything of this run has in its name, so that it is told apart from what else the server holds.
    pub(super) tag: String,
    pub(super) people: Vec<Option<Person>>,
    pub(super) groups: Vec<Option<Group>>,
}

const GIVEN: [&str; 24] = [
    "Ada",
    "Grace",
    "Barbara",
    "Radia",
    "Frances",
    "Katherine",
    "Margaret",
    "Hedy",
    "Alan",
    "Edsger",
    "Donald",
    "Tony",
    "Niklaus",
    "Dennis",
    "Ken",
    "Bjarne",
    "José",
    "Søren",
    "Zoë",
    "Łukasz",
    "Ólafur",
    "Nguyễn",
    "Μαρία",
    "李",
];
const FAMILY: [&str; 24] = [
    "Lovelace",
    "Hopper",
    "Liskov",
    "Perlman",
    "Allen",
    "Johnson",
    "Hamilton",
    "Lamarr",
    "Turing",
    "Dijkstra",
    "Knuth",
    "Hoare",
    "Wirth",
    "Ritchie",
    "Thompson",
    "Stroustrup",
    "García",
    "Kierkegaard",
    "O'Brien",
    "van der Berg",
    "Müller",
    "D'Angelo",
    "Παπαδοπούλου",
    "娜",
];
const TITLES: [&str; 6] =
    ["Engineer", "Designer", "Head of \"Things\"", "R&D + Ops", "Ingénieure", "Analyst, Senior"];
const DEPARTMENTS: [&str; 5] = ["Research", "Sales & Marketing", "Finanzen/Controlling", "Support", "営業"];

impl Directory {
    /// An empty directory whose names all hold the tag.
    pub(super) fn new(tag: &str, people: usize, groups: usize) -> Directory {
        Directory { tag: tag.to_owned(), people: vec![None; people], groups: vec![None; groups] }
    }

    /// Somebody new at a place, whoever that may be.
    pub(super) fn join(&mut self, number: usize, knows: Knows, chance: &mut fastrand::Rng) -> Person {
        let mut pick = |from: &[&str]| chance.choice(from).copied().unwrap_or_default().to_owned();
        let (given, family) = (pick(&GIVEN), pick(&FAMILY));
        let (title, department) = (pick(&TITLES), pick(&DEPARTMENTS));
        let tag = &self.tag;
        let person = Person {
            number,
            user_name: knows.user_name("User", number, tag),
            external_id: format!("{tag}-u{number:06}"),
            given,
            family,
            email: format!("user.{number}+mail@{tag}.example"),
            title: (knows.title && chance.bool()).then_some(title),
            phone: (knows.phone && chance.bool()).then(|| format!("tel:+49-555-{number:06}")),
            department: (knows.department && chance.bool()).then_some(department),
            role: None,
            manager: None,
            active: !knows.inactive || chance.u8(..10) > 0,
        };
        if let Some(place) = self.people.get_mut(number) {
            *place = Some(person.clone());
        }
        person
    }

    /// Something about a person changes.
    pub(super) fn change(
        &mut self,
        number: usize,
        knows: Knows,
        chance: &mut fastrand::Rng,
    ) -> Option<(Person, Person)> {
        let tag = self.tag.clone();
        let person = self.people.get_mut(number)?.as_mut()?;
        let before = person.clone();
        let mut pick = |from: &[&str]| chance.choice(from).copied().unwrap_or_default().to_owned();
        let (family, title, department) = (pick(&FAMILY), pick(&TITLES), pick(&DEPARTMENTS));
        match chance.usize(..9) {
            0 => person.family = family,
            1 => person.email = format!("moved.{}@{tag}.example", person.number),
            2 if knows.title => person.title = chance.bool().then_some(title),
            3 if knows.department => person.department = chance.bool().then_some(department),
            4 if knows.phone => {
                person.phone = chance.bool().then(|| format!("tel:+1-555-{:06}", person.number))
            }
            5 if knows.role => person.role = chance.bool().then(|| format!("Role {}", person.number % 7)),
            6 if knows.manager && person.manager.is_some() => person.manager = None,
            7 if knows.role => person.role = Some("Reader".to_owned()),
            _ => person.user_name = knows.user_name("Renamed", person.number, &tag),
        }
        Some((before, person.clone()))
    }

    /// The numbers of those who are there, by a condition.
    pub(super) fn who(&self, is: impl Fn(&Person) -> bool) -> Vec<usize> {
        self.people.iter().flatten().filter(|person| is(person)).map(|person| person.number).collect()
    }

    /// A person is no more, in no group either.
    pub(super) fn remove(&mut self, number: usize) {
        if let Some(place) = self.people.get_mut(number) {
            *place = None;
        }
        self.groups.iter_mut().flatten().for_each(|group| {
            group.members.remove(&number);
        });
    }
}
