//! Session records.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::Tenants,
    ids::{ChannelId, EventId},
};
use serde::{Deserialize, Serialize};

use super::PersistenceError;
use crate::domain::{Instant, SessionId, SessionRecord, StoredSession};

/// What came of telling of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is there now.
    New(StoredSession),
    /// It was there; with what is new now.
    Completed(StoredSession),
    /// It was there as it was told, or in a later stage; nothing changed.
    Known(StoredSession),
    /// What is there contradicts what was told; nothing changed.
    Contradicted,
    /// There is no such event within reach.
    NoEvent,
    /// The event never had that channel.
    NoChannel,
}

/// Which records somebody sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionScope {
    /// All of the event.
    All,
    /// Those of these channels.
    Channels(Vec<ChannelId>),
}

impl SessionScope {
    /// Whether records of `channel` are seen.
    pub fn includes(&self, channel: ChannelId) -> bool {
        match self {
            Self::All => true,
            Self::Channels(channels) => channels.contains(&channel),
        }
    }
}

/// The order of lists: by start, then by id. A record's start never changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionKey {
    /// When it began.
    pub started_at: Instant,
    /// Which.
    pub session_id: SessionId,
}

impl SessionKey {
    /// That of `session`.
    pub fn of(session: &StoredSession) -> Self {
        Self { started_at: session.record.started_at, session_id: session.record.session_id.clone() }
    }
}

/// Keeps session records.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps what is told of a session of the event, as [`SessionRecord::relation_to`] says.
    async fn record_session(
        &self,
        event_id: EventId,
        scope: Tenants,
        record: &SessionRecord,
        recorded_by: &str,
        now: DateTime<Utc>,
    ) -> Result<Recorded, PersistenceError>;

    /// The record, if it is seen.
    async fn session(
        &self,
        event_id: EventId,
        session_id: &SessionId,
        scope: &SessionScope,
    ) -> Result<Option<StoredSession>, PersistenceError>;

    /// The first `rows` records of the event after `after`, in the order of [`SessionKey`].
    async fn sessions(
        &self,
        event_id: EventId,
        scope: &SessionScope,
        after: Option<&SessionKey>,
        rows: usize,
    ) -> Result<Vec<StoredSession>, PersistenceError>;
}
