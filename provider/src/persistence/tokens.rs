//! The tokens that were given out.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{access::Tenants, ids::EventId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PersistenceError;
use crate::domain::{IssuedToken, RoomName};

/// Where a token stands in lists: newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenKey {
    /// When it was made.
    pub issued_at: DateTime<Utc>,
    /// Which one.
    pub token_id: Uuid,
}

impl TokenKey {
    /// That of a token.
    pub fn of(token: &IssuedToken) -> Self {
        Self { issued_at: token.issued_at, token_id: token.token_id }
    }
}

/// Keeps who was given which token.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Keeps that a token is given out. Times have whole microseconds.
    async fn keep_token(&self, token: &IssuedToken) -> Result<(), PersistenceError>;

    /// Up to `rows` of the event's tokens, newest first, after `after` in that order.
    async fn tokens(
        &self,
        event_id: EventId,
        scope: Tenants,
        after: Option<TokenKey>,
        rows: usize,
    ) -> Result<Vec<IssuedToken>, PersistenceError>;

    /// The newest token of each of these identities for that room, in no order; none for those who never had one.
    async fn newest_tokens(
        &self,
        room: RoomName,
        identities: &[String],
    ) -> Result<Vec<IssuedToken>, PersistenceError>;
}
