//! Events as a test says.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use common::{
    event::{EventConfig, EventSource},
    ids::EventId,
    peer::PeerError,
};
use parking_lot::Mutex;

/// Events that a test makes up and changes.
#[derive(Default)]
pub(crate) struct FakeEvents {
    events: Mutex<HashMap<EventId, EventConfig>>,
    away: AtomicBool,
}

impl FakeEvents {
    /// Puts the event in place of what there is.
    pub(crate) fn set(&self, event: EventConfig) {
        self.events.lock().insert(event.event_id, event);
    }

    /// The event as it is now.
    pub(crate) fn get(&self, event_id: EventId) -> Option<EventConfig> {
        self.events.lock().get(&event_id).cloned()
    }

    /// Whether events-service can be asked.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), PeerError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(PeerError::Unavailable { peer: "events-service", why: "a test says so".to_owned() });
        }
        Ok(())
    }
}

#[async_trait]
impl EventSource for FakeEvents {
    async fn event(&self, event_id: EventId) -> Result<Option<Arc<EventConfig>>, PeerError> {
        self.event_now(event_id).await
    }

    async fn event_now(&self, event_id: EventId) -> Result<Option<Arc<EventConfig>>, PeerError> {
        self.check()?;
        Ok(self.get(event_id).map(Arc::new))
    }
}
