//! What customers may have at once.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::CustomerId;

use super::PersistenceError;

/// The limits of a customer, and what they have of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerLimits {
    /// How many events they may have live at once; `None`: as many as the service's default says.
    pub max_live_events: Option<u32>,
    /// How many are live.
    pub live_events: u32,
}

/// Keeps customers' limits; [`Events::change_state`](super::Events::change_state) holds to them.
#[async_trait]
pub trait Limits: Send + Sync {
    /// The customer's limits. Customers live in the auth-service: one that is not known here has none of its own.
    async fn customer_limits(&self, customer: CustomerId) -> Result<CustomerLimits, PersistenceError>;

    /// Sets how many events the customer may have live at once. Events that are live stay so.
    async fn set_customer_limits(
        &self,
        customer: CustomerId,
        max_live_events: u32,
        now: DateTime<Utc>,
    ) -> Result<CustomerLimits, PersistenceError>;
}
