//! Issued tokens in PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::Tenants,
    ids::{ChannelId, CustomerId, EventId},
};
use uuid::Uuid;

use super::Postgres;
use crate::{
    domain::{IssuedToken, RoomName},
    persistence::{PersistenceError, TokenKey, Tokens},
};

struct Row {
    token_id: Uuid,
    event_id: i32,
    channel_id: i32,
    customer_id: Uuid,
    identity: String,
    role: String,
    language: Option<String>,
    issued_to: Option<String>,
    as_staff: bool,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl TryFrom<Row> for IssuedToken {
    type Error = PersistenceError;

    fn try_from(row: Row) -> Result<Self, PersistenceError> {
        Ok(Self {
            token_id: row.token_id,
            event_id: EventId::new(row.event_id.into()).map_err(PersistenceError::corrupt)?,
            channel_id: ChannelId::new(row.channel_id.into()).map_err(PersistenceError::corrupt)?,
            customer_id: CustomerId(row.customer_id),
            identity: row.identity,
            role: row.role.parse().map_err(PersistenceError::corrupt)?,
            language: row.language.map(|tag| tag.parse()).transpose().map_err(PersistenceError::corrupt)?,
            issued_to: row.issued_to,
            as_staff: row.as_staff,
            issued_at: row.issued_at,
            expires_at: row.expires_at,
        })
    }
}

#[async_trait]
impl Tokens for Postgres {
    async fn keep_token(&self, token: &IssuedToken) -> Result<(), PersistenceError> {
        let done = sqlx::query!(
            "INSERT INTO issued_tokens (token_id, event_id, channel_id, customer_id, identity, role, language,
                issued_to, as_staff, issued_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            token.token_id,
            token.event_id.get(),
            token.channel_id.get(),
            token.customer_id.0,
            token.identity,
            token.role.as_str(),
            token.language.as_ref().map(common::LanguageTag::as_str),
            token.issued_to,
            token.as_staff,
            token.issued_at,
            token.expires_at,
        )
        .execute(&self.pool)
        .await?;
        if done.rows_affected() == 1 {
            Ok(())
        } else {
            Err(PersistenceError::corrupt("a token was not kept"))
        }
    }

    async fn tokens(
        &self,
        event_id: EventId,
        scope: Tenants,
        after: Option<TokenKey>,
        rows: usize,
    ) -> Result<Vec<IssuedToken>, PersistenceError> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT token_id, event_id, channel_id, customer_id, identity, role, language, issued_to, as_staff,
                issued_at, expires_at
             FROM issued_tokens
             WHERE event_id = $1 AND ($2::uuid IS NULL OR customer_id = $2)
                AND ($3::timestamptz IS NULL OR (issued_at, token_id) < ($3, $4::uuid))
             ORDER BY issued_at DESC, token_id DESC LIMIT $5",
            event_id.get(),
            scope.as_filter(),
            after.map(|after| after.issued_at),
            after.map(|after| after.token_id),
            i64::try_from(rows).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(IssuedToken::try_from).collect()
    }

    async fn newest_tokens(
        &self,
        room: RoomName,
        identities: &[String],
    ) -> Result<Vec<IssuedToken>, PersistenceError> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT DISTINCT ON (identity) token_id, event_id, channel_id, customer_id, identity, role, language,
                issued_to, as_staff, issued_at, expires_at
             FROM issued_tokens
             WHERE event_id = $1 AND channel_id = $2 AND identity = ANY ($3)
             ORDER BY identity, issued_at DESC, token_id DESC",
            room.event_id.get(),
            room.channel_id.get(),
            identities,
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(IssuedToken::try_from).collect()
    }
}
