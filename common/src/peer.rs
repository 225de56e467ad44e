//! Another service of the platform, asked over HTTP as a service client.

use std::time::Duration;

use axum::http::{Method, StatusCode, header::AUTHORIZATION};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    config::Variables,
    http::{self, ClientError},
    oauth::{AccessToken, ClientCredentials, OAuthError},
    problem::Problem,
};

/// A longer answer is none of ours.
const MAX_BYTES: usize = 16 << 20;

/// Another service. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Peer {
    name: &'static str,
    base: Url,
    http: reqwest::Client,
    credentials: ClientCredentials,
}

/// Why a service did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// No token for asking. Whether a retry helps, it tells itself.
    #[error(transparent)]
    Token(#[from] OAuthError),
    /// It is away or busy. A retry helps.
    #[error("{peer} is not available: {why}")]
    Unavailable {
        /// Who.
        peer: &'static str,
        /// For the log.
        why: String,
    },
    /// It refuses (4xx). A retry does not help.
    #[error("{peer} refuses: {status} {code}: {detail}")]
    Refused {
        /// Who.
        peer: &'static str,
        /// The HTTP status.
        status: StatusCode,
        /// The problem's code; empty where the answer is no problem.
        code: String,
        /// In words.
        detail: String,
    },
    /// It answers what it should not. A retry does not help.
    #[error("{peer} does not answer as it should: {why}")]
    Unexpected {
        /// Who.
        peer: &'static str,
        /// For the log.
        why: String,
    },
}

impl PeerError {
    /// Whether a retry helps.
    pub fn retry_helps(&self) -> bool {
        match self {
            Self::Token(error) => error.retry_helps(),
            Self::Unavailable { .. } => true,
            Self::Refused { .. } | Self::Unexpected { .. } => false,
        }
    }
}

impl From<PeerError> for Problem {
    fn from(error: PeerError) -> Self {
        match error {
            PeerError::Token(error) => error.into(),
            PeerError::Unavailable { .. } => Self::unavailable(
                "dependency_unavailable",
                "a service that this needs is not available at the moment",
                Duration::from_secs(2),
                &error,
            ),
            PeerError::Refused { .. } | PeerError::Unexpected { .. } => Self::internal(&error),
        }
    }
}

/// The members of a problem that programs look at.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    code: String,
    detail: String,
}

impl Peer {
    /// The service at `base`; a whole exchange takes `timeout` at most. Nothing is asked yet.
    pub fn new(
        name: &'static str,
        base: Url,
        timeout: Duration,
        credentials: ClientCredentials,
    ) -> Result<Self, ClientError> {
        Ok(Self { name, http: http::client(&base, timeout)?, base, credentials })
    }

    /// Whether it lives, for `/ready`.
    pub async fn check(&self) -> bool {
        let asked = self.http.get(http::under(&self.base, "health")).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// What is at `path` (`events/123457`, a query included); `None` when it is not there (404). Cancel-safe.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, PeerError> {
        match self.exchange(Method::GET, path, None::<&()>).await {
            Ok(body) => self.read(&body).map(Some),
            Err(PeerError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What it answers to `body`. Not cancel-safe: it may have been done when the future is dropped.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, PeerError> {
        let answer = self.exchange(Method::POST, path, Some(body)).await?;
        self.read(&answer)
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Vec<u8>, PeerError> {
        let token = self.credentials.token().await?;
        match self.attempt(method.clone(), path, body, &token).await {
            // It may have been withdrawn or its key rotated out: once with another.
            Err(PeerError::Refused { status: StatusCode::UNAUTHORIZED, .. }) => {
                self.credentials.invalidate(&token);
                let token = self.credentials.token().await?;
                self.attempt(method, path, body, &token).await
            }
            answer => answer,
        }
    }

    async fn attempt(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        token: &AccessToken,
    ) -> Result<Vec<u8>, PeerError> {
        let unavailable = |why: String| PeerError::Unavailable { peer: self.name, why };
        let url = http::under(&self.base, path);
        let mut request = self.http.request(method, url).header(AUTHORIZATION, token.bearer());
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| unavailable(http::describe(&error)))?;
        let status = answer.status();
        let body = http::read_at_most(answer, MAX_BYTES).await;
        let body = body.map_err(|error| unavailable(http::describe(&error)))?;
        if status.is_success() {
            return Ok(body);
        }
        let Told { code, detail } = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_server_error()
            || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
        {
            return Err(unavailable(format!("{status} {code}")));
        }
        Err(PeerError::Refused { peer: self.name, status, code, detail })
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, PeerError> {
        // An answer without a body is `null`.
        let body = if body.is_empty() { b"null" } else { body };
        serde_json::from_slice(body)
            .map_err(|error| PeerError::Unexpected { peer: self.name, why: error.to_string() })
    }
}

/// The address of a service, from the variable `name`; `default` (`http://127.0.0.1:8083`) when it is not set.
pub fn service_url(variables: &Variables, name: &str, default: &str) -> Url {
    let fallback: Url = default.parse().expect("a constant that is a URL");
    let url = variables.or(name, fallback.clone());
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        return url;
    }
    variables.mistake(format!("{name}: has to begin with http:// or https://"));
    fallback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_http_is_a_mistake() {
        let variables = Variables::from([("EVENTS_SERVICE_URL", "events:8083")]);
        service_url(&variables, "EVENTS_SERVICE_URL", "http://127.0.0.1:8083");
        let error = variables.finish(()).expect_err("a mistake");
        assert!(error.mistakes[0].starts_with("EVENTS_SERVICE_URL"), "{error}");
    }
}
