//! Events as a test says.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use axum::http::StatusCode;
use common::{
    event::{EventConfig, EventSource, EventState},
    ids::EventId,
    peer::PeerError,
};
use parking_lot::Mutex;

use crate::{Records, SessionRecord};

/// Events that a test makes up and changes.
#[derive(Default)]
pub(crate) struct FakeEvents {
    events: Mutex<HashMap<EventId, EventConfig>>,
    records: Mutex<Vec<(EventId, SessionRecord)>>,
    moves: Mutex<Vec<EventState>>,
    full: AtomicBool,
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

    /// What was recorded, in its order.
    pub(crate) fn records(&self) -> Vec<SessionRecord> {
        self.records.lock().iter().map(|(_, record)| record.clone()).collect()
    }

    /// Where events were moved, in its order.
    pub(crate) fn moves(&self) -> Vec<EventState> {
        self.moves.lock().clone()
    }

    /// Whether the customer has as many live events as it may.
    pub(crate) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
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

fn refused(code: &str) -> PeerError {
    PeerError::Refused {
        peer: "events-service",
        status: StatusCode::CONFLICT,
        code: code.to_owned(),
        detail: "a test says so".to_owned(),
    }
}

#[async_trait]
impl Records for FakeEvents {
    async fn move_event(&self, event_id: EventId, to: EventState) -> Result<(), PeerError> {
        self.check()?;
        let mut events = self.events.lock();
        let event = events.get_mut(&event_id).ok_or_else(|| refused("not_found"))?;
        if !event.state.may_become(to) {
            return Err(refused("illegal_state_change"));
        }
        if to == EventState::Live && self.full.load(Ordering::Relaxed) {
            return Err(refused("too_many_live_events"));
        }
        event.state = to;
        self.moves.lock().push(to);
        Ok(())
    }

    async fn record_session(&self, event_id: EventId, record: &SessionRecord) -> Result<(), PeerError> {
        self.check()?;
        self.records.lock().push((event_id, record.clone()));
        Ok(())
    }
}
