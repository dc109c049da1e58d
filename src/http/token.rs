//! `POST /oidc/token`: a machine gives a token of an issuer that an admin registered, and gets one of ours (RFC 7523 §2.1,
//! RFC 6749 §5).

use super::{body, error::Refusal, request_log::Line, server::Door, visitor};
use crate::{
    org::{issuer::LIFETIME, key::Scopes},
    service::issuers::{self, Asked, NotGiven},
};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use secrecy::ExposeSecret;
use serde_json::json;

/// Where tokens are exchanged.
pub(super) const PATH: &str = "/oidc/token";
/// What is asked for.
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// The largest form, in bytes.
const FORM: usize = 64 * 1024;

/// An answer that is no token: its code (RFC 6749 §5.2), what there is to say, and the status.
struct Failed {
    status: StatusCode,
    code: &'static str,
    why: String,
}

impl Failed {
    fn request(why: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: "invalid_request", why: why.into() }
    }
}

/// Serves a request to [`PATH`], of the organization that the path names or of the first.
pub(super) async fn serve(
    request: &HttpRequest,
    payload: web::Payload,
    door: &Door,
    line: &mut Line,
) -> HttpResponse {
    line.endpoint = PATH;
    if *request.method() != Method::POST {
        return HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "POST")).finish();
    }
    let mut response = match exchange(request, payload, door, line).await {
        Ok(token) => HttpResponse::Ok()
            .content_type("application/json")
            .body(json!({"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}).to_string()),
        Err(Failed { status, code, why }) => {
            let mut response = HttpResponse::build(status);
            if status != StatusCode::BAD_REQUEST {
                response.insert_header((header::RETRY_AFTER, "10"));
            }
            response
                .content_type("application/json")
                .body(json!({"error": code, "error_description": why}).to_string())
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

async fn exchange(
    request: &HttpRequest,
    payload: web::Payload,
    door: &Door,
    line: &Line,
) -> Result<String, Failed> {
    let refused = |refusal: Refusal| Failed::request(refusal.to_string());
    body::check_head(request, FORM).map_err(refused)?;
    if !body::is_of(request, &["application/x-www-form-urlencoded"]) {
        return Err(Failed::request("expected a form, application/x-www-form-urlencoded"));
    }
    let form = body::form(payload, FORM).await.map_err(refused)?;
    let mut grants = values(&form, "grant_type");
    if grants.pop().as_deref() != Some(GRANT) || !grants.is_empty() {
        let why = format!("grant_type: expected {GRANT}");
        return Err(Failed { status: StatusCode::BAD_REQUEST, code: "unsupported_grant_type", why });
    }
    let assertion = <[String; 1]>::try_from(values(&form, "assertion"));
    let [assertion] = assertion.map_err(|_| Failed::request("assertion: expected one signed JWT"))?;
    let scopes = scopes(&values(&form, "scope"))?;
    let (slug, _) = super::scim::organization(request.path());
    let asked = Asked {
        scopes,
        slug: slug.map(str::to_owned),
        assertion,
        address: visitor::address(request, door),
        request: line.request.clone(),
    };
    match issuers::exchange(&door.app, asked).await {
        Ok(token) => Ok(token.expose_secret().to_owned()),
        Err(NotGiven::Grant(why)) => {
            Err(Failed { status: StatusCode::BAD_REQUEST, code: "invalid_grant", why })
        }
        Err(other) => {
            let status = match &other {
                NotGiven::Enough => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            };
            let why = match &other {
                NotGiven::Service(error) => {
                    tracing::error!(error = ?error, request = line.request, "a token was not exchanged");
                    "the server cannot do this now; try again in a moment".to_owned()
                }
                told => told.to_string(),
            };
            Err(Failed { status, code: "temporarily_unavailable", why })
        }
    }
}

/// What the token shall be used for, as words with blanks between them; without any, everything its subject may do.
fn scopes(said: &[String]) -> Result<Scopes, Failed> {
    let wrong = |why: String| Failed { status: StatusCode::BAD_REQUEST, code: "invalid_scope", why };
    match said {
        [] => Ok(Scopes::ALL),
        [words] if words.trim().is_empty() => {
            Err(wrong("scope: expected words, or no scope at all".to_owned()))
        }
        [words] => words.parse().map_err(|why| wrong(format!("scope: {why}"))),
        _ => Err(wrong("scope: expected it once".to_owned())),
    }
}

fn values(form: &[(String, String)], name: &str) -> Vec<String> {
    form.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
}
