use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::access::Tenants;
use uuid::Uuid;

use super::{PersistenceError, Slice};
use crate::domain::{Action, Actor, AuditEntry};

/// The audit log. Other traits write a line with each change; nothing changes or deletes one.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Writes a line about something that is kept elsewhere.
    async fn note(&self, audit: &AuditEntry) -> Result<(), PersistenceError>;

    /// Some of its lines, the newest first.
    async fn audit_log(
        &self,
        tenants: Tenants,
        filter: &AuditFilter,
        slice: Slice<Uuid>,
    ) -> Result<Vec<AuditEntry>, PersistenceError>;
}

/// Which lines.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By this one.
    pub actor: Option<Actor>,
    /// About this.
    pub action: Option<Action>,
    /// On the thing with this id.
    pub target: Option<String>,
    /// Not earlier than this.
    pub from: Option<DateTime<Utc>>,
    /// Earlier than this.
    pub until: Option<DateTime<Utc>>,
}
