//! Extensions of the server's own. A server may add what the standard does not have to every resource, and say so in its
//! `/ResourceTypes`; a case that does not name such an extension is about the rest.

use serde_json::Value;

use super::case::Case;
use crate::client::Server;

/// The URNs of the extensions that a server declares and that are not the standard's.
#[derive(Debug, Default)]
pub(super) struct OwnExtensions(Vec<String>);

/// How the standard's own URNs begin.
const STANDARD: &str = "urn:ietf:params:scim:";

impl OwnExtensions {
    /// What the server declares; nothing when it does not answer.
    pub(super) fn of(server: &Server<'_>) -> OwnExtensions {
        let request = server.request("GET", server.url("/ResourceTypes"));
        let answer = server.send(&request).ok().and_then(|answer| answer.json).unwrap_or_default();
        let types = answer.get("Resources").and_then(Value::as_array).into_iter().flatten();
        let extensions = types.filter_map(|one| one.get("schemaExtensions")?.as_array()).flatten();
        let urns = extensions.filter_map(|extension| extension.get("schema")?.as_str());
        OwnExtensions(urns.filter(|urn| !urn.starts_with(STANDARD)).map(str::to_owned).collect())
    }

    /// Takes those out of an answer that the case does not name: their members, and their URNs in `schemas`.
    pub(super) fn hide_from(&self, case: &Case, answer: &mut Value) {
        let unnamed: Vec<&str> =
            self.0.iter().map(String::as_str).filter(|urn| !case.names_urn(urn)).collect();
        if !unnamed.is_empty() {
            hide(&unnamed, answer);
        }
    }
}

fn hide(urns: &[&str], value: &mut Value) {
    let is_hidden = |text: &str| urns.iter().any(|urn| urn.eq_ignore_ascii_case(text));
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !is_hidden(name));
            if let Some(Value::Array(schemas)) = members.get_mut("schemas") {
                schemas.retain(|urn| !urn.as_str().is_some_and(is_hidden));
            }
            members.values_mut().for_each(|member| hide(urns, member));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| hide(urns, item)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_hidden_is_gone_from_every_resource_and_its_schemas() {
        let mut answer =
            json!({"Resources": [{"schemas": ["urn:a:User", "urn:own:X"], "urn:own:x": {"seat": 1}}]});

        hide(&["urn:own:X"], &mut answer);

        assert_eq!(answer, json!({"Resources": [{"schemas": ["urn:a:User"]}]}));
    }
}
