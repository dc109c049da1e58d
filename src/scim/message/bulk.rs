//! The BulkRequest and its answer: RFC 7644 §3.7.

use crate::scim::{
    Error, ErrorKind, Quirk, Quirks, Result, json,
    schema::{ResourceType, Types},
    urn,
    version::Precondition,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashSet};

/// The most operations of one request, and the most bytes; advertised as they are enforced.
pub const MAX_OPERATIONS: usize = 1_000;
/// See [`MAX_OPERATIONS`].
pub const MAX_PAYLOAD: usize = 8 * 1024 * 1024;

/// How a text begins that stands for the id of what another operation creates.
const MARK: &str = "bulkId:";

/// A request of many operations.
#[derive(Debug, Clone)]
pub struct BulkRequest {
    /// After how many errors to stop.
    pub fail_on_errors: Option<usize>,
    /// The operations, in the order of the request.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The method as it was sent.
    pub method: String,
    /// The client's name for what a POST creates.
    pub bulk_id: Option<String>,
    /// What to do, or why it cannot be done.
    pub task: std::result::Result<Task, Fault>,
}

/// Why an operation cannot even be tried.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The protocol refuses it.
    Refused(Error),
    /// Nothing is served under its path.
    NoEndpoint,
}

/// What an operation does.
#[derive(Debug, Clone)]
pub struct Task {
    /// To which type of resource.
    pub resource_type: &'static ResourceType,
    /// The client's name for what it creates.
    pub bulk_id: Option<String>,
    /// How.
    pub action: Action,
}

/// What is done. Ids may be references to what other operations create, until they are resolved.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are HTTP's")]
pub enum Action {
    Create { data: Map<String, Value> },
    Replace { id: String, data: Map<String, Value>, precondition: Precondition },
    Patch { id: String, data: Map<String, Value>, precondition: Precondition },
    Remove { id: String, precondition: Precondition },
}

impl Action {
    /// The id of what is changed or removed.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Create { .. } => None,
            Self::Replace { id, .. } | Self::Patch { id, .. } | Self::Remove { id, .. } => Some(id),
        }
    }
}

/// How many operations a request has, before any of them is read.
pub fn n_operations(body: &Map<String, Value>) -> usize {
    let sent = body.iter().find(|(name, _)| name.eq_ignore_ascii_case("Operations"));
    sent.and_then(|(_, sent)| sent.as_array()).map_or(0, Vec::len)
}

impl BulkRequest {
    /// Reads a request. What is wrong with one operation is kept with that operation; what is wrong with the
    /// whole is refused.
    pub fn read(body: Map<String, Value>, types: &Types, quirks: &mut Quirks) -> Result<Self> {
        let mut members = Members(body);
        let is_bulk = |urns: &Value| {
            let named =
                |urn: &Value| urn.as_str().is_some_and(|urn| urn.eq_ignore_ascii_case(urn::BULK_REQUEST));
            urns.as_array().is_some_and(|urns| urns.iter().any(named))
        };
        if !members.take("schemas").is_some_and(|urns| is_bulk(&urns)) {
            return Err(ErrorKind::InvalidSyntax.because(format!("schemas must hold {}", urn::BULK_REQUEST)));
        }
        let fail_on_errors = match members.take("failOnErrors") {
            None | Some(Value::Null) => None,
            Some(value) => match value.as_u64().and_then(|n| usize::try_from(n).ok()) {
                Some(n @ 1..) => Some(n),
                _ => {
                    return Err(
                        ErrorKind::InvalidValue.because("failOnErrors must be a whole number from 1 on")
                    );
                }
            },
        };
        let Some(Value::Array(sent)) = members.take("Operations") else {
            return Err(ErrorKind::InvalidSyntax.because("Operations must be a list of operations"));
        };
        let mut names = HashSet::new();
        let operations =
            sent.into_iter().map(|operation| Operation::read(operation, &mut names, types, quirks)).collect();
        Ok(Self { fail_on_errors, operations })
    }
}

impl Operation {
    fn read(sent: Value, names: &mut HashSet<String>, types: &Types, quirks: &mut Quirks) -> Self {
        let Value::Object(sent) = sent else {
            let detail = format!("an operation must be an object, found {}", json::type_name(&sent));
            let task = Err(Fault::Refused(ErrorKind::InvalidSyntax.because(detail)));
            return Self { method: String::new(), bulk_id: None, task };
        };
        let mut members = Members(sent);
        let method = members.text("method").unwrap_or_default();
        let bulk_id = members.text("bulkId").filter(|id| !id.is_empty());
        let mut task = Task::read(&method, &mut members, types, quirks);
        if method.eq_ignore_ascii_case("POST") && task.is_ok() {
            task = match &bulk_id {
                None => Err(invalid(ErrorKind::InvalidValue, "a POST needs a bulkId")),
                Some(id) if names.contains(id) => {
                    Err(invalid(ErrorKind::InvalidValue, "another operation has this bulkId"))
                }
                Some(_) => task.map(|task| Task { bulk_id: bulk_id.clone(), ..task }),
            };
        }
        names.extend(bulk_id.clone());
        Self { method, bulk_id, task }
    }

