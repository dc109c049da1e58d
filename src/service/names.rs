//! Who or what is meant by a name, where what happened is asked for.

use super::{
    Context, Error, Result, connections,
    page::Slice,
    people::{self, Person},
    roll::{self, Wanted},
    teams,
};
use crate::{
    org::{actor::Actor, refusal::Refusal},
    scim::text,
};
use std::sync::Arc;
use uuid::Uuid;

/// The id of the person, team or connection of that name. What names none is taken as an id: of something else, or of what
/// is gone. A name that several people have is [`Refusal::Invalid`].
pub async fn id_of(cx: &Arc<Context>, name: &str) -> Result<String> {
    let words = [Actor::System.id(), Actor::Operator.id()].map(str::to_owned);
    if Uuid::parse_str(name).is_ok() || words.iter().any(|word| word == name) {
        return Ok(name.to_owned());
    }
    let is_unknown = |error: &Error| matches!(error, Error::NotFound(_) | Error::Rule(Refusal::Unknown(_)));
    let found = match people::find(cx, name).await {
        Err(error) if is_unknown(&error) => teams::find(cx, name).await,
        found => found,
    };
    let found = match found {
        Err(error) if is_unknown(&error) => connections::read(cx, name).await.map(|found| found.id),
        found => found,
    };
    match found {
        Err(error) if is_unknown(&error) => Ok(called(cx, name).await?.unwrap_or_else(|| name.to_owned())),
        found => found,
    }
}

/// The id of the one person who is called so, as the log shows them.
async fn called(cx: &Arc<Context>, name: &str) -> Result<Option<String>> {
    let wanted = Wanted { search: name.to_owned(), ..Wanted::default() };
    let found = roll::list(cx, wanted, Slice::parse(Some("1000"), None)?).await?.items;
    let is_it =
        |it: &Person| it.display_name.as_ref().is_some_and(|it| it.to_lowercase() == name.to_lowercase());
    let mut found = found.into_iter().filter(is_it);
    match (found.next(), found.count()) {
        (Some(_), others @ 1..) => {
            let n = others + 1;
            let why =
                format!("expected one person, found {n} called {}; take the id of one", text::shown(name));
            Err(Refusal::Invalid(why).into())
        }
        (one, _) => Ok(one.map(|it| it.id)),
    }
}
