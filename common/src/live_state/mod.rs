//! What services share while they run: short-lived keys and notices, in Redis or within one process.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

/// Short-lived keys and notices. Losing any of it costs time, never data.
#[async_trait]
pub trait LiveState: Send + Sync {
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
