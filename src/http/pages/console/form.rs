//! What forms of the console have in common: reading words, and what selections offer.

use super::Page;
use crate::{
    http::pages::answer::Failed,
    org::refusal::Refusal as Rule,
    scim::version::Precondition,
    service::{Error, custom_roles, page::Slice},
};
use secrecy::SecretString;
use std::{
    borrow::{Borrow, Cow},
    str::FromStr,
    sync::Arc,
};

/// Something that is shown once, and then nobody knows it any more.
pub(super) struct Secret {
    /// What it is for.
    pub(super) label: String,
    /// It.
    pub(super) text: SecretString,
}

/// What a form said that the page shows again, because it was refused or only looked at; nothing where the form is new.
pub(super) struct Typed<'p>(&'p [(String, String)]);

impl Typed<'_> {
    /// Whether the form is shown again.
    pub(super) fn is_again(&self) -> bool {
        !self.0.is_empty()
    }

    /// What a field said; where the form is new, what it says otherwise.
    pub(super) fn text<'t>(&'t self, name: &str, otherwise: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        match self.0.iter().find(|(field, _)| field == name) {
            Some((_, said)) => said.into(),
            None if self.is_again() => "".into(),
            None => otherwise.into(),
        }
    }

    /// Whether a box was ticked; where the form is new, whether it is otherwise.
    pub(super) fn is_ticked(&self, name: &str, otherwise: impl Borrow<bool>) -> bool {
        if self.is_again() { self.0.iter().any(|(field, _)| field == name) } else { *otherwise.borrow() }
    }

    /// Whether one of several boxes of the same name was ticked.
    pub(super) fn has(&self, name: &str, word: &str) -> bool {
        self.0.iter().any(|(field, said)| field == name && said == word)
    }
}

impl Page<'_> {
    /// What the form said that is sent there, where the page shows it again.
    pub(super) fn typed(&self, place: &str, is_again: bool) -> Typed<'_> {
        let is_it = is_again && self.asked.request.path() == self.path(place);
        Typed(if is_it { &self.asked.form } else { &[] })
    }

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
