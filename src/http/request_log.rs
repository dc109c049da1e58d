//! One line a request. It holds no personal data: no query, no id, no header that a client filled.

use std::time::Duration;

/// What is known of a request once it is answered.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The request's id, also in the answer's `X-Request-Id`.
    pub request: String,
    /// The method, if it is one of HTTP's own.
    pub method: &'static str,
    /// The endpoint as a pattern, such as `/Users/{id}`.
    pub endpoint: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// The connection's name.
    pub connection: String,
    /// The numbers of the quirks that were needed.
    pub quirks: String,
}

impl Line {
    /// Writes the line.
    pub(super) fn write(&self, took: Duration) {
        tracing::info!(
            target: "roster::request",
            request = self.request,
            method = self.method,
            endpoint = self.endpoint,
            status = self.status,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            connection = self.connection,
            quirks = self.quirks,
            "request"
        );
    }
}
