//! How long a segment took.

use std::time::Duration;

use tokio::time::Instant;

/// How long a final segment took, and whose time that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timings {
    /// The moment it is counted from: the end of speech when transcribing, the source caption's arrival when translating.
    pub from: Instant,
    /// Waiting for the silence that ends an utterance; zero when translating.
    pub endpointing: Duration,
    /// The model's own time, of the request that succeeded.
    pub engine: Duration,
    /// From `from` until the segment was there.
    pub total: Duration,
}

impl Timings {
    pub(crate) fn until_now(from: Instant, endpointing: Duration, engine: Duration) -> Self {
        Self { from, endpointing, engine, total: from.elapsed() }
    }

    /// All but the model's own time.
    pub fn without_engine(&self) -> Duration {
        self.total.saturating_sub(self.engine)
    }

    /// Waiting in queues, and for requests that failed.
    pub fn queued(&self) -> Duration {
        self.without_engine().saturating_sub(self.endpointing)
    }
}
