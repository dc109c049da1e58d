//! What the lists of what happened are narrowed by. Who or what is meant may be called by name.

use super::Page;
use crate::{
    org::{actor::Actor, refusal::Refusal as Rule},
    scim::text,
    service::{
        Error, connections,
        page::Slice,
        people::{self, Person},
        roll::{self, Wanted as Roll},
        teams,
    },
};
use uuid::Uuid;

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
            let value = if is_named(name) { id_of(self, said).await? } else { said.to_owned() };
            filters.push((name, value));
        }
        Ok(Filters(filters))
    }
}

/// The id of the person, team or connection of that name. What names none is taken as an id: of something else, or of what
/// is gone.
async fn id_of(page: &Page<'_>, name: &str) -> Result<String, Error> {
    let words = [Actor::System.id(), Actor::Operator.id()].map(str::to_owned);
    if Uuid::parse_str(name).is_ok() || words.iter().any(|word| word == name) {
        return Ok(name.to_owned());
    }
    let is_unknown = |error: &Error| matches!(error, Error::NotFound(_) | Error::Rule(Rule::Unknown(_)));
    let found = match people::find(&page.cx, name).await {
        Err(error) if is_unknown(&error) => teams::find(&page.cx, name).await,
        found => found,
    };
    let found = match found {
        Err(error) if is_unknown(&error) => connections::read(&page.cx, name).await.map(|found| found.id),
        found => found,
    };
    match found {
        Err(error) if is_unknown(&error) => Ok(called(page, name).await?.unwrap_or_else(|| name.to_owned())),
        found => found,
    }
}

/// The id of the one person who is called so, as the log shows them.
async fn called(page: &Page<'_>, name: &str) -> Result<Option<String>, Error> {
    let wanted = Roll { search: name.to_owned(), ..Roll::default() };
    let found = roll::list(&page.cx, wanted, Slice::parse(Some("1000"), None)?).await?.items;
    let is_it =
        |it: &Person| it.display_name.as_ref().is_some_and(|it| it.to_lowercase() == name.to_lowercase());
    let mut found = found.into_iter().filter(is_it);
    match (found.next(), found.count()) {
        (Some(_), others @ 1..) => {
            let n = others + 1;
            let why =
                format!("expected one person, found {n} called {}; take the id of one", text::shown(name));
            Err(Rule::Invalid(why).into())
        }
        (one, _) => Ok(one.map(|it| it.id)),
    }
}
