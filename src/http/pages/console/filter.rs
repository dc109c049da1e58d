//! What the lists of what happened are narrowed by. Who or what is meant may be called by name.

use super::Page;
use crate::service::{Error, names};

/// What is asked for, with an id for each name.
#[derive(Default)]
pub(super) struct Filters<'p>(Vec<(&'p str, String)>);

impl Filters<'_> {
    /// The parameters and what they say.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The same as a query.
    pub(super) fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }

    /// Whether somebody or something is asked about.
    pub(super) fn name_something(&self) -> bool {
        self.0.iter().any(|(name, _)| is_named(name))
    }
}

/// Whether a parameter means somebody or something.
fn is_named(parameter: &str) -> bool {
    matches!(parameter, "resource" | "actor")
}

impl Page<'_> {
    /// Those parameters of the query that are among these and say something.
    pub(super) async fn filters(&self, names: &[&str]) -> Result<Filters<'_>, Error> {
        let all = self.asked.query.iter().map(|(name, value)| (name.as_str(), value.trim()));
        let mut filters = Vec::new();
        for (name, said) in all.filter(|(name, value)| names.contains(name) && !value.is_empty()) {
            let value = if is_named(name) { names::id_of(&self.cx, said).await? } else { said.to_owned() };
            filters.push((name, value));
        }
        Ok(Filters(filters))
    }
}
