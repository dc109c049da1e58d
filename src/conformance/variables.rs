//! The variables of a case: what is built in, and what they are worth while it is played.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

/// Names that are known in every case.
const CONSTANTS: [(&str, &str); 6] = [
    ("U", "urn:ietf:params:scim:schemas:core:2.0:User"),
    ("G", "urn:ietf:params:scim:schemas:core:2.0:Group"),
    ("EU", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"),
    ("LR", "urn:ietf:params:scim:api:messages:2.0:ListResponse"),
    ("PatchOp", "urn:ietf:params:scim:api:messages:2.0:PatchOp"),
    ("Error", ERROR_URN),
];

/// Names that are known in every case and differ from run to run.
const GIVEN: [&str; 5] = ["run", "uuid", "word", "base", "token"];

/// The schema of a SCIM error message.
pub(super) const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// Whether a case may use `name` without setting it.
pub(super) fn is_built_in(name: &str) -> bool {
    GIVEN.contains(&name) || CONSTANTS.iter().any(|(known, _)| *known == name)
}

/// Whether `text` can name a variable.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A variable that nothing has set.
#[derive(Debug, PartialEq)]
pub(super) struct Unknown(pub(super) String);

/// What the variables of one running case are worth.
pub(super) struct Variables {
    values: HashMap<String, Value>,
}

impl Variables {
    /// The built-in variables of a new case.
    pub(super) fn new(base: &str, token: &str) -> Variables {
        let run: String = random().simple().to_string().chars().take(8).collect();
        let mut values: HashMap<String, Value> =
            CONSTANTS.iter().map(|(name, urn)| ((*name).to_owned(), Value::from(*urn))).collect();
        values.insert("run".to_owned(), run.into());
        values.insert("base".to_owned(), base.into());
        values.insert("token".to_owned(), token.into());
        Variables { values }
    }

    /// Sets or replaces a variable.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Whether the variable has a value.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// What a variable is worth.
    pub(super) fn value(&self, name: &str) -> Result<Value, Unknown> {
        match name {
            "uuid" => Ok(random().to_string().into()),
            "word" => Ok(word().into()),
            _ => self.values.get(name).cloned().ok_or_else(|| Unknown(name.to_owned())),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a client of any server makes no ids of ours")]
fn random() -> Uuid {
    Uuid::new_v4()
}

/// Twelve capital letters.
fn word() -> String {
    let id = random();
    // Octets 6 and 8 of a UUID carry its version, so they are not random.
    let octets = id.as_bytes().iter().enumerate().filter(|(at, _)| *at != 6 && *at != 8);
    octets.take(12).map(|(_, octet)| char::from(b'A' + octet % 26)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_values_have_their_shapes() {
        let variables = Variables::new("https://x.example/v2", "secret");
        let text = |name: &str| variables.value(name).unwrap().as_str().unwrap().to_owned();

        assert!(text("run").len() == 8 && text("run").chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!(text("run"), text("run"), "one run, one value");
        assert_ne!(text("uuid"), text("uuid"), "new at every use");
        assert!(text("word").len() == 12 && text("word").chars().all(|c| c.is_ascii_uppercase()));
        assert_eq!(text("U"), "urn:ietf:params:scim:schemas:core:2.0:User");
        assert_eq!((text("base"), text("token")), ("https://x.example/v2".to_owned(), "secret".to_owned()));
    }

    #[test]
    fn a_variable_is_unknown_until_it_is_set() {
        let mut variables = Variables::new("", "");
        assert_eq!(variables.value("x"), Err(Unknown("x".to_owned())));

        variables.set("x", 1.into());

        assert!(variables.knows("x"));
        assert_eq!(variables.value("x"), Ok(1.into()));
    }
}
