//! What an agent is to do.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    event::{AgentType, ChannelConfig},
    ids::{ChannelId, EventId, SessionId},
};

use crate::domain::{AgentStatus, SessionAgent};

/// One agent's work in one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// In which session.
    pub session_id: SessionId,
    /// Of which event.
    pub event_id: EventId,
    /// On which channel.
    pub channel_id: ChannelId,
    /// Its identity in the room.
    pub agent_id: String,
    /// What it does.
    pub agent_type: AgentType,
    /// Of `asr` what is spoken, of `mt` what it translates to.
    pub language: LanguageTag,
    /// Of `mt`: terms with a fixed translation.
    pub glossary: BTreeMap<String, String>,
    /// Of `mt`: whether translations are also spoken.
    pub speech: bool,
    /// Of `mt`: whether it translates although nobody follows; so on channels that are recorded.
    pub always: bool,
    /// When the session was started: zero on its media clock.
    pub started_at: DateTime<Utc>,
    /// Since when the one before it may have left something undone; `None`: there was none.
    pub resume_since: Option<DateTime<Utc>>,
}

/// What is wanted of an agent, as the event says. When it changes the agent begins anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AgentSpec {
    pub(crate) agent_id: String,
    pub(crate) agent_type: AgentType,
    pub(crate) language: LanguageTag,
    pub(crate) glossary: BTreeMap<String, String>,
    pub(crate) speech: bool,
    pub(crate) always: bool,
}

impl AgentSpec {
    /// Those that a channel wants: one that writes down what is said, and one for each language it is translated to.
    pub(crate) fn wanted(channel: &ChannelConfig) -> Vec<Self> {
        let asr = Self {
            agent_id: "agent-asr".to_owned(),
            agent_type: AgentType::Asr,
            language: channel.source_language.clone(),
            glossary: BTreeMap::new(),
            speech: false,
            always: true,
        };
        let mt = |language: &LanguageTag| Self {
            agent_id: format!("agent-mt-{language}"),
            agent_type: AgentType::Mt,
            language: language.clone(),
            glossary: channel.glossary.get(language).cloned().unwrap_or_default(),
            speech: channel.speech,
            always: channel.record,
        };
        let targets = channel.target_languages.iter().filter(|target| **target != channel.source_language);
        std::iter::once(asr).chain(targets.map(mt)).collect()
    }

    /// The agent, on its way since `now`.
    pub(crate) fn agent(&self, now: DateTime<Utc>) -> SessionAgent {
        SessionAgent {
            agent_id: self.agent_id.clone(),
            agent_type: self.agent_type,
            language: Some(self.language.clone()),
            status: AgentStatus::Joining,
            started_at: now,
            ended_at: None,
            restarts: 0,
            error: None,
            seen_alive_at: None,
        }
    }
}
