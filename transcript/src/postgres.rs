//! In PostgreSQL, with statements that are checked when they are compiled.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{LanguageTag, Segment, ids::SessionId, persistence::PersistenceError};
use sqlx::PgPool;

use crate::{Entry, Position, SegmentLog, batch};

/// Keeps the logs in a database, in the tables of `migrations/live/*segments*`.
#[derive(Clone, Debug)]
pub struct Postgres {
    pool: PgPool,
}

impl Postgres {
    /// Over these connections; the schema is there already.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

struct Row {
    position: i64,
    written_at: DateTime<Utc>,
    segment_id: String,
    language: String,
    source_language: String,
    revision: i64,
    state: String,
    speaker: String,
    text: String,
    start_ms: i64,
    end_ms: i64,
}

impl TryFrom<Row> for Entry {
    type Error = PersistenceError;

    fn try_from(row: Row) -> Result<Self, PersistenceError> {
        let ms = |ms: i64| u64::try_from(ms).map_err(PersistenceError::corrupt);
        Ok(Self {
            position: Position(u64::try_from(row.position).map_err(PersistenceError::corrupt)?),
            written_at: row.written_at,
            segment: Segment {
                id: row.segment_id.parse().map_err(PersistenceError::corrupt)?,
                speaker: row.speaker,
                language: row.language.parse().map_err(PersistenceError::corrupt)?,
                source_language: row.source_language.parse().map_err(PersistenceError::corrupt)?,
                text: row.text,
                start_ms: ms(row.start_ms)?,
                end_ms: ms(row.end_ms)?,
                revision: row.revision.try_into().map_err(PersistenceError::corrupt)?,
                state: row.state.parse().map_err(PersistenceError::corrupt)?,
            },
        })
    }
}

fn entries(rows: Vec<Row>) -> Result<Vec<Entry>, PersistenceError> {
    rows.into_iter().map(Entry::try_from).collect()
}

fn segments(rows: Vec<Row>) -> Result<Vec<Segment>, PersistenceError> {
    rows.into_iter().map(|row| Ok(Entry::try_from(row)?.segment)).collect()
}

/// As PostgreSQL counts.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn texts<'a>(segments: &'a [Segment], of: impl Fn(&'a Segment) -> &'a str) -> Vec<&'a str> {
    segments.iter().map(of).collect()
}

#[async_trait]
impl SegmentLog for Postgres {
    async fn append(
        &self,
        session: SessionId,
        segments: &[Segment],
        now: DateTime<Utc>,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let (segments, written_at) = (batch::to_store(segments), batch::moment(now));
        if segments.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.pool.begin().await?;
        // Holds the row, and with it all that others append to this log, until the end.
        let last = sqlx::query_scalar!(
            "INSERT INTO segment_logs (session_id, last_position) VALUES ($1, 0)
             ON CONFLICT (session_id) DO UPDATE SET last_position = segment_logs.last_position
             RETURNING last_position",
            session.0,
        )
        .fetch_one(&mut *transaction)
        .await?;
        // A statement of its own: it sees what was written before the row was ours.
        let added = sqlx::query!(
            r#"WITH told AS (
                SELECT * FROM unnest($4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[],
                    $10::text[], $11::bigint[], $12::bigint[]) WITH ORDINALITY
                    AS told (segment_id, language, source_language, revision, state, speaker, text, start_ms, end_ms, n)
            ), added AS (
                SELECT *, $2::bigint + row_number() OVER (ORDER BY n) AS position FROM told
                WHERE NOT EXISTS (SELECT FROM segments known WHERE known.session_id = $1
                    AND known.segment_id = told.segment_id AND known.language = told.language
                    AND known.revision = told.revision)
            ), written AS (
                INSERT INTO segments (session_id, position, written_at, segment_id, language, source_language, revision,
                    state, speaker, text, start_ms, end_ms)
                SELECT $1, position, $3, segment_id, language, source_language, revision, state, speaker, text,
                    start_ms, end_ms
                FROM added
            ), counted AS (
                UPDATE segment_logs SET last_position = $2 + (SELECT count(*) FROM added) WHERE session_id = $1
            )
            SELECT position AS "position!", n AS "n!" FROM added ORDER BY position"#,
            session.0,
            last,
            written_at,
            &texts(&segments, |segment| segment.id.as_str()) as _,
            &texts(&segments, |segment| segment.language.as_str()) as _,
            &texts(&segments, |segment| segment.source_language.as_str()) as _,
            &segments.iter().map(|segment| segment.revision.into()).collect::<Vec<i64>>(),
            &texts(&segments, |segment| segment.state.as_str()) as _,
            &texts(&segments, |segment| &segment.speaker) as _,
            &texts(&segments, |segment| &segment.text) as _,
            &segments.iter().map(|segment| signed(segment.start_ms)).collect::<Vec<_>>(),
            &segments.iter().map(|segment| signed(segment.end_ms)).collect::<Vec<_>>(),
        )
        .fetch_all(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let entry = |position: i64, n: i64| Entry {
            position: Position(position as u64),
            written_at,
            segment: segments[n as usize - 1].clone(),
        };
        Ok(added.into_iter().map(|added| entry(added.position, added.n)).collect())
    }

