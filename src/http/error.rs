//! The only place where a failure becomes a status.

use crate::{org::refusal::Refusal as Rule, scim::message, service};
use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};
use serde_json::Value;
use std::borrow::Cow;

/// Why a SCIM request is not served.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// A use case did not happen.
    #[error(transparent)]
    Service(#[from] service::Error),
    /// The credential is unknown, expired or revoked; a missing one is `service::Error::Unauthorized`.
    #[error(
        "the token or key is unknown, expired or revoked; a token is shown as Bearer, a key as Bearer or Basic"
    )]
    InvalidToken,
    /// The API was asked without a key.
    #[error(
        "the request needs an API key, in the header Authorization: Bearer, or Basic with the key as its password; a browser \
         needs a session, which /sign-in begins"
    )]
    NoKey,
    /// The API was asked with a key that does not work.
    #[error("the key is unknown, expired or revoked, or its owner is not active")]
    InvalidKey,
    /// A browser asks for a change, and no page of ours made it.
    #[error(
        "the request came with a session, and not from a page of this server; scripts show an API key in the header \
         Authorization instead"
    )]
    Foreign,
    /// Nothing is served under this path.
    #[error("there is no such endpoint")]
    NoEndpoint,
    /// The endpoint never has this method.
    #[error("the endpoint has no such method; it has {0}")]
    Method(Cow<'static, str>),
    /// The credential speaks for a connection, so that there is nobody whom `/Me` could mean.
    #[error(
        "/Me is the user whom a credential speaks for; this token speaks for a connection and for no user"
    )]
    Nobody,
    /// A feature of SCIM that this server does not have.
    #[error("{0} is not implemented")]
    NotImplemented(&'static str),
    /// Discovery endpoints cannot be filtered (RFC 7644 §4).
    #[error("this endpoint cannot be filtered")]
    NoFilter,
    /// The body is too large.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// A bulk request has too many operations.
    #[error("a bulk request has at most {0} operations")]
    TooManyOperations(usize),
    /// An operation refers to one that failed.
    #[error("{0}")]
    Reference(&'static str),
    /// An operation of a request that does all or nothing.
    #[error("nothing was done, because operation {0} failed")]
    Undone(usize),
    /// The body is in another format or encoding.
    #[error("{0}")]
    MediaType(String),
    /// The body did not arrive in time.
    #[error("the body did not arrive in time")]
    Slow,
    /// The connection broke while the body was read.
    #[error("the body ended early")]
    Broken,
    /// Somebody asked too often.
    #[error("too many attempts; try again in {0} seconds")]
    TooMany(u64),
    /// An admin paused the connection.
    #[error("an admin of the organization paused this connection; try again later")]
    Paused,
    /// The code itself failed.
    #[error("internal error")]
    Panic,
}

impl From<service::attempts::TooMany> for Refusal {
    fn from(many: service::attempts::TooMany) -> Self {
        Self::TooMany(many.0)
    }
}

impl From<crate::scim::Error> for Refusal {
    fn from(error: crate::scim::Error) -> Self {
        Self::Service(error.into())
    }
}

impl Refusal {
    /// Status and `scimType`, one row per failure.
    fn wire(&self) -> (u16, Option<&'static str>) {
        use service::Error;
        match self {
            Self::Service(Error::Scim(error)) => {
                let (keyword, status) = error.kind.wire();
                (status, Some(keyword))
            }
            Self::Service(Error::NotFound(_)) | Self::NoEndpoint | Self::Nobody => (404, None),
            Self::Service(Error::Rule(rule)) => match rule {
                Rule::SeatLimit { .. }
                | Rule::NotAdopted { .. }
                | Rule::Forbidden(_)
                | Rule::Scope(_)
                | Rule::NotFresh => (403, None),
                Rule::LastAdmin | Rule::Conflict(_) => (409, None),
                Rule::Reused => (422, None),
                Rule::Unknown(_) | Rule::Invalid(_) => (400, Some("invalidValue")),
            },
            Self::Service(Error::Deactivated { .. }) => (409, Some("uniqueness")),
            Self::Service(Error::Taken(_)) => (409, None),
            Self::Service(Error::PreconditionFailed) => (412, None),
            Self::Service(Error::Unauthorized) | Self::InvalidToken | Self::NoKey | Self::InvalidKey => {
                (401, None)
            }
            Self::Service(Error::Busy(_)) | Self::Paused => (503, None),
            Self::Service(
                Error::Store(_) | Error::Connection(_) | Error::Organization(_) | Error::Definition(_),
            )
            | Self::Panic => (500, None),
            Self::Method(_) => (405, None),
            Self::NotImplemented(_) => (501, None),
            Self::Service(Error::Scope(_)) | Self::NoFilter | Self::Foreign => (403, None),
            Self::TooLarge(_) | Self::TooManyOperations(_) => (413, None),
            Self::Reference(_) => (409, None),
            Self::Undone(_) => (424, None),
            Self::MediaType(_) => (415, None),
            Self::Slow => (408, None),
            Self::TooMany(_) => (429, None),
            Self::Broken => (400, Some("invalidSyntax")),
        }
    }

    /// The status and the SCIM error (RFC 7644 §3.12).
    pub(super) fn told(&self, request_id: &str) -> (u16, Value) {
        let (status, keyword) = self.wire();
        (status, message::error::body(status, keyword, &self.detail(request_id)))
    }

    /// The status.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.wire().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The status of a use case that did not happen.
    pub(super) fn status_of(error: &service::Error) -> StatusCode {
        match error {
            service::Error::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence for the client. A failure of ours is logged with its whole chain, here and once; the client gets the
    /// request's id and a bland sentence.
    pub(super) fn detail(&self, request_id: &str) -> String {
        let status = self.wire().0;
        let mut detail = self.to_string();
        if status >= 500 && status != 501 && !matches!(self, Self::Paused) {
            tracing::error!(request = request_id, error = ?self, "a request failed");
            detail = format!("{detail}; the server's log tells more under the request id {request_id}");
        }
        detail
    }

    /// The answer with this body, which is what was told.
    pub(super) fn answer(&self, body: &Value) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        self.headers(&mut response);
        response.body(body.to_string())
    }

    /// What the client is told beside the sentence.
    pub(super) fn headers(&self, response: &mut HttpResponseBuilder) {
        match self {
            //
            Self::Service(service::Error::Unauthorized) => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"SCIM\""));
            }
            Self::InvalidToken => {
                let challenge = "Bearer realm=\"SCIM\", error=\"invalid_token\"";
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Self::NoKey => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"Roster\""));
            }
            Self::InvalidKey => {
                let challenge = "Bearer realm=\"Roster\", error=\"invalid_token\"";
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Self::Service(service::Error::Scope(scope) | service::Error::Rule(Rule::Scope(scope))) => {
                let challenge =
                    format!("Bearer realm=\"SCIM\", error=\"insufficient_scope\", scope=\"{scope}\"");
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Self::Service(service::Error::Deactivated { location, .. }) => {
                response.insert_header((header::CONTENT_LOCATION, location.as_str()));
            }
            Self::Method(allow) => {
                response.insert_header((header::ALLOW, allow.as_ref()));
            }
            // clients read a number of seconds, not a date
            Self::Service(service::Error::Busy(_)) => {
                response.insert_header((header::RETRY_AFTER, "1"));
            }
            Self::TooMany(seconds) => {
                response.insert_header((header::RETRY_AFTER, seconds.to_string()));
            }
            Self::Paused => {
                response.insert_header((header::RETRY_AFTER, "10"));
            }
            _ => {}
        }
    }
}
