//! The PATCH oracle's members of a group, and the elements that filters describe.

use super::{
    attributes::{Attribute, Kind},
    filter::{Filter, Op, Operand},
    patch::{Facts, Step, Target, Verb},
    patch_values::{Answer, cast, refuse},
    population::{Population, spelled},
};
use serde_json::{Map, Value, json};

/// The terms of a filter that are joined by `and`.
fn terms(filter: &Filter) -> Vec<&Filter> {
    match filter {
        Filter::Group(inner) => terms(inner),
        Filter::And(parts, _) => parts.iter().flat_map(flat).collect(),
        one => vec![one],
    }
}

/// A term, or the terms of one that stands there without parentheses.
fn flat(part: &Filter) -> Vec<&Filter> {
    match part {
        Filter::And(parts, _) => parts.iter().flat_map(flat).collect(),
        one => vec![ungrouped(one)],
    }
}

fn ungrouped(filter: &Filter) -> &Filter {
    match filter {
        Filter::Group(inner) => ungrouped(inner),
        other => other,
    }
}

fn equality(term: &Filter) -> Option<(&'static Attribute, &Operand)> {
    match term {
        Filter::Compare(place, Op::Eq, operand, _) => Some((place.part?, operand)),
        _ => None,
    }
}

/// The element that a filter of nothing but equalities describes.
pub(super) fn template(filter: &Filter, forgiving: bool, people: &Population) -> Option<Map<String, Value>> {
    let mut found = Map::new();
    for term in terms(filter) {
        let (part, operand) = equality(term)?;
        if let (Kind::DateTime, Operand::Instant(at, _)) = (part.kind, operand) {
            found.insert(part.name.to_owned(), json!(spelled(*at, 0)));
            continue;
        }
        let value = match operand {
            Operand::Null => return None,
            Operand::Boolean(value) => json!(value),
            Operand::Number(number) if part.kind == Kind::Number => serde_json::from_str(number).ok()?,
            other => json!(people.text(other)),
        };
        found.insert(part.name.to_owned(), cast(part, &value, forgiving).ok()?);
    }
    Some(found)
}

/// The parts that equalities of the filter fix.
pub(super) fn fixed(filter: &Filter) -> Vec<&'static str> {
    terms(filter).into_iter().filter_map(|term| Some(equality(term)?.0.name)).collect()
}

/// The members of a group: ids, and what was said of those who came.
pub(super) struct Members {
    before: Vec<Value>,
    ids: Vec<String>,
    came: Vec<(String, Value)>,
}

impl Members {
    pub(super) fn of(members: Option<&Value>) -> Self {
        let before = members.and_then(Value::as_array).cloned().unwrap_or_default();
        let ids = before.iter().map(|it| it["value"].as_str().unwrap().to_owned()).collect();
        Self { before, ids, came: Vec::new() }
    }

    fn add(&mut self, element: &Value) {
        let id = element["value"].as_str().unwrap().to_owned();
        if !self.came.iter().any(|(it, _)| *it == id) {
            self.came.push((id.clone(), element.clone()));
        }
        if !self.ids.contains(&id) {
            self.ids.push(id);
        }
    }

    fn remove(&mut self, id: &str) {
        self.ids.retain(|it| it != id);
        self.came.retain(|(it, _)| it != id);
    }

    fn clear(&mut self) {
        self.ids.clear();
        self.came.clear();
    }

    pub(super) fn step(&mut self, step: &Step, facts: &Facts<'_>) -> Answer<()> {
        match &step.target {
            Target::Attribute(place) if place.part.is_some() => refuse("mutability"),
            Target::Attribute(_) => {
                match (&step.named, step.verb) {
                    (Some(named), _) => {
                        named.iter().for_each(|it| self.remove(it["value"].as_str().unwrap()));
                    }
                    (None, Verb::Add) => step.value.as_array().unwrap().iter().for_each(|it| self.add(it)),
                    (None, _) => {
                        self.clear();
                        step.value.as_array().into_iter().flatten().for_each(|it| self.add(it));
                    }
                }
                Ok(())
            }
            Target::Elements(_, filter, part, _) => self.selected(filter, *part, step, facts),
            _ => unreachable!("of members"),
        }
    }

    fn selected(
        &mut self,
        filter: &Filter,
        part: Option<&'static Attribute>,
        step: &Step,
        facts: &Facts<'_>,
    ) -> Answer<()> {
        let named = match equality(ungrouped(filter)) {
            Some((part, operand)) if part.name == "value" && *operand != Operand::Null => {
                Some(facts.people.text(operand))
            }
            _ => None,
        };
        if step.verb == Verb::Remove || step.verb == Verb::Replace && step.value.is_null() {
            if part.is_some() {
                return refuse("mutability");
            }
            if let Some(id) = named {
                self.remove(&id);
                return Ok(());
            }
            if !self.came.is_empty() {
                return refuse("invalidValue"); // of those who just came only the ids are known
            }
            let chosen = self.before.iter().filter(|it| filter.holds_for_element(it, facts.people));
            let chosen: Vec<String> = chosen.map(|it| it["value"].as_str().unwrap().to_owned()).collect();
            chosen.iter().for_each(|id| self.remove(id));
            return Ok(());
        }
        // what is said of a member never changes; who is named by id can be let in
        let Some(id) = named else { return refuse("mutability") };
        let said = match part {
            None => step.value["value"].as_str(),
            Some(part) if part.name == "value" && step.verb == Verb::Replace => step.value.as_str(),
            Some(_) => return refuse("mutability"),
        };
        if said.is_some_and(|said| said != id) {
            return refuse("mutability");
        }
        if step.verb == Verb::Replace && !self.ids.contains(&id) && !facts.forgiving {
            return refuse("noTarget");
        }
        self.add(&json!({"value": id}));
        Ok(())
    }

    /// The members as they are answered, in the order of their ids.
    pub(super) fn finish(&self, facts: &Facts<'_>, group: &Value) -> Answer<Value> {
        let known = |id: &str| {
            let is_it = |resource: &&Value| resource["id"] == id;
            let user = facts.people.users.iter().find(is_it).map(|it| ("User", it));
            user.or_else(|| facts.people.groups.iter().find(is_it).map(|it| ("Group", it)))
        };
        for (id, said) in &self.came {
            let claimed = said["type"].as_str();
            match known(id) {
                _ if group["id"] == id.as_str() => return refuse("invalidValue"),
                None if !facts.forgiving => return refuse("invalidValue"),
                Some((kind, _)) if claimed.is_some_and(|it| !it.eq_ignore_ascii_case(kind)) => {
                    return refuse("invalidValue");
                }
                _ => {}
            }
        }
        let mut ids = self.ids.clone();
        ids.sort();
        let shown = ids.iter().filter_map(|id| {
            let (kind, resource) = known(id)?;
            let address = format!("http://127.0.0.1/scim/v2/{kind}s/{id}");
            let mut member = json!({"value": id, "$ref": address, "type": kind});
            if let Some(name) = resource.get("displayName") {
                member["display"] = name.clone();
            }
            Some(member)
        });
        Ok(shown.collect())
    }
}
