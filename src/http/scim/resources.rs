//! `/Users`, `/Groups` and `/Roles`: RFC 7644 §3.2.

use super::{Call, Payload};
use crate::{
    http::error::Refusal,
    scim::{
        ErrorKind,
        schema::{Noun, ResourceType},
    },
    service::{
        Answer, Context, groups,
        read::{self, Found},
        roles,
        users::{self, Demand},
    },
};
use actix_web::{
    HttpResponse,
    http::{Method, StatusCode, header},
};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The largest body about a user, and about a group with its members, in bytes.
const USER_BODY: usize = 2 * 1024 * 1024;
const GROUP_BODY: usize = 8 * 1024 * 1024;

impl Call<'_> {
    /// `/Users`, `/Groups` or `/Roles`.
    pub(super) async fn collection(
        &mut self,
        cx: &Arc<Context>,
        resource_type: &'static ResourceType,
        payload: Payload<'_>,
    ) -> Result<HttpResponse, Refusal> {
        if *self.asked.method != Method::POST {
            return self.query(cx, resource_type).await;
        }
        let (body, demand) = self.write(payload, resource_type).await?;
        let (projection, quirks) = (demand.projection, &mut self.quirks);
        let made = match resource_type.noun {
            Noun::User => users::create(cx, body, projection, quirks).await?,
            Noun::Group => groups::create(cx, body, projection, quirks).await?,
            Noun::Role => roles::create(cx, body, projection, quirks).await?,
        };
        Ok(found(StatusCode::CREATED, made))
    }

    /// `/Users/{id}`, `/Groups/{id}` or `/Roles/{id}`.
    pub(super) async fn member(
        &mut self,
        cx: &Arc<Context>,
        resource_type: &'static ResourceType,
        id: &str,
        payload: Payload<'_>,
    ) -> Result<HttpResponse, Refusal> {
        let method = self.asked.method;
        if *method == Method::DELETE {
            let precondition = self.precondition.clone();
            match resource_type.noun {
                Noun::User => users::remove(cx, id, precondition).await?,
                Noun::Group => groups::remove(cx, id, precondition).await?,
                Noun::Role if self.parameters.is_true("dryRun")? => {
                    return Ok(HttpResponse::Ok().body(roles::rehearse_removal(cx, id, precondition).await?));
                }
                Noun::Role => roles::remove(cx, id, precondition).await?,
            }
            return Ok(HttpResponse::NoContent().finish());
        }
        if ![Method::PUT, Method::PATCH].contains(method) {
            return self.get(cx, resource_type, id).await;
        }
        let (body, demand) = self.write(payload, resource_type).await?;
        let (replaces, quirks) = (*method == Method::PUT, &mut self.quirks);
        let changed = match (resource_type.noun, replaces) {
            (Noun::User, true) => users::replace(cx, id, body, demand, quirks).await?,
            (Noun::User, false) => users::patch(cx, id, body, demand, quirks).await?,
            (Noun::Group, true) => groups::replace(cx, id, body, demand, quirks).await?,
            (Noun::Group, false) => groups::patch(cx, id, body, demand, quirks).await?,
            (Noun::Role, true) if self.parameters.is_true("dryRun")? => {
                let impact = roles::rehearse_replacement(cx, id, body, demand, quirks).await?;
                return Ok(HttpResponse::Ok().body(impact));
            }
            (Noun::Role, true) => roles::replace(cx, id, body, demand, quirks).await?,
            (Noun::Role, false) => roles::patch(cx, id, body, demand, quirks).await?,
        };
        Ok(found(StatusCode::OK, changed))
    }

    /// What every write brings: a body, a precondition, a projection.
    async fn write(
        &mut self,
        payload: Payload<'_>,
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
