//! Session records in PostgreSQL.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    access::Tenants,
    ids::{ChannelId, EventId},
};
use sqlx::{PgTransaction, types::Json};

use super::Postgres;
use crate::{
    domain::{
        AgentRecord, Artefact, Instant, PeakListeners, Relation, SessionId, SessionRecord, StoredSession,
    },
    persistence::{PersistenceError, Recorded, SessionKey, SessionScope, Sessions},
};

struct Row {
    session_id: String,
    channel_id: i32,
    status: String,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    agents: Json<Vec<AgentRecord>>,
    peak_listeners: Json<PeakListeners>,
    artefacts: Json<Vec<Artefact>>,
    recorded_by: String,
    recorded_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for StoredSession {
    type Error = PersistenceError;

    fn try_from(row: Row) -> Result<Self, PersistenceError> {
        let record = SessionRecord {
            session_id: row.session_id.parse().map_err(PersistenceError::corrupt)?,
            channel_id: ChannelId::new(row.channel_id.into()).map_err(PersistenceError::corrupt)?,
            status: row.status.parse().map_err(PersistenceError::corrupt)?,
            started_at: Instant::stored(row.started_at),
            ended_at: row.ended_at.map(Instant::stored),
            agents: row.agents.0,
            peak_listeners: row.peak_listeners.0,
            artefacts: row.artefacts.0,
        };
        let Row { recorded_by, recorded_at, updated_at, .. } = row;
        Ok(Self { record, recorded_by, recorded_at, updated_at })
    }
}

/// Writes a record that is not there; `false`: it is.
async fn insert(
    transaction: &mut PgTransaction<'_>,
    event_id: EventId,
    stored: &StoredSession,
) -> Result<bool, PersistenceError> {
    let record = &stored.record;
    let done = sqlx::query!(
        "INSERT INTO sessions (event_id, session_id, channel_id, status, started_at, ended_at, agents, peak_listeners,
            artefacts, recorded_by, recorded_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (event_id, session_id) DO NOTHING",
        event_id.get(),
        record.session_id.as_str(),
        record.channel_id.get(),
        record.status.as_str(),
        record.started_at.utc(),
        record.ended_at.map(Instant::utc),
        Json(&record.agents) as _,
        Json(&record.peak_listeners) as _,
        Json(&record.artefacts) as _,
        stored.recorded_by,
        stored.recorded_at,
        stored.updated_at,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Locks a record that is there, and reads it.
async fn lock(
    transaction: &mut PgTransaction<'_>,
    event_id: EventId,
    session_id: &SessionId,
) -> Result<StoredSession, PersistenceError> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT session_id, channel_id, status, started_at, ended_at, agents AS "agents: Json<Vec<AgentRecord>>",
            peak_listeners AS "peak_listeners: Json<PeakListeners>", artefacts AS "artefacts: Json<Vec<Artefact>>",
            recorded_by, recorded_at, updated_at
         FROM sessions WHERE event_id = $1 AND session_id = $2 FOR UPDATE"#,
        event_id.get(),
        session_id.as_str(),
    )
    .fetch_one(&mut **transaction)
    .await?;
    row.try_into()
}

/// Writes what is new of a record that is locked. Session, channel and start never change.
async fn complete(
    transaction: &mut PgTransaction<'_>,
    event_id: EventId,
    stored: &StoredSession,
) -> Result<(), PersistenceError> {
    let record = &stored.record;
    let done = sqlx::query!(
        "UPDATE sessions SET status = $3, ended_at = $4, agents = $5, peak_listeners = $6, artefacts = $7,
            updated_at = $8
         WHERE event_id = $1 AND session_id = $2",
        event_id.get(),
        record.session_id.as_str(),
        record.status.as_str(),
        record.ended_at.map(Instant::utc),
        Json(&record.agents) as _,
        Json(&record.peak_listeners) as _,
        Json(&record.artefacts) as _,
        stored.updated_at,
    )
    .execute(&mut **transaction)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(PersistenceError::corrupt(format_args!("session {} vanished under its lock", record.session_id)))
    }
}

