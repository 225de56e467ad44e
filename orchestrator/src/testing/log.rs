//! A log of segments for tests of what is around it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use common::{LanguageTag, Segment, ids::SessionId, persistence::PersistenceError};
use parking_lot::Mutex;
use transcript::{Entry, Position, SegmentLog};

/// Keeps what it is told.
#[derive(Default)]
pub(crate) struct FakeLog(Mutex<Vec<(SessionId, Entry)>>);

impl FakeLog {
    fn those(&self, session: SessionId, language: Option<&LanguageTag>) -> Vec<Entry> {
        let entries = self.0.lock();
        let of_session = entries.iter().filter(|(of, _)| *of == session).map(|(_, entry)| entry);
        of_session
            .filter(|entry| language.is_none_or(|one| entry.segment.language == *one))
            .cloned()
            .collect()
    }
}

#[async_trait]
impl SegmentLog for FakeLog {
    async fn append(
        &self,
        session: SessionId,
        segments: &[Segment],
        now: DateTime<Utc>,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let mut position = self.those(session, None).len() as u64;
        let entries: Vec<_> = segments
            .iter()
            .map(|segment| {
                position += 1;
                Entry { position: Position(position), written_at: now, segment: segment.clone() }
            })
            .collect();
        self.0.lock().extend(entries.iter().map(|entry| (session, entry.clone())));
        Ok(entries)
    }

    async fn entries_after(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let entries = self.those(session, language).into_iter();
        Ok(entries.filter(|entry| entry.position > after).take(limit).collect())
    }

    async fn entries_before(
        &self,
        session: SessionId,
        language: Option<&LanguageTag>,
        before: Option<Position>,
        limit: usize,
    ) -> Result<Vec<Entry>, PersistenceError> {
        let mut entries = self.those(session, language);
        entries.retain(|entry| before.is_none_or(|before| entry.position < before));
        let first = entries.len().saturating_sub(limit);
        Ok(entries.split_off(first))
    }

    async fn segments(
        &self,
        session: SessionId,
        language: &LanguageTag,
    ) -> Result<Vec<Segment>, PersistenceError> {
        Ok(self.those(session, Some(language)).into_iter().map(|entry| entry.segment).collect())
    }

    async fn untranslated(
        &self,
        _session: SessionId,
        _language: &LanguageTag,
        _since: DateTime<Utc>,
    ) -> Result<Vec<Segment>, PersistenceError> {
        Ok(Vec::new())
    }
}
