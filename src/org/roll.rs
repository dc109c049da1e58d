//! People as lists show, search and sort them.

use super::{standing, user, words::words};
use crate::scim::{Resource, text};
use serde_json::Value;

words! {
    /// Whether somebody may sign in.
    PersonStatus, "a status":
    /// Who may.
    Active = "active",
    /// Who may no more.
    Deactivated = "deactivated",
}

words! {
    /// What people are in the order of.
    PersonOrder, "an order":
    /// The name that is shown; the user name of who has none.
    Name = "name",
    /// SCIM's name of the user.
    UserName = "userName",
    /// When they were last seen; who never was comes before everybody who was.
    LastActive = "lastActive",
    /// When the account was made.
    Created = "created",
}

words! {
    /// Which end of an order is first.
    Direction, "a direction":
    /// What is small, early or at the beginning of the alphabet.
    Ascending = "ascending",
    /// What is large, late or at the end of it.
    Descending = "descending",
}

/// What a list needs to know of somebody to find them and put them in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The folded name that is shown.
    pub name_key: String,
    /// The folded user name.
    pub user_name_key: String,
    /// Where the person stands.
    pub standing: standing::Standing,
    /// Where the account came from.
    pub source: standing::Source,
    /// What is searched, folded; a line for each name and address.
    pub search: String,
}

impl Entry {
    /// What a resource that was checked says.
    pub fn of(resource: &Resource) -> Self {
        let columns = user::Columns::of(resource);
        Self {
            name_key: columns.display.as_deref().map_or_else(|| columns.user_name_key.clone(), text::fold),
            user_name_key: columns.user_name_key,
            standing: columns.standing,
            source: standing::source(resource),
            search: search_text(resource),
        }
    }
}

/// The names and addresses that somebody is searched by. What stands within another is not said twice.
fn search_text(resource: &Resource) -> String {
    let name = |part: &str| resource.get("name").and_then(|name| name.get(part)).and_then(Value::as_str);
    let whole: Vec<&str> = ["givenName", "familyName"].into_iter().filter_map(name).collect();
    let addresses = resource.get("emails").and_then(Value::as_array).into_iter().flatten();
    let mut all: Vec<String> = addresses
        .filter_map(|email| email.get("value")?.as_str())
        .chain(
            [resource.text("displayName"), name("formatted"), resource.text("userName")]
                .into_iter()
                .flatten(),
        )
        .map(sought)
        .chain([sought(&whole.join(" "))])
        .collect();
    // the longest first, for it may hold the others
    all.sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
    let mut text = String::new();
    for part in all.iter().filter(|part| !part.is_empty()) {
        if !text.contains(part.as_str()) {
            text.push('\n');
            text.push_str(part);
        }
    }
    text
}

/// What somebody types, as it is looked for: folded, and on one line.
pub fn sought(typed: &str) -> String {
    let words: Vec<&str> = typed.split_whitespace().collect();
    text::fold(&words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_person_is_searched_by_names_and_addresses_each_said_once() {
        let user = json!({
            "userName": "Ada@Example.com", "displayName": "Ada  Lovelace", "emails": [{"value": "ada@example.com"}],
            "name": {"givenName": "Augusta", "familyName": "King"},
        });
        let Value::Object(user) = user else { panic!() };
        let entry = Entry::of(&Resource(user));

        assert_eq!(entry.search, "\nada@example.com\nada lovelace\naugusta king");
        assert_eq!(entry.name_key, "ada  lovelace");
        assert_eq!(sought(" ADA\tLove\n"), "ada love");
    }
}
