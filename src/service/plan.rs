//! Which resources a filter can concern: the most selective index, or none.

use crate::{
    scim::{
        filter::{CompareOp, Operand, Predicate},
        path::Located,
        schema::Noun,
        text, urn,
    },
    store::{
        DbError, ReadTx, attributes, memberships,
        records::{self, Kind},
        users,
    },
};

/// Where candidates are looked for.
#[derive(Clone, Copy)]
pub(super) struct Plan<'p> {
    pub(super) tx: &'p ReadTx<'p>,
    pub(super) kind: Kind,
    pub(super) organization: &'p str,
    /// The most ids an index is asked for. With more answers than fit, what is found is no longer a superset,
    /// and its length shows it.
    pub(super) limit: usize,
}

impl Plan<'_> {
    /// A superset of the ids the predicate holds for, ordered and each once, or a list that reaches the
    /// limit; `None` when only a look at every resource can tell.
    pub(super) fn candidates(&self, predicate: &Predicate) -> Result<Option<Vec<String>>, DbError> {
        let mut found = match predicate {
            Predicate::Compare(path, CompareOp::Eq, operand) => self.lookup(path, operand)?,
            Predicate::Any(_, inner) => self.candidates(inner)?,
            Predicate::And(parts) => self.best(parts)?,
            Predicate::Or(parts) => self.union(parts)?,
            Predicate::Not(_) | Predicate::Present(_) | Predicate::Compare(..) => None,
        };
        if let Some(ids) = &mut found {
            ids.sort_unstable();
            ids.dedup();
        }
        Ok(found)
    }

    /// The shortest list any of the parts has.
    fn best(&self, parts: &[Predicate]) -> Result<Option<Vec<String>>, DbError> {
        let mut best: Option<Vec<String>> = None;
        for part in parts {
            if best.as_ref().is_some_and(|best| best.len() <= 1) {
                break;
            }
            best = [best, self.candidates(part)?].into_iter().flatten().min_by_key(Vec::len);
        }
        Ok(best)
    }

    /// All lists together, if every part has one.
    fn union(&self, parts: &[Predicate]) -> Result<Option<Vec<String>>, DbError> {
        let mut all = Vec::new();
        for part in parts {
            let Some(ids) = self.candidates(part)? else { return Ok(None) };
            all.extend(ids);
        }
        Ok(Some(all))
    }

    /// The ids with that value, where an index knows.
    fn lookup(&self, path: &Located, operand: &Operand) -> Result<Option<Vec<String>>, DbError> {
        let Self { tx, kind, organization, limit } = *self;
        let (Operand::Exact(key) | Operand::Folded(key)) = operand else { return Ok(None) };
        let unique = match kind.resource_type.noun {
            Noun::User => "userName",
            Noun::Group => "displayName",
            Noun::Role => "name",
        };
        Ok(Some(match path {
            path if path.is("id") => vec![key.clone()],
            path if path.is(unique) => records::named(tx, kind, organization, &text::fold(key))?,
            path if path.is("members.value") => memberships::direct_teams(tx, organization, key, limit)?,
            path if path.is("groups.value") => memberships::everybody(tx, organization, key, limit)?,
            path if is_manager(path) => users::reports(tx, organization, key, limit)?,
            path => match attributes::indexed(kind.resource_type, path) {
                Some(attribute) => {
                    attributes::equal(tx, (organization, kind.resource_type), attribute, key, limit)?
                }
                None => return Ok(None),
            },
        }))
    }
}

fn is_manager(path: &Located) -> bool {
    path.extension.is_some_and(|schema| schema.id == urn::ENTERPRISE_USER)
        && path.attribute.name == "manager"
        && path.leaf().name == "value"
}
