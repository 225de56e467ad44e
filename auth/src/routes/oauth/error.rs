//! Errors as RFC 6749, section 5.2, wants them.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use common::{clock, persistence::PersistenceError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::keys::KeyError;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum TokenError {
    #[error("{0}")]
    InvalidRequest(&'static str),
    #[error("{0}")]
    InvalidClient(&'static str),
    #[error("{0}")]
    InvalidScope(&'static str),
    #[error("only grant_type=client_credentials is supported")]
    UnsupportedGrantType,
    #[error("too many failed attempts from this address")]
    TooMany { until: DateTime<Utc> },
    #[error("the body is too large")]
    TooLarge,
    #[error("the service cannot answer at the moment")]
    Unavailable(#[source] PersistenceError),
    #[error("something went wrong here; it has been logged")]
    Failed,
}

/// Why there is no token (RFC 6749, section 5.2).
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"error": "invalid_client", "error_description": "the client is not known, or the secret is another"}))]
pub(super) struct TokenErrorReply {
    /// The kind, for programs.
    error: TokenErrorCode,
    /// For people.
    error_description: String,
}

/// The kinds of RFC 6749, and two that it has for other endpoints.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidScope,
    UnsupportedGrantType,
    TemporarilyUnavailable,
    ServerError,
}

impl From<PersistenceError> for TokenError {
    fn from(error: PersistenceError) -> Self {
        match error {
            PersistenceError::Unavailable(_) => {
                tracing::warn!(%error, "a dependency is not available");
                Self::Unavailable(error)
            }
            PersistenceError::Failed(_) => {
                tracing::error!(%error, "request failed");
                Self::Failed
            }
        }
    }
}

impl From<KeyError> for TokenError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Persistence(error) => error.into(),
            KeyError::WrongSecret | KeyError::NoKey | KeyError::Failed(_) => {
                tracing::error!(%error, "request failed");
                Self::Failed
            }
        }
    }
}

impl TokenError {
    fn kind(&self) -> (StatusCode, TokenErrorCode) {
        match self {
            Self::InvalidRequest(_) => (StatusCode::BAD_REQUEST, TokenErrorCode::InvalidRequest),
            Self::InvalidClient(_) => (StatusCode::UNAUTHORIZED, TokenErrorCode::InvalidClient),
            Self::InvalidScope(_) => (StatusCode::BAD_REQUEST, TokenErrorCode::InvalidScope),
            Self::UnsupportedGrantType => (StatusCode::BAD_REQUEST, TokenErrorCode::UnsupportedGrantType),
            Self::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, TokenErrorCode::TemporarilyUnavailable),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, TokenErrorCode::InvalidRequest),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, TokenErrorCode::TemporarilyUnavailable),
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, TokenErrorCode::ServerError),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany { until } => {
                Some((*until - clock::now()).max(TimeDelta::seconds(1)).to_std().unwrap_or_default())
            }
            Self::Unavailable(_) => Some(Duration::from_secs(2)),
            _ => None,
        }
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let (status, error) = self.kind();
        let body = Json(TokenErrorReply { error, error_description: self.to_string() });
        let mut response =
            (status, [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], body)
                .into_response();
        let headers = response.headers_mut();
        if matches!(self, Self::InvalidClient(_)) {
            // Every 401 names a way in (RFC 9110, section 15.5.2), also where the secret came in the body.
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(r#"Basic realm="ilenia", charset="UTF-8""#),
            );
        }
        if let Some(wait) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        }
        response
    }
}
