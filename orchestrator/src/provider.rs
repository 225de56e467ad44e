//! Asks livekit-provider for agents' tokens and for who is in the rooms.

use std::{collections::BTreeMap, fmt, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    event::AgentType,
    http::ClientError,
    ids::{ChannelId, CustomerId, EventId},
    oauth::ClientCredentials,
    peer::{Peer, PeerError},
};
use serde::{Deserialize, Serialize};
use url::Url;

/// How long livekit-provider may take: a start answers within five seconds.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What opens a room to one agent.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct AgentToken {
    /// A `LiveKit` access token.
    pub livekit_token: String,
    /// The server that takes it.
    pub livekit_url: String,
    /// The room.
    pub room_name: String,
    /// As whom.
    pub identity: String,
}

impl fmt::Debug for AgentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentToken")
            .field("room_name", &self.room_name)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// A room and who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Room {
    /// `event-123457-channel-1`.
    pub room_name: String,
    /// Of which event.
    pub event_id: EventId,
    /// Of which channel.
    pub channel_id: ChannelId,
    /// Whose event it is.
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
    /// Speakers, by identity.
    #[serde(default)]
    pub speakers: Vec<String>,
    /// How many listen, by language; empty where they say none.
    #[serde(default)]
    pub listeners: BTreeMap<String, u64>,
    /// Agents, by identity.
    #[serde(default)]
    pub agents: Vec<String>,
}

/// Where rooms and their tokens come from.
#[async_trait]
pub trait Provider: Send + Sync {
    /// A token for an agent, good for one joining. The room is made if it is missing.
    async fn agent_token(
        &self,
        event_id: EventId,
        channel_id: ChannelId,
        agent_type: AgentType,
        language: Option<&LanguageTag>,
    ) -> Result<AgentToken, PeerError>;

    /// The event's rooms. Cancel-safe.
    async fn rooms(&self, event_id: EventId) -> Result<Vec<Room>, PeerError>;
}

/// livekit-provider, asked as a service client.
#[derive(Clone, Debug)]
pub struct LiveKitProvider(Peer);

impl LiveKitProvider {
    /// The one at `base` (`LIVEKIT_PROVIDER_URL`). Nothing is asked yet.
    pub fn new(base: Url, credentials: ClientCredentials) -> Result<Self, ClientError> {
        Ok(Self(Peer::new("livekit-provider", base, TIMEOUT, credentials)?))
    }

    /// Whether it lives, for `/ready`.
    pub async fn check(&self) -> bool {
        self.0.check().await
    }
}

#[derive(Serialize)]
struct TokenRequest<'a> {
    event_id: EventId,
    channel_id: ChannelId,
    agent_type: AgentType,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a LanguageTag>,
}

#[derive(Deserialize)]
struct RoomList {
    items: Vec<Room>,
}

#[async_trait]
impl Provider for LiveKitProvider {
    async fn agent_token(
        &self,
        event_id: EventId,
        channel_id: ChannelId,
        agent_type: AgentType,
        language: Option<&LanguageTag>,
    ) -> Result<AgentToken, PeerError> {
        self.0.post("agents/token", &TokenRequest { event_id, channel_id, agent_type, language }).await
    }

    async fn rooms(&self, event_id: EventId) -> Result<Vec<Room>, PeerError> {
        let list: Option<RoomList> = self.0.get(&format!("rooms?event_id={event_id}")).await?;
        Ok(list.map_or_else(Vec::new, |list| list.items))
    }
}
