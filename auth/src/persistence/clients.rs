use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::CustomerId};

use super::{Outcome, PersistenceError, Slice};
use crate::domain::{AuditEntry, ClientId, ClientRecord, OAuthClient, SecretHash};

/// Programs that sign in with a secret.
#[async_trait]
pub trait Clients: Send + Sync {
    /// Registers one with its first secret. Refused: taken, unknown customer.
    async fn add_client(&self, client: &OAuthClient, secret: &SecretHash, audit: &AuditEntry) -> Outcome<()>;

    /// The one with this id.
    async fn client(
        &self,
        client_id: &ClientId,
        tenants: Tenants,
    ) -> Result<Option<OAuthClient>, PersistenceError>;

    /// The one with this id and its secrets that are valid `now`: for signing in.
    async fn client_record(
        &self,
        client_id: &ClientId,
        now: DateTime<Utc>,
    ) -> Result<Option<ClientRecord>, PersistenceError>;

    /// Some of them, by id; of one customer, or of all within reach.
    async fn clients(
        &self,
        tenants: Tenants,
        customer_id: Option<CustomerId>,
        slice: Slice<ClientId>,
    ) -> Result<Vec<OAuthClient>, PersistenceError>;

    /// Puts `client` in the place of its version `client.version`; gives the new version. Its customer and `created_at`
    /// stay; `not_before` never goes back.
    async fn update_client(&self, client: &OAuthClient, audit: &AuditEntry) -> Outcome<i64>;

    /// Gives it a new secret; the others are valid until `old_until` at most. Gives the new version. With
    /// `not_before`, older tokens are refused.
    async fn rotate_client_secret(
        &self,
        client_id: &ClientId,
        version: i64,
        secret: &SecretHash,
        old_until: DateTime<Utc>,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<i64>;

    /// Deletes it with its secrets.
    async fn delete_client(&self, client_id: &ClientId, version: i64, audit: &AuditEntry) -> Outcome<()>;
}
