use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::Tenants,
    ids::{CustomerId, UserId},
};

use super::{Outcome, PersistenceError, Slice};
use crate::domain::{AuditEntry, ClientId, Customer};

/// The tenants.
#[async_trait]
pub trait Customers: Send + Sync {
    /// Adds one. [`Taken`](super::Refusal::Taken) if its name is.
    async fn add_customer(&self, customer: &Customer, audit: &AuditEntry) -> Outcome<()>;

    /// The one with this id.
    async fn customer(
        &self,
        customer_id: CustomerId,
        tenants: Tenants,
    ) -> Result<Option<Customer>, PersistenceError>;

    /// Some of them, by id.
    async fn customers(
        &self,
        tenants: Tenants,
        slice: Slice<CustomerId>,
    ) -> Result<Vec<Customer>, PersistenceError>;

    /// Puts `customer` in the place of its version `customer.version`; the new version is one more.
    ///
    /// When it becomes disabled, tokens of its users and clients issued before `not_before` are refused from now on and
    /// their sessions end; tells whose. Refused for the customer of the last platform administrator.
    async fn update_customer(
        &self,
        customer: &Customer,
        not_before: DateTime<Utc>,
        audit: &AuditEntry,
    ) -> Outcome<Affected>;

    /// Deletes it with its roles. [`InUse`](super::Refusal::InUse) while it has users or clients.
    async fn delete_customer(&self, customer_id: CustomerId, version: i64, audit: &AuditEntry)
    -> Outcome<()>;
}

/// Whose tokens a change made worthless.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    /// Users.
    pub users: Vec<UserId>,
    /// Clients.
    pub clients: Vec<ClientId>,
}
