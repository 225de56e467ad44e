//! Who is there: members of sets that leave by themselves, and counts for others to read.

mod in_process;
mod redis;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;

pub(super) use self::in_process::Sets;
use super::LiveStateError;

/// Sets whose members leave by themselves, and named counts.
#[async_trait]
pub trait Members: Send + Sync {
    /// Puts `member` into the set at `key`, for `ttl` from now; says whether it was not there.
    ///
    /// What it says is the best there is, not a promise: a command whose answer was lost is sent again, and then the
    /// member is there already. That the member is in the set is certain.
    async fn enter(&self, key: &str, member: &str, ttl: Duration) -> Result<bool, LiveStateError>;

    /// Takes `member` out of the set at `key`; says whether it was there, as well as [`Members::enter`] does.
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

    /// The counts at `key`; empty when there are none. One that somebody else made negative is zero.
    async fn counts(&self, key: &str) -> Result<BTreeMap<String, u64>, LiveStateError>;
}
