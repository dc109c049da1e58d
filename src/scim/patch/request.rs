//! Body → operations.

use super::{Action, Operation, Patch, Target, target};
use crate::scim::{
    Error, ErrorKind, Quirk, Quirks, Result, json,
    path::Located,
    read,
    schema::{Attribute, Mutability, ResourceType},
    spelling, text, urn,
};
use serde_json::{Map, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
}

/// The most operations of one request.
const MAX_OPERATIONS: usize = 10_000;
/// The most operations of one request that must look at every row of a group's members.
const MAX_ROW_OPERATIONS: usize = 100;

impl Patch {
    /// Reads a PATCH body and binds every operation. Nothing is known of the resource yet, so what
    /// depends on its state is left to [`super::apply()`].
    pub fn read(
        resource_type: &'static ResourceType,
        body: Map<String, Value>,
        quirks: &mut Quirks,
    ) -> Result<Self> {
        read::refuse_twins(&body)?;
        let mut sent = None;
        let mut is_patch = false;
        for (key, value) in body {
            if key.eq_ignore_ascii_case("Operations") {
                sent = Some(value);
            } else if key.eq_ignore_ascii_case("schemas") {
                is_patch = value.as_array().is_some_and(|urns| urns.iter().any(is_patch_op));
            }
        }
        if !is_patch && !quirks.allow(Quirk::LooseSchemas) {
            return Err(syntax(format!("schemas must name {}", urn::PATCH_OP)));
        }
        let Some(Value::Array(sent)) = sent else {
            return Err(syntax("Operations must be a list of operations".to_owned()));
        };
        if sent.is_empty() {
            return Err(syntax("Operations must hold at least one operation".to_owned()));
        }
        read::check_length(sent.len(), MAX_OPERATIONS, "Operations")?;
        let mut operations = Vec::new();
        let mut reader = Reader { resource_type, quirks };
        for (n, operation) in sent.into_iter().enumerate() {
            reader.operation(operation, &mut operations).map_err(|error| Error {
                detail: format!("operation {}: {}", n + 1, error.detail).into(),
                ..error
            })?;
        }
        let on_rows = operations.iter().filter(|operation| operation.needs_rows(resource_type)).count();
        read::check_length(on_rows, MAX_ROW_OPERATIONS, "the operations that select members by their parts")?;
        Ok(Self { operations })
    }
}

struct Reader<'q> {
    resource_type: &'static ResourceType,
    quirks: &'q mut Quirks,
}

impl Reader<'_> {
    fn operation(&mut self, operation: Value, found: &mut Vec<Operation>) -> Result<()> {
        let Value::Object(members) = operation else {
            return Err(syntax(format!("expected an object, found {}", json::type_name(&operation))));
        };
        read::refuse_twins(&members)?;
        let (mut op, mut path, mut value) = (None, None, None);
        for (key, member) in members {
            match key.to_ascii_lowercase().as_str() {
                "op" => op = Some(read_op(&member)?),
                "path" => path = read_path(member)?,
                "value" => value = Some(member),
                // ignored in every profile: RFC 7644 leaves extra members open
                _ => {
                    self.quirks.allow(Quirk::ExtraOperationKeys);
                }
            }
        }
        let op = op.ok_or_else(|| syntax("op must be `add`, `replace` or `remove`".to_owned()))?;
        match (path, op) {
            (Some(path), _) if spelling::is_foreign_role(self.resource_type, &path, self.quirks) => Ok(()),
            (Some(path), Op::Remove) => self.remove(&path, value.unwrap_or_default(), found),
            (Some(path), _) => {
                let target = target::parse(&path, self.resource_type, self.quirks)?;
                let value = value.ok_or_else(|| invalid("an add or replace needs a value".to_owned()))?;
                self.assign(op, target, value, found)
            }
            //
            (None, _) if self.quirks.is_interop() => Err(syntax("an operation needs a path".to_owned())),
            (None, Op::Remove) => Err(ErrorKind::NoTarget.because("a remove needs a path")),
            (None, _) => match value {
                Some(Value::Object(members)) => self.pathless(op, members, found),
                _ => Err(invalid("without a path the value must be an object of attributes".to_owned())),
            },
        }
    }

    /// Every key of the value is a path of its own.
    fn pathless(&mut self, op: Op, members: Map<String, Value>, found: &mut Vec<Operation>) -> Result<()> {
        read::refuse_twins(&members)?;
        spelling::check(self.resource_type, &members, self.quirks)?;
        for (key, value) in members {
            let before = found.len();
            match target::parse(&key, self.resource_type, self.quirks) {
                // a key is an attribute's name to the letter; a path only where that is tolerated
                Ok(target) if !is_name(&target) && !self.quirks.allow(Quirk::PathKeys) => {
                    read::unknown(&key, self.quirks)?;
                }
                Ok(target) => self.assign(op, target, value, found)?,
                // what no schema knows is as in a POST
                Err(error) if error.kind == ErrorKind::InvalidPath => read::unknown(&key, self.quirks)?,
                Err(error) => return Err(error),
            }
            for operation in found.iter_mut().skip(before) {
                operation.pathless = true;
            }
        }
        Ok(())
    }

    fn assign(&mut self, op: Op, target: Target, value: Value, found: &mut Vec<Operation>) -> Result<()> {
        if op == Op::Add && value.is_null() {
            // nothing to add
            return if self.quirks.allow(Quirk::AddNull) {
                Ok(())
            } else {
                Err(invalid("an add needs a value, found null".to_owned()))
            };
        }
        let value = self.read_value(&target, value)?;
        let (target, value) = via_reference(target, value);
        let action = match op {
            // an empty list or object adds nothing; an empty text unassigns
            Op::Add if value.is_null() && !target.is_simple() => return Ok(()),
            Op::Add => Action::Add(value),
            _ => Action::Replace(value),
        };
        found.push(Operation { target, action, pathless: false });
        Ok(())
    }

    fn read_value(&mut self, target: &Target, value: Value) -> Result<Value> {
        match target {
            Target::Extension(schema) => read::read_extension(schema, value, self.quirks),
            Target::Attribute(path) if path.is_read_only() => Ok(value),
            Target::Attribute(path) if path.attribute.name == "schemas" => self.read_schemas(path, value),
            Target::Attribute(path) => self.read_assigned(path.leaf(), value, &path.to_string()),
            Target::Elements { attribute, part: Some(part), .. } => {
                read::read_attribute(part, value, &format!("{attribute}.{}", part.name), self.quirks)
            }
            Target::Elements { attribute, part: None, .. } => match value {
                Value::Array(mut items) if items.len() == 1 && self.quirks.allow(Quirk::ListForValue) => {
                    self.read_value(target, items.pop().unwrap_or_default())
                }
                value => read::read_element(attribute.attribute, value, &attribute.to_string(), self.quirks),
            },
        }
    }

    /// only URNs that a resource of this type may name.
    fn read_schemas(&mut self, path: &Located, value: Value) -> Result<Value> {
        let value = self.read_assigned(path.leaf(), value, "schemas")?;
        let urns: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        match read::foreign_urn(self.resource_type, &urns) {
            Some(foreign) if !self.quirks.allow(Quirk::LooseSchemas) => Err(invalid(format!(
                "schemas names {foreign}, which a {} does not have",
                self.resource_type.name
            ))),
            _ => Ok(value),
        }
    }

    /// A list may be given by its only element.
    fn read_assigned(&mut self, attribute: &Attribute, value: Value, path: &str) -> Result<Value> {
        match value {
            Value::Array(_) | Value::Null => read::read_attribute(attribute, value, path, self.quirks),
            one if attribute.multi_valued => read::read_elements(attribute, vec![one], path, self.quirks),
            one => read::read_attribute(attribute, one, path, self.quirks),
        }
    }

    fn remove(&mut self, path: &str, value: Value, found: &mut Vec<Operation>) -> Result<()> {
        let target = target::parse(path, self.resource_type, self.quirks)?;
        let action = match &target {
            _ if value.is_null() => Action::Remove,
            // with a value only what it names goes, or the request is refused; never everything
            Target::Attribute(path) if path.leaf().multi_valued => {
                if !self.quirks.allow(Quirk::RemoveByValue) {
                    return Err(invalid(format!(
                        "{path}: a remove takes no value; select elements in the path"
                    )));
                }
                let values = self.read_assigned(path.leaf(), unwrap_named(path, value), &path.to_string())?;
                Action::RemoveValues(values.as_array().cloned().unwrap_or_default())
            }
            Target::Attribute(path) if path.attribute.multi_valued => {
                return Err(invalid(format!("{path}: a remove takes no value; select elements in the path")));
            }
            Target::Extension(schema) => {
                return Err(invalid(format!(
                    "{}: a remove takes no value; name the attributes in paths",
                    schema.id
                )));
            }
            _ => Action::Remove,
        };
        found.push(Operation { target, action, pathless: false });
        Ok(())
    }
}