    /// Whether the operation was to create something.
    pub fn is_post(&self) -> bool {
        self.method.eq_ignore_ascii_case("POST")
    }
}

fn invalid(kind: ErrorKind, detail: &'static str) -> Fault {
    Fault::Refused(kind.because(detail))
}

impl Task {
    fn read(
        method: &str,
        members: &mut Members,
        types: &Types,
        quirks: &mut Quirks,
    ) -> std::result::Result<Self, Fault> {
        let path = members.text("path").unwrap_or_default();
        let (resource_type, id) = place(&path, types, quirks)?;
        let version = match members.take("version") {
            None | Some(Value::Null) => None,
            Some(Value::String(version)) => Some(version),
            Some(_) => return Err(invalid(ErrorKind::InvalidValue, "version must be a text")),
        };
        let precondition = Precondition::parse(version.as_deref(), None);
        let mut data = || match members.take("data") {
            Some(Value::Object(data)) => Ok(data),
            _ => Err(invalid(ErrorKind::InvalidSyntax, "data must be an object")),
        };
        let action = match (method.to_ascii_uppercase().as_str(), id) {
            ("POST", None) => Action::Create { data: data()? },
            ("PUT", Some(id)) => Action::Replace { id, data: data()?, precondition },
            ("PATCH", Some(id)) => Action::Patch { id, data: data()?, precondition },
            ("DELETE", Some(id)) => Action::Remove { id, precondition },
            ("POST", Some(_)) => {
                return Err(invalid(ErrorKind::InvalidPath, "a POST goes to an endpoint, not to an id"));
            }
            ("PUT" | "PATCH" | "DELETE", None) => {
                return Err(invalid(ErrorKind::InvalidPath, "the path must name a resource"));
            }
            _ => return Err(invalid(ErrorKind::InvalidSyntax, "method must be POST, PUT, PATCH or DELETE")),
        };
        Ok(Self { resource_type, bulk_id: None, action })
    }

    /// The id in the operation's path.
    pub fn id(&self) -> Option<&str> {
        match &self.action {
            Action::Create { .. } => None,
            Action::Replace { id, .. } | Action::Patch { id, .. } | Action::Remove { id, .. } => Some(id),
        }
    }

    /// The `bulkId`s of other operations that this one refers to: where an id may stand, and nowhere else.
    pub fn references(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.clone().visit(&mut |name| {
            found.insert(name.to_owned());
            None
        });
        found
    }

    /// Puts ids in the place of references; what `id_of` does not know stays.
    pub fn resolve(&mut self, id_of: &dyn Fn(&str) -> Option<String>) {
        self.visit(&mut |name| id_of(name));
    }

    fn visit(&mut self, id_of: &mut dyn FnMut(&str) -> Option<String>) {
        let resource_type = self.resource_type;
        match &mut self.action {
            Action::Create { data } => visit_members(resource_type, data, id_of),
            Action::Replace { id, data, .. } => {
                visit_id(id, id_of);
                visit_members(resource_type, data, id_of);
            }
            Action::Patch { id, data, .. } => {
                visit_id(id, id_of);
                let operations = data.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("Operations"));
                if let Some((_, Value::Array(operations))) = operations {
                    let operations = operations.iter_mut().filter_map(Value::as_object_mut);
                    operations.for_each(|operation| visit_patch(resource_type, operation, id_of));
                }
            }
            Action::Remove { id, .. } => visit_id(id, id_of),
        }
    }
}

/// Whether an attribute's values are ids: the members of a group, the manager of a user.
fn refers(resource_type: &ResourceType, attribute: &str) -> bool {
    let referring = if resource_type.rows.is_some() { "members" } else { "manager" };
    attribute.eq_ignore_ascii_case(referring)
}

