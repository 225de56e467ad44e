//! Sessions in PostgreSQL.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{
    LanguageTag,
    access::Tenants,
    ids::{EventId, SessionId},
    persistence::postgres,
};
use sqlx::{PgExecutor, PgTransaction, types::Json};

use super::{
    Postgres,
    row::{AgentRow, Row},
};
use crate::{
    domain::{Session, SessionAgent, SessionState},
    persistence::{Created, Move, PersistenceError, SessionFilter, SessionKey, Sessions},
};

/// A session that ended between two looks at its channel is looked for again so often.
const ATTEMPTS: usize = 5;

/// Reads whole sessions; the argument is what follows `FROM sessions s`.
macro_rules! select_sessions {
    ($rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT s.session_id, s.event_id, s.channel_id, s.customer_id, s.state, s.source_language,
                s.target_languages, s.started_by, s.started_at, s.stopping_at, s.ended_at, s.finished_at, s.failure,
                (SELECT coalesce(json_agg(a ORDER BY a.agent_id), '[]') FROM session_agents a
                    WHERE a.session_id = s.session_id) AS "agents!: Json<Vec<AgentRow>>",
                (SELECT coalesce(json_object_agg(p.language, p.listeners), '{}') FROM session_peaks p
                    WHERE p.session_id = s.session_id) AS "peaks!: Json<BTreeMap<LanguageTag, u64>>"
            FROM sessions s "# + $rest
            $(, $argument)*
        )
    };
}

async fn read(
    executor: impl PgExecutor<'_>,
    session_id: SessionId,
) -> Result<Option<Session>, PersistenceError> {
    let row = select_sessions!("WHERE s.session_id = $1", session_id.0).fetch_optional(executor).await?;
    row.map(Session::try_from).transpose()
}

fn all(rows: Vec<Row>) -> Result<Vec<Session>, PersistenceError> {
    rows.into_iter().map(Session::try_from).collect()
}

/// Writes a session whose channel has no running one; `false`: it has.
async fn insert(transaction: &mut PgTransaction<'_>, session: &Session) -> Result<bool, PersistenceError> {
    let targets: Vec<_> = session.target_languages.iter().map(ToString::to_string).collect();
    let done = sqlx::query!(
        "INSERT INTO sessions (session_id, event_id, channel_id, customer_id, state, source_language,
            target_languages, started_by, started_at, stopping_at, ended_at, finished_at, failure)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (event_id, channel_id) WHERE state IN ('starting', 'active', 'stopping') DO NOTHING",
        session.session_id.0,
        session.event_id.get(),
        session.channel_id.get(),
        session.customer_id.0,
        session.state.as_str(),
        session.source_language.as_str(),
        &targets,
        session.started_by,
        session.started_at,
        session.stopping_at,
        session.ended_at,
        session.finished_at,
        session.failure,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn put_agent(
    executor: impl PgExecutor<'_>,
    session_id: SessionId,
    agent: &SessionAgent,
) -> Result<(), PersistenceError> {
    sqlx::query!(
        "INSERT INTO session_agents (session_id, agent_id, agent_type, language, status, started_at, ended_at,
            restarts, error, seen_alive_at)
         SELECT session_id, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM sessions WHERE session_id = $1
         ON CONFLICT (session_id, agent_id) DO UPDATE SET agent_type = excluded.agent_type,
            language = excluded.language, status = excluded.status, started_at = excluded.started_at,
            ended_at = excluded.ended_at, restarts = excluded.restarts, error = excluded.error,
            seen_alive_at = excluded.seen_alive_at",
        session_id.0,
        agent.agent_id,
        agent.agent_type.as_str(),
        agent.language.as_ref().map(LanguageTag::as_str),
        agent.status.as_str(),
        agent.started_at,
        agent.ended_at,
        i32::try_from(agent.restarts).unwrap_or(i32::MAX),
        agent.error,
        agent.seen_alive_at,
    )
    .execute(executor)
    .await?;
    Ok(())
}

#[async_trait]
impl Sessions for Postgres {
    async fn create_session(&self, session: &Session) -> Result<Created, PersistenceError> {
        for _ in 0..ATTEMPTS {
            let mut transaction = self.pool.begin().await?;
            if insert(&mut transaction, session).await? {
                for agent in &session.agents {
                    put_agent(&mut *transaction, session.session_id, agent).await?;
                }
                transaction.commit().await?;
                return Ok(Created::New);
            }
            transaction.rollback().await?;
            let running = self.running_sessions(Some(session.event_id)).await?;
            let running = running.into_iter().find(|other| other.channel_id == session.channel_id);
            if let Some(running) = running {
                return Ok(Created::Running(Box::new(running)));
            }
        }
        Err(PersistenceError::Unavailable("the channel's sessions come and go".into()))
    }

    async fn session(&self, session_id: SessionId) -> Result<Option<Session>, PersistenceError> {
        read(&self.pool, session_id).await
    }

    async fn sessions(
        &self,
        tenants: Tenants,
        filter: &SessionFilter,
        after: Option<SessionKey>,
        rows: usize,
    ) -> Result<Vec<Session>, PersistenceError> {
        let states: Vec<_> = filter.states.iter().map(|state| state.as_str().to_owned()).collect();
        let rows = select_sessions!(
            "WHERE ($1::uuid IS NULL OR s.customer_id = $1) AND ($2::integer IS NULL OR s.event_id = $2)
                AND (cardinality($3::text[]) = 0 OR s.state = ANY ($3))
                AND ($4::timestamptz IS NULL OR (s.started_at, s.session_id) < ($4, $5::uuid))
             ORDER BY s.started_at DESC, s.session_id DESC LIMIT $6",
            tenants.as_filter(),
            filter.event_id.map(EventId::get),
            &states,
            after.map(|after| after.started_at),
            after.map(|after| after.session_id.0),
            i64::try_from(rows).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pool)
        .await?;
        all(rows)
    }

