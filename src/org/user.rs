//! People: what the store must know of a user beside its text.

use crate::scim::{Resource, text, urn};
use serde_json::Value;

/// The columns of a user.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// The key of `userName`, unique in the organization.
    pub user_name_key: String,
    /// The name that other resources show of the user, where there is one.
    pub display: Option<String>,
    /// Whether the person may sign in.
    pub active: bool,
    /// The id of the manager, known or not.
    pub manager: Option<String>,
}

impl Columns {
    /// Reads the columns off a resource that was checked.
    pub fn of(user: &Resource) -> Self {
        Self {
            user_name_key: text::fold(user.text("userName").unwrap_or_default()),
            display: display(user).map(str::to_owned),
            active: user.get("active") == Some(&Value::Bool(true)),
            manager: manager(user).map(text::exact),
        }
    }
}

/// The name to show: the display name, else the formatted one. The user name stays out of it: it may say
/// more about a person than a list of members should.
fn display(user: &Resource) -> Option<&str> {
    let formatted = user.get("name").and_then(|name| name.get("formatted")).and_then(Value::as_str);
    user.text("displayName").or(formatted).filter(|name| !name.is_empty())
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
