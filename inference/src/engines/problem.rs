//! What the engines refuse or fail at, as an HTTP answer.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::Missing;

/// Why an engine gives no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// The request cannot be understood.
    #[error("{0}")]
    Invalid(String),
    /// There is nothing to translate or to say.
    #[error("the text is empty")]
    Empty,
    /// The body is no audio that we read.
    #[error("the body is not audio: {0}")]
    NotAudio(String),
    /// More than is taken.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What is.
        what: &'static str,
        /// How large it may be.
        limit: usize,
    },
    /// No engine for the language.
    #[error("{language} is not supported: the offline engines know {supported}")]
    UnsupportedLanguage {
        /// The language asked for.
        language: String,
        /// Those we have.
        supported: &'static str,
    },
    /// A path or method that is not ours.
    #[error("no such path or method")]
    NoRoute(StatusCode),
    /// The queue is full.
    #[error("too many requests are waiting")]
    Busy,
    /// The model is being loaded.
    #[error("the model is loading")]
    Loading {
        /// About how long that takes.
        estimate: Duration,
    },
    /// Something is not installed.
    #[error("{} is missing: install the Debian package {}", .0.what, .0.package)]
    Missing(Missing),
    /// An engine took too long.
    #[error("the engine took too long")]
    TimedOut,
    /// An engine failed; the cause is logged, not told.
    #[error("{0}")]
    Failed(String),
}

impl EngineError {
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::Empty => (StatusCode::UNPROCESSABLE_ENTITY, "empty_text"),
            Self::NotAudio(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_audio"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::UnsupportedLanguage { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "unsupported_language"),
            Self::NoRoute(status) => (*status, "not_found"),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "busy"),
            Self::Loading { .. } => (StatusCode::SERVICE_UNAVAILABLE, "loading"),
            Self::Missing(_) => (StatusCode::NOT_IMPLEMENTED, "not_installed"),
            Self::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "timed_out"),
            Self::Failed(_) => (StatusCode::INTERNAL_SERVER_ERROR, "engine_failed"),
        }
    }
}

impl IntoResponse for EngineError {
    fn into_response(self) -> Response {
        let (status, code) = self.status_and_code();
        let detail = match &self {
            Self::Failed(cause) => {
                tracing::error!(cause, "an offline engine failed");
                "the engine failed".to_owned()
            }
            other => other.to_string(),
        };
        let mut problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "code": code,
            "detail": detail,
            "error": detail,
        });
        if let Self::Loading { estimate } = self {
            problem["estimated_time"] = estimate.as_secs_f64().into();
        }
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(self, Self::Busy) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