fn is_urn(name: &str) -> bool {
    name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// `/Users` or `/Users/{id}`, under the base.
fn place(
    path: &str,
    types: &Types,
    quirks: &mut Quirks,
) -> std::result::Result<(&'static ResourceType, Option<String>), Fault> {
    if path.contains("://") || path.is_empty() {
        return Err(invalid(ErrorKind::InvalidPath, "path is relative to the base, such as /Users"));
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let (name, id) = path.split_once('/').map_or((path, None), |(name, id)| (name, Some(id)));
    let mut is_named =
        |known: &str| name == known || name.eq_ignore_ascii_case(known) && quirks.allow(Quirk::EndpointCase);
    let found =
        [types.user, types.group].into_iter().find(|it| is_named(it.endpoint.trim_start_matches('/')));
    match (found, id) {
        (Some(_), Some(id)) if id.contains('/') => Err(Fault::NoEndpoint),
        (Some(_), Some(".search")) => {
            Err(invalid(ErrorKind::InvalidPath, "a query is no part of a bulk request"))
        }
        (Some(resource_type), id) => Ok((resource_type, id.filter(|id| !id.is_empty()).map(str::to_owned))),
        (None, _) => {
            const OTHERS: [&str; 8] = [
                "Bulk",
                "Me",
                ".search",
                "Schemas",
                "ResourceTypes",
                "ServiceProviderConfig",
                "Roles",
                "Permissions",
            ];
            match OTHERS.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                true => Err(invalid(ErrorKind::InvalidPath, "a bulk request changes users and groups alone")),
                false => Err(Fault::NoEndpoint),
            }
        }
    }
}

/// An operation of a PATCH: its path may hold ids in a filter, and says what its value is about.
fn visit_patch(
    resource_type: &'static ResourceType,
    operation: &mut Map<String, Value>,
    id_of: &mut dyn FnMut(&str) -> Option<String>,
) {
    let mut is_whole = true;
    let mut is_reference = false;
    for (_, path) in operation.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("path")) {
        let Value::String(path) = path else { continue };
        let head = path.split('[').next().unwrap_or_default();
        is_whole = resource_type.extension_schemas().any(|schema| schema.id.eq_ignore_ascii_case(head));
        let last = if is_urn(head) { head.rsplit(':').next().unwrap_or_default() } else { head };
        is_reference = !is_whole && refers(resource_type, last.split('.').next().unwrap_or_default());
        if is_reference {
            visit_quoted(path, id_of);
        }
    }
    for (_, value) in operation.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("value")) {
        match value {
            value if is_reference => visit_reference(value, id_of),
            Value::Object(members) if is_whole => visit_members(resource_type, members, id_of),
            _ => {}
        }
    }
}

/// The members of a resource: those that refer, also inside an extension.
fn visit_members(
    resource_type: &'static ResourceType,
    members: &mut Map<String, Value>,
    id_of: &mut dyn FnMut(&str) -> Option<String>,
) {
    for (name, value) in members.iter_mut() {
        let last = if is_urn(name) { name.rsplit(':').next().unwrap_or_default() } else { name };
        let attribute = last.split('.').next().unwrap_or_default();
        match value {
            value if refers(resource_type, attribute) => visit_reference(value, id_of),
            Value::Object(extension) if is_urn(name) => visit_members(resource_type, extension, id_of),
            _ => {}
        }
    }
}

/// A value that refers: an id, an object with the id as its `value`, or a list of those.
fn visit_reference(value: &mut Value, id_of: &mut dyn FnMut(&str) -> Option<String>) {
    match value {
        Value::String(id) => visit_id(id, id_of),
        Value::Array(items) => items.iter_mut().for_each(|item| visit_reference(item, id_of)),
        Value::Object(members) => {
            for (_, id) in members.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("value")) {
                if let Value::String(id) = id {
                    visit_id(id, id_of);
                }
            }
        }
        _ => {}
    }
}

fn visit_id(id: &mut String, id_of: &mut dyn FnMut(&str) -> Option<String>) {
    if let Some(name) = referred(id)
        && let Some(found) = id_of(name)
    {
        *id = found;
    }
}

/// The quoted texts of a filter.
fn visit_quoted(path: &mut String, id_of: &mut dyn FnMut(&str) -> Option<String>) {
    let parts: Vec<String> = path
        .split('"')
        .enumerate()
        .map(|(n, part)| {
            let mut part = part.to_owned();
            if n % 2 == 1 {
                visit_id(&mut part, id_of);
            }
            part
        })
        .collect();
    *path = parts.join("\"");
}

/// The members of an object, whose names ignore case.
struct Members(Map<String, Value>);

impl Members {
    fn take(&mut self, name: &str) -> Option<Value> {
        let key = self.0.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
        self.0.shift_remove(&key)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

/// The `bulkId` that a text refers to, if it refers to one.
pub fn referred(id: &str) -> Option<&str> {
    id.strip_prefix(MARK)
}

/// What became of one operation, as the answer shows it.
#[derive(Debug)]
pub struct Outcome<'o> {
    /// The operation.
    pub operation: &'o Operation,
    /// Its status.
    pub status: u16,
    /// Where its resource is found, if there is one.
    pub location: Option<String>,
    /// The resource's version.
    pub version: Option<String>,
    /// The error, where it failed.
    pub error: Option<Value>,
}

/// The BulkResponse: a result for each operation that was processed.
pub fn body(outcomes: &[Outcome<'_>]) -> Value {
    let results: Vec<Value> = outcomes
        .iter()
        .map(|outcome| {
            let mut result = Map::new();
            result.insert("method".to_owned(), json!(outcome.operation.method.to_ascii_uppercase()));
            let mut add = |name: &str, value: Option<Value>| {
                if let Some(value) = value {
                    result.insert(name.to_owned(), value);
                }
            };
            add("bulkId", outcome.operation.bulk_id.clone().map(Value::String));
            add("version", outcome.version.clone().map(Value::String));
            add("location", outcome.location.clone().map(Value::String));
            add("status", Some(Value::String(outcome.status.to_string())));
            add("response", outcome.error.clone());
            Value::Object(result)
        })
        .collect();
    json!({"schemas": [urn::BULK_RESPONSE], "Operations": results})
}
