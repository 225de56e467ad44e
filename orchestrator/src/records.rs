//! What events-service is told of sessions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    event::{AgentType, EventState, EventsService},
    ids::{ChannelId, EventId, SessionId},
    peer::PeerError,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::domain::{Session, SessionAgent};

/// Where events are moved and sessions recorded.
#[async_trait]
pub trait Records: Send + Sync {
    /// Moves the event to another state. A move that is not legal is refused (409 `illegal_state_change`), also that to
    /// the state it is in.
    async fn move_event(&self, event_id: EventId, to: EventState) -> Result<(), PeerError>;

    /// Records a session, or completes its record. May be repeated.
    async fn record_session(&self, event_id: EventId, record: &SessionRecord) -> Result<(), PeerError>;
}

/// How far a recorded session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordStatus {
    /// It runs.
    Active,
    /// It was stopped.
    Ended,
}

/// What is kept of a session with its event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Which session.
    pub session_id: SessionId,
    /// On which channel.
    pub channel_id: ChannelId,
    /// How far it has come.
    pub status: RecordStatus,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Who worked in it.
    pub agents: Vec<AgentRecord>,
    /// How many listened at most at the same time, by language.
    pub peak_listeners: BTreeMap<LanguageTag, u64>,
    /// What is left of it.
    pub artefacts: Vec<Artefact>,
}

/// An agent of a recorded session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRecord {
    /// Its identity in the room.
    pub agent_id: String,
    /// What it did.
    pub agent_type: AgentType,
    /// In which language.
    pub language: Option<LanguageTag>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How often it was started again.
    pub restarts: u32,
}

/// Subtitles of a session in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artefact {
    /// `subtitles.es-ES.srt`
    pub name: String,
    /// `subtitles`
    pub kind: String,
    /// In which language.
    pub language: LanguageTag,
    /// `srt`, `vtt`
    pub format: String,
    /// How large it is.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
    /// Where it can be fetched: a path of this service.
    pub url: String,
}

impl SessionRecord {
    /// That a session runs. Nothing else is told yet: all of it can be completed.
    pub(crate) fn active(session: &Session) -> Self {
        Self {
            session_id: session.session_id,
            channel_id: session.channel_id,
            status: RecordStatus::Active,
            started_at: session.started_at,
            ended_at: None,
            agents: Vec::new(),
            peak_listeners: BTreeMap::new(),
            artefacts: Vec::new(),
        }
    }

    /// All of a session that ended at `ended_at`.
    pub(crate) fn ended(session: &Session, ended_at: DateTime<Utc>, artefacts: Vec<Artefact>) -> Self {
        Self {
            status: RecordStatus::Ended,
            ended_at: Some(ended_at),
            agents: session.agents.iter().map(AgentRecord::of).collect(),
            peak_listeners: session.peak_listeners.clone(),
            artefacts,
            ..Self::active(session)
        }
    }
}

impl AgentRecord {
    fn of(agent: &SessionAgent) -> Self {
        let SessionAgent { agent_id, agent_type, language, started_at, ended_at, restarts, .. } =
            agent.clone();
        Self { agent_id, agent_type, language, started_at, ended_at, restarts }
    }
}

#[derive(Serialize)]
struct NewState {
    state: EventState,
}

#[async_trait]
impl Records for EventsService {
    async fn move_event(&self, event_id: EventId, state: EventState) -> Result<(), PeerError> {
        let path = format!("events/{event_id}/state");
        self.peer().post::<IgnoredAny>(&path, &NewState { state }).await?;
        Ok(())
    }

    async fn record_session(&self, event_id: EventId, record: &SessionRecord) -> Result<(), PeerError> {
        self.peer().post::<IgnoredAny>(&format!("events/{event_id}/sessions"), record).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::{AgentStatus, SessionState};

    #[test]
    fn a_record_is_written_as_events_service_reads_it() {
        let moment = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let language = |tag: &str| tag.parse::<LanguageTag>().expect("a language");
        let session = Session {
            session_id: "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11".parse().expect("an id"),
            event_id: EventId::new(123_457).expect("an id"),
            channel_id: ChannelId::new(1).expect("an id"),
            customer_id: common::ids::CustomerId::generate(),
            state: SessionState::Stopping,
            source_language: language("en-US"),
            target_languages: vec![language("ca-ES")],
            started_by: "somebody".to_owned(),
            started_at: moment("2026-05-04T09:30:00.125Z"),
            stopping_at: Some(moment("2026-05-04T10:12:29Z")),
            ended_at: Some(moment("2026-05-04T10:12:30Z")),
            finished_at: None,
            failure: None,
            peak_listeners: [(language("ca-ES"), 41)].into(),
            agents: vec![SessionAgent {
                agent_id: "agent-mt-ca-ES".to_owned(),
                agent_type: AgentType::Mt,
                language: Some(language("ca-ES")),
                status: AgentStatus::Ended,
                started_at: moment("2026-05-04T09:30:01Z"),
                ended_at: Some(moment("2026-05-04T10:12:30Z")),
                restarts: 2,
                error: Some("it fell".to_owned()),
                seen_alive_at: None,
            }],
        };
        let artefact = Artefact {
            name: "subtitles.ca-ES.srt".to_owned(),
            kind: "subtitles".to_owned(),
            language: language("ca-ES"),
            format: "srt".to_owned(),
            bytes: 7,
            sha256: "00".repeat(32),
            url: "/sessions/s/transcript?language=ca-ES&format=srt".to_owned(),
        };
        let record = SessionRecord::ended(&session, moment("2026-05-04T10:12:30Z"), vec![artefact]);
        let expected = json!({
            "session_id": "0192f0c1-2a6b-7c3d-8e4f-5a6b7c8d9e11", "channel_id": 1, "status": "ended",
            "started_at": "2026-05-04T09:30:00.125Z", "ended_at": "2026-05-04T10:12:30Z",
            "agents": [{
                "agent_id": "agent-mt-ca-ES", "agent_type": "mt", "language": "ca-ES",
                "started_at": "2026-05-04T09:30:01Z", "ended_at": "2026-05-04T10:12:30Z", "restarts": 2
            }],
            "peak_listeners": { "ca-ES": 41 },
            "artefacts": [{
                "name": "subtitles.ca-ES.srt", "kind": "subtitles", "language": "ca-ES", "format": "srt", "bytes": 7,
                "sha256": "00".repeat(32), "url": "/sessions/s/transcript?language=ca-ES&format=srt"
            }]
        });
        assert_eq!(serde_json::to_value(record).expect("JSON"), expected);
    }
}
