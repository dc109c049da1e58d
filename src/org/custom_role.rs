//! Custom roles: a predefined team role and permissions on top of it (W-180 to W-189).
//!
//! A stored role holds the permissions that were added to it and no other. What it inherits is put beside them when
//! the role is shown, so that it follows its base, and what was added shows again once the base does not give it.

use super::{
    permission::{self, Base},
    role::TeamRole,
};
use crate::scim::{
    self, ErrorKind, Resource, Result,
    filter::eval::eval_element,
    patch::{Action, Operation, Patch, Target},
    text,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a custom role gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomRole {
    /// The role it inherits from.
    pub base: Base,
    /// What was added, whether the base gives it or not.
    pub added: BTreeSet<String>,
}

impl CustomRole {
    /// What a stored role gives.
    pub fn of(role: &Resource) -> Self {
        let base = role.text("inheritedFrom").and_then(|base| base.parse().ok());
        Self { base: base.unwrap_or(Base::Viewer), added: names(role).map(str::to_owned).collect() }
    }

    /// Whether its holders may invite into their team.
    pub fn invites(&self) -> bool {
        self.permissions().contains("team:invite_user")
    }

    /// Every permission it gives. What another catalogue once had gives nothing.
    pub fn permissions(&self) -> BTreeSet<&'static str> {
        let added = permission::all().iter().map(|it| it.name).filter(|name| self.added.contains(*name));
        self.base.permissions().into_iter().chain(added).collect()
    }

    /// The permissions as a client sees them, inherited ones first (W-184).
    fn shown(&self) -> Vec<Value> {
        let inherited = self.base.permissions();
        let added = self.added.iter().filter(|name| !inherited.contains(name.as_str()));
        let added = added.map(|name| json!({"name": name, "isInherited": false}));
        inherited.iter().map(|name| json!({"name": name, "isInherited": true})).chain(added).collect()
    }
}

/// Puts what a stored role inherits beside what was added to it.
pub fn show(role: &mut Resource) {
    let shown = CustomRole::of(role).shown();
    role.0.insert("permissions".to_owned(), shown.into());
}

/// A role as a POST describes it, ready to be stored: what the base gives is inherited and not added.
pub fn created(mut role: Resource) -> Result<Resource> {
    let base = check(&mut role)?;
    let mut added = known(names(&role))?;
    added.retain(|name| !base.permissions().contains(name.as_str()));
    set_added(&mut role, &added);
    Ok(role)
}

/// The names that a body calls inherited. `isInherited` is readOnly, so that reading the body loses it.
pub fn said_inherited(body: &Map<String, Value>) -> BTreeSet<String> {
    let of = |object: &Map<String, Value>, name: &str| {
        object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
    };
    let permissions = of(body, "permissions");
    let elements =
        permissions.as_ref().and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    elements
        .filter(|element| of(element, "isInherited") == Some(Value::Bool(true)))
        .filter_map(|element| of(element, "name")?.as_str().map(str::to_owned))
        .collect()
}

/// A role as a PUT leaves it (W-188): of `name`, `description` and `inheritedFrom` only what the body names changes;
/// with `permissions`, those are what is added from now on, and a description that is not named is cleared.
///
/// What the base gives, or the client calls `inherited` as it was shown, is neither added nor taken away by being named.
pub fn replaced(before: &Resource, mut body: Resource, inherited: &BTreeSet<String>) -> Result<Resource> {
    let says_permissions = body.0.contains_key("permissions");
    let kept: &[&str] = match says_permissions {
        true => &["name", "inheritedFrom"],
        false => &["name", "inheritedFrom", "description"],
    };
    for name in kept {
        if let (false, Some(value)) = (body.0.contains_key(*name), before.get(name)) {
            body.0.insert((*name).to_owned(), value.clone());
        }
    }
    let base = check(&mut body)?;
    let was = CustomRole::of(before).added;
    let added = match says_permissions {
        false => was,
        true => {
            let gives = base.permissions();
            let is_given = |name: &String| gives.contains(name.as_str()) || inherited.contains(name);
            let named = sent(&was, names(&body))?;
            named.into_iter().filter(|name| !is_given(name) || was.contains(name)).collect()
        }
    };
    set_added(&mut body, &added);
    Ok(body)
}

/// A role as a PATCH leaves it (W-262): permissions come and go, and nothing else changes.
pub fn patched(before: &Resource, patch: &Patch) -> Result<Resource> {
    let mut role = CustomRole::of(before);
    for (n, operation) in patch.operations.iter().enumerate() {
        apply(&mut role, operation).map_err(|error| scim::Error {
            detail: format!("operation {}: {}", n + 1, error.detail).into(),
            ..error
        })?;
    }
    let mut after = before.clone();
    set_added(&mut after, &role.added);
    Ok(after)
}

