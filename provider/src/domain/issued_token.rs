//! Tokens that were given out.

use std::{fmt, str::FromStr};

use agents::token::{ParticipantKind, Permissions};
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    event::AgentType,
    ids::{ChannelId, CustomerId, EventId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::RoomName;

/// As what somebody is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "listener")]
pub enum TokenRole {
    /// Publishes a microphone, and hears.
    Speaker,
    /// Hears.
    Listener,
    /// Hears and captions.
    Asr,
    /// Captions and speaks.
    Mt,
    /// Hears, unseen.
    Recorder,
    /// Hears and captions, unseen.
    Bridge,
}

impl TokenRole {
    /// Every role.
    pub const ALL: [Self; 6] =
        [Self::Speaker, Self::Listener, Self::Asr, Self::Mt, Self::Recorder, Self::Bridge];

    /// As it travels and is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Speaker => "speaker",
            Self::Listener => "listener",
            Self::Asr => "asr",
            Self::Mt => "mt",
            Self::Recorder => "recorder",
            Self::Bridge => "bridge",
        }
    }

    /// The least it needs.
    pub const fn permissions(self) -> Permissions {
        match self {
            Self::Speaker => Permissions::SPEAKER,
            Self::Listener => Permissions::LISTENER,
            Self::Asr => Permissions::CAPTIONER,
            Self::Mt => Permissions::AGENT,
            Self::Recorder => Permissions::RECORDER,
            Self::Bridge => Permissions::BRIDGE,
        }
    }

    /// Person or agent.
    pub const fn kind(self) -> ParticipantKind {
        match self {
            Self::Speaker | Self::Listener => ParticipantKind::Standard,
            Self::Asr | Self::Mt | Self::Recorder | Self::Bridge => ParticipantKind::Agent,
        }
    }
}

impl From<AgentType> for TokenRole {
    fn from(agent: AgentType) -> Self {
        match agent {
            AgentType::Asr => Self::Asr,
            AgentType::Mt => Self::Mt,
            AgentType::Recorder => Self::Recorder,
            AgentType::Bridge => Self::Bridge,
        }
    }
}

impl fmt::Display for TokenRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no role {0:?}")]
pub struct UnknownRole(String);

impl FromStr for TokenRole {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| UnknownRole(text.chars().take(40).collect()))
    }
}

/// What is kept of a token that was given out. The token itself is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedToken {
    /// Names it.
    pub token_id: Uuid,
    /// For a room of which event.
    pub event_id: EventId,
    /// For the room of which channel.
    pub channel_id: ChannelId,
    /// Whose event it is.
    pub customer_id: CustomerId,
    /// Whom it names in the room.
    pub identity: String,
    /// As what.
    pub role: TokenRole,
    /// What a listener wants to follow, or an agent translates into.
    pub language: Option<LanguageTag>,
    /// Who asked for it: a user's id, or a service's `client_id`; `None`: a guest.
    pub issued_to: Option<String>,
    /// Whether they were let in because they run the event.
    pub as_staff: bool,
    /// From when.
    pub issued_at: DateTime<Utc>,
    /// Until when the room is entered with it.
    pub expires_at: DateTime<Utc>,
}

impl IssuedToken {
    /// The room that it opens.
    pub fn room(&self) -> RoomName {
        RoomName { event_id: self.event_id, channel_id: self.channel_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_read_back_and_only_agents_may_send_captions() {
        for role in TokenRole::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).expect("json"), role.as_str());
            let agent = role.kind() == ParticipantKind::Agent;
            assert!(agent || !role.permissions().publish_data, "{role}");
        }
        assert!("admin".parse::<TokenRole>().is_err());
    }
}
