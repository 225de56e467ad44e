//! Events of the old system, in PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::Tenants,
    ids::{CustomerId, EventId},
};
use sqlx::PgTransaction;

use super::{Postgres, event_write, events};
use crate::{
    domain::{Event, Instant},
    import::{ImportedEvent, Outcome},
    persistence::{
        Expected, Imports, Mode, PersistenceError,
        imports::{Origin, again},
    },
};

/// As what the event was taken over before; nobody else takes it over until this transaction ends.
async fn lock(
    transaction: &mut PgTransaction<'_>,
    customer: CustomerId,
    key: &str,
) -> Result<Option<Origin>, PersistenceError> {
    // Also where there is no row yet that could be locked.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('import of ' || $1::uuid::text || ' ' || $2::text, 0))",
        customer.0,
        key,
    )
    .execute(&mut **transaction)
    .await?;
    let row = sqlx::query!(
        "SELECT event_id, version, content FROM imported_events WHERE customer_id = $1 AND import_key = $2",
        customer.0,
        key,
    )
    .fetch_optional(&mut **transaction)
    .await?;
    row.map(|row| {
        let event_id = EventId::new(row.event_id.into()).map_err(PersistenceError::corrupt)?;
        Ok(Origin { event_id, version: row.version, content: row.content })
    })
    .transpose()
}

async fn remember(
    transaction: &mut PgTransaction<'_>,
    imported: &ImportedEvent,
    event: &Event,
    now: DateTime<Utc>,
) -> Result<(), PersistenceError> {
    sqlx::query!(
        "INSERT INTO imported_events (customer_id, import_key, event_id, version, content, imported_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (customer_id, import_key) DO UPDATE SET event_id = EXCLUDED.event_id,
            version = EXCLUDED.version, content = EXCLUDED.content, imported_at = EXCLUDED.imported_at",
        event.customer_id.0,
        imported.key,
        event.event_id.get(),
        event.version,
        imported.content.canonical(),
        now,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

#[async_trait]
impl Imports for Postgres {
    async fn import_event(
        &self,
        customer: CustomerId,
        imported: &ImportedEvent,
        new_id: EventId,
        mode: Mode,
        now: DateTime<Utc>,
    ) -> Result<Option<Outcome>, PersistenceError> {
        let now = Instant::truncate(now);
        // What is only tried is made too, and then rolled back.
        let mut transaction = self.pool.begin().await?;
        let (event, outcome) = if let Some(origin) = lock(&mut transaction, customer, &imported.key).await? {
            let scope = Tenants::One(customer);
            let before = events::lock(&mut transaction, origin.event_id, scope, &Expected::ANY).await?.ok();
            match again(imported, &origin, before.clone(), now) {
                Err(outcome) => return Ok(Some(outcome)),
                Ok(event) => {
                    // It is there, for it was changed.
                    if let Some(before) = &before {
                        event_write::update(&mut transaction, before, &event).await?;
                    }
                    (event, Outcome::Updated(origin.event_id))
                }
            }
        } else {
            let event = imported.to_event(new_id, customer, now);
            if !event_write::insert(&mut transaction, &event).await? {
                return Ok(None);
            }
            (event, Outcome::Created(new_id))
        };
        remember(&mut transaction, imported, &event, now).await?;
        match mode {
            Mode::Keep => transaction.commit().await?,
            Mode::Try => transaction.rollback().await?,
        }
        Ok(Some(outcome))
    }
}
