//! Resource + patch → resource.

use super::{Action, MemberChanges, Operation, Patch, Rows, Target, edit, selects};
use crate::scim::{
    Error, ErrorKind, Quirk, Quirks, Resource, Result,
    path::Located,
    schema::{Attribute, Mutability, ResourceType, Returned, Schema},
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

/// The most comparisons of elements that one request may ask for. Operations are applied while others wait.
const MAX_COMPARISONS: usize = 500_000;

/// Applies the operations in order, each to what the one before left; all of them or none.
///
/// `before` holds the derived attributes too, since an operation may repeat them; `rows` are the elements
/// kept apart.
pub fn apply(
    resource_type: &'static ResourceType,
    before: &Resource,
    rows: Rows<'_>,
    patch: &Patch,
    quirks: &mut Quirks,
) -> Result<Outcome> {
    let Rows { elements, names } = rows;
    let mut outcome = Outcome { resource: before.clone(), members: MemberChanges::of(names) };
    let mut comparisons = 0;
    for (n, operation) in patch.operations.iter().enumerate() {
        comparisons += n_comparisons(&outcome.resource, &operation.target);
        if comparisons > MAX_COMPARISONS {
            let detail =
                format!("the operations compare more than {MAX_COMPARISONS} values; send fewer at a time");
            return Err(ErrorKind::InvalidValue.because(detail));
        }
        let mut step = Step { resource_type, outcome: &mut outcome, quirks };
        step.apply(operation, elements).map_err(|error| Error {
            detail: format!("operation {}: {}", n + 1, error.detail).into(),
            ..error
        })?;
        outcome.resource.tidy(operation.target.name());
    }
    validate::check(resource_type, Some(before), &mut outcome.resource, quirks)?;
    Ok(outcome)
}

/// How many comparisons it takes to find the elements an operation is about.
fn n_comparisons(resource: &Resource, target: &Target) -> usize {
    match target {
        Target::Elements { attribute, filter, .. } => {
            let elements = resource.attribute(attribute).and_then(Value::as_array).map_or(1, Vec::len);
            elements.saturating_mul(filter.size())
        }
        _ => 0,
    }
}

struct Step<'s> {
    resource_type: &'static ResourceType,
    outcome: &'s mut Outcome,
    quirks: &'s mut Quirks,
}