    async fn running_sessions(&self, event_id: Option<EventId>) -> Result<Vec<Session>, PersistenceError> {
        let rows = select_sessions!(
            "WHERE s.state IN ('starting', 'active', 'stopping') AND ($1::integer IS NULL OR s.event_id = $1)
             ORDER BY s.started_at, s.session_id",
            event_id.map(EventId::get),
        )
        .fetch_all(&self.pool)
        .await?;
        all(rows)
    }

    async fn unfinished_sessions(&self) -> Result<Vec<Session>, PersistenceError> {
        let rows = select_sessions!(
            "WHERE s.state IN ('starting', 'active', 'stopping') OR (s.state = 'stopped' AND s.finished_at IS NULL)
             ORDER BY s.started_at, s.session_id"
        )
        .fetch_all(&self.pool)
        .await?;
        all(rows)
    }

    async fn move_session(
        &self,
        session_id: SessionId,
        to: &Move,
    ) -> Result<Option<Session>, PersistenceError> {
        let from: Vec<_> = to.from.iter().map(|state| state.as_str().to_owned()).collect();
        let stopping_at = (to.to == SessionState::Stopping).then_some(to.at);
        let ended_at = (to.to == SessionState::Failed).then_some(to.at);
        let mut transaction = self.pool.begin().await?;
        let done = sqlx::query!(
            "UPDATE sessions SET state = $3, stopping_at = coalesce($4, stopping_at),
                ended_at = coalesce($5, ended_at), failure = $6
             WHERE session_id = $1 AND state = ANY ($2)",
            session_id.0,
            &from,
            to.to.as_str(),
            stopping_at,
            ended_at,
            to.failure,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        let session = read(&mut *transaction, session_id).await?;
        transaction.commit().await?;
        Ok(session)
    }

    async fn end_session(
        &self,
        session_id: SessionId,
        at: DateTime<Utc>,
    ) -> Result<Option<Session>, PersistenceError> {
        let mut transaction = self.pool.begin().await?;
        let ended_at = sqlx::query_scalar!(
            r#"UPDATE sessions SET ended_at = coalesce(ended_at, $2) WHERE session_id = $1 AND state = 'stopping'
             RETURNING ended_at AS "ended_at!""#,
            session_id.0,
            at,
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(ended_at) = ended_at else { return Ok(None) };
        sqlx::query!(
            "UPDATE session_agents SET ended_at = $2, status = 'ended' WHERE session_id = $1 AND ended_at IS NULL",
            session_id.0,
            ended_at,
        )
        .execute(&mut *transaction)
        .await?;
        let session = read(&mut *transaction, session_id).await?;
        transaction.commit().await?;
        Ok(session)
    }

    async fn finish(&self, session_id: SessionId, at: DateTime<Utc>) -> Result<(), PersistenceError> {
        sqlx::query!(
            "UPDATE sessions SET finished_at = coalesce(finished_at, $2) WHERE session_id = $1 AND state = 'stopped'",
            session_id.0,
            at,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn set_languages(
        &self,
        session_id: SessionId,
        source: &LanguageTag,
        targets: &[LanguageTag],
    ) -> Result<(), PersistenceError> {
        let targets: Vec<_> = targets.iter().map(ToString::to_string).collect();
        sqlx::query!(
            "UPDATE sessions SET source_language = $2, target_languages = $3 WHERE session_id = $1",
            session_id.0,
            source.as_str(),
            &targets,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn save_agent(&self, session_id: SessionId, agent: &SessionAgent) -> Result<(), PersistenceError> {
        put_agent(&self.pool, session_id, agent).await
    }

    async fn seen_alive(
        &self,
        session_id: SessionId,
        agent_ids: &[String],
        at: DateTime<Utc>,
    ) -> Result<(), PersistenceError> {
        sqlx::query!(
            "UPDATE session_agents SET seen_alive_at = greatest(seen_alive_at, $3)
             WHERE session_id = $1 AND agent_id = ANY ($2)",
            session_id.0,
            agent_ids,
            at,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn raise_peaks(
        &self,
        session_id: SessionId,
        counts: &BTreeMap<LanguageTag, u64>,
    ) -> Result<(), PersistenceError> {
        // In the order of the languages, so that two at once do not wait for each other.
        let languages: Vec<_> = counts.keys().map(ToString::to_string).collect();
        let listeners: Vec<_> =
            counts.values().map(|count| i64::try_from(*count).unwrap_or(i64::MAX)).collect();
        sqlx::query!(
            "INSERT INTO session_peaks (session_id, language, listeners)
             SELECT s.session_id, counts.language, counts.listeners
             FROM sessions s, unnest($2::text[], $3::bigint[]) AS counts (language, listeners)
             WHERE s.session_id = $1
             ON CONFLICT (session_id, language) DO UPDATE SET
                listeners = greatest(session_peaks.listeners, excluded.listeners)",
            session_id.0,
            &languages,
            &listeners,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn check(&self) -> Result<(), PersistenceError> {
        postgres::check(&self.pool).await
    }
}
