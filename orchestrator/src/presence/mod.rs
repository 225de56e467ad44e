//! Who listens, in which language: in `LiveKit`'s rooms, and outside.
//!
//! Every event with a running session, and every other one that somebody asks about, is counted every two seconds, and
//! at once when something happens. What is counted is who is there, never who came and went: a crash of anything leaves
//! no wrong sum behind.

mod connections;
mod counter;
mod tally;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
    time::Duration,
};

use common::{
    LanguageTag,
    event::EventSource,
    ids::{ChannelId, EventId, SessionId},
    live_state::LiveState,
};
use parking_lot::Mutex;
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

pub(crate) use self::connections::{RENEW_AFTER, TTL};
pub use self::tally::{ByLanguage, Counts, InRooms};
use self::{connections::Connections, counter::Counter};
use crate::{persistence::Sessions, provider::Provider};

/// How often everybody is counted.
const COUNT_EVERY: Duration = Duration::from_secs(2);
/// Who asks for counts of an event that nobody asked about before waits for the first ones so long at most.
const FIRST_COUNT_WITHIN: Duration = Duration::from_secs(3);

/// Counts listeners. Clones are the same one.
#[derive(Clone)]
pub struct Presence(Arc<Shared>);

/// What the counters of all events share.
struct Shared {
    sessions: Arc<dyn Sessions>,
    events: Arc<dyn EventSource>,
    provider: Arc<dyn Provider>,
    live_state: Arc<dyn LiveState>,
    connections: Connections,
    counters: Mutex<HashMap<EventId, Arc<Counter>>>,
    /// The running sessions and their channels, by event, as they were found last.
    running: Mutex<HashMap<EventId, Vec<(SessionId, ChannelId)>>>,
    shutdown: CancellationToken,
}

impl Presence {
    /// Begins to count the events that have running sessions, until `shutdown`. Has to be called within a tokio runtime.
    pub fn start(
        sessions: Arc<dyn Sessions>,
        events: Arc<dyn EventSource>,
        provider: Arc<dyn Provider>,
        live_state: Arc<dyn LiveState>,
        shutdown: CancellationToken,
    ) -> Self {
        let connections = Connections::new(Arc::clone(&live_state));
        let presence = Self(Arc::new(Shared {
            sessions,
            events,
            provider,
            live_state,
            connections,
            counters: Mutex::default(),
            running: Mutex::default(),
            shutdown: shutdown.clone(),
        }));
        tokio::spawn(shutdown.run_until_cancelled_owned(presence.clone().follow_sessions()));
        presence
    }

    /// Counts a connection outside `LiveKit` for some seconds (from now on, or further on).
    pub(crate) async fn join(&self, event_id: EventId, language: &LanguageTag, connection_id: &str) {
        let new = self.0.connections.enter(event_id, language, connection_id).await;
        let counter = self.counter(event_id);
        if new {
            counter.wake.connections.notify_one();
        }
    }

    /// Counts it no longer.
    pub(crate) async fn leave(&self, event_id: EventId, language: &LanguageTag, connection_id: &str) {
        self.0.connections.leave(event_id, language, connection_id).await;
        self.counter(event_id).wake.connections.notify_one();
    }

    /// Who listens to the event now.
    pub async fn counts(&self, event_id: EventId) -> Arc<Counts> {
        let counter = self.counter(event_id);
        let counts = async {
            counter.counted().await;
            // Afresh: a connection that was just made is among them.
            counter.count_connections(&self.0).await;
        };
        let _as_far_as_known = timeout(FIRST_COUNT_WITHIN, counts).await;
        counter.counts.borrow().clone()
    }

    /// Who listens to the event, from now on. Without anything known yet nobody does.
    pub fn watch(&self, event_id: EventId) -> watch::Receiver<Arc<Counts>> {
        self.counter(event_id).counts.subscribe()
    }

    /// Whether somebody outside `LiveKit` follows that language of the channel. Until that is known: yes.
    pub fn followed(
        &self,
        event_id: EventId,
        _channel: ChannelId,
        language: &LanguageTag,
    ) -> watch::Receiver<bool> {
        // Those outside follow a language of the event, whichever channel it is on.
        self.counter(event_id).followed(language)
    }

    /// Something happened in a room of the event: the listeners there are counted at once.
    pub fn rooms_changed(&self, event_id: EventId) {
        // Nobody asks about an event that is not being counted.
        if let Some(counter) = self.0.counters.lock().get(&event_id) {
            counter.wake.rooms.notify_one();
        }
    }

    /// The counter of the event, which counts from now on if it did not.
    fn counter(&self, event_id: EventId) -> Arc<Counter> {
        let mut counters = self.0.counters.lock();
        match counters.entry(event_id) {
            Entry::Occupied(found) => {
                found.get().asked_now();
                Arc::clone(found.get())
            }
            Entry::Vacant(place) => {
                let counter = Arc::new(Counter::new(event_id));
                let count = counter::run(Arc::clone(&self.0), Arc::clone(&counter));
                tokio::spawn(self.0.shutdown.clone().run_until_cancelled_owned(count));
                Arc::clone(place.insert(counter))
            }
        }
    }

    /// Has every event with a running session counted.
    async fn follow_sessions(self) {
        loop {
            match self.0.sessions.running_sessions(None).await {
                Ok(sessions) => {
                    let mut running: HashMap<EventId, Vec<_>> = HashMap::new();
                    for session in sessions {
                        let of_event = running.entry(session.event_id).or_default();
                        of_event.push((session.session_id, session.channel_id));
                    }
                    let events: Vec<_> = running.keys().copied().collect();
                    *self.0.running.lock() = running;
                    for event_id in events {
                        self.counter(event_id);
                    }
                }
                // They run on: those that were found last are counted.
                Err(error) => tracing::debug!(%error, "running sessions cannot be read"),
            }
            tokio::time::sleep(COUNT_EVERY).await;
        }
    }
}
