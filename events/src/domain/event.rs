//! Events and who is assigned to them.

use chrono::{DateTime, Utc};
use common::{
    event::{EventState, ListenAccess},
    ids::{ChannelId, CustomerId, EventId, UserId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Channel, Description, Timezone, Title};

/// As many speakers (a person on a channel) an event has at most.
pub const MAX_SPEAKERS: usize = 500;
/// As many listeners can be assigned to an event; more than these need another `listen_access`.
pub const MAX_LISTENERS: usize = 5_000;

/// An event, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Names it everywhere.
    pub event_id: EventId,
    /// Whose it is.
    pub customer_id: CustomerId,
    /// What it is called.
    pub title: Title,
    /// What it is about.
    pub description: Option<Description>,
    /// When it begins; to the microsecond, as all times here.
    pub starts_at: DateTime<Utc>,
    /// When it ends, after it began.
    pub ends_at: DateTime<Utc>,
    /// In which time zone people think of it.
    pub timezone: Timezone,
    /// Where it is in its life.
    pub state: EventState,
    /// Who may listen.
    pub listen_access: ListenAccess,
    /// By number.
    pub channels: Vec<Channel>,
    /// The greatest channel number ever given: none is given twice.
    pub last_channel_id: i32,
    /// By channel, then user.
    pub speakers: Vec<Speaker>,
    /// By user.
    pub listeners: Vec<Listener>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it, its channels or its people changed last.
    pub updated_at: DateTime<Utc>,
    /// Counts its changes, from 1.
    pub version: i64,
}

/// A person who speaks on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "channel_id": 1, "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f" }))]
pub struct Speaker {
    /// On which channel.
    pub channel_id: ChannelId,
    /// Who.
    pub user_id: UserId,
}

/// A person who may listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "user_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f" }))]
pub struct Listener {
    /// Who.
    pub user_id: UserId,
}

/// A random event id; whoever stores an event tries again when it is taken.
pub fn draw_event_id(rng: &mut impl rand::Rng) -> EventId {
    // The range is that of event ids.
    EventId::new(rng.random_range(EventId::MIN..=EventId::MAX).into()).expect("within the range of event ids")
}
