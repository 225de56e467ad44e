//! Rooms as a test says.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use common::{
    LanguageTag,
    event::AgentType,
    ids::{ChannelId, EventId},
    peer::PeerError,
};
use parking_lot::Mutex;

use crate::provider::{AgentToken, Provider, Room};

/// Rooms that a test makes up.
#[derive(Default)]
pub(crate) struct FakeProvider {
    rooms: Mutex<Vec<Room>>,
    away: AtomicBool,
    delay: Mutex<Duration>,
}

impl FakeProvider {
    /// These are the rooms.
    pub(crate) fn set_rooms(&self, rooms: Vec<Room>) {
        *self.rooms.lock() = rooms;
    }

    /// Whether livekit-provider can be asked.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    /// How long it takes to give a token.
    pub(crate) fn set_delay(&self, delay: Duration) {
        *self.delay.lock() = delay;
    }

    fn check(&self) -> Result<(), PeerError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(PeerError::Unavailable {
                peer: "livekit-provider",
                why: "a test says so".to_owned(),
            });
        }
        Ok(())
    }
}

#[async_trait]
impl Provider for FakeProvider {
    async fn agent_token(
        &self,
        event_id: EventId,
        channel_id: ChannelId,
        agent_type: AgentType,
        language: Option<&LanguageTag>,
    ) -> Result<AgentToken, PeerError> {
        self.check()?;
        let delay = *self.delay.lock();
        tokio::time::sleep(delay).await;
        let language = language.filter(|_| agent_type == AgentType::Mt);
        let identity = match language {
            Some(language) => format!("agent-{agent_type}-{language}"),
            None => format!("agent-{agent_type}"),
        };
        Ok(AgentToken {
            livekit_token: "token".to_owned(),
            livekit_url: "ws://127.0.0.1:9".to_owned(),
            room_name: format!("event-{event_id}-channel-{channel_id}"),
            identity,
        })
    }

    async fn rooms(&self, event_id: EventId) -> Result<Vec<Room>, PeerError> {
        self.check()?;
        Ok(self.rooms.lock().iter().filter(|room| room.event_id == event_id).cloned().collect())
    }
}
