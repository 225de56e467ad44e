use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::{CustomerId, UserId};

use super::{Outcome, PersistenceError};
use crate::domain::{AuditEntry, CustomRole, RoleName};

/// The customers' own roles. The built-in ones are not data: [`crate::domain::BuiltinRole`].
#[async_trait]
pub trait Roles: Send + Sync {
    /// Adds one. Refused: taken, unknown customer.
    async fn add_role(&self, role: &CustomRole, audit: &AuditEntry) -> Outcome<()>;

    /// The one with this name.
    async fn role(
        &self,
        customer_id: CustomerId,
        name: &RoleName,
    ) -> Result<Option<CustomRole>, PersistenceError>;

    /// All of a customer, by name.
    async fn roles(&self, customer_id: CustomerId) -> Result<Vec<CustomRole>, PersistenceError>;

    /// Puts `role` in the place of its version `role.version`; the new version is one more. With `not_before`, older
    /// tokens of those who have the role are refused; tells whose.
    async fn update_role(
        &self,
        role: &CustomRole,
        not_before: Option<DateTime<Utc>>,
        audit: &AuditEntry,
    ) -> Outcome<Vec<UserId>>;

    /// Deletes it. [`InUse`](super::Refusal::InUse) while a user has it.
    async fn delete_role(
        &self,
        customer_id: CustomerId,
        name: &RoleName,
        version: i64,
        audit: &AuditEntry,
    ) -> Outcome<()>;
}
