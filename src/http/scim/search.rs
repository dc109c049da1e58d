//! Queries: RFC 7644 §3.4.2 and §3.4.3.

use super::{Call, Payload};
use crate::{
    http::error::Refusal,
    scim::{
        ErrorKind,
        query::{Parameters, Query},
        schema::ResourceType,
    },
    service::{Context, read},
};
use actix_web::{HttpResponse, http::Method};
use std::sync::Arc;

/// The largest body of a query, in bytes.
const SEARCH_BODY: usize = 256 * 1024;

impl Call<'_> {
    /// Takes the parameters from the body of a query by POST, instead of those in the URL.
    pub(super) async fn take_search(&mut self, payload: Payload<'_>) -> Result<(), Refusal> {
        let body = self.body(payload, SEARCH_BODY).await?;
        self.parameters = Parameters::of_search(&body)?;
        Ok(())
    }

    /// A query of one resource type.
    pub(super) async fn query(
        &mut self,
        cx: &Arc<Context>,
        resource_type: &'static ResourceType,
    ) -> Result<HttpResponse, Refusal> {
        let query = Query::parse(&self.parameters, resource_type, &mut self.quirks)?;
        self.check_filter(&query)?;
        Ok(HttpResponse::Ok().body(read::list(cx, resource_type, query).await?))
    }

    /// what a connection calls sensitive is not filtered by in a URL, which many a log keeps.
    fn check_filter(&self, query: &Query) -> Result<(), Refusal> {
        let sensitive = self.verdict.as_ref().map(|verdict| verdict.sensitive.as_slice()).unwrap_or_default();
        let named = query
            .filter
            .as_ref()
            .and_then(|filter| sensitive.iter().find(|path| filter.any_path(&|found| found.overlaps(path))));
        match named {
            Some(path) if *self.asked.method != Method::POST => {
                let detail = format!("{path} is sensitive; send the filter in the body of a POST to .search");
                Err(ErrorKind::Sensitive.because(detail).into())
            }
            _ => Ok(()),
        }
    }

    /// A query of all resource types.
    pub(super) async fn query_all(&mut self, cx: &Arc<Context>) -> Result<HttpResponse, Refusal> {
        let types = cx.types.all();
        let queries = Query::parse_each(&self.parameters, types, &mut self.quirks)?;
        queries.iter().try_for_each(|query| self.check_filter(query))?;
        let queries = types.into_iter().zip(queries).collect();
        Ok(HttpResponse::Ok().body(read::list_all(cx, queries).await?))
    }
}
