//! Asks events-service, and remembers the answer for a while.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use url::Url;

use super::EventConfig;
use crate::{
    http::ClientError,
    ids::EventId,
    live_state::LiveState,
    oauth::ClientCredentials,
    peer::{Peer, PeerError},
};

/// How long events-service may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long an event is remembered; a change drops it before.
const CACHED_FOR: Duration = Duration::from_secs(60);

/// Where events are asked for.
#[async_trait]
pub trait EventSource: Send + Sync {
    /// The event, as it was within the last minute; `None` when there is none.
    async fn event(&self, event_id: EventId) -> Result<Option<Arc<EventConfig>>, PeerError>;

    /// The event as it is now.
    async fn event_now(&self, event_id: EventId) -> Result<Option<Arc<EventConfig>>, PeerError>;
}

/// events-service, asked as a service client; answers are kept at `event:{id}:config` in the live state for a minute,
/// and dropped by events-service when the event changes.
#[derive(Clone)]
pub struct EventsService {
    peer: Peer,
    live_state: Arc<dyn LiveState>,
}

impl EventsService {
    /// The one at `base` (`EVENTS_SERVICE_URL`). Nothing is asked yet.
    pub fn new(
        base: Url,
        credentials: ClientCredentials,
        live_state: Arc<dyn LiveState>,
    ) -> Result<Self, ClientError> {
        Ok(Self { peer: Peer::new("events-service", base, TIMEOUT, credentials)?, live_state })
    }

    /// The service itself, for what is not read.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    async fn remembered(&self, event_id: EventId) -> Option<EventConfig> {
        // Without the live state events are asked for every time.
        let text = self.live_state.get(&key(event_id)).await.ok()??;
        serde_json::from_str(&text).ok()
    }
}

fn key(event_id: EventId) -> String {
    format!("event:{event_id}:config")
}

#[async_trait]
impl EventSource for EventsService {
    async fn event(&self, event_id: EventId) -> Result<Option<Arc<EventConfig>>, PeerError> {
        match self.remembered(event_id).await {
            Some(event) => Ok(Some(Arc::new(event))),
            None => self.event_now(event_id).await,
        }
    }

    async fn event_now(&self, event_id: EventId) -> Result<Option<Arc<EventConfig>>, PeerError> {
        let event: Option<EventConfig> = self.peer.get(&format!("events/{event_id}")).await?;
        if let Some(event) = &event
            && let Ok(text) = serde_json::to_string(event)
            && let Err(error) = self.live_state.set(&key(event_id), &text, CACHED_FOR).await
        {
            tracing::debug!(%error, event.id = %event_id, "an event is not remembered");
        }
        Ok(event.map(Arc::new))
    }
}
