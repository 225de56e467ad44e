//! Customers' limits in PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::CustomerId;

use super::Postgres;
use crate::persistence::{CustomerLimits, Limits, PersistenceError};

fn limits(own_limit: Option<i32>, live: i64) -> Result<CustomerLimits, PersistenceError> {
    let max_live_events = own_limit.map(u32::try_from).transpose().map_err(PersistenceError::corrupt)?;
    let live_events = u32::try_from(live).map_err(PersistenceError::corrupt)?;
    Ok(CustomerLimits { max_live_events, live_events })
}

#[async_trait]
impl Limits for Postgres {
    async fn customer_limits(&self, customer: CustomerId) -> Result<CustomerLimits, PersistenceError> {
        let found = sqlx::query!(
            r#"SELECT (SELECT max_live_events FROM customer_limits WHERE customer_id = $1) AS own_limit,
                (SELECT count(*) FROM events WHERE customer_id = $1 AND state = 'live') AS "live!""#,
            customer.0,
        )
        .fetch_one(&self.pool)
        .await?;
        limits(found.own_limit, found.live)
    }

    async fn set_customer_limits(
        &self,
        customer: CustomerId,
        max_live_events: u32,
        now: DateTime<Utc>,
    ) -> Result<CustomerLimits, PersistenceError> {
        let found = sqlx::query!(
            r#"INSERT INTO customer_limits (customer_id, max_live_events, updated_at) VALUES ($1, $2, $3)
             ON CONFLICT (customer_id) DO UPDATE
                SET max_live_events = EXCLUDED.max_live_events, updated_at = EXCLUDED.updated_at
             RETURNING max_live_events,
                (SELECT count(*) FROM events WHERE customer_id = $1 AND state = 'live') AS "live!""#,
            customer.0,
            i32::try_from(max_live_events).unwrap_or(i32::MAX),
            now,
        )
        .fetch_one(&self.pool)
        .await?;
        limits(Some(found.max_live_events), found.live)
    }
}
