//! `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`: RFC 7644 §4.

use super::{Call, Endpoint};
use crate::{
    http::error::Refusal,
    scim::message::{discovery, list},
    service::Error,
};
use actix_web::{HttpResponse, http::header};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

impl Call<'_> {
    /// A discovery document. Paging and sorting mean nothing here, a filter is refused.
    pub(super) fn discovery(&self, endpoint: &Endpoint) -> Result<HttpResponse, Refusal> {
        if self.parameters.has_filter() {
            return Err(Refusal::NoFilter);
        }
        let base = &self.door.base;
        let body = match endpoint {
            Endpoint::ServiceProviderConfig => discovery::service_provider_config(base).to_string(),
            Endpoint::ResourceTypes => whole_list(discovery::resource_types(base)),
            Endpoint::ResourceType(name) => one(discovery::resource_type(base, name), "ResourceType")?,
            Endpoint::Schemas => whole_list(discovery::schemas(base)),
            Endpoint::Schema(urn) => one(discovery::schema(base, urn), "Schema")?,
            _ => return Err(Refusal::NoEndpoint),
        };
        let tag = tag_of(&body);
        let mut response = match self.precondition.has_tag(&tag) {
            true => HttpResponse::NotModified(),
            false => HttpResponse::Ok(),
        };
        response.insert_header((header::ETAG, format!("W/\"{tag}\"")));
        Ok(if self.precondition.has_tag(&tag) { response.finish() } else { response.body(body) })
    }
}

fn whole_list(resources: Vec<Value>) -> String {
    let resources: Vec<String> = resources.iter().map(Value::to_string).collect();
    list::body(resources.len(), 1, &resources)
}

fn one(found: Option<Value>, what: &'static str) -> Result<String, Refusal> {
    Ok(found.ok_or(Error::NotFound(what))?.to_string())
}

/// The documents have no version of their own; their tag follows from what they say.
fn tag_of(body: &str) -> String {
    let digest = digest(&SHA256, body.as_bytes());
    digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
