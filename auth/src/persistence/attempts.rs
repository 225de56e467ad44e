use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::PersistenceError;
use crate::throttle::{Counter, Failures, Rule};

/// Counters of failed attempts, the same for all instances.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Until when the counter lets nothing through; `None`: it lets through.
    async fn locked_until(
        &self,
        counter: &Counter,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, PersistenceError>;

    /// Counts a failure by `rule`.
    async fn count_failure(
        &self,
        counter: &Counter,
        rule: &Rule,
        now: DateTime<Utc>,
    ) -> Result<Failures, PersistenceError>;

    /// Forgets the failures: whoever it was knew the password.
    async fn forget_failures(&self, counter: &Counter) -> Result<(), PersistenceError>;

    /// Forgets failures that count no more.
    async fn sweep_attempts(&self, now: DateTime<Utc>) -> Result<u64, PersistenceError>;
}
