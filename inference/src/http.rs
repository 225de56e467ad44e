//! The HTTP client that all models share: pooled connections, time-outs, bounded bodies, retry within a deadline.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{
    Response, StatusCode,
    header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};

use common::{LanguageTag, config::Secret};

use crate::{
    InferenceError,
    config::{Endpoint, EndpointUrl},
    failure,
    retry::{Patience, retry},
};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A pooled connection that was not used for this long is closed by us, before a proxy in between forgets it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// As much of an error's body is read.
const MAX_ERROR_BYTES: usize = 16 << 10;

/// Connections to endpoints; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    /// For `https`, and for `http` through the system's proxy.
    remote: reqwest::Client,
    /// For this machine: never through a proxy.
    loopback: reqwest::Client,
}

impl HttpClient {
    /// Makes the pools; nothing is connected yet.
    ///
    /// `with_tls`: whether some endpoint is `https`. Only then are the system's root certificates needed.
    pub(crate) fn new(with_tls: bool) -> Result<Self, InferenceError> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("ilenia/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(8)
                .tcp_nodelay(true)
                .redirect(Policy::none())
        };
        let unusable = |error: reqwest::Error| InferenceError::Setup(describe(&error));
        let loopback = builder().no_proxy().tls_certs_only([]).build().map_err(unusable)?;
        let remote = if with_tls {
            builder().build().map_err(unusable)?
        } else {
            builder().tls_certs_only([]).build().map_err(unusable)?
        };
        Ok(Self { remote, loopback })
    }

    /// Sends `call` until there is a usable answer, the patience ends, or a retry would not help.
    ///
    /// `read` turns a successful response into the answer. Cancel-safe: dropping the future closes the request.
    pub(crate) async fn send<T, F>(
        &self,
        call: &Call,
        patience: Patience,
        read: impl Fn(Response) -> F,
    ) -> Result<T, InferenceError>
    where
        F: Future<Output = Result<T, InferenceError>>,
    {
        retry(patience, || self.attempt(call, &read)).await
    }

    async fn attempt<T, F>(&self, call: &Call, read: &impl Fn(Response) -> F) -> Result<T, InferenceError>
    where
        F: Future<Output = Result<T, InferenceError>>,
    {
        let client = if call.url.is_loopback() { &self.loopback } else { &self.remote };
        let mut request = client
            .post(call.url.as_url().clone())
            .header(CONTENT_TYPE, call.content_type)
            .header(ACCEPT, call.accept)
            .body(call.body.clone());
        if let Some(language) =
            call.language.as_ref().and_then(|tag| HeaderValue::from_str(tag.as_str()).ok())
        {
            request = request.header(ACCEPT_LANGUAGE, language);
        }
        if let Some(token) = &call.token {
            request = request.header(AUTHORIZATION, bearer(token)?);
        }
        let response = request.send().await.map_err(broken)?;
        let status = response.status();
        if status == StatusCode::OK || status == StatusCode::CREATED {
            return read(response).await;
        }
        let headers = response.headers().clone();
        let body = read_at_most(response, MAX_ERROR_BYTES).await.unwrap_or_default();
        Err(failure::from_response(status, &headers, &body, call.token.as_ref(), common::clock::now().into()))
    }
}

/// One request, which can be sent any number of times.
pub(crate) struct Call {
    /// Where to.
    pub(crate) url: EndpointUrl,
    /// As in [`Endpoint`].
    pub(crate) token: Option<Secret>,
    /// What is sent.
    pub(crate) body: Bytes,
    /// Its media type.
    pub(crate) content_type: &'static str,
    /// The media types that are understood in answers.
    pub(crate) accept: &'static str,
    /// The language of the audio or the text, sent as `accept-language`: endpoints for one language ignore it.
    pub(crate) language: Option<LanguageTag>,
}

impl Call {
    /// A JSON request.
    pub(crate) fn json(endpoint: &Endpoint, body: &serde_json::Value, accept: &'static str) -> Self {
        Self {
            url: endpoint.url.clone(),
            token: endpoint.token.clone(),
            body: body.to_string().into(),
            content_type: "application/json",
            accept,
            language: None,
        }
    }

    /// Names the language.
    pub(crate) fn in_language(mut self, language: &LanguageTag) -> Self {
        self.language = Some(language.clone());
        self
    }
}

/// The whole body of a successful answer.
///
/// Errors: larger than `max_bytes` ([`InferenceError::InvalidAnswer`]), or broken off (retryable).
pub(crate) async fn read_body(response: Response, max_bytes: usize) -> Result<Bytes, InferenceError> {
    let too_large = || InferenceError::InvalidAnswer(format!("larger than {max_bytes} bytes"));
    if response.content_length().is_some_and(|length| length > max_bytes as u64) {
        return Err(too_large());
    }
    let mut response = response;
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The beginning of a body; what follows is not read.
async fn read_at_most(mut response: Response, max_bytes: usize) -> Result<Bytes, InferenceError> {
    let mut body = BytesMut::new();
    while body.len() < max_bytes {
        let Some(chunk) = response.chunk().await.map_err(broken)? else { break };
        body.extend_from_slice(&chunk[..chunk.len().min(max_bytes - body.len())]);
    }
    Ok(body.freeze())
}

/// The transport failed: refused, reset, not resolved, broken off.
pub(crate) fn broken(error: reqwest::Error) -> InferenceError {
    if error.is_builder() {
        return InferenceError::Setup(describe(&error.without_url()));
    }
    InferenceError::Unreachable(describe(&error.without_url()))
}

/// The error and its causes, without the address.
fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn bearer(token: &Secret) -> Result<HeaderValue, InferenceError> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| InferenceError::Setup("the token has characters that no header may have".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}
