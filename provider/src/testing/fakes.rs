//! A LiveKit server, an events-service and a database that are not there.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::Tenants,
    clock,
    event::{EventConfig, EventSource},
    ids::{CustomerId, EventId},
    peer::PeerError,
    persistence::PersistenceError,
};
use parking_lot::Mutex;

use crate::{
    domain::{IssuedToken, RoomName, WebhookEvent},
    persistence::{Inbox, Persistence, Settled, TokenKey, Tokens},
    rooms::{LiveKit, LiveKitError, Participant, Room},
};

/// Whose it is, as its metadata says, and who is in it.
type FakeRoom = (Option<CustomerId>, Vec<Participant>);

/// Rooms in memory.
#[derive(Default)]
pub(crate) struct FakeLiveKit {
    rooms: Mutex<BTreeMap<RoomName, FakeRoom>>,
    away: AtomicBool,
}

/// Somebody who has come in just now.
pub(crate) fn participant(identity: impl Into<String>, publishes: bool) -> Participant {
    Participant { identity: identity.into(), publishes, attributes: BTreeMap::new(), joined_at: clock::now() }
}

impl FakeLiveKit {
    /// Lets these in, into a room that is made for it without metadata if it is not there.
    pub(crate) fn enter(&self, name: RoomName, participants: impl IntoIterator<Item = Participant>) {
        self.rooms.lock().entry(name).or_default().1.extend(participants);
    }

    /// Who is in the room, by identity.
    pub(crate) fn identities(&self, name: RoomName) -> Vec<String> {
        let rooms = self.rooms.lock();
        let participants = rooms.get(&name).map_or(&[][..], |(_, participants)| participants.as_slice());
        participants.iter().map(|participant| participant.identity.clone()).collect()
    }

    /// Whose room it is; `None`: it is not there.
    pub(crate) fn customer_of(&self, name: RoomName) -> Option<CustomerId> {
        self.rooms.lock().get(&name).and_then(|(customer, _)| *customer)
    }

    /// Takes the server away, or brings it back.
    pub(crate) fn cut(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    fn there(&self) -> Result<(), LiveKitError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(LiveKitError::Unavailable("cut off".to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl LiveKit for FakeLiveKit {
    async fn make_room(&self, name: RoomName, customer: CustomerId) -> Result<(), LiveKitError> {
        self.there()?;
        self.rooms.lock().entry(name).or_default().0 = Some(customer);
        Ok(())
    }

    async fn rooms(&self, event: Option<EventId>) -> Result<Vec<Room>, LiveKitError> {
        self.there()?;
        let rooms = self.rooms.lock();
        let rooms = rooms.iter().filter(|(name, _)| event.is_none_or(|event| name.event_id == event));
        let room = |(name, (customer, _)): (&RoomName, &FakeRoom)| Room {
            name: *name,
            customer_id: *customer,
            created_at: DateTime::UNIX_EPOCH,
        };
        Ok(rooms.map(room).collect())
    }

    async fn participants(&self, name: RoomName) -> Result<Vec<Participant>, LiveKitError> {
        self.there()?;
        Ok(self.rooms.lock().get(&name).map(|(_, participants)| participants.clone()).unwrap_or_default())
    }

    async fn remove(&self, name: RoomName, identity: &str) -> Result<bool, LiveKitError> {
        self.there()?;
        let mut rooms = self.rooms.lock();
        let Some((_, participants)) = rooms.get_mut(&name) else { return Ok(false) };
        let before = participants.len();
        participants.retain(|participant| participant.identity != identity);
        Ok(participants.len() < before)
    }

    async fn delete_room(&self, name: RoomName) -> Result<bool, LiveKitError> {
        self.there()?;
        Ok(self.rooms.lock().remove(&name).is_some())
    }

    async fn check(&self) -> Result<(), LiveKitError> {
        self.there()
    }
}

/// Events in memory.
#[derive(Default)]
pub(crate) struct FakeEvents {
    events: Mutex<BTreeMap<EventId, EventConfig>>,
    away: AtomicBool,
    asked_now: AtomicUsize,
}

impl FakeEvents {
    pub(crate) fn put(&self, event: EventConfig) {
        self.events.lock().insert(event.event_id, event);
    }

    pub(crate) fn change(&self, event_id: EventId, change: impl FnOnce(&mut EventConfig)) {
        change(self.events.lock().get_mut(&event_id).expect("the event is there"));
    }

    pub(crate) fn delete(&self, event_id: EventId) {
        self.events.lock().remove(&event_id);
    }

    /// Takes the service away, or brings it back.
    pub(crate) fn cut(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    /// How often an event was wanted as it is now.
    pub(crate) fn asked_now(&self) -> usize {
        self.asked_now.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl EventSource for FakeEvents {
    async fn event(&self, event_id: EventId) -> Result<Option<Arc<EventConfig>>, PeerError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(PeerError::Unavailable { peer: "events-service", why: "cut off".to_owned() });
        }
        Ok(self.events.lock().get(&event_id).cloned().map(Arc::new))
    }

    async fn event_now(&self, event_id: EventId) -> Result<Option<Arc<EventConfig>>, PeerError> {
        self.asked_now.fetch_add(1, Ordering::Relaxed);
        self.event(event_id).await
    }
}

/// A database that is away.
pub(crate) struct AwayStore;

fn away<T>() -> Result<T, PersistenceError> {
    Err(PersistenceError::Unavailable("cut off".into()))
}

#[async_trait]
impl Persistence for AwayStore {
    async fn check(&self) -> Result<(), PersistenceError> {
        away()
    }
}

#[async_trait]
impl Tokens for AwayStore {
    async fn keep_token(&self, _: &IssuedToken) -> Result<(), PersistenceError> {
        away()
    }

    async fn tokens(
        &self,
        _: EventId,
        _: Tenants,
        _: Option<TokenKey>,
        _: usize,
    ) -> Result<Vec<IssuedToken>, PersistenceError> {
        away()
    }

    async fn newest_tokens(&self, _: RoomName, _: &[String]) -> Result<Vec<IssuedToken>, PersistenceError> {
        away()
    }
}

#[async_trait]
impl Inbox for AwayStore {
    async fn keep_webhook(&self, _: &WebhookEvent, _: DateTime<Utc>) -> Result<bool, PersistenceError> {
        away()
    }

    async fn pending_webhooks(&self, _: usize) -> Result<Vec<WebhookEvent>, PersistenceError> {
        away()
    }

    async fn settle_webhook(&self, _: &str, _: Settled) -> Result<(), PersistenceError> {
        away()
    }

    async fn give_up_webhooks(&self, _: DateTime<Utc>) -> Result<u64, PersistenceError> {
        away()
    }

    async fn prune_webhooks(&self, _: DateTime<Utc>) -> Result<u64, PersistenceError> {
        away()
    }
}
