//! What is told to all processes in order, with a short memory: Redis Streams, or the same in process.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use super::{InProcess, LiveStateError, Redis};

/// Short streams of entries.
#[async_trait]
pub trait Streams: Send + Sync {
    /// Appends to the stream at `key`, which keeps about the last `keep` entries and is forgotten `ttl` after the last.
    async fn append(&self, key: &str, entry: &str, keep: usize, ttl: Duration) -> Result<(), LiveStateError>;

    /// What is appended to any of `keys` from now on. Never ends by itself: it reconnects underneath.
    async fn tail(&self, keys: &[String]) -> Result<BoxStream<'static, StreamNotice>, LiveStateError>;
}

/// What a tail yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamNotice {
    /// An entry that was appended.
    Entry {
        /// To which stream.
        key: String,
        /// What.
        entry: String,
    },
    /// Entries may have been missed: read again what they are about.
    Gap,
}

#[async_trait]
impl Streams for InProcess {
    async fn append(
        &self,
        _key: &str,
        _entry: &str,
        _keep: usize,
        _ttl: Duration,
    ) -> Result<(), LiveStateError> {
        todo!()
    }

    async fn tail(&self, _keys: &[String]) -> Result<BoxStream<'static, StreamNotice>, LiveStateError> {
        todo!()
    }
}

#[async_trait]
impl Streams for Redis {
    async fn append(
        &self,
        _key: &str,
        _entry: &str,
        _keep: usize,
        _ttl: Duration,
    ) -> Result<(), LiveStateError> {
        todo!()
    }

    async fn tail(&self, _keys: &[String]) -> Result<BoxStream<'static, StreamNotice>, LiveStateError> {
        todo!()
    }
}
