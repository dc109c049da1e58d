//! People: what the store must know of a user beside its text.

use super::standing::Standing;
use crate::scim::{Resource, text, urn};
use serde_json::Value;

/// The columns of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// The key of `userName`, unique in the organization.
    pub user_name_key: String,
    /// The name that other resources show of the user, where there is one.
    pub display: Option<String>,
    /// The id of the manager, known or not.
    pub manager: Option<String>,
    /// Where the person stands in the organization.
    pub standing: Standing,
}

impl Columns {
    /// Reads the columns off a resource that was checked.
    pub fn of(user: &Resource) -> Self {
        Self {
            user_name_key: text::fold(user.text("userName").unwrap_or_default()),
            display: display(user).map(str::to_owned),
            manager: manager(user).map(text::exact),
            standing: Standing::of(user),
        }
    }
}

/// The name to show: the display name, else the formatted one. The user name stays out of it: it may say
/// more about a person than a list of members should.
fn display(user: &Resource) -> Option<&str> {
    let formatted = user.get("name").and_then(|name| name.get("formatted")).and_then(Value::as_str);
    user.text("displayName").or(formatted).filter(|name| !name.is_empty())
}

/// The address to reach the user at: the primary one, else the first, else a user name that is one.
pub fn email(user: &Resource) -> Option<String> {
    let all = user.get("emails").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_primary = |email: &&Value| email.get("primary") == Some(&Value::Bool(true));
    let best = all.iter().find(is_primary).or(all.first());
    let address = best.and_then(|email| email.get("value")).and_then(Value::as_str);
    address.or(user.text("userName").filter(|name| name.contains('@'))).map(str::to_owned)
}

/// Every address that stands for the user.
pub fn addresses(user: &Resource) -> impl Iterator<Item = &str> {
    let all = user.get("emails").and_then(Value::as_array).into_iter().flatten();
    let values = all.filter_map(|email| email.get("value")?.as_str());
    values.chain(user.text("userName").filter(|name| name.contains('@')))
}

/// The id of the user's manager.
pub fn manager(user: &Resource) -> Option<&str> {
    user.get(urn::ENTERPRISE_USER)?.get("manager")?.get("value")?.as_str()
}

/// Takes the manager away: who left manages nobody.
pub fn without_manager(mut user: Resource) -> Resource {
    if let Some(Value::Object(extension)) = user.0.get_mut(urn::ENTERPRISE_USER) {
        extension.shift_remove("manager");
    }
    user.drop_unassigned();
    user
}

/// The longest handle, in characters, before a number is added.
const MAX_HANDLE: usize = 60;

/// The short name that a user name suggests (W-002, W-003): what stands before an `@`, in letters, digits, `_` and `-`
/// of ASCII.
pub fn handle(user_name: &str) -> String {
    let local = user_name.split('@').next().unwrap_or_default();
    let letter = |letter: char| match letter.to_ascii_lowercase() {
        it @ ('a'..='z' | '0'..='9' | '_' | '-') => it,
        _ => '-',
    };
    let handle: String = local.chars().take(MAX_HANDLE).map(letter).collect();
    let handle = handle.trim_matches('-');
    if handle.is_empty() { "user".to_owned() } else { handle.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_what_stands_before_the_at_in_plain_letters() {
        assert_eq!(handle("Grace.Hopper@example.com"), "grace-hopper");
        assert_eq!(handle("ada_l-1"), "ada_l-1");
        assert_eq!(handle("\u{9ec4}@example.com"), "user");
    }
}
