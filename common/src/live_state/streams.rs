//! What is told to all processes in order, with a short memory: Redis Streams, or the same in process.

mod in_process;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;

pub(super) use self::in_process::Relay;
use super::LiveStateError;

/// Short streams of entries.
#[async_trait]
pub trait Streams: Send + Sync {
    /// Appends to the stream at `key`, which keeps about the last `keep` entries and is forgotten `ttl` after the last.
    ///
    /// Where the answer was lost it is sent again: an entry may be there twice, and says itself which one it is. After
    /// an error it may be there as well.
    async fn append(&self, key: &str, entry: &str, keep: usize, ttl: Duration) -> Result<(), LiveStateError>;

    /// What is appended to any of `keys` from now on, in order within each. Never ends by itself: it reconnects
    /// underneath, and yields a [`StreamNotice::Gap`] where it may have missed something.
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
