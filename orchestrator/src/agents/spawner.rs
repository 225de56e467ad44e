//! Who runs agents.

use async_trait::async_trait;
use common::{
    LanguageTag,
    ids::{ChannelId, EventId, SessionId},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Job;
use crate::presence::Presence;

/// Why an agent ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentEnd {
    /// Another participant took its identity, and has its work now.
    #[error("another participant joined as the same agent")]
    Duplicate,
    /// It was removed from the room.
    #[error("removed from the room")]
    Removed,
    /// Everything else, in words. Another attempt may help.
    #[error("{0}")]
    Failed(String),
}

/// Runs agents.
#[async_trait]
pub trait Spawner: Send + Sync {
    /// Does the job until `shutdown` is cancelled, and what is in hand then; `in_room` is told `true` when the agent is
    /// in its room, and `false` while it is not.
    ///
    /// Dropping the future ends the agent at once.
    async fn run(
        &self,
        job: Job,
        in_room: watch::Sender<bool>,
        shutdown: CancellationToken,
    ) -> Result<(), AgentEnd>;

    /// All agents of the session have ended: waits until everything they wrote is kept, as long as it takes.
    /// Cancel-safe.
    async fn finish(&self, session_id: SessionId) {
        tracing::trace!(session.id = %session_id, "its agents keep nothing back");
    }
}

/// Who listens, as far as sessions need to know and to tell.
pub trait Listeners: Send + Sync {
    /// Whether somebody outside the room follows that language of the channel.
    fn followed(
        &self,
        event_id: EventId,
        channel_id: ChannelId,
        language: &LanguageTag,
    ) -> watch::Receiver<bool>;

    /// Something happened in a room of the event.
    fn rooms_changed(&self, event_id: EventId);
}

impl Listeners for Presence {
    fn followed(
        &self,
        event_id: EventId,
        channel_id: ChannelId,
        language: &LanguageTag,
    ) -> watch::Receiver<bool> {
        Self::followed(self, event_id, channel_id, language)
    }

    fn rooms_changed(&self, event_id: EventId) {
        Self::rooms_changed(self, event_id);
    }
}
