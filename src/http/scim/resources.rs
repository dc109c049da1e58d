//! `/Users` and `/Groups`: RFC 7644 §3.2.

use super::Call;
use crate::{
    http::error::Refusal,
    scim::{
        ErrorKind,
        query::Query,
        schema::{
            ResourceType,
            standard::{GROUP_TYPE, USER_TYPE},
        },
    },
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
    pub(super) async fn users(
        &mut self,
        cx: &Arc<Context>,
        method: &Method,
        payload: web::Payload,
    ) -> Result<HttpResponse, Refusal> {
        if *method != Method::POST {
            return self.list(cx, &USER_TYPE).await;
        }
        let (body, demand) = self.write(payload, &USER_TYPE, USER_BODY).await?;
        let made = users::create(cx, body, demand.projection, &mut self.quirks).await?;
        Ok(found(StatusCode::CREATED, made))
    }

    pub(super) async fn user(
        &mut self,
        cx: &Arc<Context>,
        method: &Method,
        id: &str,
        payload: web::Payload,
    ) -> Result<HttpResponse, Refusal> {
        let answer = match *method {
            Method::PUT => {
                let (body, demand) = self.write(payload, &USER_TYPE, USER_BODY).await?;
                users::replace(cx, id, body, demand, &mut self.quirks).await?
            }
            Method::PATCH => {
                let (body, demand) = self.write(payload, &USER_TYPE, USER_BODY).await?;
                users::patch(cx, id, body, demand, &mut self.quirks).await?
            }
            Method::DELETE => {
                users::remove(cx, id, self.precondition.clone()).await?;
                return Ok(HttpResponse::NoContent().finish());
            }
            _ => return self.get(cx, &USER_TYPE, id).await,
        };
        Ok(found(StatusCode::OK, answer))
    }

    pub(super) async fn groups(
        &mut self,
        cx: &Arc<Context>,
        method: &Method,
        payload: web::Payload,
    ) -> Result<HttpResponse, Refusal> {
        if *method != Method::POST {
            return self.list(cx, &GROUP_TYPE).await;
        }
        let (body, demand) = self.write(payload, &GROUP_TYPE, GROUP_BODY).await?;
        let made = groups::create(cx, body, demand.projection, &mut self.quirks).await?;
        Ok(found(StatusCode::CREATED, made))
    }

    pub(super) async fn group(
        &mut self,
        cx: &Arc<Context>,
        method: &Method,
        id: &str,
        payload: web::Payload,
    ) -> Result<HttpResponse, Refusal> {
        let answer = match *method {
            Method::PUT => {
                let (body, demand) = self.write(payload, &GROUP_TYPE, GROUP_BODY).await?;
                groups::replace(cx, id, body, demand, &mut self.quirks).await?
            }
            Method::PATCH => {
                let (body, demand) = self.write(payload, &GROUP_TYPE, GROUP_BODY).await?;
                groups::patch(cx, id, body, demand, &mut self.quirks).await?
            }
            Method::DELETE => {
                groups::remove(cx, id, self.precondition.clone()).await?;
                return Ok(HttpResponse::NoContent().finish());
            }
            _ => return self.get(cx, &GROUP_TYPE, id).await,
        };
        Ok(found(StatusCode::OK, answer))
    }

    /// What every write brings: a body, a precondition, a projection.
    async fn write(
        &mut self,
        payload: web::Payload,
        resource_type: &'static ResourceType,
        limit: usize,
    ) -> Result<(Map<String, Value>, Demand), Refusal> {
        let body = self.body(payload, limit).await?;
        let projection = self.parameters.projection(resource_type, &mut self.quirks)?;
        Ok((body, Demand { precondition: self.precondition.clone(), projection }))
    }

    async fn list(
        &mut self,
        cx: &Arc<Context>,
        resource_type: &'static ResourceType,
    ) -> Result<HttpResponse, Refusal> {
        let query = Query::parse(&self.parameters, resource_type, &mut self.quirks)?;
        Ok(HttpResponse::Ok().body(read::list(cx, resource_type, query).await?))
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
