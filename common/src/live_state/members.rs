//! Who is there: members of sets that leave by themselves, and counts for others to read.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;

use super::{InProcess, LiveStateError, Redis};

/// Sets whose members leave by themselves, and named counts.
#[async_trait]
pub trait Members: Send + Sync {
    /// Puts `member` into the set at `key`, for `ttl` from now; says whether it was not there.
    async fn enter(&self, key: &str, member: &str, ttl: Duration) -> Result<bool, LiveStateError>;

    /// Takes `member` out of the set at `key`; says whether it was there.
    async fn leave(&self, key: &str, member: &str) -> Result<bool, LiveStateError>;

    /// How many are in the set at `key` now.
    async fn count(&self, key: &str) -> Result<u64, LiveStateError>;

    /// Sets the counts at `key` (a hash, name → number) to exactly these, for `ttl`.
    async fn set_counts(
        &self,
        key: &str,
        counts: &BTreeMap<String, u64>,
        ttl: Duration,
    ) -> Result<(), LiveStateError>;

    /// The counts at `key`; empty when there are none.
    async fn counts(&self, key: &str) -> Result<BTreeMap<String, u64>, LiveStateError>;
}

#[async_trait]
impl Members for InProcess {
    async fn enter(&self, _key: &str, _member: &str, _ttl: Duration) -> Result<bool, LiveStateError> {
        todo!()
    }

    async fn leave(&self, _key: &str, _member: &str) -> Result<bool, LiveStateError> {
        todo!()
    }

    async fn count(&self, _key: &str) -> Result<u64, LiveStateError> {
        todo!()
    }

    async fn set_counts(
        &self,
        _key: &str,
        _counts: &BTreeMap<String, u64>,
        _ttl: Duration,
    ) -> Result<(), LiveStateError> {
        todo!()
    }

    async fn counts(&self, _key: &str) -> Result<BTreeMap<String, u64>, LiveStateError> {
        todo!()
    }
}

#[async_trait]
impl Members for Redis {
    async fn enter(&self, _key: &str, _member: &str, _ttl: Duration) -> Result<bool, LiveStateError> {
        todo!()
    }

    async fn leave(&self, _key: &str, _member: &str) -> Result<bool, LiveStateError> {
        todo!()
    }

    async fn count(&self, _key: &str) -> Result<u64, LiveStateError> {
        todo!()
    }

    async fn set_counts(
        &self,
        _key: &str,
        _counts: &BTreeMap<String, u64>,
        _ttl: Duration,
    ) -> Result<(), LiveStateError> {
        todo!()
    }

    async fn counts(&self, _key: &str) -> Result<BTreeMap<String, u64>, LiveStateError> {
        todo!()
    }
}
