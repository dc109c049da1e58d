//! Resource + patch → resource.

use super::{Action, MemberChanges, Operation, Patch, Target, change, selects};
use crate::scim::{
    Error, ErrorKind, Quirk, Quirks, Resource, Result,
    path::Located,
    schema::{Attribute, Mutability, ResourceType, Returned, Type},
    validate,
};
use serde_json::{Map, Value};

/// What a patch makes of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The resource afterwards.
    pub resource: Resource,
    /// What changes among the elements that are rows.
    pub members: MemberChanges,
}

/// Applies the operations in order, each to what the one before left; all of them or none.
///
/// `before` holds the derived attributes too, since an operation may repeat them; `rows` are the elements
/// kept apart, needed only when [`Patch::needs_rows`].
pub fn apply(
    resource_type: &'static ResourceType,
    before: &Resource,
    rows: &[Value],
    patch: &Patch,
    quirks: &mut Quirks,
) -> Result<Outcome> {
    let mut outcome = Outcome { resource: before.clone(), members: MemberChanges::default() };
    for (n, operation) in patch.operations.iter().enumerate() {
        let mut step = Step { resource_type, outcome: &mut outcome, quirks };
        step.apply(operation, rows).map_err(|error| Error {
            detail: format!("operation {}: {}", n + 1, error.detail).into(),
            ..error
        })?;
        outcome.resource.drop_unassigned();
    }
    validate::check(resource_type, &mut outcome.resource, quirks)?;
    Ok(outcome)
}

struct Step<'s> {
    resource_type: &'static ResourceType,
    outcome: &'s mut Outcome,
    quirks: &'s mut Quirks,
}

