//! What services share while they run: short-lived keys and notices, in Redis or within one process.

mod hub;
mod in_process;
mod members;
mod redis;
mod streams;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::stream::BoxStream;

pub use self::{
    in_process::InProcess,
    members::Members,
    redis::{Redis, RedisAddress},
    streams::{StreamNotice, Streams},
};
use crate::config::Variables;

/// Short-lived keys and notices. Losing any of it costs time, never data.
#[async_trait]
pub trait LiveState: Members + Streams {
    /// The value of `key`, if it is there and has not expired.
    async fn get(&self, key: &str) -> Result<Option<String>, LiveStateError>;

    /// Sets `key`, for `ttl`.
    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<(), LiveStateError>;

    /// Removes `key`; nothing happens when it is not there.
    async fn delete(&self, key: &str) -> Result<(), LiveStateError>;

    /// Tells everybody who is subscribed to `channel` now.
    async fn publish(&self, channel: &str, message: &str) -> Result<(), LiveStateError>;

    /// What is published on `channel` from now on. Never ends by itself: it reconnects underneath.
    async fn subscribe(&self, channel: &str) -> Result<BoxStream<'static, Notice>, LiveStateError>;

    /// Whether it can be used now, for `/ready`.
    async fn check(&self) -> Result<(), LiveStateError>;
}

/// What a subscription yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A published message.
    Message(String),
    /// Messages may have been missed: read again what they are about.
    Gap,
}

/// The live state cannot be used now; asking again may help.
#[derive(Debug, thiserror::Error)]
#[error("live state: {0}")]
pub struct LiveStateError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where Redis is: `REDIS_URL`, else `REDIS_HOST` and `REDIS_PORT` (6379). `None` when neither names it.
pub fn redis_address(variables: &Variables) -> Option<RedisAddress> {
    let port = variables.or("REDIS_PORT", 6379_u16);
    if let Some(secret) = variables.secret("REDIS_URL") {
        // Read as a secret: the mistake's text must not repeat what may hold a password.
        return match secret.expose().parse() {
            Ok(address) => Some(address),
            Err(why) => {
                variables.mistake(format!("REDIS_URL: {why}"));
                None
            }
        };
    }
    let host: String = variables.optional("REDIS_HOST")?;
    let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
    let address = format!("redis://{host}:{port}").parse();
    address.map_err(|why: String| variables.mistake(format!("REDIS_HOST: {why}"))).ok()
}

/// Live state in Redis, or, without an address, within this process. Has to be called within a tokio runtime.
pub fn open(address: Option<&RedisAddress>) -> Arc<dyn LiveState> {
    match address {
        Some(address) => Arc::new(Redis::new(address)),
        None => Arc::new(InProcess::new()),
    }
}
