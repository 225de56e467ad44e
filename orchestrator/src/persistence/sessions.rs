//! Sessions.

use async_trait::async_trait;
use common::ids::{EventId, SessionId};

use super::PersistenceError;
use crate::domain::Session;

/// What came of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is there now.
    New,
    /// The channel has a running one, this.
    Running(Session),
}

/// Keeps sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a new session, unless its channel has one that [is running](crate::domain::SessionState::is_running).
    async fn create_session(&self, session: &Session) -> Result<Created, PersistenceError>;

    /// The session, whosever it is.
    async fn session(&self, session_id: SessionId) -> Result<Option<Session>, PersistenceError>;

    /// The running sessions of the event, or of all; by start.
    async fn running_sessions(&self, event_id: Option<EventId>) -> Result<Vec<Session>, PersistenceError>;
}
