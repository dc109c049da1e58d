//! Operations on elements that are rows: what to add and what to take away.

use super::{Action, Operation, Target, selects};
use crate::scim::{
    ErrorKind, Quirk, Quirks, Result,
    filter::{Operand, Predicate},
    path::Located,
    validate::immutable,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Whom another name than an id stands for: the id of whoever comes by it, and of whoever leaves by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Who comes.
    pub comes: String,
    /// Who leaves.
    pub leaves: String,
}

/// What elements that are kept as rows there are, and what else they are called.
#[derive(Debug, Clone, Default)]
pub struct Rows<'r> {
    /// Those before the patch; only needed when [`super::Patch::needs_rows`].
    pub elements: &'r [Value],
    /// Whom other names stand for.
    pub names: HashMap<String, Named>,
}

/// The net effect of a PATCH on a group's members. Applying it twice is applying it once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MemberChanges {
    /// Whether everybody leaves who is not among the added.
    pub cleared: bool,
    added: BTreeMap<String, (usize, Value)>,
    removed: BTreeSet<String>,
    /// How many were named so far: their order.
    named: usize,
    /// Whom other names stand for.
    names: HashMap<String, Named>,
}

impl MemberChanges {
    /// No change yet, of members who may be called by these names.
    pub fn of(names: HashMap<String, Named>) -> Self {
        Self { names, ..Self::default() }
    }

    /// Everybody leaves, these come: a replace.
    pub fn replace(&mut self, members: &[Value]) {
        *self = Self { cleared: true, names: std::mem::take(&mut self.names), ..Self::default() };
        self.add_all(members);
    }

    /// Who comes, in the order they were named; objects with at least a `value`.
    pub fn added(&self) -> Vec<&Value> {
        let mut added: Vec<_> = self.added.values().collect();
        added.sort_by_key(|(order, _)| *order);
        added.into_iter().map(|(_, member)| member).collect()
    }

    /// The ids of those who leave; meaningful when `cleared` is false.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        self.removed.iter().map(String::as_str)
    }

    /// Applies one operation whose target is the rows' attribute. `rows` are the rows before the patch;
    /// they are only looked at where [`super::Patch::needs_rows`] says so.
    pub(super) fn apply(&mut self, operation: &Operation, rows: &[Value], quirks: &mut Quirks) -> Result<()> {
        match (&operation.target, &operation.action) {
            (Target::Attribute(path), _) if path.sub_attribute.is_some() => return Err(fixed(path)),
            (
                Target::Elements { .. },
                Action::Remove | Action::RemoveValues(_) | Action::Replace(Value::Null),
            ) => {
                return self.remove_selected(&operation.target, rows);
            }
            (Target::Elements { .. }, Action::Add(value) | Action::Replace(value)) => {
                return self.put_described(operation, value, rows, quirks);
            }
            (_, Action::Add(value)) => self.add_all(value.as_array().map_or(&[], Vec::as_slice)),
            (_, Action::Replace(value)) => {
                self.replace(value.as_array().map_or(&[], Vec::as_slice));
            }
            (_, Action::Remove) => self.replace(&[]),
            (_, Action::RemoveValues(members)) => {
                members.iter().filter_map(id_of).for_each(|id| self.remove(id));
            }
        }
        Ok(())
    }

    fn remove_selected(&mut self, target: &Target, rows: &[Value]) -> Result<()> {
        let Target::Elements { attribute, filter, part, .. } = target else { return Ok(()) };
        if let Some(part) = part {
            return Err(fixed(&attribute.part(part)));
        }
        let selected: Vec<String> = match named_id(filter) {
            Some(id) => vec![id.to_owned()],
            // of those just named only the ids are known
            None if !self.added.is_empty() => {
                let detail =
                    format!("{attribute} added by the same request can only be selected by their value");
                return Err(ErrorKind::InvalidValue.because(detail));
            }
            None => self.selected(filter, rows),
        };
        selected.iter().for_each(|id| self.remove(id));
        Ok(())
    }

    /// An element's parts are immutable: a filter that names a member by its id can let it in, or name what
    /// it has already, but never change it.
    fn put_described(
        &mut self,
        operation: &Operation,
        value: &Value,
        rows: &[Value],
        quirks: &mut Quirks,
    ) -> Result<()> {
        let Target::Elements { attribute, filter, part, template, .. } = &operation.target else {
            return Ok(());
        };
        let is_replace = matches!(operation.action, Action::Replace(_));
        let path = Located { sub_attribute: *part, ..*attribute };
        let (Some(named), Some(template)) = (named_id(filter), template) else { return Err(fixed(&path)) };
        let said = match part {
            None => id_of(value),
            Some(part) if part.name == "value" && is_replace => value.as_str(),
            Some(_) => return Err(fixed(&path)),
        };
        if said.is_some_and(|id| id != named) {
            return Err(immutable(&path.to_string()));
        }
        let is_member = !is_replace || !self.selected(filter, rows).is_empty();
        if !is_member && !quirks.allow(Quirk::ReplaceCreates) {
            return Err(ErrorKind::NoTarget.because(format!("{attribute}: no value matches the path")));
        }
        self.add(named, Value::Object(template.clone()));
        Ok(())
    }

    /// The ids of the members there are at this point and that the filter selects.
    fn selected(&self, filter: &Predicate, rows: &[Value]) -> Vec<String> {
        let stays = |id: &str| !self.cleared && !self.removed.contains(id);
        let before = rows.iter().filter(|row| id_of(row).is_some_and(stays));
        let added = self.added.values().map(|(_, member)| member);
        before.chain(added).filter(|row| selects(filter, row)).filter_map(id_of).map(str::to_owned).collect()
    }

    fn add_all(&mut self, members: &[Value]) {
        for member in members {
            if let Some(id) = id_of(member) {
                self.add(id, member.clone());
            }
        }
    }

    fn add(&mut self, name: &str, mut member: Value) {
        let id = self.names.get(name).map_or(name, |named| named.comes.as_str()).to_owned();
        if let (true, Some(value)) = (id != name, member.get_mut("value")) {
            *value = Value::from(id.as_str());
        }
        self.removed.remove(&id);
        self.named += 1;
        self.added.entry(id).or_insert((self.named, member));
    }

    fn remove(&mut self, name: &str) {
        let id = self.names.get(name).map_or(name, |named| named.leaves.as_str()).to_owned();
        self.added.remove(&id);
        if !self.cleared {
            self.removed.insert(id);
        }
    }
}

