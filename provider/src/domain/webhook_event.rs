//! What LiveKit tells of a room.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::ids::{ChannelId, EventId};
use serde::{Deserialize, Serialize};

use super::RoomName;

/// Something that happened in one of our rooms, as the live-service is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// LiveKit's own id of the event: a repeat has the same.
    pub id: String,
    /// What happened: `room_started`, `participant_joined`, …
    pub event: String,
    /// When, to the second.
    pub created_at: DateTime<Utc>,
    /// In which room.
    pub room_name: String,
    /// Of which event.
    pub event_id: EventId,
    /// On which channel.
    pub channel_id: ChannelId,
    /// Who did it, where it was a participant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// Their attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<BTreeMap<String, String>>,
}

impl WebhookEvent {
    /// In which room.
    pub fn room(&self) -> RoomName {
        RoomName { event_id: self.event_id, channel_id: self.channel_id }
    }
}
