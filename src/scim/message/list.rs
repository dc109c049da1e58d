//! The ListResponse: RFC 7644 §3.4.2.

use crate::scim::{page::Sizes, urn};

/// A page that was asked for by cursor (RFC 9865 §2): `next` leads to the next one, and is absent on the last.
pub fn cursor_body(total: usize, next: Option<&str>, resources: &[String]) -> String {
    let (list, held) = (urn::LIST_RESPONSE, resources.len());
    let next = next.map(|next| format!("\"nextCursor\":\"{next}\",")).unwrap_or_default();
    let resources = resources.join(",");
    format!(
        "{{\"schemas\":[\"{list}\"],\"totalResults\":{total},\"itemsPerPage\":{held},{next}\"Resources\":[{resources}]}}"
    )
}

/// Puts rendered resources into a ListResponse. Every member is always there, `Resources` also when it is
/// empty, and `itemsPerPage` is what this page holds.
pub fn body(total: usize, start_index: usize, resources: &[String]) -> String {
    body_of(total, start_index, resources.len(), resources)
}

/// The same as W&B answers who asked for no page: `itemsPerPage` is the most there could be (W-208).
pub fn whole_body(total: usize, resources: &[String]) -> String {
    body_of(total, 1, Sizes::WANDB.default, resources)
}

fn body_of(total: usize, start_index: usize, per_page: usize, resources: &[String]) -> String {
    let list = urn::LIST_RESPONSE;
    let size: usize = resources.iter().map(|resource| resource.len() + 1).sum();
    let mut body = String::with_capacity(size + 200);
    body.push_str(&format!(
        "{{\"schemas\":[\"{list}\"],\"totalResults\":{total},\"itemsPerPage\":{per_page},\"startIndex\":{start_index},\"Resources\":["
    ));
    for (n, resource) in resources.iter().enumerate() {
        if n > 0 {
            body.push(',');
        }
        body.push_str(resource);
    }
    body.push_str("]}");
    body
}
