//! Session records as they travel.

use chrono::{DateTime, Utc};
use common::ids::{ChannelId, EventId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    AgentRecord, Artefact, Instant, PeakListeners, SessionId, SessionRecord, SessionStatus, StoredSession,
};

/// What is kept of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session, example = json!({
    "event_id": 123_457, "session_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11", "channel_id": 1, "status": "ended",
    "started_at": "2026-05-04T09:30:00Z", "ended_at": "2026-05-04T10:12:30Z",
    "agents": [{
        "agent_id": "agent-mt-ca-ES", "agent_type": "mt", "language": "ca-ES", "started_at": "2026-05-04T09:30:01Z",
        "ended_at": "2026-05-04T10:12:30Z", "restarts": 0
    }],
    "peak_listeners": { "ca-ES": 41 },
    "artefacts": [{
        "name": "channel-1.flac", "kind": "recording", "language": null, "format": "flac", "bytes": 48_112_640,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "url": "/sessions/0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11/recordings/channel-1.flac"
    }],
    "recorded_by": "live-service", "recorded_at": "2026-05-04T09:30:02Z", "updated_at": "2026-05-04T10:12:35Z"
}))]
pub(crate) struct SessionBody {
    /// Of which event.
    event_id: EventId,
    /// Which session.
    session_id: SessionId,
    /// On which channel.
    channel_id: ChannelId,
    /// How far it has come.
    status: SessionStatus,
    /// When it began.
    #[schema(value_type = DateTime<Utc>)]
    started_at: Instant,
    /// When it ended; `null` while it is active.
    #[schema(required = true, value_type = Option<DateTime<Utc>>)]
    ended_at: Option<Instant>,
    /// Who worked in it.
    agents: Vec<AgentRecord>,
    /// How many listened at most at the same time, by language.
    peak_listeners: PeakListeners,
    /// What is left of it.
    artefacts: Vec<Artefact>,
    /// Who told it: a service's `client_id`, or a user's id.
    recorded_by: String,
    /// When it was told first.
    recorded_at: DateTime<Utc>,
    /// When something new was told last.
    updated_at: DateTime<Utc>,
}

impl SessionBody {
    pub(super) fn new(event_id: EventId, stored: StoredSession) -> Self {
        let StoredSession { record, recorded_by, recorded_at, updated_at } = stored;
        let SessionRecord {
            session_id,
            channel_id,
            status,
            started_at,
            ended_at,
            agents,
            peak_listeners,
            artefacts,
        } = record;
        Self {
            event_id,
            session_id,
            channel_id,
            status,
            started_at,
            ended_at,
            agents,
            peak_listeners,
            artefacts,
            recorded_by,
            recorded_at,
            updated_at,
        }
    }
}