/// A reference's address is derived from its `value`; who sets the one means the other.
fn via_reference(target: Target, value: Value) -> (Target, Value) {
    if let Target::Elements { attribute, part: Some(part), filter, template, fixed } = &target
        && part.name == "$ref"
        && part.is_resource_reference()
        && part.mutability == Mutability::ReadWrite
        && let Some(whole) = attribute.attribute.sub_attribute("value")
        && let Some(id) = value.as_str().and_then(text::referenced_id)
    {
        let (filter, template, fixed) = (filter.clone(), template.clone(), fixed.clone());
        let target = Target::Elements { attribute: *attribute, part: Some(whole), filter, template, fixed };
        return (target, Value::from(id));
    }
    let Target::Attribute(path) = &target else { return (target, value) };
    let whole = path.attribute.sub_attribute("value");
    match (path.sub_attribute, whole, value.as_str().and_then(text::referenced_id)) {
        (Some(part), Some(whole), Some(id)) if part.name == "$ref" && part.is_resource_reference() => {
            let id = Value::from(id);
            (Target::Attribute(path.part(whole)), id)
        }
        _ => (target, value),
    }
}

/// Whether the target is an attribute or extension as a whole.
fn is_name(target: &Target) -> bool {
    match target {
        Target::Extension(_) => true,
        Target::Attribute(path) => path.sub_attribute.is_none(),
        Target::Elements { .. } => false,
    }
}

/// `{"members": [ … ]}` as the value of a remove whose path is `members`.
fn unwrap_named(path: &Located, value: Value) -> Value {
    match value {
        Value::Object(mut members) if members.contains_key(path.attribute.name) => {
            members.remove(path.attribute.name).unwrap_or_default()
        }
        other => other,
    }
}

fn read_op(value: &Value) -> Result<Op> {
    match value.as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("add") => Ok(Op::Add),
        Some("replace") => Ok(Op::Replace),
        Some("remove") => Ok(Op::Remove),
        _ => Err(syntax("op must be `add`, `replace` or `remove`".to_owned())),
    }
}

fn read_path(value: Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(path) => Ok(Some(path).filter(|path| !path.is_empty())),
        other => Err(syntax(format!("path must be a string, found {}", json::type_name(&other)))),
    }
}

fn is_patch_op(urn: &Value) -> bool {
    urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(urn::PATCH_OP))
}

fn syntax(detail: String) -> Error {
    ErrorKind::InvalidSyntax.because(detail)
}

fn invalid(detail: String) -> Error {
    ErrorKind::InvalidValue.because(detail)
}