impl Step<'_> {
    fn apply(&mut self, operation: &Operation, rows: &[Value]) -> Result<()> {
        let Operation { target, action, .. } = operation;
        match target {
            Target::Attribute(path) | Target::Elements { attribute: path, .. }
                if self.resource_type.rows.is_some_and(|rows| path.is_of(rows)) =>
            {
                self.outcome.members.apply(operation, rows, self.quirks)
            }
            Target::Attribute(path) | Target::Elements { attribute: path, .. }
                if path.attribute.name == "schemas" =>
            {
                self.schemas(target, action)
            }
            Target::Extension(schema) => self.extension(schema, action),
            Target::Attribute(path) => self.attribute(*path, operation),
            Target::Elements { attribute, filter, part, template, fixed } => {
                let path = Located { sub_attribute: *part, ..*attribute };
                if path.is_read_only() {
                    return Err(read_only(&path));
                }
                let selection = Selection {
                    path,
                    selects: &|element| selects(filter, element),
                    template: template.as_ref(),
                    fixed,
                };
                self.elements(&selection, action)
            }
        }
    }

    /// an extension's attributes are assigned as if each were named. R-412: or all are cleared.
    fn extension(&mut self, schema: &'static Schema, action: &Action) -> Result<()> {
        let path = |attribute| Located { extension: Some(schema), attribute, sub_attribute: None };
        let (Action::Add(Value::Object(members)) | Action::Replace(Value::Object(members))) = action else {
            for attribute in schema.attributes.iter().filter(|it| it.mutability == Mutability::Immutable) {
                self.guard_immutable(&path(attribute), &Action::Remove)?;
            }
            self.outcome.resource.0.shift_remove(schema.id);
            return Ok(());
        };
        for (name, value) in members {
            let Some(attribute) = schema.attribute(name) else { continue };
            let action = match action {
                // an empty list adds nothing
                Action::Add(_) if value.is_null() && attribute.multi_valued => continue,
                Action::Add(_) => Action::Add(value.clone()),
                _ => Action::Replace(value.clone()),
            };
            let target = Target::Attribute(path(attribute));
            self.attribute(path(attribute), &Operation { target, action, pathless: true })?;
        }
        Ok(())
    }

    fn attribute(&mut self, path: Located, operation: &Operation) -> Result<()> {
        let action = &operation.action;
        if path.is_read_only() {
            return self.read_only(&path, operation);
        }
        self.guard_immutable(&path, action)?;
        if path.attribute.multi_valued && path.sub_attribute.is_some() {
            let every = Selection { path, selects: &|_| true, template: None, fixed: &[] };
            return self.elements(&every, action);
        }
        match action {
            Action::Add(Value::Null) | Action::Replace(Value::Null) | Action::Remove => self.unassign(&path),
            Action::RemoveValues(values) => {
                let slot = self.slot(&path);
                edit::remove_values(slot, path.leaf(), values);
                Ok(())
            }
            Action::Add(value) if path.leaf().multi_valued => {
                edit::append(self.slot(&path), path.attribute, value)
            }
            Action::Add(value) | Action::Replace(value) => {
                let is_whole = matches!(action, Action::Replace(_)) && self.quirks.is_interop();
                match (self.slot(&path), value) {
                    (slot, value) if is_whole => *slot = value.clone(),
                    // what the value does not name stays
                    (slot, Value::Object(members)) => edit::merge(slot, members),
                    (slot, value) => *slot = value.clone(),
                }
                Ok(())
            }
        }
    }

    /// only the value it has already may be named, and not by an add that names a path.
    fn read_only(&self, path: &Located, operation: &Operation) -> Result<()> {
        match &operation.action {
            Action::Replace(value) if self.has(path, value) => Ok(()),
            Action::Add(value) if operation.pathless && self.has(path, value) => Ok(()),
            _ => Err(read_only(path)),
        }
    }

    /// Whether the attribute or part already has this value; null and an empty list are none.
    fn has(&self, path: &Located, value: &Value) -> bool {
        let current = match path.sub_attribute {
            None => self.outcome.resource.attribute(path),
            Some(_) => self.outcome.resource.values(path).first().copied(),
        };
        match current {
            Some(current) => current == value,
            None => value.is_null() || value.as_array().is_some_and(Vec::is_empty),
        }
    }

    /// an immutable value is set once.
    fn guard_immutable(&self, path: &Located, action: &Action) -> Result<()> {
        if path.leaf().mutability != Mutability::Immutable {
            return Ok(());
        }
        match action {
            _ if self.outcome.resource.values(path).is_empty() => Ok(()),
            Action::Add(value) | Action::Replace(value) if self.has(path, value) => Ok(()),
            _ => Err(validate::immutable(&path.to_string())),
        }
    }

    /// Unassigns an attribute, where that is allowed.
    fn unassign(&mut self, path: &Located) -> Result<()> {
        if path.attribute.required && path.sub_attribute.is_none() {
            return Err(ErrorKind::Mutability.because(format!("{path} is required and cannot be removed")));
        }
        if path.extension.is_none() && path.attribute.returned == Returned::Never {
            return Err(ErrorKind::Mutability.because(format!("{path} cannot be removed")));
        }
        // least privilege: an account whose activity is unknown is not active
        *self.slot(path) = if path.is("active") { Value::Bool(false) } else { Value::Null };
        Ok(())
    }

    /// The place of an attribute or part; null when it is unassigned.
    fn slot(&mut self, path: &Located) -> &mut Value {
        edit::slot(&mut self.outcome.resource, path)
    }

    /// Operations on the elements a filter selects, or on a part of them.
    fn elements(&mut self, selection: &Selection<'_>, action: &Action) -> Result<()> {
        let path = selection.path;
        let whole = Located { sub_attribute: None, ..path };
        let elements = edit::elements_mut(self.slot(&whole));
        let is_chosen = |(_, element): &(usize, &mut Value)| (selection.selects)(element);
        let chosen: Vec<usize> = elements.iter_mut().enumerate().filter(is_chosen).map(|(n, _)| n).collect();
        if chosen.len() > 1 && self.quirks.is_interop() {
            let detail = format!("{whole} has {} matching values, expected one", chosen.len());
            return Err(ErrorKind::InvalidFilter.because(detail));
        }
        match action {
            Action::Add(value) | Action::Replace(value) if chosen.is_empty() => {
                self.create(selection, value, matches!(action, Action::Add(_)))
            }
            Action::Add(value) | Action::Replace(value) => {
                if chosen.len() > 1 && makes_primary(path.sub_attribute, value) {
                    let found = chosen.len();
                    let detail = format!("{whole} has {found} matching values, one alone can be primary");
                    return Err(ErrorKind::InvalidValue.because(detail));
                }
                let elements = edit::elements_mut(self.slot(&whole));
                for n in &chosen {
                    if let Some(element) = elements.get_mut(*n) {
                        selection.change(element, action, value);
                    }
                }
                if let (true, Some(last)) = (makes_primary(path.sub_attribute, value), chosen.last()) {
                    edit::prefer(elements, *last);
                }
                edit::unite(self.slot(&whole), whole.attribute);
                Ok(())
            }
            Action::Remove | Action::RemoveValues(_) => {
                edit::remove_elements(edit::elements_mut(self.slot(&whole)), &chosen, path.sub_attribute);
                edit::unite(self.slot(&whole), whole.attribute);
                Ok(())
            }
        }
    }

    /// Nothing matches: the element that the filter describes is made, or there is no target.
    fn create(&mut self, selection: &Selection<'_>, value: &Value, is_add: bool) -> Result<()> {
        let whole = Located { sub_attribute: None, ..selection.path };
        let nothing = || ErrorKind::NoTarget.because(format!("{whole}: no value matches the path"));
        // a single complex value that is another one does not give way
        let template = selection.template.filter(|_| whole.attribute.multi_valued).ok_or_else(nothing)?;
        if !is_add && !self.quirks.allow(Quirk::ReplaceCreates) {
            return Err(nothing());
        }
        if value.is_null() {
            return Ok(()); // what is not there is unassigned already
        }
        let element = described(template, selection.path.sub_attribute, value);
        edit::append(self.slot(&whole), whole.attribute, &Value::Array(vec![element]))
    }

    /// `schemas` follows from the attributes; the base stays, and taking an extension's URN away
    /// takes its attributes away.
    fn schemas(&mut self, target: &Target, action: &Action) -> Result<()> {
        let base = self.resource_type.schema.id;
        let is_base = |urn: &str| urn.eq_ignore_ascii_case(base);
        let removed: Vec<&str> = match (target, action) {
            (_, Action::Add(_)) => return Ok(()),
            (Target::Attribute(_), Action::Replace(Value::Array(urns)))
                if urns.iter().filter_map(Value::as_str).any(is_base) =>
            {
                return Ok(());
            }
            (Target::Elements { filter, .. }, Action::Remove) => {
                let urns = self.outcome.resource.schemas(self.resource_type);
                urns.into_iter().filter(|urn| selects(filter, &Value::from(*urn))).collect()
            }
            (Target::Attribute(_), Action::RemoveValues(urns)) => {
                urns.iter().filter_map(Value::as_str).collect()
            }
            _ => vec![base],
        };
        if removed.iter().any(|urn| is_base(urn)) {
            return Err(ErrorKind::Mutability.because(format!("schemas must keep {base}")));
        }
        for schema in removed.into_iter().filter_map(|urn| self.resource_type.extension(urn)) {
            self.outcome.resource.0.shift_remove(schema.id);
        }
        Ok(())
    }
}