impl Step<'_> {
    fn apply(&mut self, operation: &Operation, rows: &[Value]) -> Result<()> {
        let Operation { target, action, pathless } = operation;
        match target {
            Target::Attribute(path) | Target::Elements { attribute: path, .. }
                if self.resource_type.rows.is_some_and(|rows| path.is_of(rows)) =>
            {
                self.outcome.members.apply(target, action, rows)
            }
            Target::Attribute(path) | Target::Elements { attribute: path, .. }
                if path.attribute.name == "schemas" =>
            {
                self.schemas(target, action)
            }
            Target::Extension(schema) => {
                self.extension(schema.id, action);
                Ok(())
            }
            Target::Attribute(path) => self.attribute(*path, action, *pathless),
            Target::Elements { attribute, filter, part, template } => {
                let path = Located { sub_attribute: *part, ..*attribute };
                guard_read_only(&path)?;
                let selected = |element: &Value| selects(filter, element);
                self.elements(path, &selected, template.as_ref(), action)
            }
        }
    }

    /// an extension is merged as if each attribute were named, or cleared.
    fn extension(&mut self, urn: &str, action: &Action) {
        match action {
            Action::Add(Value::Object(members)) | Action::Replace(Value::Object(members)) => {
                let container =
                    self.outcome.resource.0.entry(urn).or_insert_with(|| Value::Object(Map::new()));
                change::merge(container, members);
            }
            Action::Add(_) => {}
            _ => {
                self.outcome.resource.0.shift_remove(urn);
            }
        }
    }

    fn attribute(&mut self, path: Located, action: &Action, pathless: bool) -> Result<()> {
        if is_read_only(&path) {
            return self.read_only(&path, action, pathless);
        }
        self.guard_immutable(&path, action)?;
        let whole_list = path.attribute.multi_valued && path.sub_attribute.is_some();
        if whole_list {
            return self.elements(path, &|_| true, None, action);
        }
        match action {
            Action::Add(Value::Null) | Action::Replace(Value::Null) | Action::Remove => self.unassign(&path),
            Action::RemoveValues(values) => {
                let slot = self.slot(&path);
                change::remove_values(slot, path.leaf(), values);
                Ok(())
            }
            Action::Add(value) if path.leaf().multi_valued => {
                let slot = self.slot(&path);
                change::append(slot, value);
                Ok(())
            }
            Action::Add(value) | Action::Replace(value) => {
                match (self.slot(&path), value) {
                    // what the value does not name stays
                    (slot, Value::Object(members)) => change::merge(slot, members),
                    (slot, value) => *slot = value.clone(),
                }
                Ok(())
            }
        }
    }

    /// only the value it has already may be named, and not by an add that names a path.
    fn read_only(&self, path: &Located, action: &Action, pathless: bool) -> Result<()> {
        let current = self.outcome.resource.values(path);
        let same = |value: &Value| current == [value] || (value.is_null() && current.is_empty());
        match action {
            Action::Replace(value) if same(value) => Ok(()),
            Action::Add(value) if pathless && same(value) => Ok(()),
            _ => Err(read_only(path)),
        }
    }

    /// an immutable value is set once.
    fn guard_immutable(&self, path: &Located, action: &Action) -> Result<()> {
        if path.leaf().mutability != Mutability::Immutable {
            return Ok(());
        }
        let current = self.outcome.resource.values(path);
        match action {
            _ if current.is_empty() => Ok(()),
            Action::Add(value) | Action::Replace(value) if current == [value] => Ok(()),
            _ => Err(validate::immutable(&path.to_string())),
        }
    }

    /// Unassigns an attribute, where that is allowed.
    fn unassign(&mut self, path: &Located) -> Result<()> {
        if path.attribute.required && path.sub_attribute.is_none() {
            return Err(ErrorKind::Mutability.because(format!("{path} is required and cannot be removed")));
        }
        if path.attribute.returned == Returned::Never {
            return Err(ErrorKind::Mutability.because(format!("{path} cannot be removed")));
        }
        // least privilege: an account whose activity is unknown is not active
        *self.slot(path) = if path.is("active") { Value::Bool(false) } else { Value::Null };
        Ok(())
    }

    /// The place of an attribute or part; null when it is unassigned.
    fn slot(&mut self, path: &Located) -> &mut Value {
        change::slot(&mut self.outcome.resource, path)
    }

    /// Operations on the elements a filter selects, or on a part of them.
    fn elements(
        &mut self,
        path: Located,
        selected: &dyn Fn(&Value) -> bool,
        template: Option<&Map<String, Value>>,
        action: &Action,
    ) -> Result<()> {
        let whole = Located { sub_attribute: None, ..path };
        let elements = change::elements_mut(self.slot(&whole));
        let chosen: Vec<usize> =
            elements.iter().enumerate().filter(|(_, element)| selected(element)).map(|(n, _)| n).collect();
        let (Action::Add(value) | Action::Replace(value)) = action else {
            change::remove_elements(elements, &chosen, path.sub_attribute);
            return Ok(());
        };
        if chosen.is_empty() {
            let creates = matches!(action, Action::Add(_)) || self.quirks.allow(Quirk::ReplaceCreates);
            return match template {
                Some(template) if creates => {
                    let element = described(template, path.sub_attribute, value);
                    change::append(self.slot(&whole), &Value::Array(vec![element]));
                    Ok(())
                }
                _ => Err(ErrorKind::NoTarget.because(format!("{whole}: no value matches the path"))),
            };
        }
        if chosen.len() > 1 && makes_primary(path.sub_attribute, value) {
            let detail = format!("{whole} has {} matching values, one alone can be primary", chosen.len());
            return Err(ErrorKind::InvalidValue.because(detail));
        }
        let elements = change::elements_mut(self.slot(&whole));
        for n in &chosen {
            let Some(element) = elements.get_mut(*n) else { continue };
            match (path.sub_attribute, value, action) {
                (Some(part), value, _) => change::set_part(element, part, value),
                (None, Value::Object(members), Action::Add(_)) => change::merge(element, members),
                (None, Value::Object(members), _) => {
                    // what the filter fixed stays, unless the value says otherwise
                    let mut replacement = template.cloned().unwrap_or_default();
                    replacement.extend(members.clone());
                    *element = Value::Object(replacement);
                }
                (None, value, _) => *element = value.clone(),
            }
        }
        if let (true, Some(last)) = (makes_primary(path.sub_attribute, value), chosen.last()) {
            change::prefer(elements, *last);
        }
        Ok(())
    }

    /// `schemas` follows from the attributes; the base stays, and taking an extension's URN away
    /// takes its attributes away.
    fn schemas(&mut self, target: &Target, action: &Action) -> Result<()> {
        let base = self.resource_type.schema.id;
        let refuse = || Err(ErrorKind::Mutability.because(format!("schemas must keep {base}")));
        let names_base = |urns: &[Value]| urns.iter().any(|urn| Some(base) == urn.as_str());
        let removed: Vec<&str> = match (target, action) {
            (_, Action::Add(_)) => return Ok(()),
            (Target::Elements { filter, .. }, Action::Remove) => self
                .outcome
                .resource
                .schemas(self.resource_type)
                .into_iter()
                .filter(|urn| selects(filter, &Value::from(*urn)))
                .collect(),
            (Target::Attribute(_), Action::Replace(Value::Array(urns))) if names_base(urns) => return Ok(()),
            (Target::Attribute(_), Action::RemoveValues(urns)) => {
                urns.iter().filter_map(Value::as_str).collect()
            }
            _ => return refuse(),
        };
        if removed.contains(&base) {
            return refuse();
        }
        let removed: Vec<String> = removed.into_iter().map(str::to_owned).collect();
        for urn in removed {
            self.outcome.resource.0.shift_remove(&urn);
        }
        Ok(())
    }
}

/// The element an equality filter describes, with the value put in.
fn described(template: &Map<String, Value>, part: Option<&Attribute>, value: &Value) -> Value {
    let mut element = Value::Object(template.clone());
    match (part, value) {
        (Some(part), value) => change::set_part(&mut element, part, value),
        (None, Value::Object(members)) => change::merge(&mut element, members),
        (None, _) => {}
    }
    element
}

fn makes_primary(part: Option<&Attribute>, value: &Value) -> bool {
    match part {
        Some(part) => part.name == "primary" && *value == Value::Bool(true),
        None => value.get("primary") == Some(&Value::Bool(true)),
    }
}

fn is_read_only(path: &Located) -> bool {
    path.attribute.mutability == Mutability::ReadOnly
        || path.leaf().mutability == Mutability::ReadOnly && path.leaf().kind != Type::Complex
}

fn guard_read_only(path: &Located) -> Result<()> {
    if is_read_only(path) { Err(read_only(path)) } else { Ok(()) }
}

fn read_only(path: &Located) -> Error {
    ErrorKind::Mutability.because(format!("{path} is read-only"))
}
