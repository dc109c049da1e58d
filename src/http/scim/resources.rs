//! `/Users` and `/Groups`: RFC 7644 §3.2.

use super::Call;
use crate::{
    http::error::Refusal,
    scim::{ErrorKind, schema::ResourceType},
    service::{
        Answer, Context, groups,
        read::{self, Found},
        users::{self, Demand},
    },
};
use actix_web::{
    HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The largest body about a user, and about a group with its members, in bytes.
const USER_BODY: usize = 2 * 1024 * 1024;
const GROUP_BODY: usize = 8 * 1024 * 1024;

impl Call<'_> {
    /// `/Users` or `/Groups`.
    pub(super) async fn collection(
        &mut self,
        cx: &Arc<Context>,
        resource_type: &'static ResourceType,
        payload: web::Payload,
    ) -> Result<HttpResponse, Refusal> {
        if *self.request.method() != Method::POST {
            return self.query(cx, resource_type).await;
        }
        let (body, demand) = self.write(payload, resource_type).await?;
        let made = match resource_type.is_group() {
            true => groups::create(cx, body, demand.projection, &mut self.quirks).await?,
            false => users::create(cx, body, demand.projection, &mut self.quirks).await?,
        };
        Ok(found(StatusCode::CREATED, made))
    }

    /// `/Users/{id}` or `/Groups/{id}`.
    pub(super) async fn member(
        &mut self,
        cx: &Arc<Context>,
        resource_type: &'static ResourceType,
        id: &str,
        payload: web::Payload,
    ) -> Result<HttpResponse, Refusal> {
        let method = self.request.method();
        if *method == Method::DELETE {
            match resource_type.is_group() {
                true => groups::remove(cx, id, self.precondition.clone()).await?,
                false => users::remove(cx, id, self.precondition.clone()).await?,
            }
            return Ok(HttpResponse::NoContent().finish());
        }
        if ![Method::PUT, Method::PATCH].contains(method) {
            return self.get(cx, resource_type, id).await;
        }
        let (body, demand) = self.write(payload, resource_type).await?;
        let changed = match (resource_type.is_group(), *method == Method::PUT) {
            (true, true) => groups::replace(cx, id, body, demand, &mut self.quirks).await?,
            (true, false) => groups::patch(cx, id, body, demand, &mut self.quirks).await?,
            (false, true) => users::replace(cx, id, body, demand, &mut self.quirks).await?,
            (false, false) => users::patch(cx, id, body, demand, &mut self.quirks).await?,
        };
        Ok(found(StatusCode::OK, changed))
    }

    /// What every write brings: a body, a precondition, a projection.
    async fn write(
        &mut self,
        payload: web::Payload,
        resource_type: &'static ResourceType,
    ) -> Result<(Map<String, Value>, Demand), Refusal> {
        let limit = if resource_type.is_group() { GROUP_BODY } else { USER_BODY };
        let body = self.body(payload, limit).await?;
        let projection = self.parameters.projection(resource_type, &mut self.quirks)?;
        Ok((body, Demand { precondition: self.precondition.clone(), projection }))
    }

    async fn get(
        &mut self,
        cx: &Arc<Context>,
        resource_type: &'static ResourceType,
        id: &str,
    ) -> Result<HttpResponse, Refusal> {
        if self.parameters.has_filter() {
            // a filter that is not applied must not look as if it were
            return Err(ErrorKind::InvalidFilter.because("a single resource cannot be filtered").into());
        }
        let projection = self.parameters.projection(resource_type, &mut self.quirks)?;
        match read::get(cx, resource_type, id, &projection, &self.precondition).await? {
            Found::Resource(answer) => Ok(found(StatusCode::OK, answer)),
            Found::Unchanged(version) => {
                Ok(HttpResponse::NotModified().insert_header((header::ETAG, version.to_string())).finish())
            }
        }
    }
}

/// A resource with its version and address; a change without a body is 204, a creation stays one.
fn found(status: StatusCode, answer: Answer) -> HttpResponse {
    let is_bare = answer.body.is_none() && status == StatusCode::OK;
    let status = if is_bare { StatusCode::NO_CONTENT } else { status };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::ETAG, answer.version.to_string()));
    response.insert_header((header::LOCATION, answer.location));
    match answer.body {
        Some(body) => response.body(body),
        None => response.finish(),
    }
}
