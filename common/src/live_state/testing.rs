//! For tests: live state that can be cut off.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream::BoxStream;

use super::{InProcess, LiveState, LiveStateError, Members, Notice, StreamNotice, Streams};

/// Live state of one process that can be cut off, and counts how often keys were asked for.
#[derive(Default)]
pub struct Cuttable {
    inner: InProcess,
    away: AtomicBool,
    asked: AtomicUsize,
}

impl Cuttable {
    /// Cut off from the start.
    pub fn away() -> Self {
        Self { away: AtomicBool::new(true), ..Self::default() }
    }

    /// Cuts it off, or connects it again.
    pub fn cut(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    /// How often [`LiveState::get`] was called.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn there(&self) -> Result<&InProcess, LiveStateError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(LiveStateError("cut off".into()));
        }
        Ok(&self.inner)
    }
}

#[async_trait]
impl LiveState for Cuttable {
    async fn get(&self, key: &str) -> Result<Option<String>, LiveStateError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.there()?.get(key).await
    }

    async fn set(&self, key: &str, value: &str, ttl: Duration) -> Result<(), LiveStateError> {
        self.there()?.set(key, value, ttl).await
    }

    async fn delete(&self, key: &str) -> Result<(), LiveStateError> {
        self.there()?.delete(key).await
    }

    async fn publish(&self, channel: &str, message: &str) -> Result<(), LiveStateError> {
        self.there()?.publish(channel, message).await
    }

    async fn subscribe(&self, channel: &str) -> Result<BoxStream<'static, Notice>, LiveStateError> {
        self.there()?.subscribe(channel).await
    }

    async fn check(&self) -> Result<(), LiveStateError> {
        self.there()?.check().await
    }
}

#[async_trait]
impl Members for Cuttable {
    async fn enter(&self, key: &str, member: &str, ttl: Duration) -> Result<bool, LiveStateError> {
        self.there()?.enter(key, member, ttl).await
    }

    async fn leave(&self, key: &str, member: &str) -> Result<bool, LiveStateError> {
        self.there()?.leave(key, member).await
    }

    async fn count(&self, key: &str) -> Result<u64, LiveStateError> {
        self.there()?.count(key).await
    }

    async fn set_counts(
        &self,
        key: &str,
        counts: &BTreeMap<String, u64>,
        ttl: Duration,
    ) -> Result<(), LiveStateError> {
        self.there()?.set_counts(key, counts, ttl).await
    }

    async fn counts(&self, key: &str) -> Result<BTreeMap<String, u64>, LiveStateError> {
        self.there()?.counts(key).await
    }
}

#[async_trait]
impl Streams for Cuttable {
    async fn append(&self, key: &str, entry: &str, keep: usize, ttl: Duration) -> Result<(), LiveStateError> {
        self.there()?.append(key, entry, keep, ttl).await
    }

    async fn tail(&self, keys: &[String]) -> Result<BoxStream<'static, StreamNotice>, LiveStateError> {
        self.there()?.tail(keys).await
    }
}
