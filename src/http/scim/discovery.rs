//! `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`: RFC 7644 §4.

use super::{Call, Endpoint};
use crate::{
    http::error::Refusal,
    scim::{
        message::{discovery, list},
        schema::Types,
        urn,
    },
    service::Error,
};
use actix_web::{HttpResponse, http::header, web::Bytes};
use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;
use std::{collections::HashMap, sync::Arc};

/// The documents, printed once: they depend on nothing but the public URL.
#[derive(Debug)]
pub(in crate::http) struct Documents {
    service_provider_config: Document,
    /// The same with what is shown to those who ask.
    with_options: Document,
    resource_types: Document,
    /// By name, whose case counts.
    resource_type: HashMap<String, Document>,
    schemas: Document,
    /// By URN in lower case, for its case does not count.
    schema: HashMap<String, Document>,
}

/// A body and its tag. The documents have no version of their own, so the tag follows from what they say.
#[derive(Debug)]
struct Document {
    body: Bytes,
    tag: String,
}

impl Documents {
    /// Prints the documents of a server under this URL.
    pub(in crate::http) fn print(base: &str, types: &Types) -> Self {
        let sizes = types.user.page_sizes();
        let (types, schemas) = (discovery::resource_types(base, types), discovery::schemas(base, types));
        let by_id = |documents: &[Value], key: fn(&str) -> String| {
            let id = |document: &Value| key(document.get("id").and_then(Value::as_str).unwrap_or_default());
            documents.iter().map(|document| (id(document), Document::of(document.to_string()))).collect()
        };
        Self {
            service_provider_config: Document::of(
                discovery::service_provider_config(base, sizes).to_string(),
            ),
            with_options: Document::of(
                discovery::service_provider_config_with_options(base, sizes).to_string(),
            ),
            resource_type: by_id(&types, str::to_owned),
            resource_types: Document::of(whole_list(&types)),
            schema: by_id(&schemas, str::to_ascii_lowercase),
            schemas: Document::of(whole_list(&schemas)),
        }
    }

    fn find(&self, endpoint: &Endpoint) -> Result<&Document, Refusal> {
        match endpoint {
            Endpoint::ServiceProviderConfig => Ok(&self.service_provider_config),
            Endpoint::ResourceTypes => Ok(&self.resource_types),
            Endpoint::ResourceType(name) => {
                Ok(self.resource_type.get(name).ok_or(Error::NotFound("ResourceType"))?)
            }
            Endpoint::Schemas => Ok(&self.schemas),
            Endpoint::Schema(urn) => {
                Ok(self.schema.get(&urn.to_ascii_lowercase()).ok_or(Error::NotFound("Schema"))?)
            }
            _ => Err(Refusal::NoEndpoint),
        }
    }
}

impl Document {
    fn of(body: String) -> Self {
        let digest = digest(&SHA256, body.as_bytes());
        let tag = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { body: Bytes::from(body), tag }
    }
}

fn whole_list(resources: &[Value]) -> String {
    let resources: Vec<String> = resources.iter().map(Value::to_string).collect();
    list::body(resources.len(), 1, &resources)
}

impl Call<'_> {
    /// A discovery document. Paging and sorting mean nothing here, a filter is refused.
    pub(super) fn discovery(
        &self,
        endpoint: &Endpoint,
        base: &Arc<str>,
        types: &'static Types,
    ) -> Result<HttpResponse, Refusal> {
        if self.parameters.has_filter() {
            return Err(Refusal::NoFilter);
        }
        let documents = self.door.documents(base, types);
        let document = match endpoint {
            Endpoint::ServiceProviderConfig if self.parameters.asks_for(urn::BULK_OPTIONS) => {
                &documents.with_options
            }
            endpoint => documents.find(endpoint)?,
        };
        let tag = (header::ETAG, format!("W/\"{}\"", document.tag));
        Ok(match self.precondition.has_tag(&document.tag) {
            true => HttpResponse::NotModified().insert_header(tag).finish(),
            false => HttpResponse::Ok().insert_header(tag).body(document.body.clone()),
        })
    }
}
