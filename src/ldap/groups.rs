//! The groups that hold a person, and which of them let in.

use super::{
    Directory, Failure,
    link::{Entry, Link, Search},
    name,
};
use ldap3::{Scope, ldap_escape};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashSet;

/// How many groups are kept.
const MOST: usize = 1_000;
/// How far groups within groups are followed.
const DEEPEST: usize = 10;
/// How many groups one search asks for the groups of.
const AT_ONCE: usize = 50;

/// A group that holds a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The name of its entry, where that is known.
    pub dn: Option<String>,
    /// Its `cn`; what the person's entry calls it where there is none.
    pub name: String,
}

/// Whether one of the groups is among those that are allowed, by its distinguished name or by its own.
pub(super) fn let_in(allowed: &[String], groups: &[Group]) -> bool {
    let dns: HashSet<_> = groups.iter().filter_map(|group| name::key(group.dn.as_deref()?)).collect();
    let names: HashSet<_> = groups.iter().map(|group| group.name.to_lowercase()).collect();
    let is_theirs = |allowed: &String| match name::key(allowed) {
        Some(dn) => dns.contains(&dn),
        None => names.contains(&allowed.to_lowercase()),
    };
    allowed.is_empty() || allowed.iter().any(is_theirs)
}

/// The groups of a person: those that their entry names, those that name them, and the groups of these.
pub(super) async fn of(
    directory: &Directory,
    link: &mut Link,
    entry: &Entry,
    username: &str,
) -> Result<Vec<Group>, Failure> {
    let mut groups = Groups::default();
    let mut numbers = Vec::new();
    for value in entry.texts(&directory.attributes.group).take(MOST) {
        match name::first(value) {
            Some(first) => {
                let name = name_of(link, value, first).await?;
                groups.add(Group { dn: Some(value.to_owned()), name });
            }
            None if is_number(value) && directory.group_base_dn.is_some() => numbers.push(value),
            None => groups.add(Group { dn: None, name: value.to_owned() }),
        }
    }
    if let Some(base) = &directory.group_base_dn {
        let numbered: String = numbers.iter().map(|number| numbered(number)).collect();
        let member = format!("{}(memberUid={})", holding(entry.dn()), ldap_escape(username));
        let found = link.search(search("groupBaseDn", base, &format!("(|{member}{numbered})"))).await?;
        numbers
            .retain(|number| !found.iter().any(|group| group.texts("gidNumber").any(|own| own == *number)));
        found.iter().for_each(|group| groups.add(named(group)));
        numbers.into_iter().for_each(|number| groups.add(Group { dn: None, name: number.to_owned() }));
    }
    if directory.nested_groups {
        groups.climb(directory, link).await?;
    }
    Ok(groups.list)
}

/// Groups, each once.
#[derive(Default)]
struct Groups {
    list: Vec<Group>,
    seen: HashSet<Vec<(String, String)>>,
}

impl Groups {
    fn add(&mut self, group: Group) {
        let own = || vec![(String::new(), group.name.to_lowercase())];
        let key = group.dn.as_deref().and_then(name::key).unwrap_or_else(own);
        if self.list.len() < MOST && self.seen.insert(key) {
            self.list.push(group);
        }
    }

    /// Adds the groups that hold these, and so on. Whoever goes in circles meets only groups that were seen.
    async fn climb(&mut self, directory: &Directory, link: &mut Link) -> Result<(), Failure> {
        let (field, base) = match &directory.group_base_dn {
            Some(base) => ("groupBaseDn", base),
            None => ("baseDn", &directory.base_dn),
        };
        let mut known = 0;
        for _ in 0..DEEPEST {
            let new: Vec<String> =
                self.list.iter().skip(known).filter_map(|group| group.dn.clone()).collect();
            known = self.list.len();
            for some in new.chunks(AT_ONCE) {
                let members: String = some.iter().map(|dn| holding(dn)).collect();
                let found = link.search(search(field, base, &format!("(|{members})"))).await?;
                found.iter().for_each(|group| self.add(named(group)));
            }
            if self.list.len() == known {
                break;
            }
        }
        Ok(())
    }
}

fn search<'s>(field: &'static str, base: &'s str, filter: &'s str) -> Search<'s> {
    Search { field, base, scope: Scope::Subtree, filter, attributes: vec!["cn", "gidNumber"], most: MOST }
}

/// What the groups have that hold an entry (RFC 4519 §2.17, §2.40).
fn holding(dn: &str) -> String {
    let dn = ldap_escape(dn);
    format!("(member={dn})(uniqueMember={dn})")
}

/// What the group of a number has (RFC 2307 §4); people have such numbers, too.
fn numbered(number: &str) -> String {
    format!("(&(gidNumber={number})(|(objectClass=posixGroup)(objectClass=group)))")
}

fn is_number(value: &str) -> bool {
    (1..=10).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// A group by its entry.
fn named(entry: &Entry) -> Group {
    let name = match name::first(entry.dn()) {
        Some((attribute, name)) if is_cn(attribute) => Some(name),
        first => entry.first("cn").or(first.map(|(_, value)| value)),
    };
    Group { dn: Some(entry.dn().to_owned()), name: name.unwrap_or_else(|| entry.dn().to_owned()) }
}

/// The name of a group whose distinguished name somebody's entry holds. It is asked for only where that does not tell.
async fn name_of(link: &mut Link, dn: &str, first: (&str, String)) -> Result<String, Failure> {
    let (attribute, value) = first;
    if is_cn(attribute) {
        return Ok(value);
    }
    let scope = Scope::Base;
    match link.search(Search { scope, ..search("attributes.group", dn, "(objectClass=*)") }).await {
        Ok(found) => Ok(found.first().and_then(|group| group.first("cn")).unwrap_or(value)),
        // it may be in another directory, or not be ours to see
        Err(Failure::Wrong(_)) => Ok(value),
        Err(failure) => Err(failure),
    }
}

fn is_cn(attribute: &str) -> bool {
    ["cn", "2.5.4.3", "commonName"].iter().any(|name| name.eq_ignore_ascii_case(attribute))
}
