//! What keeps the log.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{LanguageTag, Segment, ids::SessionId, persistence::PersistenceError};

use crate::{Entry, Position};

/// Keeps the logs of all sessions. Each method is one atomic operation.
#[async_trait]
pub trait SegmentLog: Send + Sync {
    /// Appends those of `segments` that are not there yet, in this order, and returns them as entries. A segment that
    /// is there in the same language and revision is left out, whatever its text: the first one told stands. Interims
    /// are left out too. What no database keeps is mended: NUL characters go, and an end before the start becomes the
    /// start.
    async fn append(
        &self,
        session: SessionId,
        segments: &[Segment],
        now: DateTime<Utc>,
    ) -> Result<Vec<Entry>, PersistenceError>;

    /// The first `limit` entries after `after`, by position; of `language`, or of all.
    async fn entries_after(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError>;

    /// The last `limit` entries before `before` (where `None`: of the whole log), by position; of `language`, or of all.
    async fn entries_before(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError>;

    /// Each segment of `language` at its newest revision, by media time (`start_ms`, then id); without the withdrawn.
    async fn segments(
        &self,
        session: SessionId,
        language: &LanguageTag,
    ) -> Result<Vec<Segment>, PersistenceError>;

    /// What was said (untranslated, newest revision, not withdrawn) and first written at `since` or later, but has no
    /// entry in `language`; by media time.
    async fn untranslated(
        &self,
        session: SessionId,
        language: &LanguageTag,
        since: DateTime<Utc>,
    ) -> Result<Vec<Segment>, PersistenceError>;
}
