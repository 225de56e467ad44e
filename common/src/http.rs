//! The HTTP client between services: time-outs, no redirects, bounded answers.

use std::{net::IpAddr, time::Duration};

use reqwest::{Client, Response, redirect::Policy};
use url::Url;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A pooled connection that was not used for this long is closed by us, before a proxy in between forgets it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// The client cannot be made: this machine has no usable root certificates, or a proxy variable cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot prepare the HTTP client: {0}")]
pub struct ClientError(#[from] reqwest::Error);

/// A client for the service at `url`; a whole exchange takes `timeout` at most. Nothing is connected yet.
///
/// Follows no redirects: a service that answers with one is not the one that was meant, and should not get our token.
/// The system's root certificates are read for `https` only; this machine's own addresses are never asked through a proxy.
pub fn client(url: &Url, timeout: Duration) -> Result<Client, ClientError> {
    let mut builder = Client::builder()
        .user_agent(concat!("ilenia/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_nodelay(true)
        .redirect(Policy::none());
    if url.scheme() != "https" {
        builder = builder.tls_certs_only([]);
    }
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    Ok(builder.build()?)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

/// Why a body was not read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is longer than whoever asked is ready to take.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// The connection broke, or the time is over. Asking again may help.
    #[error(transparent)]
    Broken(#[from] reqwest::Error),
}

/// The body of `response`, if it has `limit` bytes at most.
pub async fn read_at_most(mut response: Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLong(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The address of `path` (`events/123457?full=true`) under `base`, whether that ends in a slash or not.
pub fn under(base: &Url, path: &str) -> Url {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let mut url = base.clone();
    url.set_query(query);
    url.set_fragment(None);
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}

/// The error with its causes: reqwest tells the reason (connection refused, timed out) only there.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
