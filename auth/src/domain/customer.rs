//! Customers: the tenants to whom users, events and everything else belong.

use chrono::{DateTime, Utc};
use common::ids::CustomerId;

use super::text::{LINE, line, text_newtype};

text_newtype! {
    /// What a customer is called; unique over the platform, whatever the case of its letters.
    CustomerName, |text| line(text, 200), length: 1..=200, pattern: LINE, example: "Assembly of Catalonia"
}

impl CustomerName {
    /// What two names that count as the same have in common.
    pub fn key(&self) -> String {
        self.as_str().to_lowercase()
    }
}

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub customer_id: CustomerId,
    /// Its name.
    pub name: CustomerName,
    /// Whether its users and clients are locked out.
    pub disabled: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// Counts the changes, from 1.
    pub version: i64,
}

impl Customer {
    /// A new customer.
    pub fn new(name: CustomerName, now: DateTime<Utc>) -> Self {
        let now = super::stored(now);
        Self {
            customer_id: CustomerId::generate(),
            name,
            disabled: false,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}
