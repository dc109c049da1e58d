//! What forms of the console have in common: reading words, and what selections offer.

use super::Page;
use crate::{
    http::pages::answer::Failed,
    org::refusal::Refusal as Rule,
    scim::version::Precondition,
    service::{Error, custom_roles, page::Slice},
};
use secrecy::SecretString;
use std::{str::FromStr, sync::Arc};

/// Something that is shown once, and then nobody knows it any more.
pub(super) struct Secret {
    /// What it is for.
    pub(super) label: String,
    /// It.
    pub(super) text: SecretString,
}

impl Page<'_> {
    /// A field of the form without the blanks around it; empty where it is not there.
    pub(super) fn field(&self, name: &str) -> &str {
        self.asked.field(name).trim()
    }

    /// A field of the form, where something stands in it.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        Some(self.field(name).to_owned()).filter(|text| !text.is_empty())
    }

    /// Whether a box is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        !self.asked.field(name).is_empty()
    }

    /// A field as a word of a closed set, where something stands in it.
    pub(super) fn choice<T: FromStr<Err = String>>(&self, name: &str) -> Result<Option<T>, Error> {
        let read = self.filled(name).map(|word| word.parse()).transpose();
        read.map_err(|why| Error::Rule(Rule::Invalid(format!("{name}: {why}"))))
    }

    /// The version that the page showed which sent the form: whoever changed it since is not overwritten.
    pub(super) fn precondition(&self) -> Precondition {
        Precondition::parse(self.filled("version").as_deref(), None)
    }

    /// The roles that somebody can have in a team, by name.
    pub(super) async fn team_roles(&self) -> Result<Vec<String>, Failed> {
        let mut names: Vec<String> = ["admin", "member", "viewer"].map(str::to_owned).to_vec();
        let slice = Slice::parse(Some("1000"), None).map_err(Error::Rule)?;
        let custom = custom_roles::list(&Arc::clone(&self.cx), None, slice).await?;
        names.extend(custom.items.into_iter().map(|role| role.name));
        Ok(names)
    }
}
