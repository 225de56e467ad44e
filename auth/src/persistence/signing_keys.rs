use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::PersistenceError;
use crate::domain::AuditEntry;

/// The keys that sign access tokens, encrypted.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// All of them, the newest last.
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, PersistenceError>;

    /// Adds one; `alone`: and forgets all others. `false`: its generation is there already, nothing was changed.
    async fn add_signing_key(
        &self,
        key: &StoredKey,
        alone: bool,
        audit: &AuditEntry,
    ) -> Result<bool, PersistenceError>;

    /// Forgets those of a generation below this.
    async fn forget_signing_keys(&self, below_generation: i64) -> Result<(), PersistenceError>;
}

/// A key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Counts the keys, from 1. Unique: of several instances that make the same one, one succeeds.
    pub generation: i64,
    /// Its name.
    pub kid: String,
    /// The private key, encrypted.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when it signs, until a later one does.
    pub signs_from: DateTime<Utc>,
}
