//! The inbox in PostgreSQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::ids::{ChannelId, EventId};
use sqlx::types::Json;

use super::Postgres;
use crate::{
    domain::{RoomName, WebhookEvent},
    persistence::{Inbox, PersistenceError, Settled},
};

struct Row {
    id: String,
    event: String,
    created_at: DateTime<Utc>,
    event_id: i32,
    channel_id: i32,
    identity: Option<String>,
    attributes: Option<Json<BTreeMap<String, String>>>,
}

impl TryFrom<Row> for WebhookEvent {
    type Error = PersistenceError;

    fn try_from(row: Row) -> Result<Self, PersistenceError> {
        let event_id = EventId::new(row.event_id.into()).map_err(PersistenceError::corrupt)?;
        let channel_id = ChannelId::new(row.channel_id.into()).map_err(PersistenceError::corrupt)?;
        Ok(Self {
            id: row.id,
            event: row.event,
            created_at: row.created_at,
            room_name: RoomName { event_id, channel_id }.to_string(),
            event_id,
            channel_id,
            identity: row.identity,
            attributes: row.attributes.map(|attributes| attributes.0),
        })
    }
}

#[async_trait]
impl Inbox for Postgres {
    async fn keep_webhook(
        &self,
        event: &WebhookEvent,
        received_at: DateTime<Utc>,
    ) -> Result<bool, PersistenceError> {
        let done = sqlx::query!(
            "INSERT INTO webhook_events (id, event, created_at, event_id, channel_id, identity, attributes, received_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
            event.id,
            event.event,
            event.created_at,
            event.event_id.get(),
            event.channel_id.get(),
            event.identity,
            event.attributes.as_ref().map(Json) as _,
            received_at,
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn pending_webhooks(&self, rows: usize) -> Result<Vec<WebhookEvent>, PersistenceError> {
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT id, event, created_at, event_id, channel_id, identity,
                attributes AS "attributes: Json<BTreeMap<String, String>>"
             FROM webhook_events WHERE status = 'pending' ORDER BY position LIMIT $1"#,
            i64::try_from(rows).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(WebhookEvent::try_from).collect()
    }

    async fn settle_webhook(&self, id: &str, settled: Settled) -> Result<(), PersistenceError> {
        // Another process may have been faster.
        sqlx::query!(
            "UPDATE webhook_events SET status = $2 WHERE id = $1 AND status = 'pending'",
            id,
            settled.as_str(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn give_up_webhooks(&self, moment: DateTime<Utc>) -> Result<u64, PersistenceError> {
        let done = sqlx::query!(
            "UPDATE webhook_events SET status = 'given_up' WHERE status = 'pending' AND received_at < $1",
            moment,
        )
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }

    async fn prune_webhooks(&self, moment: DateTime<Utc>) -> Result<u64, PersistenceError> {
        let done = sqlx::query!("DELETE FROM webhook_events WHERE received_at < $1", moment)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected())
    }
}