    async fn entries_after(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let (after, limit) = (signed(after.0), signed(limit as u64));
        let rows = match language {
            Some(language) => {
                sqlx::query_as!(
                    Row,
                    "SELECT position, written_at, segment_id, language, source_language, revision, state, speaker, text,
                        start_ms, end_ms
                     FROM segments WHERE session_id = $1 AND language = $2 AND position > $3
                     ORDER BY position LIMIT $4",
                    session.0,
                    language.as_str(),
                    after,
                    limit,
                )
                .fetch_all(&self.pool)
                .await?
            }
            None => {
                sqlx::query_as!(
                    Row,
                    "SELECT position, written_at, segment_id, language, source_language, revision, state, speaker, text,
                        start_ms, end_ms
                     FROM segments WHERE session_id = $1 AND position > $2 ORDER BY position LIMIT $3",
                    session.0,
                    after,
                    limit,
                )
                .fetch_all(&self.pool)
                .await?
            }
        };
        entries(rows)
    }

    async fn entries_before(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let (before, limit) = (before.map_or(i64::MAX, |before| signed(before.0)), signed(limit as u64));
        let mut rows = match language {
            Some(language) => {
                sqlx::query_as!(
                    Row,
                    "SELECT position, written_at, segment_id, language, source_language, revision, state, speaker, text,
                        start_ms, end_ms
                     FROM segments WHERE session_id = $1 AND language = $2 AND position < $3
                     ORDER BY position DESC LIMIT $4",
                    session.0,
                    language.as_str(),
                    before,
                    limit,
                )
                .fetch_all(&self.pool)
                .await?
            }
            None => {
                sqlx::query_as!(
                    Row,
                    "SELECT position, written_at, segment_id, language, source_language, revision, state, speaker, text,
                        start_ms, end_ms
                     FROM segments WHERE session_id = $1 AND position < $2 ORDER BY position DESC LIMIT $3",
                    session.0,
                    before,
                    limit,
                )
                .fetch_all(&self.pool)
                .await?
            }
        };
        rows.reverse();
        entries(rows)
    }

    async fn segments(
        &self,
        session: SessionId,
        language: &LanguageTag,
    ) -> Result<Vec<Segment>, PersistenceError> {
        let rows = sqlx::query_as!(
            Row,
            // Sorted, not joined: it takes as long whatever PostgreSQL believes about the table.
            "SELECT position, written_at, segment_id, language, source_language, revision, state, speaker, text,
                start_ms, end_ms
             FROM (SELECT DISTINCT ON (segment_id) * FROM segments WHERE session_id = $1 AND language = $2
                ORDER BY segment_id, revision DESC) newest
             WHERE state <> 'withdrawn' ORDER BY start_ms, segment_id",
            session.0,
            language.as_str(),
        )
        .fetch_all(&self.pool)
        .await?;
        segments(rows)
    }

    async fn untranslated(
        &self,
        session: SessionId,
        language: &LanguageTag,
        since: DateTime<Utc>,
    ) -> Result<Vec<Segment>, PersistenceError> {
        let rows = sqlx::query_as!(
            Row,
            "SELECT position, written_at, segment_id, language, source_language, revision, state, speaker, text,
                start_ms, end_ms
             FROM segments said
             WHERE session_id = $1 AND language = source_language AND written_at >= $3 AND state <> 'withdrawn'
                AND NOT EXISTS (SELECT FROM segments other WHERE other.session_id = $1
                    AND other.segment_id = said.segment_id AND (other.language = $2
                        OR other.language = said.language
                            AND (other.revision > said.revision OR other.written_at < $3)))
             ORDER BY start_ms, segment_id",
            session.0,
            language.as_str(),
            since,
        )
        .fetch_all(&self.pool)
        .await?;
        segments(rows)
    }
}
