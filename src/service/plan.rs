//! Which resources a filter can concern: the most selective index, or none.

use crate::{
    scim::{
        filter::{Operand, Predicate},
        path::Located,
        urn,
    },
    store::{
        DbError, ReadTx, attributes, memberships,
        records::{self, Kind},
        users,
    },
};
use scim_filter_parser::CompareOp;

/// A superset of the ids the predicate holds for, ordered and each once; `None` when only a look at every
/// resource can tell.
pub(super) fn candidates(
    tx: &ReadTx<'_>,
    kind: &'static Kind,
    organization: &str,
    predicate: &Predicate,
) -> Result<Option<Vec<String>>, DbError> {
    let mut found = match predicate {
        Predicate::Compare(path, CompareOp::Eq, operand) => lookup(tx, kind, organization, path, operand)?,
        Predicate::Any(_, inner) => candidates(tx, kind, organization, inner)?,
        Predicate::And(parts) => {
            let mut best: Option<Vec<String>> = None;
            for part in parts {
                if best.as_ref().is_some_and(|best| best.len() <= 1) {
                    break;
                }
                let next = candidates(tx, kind, organization, part)?;
                best = [best, next].into_iter().flatten().min_by_key(Vec::len);
            }
            best
        }
        Predicate::Or(parts) => {
            let mut all = Some(Vec::new());
            for part in parts {
                let next = candidates(tx, kind, organization, part)?;
                all = all.zip(next).map(|(all, next)| [all, next].concat());
                if all.is_none() {
                    break;
                }
            }
            all
        }
        Predicate::Not(_) | Predicate::Present(_) | Predicate::Compare(..) => None,
    };
    if let Some(ids) = &mut found {
        ids.sort_unstable();
        ids.dedup();
    }
    Ok(found)
}

/// The ids with that value, where an index knows.
fn lookup(
    tx: &ReadTx<'_>,
    kind: &'static Kind,
    organization: &str,
    path: &Located,
    operand: &Operand,
) -> Result<Option<Vec<String>>, DbError> {
    let (Operand::Exact(key) | Operand::Folded(key)) = operand else { return Ok(None) };
    let is_user = kind.resource_type.name == "User";
    Ok(Some(match path {
        path if path.is("id") => vec![key.clone()],
        path if path.is(if is_user { "userName" } else { "displayName" }) => {
            records::named(tx, kind, organization, key)?
        }
        path if path.is("members.value") => memberships::direct_teams(tx, organization, key)?,
        path if path.is("groups.value") => memberships::all_members(tx, organization, key)?,
        path if is_manager(path) => users::reports(tx, organization, key)?,
        path => match attributes::indexed(kind.resource_type, path) {
            Some(attribute) => attributes::equal(tx, organization, kind.resource_type, attribute, key)?,
            None => return Ok(None),
        },
    }))
}

fn is_manager(path: &Located) -> bool {
    path.extension.is_some_and(|schema| schema.id == urn::ENTERPRISE_USER)
        && path.attribute.name == "manager"
        && path.leaf().name == "value"
}
