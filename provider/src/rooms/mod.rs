//! The LiveKit server, as far as we need it.

mod livekit;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    ids::{ChannelId, CustomerId, EventId},
    problem::Problem,
};
use serde::{Deserialize, Serialize};

pub use livekit::LiveKitServer;

use crate::domain::RoomName;

/// A room that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Which one.
    pub name: RoomName,
    /// Whose event it is, as its metadata says; `None` where a client made it by coming back to a closed room.
    pub customer_id: Option<CustomerId>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub identity: String,
    /// Whether they publish a track.
    pub publishes: bool,
    /// What is said of them.
    pub attributes: BTreeMap<String, String>,
    /// Since when.
    pub joined_at: DateTime<Utc>,
}

/// A room's metadata: JSON, so that whoever is in the room knows where they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMetadata {
    /// Of which event.
    pub event_id: EventId,
    /// Of which channel.
    pub channel_id: ChannelId,
    /// Whose event it is.
    pub customer_id: CustomerId,
}

/// Why `LiveKit` did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LiveKitError {
    /// It is away, or takes too long. A retry helps.
    #[error("LiveKit is not available: {0}")]
    Unavailable(String),
    /// It refuses, or answers what it should not: a wrong key, most likely. A retry does not help.
    #[error("LiveKit refuses: {0}")]
    Refused(String),
}

impl From<LiveKitError> for Problem {
    fn from(error: LiveKitError) -> Self {
        match error {
            LiveKitError::Unavailable(_) => Self::unavailable(
                "livekit_unavailable",
                "the LiveKit server is not available at the moment",
                Duration::from_secs(2),
                &error,
            ),
            LiveKitError::Refused(_) => Self::internal(&error),
        }
    }
}

/// Rooms and who is in them. Every call answers or fails within 3 s.
#[async_trait]
pub trait LiveKit: Send + Sync {
    /// Makes the room if it is not there. Its metadata is set either way.
    async fn make_room(&self, name: RoomName, customer: CustomerId) -> Result<(), LiveKitError>;

    /// Our rooms, by name: those of `event`, or all. Others' rooms on the same server are left out.
    async fn rooms(&self, event: Option<EventId>) -> Result<Vec<Room>, LiveKitError>;

    /// Who is in the room, the unseen included; nobody where there is no such room.
    async fn participants(&self, name: RoomName) -> Result<Vec<Participant>, LiveKitError>;

    /// Puts somebody out of the room; `false`: they were not there.
    async fn remove(&self, name: RoomName, identity: &str) -> Result<bool, LiveKitError>;

    /// Closes the room, and puts everybody out; `false`: it was not there.
    async fn delete_room(&self, name: RoomName) -> Result<bool, LiveKitError>;

    /// Whether it answers now, for `/ready`.
    async fn check(&self) -> Result<(), LiveKitError>;
}
