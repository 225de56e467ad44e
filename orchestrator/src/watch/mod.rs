//! What happens in events, for those who watch: one reader an event in this process, however many watch.

mod captions;
mod hub;
mod snapshot;
mod topic;

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use common::{event::EventSource, ids::EventId, live_state::LiveState};
use parking_lot::Mutex;
use transcript::Live;

pub(crate) use self::{captions::Caption, hub::Hub, snapshot::Snapshot};
use crate::persistence::Sessions;

/// Watches events while somebody wants to know. Clones are the same one.
#[derive(Clone)]
pub struct Watch(Arc<Shared>);

struct Shared {
    sources: Sources,
    hubs: Mutex<HashMap<EventId, Weak<Hub>>>,
}

/// What is read for those who watch.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) events: Arc<dyn EventSource>,
    pub(crate) live_state: Arc<dyn LiveState>,
    pub(crate) live: Live,
}

impl Watch {
    /// Over these. Nothing is read yet.
    pub fn new(
        sessions: Arc<dyn Sessions>,
        events: Arc<dyn EventSource>,
        live_state: Arc<dyn LiveState>,
        live: Live,
    ) -> Self {
        let sources = Sources { sessions, events, live_state, live };
        Self(Arc::new(Shared { sources, hubs: Mutex::default() }))
    }

    /// That of the event; it reads for as long as somebody holds it. Has to be called within a tokio runtime.
    pub(crate) fn hub(&self, event_id: EventId) -> Arc<Hub> {
        let mut hubs = self.0.hubs.lock();
        if let Some(hub) = hubs.get(&event_id).and_then(Weak::upgrade) {
            return hub;
        }
        hubs.retain(|_, hub| hub.strong_count() > 0);
        let hub = Arc::new(Hub::start(event_id, self.0.sources.clone()));
        hubs.insert(event_id, Arc::downgrade(&hub));
        hub
    }
}
