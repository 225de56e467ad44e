//! An event and its running sessions at one moment, as those who watch get it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    event::{AgentType, EventConfig, EventState},
    ids::{ChannelId, EventId, SessionId},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{AgentStatus, Session, SessionAgent, SessionState};

/// An event and its running sessions.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    /// Which sessions run.
    pub(crate) running: Vec<SessionId>,
    /// As staff get it, JSON.
    pub(crate) for_staff: Arc<str>,
    /// As everybody else gets it, JSON: without what went wrong.
    pub(crate) for_others: Arc<str>,
}

/// What the event `state` says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "event_id": 123_457, "state": "live", "sessions": [{
        "session_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "channel_id": 1, "status": "active",
        "started_at": "2026-05-01T18:00:00Z", "agents": [
            { "agent_id": "agent-asr", "agent_type": "asr", "language": "en-US", "status": "active" }
        ]
    }]
}))]
pub(crate) struct WatchedEvent {
    event_id: EventId,
    /// Where the event is in its life; `null` when it was deleted.
    #[schema(required = true)]
    state: Option<EventState>,
    /// Its running sessions, by start.
    sessions: Vec<WatchedSession>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WatchedSession {
    session_id: SessionId,
    channel_id: ChannelId,
    status: SessionState,
    started_at: DateTime<Utc>,
    agents: Vec<WatchedAgent>,
}

#[derive(Debug, Serialize, ToSchema)]
struct WatchedAgent {
    agent_id: String,
    agent_type: AgentType,
    language: Option<LanguageTag>,
    status: AgentStatus,
    /// Why it ended last before its time, for those who run the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Snapshot {
    pub(super) fn new(event_id: EventId, event: Option<&EventConfig>, sessions: &[Session]) -> Self {
        let text = |with_errors| {
            let told = WatchedEvent {
                event_id,
                state: event.map(|event| event.state),
                sessions: sessions.iter().map(|session| WatchedSession::new(session, with_errors)).collect(),
            };
            // Texts, numbers and lists: they can be written.
            serde_json::to_string(&told).unwrap_or_default().into()
        };
        Self {
            running: sessions.iter().map(|session| session.session_id).collect(),
            for_staff: text(true),
            for_others: text(false),
        }
    }
}

impl WatchedSession {
    fn new(session: &Session, with_errors: bool) -> Self {
        Self {
            session_id: session.session_id,
            channel_id: session.channel_id,
            status: session.state,
            started_at: session.started_at,
            agents: session.agents.iter().map(|agent| WatchedAgent::new(agent, with_errors)).collect(),
        }
    }
}

impl WatchedAgent {
    fn new(agent: &SessionAgent, with_errors: bool) -> Self {
        Self {
            agent_id: agent.agent_id.clone(),
            agent_type: agent.agent_type,
            language: agent.language.clone(),
            status: agent.status,
            error: agent.error.clone().filter(|_| with_errors),
        }
    }
}