/// Some elements of an attribute, or one part of them.
struct Selection<'s> {
    path: Located,
    selects: &'s dyn Fn(&Value) -> bool,
    template: Option<&'s Map<String, Value>>,
    fixed: &'s [&'static Attribute],
}

impl Selection<'_> {
    /// Makes one selected element, or its part, what an add or a replace says.
    fn change(&self, element: &mut Value, action: &Action, value: &Value) {
        match (self.path.sub_attribute, value, action) {
            (Some(part), value, _) => edit::set_part(element, part, value),
            (None, Value::Object(members), Action::Add(_)) => edit::merge(element, members),
            (None, Value::Object(members), _) => {
                // what the filter fixed stays as it was, unless the value says otherwise
                let mut replacement = Map::new();
                for part in self.fixed {
                    if let Some(kept) = element.get(part.name) {
                        replacement.insert(part.name.to_owned(), kept.clone());
                    }
                }
                replacement.extend(members.clone());
                *element = Value::Object(replacement);
            }
            (None, value, _) => *element = value.clone(),
        }
    }
}

/// The element an equality filter describes, with the value put in.
fn described(template: &Map<String, Value>, part: Option<&Attribute>, value: &Value) -> Value {
    let mut element = Value::Object(template.clone());
    match (part, value) {
        (Some(part), value) => edit::set_part(&mut element, part, value),
        (None, Value::Object(members)) => edit::merge(&mut element, members),
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

fn read_only(path: &Located) -> Error {
    ErrorKind::Mutability.because(format!("{path} is read-only"))
}
