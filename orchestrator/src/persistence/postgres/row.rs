//! Sessions as the database holds them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    ids::{ChannelId, CustomerId, EventId, SessionId},
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    domain::{Session, SessionAgent},
    persistence::PersistenceError,
};

/// What every read of sessions yields.
pub(super) struct Row {
    pub(super) session_id: Uuid,
    pub(super) event_id: i32,
    pub(super) channel_id: i32,
    pub(super) customer_id: Uuid,
    pub(super) state: String,
    pub(super) source_language: String,
    pub(super) target_languages: Vec<String>,
    pub(super) started_by: String,
    pub(super) started_at: DateTime<Utc>,
    pub(super) stopping_at: Option<DateTime<Utc>>,
    pub(super) ended_at: Option<DateTime<Utc>>,
    pub(super) finished_at: Option<DateTime<Utc>>,
    pub(super) failure: Option<String>,
    pub(super) agents: Json<Vec<AgentRow>>,
    pub(super) peaks: Json<BTreeMap<LanguageTag, u64>>,
}

/// An agent within its session's row.
#[derive(serde::Deserialize)]
pub(super) struct AgentRow {
    agent_id: String,
    agent_type: String,
    language: Option<String>,
    status: String,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    restarts: u32,
    error: Option<String>,
    seen_alive_at: Option<DateTime<Utc>>,
}

impl TryFrom<AgentRow> for SessionAgent {
    type Error = PersistenceError;

    fn try_from(row: AgentRow) -> Result<Self, PersistenceError> {
        let language = row.language.map(|text| text.parse()).transpose();
        Ok(Self {
            agent_id: row.agent_id,
            agent_type: row.agent_type.parse().map_err(PersistenceError::corrupt)?,
            language: language.map_err(PersistenceError::corrupt)?,
            status: row.status.parse().map_err(PersistenceError::corrupt)?,
            started_at: row.started_at,
            ended_at: row.ended_at,
            restarts: row.restarts,
            error: row.error,
            seen_alive_at: row.seen_alive_at,
        })
    }
}

impl TryFrom<Row> for Session {
    type Error = PersistenceError;

    fn try_from(row: Row) -> Result<Self, PersistenceError> {
        let languages = row.target_languages.iter().map(|text| text.parse());
        Ok(Self {
            session_id: SessionId(row.session_id),
            event_id: EventId::new(row.event_id.into()).map_err(PersistenceError::corrupt)?,
            channel_id: ChannelId::new(row.channel_id.into()).map_err(PersistenceError::corrupt)?,
            customer_id: CustomerId(row.customer_id),
            state: row.state.parse().map_err(PersistenceError::corrupt)?,
            source_language: row.source_language.parse().map_err(PersistenceError::corrupt)?,
            target_languages: languages.collect::<Result<_, _>>().map_err(PersistenceError::corrupt)?,
            started_by: row.started_by,
            started_at: row.started_at,
            stopping_at: row.stopping_at,
            ended_at: row.ended_at,
            finished_at: row.finished_at,
            failure: row.failure,
            peak_listeners: row.peaks.0,
            agents: row.agents.0.into_iter().map(SessionAgent::try_from).collect::<Result<_, _>>()?,
        })
    }
}
