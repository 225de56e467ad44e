use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Postgres;
use crate::{
    persistence::{Attempts, PersistenceError},
    throttle::{Counter, Failures, Rule},
};

#[async_trait]
impl Attempts for Postgres {
    async fn locked_until(
        &self,
        counter: &Counter,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, PersistenceError> {
        let until = sqlx::query_scalar!(
            "SELECT locked_until FROM failed_attempts WHERE counter = $1 AND locked_until > $2",
            counter.as_str(),
            now,
        );
        Ok(until.fetch_optional(&self.pool).await?.flatten())
    }

    async fn count_failure(
        &self,
        counter: &Counter,
        rule: &Rule,
        now: DateTime<Utc>,
    ) -> Result<Failures, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        // A row that counts nothing, unless there is one: so that there is a row to lock.
        let first = rule.after_failure(None, now);
        let inserted = sqlx::query!(
            "INSERT INTO failed_attempts (counter, failures, since, locked_until, forgotten_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            counter.as_str(),
            i64::from(first.count),
            first.since,
            first.locked_until,
            first.forgotten_at,
        )
        .execute(&mut *transaction)
        .await?;
        if inserted.rows_affected() == 1 {
            transaction.commit().await?;
            return Ok(first);
        }
        let row = sqlx::query!(
            "SELECT failures, since, locked_until, forgotten_at FROM failed_attempts WHERE counter = $1 FOR UPDATE",
            counter.as_str(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        // Forgotten in between: then this failure is the first.
        let before = row.map(|row| Failures {
            count: u32::try_from(row.failures).unwrap_or(u32::MAX),
            since: row.since,
            locked_until: row.locked_until,
            forgotten_at: row.forgotten_at,
        });
        let after = rule.after_failure(before, now);
        sqlx::query!(
            "INSERT INTO failed_attempts (counter, failures, since, locked_until, forgotten_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (counter) DO UPDATE SET failures = excluded.failures, since = excluded.since,
                 locked_until = excluded.locked_until, forgotten_at = excluded.forgotten_at",
            counter.as_str(),
            i64::from(after.count),
            after.since,
            after.locked_until,
            after.forgotten_at,
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(after)
    }

    async fn forget_failures(&self, counter: &Counter) -> Result<(), PersistenceError> {
        sqlx::query!("DELETE FROM failed_attempts WHERE counter = $1", counter.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn sweep_attempts(&self, now: DateTime<Utc>) -> Result<u64, PersistenceError> {
        let swept = sqlx::query!("DELETE FROM failed_attempts WHERE forgotten_at <= $1", now)
            .execute(&self.pool)
            .await?;
        Ok(swept.rows_affected())
    }
}
