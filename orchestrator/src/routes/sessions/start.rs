//! `POST /sessions/start`

use axum::extract::State;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    access::{May, may},
    event::AgentType,
    ids::{ChannelId, EventId, SessionId},
    problem::{Json, Problem},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    AppState,
    domain::{AgentStatus, Session, SessionAgent, SessionState},
};

/// What is to be started.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "event_id": 123_457, "channel_id": 1 }))]
pub(crate) struct Start {
    /// In which event.
    event_id: EventId,
    /// On which channel.
    channel_id: ChannelId,
}

/// A session that runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "session_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11", "event_id": 123_457, "channel_id": 1, "status": "active",
    "started_at": "2026-05-04T09:30:00Z",
    "agents": [
        { "agent_id": "agent-asr", "agent_type": "asr", "language": "en-US", "status": "joining" },
        { "agent_id": "agent-mt-ca-ES", "agent_type": "mt", "language": "ca-ES", "status": "joining" }
    ]
}))]
pub(crate) struct StartAnswer {
    /// Names it everywhere.
    session_id: SessionId,
    /// In which event.
    event_id: EventId,
    /// On which channel.
    channel_id: ChannelId,
    /// `active`
    status: SessionState,
    /// When it was started: zero on its media clock.
    started_at: DateTime<Utc>,
    /// Who works in it. They may still be joining.
    agents: Vec<StartedAgent>,
}

/// An agent of a session that runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "agent_id": "agent-mt-ca-ES", "agent_type": "mt", "language": "ca-ES", "status": "joining"
}))]
pub(crate) struct StartedAgent {
    /// Its identity in the room.
    agent_id: String,
    /// What it does.
    agent_type: AgentType,
    /// Of `asr` what is spoken, of `mt` what it translates to.
    #[schema(required = true)]
    language: Option<LanguageTag>,
    /// Where it is.
    status: AgentStatus,
}

impl From<Session> for StartAnswer {
    fn from(session: Session) -> Self {
        let agent = |agent: SessionAgent| StartedAgent {
            agent_id: agent.agent_id,
            agent_type: agent.agent_type,
            language: agent.language,
            status: agent.status,
        };
        Self {
            session_id: session.session_id,
            event_id: session.event_id,
            channel_id: session.channel_id,
            status: session.state,
            started_at: session.started_at,
            agents: session.agents.into_iter().map(agent).collect(),
        }
    }
}

/// Start a session
///
/// By staff of the event's customer, or a speaker of the channel. The event has to be `scheduled`, `ready` or `live`,
/// and is `live` then. Starting a running channel again returns its session. The answer comes within five seconds.
#[utoipa::path(
    post, path = "/sessions/start", tag = "sessions", request_body = Start,
    security(("bearer" = ["sessions:start"])),
    responses(
        (status = 200, description = "The session runs", body = StartAnswer),
        (status = 404, description = "There is no such event or channel for whoever asks"),
        (status = 409, description = "The event is in a state in which nothing starts, the customer has as many live events as it may, or the channel's last session is still stopping"),
        (status = 503, description = "A service that this needs, or LiveKit, is away"),
    )
)]
pub(crate) async fn start_session(
    who: May<may::SessionsStart>,
    State(state): State<AppState>,
    Json(start): Json<Start>,
) -> Result<Json<StartAnswer>, Problem> {
    let event = state.events.event_now(start.event_id).await?;
    let event = event
        .filter(|event| event.is_seen_by(Some(&who.principal)))
        .ok_or_else(|| Problem::not_found("event"))?;
    let speaks = |user| event.has_speaker(user, start.channel_id);
    if !event.is_run_by(&who.principal) && !who.principal.user().is_some_and(speaks) {
        return Err(Problem::forbidden(
            "sessions are started by managers, and by speakers on their channels",
        ));
    }
    let started_by = who.principal.subject.to_string();
    Ok(Json(state.lifecycle.start(event, start.channel_id, &started_by).await?.into()))
}
