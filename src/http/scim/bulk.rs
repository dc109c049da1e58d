//! `/Bulk`: RFC 7644 §3.7.

use super::{Call, Payload};
use crate::{
    http::error::Refusal,
    org::scim_view,
    scim::message::bulk::{self, BulkRequest, Fault, MAX_OPERATIONS, MAX_PAYLOAD, Outcome},
    service::{
        Context, Error,
        bulk::{Done, Failure, Keep, Results, run},
    },
};
use actix_web::HttpResponse;
use serde_json::Value;
use std::{collections::HashMap, sync::Arc};

impl Call<'_> {
    /// Does many operations. `?atomic=true` keeps all or none, `?dryRun=true` none.
    pub(super) async fn bulk(
        &mut self,
        cx: &Arc<Context>,
        payload: Payload<'_>,
    ) -> Result<HttpResponse, Refusal> {
        let body = self.body(payload, MAX_PAYLOAD).await?;
        if bulk::n_operations(&body) > MAX_OPERATIONS {
            return Err(Refusal::TooManyOperations(MAX_OPERATIONS));
        }
        let request = BulkRequest::read(body, cx.types, &mut self.quirks)?;
        let is_dry = self.parameters.is_true("dryRun")? || cx.rehearses();
        let keep = match (is_dry, self.parameters.is_true("atomic")?) {
            (true, _) => Keep::None,
            (false, true) => Keep::AllOrNone,
            (false, false) => Keep::Each,
        };
        let request = Arc::new(request);
        let may_write = self.verdict.as_ref().is_some_and(|verdict| verdict.scopes.write);
        let results = match may_write {
            true => run(cx, request.clone(), keep, &mut self.quirks).await?,
            false => forbidden(&request),
        };
        let outcomes = outcomes(cx, &request, keep, results);
        let n_failed = outcomes.iter().filter(|outcome| outcome.error.is_some()).count();
        self.seen.failed = (n_failed, request.operations.len());
        Ok(HttpResponse::Ok().body(bulk::body(&outcomes).to_string()))
    }
}

/// each operation hears what it alone would hear, up to the number of failures that the client bears.
fn forbidden(request: &BulkRequest) -> Results {
    let borne = request.fail_on_errors.unwrap_or(usize::MAX);
    (0..request.operations.len().min(borne))
        .map(|place| (place, Err(Failure::Tried(Error::Scope("write")))))
        .collect()
}

/// The results as the answer shows them.
fn outcomes<'o>(cx: &Context, request: &'o BulkRequest, keep: Keep, results: Results) -> Vec<Outcome<'o>> {
    let failed = results.iter().find(|(_, result)| result.is_err()).map(|(place, _)| *place);
    let undone = if keep == Keep::AllOrNone { failed } else { None };
    let mut results: HashMap<usize, Result<Done, Failure>> = results.into_iter().collect();
    let made: HashMap<String, String> = match keep {
        Keep::None => HashMap::new(),
        _ => request
            .operations
            .iter()
            .enumerate()
            .filter_map(|(place, operation)| {
                let done = results.get(&place)?.as_ref().ok()?;
                Some((operation.bulk_id.clone()?, done.id.clone()))
            })
            .collect(),
    };
    let operations = request.operations.iter().enumerate();
    operations
        .filter_map(|(place, operation)| {
            let task = operation.task.as_ref().ok();
            let location = |id: &str| task.map(|task| scim_view::location(task.resource_type, id, &cx.base));
            let id = task.and_then(|task| task.id());
            let reference = id.and_then(bulk::referred);
            // a reference that leads nowhere is no address
            let id = match reference {
                Some(name) => made.get(name).map(String::as_str),
                None => id,
            };
            let known = id.and_then(location);
            let result = match (results.remove(&place), undone) {
                (Some(Err(failure)), _) => Err(refusal(failure)),
                // nothing of an atomic request remains when one of its operations fails
                (_, Some(failed)) => Err(Refusal::Undone(failed + 1)),
                (None, None) => return None,
                (Some(Ok(done)), None) => Ok(done),
            };
            Some(match result {
                Ok(done) => {
                    let is_made = keep != Keep::None || done.status != 201 && reference.is_none();
                    Outcome {
                        operation,
                        status: done.status,
                        location: if is_made { location(&done.id) } else { None },
                        version: done.version.filter(|_| is_made).map(|version| version.to_string()),
                        error: None,
                    }
                }
                Err(refusal) => {
                    let (status, error): (u16, Value) = refusal.told(&cx.request);
                    Outcome { operation, status, location: known, version: None, error: Some(error) }
                }
            })
        })
        .collect()
}

fn refusal(failure: Failure) -> Refusal {
    match failure {
        Failure::Fault(Fault::NoEndpoint) => Refusal::NoEndpoint,
        Failure::Fault(Fault::Refused(error)) => error.into(),
        Failure::Reference(why) => Refusal::Reference(why),
        Failure::Tried(error) => Refusal::Service(error),
    }
}
