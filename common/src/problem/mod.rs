//! Errors over HTTP: `application/problem+json` (RFC 9457).

mod extract;

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

pub use extract::{Form, Json, Path, Query, read_body};

use crate::persistence::PersistenceError;

/// The media type of problems.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was not fulfilled.
///
/// The service shell adds `instance` and `request_id`. For 5xx the text is generic: the cause is logged once, where
/// the problem is made ([`Problem::internal`]).
#[derive(Clone, Debug)]
pub struct Problem(Box<Members>);

/// Why a request was not fulfilled (RFC 9457).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "about:blank", "title": "Not Found", "status": 404, "code": "not_found",
    "detail": "there is nothing at this address", "instance": "/v1/nowhere", "request_id": "0192f0c12a6b7c3d8e4f5a6b7c8d9e0f"
}))]
pub(crate) struct Members {
    /// A URI that names the kind of problem; `about:blank`: `code` and `status` tell all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Stable, for programs.
    code: &'static str,
    /// For people: what is wrong and what to do.
    detail: Cow<'static, str>,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    /// The request, as in the header `x-request-id` and in the logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// What is wrong with each field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// What this kind of problem says besides (RFC 9457, section 3.2).
    #[serde(flatten)]
    #[schema(ignore)]
    extensions: BTreeMap<&'static str, serde_json::Value>,
    #[serde(skip)]
    #[schema(ignore)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The schema of a problem.
pub(crate) fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    <Members as utoipa::PartialSchema>::schema()
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where, as a path (`channels[0].source_language`); empty: the whole.
    pub field: String,
    /// What is wrong with it.
    pub detail: String,
}

impl FieldError {
    /// What is wrong with `field`.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}

impl Problem {
    /// A problem of `status`; `code` is stable (`snake_case`), `detail` is for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Members {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            instance: None,
            request_id: None,
            errors: Vec::new(),
            extensions: BTreeMap::new(),
            headers: Vec::new(),
        }))
    }

    /// 400: the request cannot be understood.
    pub fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 404: there is no such thing, or not for this principal.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// 403: the principal may not.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 409: not in this state, or taken.
    pub fn conflict(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 422: understood, but fields are not acceptable.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.field.is_empty() => one.detail.clone(),
            [one] => format!("{}: {}", one.field, one.detail),
            many => format!("{} fields are not acceptable", many.len()),
        };
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_body", detail);
        problem.0.errors = errors;
        problem
    }

    /// 500: our fault. The cause is logged here and not told.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong here; it has been logged",
        )
    }

    /// 503: a dependency is away; asking again after `retry_after` helps. The cause is logged here and not told.
    pub fn unavailable(
        code: &'static str,
        detail: &'static str,
        retry_after: Duration,
        cause: &dyn std::fmt::Display,
    ) -> Self {
        tracing::warn!(error = %cause, code, "a dependency is not available");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry_after)
    }

    /// The same with a member for programs that belongs to this `code` (RFC 9457, section 3.2).
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        self.0.extensions.insert(name, value.into());
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The same with `Retry-After`, in whole seconds, at least one.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        // It was one when the problem was made.
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Adds what only the service's shell knows.
    pub(crate) fn completed(mut self, instance: String, request_id: String) -> Self {
        self.0.instance = Some(instance);
        self.0.request_id = Some(request_id);
        self
    }

    /// The members as JSON.
    pub(crate) fn body(&self) -> Vec<u8> {
        // Texts and numbers: they can be written.
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), [(header::CONTENT_TYPE, MEDIA_TYPE)], self.body()).into_response();
        for (name, value) in &self.0.headers {
            response.headers_mut().append(name, value.clone());
        }
        // So that the shell can add what only it knows.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<PersistenceError> for Problem {
    fn from(error: PersistenceError) -> Self {
        match &error {
            PersistenceError::Unavailable(cause) => Self::unavailable(
                "database_unavailable",
                "the database is not available at the moment",
                Duration::from_secs(2),
                cause,
            ),
            PersistenceError::Failed(cause) => Self::internal(cause),
        }
    }
}
