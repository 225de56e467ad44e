//! Sessions: a channel of an event, from start to stop.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    event::AgentType,
    ids::{ChannelId, CustomerId, EventId, SessionId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a session is in its life: `starting` → `active` → `stopping` → `stopped`, or `failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "active")]
pub enum SessionState {
    /// Its agents are being started.
    Starting,
    /// It runs.
    Active,
    /// Its agents finish what they have in hand; what is left of it is being stored.
    Stopping,
    /// It is over and everything is stored.
    Stopped,
    /// It could not be started.
    Failed,
}

/// Where an agent is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "active")]
pub enum AgentStatus {
    /// On its way into the room.
    Joining,
    /// In the room.
    Active,
    /// It ended before its time and will be started again.
    Restarting,
    /// Done: the session is stopping, or its language is not wanted any more.
    Ended,
    /// It will not come back.
    Failed,
}

/// A session, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names it everywhere.
    pub session_id: SessionId,
    /// Of which event.
    pub event_id: EventId,
    /// On which channel.
    pub channel_id: ChannelId,
    /// Whose event it is.
    pub customer_id: CustomerId,
    /// Where it is in its life.
    pub state: SessionState,
    /// What is spoken.
    pub source_language: LanguageTag,
    /// What it is translated into.
    pub target_languages: Vec<LanguageTag>,
    /// Who started it: a user's id, or a service's `client_id`.
    pub started_by: String,
    /// When it was started: zero on its media clock. To the millisecond.
    pub started_at: DateTime<Utc>,
    /// When its stopping began.
    pub stopping_at: Option<DateTime<Utc>>,
    /// When its agents were done.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it failed, in words.
    pub failure: Option<String>,
    /// When all that is left of it was stored and its event moved on: there is nothing to do for it any more.
    pub finished_at: Option<DateTime<Utc>>,
    /// How many listened at most at the same time, by language.
    pub peak_listeners: BTreeMap<LanguageTag, u64>,
    /// Who works in it, by id.
    pub agents: Vec<SessionAgent>,
}

/// An agent of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionAgent {
    /// Its identity in the room: `agent-mt-es-ES`.
    pub agent_id: String,
    /// What it does.
    pub agent_type: AgentType,
    /// Of `asr` what is spoken, of `mt` what it translates to.
    pub language: Option<LanguageTag>,
    /// Where it is.
    pub status: AgentStatus,
    /// When it was started first.
    pub started_at: DateTime<Utc>,
    /// When it ended for good.
    pub ended_at: Option<DateTime<Utc>>,
    /// How often it was started again.
    pub restarts: u32,
    /// Why it ended last before its time, in words.
    pub error: Option<String>,
    /// When it was last known to work.
    pub seen_alive_at: Option<DateTime<Utc>>,
}

macro_rules! words {
    ($name:ident: $($variant:ident = $word:literal),+ $(,)?) => {
        impl $name {
            /// As it travels and is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!("{other:?} is none of {}", [$($word),+].join(", "))),
                }
            }
        }
    };
}

words!(SessionState: Starting = "starting", Active = "active", Stopping = "stopping", Stopped = "stopped", Failed = "failed");
words!(
    AgentStatus: Joining = "joining", Active = "active", Restarting = "restarting", Ended = "ended", Failed = "failed",
);

impl SessionState {
    /// Those in which there is still something to do for it.
    pub const RUNNING: [Self; 3] = [Self::Starting, Self::Active, Self::Stopping];

    /// Whether there is still something to do for it.
    pub fn is_running(self) -> bool {
        Self::RUNNING.contains(&self)
    }
}

impl Session {
    /// Everything one can follow in it: what is spoken, then the translations.
    pub fn languages(&self) -> impl Iterator<Item = &LanguageTag> {
        std::iter::once(&self.source_language).chain(&self.target_languages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for state in
            [SessionState::RUNNING.as_slice(), &[SessionState::Stopped, SessionState::Failed]].concat()
        {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(serde_json::to_value(state).expect("json"), state.as_str());
        }
        assert!("done".parse::<AgentStatus>().is_err());
    }
}