impl SessionScope {
    /// For SQL: `($1::integer[] IS NULL OR channel_id = ANY ($1))`.
    fn as_filter(&self) -> Option<Vec<i32>> {
        match self {
            Self::All => None,
            Self::Channels(channels) => Some(channels.iter().map(|channel| channel.get()).collect()),
        }
    }
}

#[async_trait]
impl Sessions for Postgres {
    async fn record_session(
        &self,
        event_id: EventId,
        scope: Tenants,
        record: &SessionRecord,
        recorded_by: &str,
        now: DateTime<Utc>,
    ) -> Result<Recorded, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        // The event may change meanwhile, but not go.
        let last_channel_id = sqlx::query_scalar!(
            "SELECT last_channel_id FROM events WHERE event_id = $1 AND ($2::uuid IS NULL OR customer_id = $2)
             FOR KEY SHARE",
            event_id.get(),
            scope.as_filter(),
        )
        .fetch_optional(&mut *transaction)
        .await?;
        match last_channel_id {
            None => return Ok(Recorded::NoEvent),
            Some(last) if record.channel_id.get() > last => return Ok(Recorded::NoChannel),
            Some(_) => {}
        }
        let now = Instant::truncate(now);
        let (new, recorded_by) = (record.clone(), recorded_by.to_owned());
        let new = StoredSession { record: new, recorded_by, recorded_at: now, updated_at: now };
        if insert(&mut transaction, event_id, &new).await? {
            transaction.commit().await?;
            return Ok(Recorded::New(new));
        }
        let mut stored = lock(&mut transaction, event_id, &record.session_id).await?;
        Ok(match record.relation_to(&stored.record) {
            Relation::Known => Recorded::Known(stored),
            Relation::Contradicts => Recorded::Contradicted,
            Relation::Completes => {
                stored.record = record.clone();
                stored.updated_at = now;
                complete(&mut transaction, event_id, &stored).await?;
                transaction.commit().await?;
                Recorded::Completed(stored)
            }
        })
    }

    async fn session(
        &self,
        event_id: EventId,
        session_id: &SessionId,
        scope: &SessionScope,
    ) -> Result<Option<StoredSession>, PersistenceError> {
        let channels = scope.as_filter();
        let row = sqlx::query_as!(
            Row,
            r#"SELECT session_id, channel_id, status, started_at, ended_at, agents AS "agents: Json<Vec<AgentRecord>>",
                peak_listeners AS "peak_listeners: Json<PeakListeners>", artefacts AS "artefacts: Json<Vec<Artefact>>",
                recorded_by, recorded_at, updated_at
             FROM sessions
             WHERE event_id = $1 AND session_id = $2 AND ($3::integer[] IS NULL OR channel_id = ANY ($3))"#,
            event_id.get(),
            session_id.as_str(),
            channels.as_deref(),
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(StoredSession::try_from).transpose()
    }

    async fn sessions(
        &self,
        event_id: EventId,
        scope: &SessionScope,
        after: Option<&SessionKey>,
        rows: usize,
    ) -> Result<Vec<StoredSession>, PersistenceError> {
        let channels = scope.as_filter();
        let rows = sqlx::query_as!(
            Row,
            r#"SELECT session_id, channel_id, status, started_at, ended_at, agents AS "agents: Json<Vec<AgentRecord>>",
                peak_listeners AS "peak_listeners: Json<PeakListeners>", artefacts AS "artefacts: Json<Vec<Artefact>>",
                recorded_by, recorded_at, updated_at
             FROM sessions
             WHERE event_id = $1 AND ($2::integer[] IS NULL OR channel_id = ANY ($2))
                AND ($3::timestamptz IS NULL OR (started_at, session_id) > ($3, $4::text))
             ORDER BY started_at, session_id LIMIT $5"#,
            event_id.get(),
            channels.as_deref(),
            after.map(|after| after.started_at.utc()),
            after.map(|after| after.session_id.as_str()),
            i64::try_from(rows).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(StoredSession::try_from).collect()
    }
}