fn apply(role: &mut CustomRole, operation: &Operation) -> Result<()> {
    let is_about = |target: &Target| match target {
        Target::Attribute(path) => path.is("permissions"),
        Target::Elements { attribute, part, .. } => attribute.is("permissions") && part.is_none(),
        Target::Extension(_) => false,
    };
    if !is_about(&operation.target) {
        let detail = "a PATCH of a role changes `permissions` and nothing else; the rest is for PUT";
        return Err(ErrorKind::InvalidPath.because(detail));
    }
    let inherited = role.base.permissions();
    match (&operation.action, &operation.target) {
        (Action::Add(value), Target::Attribute(_)) => {
            let named = known(element_names(value))?;
            role.added.extend(named.into_iter().filter(|name| !inherited.contains(name.as_str())));
            Ok(())
        }
        (Action::RemoveValues(values), _) => {
            take(role, sent(&role.added, values.iter().filter_map(element_name))?)
        }
        (Action::Remove, Target::Elements { filter, .. }) => {
            let shown = role.shown();
            let selected = shown.iter().filter(|element| eval_element(filter, element));
            take(role, selected.filter_map(element_name).map(str::to_owned).collect())
        }
        (Action::Remove, _) => Err(ErrorKind::InvalidValue
            .because("a remove names the permissions in its value, a list of {\"name\": …}")),
        _ => Err(ErrorKind::InvalidValue
            .because("a PATCH of a role adds or removes permissions; op is add or remove")),
    }
}

/// Takes what was added away. What is inherited stays for as long as the base has it (W-186).
fn take(role: &mut CustomRole, names: BTreeSet<String>) -> Result<()> {
    let inherited = role.base.permissions();
    if let Some(name) = names.iter().find(|name| inherited.contains(name.as_str())) {
        let detail = format!(
            "permissions: {name} is inherited from {} and cannot be removed; only what was added can",
            role.base
        );
        return Err(ErrorKind::Mutability.because(detail));
    }
    role.added.retain(|name| !names.contains(name));
    Ok(())
}

/// Checks a role's name, and spells its base as it is spelled.
fn check(role: &mut Resource) -> Result<Base> {
    let name = role.text("name").unwrap_or_default();
    if !text::is_meaningful(name) {
        let detail = "name must not contain control characters, nor code points that stand for nothing";
        return Err(ErrorKind::InvalidValue.because(detail));
    }
    if TeamRole::RESERVED.contains(&text::fold(name).trim()) {
        let detail =
            format!("name: {} is a predefined role; a custom role needs another name", text::shown(name));
        return Err(ErrorKind::InvalidValue.because(detail));
    }
    let named = role.text("inheritedFrom").unwrap_or("nothing");
    let Ok(base) = named.to_ascii_lowercase().parse::<Base>() else {
        let detail = format!("inheritedFrom: expected member or viewer, found {}", text::shown(named));
        return Err(ErrorKind::InvalidValue.because(detail));
    };
    role.0.insert("inheritedFrom".to_owned(), base.as_str().into());
    Ok(base)
}

/// Puts the permissions that were added into a role that is about to be stored, in one order.
fn set_added(role: &mut Resource, added: &BTreeSet<String>) {
    let added: Vec<Value> = added.iter().map(|name| json!({"name": name})).collect();
    role.0.shift_remove("permissions");
    if !added.is_empty() {
        role.0.insert("permissions".to_owned(), added.into());
    }
}

/// The names, each of which the catalogue must have.
fn known<'n>(names: impl Iterator<Item = &'n str>) -> Result<BTreeSet<String>> {
    sent(&BTreeSet::new(), names)
}

/// The names, each of which the role or the catalogue must have.
fn sent<'n>(role: &BTreeSet<String>, names: impl Iterator<Item = &'n str>) -> Result<BTreeSet<String>> {
    let one = |name: &str| match role.contains(name) {
        true => Ok(name.to_owned()),
        false => permission::named(name).map(str::to_owned),
    };
    names.map(one).collect()
}

fn names(role: &Resource) -> impl Iterator<Item = &str> {
    role.get("permissions").into_iter().flat_map(element_names)
}

fn element_names(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(element_name)
}

