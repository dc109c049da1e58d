//! `/Permissions`: what custom roles can be made of (W-183).

use super::Call;
use crate::{http::error::Refusal, org::permission, scim::message::list};
use actix_web::HttpResponse;
use serde_json::json;

impl Call<'_> {
    /// Every permission, and which of the roles that others inherit from has it.
    pub(super) fn permissions(&self) -> Result<HttpResponse, Refusal> {
        if self.parameters.has_filter() {
            return Err(Refusal::NoFilter);
        }
        let shown = permission::all().iter().map(|it| {
            let document = json!({
                "name": it.name,
                "viewer": it.in_viewer,
                "member": it.in_member,
                "ownOnly": it.is_for_own(),
            });
            document.to_string()
        });
        let shown: Vec<String> = shown.collect();
        Ok(HttpResponse::Ok().body(list::body(shown.len(), 1, &shown)))
    }
}
