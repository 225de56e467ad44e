//! Sessions as they travel.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    event::AgentType,
    ids::{ChannelId, EventId, SessionId},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{AgentStatus, Session, SessionAgent, SessionState};

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session, example = json!({
    "session_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11", "event_id": 123_457, "channel_id": 1, "status": "active",
    "source_language": "en-US", "target_languages": ["ca-ES"],
    "started_by": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e0f", "started_at": "2026-05-04T09:30:00Z", "stopping_at": null,
    "ended_at": null, "failure": null, "peak_listeners": { "ca-ES": 41 },
    "agents": [
        {
            "agent_id": "agent-asr", "agent_type": "asr", "language": "en-US", "status": "active",
            "started_at": "2026-05-04T09:30:00Z", "ended_at": null, "restarts": 0, "error": null
        },
        {
            "agent_id": "agent-mt-ca-ES", "agent_type": "mt", "language": "ca-ES", "status": "joining",
            "started_at": "2026-05-04T09:30:00Z", "ended_at": null, "restarts": 0, "error": null
        }
    ]
}))]
pub(crate) struct SessionBody {
    /// Names it everywhere.
    session_id: SessionId,
    /// Of which event.
    event_id: EventId,
    /// On which channel.
    channel_id: ChannelId,
    /// Where it is in its life.
    status: SessionState,
    /// What is spoken.
    source_language: LanguageTag,
    /// What it is translated into.
    target_languages: Vec<LanguageTag>,
    /// Who started it: a user's id, or a service's `client_id`.
    started_by: String,
    /// When it was started: zero on its media clock.
    started_at: DateTime<Utc>,
    /// When its stopping began.
    #[schema(required = true)]
    stopping_at: Option<DateTime<Utc>>,
    /// When its agents were done.
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
    /// Why it failed, in words.
    #[schema(required = true)]
    failure: Option<String>,
    /// How many listened at most at the same time, by language.
    peak_listeners: BTreeMap<LanguageTag, u64>,
    /// Who works in it.
    agents: Vec<AgentBody>,
}

/// An agent of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Agent, example = json!({
    "agent_id": "agent-mt-ca-ES", "agent_type": "mt", "language": "ca-ES", "status": "active",
    "started_at": "2026-05-04T09:30:00Z", "ended_at": null, "restarts": 0, "error": null
}))]
pub(crate) struct AgentBody {
    /// Its identity in the room.
    agent_id: String,
    /// What it does.
    agent_type: AgentType,
    /// Of `asr` what is spoken, of `mt` what it translates to.
    #[schema(required = true)]
    language: Option<LanguageTag>,
    /// Where it is.
    status: AgentStatus,
    /// When it was started first.
    started_at: DateTime<Utc>,
    /// When it ended for good.
    #[schema(required = true)]
    ended_at: Option<DateTime<Utc>>,
    /// How often it was started again.
    restarts: u32,
    /// Why it ended last before its time, in words.
    #[schema(required = true)]
    error: Option<String>,
}

impl From<Session> for SessionBody {
    fn from(session: Session) -> Self {
        Self {
            session_id: session.session_id,
            event_id: session.event_id,
            channel_id: session.channel_id,
            status: session.state,
            source_language: session.source_language,
            target_languages: session.target_languages,
            started_by: session.started_by,
            started_at: session.started_at,
            stopping_at: session.stopping_at,
            ended_at: session.ended_at,
            failure: session.failure,
            peak_listeners: session.peak_listeners,
            agents: session.agents.into_iter().map(AgentBody::from).collect(),
        }
    }
}

impl From<SessionAgent> for AgentBody {
    fn from(agent: SessionAgent) -> Self {
        Self {
            agent_id: agent.agent_id,
            agent_type: agent.agent_type,
            language: agent.language,
            status: agent.status,
            started_at: agent.started_at,
            ended_at: agent.ended_at,
            restarts: agent.restarts,
            error: agent.error,
        }
    }
}