/// The id a filter names when it is `value eq "id"` and nothing else.
pub(super) fn named_id(filter: &Predicate) -> Option<&str> {
    match filter.equalities()?.as_slice() {
        [(path, Operand::Exact(id))] if path.leaf().name == "value" => Some(id),
        _ => None,
    }
}

pub(super) fn id_of(member: &Value) -> Option<&str> {
    member.get("value").and_then(Value::as_str)
}

fn fixed(path: &Located) -> crate::scim::Error {
    ErrorKind::Mutability.because(format!("{path} cannot change; add or remove the element instead"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_net_effect_follows_the_order_of_operations() {
        let mut changes = MemberChanges::default();

        changes.add_all(&[json!({"value": "a"}), json!({"value": "b"})]);
        changes.remove("a");
        changes.remove("c");
        changes.add("c", json!({"value": "c"}));

        let added: Vec<_> = changes.added().into_iter().filter_map(id_of).collect();
        assert_eq!(added, ["b", "c"]);
        assert_eq!(changes.removed().collect::<Vec<_>>(), ["a"]);
        assert!(!changes.cleared);
    }

    #[test]
    fn the_last_operation_counts_whatever_a_member_is_called_in_it() {
        let ada = Named { comes: "a".to_owned(), leaves: "a".to_owned() };
        let names = HashMap::from([("ada@x".to_owned(), ada.clone()), ("ada@y".to_owned(), ada)]);
        let mut changes = MemberChanges::of(names);

        changes.remove("ada@x");
        changes.add("a", json!({"value": "a"}));
        changes.remove("a");
        changes.add("ada@y", json!({"value": "ada@y"}));

        assert_eq!(changes.added(), [&json!({"value": "a"})]);
        assert_eq!(changes.removed().count(), 0);
    }

    #[test]
    fn a_replace_forgets_what_came_before() {
        let mut changes = MemberChanges::default();
        changes.remove("a");

        changes.replace(&[json!({"value": "b"})]);

        assert!(changes.cleared);
        assert_eq!(changes.removed().count(), 0);
    }
}