fn element_name(element: &Value) -> Option<&str> {
    element.get("name").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::{Quirks, json as reading, read, schema::standard::ROLE_TYPE};

    fn resource(text: &str) -> Resource {
        let body = reading::object(text.as_bytes()).unwrap();
        read::resource(&ROLE_TYPE, body, &mut Quirks::default()).unwrap()
    }

    fn stored(text: &str) -> Resource {
        created(resource(text)).unwrap()
    }

    fn added(role: &Resource) -> Vec<&str> {
        names(role).collect()
    }

    fn put(before: &Resource, text: &str) -> Resource {
        let body = reading::object(text.as_bytes()).unwrap();
        replaced(before, resource(text), &said_inherited(&body)).unwrap()
    }

    fn patch(before: &Resource, op: &str, name: &str) -> Result<Resource> {
        let body = json!({"Operations": [{"op": op, "path": "permissions", "value": [{"name": name}]}]});
        let body = body.as_object().cloned().unwrap();
        patched(before, &Patch::read(&ROLE_TYPE, body, &mut Quirks::default())?)
    }

    fn inherits(role: &Resource, name: &str) -> Option<bool> {
        let shown = CustomRole::of(role).shown();
        let found = shown.iter().find(|it| it["name"] == *name)?;
        found["isInherited"].as_bool()
    }

    const STOPPER: &str = r#"{"name":"Stopper","inheritedFrom":"viewer","description":"stops runs",
        "permissions":[{"name":"run:stop"},{"name":"run:read"}]}"#;

    #[test]
    fn what_the_base_gives_is_inherited_and_not_added() {
        let role = stored(STOPPER);

        assert_eq!(added(&role), ["run:stop"]);
        assert_eq!((inherits(&role, "run:stop"), inherits(&role, "run:read")), (Some(false), Some(true)));
        assert_eq!(inherits(&role, "run:delete"), None);
    }

    #[test]
    fn what_is_added_hides_behind_a_base_that_gives_it_and_shows_again() {
        let role = stored(STOPPER);

        let member = put(&role, r#"{"inheritedFrom":"Member"}"#);
        assert_eq!(inherits(&member, "run:stop"), Some(true));
        assert_eq!(patch(&member, "remove", "run:stop").unwrap_err().kind, ErrorKind::Mutability);

        let again = put(&member, r#"{"inheritedFrom":"viewer"}"#);
        assert_eq!(again, role);
    }

    #[test]
    fn a_put_replaces_what_is_added_only_when_it_names_permissions() {
        let role = stored(STOPPER);

        let renamed = put(&role, r#"{"name":"Halter"}"#);
        assert_eq!((renamed.text("name"), renamed.text("description")), (Some("Halter"), Some("stops runs")));
        assert_eq!(added(&renamed), ["run:stop"]);

        let other = put(&role, r#"{"permissions":[{"name":"run:delete"},{"name":"run:read"}]}"#);
        assert_eq!((other.text("name"), other.text("description")), (Some("Stopper"), None));
        assert_eq!(added(&other), ["run:delete"]);
        assert!(added(&put(&role, r#"{"permissions":[]}"#)).is_empty());
    }

    #[test]
    fn what_was_read_can_be_put_back_also_with_another_base() {
        let role = put(&stored(STOPPER), r#"{"inheritedFrom":"member"}"#);
        let mut shown = role.clone();
        show(&mut shown);

        assert_eq!(put(&role, &shown.to_string()), role);
        shown.0.insert("inheritedFrom".to_owned(), "viewer".into());
        let narrowed = put(&role, &shown.to_string());
        assert_eq!(added(&narrowed), ["run:stop"], "what member gave is not added");
    }

    #[test]
    fn a_patch_adds_and_removes_and_repeats_itself() {
        let role = stored(STOPPER);

        let more = patch(&role, "add", "run:delete").unwrap();
        assert_eq!(added(&more), ["run:delete", "run:stop"]);
        assert_eq!(patch(&more, "add", "run:delete").unwrap(), more);
        assert_eq!(patch(&role, "add", "run:read").unwrap(), role, "inherited already");
        let less = patch(&more, "remove", "run:delete").unwrap();
        assert_eq!((&less, &patch(&less, "remove", "run:delete").unwrap()), (&role, &role));
        assert_eq!(patch(&role, "remove", "run:read").unwrap_err().kind, ErrorKind::Mutability);
        assert_eq!(patch(&role, "replace", "run:stop").unwrap_err().kind, ErrorKind::InvalidValue);
        assert_eq!(patch(&role, "remove", "run:halt").unwrap_err().kind, ErrorKind::InvalidValue);
    }

    #[test]
    fn names_of_predefined_roles_are_taken_in_any_case() {
        for name in ["admin", "MEMBER", "Viewer", "sErvice", " admin ", "\u{ff21}dmin"] {
            let text = json!({"name": name, "inheritedFrom": "member"}).to_string();
            let error = created(resource(&text)).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidValue, "{name}");
            assert!(error.to_string().contains("predefined"), "{error}");
        }
    }

    #[test]
    fn a_role_inherits_from_member_or_viewer() {
        for base in [json!("admin"), json!("service"), json!("x"), Value::Null] {
            let text = json!({"name": "a", "inheritedFrom": base}).to_string();
            let error = created(resource(&text)).unwrap_err();
            assert!(error.to_string().contains("expected member or viewer"), "{error}");
        }
    }
}
