//! Puts people out of rooms who may not be there any more.

mod rule;
#[cfg(test)]
mod tests;
mod watch;

use std::{collections::BTreeMap, sync::Arc};

use common::{
    access::{NotBefore, NotBeforeError, Subject},
    event::{EventConfig, EventSource},
    ids::EventId,
    peer::PeerError,
};
use tokio::sync::mpsc;

use crate::{
    domain::{IssuedToken, RoomName, Standing},
    figures::Figures,
    persistence::{Persistence, PersistenceError},
    rooms::{LiveKit, LiveKitError},
};

/// As many events wait to be looked at; of more the next round takes care.
const DOUBTS: usize = 256;

/// Where it is said that an event's people have to be looked at.
#[derive(Clone, Debug)]
pub(crate) struct Doubts(mpsc::Sender<EventId>);

impl Doubts {
    pub(crate) fn channel() -> (Self, mpsc::Receiver<EventId>) {
        let (sender, receiver) = mpsc::channel(DOUBTS);
        (Self(sender), receiver)
    }

    pub(crate) fn raise(&self, event_id: EventId) {
        if self.0.try_send(event_id).is_err() {
            tracing::debug!(event.id = %event_id, "who is there is looked at in the next round");
        }
    }
}

/// Why it is not known who may stay. The next round tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unknown {
    #[error(transparent)]
    LiveKit(#[from] LiveKitError),
    #[error(transparent)]
    Events(#[from] PeerError),
    #[error(transparent)]
    Persistence(#[from] PersistenceError),
    #[error(transparent)]
    NotBefore(#[from] NotBeforeError),
}

/// How fresh what is known of an event has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// As it is now.
    Now,
    /// As it was within the last minute.
    Lately,
}

/// Looks at who is in rooms.
pub(crate) struct Removal {
    pub(crate) events: Arc<dyn EventSource>,
    pub(crate) livekit: Arc<dyn LiveKit>,
    pub(crate) persistence: Arc<dyn Persistence>,
    pub(crate) not_before: Arc<dyn NotBefore>,
    pub(crate) figures: Figures,
}

impl Removal {
    /// Looks at the rooms of an event, if it has any.
    pub(crate) async fn check(&self, event_id: EventId, known: Known) -> Result<(), Unknown> {
        let rooms = self.livekit.rooms(Some(event_id)).await?;
        let rooms: Vec<_> = rooms.into_iter().map(|room| room.name).collect();
        self.check_rooms(event_id, &rooms, known).await
    }

    /// Our rooms, by event.
    async fn rooms_by_event(&self) -> Result<BTreeMap<EventId, Vec<RoomName>>, Unknown> {
        let mut by_event: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for room in self.livekit.rooms(None).await? {
            by_event.entry(room.name.event_id).or_default().push(room.name);
        }
        Ok(by_event)
    }

    async fn check_rooms(&self, event_id: EventId, rooms: &[RoomName], known: Known) -> Result<(), Unknown> {
        if rooms.is_empty() {
            return Ok(());
        }
        let event = match known {
            Known::Now => self.events.event_now(event_id).await?,
            Known::Lately => self.events.event(event_id).await?,
        };
        for room in rooms {
            self.check_room(*room, event.as_deref()).await?;
        }
        Ok(())
    }

    async fn check_room(&self, room: RoomName, event: Option<&EventConfig>) -> Result<(), Unknown> {
        let participants = self.livekit.participants(room).await?;
        let people = participants.iter().filter(|one| {
            matches!(Standing::of(&one.identity), Standing::Speaker(_) | Standing::Listener(_))
        });
        let identities: Vec<_> = people.map(|one| one.identity.clone()).collect();
        let tokens = match identities.as_slice() {
            [] => Vec::new(),
            some => self.persistence.newest_tokens(room, some).await?,
        };
        let tokens: BTreeMap<&str, &IssuedToken> =
            tokens.iter().map(|token| (token.identity.as_str(), token)).collect();
        for participant in &participants {
            let standing = Standing::of(&participant.identity);
            let token = tokens.get(participant.identity.as_str()).copied();
            let let_in_at = token.map_or(participant.joined_at, |token| token.issued_at);
            let stays = rule::may_stay(standing, room.channel_id, event, token)
                && !self.is_withdrawn(standing, let_in_at).await?;
            if !stays && self.livekit.remove(room, &participant.identity).await? {
                self.figures.removed();
                tracing::info!(room.name = %room, identity = participant.identity, "put out of the room");
            }
        }
        Ok(())
    }

    /// Whether the account of somebody who was let in at that moment was withdrawn since.
    async fn is_withdrawn(
        &self,
        standing: Standing,
        let_in_at: chrono::DateTime<chrono::Utc>,
    ) -> Result<bool, Unknown> {
        let (Standing::Speaker(user) | Standing::Listener(user)) = standing else { return Ok(false) };
        let withdrawn_at = self.not_before.not_before(&Subject::User(user)).await?;
        Ok(withdrawn_at.is_some_and(|moment| let_in_at < moment + rule::UNNOTICED))
    }
}
