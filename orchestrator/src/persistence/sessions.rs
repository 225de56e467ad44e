//! Sessions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    access::Tenants,
    ids::{EventId, SessionId},
};
use serde::{Deserialize, Serialize};

use super::PersistenceError;
use crate::domain::{Session, SessionAgent, SessionState};

/// What came of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there now.
    New,
    /// The channel has a running one, this.
    Running(Box<Session>),
}

/// Where a session is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Only from one of these.
    pub from: Vec<SessionState>,
    /// There.
    pub to: SessionState,
    /// When: `stopping` keeps it as `stopping_at`, `failed` as `ended_at`.
    pub at: DateTime<Utc>,
    /// With `failed`: why.
    pub failure: Option<String>,
}

/// Which sessions are wanted; what is not told does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionFilter {
    /// Of this event.
    pub event_id: Option<EventId>,
    /// In one of these states; in any where empty.
    pub states: Vec<SessionState>,
}

/// The order of lists: the newest first, then by id. Neither ever changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionKey {
    /// When it was started.
    pub started_at: DateTime<Utc>,
    /// Which.
    pub session_id: SessionId,
}

impl SessionKey {
    /// That of `session`.
    pub fn of(session: &Session) -> Self {
        Self { started_at: session.started_at, session_id: session.session_id }
    }
}

/// Keeps sessions. Each method is one atomic operation.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a new session with its agents, unless its channel has one that
    /// [is running](SessionState::is_running). Of any number at once one is made.
    async fn create_session(&self, session: &Session) -> Result<Created, PersistenceError>;

    /// The session, whosever it is.
    async fn session(&self, session_id: SessionId) -> Result<Option<Session>, PersistenceError>;

    /// The first `rows` sessions of `tenants` after `after`, the newest first.
    async fn sessions(
        &self,
        tenants: Tenants,
        filter: &SessionFilter,
        after: Option<SessionKey>,
        rows: usize,
    ) -> Result<Vec<Session>, PersistenceError>;

    /// The running sessions of the event, or of all; by start.
    async fn running_sessions(&self, event_id: Option<EventId>) -> Result<Vec<Session>, PersistenceError>;

    /// Those for which there is something to do: running, or stopped and not [finished](Self::finish); by start.
    async fn unfinished_sessions(&self) -> Result<Vec<Session>, PersistenceError>;

    /// Moves a session to another state, and returns it as it is then; `None`: it was in none of the states it might
    /// have been moved from.
    async fn move_session(
        &self,
        session_id: SessionId,
        to: &Move,
    ) -> Result<Option<Session>, PersistenceError>;

    /// Keeps when the agents of a stopping session were done, the first time it is told, and ends those that did not
    /// say so; returns the session. `None`: it is not stopping.
    async fn end_session(
        &self,
        session_id: SessionId,
        at: DateTime<Utc>,
    ) -> Result<Option<Session>, PersistenceError>;

    /// Marks that there is nothing to do any more for a session that is stopped.
    async fn finish(&self, session_id: SessionId, at: DateTime<Utc>) -> Result<(), PersistenceError>;

    /// What is spoken in the session and what it is translated into, from now on.
    async fn set_languages(
        &self,
        session_id: SessionId,
        source: &LanguageTag,
        targets: &[LanguageTag],
    ) -> Result<(), PersistenceError>;

    /// Keeps an agent of the session, new or as it is now.
    async fn save_agent(&self, session_id: SessionId, agent: &SessionAgent) -> Result<(), PersistenceError>;

    /// These agents of the session were at work at `at`.
    async fn seen_alive(
        &self,
        session_id: SessionId,
        agent_ids: &[String],
        at: DateTime<Utc>,
    ) -> Result<(), PersistenceError>;

    /// Raises the peaks of listeners where these counts are higher.
    async fn raise_peaks(
        &self,
        session_id: SessionId,
        counts: &BTreeMap<LanguageTag, u64>,
    ) -> Result<(), PersistenceError>;

    /// Whether the store can be used now, for `/ready`.
    async fn check(&self) -> Result<(), PersistenceError>;
}
